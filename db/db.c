/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "db/db.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "db/db_priv.h"
#include "db/migrations_priv.h"
#include "db/owner_priv.h"
#include "engine/base/check.h"
#include "engine/base/memory.h"

struct db {
    char *path;
    enum db_mode mode;
    struct owner owner;
    pthread_mutex_t writer_mutex;
    struct connection *writer; /* guarded by writer_mutex; NULL in DB_READ */
};

struct db_reader {
    struct connection *connection;
    bool in_transaction;
};

const char *db_path(const struct db *db) { return db->path; }

const char *db_sqlite_version(void) { return sqlite3_libversion(); }

int db_schema_version(void) { return migrations_count(); }

/* --- paths --------------------------------------------------------------------- */

/*
 * The lock file and SQLite's own companions must have one name for one store, so links
 * are followed first. For a file that does not exist yet that means its folder.
 */
static int resolve_new(char resolved[PATH_MAX], const char *path, struct err *err) {
    char folder[PATH_MAX];
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 2;
    if (length >= sizeof folder || name[0] == '\0') {
        return err_set(err, ERR_INVALID, "'%.200s' is no name of a file", path);
    }
    memcpy(folder, slash != NULL ? path : "./", length);
    folder[length] = '\0';
    if (realpath(folder, real) == NULL) {
        return err_set(err, ERR_IO, "cannot open %s: folder %s: %s", path, folder,
                       strerror(errno));
    }
    const char *between = strcmp(real, "/") == 0 ? "" : "/";
    const int size = snprintf(resolved, PATH_MAX, "%s%s%s", real, between, name);
    if (size < 0 || size >= PATH_MAX) {
        return err_set(err, ERR_INVALID, "'%.200s' is too long for a path", path);
    }
    return 0;
}

static int resolve(char **out, const char *path, enum db_mode mode, struct err *err) {
    char resolved[PATH_MAX];
    if (realpath(path, resolved) == NULL) {
        if (errno != ENOENT) {
            return err_set(err, ERR_IO, "cannot open %s: %s", path, strerror(errno));
        }
        if (mode == DB_READ) {
            return err_set(err, ERR_NOT_FOUND, "there is no store %s", path);
        }
        const int rc = resolve_new(resolved, path, err);
        if (rc != 0) {
            return rc;
        }
    }
    char *copy = memory_strdup(resolved);
    if (copy == NULL) {
        return err_set_nomem(err);
    }
    *out = copy;
    return 0;
}

/* --- opening ------------------------------------------------------------------- */

static int open_owned(struct db *db, struct err *err) {
    int version = 0;
    int rc = owner_acquire(&db->owner, db->path, err);
    if (rc == 0) {
        rc = connection_open(&db->writer, db->path, CONNECTION_WRITER, err);
    }
    if (rc == 0) {
        rc = migrations_version(db->writer, &version, err);
    }
    if (rc == 0) {
        rc = connection_accept(db->writer, err);
    }
    return rc == 0 ? migrations_run(db->writer, version, err) : rc;
}

/* Looks once at the file, so that a wrong one is refused here and not by the first
 * reader. */
static int check_readable(const struct db *db, struct err *err) {
    struct connection *connection = NULL;
    int version = 0;
    int rc = connection_open(&connection, db->path, CONNECTION_READER, err);
    if (rc == 0) {
        rc = migrations_version(connection, &version, err);
    }
    if (rc == 0 && version < migrations_count()) {
        rc = err_set(
            err, ERR_UNSUPPORTED,
            "%s has the schema of an older gilscope (%d, this one reads %d): open "
            "it once with 'gilscope serve'",
            db->path, version, migrations_count());
    }
    connection_close(connection);
    return rc;
}

int db_open(struct db **out, const char *path, enum db_mode mode, struct err *err) {
    struct db *db = memory_zeroed(1, sizeof *db);
    if (db == NULL) {
        return err_set_nomem(err);
    }
    db->mode = mode;
    if (pthread_mutex_init(&db->writer_mutex, NULL) != 0) {
        memory_free(db);
        return err_set_nomem(err);
    }
    int rc = resolve(&db->path, path, mode, err);
    if (rc == 0) {
        rc = mode == DB_OWN ? open_owned(db, err) : check_readable(db, err);
    }
    if (rc != 0) {
        db_close(db);
        return rc;
    }
    *out = db;
    return 0;
}

void db_close(struct db *db) {
    if (db == NULL) {
        return;
    }
    /* The lock goes last: until then nobody else may find the file half closed. */
    connection_close(db->writer);
    owner_release(&db->owner);
    pthread_mutex_destroy(&db->writer_mutex);
    memory_free(db->path);
    memory_free(db);
}

/* --- writing ------------------------------------------------------------------- */

int db_write_begin(struct db *db, struct connection **out, struct err *err) {
    if (db->writer == NULL) {
        return err_set(err, ERR_CONFLICT, "%s is open for reading only", db->path);
    }
    pthread_mutex_lock(&db->writer_mutex);
    const int rc = connection_begin(db->writer, err);
    if (rc != 0) {
        pthread_mutex_unlock(&db->writer_mutex);
        return rc;
    }
    *out = db->writer;
    return 0;
}

int db_write_end(struct db *db, int rc, struct err *err) {
    rc = connection_end(db->writer, rc, err);
    pthread_mutex_unlock(&db->writer_mutex);
    return rc;
}

/* --- recovery ------------------------------------------------------------------ */

static const char INTERRUPT_RUNS[] =
    "UPDATE run SET status = 'interrupted',"
    " reason = 'the program ended while this was running' WHERE status = 'running'";
static const char INTERRUPT_CELLS[] =
    "UPDATE cell SET status = 'interrupted',"
    " reason = 'the program ended while this was running' WHERE status = 'running'";
/* Also those that a former version left pending in an interrupted experiment. */
static const char INTERRUPT_PENDING_CELLS[] =
    "UPDATE cell SET status = 'interrupted',"
    " reason = 'the program ended before this was run' WHERE status = 'pending'"
    " AND experiment IN"
    " (SELECT id FROM experiment WHERE status IN ('running', 'interrupted'))";
static const char INTERRUPT_EXPERIMENTS[] =
    "UPDATE experiment SET status = 'interrupted',"
    " reason = 'the program ended while this was running; submit the document again to"
    " run it' WHERE status = 'running'";

static const char FIND_HALF_TIMELINE[] = "SELECT min(id) FROM run WHERE timeline = 1";
static const char DELETE_SPANS[] =
    "DELETE FROM span_chunk WHERE id IN"
    " (SELECT id FROM span_chunk INDEXED BY span_chunk_by_time WHERE run = ? LIMIT 1000)";
static const char DELETE_INSTANTS[] =
    "DELETE FROM instant_chunk WHERE id IN (SELECT id FROM instant_chunk"
    " INDEXED BY instant_chunk_by_time WHERE run = ? LIMIT 1000)";
static const char FORGET_TIMELINE[] = "UPDATE run SET timeline = 0 WHERE id = ?";

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

static int update_run(struct connection *connection, const char *sql, int64_t run,
                      int64_t *changed, struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    query_int(&q, run);
    const int rc = query_run(&q, err);
    if (rc == 0) {
        *changed = connection_changes(connection);
    }
    return rc;
}

/* One transaction's worth; *more stays true until the run is clean. */
static int remove_some(struct db *db, int64_t run, bool *more, struct err *err) {
    struct connection *connection;
    int64_t spans = 0, instants = 0, runs = 0;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = update_run(connection, DELETE_SPANS, run, &spans, err);
    if (rc == 0) {
        rc = update_run(connection, DELETE_INSTANTS, run, &instants, err);
    }
    if (rc == 0 && spans == 0 && instants == 0) {
        rc = update_run(connection, FORGET_TIMELINE, run, &runs, err);
    }
    rc = db_write_end(db, rc, err);
    *more = spans + instants > 0;
    return rc;
}

int db_timeline_remove(struct db *db, int64_t run, struct err *err) {
    bool more = true;
    int rc = 0;
    while (rc == 0 && more) {
        rc = remove_some(db, run, &more, err);
    }
    return rc;
}

/* *run = 0 when there is none. */
static int find_half_timeline(struct db *db, int64_t *run, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, connection, FIND_HALF_TIMELINE);
    rc = query_next(&q, err);
    if (rc == 1) {
        *run = query_get_int(&q, 0);
        rc = 0;
    }
    query_end(&q);
    return db_write_end(db, rc, err);
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

/* --- readers ------------------------------------------------------------------- */

int db_reader_open(struct db_reader **out, struct db *db, struct err *err) {
    struct db_reader *reader = memory_zeroed(1, sizeof *reader);
    if (reader == NULL) {
        return err_set_nomem(err);
    }
    const int rc = connection_open(&reader->connection, db->path, CONNECTION_READER, err);
    if (rc != 0) {
        memory_free(reader);
        return rc;
    }
    *out = reader;
    return 0;
}

void db_reader_close(struct db_reader *reader) {
    if (reader == NULL) {
        return;
    }
    db_reader_end(reader);
    connection_close(reader->connection);
    memory_free(reader);
}

struct connection *db_reader_connection(struct db_reader *reader) {
    return reader->connection;
}

int db_reader_begin(struct db_reader *reader, struct err *err) {
    ASSERT(!reader->in_transaction);
    const int rc = connection_begin(reader->connection, err);
    reader->in_transaction = rc == 0;
    return rc;
}

void db_reader_end(struct db_reader *reader) {
    if (reader->in_transaction) {
        /* Nothing was written: there is nothing that ending could lose. */
        reader->in_transaction = false;
        if (connection_end(reader->connection, 0, NULL) != 0) {
            return;
        }
    }
}

static int first_complaint(struct connection *connection, const char *sql,
                           const char *healthy, struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    int rc = query_next(&q, err);
    if (rc == 1) {
        const char *text = query_get_text(&q, 0);
        rc = strcmp(text, healthy) == 0
                 ? 0
                 : err_set(err, ERR_CORRUPT, "%s is damaged (%.120s): restore a copy",
                           connection_path(connection), text);
    }
    query_end(&q);
    return rc;
}

int db_reader_check(struct db_reader *reader, struct err *err) {
    static const char INTEGRITY[] = "PRAGMA integrity_check(1)";
    static const char REFERENCES[] = "SELECT 'a row of ' || \"table\" || ' belongs to "
                                     "nothing' FROM pragma_foreign_key_check";
    const int rc = first_complaint(reader->connection, INTEGRITY, "ok", err);
    return rc == 0 ? first_complaint(reader->connection, REFERENCES, "", err) : rc;
}
