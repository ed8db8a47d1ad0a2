/* SPDX-License-Identifier: MIT */
/* jobs - a closed batch of jobs: one after the other, by a thread pool. */
#include "engine/python/pool_worker.h"
#include "engine/python/py_pool.h"
#include "engine/python/py_thread.h"
#include "engine/strategy/job_runner.h"
#include "engine/strategy/pool_main.h"
#include "engine/strategy/strategy_priv.h"

#include <stdio.h>

/* --- sequential ---------------------------------------------------------------- */

struct sequential {
    struct job_runner runner;
    const struct arrivals *jobs;
    uint32_t next;
    bool accepted; /* the next job has arrived */
};

static void sequential_next(void *state, const struct resume *resume,
                            struct action *action) {
    struct sequential *main = state;
    while (!job_runner_next(&main->runner, resume, action)) {
        if (main->next == main->jobs->count) {
            return; /* ACTION_EXIT */
        }
        if (arrivals_are_open(main->jobs) && !main->accepted) {
            main->accepted = true;
            arrivals_await(main->jobs, main->next, action);
            return;
        }
        main->accepted = false;
        job_runner_begin(&main->runner, main->next++);
    }
}

static const struct program_ops sequential_ops = {
    .next = sequential_next,
    .state_size = sizeof(struct sequential),
};

int strategy_build_sequential(struct world *world, struct program *program) {
    struct sequential *main = arena_alloc(&world->arena, 1, sizeof *main);
    if (main == NULL) {
        return ERR_NOMEM;
    }
    main->jobs = &world->jobs;
    *program = (struct program){&sequential_ops, main};
    return job_runner_init(&main->runner, world, false);
}

/* --- workers that take jobs from a queue --------------------------------------- */

struct worker {
    struct pool_worker program;
    struct job_runner runner;
    const struct pool_main *main;
    struct py_future own;
    struct py_future *future; /* of the present job; NULL once it has its result */
    char name[32];
};

static void begin_job(void *item, int64_t value) {
    struct worker *worker = item;
    job_runner_begin(&worker->runner, (uint32_t)value);
    worker->future = pool_main_future(worker->main, (uint32_t)value, &worker->own);
    worker->future->changed.lane = worker->program.lane;
}

static bool next_of_job(void *item, const struct resume *resume, struct action *action) {
    struct worker *worker = item;
    if (job_runner_next(&worker->runner, resume, action)) {
        return true;
    }
    if (worker->future == NULL) {
        return false;
    }
    action->kind = ACTION_SET_RESULT;
    action->object = worker->future;
    worker->future = NULL;
    return true;
}

/* `count` workers on one queue, with what is needed to start them; NULL when out of
 * memory. */
static struct thread_spec *build_workers(struct world *world, struct pool_worker model,
                                         const struct pool_main *main, uint32_t count) {
    struct worker *workers = arena_alloc(&world->arena, count, sizeof *workers);
    struct thread_spec *specs = arena_alloc(&world->arena, count, sizeof *specs);
    if (workers == NULL || specs == NULL) {
        return NULL;
    }
    model.begin = begin_job;
    model.next = next_of_job;
    for (uint32_t i = 0; i < count; i++) {
        struct worker *worker = &workers[i];
        worker->program = model;
        worker->program.item = worker;
        worker->main = main;
        snprintf(worker->name, sizeof worker->name, "worker %u", i);
        if (job_runner_init(&worker->runner, world, false) != 0) {
            return NULL;
        }
        specs[i] = (struct thread_spec){.name = worker->name,
                                        .program = {&pool_worker_ops, &worker->program}};
    }
    return specs;
}

/* --- threads ------------------------------------------------------------------- */

int strategy_build_threads(struct world *world, struct program *program) {
    const struct plan *plan = world->plan;
    struct pool_main *main = pool_main_create(world);
    if (main == NULL) {
        return ERR_NOMEM;
    }
    const struct pool_worker model = {
        .queue = &main->pool,
        .overhead_ns =
            plan->runtime.pool_job_ns * PY_POOL_BEFORE_JOB_OPCODES / PY_POOL_JOB_OPCODES,
        .says_idle = true,
    };
    const uint32_t workers = plan->strategy.workers;
    struct thread_spec *specs = build_workers(world, model, main, workers);
    if (specs == NULL) {
        return ERR_NOMEM;
    }
    py_pool_init(&main->pool, &world->runtime, &world->arena, specs, workers);
    py_queue_tell(&main->pool.queue, &world->sim, world->processes[0]->lane,
                  COUNTER_WORK_ITEMS);
    *program = pool_main_program(main);
    return 0;
}
