/* SPDX-License-Identifier: MIT */
/*
 * executor - run_in_executor() of an event loop: calls that run somewhere else and hand
 * their results back with call_soon_threadsafe (Lib/asyncio/base_events.py).
 *
 * A call is a copy of the program that was submitted, so that a cancelled task can go on
 * with its own, and the future of who awaits it. It is known by a small number, which is
 * used again when its result has been taken. Where calls run is the business of a kind of
 * executor, which has this struct as its first member:
 *
 *   thread_executor                    a ThreadPoolExecutor
 *   engine/strategy/process_executor   a ProcessPoolExecutor
 *
 *     the loop's thread     aio_executor_submit(), then ops->submit_next() until it is
 *                           false
 *     who runs the call     aio_executor_begin() (threads only), then
 *                           aio_executor_body_next() until it is false
 *     who has its result    aio_executor_call_soon(), then aio_executor_wake()
 *     the loop              aio_executor_take_result()
 *
 * One loop uses an executor. Everything is in the world's arena.
 */
#ifndef ENGINE_AIO_EXECUTOR_H
#define ENGINE_AIO_EXECUTOR_H

#include "engine/python/py_thread.h"

struct aio_executor;
struct aio_future;
struct aio_item;

struct aio_executor_ops {
    /* The next action will be the first of submitting call `number`. */
    void (*submit)(struct aio_executor *executor, uint32_t number);
    /* False when it has been submitted: no action was written. */
    bool (*submit_next)(struct aio_executor *executor, const struct resume *resume,
                        struct action *action);
};

struct aio_executor {
    const struct aio_executor_ops *ops;
    struct world *world;
    struct selector *selector; /* of the loop */
    struct aio_item *items;
    uint32_t item_count, item_capacity, free_item;
};

/* Without calls; `selector` may be NULL until a loop has the executor. */
void aio_executor_init(struct aio_executor *executor, const struct aio_executor_ops *ops,
                       struct world *world, struct selector *selector);

/* Takes a number for the call of `body`, and has it submitted. False when out of memory. */
bool aio_executor_submit(struct aio_executor *executor, const struct program *body,
                         struct aio_future *future, uint32_t *number);

/* concurrent.futures' Future.cancel() of call `number`, submitted with `future`: a worker
 * that has begun it goes on, and a thread that has not never begins it. Simplified: in a
 * ProcessPoolExecutor every call runs; CPython drops those not yet in its call queue. */
void aio_executor_cancel(struct aio_executor *executor, uint32_t number,
                         const struct aio_future *future);

/* set_running_or_notify_cancel(): false when the call was cancelled; it is over then. */
bool aio_executor_begin(struct aio_executor *executor, uint32_t number);

/* The call's own next action; false when it has returned. */
bool aio_executor_body_next(struct aio_executor *executor, uint32_t number,
                            const struct resume *resume, struct action *action);

/* call_soon_threadsafe(): its bytecode, and the byte on the self-pipe. The call is over. */
void aio_executor_call_soon(const struct aio_executor *executor, struct action *action);
void aio_executor_wake(const struct aio_executor *executor, uint32_t number,
                       struct action *action);

/* What was submitted with the number that `selector->deliver` is told. */
struct aio_future *aio_executor_take_result(struct aio_executor *executor,
                                            uint32_t number);

#endif
