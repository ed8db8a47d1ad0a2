/* SPDX-License-Identifier: MIT */
#include "server/http/http_peer.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <microhttpd.h>

#include "engine/base/check.h"
#include "server/clock/clock.h"
#include "server/log/log.h"

struct http_peers {
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t changed;
    struct http_peer *first;
    bool closed;
    int64_t receive_ms; /* constant */
    pthread_t watch;
};

/* --- who is too slow ------------------------------------------------------------- */

/* Under the mutex, so that the descriptor is still that of the connection. */
static void shut_down_late(struct http_peers *peers) {
    const int64_t now = clock_ms();
    for (struct http_peer *at = peers->first; at != NULL; at = at->next) {
        if (atomic_load(&at->due_ms) <= now) {
            log_fields(LOG_WARN, "http", "msg=\"request took too long\" peer=%s",
                       at->address);
            /* The library sees the end of the connection and closes it. */
            (void)shutdown(at->fd, SHUT_RDWR);
            atomic_store(&at->due_ms, INT64_MAX);
        }
    }
}

static void *watch_main(void *context) {
    struct http_peers *peers = context;
    pthread_mutex_lock(&peers->mutex);
    while (!peers->closed) {
        const struct timespec due = clock_after_ms(1000);
        (void)pthread_cond_timedwait(&peers->changed, &peers->mutex, &due);
        shut_down_late(peers);
    }
    pthread_mutex_unlock(&peers->mutex);
    return NULL;
}

/* --- one of them ----------------------------------------------------------------- */

static struct http_peer nobody = {.address = "unknown", .fd = -1};

void http_peer_answers(struct http_peer *peer) { atomic_store(&peer->due_ms, INT64_MAX); }

void http_peer_receives(struct http_peers *peers, struct http_peer *peer) {
    atomic_store(&peer->due_ms, clock_ms() + peers->receive_ms);
}

struct http_peer *http_peer_open(struct http_peers *peers,
                                 struct MHD_Connection *connection) {
    const struct sockaddr *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
            ->client_addr;
    struct http_peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL) {
        return NULL;
    }
    listener_peer_text(address, peer->address);
    peer->key = listener_peer_key(address);
    peer->is_loopback = listener_peer_is_loopback(address);
    peer->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                   ->connect_fd;
    http_peer_receives(peers, peer);
    pthread_mutex_lock(&peers->mutex);
    peer->next = peers->first;
    if (peers->first != NULL) {
        peers->first->previous = peer;
    }
    peers->first = peer;
    pthread_mutex_unlock(&peers->mutex);
    return peer;
}

void http_peer_close(struct http_peers *peers, struct http_peer *peer) {
    if (peer == NULL) {
        return;
    }
    pthread_mutex_lock(&peers->mutex);
    if (peer->previous != NULL) {
        peer->previous->next = peer->next;
    } else {
        peers->first = peer->next;
    }
    if (peer->next != NULL) {
        peer->next->previous = peer->previous;
    }
    pthread_mutex_unlock(&peers->mutex);
    free(peer);
}

struct http_peer *http_peer_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context != NULL ? info->socket_context : &nobody;
}

/* --- all of them ----------------------------------------------------------------- */

unsigned http_peers_count(struct http_peers *peers, uint64_t key) {
    unsigned count = 0;
    pthread_mutex_lock(&peers->mutex);
    for (const struct http_peer *at = peers->first; at != NULL; at = at->next) {
        count += at->key == key ? 1 : 0;
    }
    pthread_mutex_unlock(&peers->mutex);
    return count;
}

int http_peers_create(struct http_peers **out, int64_t receive_ms, struct err *err) {
    struct http_peers *peers = calloc(1, sizeof *peers);
    if (peers == NULL) {
        return err_set_nomem(err);
    }
    peers->receive_ms = receive_ms;
    pthread_mutex_init(&peers->mutex, NULL);
    clock_condition_init(&peers->changed);
    if (pthread_create(&peers->watch, NULL, watch_main, peers) != 0) {
        pthread_cond_destroy(&peers->changed);
        pthread_mutex_destroy(&peers->mutex);
        free(peers);
        return err_set(err, ERR_NOMEM, "a thread could not be started");
    }
    *out = peers;
    return 0;
}

void http_peers_destroy(struct http_peers *peers) {
    if (peers == NULL) {
        return;
    }
    pthread_mutex_lock(&peers->mutex);
    ASSERT(peers->first == NULL);
    peers->closed = true;
    pthread_cond_broadcast(&peers->changed);
    pthread_mutex_unlock(&peers->mutex);
    pthread_join(peers->watch, NULL);
    pthread_cond_destroy(&peers->changed);
    pthread_mutex_destroy(&peers->mutex);
    free(peers);
}
