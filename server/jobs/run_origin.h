/* SPDX-License-Identifier: MIT */
/* run_origin - where a stored run comes from: the document and the cell that it can be
 * executed again from. */
#ifndef SERVER_JOBS_RUN_ORIGIN_H
#define SERVER_JOBS_RUN_ORIGIN_H

#include "db/db.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

struct run_origin {
    int64_t run;
    uint32_t repetition;
    struct document *document; /* owned */
    struct grid *grid;         /* owned; of the document */
    size_t cell;               /* index in the grid */
};

/* ERR_NOT_FOUND: no such run. ERR_CONFLICT: it was made by another version of the engine,
 * which may have given another result. Free with run_origin_deinit(). */
int run_origin_read(struct run_origin *out, struct db_reader *reader, int64_t run,
                    struct err *err) WARN_UNUSED;
void run_origin_deinit(struct run_origin *origin);

#endif
