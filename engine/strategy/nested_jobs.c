/* SPDX-License-Identifier: MIT */
/*
 * nested_jobs - a server of several processes, each with threads or an event loop of its own:
 * gunicorn, uvicorn, uWSGI.
 *
 *     main process     starts the workers before there is anything to do (pre-fork), joins
 *                      them
 *     worker           its threads, or the tasks of its loop, take the next job from the
 *                      listening socket, run it, and take the next; a loop may have a pool
 *                      of threads beside it for what would hold it up (loop_job.h)
 *
 * The socket is shared: whoever accepts first has the job, and nobody takes more than it can
 * run at once. accept() is a system call without the GIL. Connections are numbers in a queue
 * that is full from the beginning; of jobs that arrive, the nth to be taken is awaited until
 * it is there, which is the order in which Linux wakes exclusive waiters.
 *
 * A loop has one reader on the listening socket: of its tasks one at a time waits for a job
 * to arrive, inside a semaphore of one, and lets the next one in once it has the job.
 *
 * Simplified: keep-alive, request parsing and the worker's heartbeat to its parent do not
 * exist; the queue's lock is never what is waited for. What waits for the next job has
 * taken its number: if its loop is busy when the job arrives, the job waits for that loop,
 * where in reality an idle process accepts it. That is one job a process at most.
 */
#include "engine/aio/loop.h"
#include "engine/python/pool_worker.h"
#include "engine/strategy/crew.h"
#include "engine/strategy/loop_job.h"
#include "engine/strategy/strategy_priv.h"

#include <stdio.h>

enum server_phase {
    SERVER_AWAIT,  /* the job is not there yet */
    SERVER_ACCEPT, /* accept() itself */
    SERVER_LEAVE,  /* another task of the loop may wait for the next job */
    SERVER_JOB,
    SERVER_TURN, /* ... until it is this one's turn again */
    SERVER_READY /* to take the next number */
};

/* A thread or a task that serves one job after the other. */
struct server {
    struct pool_worker program; /* takes the numbers */
    struct loop_job job;
    struct world *world;
    bool asyncio;
    bool takes_turns; /* with the other tasks of its loop */
    bool has_turn;
    enum server_phase phase;
    char name[24];
};

/* The loop's own semaphore: see ACTION_ASYNC_ACQUIRE. */
static bool turn(struct server *server, enum action_kind kind, struct action *action) {
    server->has_turn = kind == ACTION_ASYNC_ACQUIRE;
    action->kind = kind;
    action->value = (int64_t)server->world->plan->object_count;
    return true;
}

static void begin_job(void *item, int64_t value) {
    struct server *server = item;
    loop_job_begin(&server->job, (uint32_t)value);
    server->phase =
        arrivals_are_open(&server->world->jobs) ? SERVER_AWAIT : SERVER_ACCEPT;
}

static bool next_of_job(void *item, const struct resume *resume, struct action *action) {
    struct server *server = item;
    switch (server->phase) {
    case SERVER_AWAIT:
        arrivals_await(&server->world->jobs, server->job.runner.number, action);
        action->kind = server->asyncio ? ACTION_AWAIT_IO : action->kind;
        server->phase = SERVER_ACCEPT;
        return true;
    case SERVER_ACCEPT:
        action->kind = ACTION_C_RELEASED;
        action->ns = server->world->plan->machine.syscall_ns;
        server->phase = server->takes_turns ? SERVER_LEAVE : SERVER_JOB;
        return true;
    case SERVER_LEAVE:
        server->phase = SERVER_JOB;
        return turn(server, ACTION_ASYNC_RELEASE, action);
    case SERVER_JOB:
        if (loop_job_next(&server->job, resume, action)) {
            return true;
        }
        if (!server->takes_turns) {
            return false;
        }
        server->phase = SERVER_TURN;
        /* fall through */
    case SERVER_TURN:
        server->phase = SERVER_READY;
        return turn(server, ACTION_ASYNC_ACQUIRE, action);
    case SERVER_READY:
        break;
    }
    return false;
}

/* A task of a loop: whoever finds that there are no more jobs says so to the others. */
static void connection_next(void *state, const struct resume *resume,
                            struct action *action) {
    struct server *server = state;
    pool_worker_ops.next(&server->program, resume, action);
    if (action->kind == ACTION_EXIT && server->has_turn) {
        turn(server, ACTION_ASYNC_RELEASE, action);
    }
}

static const struct program_ops connection_ops = {
    .next = connection_next,
    .state_size = sizeof(struct server),
};

static int init_server(struct server *server, struct world *world, struct py_queue *queue,
                       bool asyncio) {
    *server = (struct server){
        .program = {.queue = queue,
                    .begin = begin_job,
                    .next = next_of_job,
                    .item = server},
        .world = world,
        .asyncio = asyncio,
        .takes_turns = asyncio && arrivals_are_open(&world->jobs),
    };
    if (server->takes_turns) { /* it begins as if a job were over */
        server->program.phase = POOL_ITEM;
        server->phase = SERVER_TURN;
    }
    return loop_job_init(&server->job, world, asyncio,
                         world->plan->strategy.each.to_thread > 0);
}

/* --- a worker ------------------------------------------------------------------- */

static int build_threads(struct world *world, struct py_queue *queue, uint32_t count,
                         struct program *program) {
    struct server *servers = arena_alloc(&world->arena, count, sizeof *servers);
    struct thread_spec *specs = arena_alloc(&world->arena, count, sizeof *specs);
    if (servers == NULL || specs == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (init_server(&servers[i], world, queue, false) != 0) {
            return ERR_NOMEM;
        }
        snprintf(servers[i].name, sizeof servers[i].name, "thread %u", i);
        specs[i] = (struct thread_spec){
            .name = servers[i].name, .program = {&pool_worker_ops, &servers[i].program}};
    }
    return crew_build(world, &(struct crew_spec){.specs = specs, .count = count},
                      program);
}

static int build_loop(struct world *world, struct py_queue *queue, uint32_t count,
                      struct program *program) {
    const uint32_t tasks = count < world->jobs.count ? count : world->jobs.count;
    struct aio_loop *loop = aio_loop_create(&(struct aio_loop_spec){
        .world = world,
        .task_count = tasks,
        .executor_workers = world->plan->strategy.each.to_thread,
        .permits = arrivals_are_open(&world->jobs) ? 1 : 0,
    });
    struct server *servers = arena_alloc(&world->arena, tasks, sizeof *servers);
    if (loop == NULL || servers == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < tasks; i++) {
        if (init_server(&servers[i], world, queue, true) != 0) {
            return ERR_NOMEM;
        }
        snprintf(servers[i].name, sizeof servers[i].name, "connection %u", i);
        aio_loop_add_task(loop, &(struct aio_task_spec){
                                    .name = servers[i].name,
                                    .program = {&connection_ops, &servers[i]},
                                });
    }
    *program = aio_loop_program(loop);
    return 0;
}

/* --- all of them ---------------------------------------------------------------- */

static struct py_queue *make_backlog(struct world *world) {
    struct py_queue *queue = arena_alloc(&world->arena, 1, sizeof *queue);
    if (queue == NULL) {
        return NULL;
    }
    py_queue_init(queue, &world->runtime, &world->arena,
                  (struct activity){STATE_IDLE, LANE_NONE, SITE_NONE});
    for (uint32_t i = 0; i < world->jobs.count; i++) {
        if (py_queue_push(queue, (struct py_queue_item){i, -1}) != 0) {
            return NULL;
        }
    }
    return py_queue_push(queue, (struct py_queue_item){POOL_NO_MORE, -1}) != 0 ? NULL
                                                                               : queue;
}

static int build_worker(struct world *world, struct py_queue *queue,
                        struct thread_spec *spec) {
    const struct strategy_each *each = &world->plan->strategy.each;
    return each->kind == STRATEGY_ASYNCIO
               ? build_loop(world, queue, each->workers, &spec->program)
               : build_threads(world, queue, each->workers, &spec->program);
}

int strategy_build_nested(struct world *world, struct program *program) {
    const uint32_t count = world->plan->strategy.workers;
    struct process_starter *starter = arena_alloc(&world->arena, 1, sizeof *starter);
    struct process_starter **starters =
        arena_alloc(&world->arena, count, sizeof(struct process_starter *));
    struct thread_spec *specs = arena_alloc(&world->arena, count, sizeof *specs);
    struct py_queue *queue = make_backlog(world);
    if (starter == NULL || starters == NULL || specs == NULL || queue == NULL ||
        process_starter_init(starter, world, world->plan->strategy.start) != 0) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        starters[i] = starter;
        if (process_start_spec(starter, i + 1, NULL, &specs[i]) != 0 ||
            build_worker(world, queue, &specs[i]) != 0) {
            return ERR_NOMEM;
        }
    }
    return crew_build(
        world, &(struct crew_spec){.specs = specs, .starters = starters, .count = count},
        program);
}
