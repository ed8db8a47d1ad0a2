/* SPDX-License-Identifier: MIT */
/*
 * naive_gil - threads and one interval GIL, worked out a second time.
 *
 * An oracle for the engine, and deliberately naive: a list of threads, each with the one
 * moment at which it does something next; the smallest is found by looking at all. It
 * follows the published description of take_gil and drop_gil and shares no code, no data
 * structure and no event order with the engine. There are as many cores as threads, every
 * wake-up takes the same time, nothing is random.
 *
 * Two things that happen at the same nanosecond could be told in either order: then
 * naive_gil_run() gives up, and the case proves nothing.
 */
#ifndef TESTS_SUPPORT_NAIVE_GIL_H
#define TESTS_SUPPORT_NAIVE_GIL_H

#include "engine/record/lane.h"

#include <stdbool.h>

enum { NAIVE_THREADS = 8, NAIVE_STEPS = 16, NAIVE_SPANS = 4096 };

enum naive_kind {
    NAIVE_COMPUTE,
    NAIVE_C_HELD,
    NAIVE_C_RELEASED,
    NAIVE_IO,
    NAIVE_SLEEP,
    NAIVE_KINDS
};

struct naive_step {
    enum naive_kind kind;
    sim_ns ns;
};

struct naive_span {
    sim_ns start, end;
    enum lane_state state;
};

/* What everything costs, in nanoseconds. */
struct naive_costs {
    sim_ns interval, spacing;      /* of the GIL; between check points */
    sim_ns attach;                 /* one take or drop */
    sim_ns wake;                   /* from a wake-up until on a core, > 0 */
    sim_ns futex_wake, futex_wait; /* paid by the waker; by the woken */
    sim_ns syscall, slack;         /* entering a call; lateness of timed waits */
    bool force;                    /* forced switching */
};

struct naive_thread {
    /* input */
    struct naive_step step[NAIVE_STEPS];
    int step_count;
    sim_ns start;
    /* output */
    struct naive_span span[NAIVE_SPANS];
    int span_count;
    /* working */
    int stage, after_drop, at;
    sim_ns when, left, piece, piece_start, since;
    uint64_t seen;
    enum lane_state state;
    bool waiting, timed_out, signalled;
};

struct naive_gil {
    struct naive_costs costs;
    struct naive_thread thread[NAIVE_THREADS];
    int thread_count;
    /* output */
    uint64_t switches, requests, forced, voluntary, false_wakeups;
    /* working */
    sim_ns now;
    int holder, last_holder, forced_waiter;
    int cond[NAIVE_THREADS], cond_count;
    bool drop_request;
};

/* False when two moments coincide or a thread has more than NAIVE_SPANS spans. */
bool naive_gil_run(struct naive_gil *gil);

#endif
