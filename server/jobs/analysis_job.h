/* SPDX-License-Identifier: MIT */
/* analysis_job - finds something out about a stored run by running its cell again, and stores
 * that: what it suffers from and what helps; what a faster step would bring. */
#ifndef SERVER_JOBS_ANALYSIS_JOB_H
#define SERVER_JOBS_ANALYSIS_JOB_H

#include "db/db.h"
#include "engine/base/err.h"

#include <stdatomic.h>

/* Of both: ERR_NOT_FOUND: no such run. ERR_CONFLICT: it cannot be repeated, because it was
 * made by another version of the engine. ERR_CANCELLED. Nothing is stored then. */
int analysis_job_findings(struct db *db, struct db_reader *reader, int64_t run,
                          const atomic_bool *cancel, struct err *err) WARN_UNUSED;
int analysis_job_speedup(struct db *db, struct db_reader *reader, int64_t run,
                         const atomic_bool *cancel, struct err *err) WARN_UNUSED;

#endif
