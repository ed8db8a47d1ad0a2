/* SPDX-License-Identifier: MIT */
/* findings_job - finds what a stored run suffers from, tries what might help, and stores
 * both. */
#ifndef SERVER_JOBS_FINDINGS_JOB_H
#define SERVER_JOBS_FINDINGS_JOB_H

#include "db/db.h"
#include "engine/base/err.h"

#include <stdatomic.h>

/* ERR_NOT_FOUND: no such run. ERR_CONFLICT: it cannot be repeated, because it was made by
 * another version of the engine. ERR_CANCELLED. Nothing is stored then. */
int findings_job_run(struct db *db, struct db_reader *reader, int64_t run,
                     const atomic_bool *cancel, struct err *err) WARN_UNUSED;

#endif
