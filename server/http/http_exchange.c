/* SPDX-License-Identifier: MIT */
#include "server/http/http_exchange.h"

#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "server/clock/clock.h"
#include "server/http/answer_cache.h"
#include "server/http/http_metrics.h"
#include "server/http/http_peer.h"
#include "server/http/http_server_priv.h"
#include "server/http/problem.h"
#include "server/http/representation.h"
#include "server/http/static_file.h"
#include "server/log/log.h"

void http_exchange_refuse_size(struct http_exchange *exchange) {
    exchange->answered = true;
    free(exchange->body);
    exchange->body = NULL;
    problem_set(&exchange->response, MHD_HTTP_CONTENT_TOO_LARGE, exchange->request.path,
                "", "the body is larger than %d bytes", HTTP_BODY_MAX);
}

/* --- the body -------------------------------------------------------------------- */

bool http_exchange_take_body(struct http_exchange *exchange, const char *data,
                             size_t size) {
    exchange->received += size;
    if (exchange->received > HTTP_DRAIN_MAX) {
        return false;
    }
    if (exchange->answered) {
        return true;
    }
    if (exchange->received > HTTP_BODY_MAX) {
        http_exchange_refuse_size(exchange);
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

static const char *header(const struct http_exchange *exchange, const char *name) {
    return http_request_header(&exchange->request, name);
}

/* A proxy on this machine speaks for clients elsewhere. */
static bool stays_here(const struct http_exchange *exchange) {
    return exchange->peer->is_loopback && header(exchange, "X-Forwarded-For") == NULL &&
           header(exchange, "Forwarded") == NULL && header(exchange, "Via") == NULL;
}

static void choose_representation(struct http_exchange *exchange) {
    const struct representation wanted = {
        .if_none_match = header(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .accept_encoding = stays_here(exchange)
                               ? NULL
                               : header(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING),
    };
    if (strcmp(exchange->route->method, "GET") == 0) {
        representation_choose(&exchange->response, &wanted);
    } else {
        representation_compress(&exchange->response, &wanted);
    }
}

/* Where the answer may be kept; NULL when more than the path decides. */
static struct answer_cache *answers_of(const struct http_exchange *exchange) {
    const struct http_route *route = exchange->route;
    return strcmp(route->method, "GET") == 0 && strchr(route->produces, ',') == NULL &&
                   !http_request_has_query(&exchange->request)
               ? exchange->server->options.answers
               : NULL;
}

/* With the etag of the body as it is, if it was sent so. */
static void keep_answer(const struct http_exchange *exchange, uint64_t age) {
    const struct http_response *response = &exchange->response;
    struct answer_cache *answers = answers_of(exchange);
    if (answers != NULL && response->keep && response->status == MHD_HTTP_OK &&
        response->encoding == NULL) {
        answer_cache_keep(answers, exchange->request.path, age, response);
    }
}

static bool give_kept(struct http_exchange *exchange) {
    struct answer_cache *answers = answers_of(exchange);
    exchange->answered =
        answers != NULL &&
        answer_cache_find(answers, exchange->request.path, &exchange->response);
    if (exchange->answered) {
        choose_representation(exchange);
    }
    return exchange->answered;
}

/* What the access line of the same id does not say: why. */
static void log_failure(const struct http_exchange *exchange, const struct err *err) {
    const bool is_passing = exchange->response.status == MHD_HTTP_SERVICE_UNAVAILABLE;
    char reason[sizeof err->text + 3]; /* in quotes */
    log_quote(err->text, reason, sizeof reason);
    log_fields(is_passing ? LOG_WARN : LOG_ERROR, "http", "msg=%s id=%s", reason,
               exchange->id);
}

static void run_handler(struct http_exchange *exchange) {
    struct answer_cache *answers = exchange->server->options.answers;
    const uint64_t age = answers != NULL ? answer_cache_age(answers) : 0;
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
            log_failure(exchange, &err);
        }
    } else {
        choose_representation(exchange);
        keep_answer(exchange, age);
    }
    exchange->answered = true;
}

static void run_task(struct http_task *task, int worker) {
    struct http_exchange *exchange = (struct http_exchange *)task;
    exchange->request.worker = worker;
    run_handler(exchange);
    /* From here on the exchange belongs to the HTTP thread again. */
    MHD_resume_connection(exchange->request.connection);
}

static void suspend(void *connection) { MHD_suspend_connection(connection); }

/* Once it is begun, the server does not stop before its end, if it can help it. */
static void begin(struct http_exchange *exchange) {
    if (!exchange->begun) {
        exchange->begun = true;
        http_server_begin_answer(exchange->server);
    }
}

bool http_exchange_send(struct http_exchange *exchange) {
    struct http_response *response = &exchange->response;
    begin(exchange);
    response->close = response->close || atomic_load(&exchange->server->refusing);
    exchange->status = response->status != 0 ? response->status : MHD_HTTP_OK;
    exchange->sent =
        exchange->request.head_only || exchange->status == MHD_HTTP_NOT_MODIFIED
            ? 0
            : response->body_size;
    response->stream.sent = &exchange->sent;
    response->request_id = exchange->id;
    return http_response_send(response, exchange->request.connection, NULL) == 0;
}

bool http_exchange_answer(struct http_exchange *exchange) {
    http_peer_answers(exchange->peer);
    begin(exchange);
    if (!exchange->answered) {
        if (exchange->route == NULL) {
            static_file_respond(&exchange->request, exchange->granted,
                                &exchange->response);
            exchange->answered = true;
        } else if ((exchange->route->flags & HTTP_ROUTE_INLINE) != 0) {
            run_handler(exchange);
        } else if (!give_kept(exchange)) {
            const bool is_long = (exchange->route->flags & HTTP_ROUTE_LONG) != 0;
            if (http_executor_submit(exchange->server->executor, &exchange->task,
                                     is_long ? HTTP_PACE_LONG : HTTP_PACE_SHORT, suspend,
                                     exchange->request.connection)) {
                return true;
            }
            http_exchange_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                                 HTTP_SERVER_STOPPING);
        }
    }
    return http_exchange_send(exchange);
}

/* --- life ------------------------------------------------------------------------ */

struct http_exchange *http_exchange_create(struct http_server *server,
                                           struct MHD_Connection *connection,
                                           const char *path, const char *method) {
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange != NULL) {
        exchange->task.run = run_task;
        exchange->server = server;
        exchange->started_ns = clock_ns();
        exchange->peer = http_peer_of(connection);
        exchange->request = (struct http_request){
            .method = method,
            .path = path,
            .head_only = strcmp(method, "HEAD") == 0,
            .worker = -1,
            .connection = connection,
        };
        if (!http_request_join_lists(&exchange->request)) {
            http_request_free_lists(&exchange->request);
            free(exchange);
            return NULL;
        }
        request_id_choose(&server->ids,
                          http_request_header(&exchange->request, "X-Request-Id"),
                          exchange->id);
    }
    return exchange;
}

/* What a client got wrong is its own affair; that somebody was turned away is not. */
static enum log_level level_of(unsigned status) {
    switch (status) {
    case MHD_HTTP_UNAUTHORIZED:
    case MHD_HTTP_FORBIDDEN:
    case MHD_HTTP_MISDIRECTED_REQUEST:
    case MHD_HTTP_SERVICE_UNAVAILABLE:
        return LOG_WARN;
    default:
        return status >= MHD_HTTP_INTERNAL_SERVER_ERROR ? LOG_ERROR : LOG_INFO;
    }
}

static void count(const struct http_exchange *exchange, int64_t duration_ns) {
    if (exchange->server->options.metrics != NULL) {
        const struct http_metrics_request request = {
            .route = exchange->route,
            .is_file = exchange->route == NULL && exchange->status < 400,
            .method = exchange->request.method,
            .status = exchange->status,
            .duration_ns = duration_ns,
        };
        http_metrics_count(exchange->server->options.metrics, &request);
    }
}

static void write_log(const struct http_exchange *exchange, int64_t duration_ns,
                      enum http_exchange_end end) {
    const enum log_level level = level_of(exchange->status);
    if (!log_is_on(level)) {
        return;
    }
    char method[32];
    char path[256];
    log_quote(exchange->request.method, method, sizeof method);
    log_quote(exchange->request.path, path, sizeof path);
    log_fields(
        level, "http",
        "msg=request id=%s method=%s path=%s status=%u bytes=%llu duration_us=%lld "
        "peer=%s%s",
        exchange->id, method, path, exchange->status, (unsigned long long)exchange->sent,
        (long long)(duration_ns / 1000), exchange->peer->address,
        end == HTTP_EXCHANGE_CUT ? " cut=true" : "");
}

void http_exchange_destroy(struct http_exchange *exchange, enum http_exchange_end end) {
    if (exchange != NULL) {
        const int64_t duration_ns = clock_ns() - exchange->started_ns;
        write_log(exchange, duration_ns, end);
        count(exchange, duration_ns);
        if (exchange->begun) {
            http_server_end_answer(exchange->server);
        }
        http_response_deinit(&exchange->response);
        http_request_free_lists(&exchange->request);
        free(exchange->body);
        free(exchange);
    }
}
