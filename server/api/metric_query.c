/* SPDX-License-Identifier: MIT */
#include "server/api/metric_query.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 48 };

int metric_query_parse(const struct http_request *request, struct metric_query *out,
                       struct err *err) {
    const char *at = http_request_query(request, "metrics");
    *out = (struct metric_query){.is_given = at != NULL};
    while (at != NULL && *at != '\0') {
        char name[NAME_SIZE];
        const size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        const enum metric_id id = metric_find(name);
        if (id == METRIC_COUNT) {
            return err_set(err, ERR_INVALID,
                           "query parameter 'metrics' must be names that GET /metrics "
                           "lists, separated by commas; there is no '%s'",
                           name);
        }
        out->wanted[id] = true;
        at += length + (at[length] == ',' ? 1 : 0);
    }
    return 0;
}
