/* SPDX-License-Identifier: MIT */
/*
 * py_queue - queue.SimpleQueue and the ThreadPoolExecutor's use of it.
 *
 * A queue holds whole numbers, first in, first out, without bound. A taker that finds it
 * empty waits on the queue's lock, detached; a put wakes the longest waiter, which looks
 * again when it is attached - somebody else may have been faster.
 * (Modules/_queuemodule.c)
 *
 * A pool starts its workers on demand (Lib/concurrent/futures/thread.py
 * _adjust_thread_count): submit() first looks whether a worker has said that it is idle.
 *
 * The waiting itself is done by py_thread.c; here are the data.
 */
#ifndef ENGINE_PYTHON_PY_QUEUE_H
#define ENGINE_PYTHON_PY_QUEUE_H

#include "engine/base/memory.h"
#include "engine/record/lane.h"

struct py_thread;

struct py_queue {
    struct arena *arena;
    int64_t *items; /* ring */
    size_t first, count, capacity;
    struct py_thread *waiting_first, *waiting_last;
};

int py_queue_push(struct py_queue *queue, int64_t value) WARN_UNUSED;

/* False when empty. */
bool py_queue_pop(struct py_queue *queue, int64_t *value);

struct thread_spec;

struct pool {
    struct py_queue queue; /* must be first: ACTION_TAKE on a pool takes from it */
    uint32_t max_workers, workers;
    uint32_t idle;                    /* the idle semaphore */
    struct thread_spec *worker_specs; /* max_workers of them */
};

#endif
