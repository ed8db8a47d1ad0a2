/* SPDX-License-Identifier: MIT */
/*
 * process_executor - run_in_executor() with a ProcessPoolExecutor:
 *
 *     with ProcessPoolExecutor(workers) as executor:
 *         asyncio.run(main(executor))
 *
 * The loop's thread submits, which wakes the manager thread and starts what processes are
 * missing. The manager sets the Future; its done callback is the loop's
 * call_soon_threadsafe, which therefore runs in the manager: bytecode, and a byte on the
 * self-pipe. The loop's thread makes the executor before the loop and shuts it down after
 * it.
 *
 * A call is what the pool knows as a job of its own: payload and result belong to each.
 * Nobody has more than one under way, so that there are as many Futures as jobs.
 *
 * Simplified: a call is pickled as map() does it, with its chunk of one job.
 */
#ifndef ENGINE_STRATEGY_PROCESS_EXECUTOR_H
#define ENGINE_STRATEGY_PROCESS_EXECUTOR_H

#include "engine/aio/executor.h"

struct process_executor;

/* Of strategy.to_process workers, in the world's arena. ERR_NOMEM */
int process_executor_create(struct process_executor **out,
                            struct world *world) WARN_UNUSED;

/* For the loop's specification. */
struct aio_executor *process_executor_base(struct process_executor *executor);

/* The main thread's program: makes the executor, runs the loop, shuts the executor down. */
struct program process_executor_with(struct process_executor *executor,
                                     struct program loop);

#endif
