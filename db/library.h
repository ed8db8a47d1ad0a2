/* SPDX-License-Identifier: MIT */
/*
 * library - what a shelf of stored experiments shows beside their results: a name that can be
 * changed afterwards, and the room that each of them takes.
 *
 * The name of an experiment is a label. Its document, and so everything that is computed from
 * it, keeps the name with which it was submitted.
 */
#ifndef DB_LIBRARY_H
#define DB_LIBRARY_H

#include "db/db.h"

enum { LIBRARY_NAME_MAX = 200 }; /* bytes of UTF-8 */

/* ERR_NOT_FOUND. ERR_INVALID: the name is empty, blank, or too long. */
int library_rename(struct db *db, int64_t experiment, const char *name,
                   struct err *err) WARN_UNUSED;

/* The same, if it still has the name `seen`. ERR_CONFLICT: it has another one. */
int library_rename_seen(struct db *db, int64_t experiment, const char *seen,
                        const char *name, struct err *err) WARN_UNUSED;

/*
 * Bytes of the document, the results and the timelines of an experiment, without what the file
 * needs to find them again. 0 when there is none, or none any more. It reads the heads of its
 * rows, not what was recorded: milliseconds for thousands of chunks.
 */
int library_bytes(struct db_reader *reader, int64_t experiment, int64_t *out,
                  struct err *err) WARN_UNUSED;

#endif
