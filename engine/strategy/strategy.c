/* SPDX-License-Identifier: MIT */
#include "engine/strategy/strategy.h"

#include "engine/python/py_thread.h"
#include "engine/strategy/strategy_priv.h"

static const strategy_builder builders[STRATEGY_KIND_COUNT] = {
    [STRATEGY_ACTORS] = strategy_build_actors,
    [STRATEGY_SEQUENTIAL] = strategy_build_sequential,
    [STRATEGY_THREADS] = strategy_build_threads,
    [STRATEGY_ASYNCIO] = strategy_build_asyncio,
    [STRATEGY_PROCESSES] = strategy_build_processes,
    [STRATEGY_INTERPRETERS] = strategy_build_interpreters,
};

static strategy_builder builder_of(const struct strategy *strategy) {
    return strategy_is_nested(strategy) ? strategy_build_nested
                                        : builders[strategy->kind];
}

/* Before the run, at time 0; unit_end() counts them down. */
static void count_jobs(const struct world *world, lane_id lane) {
    const struct arrivals *jobs = &world->jobs;
    if (arrivals_are_open(jobs)) {
        recorder_count_at(world->sim.recorder, lane, COUNTER_JOBS_IN_SYSTEM, jobs->at,
                          jobs->count);
    } else {
        recorder_count(world->sim.recorder, 0, lane, COUNTER_JOBS_IN_SYSTEM, jobs->count);
    }
}

static int expect_jobs(struct world *world, lane_id lane) {
    const int rc =
        arrivals_init(&world->jobs, world->plan, world->sim.random_key, &world->arena);
    if (rc != 0) {
        return rc;
    }
    count_jobs(world, lane);
    return open_loop_init(&world->tally.open_loop, world->plan, &world->jobs,
                          &world->arena);
}

int strategy_build(struct world *world, struct err *err) {
    struct process *process = world_add_process(world, "process");
    struct program program;
    if (process == NULL || expect_jobs(world, process->lane) != 0 ||
        world_add_objects(world, process) != 0 ||
        builder_of(&world->plan->strategy)(world, &program) != 0) {
        return err_set_nomem(err);
    }
    struct py_thread *thread = py_thread_create(world, process, "MainThread", program);
    if (thread == NULL) {
        return err_set_nomem(err);
    }
    py_thread_begin_main(thread);
    return py_signal_schedule(thread) == 0 ? 0 : err_set_nomem(err);
}
