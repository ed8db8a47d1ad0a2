/* SPDX-License-Identifier: MIT */
/*
 * naive_free - threads of a build without a GIL, worked out a second time: reference counts
 * that are biased to their owner, the cache lines that they are in, and locks.
 *
 * An oracle for the engine, and deliberately naive: a list of threads, each with the one
 * moment at which it does something next; the smallest is found by looking at all. It
 * follows PEP 703, Python/lock.c and Python/brc.c as they are described, and shares no
 * code, no data structure and no event order with the engine.
 *
 * Every thread has a core of its own, so that a cache line belongs to a thread here. All
 * wake-ups take the same time, nothing is random, attaching costs nothing, the world is
 * never stopped.
 *
 * Two things that happen at the same nanosecond could be told in either order: then
 * naive_free_run() gives up, and the case proves nothing. So does a case in which all wait
 * for each other.
 */
#ifndef TESTS_SUPPORT_NAIVE_FREE_H
#define TESTS_SUPPORT_NAIVE_FREE_H

#include "engine/record/lane.h"

#include <stdbool.h>

enum {
    FREE_THREADS = 6,
    FREE_STEPS = 64,
    FREE_SPANS = 8192,
    FREE_LOCKS = 2,    /* threading.Lock */
    FREE_LISTS = 2,    /* whose ob_mutex is a lock, too */
    FREE_COUNTERS = 2, /* an attribute of an object that all have */
    FREE_REFERENTS = 3 /* objects that all count */
};

enum free_kind {
    FREE_COMPUTE,
    FREE_C_HELD,
    FREE_C_RELEASED,
    FREE_IO,
    FREE_SLEEP,
    FREE_ACQUIRE, /* of lock `what` */
    FREE_RELEASE,
    FREE_APPEND,       /* to list `what`, which takes `ns` */
    FREE_COUNT_SHARED, /* `times` references to object `what` are taken and dropped */
    FREE_COUNT_ATOMIC, /* ... to one that nobody else has, made by another thread */
    FREE_COUNT_OWN,    /* ... to one of its own */
    FREE_COUNT_NONE,   /* ... to one that is not counted */
    FREE_LOAD,         /* of counter `what` */
    FREE_REFER,
    FREE_STORE, /* of `times` to counter `what` */
    FREE_TAKE,  /* the next item from the queue, which is not empty, and drop it */
    FREE_KINDS
};

struct free_step {
    enum free_kind kind;
    int what;
    sim_ns ns;
    int64_t times;
};

struct free_span {
    sim_ns start, end;
    enum lane_state state;
    int who; /* that holds the lock; of a thread's spans -1 */
};

struct free_lane {
    struct free_span span[FREE_SPANS];
    int count;
    sim_ns since;
    enum lane_state state;
    int who;
};

/* What everything costs, in nanoseconds. */
struct free_costs {
    sim_ns spacing;                /* between check points */
    sim_ns wake;                   /* from a wake-up until on a core, > 0 */
    sim_ns futex_wake, futex_wait; /* paid by the waker; by the woken */
    sim_ns futex_empty;            /* a futex call that has nothing to do */
    sim_ns syscall, slack;         /* entering a call; lateness of timed waits */
    sim_ns yield;                  /* sched_yield() */
    sim_ns lock, section;          /* Lock.acquire(); a critical section, one end */
    sim_ns line;                   /* a cache line from core to core */
    sim_ns local, shared, merge;   /* a plain count; an atomic one; merging an object */
    int64_t spins, looks;          /* before it parks; a look after so many, 0 = all */
    bool mutex;                    /* Lock is a PyMutex, not a semaphore */
    bool for_detached;             /* who queues for a detached owner merges for it */
};

/* Written by one core at a time; transfers come in the order in which they were asked
 * for. */
struct free_line {
    int owner; /* -1: nobody has written it */
    int next[FREE_THREADS];
    sim_ns end[FREE_THREADS];
    int pending;
};

struct free_lock {
    struct free_lane lane;
    struct free_line line;
    int holder; /* -1 = free */
    int queue[FREE_THREADS];
    int waiting;  /* in the queue */
    int sleepers; /* semaphore: those, and who is on its way from there */
    bool mutex, internal;
};

struct free_thread {
    /* input */
    struct free_step step[FREE_STEPS];
    int step_count;
    sim_ns start;
    /* output */
    struct free_lane lane;
    int64_t loaded[FREE_STEPS]; /* by the steps that load */
    /* working */
    int stage, after, at;
    sim_ns when, left, piece, piece_start, wants_since;
    int64_t counts, spins, queued;
    bool attached, straight, cut, handed, asleep, gone, told;
};

struct naive_free {
    struct free_costs costs;
    struct free_thread thread[FREE_THREADS];
    int thread_count;
    int maker[FREE_THREADS * FREE_STEPS]; /* of the queue's items; -1 = nobody to ask */
    int item_count;
    /* output */
    struct free_lock lock[FREE_LOCKS + FREE_LISTS]; /* locks, then lists */
    int64_t counter[FREE_COUNTERS];
    uint64_t merged, handovers, parked, spun, transfers;
    /* working */
    struct free_line object[FREE_COUNTERS], slot[FREE_COUNTERS];
    struct free_line referent[FREE_REFERENTS];
    struct free_line bucket[FREE_THREADS];
    int taken;
    sim_ns now;
    bool full;
};

/* False when two moments coincide, a lane has more than FREE_SPANS spans, or it never
 * ends. */
bool naive_free_run(struct naive_free *world);

#endif
