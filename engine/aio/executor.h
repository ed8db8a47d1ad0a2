/* SPDX-License-Identifier: MIT */
/*
 * executor - the default executor of an event loop: a ThreadPoolExecutor whose workers
 * hand their results back with call_soon_threadsafe (Lib/asyncio/base_events.py
 * run_in_executor).
 *
 * At most min(32, cores + 4) workers, started on demand. Everything is in the world's
 * arena.
 */
#ifndef ENGINE_AIO_EXECUTOR_H
#define ENGINE_AIO_EXECUTOR_H

#include "engine/python/py_thread.h"

struct aio_executor;

/* `tasks` = number of tasks that may submit; results are delivered to `selector`. NULL
 * when out of memory. */
struct aio_executor *aio_executor_create(struct world *world, struct selector *selector,
                                         uint32_t tasks);

/* Fills in the action by which the loop's thread submits `body` on behalf of task `task`.
 */
void aio_executor_submit(struct aio_executor *executor, struct program *body,
                         uint32_t task, struct action *action);

/* Fills in the action that lets every worker end when the queue is empty. */
void aio_executor_stop(struct aio_executor *executor, struct action *action);

/* Workers started so far, and the thread id of the nth. */
uint32_t aio_executor_workers(const struct aio_executor *executor);
int64_t aio_executor_worker_id(const struct aio_executor *executor, uint32_t nth);

#endif
