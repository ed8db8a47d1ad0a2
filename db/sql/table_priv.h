/* SPDX-License-Identifier: MIT */
/* table - what the modules of the virtual tables share. */
#ifndef DB_SQL_TABLE_PRIV_H
#define DB_SQL_TABLE_PRIV_H

#include "db/sql/fault.h"
#include "db/sql/span_scan.h"
#include "db/sql/sqlite_api.h"

/* A table, and what is different in those of one file. */
struct table_kind {
    const char *name;
    const sqlite3_module *module; /* its xConnect is table_connect() */
    const char *columns;          /* CREATE TABLE */
    int type;
};

extern const struct table_kind span_table, instant_table, counter_table, flow_table,
    span_time, damage_table;

struct table {
    sqlite3_vtab base; /* first: SQLite knows the table by it */
    sqlite3 *sqlite;
    struct span_pool *pool; /* of the connection */
    const struct table_kind *kind;
};

/* xConnect of every kind, and xDisconnect. */
int table_connect(sqlite3 *sqlite, void *use, int argc, const char *const *argv,
                  sqlite3_vtab **out, char **message);
int table_disconnect(sqlite3_vtab *table);

/* The module of a file whose functions have these names. */
#define TABLE_MODULE                                                                     \
    {                                                                                    \
        .xConnect = table_connect, .xBestIndex = best_index,                             \
        .xDisconnect = table_disconnect, .xOpen = open_cursor, .xClose = close_cursor,   \
        .xFilter = filter, .xNext = next, .xEof = at_end, .xColumn = column,             \
        .xRowid = row_id,                                                                \
    }

/* xOpen: a zeroed cursor of `size` bytes that begins with a sqlite3_vtab_cursor. */
int table_open(size_t size, sqlite3_vtab_cursor **out);

/* A lane, a site ... of which -1 is none: NULL then. */
void table_result_id(sqlite3_context *context, int32_t id);

/* A word of a table that lasts for ever. */
void table_result_word(sqlite3_context *context, const char *word);

/* A text that is copied; NULL is NULL. */
void table_result_text(sqlite3_context *context, const char *text);

#endif
