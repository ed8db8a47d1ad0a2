/* SPDX-License-Identifier: MIT */
/*
 * http_metrics - counters of the HTTP server, for Prometheus: requests by route, method and
 * status, how long they took, and connections.
 *
 * Every function may be called from any thread at any time; counting is one atomic addition
 * without a lock. What is written is therefore no single moment, but every number is right
 * for some moment of the writing.
 */
#ifndef SERVER_HTTP_HTTP_METRICS_H
#define SERVER_HTTP_HTTP_METRICS_H

#include "engine/base/err.h"
#include "server/http/router.h"

#include <stdint.h>
#include <stdio.h>

struct http_metrics;

/* The routes must outlive it. */
int http_metrics_create(struct http_metrics **out, const struct http_route *routes,
                        size_t route_count, struct err *err) WARN_UNUSED;
void http_metrics_destroy(struct http_metrics *metrics);

/* A request that has ended. */
struct http_metrics_request {
    const struct http_route *route; /* NULL: a file, or nothing */
    bool is_file;
    const char *method; /* as sent */
    unsigned status;    /* 0: the client left before it was answered */
    int64_t duration_ns;
};

void http_metrics_count(struct http_metrics *metrics,
                        const struct http_metrics_request *request);

/* +1 for one that was opened, -1 for one that was closed. */
void http_metrics_connection(struct http_metrics *metrics, int change);

/* Writes all of them (prometheus_text.h). */
void http_metrics_write(struct http_metrics *metrics, FILE *out);

#endif
