/* SPDX-License-Identifier: MIT */
/*
 * session_api - handlers: a browser shows the token once and gets a cookie (access.h);
 * removing it. Context: struct api.
 */
#ifndef SERVER_API_SESSION_API_H
#define SERVER_API_SESSION_API_H

#include "server/http/router.h"

int session_api_open(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err);
int session_api_close(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);

#endif
