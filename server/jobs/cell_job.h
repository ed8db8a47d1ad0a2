/* SPDX-License-Identifier: MIT */
/* cell_job - executes all repetitions of one cell of a job and finds its status. */
#ifndef SERVER_JOBS_CELL_JOB_H
#define SERVER_JOBS_CELL_JOB_H

#include "server/jobs/job.h"

/* Told after each repetition. */
typedef void (*cell_job_run_fn)(void *context, const struct job_outcome *outcome);

struct cell_job {
    struct job *job;
    size_t cell;
    bool has_started; /* the keeper knows already */
    const atomic_bool *cancel;
    struct live_runs *live; /* its runs are there while they go on; NULL: nobody looks */
    cell_job_run_fn on_run;
    void *context; /* of on_run */
};

/*
 * Tells the keeper that the cell starts and runs it; what became of it, with nothing next,
 * is still to be kept. CELL_INTERRUPTED after a cancel, CELL_FAILED when a run failed or could not be
 * kept, CELL_LIMITED when one met a limit.
 */
void cell_job_execute(const struct cell_job *cell_job, struct cell_outcome *out);

#endif
