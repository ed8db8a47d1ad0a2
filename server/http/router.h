/* SPDX-License-Identifier: MIT */
/*
 * router - which handler answers which method and path. Routes are rows of a const table;
 * a
 * "{name}" segment matches one non-empty segment of the path and is captured.
 *
 *     {"GET", "/api/v1/runs/{id}", run_read, 0, NULL, "application/json"}
 *
 * HEAD is answered by the GET row, OPTIONS by the server.
 */
#ifndef SERVER_HTTP_ROUTER_H
#define SERVER_HTTP_ROUTER_H

#include "engine/base/err.h"
#include "server/http/http_request.h"
#include "server/http/http_response.h"

#include <stddef.h>

/*
 * Answers a request: 0 with `response` filled, or a negative err_code, from which the
 * server makes a problem. `context` is the one given to http_server_start().
 */
typedef int (*http_handler_fn)(void *context, const struct http_request *request,
                               struct http_response *response, struct err *err);

enum http_route_flag {
    HTTP_ROUTE_INLINE =
        1, /* runs on the HTTP thread: touches neither disk nor database */
    HTTP_ROUTE_JSON_BODY = 2, /* needs a body of type application/json */
    HTTP_ROUTE_OPEN = 4,      /* needs no token */
    HTTP_ROUTE_WORK = 8,      /* a GET that makes work: not for other sites */
    HTTP_ROUTE_LONG = 16      /* may take seconds: has the executor's threads for that */
};

struct http_route {
    const char *method;
    const char *path;
    http_handler_fn handle;
    unsigned flags;       /* enum http_route_flag */
    const char *query;    /* names of the parameters it knows, by spaces; NULL: none */
    const char *produces; /* media types, by commas, for Accept */
};

struct router_match {
    const struct http_route *route; /* NULL: no row has this path and method */
    bool path_known;                /* some row has this path */
    char allow[64]; /* without a route, the methods of this path: "GET, HEAD, OPTIONS" */
};

/* Finds the row and fills the captures of `request` from its path. */
void router_find(const struct http_route *routes, size_t count,
                 struct http_request *request, struct router_match *out);

#endif
