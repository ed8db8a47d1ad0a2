/* SPDX-License-Identifier: MIT */
/*
 * migrations - the schema, as a numbered list of changes. Inside db only.
 *
 * `application_id` says that a file is ours, `user_version` how many migrations it has
 * had. A migration is never changed once it is released: the next one corrects it.
 */
#ifndef DB_MIGRATIONS_PRIV_H
#define DB_MIGRATIONS_PRIV_H

#include "db/connection_priv.h"

/* "GScp": at offset 68 of the file, as `file` and its like see it. */
#define MIGRATIONS_APPLICATION_ID 0x47536370

/* How many migrations this program knows. */
int migrations_count(void);

/*
 * Reads the file's version: 0 for a new, empty one. ERR_INVALID: another program's
 * database; ERR_UNSUPPORTED: a newer gilscope's; ERR_CORRUPT: no database. Writes
 * nothing.
 */
int migrations_version(struct connection *connection, int *version,
                       struct err *err) WARN_UNUSED;

/* Brings the file from `version` to the newest schema, one transaction for each step. */
int migrations_run(struct connection *connection, int version,
                   struct err *err) WARN_UNUSED;

#endif
