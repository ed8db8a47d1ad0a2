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

#include "db/block_cache_priv.h"
#include "db/claim_priv.h"
#include "db/db_priv.h"
#include "db/migrations_priv.h"
#include "db/owner_priv.h"
#include "db/write_queue_priv.h"
#include "engine/base/check.h"
#include "engine/base/memory.h"

struct db {
    char *path;
    struct owner owner;
    pthread_mutex_t writer_mutex;
    struct connection *writer;  /* guarded by writer_mutex; NULL in DB_READ */
    struct write_queue *queue;  /* NULL in DB_READ */
    struct block_cache *blocks; /* of all readers */
};

struct db_reader {
    struct connection *connection;
    uint32_t begun; /* how often */
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

/* A new file gives free pages back in small steps (db/vacuum.h): to be said before there is
 * a table. */
static const char NEW_FILE[] = "PRAGMA auto_vacuum = INCREMENTAL";

static int upgrade(struct db *db, struct err *err) {
    int version = 0;
    /* Somebody else may have been faster. */
    int rc = migrations_version(db->writer, &version, err);
    if (rc == 0 && version == 0) {
        rc = connection_exec(db->writer, NEW_FILE, err);
    }
    if (rc == 0) {
        rc = connection_accept(db->writer, err);
    }
    return rc == 0 ? migrations_run(db->writer, version, err) : rc;
}

/*
 * A schema is changed by who is alone: a program that is at work on the file may know the
 * old one only. While we wait to be alone, another one may do the same and be faster.
 */
static int bring_up_to_date(struct db *db, struct err *err) {
    for (int attempt = 0;; attempt++) {
        int version = 0;
        int rc = migrations_version(db->writer, &version, err);
        if (rc != 0) {
            return rc;
        }
        if (version == migrations_count()) {
            rc = owner_share(&db->owner, err);
            return rc == 0 ? connection_accept(db->writer, err) : rc;
        }
        if (owner_be_alone(&db->owner)) {
            rc = upgrade(db, err);
            return rc == 0 ? owner_share(&db->owner, err) : rc;
        }
        if (owner_waited_enough(attempt)) {
            return owner_say_who(&db->owner, err);
        }
    }
}

static int open_owned(struct db *db, struct err *err) {
    int rc = owner_acquire(&db->owner, db->path, err);
    if (rc == 0) {
        rc = connection_open(&db->writer, db->path, CONNECTION_WRITER, err);
    }
    if (rc == 0) {
        rc = claim_define(db->writer, &db->owner, err);
    }
    if (rc == 0) {
        rc = bring_up_to_date(db, err);
    }
    if (rc == 0) {
        rc = claim_mark(db->writer, err);
    }
    return rc == 0 ? write_queue_create(&db->queue, db, err) : rc;
}

/* Looks once at the file, so that a wrong one is refused here and not by the first
 * reader. */
static int open_readable(struct db *db, struct err *err) {
    struct connection *connection = NULL;
    int version = 0;
    int rc = owner_observe(&db->owner, db->path, err);
    if (rc == 0) {
        rc = connection_open(&connection, db->path, CONNECTION_READER, err);
    }
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
    if (pthread_mutex_init(&db->writer_mutex, NULL) != 0) {
        memory_free(db);
        return err_set_nomem(err);
    }
    int rc = resolve(&db->path, path, mode, err);
    if (rc == 0) {
        rc = block_cache_create(&db->blocks, BLOCK_CACHE_BYTES, err);
    }
    if (rc == 0) {
        rc = mode == DB_OWN ? open_owned(db, err) : open_readable(db, err);
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
    write_queue_destroy(db->queue);
    /* The lock goes last: until then nobody else may find the file half closed. */
    connection_close(db->writer);
    owner_release(&db->owner);
    pthread_mutex_destroy(&db->writer_mutex);
    block_cache_destroy(db->blocks);
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

/* The number that it has: see migrations.c. A page of the file is written anyway. */
static const char TOUCH[] = "PRAGMA application_id = 0x47536370";

int db_touch(struct db *db, struct err *err) {
    struct connection *connection = NULL; /* gcc -O3 does not see that it is always set */
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        struct query q;
        query_begin(&q, connection, TOUCH);
        rc = query_run(&q, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

struct write_queue *db_write_queue(struct db *db) {
    return db->queue;
}

/* --- readers ------------------------------------------------------------------- */

int db_reader_open(struct db_reader **out, struct db *db, struct err *err) {
    struct db_reader *reader = memory_zeroed(1, sizeof *reader);
    if (reader == NULL) {
        return err_set_nomem(err);
    }
    int rc = connection_open(&reader->connection, db->path, CONNECTION_READER, err);
    if (rc == 0) {
        connection_share_blocks(reader->connection, db->blocks);
        rc = claim_define(reader->connection, &db->owner, err);
    }
    if (rc != 0) {
        db_reader_close(reader);
        return rc;
    }
    *out = reader;
    return 0;
}

void db_reader_close(struct db_reader *reader) {
    if (reader == NULL) {
        return;
    }
    ASSERT(reader->begun == 0);
    connection_close(reader->connection);
    memory_free(reader);
}

struct owner *db_owner(struct db *db) {
    return &db->owner;
}

struct connection *db_reader_connection(struct db_reader *reader) {
    return reader->connection;
}

int db_reader_begin(struct db_reader *reader, struct err *err) {
    const int rc = reader->begun == 0 ? connection_begin(reader->connection, err) : 0;
    reader->begun += rc == 0;
    return rc;
}

void db_reader_end(struct db_reader *reader) {
    ASSERT(reader->begun > 0);
    if (--reader->begun == 0 && connection_end(reader->connection, 0, NULL) != 0) {
        return; /* Nothing was written: there is nothing that ending could lose. */
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
