/* SPDX-License-Identifier: MIT */
/*
 * action - what a program asks for next, and how the last thing it asked for ended.
 *
 * Programs are pulled: the scheduler says how the last action ended and gets exactly one
 * action. Whatever another actor could observe is an action of its own, executed by the
 * scheduler at its virtual time. Between two such actions lies *compute*, which the
 * scheduler may cut at a check point. A program changes nothing but its own state, draws
 * only from its own stream of random numbers and never runs ahead of what it was told.
 *
 * Who executes what:
 *
 *   a thread (python/py_thread.c)   everything from ACTION_EXIT to ACTION_WAKE_POLL
 *   an event loop (aio/loop.c)      is itself a program of its thread: it passes the actions
 *                                   of its tasks on to the thread, except those from
 *                                   ACTION_AWAIT_IO on
 *
 * An action of a task that ends with RESUME_CANCELLED or RESUME_RAISED has raised at this
 * place: the program cleans up with ordinary actions, and ends with ACTION_RAISE unless it
 * catches the exception.
 */
#ifndef ENGINE_PROGRAM_ACTION_H
#define ENGINE_PROGRAM_ACTION_H

#include "engine/base/time.h"
#include "engine/record/lane.h"

#include <stdbool.h>

struct program;

enum action_kind {
    ACTION_EXIT,    /* the thread or task ends */
    ACTION_COMPUTE, /* bytecode for `ns`; cut at check points. `value` 1: straight-line
                     * code, which has check points only up to 3.9 */
    ACTION_COMPUTE_CPU, /* bytecode until the thread's CPU clock has advanced by `ns` */
    ACTION_C_HELD, /* C code for `ns` with the GIL; `value` -1: a part of a call, no check
                         * point follows */
    ACTION_C_RELEASED, /* C code for `ns` on a core, detached */
                       /* (both: `value` native threads share it when above 1) */
    ACTION_IO,         /* a blocking call; the outside world answers after `ns`, or, with
                         * `value` 1, at the time `ns`, which may be past */
    ACTION_SLEEP,      /* time.sleep(ns); `object`: what it polls in this way, or NULL */
    ACTION_UNIT_BEGIN, /* a unit of work (a job, a cycle) begins here; `value` 1: it
                         * arrived at the time `ns` */
    ACTION_UNIT_END,   /* ... and ends: its latency is counted */
    ACTION_START,      /* starts the thread or process `object`; resume.value = its id */
    ACTION_JOIN,       /* waits for the end of the thread or process with id `value` */
    ACTION_SUBMIT,     /* puts work item `value` into pool `object`; may start a worker */
    ACTION_SET_RESULT, /* a worker has the result of Future `object` */
    ACTION_RESULT,     /* waits until Future `object` has its result */
    ACTION_PUT,        /* puts `value` into queue `object` */
    ACTION_TAKE,    /* takes from queue `object`, waits while it is empty; `value`: enum
                     * pool_taker, who takes */
    ACTION_ACQUIRE, /* takes lock `object`, waits while it is taken; `value` 1: no check
                     * point follows (`with` in 3.10 - 3.13) */
    ACTION_RELEASE, /* gives lock `object` back; never waits */
    ACTION_LOAD,    /* reads counter `object` */
    ACTION_STORE,   /* writes `value` to counter `object` */
    ACTION_REFER,   /* counts a reference to counter `object`, which a store drops */
    /* Functions of threading.py and queue.py, on the plan's object `object`: */
    ACTION_SEMAPHORE_ACQUIRE,
    ACTION_SEMAPHORE_RELEASE,
    ACTION_CONDITION_ENTER, /* `with`; acquire() and release() are those of its lock */
    ACTION_CONDITION_EXIT,
    ACTION_CONDITION_WAIT,
    ACTION_CONDITION_NOTIFY, /* `value` waiters; INT64_MAX: all */
    ACTION_EVENT_WAIT,
    ACTION_EVENT_SET,
    ACTION_EVENT_CLEAR,
    ACTION_EVENT_IS_SET, /* resume.value = 1 when it is set; never waits */
    ACTION_BARRIER_WAIT,
    ACTION_QUEUE_PUT,       /* of `value` */
    ACTION_QUEUE_GET,       /* resume.value = what was taken */
    ACTION_INTERPRETER_PUT, /* of `value` bytes into an interpreter queue; `ns` 1: they are
                             * pickled */
    ACTION_INTERPRETER_GET, /* resume.value = how many bytes were taken */
    ACTION_TOUCH,           /* takes and drops `value` references to `object` */
    ACTION_USE,         /* operation `value` (enum container_op) on container `object`, in
                       * `ns` */
    ACTION_SEND,        /* to the peer `object`; `ns` in the system call, detached */
    ACTION_RECV,        /* waits for an answer */
    ACTION_INTERPRETER, /* `value` (enum interpreter_op) with interpreter `object` */
    ACTION_PIPE_WRITE,  /* os.write() of `value` bytes to the pipe `object` */
    ACTION_PIPE_READ,   /* os.read() of at most `value` bytes; resume.value = how many */
    ACTION_PIPE_WAIT, /* poll() of the pipe set `object`; `ns` 0: looks and returns, else
                       * waits */
    ACTION_ALLOCATE,  /* `value` container objects more, or fewer if below 0 */
    ACTION_POLL, /* waits on the thread's selector for at most `ns`; SIM_NEVER = for ever
                  */
    ACTION_WAKE_POLL, /* makes selector `object` ready: the byte on a self-pipe */
    /* only tasks: */
    ACTION_AWAIT_IO,     /* suspends until the outside world answers, after `ns`; or, with
                          * `value` 1, at the time `ns`: not at all when that is past */
    ACTION_AWAIT_SLEEP,  /* suspends in asyncio.sleep(ns) */
    ACTION_AWAIT_THREAD, /* runs program `object` in the loop's executor */
    ACTION_AWAIT_READ, /* StreamReader.read() from peer `object`: suspends unless the loop
                          * has received something */
    ACTION_AWAIT_RECV, /* loop.sock_recv() from peer `object` */
    /* Functions of asyncio/locks.py and queues.py, on object `value` of the plan; one past
     * them: the semaphore of the loop's strategy. */
    ACTION_ASYNC_ACQUIRE, /* Lock, Semaphore, Condition */
    ACTION_ASYNC_RELEASE, /* never suspends */
    ACTION_ASYNC_WAIT,    /* Event, Condition */
    ACTION_ASYNC_NOTIFY,  /* Condition; `ns` waiters, INT64_MAX: all */
    ACTION_ASYNC_SET,
    ACTION_ASYNC_CLEAR,
    ACTION_ASYNC_IS_SET, /* resume.value */
    ACTION_ASYNC_PUT,
    ACTION_ASYNC_GET,
    /* Tasks that tasks start. `object`: struct spawn_request. */
    ACTION_SPAWN,         /* create_task(): lives by itself, under the request's name */
    ACTION_JOIN_TASKS,    /* suspends until all of that name have ended */
    ACTION_CANCEL,        /* cancels all of that name */
    ACTION_GROUP_ENTER,   /* gather() or TaskGroup: `value`, enum group_kind */
    ACTION_GROUP_ADD,     /* create_task() for the innermost of them */
    ACTION_GROUP_WAIT,    /* suspends until its tasks have ended, and leaves it */
    ACTION_WAIT_FOR,      /* wait_for() of a task of its own (up to 3.11), at most `ns` */
    ACTION_TIMEOUT_ENTER, /* async with timeout(ns) */
    ACTION_TIMEOUT_EXIT, /* ... left with `value`, enum resume_status; TIMED_OUT when that
                           * was its own cancellation */
    ACTION_RAISE,        /* ends the task with an exception: `value` RESUME_RAISED, with
                           * its name in `object`, or RESUME_CANCELLED */
    ACTION_KIND_COUNT
};

struct action {
    enum action_kind kind;
    site_id site; /* where in the document, or SITE_NONE */
    sim_ns ns;    /* >= 0 */
    int64_t value;
    void *object; /* borrowed; lives as long as the run */
};

enum resume_status {
    RESUME_START,     /* first call: nothing has been asked yet */
    RESUME_DONE,      /* the action ended as it should */
    RESUME_TIMED_OUT, /* ACTION_POLL: nothing came; a time-out's own TimeoutError */
    RESUME_RAISED,    /* an exception was raised where it waited */
    RESUME_CANCELLED  /* CancelledError was raised where it waited */
};

enum group_kind {
    GROUP_GATHER,     /* the first exception ends the wait, the others go on */
    GROUP_TASK_GROUP, /* the first exception cancels the others; they are waited for */
    GROUP_WAIT_FOR,   /* one task; how it ends, wait_for() ends */
    GROUP_JOIN        /* only waits */
};

struct resume {
    enum resume_status status;
    int64_t value; /* at RESUME_START: the lane that runs the program; of ACTION_START:
                    * the id of what was started; of ACTION_TAKE: what was taken; of
                    * ACTION_LOAD: what was read */
    const char *exception; /* RESUME_RAISED: its name; lives as long as the run */
};

static inline bool resume_has_raised(const struct resume *resume) {
    return resume->status == RESUME_RAISED || resume->status == RESUME_CANCELLED;
}

/* `next` writes exactly one action. State is of fixed size and lives in the run's arena.
 * It holds no pointer into itself, so that copying `state_size` bytes clones it - except
 * where a program owns others: an event loop, and a step list with to_thread. */
struct program_ops {
    void (*next)(void *state, const struct resume *resume, struct action *action);
    size_t state_size;
};

struct program {
    const struct program_ops *ops;
    void *state;
};

static inline void program_next(struct program *program, const struct resume *resume,
                                struct action *action) {
    *action = (struct action){.kind = ACTION_EXIT, .site = SITE_NONE};
    program->ops->next(program->state, resume, action);
}

#endif
