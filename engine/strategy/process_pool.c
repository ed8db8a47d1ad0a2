/* SPDX-License-Identifier: MIT */
#include "engine/strategy/process_pool.h"

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

static lane_id lane_of(const struct process_pool *pool) {
    return pool->world->processes[0]->lane;
}

void process_pool_tell(const struct process_pool *pool) {
    struct sim *sim = &pool->world->sim;
    sim_count(sim, lane_of(pool), COUNTER_PENDING_CALLS, pool->pending);
    sim_count(sim, lane_of(pool), COUNTER_CALL_ITEMS, pool->max_workers + 1 - pool->room);
    sim_count(sim, lane_of(pool), COUNTER_RESULT_ITEMS, pool->results_on_way);
}

/* _ThreadWakeup.wakeup(): an empty message. False when it has been sent. */
static bool wake_manager(struct process_pool *pool, struct action *action) {
    return py_message_send_next(&pool->wake, action);
}

static void begin_wake(struct process_pool *pool) {
    if (py_message_send(&pool->wake, 0, 0) != 0) {
        world_fail_nomem(pool->world);
    }
}

void process_pool_make(struct process_pool *pool, struct action *action) {
    process_pool_run(pool, POOL_MAKE_OPCODES, action);
}

static void run(struct process_pool *pool, int64_t opcodes, enum process_pool_phase next,
                struct action *action) {
    process_pool_run(pool, opcodes, action);
    pool->phase = next;
}

/* --- submit() ------------------------------------------------------------------ */

void process_pool_submit(struct process_pool *pool, int64_t call) {
    py_future_init(&pool->futures[call], &pool->world->runtime);
    process_pool_put(pool, &pool->work_ids, call);
    pool->pending++;
    process_pool_tell(pool);
    begin_wake(pool);
    pool->phase = POOL_SUBMIT;
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
static void launch(struct process_pool *pool, const struct resume *resume,
                   struct action *action) {
    if (process_start_next(&pool->starter, resume, action)) {
        return;
    }
    if (pool->workers < launched_at_once(pool)) {
        begin_worker(pool);
        (void)process_start_next(&pool->starter, resume, action); /* has a first action */
        return;
    }
    run(pool, 0, POOL_MANAGER, action);
}

static void adjust(struct process_pool *pool, struct action *action) {
    pool->phase = POOL_MANAGER;
    if (launched_at_once(pool) == 0 && pool->idle > 0) {
        pool->idle--;
    } else if (wants_worker(pool)) {
        begin_worker(pool);
        pool->phase = POOL_LAUNCH;
    }
    process_pool_run(pool, 0, action);
}

static void start_manager(struct process_pool *pool, struct action *action) {
    pool->phase = POOL_SUBMITTED;
    if (pool->manager.id >= 0) {
        process_pool_run(pool, 0, action);
        return;
    }
    action->kind = ACTION_START;
    action->object = &pool->manager;
}

bool process_pool_submit_next(struct process_pool *pool, const struct resume *resume,
                              struct action *action) {
    switch (pool->phase) {
    case POOL_SUBMIT:
        run(pool, POOL_SUBMIT_OPCODES, POOL_WAKE, action);
        return true;
    case POOL_WAKE:
        if (!wake_manager(pool, action)) {
            run(pool, 0, POOL_ADJUST, action);
        }
        return true;
    case POOL_ADJUST:
        adjust(pool, action);
        return true;
    case POOL_LAUNCH:
        launch(pool, resume, action);
        return true;
    case POOL_MANAGER:
        start_manager(pool, action);
        return true;
    case POOL_SUBMITTED:
        run(pool, POOL_SUBMITTED_OPCODES, POOL_OVER, action);
        return true;
    default: /* POOL_OVER */
        return false;
    }
}

/* --- shutdown() ---------------------------------------------------------------- */

void process_pool_shutdown(struct process_pool *pool) { pool->phase = POOL_SHUTDOWN; }

/* Without a manager there has never been a call. */
bool process_pool_shutdown_next(struct process_pool *pool, struct action *action) {
    switch (pool->phase) {
    case POOL_SHUTDOWN:
        run(pool, POOL_SHUTDOWN_OPCODES, pool->manager.id < 0 ? POOL_OVER : POOL_STOP,
            action);
        return true;
    case POOL_STOP:
        pool->shutting_down = true;
        begin_wake(pool);
        pool->phase = POOL_STOP_WAKE;
        (void)wake_manager(pool, action); /* there is a first action */
        return true;
    case POOL_STOP_WAKE:
        if (!wake_manager(pool, action)) {
            run(pool, 0, POOL_JOIN, action);
        }
        return true;
    case POOL_JOIN:
        action->kind = ACTION_JOIN;
        action->value = pool->manager.id;
        pool->phase = POOL_OVER;
        return true;
    default: /* POOL_OVER */
        return false;
    }
}

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
    py_queue_tell(&pool->work_ids, &pool->world->sim, lane_of(pool), COUNTER_WORK_ITEMS);
    py_pipe_init(&pool->wakeup, runtime, arena, STATE_IO);
    py_pipe_init(&pool->calls, runtime, arena, STATE_IDLE);
    py_pipe_init(&pool->results, runtime, arena, STATE_IO);
    init_semaphore(&pool->call_reader, runtime, STATE_IDLE);
    init_semaphore(&pool->call_writer, runtime, STATE_WAIT_LOCK);
    init_semaphore(&pool->result_writer, runtime, STATE_WAIT_LOCK);
    init_buffer(pool, runtime);
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

int process_pool_init(struct process_pool *pool, const struct process_pool_spec *spec) {
    struct world *world = spec->world;
    const uint32_t chunk = spec->chunk_size < 1 ? 1 : spec->chunk_size;
    *pool = (struct process_pool){
        .world = world,
        .executor = spec->executor,
        .jobs = world->jobs.count,
        .chunk_size = chunk,
        .chunks = world->jobs.count / chunk + (world->jobs.count % chunk != 0),
        .max_workers = spec->workers,
        .room = spec->workers + 1,
        .opcode_ps = world->runtime.process_job_ns * 1000 / PROCESS_JOB_OPCODES,
        .manager = {.name = "ExecutorManagerThread", .id = -1},
        .feeder = {.name = "QueueFeederThread", .id = -1},
    };
    pool->wake = (struct py_message){&pool->wakeup, .opcode_ps = pool->opcode_ps};
    pool->futures = arena_alloc(&world->arena, pool->chunks, sizeof *pool->futures);
    pool->worker_specs =
        arena_alloc(&world->arena, pool->max_workers, sizeof *pool->worker_specs);
    if (pool->futures == NULL || pool->worker_specs == NULL) {
        return ERR_NOMEM;
    }
    init_channels(pool);
    return process_starter_init(&pool->starter, world, spec->start) != 0 ||
                   build_threads(pool) != 0
               ? ERR_NOMEM
               : 0;
}
