/* SPDX-License-Identifier: MIT */
#include "engine/strategy/process_executor.h"

#include "engine/base/check.h"
#include "engine/strategy/process_pool.h"

enum with_phase { WITH_MAKE, WITH_BEGIN, WITH_LOOP, WITH_SHUTDOWN };

struct process_executor {
    struct aio_executor base; /* must be first */
    struct process_pool pool;
    struct program loop;
    struct resume start; /* what the loop is to be told first */
    enum with_phase phase;
};

/* --- what the loop asks for ---------------------------------------------------- */

static void submit(struct aio_executor *base, uint32_t number) {
    struct process_pool *pool = &((struct process_executor *)(void *)base)->pool;
    ASSERT(number < pool->chunks);
    process_pool_submit(pool, number);
}

static bool submit_next(struct aio_executor *base, const struct resume *resume,
                        struct action *action) {
    struct process_pool *pool = &((struct process_executor *)(void *)base)->pool;
    return process_pool_submit_next(pool, resume, action);
}

static const struct aio_executor_ops process_ops = {
    .submit = submit,
    .submit_next = submit_next,
};

/* --- the main thread ----------------------------------------------------------- */

static void run_loop(struct process_executor *executor, const struct resume *resume,
                     struct action *action) {
    program_next(&executor->loop, resume, action);
    if (action->kind == ACTION_EXIT) {
        process_pool_shutdown(&executor->pool);
        executor->phase = WITH_SHUTDOWN;
        (void)process_pool_shutdown_next(&executor->pool, action); /* has a first one */
    }
}

static void with_next(void *state, const struct resume *resume, struct action *action) {
    struct process_executor *executor = state;
    switch (executor->phase) {
    case WITH_MAKE:
        executor->start = *resume;
        process_pool_make(&executor->pool, action);
        executor->phase = WITH_BEGIN;
        return;
    case WITH_BEGIN:
        executor->phase = WITH_LOOP;
        run_loop(executor, &executor->start, action);
        return;
    case WITH_LOOP:
        run_loop(executor, resume, action);
        return;
    case WITH_SHUTDOWN:
        (void)process_pool_shutdown_next(&executor->pool, action); /* or ACTION_EXIT */
        return;
    }
}

static const struct program_ops with_ops = {
    .next = with_next,
    .state_size = sizeof(struct process_executor),
};

/* --- building ------------------------------------------------------------------ */

int process_executor_create(struct process_executor **out, struct world *world) {
    const struct strategy *strategy = &world->plan->strategy;
    struct process_executor *executor = arena_alloc(&world->arena, 1, sizeof *executor);
    if (executor == NULL) {
        return ERR_NOMEM;
    }
    aio_executor_init(&executor->base, &process_ops, world, NULL);
    *out = executor;
    return process_pool_init(&executor->pool,
                             &(struct process_pool_spec){.world = world,
                                                         .workers = strategy->to_process,
                                                         .chunk_size = 1,
                                                         .start = strategy->start,
                                                         .executor = &executor->base});
}

struct aio_executor *process_executor_base(struct process_executor *executor) {
    return &executor->base;
}

struct program process_executor_with(struct process_executor *executor,
                                     struct program loop) {
    executor->loop = loop;
    return (struct program){&with_ops, executor};
}
