/* SPDX-License-Identifier: MIT */
/*
 * request_check - everything that can be said about a request before its body is read:
 * framing, who asks, what for, with which parameters and which kind of body.
 *
 * What is wrong becomes the answer of the exchange: a problem with the remedy in it.
 */
#ifndef SERVER_HTTP_REQUEST_CHECK_H
#define SERVER_HTTP_REQUEST_CHECK_H

#include "server/http/http_exchange.h"

/* Finds the route or the file, or refuses the request. */
void request_check_head(struct http_exchange *exchange);

/* Whether a refusal need not, or must not, wait for the body. */
bool request_check_sends_at_once(const struct http_exchange *exchange);

#endif
