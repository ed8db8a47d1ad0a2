/* SPDX-License-Identifier: MIT */
/*
 * access - who may use a server that demands a token.
 *
 * Programs send the token with every request (RFC 6750: "Authorization: Bearer ...").
 * The dashboard cannot do that with an event stream or a link, so it sends the token once
 * and gets a cookie: a random number, never the token, unreadable for
 * scripts (HttpOnly) and not sent when another site causes the request (SameSite=Strict).
 * Each signing in has a number of its own, which is gone when the browser signs out, when
 * there are ACCESS_SESSIONS later ones, and with the process. Browsers send a
 * cookie to every port of a host, so whoever serves another one there can learn it.
 *
 * Files of the dashboard and routes that are HTTP_ROUTE_OPEN are for everybody. Secrets
 * are compared in a time that depends only on the length of what was sent.
 *
 * Threads: any.
 */
#ifndef SERVER_HTTP_ACCESS_H
#define SERVER_HTTP_ACCESS_H

#include "engine/base/err.h"
#include "server/http/http_response.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    ACCESS_SESSIONS = 32,
    ACCESS_TOKEN_MIN = 16,
    ACCESS_TOKEN_MAX = 512,
    ACCESS_SECRET_SIZE = 65, /* 32 random bytes in hex, with the NUL */
    ACCESS_NAME_SIZE = 24
};

struct access_session {
    char secret[ACCESS_SECRET_SIZE]; /* "": it has ended */
    uint64_t number;                 /* of those that were begun, from 1 */
};

struct access {
    const char *token; /* borrowed; NULL: everybody may */
    char cookie[ACCESS_NAME_SIZE];
    pthread_mutex_t mutex; /* guards the sessions */
    struct access_session sessions[ACCESS_SESSIONS];
    uint64_t begun; /* how many were, ever */
};

/* The rule for tokens, for messages. */
#define ACCESS_TOKEN_RULE "at least 16 characters, of A-Z a-z 0-9 - . _ ~ + / ="
bool access_token_is_valid(const char *token);

void access_init(struct access *access, const char *token);
void access_deinit(struct access *access);

/* Tells the cookies of two servers on one host apart; before anybody asks. */
void access_set_port(struct access *access, uint16_t port);

enum access_verdict { ACCESS_GRANTED, ACCESS_MISSING, ACCESS_WRONG };

/* `authorization`, `cookies`: values of Authorization and Cookie, or NULL. */
enum access_verdict access_check(struct access *access, const char *authorization,
                                 const char *cookies);

/* Whether it is the token; any text is when none is demanded. */
bool access_is_token(const struct access *access, const char *text);

/* Makes the answer 401 for a verdict that is not ACCESS_GRANTED. */
void access_refuse(struct http_response *response, const char *path,
                   enum access_verdict verdict);

/* The number of the session that the value of Cookie (or NULL) is of; 0: none that goes on. */
uint64_t access_session(struct access *access, const char *cookies);

/* Begins a session, whose cookie the response sets; `ended` is the number of the one that had
 * to end for it, or 0. ERR_IO: no random bytes. */
int access_sign_in(struct access *access, struct http_response *response, uint64_t *ended,
                   struct err *err) WARN_UNUSED;

/* Ends a session that the value of Cookie (or NULL) is of, and returns its number, 0: there is
 * none more. */
uint64_t access_end_session(struct access *access, const char *cookies);

/* The response removes the browser's cookie. */
void access_forget_cookie(const struct access *access, struct http_response *response);

#endif
