/* SPDX-License-Identifier: MIT */
#include "engine/aio/executor.h"

#include "engine/python/pool_worker.h"
#include "engine/python/py_pool.h"

#include <stdio.h>

enum item_phase { ITEM_BODY, ITEM_RESULT, ITEM_OVER };

/* One worker thread, and the body it runs for a task. */
struct worker {
    struct pool_worker program;
    struct aio_executor *executor;
    enum item_phase phase;
    uint32_t task;
    char name[24];
};

struct aio_executor {
    struct pool pool;
    struct world *world;
    struct selector *selector;
    struct program **bodies; /* by task */
    struct worker *workers;  /* pool.max_workers */
};

static void begin_item(void *item, int64_t value) {
    struct worker *worker = item;
    worker->task = (uint32_t)value;
    worker->phase = ITEM_BODY;
}

/* The body's actions, then call_soon_threadsafe: its bytecode, and the byte on the pipe.
 */
static bool next_of_item(void *item, const struct resume *resume, struct action *action) {
    struct worker *worker = item;
    struct aio_executor *executor = worker->executor;
    switch (worker->phase) {
    case ITEM_BODY:
        program_next(executor->bodies[worker->task], resume, action);
        if (action->kind == ACTION_EXIT) {
            action->kind = ACTION_COMPUTE;
            action->ns = executor->world->plan->runtime.threadsafe_wake_ns;
            worker->phase = ITEM_RESULT;
        }
        return true;
    case ITEM_RESULT:
        action->kind = ACTION_WAKE_POLL;
        action->object = executor->selector;
        action->value = worker->task;
        worker->phase = ITEM_OVER;
        return true;
    case ITEM_OVER:
        break;
    }
    return false;
}

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
        .world = world,
        .selector = selector,
        .bodies = bodies,
        .workers = workers,
    };
    py_pool_init(&executor->pool, &world->runtime, &world->arena, specs, max);
    for (uint32_t i = 0; i < max; i++) {
        workers[i] = (struct worker){
            .program = {.queue = &executor->pool,
                        .overhead_ns = world->plan->runtime.pool_job_ns,
                        .says_idle = true,
                        .begin = begin_item,
                        .next = next_of_item,
                        .item = &workers[i]},
            .executor = executor,
        };
        snprintf(workers[i].name, sizeof workers[i].name, "asyncio_%u", i);
        specs[i] = (struct thread_spec){
            .name = workers[i].name, .program = {&pool_worker_ops, &workers[i].program}};
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
    pool_worker_stop_all(&executor->pool.queue, action);
}

uint32_t aio_executor_workers(const struct aio_executor *executor) {
    return executor->pool.workers;
}

int64_t aio_executor_worker_id(const struct aio_executor *executor, uint32_t nth) {
    return executor->pool.worker_specs[nth].id;
}
