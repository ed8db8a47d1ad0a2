/* SPDX-License-Identifier: MIT */
/* fault - errors of SQLite as our own, and back: the virtual tables stand in between. */
#ifndef DB_SQL_FAULT_H
#define DB_SQL_FAULT_H

#include "engine/base/err.h"

struct sqlite3;
struct sqlite3_vtab;

/* Sets an error for a code that is neither SQLITE_OK, SQLITE_ROW nor SQLITE_DONE. */
int fault_of_sqlite(struct sqlite3 *sqlite, int code, struct err *err);

/* The stored bytes of a run are not what they must be. */
int fault_damaged(long long run, const char *what, struct err *err);

/* The code for SQLite of an error of ours; its text becomes the virtual table's message. */
int fault_to_sqlite(struct sqlite3_vtab *table, const struct err *err);

#endif
