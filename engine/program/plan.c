/* SPDX-License-Identifier: MIT */
#include "engine/program/plan.h"

#include <assert.h>
#include <stdio.h>

static const char *const strategy_names[] = {
    "actors", "sequential", "threads", "asyncio", "processes", "interpreters",
};
static_assert(sizeof strategy_names / sizeof strategy_names[0] == STRATEGY_KIND_COUNT,
              "a name each");

static const char *const start_names[] = {"default", "fork", "forkserver", "spawn"};
static_assert(sizeof start_names / sizeof start_names[0] == START_METHOD_COUNT,
              "a name each");

static const char *const object_names[] = {
    "lock",         "counter",
    "rlock",        "condition",
    "semaphore",    "event",
    "barrier",      "queue",
    "simple_queue", "interpreter_queue",
    "object",       "list",
    "dict",         "peer",
    "async_lock",   "async_semaphore",
    "async_event",  "async_condition",
    "async_queue",
};
static_assert(sizeof object_names / sizeof object_names[0] == OBJECT_KIND_COUNT,
              "a name each");

static const char *const sharing_names[] = {"one", "each", "own", "deferred", "immortal"};
static_assert(sizeof sharing_names / sizeof sharing_names[0] == SHARING_COUNT,
              "a name each");

static const struct {
    const char *name;
    bool locks;
} container_ops[] = {
    [OP_APPEND] = {"append", true},      [OP_POP] = {"pop", true},
    [OP_INSERT] = {"insert", true},      [OP_SETITEM] = {"setitem", true},
    [OP_GETITEM] = {"getitem", false},   [OP_DELITEM] = {"delitem", true},
    [OP_CONTAINS] = {"contains", false}, [OP_LEN] = {"len", false},
};
static_assert(sizeof container_ops / sizeof container_ops[0] == CONTAINER_OP_COUNT,
              "a row each");

const char *object_sharing_name(enum object_sharing sharing) {
    return sharing_names[sharing];
}

const char *container_op_name(enum container_op op) { return container_ops[op].name; }

bool container_op_locks(enum container_op op) { return container_ops[op].locks; }

const char *object_kind_name(enum object_kind kind) { return object_names[kind]; }

static const char *const arrivals_names[] = {"", "constant", "exponential", "bursts"};
static_assert(sizeof arrivals_names / sizeof arrivals_names[0] == ARRIVALS_KIND_COUNT,
              "a name each");

const char *arrivals_kind_name(enum arrivals_kind kind) { return arrivals_names[kind]; }

const char *strategy_kind_name(enum strategy_kind kind) { return strategy_names[kind]; }

const char *start_method_name(enum start_method method) { return start_names[method]; }

void plan_deinit(struct plan *plan) {
    if (plan != NULL) {
        arena_deinit(&plan->arena);
        *plan = (struct plan){0};
    }
}

/* --- checking ------------------------------------------------------------------ */

/* Where a slice of steps stands: what may be in it. */
struct place {
    bool in_task;   /* awaits are possible */
    bool in_daemon; /* `forever` is possible */
};

bool step_has_body(enum step_kind kind) {
    static const bool bodies[STEP_KIND_COUNT] = {
        [STEP_REPEAT] = true,     [STEP_FOREVER] = true,  [STEP_TO_THREAD] = true,
        [STEP_WITH] = true,       [STEP_UNTIL] = true,    [STEP_GATHER] = true,
        [STEP_TASK_GROUP] = true, [STEP_TASK] = true,     [STEP_SPAWN] = true,
        [STEP_TIMEOUT] = true,    [STEP_WAIT_FOR] = true, [STEP_TRY] = true,
        [STEP_EXCEPT] = true,     [STEP_FINALLY] = true,
    };
    return bodies[kind];
}

bool object_is_async(enum object_kind kind) { return kind >= OBJECT_ASYNC_LOCK; }

#define KIND(name) (1u << OBJECT_##name)
#define LOCKS                                                                            \
    (KIND(LOCK) | KIND(RLOCK) | KIND(CONDITION) | KIND(SEMAPHORE) | KIND(ASYNC_LOCK) |   \
     KIND(ASYNC_SEMAPHORE) | KIND(ASYNC_CONDITION))
#define QUEUES                                                                           \
    (KIND(QUEUE) | KIND(SIMPLE_QUEUE) | KIND(INTERPRETER_QUEUE) | KIND(ASYNC_QUEUE))
#define EVENTS (KIND(EVENT) | KIND(ASYNC_EVENT))
#define CONDITIONS (KIND(CONDITION) | KIND(ASYNC_CONDITION))

/* Kinds of object that a step can be done with; none for steps without an object. */
static const unsigned fitting[STEP_KIND_COUNT] = {
    [STEP_WITH] = LOCKS,
    [STEP_ACQUIRE] = LOCKS,
    [STEP_RELEASE] = LOCKS,
    [STEP_UPDATE] = KIND(COUNTER),
    [STEP_WAIT] = CONDITIONS | EVENTS | KIND(BARRIER),
    [STEP_NOTIFY] = CONDITIONS,
    [STEP_SET] = EVENTS,
    [STEP_CLEAR] = EVENTS,
    [STEP_PUT] = QUEUES,
    [STEP_GET] = QUEUES,
    [STEP_UNTIL] = EVENTS,
    [STEP_TOUCH] = KIND(REFERENT),
    [STEP_USE] = KIND(LIST) | KIND(DICT),
    [STEP_SEND] = KIND(PEER),
    [STEP_RECV] = KIND(PEER),
    [STEP_READ] = KIND(PEER),
    [STEP_SOCK_RECV] = KIND(PEER),
};

bool step_has_object(enum step_kind step) { return fitting[step] != 0; }

bool step_fits_object(enum step_kind step, enum object_kind object) {
    return (fitting[step] >> object & 1u) != 0;
}

/* True when the step's object exists and is of the kind that the step needs. */
static bool object_fits(const struct plan *plan, const struct step *step) {
    return fitting[step->kind] == 0 ||
           (step->object < plan->object_count &&
            step_fits_object(step->kind, plan->objects[step->object].kind));
}

/* Kinds that older versions do not have. */
static const char *const since[OBJECT_KIND_COUNT] = {
    [OBJECT_BARRIER] = "3.2",
    [OBJECT_SIMPLE_QUEUE] = "3.7",
    [OBJECT_INTERPRETER_QUEUE] = "3.14",
};

static bool exists(const struct plan *plan, enum object_kind kind) {
    return (kind != OBJECT_BARRIER || plan->runtime.has_barrier) &&
           (kind != OBJECT_SIMPLE_QUEUE || plan->runtime.has_simple_queue) &&
           (kind != OBJECT_INTERPRETER_QUEUE || plan->runtime.has_interpreter_queue);
}

/* Steps that only a task of an event loop can take. */
static bool is_await(const struct plan *plan, const struct step *step) {
    return step->kind == STEP_AWAIT_IO || step->kind == STEP_AWAIT_SLEEP ||
           step->kind == STEP_TO_THREAD || step->kind >= STEP_GATHER ||
           (fitting[step->kind] != 0 &&
            object_is_async(plan->objects[step->object].kind));
}

/* What arrived with which version. */
static int check_age(const struct plan *plan, const struct step *step, struct err *err) {
    const bool young = step->kind == STEP_TASK_GROUP || step->kind == STEP_TIMEOUT;
    return young && !plan->runtime.has_task_groups
               ? err_set(err, ERR_UNSUPPORTED, "%s has no asyncio.%s (3.11 and later)",
                         plan->runtime.name,
                         step->kind == STEP_TIMEOUT ? "timeout" : "TaskGroup")
               : 0;
}

static bool step_has_name(enum step_kind kind) {
    return kind == STEP_TASK || kind == STEP_SPAWN || kind == STEP_JOIN ||
           kind == STEP_CANCEL || kind == STEP_RAISE || kind == STEP_WAIT_FOR;
}

/* Shares ascend and reach 1. */
static bool is_empirical_law(const struct distribution *time) {
    double before = 0.0;
    for (uint32_t i = 0; i < time->count; i++) {
        const struct distribution_value *it = &time->values[i];
        if (it->value < 0 || !(it->until >= before)) {
            return false;
        }
        before = it->until;
    }
    return before == 1.0;
}

/* No law may give a time below zero. */
static bool is_law(const struct distribution *time) {
    switch (time->kind) {
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_EXPONENTIAL:
        return time->a >= 0;
    case DISTRIBUTION_UNIFORM:
        return time->a >= 0 && time->b >= time->a;
    case DISTRIBUTION_LOGNORMAL:
        return time->a >= 0 && time->s >= 0.0;
    case DISTRIBUTION_PARETO:
        return time->a >= 0 && time->s > 0.0;
    case DISTRIBUTION_EMPIRICAL:
        return is_empirical_law(time);
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    return false;
}

static const char *site_of(const struct plan *plan, const struct step *step) {
    return step->site >= 0 && (size_t)step->site < plan->site_count
               ? plan->sites[step->site]
               : "";
}

static int check_step(const struct plan *plan, const struct step *step,
                      const struct place *place, struct err *err) {
    const char *site = site_of(plan, step);
    if (step->kind >= STEP_KIND_COUNT || step->count < 0 ||
        step->op >= CONTAINER_OP_COUNT) {
        return err_set_pointer(err, site, "this is no step");
    }
    if (step->kind == STEP_PUT && step->count > PLAN_MAX_BYTES) {
        return err_set_pointer(err, site, "an item has 0 to %d bytes", PLAN_MAX_BYTES);
    }
    if (!is_law(&step->time)) {
        return err_set_pointer(err, site, "this is no law of a time that is 0 or more");
    }
    if (!object_fits(plan, step)) {
        return err_set_pointer(err, site,
                               "the object does not exist or is of another kind");
    }
    if (fitting[step->kind] != 0 && !exists(plan, plan->objects[step->object].kind)) {
        const enum object_kind kind = plan->objects[step->object].kind;
        return err_set(err, ERR_UNSUPPORTED, "%s has no %s (%s and later)",
                       plan->runtime.name, object_names[kind], since[kind]);
    }
    if (step->kind >= STEP_GATHER && step->name >= plan->name_count &&
        step_has_name(step->kind)) {
        return err_set_pointer(err, site, "the name does not exist");
    }
    if (is_await(plan, step) && !place->in_task) {
        return err_set_pointer(err, site,
                               "only a task of an event loop can await; use io_us or "
                               "sleep_us in a thread");
    }
    if (step->kind == STEP_FOREVER && !place->in_daemon) {
        return err_set_pointer(
            err, site,
            "a run with this step would never end; set \"daemon\": true "
            "on the actor, or use repeat");
    }
    return check_age(plan, step, err);
}

/* Tasks stand directly in the step that waits for them, which has nothing else; except and
 * finally directly after what they belong to. `around` and `before` may be NULL. */
static int check_neighbours(const struct plan *plan, const struct step *step,
                            const struct step *around, const struct step *before,
                            struct err *err) {
    const bool in_group = around != NULL && (around->kind == STEP_GATHER ||
                                             around->kind == STEP_TASK_GROUP);
    const enum step_kind last = before == NULL ? STEP_KIND_COUNT : before->kind;
    const bool fits = step->kind == STEP_EXCEPT ? last == STEP_TRY
                      : step->kind == STEP_FINALLY
                          ? last == STEP_TRY || last == STEP_EXCEPT
                          : true;
    return in_group != (step->kind == STEP_TASK) || !fits
               ? err_set_pointer(err, site_of(plan, step), "the step cannot stand here")
               : 0;
}

/* Where the body of a step stands. What has a time-out, or ends with its loop, may go on for
 * ever by itself. */
static struct place inside(const struct step *step, struct place around) {
    switch (step->kind) {
    case STEP_TO_THREAD:
        around.in_task = false;
        return around;
    case STEP_SPAWN:
    case STEP_TIMEOUT:
    case STEP_WAIT_FOR:
        around.in_daemon = true;
        return around;
    default:
        return around;
    }
}

/* One body that is being checked. */
struct open_body {
    uint32_t end;
    struct place place;
    const struct step *around, *before; /* the step it belongs to; the last one in it */
};

static int check_extent(const struct step *step, uint32_t index, uint32_t end,
                        struct err *err) {
    const uint32_t least = index + 1;
    return step->end < least || step->end > end ||
                   (!step_has_body(step->kind) && step->end != least)
               ? err_set(err, ERR_INVALID, "step %u has a body out of range", index)
               : 0;
}

/* Every body lies inside the body around it; depth is bounded, so nothing recurses. */
static int check_slice(const struct plan *plan, struct step_slice slice,
                       struct place place, struct err *err) {
    struct open_body body[STEP_MAX_DEPTH + 1] = {{.end = slice.end, .place = place}};
    int depth = 0;
    if (slice.first > slice.end || slice.end > plan->step_count) {
        return err_set(err, ERR_INVALID, "steps %u..%u are out of range", slice.first,
                       slice.end);
    }
    for (uint32_t i = slice.first; i < slice.end; i++) {
        const struct step *step = &plan->steps[i];
        while (i >= body[depth].end) {
            depth--;
        }
        struct open_body *here = &body[depth];
        int rc = check_step(plan, step, &here->place, err);
        if (rc == 0) {
            rc = check_neighbours(plan, step, here->around, here->before, err);
        }
        if (rc == 0) {
            rc = check_extent(step, i, here->end, err);
        }
        if (rc != 0) {
            return rc;
        }
        here->before = step;
        if (step_has_body(step->kind) && step->end > i + 1) {
            if (depth == STEP_MAX_DEPTH) {
                return err_set(err, ERR_INVALID, "steps are nested deeper than %d",
                               STEP_MAX_DEPTH);
            }
            body[++depth] = (struct open_body){
                .end = step->end, .place = inside(step, here->place), .around = step};
        }
    }
    return 0;
}

/* multiprocessing.get_context(method). */
static int check_start(const struct plan *plan, enum start_method start,
                       struct err *err) {
    if (start >= START_METHOD_COUNT) {
        return err_set(err, ERR_INVALID, "there is no such way to start a process");
    }
    return start > START_FORK && !plan->runtime.has_start_methods
               ? err_set(err, ERR_UNSUPPORTED,
                         "%s starts processes by fork only (3.4 and later have others)",
                         plan->runtime.name)
               : 0;
}

/* Objects belong to the main interpreter of the first process, but for queues between its
 * interpreters. */
static bool works_apart(const struct plan *plan, enum actor_kind actor,
                        const struct step *step) {
    return !step_has_object(step->kind) ||
           (actor == ACTOR_INTERPRETER &&
            plan->objects[step->object].kind == OBJECT_INTERPRETER_QUEUE);
}

static int check_apart(const struct plan *plan, const struct actor_plan *actor,
                       struct err *err) {
    for (uint32_t i = actor->steps.first; i < actor->steps.end; i++) {
        if (!works_apart(plan, actor->kind, &plan->steps[i])) {
            return err_set(
                err, ERR_INVALID, "%s of actor '%s' share no objects with others%s",
                actor->kind == ACTOR_PROCESS ? "processes" : "interpreters", actor->name,
                actor->kind == ACTOR_PROCESS ? "" : ", but interpreter queues");
        }
    }
    if (actor->kind == ACTOR_PROCESS) {
        return check_start(plan, actor->start, err);
    }
    return !plan->runtime.has_interpreters && actor->count > 0
               ? err_set(
                     err, ERR_UNSUPPORTED,
                     "%s has no interpreters with a GIL of their own (3.12 and later)",
                     plan->runtime.name)
               : 0;
}

static int check_actor(const struct plan *plan, const struct actor_plan *actor,
                       struct err *err) {
    if (actor->kind != ACTOR_EVENT_LOOP) {
        const int rc =
            check_slice(plan, actor->steps, (struct place){false, actor->daemon}, err);
        return rc == 0 && actor->kind != ACTOR_THREAD ? check_apart(plan, actor, err)
                                                      : rc;
    }
    if (actor->eager && !plan->runtime.has_eager_tasks) {
        return err_set(err, ERR_UNSUPPORTED, "%s has no eager tasks (3.12 and later)",
                       plan->runtime.name);
    }
    if (actor->first_task > actor->task_end || actor->task_end > plan->task_count) {
        return err_set(err, ERR_INVALID, "tasks of actor '%s' are out of range",
                       actor->name);
    }
    for (uint32_t i = actor->first_task; i < actor->task_end; i++) {
        const int rc = check_slice(
            plan, plan->tasks[i].steps,
            (struct place){true, actor->daemon || plan->tasks[i].daemon}, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int check_fields(const struct field *fields, size_t count, const void *base,
                        struct err *err) {
    for (size_t i = 0; i < count; i++) {
        const double value = field_get(&fields[i], base);
        if (!(value >= fields[i].min && value <= fields[i].max)) {
            return err_set(err, ERR_INVALID, "%s is %g, must be between %g and %g",
                           fields[i].name, value, fields[i].min, fields[i].max);
        }
    }
    return 0;
}

/* Threads and tasks are numbered with 32 bits. */
static int check_counts(const struct plan *plan, struct err *err) {
    uint64_t threads = 0, tasks = 0;
    for (size_t i = 0; i < plan->actor_count; i++) {
        threads += plan->actors[i].count;
    }
    for (size_t i = 0; i < plan->task_count; i++) {
        tasks += plan->tasks[i].count;
    }
    return threads > INT32_MAX || tasks > INT32_MAX
               ? err_set(err, ERR_INVALID, "more than %d threads or tasks", INT32_MAX)
               : 0;
}

/* threading.Barrier(0) waits for ever up to 3.12 and is an error in 3.13. */
static int check_objects(const struct plan *plan, struct err *err) {
    for (size_t i = 0; i < plan->object_count; i++) {
        const struct object_plan *object = &plan->objects[i];
        if (object->kind >= OBJECT_KIND_COUNT ||
            object->size < (object->kind == OBJECT_BARRIER)) {
            return err_set(err, ERR_INVALID, "object '%s' has no such size",
                           object->name);
        }
    }
    return 0;
}

static bool needs_asyncio(const struct plan *plan) {
    if (plan->strategy.kind == STRATEGY_ASYNCIO) {
        return true;
    }
    for (size_t i = 0; i < plan->actor_count; i++) {
        if (plan->actors[i].kind == ACTOR_EVENT_LOOP && plan->actors[i].count > 0) {
            return true;
        }
    }
    return false;
}

static int check_arrivals(const struct plan *plan, struct err *err) {
    const struct arrivals_plan *it = &plan->arrivals;
    if (it->kind == ARRIVALS_NONE) {
        return 0;
    }
    if (it->kind >= ARRIVALS_KIND_COUNT || it->burst < 1 ||
        (it->burst > 1 && it->kind == ARRIVALS_EXPONENTIAL) || !(it->rate_per_s > 0.0) ||
        it->for_ns <= 0 || it->warmup_ns < 0 || it->warmup_ns >= it->for_ns) {
        return err_set(err, ERR_INVALID, "these are no arrivals");
    }
    const double jobs = it->rate_per_s * (double)it->for_ns / 1e9;
    if (!(jobs <= ARRIVALS_MAX_JOBS) || it->burst > ARRIVALS_MAX_JOBS) {
        return err_set(err, ERR_INVALID, "more than %d jobs would arrive",
                       ARRIVALS_MAX_JOBS);
    }
    const bool keeps = plan->strategy.kind != STRATEGY_SEQUENTIAL &&
                       plan->strategy.kind != STRATEGY_THREADS;
    if (keeps && jobs > ARRIVALS_MAX_KEPT_JOBS) {
        return err_set(
            err, ERR_UNSUPPORTED,
            "more than %d jobs that arrive are for sequential and threads only",
            ARRIVALS_MAX_KEPT_JOBS);
    }
    return plan->strategy.chunk > 1
               ? err_set(
                     err, ERR_UNSUPPORTED,
                     "jobs that arrive are sent one by one; a chunk belongs to a batch")
               : 0;
}

static int check_each(const struct plan *plan, struct err *err) {
    const enum strategy_kind each = plan->strategy.each.kind;
    if (each != STRATEGY_THREADS && each != STRATEGY_ASYNCIO) {
        return err_set(err, ERR_INVALID, "each process runs threads or an event loop");
    }
    if (plan->strategy.each.to_thread > 0 && each != STRATEGY_ASYNCIO) {
        return err_set(err, ERR_INVALID, "a pool is beside an event loop");
    }
    if (each == STRATEGY_ASYNCIO && !plan->runtime.has_asyncio) {
        return err_set(err, ERR_UNSUPPORTED, "%s has no asyncio", plan->runtime.name);
    }
    return check_start(plan, plan->strategy.start, err);
}

static int check_process_pool(const struct plan *plan, struct err *err) {
    return plan->runtime.has_thread_pool
               ? check_start(plan, plan->strategy.start, err)
               : err_set(err, ERR_UNSUPPORTED, "%s has no ProcessPoolExecutor",
                         plan->runtime.name);
}

/* What a loop gives its jobs to. */
static int check_offload(const struct plan *plan, struct err *err) {
    const struct strategy *strategy = &plan->strategy;
    const bool offloads = strategy->to_thread > 0 || strategy->to_process > 0;
    if ((offloads && strategy->kind != STRATEGY_ASYNCIO) ||
        (strategy->to_thread > 0 && strategy->to_process > 0)) {
        return err_set(err, ERR_INVALID, "one pool beside an event loop, or none");
    }
    return strategy->to_process > 0 ? check_process_pool(plan, err) : 0;
}

/* What runs the jobs exists in this runtime. */
static int check_executor(const struct plan *plan, struct err *err) {
    const struct runtime *runtime = &plan->runtime;
    const enum strategy_kind kind = plan->strategy.kind;
    if (kind == STRATEGY_THREADS && !runtime->has_thread_pool) {
        return err_set(err, ERR_UNSUPPORTED, "%s has no ThreadPoolExecutor",
                       runtime->name);
    }
    if (strategy_is_nested(&plan->strategy)) {
        return check_each(plan, err);
    }
    if (kind == STRATEGY_INTERPRETERS && !runtime->has_interpreter_pool) {
        return err_set(err, ERR_UNSUPPORTED,
                       "%s has no InterpreterPoolExecutor (3.14 and later)",
                       runtime->name);
    }
    return kind == STRATEGY_PROCESSES ? check_process_pool(plan, err)
                                      : check_offload(plan, err);
}

/* Jobs of other processes and interpreters cannot use the objects of this one; bytes go
 * through pipes in one message. */
static int check_job(const struct plan *plan, struct err *err) {
    if (plan->job_payload_bytes < 0 || plan->job_payload_bytes > PLAN_MAX_BYTES ||
        plan->job_result_bytes < 0 || plan->job_result_bytes > PLAN_MAX_BYTES) {
        return err_set(err, ERR_INVALID, "a job sends 0 to %d bytes each way",
                       PLAN_MAX_BYTES);
    }
    return check_slice(plan, plan->job, (struct place){false, false}, err);
}

int plan_check(const struct plan *plan, struct err *err) {
    int rc = check_fields(machine_fields, machine_field_count, &plan->machine, err);
    if (rc != 0) {
        return rc;
    }
    if (plan->strategy.kind >= STRATEGY_KIND_COUNT ||
        (plan->strategy.kind > STRATEGY_SEQUENTIAL && plan->strategy.workers < 1)) {
        return err_set(err, ERR_INVALID, "a strategy needs at least one worker");
    }
    if (needs_asyncio(plan) && !plan->runtime.has_asyncio) {
        return err_set(err, ERR_UNSUPPORTED, "%s has no asyncio", plan->runtime.name);
    }
    rc = check_executor(plan, err);
    rc = rc == 0 ? check_objects(plan, err) : rc;
    rc = rc == 0 ? check_arrivals(plan, err) : rc;
    if (rc != 0) {
        return rc;
    }
    if (plan->strategy.kind != STRATEGY_ACTORS) {
        return check_job(plan, err);
    }
    rc = check_counts(plan, err);
    for (size_t i = 0; i < plan->actor_count && rc == 0; i++) {
        rc = check_actor(plan, &plan->actors[i], err);
    }
    return rc;
}
