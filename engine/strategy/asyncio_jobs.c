/* SPDX-License-Identifier: MIT */
/*
 * asyncio_jobs - jobs by an event loop: a task each, at most so many of them inside a
 * semaphore.
 *
 * Jobs that arrive are accepted by a task of their own, which makes a task for each:
 *
 *     while True: connection = await loop.sock_accept(server); create_task(job(connection))
 */
#include "engine/aio/loop.h"
#include "engine/strategy/loop_job.h"
#include "engine/strategy/process_executor.h"
#include "engine/strategy/strategy_priv.h"

#include <stdio.h>

enum coroutine_phase { COROUTINE_ACQUIRE, COROUTINE_JOB, COROUTINE_END };

/* async with semaphore: the job. */
struct coroutine {
    struct loop_job job;
    enum coroutine_phase phase;
    uint32_t number;
    int64_t semaphore; /* its number among the loop's objects */
    char name[24];
};

static void coroutine_next(void *state, const struct resume *resume,
                           struct action *action) {
    struct coroutine *coroutine = state;
    switch (coroutine->phase) {
    case COROUTINE_ACQUIRE:
        action->kind = ACTION_ASYNC_ACQUIRE;
        action->value = coroutine->semaphore;
        loop_job_begin(&coroutine->job, coroutine->number);
        coroutine->phase = COROUTINE_JOB;
        return;
    case COROUTINE_JOB:
        if (!loop_job_next(&coroutine->job, resume, action)) {
            action->kind = ACTION_ASYNC_RELEASE;
            action->value = coroutine->semaphore;
            coroutine->phase = COROUTINE_END;
        }
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
    const struct strategy *strategy = &world->plan->strategy;
    coroutine->number = number;
    coroutine->semaphore =
        (int64_t)world->plan->object_count; /* see ACTION_ASYNC_ACQUIRE */
    snprintf(coroutine->name, sizeof coroutine->name, "job %u", number);
    return loop_job_init(&coroutine->job, world, true,
                         strategy->to_thread > 0 || strategy->to_process > 0);
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
