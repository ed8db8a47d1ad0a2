/* SPDX-License-Identifier: MIT */
/*
 * vacuum - gives the free pages of a store back to the disk.
 *
 * In steps: the last pages of the file move into free ones and the file is cut. Each step
 * is a transaction of a few milliseconds, and others go on working. The pages of a chunk
 * may lie further apart afterwards. Only a file that was made for it can do this, because
 * SQLite keeps a map of its pages then; stores of before schema 4 were not.
 *
 * As a whole: the file is written anew, every table in one piece, and can be vacuumed in
 * steps from then on. Nobody else may be at work, and the disk needs room for two more
 * copies of what is stored: one that is built, one in the write-ahead log.
 */
#ifndef DB_VACUUM_H
#define DB_VACUUM_H

#include "db/db.h"

#include <stdbool.h>

struct vacuum_space {
    int64_t page_bytes;
    int64_t pages;
    int64_t free_pages;
    bool in_steps; /* can be vacuumed in steps */
};

int vacuum_space(struct db_reader *reader, struct vacuum_space *out,
                 struct err *err) WARN_UNUSED;

/* *more is false when no page is free any more. ERR_UNSUPPORTED: not in steps. */
int vacuum_step(struct db *db, bool *more, struct err *err) WARN_UNUSED;

/* The file gets its new size when the log is folded in: at the latest when it is closed by
 * the last who has it open. ERR_CONFLICT with who else has. No readers may be open. */
int vacuum_whole(struct db *db, struct err *err) WARN_UNUSED;

#endif
