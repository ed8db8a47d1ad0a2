/* SPDX-License-Identifier: MIT */
/*
 * aio_priv - what the files that make up an event loop share.
 *
 *   loop.c      _run_once, the ready queue, timers, select(), beginning and end
 *   task.c      a task's step, its cancellation and its end; futures
 *   waits.c     await of the outside world, of a timer, of an executor
 *   stream.c    sockets: transports, sock_recv()
 *   sync.c      Lock, Semaphore, Event, Condition, Queue
 *   group.c     tasks that tasks start: gather(), TaskGroup, create_task()
 *   timeouts.c  timeout(), wait_for()
 *   executor.c  the calls of run_in_executor(); thread_executor.c: the default executor
 *
 * What a task asks for and the loop performs is a *call*: a function with a line to go on
 * at, as in engine/python/py_call_priv.h. It ends at once, needs bytecode on the loop's
 * thread first, or suspends the task.
 *
 *   program_next() -> action -> call.function() --AIO_ACT--> the thread acts -> again
 *         ^                          |    |
 *         +--------AIO_DONE----------+    +--AIO_SUSPENDED--> the next handle
 *
 * An eager task takes its first step within the call that makes it.
 *
 * Everything lives in the world's arena. Futures, groups and tasks that have ended are kept
 * in free lists of their loop.
 */
#ifndef ENGINE_AIO_AIO_PRIV_H
#define ENGINE_AIO_AIO_PRIV_H

#include "engine/aio/loop.h"
#include "engine/program/step_list.h"
#include "engine/python/unit.h"

struct aio_task;
struct aio_group;
struct aio_spawned;
struct aio_executor;
struct aio_thread_executor;

/* --- handles ------------------------------------------------------------------- */

enum aio_handle_kind {
    HANDLE_STEP,      /* Task.__step or __wakeup */
    HANDLE_RESULT,    /* future.set_result: the task's step follows */
    HANDLE_TIMER,     /* the same, from a timer of asyncio.sleep() */
    HANDLE_TIMEOUT,   /* Timeout._on_timeout, or the timer of wait_for() */
    HANDLE_DONE,      /* the done callback of a task that has ended: of gather() ... */
    HANDLE_ENDED,     /* ... of the main coroutine's gather(): the task's own handle */
    HANDLE_READ,      /* a socket is readable: _read_ready */
    HANDLE_SELF_PIPE, /* _read_from_self */
    HANDLE_MAIN,      /* the main coroutine goes on after gather */
    HANDLE_STOP, /* it has ended: this iteration is the last of run_until_complete() */
    HANDLE_KIND_COUNT
};

struct aio_handle {
    struct aio_handle *next;
    lane_id lane; /* a step: the task's; a result: who sets it; DONE: whose end it is */
    uint8_t kind; /* enum aio_handle_kind */
    uint8_t
        status; /* enum resume_status: what the step is told, how the task has ended */
};
static_assert(sizeof(struct aio_handle) == 16, "a quarter of a cache line");

/* --- futures ------------------------------------------------------------------- */

struct aio_deque {
    struct aio_future *first, *last;
};

/*
 * A Future with the one task that awaits it, and the timer, file descriptor or thread that
 * will set its result. It is free again when both have let go of it.
 */
struct aio_future {
    struct aio_handle handle; /* must be first: set_result, from a handle of its own */
    struct event event;       /* I/O: of the simulation; timers: in loop->timers */
    struct aio_loop *loop;
    struct aio_task *waiter; /* NULL: done, or cancelled, or the timer of wait_for() */
    union {
        struct {
            struct aio_future *next, *previous; /* in a deque, or free */
            struct aio_deque *deque;            /* NULL = in none */
        };
        struct { /* of a timer, which is in no deque */
            sim_ns due_ns;
            union {
                struct aio_future *outer; /* timeout(): the one around it */
                struct aio_group *group;  /* wait_for(): who is told, or NULL */
            };
        };
    };
    uint32_t cancelling; /* time-outs: cancellations of the task when it was entered */
    uint8_t users;
    bool done;      /* the result was set before it was cancelled */
    bool cancelled; /* a timer: its handle; it stays in the heap */
    bool expired;   /* a time-out that has cancelled its task */
};
static_assert(sizeof(struct aio_future) == 80, "one for each task that waits");

#define FUTURE_OF(pointer, member)                                                       \
    ((struct aio_future *)(void *)((char *)(pointer)-offsetof(struct aio_future, member)))

/* --- calls --------------------------------------------------------------------- */

enum aio_progress {
    AIO_DONE,      /* loop->told says how */
    AIO_ACT,       /* the action is for the thread */
    AIO_SUSPENDED, /* the task's step is over */
    AIO_EAGER,     /* the first step of loop->made comes first; then again */
};

typedef enum aio_progress (*aio_function)(struct aio_task *task,
                                          const struct resume *resume,
                                          struct action *action);

/* The one in progress: what was asked for, and how far it has come. */
struct aio_call {
    union {
        void *object;            /* of the action; later, in calls that wait for them: */
        struct aio_group *group; /* ... tasks */
        uint32_t number;         /* ... an executor, which has given it */
        const char *exception;   /* with which the task has ended */
    };
    sim_ns ns; /* of the action, like these: */
    site_id site;
    uint32_t value; /* tasks ask with small ones only */
    uint8_t kind;   /* enum action_kind; ACTION_EXIT = there is none */
    uint8_t line;
    bool cancelled; /* a cancellation is to be raised at its end */
};
static_assert(ACTION_EXIT == 0 && ACTION_KIND_COUNT <= UINT8_MAX,
              "zeros are no call; the others have a byte");

/* --- tasks --------------------------------------------------------------------- */

/* asyncio.Lock and its kin; each loop has its own. */
struct aio_object {
    enum object_kind kind;
    int64_t size;             /* of a queue; 0 = without bound */
    int64_t value;            /* permits left; items; 1 = locked, or set */
    struct aio_deque waiters; /* of a queue: getters; of a Condition: of its lock */
    struct aio_deque putters; /* of a queue; of a Condition: who waits for notify() */
    bool scheduled;           /* SEMAPHORE_SCHEDULES: _wakeup_scheduled */
    lane_id lane;             /* LANE_NONE: not shown */
};

/* Spawned tasks that belong together, the first one first. */
struct aio_siblings {
    struct aio_spawned *first, *last;
};

/* Some tasks that somebody waits for. It is free again when the last of them has ended and
 * nobody will ask any more. */
struct aio_group {
    enum group_kind kind;
    uint32_t left; /* tasks whose end has not been told */
    struct aio_loop *loop;
    struct aio_future *future;   /* of who waits; NULL = nobody (yet, or any more) */
    struct aio_future *timer;    /* of wait_for() */
    struct aio_task *owner;      /* TaskGroup: who has entered it */
    struct aio_group *outer;     /* that of the same task around it; or free */
    struct aio_siblings members; /* cancelled with it, not ended */
    struct resume ended; /* the first end that counts, an exception; or RESUME_START */
    bool cancelled;      /* gather() itself was */
    bool timed_out;      /* wait_for(): its timer was first */
    bool aborting;       /* TaskGroup: its tasks have been cancelled */
    bool cancels_owner;  /* ... and its owner, by itself */
    bool left_alone;     /* who made it does not ask any more */
};

/* A done callback. */
struct aio_watch {
    struct aio_handle handle; /* must be first; `next` also of the same task, or free */
    struct aio_group *group;
    const char *exception; /* with which the task has ended */
};
static_assert(sizeof(struct aio_watch) == 32, "one for each task that is waited for");

/* What a step reads and writes comes first. */
struct aio_task {
    struct aio_handle step; /* must be first */
    struct program program;
    struct aio_call call;
    struct aio_loop *loop;
    union {
        const char *name;          /* until it is made */
        struct aio_future *future; /* that its call waits for, or has waited for */
    };
    uint32_t cancelling; /* num_cancels_requested */
    bool must_cancel;    /* CancelledError is to be raised in its next step */
    bool gathered;       /* by the main coroutine */
    bool spawned;        /* the first member of a struct aio_spawned */
    bool ended;
    struct unit unit;             /* the present unit of work */
    struct aio_watch *last_watch; /* a ring; NULL = none */
    struct aio_future *timeout;   /* the innermost that it is in */
    struct aio_group *group;      /* the innermost that it has entered */
};
static_assert(offsetof(struct aio_task, loop) == 64 && sizeof(struct aio_task) == 128,
              "two cache lines, and a step without waits needs little of the second");

/* One that a task has made, used again when it has ended. */
struct aio_spawned {
    struct aio_task task;        /* must be first */
    struct aio_group *member_of; /* that cancels it; NULL = none */
    struct aio_siblings *among;  /* members of the same group, or tasks under one name */
    struct aio_spawned *next_sibling, *previous_sibling;
    struct aio_spawned *next_alive, *previous_alive; /* of the loop; or free */
    struct aio_task *outer; /* around loop->outer, while it takes its first step: eager */
    struct step_list *list; /* kept when it is free */
};
static_assert(sizeof(struct aio_spawned) == 192, "three cache lines");

static inline struct aio_spawned *aio_spawned_of(struct aio_task *task) {
    return (struct aio_spawned *)(void *)task;
}

/* Our end of the socket pair of a peer, watched by a loop. */
struct aio_stream {
    struct aio_handle handle; /* must be first */
    struct aio_loop *loop;
    struct py_peer *peer;
    struct aio_stream *next;   /* of the loop */
    struct aio_future *reader; /* who waits, or NULL */
    uint64_t buffered;         /* messages in the StreamReader */
    bool reported;             /* the last select found it readable */
};

/* --- the loop ------------------------------------------------------------------ */

struct aio_queue {
    struct aio_handle *first, *last;
    uint64_t count;
};

/* What the loop does next, when its thread asks. True = `action` is filled in. */
typedef bool (*aio_phase)(struct aio_loop *loop, const struct resume *resume,
                          struct action *action);

struct aio_loop {
    struct selector selector; /* must be first */
    struct world *world;
    aio_phase phase;
    struct aio_queue ready;
    uint64_t todo;
    struct aio_handle *current; /* being run */
    sim_ns current_began_ns;
    struct aio_task *running; /* whose step it is */
    struct aio_task *outer;   /* in whose step that takes its first one, or NULL */
    lane_id stepped;          /* the task whose step `current` is, or LANE_NONE */
    struct resume told;       /* to it: how its last action, call or wait has ended */
    sim_ns handle_ns[HANDLE_KIND_COUNT]; /* prices */
    sim_ns least_timer_ns;               /* a shorter sleep() has no timer */
    struct aio_handle main, self_pipe;
    struct aio_deque answered; /* I/O that has completed and was not reported yet */
    struct aio_deque reported; /* ... that the last select reported */
    bool pipe_reported;        /* the self-pipe was readable when it returned */
    struct aio_stream *streams;
    struct event_queue timers; /* call_at's heap, by time, then in order of calls */
    size_t timers_cancelled;
    struct aio_future *free_futures;
    size_t futures_made;
    struct aio_group *free_groups;
    struct aio_handle *free_watches;
    struct aio_object *objects;  /* as plan->objects, and the strategy's semaphore */
    struct aio_group everything; /* what the main coroutine gathers; when it has ended,
                                  * what asyncio.run() does */
    site_id raised_at;           /* everything.ended: where */
    struct aio_task *tasks;      /* at the start */
    uint32_t task_count, task_capacity, tasks_created;
    uint32_t alive; /* tasks that have not ended, these and those: */
    struct aio_spawned *spawned, *free_spawned;
    /* What the last create_task() has made: */
    struct aio_spawned *made; /* NULL: it has ended in its first step, */
    struct resume made_ended; /* like that */
    lane_id made_lane;
    struct aio_siblings *named; /* by index of plan->names */
    /* The one that was given, or else the default executor, made by the first to_thread;
     * NULL so far. */
    struct aio_executor *executor;
    struct aio_thread_executor *default_executor;
    uint32_t executor_workers; /* of the default executor; 0 = the default */
    uint32_t joined;
    sim_ns cached_now; /* uvloop: uv_now(), whole milliseconds */
    bool polled;       /* uvloop: the GIL has been taken after the poll, and not since */
    bool eager;        /* eager_task_factory */
    bool main_woken;   /* the main coroutine's gather() is over */
    bool stopping;     /* it has ended */
    bool finished;     /* and so have all tasks that are waited for */
    bool closing;      /* what is left has been cancelled */
    uint8_t rest;      /* ... and has ended: iterations that are still to come */
};

static inline struct sim *aio_sim(const struct aio_loop *loop) {
    return &loop->world->sim;
}

static inline sim_ns aio_now(const struct aio_loop *loop) { return aio_sim(loop)->now; }

static inline const struct runtime *aio_runtime(const struct aio_loop *loop) {
    return &loop->world->plan->runtime;
}

/* What the loop's own code takes: of uvloop a share of what it takes in Python. */
static inline sim_ns aio_loop_cost(const struct aio_loop *loop, sim_ns ns) {
    const struct runtime *runtime = aio_runtime(loop);
    return runtime->uvloop ? ns * runtime->uvloop_cost_ppm / 1000000 : ns;
}

/* --- loop.c -------------------------------------------------------------------- */

/* What the loop does: with STATE_CALLBACK, whose step it is, or LANE_NONE. */
void aio_loop_show(struct aio_loop *loop, enum lane_state state, lane_id task);

/* call_soon() */
void aio_call_soon(struct aio_loop *loop, struct aio_handle *handle,
                   enum aio_handle_kind kind);

/* call_at(): a handle of that kind; the heap becomes a user of the future. */
void aio_call_at(struct aio_future *future, enum aio_handle_kind kind, sim_ns due);

/* When a timer that is set now for `ns` is due. */
sim_ns aio_timer_due(const struct aio_loop *loop, sim_ns ns);

/* TimerHandle.cancel(): it stays in the heap until it is found there. */
void aio_cancel_timer(struct aio_future *future);

/* Phases: the next handle of this iteration, and the next task of the main coroutine. */
bool aio_run_handles(struct aio_loop *loop, const struct resume *resume,
                     struct action *action);
bool aio_create_tasks(struct aio_loop *loop, const struct resume *resume,
                      struct action *action);

/* Bytecode of the loop's thread. */
static inline bool aio_compute(struct action *action, sim_ns ns) {
    action->kind = ACTION_COMPUTE;
    action->ns = ns;
    return true;
}

/* --- task.c -------------------------------------------------------------------- */

void aio_task_show(struct aio_task *task, enum lane_state state, site_id site,
                   lane_id by);

/* Begins a step: that a handle has asked for, or the first one of an eager task. */
void aio_task_begin_step(struct aio_task *task);

/* On with the step of loop->running, which has been begun; false when it is over. */
bool aio_task_run(struct aio_loop *loop, struct action *action);

/* A task that is ready for its first step; its program is there. False when out of memory.
 */
bool aio_task_start(struct aio_task *task, const char *name);

/* `by` is the task whose doing it is; LANE_NONE: a timer's, or the loop's. */
void aio_task_cancel(struct aio_task *task, lane_id by);

/* Task.uncancel() */
void aio_task_uncancel(struct aio_task *task);

/* Cancels what the task waits for; false when it waits for nothing that can be. */
bool aio_task_cancel_wait(struct aio_task *task, lane_id by);

/* Tasks that have not ended, the newest first, from {loop->spawned, loop->tasks_created};
 * NULL at the end. */
struct aio_alive {
    struct aio_spawned *spawned;
    uint32_t at_start;
};
struct aio_task *aio_alive_next(const struct aio_loop *loop, struct aio_alive *at);

/* "Task was destroyed but it is pending!": its loop is closed. */
void aio_task_abandon(struct aio_task *task);

/* A future, with the task waiting for it in that state; NULL, and the run ends, when out of
 * memory. `deque` may be NULL. */
struct aio_future *aio_suspend(struct aio_task *task, enum lane_state state,
                               struct aio_deque *deque);

/* One that nobody waits for. */
struct aio_future *aio_future_make(struct aio_loop *loop);
void aio_future_release(struct aio_future *future);

/* The wait of the task's call is over, and its future let go. */
void aio_task_let_go(struct aio_task *task);

/* set_result(), unless it is cancelled: the task's next step is ready; `by` made it so. */
void aio_future_set(struct aio_future *future, enum resume_status status, lane_id by);

void aio_deque_append(struct aio_deque *deque, struct aio_future *future);
void aio_deque_remove(struct aio_future *future);

/* How a call ends. */
static inline enum aio_progress aio_ends(struct aio_task *task, struct resume with) {
    task->loop->told = with;
    return AIO_DONE;
}

static inline enum aio_progress aio_done(struct aio_task *task) {
    return aio_ends(task, (struct resume){.status = RESUME_DONE});
}

static inline enum aio_progress aio_cancelled(struct aio_task *task) {
    return aio_ends(task, (struct resume){.status = RESUME_CANCELLED});
}

static inline enum aio_progress aio_raised(struct aio_task *task, const char *exception) {
    return aio_ends(task,
                    (struct resume){.status = RESUME_RAISED, .exception = exception});
}

/* Bytecode of asyncio, in opcodes that take as long as those of queue.py. */
sim_ns aio_opcodes_ns(const struct aio_loop *loop, int opcodes);
enum aio_progress aio_pay(struct aio_task *task, int opcodes, struct action *action);

/* --- the calls ----------------------------------------------------------------- */

/* waits.c */
/* The task is done with the outside world, whose answer comes to nobody. */
void aio_forget_io(struct aio_task *task);
enum aio_progress aio_await_io(struct aio_task *task, const struct resume *resume,
                               struct action *action);
enum aio_progress aio_await_sleep(struct aio_task *task, const struct resume *resume,
                                  struct action *action);
enum aio_progress aio_await_thread(struct aio_task *task, const struct resume *resume,
                                   struct action *action);

/* stream.c */
enum aio_progress aio_send(struct aio_task *task, const struct resume *resume,
                           struct action *action);
enum aio_progress aio_await_read(struct aio_task *task, const struct resume *resume,
                                 struct action *action);
enum aio_progress aio_await_recv(struct aio_task *task, const struct resume *resume,
                                 struct action *action);
/* Connections are made before the tasks run: streams that some step reads from are watched
 * by the first loop that begins. */
void aio_streams_open(struct aio_loop *loop);
/* select() returns: which of them it reports. */
void aio_streams_report(struct aio_loop *loop);
/* ... and their handles become ready. */
void aio_streams_collect(struct aio_loop *loop);
/* Runs such a handle: true when `action` is to be done. The phase is aio_run_handles, or
 * what comes after that action. */
bool aio_stream_read_ready(struct aio_stream *stream, struct action *action);

/* sync.c */
enum aio_progress aio_acquire(struct aio_task *task, const struct resume *resume,
                              struct action *action);
enum aio_progress aio_release(struct aio_task *task, const struct resume *resume,
                              struct action *action);
enum aio_progress aio_wait(struct aio_task *task, const struct resume *resume,
                           struct action *action);
enum aio_progress aio_notify(struct aio_task *task, const struct resume *resume,
                             struct action *action);
enum aio_progress aio_set(struct aio_task *task, const struct resume *resume,
                          struct action *action);
enum aio_progress aio_clear(struct aio_task *task, const struct resume *resume,
                            struct action *action);
enum aio_progress aio_is_set(struct aio_task *task, const struct resume *resume,
                             struct action *action);
enum aio_progress aio_put(struct aio_task *task, const struct resume *resume,
                          struct action *action);
enum aio_progress aio_get(struct aio_task *task, const struct resume *resume,
                          struct action *action);
/* Makes loop->objects; the strategy's semaphore has `permits`. */
int aio_objects_create(struct aio_loop *loop, uint32_t permits) WARN_UNUSED;
/* Opens their lanes, once the loop has one. */
void aio_objects_show(struct aio_loop *loop);

/* group.c */
enum aio_progress aio_spawn(struct aio_task *task, const struct resume *resume,
                            struct action *action);
enum aio_progress aio_join_tasks(struct aio_task *task, const struct resume *resume,
                                 struct action *action);
enum aio_progress aio_cancel_tasks(struct aio_task *task, const struct resume *resume,
                                   struct action *action);
enum aio_progress aio_group_enter(struct aio_task *task, const struct resume *resume,
                                  struct action *action);
enum aio_progress aio_group_add(struct aio_task *task, const struct resume *resume,
                                struct action *action);
enum aio_progress aio_group_wait(struct aio_task *task, const struct resume *resume,
                                 struct action *action);
/* The end of `task` is to be told to the group. False, and the run ends, when out of memory.
 */
bool aio_group_watch(struct aio_group *group, struct aio_task *task);
/* A done callback is run. */
void aio_group_task_done(struct aio_watch *watch);
/* ... that of the main coroutine's gather(). */
void aio_group_gathered_ended(struct aio_task *task);
/* The task has ended like that, RESUME_DONE, _RAISED or _CANCELLED: its done callbacks become
 * handles, or are run at once when it has done so before anybody could add one. */
void aio_group_task_ended(struct aio_task *task, struct resume how);
void aio_group_cancel_members(struct aio_group *group, lane_id by);
struct aio_group *aio_group_make(struct aio_loop *loop, enum group_kind kind);
/* Nobody asks any more. */
void aio_group_release(struct aio_group *group);
/* What its owner is told when it is over. */
struct resume aio_group_outcome(const struct aio_group *group);
/* The task's innermost group becomes that of its present call. */
void aio_group_pop(struct aio_task *task);
/* Suspends until that is over; false when it is. Afterwards aio_group_wake(). */
bool aio_group_sleep(struct aio_task *task);
void aio_group_wake(struct aio_task *task);
/* A task of the request's; NULL, and the run ends, when out of memory. */
struct aio_spawned *aio_task_make(struct aio_loop *loop,
                                  const struct spawn_request *request);
/* An ended one, that the loop may use again. */
void aio_task_free(struct aio_spawned *spawned);

/* timeouts.c */
enum aio_progress aio_timeout_enter(struct aio_task *task, const struct resume *resume,
                                    struct action *action);
enum aio_progress aio_timeout_exit(struct aio_task *task, const struct resume *resume,
                                   struct action *action);
enum aio_progress aio_wait_for(struct aio_task *task, const struct resume *resume,
                               struct action *action);
/* The timer of a time-out is due. */
void aio_timeout_fire(struct aio_future *timeout);

#endif
