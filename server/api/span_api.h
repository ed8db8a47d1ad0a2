/* SPDX-License-Identifier: MIT */
/* span_api - handlers: single spans of a run, and searches for them. Context: struct api. */
#ifndef SERVER_API_SPAN_API_H
#define SERVER_API_SPAN_API_H

#include "server/http/router.h"

int span_api_at(void *context, const struct http_request *request,
                struct http_response *response, struct err *err);
int span_api_next(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);
int span_api_search(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err);

#endif
