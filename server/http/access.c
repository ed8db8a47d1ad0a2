/* SPDX-License-Identifier: MIT */
#include "server/http/access.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "server/http/guard.h"
#include "server/http/problem.h"

#define TOKEN_CHARACTERS                                                                 \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

#define COOKIE_ATTRIBUTES "Path=/; HttpOnly; SameSite=Strict"

bool access_token_is_valid(const char *token) {
    const size_t length = strlen(token);
    return length >= ACCESS_TOKEN_MIN && length <= ACCESS_TOKEN_MAX &&
           strspn(token, TOKEN_CHARACTERS) == length;
}

void access_init(struct access *access, const char *token) {
    *access = (struct access){.token = token, .cookie = "gilscope"};
    pthread_mutex_init(&access->mutex, NULL);
}

void access_deinit(struct access *access) { pthread_mutex_destroy(&access->mutex); }

void access_set_port(struct access *access, uint16_t port) {
    snprintf(access->cookie, sizeof access->cookie, "gilscope_%u", port);
}

static int make_secret(char out[ACCESS_SECRET_SIZE], struct err *err) {
    unsigned char random[(ACCESS_SECRET_SIZE - 1) / 2];
    if (getentropy(random, sizeof random) != 0) {
        return err_set(err, ERR_IO, "no random numbers: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(out + 2 * i, 3, "%02x", random[i]);
    }
    return 0;
}

/* --- who asks -------------------------------------------------------------------- */

/* Looks at every byte that was given, whether the first ones are right or not. */
static bool is_secret(const char *given, size_t length, const char *secret) {
    const size_t wanted = strlen(secret);
    unsigned differs = length == wanted ? 0 : 1;
    for (size_t i = 0; i < length; i++) {
        differs |= (unsigned char)given[i] ^ (unsigned char)secret[i % wanted];
    }
    return differs == 0;
}

bool access_is_token(const struct access *access, const char *text) {
    return access->token == NULL || is_secret(text, strlen(text), access->token);
}

/* Which session it is, -1: none that goes on. Looks at all of them in any case. */
static int find_session(const struct access *access, const char *given, size_t length) {
    int found = -1;
    for (int i = 0; i < ACCESS_SESSIONS; i++) {
        const char *secret = access->sessions[i].secret;
        if (secret[0] != '\0' && is_secret(given, length, secret)) {
            found = i;
        }
    }
    return found;
}

/* Of cookies "a=1; b=2": the last session that one of our name is of, whatever else stands
 * beside it; -1: none. With the mutex held. */
static int find_cookie(const struct access *access, const char *cookies) {
    const char *given;
    size_t length;
    int found = -1;
    while ((given = guard_next_cookie(&cookies, access->cookie, &length)) != NULL) {
        const int session = find_session(access, given, length);
        found = session >= 0 ? session : found;
    }
    return found;
}

/* Its number, 0: there is none. Ends it on request. */
static uint64_t take_session(struct access *access, const char *cookies, bool end) {
    uint64_t number = 0;
    if (cookies == NULL) {
        return 0;
    }
    pthread_mutex_lock(&access->mutex);
    const int found = find_cookie(access, cookies);
    if (found >= 0) {
        number = access->sessions[found].number;
        if (end) {
            access->sessions[found].secret[0] = '\0';
        }
    }
    pthread_mutex_unlock(&access->mutex);
    return number;
}

uint64_t access_session(struct access *access, const char *cookies) {
    return take_session(access, cookies, false);
}

uint64_t access_end_session(struct access *access, const char *cookies) {
    return take_session(access, cookies, true);
}

enum access_verdict access_check(struct access *access, const char *authorization,
                                 const char *cookies) {
    static const char scheme[] = "Bearer ";
    if (access->token == NULL || access_session(access, cookies) != 0) {
        return ACCESS_GRANTED;
    }
    if (authorization == NULL) {
        return ACCESS_MISSING;
    }
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) {
        return ACCESS_WRONG;
    }
    const char *given = authorization + sizeof scheme - 1;
    given += strspn(given, " ");
    return access_is_token(access, given) ? ACCESS_GRANTED : ACCESS_WRONG;
}

/* --- answers --------------------------------------------------------------------- */

void access_refuse(struct http_response *response, const char *path,
                   enum access_verdict verdict) {
    const bool wrong = verdict == ACCESS_WRONG;
    problem_set(response, 401, path, NULL, "%s",
                wrong ? "that is not the token of this server"
                      : "this server demands its token: send \"Authorization: Bearer "
                        "TOKEN\", or sign in on the page");
    response->authenticate = wrong ? "Bearer realm=\"gilscope\", error=\"invalid_token\""
                                   : "Bearer realm=\"gilscope\"";
}

/* For one that begins, with the mutex held: one that has ended, or else the oldest. */
static struct access_session *choose_session(struct access *access) {
    struct access_session *oldest = access->sessions;
    for (int i = 0; i < ACCESS_SESSIONS; i++) {
        struct access_session *session = &access->sessions[i];
        if (session->secret[0] == '\0') {
            return session;
        }
        oldest = session->number < oldest->number ? session : oldest;
    }
    return oldest;
}

int access_sign_in(struct access *access, struct http_response *response, uint64_t *ended,
                   struct err *err) {
    char secret[ACCESS_SECRET_SIZE];
    const int code = make_secret(secret, err);
    if (code != 0) {
        return code;
    }
    pthread_mutex_lock(&access->mutex);
    struct access_session *session = choose_session(access);
    *ended = session->secret[0] != '\0' ? session->number : 0;
    session->number = ++access->begun;
    memcpy(session->secret, secret, sizeof secret);
    pthread_mutex_unlock(&access->mutex);
    snprintf(response->cookie, sizeof response->cookie, "%s=%s; " COOKIE_ATTRIBUTES,
             access->cookie, secret);
    return 0;
}

void access_forget_cookie(const struct access *access, struct http_response *response) {
    snprintf(response->cookie, sizeof response->cookie,
             "%s=; Max-Age=0; " COOKIE_ATTRIBUTES, access->cookie);
}
