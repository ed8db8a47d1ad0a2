/* SPDX-License-Identifier: MIT */
/*
 * py_thread - a Python thread: executes the actions of a program, attached to an
 * interpreter.
 *
 *   fetch -> one action -> its phases, each a continuation on a core -> finish -> fetch ...
 *
 * Attached means: holds the GIL, if there is one. Every blocking call detaches, blocks,
 * and attaches again (Py_BEGIN_ALLOW_THREADS). Starting a thread includes the handshake
 * of Lib/threading.py: start() waits until the child, attached, has set its event.
 *
 * Simplified: exceptions do not exist. A process shares nothing with others but pipes
 * (py_pipe.h) and semaphores.
 */
#ifndef ENGINE_PYTHON_PY_THREAD_H
#define ENGINE_PYTHON_PY_THREAD_H

#include "engine/program/action.h"
#include "engine/python/py_queue.h"
#include "engine/python/py_signal.h"
#include "engine/python/world.h"

struct native_team;

/* What ACTION_START makes: a thread, or a process whose main thread runs the program. */
enum process_birth {
    BIRTH_THREAD,
    BIRTH_FORK,
    BIRTH_SPAWN,    /* a new interpreter, which imports `__main__` */
    BIRTH_SERVER,   /* a new interpreter: multiprocessing's fork server */
    BIRTH_BY_SERVER /* forked by that; imports `__main__` */
};

/* What ACTION_START starts; lives in the run's arena. */
struct thread_spec {
    const char *name;
    struct program program;
    enum process_birth birth;
    bool new_interpreter; /* the thread makes an interpreter and runs the program in it */
    int64_t id;           /* set when it has been started: for ACTION_JOIN */
};

/* What a thread in ACTION_POLL waits for: an epoll set. */
struct selector {
    struct py_thread *poller; /* blocked in ACTION_POLL on this, or NULL */
    lane_id lane;             /* of the loop */
    bool ready;               /* something has happened since ACTION_POLL last returned */
    uint64_t bytes;           /* unread in the self-pipe; the owner reads them */
    lane_id woken_by;         /* who ended the present wait of the poller; LANE_NONE */
    /* Peers that are watched and have answers, in the order in which the first of them
     * came: the ready list of epoll (fs/eventpoll.c ep_poll_callback). */
    struct py_peer *first_readable, *last_readable;
    /* ACTION_POLL returns: what is ready now is what it reports, and nothing that happens
     * while its thread waits for the GIL. Called detached; may be NULL. */
    void (*report)(struct selector *selector);
    /* ACTION_WAKE_POLL: call_soon_threadsafe, by the thread with that lane. Called
     * attached, before the byte is sent. */
    void (*deliver)(struct selector *selector, int64_t value, lane_id by);
};

struct py_thread {
    struct gil_client client; /* must be first */
    struct world *world;
    struct process *process;
    struct program program;
    struct action action;
    struct resume resume;
    os_fn after_interpreter; /* in the interpreter that it has gone to */
    struct process *home;    /* its own, while it is in another interpreter */
    os_fn after;             /* after the present stretch of bytecode */
    sim_ns left_ns;          /* of that stretch */
    sim_ns cpu_target_ns;    /* ACTION_COMPUTE_CPU: end on the CPU clock; else -1 */
    bool straight;           /* that stretch has no check points */
    struct unit unit;        /* the present unit of work */
    int64_t id;
    struct py_thread *other;       /* ACTION_START, ACTION_JOIN: the thread in question */
    struct py_thread *next_waiter; /* in a queue's or a thread's list of waiters */
    struct py_thread *joiners;
    struct py_frame
        frame[PY_MAX_FRAMES];      /* calls of the standard library, innermost last */
    uint32_t depth;                /* frames in use */
    struct py_queue_item returned; /* by the outermost of them */
    struct py_lock waiter;         /* Condition.wait(): the lock that notify() releases */
    struct py_thread *next_in_condition;
    struct native_team *team; /* of its C calls with native threads; NULL = none so far */
    int64_t counts_left;      /* ACTION_TOUCH: still to go */
    os_fn after_check;        /* after the present check point */
    os_fn after_gc;           /* after its collection */
    sim_ns gc_began_ns;       /* when that began to hold up the others */
    int64_t gc_buffer;        /* allocations that the collector does not know of */
    int64_t objects_left;     /* ACTION_ALLOCATE: still to be made */
    int64_t objects_now;      /* ... in the present piece */
    int64_t queued_objects;   /* their reference counts wait to be merged by it */
    int64_t bytes_left, bytes_now; /* ACTION_PIPE_WRITE: to go, and in this copy */
    sim_ns piece_ns;               /* length of the last piece of bytecode */
    sim_ns parked_ns;              /* since when it has been waiting for a lock */
    int64_t spins;                 /* still to go before it parks */
    bool parked;                   /* asleep in a PyMutex */
    bool unparked;                 /* its turn came before it was asleep */
    bool handed_over;              /* a PyMutex was given to it while it was parked */
    struct py_signals signals;     /* of the main thread */
    os_fn after_signals;
    bool joining; /* asleep in join() */
    bool is_main; /* its end ends the run */
    bool started; /* the child's half of the handshake is done */
    bool ended;
    bool
        left; /* the interpreter: what others drop of its objects they merge themselves */
    enum process_birth birth;
    bool own_interpreter; /* it makes one once it has been started, and runs in it */
};

/*
 * A new thread of `process`, blocked; NULL when out of memory. It begins with
 * py_thread_begin(), or by ACTION_START of another thread.
 */
struct py_thread *py_thread_create(struct world *world, struct process *process,
                                   const char *name, struct program program);

/* Starts the first thread of the world; its end ends the run. */
void py_thread_begin_main(struct py_thread *thread);

/* The outside world, or another thread, made the selector ready. `by` may be LANE_NONE.
 */
void selector_set_ready(struct selector *selector, lane_id by);

#endif
