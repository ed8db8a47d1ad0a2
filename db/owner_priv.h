/* SPDX-License-Identifier: MIT */
/*
 * owner - at most one process writes to a store. Inside db only.
 *
 * The owner holds flock(LOCK_EX) on "<file>-owner", a file of its own that contains the
 * process number for the reader of an error message. Why this and not something else:
 *
 *   - The kernel drops the lock when the process ends, kill -9 included; nothing goes stale,
 *     and no process number is ever compared (numbers are used again).
 *   - flock() belongs to the open file, so that opening the store twice in one process is
 *     refused too, and no close() elsewhere can lose the lock.
 *   - It is not the store itself: closing any descriptor of that file would drop the POSIX
 *     locks that SQLite holds on it in this process.
 *
 * The lock file is removed by its owner while it still holds the lock. Who opened the
 * removed file meanwhile notices that the name leads elsewhere, and starts over.
 */
#ifndef DB_OWNER_PRIV_H
#define DB_OWNER_PRIV_H

#include "engine/base/err.h"

/* A zeroed one owns nothing. */
struct owner {
    char *path; /* of the lock file */
    int fd;
};

/* ERR_CONFLICT when another process, or another `struct owner` of this one, has the lock.
 */
int owner_acquire(struct owner *out, const char *db_path, struct err *err) WARN_UNUSED;

void owner_release(struct owner *owner);

#endif
