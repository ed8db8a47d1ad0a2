/* SPDX-License-Identifier: MIT */
#include "server/http/http_server.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "server/clock/clock.h"
#include "server/http/http_exchange.h"
#include "server/http/http_metrics.h"
#include "server/http/http_peer.h"
#include "server/http/http_server_priv.h"
#include "server/http/rate_limit.h"
#include "server/http/request_check.h"
#include "server/log/log.h"

enum { POOL_THREADS = 2, SPARE_FILES = 128 };

/* --- callbacks of the HTTP library ----------------------------------------------- */

/* Why nobody should send such a target. *state points to one of them before there is an exchange,
 * if it is so. */
enum { TARGET_HAS_NUL, TARGET_HAS_SPACE, TARGET_FAULTS };
static const char *const target_faults[TARGET_FAULTS] = {
    [TARGET_HAS_NUL] = "%00 means nothing in a path or a query",
    [TARGET_HAS_SPACE] =
        "a path or a query has no spaces and no control characters; write "
        "%20 for a space",
};

static bool has_space(const char *target) {
    while (*target != '\0' && (unsigned char)*target > ' ' && *target != 0x7F) {
        target++;
    }
    return *target != '\0';
}

/* Called with the target as it was sent: decoded, it ends at a NUL. */
static void *on_target(void *context, const char *target,
                       struct MHD_Connection *connection) {
    const char *const *fault = NULL;
    (void)context;
    (void)connection;
    if (strstr(target, "%00") != NULL) {
        fault = &target_faults[TARGET_HAS_NUL];
    } else if (has_space(target)) {
        fault = &target_faults[TARGET_HAS_SPACE];
    }
    return (void *)(uintptr_t)fault;
}

/* What on_target() said, or NULL: it is an exchange. */
static const char *find_target_fault(const void *state) {
    for (size_t i = 0; i < TARGET_FAULTS; i++) {
        if (state == &target_faults[i]) {
            return target_faults[i];
        }
    }
    return NULL;
}

/* Called with what on_target() returned first, then for every piece of the body, then
 * with no piece. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *data, size_t *size,
                                  void **state) {
    const char *fault = find_target_fault(*state);
    struct http_exchange *exchange = *state;
    if (*state == NULL || fault != NULL) {
        exchange = http_exchange_create(context, connection, path, method);
        if (exchange == NULL) {
            return MHD_NO;
        }
        exchange->target_fault = fault;
        exchange->needs_host = strcmp(version, MHD_HTTP_VERSION_1_0) != 0;
        *state = exchange;
        request_check_head(exchange);
        exchange->sent_at_once = request_check_sends_at_once(exchange);
        return !exchange->sent_at_once || http_exchange_send(exchange) ? MHD_YES : MHD_NO;
    }
    if (*size > 0) {
        const bool goes_on = http_exchange_take_body(exchange, data, *size);
        *size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return exchange->sent_at_once || http_exchange_answer(exchange) ? MHD_YES : MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    const struct http_server *server = context;
    http_exchange_destroy(find_target_fault(*state) == NULL ? *state : NULL,
                          code == MHD_REQUEST_TERMINATED_COMPLETED_OK
                              ? HTTP_EXCHANGE_COMPLETE
                              : HTTP_EXCHANGE_CUT);
    http_peer_receives(server->peers, http_peer_of(connection));
    *state = NULL;
}

static void on_peer(void *context, struct MHD_Connection *connection, void **peer,
                    enum MHD_ConnectionNotificationCode code) {
    const struct http_server *server = context;
    const bool opened = code == MHD_CONNECTION_NOTIFY_STARTED;
    if (server->options.metrics != NULL) {
        http_metrics_connection(server->options.metrics, opened ? 1 : -1);
    }
    if (opened) {
        *peer = http_peer_open(server->peers, connection);
    } else {
        http_peer_close(server->peers, *peer);
        *peer = NULL;
    }
}

/* Mostly about clients that went away in the middle of something. */
static void on_log(void *context, const char *fmt, va_list args) {
    (void)context;
    log_write_v(LOG_DEBUG, "http", fmt, args);
}

/* --- life ------------------------------------------------------------------------ */

/* A connection is an open file; the usual soft limit of 1,024 is below our limit. */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    const rlim_t wanted = HTTP_CONNECTIONS_MAX + SPARE_FILES;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        /* Without it the server works, with fewer connections. */
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/*
 * MHD_quiesce_daemon() of libmicrohttpd 0.9.75 races with its own epoll threads for the
 * removal of the listening socket and aborts when it loses, so new connections are turned
 * away here instead.
 */
static enum MHD_Result on_connection(void *context, const struct sockaddr *address,
                                     socklen_t size) {
    struct http_server *server = context;
    const struct http_limits *limits = &server->options.limits;
    const unsigned most = listener_peer_is_loopback(address)
                              ? limits->loopback_connections
                              : limits->connections;
    (void)size;
    if (atomic_load(&server->refusing)) {
        return MHD_NO;
    }
    return most == 0 || http_peers_count(server->peers, listener_peer_key(address)) < most
               ? MHD_YES
               : MHD_NO;
}

static unsigned idle_s(const struct http_server_options *options) {
    return options->limits.idle_s > 0 ? options->limits.idle_s : HTTP_IDLE_TIMEOUT_S;
}

static struct MHD_Daemon *start_daemon(struct http_server *server) {
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        on_connection, server, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        NULL, MHD_OPTION_LISTEN_SOCKET, server->listener.fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)POOL_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        idle_s(&server->options), MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_peer, server, MHD_OPTION_END);
}

static int64_t receive_ms(const struct http_server_options *options) {
    return options->limits.receive_ms > 0 ? options->limits.receive_ms : HTTP_RECEIVE_MS;
}

static const char *address_of(const struct http_server_options *options) {
    return options->address != NULL ? options->address : "127.0.0.1";
}

int http_server_check(const struct http_server_options *options, struct err *err) {
    const bool has_token = options->access != NULL && options->access->token != NULL;
    bool is_loopback = false;
    const int code = listener_is_loopback(address_of(options), &is_loopback, err);
    if (code == 0 && !is_loopback && !has_token) {
        return err_set(err, ERR_INVALID,
                       "others can reach %s, so a token is needed: --token-file FILE, or "
                       "the environment variable GILSCOPE_TOKEN",
                       address_of(options));
    }
    return code;
}

static void init_locks(struct http_server *server) {
    pthread_mutex_init(&server->mutex, NULL);
    pthread_mutex_init(&server->rate_mutex, NULL);
    clock_condition_init(&server->drained);
}

static void server_free(struct http_server *server) {
    http_executor_destroy(server->executor);
    http_peers_destroy(server->peers);
    free(server->rates);
    pthread_mutex_destroy(&server->rate_mutex);
    pthread_cond_destroy(&server->drained);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

int http_server_start(struct http_server **out, const struct http_server_options *options,
                      struct err *err) {
    int code = 0;
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return err_set_nomem(err);
    }
    server->options = *options;
    server->listener.fd = -1;
    request_ids_init(&server->ids);
    init_locks(server);
    if ((code = http_server_check(options, err)) != 0 ||
        (code = listener_open(&server->listener, address_of(options), options->port,
                              err)) != 0 ||
        (code = http_executor_create(&server->executor, err)) != 0 ||
        (code = http_peers_create(&server->peers, receive_ms(options), err)) != 0) {
        goto fail;
    }
    server->rates = calloc(1, sizeof *server->rates);
    if (server->rates == NULL) {
        code = err_set_nomem(err);
        goto fail;
    }
    if (options->access != NULL) {
        access_set_port(options->access, server->listener.port);
    }
    raise_file_limit();
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        code = err_set(err, ERR_IO, "the HTTP server could not be started: %s",
                       strerror(errno));
        goto fail;
    }
    *out = server;
    return 0;
fail:
    if (server->executor != NULL) {
        http_executor_close(server->executor);
    }
    if (server->listener.fd >= 0) {
        close(server->listener.fd);
    }
    server_free(server);
    return code;
}

const struct listener *http_server_listener(const struct http_server *server) {
    return &server->listener;
}

void http_server_quiesce(struct http_server *server) {
    atomic_store(&server->refusing, true);
}

int64_t http_server_take_rate(struct http_server *server, const struct http_peer *peer) {
    const struct http_limits *limits = &server->options.limits;
    const unsigned rate = peer->is_loopback ? limits->loopback_rate : limits->rate;
    if (rate == 0) {
        return 0;
    }
    pthread_mutex_lock(&server->rate_mutex);
    const int64_t wait_ms =
        rate_limit_take(server->rates, peer->key, rate, clock_ms() + 1);
    pthread_mutex_unlock(&server->rate_mutex);
    return wait_ms;
}

void http_server_begin_answer(struct http_server *server) {
    atomic_fetch_add(&server->begun, 1);
}

/* Whoever sees that it is not refusing yet has counted down before drain() looks. */
void http_server_end_answer(struct http_server *server) {
    if (atomic_fetch_sub(&server->begun, 1) == 1 && atomic_load(&server->refusing)) {
        pthread_mutex_lock(&server->mutex);
        pthread_cond_broadcast(&server->drained);
        pthread_mutex_unlock(&server->mutex);
    }
}

unsigned http_server_drain(struct http_server *server, int64_t patience_ms) {
    const struct timespec due = clock_after_ms(patience_ms);
    int code = 0;
    pthread_mutex_lock(&server->mutex);
    while (atomic_load(&server->begun) > 0 && code == 0) {
        code = pthread_cond_timedwait(&server->drained, &server->mutex, &due);
    }
    pthread_mutex_unlock(&server->mutex);
    return atomic_load(&server->begun);
}

void http_server_stop(struct http_server *server) {
    if (server == NULL) {
        return;
    }
    http_server_quiesce(server);
    /* Resumes every connection that waits for a handler; later ones are refused. */
    http_executor_close(server->executor);
    MHD_stop_daemon(server->daemon);
    server_free(server);
}
