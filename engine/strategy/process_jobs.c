/* SPDX-License-Identifier: MIT */
/* process_jobs - with ProcessPoolExecutor(workers) as executor:
 *     list(executor.map(job, range(jobs), chunksize=chunk))
 * or, when jobs arrive, `while True: executor.submit(job, accept())` and no look at
 * results. */
#include "engine/strategy/process_pool.h"
#include "engine/strategy/strategy_priv.h"

enum main_phase { MAIN_MAKE, MAIN_SUBMIT, MAIN_SUBMITTING, MAIN_RESULT, MAIN_SHUTDOWN };

struct process_main {
    struct process_pool pool;
    enum main_phase phase;
    uint32_t submitted, asked;
    bool accepted; /* the next job has arrived */
};

static void submit(struct process_main *main, const struct resume *resume,
                   struct action *action) {
    struct process_pool *pool = &main->pool;
    const struct arrivals *jobs = &pool->world->jobs;
    const bool waits = pool->world->plan->strategy.one_by_one && !arrivals_are_open(jobs);
    main->phase = MAIN_SUBMIT;
    if (main->submitted == pool->chunks || (waits && main->asked < main->submitted)) {
        process_pool_run(pool, 0, action);
        main->phase = MAIN_RESULT;
        return;
    }
    if (arrivals_are_open(jobs) && !main->accepted) {
        main->accepted = true;
        arrivals_await(jobs, main->submitted, action);
        return;
    }
    main->accepted = false;
    process_pool_submit(pool, main->submitted++);
    main->phase = MAIN_SUBMITTING;
    (void)process_pool_submit_next(pool, resume, action); /* there is a first action */
}

static void result(struct process_main *main, struct action *action) {
    struct process_pool *pool = &main->pool;
    if (main->asked == pool->chunks || arrivals_are_open(&pool->world->jobs)) {
        process_pool_shutdown(pool);
        main->phase = MAIN_SHUTDOWN;
        (void)process_pool_shutdown_next(pool, action); /* there is a first action */
        return;
    }
    action->kind = ACTION_RESULT;
    action->object = &pool->futures[main->asked++];
    if (main->submitted < pool->chunks) {
        main->phase = MAIN_SUBMIT;
    }
}

static void process_main_next(void *state, const struct resume *resume,
                              struct action *action) {
    struct process_main *main = state;
    switch (main->phase) {
    case MAIN_MAKE:
        process_pool_make(&main->pool, action);
        main->phase = MAIN_SUBMIT;
        return;
    case MAIN_SUBMIT:
        submit(main, resume, action);
        return;
    case MAIN_SUBMITTING:
        if (!process_pool_submit_next(&main->pool, resume, action)) {
            submit(main, resume, action);
        }
        return;
    case MAIN_RESULT:
        result(main, action);
        return;
    case MAIN_SHUTDOWN:
        (void)process_pool_shutdown_next(&main->pool, action); /* or ACTION_EXIT */
        return;
    }
}

static const struct program_ops process_main_ops = {
    .next = process_main_next,
    .state_size = sizeof(struct process_main),
};

int strategy_build_processes(struct world *world, struct program *program) {
    const struct strategy *strategy = &world->plan->strategy;
    struct process_main *main = arena_alloc(&world->arena, 1, sizeof *main);
    if (main == NULL) {
        return ERR_NOMEM;
    }
    *program = (struct program){&process_main_ops, main};
    return process_pool_init(&main->pool,
                             &(struct process_pool_spec){.world = world,
                                                         .workers = strategy->workers,
                                                         .chunk_size = strategy->chunk,
                                                         .start = strategy->start});
}
