/* SPDX-License-Identifier: MIT */
/* process_worker - both ends of the call queue: the parent's feeder thread
 * (Lib/multiprocessing/queues.py Queue._feed) and the worker process
 * (Lib/concurrent/futures/process.py _process_worker). */
#include "engine/strategy/process_pool.h"

/* --- feeder -------------------------------------------------------------------- */

enum feeder_phase {
    FEEDER_LOCK,
    FEEDER_WAIT,
    FEEDER_UNLOCK,
    FEEDER_POP,
    FEEDER_PICKLE,
    FEEDER_WRITE_LOCK,
    FEEDER_SEND,
    FEEDER_SENT
};

struct feeder {
    struct process_pool *pool;
    enum feeder_phase phase;
    struct py_message message;
    int64_t item;
};

static int64_t bytes_of_item(const struct feeder *feeder) {
    return feeder->item < 0 ? PID_BYTES
                            : process_pool_call_bytes(feeder->pool, feeder->item);
}

static void act(struct action *action, enum action_kind kind, void *object) {
    action->kind = kind;
    action->object = object;
}

/* buffer.popleft(), without the lock. */
static void pop(struct feeder *feeder, struct action *action) {
    struct process_pool *pool = feeder->pool;
    struct py_queue_item item;
    if (!py_queue_pop(&pool->buffer.queue, &item)) { /* IndexError: round again */
        process_pool_run(pool, 19, action);
        feeder->phase = FEEDER_LOCK;
        return;
    }
    feeder->item = item.value;
    if (item.value == FEEDER_SENTINEL) {
        return; /* ACTION_EXIT */
    }
    process_pool_run(pool, FEEDER_PICKLE_OPCODES, action);
    feeder->phase = FEEDER_PICKLE;
}

static void send(struct feeder *feeder, struct action *action) {
    if (!py_message_send_next(&feeder->message, action)) {
        act(action, ACTION_RELEASE, &feeder->pool->call_writer);
        feeder->phase = FEEDER_SENT;
    }
}

static void feeder_next(void *state, const struct resume *resume, struct action *action) {
    (void)resume;
    struct feeder *feeder = state;
    struct process_pool *pool = feeder->pool;
    switch (feeder->phase) {
    case FEEDER_LOCK:
        act(action, ACTION_ACQUIRE, &pool->buffer.lock);
        feeder->phase = FEEDER_WAIT;
        return;
    case FEEDER_WAIT:
        feeder->phase = FEEDER_UNLOCK;
        if (pool->buffer.queue.count == 0) {
            act(action, ACTION_CONDITION_WAIT, &pool->buffer);
        } else {
            process_pool_run(pool, 2, action);
        }
        return;
    case FEEDER_UNLOCK:
        act(action, ACTION_RELEASE, &pool->buffer.lock);
        feeder->phase = FEEDER_POP;
        return;
    case FEEDER_POP:
        pop(feeder, action);
        return;
    case FEEDER_PICKLE:
        pickle_cost_dumps(&pool->world->runtime, bytes_of_item(feeder), action);
        feeder->phase = FEEDER_WRITE_LOCK;
        return;
    case FEEDER_WRITE_LOCK:
        if (py_message_send(&feeder->message, feeder->item, bytes_of_item(feeder)) != 0) {
            world_fail_nomem(pool->world);
        }
        act(action, ACTION_ACQUIRE, &pool->call_writer);
        feeder->phase = FEEDER_SEND;
        return;
    case FEEDER_SEND:
        send(feeder, action);
        return;
    case FEEDER_SENT:
        process_pool_run(pool, FEEDER_SEND_OPCODES, action);
        feeder->phase = FEEDER_POP;
        return;
    }
}

static const struct program_ops feeder_ops = {
    .next = feeder_next,
    .state_size = sizeof(struct feeder),
};

int process_feeder_build(struct process_pool *pool, struct program *program) {
    struct feeder *feeder = arena_alloc(&pool->world->arena, 1, sizeof *feeder);
    if (feeder == NULL) {
        return ERR_NOMEM;
    }
    *feeder = (struct feeder){.pool = pool,
                              .message = {&pool->calls, .opcode_ps = pool->opcode_ps}};
    *program = (struct program){&feeder_ops, feeder};
    return 0;
}

/* --- worker -------------------------------------------------------------------- */

enum worker_phase {
    WORKER_GET,
    WORKER_LOCK,
    WORKER_RECV,
    WORKER_UNLOCK,
    WORKER_UNPICKLE,
    WORKER_CALL,
    WORKER_JOB,
    WORKER_RETURN,
    WORKER_PICKLE,
    WORKER_WRITE_LOCK,
    WORKER_SEND,
    WORKER_SENT,
    WORKER_END
};

struct worker {
    struct process_pool *pool;
    struct job_runner runner;
    enum worker_phase phase;
    struct py_message call, result;
    uint32_t next_job, end_job; /* of the chunk */
    lane_id lane;               /* of its thread */
};

static int64_t bytes_of_result(const struct worker *worker) {
    return worker->call.value < 0
               ? PID_BYTES
               : process_pool_result_bytes(worker->pool, worker->call.value);
}

static void run(struct worker *worker, int64_t opcodes, enum worker_phase next,
                struct action *action) {
    process_pool_run(worker->pool, opcodes, action);
    worker->phase = next;
}

/* Who waits for the result waits for this thread from now on. */
static void call(struct worker *worker, struct action *action) {
    struct process_pool *pool = worker->pool;
    const int64_t chunk = worker->call.value;
    if (chunk == NO_MORE_CALLS) {
        run(worker, 10, WORKER_PICKLE, action);
        return;
    }
    worker->next_job = (uint32_t)chunk * pool->chunk_size;
    worker->end_job = worker->next_job + process_pool_jobs_of(pool, chunk);
    pool->futures[chunk].changed.lane = worker->lane;
    run(worker, WORKER_CALL_OPCODES, WORKER_JOB, action);
}

static bool call_next(struct worker *worker, const struct resume *resume,
                      struct action *action) {
    struct aio_executor *executor = worker->pool->executor;
    return executor == NULL ? job_runner_next(&worker->runner, resume, action)
                            : aio_executor_body_next(
                                  executor, (uint32_t)worker->call.value, resume, action);
}

/* [fn(*args) for args in chunk], or the one call of an event loop. */
static void next_of_chunk(struct worker *worker, const struct resume *resume,
                          struct action *action) {
    if (call_next(worker, resume, action)) {
        return;
    }
    if (worker->next_job == worker->end_job || worker->pool->executor != NULL) {
        run(worker, WORKER_RETURN_OPCODES, WORKER_PICKLE, action);
        return;
    }
    job_runner_begin(&worker->runner, worker->next_job++);
    run(worker, WORKER_JOB_OPCODES, WORKER_JOB, action);
}

static void next_of_call(struct worker *worker, const struct resume *resume,
                         struct action *action) {
    struct process_pool *pool = worker->pool;
    switch (worker->phase) {
    case WORKER_GET:
        run(worker, WORKER_GET_OPCODES, WORKER_LOCK, action);
        return;
    case WORKER_LOCK:
        py_message_recv(&worker->call);
        act(action, ACTION_ACQUIRE, &pool->call_reader);
        worker->phase = WORKER_RECV;
        return;
    case WORKER_RECV:
        if (!py_message_recv_next(&worker->call, resume, action)) {
            act(action, ACTION_RELEASE, &pool->call_reader);
            worker->phase = WORKER_UNLOCK;
        }
        return;
    case WORKER_UNLOCK:
        pool->room += worker->call.value != NO_MORE_CALLS;
        process_pool_tell(pool);
        run(worker, WORKER_GOT_OPCODES, WORKER_UNPICKLE, action);
        return;
    case WORKER_UNPICKLE:
        pickle_cost_loads(&pool->world->runtime, worker->call.bytes, action);
        worker->phase = WORKER_CALL;
        return;
    case WORKER_CALL:
        call(worker, action);
        return;
    default: /* WORKER_JOB */
        next_of_chunk(worker, resume, action);
        return;
    }
}

static void next_of_result(struct worker *worker, struct action *action) {
    struct process_pool *pool = worker->pool;
    const int64_t bytes = bytes_of_result(worker);
    switch (worker->phase) {
    case WORKER_PICKLE:
        pickle_cost_dumps(&pool->world->runtime, bytes, action);
        worker->phase = WORKER_WRITE_LOCK;
        return;
    case WORKER_WRITE_LOCK:
        act(action, ACTION_ACQUIRE, &pool->result_writer);
        worker->phase = WORKER_RETURN;
        return;
    case WORKER_RETURN:
        if (py_message_send(&worker->result, worker->call.value, bytes) != 0) {
            world_fail_nomem(pool->world);
        }
        pool->results_on_way++;
        process_pool_tell(pool);
        worker->phase = WORKER_SEND;
        (void)py_message_send_next(&worker->result, action); /* there is a first action */
        return;
    case WORKER_SEND:
        if (!py_message_send_next(&worker->result, action)) {
            act(action, ACTION_RELEASE, &pool->result_writer);
            worker->phase = WORKER_SENT;
        }
        return;
    case WORKER_SENT:
        run(worker, WORKER_SEND_OPCODES,
            worker->call.value == NO_MORE_CALLS ? WORKER_END : WORKER_GET, action);
        return;
    default:    /* WORKER_END */
        return; /* ACTION_EXIT */
    }
}

static void worker_next(void *state, const struct resume *resume, struct action *action) {
    struct worker *worker = state;
    if (resume->status == RESUME_START) {
        worker->lane = (lane_id)resume->value;
    }
    if (worker->phase <= WORKER_JOB) {
        next_of_call(worker, resume, action);
    } else {
        next_of_result(worker, action);
    }
}

static const struct program_ops worker_ops = {
    .next = worker_next,
    .state_size = sizeof(struct worker),
};

int process_worker_build(struct process_pool *pool, struct program *program) {
    struct worker *worker = arena_alloc(&pool->world->arena, 1, sizeof *worker);
    if (worker == NULL) {
        return ERR_NOMEM;
    }
    worker->pool = pool;
    worker->call = (struct py_message){&pool->calls, .opcode_ps = pool->opcode_ps};
    worker->result = (struct py_message){&pool->results, .opcode_ps = pool->opcode_ps};
    *program = (struct program){&worker_ops, worker};
    return pool->executor != NULL ? 0
                                  : job_runner_init(&worker->runner, pool->world, false);
}
