/* SPDX-License-Identifier: MIT */
/* doctor_repair - what can be put right without losing anything that was reported stored.
 */
#include "db/db_priv.h"
#include "db/doctor.h"
#include "db/removal.h"

/* Rows that belong to nothing, parents first; what belongs to them goes with them. */
static const char *const orphans[] = {
    "DELETE FROM cell WHERE experiment NOT IN (SELECT id FROM experiment)",
    "DELETE FROM experiment_key WHERE experiment NOT IN (SELECT id FROM experiment)",
    "DELETE FROM run WHERE cell NOT IN (SELECT id FROM cell)",
    "DELETE FROM cell_metric WHERE cell NOT IN (SELECT id FROM cell)",
    "DELETE FROM metric WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM histogram WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM analysis WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM lane WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM span_chunk WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM sheet WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM holder_total WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM carried_span WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM instant_chunk WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM counter_chunk WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM known_time WHERE run NOT IN (SELECT id FROM run)",
    "DELETE FROM note WHERE run NOT IN (SELECT id FROM run)",
};

/* Chunks of a run without a timeline: nobody sees them. Those of an experiment that is
 * being removed are gone before. */
static const char *const leftovers[] = {
    "DELETE FROM span_chunk WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM sheet WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM holder_total WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM carried_span WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM instant_chunk WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM counter_chunk WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM known_time WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
    "DELETE FROM lane WHERE run IN (SELECT id FROM run WHERE timeline = 0)",
};

/* All in one transaction: there are few of them. */
static int execute(struct db *db, const char *const *statements, size_t count,
                   int64_t *changed, struct err *err) {
    struct connection *connection;
    int64_t sum = 0;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct query q;
        query_begin(&q, connection, statements[i]);
        rc = query_run(&q, err);
        sum += rc == 0 ? connection_changes(connection) : 0;
    }
    rc = db_write_end(db, rc, err);
    if (rc == 0) {
        *changed = sum;
    }
    return rc;
}

static const char COUNT_MARKED[] = "SELECT count(*) FROM experiment WHERE removing = 1";

static int finish_removals(struct db *db, int64_t *removed, struct err *err) {
    struct connection *connection;
    bool more = true;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = connection_read_number(connection, COUNT_MARKED, removed, err);
        rc = db_write_end(db, rc, err);
    }
    while (rc == 0 && more) {
        rc = removal_step(db, &more, err);
    }
    return rc;
}

static const char COUNT_WRONG[] =
    "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check LIKE"
    " '%missing from index%' OR integrity_check LIKE '%entries in index%'"
    " OR integrity_check LIKE '%non-unique entry in index%'";

/* Looks with a reader: it takes long, and nobody has to wait for it. */
static int count_wrong_indexes(struct db *db, int64_t *wrong, struct err *err) {
    struct db_reader *reader = NULL;
    int rc = db_reader_open(&reader, db, err);
    if (rc == 0) {
        rc =
            connection_read_number(db_reader_connection(reader), COUNT_WRONG, wrong, err);
    }
    db_reader_close(reader);
    return rc;
}

/* An index that disagrees with its table misleads every other statement: it comes first. */
static int rebuild_indexes(struct db *db, bool *done, struct err *err) {
    struct connection *connection;
    int64_t wrong = 0;
    int rc = count_wrong_indexes(db, &wrong, err);
    if (rc != 0 || wrong == 0) {
        return rc;
    }
    rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = connection_exec(connection, "REINDEX", err);
        rc = db_write_end(db, rc, err);
    }
    *done = rc == 0;
    return rc;
}

int doctor_repair(struct db *db, struct doctor_repair *out, struct err *err) {
    struct doctor_repair done = {0};
    int rc;
    if ((rc = rebuild_indexes(db, &done.reindexed, err)) != 0 ||
        (rc = db_recover(db, &done.recovered, err)) != 0 ||
        (rc = finish_removals(db, &done.removed, err)) != 0 ||
        (rc = execute(db, orphans, sizeof orphans / sizeof orphans[0], &done.rows,
                      err)) != 0 ||
        (rc = execute(db, leftovers, sizeof leftovers / sizeof leftovers[0], &done.chunks,
                      err)) != 0) {
        return rc;
    }
    *out = done;
    return 0;
}
