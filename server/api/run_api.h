/* SPDX-License-Identifier: MIT */
/* run_api - handlers: a run, its metrics, lanes and timeline. Context: struct api. */
#ifndef SERVER_API_RUN_API_H
#define SERVER_API_RUN_API_H

#include "server/http/router.h"

int run_api_read(void *context, const struct http_request *request,
                 struct http_response *response, struct err *err);
int run_api_metrics(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err);
int run_api_lanes(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);
int run_api_timeline(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err);

#endif
