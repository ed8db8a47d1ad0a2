/* SPDX-License-Identifier: MIT */
/*
 * connection - one SQLite connection with our settings, its prepared statements and what
 * was decoded of its rows (block_cache_priv.h).
 * Inside db only.
 *
 * A connection is used by one thread at a time (SQLITE_OPEN_NOMUTEX). A statement is a
 * constant text next to the function that needs it; it is prepared when it is first used
 * and kept until the connection closes. The key is the address of the text, so that
 * looking it up costs no comparison of strings.
 *
 * A statement is used through a query, in this order:
 *
 *     struct query q;
 *     query_begin(&q, connection, READ_NAME);
 *     query_int(&q, id);                        parameters, first to last
 *     while ((rc = query_next(&q, err)) == 1) { query_get_text(&q, 0); ... }
 *     query_end(&q);
 *
 * An error in between (no memory, a text too long) is kept and reported by query_next(),
 * so that it is checked in one place. query_end() is called on every path, once.
 */
#ifndef DB_CONNECTION_PRIV_H
#define DB_CONNECTION_PRIV_H

#include "engine/base/err.h"
#include "engine/base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block_cache;
struct block_hold;
struct connection;
struct sqlite3;
struct sqlite3_stmt;

enum connection_kind {
    CONNECTION_WRITER, /* creates the file when there is none */
    CONNECTION_READER
};

/* `path` is borrowed for the life of the connection. Nothing is written to the file yet.
 */
int connection_open(struct connection **out, const char *path, enum connection_kind kind,
                    struct err *err) WARN_UNUSED;

/* Statements on a connection that is somebody else's and outlives it; closing it leaves that
 * one open. */
int connection_borrow(struct connection **out, struct sqlite3 *sqlite,
                      struct err *err) WARN_UNUSED;
bool connection_is_borrowed(const struct connection *connection);
void connection_close(struct connection *connection);

/* Only now may the connection change the file: write-ahead log, checkpoint on close. */
int connection_accept(struct connection *connection, struct err *err) WARN_UNUSED;

const char *connection_path(const struct connection *connection);

/* What was decoded of the rows that it read is kept in a small cache of its own, or in one
 * that it shares, which outlives it. */
void connection_share_blocks(struct connection *connection, struct block_cache *cache);
struct block_hold *connection_blocks(struct connection *connection);

/* SQLite's own handle, for what the functions below do not do: other people's SQL, and
 * what is not a statement. */
struct sqlite3 *connection_sqlite(const struct connection *connection);

/* Runs statements that have no parameters and no result. */
int connection_exec(struct connection *connection, const char *sql,
                    struct err *err) WARN_UNUSED;

/*
 * Makes a function of whole numbers known to the statements of this connection, those of
 * triggers included. `arguments` has as many as it takes.
 */
typedef int64_t (*connection_fn)(void *context, const int64_t *arguments);
struct connection_function {
    const char *name;
    int argument_count; /* 0 or 1 */
    connection_fn call;
};
int connection_define(struct connection *connection,
                      const struct connection_function *function, void *context,
                      struct err *err) WARN_UNUSED;

/* BEGIN IMMEDIATE: waits for the lock here, never in the middle of a transaction. */
int connection_begin(struct connection *connection, struct err *err) WARN_UNUSED;

/* COMMIT when `rc` is 0, else ROLLBACK. Returns `rc`, or why the commit failed. */
int connection_end(struct connection *connection, int rc, struct err *err) WARN_UNUSED;

/* The one number that a statement without parameters gives; 0 for NULL. */
int connection_read_number(struct connection *connection, const char *sql, int64_t *out,
                           struct err *err) WARN_UNUSED;

/* Rows changed by the last statement. */
int64_t connection_changes(const struct connection *connection);
int64_t connection_last_id(const struct connection *connection);

/* ERR_INVALID, with `what` it is, when SQLite does not take the text for JSON. */
int connection_check_json(struct connection *connection, const char *text,
                          const char *what, struct err *err) WARN_UNUSED;

/* Maps a SQLite result code to our own, with the name of the file and the remedy. */
int connection_fail(const struct connection *connection, int code,
                    struct err *err) WARN_UNUSED;

/* The same for any other connection; `sqlite` may be NULL. */
int connection_say(const char *path, struct sqlite3 *sqlite, int code,
                   struct err *err) WARN_UNUSED;

/* --- queries ------------------------------------------------------------------- */

struct query {
    struct connection *connection;
    struct sqlite3_stmt *stmt;
    int bound; /* parameters so far */
    int code;  /* first SQLite error */
};

/* `sql` must be a constant with static life time. */
void query_begin(struct query *query, struct connection *connection, const char *sql);

/* Parameters are borrowed until query_end(). A NULL text or blob is SQL's NULL. */
void query_int(struct query *query, int64_t value);
void query_real(struct query *query, double value);
void query_text(struct query *query, const char *text);
void query_blob(struct query *query, const void *data, size_t size);

/* 1: there is a row; 0: there is none any more; else an error. */
int query_next(struct query *query, struct err *err) WARN_UNUSED;

/* Executes a query that gives no rows, and ends it. */
int query_run(struct query *query, struct err *err) WARN_UNUSED;

void query_end(struct query *query);

/* The one number that a query has, 0 when it has none; ends it. */
int query_read_number(struct query *query, int64_t *out, struct err *err) WARN_UNUSED;

/* Columns of the present row; pointers live until the next query_ call. */
bool query_is_null(const struct query *query, int column);
int64_t query_get_int(const struct query *query, int column);
double query_get_real(const struct query *query, int column);
const char *query_get_text(const struct query *query, int column); /* never NULL */
const void *query_get_blob(const struct query *query, int column, size_t *size);

/* A copy of a text in the arena, "" for NULL. Out of memory is reported by query_next().
 */
const char *query_copy_text(struct query *query, int column, struct arena *arena);

/* Position of the column's text in a table of words; ERR_CORRUPT when it is none of them,
 * ERR_NOMEM. */
int query_get_word(const struct query *query, int column, const char *const *words,
                   int count, struct err *err) WARN_UNUSED;

#endif
