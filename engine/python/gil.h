/* SPDX-License-Identifier: MIT */
/*
 * gil - the global interpreter lock of CPython, in both of its forms, and its absence.
 *
 * The interval GIL (Python/ceval_gil.c take_gil, drop_gil; one algorithm from 3.2 to 3.15):
 *
 *   take   1. If nobody holds it, take it: arriving threads do not queue behind sleepers.
 *          2. Else wait on `cond` for one interval, remembering switch_number.
 *          3. Timed out, still held, and no switch since the wait began: set drop_request.
 *             In every other case do nothing. Then go to 1 with a fresh interval, at the tail.
 *          4. On taking: if the last holder was somebody else, switch_number += 1. Signal
 *             `switch_cond`. Clear drop_request.
 *   drop   1. Free it, signal `cond`: one waiter is woken, the oldest.
 *          2. If drop_request is set and nobody has taken it since: clear the request and wait
 *             on `switch_cond`, without time-out, until somebody has taken the GIL. This holds
 *             for every drop, also for one before a system call.
 *   check  The holder looks at drop_request at check points in the bytecode; a C call has none.
 *
 * From 3.12 the GIL is the interpreter's; from 3.13 drop_request is a bit in the eval_breaker of
 * the thread that last took it. A request is only made while the GIL is held, and every
 * take clears the taker's, so that one flag in the GIL behaves like a bit per thread.
 *
 * Whether a thread that drops the GIL around a short call gets it back before the woken
 * waiter arrives is a race between the length of the call and the waiter's wake-up
 * latency. Nothing here decides it: both take their time on their cores.
 *
 * The tick GIL (2.7 - 3.1, Python/ceval.c and thread_pthread.h, a POSIX semaphore on
 * Linux):
 *
 *   take   Take the semaphore if its count is 1, else sleep on it; when woken, try again.
 *   drop   Count 1; if anybody waits, wake one.
 *   check  Every 100 ticks the holder drops and takes again. With a waiter that is the GIL
 *          battle: the waiter is woken, and arrives after the holder has taken it back, unless
 *          its arrival happens to fall into one of the short gaps, or a timer interrupt makes
 *          a gap long enough. Without a waiter the check costs next to nothing and is part of
 *          the bytecode's own time.
 *
 * A free-threaded build (GIL_NONE) attaches and detaches at no cost, except while the world
 * is stopped (stop_world.h).
 *
 * `cond` is a glibc condition variable: signals go to the oldest waiter, and a waiter
 * whose time is over counts as a waiter until it runs again: a signal in between makes it
 * a wake-up, not a time-out. That matters: all sleepers begin their patience at about the
 * same time, so the oldest is often on its way when the holder drops, and threads would
 * not take turns if it lost its place, or if the signal went to two of them.
 *
 * Simplified: the mutex around the GIL's own state is never contended.
 */
#ifndef ENGINE_PYTHON_GIL_H
#define ENGINE_PYTHON_GIL_H

#include "engine/os/cpu.h"
#include "engine/program/runtime.h"
#include "engine/python/stop_world.h"

struct gil;

/* The part of a thread that the GIL knows. First member of struct py_thread. */
struct gil_client {
    struct os_thread os;
    struct gil *gil;
    struct gil_client *previous, *next; /* in the queue of `cond` or of `switch_cond` */
    os_fn then;                         /* after take or drop */
    uint64_t switch_seen;
    site_id site;     /* what the thread is doing, for the wait it may run into */
    bool waiting;     /* inside take_gil, past the first try */
    bool timed_out;   /* its wait ended by the clock */
    bool signalled;   /* a drop chose it, perhaps after its time was over */
    bool computing;   /* its present work is bytecode, which check points may cut */
    unsigned breaker; /* enum breaker: what else it has to do at its next check point */
    struct stop_world_member member;
};

struct gil_queue {
    struct gil_client *first, *last;
};

struct gil {
    struct sim *sim;
    struct cpu *cpu;
    const struct runtime *runtime;
    struct gil_client *holder;
    struct gil_client *last_holder;
    struct gil_queue cond;        /* sleepers, oldest first */
    struct gil_queue switch_cond; /* those that dropped on request */
    uint64_t switch_number;
    uint32_t waiters; /* threads inside take, past the first try */
    sim_ns
        tick_left_ns; /* tick GIL: bytecode until the next check; shared by all threads */
    bool drop_request;
    bool hurried; /* tick GIL: a signal is pending, every tick is a check */
    lane_id lane; /* LANE_NONE without a GIL */
    struct stop_world stop_world; /* without a GIL */

    uint64_t drop_requests, forced_drops, voluntary_drops, false_wakeups;
};

/* Opens the GIL's lane under `process`, unless the runtime has none. */
void gil_init(struct gil *gil, struct cpu *cpu, const struct runtime *runtime,
              lane_id process, const char *name);

/* On a core, detached: `then` is called on a core, attached. */
void gil_take(struct gil_client *client, os_fn then);

/* On a core, attached: `then` is called on a core, detached - after the handover if a
 * drop was requested. `forced` says that the request is the reason. */
void gil_drop(struct gil_client *client, bool forced, os_fn then);

/* The same at the end of a thread: never waits for a handover. */
void gil_drop_at_exit(struct gil_client *client, os_fn then);

/* True when the holder must drop the GIL at its next check point. */
static inline bool gil_must_drop(const struct gil_client *client) {
    const struct gil *gil = client->gil;
    return gil->runtime->gil == GIL_TICK ? gil->waiters > 0 : gil->drop_request;
}

/* The thread, which another one may be, is to do this at its next check point. */
void gil_break(struct gil_client *client, enum breaker what);

/* Work until the next check point, for bytecode that begins now. */
sim_ns gil_next_check(const struct gil *gil);

/* Tick GIL: from now on each tick is a check, or every hundredth again. Others: nothing. */
void gil_set_hurried(struct gil *gil, bool hurried);

/* So much bytecode has been run. True when it ended at a check point. */
bool gil_count_ticks(struct gil *gil, sim_ns ns);

/* One opcode that took its time in C is over. True when a check point follows it. */
bool gil_count_opcode(struct gil *gil);

#define GIL_CLIENT_OF(os_pointer) ((struct gil_client *)(void *)(os_pointer))

#endif
