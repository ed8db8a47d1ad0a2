/* SPDX-License-Identifier: MIT */
/*
 * thread_executor - run_in_executor() with a ThreadPoolExecutor: at most min(32, cores + 4)
 * workers unless said otherwise, started on demand.
 */
#ifndef ENGINE_AIO_THREAD_EXECUTOR_H
#define ENGINE_AIO_THREAD_EXECUTOR_H

#include "engine/aio/executor.h"

struct aio_thread_executor;

/* `workers` 0: as the default executor. NULL when out of memory. */
struct aio_thread_executor *aio_thread_executor_create(struct world *world,
                                                       struct selector *selector,
                                                       uint32_t workers);

struct aio_executor *aio_thread_executor_base(struct aio_thread_executor *executor);

/* Fills in the action that lets every worker end when the queue is empty. */
void aio_thread_executor_stop(struct aio_thread_executor *executor,
                              struct action *action);

/* Workers started so far, and the thread id of the nth. */
uint32_t aio_thread_executor_workers(const struct aio_thread_executor *executor);
int64_t aio_thread_executor_worker_id(const struct aio_thread_executor *executor,
                                      uint32_t nth);

#endif
