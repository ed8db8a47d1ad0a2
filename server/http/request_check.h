/* SPDX-License-Identifier: MIT */
/*
 * request_check - everything that can be said about a request before its body is read:
 * framing, who asks, what for, with which parameters and which kind of body.
 *
 * What is wrong becomes the answer of the exchange: a problem with the remedy in it.
 *
 * What the HTTP library cannot parse never comes here. libmicrohttpd 0.9.75 answers it with a
 * page of its own, which no option and no callback replaces, and closes the connection; or it
 * closes it without a word. So that as little as possible is left to it, it is not told to be
 * strict: a missing Host and spaces in the target are refused here.
 *
 *     its page    400   no colon or a NUL in the name of a header, no version, an empty target,
 *                       a version that is no HTTP/n.n; chunks with a wrong size or end
 *                 400   Content-Length that is no number, 413: or no 64-bit one; its head is
 *                       sent twice, the second time as the beginning of the body
 *                 413   a chunk with such a size
 *                 414   a target, 431: a head or trailers, that are larger than
 *                       HTTP_CONNECTION_MEMORY; 500: a line of a chunk that is
 *                 505   another version than 1.n
 *     nothing           no space in the first line, or one before it; TLS
 *
 * It also takes a line feed alone for the end of a line, which RFC 9112 allows (2.2), and cuts a
 * target or a value of a header at a NUL: what is behind is seen by nobody, and the next request
 * begins where it should.
 */
#ifndef SERVER_HTTP_REQUEST_CHECK_H
#define SERVER_HTTP_REQUEST_CHECK_H

#include "server/http/http_exchange.h"

/* Finds the route or the file, or refuses the request. */
void request_check_head(struct http_exchange *exchange);

/* Whether a refusal need not, or must not, wait for the body. */
bool request_check_sends_at_once(const struct http_exchange *exchange);

#endif
