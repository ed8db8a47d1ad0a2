/* SPDX-License-Identifier: MIT */
#include "db/sql_session.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "db/connection_priv.h"
#include "db/sql/sql_tables.h"
#include "db/sql_session_priv.h"
#include "engine/base/memory.h"
#include "engine/base/time.h"

enum { STEPS_BETWEEN_LOOKS = 1000, MS_PER_S = 1000 };

struct sql_session {
    struct connection *connection;
    sqlite3 *sqlite;
    sqlite3_stmt *stmt;
    struct sql_request request; /* its text and params are not looked at any more */
    int64_t deadline_ms;        /* 0: none */
    bool too_late;
    struct damage_list damages; /* of this query */
};

/* --- opening ------------------------------------------------------------------- */

/* What somebody who means no harm does not reach. The longest value that is stored is a
 * document of 1 MiB; a row of the longest values that a query can make takes the length
 * times the columns, which is the memory that one query can have. */
static const struct {
    int id;
    int value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, 3 * 512 * 1024},
    {SQLITE_LIMIT_SQL_LENGTH, 128 * 1024},
    {SQLITE_LIMIT_COLUMN, 100},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 100 * 1000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 1000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

/* Tables that show SQLite's own affairs: pages, statements. */
static bool is_internal(const char *table) {
    return strncmp(table, "sqlite_", 7) == 0 && strcmp(table, "sqlite_schema") != 0 &&
           strcmp(table, "sqlite_master") != 0;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *schema, const char *trigger) {
    (void)context;
    (void)schema;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return first != NULL && is_internal(first) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_FUNCTION:
        return second != NULL && sqlite3_stricmp(second, "load_extension") == 0
                   ? SQLITE_DENY
                   : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* SQLite asks now and then; not 0 ends the statement. */
static int look_up(void *context) {
    struct sql_session *session = context;
    const struct sql_request *request = &session->request;
    if (session->deadline_ms != 0 && now_ms() >= session->deadline_ms) {
        session->too_late = true;
        return 1;
    }
    return request->cancelled != NULL && request->cancelled(request->context) ? 1 : 0;
}

/*
 * A table of a module comes into being when it is first named, by an UPDATE of the schema
 * in memory that the authorizer would have to tell from a real one (3.40, sqlite3EndTable).
 * So all that a query may use are named once before there is an authorizer.
 */
static const char CONNECT[] =
    "SELECT 1 FROM spans, instants, counters, flows, damages, span_time(1),"
    " json_each('[]'), json_tree('[]') LIMIT 0";

static int prepare_connection(struct sql_session *session, struct err *err) {
    static const char SORT_IN_FILES[] = "PRAGMA temp_store = FILE";
    int rc = connection_exec(session->connection, SORT_IN_FILES, err);
    if (rc != 0) {
        return rc;
    }
    int code = sql_tables_register(session->sqlite, &session->damages);
    if (code == SQLITE_OK) {
        code = sqlite3_exec(session->sqlite, CONNECT, NULL, NULL, NULL);
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sqlite3_limit(session->sqlite, limits[i].id, limits[i].value);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_set_authorizer(session->sqlite, authorize, NULL);
    }
    if (code != SQLITE_OK) {
        rc = connection_fail(session->connection, code, err);
    }
    sqlite3_progress_handler(session->sqlite, STEPS_BETWEEN_LOOKS, look_up, session);
    return rc;
}

int sql_session_open(struct sql_session **out, struct db *db, struct err *err) {
    struct sql_session *session = memory_zeroed(1, sizeof *session);
    if (session == NULL) {
        return err_set_nomem(err);
    }
    int rc = connection_open(&session->connection, db_path(db), CONNECTION_READER, err);
    if (rc == 0) {
        session->sqlite = connection_sqlite(session->connection);
        rc = prepare_connection(session, err);
    }
    if (rc != 0) {
        sql_session_close(session);
        return rc;
    }
    *out = session;
    return 0;
}

int sql_session_hold(struct sql_session *session, struct err *err) {
    /* What a query may not do, the session may. It ends with the connection. */
    sqlite3_set_authorizer(session->sqlite, NULL, NULL);
    const int rc = connection_exec(session->connection, "BEGIN", err);
    sqlite3_set_authorizer(session->sqlite, authorize, NULL);
    return rc;
}

void sql_session_close(struct sql_session *session) {
    if (session != NULL) {
        sql_session_end(session);
        connection_close(session->connection);
        damage_list_deinit(&session->damages);
        memory_free(session);
    }
}

/* --- errors -------------------------------------------------------------------- */

/* Line and column, in characters, of a byte of the query. */
static void set_place(struct err *err, const struct sql_request *request, int offset) {
    if (err == NULL || offset < 0 || (size_t)offset > request->size) {
        return;
    }
    err->text_line = err->text_column = 1;
    for (int i = 0; i < offset; i++) {
        if (request->text[i] == '\n') {
            err->text_line++;
            err->text_column = 1;
        } else if (((unsigned char)request->text[i] & 0xC0) != 0x80) {
            err->text_column++;
        }
    }
}

static int fail(const struct sql_session *session, int code, struct err *err) {
    const char *text = sqlite3_errmsg(session->sqlite);
    switch (code & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return err_set(err, ERR_INVALID, "%s", text);
    case SQLITE_AUTH:
        return err_set(err, ERR_INVALID, "%s: a query may only read", text);
    case SQLITE_TOOBIG:
        return err_set(err, ERR_LIMIT, "%s", text);
    case SQLITE_INTERRUPT:
        return session->too_late
                   ? err_set(err, ERR_LIMIT, "the query took longer than %lld ms",
                             (long long)session->request.time_ms)
                   : err_set(err, ERR_CANCELLED, "the query was cancelled");
    case SQLITE_CORRUPT:
        return err_set(err, ERR_CORRUPT, "%s: %s", connection_path(session->connection),
                       text);
    default:
        return connection_fail(session->connection, code, err);
    }
}

/* --- queries ------------------------------------------------------------------- */

/* Whatever follows the first `used` bytes must not be a statement, nor wrong; a comment is
 * none. */
static int refuse_more(struct sql_session *session, const struct sql_request *request,
                       size_t used, struct err *err) {
    sqlite3_stmt *second = NULL;
    const int code = sqlite3_prepare_v2(session->sqlite, request->text + used,
                                        (int)(request->size - used), &second, NULL);
    const bool is_more = second != NULL;
    sqlite3_finalize(second);
    switch (is_more ? SQLITE_ERROR : code & 0xff) {
    case SQLITE_OK:
        return 0;
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_TOOBIG:
        set_place(err, request, (int)used);
        return err_set(err, ERR_INVALID, "one statement at a time, please");
    default:
        return fail(session, code, err);
    }
}

static int prepare(struct sql_session *session, const struct sql_request *request,
                   struct err *err) {
    const char *rest = NULL;
    if (request->size > INT_MAX) {
        return err_set(err, ERR_LIMIT, "the query is too long");
    }
    const int code = sqlite3_prepare_v2(session->sqlite, request->text,
                                        (int)request->size, &session->stmt, &rest);
    if (code != SQLITE_OK) {
        set_place(err, request, sqlite3_error_offset(session->sqlite));
        return fail(session, code, err);
    }
    if (session->stmt == NULL) {
        return err_set(err, ERR_INVALID, "there is no query");
    }
    const int rc = refuse_more(session, request, (size_t)(rest - request->text), err);
    if (rc != 0) {
        return rc;
    }
    return sqlite3_stmt_readonly(session->stmt) != 0
               ? 0
               : err_set(err, ERR_INVALID, "a query may only read");
}

int sql_value_bind(sqlite3_stmt *stmt, int position, const struct sql_value *value) {
    switch (value->type) {
    case SQL_INTEGER:
        return sqlite3_bind_int64(stmt, position, value->integer);
    case SQL_REAL:
        return sqlite3_bind_double(stmt, position, value->real);
    case SQL_TEXT:
        return sqlite3_bind_text64(stmt, position, value->text, value->size,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case SQL_BLOB:
        return sqlite3_bind_blob64(stmt, position, value->text, value->size,
                                   SQLITE_STATIC);
    case SQL_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, position);
}

static int bind_all(struct sql_session *session, const struct sql_request *request,
                    struct err *err) {
    const size_t wanted = (size_t)sqlite3_bind_parameter_count(session->stmt);
    if (wanted != request->param_count) {
        return err_set(err, ERR_INVALID, "the query has %zu parameters, %zu are given",
                       wanted, request->param_count);
    }
    for (size_t i = 0; i < wanted; i++) {
        const int code = sql_value_bind(session->stmt, (int)i + 1, &request->params[i]);
        if (code != SQLITE_OK) {
            return fail(session, code, err);
        }
    }
    return 0;
}

int sql_session_begin(struct sql_session *session, const struct sql_request *request,
                      struct err *err) {
    sql_session_end(session);
    damage_list_deinit(&session->damages);
    session->request = *request;
    session->too_late = false;
    session->deadline_ms = request->time_ms > 0 ? now_ms() + request->time_ms : 0;
    int rc = prepare(session, request, err);
    if (rc == 0) {
        rc = bind_all(session, request, err);
    }
    if (rc != 0) {
        sql_session_end(session);
    }
    return rc;
}

void sql_session_end(struct sql_session *session) {
    sqlite3_finalize(session->stmt);
    session->stmt = NULL;
}

size_t sql_session_column_count(const struct sql_session *session) {
    return (size_t)sqlite3_column_count(session->stmt);
}

const char *sql_session_column_name(const struct sql_session *session, size_t column) {
    const char *name = sqlite3_column_name(session->stmt, (int)column);
    return name != NULL ? name : "";
}

int sql_session_next(struct sql_session *session, struct err *err) {
    const int code = sqlite3_step(session->stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return code == SQLITE_ROW ? 1 : 0;
    }
    const int rc = fail(session, code, err);
    sql_session_end(session);
    return rc;
}

const struct damage_list *sql_session_damages(const struct sql_session *session) {
    return &session->damages;
}

struct sql_value sql_session_value(const struct sql_session *session, size_t column) {
    sqlite3_stmt *stmt = session->stmt;
    const int i = (int)column;
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
        return (struct sql_value){.type = SQL_INTEGER,
                                  .integer = sqlite3_column_int64(stmt, i)};
    case SQLITE_FLOAT:
        return (struct sql_value){.type = SQL_REAL,
                                  .real = sqlite3_column_double(stmt, i)};
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(stmt, i);
        return (struct sql_value){.type = SQL_TEXT,
                                  .text = text != NULL ? text : "",
                                  .size = (size_t)sqlite3_column_bytes(stmt, i)};
    }
    case SQLITE_BLOB: {
        const char *bytes = sqlite3_column_blob(stmt, i);
        return (struct sql_value){.type = SQL_BLOB,
                                  .text = bytes != NULL ? bytes : "",
                                  .size = (size_t)sqlite3_column_bytes(stmt, i)};
    }
    default:
        return (struct sql_value){.type = SQL_NULL};
    }
}
