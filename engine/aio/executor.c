/* SPDX-License-Identifier: MIT */
#include "engine/aio/executor.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/python/pool_worker.h"
#include "engine/python/py_pool.h"

enum item_phase { ITEM_BODY, ITEM_RESULT, ITEM_OVER };

/* One call that has been submitted and whose result was not taken. */
struct item {
    struct program body; /* its state is a copy */
    size_t capacity;     /* of that, in bytes */
    struct aio_future *future;
    uint32_t next_free;
};

/* One worker thread. */
struct worker {
    struct pool_worker program;
    struct aio_executor *executor;
    enum item_phase phase;
    uint32_t item;
    bool began; /* the body has been asked for its first action */
    char name[24];
};

enum { NO_ITEM = UINT32_MAX };

struct aio_executor {
    struct pool pool;
    struct world *world;
    struct selector *selector;
    struct item *items;
    uint32_t item_count, item_capacity, free_item;
    struct worker *workers; /* pool.max_workers */
};

/* --- items --------------------------------------------------------------------- */

static bool grow(struct aio_executor *executor) {
    const uint32_t capacity =
        executor->item_capacity == 0 ? 16 : 2 * executor->item_capacity;
    struct item *items = arena_alloc(&executor->world->arena, capacity, sizeof *items);
    if (items == NULL) {
        return false;
    }
    if (executor->item_count > 0) {
        memcpy(items, executor->items, executor->item_count * sizeof *items);
    }
    executor->items = items;
    executor->item_capacity = capacity;
    return true;
}

static uint32_t take_free_item(struct aio_executor *executor) {
    const uint32_t item = executor->free_item;
    if (item != NO_ITEM) {
        executor->free_item = executor->items[item].next_free;
        return item;
    }
    if (executor->item_count == executor->item_capacity && !grow(executor)) {
        return NO_ITEM;
    }
    return executor->item_count++;
}

static bool copy_body(struct aio_executor *executor, struct item *item,
                      const struct program *body) {
    const size_t size = body->ops->state_size;
    if (item->capacity < size) {
        item->body.state = arena_alloc(&executor->world->arena, 1, size);
        item->capacity = item->body.state == NULL ? 0 : size;
    }
    if (item->body.state == NULL) {
        return false;
    }
    item->body.ops = body->ops;
    memcpy(item->body.state, body->state, size);
    return true;
}

bool aio_executor_submit(struct aio_executor *executor, const struct program *body,
                         struct aio_future *future, struct action *action) {
    const uint32_t number = take_free_item(executor);
    if (number == NO_ITEM || !copy_body(executor, &executor->items[number], body)) {
        return false;
    }
    executor->items[number].future = future;
    action->kind = ACTION_SUBMIT;
    action->object = &executor->pool;
    action->value = number;
    return true;
}

struct aio_future *aio_executor_take_result(struct aio_executor *executor,
                                            uint32_t number) {
    struct item *item = &executor->items[number];
    item->next_free = executor->free_item;
    executor->free_item = number;
    return item->future;
}

/* --- workers ------------------------------------------------------------------- */

static void begin_item(void *state, int64_t value) {
    struct worker *worker = state;
    worker->item = (uint32_t)value;
    worker->phase = ITEM_BODY;
    worker->began = false;
}

/* The body's actions, then call_soon_threadsafe: its bytecode, and the byte on the pipe.
 */
static bool next_of_item(void *state, const struct resume *resume,
                         struct action *action) {
    static const struct resume begin = {.status = RESUME_START};
    struct worker *worker = state;
    struct aio_executor *executor = worker->executor;
    switch (worker->phase) {
    case ITEM_BODY:
        program_next(&executor->items[worker->item].body, worker->began ? resume : &begin,
                     action);
        worker->began = true;
        if (action->kind == ACTION_EXIT) {
            action->kind = ACTION_COMPUTE;
            action->ns = executor->world->plan->runtime.threadsafe_wake_ns;
            worker->phase = ITEM_RESULT;
        }
        return true;
    case ITEM_RESULT:
        action->kind = ACTION_WAKE_POLL;
        action->object = executor->selector;
        action->value = worker->item;
        worker->phase = ITEM_OVER;
        return true;
    case ITEM_OVER:
        break;
    }
    return false;
}

static void init_worker(struct aio_executor *executor, uint32_t nth,
                        struct thread_spec *spec) {
    struct worker *worker = &executor->workers[nth];
    *worker = (struct worker){
        .program = {.queue = &executor->pool,
                    .overhead_ns = executor->world->plan->runtime.pool_job_ns,
                    .says_idle = true,
                    .begin = begin_item,
                    .next = next_of_item,
                    .item = worker},
        .executor = executor,
    };
    snprintf(worker->name, sizeof worker->name, "asyncio_%u", nth);
    *spec = (struct thread_spec){.name = worker->name,
                                 .program = {&pool_worker_ops, &worker->program}};
}

struct aio_executor *aio_executor_create(struct world *world, struct selector *selector,
                                         uint32_t workers) {
    const int64_t cores = world->plan->machine.cores;
    const uint32_t by_default = (uint32_t)(cores + 4 < 32 ? cores + 4 : 32);
    const uint32_t max = workers > 0 ? workers : by_default;
    struct aio_executor *executor = arena_alloc(&world->arena, 1, sizeof *executor);
    struct thread_spec *specs = arena_alloc(&world->arena, max, sizeof *specs);
    struct worker *array = arena_alloc(&world->arena, max, sizeof *array);
    if (executor == NULL || array == NULL || specs == NULL) {
        return NULL;
    }
    *executor = (struct aio_executor){
        .world = world, .selector = selector, .workers = array, .free_item = NO_ITEM};
    py_pool_init(&executor->pool, &world->runtime, &world->arena, specs, max);
    for (uint32_t i = 0; i < max; i++) {
        init_worker(executor, i, &specs[i]);
    }
    return executor;
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
