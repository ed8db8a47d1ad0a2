/* SPDX-License-Identifier: MIT */
/* actors - the workload says itself which threads, event loops and processes there are. */
#include "engine/aio/loop.h"
#include "engine/base/random.h"
#include "engine/program/step_list.h"
#include "engine/strategy/crew.h"
#include "engine/strategy/strategy_priv.h"

#include <stdio.h>
#include <string.h>

/* --- names and streams of random numbers --------------------------------------- */

static uint64_t hash_name(const char *name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* A stream is named by the actor's name (and how many before it are called the same), so
 * that adding an actor changes nobody else's numbers. */
static uint64_t actor_key(const struct world *world, size_t index) {
    const struct plan *plan = world->plan;
    uint64_t same = 0;
    for (size_t i = 0; i < index; i++) {
        same += strcmp(plan->actors[i].name, plan->actors[index].name) == 0;
    }
    const uint64_t key = random_mix(world->work_key, hash_name(plan->actors[index].name));
    return random_mix(key, same);
}

static uint64_t task_key(const struct plan *plan, uint64_t key,
                         const struct actor_plan *actor, uint32_t index) {
    uint64_t same = 0;
    for (uint32_t i = actor->first_task; i < index; i++) {
        same += strcmp(plan->tasks[i].name, plan->tasks[index].name) == 0;
    }
    return random_mix(random_mix(key, hash_name(plan->tasks[index].name)), same);
}

/* "name", or "name 3" when there are several; NULL when out of memory. */
static const char *instance_name(struct world *world, const char *name, uint32_t instance,
                                 uint32_t count) {
    char number[16] = "";
    if (count > 1) {
        snprintf(number, sizeof number, " %u", instance);
    }
    const size_t size = strlen(name) + strlen(number) + 1;
    char *text = arena_alloc(&world->arena, size, 1);
    if (text != NULL) {
        snprintf(text, size, "%s%s", name, number);
    }
    return text;
}

/* --- building ------------------------------------------------------------------ */

static int build_steps(struct world *world, struct step_slice slice, uint64_t key,
                       bool units, struct program *program) {
    struct step_list *list = arena_alloc(&world->arena, 1, sizeof *list);
    if (list == NULL) {
        return ERR_NOMEM;
    }
    *program = (struct program){&step_list_ops, list};
    return step_list_init(list,
                          &(struct step_list_spec){.plan = world->plan,
                                                   .slice = slice,
                                                   .objects = world->object_handles,
                                                   .key = key,
                                                   .units = units},
                          &world->arena);
}

static int add_tasks(struct world *world, const struct actor_plan *actor, uint64_t key,
                     struct aio_loop *loop) {
    for (uint32_t i = actor->first_task; i < actor->task_end; i++) {
        const struct task_plan *task = &world->plan->tasks[i];
        const uint64_t group = task_key(world->plan, key, actor, i);
        for (uint32_t k = 0; k < task->count; k++) {
            struct aio_task_spec spec = {
                .name = instance_name(world, task->name, k, task->count),
                .background = task->daemon};
            if (spec.name == NULL ||
                build_steps(world, task->steps, random_mix(group, k),
                            !actor->daemon && !task->daemon, &spec.program) != 0) {
                return ERR_NOMEM;
            }
            aio_loop_add_task(loop, &spec);
        }
    }
    return 0;
}

static int build_loop(struct world *world, const struct actor_plan *actor, uint64_t key,
                      struct program *program) {
    uint32_t count = 0;
    for (uint32_t i = actor->first_task; i < actor->task_end; i++) {
        count += world->plan->tasks[i].count;
    }
    struct aio_loop *loop = aio_loop_create(&(struct aio_loop_spec){
        .world = world, .task_count = count, .eager = actor->eager});
    if (loop == NULL) {
        return ERR_NOMEM;
    }
    *program = aio_loop_program(loop);
    return add_tasks(world, actor, key, loop);
}

static int build_thread(struct world *world, const struct actor_plan *actor, uint64_t key,
                        struct program *program) {
    return actor->kind != ACTOR_EVENT_LOOP
               ? build_steps(world, actor->steps, key, !actor->daemon, program)
               : build_loop(world, actor, key, program);
}

static uint32_t count_threads(const struct plan *plan) {
    uint32_t count = 0;
    for (size_t i = 0; i < plan->actor_count; i++) {
        count += plan->actors[i].count;
    }
    return count;
}

/* What is built for each thread or process, by number. */
struct actor_parts {
    struct thread_spec *specs;
    bool *daemon;
    struct process_starter **starters;
    struct process_starter *by_method; /* START_METHOD_COUNT of them */
};

static int build_process(const struct actor_plan *actor, uint32_t at,
                         const struct actor_parts *parts) {
    struct process_starter *starter =
        &parts->by_method[process_start_method(parts->by_method->world, actor->start)];
    parts->starters[at] = starter;
    return process_start_spec(starter, at + 1, parts->specs[at].name, &parts->specs[at]);
}

static int build_actor(struct world *world, size_t index, uint32_t at,
                       const struct actor_parts *parts) {
    const struct actor_plan *actor = &world->plan->actors[index];
    const uint64_t key = actor_key(world, index);
    for (uint32_t k = 0; k < actor->count; k++) {
        struct thread_spec *spec = &parts->specs[at + k];
        spec->name = instance_name(world, actor->name, k, actor->count);
        spec->new_interpreter = actor->kind == ACTOR_INTERPRETER;
        parts->daemon[at + k] = actor->daemon;
        if (spec->name == NULL ||
            build_thread(world, actor, random_mix(key, k), &spec->program) != 0 ||
            (actor->kind == ACTOR_PROCESS && build_process(actor, at + k, parts) != 0)) {
            return ERR_NOMEM;
        }
    }
    return 0;
}

/* Where there are processes: one starter for each way of starting them. */
static int build_starters(struct world *world, struct actor_parts *parts) {
    parts->by_method =
        arena_alloc(&world->arena, START_METHOD_COUNT, sizeof *parts->by_method);
    if (parts->by_method == NULL) {
        return ERR_NOMEM;
    }
    int rc = 0;
    for (int i = 0; i < START_METHOD_COUNT && rc == 0; i++) {
        rc = process_starter_init(&parts->by_method[i], world, (enum start_method)i);
    }
    return rc;
}

int strategy_build_actors(struct world *world, struct program *program) {
    const uint32_t count = count_threads(world->plan);
    struct actor_parts parts = {
        .specs = arena_alloc(&world->arena, count, sizeof *parts.specs),
        .daemon = arena_alloc(&world->arena, count, sizeof *parts.daemon),
        .starters = arena_alloc(&world->arena, count, sizeof(struct process_starter *)),
    };
    if (parts.specs == NULL || parts.daemon == NULL || parts.starters == NULL ||
        build_starters(world, &parts) != 0) {
        return ERR_NOMEM;
    }
    uint32_t at = 0;
    for (size_t i = 0; i < world->plan->actor_count; i++) {
        if (build_actor(world, i, at, &parts) != 0) {
            return ERR_NOMEM;
        }
        at += world->plan->actors[i].count;
    }
    return crew_build(world,
                      &(struct crew_spec){.specs = parts.specs,
                                          .daemon = parts.daemon,
                                          .starters = parts.starters,
                                          .count = count},
                      program);
}
