/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include "engine/base/check.h"

void scene_prepare(struct scene *scene) {
    *scene = (struct scene){
        .plan =
            {
                .seed = 1,
                .machine =
                    {
                        .cores = 4,
                        .all_cores_speed_ppm = 1000000,
                        .smt_threads = 1,
                        .smt_speed_ppm = 1000000,
                        .idle_after_ns = NS_PER_S,
                        .deep_after_ns = NS_PER_S,
                        .slice_ns = 2800000,
                        .quota_period_ns = 100 * NS_PER_MS,
                        .poll_unit_ns = NS_PER_MS,
                    },
                .runtime =
                    {
                        .name = "bare",
                        .gil = GIL_INTERVAL,
                        .switch_interval_ns = 5 * NS_PER_MS,
                        .force_switching = 1,
                        .check_spacing_ns = 1000,
                        .python_cost_ppm = 1000000,
                        .has_barrier = 1,
                        .has_simple_queue = 1,
                        .has_thread_pool = 1,
                        .has_asyncio = 1,
                        .semaphore_rule = SEMAPHORE_RESERVES,
                        .pool_idle_rule = POOL_IDLE_WHEN_EMPTY,
                        .queue_hands_over = 1,
                    },
                .limits = {.events = 50000000,
                           .virtual_ns = 3600 * NS_PER_S,
                           .spans = 50000000},
            },
    };
    timeline_init(&scene->timeline);
}

void scene_set_wake(struct scene *scene, sim_ns latency) {
    scene->plan.machine.wake_warm_ns = latency;
    scene->plan.machine.wake_idle_ns = latency;
    scene->plan.machine.wake_deep_ns = latency;
}

void scene_open(struct scene *scene) {
    scene->timeline.sink.context = &scene->timeline;
    int rc = recorder_create(&scene->recorder, &scene->timeline.sink, NULL);
    ASSERT(rc == 0);
    rc = world_init(&scene->world,
                    &(struct world_spec){
                        .plan = &scene->plan,
                        .recorder = scene->recorder,
                        .chooser = scene->chooser,
                    },
                    NULL);
    ASSERT(rc == 0);
    scene->process = world_add_process(&scene->world, "process");
    ASSERT(scene->process != NULL);
}

struct start {
    struct event event; /* must be first */
    struct py_thread *thread;
};

static void start_thread(struct event *event) {
    struct start *start = (struct start *)(void *)event;
    os_thread_wake(&start->thread->client.os, LANE_NONE);
}

struct py_thread *scene_add_program(struct scene *scene, const char *name, sim_ns at,
                                    struct program program) {
    struct py_thread *thread =
        py_thread_create(&scene->world, scene->process, name, program);
    struct start *start = arena_alloc(&scene->world.arena, 1, sizeof *start);
    ASSERT(thread != NULL && start != NULL);
    const int rc = event_queue_reserve(&scene->world.sim.queue, 1);
    ASSERT(rc == 0);
    *start = (struct start){.event = {.fire = start_thread}, .thread = thread};
    sim_schedule(&scene->world.sim, &start->event, at);
    return thread;
}

struct sequence *scene_add(struct scene *scene, const char *name, sim_ns at,
                           const struct action *actions, size_t count) {
    struct sequence *sequence =
        arena_alloc(&scene->world.arena, 1, sizeof(struct sequence));
    ASSERT(sequence != NULL);
    *sequence = (struct sequence){.actions = actions, .count = (uint32_t)count};
    scene_add_program(scene, name, at, (struct program){&sequence_ops, sequence});
    return sequence;
}

enum sim_end scene_run(struct scene *scene) {
    sim_run(&scene->world.sim);
    const int rc = recorder_finish(scene->recorder, scene->world.sim.now, NULL);
    ASSERT(rc == 0);
    return scene->world.sim.end;
}

void scene_close(struct scene *scene) {
    world_deinit(&scene->world);
    recorder_destroy(scene->recorder);
    timeline_deinit(&scene->timeline);
    *scene = (struct scene){0};
}
