/* SPDX-License-Identifier: MIT */
/*
 * loop_job - runs one job of the plan after the other as a task of an event loop, or of a
 * thread: a job_runner, and what of the job runs beside the loop.
 *
 * With a pool of threads or of processes beside the loop, what would hold the loop up -
 * Python, C calls, calls that block - runs there: steps that follow one another without an
 * await are one call of run_in_executor(), and waits for the outside world stay awaits. Such
 * a stretch is a program of its own that takes its actions from the job until it meets one
 * that is for the loop; that one is kept for the coroutine.
 */
#ifndef ENGINE_STRATEGY_LOOP_JOB_H
#define ENGINE_STRATEGY_LOOP_JOB_H

#include "engine/strategy/job_runner.h"

struct loop_job {
    struct job_runner runner;
    bool offload;
    bool has_kept, over;
    struct action kept;     /* an action that has been fetched but not performed */
    struct program stretch; /* what runs in the pool: of this job */
};

/* `asyncio` as of job_runner_init(); `offload`: the loop has a pool. The job must not move.
 * ERR_NOMEM */
int loop_job_init(struct loop_job *job, struct world *world, bool asyncio,
                  bool offload) WARN_UNUSED;

/* The next action will be the first of job `number`. */
void loop_job_begin(struct loop_job *job, uint32_t number);

/* False when the job is over: no action was written. */
bool loop_job_next(struct loop_job *job, const struct resume *resume,
                   struct action *action);

#endif
