/* SPDX-License-Identifier: MIT */
#include "db/finished_run.h"

#include "db/db_priv.h"
#include "db/finished_run_priv.h"
#include "db/run_outcome_priv.h"

static const char INSERT_RUN[] =
    "INSERT INTO run (cell, repetition, status, reason, fingerprint, started_ms,"
    " finished_ms, duration_ns, transitions, sites)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static int insert_row(struct connection *connection, const struct finished_run *run,
                      const char *sites, struct err *err) {
    const struct run_result *result = run->result;
    const char *reason = result != NULL ? result->reason : run->reason;
    char fingerprint[RUN_FINGERPRINT_SIZE] = "";
    struct query q;
    if (result != NULL) {
        run_outcome_fingerprint(result, fingerprint);
    }
    query_begin(&q, connection, INSERT_RUN);
    query_int(&q, run->cell);
    query_int(&q, run->repetition);
    query_text(&q, result != NULL ? run_status_name(result->status)
                                  : run_state_name(run->state));
    query_text(&q, reason != NULL ? reason : "");
    query_text(&q, fingerprint);
    query_int(&q, run->started_ms);
    query_int(&q, run->finished_ms);
    query_int(&q, result != NULL ? result->duration_ns : 0);
    query_int(&q, result != NULL ? (int64_t)result->transitions : 0);
    query_text(&q, sites);
    return query_run(&q, err);
}

static int insert_run(struct connection *connection, const struct finished_run *run,
                      struct err *err) {
    const char *sites = run->sites != NULL ? run->sites : "[]";
    int rc = run_outcome_check(connection, run->cell, sites, err);
    if (rc == 0) {
        rc = insert_row(connection, run, sites, err);
    }
    return rc == 0 && run->result != NULL
               ? run_outcome_insert(connection, connection_last_id(connection),
                                    run->result, err)
               : rc;
}

int finished_run_insert(struct connection *connection, const struct finished_run *runs,
                        size_t count, struct err *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = insert_run(connection, &runs[i], err);
    }
    return rc;
}

int finished_run_store(struct db *db, const struct finished_run *runs, size_t count,
                       struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = finished_run_insert(connection, runs, count, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}
