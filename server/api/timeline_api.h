/* SPDX-License-Identifier: MIT */
/* timeline_api - handlers: timelines on demand. Context: struct api. */
#ifndef SERVER_API_TIMELINE_API_H
#define SERVER_API_TIMELINE_API_H

#include "server/http/router.h"

int timeline_api_state(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err);
int timeline_api_ask(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err);

#endif
