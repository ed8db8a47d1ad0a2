/* SPDX-License-Identifier: MIT */
/*
 * strategy - turns the plan into the threads, pools, processes and loops that execute it.
 *
 *   actors      the main thread starts the actors in order and joins those that are no daemons
 *   sequential  the main thread runs one job after the other
 *   threads     ThreadPoolExecutor(n): submit all, shut down (wait for the workers)
 *   asyncio     asyncio.run(): a task per job, at most n inside a semaphore
 *   processes   ProcessPoolExecutor(n).map(), see process_pool.h
 *   nested      n processes, each with threads or a loop of its own, see nested_jobs.c
 *   interpreters  InterpreterPoolExecutor(n).map(), see interpreter_jobs.c
 *
 * Jobs that arrive (see arrivals.h) are taken by the main thread, one after the other in a
 * blocking call: it runs them itself (sequential), or submits them and asks for no results.
 */
#ifndef ENGINE_STRATEGY_STRATEGY_H
#define ENGINE_STRATEGY_STRATEGY_H

#include "engine/python/world.h"

/* Makes the first process and its main thread, ready to begin. */
int strategy_build(struct world *world, struct err *err) WARN_UNUSED;

#endif
