/* SPDX-License-Identifier: MIT */
#include "engine/python/world.h"

#include "engine/base/random.h"

int world_init(struct world *world, const struct world_spec *spec, struct err *err) {
    const struct plan *plan = spec->plan;
    *world = (struct world){
        .plan = plan,
        .sim =
            {
                .recorder = spec->recorder,
                .chooser = spec->chooser,
                .cancel = spec->cancel,
                .limit_ns = plan->limits.virtual_ns,
                .limit_transitions = plan->limits.events,
                .limit_spans = plan->limits.spans,
                .random_key = random_key(plan->seed, spec->repetition),
            },
    };
    world->work_key = random_mix(world->sim.random_key, RANDOM_WORK);
    return cpu_init(&world->cpu, &world->sim, &plan->machine, &world->arena, err);
}

void world_deinit(struct world *world) {
    memory_free(world->processes);
    memory_free(world->threads);
    sim_deinit(&world->sim);
    arena_deinit(&world->arena);
    *world = (struct world){0};
}

void world_fail_nomem(struct world *world) {
    (void)err_set_nomem(&world->err);
    sim_stop(&world->sim, SIM_RECORDER_FAILED);
}

struct process *world_add_process(struct world *world, const char *name) {
    struct process *process = arena_alloc(&world->arena, 1, sizeof *process);
    if (process == NULL ||
        vec_reserve((void **)&world->processes, &world->process_capacity,
                    world->process_count, sizeof *world->processes) != 0) {
        return NULL;
    }
    world->processes[world->process_count++] = process;
    process->lane = recorder_open_lane(
        world->sim.recorder, world->sim.now,
        &(struct lane_birth){
            LANE_PROCESS, LANE_NONE, name, {STATE_ALIVE, LANE_NONE, SITE_NONE}});
    gil_init(&process->gil, &world->cpu, &world->plan->runtime, process->lane);
    return process;
}

int64_t world_add_thread(struct world *world, struct py_thread *thread) {
    if (vec_reserve((void **)&world->threads, &world->thread_capacity,
                    world->thread_count, sizeof *world->threads) != 0) {
        return -1;
    }
    world->threads[world->thread_count] = thread;
    return (int64_t)world->thread_count++;
}

int world_add_objects(struct world *world, const struct process *process) {
    const struct plan *plan = world->plan;
    world->objects =
        arena_alloc(&world->arena, plan->object_count, sizeof *world->objects);
    world->object_handles =
        arena_alloc(&world->arena, plan->object_count, sizeof(void *));
    if (world->objects == NULL || world->object_handles == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < plan->object_count; i++) {
        struct world_object *object = &world->objects[i];
        object->lock.lane = LANE_NONE;
        if (plan->objects[i].kind == OBJECT_COUNTER) {
            world->object_handles[i] = &object->counter;
            continue;
        }
        world->object_handles[i] = &object->lock;
        object->lock.lane = recorder_open_lane(world->sim.recorder, world->sim.now,
                                               &(struct lane_birth){
                                                   LANE_LOCK,
                                                   process->lane,
                                                   plan->objects[i].name,
                                                   {STATE_FREE, LANE_NONE, SITE_NONE},
                                               });
    }
    return 0;
}
