/* SPDX-License-Identifier: MIT */
/*
 * job_runner - runs one job of the plan, again and again with another number: what every
 * executor of jobs shares.
 *
 * A job is a unit of work: its latency counts from its arrival, or else its first step, to
 * its last. Its random
 * numbers are named by its number alone, so job 17 is the same under every strategy.
 */
#ifndef ENGINE_STRATEGY_JOB_RUNNER_H
#define ENGINE_STRATEGY_JOB_RUNNER_H

#include "engine/program/step_list.h"
#include "engine/python/world.h"

enum job_phase { JOB_BEGIN, JOB_STEPS, JOB_OVER };

struct job_runner {
    struct step_list steps;
    const struct arrivals *jobs;
    uint64_t work_key;
    uint32_t number; /* of the present job */
    enum job_phase phase;
};

/* `asyncio`: waits for the outside world are awaits. */
int job_runner_init(struct job_runner *runner, struct world *world,
                    bool asyncio) WARN_UNUSED;

/* The next action will be the first of job `number`. */
void job_runner_begin(struct job_runner *runner, uint32_t number);

/* False when the job is over: no action was written. */
bool job_runner_next(struct job_runner *runner, const struct resume *resume,
                     struct action *action);

#endif
