/* SPDX-License-Identifier: MIT */
/*
 * monitor_api - handlers for who watches the server: whether it should be sent requests
 * (/readyz), and what it counts (/metrics, for Prometheus). Context: struct api.
 */
#ifndef SERVER_API_MONITOR_API_H
#define SERVER_API_MONITOR_API_H

#include "server/http/router.h"

int monitor_api_ready(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);
int monitor_api_metrics(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err);

#endif
