/* SPDX-License-Identifier: MIT */
/*
 * py_lock - threading.Lock, in the two forms that CPython has had.
 *
 * Every attempt and every release writes the lock's cache line, which costs a transfer
 * when another core wrote it last: next to nothing under a GIL, the price of sharing
 * without one.
 *
 * Both are tried first while attached; who fails detaches and waits. A release never yields.
 *
 *   semaphore  up to 3.13 (Python/thread_pthread.h): a waiter sleeps on the semaphore. A release
 *              makes it free and wakes one sleeper, if anybody waits at all. Whoever comes first
 *              takes it: usually the releaser itself, again. The woken thread then sleeps on. It
 *              obtains the lock detached, and only then queues for the GIL
 *              (Modules/_threadmodule.c acquire_timed).
 *   PyMutex    3.14+ (Python/lock.c): yields a number of times before it parks, first in first
 *              out; up to 3.14 without looking at the lock in between. An unlock wakes the first parked thread; if that has waited for more than a
 *              millisecond the lock goes to it directly, otherwise it is free for anybody. The woken
 *              thread attaches before it tries again (Python/parking_lot.c _PySemaphore_Wait): with a
 *              GIL it comes back when it gets its slice, and until then nobody is parked.
 */
#ifndef ENGINE_PYTHON_PY_LOCK_H
#define ENGINE_PYTHON_PY_LOCK_H

#include "engine/os/cpu.h"
#include "engine/program/runtime.h"

#include <stdbool.h>
#include <stdint.h>

struct py_thread;

struct py_lock {
    struct cache_line line;
    struct py_thread *holder;       /* NULL = free */
    struct py_thread *first, *last; /* asleep or parked, oldest first */
    uint32_t waiters; /* semaphore: those, and who is on its way from there */
    uint32_t depth;   /* RLock: how often its owner has it, besides the first time */
    bool recursive;   /* RLock */
    bool mutex;       /* PyMutex, not a semaphore */
    bool internal;    /* of the interpreter: an object's, not a threading.Lock */
    lane_id releaser; /* who released it last; LANE_NONE = nobody yet */
    lane_id lane;     /* shows who holds it; LANE_NONE = nobody sees that */
    struct activity waiting; /* what its waiters show; site is theirs */
};

/* A free lock as this runtime makes them; `lane` is its lane, which waiters name. */
void py_lock_init(struct py_lock *lock, const struct runtime *runtime, lane_id lane);

#endif
