/* SPDX-License-Identifier: MIT */
#include "engine/python/world.h"

#include "engine/base/random.h"

#include <stdio.h>

int world_init(struct world *world, const struct world_spec *spec, struct err *err) {
    const struct plan *plan = spec->plan;
    world->plan = plan;
    world->sim = (struct sim){
        .recorder = spec->recorder,
        .chooser = spec->chooser,
        .cancel = spec->cancel,
        .watcher = spec->watcher,
        .limit_ns = plan->limits.virtual_ns,
        .limit_transitions = plan->limits.events,
        .limit_spans = plan->limits.spans,
        .random_key = random_key(plan->seed, spec->repetition),
    };
    world->runtime = plan->runtime;
    if (plan->runtime.gil != GIL_NONE) {
        world->runtime.gil_enabled = 0; /* not for a GIL that cannot be switched off */
    } else if (plan->runtime.gil_enabled) {
        world->runtime.gil = GIL_INTERVAL;
    }
    world->work_key = random_mix(world->sim.random_key, RANDOM_WORK);
    return cpu_init(&world->cpu, &world->sim, &plan->machine, &world->arena, err);
}

void world_deinit(struct world *world) {
    memory_free(world->processes);
    memory_free(world->threads);
    sim_deinit(&world->sim);
    arena_deinit(&world->arena);
}

void world_raise(struct world *world, site_id site, const char *what) {
    world->raised = what;
    world->raised_at = site;
    sim_stop(&world->sim, SIM_RAISED);
}

void world_fail_nomem(struct world *world) {
    (void)err_set_nomem(&world->err);
    sim_stop(&world->sim, SIM_RECORDER_FAILED);
}

/* An interpreter under that lane. */
static struct process *add_interpreter(struct world *world, lane_id lane,
                                       const char *gil_name) {
    struct process *process = arena_alloc(&world->arena, 1, sizeof *process);
    if (process == NULL ||
        vec_reserve((void **)&world->processes, &world->process_capacity,
                    world->process_count, sizeof *world->processes) != 0) {
        return NULL;
    }
    world->processes[world->process_count++] = process;
    process->lane = lane;
    gil_init(&process->gil, &world->cpu, &world->runtime, lane, gil_name);
    gc_init(&process->gc, &world->runtime);
    if (world->runtime.gil == GIL_NONE) {
        process->brc = arena_alloc(&world->arena, 1, sizeof *process->brc);
        return process->brc == NULL ? NULL : process;
    }
    return process;
}

struct process *world_add_process(struct world *world, const char *name) {
    const struct lane_birth birth = {
        LANE_PROCESS, LANE_NONE, name, {STATE_ALIVE, LANE_NONE, SITE_NONE}};
    return add_interpreter(
        world, recorder_open_lane(world->sim.recorder, world->sim.now, &birth), "GIL");
}

struct process *world_add_interpreter(struct world *world, const struct process *process,
                                      lane_id thread) {
    char name[sizeof((struct lane *)0)->name + 8];
    if (thread == LANE_NONE) {
        return NULL; /* the recorder is out of memory, and has said so */
    }
    snprintf(name, sizeof name, "GIL of %s",
             lane_table_lane(recorder_lanes(world->sim.recorder), thread).name);
    struct process *interpreter = add_interpreter(world, process->lane, name);
    if (interpreter != NULL) {
        interpreter->is_interpreter = true;
    }
    return interpreter;
}

int64_t world_add_thread(struct world *world, struct py_thread *thread) {
    if (vec_reserve((void **)&world->threads, &world->thread_capacity,
                    world->thread_count, sizeof *world->threads) != 0) {
        return -1;
    }
    world->threads[world->thread_count] = thread;
    return (int64_t)world->thread_count++;
}

static const enum object_kind no_lane[] = {OBJECT_COUNTER, OBJECT_REFERENT, OBJECT_PEER};

/* Those of asyncio are made by every loop for itself. */
static bool has_lane(enum object_kind kind) {
    for (size_t i = 0; i < sizeof no_lane / sizeof no_lane[0]; i++) {
        if (kind == no_lane[i]) {
            return false;
        }
    }
    return !object_is_async(kind);
}

static lane_id open_object_lane(struct world *world, const struct object_plan *plan,
                                lane_id process) {
    if (!has_lane(plan->kind)) {
        return LANE_NONE;
    }
    return recorder_open_lane(
        world->sim.recorder, world->sim.now,
        &(struct lane_birth){
            LANE_LOCK, process, plan->name, {STATE_FREE, LANE_NONE, SITE_NONE}});
}

/* The process at the other end of a socket pair. */
static int add_peer(struct world *world, struct world_object *object) {
    object->peer = arena_alloc(&world->arena, 1, sizeof *object->peer);
    return object->peer == NULL ? ERR_NOMEM
                                : py_peer_init(object->peer, &world->cpu,
                                               object->plan->name, object->plan->size);
}

static void init_object(struct world *world, struct world_object *object,
                        const struct object_plan *plan, lane_id process) {
    const struct runtime *runtime = &world->runtime;
    object->plan = plan;
    object->lane = open_object_lane(world, plan, process);
    py_lock_init(&object->lock, runtime, object->lane);
    object->lock.recursive = plan->kind == OBJECT_RLOCK || plan->kind == OBJECT_CONDITION;
    if (plan->kind == OBJECT_LIST || plan->kind == OBJECT_DICT) {
        object->lock.mutex = true; /* ob_mutex is a PyMutex in every version */
        object->lock.internal = true;
    }
    object->changed.lock = object->not_full.lock = &object->lock;
    object->changed.lane = object->not_full.lane = object->lane;
    py_queue_init(&object->queue, runtime, &world->arena,
                  (struct activity){STATE_WAIT_OBJECT, object->lane, SITE_NONE});
    py_queue_tell(&object->queue, &world->sim, object->lane, COUNTER_QUEUE_ITEMS);
    object->value = plan->kind == OBJECT_SEMAPHORE ? plan->size : 0;
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
        init_object(world, object, &plan->objects[i], process->lane);
        if (plan->objects[i].kind == OBJECT_PEER && add_peer(world, object) != 0) {
            return ERR_NOMEM;
        }
        world->object_handles[i] = plan->objects[i].kind == OBJECT_SIMPLE_QUEUE
                                       ? (void *)&object->queue
                                       : object;
    }
    return 0;
}
