/* SPDX-License-Identifier: MIT */
/*
 * machine - hardware and operating system as a struct of constants, and the named
 * profiles.
 *
 * Times are virtual nanoseconds. Every member has a row in machine_fields[] with unit,
 * meaning and source; a document may override any of them by the row's name.
 */
#ifndef ENGINE_OS_MACHINE_H
#define ENGINE_OS_MACHINE_H

#include "engine/base/field.h"

struct machine {
    int64_t cores;               /* 1 .. MACHINE_MAX_CORES */
    int64_t all_cores_speed_ppm; /* speed of a core when all are busy; one alone = 1 */
    int64_t smt_threads;         /* hardware threads per physical core, 1 or 2 */
    int64_t smt_speed_ppm;       /* speed of one whose sibling is busy; alone = 1 */
    int64_t context_switch_ns; /* on the core, when it goes from one thread to another */
    int64_t wake_warm_ns; /* wake-up until on core, core idle for less than idle_after */
    int64_t wake_idle_ns; /* ... for longer */
    int64_t wake_deep_ns; /* ... for longer than deep_after */
    int64_t idle_after_ns;
    int64_t deep_after_ns;
    int64_t wake_spread_ppm; /* sigma of the lognormal noise on a wake-up, 0 = none */
    int64_t timer_slack_ns;  /* a timed wait ends this much after its deadline */
    int64_t timer_slack_share_ppm; /* ... or by this share of it, if that is less; 0 =
                                      timer_slack_ns always */
    int64_t slice_ns;        /* base slice of the scheduler; 0 = Linux's for the cores */
    int64_t tick_spread_ppm; /* sigma of the lognormal noise on it */
    int64_t tick_cost_ns;    /* what the timer interrupt takes of a core */
    int64_t tick_ns;         /* the end of a slice is noticed at a tick; 0 = at once */
    int64_t quota_ns;        /* core time per period, over all cores; 0 = no quota */
    int64_t quota_period_ns; /* length of a period */
    int64_t futex_wake_ns;   /* CPU time of the waker for waking one thread */
    int64_t futex_empty_ns;  /* ... for a wake-up when nobody sleeps */
    int64_t futex_wait_ns;   /* CPU time of the woken thread on its way out of the wait */
    int64_t sched_yield_ns;  /* CPU time of a sched_yield() with nobody to yield to */
    int64_t line_spread_ppm; /* ... takes up to so much more or less, evenly */
    int64_t line_transfer_ns; /* a cache line from one core to another */
    int64_t copy_mb_per_s; /* between a program's memory and the kernel's; 0 = no time */
    int64_t syscall_ns;    /* CPU time of a short system call (epoll_wait, send) */
    int64_t thread_create_ns; /* CPU time of clone() in the creator */
    int64_t poll_unit_ns;     /* select() waits whole multiples of it; 0 = any time */
    int64_t spawns;           /* 1: multiprocessing starts processes by spawn (macOS) */
    int64_t fork_ns;          /* CPU time of fork() in the parent */
    int64_t
        process_exit_ns; /* CPU time of the child for exit, seen by the waiting parent */
};

enum { MACHINE_MAX_CORES = 1024 };

struct machine_profile {
    const char *name;
    const char *title;
    struct machine machine;
};

extern const struct field machine_fields[];
extern const size_t machine_field_count;
extern const struct machine_profile machine_profiles[];
extern const size_t machine_profile_count;

/* NULL when there is no profile of that name. */
const struct machine_profile *machine_profile_find(const char *name);

#endif
