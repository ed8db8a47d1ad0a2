/* SPDX-License-Identifier: MIT */
/*
 * asyncio_jobs - jobs by an event loop: a task each, at most so many of them inside a
 * semaphore.
 *
 * With a thread pool beside the loop, what would hold the loop up - Python, C calls, calls
 * that block - runs there: steps that follow one another without an await are one call of
 * run_in_executor(), and waits for the outside world stay awaits. Such a stretch is a
 * program of its own that takes its actions from the job until it meets one that is for the
 * loop; that one is kept for the coroutine.
 */
#include "engine/aio/loop.h"
#include "engine/strategy/job_runner.h"
#include "engine/strategy/strategy_priv.h"

#include <stdio.h>

enum coroutine_phase { COROUTINE_ACQUIRE, COROUTINE_JOB, COROUTINE_END };

/* async with semaphore: the job. */
struct coroutine {
    struct job_runner runner;
    enum coroutine_phase phase;
    uint32_t number;
    int64_t semaphore; /* its number among the loop's objects */
    bool offload;
    bool has_kept, job_over;
    struct action kept;     /* an action that has been fetched but not performed */
    struct program stretch; /* what runs in a thread: of this coroutine */
    char name[24];
};

/* --- a stretch in a thread ------------------------------------------------------ */

static bool is_for_loop(const struct action *action) {
    return action->kind >= ACTION_AWAIT_IO || action->kind == ACTION_UNIT_BEGIN ||
           action->kind == ACTION_UNIT_END;
}

/* The job's next action; false when it is over. */
static bool next_of_job(struct coroutine *coroutine, const struct resume *resume,
                        struct action *action) {
    if (coroutine->has_kept) {
        coroutine->has_kept = false;
        *action = coroutine->kept;
        return true;
    }
    coroutine->job_over =
        coroutine->job_over || !job_runner_next(&coroutine->runner, resume, action);
    return !coroutine->job_over;
}

static void keep(struct coroutine *coroutine, struct action *action) {
    coroutine->kept = *action;
    coroutine->has_kept = true;
    *action = (struct action){.kind = ACTION_EXIT, .site = SITE_NONE};
}

/* The state is a pointer: copies of it run the same job. */
static void stretch_next(void *state, const struct resume *resume,
                         struct action *action) {
    struct coroutine *coroutine = *(struct coroutine **)state;
    if (next_of_job(coroutine, resume, action) && is_for_loop(action)) {
        keep(coroutine, action);
    }
}

static const struct program_ops stretch_ops = {
    .next = stretch_next,
    .state_size = sizeof(struct coroutine *),
};

/* --- the coroutine -------------------------------------------------------------- */

static void job_next(struct coroutine *coroutine, const struct resume *resume,
                     struct action *action) {
    if (!next_of_job(coroutine, resume, action)) {
        action->kind = ACTION_ASYNC_RELEASE;
        action->value = coroutine->semaphore;
        coroutine->phase = COROUTINE_END;
        return;
    }
    if (coroutine->offload && !is_for_loop(action)) {
        const site_id site = action->site;
        keep(coroutine, action);
        action->kind = ACTION_AWAIT_THREAD;
        action->site = site;
        action->object = &coroutine->stretch;
    }
}

static void coroutine_next(void *state, const struct resume *resume,
                           struct action *action) {
    struct coroutine *coroutine = state;
    switch (coroutine->phase) {
    case COROUTINE_ACQUIRE:
        action->kind = ACTION_ASYNC_ACQUIRE;
        action->value = coroutine->semaphore;
        job_runner_begin(&coroutine->runner, coroutine->number);
        coroutine->phase = COROUTINE_JOB;
        return;
    case COROUTINE_JOB:
        job_next(coroutine, resume, action);
        return;
    case COROUTINE_END:
        return; /* ACTION_EXIT */
    }
}

static const struct program_ops coroutine_ops = {
    .next = coroutine_next,
    .state_size = sizeof(struct coroutine),
};

static int init_coroutine(struct coroutine *coroutine, struct world *world,
                          uint32_t number) {
    struct coroutine **self = arena_alloc(&world->arena, 1, sizeof(struct coroutine *));
    if (self == NULL) {
        return ERR_NOMEM;
    }
    *self = coroutine;
    coroutine->number = number;
    coroutine->semaphore =
        (int64_t)world->plan->object_count; /* see ACTION_ASYNC_ACQUIRE */
    coroutine->offload = world->plan->strategy.to_thread > 0;
    coroutine->stretch = (struct program){&stretch_ops, self};
    snprintf(coroutine->name, sizeof coroutine->name, "job %u", number);
    return job_runner_init(&coroutine->runner, world, true);
}

int strategy_build_asyncio(struct world *world, struct program *program) {
    const struct plan *plan = world->plan;
    struct aio_loop *loop = aio_loop_create(&(struct aio_loop_spec){
        .world = world,
        .task_count = plan->job_count,
        .permits = plan->strategy.workers,
        .executor_workers = plan->strategy.to_thread,
    });
    struct coroutine *coroutines =
        arena_alloc(&world->arena, plan->job_count, sizeof *coroutines);
    if (loop == NULL || coroutines == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < plan->job_count; i++) {
        struct coroutine *coroutine = &coroutines[i];
        if (init_coroutine(coroutine, world, i) != 0) {
            return ERR_NOMEM;
        }
        aio_loop_add_task(loop, &(struct aio_task_spec){
                                    .name = coroutine->name,
                                    .program = {&coroutine_ops, coroutine},
                                });
    }
    *program = aio_loop_program(loop);
    return 0;
}
