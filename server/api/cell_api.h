/* SPDX-License-Identifier: MIT */
/* cell_api - handlers: cells of an experiment. Context: struct api. */
#ifndef SERVER_API_CELL_API_H
#define SERVER_API_CELL_API_H

#include "server/http/router.h"

int cell_api_list(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);
int cell_api_read(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);
int cell_api_document(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);

#endif
