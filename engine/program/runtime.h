/* SPDX-License-Identifier: MIT */
/*
 * runtime - one model of a Python interpreter as a struct of parameters. The named rows
 * are in engine/python/runtime_table.h; a plan carries its own copy, so that a document
 * can override any parameter.
 */
#ifndef ENGINE_PROGRAM_RUNTIME_H
#define ENGINE_PROGRAM_RUNTIME_H

#include <stdint.h>

enum lock_kind {
    LOCK_SEMAPHORE, /* up to 3.13: a POSIX semaphore; barging */
    LOCK_PYMUTEX, /* 3.14+, and inside free-threaded builds: parking lot, fair after 1 ms
                   */
    LOCK_KIND_COUNT
};

enum gil_kind {
    GIL_NONE,     /* free threading */
    GIL_TICK,     /* 2.7 - 3.1: dropped and taken again every 100 ticks */
    GIL_INTERVAL, /* 3.2 and later: a waiter's patience, then a drop request */
    GIL_KIND_COUNT
};

struct runtime {
    char name[32];
    enum gil_kind gil;
    int64_t switch_interval_ns; /* sys.setswitchinterval, 3.2+ */
    int64_t force_switching; /* 1: after a forced drop wait until somebody took the GIL */
    int64_t check_spacing_ns;    /* time between two check points in pure Python */
    int64_t check_every_opcode;  /* 1: check points also in straight-line code */
    int64_t check_after_enter;   /* 1: a check point between __enter__ and the body */
    int64_t lock_kind;           /* enum lock_kind */
    int64_t lock_ns;             /* CPU time of an uncontended acquire() or release() */
    int64_t lock_spins;          /* PyMutex: sched_yield calls before parking */
    int64_t attach_ns;           /* CPU time of an uncontended take_gil or drop_gil */
    int64_t python_cost_ppm;     /* time of pure Python relative to cpython-3.12 */
    int64_t thread_start_ns;     /* Python code of Thread.start() in the parent */
    int64_t thread_bootstrap_ns; /* Python code in the child before the target runs */
    int64_t thread_join_ns;      /* Python code of Thread.join() in the joiner */
    int64_t pool_job_ns;         /* ThreadPoolExecutor: Python per job, worker's side */
    int64_t pool_submit_ns;    /* ThreadPoolExecutor: Python of submit(), caller's side */
    int64_t has_asyncio;       /* 0: asyncio does not exist in this runtime */
    int64_t loop_start_ns;     /* asyncio.run(): making and closing the loop */
    int64_t loop_iteration_ns; /* Python of one _run_once besides select and handles */
    int64_t loop_handle_ns;    /* Python of running one handle besides its callback */
    int64_t task_create_ns;    /* create_task() */
    int64_t task_step_ns;      /* Task.__step: send() into the coroutine, and back */
    int64_t call_later_ns;     /* heap push of a timer, with its future */
    int64_t threadsafe_wake_ns; /* Python of call_soon_threadsafe besides the send */
    int64_t self_pipe_ns;       /* Python of reading the self-pipe besides the recv */
    int64_t process_start_ns;   /* Python of Process.start() in the parent besides fork */
    int64_t process_bootstrap_ns; /* Python in the child before its target runs */
    int64_t process_job_ns; /* CPU time per job of pickling and the pipe, child's side */
};

#endif
