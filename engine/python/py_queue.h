/* SPDX-License-Identifier: MIT */
/*
 * py_queue - whole numbers, first in, first out: what queue.SimpleQueue and the
 * ThreadPoolExecutor's work queue are made of; and the ring in queue.Queue.
 *
 * SimpleQueue is written in C (Modules/_queuemodule.c) and has no bound.
 *
 *   3.7 - 3.12   a lock that is held while the queue is thought to be empty. Who finds
 *                nothing takes it, and waits on it when somebody has it. A put releases
 *                it. Who was woken looks again when it is attached - somebody else may have
 *                been faster -, and when it has got its item it releases the lock for the
 *                next, who may then find nothing and wait on.
 *   3.13+        a put gives its item directly to whoever has waited longest.
 *
 * Simplified: the queue's own critical section in 3.13t is never contended.
 *
 * queue.Queue is written in Python (Lib/queue.py): one Lock, and the conditions
 * not_empty and not_full. Nothing calls Queue.join(), so all_tasks_done has no waiters.
 */
#ifndef ENGINE_PYTHON_PY_QUEUE_H
#define ENGINE_PYTHON_PY_QUEUE_H

#include "engine/base/memory.h"
#include "engine/python/py_call.h"
#include "engine/python/py_lock.h"
#include "engine/record/lane.h"

struct sim;

struct py_queue_item {
    int64_t value;
    int64_t maker; /* thread that has made the object, -1 = none (see brc.h) */
};

struct py_queue {
    struct arena *arena;
    struct py_queue_item *items; /* ring */
    size_t first, count, capacity;
    struct py_lock lock;         /* up to 3.12 */
    bool locked;                 /* ... somebody has taken it */
    struct py_condition waiting; /* 3.13+ */
    struct sim *sim;             /* NULL: its length is not told */
    lane_id lane;                /* ... as this counter of this lane */
    enum counter_kind counter;
};

/* An empty queue of this runtime. Its waiters show `waiting`: what they wait for. */
void py_queue_init(struct py_queue *queue, const struct runtime *runtime,
                   struct arena *arena, struct activity waiting);

/* From now on a counter of that lane has the queue's length. */
void py_queue_tell(struct py_queue *queue, struct sim *sim, lane_id lane,
                   enum counter_kind counter);

int py_queue_push(struct py_queue *queue, struct py_queue_item item) WARN_UNUSED;

/* False when empty. */
bool py_queue_pop(struct py_queue *queue, struct py_queue_item *item);

#endif
