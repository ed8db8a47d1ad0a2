/* SPDX-License-Identifier: MIT */
#include "tests/support/byte_plans.h"

#include <stdio.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "tests/support/conservation.h"
#include "tests/support/plans.h"

enum { MAX_STEPS = 48, MAX_ACTORS = 5, MAX_TASKS = 4 };

struct bytes {
    const uint8_t *next;
    size_t left;
};

static uint8_t take(struct bytes *bytes) {
    if (bytes->left == 0) {
        return 0;
    }
    bytes->left--;
    return *bytes->next++;
}

/* 0, or 1 ns .. 8 ms with all magnitudes alike. */
static sim_ns take_time(struct bytes *bytes) {
    const uint8_t first = take(bytes);
    return first == 0 ? 0 : (sim_ns)(1 + (first & 15)) << (first >> 4) << (first & 3);
}

/* Empirical laws have values of their own and are left to other tests. */
static struct distribution take_law(struct bytes *bytes) {
    struct distribution law = {.a = take_time(bytes)};
    const uint8_t kind = take(bytes);
    law.kind = kind < 200 ? DISTRIBUTION_CONSTANT
                          : (enum distribution_kind)(kind % DISTRIBUTION_EMPIRICAL);
    law.b = law.a + take_time(bytes) % 100000;
    law.s = 0.1 + (double)(kind % 16) / 4.0;
    return law;
}

/* An object of the plan that the step can be done with. */
static uint32_t take_object(const struct plan *plan, enum step_kind kind, uint8_t what) {
    uint32_t object = what % (uint32_t)plan->object_count;
    for (size_t i = 0; i < plan->object_count; i++) {
        if (step_fits_object(kind, plan->objects[object].kind)) {
            break;
        }
        object = (object + 1) % (uint32_t)plan->object_count;
    }
    return object;
}

/* Mostly plausible: one step in 16 has an end, a count or an object of any value. */
static void take_step(struct plan *plan, struct bytes *bytes) {
    struct step *step = &plan->steps[plan->step_count];
    const uint8_t what = take(bytes);
    const uint32_t index = (uint32_t)plan->step_count++;
    *step = (struct step){
        .kind = (enum step_kind)(what % STEP_KIND_COUNT),
        .end = index + 1,
        .site = (site_id)index,
        .blocking = (what & 64) != 0,
        .call = (what & 128) != 0,
        .time = take_law(bytes),
    };
    const uint8_t more = take(bytes);
    if (step_has_body(step->kind)) {
        step->end = index + 1 + more % 6;
        step->count = more >> 4;
    }
    step->name = more % (uint32_t)plan->name_count;
    if (step->kind == STEP_TOUCH || step->kind == STEP_ALLOCATE ||
        step->kind == STEP_FREE) {
        step->count = 8 * more;
    }
    if (step->kind == STEP_C_BY_SIZE) {
        step->count = 32 * more; /* bytes, about the limit of hashlib */
    } else if (step->kind == STEP_PUT) {
        step->count = (int64_t)(more & 15) << (more >> 4);
        step->pickled = (what & 128) != 0;
    } else if (step->kind == STEP_NOTIFY) {
        step->count = more % 3; /* 0: all */
    }
    step->threads = step->kind == STEP_C_HELD || step->kind == STEP_C_RELEASED ||
                            step->kind == STEP_C_BY_SIZE
                        ? more % 5
                        : 0;
    step->op = (enum container_op)(more % CONTAINER_OP_COUNT);
    step->object = take_object(plan, step->kind, more);
    if (more % 16 == 15) {
        step->end = (uint32_t)(take(bytes) % MAX_STEPS);
        step->count = (int8_t)take(bytes);
        step->object = take(bytes);
    }
    plan->sites[index] = plan->actors[0].name; /* any text will do */
    plan->site_count = plan->step_count;
}

/* A kind of step that can stand there: tasks in groups and nowhere else, except and finally
 * after try. */
static enum step_kind fitting_kind(enum step_kind kind, bool in_group,
                                   enum step_kind before) {
    if (in_group) {
        return STEP_TASK;
    }
    switch (kind) {
    case STEP_TASK:
        return STEP_SPAWN;
    case STEP_EXCEPT:
        return before == STEP_TRY ? STEP_EXCEPT : STEP_TRY;
    case STEP_FINALLY:
        return before == STEP_TRY || before == STEP_EXCEPT ? STEP_FINALLY : STEP_TRY;
    default:
        return kind;
    }
}

static void fit_kinds(struct plan *plan, uint32_t first, bool in_task) {
    struct {
        uint32_t end;
        bool group;
        enum step_kind before;
    } body[MAX_STEPS + 1] = {{UINT32_MAX, false, STEP_KIND_COUNT}};
    int depth = 0;
    for (uint32_t i = first; i < plan->step_count; i++) {
        struct step *step = &plan->steps[i];
        while (i >= body[depth].end) {
            depth--;
        }
        step->kind =
            !in_task && step->kind >= STEP_GATHER
                ? (enum step_kind)(step->kind - STEP_GATHER)
                : fitting_kind(step->kind, body[depth].group, body[depth].before);
        step->object = take_object(plan, step->kind, (uint8_t)step->object);
        body[depth].before = step->kind;
        if (step_has_body(step->kind) && step->end > i + 1) {
            depth++;
            body[depth].end = step->end;
            body[depth].group =
                step->kind == STEP_GATHER || step->kind == STEP_TASK_GROUP;
            body[depth].before = STEP_KIND_COUNT;
        }
    }
}

/* Interpreters share nothing but their queue. */
static void fit_objects(struct plan *plan, struct step_slice slice) {
    for (uint32_t i = slice.first; i < slice.end; i++) {
        struct step *step = &plan->steps[i];
        if (step_has_object(step->kind) && step_has_body(step->kind)) {
            step->kind = STEP_REPEAT;
        } else if (step_has_object(step->kind)) {
            step->kind = step->kind % 2 == 0 ? STEP_PUT : STEP_GET;
            step->object = OBJECT_INTERPRETER_QUEUE; /* one of every kind */
        }
    }
}

static struct step_slice take_slice(struct plan *plan, struct bytes *bytes,
                                    bool in_task) {
    const uint32_t first = (uint32_t)plan->step_count;
    for (uint8_t left = take(bytes) % 9; left > 0 && plan->step_count < MAX_STEPS;
         left--) {
        take_step(plan, bytes);
    }
    fit_kinds(plan, first, in_task);
    return (struct step_slice){first, (uint32_t)plan->step_count};
}

static void take_actor(struct plan *plan, struct bytes *bytes) {
    struct actor_plan *actor = &plan->actors[plan->actor_count++];
    const uint8_t what = take(bytes);
    *actor = (struct actor_plan){
        .kind = (what & 1) != 0          ? ACTOR_EVENT_LOOP
                : ((what >> 3) & 3) == 2 ? ACTOR_PROCESS
                : ((what >> 3) & 3) == 3 ? ACTOR_INTERPRETER
                                         : ACTOR_THREAD,
        .count = (what >> 1) % 4,
        .daemon = (what & 64) != 0,
        .eager = (what & 48) == 48,
        .first_task = (uint32_t)plan->task_count,
    };
    snprintf(actor->name, sizeof actor->name, "actor %zu", plan->actor_count);
    if (actor->kind != ACTOR_EVENT_LOOP) {
        actor->steps = take_slice(plan, bytes, false);
    }
    if (actor->kind == ACTOR_INTERPRETER) {
        fit_objects(plan, actor->steps);
    }
    if (actor->kind == ACTOR_PROCESS) {
        actor->start = (enum start_method)(take(bytes) % START_METHOD_COUNT);
    }
    for (uint8_t left = what >> 6; actor->kind == ACTOR_EVENT_LOOP && left > 0; left--) {
        struct task_plan *task = &plan->tasks[plan->task_count++];
        const uint8_t count = take(bytes);
        *task = (struct task_plan){.count = count % 6, .daemon = count > 240};
        task->steps = take_slice(plan, bytes, true);
    }
    actor->task_end = (uint32_t)plan->task_count;
}

/* One of every kind. */
static void take_objects(struct plan *plan, uint8_t size, uint8_t sharing) {
    for (int i = 0; i < OBJECT_KIND_COUNT; i++) {
        const enum object_kind kind = (enum object_kind)i;
        plan_object(plan, object_kind_name(kind), kind);
        struct object_plan *object = &plan->objects[i];
        if (kind == OBJECT_SEMAPHORE || kind == OBJECT_QUEUE || kind == OBJECT_BARRIER ||
            kind == OBJECT_ASYNC_SEMAPHORE || kind == OBJECT_ASYNC_QUEUE ||
            kind == OBJECT_INTERPRETER_QUEUE) {
            object->size = size % 4 + (kind == OBJECT_BARRIER);
        }
        if (kind == OBJECT_PEER) { /* 0, or 1 ns .. 32 us */
            object->size = (sim_ns)(size & 1) << (size >> 4);
        }
        if (kind == OBJECT_REFERENT) {
            object->sharing = (enum object_sharing)(sharing % SHARING_COUNT);
        } else if (kind == OBJECT_LIST || kind == OBJECT_DICT) {
            object->sharing = (enum object_sharing)(sharing % (SHARING_OWN + 1));
        }
    }
}

/* How jobs reach another process or interpreter: 0 bytes to 1 MiB each way. */
static void take_executor(struct plan *plan, struct bytes *bytes) {
    const uint8_t chunk = take(bytes), sizes = take(bytes);
    plan->strategy.chunk = chunk % 5;
    plan->strategy.start = (enum start_method)(chunk / 5 % START_METHOD_COUNT);
    if (plan->strategy.kind == STRATEGY_PROCESSES && chunk > 180) {
        plan->strategy.each =
            (struct strategy_each){chunk % 2 == 0 ? STRATEGY_THREADS : STRATEGY_ASYNCIO,
                                   1 + chunk % 3, chunk % 2 == 0 ? 0 : sizes % 3};
    }
    plan->job_payload_bytes = (int64_t)(sizes & 15) << (sizes % 17);
    plan->job_result_bytes = (int64_t)(sizes >> 4) << (sizes % 17);
}

static void take_plan(struct plan *plan, struct bytes *bytes) {
    const uint8_t profile = take(bytes), runtime = take(bytes), strategy = take(bytes);
    plan_begin(plan, machine_profiles[profile % machine_profile_count].name,
               runtime_rows[runtime % runtime_row_count].runtime.name);
    plan->machine.cores = 1 + profile % 8;
    plan->machine.smt_threads = 1 + (profile >> 6) % 2;
    plan->machine.quota_ns = (profile >> 7) * (1 + profile % 64) * NS_PER_MS;
    plan->runtime.switch_interval_ns = 1000 + take_time(bytes);
    plan->limits =
        (struct limits){.events = 8000, .virtual_ns = 5 * NS_PER_S, .spans = UINT64_MAX};
    take_objects(plan, profile, strategy);
    plan->runtime.has_barrier = plan->runtime.has_simple_queue = 1;
    plan->runtime.has_thread_pool = plan->runtime.has_interpreter_pool = 1;
    plan->runtime.has_interpreters = plan->runtime.has_start_methods = 1;
    plan->runtime.has_interpreter_queue = 1;
    plan->runtime.gc_threshold_0 = 1 + profile;
    plan->runtime.gc_threshold_1 = 1 + runtime % 4;
    plan->runtime.brc_for_detached = strategy % 2;
    plan_strategy(plan, (enum strategy_kind)(strategy % STRATEGY_KIND_COUNT),
                  1 + strategy % 7);
    if (plan->strategy.kind == STRATEGY_ASYNCIO) {
        uint32_t *pool =
            strategy < 128 ? &plan->strategy.to_thread : &plan->strategy.to_process;
        *pool = (strategy >> 4) % 4;
    }
    if (plan->strategy.kind != STRATEGY_ACTORS) {
        plan->job_count = take(bytes) % 12;
        plan->job = take_slice(plan, bytes, false);
        take_executor(plan, bytes);
        return;
    }
    for (uint8_t left = take(bytes) % MAX_ACTORS; left > 0; left--) {
        take_actor(plan, bytes);
    }
}

/* --- running ------------------------------------------------------------------- */

static bool broken(struct violation *violation, const char *how) {
    snprintf(violation->text, sizeof violation->text, "%.200s", how);
    return false;
}

/* With a sink and without: the same fingerprint. */
static bool runs_well(const struct plan *plan, struct violation *violation) {
    struct timeline timeline;
    struct run_result first = {0}, second = {0};
    struct err err = {0};
    timeline_init(&timeline);
    int rc =
        run_execute(&first, plan, &(struct run_options){.sink = &timeline.sink}, &err);
    bool well = rc == 0 || broken(violation, err.text);
    well = well && timeline_is_sound(&timeline, violation);
    well = well && run_is_conserved(&timeline, &first, &plan->runtime, violation);
    if (well) {
        rc = run_execute(&second, plan, &(struct run_options){0}, &err);
        well = rc == 0 || broken(violation, err.text);
    }
    if (well &&
        (first.fingerprint != second.fingerprint || first.status != second.status)) {
        well = broken(violation, "a sink changes nothing");
    }
    run_result_deinit(&first);
    run_result_deinit(&second);
    timeline_deinit(&timeline);
    return well;
}

enum byte_plan_end byte_plan_run(const uint8_t *bytes, size_t size,
                                 struct violation *violation) {
    struct plan plan;
    struct bytes input = {bytes, size};
    enum byte_plan_end end = BYTE_PLAN_REFUSED;
    violation->text[0] = '\0';
    take_plan(&plan, &input);
    if (plan_check(&plan, NULL) == 0) {
        end = runs_well(&plan, violation) ? BYTE_PLAN_RAN : BYTE_PLAN_BROKEN;
    }
    plan_deinit(&plan);
    return end;
}
