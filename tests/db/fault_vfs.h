/* SPDX-License-Identifier: MIT */
/*
 * fault_vfs - a disk that fails: SQLite's own file system with the nth change of a file
 * refused. Changes are writes, truncations, flushes and removals, of the store as well as of
 * its log.
 */
#ifndef TESTS_DB_FAULT_VFS_H
#define TESTS_DB_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on every connection goes through it. */
void fault_vfs_install(void);

/* The change after `after` more successes fails as on a full disk, and with `for_good` all
 * that follow. A negative number: none. */
void fault_vfs_fail_after(int64_t after, bool for_good);

/* Whether one has failed since. */
bool fault_vfs_has_failed(void);

#endif
