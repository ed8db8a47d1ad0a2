/* SPDX-License-Identifier: MIT */
/*
 * sqlite_extension - the entry point of gilscope_sqlite.so, for the sqlite3 shell and every
 * other program that can load an extension:
 *
 *     $ sqlite3 -readonly results.db
 *     sqlite> .load ./gilscope_sqlite
 *     sqlite> SELECT state, sum(dur_ns) FROM spans WHERE run_id = 1 GROUP BY state;
 *
 * Not part of the program itself.
 */
#include <stddef.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "db/sql/sql_tables.h"

enum { OLDEST = 3038000 }; /* the first that has sqlite3_vtab_in() */

/* SQLite makes the name out of that of the file. */
__attribute__((visibility("default"))) int
sqlite3_gilscopesqlite_init(sqlite3 *sqlite, char **message,
                            const sqlite3_api_routines *api);

int sqlite3_gilscopesqlite_init(sqlite3 *sqlite, char **message,
                                const sqlite3_api_routines *api) {
    SQLITE_EXTENSION_INIT2(api)
    if (sqlite3_libversion_number() < OLDEST) {
        *message = sqlite3_mprintf("gilscope_sqlite needs SQLite 3.38, this is %s",
                                   sqlite3_libversion());
        return SQLITE_ERROR;
    }
    return sql_tables_register(sqlite, NULL);
}
