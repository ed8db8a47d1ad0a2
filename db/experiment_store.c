/* SPDX-License-Identifier: MIT */
#include "db/experiment_store.h"

#include <stdio.h>

#include "db/db_priv.h"
#include "db/experiment_row_priv.h"

/* The picture in the header: of each status, bits of those that may become it. Queued is reached
 * by requeue only. */
#define BIT(status) (1U << (status))
static const unsigned allowed_from[EXPERIMENT_STATUS_COUNT] = {
    [EXPERIMENT_RUNNING] = BIT(EXPERIMENT_QUEUED),
    [EXPERIMENT_DONE] = BIT(EXPERIMENT_RUNNING),
    [EXPERIMENT_FAILED] = BIT(EXPERIMENT_QUEUED) | BIT(EXPERIMENT_RUNNING),
    [EXPERIMENT_INTERRUPTED] = BIT(EXPERIMENT_QUEUED) | BIT(EXPERIMENT_RUNNING),
};

static int not_found(int64_t id, struct err *err) {
    return err_set(err, ERR_NOT_FOUND, "there is no experiment %lld", (long long)id);
}

/* --- inserting ----------------------------------------------------------------- */

static const char FIND_BY_HASH[] =
    "SELECT id FROM experiment WHERE content_hash = ?1"
    " UNION ALL SELECT experiment FROM experiment_key WHERE content_hash = ?1";

static int find_by_hash(struct connection *connection, const char *content_hash,
                        int64_t *id, struct err *err) {
    struct query q;
    query_begin(&q, connection, FIND_BY_HASH);
    query_text(&q, content_hash);
    return query_read_number(&q, id, err);
}

static const char FIND_SAME[] =
    "SELECT id FROM experiment WHERE document_hash = ? AND engine_version = ?"
    " AND removing = 0 AND (status IN ('done', 'queued')"
    " OR status = 'running' AND owner_lives(owner))"
    " ORDER BY status = 'done' DESC, id DESC LIMIT 1";

static int find_same(struct connection *connection, const char *document_hash,
                     const char *engine_version, int64_t *id, struct err *err) {
    *id = 0;
    if (document_hash == NULL) {
        return 0;
    }
    struct query q;
    query_begin(&q, connection, FIND_SAME);
    query_text(&q, document_hash);
    query_text(&q, engine_version);
    return query_read_number(&q, id, err);
}

/* What a submission would only repeat; *id = 0 when it is new. */
static int find_old(struct connection *connection,
                    const struct experiment_new *experiment, int64_t *id,
                    struct err *err) {
    const int rc = find_by_hash(connection, experiment->content_hash, id, err);
    return rc == 0 && *id == 0 && !experiment->again
               ? find_same(connection, experiment->document_hash,
                           experiment->engine_version, id, err)
               : rc;
}

static const char INSERT_KEY[] =
    "INSERT INTO experiment_key (content_hash, experiment) VALUES (?, ?)";

/* The old one is found by the key of this submission from now on. That is a row for each key,
 * for as long as the experiment is there. */
static int keep_key(struct connection *connection,
                    const struct experiment_new *experiment, int64_t old,
                    struct err *err) {
    int64_t named = 0;
    int rc = find_by_hash(connection, experiment->content_hash, &named, err);
    if (rc != 0 || named != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, INSERT_KEY);
    query_text(&q, experiment->content_hash);
    query_int(&q, old);
    return query_run(&q, err);
}

static const char INSERT_EXPERIMENT[] =
    "INSERT INTO experiment (name, document, content_hash, status, created_ms,"
    " engine_version, seed, cell_count, client, document_hash)"
    " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)";

static int insert_experiment(struct connection *connection,
                             const struct experiment_new *experiment, int64_t *id,
                             struct err *err) {
    int rc = connection_check_json(connection, experiment->document, "the document", err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, INSERT_EXPERIMENT);
    query_text(&q, experiment->name);
    query_text(&q, experiment->document);
    query_text(&q, experiment->content_hash);
    query_int(&q, experiment->created_ms);
    query_text(&q, experiment->engine_version);
    query_int(&q, (int64_t)experiment->seed);
    query_int(&q, (int64_t)experiment->cell_count);
    query_text(&q, experiment->client != NULL ? experiment->client : "");
    query_text(&q, experiment->document_hash != NULL ? experiment->document_hash : "");
    rc = query_run(&q, err);
    if (rc == 0) {
        *id = connection_last_id(connection);
    }
    return rc;
}

static const char INSERT_CELL[] =
    "INSERT INTO cell (experiment, idx, key, runtime, strategy, point, status, reason)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

static int insert_cell(struct connection *connection, int64_t experiment, size_t index,
                       const struct cell_new *cell, struct err *err) {
    if (cell->status != CELL_PENDING && cell->status != CELL_NOT_APPLICABLE) {
        return err_set(err, ERR_INVALID, "a new cell cannot be '%s'",
                       cell_status_name(cell->status));
    }
    const int rc =
        connection_check_json(connection, cell->point, "the point of a cell", err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, INSERT_CELL);
    query_int(&q, experiment);
    query_int(&q, (int64_t)index);
    query_text(&q, cell->key);
    query_text(&q, cell->runtime);
    query_text(&q, cell->strategy);
    query_text(&q, cell->point);
    query_text(&q, cell_status_name(cell->status));
    query_text(&q, cell->reason != NULL ? cell->reason : "");
    return query_run(&q, err);
}

static const char COUNT_QUEUED[] =
    "SELECT count(*), count(*) FILTER (WHERE client = ?) FROM experiment"
    " WHERE status = 'queued' AND owner = owner_self()";

/* Who submits a lot leaves room for others. */
static int check_queue(struct connection *connection,
                       const struct experiment_new *experiment, struct err *err) {
    if (experiment->queued_max == 0) {
        return 0;
    }
    struct query q;
    query_begin(&q, connection, COUNT_QUEUED);
    query_text(&q, experiment->client != NULL ? experiment->client : "");
    const int rc = query_next(&q, err);
    const int64_t all = rc == 1 ? query_get_int(&q, 0) : 0;
    const int64_t own = rc == 1 ? query_get_int(&q, 1) : 0;
    query_end(&q);
    if (rc < 0) {
        return rc;
    }
    if (all >= experiment->queued_max) {
        return err_set(err, ERR_LIMIT,
                       "%lld experiments are waiting already; submit again when one of "
                       "them has begun",
                       (long long)all);
    }
    if (experiment->queued_client_max != 0 && own >= experiment->queued_client_max) {
        return err_set(
            err, ERR_LIMIT,
            "%lld experiments of this client are waiting already; submit again "
            "when one of them has begun",
            (long long)own);
    }
    return 0;
}

int experiment_store_insert(struct db *db, const struct experiment_new *experiment,
                            int64_t *id, bool *existed, struct err *err) {
    struct connection *connection;
    int64_t old = 0, new = 0;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = find_old(connection, experiment, &old, err);
    if (rc == 0 && old == 0) {
        rc = check_queue(connection, experiment, err);
        if (rc == 0) {
            rc = insert_experiment(connection, experiment, &new, err);
        }
        for (size_t i = 0; rc == 0 && i < experiment->cell_count; i++) {
            rc = insert_cell(connection, new, i, &experiment->cells[i], err);
        }
    } else if (rc == 0 && experiment->keyed) {
        rc = keep_key(connection, experiment, old, err);
    }
    rc = db_write_end(db, rc, err);
    if (rc == 0) {
        *id = old != 0 ? old : new;
        *existed = old != 0;
    }
    return rc;
}

/* --- reading ------------------------------------------------------------------- */

static const char READ_EXPERIMENT[] =
    "SELECT " EXPERIMENT_ROW_COLUMNS
    ", e.document, e.client FROM experiment e WHERE e.id = ? AND e.removing = 0";

int experiment_store_read(struct db_reader *reader, int64_t id, struct experiment *out,
                          struct err *err) {
    struct experiment found = {0};
    struct query q;
    query_begin(&q, db_reader_connection(reader), READ_EXPERIMENT);
    query_int(&q, id);
    int rc = query_next(&q, err);
    if (rc == 0) {
        rc = not_found(id, err);
    }
    if (rc == 1) {
        rc = experiment_row_read(&q, &found.row, &found.arena, err);
        found.row.document = query_copy_text(&q, 11, &found.arena);
        found.row.client = query_copy_text(&q, 12, &found.arena);
        if (rc == 0) {
            rc = query_next(&q, err); /* 0, or out of memory while copying */
        }
    }
    query_end(&q);
    if (rc != 0) {
        experiment_deinit(&found);
        return rc;
    }
    *out = found;
    return 0;
}

void experiment_deinit(struct experiment *experiment) {
    arena_deinit(&experiment->arena);
    *experiment = (struct experiment){0};
}

static const char COUNT_CELLS[] =
    "SELECT cell_count FROM experiment WHERE id = ? AND removing = 0";

int experiment_store_count_cells(struct db_reader *reader, int64_t id, int64_t *count,
                                 struct err *err) {
    int64_t found = 0;
    struct query q;
    query_begin(&q, db_reader_connection(reader), COUNT_CELLS);
    query_int(&q, id);
    const int rc = query_read_number(&q, &found, err);
    if (rc == 0 && found == 0) {
        return not_found(id, err);
    }
    if (rc == 0) {
        *count = found;
    }
    return rc;
}

/* The result of a search that gave `found`. */
static int give_found(int rc, int64_t found, int64_t *id, struct err *err) {
    if (rc == 0 && found == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no such experiment");
    }
    if (rc == 0) {
        *id = found;
    }
    return rc;
}

int experiment_store_find(struct db_reader *reader, const char *content_hash, int64_t *id,
                          struct err *err) {
    int64_t found = 0;
    const int rc = find_by_hash(db_reader_connection(reader), content_hash, &found, err);
    return give_found(rc, found, id, err);
}

int experiment_store_find_same(struct db_reader *reader, const char *document_hash,
                               const char *engine_version, int64_t *id, struct err *err) {
    int64_t found = 0;
    const int rc = find_same(db_reader_connection(reader), document_hash, engine_version,
                             &found, err);
    return give_found(rc, found, id, err);
}

static const char FIND_LEFT[] =
    "SELECT id, status FROM experiment WHERE (status = 'interrupted'"
    " OR status = 'queued' AND NOT owner_lives(owner)) AND document = ?"
    " AND engine_version = ? AND removing = 0 ORDER BY id DESC LIMIT 1";

int experiment_store_find_left(struct db_reader *reader, const char *document,
                               const char *engine_version, int64_t *id,
                               enum experiment_status *status, struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), FIND_LEFT);
    query_text(&q, document);
    query_text(&q, engine_version);
    int rc = query_next(&q, err);
    if (rc == 1) {
        *id = query_get_int(&q, 0);
        rc = experiment_row_status(&q, 1, err);
        *status = (enum experiment_status)rc;
    } else if (rc == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "no experiment of this document is interrupted");
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

/* --- changing ------------------------------------------------------------------ */

static const char READ_STATUS[] = "SELECT status FROM experiment WHERE id = ?"
                                  " AND removing = 0";
static const char SET_STATUS[] =
    "UPDATE experiment SET status = ?, reason = ? WHERE id = ?";
/* Of what the runs until then said; those from then on will be added. */
static const char FORGET_SUMMARIES[] =
    "DELETE FROM cell_metric WHERE cell IN"
    " (SELECT id FROM cell WHERE experiment = ? AND status = 'interrupted')";
static const char REVIVE_CELLS[] = "UPDATE cell SET status = 'pending', reason = ''"
                                   " WHERE experiment = ? AND status = 'interrupted'";

static const char INTERRUPT_CELLS[] =
    "UPDATE cell SET status = 'interrupted', reason = 'stopped before it ran'"
    " WHERE experiment = ? AND status = 'pending'";

static int update_cells(struct connection *connection, const char *sql, int64_t id,
                        struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    query_int(&q, id);
    return query_run(&q, err);
}

/* The present status, or an error. */
static int read_status(struct connection *connection, int64_t id, struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_STATUS);
    query_int(&q, id);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = experiment_row_status(&q, 0, err);
    } else if (rc == 0) {
        rc = not_found(id, err);
    }
    query_end(&q);
    return rc;
}

static int write_status(struct connection *connection, int64_t id,
                        enum experiment_status status, const char *reason,
                        struct err *err) {
    struct query q;
    query_begin(&q, connection, SET_STATUS);
    query_text(&q, experiment_status_name(status));
    query_text(&q, reason != NULL ? reason : "");
    query_int(&q, id);
    return query_run(&q, err);
}

/* The process that runs it, if it is another one: 1, or 0. */
static int read_runner(struct connection *connection, int64_t id, long long *pid,
                       struct err *err) {
    static const char RUNNER[] = "SELECT owner >> 32 FROM experiment WHERE id = ?"
                                 " AND status = 'running' AND owner <> owner_self()"
                                 " AND owner_lives(owner)";
    struct query q;
    query_begin(&q, connection, RUNNER);
    query_int(&q, id);
    const int rc = query_next(&q, err);
    if (rc == 1) {
        *pid = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc;
}

static int conflict(struct connection *connection, int64_t id, int from,
                    enum experiment_status to, struct err *err) {
    long long pid = 0;
    const int rc = read_runner(connection, id, &pid, err);
    if (rc != 0) {
        return rc < 0 ? rc
                      : err_set(err, ERR_CONFLICT,
                                "experiment e%lld is run by process %lld: end it there",
                                (long long)id, pid);
    }
    const char *present = experiment_status_name((enum experiment_status)from);
    switch (to) {
    case EXPERIMENT_QUEUED:
        return err_set(err, ERR_CONFLICT,
                       "experiment e%lld is %s: only one that failed or was interrupted "
                       "can be resumed; to run it anew, submit its document with "
                       "again=true",
                       (long long)id, present);
    case EXPERIMENT_INTERRUPTED:
        return err_set(err, ERR_CONFLICT,
                       "experiment e%lld is %s: only one that is queued or running can "
                       "be cancelled",
                       (long long)id, present);
    default:
        return err_set(err, ERR_CONFLICT, "experiment e%lld is %s and cannot become %s",
                       (long long)id, present, experiment_status_name(to));
    }
}

/* Moves it there if its status is one of `from`, bits as above, and its cells with it. */
static int move(struct db *db, int64_t id, unsigned from, enum experiment_status to,
                const char *reason, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    const int present = read_status(connection, id, err);
    if (present < 0) {
        rc = present;
    } else if ((from & BIT(present)) == 0) {
        rc = conflict(connection, id, present, to, err);
    } else {
        rc = write_status(connection, id, to, reason, err);
    }
    if (rc == 0 && to == EXPERIMENT_INTERRUPTED) {
        rc = update_cells(connection, INTERRUPT_CELLS, id, err);
    }
    if (rc == 0 && to == EXPERIMENT_QUEUED) {
        rc = update_cells(connection, FORGET_SUMMARIES, id, err);
    }
    if (rc == 0 && to == EXPERIMENT_QUEUED) {
        rc = update_cells(connection, REVIVE_CELLS, id, err);
    }
    return db_write_end(db, rc, err);
}

int experiment_store_set_status(struct db *db, int64_t id, enum experiment_status status,
                                const char *reason, struct err *err) {
    return move(db, id, allowed_from[status], status, reason, err);
}

int experiment_store_cancel_queued(struct db *db, int64_t id, const char *reason,
                                   struct err *err) {
    return move(db, id, BIT(EXPERIMENT_QUEUED), EXPERIMENT_INTERRUPTED, reason, err);
}

int experiment_store_requeue(struct db *db, int64_t id, struct err *err) {
    return move(db, id, BIT(EXPERIMENT_INTERRUPTED) | BIT(EXPERIMENT_FAILED),
                EXPERIMENT_QUEUED, NULL, err);
}
