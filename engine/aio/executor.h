/* SPDX-License-Identifier: MIT */
/*
 * executor - run_in_executor() of an event loop: a ThreadPoolExecutor whose workers hand
 * their results back with call_soon_threadsafe (Lib/asyncio/base_events.py).
 *
 * At most min(32, cores + 4) workers unless said otherwise, started on demand. What a
 * worker runs is a copy of the program that was submitted, so that a cancelled task can go
 * on with its own. Everything is in the world's arena.
 */
#ifndef ENGINE_AIO_EXECUTOR_H
#define ENGINE_AIO_EXECUTOR_H

#include "engine/python/py_thread.h"

struct aio_executor;
struct aio_future;

/* Results are delivered to `selector`. `workers` 0: as the default executor. NULL when out
 * of memory. */
struct aio_executor *aio_executor_create(struct world *world, struct selector *selector,
                                         uint32_t workers);

/* Fills in the action by which the loop's thread submits `body`. False when out of memory.
 */
bool aio_executor_submit(struct aio_executor *executor, const struct program *body,
                         struct aio_future *future, struct action *action);

/* What was submitted with the item that `selector->deliver` names; it is over. */
struct aio_future *aio_executor_take_result(struct aio_executor *executor, uint32_t item);

/* Fills in the action that lets every worker end when the queue is empty. */
void aio_executor_stop(struct aio_executor *executor, struct action *action);

/* Workers started so far, and the thread id of the nth. */
uint32_t aio_executor_workers(const struct aio_executor *executor);
int64_t aio_executor_worker_id(const struct aio_executor *executor, uint32_t nth);

#endif
