/* SPDX-License-Identifier: MIT */
#include "db/removal.h"

#include <time.h>

#include "db/db_priv.h"

/* How long a transaction may delete before it commits, and how many rows one statement
 * deletes between two looks at the clock. A chunk is some ten pages. */
enum { STEP_MS = 10 };

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Executes a statement with one parameter and tells how many rows it changed. */
static int change(struct connection *connection, const char *sql, int64_t id,
                  int64_t *changed, struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    query_int(&q, id);
    const int rc = query_run(&q, err);
    if (rc == 0) {
        *changed = connection_changes(connection);
    }
    return rc;
}

/* --- what was recorded ----------------------------------------------------------- */

/* All tables that hold many rows of a run, the largest first: a few rows of the run. What
 * else belongs to a run goes with its row. */
static const char *const recorded[] = {
    "DELETE FROM span_chunk WHERE id IN"
    " (SELECT id FROM span_chunk INDEXED BY span_chunk_by_time WHERE run = ? LIMIT 50)",
    "DELETE FROM sheet WHERE id IN"
    " (SELECT id FROM sheet INDEXED BY sheet_by_level WHERE run = ? LIMIT 50)",
    "DELETE FROM holder_total WHERE id IN"
    " (SELECT id FROM holder_total INDEXED BY holder_total_by_chunk WHERE run = ?"
    " LIMIT 50)",
    "DELETE FROM carried_span WHERE (run, lane, end_ns) IN"
    " (SELECT run, lane, end_ns FROM carried_span WHERE run = ? LIMIT 500)",
    "DELETE FROM instant_chunk WHERE id IN (SELECT id FROM instant_chunk"
    " INDEXED BY instant_chunk_by_time WHERE run = ? LIMIT 50)",
    "DELETE FROM counter_chunk WHERE id IN (SELECT id FROM counter_chunk"
    " INDEXED BY counter_chunk_by_time WHERE run = ? LIMIT 50)",
    "DELETE FROM known_time WHERE (run, lane_group) IN"
    " (SELECT run, lane_group FROM known_time WHERE run = ? LIMIT 500)",
    "DELETE FROM lane WHERE (run, lane) IN"
    " (SELECT run, lane FROM lane WHERE run = ? LIMIT 500)",
};

enum { RECORDED = sizeof recorded / sizeof recorded[0] };

/* *changed = 0 when nothing recorded is left of the run. */
static int remove_recorded(struct connection *connection, int64_t run, int64_t *changed,
                           struct err *err) {
    int rc = 0;
    *changed = 0;
    for (int i = 0; rc == 0 && *changed == 0 && i < RECORDED; i++) {
        rc = change(connection, recorded[i], run, changed, err);
    }
    return rc;
}

/* Nobody reads it any more, and whoever finds it removes it if we die. */
static const char DISOWN[] = "UPDATE run SET owner = 0 WHERE id = ? AND timeline = 1";
static const char FORGET_TIMELINE[] = "UPDATE run SET timeline = 0 WHERE id = ?";

static const char COUNT_DISOWNED[] =
    "SELECT count(*) FROM run WHERE id = ? AND timeline = 1 AND owner = 0";

static int is_disowned(struct connection *connection, int64_t run, bool *out,
                       struct err *err) {
    struct query q;
    query_begin(&q, connection, COUNT_DISOWNED);
    query_int(&q, run);
    const int rc = query_next(&q, err);
    *out = rc == 1 && query_get_int(&q, 0) == 1;
    query_end(&q);
    return rc < 0 ? rc : 0;
}

/* A little of a run that nobody owns, and its mark when nothing is left. */
static int remove_some(struct connection *connection, int64_t run, bool *more,
                       struct err *err) {
    int64_t changed = 1, runs;
    const int64_t end = monotonic_ms() + STEP_MS;
    int rc = 0;
    while (rc == 0 && changed > 0 && monotonic_ms() < end) {
        rc = remove_recorded(connection, run, &changed, err);
    }
    *more = changed > 0;
    return rc == 0 && !*more ? change(connection, FORGET_TIMELINE, run, &runs, err) : rc;
}

/* One transaction's worth; *more stays true until the run is clean, or no longer ours to
 * clean because somebody else was faster. */
static int remove_timeline_step(struct db *db, int64_t run, bool *more, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = is_disowned(connection, run, more, err);
    if (rc == 0 && *more) {
        rc = remove_some(connection, run, more, err);
    }
    return db_write_end(db, rc, err);
}

int db_timeline_disown(struct db *db, int64_t run, struct err *err) {
    struct connection *connection;
    int64_t runs;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = change(connection, DISOWN, run, &runs, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

int db_timeline_remove(struct db *db, int64_t run, struct err *err) {
    bool more = true;
    int rc = db_timeline_disown(db, run, err);
    while (rc == 0 && more) {
        rc = remove_timeline_step(db, run, &more, err);
    }
    return rc;
}

/* --- marking --------------------------------------------------------------------- */

static const char READ_STATE[] =
    "SELECT status IN ('queued', 'running'), EXISTS (SELECT 1 FROM cell c JOIN run r"
    " ON r.cell = c.id WHERE c.experiment = e.id AND r.timeline = 1"
    " AND owner_lives(r.owner)) FROM experiment e WHERE id = ? AND removing = 0";
/* Its identity and its keys are free again: the same document may be submitted anew. */
static const char MARK_EXPERIMENT[] =
    "UPDATE experiment SET removing = 1, content_hash = 'removed:' || id WHERE id = ?";
static const char FREE_KEYS[] = "DELETE FROM experiment_key WHERE experiment = ?";
/* Nobody reads or makes a timeline of it any more. */
static const char MARK_RUNS[] =
    "UPDATE run SET timeline = 0, status = 'interrupted', reason = 'removed'"
    " WHERE cell IN (SELECT id FROM cell WHERE experiment = ?)";

static int check_removable(struct connection *connection, int64_t id, struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_STATE);
    query_int(&q, id);
    int rc = query_next(&q, err);
    if (rc == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "there is no experiment %lld", (long long)id);
    } else if (rc == 1 && query_get_int(&q, 0) != 0) {
        rc = err_set(err, ERR_CONFLICT,
                     "experiment e%lld has not ended: it can be removed when it has",
                     (long long)id);
    } else if (rc == 1 && query_get_int(&q, 1) != 0) {
        rc = err_set(err, ERR_CONFLICT,
                     "a timeline of experiment e%lld is being made: try again later",
                     (long long)id);
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

int removal_mark_in(struct connection *connection, int64_t experiment, struct err *err) {
    int64_t changed;
    int rc = check_removable(connection, experiment, err);
    if (rc == 0) {
        rc = change(connection, MARK_EXPERIMENT, experiment, &changed, err);
    }
    if (rc == 0) {
        rc = change(connection, FREE_KEYS, experiment, &changed, err);
    }
    return rc == 0 ? change(connection, MARK_RUNS, experiment, &changed, err) : rc;
}

int removal_mark(struct db *db, int64_t experiment, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = removal_mark_in(connection, experiment, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

/* --- removing -------------------------------------------------------------------- */

static const char FIND_MARKED[] = "SELECT min(id) FROM experiment WHERE removing = 1";
static const char FIND_RUN[] = "SELECT r.id FROM cell c JOIN run r ON r.cell = c.id"
                               " WHERE c.experiment = ? LIMIT 1";
static const char DELETE_RUN[] = "DELETE FROM run WHERE id = ?";
static const char DELETE_CELLS[] =
    "DELETE FROM cell WHERE id IN (SELECT id FROM cell WHERE experiment = ? LIMIT 50)";
static const char DELETE_EXPERIMENT[] = "DELETE FROM experiment WHERE id = ?";

/* *run = 0 when there is none. */
static int find_run(struct connection *connection, int64_t experiment, int64_t *run,
                    struct err *err) {
    struct query q;
    query_begin(&q, connection, FIND_RUN);
    query_int(&q, experiment);
    int rc = query_next(&q, err);
    if (rc >= 0) {
        *run = rc == 1 ? query_get_int(&q, 0) : 0;
        rc = 0;
    }
    query_end(&q);
    return rc;
}

/* A little of one experiment. */
static int remove_little(struct connection *connection, int64_t experiment,
                         struct err *err) {
    int64_t run = 0, changed = 0;
    int rc = find_run(connection, experiment, &run, err);
    if (rc == 0 && run != 0) {
        rc = remove_recorded(connection, run, &changed, err);
        if (rc == 0 && changed == 0) {
            rc = change(connection, DELETE_RUN, run, &changed, err);
        }
        return rc;
    }
    if (rc == 0) {
        rc = change(connection, DELETE_CELLS, experiment, &changed, err);
    }
    if (rc == 0 && changed == 0) {
        rc = change(connection, DELETE_EXPERIMENT, experiment, &changed, err);
    }
    return rc;
}

int removal_step(struct db *db, bool *more, struct err *err) {
    struct connection *connection;
    int64_t experiment = 1;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    const int64_t end = monotonic_ms() + STEP_MS;
    while (rc == 0 && experiment != 0 && monotonic_ms() < end) {
        rc = connection_read_number(connection, FIND_MARKED, &experiment, err);
        if (rc == 0 && experiment != 0) {
            rc = remove_little(connection, experiment, err);
        }
    }
    rc = db_write_end(db, rc, err);
    if (rc == 0) {
        *more = experiment != 0;
    }
    return rc;
}
