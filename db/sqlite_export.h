/* SPDX-License-Identifier: MIT */
/*
 * sqlite_export - a store, or one experiment of it, as a new SQLite file with ordinary tables,
 * for programs that can load no extension. The tables and columns are those of
 * db/sql/sql_tables.h without the hidden columns, without span_time: experiments, cells, runs,
 * metrics, lanes, sites, spans, instants, counters, flows, damages, with indexes by run.
 *
 * Of runs with more than two million spans of GILs, locks and cores flows have no left_ns.
 * Spans become rows of about forty bytes. The file is removed when something fails.
 */
#ifndef DB_SQLITE_EXPORT_H
#define DB_SQLITE_EXPORT_H

#include "db/db.h"

#include <stdbool.h>
#include <stddef.h>

struct sqlite_export_request {
    const char *path;                 /* the new file; it must not exist */
    int64_t experiment;               /* only what belongs to it; 0: to any */
    int64_t run;                      /* timelines: only of this run; 0: of all */
    bool (*cancelled)(void *context); /* asked now and then; NULL: never */
    void *context;
    /* NULL; or the name is removed as soon as the file is open, so that no crash leaves it,
     * and this is a descriptor of the whole, which the caller closes. */
    int *file;
    size_t *damage_count; /* NULL; or how many chunks could not be read is added to it */
};

/*
 * ERR_CONFLICT: `path` exists. ERR_NOT_FOUND: no such experiment, or the run has no timeline or
 * belongs to another one. ERR_CANCELLED. Errors of sql_session.h and db.h.
 */
int sqlite_export_write(struct db *db, const struct sqlite_export_request *request,
                        struct err *err) WARN_UNUSED;

#endif
