/* SPDX-License-Identifier: MIT */
/*
 * event_api - handler: a stream of server-sent events about topics (event_feed.h).
 *
 * It begins with where each topic stands, so that a client needs no second request: the
 * present `progress` of an experiment, and `finished` if it is; the `queue`.
 */
#ifndef SERVER_API_EVENT_API_H
#define SERVER_API_EVENT_API_H

#include "server/http/router.h"

/* Context: struct api. */
int event_api_stream(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err);

#endif
