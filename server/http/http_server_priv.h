/* SPDX-License-Identifier: MIT */
/* http_server_priv - what an exchange needs of the server that it belongs to. */
#ifndef SERVER_HTTP_HTTP_SERVER_PRIV_H
#define SERVER_HTTP_HTTP_SERVER_PRIV_H

#include "server/http/http_executor.h"
#include "server/http/http_server.h"
#include "server/http/listener.h"
#include "server/http/request_id.h"

#include <pthread.h>
#include <stdatomic.h>

struct MHD_Daemon;
struct http_peer;
struct http_peers;
struct rate_limit;

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_executor *executor;
    struct http_server_options options;
    struct listener listener;
    struct request_ids ids;
    struct http_peers *peers;
    struct rate_limit *rates; /* guarded by rate_mutex */
    pthread_mutex_t rate_mutex;
    atomic_bool refusing; /* new connections and new requests */
    atomic_uint begun;    /* answers that are being made or sent */
    pthread_mutex_t mutex;
    pthread_cond_t drained; /* the last of them ended while it was refusing */
};

#define HTTP_SERVER_STOPPING "the server is stopping; try again when it is back"

/* Milliseconds after which the peer may send its next request; 0: it may send this one. */
int64_t http_server_take_rate(struct http_server *server, const struct http_peer *peer);

/* An answer is begun, or has ended. */
void http_server_begin_answer(struct http_server *server);
void http_server_end_answer(struct http_server *server);

#endif
