/* SPDX-License-Identifier: MIT */
/* compare_api - handlers: cells side by side, and a run with one thing changed. Context: struct
 * api. */
#ifndef SERVER_API_COMPARE_API_H
#define SERVER_API_COMPARE_API_H

#include "server/http/router.h"

int compare_api_read(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err);

#endif
