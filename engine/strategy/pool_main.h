/* SPDX-License-Identifier: MIT */
/*
 * pool_main - the main thread of jobs that run in a pool of threads:
 *
 *     with ThreadPoolExecutor(workers) as executor: list(executor.map(job, range(jobs)))
 *
 * or, when jobs arrive, `while True: executor.submit(job, accept())` and no look at results.
 *
 * It submits all jobs, asks each Future for its result, stops the workers and joins them.
 * Who the workers are, its owner says with py_pool_init().
 */
#ifndef ENGINE_STRATEGY_POOL_MAIN_H
#define ENGINE_STRATEGY_POOL_MAIN_H

#include "engine/python/py_pool.h"
#include "engine/python/world.h"

struct pool_main {
    struct pool pool;
    struct py_future *futures; /* by job, of those submitted; NULL when jobs arrive */
    const struct arrivals *jobs;
    const struct runtime *runtime;
    uint32_t submitted, asked;
    uint32_t joined;
    bool one_by_one; /* submit(job).result() for each */
    bool accepted;   /* the next job has arrived */
    bool stopped;
};

/* For the plan's jobs, with their Futures and no workers; NULL when out of memory. */
struct pool_main *pool_main_create(struct world *world);

struct program pool_main_program(struct pool_main *main);

/* What a worker sets the job's result on. Of jobs that arrive nobody asks for one: that is
 * `own` then, the worker's, made anew. */
struct py_future *pool_main_future(const struct pool_main *main, uint32_t job,
                                   struct py_future *own);

#endif
