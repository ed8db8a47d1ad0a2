/* SPDX-License-Identifier: MIT */
/*
 * owner - who is at work on a store, and who is dead. Inside db only.
 *
 * Every store that is opened for writing is an owner of its own, whatever process it is in.
 * It takes a number that nobody had before (its process number and 32 random bits) and
 * locks the byte at that offset of "<file>-owner", an empty file:
 *
 *     byte   0 ...... n1 ...... n2 ......       an exclusive lock for each owner alive
 *            |<---- the file as a whole ---->|   flock(): shared by all of them, or
 *                                                exclusive for one that must be alone
 *
 * A row of the store that says "running" carries the number of its owner. Whoever finds it
 * asks for the lock of that byte: taken, it is at work; free, it is dead for ever and the
 * row may be called interrupted. Why this and not something else:
 *
 *   - The kernel drops locks when the process ends, kill -9 included; nothing goes stale.
 *     Process numbers are used again, these numbers are not.
 *   - Both kinds of lock belong to the open file, so that two owners in one process are
 *     told apart, and no close() elsewhere can lose them.
 *   - It is not the store itself: closing any descriptor of that file would drop the POSIX
 *     locks that SQLite holds on it in this process.
 *   - An older gilscope locks the whole file exclusively while it is at work, so that old
 *     and new ones keep out of each other's way.
 *
 * To be alone is needed where a change concerns everybody: another schema, a file rewritten
 * as a whole. Writing needs it not: SQLite's own locks order the transactions.
 *
 * The last owner removes the file. Who opened the removed file meanwhile notices that the
 * name leads elsewhere, and starts over.
 */
#ifndef DB_OWNER_PRIV_H
#define DB_OWNER_PRIV_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A zeroed one owns nothing. */
struct owner {
    char *path; /* of the lock file */
    int fd;
    int64_t number; /* above 0 */
};

/* ERR_CONFLICT when somebody is alone for more than a few seconds. */
int owner_acquire(struct owner *out, const char *db_path, struct err *err) WARN_UNUSED;

void owner_release(struct owner *owner);

/* For who only reads: may ask who lives. Its number is 0. */
int owner_observe(struct owner *out, const char *db_path, struct err *err) WARN_UNUSED;

/* May be called from any thread. */
bool owner_lives(const struct owner *owner, int64_t number);

/*
 * True when no other owner is at work, and none can begin before owner_share(). Does not
 * wait. After false nothing but another attempt and owner_share() is allowed: until then
 * somebody else may be alone.
 */
bool owner_be_alone(struct owner *owner);

/* Lets others in again. ERR_CONFLICT as owner_acquire(). */
int owner_share(struct owner *owner, struct err *err) WARN_UNUSED;

/* ERR_CONFLICT, with the number of a process that is at work on the store. */
int owner_say_who(const struct owner *owner, struct err *err);

/* A pause between two attempts; true after a few seconds of them. */
bool owner_waited_enough(int attempt);

#endif
