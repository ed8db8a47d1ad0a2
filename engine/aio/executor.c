/* SPDX-License-Identifier: MIT */
#include "engine/aio/executor.h"

#include <stdio.h>

enum { NO_MORE = -1 };

enum worker_phase { WORKER_TAKE, WORKER_TAKEN, WORKER_BODY, WORKER_RESULT, WORKER_END };

struct worker {
    struct aio_executor *executor;
    enum worker_phase phase;
    uint32_t task;
    bool worked; /* has finished an item since it last took one */
    char name[24];
};

struct aio_executor {
    struct pool pool;
    struct world *world;
    struct selector *selector;
    struct program **bodies; /* by task */
    struct worker *workers;  /* pool.max_workers */
};

static void take(struct worker *worker, struct action *action) {
    action->kind = ACTION_TAKE;
    action->object = &worker->executor->pool;
    action->value = worker->worked;
    worker->phase = WORKER_TAKEN;
}

static void taken(struct worker *worker, int64_t value, struct action *action) {
    if (value == NO_MORE) { /* leaves it there for the next worker */
        action->kind = ACTION_PUT;
        action->object = &worker->executor->pool.queue;
        action->value = NO_MORE;
        worker->phase = WORKER_END;
        return;
    }
    worker->task = (uint32_t)value;
    action->kind = ACTION_COMPUTE;
    action->ns = worker->executor->world->plan->runtime.pool_job_ns;
    worker->phase = WORKER_BODY;
}

/* The body's next action; at its end the price of call_soon_threadsafe. */
static void run_body(struct worker *worker, const struct resume *resume,
                     struct action *action) {
    program_next(worker->executor->bodies[worker->task], resume, action);
    if (action->kind == ACTION_EXIT) {
        action->kind = ACTION_COMPUTE;
        action->ns = worker->executor->world->plan->runtime.threadsafe_wake_ns;
        worker->phase = WORKER_RESULT;
    }
}

static void worker_next(void *state, const struct resume *resume, struct action *action) {
    struct worker *worker = state;
    switch (worker->phase) {
    case WORKER_TAKE:
        take(worker, action);
        break;
    case WORKER_TAKEN:
        taken(worker, resume->value, action);
        break;
    case WORKER_BODY:
        run_body(worker, resume, action);
        break;
    case WORKER_RESULT:
        action->kind = ACTION_WAKE_POLL;
        action->object = worker->executor->selector;
        action->value = worker->task;
        worker->worked = true;
        worker->phase = WORKER_TAKE;
        break;
    case WORKER_END:
        break; /* ACTION_EXIT */
    }
}

static const struct program_ops worker_ops = {
    .next = worker_next,
    .state_size = sizeof(struct worker),
};

struct aio_executor *aio_executor_create(struct world *world, struct selector *selector,
                                         uint32_t tasks) {
    const int64_t cores = world->plan->machine.cores;
    const uint32_t max = (uint32_t)(cores + 4 < 32 ? cores + 4 : 32);
    struct aio_executor *executor = arena_alloc(&world->arena, 1, sizeof *executor);
    struct worker *workers = arena_alloc(&world->arena, max, sizeof *workers);
    struct thread_spec *specs = arena_alloc(&world->arena, max, sizeof *specs);
    struct program **bodies = arena_alloc(&world->arena, tasks, sizeof(struct program *));
    if (executor == NULL || workers == NULL || specs == NULL || bodies == NULL) {
        return NULL;
    }
    *executor = (struct aio_executor){
        .pool = {.queue = {.arena = &world->arena},
                 .max_workers = max,
                 .worker_specs = specs},
        .world = world,
        .selector = selector,
        .bodies = bodies,
        .workers = workers,
    };
    for (uint32_t i = 0; i < max; i++) {
        workers[i] = (struct worker){.executor = executor};
        snprintf(workers[i].name, sizeof workers[i].name, "asyncio_%u", i);
        specs[i] = (struct thread_spec){.name = workers[i].name,
                                        .program = {&worker_ops, &workers[i]}};
    }
    return executor;
}

void aio_executor_submit(struct aio_executor *executor, struct program *body,
                         uint32_t task, struct action *action) {
    executor->bodies[task] = body;
    action->kind = ACTION_SUBMIT;
    action->object = &executor->pool;
    action->value = task;
}

void aio_executor_stop(struct aio_executor *executor, struct action *action) {
    action->kind = ACTION_PUT;
    action->object = &executor->pool.queue;
    action->value = NO_MORE;
}

uint32_t aio_executor_workers(const struct aio_executor *executor) {
    return executor->pool.workers;
}

int64_t aio_executor_worker_id(const struct aio_executor *executor, uint32_t nth) {
    return executor->pool.worker_specs[nth].id;
}
