/* SPDX-License-Identifier: MIT */
/* recovery - db_recover(): what dead owners left is marked and tidied up. */
#include "db/db_priv.h"

static const char INTERRUPT_RUNS[] =
    "UPDATE run SET status = 'interrupted',"
    " reason = 'the program ended while this was running'"
    " WHERE status = 'running' AND NOT owner_lives(owner)";
/* A cell belongs to who runs its experiment. */
static const char INTERRUPT_CELLS[] =
    "UPDATE cell SET status = 'interrupted',"
    " reason = 'the program ended while this was running' WHERE status = 'running'"
    " AND NOT (SELECT owner_lives(e.owner) FROM experiment e WHERE e.id = experiment)";
/* Also those that a former version left pending in an interrupted experiment. */
static const char INTERRUPT_PENDING_CELLS[] =
    "UPDATE cell SET status = 'interrupted',"
    " reason = 'the program ended before this was run' WHERE status = 'pending'"
    " AND experiment IN (SELECT id FROM experiment WHERE status = 'interrupted'"
    " OR (status = 'running' AND NOT owner_lives(owner)))";
static const char INTERRUPT_EXPERIMENTS[] =
    "UPDATE experiment SET status = 'interrupted',"
    " reason = 'the program ended while this was running; submit the document again to"
    " run it' WHERE status = 'running' AND NOT owner_lives(owner)";

static const char FIND_HALF_TIMELINE[] =
    "SELECT min(id) FROM run WHERE timeline = 1 AND NOT owner_lives(owner)";

static int update_all(struct connection *connection, const char *sql, int64_t *changed,
                      struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    const int rc = query_run(&q, err);
    if (rc == 0) {
        *changed = connection_changes(connection);
    }
    return rc;
}

static int interrupt_all(struct db *db, struct db_recovered *out, struct err *err) {
    struct connection *connection;
    int64_t pending = 0;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = update_all(connection, INTERRUPT_RUNS, &out->runs, err);
    if (rc == 0) {
        rc = update_all(connection, INTERRUPT_CELLS, &out->cells, err);
    }
    if (rc == 0) {
        rc = update_all(connection, INTERRUPT_PENDING_CELLS, &pending, err);
        out->cells += pending;
    }
    if (rc == 0) {
        rc = update_all(connection, INTERRUPT_EXPERIMENTS, &out->experiments, err);
    }
    return db_write_end(db, rc, err);
}

/* *run = 0 when there is none. */
static int find_half_timeline(struct db *db, int64_t *run, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = connection_read_number(connection, FIND_HALF_TIMELINE, run, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

int db_recover(struct db *db, struct db_recovered *out, struct err *err) {
    struct db_recovered done = {0};
    int rc = interrupt_all(db, &done, err);
    while (rc == 0) {
        int64_t run = 0;
        rc = find_half_timeline(db, &run, err);
        if (rc != 0 || run == 0) {
            break;
        }
        rc = db_timeline_remove(db, run, err);
        done.timelines++;
    }
    if (rc == 0 && out != NULL) {
        *out = done;
    }
    return rc;
}
