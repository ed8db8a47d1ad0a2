/* SPDX-License-Identifier: MIT */
/* process_jobs - with ProcessPoolExecutor(workers) as executor:
 *     list(executor.map(job, range(jobs), chunksize=chunk))
 * or, when jobs arrive, `while True: executor.submit(job, accept())` and no look at
 * results. */
#include "engine/strategy/process_pool.h"
#include "engine/strategy/strategy_priv.h"

/* --- what all of its threads use ----------------------------------------------- */

int64_t process_pool_call_bytes(const struct process_pool *pool, int64_t chunk) {
    return CALL_BYTES + (int64_t)process_pool_jobs_of(pool, chunk) *
                            (JOB_BYTES + pool->world->plan->job_payload_bytes);
}

int64_t process_pool_result_bytes(const struct process_pool *pool, int64_t chunk) {
    return RESULT_BYTES + (int64_t)process_pool_jobs_of(pool, chunk) *
                              (JOB_BYTES + pool->world->plan->job_result_bytes);
}

void process_pool_run(const struct process_pool *pool, int64_t opcodes,
                      struct action *action) {
    (void)py_message_run(action, pool->opcode_ps, opcodes); /* always true */
}

void process_pool_put(struct process_pool *pool, struct py_queue *queue, int64_t value) {
    if (py_queue_push(queue, (struct py_queue_item){value, -1}) != 0) {
        world_fail_nomem(pool->world);
    }
}

/* --- the main thread ----------------------------------------------------------- */

enum main_phase {
    MAIN_MAKE,
    MAIN_SUBMIT,
    MAIN_WAKE,
    MAIN_ADJUST,
    MAIN_LAUNCH,
    MAIN_MANAGER,
    MAIN_SUBMITTED,
    MAIN_RESULT,
    MAIN_STOP,
    MAIN_STOP_WAKE,
    MAIN_JOIN,
    MAIN_END
};

struct process_main {
    struct process_pool pool;
    enum main_phase phase;
    struct py_message wake;
    uint32_t submitted, asked;
    bool accepted; /* the next job has arrived */
};

static void run(struct process_main *main, int64_t opcodes, enum main_phase next,
                struct action *action) {
    process_pool_run(&main->pool, opcodes, action);
    main->phase = next;
}

/* _ThreadWakeup.wakeup(): an empty message. False when it has been sent. */
static bool wake_manager(struct process_main *main, struct action *action) {
    return py_message_send_next(&main->wake, action);
}

static void begin_wake(struct process_main *main) {
    if (py_message_send(&main->wake, 0, 0) != 0) {
        world_fail_nomem(main->pool.world);
    }
}

/* What is left to start before the first item can go: with fork every process. */
static uint32_t launched_at_once(const struct process_pool *pool) {
    return pool->starter.method == START_FORK ||
                   !pool->world->runtime.pool_starts_on_demand
               ? pool->max_workers
               : 0;
}

/* _adjust_process_count() */
static bool wants_worker(struct process_pool *pool) {
    return pool->workers <
           (launched_at_once(pool) > 0 ? launched_at_once(pool) : pool->max_workers);
}

static void begin_worker(struct process_pool *pool) {
    process_start_begin(&pool->starter, &pool->worker_specs[pool->workers++]);
}

/* Starts what submit() has to start. */
static void launch(struct process_main *main, const struct resume *resume,
                   struct action *action) {
    struct process_pool *pool = &main->pool;
    if (process_start_next(&pool->starter, resume, action)) {
        return;
    }
    if (pool->workers < launched_at_once(pool)) {
        begin_worker(pool);
        (void)process_start_next(&pool->starter, resume, action); /* has a first action */
        return;
    }
    run(main, 0, MAIN_MANAGER, action);
}

static void adjust(struct process_main *main, struct action *action) {
    struct process_pool *pool = &main->pool;
    main->phase = MAIN_MANAGER;
    if (launched_at_once(pool) == 0 && pool->idle > 0) {
        pool->idle--;
    } else if (wants_worker(pool)) {
        begin_worker(pool);
        main->phase = MAIN_LAUNCH;
    }
    process_pool_run(pool, 0, action);
}

static void start_manager(struct process_main *main, struct action *action) {
    struct process_pool *pool = &main->pool;
    main->phase = MAIN_SUBMITTED;
    if (pool->manager.id >= 0) {
        process_pool_run(pool, 0, action);
        return;
    }
    action->kind = ACTION_START;
    action->object = &pool->manager;
}

static void submit(struct process_main *main, struct action *action) {
    struct process_pool *pool = &main->pool;
    const struct arrivals *jobs = &pool->world->jobs;
    const bool waits = pool->world->plan->strategy.one_by_one && !arrivals_are_open(jobs);
    if (main->submitted == pool->chunks || (waits && main->asked < main->submitted)) {
        run(main, 0, MAIN_RESULT, action);
        return;
    }
    if (arrivals_are_open(jobs) && !main->accepted) {
        main->accepted = true;
        arrivals_await(jobs, main->submitted, action);
        return;
    }
    main->accepted = false;
    process_pool_put(pool, &pool->work_ids, main->submitted++);
    pool->pending++;
    begin_wake(main);
    run(main, POOL_SUBMIT_OPCODES, MAIN_WAKE, action);
}

static void result(struct process_main *main, struct action *action) {
    struct process_pool *pool = &main->pool;
    if (main->asked == pool->chunks || arrivals_are_open(&pool->world->jobs)) {
        run(main, POOL_SHUTDOWN_OPCODES, pool->chunks == 0 ? MAIN_END : MAIN_STOP,
            action);
        return;
    }
    action->kind = ACTION_RESULT;
    action->object = &pool->futures[main->asked++];
    if (main->submitted < pool->chunks) {
        main->phase = MAIN_SUBMIT;
    }
}

static void next_of_shutdown(struct process_main *main, struct action *action) {
    switch (main->phase) {
    case MAIN_STOP:
        main->pool.shutting_down = true;
        begin_wake(main);
        main->phase = MAIN_STOP_WAKE;
        (void)wake_manager(main, action); /* there is a first action */
        return;
    case MAIN_STOP_WAKE:
        if (!wake_manager(main, action)) {
            run(main, 0, MAIN_JOIN, action);
        }
        return;
    case MAIN_JOIN:
        action->kind = ACTION_JOIN;
        action->value = main->pool.manager.id;
        main->phase = MAIN_END;
        return;
    default:    /* MAIN_END */
        return; /* ACTION_EXIT */
    }
}

static void process_main_next(void *state, const struct resume *resume,
                              struct action *action) {
    struct process_main *main = state;
    switch (main->phase) {
    case MAIN_MAKE:
        run(main, POOL_MAKE_OPCODES, MAIN_SUBMIT, action);
        return;
    case MAIN_SUBMIT:
        submit(main, action);
        return;
    case MAIN_WAKE:
        if (!wake_manager(main, action)) {
            run(main, 0, MAIN_ADJUST, action);
        }
        return;
    case MAIN_ADJUST:
        adjust(main, action);
        return;
    case MAIN_LAUNCH:
        launch(main, resume, action);
        return;
    case MAIN_MANAGER:
        start_manager(main, action);
        return;
    case MAIN_SUBMITTED:
        run(main, POOL_SUBMITTED_OPCODES, MAIN_SUBMIT, action);
        return;
    case MAIN_RESULT:
        result(main, action);
        return;
    default:
        next_of_shutdown(main, action);
        return;
    }
}

static const struct program_ops process_main_ops = {
    .next = process_main_next,
    .state_size = sizeof(struct process_main),
};

/* --- building ------------------------------------------------------------------ */

/* sem_t in memory that the processes share: multiprocessing.Lock. */
static void init_semaphore(struct py_lock *lock, const struct runtime *runtime,
                           enum lane_state waiting) {
    py_lock_init(lock, runtime, LANE_NONE);
    lock->mutex = false;
    lock->waiting = (struct activity){waiting, LANE_NONE, SITE_NONE};
}

static void init_buffer(struct process_pool *pool, const struct runtime *runtime) {
    struct world_object *buffer = &pool->buffer;
    py_lock_init(&buffer->lock, runtime, LANE_NONE);
    buffer->changed = (struct py_condition){.lock = &buffer->lock, .lane = LANE_NONE};
    py_queue_init(&buffer->queue, runtime, &pool->world->arena,
                  (struct activity){STATE_WAIT_OBJECT, LANE_NONE, SITE_NONE});
}

static void init_channels(struct process_pool *pool) {
    const struct runtime *runtime = &pool->world->runtime;
    struct arena *arena = &pool->world->arena;
    py_queue_init(&pool->work_ids, runtime, arena,
                  (struct activity){STATE_WAIT_OBJECT, LANE_NONE, SITE_NONE});
    py_pipe_init(&pool->wakeup, runtime, arena, STATE_IO);
    py_pipe_init(&pool->calls, runtime, arena, STATE_IDLE);
    py_pipe_init(&pool->results, runtime, arena, STATE_IO);
    init_semaphore(&pool->call_reader, runtime, STATE_IDLE);
    init_semaphore(&pool->call_writer, runtime, STATE_WAIT_LOCK);
    init_semaphore(&pool->result_writer, runtime, STATE_WAIT_LOCK);
    init_buffer(pool, runtime);
}

static int init_pool(struct process_pool *pool, struct world *world) {
    const struct strategy *strategy = &world->plan->strategy;
    const uint32_t chunk = strategy->chunk < 1 ? 1 : strategy->chunk;
    *pool = (struct process_pool){
        .world = world,
        .jobs = world->jobs.count,
        .chunk_size = chunk,
        .chunks = world->jobs.count / chunk + (world->jobs.count % chunk != 0),
        .max_workers = strategy->workers,
        .room = strategy->workers + 1,
        .opcode_ps = world->runtime.process_job_ns * 1000 / PROCESS_JOB_OPCODES,
        .manager = {.name = "ExecutorManagerThread", .id = -1},
        .feeder = {.name = "QueueFeederThread", .id = -1},
    };
    pool->futures = arena_alloc(&world->arena, pool->chunks, sizeof *pool->futures);
    pool->worker_specs =
        arena_alloc(&world->arena, pool->max_workers, sizeof *pool->worker_specs);
    if (pool->futures == NULL || pool->worker_specs == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < pool->chunks; i++) {
        py_future_init(&pool->futures[i], &world->runtime);
    }
    init_channels(pool);
    return process_starter_init(&pool->starter, world, strategy->start);
}

static int build_threads(struct process_pool *pool) {
    if (process_manager_build(pool, &pool->manager.program) != 0 ||
        process_feeder_build(pool, &pool->feeder.program) != 0) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < pool->max_workers; i++) {
        struct thread_spec *spec = &pool->worker_specs[i];
        if (process_start_spec(&pool->starter, i + 1, NULL, spec) != 0 ||
            process_worker_build(pool, &spec->program) != 0) {
            return ERR_NOMEM;
        }
    }
    return 0;
}

int strategy_build_processes(struct world *world, struct program *program) {
    struct process_main *main = arena_alloc(&world->arena, 1, sizeof *main);
    if (main == NULL || init_pool(&main->pool, world) != 0) {
        return ERR_NOMEM;
    }
    main->wake =
        (struct py_message){&main->pool.wakeup, .opcode_ps = main->pool.opcode_ps};
    *program = (struct program){&process_main_ops, main};
    return build_threads(&main->pool);
}
