/* SPDX-License-Identifier: MIT */
#include "engine/aio/executor.h"

#include <string.h>

#include "engine/aio/aio_priv.h"

/* One call that has been submitted and whose result was not taken. */
struct aio_item {
    struct program body; /* its state is a copy */
    size_t capacity;     /* of that, in bytes */
    struct aio_future *future;
    uint32_t next_free;
    bool began; /* the body has been asked for its first action */
    bool taken; /* a worker has begun it: it cannot be cancelled any more */
    bool cancelled;
};

enum { NO_ITEM = UINT32_MAX };

void aio_executor_init(struct aio_executor *executor, const struct aio_executor_ops *ops,
                       struct world *world, struct selector *selector) {
    *executor = (struct aio_executor){
        .ops = ops, .world = world, .selector = selector, .free_item = NO_ITEM};
}

/* --- submitting ---------------------------------------------------------------- */

static bool grow(struct aio_executor *executor) {
    const uint32_t capacity =
        executor->item_capacity == 0 ? 16 : 2 * executor->item_capacity;
    struct aio_item *items =
        arena_alloc(&executor->world->arena, capacity, sizeof *items);
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

static bool copy_body(struct aio_executor *executor, struct aio_item *item,
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
                         struct aio_future *future, uint32_t *out) {
    const uint32_t number = take_free_item(executor);
    if (number == NO_ITEM || !copy_body(executor, &executor->items[number], body)) {
        return false;
    }
    struct aio_item *item = &executor->items[number];
    item->future = future;
    item->began = item->taken = item->cancelled = false;
    executor->ops->submit(executor, number);
    *out = number;
    return true;
}

/* --- cancelling ---------------------------------------------------------------- */

void aio_executor_cancel(struct aio_executor *executor, uint32_t number,
                         const struct aio_future *future) {
    struct aio_item *item = &executor->items[number];
    if (item->future == future) { /* else its result has been delivered */
        item->cancelled = !item->taken;
    }
}

bool aio_executor_begin(struct aio_executor *executor, uint32_t number) {
    struct aio_item *item = &executor->items[number];
    item->taken = true;
    if (item->cancelled) {
        aio_future_release(aio_executor_take_result(executor, number));
    }
    return !item->cancelled;
}

/* --- running, and the result --------------------------------------------------- */

bool aio_executor_body_next(struct aio_executor *executor, uint32_t number,
                            const struct resume *resume, struct action *action) {
    static const struct resume begin = {.status = RESUME_START};
    struct aio_item *item = &executor->items[number];
    program_next(&item->body, item->began ? resume : &begin, action);
    item->began = true;
    return action->kind != ACTION_EXIT;
}

void aio_executor_call_soon(const struct aio_executor *executor, struct action *action) {
    action->kind = ACTION_COMPUTE;
    action->ns = executor->world->plan->runtime.threadsafe_wake_ns;
}

void aio_executor_wake(const struct aio_executor *executor, uint32_t number,
                       struct action *action) {
    action->kind = ACTION_WAKE_POLL;
    action->object = executor->selector;
    action->value = number;
}

struct aio_future *aio_executor_take_result(struct aio_executor *executor,
                                            uint32_t number) {
    struct aio_item *item = &executor->items[number];
    struct aio_future *future = item->future;
    item->next_free = executor->free_item;
    item->future = NULL;
    executor->free_item = number;
    return future;
}
