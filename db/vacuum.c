/* SPDX-License-Identifier: MIT */
#include "db/vacuum.h"

#include "db/db_priv.h"

enum { INCREMENTAL = 2 };

static const char READ_MODE[] = "PRAGMA auto_vacuum";
static const char READ_PAGE_SIZE[] = "PRAGMA page_size";
static const char READ_PAGES[] = "PRAGMA page_count";
static const char READ_FREE[] = "PRAGMA freelist_count";

int vacuum_space(struct db_reader *reader, struct vacuum_space *out, struct err *err) {
    struct connection *connection = db_reader_connection(reader);
    struct vacuum_space space = {0};
    int64_t mode = 0;
    int rc;
    if ((rc = connection_read_number(connection, READ_PAGE_SIZE, &space.page_bytes,
                                     err)) != 0 ||
        (rc = connection_read_number(connection, READ_PAGES, &space.pages, err)) != 0 ||
        (rc = connection_read_number(connection, READ_FREE, &space.free_pages, err)) !=
            0 ||
        (rc = connection_read_number(connection, READ_MODE, &mode, err)) != 0) {
        return rc;
    }
    space.in_steps = mode == INCREMENTAL;
    *out = space;
    return 0;
}

/* --- in steps -------------------------------------------------------------------- */

/* Every row that it gives is a page. */
static const char STEP[] = "PRAGMA incremental_vacuum(256)";

static int free_pages(struct connection *connection, struct err *err) {
    struct query q;
    int rc;
    query_begin(&q, connection, STEP);
    while ((rc = query_next(&q, err)) == 1) {
    }
    query_end(&q);
    return rc;
}

int vacuum_step(struct db *db, bool *more, struct err *err) {
    struct connection *connection;
    int64_t mode = 0, left = 0;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = connection_read_number(connection, READ_MODE, &mode, err);
    if (rc == 0 && mode != INCREMENTAL) {
        rc = err_set(err, ERR_UNSUPPORTED,
                     "%s was made by an older gilscope and gives nothing back in steps: "
                     "vacuum it as a whole once, 'gilscope vacuum --whole'",
                     db_path(db));
    }
    if (rc == 0) {
        rc = free_pages(connection, err);
    }
    if (rc == 0) {
        rc = connection_read_number(connection, READ_FREE, &left, err);
    }
    rc = db_write_end(db, rc, err);
    if (rc == 0) {
        *more = left > 0;
    }
    return rc;
}

/* --- as a whole ------------------------------------------------------------------ */

/* The copy that is built goes to the disk: memory may be too small for it. */
static const char WHOLE[] = "PRAGMA temp_store = FILE;"
                            "PRAGMA auto_vacuum = INCREMENTAL;"
                            "VACUUM;"
                            "PRAGMA wal_checkpoint(TRUNCATE);";

int vacuum_whole(struct db *db, struct err *err) {
    struct owner *owner = db_owner(db);
    struct connection *connection = NULL;
    int rc = 0;
    for (int attempt = 0; rc == 0 && !owner_be_alone(owner); attempt++) {
        rc = owner_waited_enough(attempt) ? owner_say_who(owner, err) : 0;
    }
    if (rc == 0) {
        rc = connection_open(&connection, db_path(db), CONNECTION_WRITER, err);
    }
    if (rc == 0) {
        rc = connection_exec(connection, WHOLE, err);
    }
    connection_close(connection);
    /* The first error counts; an owner that failed to come back has no more to do. */
    const int shared = owner_share(owner, err);
    return rc != 0 ? rc : shared;
}
