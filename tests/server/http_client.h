/* SPDX-License-Identifier: MIT */
/*
 * http_client - what the tests speak HTTP with: raw sockets, so that also what no decent
 * client would send can be sent. Every wait has a deadline; missing it fails the test.
 */
#ifndef TESTS_SERVER_HTTP_CLIENT_H
#define TESTS_SERVER_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Only against hanging for ever: sanitizers are slow, and so may the machine be. */
enum { CLIENT_DEADLINE_MS = 300000 };

struct http_answer {
    int status; /* 0: the connection was closed without an answer */
    char *head; /* status line and headers, NUL-terminated */
    char *body; /* decoded, NUL-terminated */
    size_t body_size;
};

/* A connection to 127.0.0.1:port. */
int http_client_connect(uint16_t port);

/* Sends everything, or as much as the server takes before it closes. */
void http_client_send(int fd, const char *bytes, size_t size);
void http_client_send_text(int fd, const char *text);

/* Reads one answer; `to_head`: it answers a HEAD request and has no body. */
void http_client_read(int fd, bool to_head, struct http_answer *out);
void http_answer_deinit(struct http_answer *answer);

/* The value of a header, or NULL; valid until the thread's next call. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

/* One request on a connection of its own: method, path, JSON body or NULL. */
void http_client_request(uint16_t port, const char *method, const char *path,
                         const char *body, struct http_answer *out);

/* The same of a server that may be gone at any moment, from any thread. False: there was no
 * answer, or only a part of one; nothing is to be freed then. */
bool http_client_try(uint16_t port, const char *method, const char *path,
                     const char *body, struct http_answer *out);

/* Sends the text of a request on a connection of its own and reads one answer. */
void http_client_exchange(uint16_t port, const char *text, struct http_answer *out);

/* Reads until the bytes received so far contain `text`; they are appended to `buffer`. */
void http_client_read_until(int fd, const char *text, char *buffer, size_t capacity);

/* Whether the peer closes the connection (before the deadline); discards what comes. */
bool http_client_is_closed(int fd);

/* Copies the string member `name` that comes first in a JSON text; "" when there is none.
 */
void json_find_text(const char *json, const char *name, char *out, size_t capacity);

/* Milliseconds of the monotonic clock. */
int64_t monotonic_ms(void);

/* Waits a moment between two looks at something; fails after the deadline. */
void poll_pause(int64_t started_ms);

#endif
