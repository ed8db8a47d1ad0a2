/* SPDX-License-Identifier: MIT */
/*
 * strategy - turns the plan into the threads, pools, processes and loops that execute it.
 *
 *   actors      the main thread starts the actors in order and joins those that are no daemons
 *   sequential  the main thread runs one job after the other
 *   threads     ThreadPoolExecutor(n): submit all, shut down (wait for the workers)
 *   asyncio     asyncio.run(): a task per job, at most n inside a semaphore
 *   processes   n forked processes that take jobs from a queue; the parent waits for them
 *
 * Jobs that arrive (see arrivals.h) are taken by the main thread, one after the other in a
 * blocking call: it runs them itself (sequential), or submits them (threads) and asks for no
 * results. asyncio and processes refuse them so far: takes_arrivals in plan.c.
 *
 * Simplified: the caller of a thread pool waits for the workers' end, not for each result; the
 * processes take jobs from a queue that was filled before they start, without the executor's
 * manager and feeder threads: pickling and pipes are charged to the worker, per job.
 */
#ifndef ENGINE_STRATEGY_STRATEGY_H
#define ENGINE_STRATEGY_STRATEGY_H

#include "engine/python/world.h"

/* Makes the first process and its main thread, ready to begin. */
int strategy_build(struct world *world, struct err *err) WARN_UNUSED;

#endif
