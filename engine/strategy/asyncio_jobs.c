/* SPDX-License-Identifier: MIT */
/*
 * asyncio_jobs - jobs by an event loop: a task each, at most so many of them inside a
 * semaphore.
 *
 * With a pool of threads or of processes beside the loop, what would hold the loop up -
 * Python, C calls, calls that block - runs there: steps that follow one another without an
 * await are one call of run_in_executor(), and waits for the outside world stay awaits. Such
 * a stretch is a program of its own that takes its actions from the job until it meets one
 * that is for the loop; that one is kept for the coroutine.
 *
 * Jobs that arrive are accepted by a task of their own, which makes a task for each:
 *
 *     while True: connection = await loop.sock_accept(server); create_task(job(connection))
 */
#include "engine/aio/loop.h"
#include "engine/strategy/job_runner.h"
#include "engine/strategy/process_executor.h"
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
    struct program stretch; /* what runs in the pool: of this coroutine */
    char name[24];
};

/* --- a stretch in a pool -------------------------------------------------------- */

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
    coroutine->offload =
        world->plan->strategy.to_thread > 0 || world->plan->strategy.to_process > 0;
    coroutine->stretch = (struct program){&stretch_ops, self};
    snprintf(coroutine->name, sizeof coroutine->name, "job %u", number);
    return job_runner_init(&coroutine->runner, world, true);
}

/* --- jobs that arrive ----------------------------------------------------------- */

enum acceptor_phase {
    ACCEPTOR_BEGIN,
    ACCEPTOR_AWAIT,  /* until the next job is there */
    ACCEPTOR_ACCEPT, /* accept() itself */
    ACCEPTOR_MAKE,
    ACCEPTOR_WAIT, /* for the tasks it has made */
    ACCEPTOR_END
};

struct acceptor {
    const struct arrivals *jobs;
    struct coroutine *coroutines; /* by job */
    sim_ns syscall_ns;
    struct spawn_request request;
    struct program program; /* of the next task */
    enum acceptor_phase phase;
    uint32_t next;
};

static void acceptor_make(struct acceptor *acceptor, struct action *action) {
    struct coroutine *coroutine = &acceptor->coroutines[acceptor->next++];
    acceptor->program = (struct program){&coroutine_ops, coroutine};
    acceptor->request = (struct spawn_request){
        .count = 1, .program = &acceptor->program, .title = coroutine->name};
    action->kind = ACTION_GROUP_ADD;
    action->object = &acceptor->request;
}

static void acceptor_next(void *state, const struct resume *resume,
                          struct action *action) {
    struct acceptor *acceptor = state;
    (void)resume;
    switch (acceptor->phase) {
    case ACCEPTOR_BEGIN:
        action->kind = ACTION_GROUP_ENTER;
        action->value = GROUP_JOIN;
        acceptor->phase = acceptor->jobs->count > 0 ? ACCEPTOR_AWAIT : ACCEPTOR_WAIT;
        return;
    case ACCEPTOR_AWAIT:
        action->kind = ACTION_AWAIT_IO;
        action->value = 1;
        action->ns = arrivals_time(acceptor->jobs, acceptor->next);
        acceptor->phase = ACCEPTOR_ACCEPT;
        return;
    case ACCEPTOR_ACCEPT:
        action->kind = ACTION_C_RELEASED;
        action->ns = acceptor->syscall_ns;
        acceptor->phase = ACCEPTOR_MAKE;
        return;
    case ACCEPTOR_MAKE:
        acceptor_make(acceptor, action);
        acceptor->phase =
            acceptor->next < acceptor->jobs->count ? ACCEPTOR_AWAIT : ACCEPTOR_WAIT;
        return;
    case ACCEPTOR_WAIT:
        action->kind = ACTION_GROUP_WAIT;
        acceptor->phase = ACCEPTOR_END;
        return;
    case ACCEPTOR_END:
        return; /* ACTION_EXIT */
    }
}

static const struct program_ops acceptor_ops = {
    .next = acceptor_next,
    .state_size = sizeof(struct acceptor),
};

static int add_acceptor(struct aio_loop *loop, struct world *world,
                        struct coroutine *coroutines) {
    struct acceptor *acceptor = arena_alloc(&world->arena, 1, sizeof *acceptor);
    if (acceptor == NULL) {
        return ERR_NOMEM;
    }
    *acceptor = (struct acceptor){.jobs = &world->jobs,
                                  .coroutines = coroutines,
                                  .syscall_ns = world->plan->machine.syscall_ns};
    aio_loop_add_task(loop, &(struct aio_task_spec){
                                .name = "acceptor",
                                .program = {&acceptor_ops, acceptor},
                            });
    return 0;
}

/* --- building ------------------------------------------------------------------- */

static void add_coroutines(struct aio_loop *loop, struct coroutine *coroutines,
                           uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        aio_loop_add_task(loop, &(struct aio_task_spec){
                                    .name = coroutines[i].name,
                                    .program = {&coroutine_ops, &coroutines[i]},
                                });
    }
}

/* A task for each job, or one that accepts them. */
static int add_tasks(struct aio_loop *loop, struct world *world) {
    const uint32_t count = world->jobs.count;
    struct coroutine *coroutines = arena_alloc(&world->arena, count, sizeof *coroutines);
    if (coroutines == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (init_coroutine(&coroutines[i], world, i) != 0) {
            return ERR_NOMEM;
        }
    }
    if (arrivals_are_open(&world->jobs)) {
        return add_acceptor(loop, world, coroutines);
    }
    add_coroutines(loop, coroutines, count);
    return 0;
}

int strategy_build_asyncio(struct world *world, struct program *program) {
    const struct strategy *strategy = &world->plan->strategy;
    struct process_executor *processes = NULL;
    if (strategy->to_process > 0 && process_executor_create(&processes, world) != 0) {
        return ERR_NOMEM;
    }
    struct aio_loop *loop = aio_loop_create(&(struct aio_loop_spec){
        .world = world,
        .task_count = arrivals_are_open(&world->jobs) ? 1 : world->jobs.count,
        .permits = strategy->workers,
        .executor = processes == NULL ? NULL : process_executor_base(processes),
        .executor_workers = strategy->to_thread,
    });
    if (loop == NULL) {
        return ERR_NOMEM;
    }
    *program = aio_loop_program(loop);
    if (processes != NULL) {
        *program = process_executor_with(processes, *program);
    }
    return add_tasks(loop, world);
}
