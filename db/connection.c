/* SPDX-License-Identifier: MIT */
#include "db/connection_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "db/block_cache_priv.h"
#include "db/sql/sqlite_api.h"
#include "engine/base/check.h"

enum {
    STATEMENTS_MAX = 256, /* more constants than all stores have */
    BUSY_TIMEOUT_MS = 5000
};

struct connection {
    sqlite3 *sqlite;
    bool is_borrowed; /* `sqlite` */
    const char *path;
    enum connection_kind kind;
    struct block_cache *own_blocks;
    struct block_hold blocks;
    size_t statement_count;
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } statements[STATEMENTS_MAX];
};

/* --- errors -------------------------------------------------------------------- */

/* What a result code means for the user. The first row that matches counts. */
static const struct {
    int code;
    int ours;
    const char *text; /* with the path for %s */
} failures[] = {
    {SQLITE_FULL, ERR_IO, "the disk of %s is full: free some space, then try again"},
    {SQLITE_READONLY, ERR_IO,
     "%s is read-only: change its permissions or use another file"},
    {SQLITE_PERM, ERR_IO,
     "%s may not be opened: change its permissions or use another file"},
    {SQLITE_AUTH, ERR_IO,
     "%s may not be opened: change its permissions or use another file"},
    {SQLITE_BUSY, ERR_DB,
     "%s is locked by another program: close that program, then try again"},
    {SQLITE_LOCKED, ERR_DB,
     "%s is locked by another program: close that program, then try again"},
    {SQLITE_NOTADB, ERR_CORRUPT, "%s is not a gilscope store: name another file"},
    {SQLITE_CORRUPT, ERR_CORRUPT, "%s is damaged: restore a copy or use another file"},
    {SQLITE_TOOBIG, ERR_LIMIT, "a text or blob is too large for %s"},
    {SQLITE_INTERRUPT, ERR_CANCELLED, "reading %s was cancelled"},
};

int connection_say(const char *path, struct sqlite3 *sqlite, int code, struct err *err) {
    const int primary = code & 0xff;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].code == primary) {
            char text[sizeof err->text];
            sqlite3_snprintf(sizeof text, text, failures[i].text, path);
            return err_set(err, failures[i].ours, "%s", text);
        }
    }
    if (primary == SQLITE_NOMEM) {
        return err_set_nomem(err);
    }
    if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) {
        const int why = sqlite3_system_errno(sqlite);
        return err_set(err, ERR_IO, "%s %s: %s: check the disk and the path",
                       primary == SQLITE_IOERR ? "cannot read or write" : "cannot open",
                       path, why != 0 ? strerror(why) : sqlite3_errstr(code));
    }
    if (primary == SQLITE_CONSTRAINT) {
        return err_set(err, ERR_INVALID, "%s does not accept this: %s", path,
                       sqlite3_errmsg(sqlite));
    }
    return err_set(err, ERR_DB, "%s: %s", path,
                   sqlite != NULL ? sqlite3_errmsg(sqlite) : sqlite3_errstr(code));
}

int connection_fail(const struct connection *connection, int code, struct err *err) {
    return connection_say(connection->path, connection->sqlite, code, err);
}

/* --- opening ------------------------------------------------------------------- */

/*
 * None of these touches the file. secure_delete would fill every freed page with zeros;
 * the store holds no secrets. A file that somebody prepared must not run functions in its
 * schema.
 */
static const char SETTINGS[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA synchronous = NORMAL;"
                               "PRAGMA secure_delete = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -16000;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA trusted_schema = OFF;";

/*
 * The CHECKs of the schema are for whoever else writes into the file, and for the doctor: the
 * words that we write are from tables of names, and SQLite builds a table of its own for every
 * "status IN (...)" that it looks at, which costs more than storing the row.
 */
static const char WRITER_SETTINGS[] = "PRAGMA ignore_check_constraints = ON;";

static int configure(struct connection *connection, struct err *err) {
    sqlite3 *sqlite = connection->sqlite;
    sqlite3_extended_result_codes(sqlite, 1);
    sqlite3_busy_timeout(sqlite, BUSY_TIMEOUT_MS);
    /* A file that is refused must stay as it is, so its log is not folded in either. */
    int code = sqlite3_db_config(sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    }
    if (code != SQLITE_OK) {
        return connection_fail(connection, code, err);
    }
    const int rc = connection_exec(connection, SETTINGS, err);
    return rc == 0 && connection->kind == CONNECTION_WRITER
               ? connection_exec(connection, WRITER_SETTINGS, err)
               : rc;
}

static int give_blocks(struct connection *connection, struct err *err) {
    const int rc = block_cache_create(&connection->own_blocks, BLOCK_CACHE_ALONE, err);
    connection->blocks.cache = connection->own_blocks;
    return rc;
}

/* --- a file system that is read-only ------------------------------------------- */

static bool is_on_read_only(const char *path) {
    struct statvfs system;
    return statvfs(path, &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
}

/* How large what lies beside the store is; -1 when it is not there. */
static int64_t size_beside(const char *path, const char *suffix) {
    struct stat beside;
    char *name = sqlite3_mprintf("%s%s", path, suffix);
    const bool is_there = name != NULL && stat(name, &beside) == 0;
    sqlite3_free(name);
    return is_there ? (int64_t)beside.st_size : -1;
}

/* "file:/a%20b?immutable=1"; free with memory_free(). */
static char *immutable_uri(const char *path) {
    static const char begin[] = "file:", end[] = "?immutable=1";
    char *uri = memory_resize(NULL, sizeof begin + 3 * strlen(path) + sizeof end, 1);
    if (uri == NULL) {
        return NULL;
    }
    char *to = uri + snprintf(uri, sizeof begin, "%s", begin);
    for (; *path != '\0'; path++) {
        if (strchr("%?# ", *path) != NULL) {
            to += snprintf(to, sizeof "%25", "%%%02X", (unsigned)(unsigned char)*path);
        } else {
            *to++ = *path;
        }
    }
    snprintf(to, sizeof end, "%s", end);
    return uri;
}

/*
 * A reader makes the log and its index when they are not there, which such a file system
 * refuses. Without changes in a log the file is all there is, and nobody can change it from
 * here: SQLite reads it alone when it is told so ("immutable" in its documentation of URI file
 * names). When both are there somebody may be at work on the file through another mount, and
 * SQLite reads them as they are. `*uri` stays NULL when the file is opened as any other.
 */
static int find_uri(char **uri, const char *path, struct err *err) {
    if (!is_on_read_only(path)) {
        return 0;
    }
    const int64_t log = size_beside(path, "-wal");
    if (log >= 0 && size_beside(path, "-shm") >= 0) {
        return 0;
    }
    if (log > 0) {
        return err_set(err, ERR_IO,
                       "%s is on a read-only file system and its last changes are in "
                       "%s-wal: copy both files elsewhere and use the copy",
                       path, path);
    }
    *uri = immutable_uri(path);
    return *uri != NULL ? 0 : err_set_nomem(err);
}

static int open_writer(struct connection *connection, struct err *err) {
    const int code = sqlite3_open_v2(
        connection->path, &connection->sqlite,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    return code == SQLITE_OK ? 0 : connection_fail(connection, code, err);
}

static int open_reader(struct connection *connection, struct err *err) {
    char *uri = NULL;
    const int rc = find_uri(&uri, connection->path, err);
    if (rc != 0) {
        return rc;
    }
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    const int code =
        sqlite3_open_v2(uri != NULL ? uri : connection->path, &connection->sqlite,
                        uri != NULL ? flags | SQLITE_OPEN_URI : flags, NULL);
    memory_free(uri);
    return code == SQLITE_OK ? 0 : connection_fail(connection, code, err);
}

/* --- life ---------------------------------------------------------------------- */

int connection_open(struct connection **out, const char *path, enum connection_kind kind,
                    struct err *err) {
    struct connection *connection = memory_zeroed(1, sizeof *connection);
    if (connection == NULL) {
        return err_set_nomem(err);
    }
    connection->path = path;
    connection->kind = kind;
    if (give_blocks(connection, err) != 0) {
        memory_free(connection);
        return ERR_NOMEM;
    }
    int rc = kind == CONNECTION_WRITER ? open_writer(connection, err)
                                       : open_reader(connection, err);
    if (rc == 0) {
        rc = configure(connection, err);
    }
    if (rc == 0 && kind == CONNECTION_WRITER &&
        sqlite3_db_readonly(connection->sqlite, "main") == 1) {
        rc = connection_fail(connection, SQLITE_READONLY, err);
    }
    if (rc != 0) {
        connection_close(connection);
        return rc;
    }
    *out = connection;
    return 0;
}

int connection_borrow(struct connection **out, struct sqlite3 *sqlite, struct err *err) {
    struct connection *connection = memory_zeroed(1, sizeof *connection);
    if (connection == NULL) {
        return err_set_nomem(err);
    }
    connection->sqlite = sqlite;
    connection->is_borrowed = true;
    connection->kind = CONNECTION_READER;
    connection->path = sqlite3_db_filename(sqlite, "main");
    if (give_blocks(connection, err) != 0) {
        memory_free(connection);
        return ERR_NOMEM;
    }
    *out = connection;
    return 0;
}

bool connection_is_borrowed(const struct connection *connection) {
    return connection->is_borrowed;
}

int connection_accept(struct connection *connection, struct err *err) {
    int code =
        sqlite3_db_config(connection->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (code != SQLITE_OK) {
        return connection_fail(connection, code, err);
    }
    static const char USE_WAL[] = "PRAGMA journal_mode = WAL";
    struct query q;
    query_begin(&q, connection, USE_WAL);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = 0;
        if (strcmp(query_get_text(&q, 0), "wal") != 0) {
            rc = err_set(
                err, ERR_IO,
                "the file system of %s cannot share memory between programs: use a "
                "local disk",
                connection->path);
        }
    }
    query_end(&q);
    return rc;
}

void connection_close(struct connection *connection) {
    if (connection == NULL) {
        return;
    }
    for (size_t i = 0; i < connection->statement_count; i++) {
        sqlite3_finalize(connection->statements[i].stmt);
    }
    if (!connection->is_borrowed) {
        const int code = sqlite3_close(connection->sqlite);
        ASSERT(code == SQLITE_OK);
    }
    block_hold_deinit(&connection->blocks);
    block_cache_destroy(connection->own_blocks);
    memory_free(connection);
}

/* --- functions ----------------------------------------------------------------- */

struct defined {
    connection_fn call;
    void *context;
};

static void call_defined(sqlite3_context *context, int count, sqlite3_value **values) {
    const struct defined *defined = sqlite3_user_data(context);
    const int64_t argument = count > 0 ? sqlite3_value_int64(values[0]) : 0;
    sqlite3_result_int64(context, defined->call(defined->context, &argument));
}

/* Innocuous: a schema that somebody prepared may call it and gains nothing by that. */
int connection_define(struct connection *connection,
                      const struct connection_function *function, void *context,
                      struct err *err) {
    struct defined *defined = memory_zeroed(1, sizeof *defined);
    if (defined == NULL) {
        return err_set_nomem(err);
    }
    *defined = (struct defined){.call = function->call, .context = context};
    const int code = sqlite3_create_function_v2(
        connection->sqlite, function->name, function->argument_count,
        SQLITE_UTF8 | SQLITE_INNOCUOUS, defined, call_defined, NULL, NULL, memory_free);
    return code == SQLITE_OK ? 0 : connection_fail(connection, code, err);
}

const char *connection_path(const struct connection *connection) {
    return connection->path;
}

void connection_share_blocks(struct connection *connection, struct block_cache *cache) {
    block_hold_deinit(&connection->blocks);
    connection->blocks.cache = cache;
}

struct block_hold *connection_blocks(struct connection *connection) {
    return &connection->blocks;
}

sqlite3 *connection_sqlite(const struct connection *connection) {
    return connection->sqlite;
}

/* --- statements ---------------------------------------------------------------- */

static int prepare(struct connection *connection, const char *sql, sqlite3_stmt **out) {
    for (size_t i = 0; i < connection->statement_count; i++) {
        if (connection->statements[i].sql == sql) {
            *out = connection->statements[i].stmt;
            return SQLITE_OK;
        }
    }
    ASSERT(connection->statement_count < STATEMENTS_MAX);
    sqlite3_stmt *stmt = NULL;
    const int code = sqlite3_prepare_v3(connection->sqlite, sql, -1,
                                        SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code == SQLITE_OK) {
        connection->statements[connection->statement_count].sql = sql;
        connection->statements[connection->statement_count].stmt = stmt;
        connection->statement_count++;
        *out = stmt;
    }
    return code;
}

int connection_exec(struct connection *connection, const char *sql, struct err *err) {
    const int code = sqlite3_exec(connection->sqlite, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : connection_fail(connection, code, err);
}

static const char ROLLBACK[] = "ROLLBACK";

/* Prepared before there is anything to roll back, so that it needs no memory then. What could
 * not be rolled back at its time is in the way of the next transaction. */
static int make_way(struct connection *connection, struct err *err) {
    struct query q;
    query_begin(&q, connection, ROLLBACK);
    if (q.code == SQLITE_OK && sqlite3_get_autocommit(connection->sqlite) != 0) {
        query_end(&q);
        return 0;
    }
    return query_run(&q, err);
}

int connection_begin(struct connection *connection, struct err *err) {
    static const char BEGIN_WRITE[] = "BEGIN IMMEDIATE";
    static const char BEGIN_READ[] = "BEGIN";
    struct query q;
    const int rc = make_way(connection, err);
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, connection,
                connection->kind == CONNECTION_WRITER ? BEGIN_WRITE : BEGIN_READ);
    return query_run(&q, err);
}

int connection_end(struct connection *connection, int rc, struct err *err) {
    static const char COMMIT[] = "COMMIT";
    struct query q;
    if (rc == 0) {
        query_begin(&q, connection, COMMIT);
        rc = query_run(&q, err);
        if (rc == 0) {
            return 0;
        }
    }
    /* Some errors have rolled back already. */
    if (sqlite3_get_autocommit(connection->sqlite) == 0) {
        query_begin(&q, connection, ROLLBACK);
        if (query_run(&q, err) != 0) {
            return rc; /* the next transaction begins with it */
        }
    }
    return rc;
}

int64_t connection_changes(const struct connection *connection) {
    return sqlite3_changes64(connection->sqlite);
}

int64_t connection_last_id(const struct connection *connection) {
    return sqlite3_last_insert_rowid(connection->sqlite);
}

/* --- queries ------------------------------------------------------------------- */

void query_begin(struct query *query, struct connection *connection, const char *sql) {
    *query = (struct query){.connection = connection};
    query->code = prepare(connection, sql, &query->stmt);
    ASSERT(query->code != SQLITE_OK || !sqlite3_stmt_busy(query->stmt));
}

static void keep(struct query *query, int code) {
    if (query->code == SQLITE_OK) {
        query->code = code;
    }
}

void query_int(struct query *query, int64_t value) {
    keep(query, sqlite3_bind_int64(query->stmt, ++query->bound, value));
}

void query_real(struct query *query, double value) {
    keep(query, sqlite3_bind_double(query->stmt, ++query->bound, value));
}

void query_text(struct query *query, const char *text) {
    keep(query, sqlite3_bind_text64(query->stmt, ++query->bound, text,
                                    text != NULL ? strlen(text) : 0, SQLITE_STATIC,
                                    SQLITE_UTF8));
}

void query_blob(struct query *query, const void *data, size_t size) {
    keep(query,
         sqlite3_bind_blob64(query->stmt, ++query->bound, data, size, SQLITE_STATIC));
}

int query_next(struct query *query, struct err *err) {
    if (query->code != SQLITE_OK) {
        return connection_fail(query->connection, query->code, err);
    }
    const int code = sqlite3_step(query->stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return code == SQLITE_ROW ? 1 : 0;
    }
    query->code = code;
    return connection_fail(query->connection, code, err);
}

int query_run(struct query *query, struct err *err) {
    const int rc = query_next(query, err);
    query_end(query);
    ASSERT(rc <= 0);
    return rc;
}

/* Resets, so that the statement keeps no lock, and forgets the borrowed parameters. */
void query_end(struct query *query) {
    if (query->stmt != NULL) {
        sqlite3_reset(query->stmt);
        sqlite3_clear_bindings(query->stmt);
    }
    *query = (struct query){0};
}

int query_read_number(struct query *query, int64_t *out, struct err *err) {
    const int rc = query_next(query, err);
    if (rc >= 0) {
        *out = rc == 1 ? query_get_int(query, 0) : 0;
    }
    query_end(query);
    return rc < 0 ? rc : 0;
}

bool query_is_null(const struct query *query, int column) {
    return sqlite3_column_type(query->stmt, column) == SQLITE_NULL;
}

int64_t query_get_int(const struct query *query, int column) {
    return sqlite3_column_int64(query->stmt, column);
}

double query_get_real(const struct query *query, int column) {
    return sqlite3_column_double(query->stmt, column);
}

/* "" for NULL; NULL when SQLite had no memory for it, as of a row that it has sorted, which
 * makes a NULL of it. */
static const char *find_text(const struct query *query, int column) {
    return query_is_null(query, column)
               ? ""
               : (const char *)sqlite3_column_text(query->stmt, column);
}

const char *query_get_text(const struct query *query, int column) {
    const char *text = find_text(query, column);
    return text != NULL ? text : "";
}

const void *query_get_blob(const struct query *query, int column, size_t *size) {
    const void *data = sqlite3_column_blob(query->stmt, column);
    *size = (size_t)sqlite3_column_bytes(query->stmt, column);
    return data != NULL ? data : "";
}

const char *query_copy_text(struct query *query, int column, struct arena *arena) {
    const char *text = find_text(query, column);
    char *copy = text != NULL ? arena_strdup(arena, text) : NULL;
    if (copy == NULL) {
        keep(query, SQLITE_NOMEM);
        return "";
    }
    return copy;
}

int query_get_word(const struct query *query, int column, const char *const *words,
                   int count, struct err *err) {
    const char *text = find_text(query, column);
    if (text == NULL) {
        return err_set_nomem(err);
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return err_set(err, ERR_CORRUPT,
                   "%s is damaged: '%.40s' is no word for a %s: restore a copy",
                   connection_path(query->connection), text,
                   sqlite3_column_name(query->stmt, column));
}

int connection_check_json(struct connection *connection, const char *text,
                          const char *what, struct err *err) {
    static const char IS_JSON[] = "SELECT json_valid(?)";
    struct query q;
    query_begin(&q, connection, IS_JSON);
    query_text(&q, text);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = query_get_int(&q, 0) == 1
                 ? 0
                 : err_set(err, ERR_INVALID, "%s is not valid JSON", what);
    }
    query_end(&q);
    return rc;
}

int connection_read_number(struct connection *connection, const char *sql, int64_t *out,
                           struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    int rc = query_next(&q, err);
    if (rc == 1) {
        *out = query_get_int(&q, 0);
        rc = 0;
    }
    query_end(&q);
    return rc;
}
