/* SPDX-License-Identifier: MIT */
/*
 * sql_session - other people's queries: a read-only connection that knows the tables of
 * db/sql/sql_tables.h and obeys nothing but SELECT.
 *
 * What a query may do is decided by SQLite's authorizer: read tables, call functions,
 * recurse. It may not write, attach, load, change settings or make temporary tables; the
 * sizes of texts, expressions and statements are limited, its time is if the caller says
 * so. Large sorts go to temporary files, not to memory.
 *
 *     sql_session_begin(session, &request, &err)
 *     while ((rc = sql_session_next(session, &err)) == 1) { sql_session_value(...); }
 *     sql_session_end(session);
 *
 * A damaged chunk costs the rows that it held; sql_session_damages() has what a query left
 * out. Not so span_time(): a sum with a part missing looks like any other.
 *
 * One thread at a time. Errors: ERR_INVALID when the query is wrong, with text_line and
 * text_column where that is known; ERR_LIMIT when it takes too long or needs too much;
 * ERR_CANCELLED; ERR_CORRUPT when other stored bytes are damaged; those of db.h.
 */
#ifndef DB_SQL_SESSION_H
#define DB_SQL_SESSION_H

#include "db/damage.h"
#include "db/db.h"

#include <stdbool.h>
#include <stddef.h>

struct sql_session;

enum sql_type { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_type type;
    int64_t integer;
    double real;
    const char *text; /* of SQL_TEXT and SQL_BLOB; not NUL-terminated */
    size_t size;
};

struct sql_request {
    const char *text; /* one statement, UTF-8 */
    size_t size;
    const struct sql_value *params; /* for ?, ?1, :name ... in their order; borrowed */
    size_t param_count;
    int64_t time_ms;                  /* 0: as long as it takes */
    bool (*cancelled)(void *context); /* asked now and then; NULL: never */
    void *context;
};

int sql_session_open(struct sql_session **out, struct db *db,
                     struct err *err) WARN_UNUSED;
void sql_session_close(struct sql_session *session);

/* From its first query on, all queries of the session see one state of the store. */
int sql_session_hold(struct sql_session *session, struct err *err) WARN_UNUSED;

/* After an error sql_session_end() is allowed, not needed. */
int sql_session_begin(struct sql_session *session, const struct sql_request *request,
                      struct err *err) WARN_UNUSED;
void sql_session_end(struct sql_session *session);

size_t sql_session_column_count(const struct sql_session *session);
const char *sql_session_column_name(const struct sql_session *session, size_t column);

/* 1: there is a row; 0: no more. */
int sql_session_next(struct sql_session *session, struct err *err) WARN_UNUSED;

/* The chunks that the query met up to now and left out; lives until the next one begins. */
const struct damage_list *sql_session_damages(const struct sql_session *session);

/* Of the present row; its text lives until the next call of sql_session_next(). */
struct sql_value sql_session_value(const struct sql_session *session, size_t column);

#endif
