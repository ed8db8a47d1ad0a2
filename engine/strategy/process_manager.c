/* SPDX-License-Identifier: MIT */
/* process_manager - _ExecutorManagerThread.run(), and what it calls. */
#include "engine/strategy/process_pool.h"

enum manager_phase {
    /* add_call_item_to_queue() */
    MANAGER_ADD,
    MANAGER_ADD_ENTER,
    MANAGER_ADD_START,
    MANAGER_ADD_NOTIFY,
    MANAGER_ADD_EXIT,
    MANAGER_ADDED,
    MANAGER_NO_ITEM,
    /* wait_result_broken_or_wakeup() */
    MANAGER_POLL,
    MANAGER_POLLED,
    MANAGER_RECV,
    MANAGER_CLEAR,
    MANAGER_CLEAR_POLL,
    MANAGER_CLEAR_POLLED,
    MANAGER_WAKE_READ,
    MANAGER_WAKE_RECV,
    /* process_result_item() */
    MANAGER_SET_RESULT,
    MANAGER_RESULT_SET,
    MANAGER_CALL_BACK,
    MANAGER_WAKE_LOOP,
    MANAGER_IS_SHUTTING_DOWN,
    /* join_executor_internals() */
    MANAGER_SEND_NONE,
    MANAGER_CLOSE_ENTER,
    MANAGER_CLOSE_NOTIFY,
    MANAGER_CLOSE_EXIT,
    MANAGER_JOIN_FEEDER,
    MANAGER_JOIN,
    MANAGER_END
};

struct manager {
    struct process_pool *pool;
    enum manager_phase phase;
    struct py_pipe_set both;   /* the results and the wake pipe */
    struct py_pipe_set wakeup; /* the wake pipe alone */
    struct py_message result, wake;
    int64_t item; /* that is being put into the call queue */
    uint32_t joined, to_stop;
    bool has_result, leaving;
};

static void act_on_buffer(struct manager *manager, enum action_kind kind,
                          enum manager_phase next, struct action *action) {
    action->kind = kind;
    action->object = &manager->pool->buffer;
    action->value = kind == ACTION_CONDITION_NOTIFY ? 1 : 0;
    manager->phase = next;
}

static void run(struct manager *manager, int64_t opcodes, enum manager_phase next,
                struct action *action) {
    process_pool_run(manager->pool, opcodes, action);
    manager->phase = next;
}

/* --- add_call_item_to_queue() -------------------------------------------------- */

/* With room in the call queue and a work id: the item is put, behind everything that was
 * put before. */
static void add(struct manager *manager, struct action *action) {
    struct process_pool *pool = manager->pool;
    struct py_queue_item item;
    if (pool->room == 0 || !py_queue_pop(&pool->work_ids, &item)) {
        run(manager, pool->room == 0 ? 19 : MANAGER_NONE_OPCODES, MANAGER_NO_ITEM,
            action);
        return;
    }
    manager->item = item.value;
    pool->room--;
    process_pool_tell(pool);
    run(manager, MANAGER_ITEM_OPCODES, MANAGER_ADD_ENTER, action);
}

/* _start_thread(), with the Condition in hand: only the first time. */
static void start_feeder(struct manager *manager, struct action *action) {
    if (manager->pool->feeder.id >= 0) {
        manager->phase = MANAGER_ADD_NOTIFY;
        process_pool_run(manager->pool, 0, action);
        return;
    }
    action->kind = ACTION_START;
    action->object = &manager->pool->feeder;
    manager->phase = MANAGER_ADD_NOTIFY;
}

static void next_add(struct manager *manager, struct action *action) {
    struct process_pool *pool = manager->pool;
    switch (manager->phase) {
    case MANAGER_ADD:
        add(manager, action);
        return;
    case MANAGER_ADD_ENTER:
        act_on_buffer(manager, ACTION_CONDITION_ENTER, MANAGER_ADD_START, action);
        return;
    case MANAGER_ADD_START:
        start_feeder(manager, action);
        return;
    case MANAGER_ADD_NOTIFY:
        process_pool_put(pool, &pool->buffer.queue, manager->item);
        act_on_buffer(manager, ACTION_CONDITION_NOTIFY, MANAGER_ADD_EXIT, action);
        return;
    case MANAGER_ADD_EXIT:
        act_on_buffer(manager, ACTION_CONDITION_EXIT, MANAGER_ADDED, action);
        return;
    default: /* MANAGER_ADDED */
        run(manager, MANAGER_PUT_OPCODES,
            manager->item == NO_MORE_CALLS ? MANAGER_SEND_NONE : MANAGER_ADD, action);
        return;
    }
}

/* --- wait_result_broken_or_wakeup() -------------------------------------------- */

static void poll(struct py_pipe_set *set, sim_ns timeout, struct action *action) {
    action->kind = ACTION_PIPE_WAIT;
    action->object = set;
    action->ns = timeout;
}

/* Nothing more to add: the second look is_shutting_down() makes before it leaves. */
static void no_item(struct manager *manager, struct action *action) {
    struct process_pool *pool = manager->pool;
    if (manager->leaving && pool->pending == 0) {
        manager->to_stop = pool->workers;
        run(manager, MANAGER_ALIVE_OPCODES * (int64_t)pool->workers, MANAGER_SEND_NONE,
            action);
        return;
    }
    manager->leaving = false;
    run(manager, MANAGER_POLL_OPCODES + MANAGER_SENTINEL_OPCODES * (int64_t)pool->workers,
        MANAGER_POLL, action);
}

static void polled(struct manager *manager, struct action *action) {
    manager->has_result = manager->both.ready[0];
    if (manager->has_result) {
        py_message_recv(&manager->result);
    }
    run(manager, MANAGER_POLLED_OPCODES,
        manager->has_result ? MANAGER_RECV : MANAGER_CLEAR, action);
}

static void recv_result(struct manager *manager, const struct resume *resume,
                        struct action *action) {
    if (py_message_recv_next(&manager->result, resume, action)) {
        return;
    }
    manager->pool->results_on_way--;
    process_pool_tell(manager->pool);
    pickle_cost_loads(&manager->pool->world->runtime, manager->result.bytes, action);
    manager->phase = MANAGER_CLEAR;
}

/* `while reader.poll(): reader.recv_bytes()` */
static void clear_polled(struct manager *manager, struct action *action) {
    if (manager->wakeup.ready[0]) {
        py_message_recv(&manager->wake);
        run(manager, MANAGER_WOKEN_OPCODES, MANAGER_WAKE_RECV, action);
        return;
    }
    run(manager, MANAGER_CLEARED_OPCODES,
        manager->has_result ? MANAGER_SET_RESULT : MANAGER_IS_SHUTTING_DOWN, action);
}

static void next_wait(struct manager *manager, const struct resume *resume,
                      struct action *action) {
    switch (manager->phase) {
    case MANAGER_NO_ITEM:
        no_item(manager, action);
        return;
    case MANAGER_POLL:
        poll(&manager->both, SIM_NEVER, action);
        manager->phase = MANAGER_POLLED;
        return;
    case MANAGER_POLLED:
        polled(manager, action);
        return;
    case MANAGER_RECV:
        recv_result(manager, resume, action);
        return;
    case MANAGER_CLEAR:
        run(manager, MANAGER_CLEAR_OPCODES, MANAGER_CLEAR_POLL, action);
        return;
    case MANAGER_CLEAR_POLL:
        poll(&manager->wakeup, 0, action);
        manager->phase = MANAGER_CLEAR_POLLED;
        return;
    case MANAGER_CLEAR_POLLED:
        clear_polled(manager, action);
        return;
    default: /* MANAGER_WAKE_RECV */
        if (!py_message_recv_next(&manager->wake, resume, action)) {
            run(manager, MANAGER_CLEAR_OPCODES, MANAGER_CLEAR_POLL, action);
        }
        return;
    }
}

/* --- process_result_item() ----------------------------------------------------- */

static void next_result(struct manager *manager, struct action *action) {
    struct process_pool *pool = manager->pool;
    switch (manager->phase) {
    case MANAGER_SET_RESULT:
        run(manager, MANAGER_RESULT_OPCODES, MANAGER_RESULT_SET, action);
        return;
    case MANAGER_RESULT_SET:
        pool->pending--;
        process_pool_tell(pool);
        action->kind = ACTION_SET_RESULT;
        action->object = &pool->futures[manager->result.value];
        manager->phase =
            pool->executor != NULL ? MANAGER_CALL_BACK : MANAGER_IS_SHUTTING_DOWN;
        return;
    case MANAGER_CALL_BACK:
        aio_executor_call_soon(pool->executor, action);
        manager->phase = MANAGER_WAKE_LOOP;
        return;
    case MANAGER_WAKE_LOOP:
        aio_executor_wake(pool->executor, (uint32_t)manager->result.value, action);
        manager->phase = MANAGER_IS_SHUTTING_DOWN;
        return;
    default: /* MANAGER_IS_SHUTTING_DOWN, or round again */
        pool->idle += manager->has_result;
        manager->leaving = pool->shutting_down;
        run(manager, manager->has_result ? MANAGER_IDLE_OPCODES : 24, MANAGER_ADD,
            action);
        return;
    }
}

/* --- join_executor_internals() ------------------------------------------------- */

/* put_nowait(None) for each worker. All calls have their results, so there is room. */
static void send_none(struct manager *manager, struct action *action) {
    if (manager->to_stop == 0) {
        act_on_buffer(manager, ACTION_CONDITION_ENTER, MANAGER_CLOSE_NOTIFY, action);
        return;
    }
    manager->to_stop--;
    manager->item = NO_MORE_CALLS;
    process_pool_run(manager->pool, MANAGER_PUT_OPCODES, action);
    manager->phase = MANAGER_ADD_ENTER;
}

static void join(struct manager *manager, struct action *action) {
    struct process_pool *pool = manager->pool;
    if (manager->joined == pool->workers) {
        run(manager, MANAGER_END_OPCODES, MANAGER_END, action);
        return;
    }
    action->kind = ACTION_JOIN;
    action->value = pool->worker_specs[manager->joined++].id;
}

static void next_end(struct manager *manager, struct action *action) {
    struct process_pool *pool = manager->pool;
    switch (manager->phase) {
    case MANAGER_SEND_NONE:
        send_none(manager, action);
        return;
    case MANAGER_CLOSE_NOTIFY:
        process_pool_put(pool, &pool->buffer.queue, FEEDER_SENTINEL);
        act_on_buffer(manager, ACTION_CONDITION_NOTIFY, MANAGER_CLOSE_EXIT, action);
        return;
    case MANAGER_CLOSE_EXIT:
        act_on_buffer(manager, ACTION_CONDITION_EXIT, MANAGER_JOIN_FEEDER, action);
        return;
    case MANAGER_JOIN_FEEDER:
        action->kind = ACTION_JOIN;
        action->value = pool->feeder.id;
        manager->phase = MANAGER_JOIN;
        return;
    case MANAGER_JOIN:
        join(manager, action);
        return;
    default:    /* MANAGER_END */
        return; /* ACTION_EXIT */
    }
}

static void manager_next(void *state, const struct resume *resume,
                         struct action *action) {
    struct manager *manager = state;
    if (manager->phase <= MANAGER_ADDED) {
        next_add(manager, action);
    } else if (manager->phase <= MANAGER_WAKE_RECV) {
        next_wait(manager, resume, action);
    } else if (manager->phase <= MANAGER_IS_SHUTTING_DOWN) {
        next_result(manager, action);
    } else {
        next_end(manager, action);
    }
}

static const struct program_ops manager_ops = {
    .next = manager_next,
    .state_size = sizeof(struct manager),
};

int process_manager_build(struct process_pool *pool, struct program *program) {
    struct manager *manager = arena_alloc(&pool->world->arena, 1, sizeof *manager);
    if (manager == NULL) {
        return ERR_NOMEM;
    }
    manager->pool = pool;
    manager->both.pipe[0] = &pool->results;
    manager->both.pipe[1] = &pool->wakeup;
    manager->wakeup.pipe[0] = &pool->wakeup;
    manager->result = (struct py_message){&pool->results, .opcode_ps = pool->opcode_ps};
    manager->wake = (struct py_message){&pool->wakeup, .opcode_ps = pool->opcode_ps};
    *program = (struct program){&manager_ops, manager};
    return 0;
}
