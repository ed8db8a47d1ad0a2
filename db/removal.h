/* SPDX-License-Identifier: MIT */
/*
 * removal - experiments go in the background.
 *
 *     removal_mark()   one transaction: it is gone for every reader, and for good
 *     removal_step()   again and again: chunks first, then rows, a few milliseconds each
 *
 * Between two steps everybody else may read and write. A process that dies in between
 * leaves experiments that are marked; whoever steps next goes on, in whatever process.
 * The file keeps its size: free pages are used again, or given back by vacuum.h.
 */
#ifndef DB_REMOVAL_H
#define DB_REMOVAL_H

#include "db/db.h"

#include <stdbool.h>

/* ERR_NOT_FOUND; ERR_CONFLICT while it is queued or running, or a timeline is being made.
 */
int removal_mark(struct db *db, int64_t experiment, struct err *err) WARN_UNUSED;

/* One transaction's worth; *more is false when nothing is left to remove. */
int removal_step(struct db *db, bool *more, struct err *err) WARN_UNUSED;

#endif
