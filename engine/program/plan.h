/* SPDX-License-Identifier: MIT */
/*
 * plan - everything a run needs, as plain data: the resolved form of one cell of a
 * document.
 *
 * A plan is built by server/document (or by a test) and only read by the engine. A run is
 * a pure function of (plan, plan.seed, repetition).
 *
 * Steps are one flat array. A step with a body (repeat, forever, to_thread) is followed
 * by its body; `end` is the index one past the body. A sequence of steps is a slice
 * [first, end).
 *
 *     index  0        1           2          3
 *     step   repeat   python_us   io_us      sleep_us          repeat.end = 3
 *
 * Who runs the steps:
 *   - `jobs`: `job_count` jobs, or those of `arrivals`, all alike, run by `strategy`; there `io` and `sleep` are waits
 *     for the outside world and become awaits under asyncio unless `blocking`.
 *   - `actors`: literal threads and event loops of one process; `strategy` is STRATEGY_ACTORS.
 */
#ifndef ENGINE_PROGRAM_PLAN_H
#define ENGINE_PROGRAM_PLAN_H

#include "engine/base/err.h"
#include "engine/base/memory.h"
#include "engine/os/machine.h"
#include "engine/program/distribution.h"
#include "engine/program/runtime.h"
#include "engine/record/lane.h"

enum step_kind {
    STEP_PYTHON,      /* bytecode: nanoseconds on the reference runtime */
    STEP_PYTHON_CPU,  /* bytecode until the thread's own CPU clock advanced by so much */
    STEP_C_HELD,      /* a C call that keeps the GIL */
    STEP_C_RELEASED,  /* a C call that releases the GIL and computes */
    STEP_IO,          /* a blocking call that waits for the outside world */
    STEP_SLEEP,       /* time.sleep() */
    STEP_AWAIT_IO,    /* await something from the outside world; only in tasks */
    STEP_AWAIT_SLEEP, /* await asyncio.sleep(); only in tasks */
    STEP_REPEAT,      /* body `count` times */
    STEP_FOREVER,     /* body until the run ends; only in daemon actors */
    STEP_TO_THREAD, /* await asyncio.to_thread(body); only in tasks; body has no awaits */
    STEP_WITH,      /* with lock: body */
    STEP_ACQUIRE,   /* lock.acquire() */
    STEP_RELEASE,   /* lock.release() */
    STEP_UPDATE,    /* counter += 1 in `time`: load, compute, store */
    STEP_C_BY_SIZE, /* a C call that releases the GIL from `count` bytes on (hashlib) */
    STEP_WAIT,      /* Condition.wait(), Event.wait(), Barrier.wait() */
    STEP_NOTIFY,    /* Condition.notify(count); count 0: notify_all() */
    STEP_SET,       /* Event.set() */
    STEP_CLEAR,     /* Event.clear() */
    STEP_PUT,       /* Queue.put() ...; into an interpreter queue: of `count` bytes */
    STEP_GET,       /* Queue.get() ... */
    STEP_TOUCH,     /* takes and drops `count` references to an object */
    STEP_USE,       /* one operation `op` on a list or a dict, in `time` */
    STEP_ALLOCATE,  /* makes `count` container objects that stay */
    STEP_FREE,      /* gives `count` of them back */
    STEP_SEND,      /* socket.send() to a peer process: `time` is the system call's */
    STEP_RECV,      /* socket.recv() from it */
    STEP_UNTIL,     /* while not event.is_set(): body */
    /* Only in tasks. `name` is that of a task or of an exception. */
    STEP_GATHER,     /* await asyncio.gather(): its body is of STEP_TASK only */
    STEP_TASK_GROUP, /* async with asyncio.TaskGroup(): the same */
    STEP_TASK,       /* `count` tasks that run the body */
    STEP_SPAWN,      /* create_task() of `count` tasks that run the body */
    STEP_JOIN,       /* await asyncio.wait() of what was spawned under that name */
    STEP_CANCEL,     /* cancels what was spawned under that name */
    STEP_TIMEOUT,    /* async with asyncio.timeout(time): body; TimeoutError is caught */
    STEP_WAIT_FOR,   /* await asyncio.wait_for(body, time); TimeoutError is caught */
    STEP_TRY,        /* body; the next steps may be STEP_EXCEPT and STEP_FINALLY */
    STEP_EXCEPT,     /* body, when an exception was raised in the STEP_TRY before it */
    STEP_FINALLY,    /* body, in any case, after the STEP_TRY before it */
    STEP_RAISE,      /* raises the exception `name` */
    STEP_READ,       /* await reader.read() of a stream to a peer */
    STEP_SOCK_RECV,  /* await loop.sock_recv() from a peer */
    STEP_KIND_COUNT
};

/* Operations on containers; which of them lock the container in a free-threaded build is
 * known by container_op_locks(). */
enum container_op {
    OP_APPEND,   /* list */
    OP_POP,      /* list */
    OP_INSERT,   /* list */
    OP_SETITEM,  /* list, dict */
    OP_GETITEM,  /* list, dict */
    OP_DELITEM,  /* dict */
    OP_CONTAINS, /* dict */
    OP_LEN,      /* list, dict */
    CONTAINER_OP_COUNT
};

struct step {
    enum step_kind kind;
    uint32_t end;     /* one past the body; index + 1 for steps without a body */
    int64_t count;    /* STEP_REPEAT: how often; see the kinds; 0 or more */
    uint32_t threads; /* C calls: native threads that share the work; 0 and 1: its own */
    enum container_op op; /* STEP_USE */
    bool call;            /* STEP_UPDATE: a call lies between load and store */
    uint32_t object;      /* steps on an object: index into plan.objects */
    uint32_t name;        /* index into plan.names */
    bool pickled;         /* STEP_PUT: into an interpreter queue, which must pickle it */
    bool blocking;        /* jobs: stays a blocking call under asyncio */
    site_id site;         /* index into plan.sites */
    struct distribution time;
};

/* Most bytes that are sent at a time: a message of multiprocessing has up to 2 GiB
 * (Lib/multiprocessing/connection.py). */
enum { PLAN_MAX_BYTES = 1 << 30 };

/* At most this many bodies inside one another. */
enum { STEP_MAX_DEPTH = 16 };

struct step_slice {
    uint32_t first, end;
};

enum object_kind {
    OBJECT_LOCK,              /* threading.Lock */
    OBJECT_COUNTER,           /* a number that threads add to */
    OBJECT_RLOCK,             /* threading.RLock */
    OBJECT_CONDITION,         /* threading.Condition(), with its RLock */
    OBJECT_SEMAPHORE,         /* threading.Semaphore(size) */
    OBJECT_EVENT,             /* threading.Event */
    OBJECT_BARRIER,           /* threading.Barrier(size) */
    OBJECT_QUEUE,             /* queue.Queue(size); 0 = without bound */
    OBJECT_SIMPLE_QUEUE,      /* queue.SimpleQueue */
    OBJECT_INTERPRETER_QUEUE, /* concurrent.interpreters.create_queue(size), shared by
                               * interpreters, too */
    OBJECT_REFERENT,          /* any object, of which only the reference count matters */
    OBJECT_LIST,
    OBJECT_DICT,
    OBJECT_PEER, /* a socket pair with a process at its other end that answers */
    /* Of asyncio; only tasks can use them, and every loop has its own: */
    OBJECT_ASYNC_LOCK,
    OBJECT_ASYNC_SEMAPHORE, /* Semaphore(size) */
    OBJECT_ASYNC_EVENT,
    OBJECT_ASYNC_CONDITION, /* with its Lock */
    OBJECT_ASYNC_QUEUE,     /* Queue(size); 0 = without bound */
    OBJECT_KIND_COUNT
};

/* Who has an object whose reference count or lock matters. */
enum object_sharing {
    SHARING_ONE,      /* one for all threads, made by the main thread */
    SHARING_EACH,     /* one per thread, made by the main thread */
    SHARING_OWN,      /* one per thread, made by the thread itself */
    SHARING_DEFERRED, /* a function, module or class: counted late (3.14t) or never */
    SHARING_IMMORTAL, /* None, True, small integers: PEP 683, 3.12+ */
    SHARING_COUNT
};

struct object_plan {
    char name[48];
    enum object_kind kind;
    int64_t size; /* permits, parties, places; of a peer: CPU time in ns of one answer; 0
                     where the kind has none */
    enum object_sharing sharing; /* OBJECT_REFERENT, OBJECT_LIST, OBJECT_DICT */
};

/* A signal with a handler in Python, such as Ctrl-C. */
struct signal_plan {
    sim_ns at_ns;      /* when it arrives */
    sim_ns handler_ns; /* bytecode of its handler */
};

/* multiprocessing: how a process is started. */
enum start_method {
    START_DEFAULT, /* as the runtime does on that machine */
    START_FORK,
    START_FORKSERVER, /* 3.4+ */
    START_SPAWN,      /* 3.4+ */
    START_METHOD_COUNT
};

enum actor_kind {
    ACTOR_THREAD,      /* `count` threads that run `steps` */
    ACTOR_EVENT_LOOP,  /* `count` threads with an event loop each, that runs `tasks` */
    ACTOR_INTERPRETER, /* `count` threads with an interpreter each, that run `steps`;
                        * all they share with others are interpreter queues */
    ACTOR_PROCESS,     /* `count` processes with one thread each, that run `steps`; they
                        * share no objects with anybody */
    ACTOR_KIND_COUNT
};

struct task_plan {
    char name[48];
    uint32_t count;
    bool daemon; /* the main coroutine does not wait for it: it is cancelled at the end */
    struct step_slice steps;
};

struct actor_plan {
    char name[48];
    enum actor_kind kind;
    uint32_t count;
    bool daemon;             /* the run does not wait for its end */
    bool eager;              /* event loops: eager_task_factory */
    enum start_method start; /* of processes */
    struct step_slice steps;
    uint32_t first_task, task_end; /* into plan.tasks */
};

enum strategy_kind {
    STRATEGY_ACTORS,       /* the workload says itself who runs what */
    STRATEGY_SEQUENTIAL,   /* one thread, one job after the other */
    STRATEGY_THREADS,      /* a thread pool of `workers` */
    STRATEGY_ASYNCIO,      /* one loop, at most `workers` jobs at a time */
    STRATEGY_PROCESSES,    /* a ProcessPoolExecutor of `workers` */
    STRATEGY_INTERPRETERS, /* an InterpreterPoolExecutor of `workers` */
    STRATEGY_KIND_COUNT
};

/* What each of several processes runs jobs with. */
struct strategy_each {
    enum strategy_kind kind; /* STRATEGY_THREADS, STRATEGY_ASYNCIO; else none */
    uint32_t workers;        /* threads; jobs at a time in its loop */
    uint32_t to_thread;      /* asyncio: as strategy.to_thread, in each process */
};

struct strategy {
    enum strategy_kind kind;
    uint32_t workers;    /* >= 1 where the kind has workers */
    uint32_t to_thread;  /* asyncio: what would hold up the loop runs in a pool of so many
                         * threads; 0 = on the loop */
    uint32_t to_process; /* asyncio: ... of so many processes; not both */
    uint32_t chunk;      /* processes: jobs in one item, chunksize of map(); 0 = 1 */
    enum start_method start;   /* processes, to_process: how they are started */
    struct strategy_each each; /* processes: a server in each instead of a pool of them */
    bool
        one_by_one; /* pools of threads, processes, interpreters: submit(job).result() for
                      * each job in place of map(); no document says it, calibration does */
};

enum arrivals_kind {
    ARRIVALS_NONE, /* a closed batch: all jobs are there from the beginning */
    ARRIVALS_CONSTANT,
    ARRIVALS_EXPONENTIAL,
    ARRIVALS_BURSTS,
    ARRIVALS_KIND_COUNT
};

/* Jobs that come from outside, whether the system is ready or not; see arrivals.h. */
struct arrivals_plan {
    enum arrivals_kind kind;
    uint32_t burst;    /* jobs at once; 1 if ARRIVALS_EXPONENTIAL */
    double rate_per_s; /* of jobs; above 0 */
    sim_ns for_ns;     /* the last may arrive then; above 0 */
    sim_ns warmup_ns;  /* jobs that arrive before do not count; below for_ns */
};

/* Most jobs that may be expected to arrive; and of those strategies that keep something of
 * each job for the whole run: Futures, tasks, messages. A thread that takes them, and a pool
 * of threads, keep the eight bytes of its arrival. */
enum { ARRIVALS_MAX_JOBS = 25000000, ARRIVALS_MAX_KEPT_JOBS = 1000000 };

struct limits {
    uint64_t events;   /* transitions; 256 steps that change no lane count as one */
    sim_ns virtual_ns; /* virtual time */
    uint64_t spans;    /* closed spans, recorded or not */
};

struct plan {
    uint64_t seed;
    struct machine machine;
    char machine_name[32];
    struct runtime runtime;
    struct strategy strategy;
    struct limits limits;

    struct step *steps;
    size_t step_count;
    struct step_slice job; /* the steps of one job */
    uint32_t job_count;    /* of a closed batch */
    struct arrivals_plan arrivals;
    int64_t job_payload_bytes; /* sent with each job to another process or interpreter */
    int64_t job_result_bytes;  /* ... and back */

    struct object_plan *objects; /* shared by all threads of the first process */
    size_t object_count;

    struct actor_plan *actors;
    size_t actor_count;
    struct task_plan *tasks;
    size_t task_count;

    struct signal_plan *signals; /* for the main thread of the first process */
    size_t signal_count;

    char **names; /* of tasks that tasks start, and of exceptions */
    size_t name_count;

    char **sites; /* JSON pointers; a step's place in the document */
    size_t site_count;

    struct arena arena; /* owns every array above */
};

static inline bool strategy_is_nested(const struct strategy *strategy) {
    return strategy->kind == STRATEGY_PROCESSES && strategy->each.workers > 0;
}

/* "sequential", "threads" ...; "actors". */
const char *strategy_kind_name(enum strategy_kind kind);

/* "constant", "exponential", "bursts"; "" for ARRIVALS_NONE. */
const char *arrivals_kind_name(enum arrivals_kind kind);

/* "fork", "forkserver", "spawn"; "default". */
const char *start_method_name(enum start_method method);

/* "lock", "counter" ... the words of the document. */
const char *object_kind_name(enum object_kind kind);

/* "one", "each", "own" ... */
const char *object_sharing_name(enum object_sharing sharing);

/* "append", "pop" ... */
const char *container_op_name(enum container_op op);

/* True when the operation locks its container in a free-threaded build (PEP 703: reading
 * one item, len and `in` have a path without the lock). */
bool container_op_locks(enum container_op op);

/* True for the objects of asyncio. */
bool object_is_async(enum object_kind kind);

/* True when the step has a body. */
bool step_has_body(enum step_kind step);

/* True when the step is done with an object of the plan. */
bool step_has_object(enum step_kind step);

/* True when the step can be done with an object of that kind. */
bool step_fits_object(enum step_kind step, enum object_kind object);

/* Releases what the plan owns; the struct may be on the stack. Zeroed input is accepted.
 */
void plan_deinit(struct plan *plan);

/*
 * Checks that the plan can be run: slices in range, bodies nested, awaits only in tasks,
 * sizes in range. ERR_INVALID says what is wrong, ERR_UNSUPPORTED that this combination
 * of runtime and strategy does not exist (the sentence is the reason shown to the user).
 */
int plan_check(const struct plan *plan, struct err *err) WARN_UNUSED;

#endif
