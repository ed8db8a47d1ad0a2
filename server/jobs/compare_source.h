/* SPDX-License-Identifier: MIT */
/* compare_source - where the sides of a comparison come from: a document that is run now, a
 * cell that is stored, or a side with one field changed. */
#ifndef SERVER_JOBS_COMPARE_SOURCE_H
#define SERVER_JOBS_COMPARE_SOURCE_H

#include "db/db.h"
#include "server/advice/compare.h"
#include "server/document/document.h"

/* Of every function: on success free `out` with compare_side_deinit(); `label` is borrowed. */

/* Runs one cell of a document. ERR_INVALID with a pointer; ERR_NOT_FOUND: no such cell;
 * ERR_UNSUPPORTED: it does not exist on that runtime. */
int compare_source_run(struct compare_side *out, const struct document *document,
                       size_t cell, const char *label, struct err *err) WARN_UNUSED;

/* Runs the cell of `side` with the value at a pointer replaced; `value` is JSON text, or a
 * string without its quotes. ERR_INVALID: nothing is there, or it is refused. */
int compare_source_change(struct compare_side *out, const struct compare_side *side,
                          const char *pointer, const char *value, const char *label,
                          struct err *err) WARN_UNUSED;

/* What is stored of a cell that is done or limited. ERR_NOT_FOUND: no such cell, or none of
 * its runs is. ERR_CONFLICT: made by another version of the engine. */
int compare_source_read(struct compare_side *out, struct db_reader *reader, int64_t cell,
                        const char *label, struct err *err) WARN_UNUSED;

/* Leaves as many repetitions of each as the side with the fewest has. */
void compare_source_align(struct compare_side *sides, size_t count);

#endif
