/* SPDX-License-Identifier: MIT */
#include "db/retention.h"

#include "db/db_priv.h"

bool retention_is_set(const struct retention *retention) {
    return retention->for_ms > 0 || retention->count > 0 || retention->bytes > 0;
}

/* As removal_mark() sees it. */
#define REMOVABLE                                                                        \
    "e.removing = 0 AND e.status NOT IN ('queued', 'running') AND NOT EXISTS"            \
    " (SELECT 1 FROM cell c JOIN run r ON r.cell = c.id WHERE c.experiment = e.id"       \
    " AND r.timeline = 1 AND owner_lives(r.owner))"

static const char TOO_OLD[] = "SELECT e.id FROM experiment e WHERE " REMOVABLE
                              " AND e.created_ms < ? ORDER BY e.id LIMIT 1";
static const char TOO_MANY[] =
    "SELECT e.id FROM experiment e WHERE " REMOVABLE
    " AND e.id <= (SELECT id FROM experiment WHERE removing = 0 ORDER BY id DESC"
    " LIMIT 1 OFFSET ?) ORDER BY e.id LIMIT 1";
static const char TOO_MUCH[] =
    "SELECT e.id FROM experiment e WHERE " REMOVABLE
    " AND e.id < (SELECT max(id) FROM experiment WHERE removing = 0)"
    " AND NOT EXISTS (SELECT 1 FROM experiment WHERE removing = 1)"
    " AND ? < (SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
    " pragma_freelist_count, pragma_page_size) ORDER BY e.id LIMIT 1";

static int find(struct connection *connection, const char *sql, int64_t limit,
                int64_t *id, struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    query_int(&q, limit);
    int rc = query_next(&q, err);
    if (rc == 1) {
        *id = query_get_int(&q, 0);
        rc = 0;
    }
    query_end(&q);
    return rc;
}

/* *id = 0 when all may stay. */
static int choose(struct connection *connection, const struct retention *retention,
                  int64_t now_ms, int64_t *id, struct err *err) {
    int rc = 0;
    *id = 0;
    if (retention->for_ms > 0) {
        rc = find(connection, TOO_OLD, now_ms - retention->for_ms, id, err);
    }
    if (rc == 0 && *id == 0 && retention->count > 0) {
        rc = find(connection, TOO_MANY, retention->count, id, err);
    }
    if (rc == 0 && *id == 0 && retention->bytes > 0) {
        rc = find(connection, TOO_MUCH, retention->bytes, id, err);
    }
    return rc;
}

int retention_mark_next(struct db *db, const struct retention *retention, int64_t now_ms,
                        int64_t *id, struct err *err) {
    struct connection *connection;
    int64_t found = 0;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = choose(connection, retention, now_ms, &found, err);
    if (rc == 0 && found != 0) {
        rc = removal_mark_in(connection, found, err);
    }
    rc = db_write_end(db, rc, err);
    if (rc == 0) {
        *id = found;
    }
    return rc;
}
