/* SPDX-License-Identifier: MIT */
/*
 * py_call - calls of the standard library's own Python: Condition, Event, Semaphore and
 * Barrier (Lib/threading.py), Queue (Lib/queue.py), Future (Lib/concurrent/futures), the
 * queue of concurrent.interpreters.
 *
 * They are made of locks and bytecode, the last one of sleeps, and so are they here. Such a
 * function is executed above the program of the thread, one action at a time: bytecode
 * (with its check points), acquire, release. It can lose the GIL in its middle like any
 * other code; that is where false wake-ups and barging come from.
 *
 *     frame[1]  Condition.wait   acquire its own locked lock: sleeps until notify()
 *     frame[0]  Queue.get        while nothing is there: wait
 *     program   get
 *
 * What the functions do with their own data happens between two actions, with the
 * object's lock held, as in Python.
 */
#ifndef ENGINE_PYTHON_PY_CALL_H
#define ENGINE_PYTHON_PY_CALL_H

#include "engine/record/lane.h"

#include <stdbool.h>
#include <stdint.h>

struct py_thread;
struct py_frame;
struct py_lock;

/* Who waits, each on a lock of its own, oldest first. */
struct py_condition {
    struct py_lock *lock;
    struct py_thread *first, *last;
    lane_id lane; /* what its waiters wait for */
};

/* Writes the thread's next action and returns true, or has called another function and
 * returns true, or returns false: the function has returned. */
typedef bool (*py_function)(struct py_thread *thread, struct py_frame *frame);

struct py_frame {
    py_function function;
    void *object;                   /* what the action named */
    struct py_condition *condition; /* wait, notify: on which one */
    int64_t value;                  /* its argument */
    int64_t ns;                     /* use of a container: how long the operation takes;
                                     * put into an interpreter queue: 1 = pickled */
    int64_t opcode_ps;              /* how long an opcode takes */
    uint32_t line;                  /* where it goes on */
    uint32_t depth;                 /* wait: of the RLock that it has released */
    int32_t site;                   /* of the program's step */
};

enum { PY_MAX_FRAMES = 2 };

#endif
