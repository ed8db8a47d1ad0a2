/* SPDX-License-Identifier: MIT */
/*
 * http_server - HTTP/1.1 on one address: connections, limits, routing and the life of a
 * request.
 *
 *     request --> checks (Host, Origin, token ...) --> route
 *                    |                                    |
 *                    v                                    +-- inline: handler on the HTTP thread
 *                 problem                                 +-- else: suspend, handler on an
 *                                                             executor thread, resume, answer
 *
 * HTTP threads never wait for a disk, a database or the engine. A body is read up to
 * HTTP_BODY_MAX; a larger one is read to its end and refused, so that the client sees the
 * answer, unless it is larger than HTTP_DRAIN_MAX or the client asked first
 * (100-continue).
 *
 * Order of the end: http_server_quiesce(), end the streams, http_server_drain(),
 * http_server_stop(). The HTTP library aborts when it is stopped with a suspended
 * connection, so no stream may be suspended any more.
 */
#ifndef SERVER_HTTP_HTTP_SERVER_H
#define SERVER_HTTP_HTTP_SERVER_H

#include "engine/base/err.h"
#include "server/http/access.h"
#include "server/http/listener.h"
#include "server/http/router.h"

#include <stddef.h>
#include <stdint.h>

struct answer_cache;
struct http_metrics;
struct http_server;

enum {
    HTTP_BODY_MAX = 1024 * 1024,
    HTTP_DRAIN_MAX = 32 * 1024 * 1024,
    HTTP_CONNECTIONS_MAX = 2048,
    HTTP_CONNECTION_MEMORY = 32 * 1024, /* bounds the head of a request, too */
    HTTP_IDLE_TIMEOUT_S = 30,
    HTTP_RECEIVE_MS = 60 * 1000,
    HTTP_HEADERS_MAX = 100
};

/* Of one address; 0: as many as it likes. */
struct http_limits {
    unsigned connections, loopback_connections;
    unsigned rate, loopback_rate; /* requests a second */
    int64_t receive_ms;           /* for a request to arrive; 0: HTTP_RECEIVE_MS */
    unsigned idle_s;              /* 0: HTTP_IDLE_TIMEOUT_S */
};

struct http_server_options {
    const char *address;      /* NULL: 127.0.0.1 */
    uint16_t port;            /* 0: any free one */
    struct access *access;    /* must outlive the server; NULL: everybody may */
    const char *const *hosts; /* names it answers to besides those of loopback */
    size_t host_count;
    struct http_metrics *metrics; /* must outlive the server; NULL: none are kept */
    struct answer_cache *answers; /* likewise */
    struct http_limits limits;
    const struct http_route *routes; /* must outlive the server */
    size_t route_count;
    void *context; /* for the handlers */
};

/* ERR_INVALID: it is no address, or others can reach it and no token is demanded. */
int http_server_check(const struct http_server_options *options,
                      struct err *err) WARN_UNUSED;

/* Serves until stopped. ERR_INVALID: as above; ERR_IO: the port cannot be had (the text
 * says why). */
int http_server_start(struct http_server **out, const struct http_server_options *options,
                      struct err *err) WARN_UNUSED;

/* Where it listens. */
const struct listener *http_server_listener(const struct http_server *server);

/* Closes new connections, answers new requests with 503 and closes theirs, too; what was
 * begun goes on. */
void http_server_quiesce(struct http_server *server);

/* After that: waits until every answer that was begun is sent, but no longer than so many
 * milliseconds; returns how many were not. A request that is still being received is not
 * waited for. */
unsigned http_server_drain(struct http_server *server, int64_t patience_ms);

/* Runs the handlers that wait, closes everything, frees. NULL is accepted. */
void http_server_stop(struct http_server *server);

#endif
