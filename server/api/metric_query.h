/* SPDX-License-Identifier: MIT */
/* metric_query - which metrics a request wants: its query parameter 'metrics'. */
#ifndef SERVER_API_METRIC_QUERY_H
#define SERVER_API_METRIC_QUERY_H

#include "engine/analysis/metrics.h"
#include "engine/base/err.h"
#include "server/http/http_request.h"

#include <stdbool.h>

struct metric_query {
    bool is_given; /* false: all of them are wanted */
    bool wanted[METRIC_COUNT];
};

/* Names separated by commas, or "" for none. ERR_INVALID: one is no metric. */
int metric_query_parse(const struct http_request *request, struct metric_query *out,
                       struct err *err) WARN_UNUSED;

#endif
