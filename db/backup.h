/* SPDX-License-Identifier: MIT */
/*
 * backup - a copy of a store in use, complete and of one moment.
 *
 * The copy is made in steps with pauses, from one read transaction: writers go on, and what
 * they commit meanwhile is not in it. (Their log cannot be folded into the file until the
 * copy is done, and grows.) It is written as "<target>-partial", flushed to the disk, and
 * only then gets its name. So there is never half a file of that name: a full disk or an
 * interruption leave nothing, kill -9 the partial file, which the next backup replaces.
 */
#ifndef DB_BACKUP_H
#define DB_BACKUP_H

#include "db/db.h"

#include <stdatomic.h>
#include <stdbool.h>

struct backup_options {
    const char *target;
    bool replace;              /* a file of that name; it must not be in use */
    const atomic_bool *cancel; /* may be NULL */
};

/*
 * `*bytes` is the size of the copy; may be NULL. ERR_CONFLICT: the target exists, is in use
 * or the store itself, or another backup writes it; ERR_CANCELLED; errors of the disk.
 */
int backup_write(struct db_reader *reader, const struct backup_options *options,
                 int64_t *bytes, struct err *err) WARN_UNUSED;

#endif
