/* SPDX-License-Identifier: MIT */
/*
 * retention - which experiments go by themselves: those that are too old, too many, or too
 * much for the disk. The oldest go first. An experiment that is queued or running stays,
 * and so does the newest one when the rule is about size, however large it is.
 */
#ifndef DB_RETENTION_H
#define DB_RETENTION_H

#include "db/db.h"

#include <stdbool.h>

/* 0: no such rule. */
struct retention {
    int64_t for_ms; /* since it was submitted */
    int64_t count;  /* so many experiments, whatever their status */
    int64_t bytes;  /* of the file's pages in use */
};

bool retention_is_set(const struct retention *retention);

/*
 * Marks the first experiment that has to go (removal.h); *id = 0 when all may stay. About
 * size it can tell again only when removal_step() has nothing left to do.
 */
int retention_mark_next(struct db *db, const struct retention *retention, int64_t now_ms,
                        int64_t *id, struct err *err) WARN_UNUSED;

#endif
