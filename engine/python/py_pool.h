/* SPDX-License-Identifier: MIT */
/*
 * py_pool - concurrent.futures.ThreadPoolExecutor (Lib/concurrent/futures/thread.py).
 *
 * submit() puts an item into the work queue and then starts a worker, unless one has said
 * that it is idle or there are as many as there may be. When workers say so changed:
 *
 *   up to 3.7    never: every submit() starts a worker until there are enough
 *   3.8 - 3.11   after each item
 *   3.12+        when there is nothing in the queue, also before the first item
 *
 * A worker sets the Future's result: it locks its Condition, and notifies. The caller of
 * `list(executor.map(...))` asks one Future after the other for its result, and waits on
 * the Condition of the first that has none.
 *
 * Simplified: the locks inside submit(), the idle semaphore's among them, are never
 * contended; the work queue up to 3.6, a queue.Queue, costs what a SimpleQueue costs.
 */
#ifndef ENGINE_PYTHON_PY_POOL_H
#define ENGINE_PYTHON_PY_POOL_H

#include "engine/python/py_queue.h"

struct thread_spec;

struct pool {
    struct py_queue queue; /* must be first: ACTION_TAKE on a pool takes from it */
    uint32_t max_workers, workers;
    uint32_t idle;                    /* the idle semaphore */
    struct thread_spec *worker_specs; /* max_workers of them */
};

/* Without workers so far; the specs are borrowed. */
void py_pool_init(struct pool *pool, const struct runtime *runtime, struct arena *arena,
                  struct thread_spec *specs, uint32_t max_workers);

/* ACTION_TAKE, `value`: who takes. */
enum pool_taker {
    POOL_TAKER_OTHER,  /* of a queue that is no pool's */
    POOL_TAKER_NEW,    /* a pool's worker that has not finished anything since */
    POOL_TAKER_WORKED, /* ... that has just finished an item */
};

/*
 * Who waits for a result waits for the thread that works on it: that is the lane of
 * `changed`, from the moment a worker has taken the item. Before it is LANE_NONE: any
 * worker may take it. The lock has no lane, either: there is one for each job, and it is
 * never held for longer than it takes to look.
 */
struct py_future {
    struct py_lock lock;
    struct py_condition changed;
    bool done;
};

void py_future_init(struct py_future *future, const struct runtime *runtime);

/* Opcodes of a worker per item, in all and before the item's own; with a waiter for the
 * result. Counted on CPython 3.12.1. */
enum { PY_POOL_JOB_OPCODES = 160, PY_POOL_BEFORE_JOB_OPCODES = 62 };

#endif
