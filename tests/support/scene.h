/* SPDX-License-Identifier: MIT */
/*
 * scene - a few threads on a machine whose every cost the test has chosen: below plans
 * and strategies, so that a test can say to the nanosecond what has to happen.
 *
 *   scene_prepare(&scene);               everything is free, 4 cores, interval 5 ms
 *   scene.plan.machine.wake_warm_ns = ...
 *   scene_open(&scene);
 *   scene_add(&scene, "a", 0, actions, count);
 *   scene_run(&scene);
 *   ... look at scene.timeline ...
 *   scene_close(&scene);
 *
 * There is no main thread: the run ends when nothing can happen any more.
 */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include "engine/python/py_thread.h"
#include "tests/support/sequence.h"
#include "tests/support/timeline.h"

struct scene {
    struct plan plan;
    struct timeline timeline;
    struct recorder *recorder;
    struct world world;
    struct process *process;
    const struct chooser *chooser;
};

/* Does not open anything yet: the plan can still be changed. */
void scene_prepare(struct scene *scene);

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* Sets wake-up latency of all depths of sleep. */
void scene_set_wake(struct scene *scene, sim_ns latency);

/* A thread that becomes runnable at `at` and then runs `program`. */
struct py_thread *scene_add_program(struct scene *scene, const char *name, sim_ns at,
                                    struct program program);

/* The same with a sequence of actions, which is borrowed. */
struct sequence *scene_add(struct scene *scene, const char *name, sim_ns at,
                           const struct action *actions, size_t count);

#define SCENE_ADD(scene, name, at, actions)                                              \
    scene_add((scene), (name), (at), (actions), sizeof(actions) / sizeof(actions)[0])

/* Runs to the end and hands everything to the timeline. */
enum sim_end scene_run(struct scene *scene);

#endif
