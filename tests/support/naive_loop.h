/* SPDX-License-Identifier: MIT */
/*
 * naive_loop - one asyncio event loop on a thread of its own, replayed iteration by
 * iteration.
 *
 * An oracle for the engine: BaseEventLoop._run_once written down as it is described, with
 * a clock that is just a number. It shares nothing with the engine but the names of the
 * states. Nobody else wants the GIL, nothing is random.
 */
#ifndef TESTS_SUPPORT_NAIVE_LOOP_H
#define TESTS_SUPPORT_NAIVE_LOOP_H

#include "engine/record/lane.h"

#include <stdbool.h>

enum { NAIVE_TASKS = 12, NAIVE_TASK_STEPS = 14, NAIVE_TASK_SPANS = 256 };

enum naive_await {
    NAIVE_TASK_COMPUTE,
    NAIVE_TASK_BLOCK, /* a blocking call inside the task */
    NAIVE_TASK_AWAIT_IO,
    NAIVE_TASK_AWAIT_SLEEP, /* 0 is a bare yield */
    NAIVE_TASK_ACQUIRE,     /* the loop's semaphore */
    NAIVE_TASK_RELEASE,
    NAIVE_TASK_KINDS
};

struct naive_task_step {
    enum naive_await kind;
    sim_ns ns;
};

struct naive_task_span {
    sim_ns start, end;
    enum lane_state state;
};

struct naive_task {
    /* input */
    struct naive_task_step step[NAIVE_TASK_STEPS];
    int step_count;
    /* output */
    struct naive_task_span span[NAIVE_TASK_SPANS];
    int span_count;
    /* working */
    int at;
    sim_ns due, since; /* when its timer or its I/O is over */
    uint64_t asked;    /* order of timers and I/O that are over at the same time */
    enum lane_state state;
};

struct naive_loop_costs {
    sim_ns start, iteration, handle, create, step, call_later; /* as in struct runtime */
    sim_ns attach, wake, syscall, slack;
};

struct naive_loop {
    struct naive_loop_costs costs;
    struct naive_task task[NAIVE_TASKS];
    int task_count, permits;
    /* output */
    uint64_t iterations;
    sim_ns max_lag, end;
    /* working */
    sim_ns now;
    uint64_t calls;
    struct {
        int what, task;
    } ready[64];
    int ready_count;
    int waiting[NAIVE_TASKS], waiting_count; /* for the semaphore, until they run */
    bool woken[NAIVE_TASKS];                 /* by task: has been given a permit */
    int left;
};

/* False when the tasks wait for ever. */
bool naive_loop_run(struct naive_loop *loop);

#endif
