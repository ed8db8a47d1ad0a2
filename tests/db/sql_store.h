/* SPDX-License-Identifier: MIT */
/*
 * sql_store - a store with random recordings, and the same rows as ordinary tables in memory:
 * what SQLite itself answers there is what the virtual tables must answer.
 */
#ifndef TESTS_DB_SQL_STORE_H
#define TESTS_DB_SQL_STORE_H

#include "tests/db/fixture.h"

#include <sqlite3.h>

enum {
    SQL_STORE_RUNS = 3,    /* the last one has no timeline */
    SQL_STORE_LANES = 150, /* three lane groups */
    SQL_STORE_LAST_NS = 100 * 1000
};

struct sql_store {
    struct db *db;
    sqlite3 *oracle; /* the same tables, with the columns of sql_tables.h */
    int64_t runs[SQL_STORE_RUNS];
};

void sql_store_make(struct sql_store *store, const struct fixture *fixture,
                    uint64_t *random);
void sql_store_close(struct sql_store *store);

#endif
