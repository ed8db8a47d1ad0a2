/* SPDX-License-Identifier: MIT */
/*
 * sql_tables - what a result file looks like in SQL. Read-only; db/README.md lists the
 * columns.
 *
 *     virtual tables   spans, instants, counters, flows, and span_time(run, lane, t0, t1)
 *     views            lanes, runs, cells, experiments, metrics, sites
 *
 * The virtual tables decode stored chunks while a query runs. The views are temporary ones
 * over the ordinary tables: nothing is written to the file. Both speak of the connection's
 * main database, and only of runs whose timeline is complete.
 *
 * The same sources are linked into the program and into the loadable extension.
 */
#ifndef DB_SQL_SQL_TABLES_H
#define DB_SQL_SQL_TABLES_H

struct sqlite3;

/* Makes them known to a connection: a SQLite result code. They last as long as it. */
int sql_tables_register(struct sqlite3 *sqlite);

#endif
