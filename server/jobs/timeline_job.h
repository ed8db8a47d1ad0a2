/* SPDX-License-Identifier: MIT */
/* timeline_job - executes a stored run once more and stores its timeline. */
#ifndef SERVER_JOBS_TIMELINE_JOB_H
#define SERVER_JOBS_TIMELINE_JOB_H

#include "db/db.h"
#include "engine/base/err.h"

#include <stdatomic.h>

/*
 * ERR_NOT_FOUND: no such run. ERR_CONFLICT: it has a timeline, or one is being made; it has no
 * result; or it cannot be repeated, because it was made by another version of the engine or
 * its fingerprint differs. ERR_CANCELLED. The run stays as it was then.
 */
int timeline_job_run(struct db *db, struct db_reader *reader, int64_t run,
                     const atomic_bool *cancel, struct err *err) WARN_UNUSED;

#endif
