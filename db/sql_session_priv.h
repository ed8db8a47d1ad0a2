/* SPDX-License-Identifier: MIT */
/* sql_session - its values as parameters of other statements, inside db. */
#ifndef DB_SQL_SESSION_PRIV_H
#define DB_SQL_SESSION_PRIV_H

#include "db/sql_session.h"

struct sqlite3_stmt;

/* A SQLite result code. Texts and blobs are borrowed until the statement has run. */
int sql_value_bind(struct sqlite3_stmt *stmt, int position,
                   const struct sql_value *value);

#endif
