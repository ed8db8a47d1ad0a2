/* SPDX-License-Identifier: MIT */
/*
 * access - who may use a server that demands a token.
 *
 * Programs send the token with every request (RFC 6750: "Authorization: Bearer ...").
 * The dashboard cannot do that with an event stream or a link, so it sends the token once
 * and gets a cookie: a random number of this process, never the token, unreadable for
 * scripts (HttpOnly) and not sent when another site causes the request (SameSite=Strict).
 * With the process the number is gone, and who used it signs in again. Browsers send a
 * cookie to every port of a host, so whoever serves another one there can learn it.
 *
 * Files of the dashboard and routes that are HTTP_ROUTE_OPEN are for everybody. Secrets
 * are compared in a time that depends only on the length of what was sent.
 */
#ifndef SERVER_HTTP_ACCESS_H
#define SERVER_HTTP_ACCESS_H

#include "engine/base/err.h"
#include "server/http/http_response.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ACCESS_TOKEN_MIN = 16,
    ACCESS_TOKEN_MAX = 512,
    ACCESS_SECRET_SIZE = 65, /* 32 random bytes in hex, with the NUL */
    ACCESS_NAME_SIZE = 24
};

struct access {
    const char *token; /* borrowed; NULL: everybody may */
    char cookie[ACCESS_NAME_SIZE];
    char session[ACCESS_SECRET_SIZE];
};

/* The rule for tokens, for messages. */
#define ACCESS_TOKEN_RULE "at least 16 characters, of A-Z a-z 0-9 - . _ ~ + / ="
bool access_token_is_valid(const char *token);

/* `port` tells the cookies of two servers on one host apart. ERR_IO: no random bytes. */
int access_init(struct access *access, const char *token, uint16_t port,
                struct err *err) WARN_UNUSED;

enum access_verdict { ACCESS_GRANTED, ACCESS_MISSING, ACCESS_WRONG };

/* `authorization`, `cookies`: values of Authorization and Cookie, or NULL. */
enum access_verdict access_check(const struct access *access, const char *authorization,
                                 const char *cookies);

/* Whether it is the token; any text is when none is demanded. */
bool access_is_token(const struct access *access, const char *text);

/* Makes the answer 401 for a verdict that is not ACCESS_GRANTED. */
void access_refuse(struct http_response *response, const char *path,
                   enum access_verdict verdict);

/* Adds the cookie to a response, or has it removed from the browser. */
void access_sign_in(const struct access *access, struct http_response *response);
void access_sign_out(const struct access *access, struct http_response *response);

#endif
