/* SPDX-License-Identifier: MIT */
#include "server/http/request_check.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "server/http/guard.h"
#include "server/http/http_server_priv.h"
#include "server/http/problem.h"
#include "server/http/static_file.h"

static const char *header(const struct http_exchange *exchange, const char *name) {
    return http_request_header(&exchange->request, name);
}

/* Finds the route or the file; refuses what is neither. */
static void find_target(struct http_exchange *exchange) {
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
        http_exchange_refuse(exchange, MHD_HTTP_NOT_FOUND,
                             "there is nothing at this path");
        return;
    }
    static_assert(sizeof exchange->response.allow == sizeof match.allow, "same list");
    if (strcmp(request->method, "OPTIONS") == 0) {
        exchange->answered = true;
        exchange->response.status = MHD_HTTP_NO_CONTENT;
        memcpy(exchange->response.allow, match.allow, sizeof match.allow);
        return;
    }
    http_exchange_refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this path answers %s",
                         match.allow);
    memcpy(exchange->response.allow, match.allow, sizeof match.allow);
}

/* What a request that carries a document must have, besides the document. */
static void check_body_headers(struct http_exchange *exchange) {
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding = header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    if (!guard_type_is_json(header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE)) ||
        (coding != NULL && strcmp(coding, "identity") != 0)) {
        http_exchange_refuse(
            exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
            "the body must be application/json in UTF-8, without Content-Encoding");
    } else if (length != NULL && strtoull(length, NULL, 10) > HTTP_BODY_MAX) {
        http_exchange_refuse_size(exchange);
    }
}

static void check_route(struct http_exchange *exchange) {
    const struct http_route *route = exchange->route;
    const struct http_query_fault fault =
        http_request_check_query(&exchange->request, route->query);
    if (fault.too_long != NULL) {
        http_exchange_refuse(
            exchange, MHD_HTTP_URI_TOO_LONG,
            "query parameter '%.64s' is longer than %d bytes; ask for less "
            "at once",
            fault.too_long, HTTP_PARAMETER_MAX);
    } else if (fault.unknown != NULL) {
        http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                             "unknown query parameter '%.64s'; this path knows: %s",
                             fault.unknown, route->query != NULL ? route->query : "none");
    } else if (fault.repeated != NULL) {
        http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                             "query parameter '%.64s' is there twice; send it once",
                             fault.repeated);
    } else if (!guard_accepts(header(exchange, MHD_HTTP_HEADER_ACCEPT),
                              route->produces)) {
        http_exchange_refuse(exchange, MHD_HTTP_NOT_ACCEPTABLE, "this path answers %s",
                             route->produces);
    } else if ((route->flags & HTTP_ROUTE_JSON_BODY) != 0) {
        check_body_headers(exchange);
    }
}

static bool announces_body(const struct http_exchange *exchange) {
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ||
           (length != NULL && strtoull(length, NULL, 10) > 0);
}

/* Why nobody can be sure what the request is or where it ends, or NULL. */
static const char *find_framing_fault(const struct http_exchange *exchange,
                                      const struct http_headers *headers) {
    const char *coding = header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    if (headers->malformed) {
        return "a header is malformed: its name is no token, its value has a control "
               "character, or it goes on in the next line";
    }
    if (exchange->target_fault != NULL) {
        return exchange->target_fault;
    }
    if (exchange->needs_host && headers->hosts == 0) {
        return "a request of HTTP/1.1 has a header Host";
    }
    if (headers->hosts > 1) {
        return "the header Host is there twice";
    }
    if (headers->codings > 0 && headers->lengths > 0) {
        return "Content-Length and Transfer-Encoding exclude each other";
    }
    if (headers->codings > 1 || headers->lengths > 1) {
        return "the length of the body is there twice";
    }
    if (coding != NULL && strcasecmp(coding, "chunked") != 0) {
        return "the only Transfer-Encoding that is known is chunked";
    }
    return NULL;
}

/* What is wrong with a request whatever its path. */
static void check_framing(struct http_exchange *exchange) {
    const struct http_headers headers = http_request_headers(&exchange->request);
    const char *fault = find_framing_fault(exchange, &headers);
    if (fault != NULL) {
        http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, "%s", fault);
    } else if (headers.count > HTTP_HEADERS_MAX) {
        http_exchange_refuse(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                             "there are more than %d headers", HTTP_HEADERS_MAX);
    }
    /* What follows such a request is not looked at. */
    exchange->response.close = exchange->answered;
}

/* The files of the dashboard are no secret, and it must be shown to be signed in on. */
static void check_access(struct http_exchange *exchange) {
    struct access *access = exchange->server->options.access;
    const enum access_verdict verdict =
        access == NULL
            ? ACCESS_GRANTED
            : access_check(access, header(exchange, MHD_HTTP_HEADER_AUTHORIZATION),
                           header(exchange, MHD_HTTP_HEADER_COOKIE));
    const bool is_open =
        exchange->route == NULL || (exchange->route->flags & HTTP_ROUTE_OPEN) != 0;
    exchange->granted = verdict == ACCESS_GRANTED;
    if (!is_open && !exchange->granted) {
        exchange->answered = true;
        access_refuse(&exchange->response, exchange->request.path, verdict);
    }
}

static bool comes_from_us(const struct http_exchange *exchange) {
    return guard_is_same_origin(header(exchange, MHD_HTTP_HEADER_HOST),
                                header(exchange, "Origin"),
                                header(exchange, "Sec-Fetch-Site"));
}

static void refuse_other_site(struct http_exchange *exchange) {
    http_exchange_refuse(
        exchange, MHD_HTTP_FORBIDDEN,
        "requests from other sites are refused; use the page at http://%.64s/, or "
        "a client that sends no Origin",
        header(exchange, MHD_HTTP_HEADER_HOST));
}

/* Finds who answers, and refuses what it would not take. */
static void check_target(struct http_exchange *exchange) {
    find_target(exchange);
    if (exchange->answered) {
        return;
    }
    check_access(exchange);
    if (!exchange->answered && exchange->route != NULL &&
        (exchange->route->flags & HTTP_ROUTE_WORK) != 0 && !comes_from_us(exchange)) {
        refuse_other_site(exchange);
    }
    if (!exchange->answered && exchange->route != NULL) {
        check_route(exchange);
    }
    const bool takes_body =
        exchange->route != NULL && (exchange->route->flags & HTTP_ROUTE_JSON_BODY) != 0;
    if (!exchange->answered && !takes_body && announces_body(exchange)) {
        http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, "this path takes no body");
    }
}

static bool host_is_ours(const struct http_server *server, const char *host) {
    bool ours = guard_host_is_local(host) || (!server->listener.everywhere &&
                                              guard_host_is(host, server->listener.host));
    for (size_t i = 0; !ours && i < server->options.host_count; i++) {
        ours = guard_host_is(host, server->options.hosts[i]);
    }
    return ours;
}

void request_check_head(struct http_exchange *exchange) {
    const struct http_request *request = &exchange->request;
    const char *host = header(exchange, MHD_HTTP_HEADER_HOST);
    const bool reads = request->head_only || strcmp(request->method, "GET") == 0 ||
                       strcmp(request->method, "OPTIONS") == 0;
    check_framing(exchange);
    if (exchange->answered) {
        return;
    }
    const int64_t wait_ms = http_server_take_rate(exchange->server, exchange->peer);
    if (wait_ms > 0) {
        http_exchange_refuse(
            exchange, MHD_HTTP_TOO_MANY_REQUESTS,
            "too many requests a second from one address; send fewer, or "
            "start the server with a larger --limit-rate");
        exchange->response.retry_after_s = (unsigned)(wait_ms + 999) / 1000;
    } else if (atomic_load(&exchange->server->refusing)) {
        http_exchange_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                             HTTP_SERVER_STOPPING);
    } else if (!host_is_ours(exchange->server, host)) {
        http_exchange_refuse(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
                             "this server answers to 127.0.0.1 and localhost, and to "
                             "what it is told with --host NAME");
    } else if (!reads && !comes_from_us(exchange)) {
        refuse_other_site(exchange);
    } else {
        check_target(exchange);
    }
}

bool request_check_sends_at_once(const struct http_exchange *exchange) {
    const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return exchange->answered &&
           (exchange->response.close ||
            header(exchange, MHD_HTTP_HEADER_EXPECT) != NULL ||
            (length != NULL && strtoull(length, NULL, 10) > HTTP_DRAIN_MAX));
}
