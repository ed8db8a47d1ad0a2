/* SPDX-License-Identifier: MIT */
/*
 * interpreter_jobs - with InterpreterPoolExecutor(workers) as executor:
 *     list(executor.map(job, range(jobs)))       (Lib/concurrent/futures/interpreter.py)
 *
 * The executor is a ThreadPoolExecutor, with its rule of when a worker is started. Each
 * worker makes an interpreter before it takes its first item, calls the job in it, and
 * ends it when the pool is shut down. What is the pool's, taking an item and setting the
 * result, is done in the main interpreter, under its GIL; the job under the interpreter's.
 *
 *     main interpreter         interpreter of the worker
 *     take the item
 *     pickle function, arguments
 *                        ->    unpickle them; the first time that imports the module
 *                              the job
 *                              pickle the result
 *     unpickle it        <-
 *     set_result()
 */
#include "engine/python/pickle_cost.h"
#include "engine/python/pool_worker.h"
#include "engine/python/py_interpreter.h"
#include "engine/python/py_thread.h"
#include "engine/strategy/job_runner.h"
#include "engine/strategy/pool_main.h"
#include "engine/strategy/strategy_priv.h"

#include <stdio.h>

enum call_phase {
    CALL_PREPARE,
    CALL_PICKLE,
    CALL_ENTER,
    CALL_UNPICKLE,
    CALL_IMPORT,
    CALL_JOB,
    CALL_PICKLE_RESULT,
    CALL_LEAVE,
    CALL_UNPICKLE_RESULT,
    CALL_RETURN,
    CALL_SET_RESULT,
    CALL_OVER
};

enum life_phase { LIFE_MAKE, LIFE_MADE, LIFE_POOL, LIFE_END, LIFE_OVER };

struct interpreter_worker {
    struct world *world;
    struct pool_worker program;
    struct job_runner runner;
    struct py_interpreter interpreter;
    const struct pool_main *main;
    struct py_future own;
    struct py_future *future; /* of the present job */
    enum life_phase life;
    enum call_phase call;
    bool imported;
    char name[32];
};

/* --- one call ------------------------------------------------------------------ */

static void go(struct interpreter_worker *worker, enum interpreter_op op,
               struct action *action) {
    action->kind = ACTION_INTERPRETER;
    action->object = &worker->interpreter;
    action->value = op;
}

static void run(struct action *action, sim_ns ns) {
    action->kind = ACTION_COMPUTE;
    action->ns = ns;
}

static void begin_call(void *item, int64_t value) {
    struct interpreter_worker *worker = item;
    job_runner_begin(&worker->runner, (uint32_t)value);
    worker->future = pool_main_future(worker->main, (uint32_t)value, &worker->own);
    worker->future->changed.lane = worker->program.lane;
    worker->call = CALL_PREPARE;
}

/* In the worker's interpreter. */
static void next_inside(struct interpreter_worker *worker, const struct resume *resume,
                        struct action *action) {
    const struct plan *plan = worker->world->plan;
    const struct runtime *runtime = &worker->world->runtime;
    switch (worker->call) {
    case CALL_UNPICKLE:
        pickle_cost_loads(runtime, plan->job_payload_bytes, action);
        worker->call = CALL_IMPORT;
        return;
    case CALL_IMPORT:
        run(action, runtime->interpreter_call_ns / 3 +
                        (worker->imported ? 0 : runtime->interpreter_import_ns));
        worker->imported = true;
        worker->call = CALL_JOB;
        return;
    default: /* CALL_JOB */
        if (!job_runner_next(&worker->runner, resume, action)) {
            pickle_cost_dumps(runtime, plan->job_result_bytes, action);
            worker->call = CALL_LEAVE;
        }
        return;
    }
}

static bool next_of_call(void *item, const struct resume *resume, struct action *action) {
    struct interpreter_worker *worker = item;
    const struct plan *plan = worker->world->plan;
    const struct runtime *runtime = &worker->world->runtime;
    switch (worker->call) {
    case CALL_PREPARE:
    case CALL_RETURN:
        run(action, runtime->interpreter_call_ns / 3);
        worker->call++;
        return true;
    case CALL_PICKLE:
        pickle_cost_dumps(runtime, plan->job_payload_bytes, action);
        worker->call = CALL_ENTER;
        return true;
    case CALL_ENTER:
        go(worker, INTERPRETER_ENTER, action);
        worker->call = CALL_UNPICKLE;
        return true;
    case CALL_LEAVE:
        go(worker, INTERPRETER_LEAVE, action);
        worker->call = CALL_UNPICKLE_RESULT;
        return true;
    case CALL_UNPICKLE_RESULT:
        pickle_cost_loads(runtime, plan->job_result_bytes, action);
        worker->call = CALL_RETURN;
        return true;
    case CALL_SET_RESULT:
        action->kind = ACTION_SET_RESULT;
        action->object = worker->future;
        worker->call = CALL_OVER;
        return true;
    case CALL_OVER:
        return false;
    default:
        next_inside(worker, resume, action);
        return true;
    }
}

/* --- the worker ---------------------------------------------------------------- */

static void next_of_pool(struct interpreter_worker *worker, const struct resume *resume,
                         struct action *action) {
    pool_worker_ops.next(&worker->program, resume, action);
    if (action->kind == ACTION_EXIT) { /* shutdown */
        go(worker, INTERPRETER_ENTER, action);
        worker->life = LIFE_END;
    }
}

static void worker_next(void *state, const struct resume *resume, struct action *action) {
    struct interpreter_worker *worker = state;
    switch (worker->life) {
    case LIFE_MAKE:
        worker->program.lane = (lane_id)resume->value;
        go(worker, INTERPRETER_MAKE, action);
        worker->life = LIFE_MADE;
        return;
    case LIFE_MADE:
        go(worker, INTERPRETER_LEAVE, action);
        worker->life = LIFE_POOL;
        return;
    case LIFE_POOL:
        next_of_pool(worker, resume, action);
        return;
    case LIFE_END:
        go(worker, INTERPRETER_END, action);
        worker->life = LIFE_OVER;
        return;
    case LIFE_OVER:
        return; /* ACTION_EXIT */
    }
}

static const struct program_ops worker_ops = {
    .next = worker_next,
    .state_size = sizeof(struct interpreter_worker),
};

/* --- building ------------------------------------------------------------------ */

static int build_worker(struct world *world, struct pool_main *main, uint32_t number,
                        struct thread_spec *spec) {
    struct interpreter_worker *worker = arena_alloc(&world->arena, 1, sizeof *worker);
    if (worker == NULL) {
        return ERR_NOMEM;
    }
    *worker = (struct interpreter_worker){
        .world = world,
        .program = {.queue = &main->pool,
                    .overhead_ns = world->runtime.pool_job_ns *
                                   PY_POOL_BEFORE_JOB_OPCODES / PY_POOL_JOB_OPCODES,
                    .says_idle = true,
                    .begin = begin_call,
                    .next = next_of_call},
        .main = main,
    };
    worker->program.item = worker;
    snprintf(worker->name, sizeof worker->name, "worker %u", number);
    *spec = (struct thread_spec){.name = worker->name, .program = {&worker_ops, worker}};
    return job_runner_init(&worker->runner, world, false);
}

int strategy_build_interpreters(struct world *world, struct program *program) {
    const uint32_t workers = world->plan->strategy.workers;
    struct pool_main *main = pool_main_create(world);
    struct thread_spec *specs = arena_alloc(&world->arena, workers, sizeof *specs);
    if (main == NULL || specs == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < workers; i++) {
        if (build_worker(world, main, i, &specs[i]) != 0) {
            return ERR_NOMEM;
        }
    }
    py_pool_init(&main->pool, &world->runtime, &world->arena, specs, workers);
    py_queue_tell(&main->pool.queue, &world->sim, world->processes[0]->lane,
                  COUNTER_WORK_ITEMS);
    *program = pool_main_program(main);
    return 0;
}
