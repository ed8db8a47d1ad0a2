/* SPDX-License-Identifier: MIT */
/*
 * lane - the rows of a timeline and the words for what happens on them.
 *
 * A lane is a core, a process, a GIL (one per interpreter), a thread, an event loop, a
 * task or a lock. At any instant of its life a lane is in exactly one state; a *span* is
 * the time between two changes of state. The numbers of states and instants are stored:
 * append only, never renumber.
 *
 * A span of waiting tells its cause:
 *
 *   resource  what is waited for: the lane of the GIL, the lock, the object, the event loop,
 *             the thread whose end or answer is awaited, which works on the result, or which
 *             has a share of a C call, or what a loop polls that sleeps between its looks;
 *             none for a core (any will do), another timer, the outside world, the queue of a
 *             pool's idle workers, a Future's lock, and its result as long as no worker has
 *             taken the item
 *   by        who ended the wait: the lane of the thread or task that released, woke, put,
 *             set, or left the core; none for timers and the outside world. It is on the
 *             span that ended, not on the one that follows
 *   site      the step of the program that waits
 *
 * `wait_gil` and `wait_lock` are whole waits: a woken thread that has to return from its
 * futex, look, and go back to sleep shows one span throughout (the mask of engine/os/cpu.h),
 * although it is on a core for so long. The core time of a thread is therefore
 *
 *     running + running_c + detached + spin + what cores ran of it within wait_gil, wait_lock
 *
 * and the core lanes have it whole. Every such look takes one return from a futex
 * (futex_wait_us of the machine), and for a lock perhaps attempts to sleep that fail
 * (futex_empty_us each).
 *
 * A *flow* is the arrow that `by` stands for (engine/analysis/flow.h); *blame* lays the
 * lane of the resource's holders over a wait (engine/analysis/blame.h). Neither is
 * stored.
 *
 * A *counter* is a number of a lane over time: it is 0 when the lane is born and after its
 * end, and has a *sample* wherever it changes - the value at the end of that nanosecond,
 * when that is another than before.
 */
#ifndef ENGINE_RECORD_LANE_H
#define ENGINE_RECORD_LANE_H

#include "engine/base/time.h"

#include <stddef.h>
#include <stdint.h>

typedef int32_t lane_id; /* 0, 1, 2 ... in order of birth within a run */
#define LANE_NONE ((lane_id)-1)

typedef int32_t site_id; /* index into the plan's site table: where in the document */
#define SITE_NONE ((site_id)-1)

enum lane_kind {
    LANE_CORE,
    LANE_PROCESS,
    LANE_GIL,
    LANE_THREAD,
    LANE_LOOP,
    LANE_TASK,
    LANE_LOCK,
    LANE_KIND_COUNT
};

enum lane_state {
    STATE_RUNNING,   /* thread: attached, executes Python; core: runs a thread; task: runs
                      */
    STATE_RUNNING_C, /* thread: attached, inside a C call that holds the GIL */
    STATE_DETACHED,  /* thread: on a core without the GIL */
    STATE_WAIT_GIL,  /* thread: waits for the GIL, with its looks at it (above) */
    STATE_FORCED_WAIT, /* thread: gave the GIL up on request, waits until somebody took it
                        */
    STATE_READY,       /* thread: wants a core; task: its step is in the ready queue */
    STATE_IO,          /* thread: blocked in a system call */
    STATE_SLEEP,       /* thread: blocked in a timed sleep, perhaps between two looks */
    STATE_WAIT_LOCK,   /* thread: waits for a lock, with its looks at it (above) */
    STATE_WAIT_OBJECT, /* thread: waits for a queue, an event, the end of a thread */
    STATE_SPIN,        /* thread: spins on a core for a lock */
    STATE_PAUSED, /* thread: waits for the end of a stop-the-world pause; process: such a
                        * pause, resource = the thread that asked for it */
    STATE_IDLE,   /* core: nothing to run; thread: pool worker without work */
    STATE_AWAIT_IO,     /* task */
    STATE_AWAIT_TIMER,  /* task */
    STATE_AWAIT_FUTURE, /* task */
    STATE_AWAIT_LOCK,   /* task */
    STATE_POLL,         /* loop: inside the selector */
    STATE_CALLBACK, /* loop: runs a handle; resource = the task, if it is a task's step */
    STATE_SWITCH,   /* core: wakes up for, or switches to, a thread */
    STATE_HELD,     /* GIL: resource = lane of the holder */
    STATE_FREE,     /* GIL: nobody holds it */
    STATE_ALIVE,    /* process */
    STATE_THROTTLED, /* core: the CPU quota of the period is used up; resource = its thread
                      */
    STATE_COUNT
};

enum instant_kind {
    INSTANT_DROP_REQUEST, /* GIL: a waiter timed out and asks the holder to give it up */
    INSTANT_FORCED_DROP,  /* GIL: the holder gave it up on request */
    INSTANT_VOLUNTARY_DROP, /* GIL: given up around a blocking call */
    INSTANT_FALSE_WAKEUP,   /* GIL: a waiter was signalled and came too late */
    INSTANT_LATE_TIMER,     /* loop: a timer ran more than 1 ms after it was due */
    INSTANT_SLOW_CALLBACK,  /* loop: a callback of 100 ms or more has ended, by a task */
    INSTANT_COUNT
};

/* What is counted, and on which lanes. The first three are numbers of spans: what the lanes
 * that are counted show, wherever they are in truth (see `wait_gil` above). */
enum counter_kind {
    COUNTER_READY_THREADS, /* process: its threads in `ready`, which want a core */
    COUNTER_GIL_WAITERS,   /* GIL: threads in `wait_gil` for it */
    COUNTER_LOCK_WAITERS, /* lock: threads in `wait_lock` and `spin`, tasks in `await_lock`
                            * for it */
    COUNTER_QUEUE_ITEMS,  /* lock, of a queue: qsize(), items */
    COUNTER_WORK_ITEMS, /* process, or loop for its default executor: _work_queue.qsize()
                            * of the ThreadPoolExecutor, with the None that ends it;
                            * _work_ids.qsize() of the ProcessPoolExecutor */
    COUNTER_READY_HANDLES, /* loop: len(loop._ready), in every iteration where it polls and
                            * where it begins to run them */
    COUNTER_JOBS_IN_SYSTEM, /* process, the first one: jobs that have arrived and not ended,
                            * whoever runs them; a closed batch is there from the start */
    COUNTER_PENDING_CALLS, /* process: len(_pending_work_items) of its ProcessPoolExecutor:
                            * submitted, without a result yet */
    COUNTER_CALL_ITEMS, /* process: calls in its _call_queue, max_workers + 1 at most: put
                            * by the manager thread and not read by a worker */
    COUNTER_RESULT_ITEMS, /* process: items in its _result_queue, from the first byte that
                            * a worker writes until the manager thread has read the last */
    COUNTER_SCHEDULED_TIMERS, /* loop: len(loop._scheduled), with the cancelled ones that
                               * are still there, where COUNTER_READY_HANDLES is counted */
    COUNTER_COUNT
};

struct lane {
    lane_id id;
    lane_id parent; /* thread -> process, GIL -> process, loop -> thread, task -> loop */
    enum lane_kind kind;
    sim_ns born_ns;
    char name[48]; /* UTF-8, NUL-terminated, from the document: may contain anything */
};

/* "core", "process" ... the words of the API. */
const char *lane_kind_name(enum lane_kind kind);
/* "running", "wait_gil" ... */
const char *lane_state_name(enum lane_state state);
/* "drop_request" ... */
const char *instant_kind_name(enum instant_kind kind);
/* "ready_threads" ... */
const char *counter_kind_name(enum counter_kind kind);

#endif
