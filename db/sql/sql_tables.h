/* SPDX-License-Identifier: MIT */
/*
 * sql_tables - what a result file looks like in SQL. Read-only; db/README.md lists the
 * columns.
 *
 *     virtual tables   spans, instants, counters, flows, and span_time(run, lane, t0, t1);
 *                      damages: the chunks that those leave out
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

struct damage_list;
struct sqlite3;

/*
 * Makes them known to a connection: a SQLite result code. They last as long as it, and so
 * must `damages`: what queries leave out is added there, each chunk once. NULL: nowhere.
 */
int sql_tables_register(struct sqlite3 *sqlite, struct damage_list *damages);

#endif
