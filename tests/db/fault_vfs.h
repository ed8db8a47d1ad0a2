/* SPDX-License-Identifier: MIT */
/*
 * fault_vfs - a disk that fails: SQLite's own file system with the nth operation of a kind
 * refused, on the store as well as on its log. Nobody waits on it: who sleeps because a file
 * is locked is woken at once.
 */
#ifndef TESTS_DB_FAULT_VFS_H
#define TESTS_DB_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    FAULT_CHANGE, /* a write, truncation, flush or removal: as on a full disk */
    FAULT_READ,
    FAULT_SHORT_READ, /* as if the file ended in the middle */
    FAULT_OPEN,
    FAULT_LOCK, /* of the file or of the log's index */
    FAULT_BUSY, /* the same, as if somebody else had it */
    FAULT_SIZE,
    FAULT_MAP, /* of the log's index */
    FAULT_KIND_COUNT
};

/* From now on every connection goes through it. */
void fault_vfs_install(void);

/* The operation of the kind after `after` more successes fails, and with `for_good` all that
 * follow. A negative number: none. */
void fault_vfs_fail_after(enum fault_kind kind, int64_t after, bool for_good);

/* Whether one has failed since. */
bool fault_vfs_has_failed(void);

#endif
