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
 *   - `jobs`: `job_count` jobs, all alike, run by `strategy`; there `io` and `sleep` are waits
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
    STEP_KIND_COUNT
};

struct step {
    enum step_kind kind;
    uint32_t end;    /* one past the body; index + 1 for steps without a body */
    int64_t count;   /* STEP_REPEAT: how often, 0 or more */
    bool call;       /* STEP_UPDATE: a call lies between load and store */
    uint32_t object; /* steps on an object: index into plan.objects */
    bool blocking;   /* jobs: stays a blocking call under asyncio */
    site_id site;    /* index into plan.sites */
    struct distribution time;
};

/* At most this many bodies inside one another. */
enum { STEP_MAX_DEPTH = 16 };

struct step_slice {
    uint32_t first, end;
};

enum object_kind {
    OBJECT_LOCK,    /* threading.Lock */
    OBJECT_COUNTER, /* a number that threads add to */
    OBJECT_KIND_COUNT
};

struct object_plan {
    char name[48];
    enum object_kind kind;
};

enum actor_kind {
    ACTOR_THREAD,     /* `count` threads that run `steps` */
    ACTOR_EVENT_LOOP, /* `count` threads with an event loop each, that runs `tasks` */
    ACTOR_KIND_COUNT
};

struct task_plan {
    char name[48];
    uint32_t count;
    struct step_slice steps;
};

struct actor_plan {
    char name[48];
    enum actor_kind kind;
    uint32_t count;
    bool daemon; /* the run does not wait for its end */
    struct step_slice steps;
    uint32_t first_task, task_end; /* into plan.tasks */
};

enum strategy_kind {
    STRATEGY_ACTORS,     /* the workload says itself who runs what */
    STRATEGY_SEQUENTIAL, /* one thread, one job after the other */
    STRATEGY_THREADS,    /* a thread pool of `workers` */
    STRATEGY_ASYNCIO,    /* one loop, at most `workers` jobs at a time */
    STRATEGY_PROCESSES,  /* `workers` processes with one thread each */
    STRATEGY_KIND_COUNT
};

struct strategy {
    enum strategy_kind kind;
    uint32_t workers; /* >= 1 where the kind has workers */
};

struct limits {
    uint64_t events;   /* transitions */
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
    uint32_t job_count;

    struct object_plan *objects; /* shared by all threads of the first process */
    size_t object_count;

    struct actor_plan *actors;
    size_t actor_count;
    struct task_plan *tasks;
    size_t task_count;

    char **sites; /* JSON pointers; a step's place in the document */
    size_t site_count;

    struct arena arena; /* owns every array above */
};

/* "sequential", "threads" ...; "actors". */
const char *strategy_kind_name(enum strategy_kind kind);

/* "lock", "counter". */
const char *object_kind_name(enum object_kind kind);

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
