/* SPDX-License-Identifier: MIT */
#include "db/experiment_queue.h"

#include "db/db_priv.h"

static const char NEXT_QUEUED[] =
    "WITH busy (client, n) AS (SELECT client, count(*) FROM experiment"
    "  WHERE status = 'running' AND owner = owner_self() GROUP BY client)"
    " SELECT q.id FROM experiment q LEFT JOIN busy USING (client)"
    " WHERE q.status = 'queued' AND q.id > ? AND coalesce(n, 0) < ?"
    " AND (q.owner = owner_self() OR NOT owner_lives(q.owner))"
    " ORDER BY coalesce(n, 0), q.id LIMIT 1";

static const char READ_QUEUE[] = "SELECT count(*) FILTER (WHERE status = 'running'),"
                                 " count(*) FILTER (WHERE status = 'queued')"
                                 " FROM experiment WHERE status IN ('queued', 'running')";

int experiment_queue_read(struct db_reader *reader, struct experiment_queue *out,
                          struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), READ_QUEUE);
    const int rc = query_next(&q, err);
    if (rc == 1) {
        *out = (struct experiment_queue){query_get_int(&q, 0), query_get_int(&q, 1)};
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

int experiment_queue_next(struct db_reader *reader, int64_t after, int64_t most,
                          int64_t *id, struct err *err) {
    int64_t found = 0;
    struct query q;
    query_begin(&q, db_reader_connection(reader), NEXT_QUEUED);
    query_int(&q, after);
    query_int(&q, most);
    const int rc = query_read_number(&q, &found, err);
    if (rc != 0) {
        return rc;
    }
    if (found == 0) {
        return err_set(err, ERR_NOT_FOUND, "no experiment is queued");
    }
    *id = found;
    return 0;
}

static const char CLAIM[] =
    "UPDATE experiment SET owner = owner_self() WHERE id = ? AND status = 'queued'"
    " AND (owner = owner_self() OR NOT owner_lives(owner))";

int experiment_queue_claim(struct db *db, int64_t id, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, CLAIM);
    query_int(&q, id);
    rc = query_run(&q, err);
    if (rc == 0 && connection_changes(connection) == 0) {
        rc = err_set(err, ERR_CONFLICT, "experiment %lld was taken by another process",
                     (long long)id);
    }
    return db_write_end(db, rc, err);
}
