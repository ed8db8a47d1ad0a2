/* SPDX-License-Identifier: MIT */
/*
 * http_exchange - one request and its answer, from the first header to the last byte.
 *
 *     create --> request_check --> take_body ... --> answer --> sent --> destroy
 *                     |                                ^
 *                     +-- refused: `answered` is set --+
 *
 * When it has ended, one line of the log tells all about it but what may be secret: the
 * query, the headers and the body.
 *
 * It belongs to the HTTP thread of its connection, except between answer() and the end
 * of its handler when that runs on an executor thread.
 */
#ifndef SERVER_HTTP_HTTP_EXCHANGE_H
#define SERVER_HTTP_HTTP_EXCHANGE_H

#include "server/http/http_executor.h"
#include "server/http/http_request.h"
#include "server/http/http_response.h"
#include "server/http/request_id.h"
#include "server/http/router.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_peer;
struct http_server;

struct http_exchange {
    struct http_task task; /* first: a task is its exchange */
    struct http_server *server;
    const struct http_route *route; /* NULL: a static file */
    struct http_request request;
    struct http_response response;
    struct http_peer *peer;
    char *body;
    size_t body_capacity;
    uint64_t received;        /* bytes of the body, also those not kept */
    const char *target_fault; /* what is wrong with it as it was sent; NULL: nothing */
    bool needs_host;          /* HTTP/1.1 */
    bool granted;             /* no token is demanded, or it was shown */
    bool answered;            /* `response` is ready */
    bool sent_at_once;        /* refused before its body was read */
    bool begun;               /* the answer, as the server counts them */

    /* For the log. */
    char id[REQUEST_ID_SIZE];
    int64_t started_ns; /* on the monotonic clock */
    unsigned status;    /* of the answer; 0: none was sent */
    uint64_t sent;      /* bytes of its body */
};

/* How it ended, from the point of view of the client. */
enum http_exchange_end { HTTP_EXCHANGE_COMPLETE, HTTP_EXCHANGE_CUT };

/* Everything is borrowed and outlives the exchange. NULL when there is no memory. */
struct http_exchange *http_exchange_create(struct http_server *server,
                                           struct MHD_Connection *connection,
                                           const char *path, const char *method);

/* Logs and frees it. NULL is accepted. */
void http_exchange_destroy(struct http_exchange *exchange, enum http_exchange_end end);

/* Keeps a piece of the body, or only counts it when the request is refused already; false
 * when the connection has to be closed. */
bool http_exchange_take_body(struct http_exchange *exchange, const char *data,
                             size_t size);

/* The request is complete: answers it, now or when the executor has. False: as above. */
bool http_exchange_answer(struct http_exchange *exchange);

/* Hands over the response that is ready. False: as above. */
bool http_exchange_send(struct http_exchange *exchange);

/* Makes a refusal the answer. */
#define http_exchange_refuse(exchange, status, ...)                                      \
    ((exchange)->answered = true,                                                        \
     problem_set(&(exchange)->response, (status), (exchange)->request.path, NULL,        \
                 __VA_ARGS__))

/* The same for a body that is larger than HTTP_BODY_MAX, of which nothing is kept. */
void http_exchange_refuse_size(struct http_exchange *exchange);

#endif
