/* SPDX-License-Identifier: MIT */
#include "server/http/http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "server/http/guard.h"
#include "server/http/http_executor.h"
#include "server/http/problem.h"
#include "server/http/representation.h"
#include "server/http/static_file.h"
#include "server/log/log.h"

enum { POOL_THREADS = 2, LISTEN_BACKLOG = 511, SPARE_FILES = 128 };

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_executor *executor;
    struct http_server_options options;
    uint16_t port;
    atomic_bool refusing; /* new connections */
};

/* One request and its answer, from the first header to the last byte. */
struct exchange {
    struct http_task task; /* first: a task is its exchange */
    struct http_server *server;
    const struct http_route *route; /* NULL: a static file */
    struct http_request request;
    struct http_response response;
    char *body;
    size_t body_capacity;
    uint64_t received;  /* bytes of the body, also those not kept */
    bool nul_in_target; /* the path or the query is cut at it */
    bool answered;      /* `response` is ready */
    bool sent_at_once;  /* refused before its body was read */
};

/* --- checks before the body ------------------------------------------------------ */

#define REFUSE(exchange, status, ...)                                                    \
    ((exchange)->answered = true,                                                        \
     problem_set(&(exchange)->response, (status), (exchange)->request.path, NULL,        \
                 __VA_ARGS__))

static void refuse_body_size(struct exchange *exchange) {
    exchange->answered = true;
    free(exchange->body);
    exchange->body = NULL;
    problem_set(&exchange->response, MHD_HTTP_CONTENT_TOO_LARGE, exchange->request.path,
                "", "the body is larger than %d bytes", HTTP_BODY_MAX);
}

static const char *header(const struct exchange *exchange, const char *name) {
    return http_request_header(&exchange->request, name);
}

/* Finds the route or the file; refuses what is neither. */
static void find_target(struct exchange *exchange) {
    struct http_request *request = &exchange->request;
    const struct http_server_options *options = &exchange->server->options;
    struct router_match match;
    router_find(options->routes, options->route_count, request, &match);
    exchange->route = match.route;
    if (match.route != NULL) {
        return;
    }
    const bool reads = request->head_only || strcmp(request->method, "GET") == 0;
    if (!match.path_known && static_file_exists(request->path)) {
        if (reads) {
            return;
        }
        strcpy(match.allow, "GET, HEAD, OPTIONS");
        match.path_known = true;
    }
    if (!match.path_known) {
        REFUSE(exchange, MHD_HTTP_NOT_FOUND, "there is nothing at this path");
        return;
    }
    static_assert(sizeof exchange->response.allow == sizeof match.allow, "same list");
    if (strcmp(request->method, "OPTIONS") == 0) {
        exchange->answered = true;
        exchange->response.status = MHD_HTTP_NO_CONTENT;
        memcpy(exchange->response.allow, match.allow, sizeof match.allow);
        return;
    }
    REFUSE(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this path answers %s", match.allow);
    memcpy(exchange->response.allow, match.allow, sizeof match.allow);
}

/* What a request that carries a document must have, besides the document. */
static void check_body_headers(struct exchange *exchange) {
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding = header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    if (!guard_type_is_json(header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE)) ||
        (coding != NULL && strcmp(coding, "identity") != 0)) {
        REFUSE(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
               "the body must be application/json in UTF-8, without Content-Encoding");
    } else if (length != NULL && strtoull(length, NULL, 10) > HTTP_BODY_MAX) {
        refuse_body_size(exchange);
    }
}

static void check_route(struct exchange *exchange) {
    const struct http_route *route = exchange->route;
    const struct http_query_fault fault =
        http_request_check_query(&exchange->request, route->query);
    if (fault.unknown != NULL) {
        REFUSE(exchange, MHD_HTTP_BAD_REQUEST,
               "unknown query parameter '%.64s'; this path knows: %s", fault.unknown,
               route->query != NULL ? route->query : "none");
    } else if (fault.repeated != NULL) {
        REFUSE(exchange, MHD_HTTP_BAD_REQUEST,
               "query parameter '%.64s' is there twice; send it once", fault.repeated);
    } else if (!guard_accepts(header(exchange, MHD_HTTP_HEADER_ACCEPT),
                              route->produces)) {
        REFUSE(exchange, MHD_HTTP_NOT_ACCEPTABLE, "this path answers %s",
               route->produces);
    } else if ((route->flags & HTTP_ROUTE_JSON_BODY) != 0) {
        check_body_headers(exchange);
    }
}

static bool announces_body(const struct exchange *exchange) {
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ||
           (length != NULL && strtoull(length, NULL, 10) > 0);
}

/* What is wrong with a request whatever its path. */
static void check_framing(struct exchange *exchange) {
    if (exchange->nul_in_target) {
        REFUSE(exchange, MHD_HTTP_BAD_REQUEST, "%%00 means nothing in a path or a query");
    } else if (http_request_header_count(&exchange->request, MHD_HTTP_HEADER_HOST) > 1) {
        REFUSE(exchange, MHD_HTTP_BAD_REQUEST, "the header Host is there twice");
    } else if (header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH) != NULL &&
               header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL) {
        REFUSE(exchange, MHD_HTTP_BAD_REQUEST,
               "Content-Length and Transfer-Encoding exclude each other");
    }
}

/* Finds who answers, and refuses what it would not take. */
static void check_target(struct exchange *exchange) {
    find_target(exchange);
    if (exchange->answered) {
        return;
    }
    if (exchange->route != NULL) {
        check_route(exchange);
    }
    const bool takes_body =
        exchange->route != NULL && (exchange->route->flags & HTTP_ROUTE_JSON_BODY) != 0;
    if (!exchange->answered && !takes_body && announces_body(exchange)) {
        REFUSE(exchange, MHD_HTTP_BAD_REQUEST, "this path takes no body");
    }
}

/* Everything that can be said about a request before its body is read. */
static void check_head(struct exchange *exchange) {
    const struct http_request *request = &exchange->request;
    const char *host = header(exchange, MHD_HTTP_HEADER_HOST);
    const bool reads = request->head_only || strcmp(request->method, "GET") == 0 ||
                       strcmp(request->method, "OPTIONS") == 0;
    check_framing(exchange);
    if (exchange->answered) {
        return;
    }
    if (!guard_host_is_local(host)) {
        REFUSE(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
               "this server answers only to 127.0.0.1 and localhost");
    } else if (!reads && !guard_is_same_origin(host, header(exchange, "Origin"),
                                               header(exchange, "Sec-Fetch-Site"))) {
        REFUSE(exchange, MHD_HTTP_FORBIDDEN,
               "requests from other sites are refused; use the page at http://%.64s/, or "
               "a client that sends no Origin",
               host);
    } else {
        check_target(exchange);
    }
}

/* A refusal that need not, or must not, wait for the body. */
static bool sends_at_once(const struct exchange *exchange) {
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return exchange->answered &&
           (header(exchange, MHD_HTTP_HEADER_EXPECT) != NULL ||
            (length != NULL && strtoull(length, NULL, 10) > HTTP_DRAIN_MAX));
}

/* --- the body -------------------------------------------------------------------- */

/* Keeps a piece of the body; false when the connection has to be closed. */
static bool take_body(struct exchange *exchange, const char *data, size_t size) {
    exchange->received += size;
    if (exchange->received > HTTP_DRAIN_MAX) {
        return false;
    }
    if (exchange->answered) {
        return true;
    }
    if (exchange->received > HTTP_BODY_MAX) {
        refuse_body_size(exchange);
        return true;
    }
    const size_t kept = exchange->request.body_size;
    if (kept + size > exchange->body_capacity) {
        size_t capacity = exchange->body_capacity > 0 ? exchange->body_capacity : 4096;
        while (capacity < kept + size) {
            capacity *= 2;
        }
        char *body = realloc(exchange->body, capacity);
        if (body == NULL) {
            return false;
        }
        exchange->body = body;
        exchange->body_capacity = capacity;
    }
    memcpy(exchange->body + kept, data, size);
    exchange->request.body = exchange->body;
    exchange->request.body_size = kept + size;
    return true;
}

/* --- the answer ------------------------------------------------------------------ */

static bool is_on_this_machine(const struct exchange *exchange) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        exchange->request.connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr_in *address =
        info != NULL ? (const struct sockaddr_in *)info->client_addr : NULL;
    return address != NULL && address->sin_family == AF_INET &&
           ntohl(address->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static void choose_representation(struct exchange *exchange) {
    const struct representation wanted = {
        .if_none_match = header(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .accept_encoding = is_on_this_machine(exchange)
                               ? NULL
                               : header(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING),
    };
    if (strcmp(exchange->route->method, "GET") == 0) {
        representation_choose(&exchange->response, &wanted);
    }
}

static void run_handler(struct exchange *exchange) {
    struct err err = {0};
    const int code = exchange->route->handle(
        exchange->server->options.context, &exchange->request, &exchange->response, &err);
    if (code != 0) {
        if (err.code == ERR_OK) {
            err_set(&err, code, "no details");
        }
        const bool about_body = (exchange->route->flags & HTTP_ROUTE_JSON_BODY) != 0;
        problem_from_err(&exchange->response, &err, exchange->request.path, about_body);
        if (exchange->response.status >= MHD_HTTP_INTERNAL_SERVER_ERROR) {
            log_write(LOG_ERROR, "http", "%s %s: %s", exchange->request.method,
                      exchange->request.path, err.text);
        }
    } else {
        choose_representation(exchange);
    }
    exchange->answered = true;
}

static void run_task(struct http_task *task, int worker) {
    struct exchange *exchange = (struct exchange *)task;
    exchange->request.worker = worker;
    run_handler(exchange);
    /* From here on the exchange belongs to the HTTP thread again. */
    MHD_resume_connection(exchange->request.connection);
}

static void suspend(void *connection) { MHD_suspend_connection(connection); }

static enum MHD_Result send_answer(struct exchange *exchange) {
    return http_response_send(&exchange->response, exchange->request.connection, NULL) ==
                   0
               ? MHD_YES
               : MHD_NO;
}

/* The request is complete: answers it, now or when the executor has. */
static enum MHD_Result answer(struct exchange *exchange) {
    if (!exchange->answered) {
        if (exchange->route == NULL) {
            static_file_respond(&exchange->request, &exchange->response);
            exchange->answered = true;
        } else if ((exchange->route->flags & HTTP_ROUTE_INLINE) != 0) {
            run_handler(exchange);
        } else if (http_executor_submit(exchange->server->executor, &exchange->task,
                                        suspend, exchange->request.connection)) {
            return MHD_YES;
        } else {
            REFUSE(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                   "the server is stopping; try again when it is back");
        }
    }
    return send_answer(exchange);
}

/* --- callbacks of the HTTP library ----------------------------------------------- */

static struct exchange *exchange_create(struct http_server *server,
                                        struct MHD_Connection *connection,
                                        const char *path, const char *method) {
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange != NULL) {
        exchange->task.run = run_task;
        exchange->server = server;
        exchange->request = (struct http_request){
            .method = method,
            .path = path,
            .head_only = strcmp(method, "HEAD") == 0,
            .worker = -1,
            .connection = connection,
        };
    }
    return exchange;
}

/* What *state is instead of NULL when the target has a NUL in it. */
static char nul_in_target;

/* Called with the target as it was sent: decoded, it ends at a NUL. */
static void *on_target(void *context, const char *target,
                       struct MHD_Connection *connection) {
    (void)context;
    (void)connection;
    return strstr(target, "%00") != NULL ? &nul_in_target : NULL;
}

/* Called with what on_target() returned first, then for every piece of the body, then
 * with no piece. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *data, size_t *size,
                                  void **state) {
    (void)version;
    struct exchange *exchange = *state;
    if (*state == NULL || *state == &nul_in_target) {
        exchange = exchange_create(context, connection, path, method);
        if (exchange == NULL) {
            return MHD_NO;
        }
        exchange->nul_in_target = *state != NULL;
        *state = exchange;
        check_head(exchange);
        exchange->sent_at_once = sends_at_once(exchange);
        return exchange->sent_at_once ? send_answer(exchange) : MHD_YES;
    }
    if (*size > 0) {
        const bool goes_on = take_body(exchange, data, *size);
        *size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return exchange->sent_at_once ? MHD_YES : answer(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    (void)context;
    (void)connection;
    (void)code;
    struct exchange *exchange = *state != &nul_in_target ? *state : NULL;
    *state = NULL;
    if (exchange != NULL) {
        http_response_deinit(&exchange->response);
        free(exchange->body);
        free(exchange);
    }
}

/* Mostly about clients that went away in the middle of something. */
static void on_log(void *context, const char *fmt, va_list args) {
    (void)context;
    log_write_v(LOG_DEBUG, "http", fmt, args);
}

/* --- life ------------------------------------------------------------------------ */

static int listen_on_loopback(uint16_t port, int *out, uint16_t *bound, struct err *err) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t length = sizeof address;
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        const int code =
            errno == EADDRINUSE
                ? err_set(err, ERR_IO,
                          "port %u is in use; choose another one with --port "
                          "(0: any free one)",
                          port)
                : err_set(err, ERR_IO, "cannot listen on 127.0.0.1:%u: %s", port,
                          strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return code;
    }
    *out = fd;
    *bound = ntohs(address.sin_port);
    return 0;
}

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
    (void)address;
    (void)size;
    return atomic_load(&server->refusing) ? MHD_NO : MHD_YES;
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd) {
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        on_connection, server, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)POOL_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_END);
}

int http_server_start(struct http_server **out, const struct http_server_options *options,
                      struct err *err) {
    int fd = -1;
    int code = 0;
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return err_set_nomem(err);
    }
    server->options = *options;
    if ((code = listen_on_loopback(options->port, &fd, &server->port, err)) != 0 ||
        (code = http_executor_create(&server->executor, err)) != 0) {
        goto fail;
    }
    raise_file_limit();
    server->daemon = start_daemon(server, fd);
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
        http_executor_destroy(server->executor);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(server);
    return code;
}

uint16_t http_server_port(const struct http_server *server) { return server->port; }

void http_server_quiesce(struct http_server *server) {
    atomic_store(&server->refusing, true);
}

void http_server_stop(struct http_server *server) {
    if (server == NULL) {
        return;
    }
    http_server_quiesce(server);
    /* Resumes every connection that waits for a handler; later ones are refused. */
    http_executor_close(server->executor);
    MHD_stop_daemon(server->daemon);
    http_executor_destroy(server->executor);
    free(server);
}
