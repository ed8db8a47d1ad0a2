/* SPDX-License-Identifier: MIT */
/*
 * arrivals - when the jobs of an open workload arrive: a fixed sequence of (number, time)
 * that is known before the run begins and does not wait for it.
 *
 * The gap before job n is a function of (seed, repetition, n), so that every strategy,
 * runtime and machine sees the same arrivals, and a longer window or another rate only
 * continues or stretches them. The last job arrives at or before `for_ns`.
 *
 *   constant     job n arrives at (n + 1) / rate; of bursts, burst n at (n + 1) * burst / rate
 *   exponential  gaps are exponential with mean 1 / rate: a Poisson process
 *   bursts       `burst` jobs arrive at once; the gaps between bursts are exponential with
 *                mean burst / rate, so that `rate` stays the rate of jobs: a compound Poisson
 *                process
 *
 * A program takes jobs in the order of their numbers:
 *
 *     for (number = 0; number < arrivals->count; number++) {
 *         arrivals_await(arrivals, number, action);      then, when that is done:
 *         run job `number`, or hand it to a worker
 *     }
 *
 * Awaiting is a blocking call that gives up the GIL, as accept() is: it returns at once
 * when the job is there already, and costs its system call either way. A closed batch has
 * no times: all jobs are there from the beginning and nothing is awaited.
 */
#ifndef ENGINE_PROGRAM_ARRIVALS_H
#define ENGINE_PROGRAM_ARRIVALS_H

#include "engine/program/action.h"
#include "engine/program/plan.h"

struct arrivals {
    const sim_ns *at; /* by number, ascending; NULL: a closed batch */
    uint32_t count;   /* jobs */
};

/* `key` is that of the run. The times come from `arena`; ERR_NOMEM. */
int arrivals_init(struct arrivals *arrivals, const struct plan *plan, uint64_t key,
                  struct arena *arena) WARN_UNUSED;

static inline bool arrivals_are_open(const struct arrivals *arrivals) {
    return arrivals->at != NULL;
}

/* When job `number` < count arrives; 0 in a closed batch. */
static inline sim_ns arrivals_time(const struct arrivals *arrivals, uint32_t number) {
    return arrivals->at == NULL ? 0 : arrivals->at[number];
}

/* The action that a thread waits with for job `number` of an open workload. */
void arrivals_await(const struct arrivals *arrivals, uint32_t number,
                    struct action *action);

/* The action that begins job `number` as a unit of work: it says when the job arrived. */
void arrivals_begin_unit(const struct arrivals *arrivals, uint32_t number,
                         struct action *action);

#endif
