/* SPDX-License-Identifier: MIT */
#include "server/http/http_metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/http/prometheus_text.h"

/* Others are counted together: a client must not be able to make new series. */
static const char *const methods[] = {"GET",   "HEAD",   "POST",    "PUT",
                                      "PATCH", "DELETE", "OPTIONS", "other"};
static const unsigned statuses[] = {0,   200, 201, 202, 204, 304, 400, 401,
                                    403, 404, 405, 406, 409, 412, 413, 414,
                                    415, 421, 422, 429, 431, 500, 503, 999};

/* Upper bounds in nanoseconds, and how they are written. */
static const struct {
    int64_t ns;
    const char *text;
} bounds[] = {
    {100000, "0.0001"}, {250000, "0.00025"}, {1000000, "0.001"},  {2500000, "0.0025"},
    {10000000, "0.01"}, {25000000, "0.025"}, {100000000, "0.1"},  {250000000, "0.25"},
    {1000000000, "1"},  {2500000000, "2.5"}, {10000000000, "10"},
};

enum {
    METHODS = sizeof methods / sizeof methods[0],
    STATUSES = sizeof statuses / sizeof statuses[0],
    BOUNDS = sizeof bounds / sizeof bounds[0],
};

/* What is counted of one route. */
struct row {
    atomic_uint_fast64_t requests[METHODS][STATUSES];
    atomic_uint_fast64_t within[BOUNDS + 1]; /* not cumulative; the last: above all */
    atomic_uint_fast64_t total_ns;
};

struct http_metrics {
    const struct http_route *routes;
    size_t route_count;
    atomic_int_fast64_t connections;
    atomic_uint_fast64_t connections_total;
    struct row rows[]; /* one for each route, then files, then nothing */
};

int http_metrics_create(struct http_metrics **out, const struct http_route *routes,
                        size_t route_count, struct err *err) {
    struct http_metrics *metrics =
        calloc(1, sizeof *metrics + (route_count + 2) * sizeof(struct row));
    if (metrics == NULL) {
        return err_set_nomem(err);
    }
    metrics->routes = routes;
    metrics->route_count = route_count;
    *out = metrics;
    return 0;
}

void http_metrics_destroy(struct http_metrics *metrics) { free(metrics); }

/* --- counting -------------------------------------------------------------------- */

/* Only this and the reader look at a counter: no other memory depends on it. */
static void add(atomic_uint_fast64_t *counter, uint64_t value) {
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static uint64_t read(atomic_uint_fast64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static size_t method_of(const char *text) {
    size_t i = 0;
    while (i + 1 < METHODS && strcmp(methods[i], text) != 0) {
        i++;
    }
    return i;
}

static size_t status_of(unsigned status) {
    size_t i = 0;
    while (i + 1 < STATUSES && statuses[i] != status) {
        i++;
    }
    return i;
}

static size_t bound_of(int64_t ns) {
    size_t i = 0;
    while (i < BOUNDS && ns > bounds[i].ns) {
        i++;
    }
    return i;
}

static size_t row_of(const struct http_metrics *metrics,
                     const struct http_metrics_request *request) {
    return request->route != NULL ? (size_t)(request->route - metrics->routes)
                                  : metrics->route_count + (request->is_file ? 0 : 1);
}

void http_metrics_count(struct http_metrics *metrics,
                        const struct http_metrics_request *request) {
    struct row *row = &metrics->rows[row_of(metrics, request)];
    add(&row->requests[method_of(request->method)][status_of(request->status)], 1);
    add(&row->within[bound_of(request->duration_ns)], 1);
    add(&row->total_ns, (uint64_t)request->duration_ns);
}

void http_metrics_connection(struct http_metrics *metrics, int change) {
    atomic_fetch_add_explicit(&metrics->connections, change, memory_order_relaxed);
    add(&metrics->connections_total, change > 0 ? 1 : 0);
}

/* --- writing --------------------------------------------------------------------- */

static const char *route_name(const struct http_metrics *metrics, size_t row) {
    if (row < metrics->route_count) {
        return metrics->routes[row].path;
    }
    return row == metrics->route_count ? "file" : "none";
}

static const char *row_method(const struct http_metrics *metrics, size_t row) {
    return row < metrics->route_count ? metrics->routes[row].method : "any";
}

static void write_requests(struct http_metrics *metrics, FILE *out) {
    static const char name[] = "gilscope_http_requests_total";
    prometheus_text_family(out, name, "counter",
                           "Requests that ended; code 0: the client left before.");
    for (size_t row = 0; row < metrics->route_count + 2; row++) {
        for (size_t at = 0; at < (size_t)METHODS * STATUSES; at++) {
            const size_t method = at / STATUSES;
            const size_t status = at % STATUSES;
            const uint64_t count = read(&metrics->rows[row].requests[method][status]);
            if (count > 0) {
                prometheus_text_labelled(
                    out, name, (double)count, "method=\"%s\",route=\"%s\",code=\"%u\"",
                    methods[method], route_name(metrics, row), statuses[status]);
            }
        }
    }
}

/* The counts are read once, so that the last bucket and the count are the same. */
static void write_histogram(struct http_metrics *metrics, size_t row, FILE *out) {
    static const char name[] = "gilscope_http_request_duration_seconds";
    char bucket[64], sum[64], count[64];
    uint64_t sofar = 0;
    const char *method = row_method(metrics, row);
    const char *route = route_name(metrics, row);
    snprintf(bucket, sizeof bucket, "%s_bucket", name);
    snprintf(sum, sizeof sum, "%s_sum", name);
    snprintf(count, sizeof count, "%s_count", name);
    for (size_t i = 0; i <= BOUNDS; i++) {
        sofar += read(&metrics->rows[row].within[i]);
        prometheus_text_labelled(out, bucket, (double)sofar,
                                 "method=\"%s\",route=\"%s\",le=\"%s\"", method, route,
                                 i < BOUNDS ? bounds[i].text : "+Inf");
    }
    prometheus_text_labelled(out, sum, (double)read(&metrics->rows[row].total_ns) / 1e9,
                             "method=\"%s\",route=\"%s\"", method, route);
    prometheus_text_labelled(out, count, (double)sofar, "method=\"%s\",route=\"%s\"",
                             method, route);
}

static bool was_asked(struct http_metrics *metrics, size_t row) {
    uint64_t count = 0;
    for (size_t i = 0; i <= BOUNDS; i++) {
        count += read(&metrics->rows[row].within[i]);
    }
    return count > 0;
}

void http_metrics_write(struct http_metrics *metrics, FILE *out) {
    write_requests(metrics, out);
    prometheus_text_family(out, "gilscope_http_request_duration_seconds", "histogram",
                           "From the head of a request to the end of its answer.");
    for (size_t row = 0; row < metrics->route_count + 2; row++) {
        if (was_asked(metrics, row)) {
            write_histogram(metrics, row, out);
        }
    }
    prometheus_text_value(out, "gilscope_http_connections", "gauge",
                          "Connections that are open.",
                          (double)atomic_load(&metrics->connections));
    prometheus_text_value(out, "gilscope_http_connections_total", "counter",
                          "Connections that were opened.",
                          (double)read(&metrics->connections_total));
}
