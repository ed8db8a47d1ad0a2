/* SPDX-License-Identifier: MIT */
/*
 * representation - what of a handler's answer is sent: its entity tag, nothing when the client
 * has it already (304), gzip where that gains.
 *
 * Strong tags are of the bytes that are sent: with gzip the tag is another one. Loopback is
 * faster than any compression, so an answer is compressed only for a client elsewhere, or for
 * a proxy here that speaks for one.
 */
#ifndef SERVER_HTTP_REPRESENTATION_H
#define SERVER_HTTP_REPRESENTATION_H

#include "server/http/http_response.h"

#include <stdbool.h>
#include <stddef.h>

enum { REPRESENTATION_GZIP_MIN = 1400 }; /* bytes: less fits into one packet anyway */

struct representation {
    const char *if_none_match;   /* values of headers, or NULL */
    const char *accept_encoding; /* NULL also for a client on this machine */
};

/*
 * Finishes a complete answer to GET or HEAD in place; streams, static bodies and what is not
 * 200 stay. Takes time for large bodies: not on an HTTP thread. Without memory the answer is
 * sent as it is.
 */
void representation_choose(struct http_response *response,
                           const struct representation *wanted);

/* The same for the answer to another method, which has no tag and that nobody keeps: it is only
 * compressed. */
void representation_compress(struct http_response *response,
                             const struct representation *wanted);

/* Whether If-Match names the tag of these bytes, as GET would send them: compressed or not. */
bool representation_is(const char *if_match, const char *body, size_t size);

#endif
