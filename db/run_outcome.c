/* SPDX-License-Identifier: MIT */
#include "db/run_outcome_priv.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "db/db_priv.h"
#include "db/histogram_store.h"

/* A row for each pair that is bound: one statement takes a third of the time of one for each
 * row, and less when they come in the order of the primary key. */
#define PAIRS_10 "(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?)"
static const char INSERT_METRICS[] =
    "INSERT INTO metric (run, name, value) SELECT ?, column1, column2 FROM "
    "(VALUES " PAIRS_10 "," PAIRS_10 "," PAIRS_10 "," PAIRS_10 "," PAIRS_10 "," PAIRS_10
    "," PAIRS_10 "," PAIRS_10 ") WHERE column1 IS NOT NULL";
static_assert(METRIC_COUNT <= 80, "a pair each");

void run_outcome_fingerprint(const struct run_result *result,
                             char out[RUN_FINGERPRINT_SIZE]) {
    out[0] = '\0';
    if (result->status != RUN_STOPPED) {
        snprintf(out, RUN_FINGERPRINT_SIZE, "%016" PRIx64, result->fingerprint);
    }
}

int run_outcome_check(struct connection *connection, int64_t cell, const char *sites,
                      struct err *err) {
    static const char CELL_EXISTS[] = "SELECT 1 FROM cell WHERE id = ?";
    struct query q;
    query_begin(&q, connection, CELL_EXISTS);
    query_int(&q, cell);
    const int rc = query_next(&q, err);
    query_end(&q);
    if (rc == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no cell %lld", (long long)cell);
    }
    return rc < 0 ? rc
                  : connection_check_json(connection, sites, "the list of sites", err);
}

static int insert_metrics(struct connection *connection, int64_t run,
                          const double values[METRIC_COUNT], struct err *err) {
    struct query q;
    query_begin(&q, connection, INSERT_METRICS);
    query_int(&q, run);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const enum metric_id id = metric_by_name(i);
        if (!isnan(values[id])) {
            query_text(&q, metrics[id].name);
            query_real(&q, values[id]);
        }
    }
    return query_run(&q, err);
}

int run_outcome_insert(struct connection *connection, int64_t run,
                       const struct run_result *result, struct err *err) {
    const int rc = insert_metrics(connection, run, result->metric, err);
    return rc == 0 ? histogram_store_insert(connection, run, result->histograms, err)
                   : rc;
}
