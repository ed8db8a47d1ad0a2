/* SPDX-License-Identifier: MIT */
/*
 * sqlite_export - a store as a new SQLite file with ordinary tables, for programs that can
 * load no extension. The tables and columns are those of db/sql/sql_tables.h without the
 * hidden columns, without flows and span_time: experiments, cells, runs, metrics, lanes,
 * sites, spans, instants, counters, with indexes by run.
 *
 * Spans become rows of about forty bytes. The file is removed when something fails.
 */
#ifndef DB_SQLITE_EXPORT_H
#define DB_SQLITE_EXPORT_H

#include "db/db.h"

/*
 * Writes the file `path`, which must not exist: ERR_CONFLICT if it does. `run`: only the
 * spans and instants of that run, 0: of all; ERR_NOT_FOUND when it has no timeline.
 * Errors of sql_session.h and db.h.
 */
int sqlite_export_write(struct db *db, const char *path, int64_t run,
                        struct err *err) WARN_UNUSED;

#endif
