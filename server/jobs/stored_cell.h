/* SPDX-License-Identifier: MIT */
/*
 * stored_cell - a cell of a stored experiment while it is executed.
 *
 *     start --> run --> run ... --> finish
 *                |                    |
 *                +-- a timeline is stored while it is recorded (db/run_writer.h)
 *                +-- other runs wait for each other, as long as a run that is read while
 *                    its cell goes on may be late, and are stored with its end at the
 *                    latest: a small cell costs one transaction.
 *
 * What waits when the process is killed is lost together with its cell, which is not done
 * and is executed again.
 */
#ifndef SERVER_JOBS_STORED_CELL_H
#define SERVER_JOBS_STORED_CELL_H

#include "db/cell_store.h"
#include "db/db.h"
#include "server/jobs/job.h"

struct stored_cell;

/* `id` is that of the store; nothing is written. ERR_NOMEM. */
int stored_cell_create(struct stored_cell **out, struct db *db, int64_t id,
                       struct err *err) WARN_UNUSED;
void stored_cell_destroy(struct stored_cell *cell);

/* Marks it as running, unless the end of another cell has done that. */
int stored_cell_start(const struct stored_cell *cell, struct err *err) WARN_UNUSED;

/* Executes a run and keeps its outcome; job_keeper's run. */
int stored_cell_run(struct stored_cell *cell, const struct job_run *run,
                    struct job_outcome *out, struct err *err) WARN_UNUSED;

/* Stores its end, and that the cell `next` of the store begins (0: none). May be called
 * again after a failure. */
int stored_cell_finish(const struct stored_cell *cell, const struct cell_outcome *outcome,
                       int64_t next, struct err *err) WARN_UNUSED;

#endif
