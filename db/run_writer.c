/* SPDX-License-Identifier: MIT */
#include "db/run_writer.h"

#include <stdio.h>
#include <string.h>

#include "db/db_priv.h"
#include "db/lane_row_priv.h"
#include "db/run_outcome_priv.h"
#include "db/timeline_writer_priv.h"
#include "engine/base/check.h"

struct run_writer {
    struct db *db;
    int64_t run;
    struct timeline_writer *timeline;       /* NULL: none is wanted */
    bool again;                             /* the run has its outcome already */
    bool ended;                             /* finished or abandoned */
    char fingerprint[RUN_FINGERPRINT_SIZE]; /* again: what the new recording must have */
    char *sites;                            /* again: stored with the timeline */
};

/* --- opening ------------------------------------------------------------------- */

static const char INSERT_RUN[] =
    "INSERT INTO run (cell, repetition, status, started_ms, timeline, sites)"
    " VALUES (?, ?, 'running', ?, ?, ?)";

static int insert_run(struct connection *connection, const struct run_new *run,
                      int64_t *id, struct err *err) {
    const char *sites = run->sites != NULL ? run->sites : "[]";
    int rc = run_outcome_check(connection, run->cell, sites, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, INSERT_RUN);
    query_int(&q, run->cell);
    query_int(&q, run->repetition);
    query_int(&q, run->started_ms);
    query_int(&q, run->record ? 1 : 0);
    query_text(&q, sites);
    rc = query_run(&q, err);
    if (rc == 0) {
        *id = connection_last_id(connection);
    }
    return rc;
}

static struct run_writer *writer_create(struct db *db) {
    struct run_writer *writer = memory_zeroed(1, sizeof *writer);
    if (writer != NULL) {
        writer->db = db;
    }
    return writer;
}

int run_writer_open(struct run_writer **out, struct db *db, const struct run_new *run,
                    struct err *err) {
    struct run_writer *writer = writer_create(db);
    if (writer == NULL) {
        return err_set_nomem(err);
    }
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = insert_run(connection, run, &writer->run, err);
        if (rc == 0 && run->record) {
            rc = timeline_writer_create(&writer->timeline, db, writer->run, run->cancel,
                                        err);
        }
        rc = db_write_end(db, rc, err);
    }
    if (rc != 0) {
        run_writer_close(writer);
        return rc;
    }
    *out = writer;
    return 0;
}

static const char READ_OUTCOME[] = "SELECT status IN ('done', 'limited'), timeline,"
                                   " fingerprint FROM run WHERE id = ?";
static const char MARK_RECORDING[] = "UPDATE run SET timeline = 1 WHERE id = ?";

static int check_repeatable(const struct query *q, int64_t run, struct err *err) {
    const long long id = (long long)run;
    if (query_get_int(q, 0) == 0) {
        return err_set(err, ERR_CONFLICT, "run r%lld has no result to be repeated", id);
    }
    switch (query_get_int(q, 1)) {
    case 0:
        return 0;
    case 1:
        return err_set(err, ERR_CONFLICT, "the timeline of run r%lld is being made", id);
    default:
        return err_set(err, ERR_CONFLICT, "run r%lld has a timeline", id);
    }
}

/* Two repetitions at once would mix their chunks: the mark lets only one of them begin.
 */
static int begin_again(struct connection *connection, struct run_writer *writer,
                       struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_OUTCOME);
    query_int(&q, writer->run);
    int rc = query_next(&q, err);
    if (rc == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)writer->run);
    } else if (rc == 1) {
        rc = check_repeatable(&q, writer->run, err);
        snprintf(writer->fingerprint, sizeof writer->fingerprint, "%s",
                 query_get_text(&q, 2));
    }
    query_end(&q);
    if (rc == 0) {
        rc = connection_check_json(connection, writer->sites, "the list of sites", err);
    }
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, connection, MARK_RECORDING);
    query_int(&q, writer->run);
    return query_run(&q, err);
}

int run_writer_open_again(struct run_writer **out, struct db *db, int64_t run,
                          const char *sites, struct err *err) {
    struct run_writer *writer = writer_create(db);
    if (writer == NULL) {
        return err_set_nomem(err);
    }
    writer->run = run;
    writer->again = true;
    writer->sites = memory_strdup(sites != NULL ? sites : "[]");
    struct connection *connection;
    int rc = writer->sites != NULL ? 0 : err_set_nomem(err);
    if (rc == 0) {
        rc = timeline_writer_create(&writer->timeline, db, run, NULL, err);
    }
    if (rc == 0) {
        rc = db_write_begin(db, &connection, err);
    }
    if (rc == 0) {
        rc = begin_again(connection, writer, err);
        rc = db_write_end(db, rc, err);
    }
    if (rc != 0) {
        run_writer_close(writer);
        return rc;
    }
    *out = writer;
    return 0;
}

int64_t run_writer_id(const struct run_writer *writer) { return writer->run; }

const struct sink *run_writer_sink(const struct run_writer *writer) {
    return writer->timeline != NULL ? timeline_writer_sink(writer->timeline) : NULL;
}

int run_writer_flush(struct run_writer *writer, struct err *err) {
    if (writer->timeline == NULL) {
        return 0;
    }
    const int rc = timeline_writer_put(writer->timeline, err);
    return rc == 0 ? timeline_writer_drain(writer->timeline, err) : rc;
}

/* --- ending -------------------------------------------------------------------- */

static const char SET_OUTCOME[] =
    "UPDATE run SET status = ?, reason = ?, fingerprint = ?, finished_ms = ?,"
    " duration_ns = ?, transitions = ? WHERE id = ?";
static const char SET_TIMELINE[] =
    "UPDATE run SET timeline = 2,"
    " instant_chunks = (SELECT count(*) FROM instant_chunk c WHERE c.run = run.id),"
    " counter_chunks = (SELECT count(*) FROM counter_chunk c WHERE c.run = run.id)"
    " WHERE id = ?";
static const char SET_SITES[] = "UPDATE run SET sites = ? WHERE id = ?";
static const char SET_ABANDONED[] =
    "UPDATE run SET status = ?, reason = ?, finished_ms = ? WHERE id = ?";

static int set_outcome(struct connection *connection, int64_t run,
                       const struct run_result *result, int64_t finished_ms,
                       struct err *err) {
    char fingerprint[RUN_FINGERPRINT_SIZE];
    run_outcome_fingerprint(result, fingerprint);
    struct query q;
    query_begin(&q, connection, SET_OUTCOME);
    query_text(&q, run_status_name(result->status));
    query_text(&q, result->reason);
    query_text(&q, fingerprint);
    query_int(&q, finished_ms);
    query_int(&q, result->duration_ns);
    query_int(&q, (int64_t)result->transitions);
    query_int(&q, run);
    return query_run(&q, err);
}

/* The rest of the recording, and the mark that it is complete. */
static int complete_timeline(struct connection *connection,
                             const struct run_writer *writer,
                             const struct run_result *result, struct err *err) {
    int rc = timeline_writer_finish(writer->timeline, connection, err);
    for (lane_id id = 0; rc == 0 && (size_t)id < result->lanes.count; id++) {
        if (!timeline_writer_has_ended(writer->timeline, id)) {
            const struct lane_total total = lane_table_total(&result->lanes, id);
            rc = lane_row_complete(connection, writer->run, &total, err);
        }
    }
    struct query q;
    if (rc == 0 && writer->again) {
        query_begin(&q, connection, SET_SITES);
        query_text(&q, writer->sites);
        query_int(&q, writer->run);
        rc = query_run(&q, err);
    }
    if (rc == 0) {
        query_begin(&q, connection, SET_TIMELINE);
        query_int(&q, writer->run);
        rc = query_run(&q, err);
    }
    return rc;
}

static int check_same(const struct run_writer *writer, const struct run_result *result,
                      struct err *err) {
    char fingerprint[RUN_FINGERPRINT_SIZE];
    run_outcome_fingerprint(result, fingerprint);
    if (strcmp(fingerprint, writer->fingerprint) != 0) {
        return err_set(err, ERR_CONFLICT,
                       "run %lld was repeated with another result: fingerprint '%s' "
                       "instead of '%s'",
                       (long long)writer->run, fingerprint, writer->fingerprint);
    }
    return 0;
}

static int store_outcome(struct connection *connection, const struct run_writer *writer,
                         const struct run_result *result, int64_t finished_ms,
                         struct err *err) {
    int rc = 0;
    if (!writer->again) {
        rc = set_outcome(connection, writer->run, result, finished_ms, err);
        if (rc == 0) {
            rc = run_outcome_insert(connection, writer->run, result, err);
        }
    }
    if (rc == 0 && writer->timeline != NULL && result->status != RUN_STOPPED) {
        rc = complete_timeline(connection, writer, result, err);
    }
    return rc;
}

int run_writer_finish(struct run_writer *writer, const struct run_result *result,
                      int64_t finished_ms, struct err *err) {
    ASSERT(!writer->ended);
    int rc = writer->again ? check_same(writer, result, err) : 0;
    if (rc != 0) {
        return rc;
    }
    if (writer->timeline != NULL) {
        rc = timeline_writer_drain(writer->timeline, err);
    }
    struct connection *connection;
    if (rc == 0) {
        rc = db_write_begin(writer->db, &connection, err);
    }
    if (rc != 0) {
        return rc;
    }
    rc = store_outcome(connection, writer, result, finished_ms, err);
    rc = db_write_end(writer->db, rc, err);
    if (rc != 0) {
        return rc;
    }
    writer->ended = true;
    /* What is left of a stopped run's recording is not seen by anybody: if it cannot be
     * removed now, db_recover() does it. The outcome is stored. */
    if (writer->timeline != NULL && result->status == RUN_STOPPED &&
        db_timeline_remove(writer->db, writer->run, NULL) != 0) {
        return 0;
    }
    return 0;
}

static int set_abandoned(struct run_writer *writer, enum run_state state,
                         const char *reason, int64_t finished_ms, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(writer->db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, SET_ABANDONED);
    query_text(&q, run_state_name(state));
    query_text(&q, reason != NULL ? reason : "");
    query_int(&q, finished_ms);
    query_int(&q, writer->run);
    rc = query_run(&q, err);
    return db_write_end(writer->db, rc, err);
}

int run_writer_abandon(struct run_writer *writer, enum run_state state,
                       const char *reason, int64_t finished_ms, struct err *err) {
    ASSERT(!writer->ended);
    ASSERT(state == RUN_STATE_FAILED || state == RUN_STATE_STOPPED ||
           state == RUN_STATE_INTERRUPTED);
    if (writer->timeline != NULL) {
        timeline_writer_forget(writer->timeline);
    }
    int rc = 0;
    if (writer->again) { /* the timeline may be asked for again at once */
        rc = db_timeline_remove(writer->db, writer->run, err);
    } else {
        rc = set_abandoned(writer, state, reason, finished_ms, err);
        if (rc == 0 && writer->timeline != NULL) {
            rc = db_timeline_disown(writer->db, writer->run, err);
        }
    }
    writer->ended = rc == 0;
    return rc;
}

void run_writer_close(struct run_writer *writer) {
    if (writer == NULL) {
        return;
    }
    timeline_writer_destroy(writer->timeline);
    memory_free(writer->sites);
    memory_free(writer);
}
