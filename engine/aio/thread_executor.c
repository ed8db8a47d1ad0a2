/* SPDX-License-Identifier: MIT */
#include "engine/aio/thread_executor.h"

#include <stdio.h>

#include "engine/python/pool_worker.h"
#include "engine/python/py_pool.h"

enum item_phase { ITEM_BODY, ITEM_RESULT, ITEM_OVER };

/* One worker thread. */
struct worker {
    struct pool_worker program;
    struct aio_executor *executor;
    enum item_phase phase;
    uint32_t item;
    char name[24];
};

struct aio_thread_executor {
    struct aio_executor base; /* must be first */
    struct pool pool;
    struct worker *workers; /* pool.max_workers */
    uint32_t submitting;
    bool submitted; /* that call has been put into the queue */
};

/* --- submit() ------------------------------------------------------------------ */

static void submit(struct aio_executor *base, uint32_t number) {
    struct aio_thread_executor *executor = (struct aio_thread_executor *)(void *)base;
    executor->submitting = number;
    executor->submitted = false;
}

static bool submit_next(struct aio_executor *base, const struct resume *resume,
                        struct action *action) {
    struct aio_thread_executor *executor = (struct aio_thread_executor *)(void *)base;
    (void)resume;
    if (executor->submitted) {
        return false;
    }
    executor->submitted = true;
    action->kind = ACTION_SUBMIT;
    action->object = &executor->pool;
    action->value = executor->submitting;
    return true;
}

static const struct aio_executor_ops thread_ops = {
    .submit = submit,
    .submit_next = submit_next,
};

/* --- workers ------------------------------------------------------------------- */

static void begin_item(void *state, int64_t value) {
    struct worker *worker = state;
    worker->item = (uint32_t)value;
    worker->phase =
        aio_executor_begin(worker->executor, worker->item) ? ITEM_BODY : ITEM_OVER;
}

/* The body's actions, then call_soon_threadsafe. */
static bool next_of_item(void *state, const struct resume *resume,
                         struct action *action) {
    struct worker *worker = state;
    switch (worker->phase) {
    case ITEM_BODY:
        if (!aio_executor_body_next(worker->executor, worker->item, resume, action)) {
            aio_executor_call_soon(worker->executor, action);
            worker->phase = ITEM_RESULT;
        }
        return true;
    case ITEM_RESULT:
        aio_executor_wake(worker->executor, worker->item, action);
        worker->phase = ITEM_OVER;
        return true;
    case ITEM_OVER:
        break;
    }
    return false;
}

static void init_worker(struct aio_thread_executor *executor, uint32_t nth,
                        struct thread_spec *spec) {
    struct worker *worker = &executor->workers[nth];
    *worker = (struct worker){
        .program = {.queue = &executor->pool,
                    .overhead_ns = executor->base.world->plan->runtime.pool_job_ns,
                    .says_idle = true,
                    .begin = begin_item,
                    .next = next_of_item,
                    .item = worker},
        .executor = &executor->base,
    };
    snprintf(worker->name, sizeof worker->name, "asyncio_%u", nth);
    *spec = (struct thread_spec){.name = worker->name,
                                 .program = {&pool_worker_ops, &worker->program}};
}

static uint32_t default_workers(const struct world *world) {
    const int64_t cores = world->plan->machine.cores;
    const int64_t per_core = world->runtime.default_pool_per_core;
    if (per_core > 0) {
        return (uint32_t)(per_core * cores);
    }
    return (uint32_t)(cores + 4 < 32 ? cores + 4 : 32);
}

struct aio_thread_executor *aio_thread_executor_create(struct world *world,
                                                       struct selector *selector,
                                                       uint32_t workers) {
    const uint32_t max = workers > 0 ? workers : default_workers(world);
    struct aio_thread_executor *executor =
        arena_alloc(&world->arena, 1, sizeof *executor);
    struct thread_spec *specs = arena_alloc(&world->arena, max, sizeof *specs);
    struct worker *array = arena_alloc(&world->arena, max, sizeof *array);
    if (executor == NULL || array == NULL || specs == NULL) {
        return NULL;
    }
    *executor = (struct aio_thread_executor){.workers = array};
    aio_executor_init(&executor->base, &thread_ops, world, selector);
    py_pool_init(&executor->pool, &world->runtime, &world->arena, specs, max);
    py_queue_tell(&executor->pool.queue, &world->sim, selector->lane, COUNTER_WORK_ITEMS);
    for (uint32_t i = 0; i < max; i++) {
        init_worker(executor, i, &specs[i]);
    }
    return executor;
}

struct aio_executor *aio_thread_executor_base(struct aio_thread_executor *executor) {
    return &executor->base;
}

void aio_thread_executor_stop(struct aio_thread_executor *executor,
                              struct action *action) {
    pool_worker_stop_all(&executor->pool.queue, action);
}

uint32_t aio_thread_executor_workers(const struct aio_thread_executor *executor) {
    return executor->pool.workers;
}

int64_t aio_thread_executor_worker_id(const struct aio_thread_executor *executor,
                                      uint32_t nth) {
    return executor->pool.worker_specs[nth].id;
}
