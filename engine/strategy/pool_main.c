/* SPDX-License-Identifier: MIT */
#include "engine/strategy/pool_main.h"

#include "engine/python/pool_worker.h"
#include "engine/python/py_thread.h"

static void pool_main_next(void *state, const struct resume *resume,
                           struct action *action) {
    (void)resume;
    struct pool_main *main = state;
    const bool open = arrivals_are_open(main->jobs);
    const bool waits = !open && main->one_by_one && main->asked < main->submitted;
    if (open && main->submitted < main->jobs->count && !main->accepted) {
        main->accepted = true;
        arrivals_await(main->jobs, main->submitted, action);
    } else if (main->submitted < main->jobs->count && !waits) {
        main->accepted = false;
        if (!open) {
            /* Not all of them at first: of a million jobs that takes 0.1 s, in which
             * nobody can stop the run. */
            py_future_init(&main->futures[main->submitted], main->runtime);
        }
        action->kind = ACTION_SUBMIT;
        action->object = &main->pool;
        action->value = main->submitted++;
    } else if (!open && main->asked < main->jobs->count) {
        action->kind = ACTION_RESULT;
        action->object = &main->futures[main->asked++];
    } else if (!main->stopped) {
        main->stopped = true;
        pool_worker_stop_all(&main->pool.queue, action);
    } else if (main->joined < main->pool.workers) {
        action->kind = ACTION_JOIN;
        action->value = main->pool.worker_specs[main->joined++].id;
    }
}

static const struct program_ops pool_main_ops = {
    .next = pool_main_next,
    .state_size = sizeof(struct pool_main),
};

struct pool_main *pool_main_create(struct world *world) {
    struct pool_main *main = arena_alloc(&world->arena, 1, sizeof *main);
    if (main == NULL) {
        return NULL;
    }
    main->jobs = &world->jobs;
    main->runtime = &world->runtime;
    main->one_by_one = world->plan->strategy.one_by_one;
    if (!arrivals_are_open(main->jobs)) {
        main->futures =
            arena_alloc(&world->arena, world->jobs.count, sizeof *main->futures);
    }
    return main->futures == NULL && !arrivals_are_open(main->jobs) ? NULL : main;
}

struct py_future *pool_main_future(const struct pool_main *main, uint32_t job,
                                   struct py_future *own) {
    if (main->futures != NULL) {
        return &main->futures[job];
    }
    py_future_init(own, main->runtime);
    return own;
}

struct program pool_main_program(struct pool_main *main) {
    return (struct program){&pool_main_ops, main};
}
