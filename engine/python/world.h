/* SPDX-License-Identifier: MIT */
/*
 * world - what one run consists of while it executes: clock, cores, processes, threads,
 * and the tally of what is measured on the way.
 *
 * Everything lives in the run's arena and dies with it. Threads and processes are known
 * by small numbers (ids), in order of birth.
 */
#ifndef ENGINE_PYTHON_WORLD_H
#define ENGINE_PYTHON_WORLD_H

#include "engine/base/histogram.h"
#include "engine/base/memory.h"
#include "engine/os/cpu.h"
#include "engine/program/plan.h"
#include "engine/python/gil.h"
#include "engine/python/py_lock.h"

struct py_thread;

/* What a plan's object is while it runs. */
struct world_object {
    struct py_lock lock;
    struct py_counter counter;
};

/* A process with its one interpreter. */
struct process {
    struct gil gil;
    lane_id lane;
};

/* Numbers that are counted where they happen; analysis turns them into metrics. */
struct tally {
    struct histogram latency; /* of units of work */
    struct histogram loop_lag;
    uint64_t loop_iterations;
};

struct world {
    const struct plan *plan;
    struct sim sim;
    struct cpu cpu;
    struct arena arena;
    struct tally tally;
    uint64_t work_key; /* root of the random numbers of the workload */

    struct world_object *objects; /* plan->object_count */
    void **object_handles;        /* what actions name: the lock, or the counter */

    struct process **processes;
    size_t process_count, process_capacity;
    struct py_thread **threads;
    size_t thread_count, thread_capacity;
    struct err err; /* out of memory while running; ends the run */
};

/* Prepares clock and cores. `recorder`, `plan`, `cancel`, `chooser` are borrowed. */
struct world_spec {
    const struct plan *plan;
    uint32_t repetition;
    struct recorder *recorder;
    const struct chooser *chooser;
    const atomic_bool *cancel;
};
int world_init(struct world *world, const struct world_spec *spec,
               struct err *err) WARN_UNUSED;
void world_deinit(struct world *world);

/* A new process with an interpreter of the plan's runtime; NULL when out of memory. */
struct process *world_add_process(struct world *world, const char *name);

/* Makes the plan's objects, with their lanes under `process`. */
int world_add_objects(struct world *world, const struct process *process) WARN_UNUSED;

/* Gives the thread its id, -1 when out of memory. */
int64_t world_add_thread(struct world *world, struct py_thread *thread);

/* Out of memory in the middle of the run: the run ends and world->err says so. */
void world_fail_nomem(struct world *world);

#endif
