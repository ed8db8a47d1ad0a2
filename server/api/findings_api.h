/* SPDX-License-Identifier: MIT */
/* findings_api - handlers: what a run suffers from, and what helps. Context: struct api. */
#ifndef SERVER_API_FINDINGS_API_H
#define SERVER_API_FINDINGS_API_H

#include "server/http/router.h"

int findings_api_read(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);
int findings_api_cancel(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err);

#endif
