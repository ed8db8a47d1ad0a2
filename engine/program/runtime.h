/* SPDX-License-Identifier: MIT */
/*
 * runtime - one model of a Python interpreter as a struct of parameters. The named rows
 * are in engine/python/runtime_table.h; a plan carries its own copy, so that a document
 * can override any parameter.
 */
#ifndef ENGINE_PROGRAM_RUNTIME_H
#define ENGINE_PROGRAM_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

enum lock_kind {
    LOCK_SEMAPHORE, /* up to 3.13: a POSIX semaphore; barging */
    LOCK_PYMUTEX, /* 3.14+, and inside free-threaded builds: parking lot, fair after 1 ms
                   */
    LOCK_KIND_COUNT
};

/* asyncio.wait_for(): what it makes of what it waits for, and what of that task when the time
 * is over or wait_for() itself is cancelled. */
enum wait_for_rule {
    WAIT_FOR_TIMES_OUT,        /* 3.12+: timeout() around it, no task */
    WAIT_FOR_RETURNS,          /* 3.9 - 3.11: cancelled and waited for; its end counts */
    WAIT_FOR_DROPS,            /* 3.8: its end does not count: TimeoutError */
    WAIT_FOR_LEAVES_AT_CANCEL, /* 3.7: cancelled itself, or without time, it does not wait */
    WAIT_FOR_LEAVES,           /* up to 3.6: nor when the time is over */
    WAIT_FOR_RULE_COUNT
};

/* asyncio.Semaphore: whose a released permit is. */
enum semaphore_rule {
    SEMAPHORE_BARGES,    /* up to 3.8: whoever comes first; a woken waiter looks again */
    SEMAPHORE_SCHEDULES, /* 3.9: newcomers wait while a woken waiter has not run yet */
    SEMAPHORE_RESERVES,  /* 3.10 - 3.12: the first waiter's, at release() */
    SEMAPHORE_WAKES_ALL, /* 3.13+: the same; the end of a wait wakes all that it can */
    SEMAPHORE_RULE_COUNT
};

/* ThreadPoolExecutor: when a worker says that it is idle. */
enum pool_idle_rule {
    POOL_IDLE_NEVER,      /* up to 3.7 */
    POOL_IDLE_AFTER_ITEM, /* 3.8 - 3.11 */
    POOL_IDLE_WHEN_EMPTY, /* 3.12+: when it finds no item */
    POOL_IDLE_RULE_COUNT
};

/* How multiprocessing starts a process by itself (Lib/multiprocessing/context.py). */
enum start_rule {
    START_RULE_FORK,       /* up to 3.7 */
    START_RULE_SPAWN,      /* 3.8 - 3.13: fork, on macOS spawn */
    START_RULE_FORKSERVER, /* 3.14+: forkserver, on macOS spawn */
    START_RULE_COUNT
};

enum gil_kind {
    GIL_NONE,     /* free threading */
    GIL_TICK,     /* 2.7 - 3.1: dropped and taken again every 100 ticks */
    GIL_INTERVAL, /* 3.2 and later: a waiter's patience, then a drop request */
    GIL_KIND_COUNT
};

enum gc_kind {
    GC_GENERATIONAL,  /* up to 3.13, and late 3.14, 3.15 */
    GC_INCREMENTAL,   /* first releases of 3.14 */
    GC_FREE_THREADED, /* not generational; stops the world */
    GC_KIND_COUNT
};

struct runtime {
    char name[32];
    enum gil_kind gil;
    int64_t switch_interval_ns; /* sys.setswitchinterval, 3.2+ */
    int64_t force_switching; /* 1: after a forced drop wait until somebody took the GIL */
    int64_t check_spacing_ns;      /* time between two check points in pure Python */
    int64_t check_every_opcode;    /* 1: check points also in straight-line code */
    int64_t check_after_enter;     /* 1: a check point between __enter__ and the body */
    int64_t lock_kind;             /* enum lock_kind */
    int64_t lock_ns;               /* CPU time of an uncontended acquire() or release() */
    int64_t rlock_ns;              /* ... of an RLock, and of the RLock in a Condition */
    int64_t lock_spins;            /* PyMutex: sched_yield calls before parking */
    int64_t lock_looks;            /* ... after so many it looks; 0: after the last */
    int64_t gil_enabled;           /* free-threaded build: 1 = its GIL is switched on */
    int64_t has_interpreters;      /* interpreters can have a GIL of their own: 3.12+ */
    int64_t interpreter_start_ns;  /* making one, in the thread that will use it */
    int64_t has_interpreter_pool;  /* InterpreterPoolExecutor: 3.14+ */
    int64_t interpreter_import_ns; /* the first call imports the job's module there */
    int64_t interpreter_end_ns;    /* ending one */
    int64_t interpreter_call_ns; /* Python and C of one call into one, besides pickling */
    int64_t has_interpreter_queue; /* concurrent.interpreters.create_queue(): 3.14+ */
    int64_t interpreter_queue_ns;  /* C code of its put() or get(), besides the data */
    int64_t interpreter_queue_miss_ns; /* ... of making QueueEmpty or QueueFull */
    int64_t c_release_bytes;   /* hashlib: smaller buffers are hashed with the GIL */
    int64_t queue_call_ns;     /* bytecode of Queue.put or get besides locks and waits */
    int64_t condition_call_ns; /* ... of one call of Condition, Event, Semaphore ... */
    int64_t local_ref_ns;      /* counting a reference, by the owner or with a GIL */
    int64_t shared_ref_ns;     /* ... by anybody else: an atomic operation */
    int64_t immortal_objects;  /* PEP 683: None and its like are not counted */
    int64_t atomic_refcounts;  /* hypothetical: no GIL, and every count is atomic */
    int64_t counts_per_us;     /* atomic_refcounts: counts in 1 us of bytecode */
    int64_t shared_counts_per_us; /* ... of them on objects that all threads use */
    int64_t brc_merge_ns;         /* merging and freeing an object that was queued */
    int64_t brc_for_detached;     /* 1: who queues for a blocked thread merges for it */
    int64_t gc_enabled;           /* 0: gc.disable() */
    int64_t gc_kind;              /* enum gc_kind */
    int64_t gc_threshold_0;       /* gc.set_threshold() */
    int64_t gc_threshold_1;
    int64_t gc_threshold_2;
    int64_t gc_at_check_point;   /* 1: runs at a check point, 0: inside the allocation */
    int64_t gc_object_ns;        /* looking at one object */
    int64_t gc_start_objects;    /* tracked objects of the interpreter itself */
    int64_t new_object_ns;       /* bytecode of making a container object */
    int64_t free_object_ns;      /* ... of giving it back */
    int64_t critical_section_ns; /* locking, or unlocking, of an object nobody wants */
    int64_t attach_ns;           /* CPU time of an uncontended take_gil or drop_gil */
    int64_t python_cost_ppm;     /* time of pure Python relative to cpython-3.12 */
    int64_t thread_start_ns;     /* Python code of Thread.start() in the parent */
    int64_t thread_bootstrap_ns; /* Python code in the child before the target runs */
    int64_t thread_join_ns;      /* Python code of Thread.join() in the joiner */
    int64_t pool_job_ns;         /* ThreadPoolExecutor: Python per job, worker's side */
    int64_t pool_idle_rule;      /* enum pool_idle_rule */
    int64_t queue_hands_over; /* SimpleQueue, 3.13+: an item goes to a certain waiter */
    int64_t pool_submit_ns;   /* ThreadPoolExecutor: Python of submit(), caller's side */
    int64_t has_barrier;      /* 0: threading.Barrier does not exist in this runtime */
    int64_t has_simple_queue; /* ... queue.SimpleQueue */
    int64_t
        default_pool_per_core; /* workers of a pool that nobody gives a size; 0: as many as
                                    * cores and 4 more, at most 32 */
    int64_t has_thread_pool;   /* ... concurrent.futures.ThreadPoolExecutor */
    int64_t has_asyncio;       /* 0: asyncio does not exist in this runtime */
    int64_t has_task_groups;   /* asyncio.TaskGroup and timeout(): 3.11+ */
    int64_t has_eager_tasks;   /* asyncio.eager_task_factory: 3.12+ */
    int64_t wait_for_rule;     /* enum wait_for_rule */
    int64_t semaphore_rule;    /* enum semaphore_rule */
    int64_t except_catches_cancel; /* CancelledError is an Exception: to 3.7 */
    int64_t group_counts_eager;  /* TaskGroup: an eager end needs no handle: 3.12, 3.13 */
    int64_t group_uncancels;     /* ... takes back what it cancels: 3.13+ */
    int64_t condition_passes_on; /* asyncio.Condition: a cancelled wait notifies: 3.13+ */
    int64_t uvloop;              /* 1: event loops are uvloop's */
    int64_t uvloop_cost_ppm;     /* ... whose own code takes so much of asyncio's time */
    int64_t timer_clean_ns;    /* per timer, when the heap is cleared of cancelled ones */
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
    int64_t
        process_job_ns; /* ProcessPoolExecutor: Python per item, in all four threads */
    int64_t start_rule; /* enum start_rule */
    int64_t has_start_methods; /* 0: processes are started by fork, whatever is asked */
    int64_t pool_starts_on_demand; /* ProcessPoolExecutor without fork, 3.9+ */
    int64_t spawn_start_ns; /* from exec until a new interpreter can be told its work */
    int64_t
        forkserver_start_ns; /* a child of the fork server, besides bootstrap, import */
    int64_t import_ns;       /* importing `__main__`, which a forked child has */
    int64_t pickle_ns;       /* pickle.dumps() of a call or a result, besides bytes */
    int64_t unpickle_ns;     /* ... and loads() */
    int64_t pickle_mb_per_s; /* ... of both, for each byte; 0 = no time */
    int64_t process_bytes;   /* memory of a process with its interpreter and one thread */
    int64_t fork_bytes;      /* ... that a forked child does not share with its parent */
    int64_t interpreter_bytes; /* ... of each interpreter beside the main one */
    int64_t thread_bytes;  /* ... of each further thread: stack, thread state, its heap */
    int64_t asyncio_bytes; /* ... of importing asyncio, once in a process */
    int64_t task_bytes;    /* ... of a suspended task: coroutine, future, timer */
};

/* A free-threaded build, whether or not its GIL has been switched on. */
static inline bool runtime_is_free_threaded(const struct runtime *runtime) {
    return runtime->gil == GIL_NONE || runtime->gil_enabled;
}

#endif
