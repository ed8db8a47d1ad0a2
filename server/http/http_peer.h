/* SPDX-License-Identifier: MIT */
/*
 * http_peer - the other ends of all open connections: how many an address has, and which of
 * them are too slow.
 *
 *     opened --> receiving --> answering --> receiving ...
 *                    |
 *                    +-- not a whole request in time: shut down
 *
 * The HTTP library only knows how long nothing came: who sends a byte now and then would
 * keep a connection for ever. A thread looks through them once a second.
 *
 * Every function may be called from any thread; a peer's state belongs to the thread of its
 * connection.
 */
#ifndef SERVER_HTTP_HTTP_PEER_H
#define SERVER_HTTP_HTTP_PEER_H

#include "engine/base/err.h"
#include "server/http/listener.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;
struct http_peers;

struct http_peer {
    char address[LISTENER_ADDRESS_SIZE]; /* "127.0.0.1", "fd00::1" */
    uint64_t key;                        /* of its network: listener_peer_key() */
    bool is_loopback;

    /* Private. */
    int fd;
    _Atomic int64_t due_ms; /* on the monotonic clock; INT64_MAX: never */
    struct http_peer *next, *previous;
};

/* `receive_ms`: how long a request may take to arrive, its body included. */
int http_peers_create(struct http_peers **out, int64_t receive_ms,
                      struct err *err) WARN_UNUSED;

/* When no connection is left. NULL is accepted. */
void http_peers_destroy(struct http_peers *peers);

/* How many connections are open to that network. */
unsigned http_peers_count(struct http_peers *peers, uint64_t key);

/* A connection was opened, or is about to be closed. NULL when there is no memory. */
struct http_peer *http_peer_open(struct http_peers *peers,
                                 struct MHD_Connection *connection);
void http_peer_close(struct http_peers *peers, struct http_peer *peer);

/* That of a connection; one without an address when there was no memory. */
struct http_peer *http_peer_of(struct MHD_Connection *connection);

/* Its request is complete; its answer is, and the next request may come. */
void http_peer_answers(struct http_peer *peer);
void http_peer_receives(struct http_peers *peers, struct http_peer *peer);

#endif
