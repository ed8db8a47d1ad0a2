/* SPDX-License-Identifier: MIT */
/* table - what the modules of the virtual tables share. */
#ifndef DB_SQL_TABLE_PRIV_H
#define DB_SQL_TABLE_PRIV_H

#include "db/sql/fault.h"
#include "db/sql/span_scan.h"
#include "db/sql/sqlite_api.h"

extern const sqlite3_module span_table_module;
extern const sqlite3_module instant_table_module;
extern const sqlite3_module counter_table_module;
extern const sqlite3_module flow_table_module;
extern const sqlite3_module span_time_module;
extern const sqlite3_module damage_table_module;

struct table {
    sqlite3_vtab base; /* first: SQLite knows the table by it */
    sqlite3 *sqlite;
    struct span_pool *pool; /* of the connection */
    int type;               /* which of the tables of a module's file */
};

/* xConnect with the columns of a table, and xDisconnect. */
int table_connect(sqlite3 *sqlite, void *pool, const char *columns, sqlite3_vtab **out);
int table_disconnect(sqlite3_vtab *table);

/* xOpen: a zeroed cursor of `size` bytes that begins with a sqlite3_vtab_cursor. */
int table_open(size_t size, sqlite3_vtab_cursor **out);

/* A lane, a site ... of which -1 is none: NULL then. */
void table_result_id(sqlite3_context *context, int32_t id);

/* A word of a table that lasts for ever. */
void table_result_word(sqlite3_context *context, const char *word);

/* A text that is copied; NULL is NULL. */
void table_result_text(sqlite3_context *context, const char *text);

#endif
