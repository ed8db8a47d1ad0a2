/* SPDX-License-Identifier: MIT */
/*
 * pool_worker - the program of a thread that takes work items from a queue, one after the
 * other, until it finds POOL_NO_MORE; that it leaves there for the next worker
 * (Lib/concurrent/futures/thread.py _worker).
 *
 * What an item is, its owner says: `begin` prepares item `value`, `next` writes its next
 * action and returns false when the item is over.
 */
#ifndef ENGINE_PYTHON_POOL_WORKER_H
#define ENGINE_PYTHON_POOL_WORKER_H

#include "engine/program/action.h"

enum { POOL_NO_MORE = -1 };

enum pool_worker_phase { POOL_TAKE, POOL_TAKEN, POOL_ITEM, POOL_END };

struct pool_worker {
    void *queue;        /* struct py_queue, or struct pool */
    sim_ns overhead_ns; /* bytecode per item besides the item's own */
    bool says_idle;     /* the queue is a pool's: it is told when the worker is idle */
    void (*begin)(void *item, int64_t value);
    bool (*next)(void *item, const struct resume *resume, struct action *action);
    void *item; /* for the two */
    enum pool_worker_phase phase;
    bool worked;  /* has finished an item since it last took one */
    lane_id lane; /* of its thread; known once that has begun */
};

extern const struct program_ops pool_worker_ops;

/* The action that puts POOL_NO_MORE into the queue: every worker ends once it is reached.
 */
void pool_worker_stop_all(void *queue, struct action *action);

#endif
