/* SPDX-License-Identifier: MIT */
#include "db/experiment_queue.h"

#include "db/db_priv.h"
#include "engine/base/memory.h"

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

/* --- other processes -------------------------------------------------------------- */

static const char LIST_OTHERS[] =
    "SELECT id FROM experiment WHERE status = 'running' AND owner <> owner_self()"
    " UNION SELECT id FROM experiment WHERE id > ? AND owner <> owner_self()"
    " AND status NOT IN ('queued', 'running') ORDER BY id";
static const char READ_NEWEST[] = "SELECT coalesce(max(id), 0) FROM experiment";

void experiment_ids_deinit(struct experiment_ids *ids) {
    memory_free(ids->items);
    *ids = (struct experiment_ids){0};
}

static int list_others(struct db_reader *reader, int64_t after,
                       struct experiment_ids *list, struct err *err) {
    size_t capacity = 0;
    int rc;
    struct query q;
    query_begin(&q, db_reader_connection(reader), LIST_OTHERS);
    query_int(&q, after);
    while ((rc = query_next(&q, err)) == 1) {
        if (vec_reserve((void **)&list->items, &capacity, list->count,
                        sizeof *list->items) != 0) {
            rc = err_set_nomem(err);
            break;
        }
        list->items[list->count++] = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc;
}

int experiment_queue_others(struct db_reader *reader, int64_t *newest,
                            struct experiment_ids *out, struct err *err) {
    struct experiment_ids list = {0};
    int64_t last = 0;
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = list_others(reader, *newest, &list, err);
    if (rc == 0) {
        rc =
            connection_read_number(db_reader_connection(reader), READ_NEWEST, &last, err);
    }
    db_reader_end(reader);
    if (rc != 0) {
        experiment_ids_deinit(&list);
        return rc;
    }
    *newest = last;
    *out = list;
    return 0;
}
