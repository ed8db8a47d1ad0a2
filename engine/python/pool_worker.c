/* SPDX-License-Identifier: MIT */
#include "engine/python/pool_worker.h"

#include "engine/python/py_pool.h"

void pool_worker_stop_all(void *queue, struct action *action) {
    action->kind = ACTION_PUT;
    action->object = queue;
    action->value = POOL_NO_MORE;
}

static void take(struct pool_worker *worker, struct action *action) {
    action->kind = ACTION_TAKE;
    action->object = worker->queue;
    action->value = !worker->says_idle ? POOL_TAKER_OTHER
                    : worker->worked   ? POOL_TAKER_WORKED
                                       : POOL_TAKER_NEW;
    worker->phase = POOL_TAKEN;
}

static void taken(struct pool_worker *worker, int64_t value, struct action *action) {
    if (value == POOL_NO_MORE) {
        pool_worker_stop_all(worker->queue, action);
        worker->phase = POOL_END;
        return;
    }
    worker->begin(worker->item, value);
    action->kind = ACTION_COMPUTE;
    action->ns = worker->overhead_ns;
    worker->phase = POOL_ITEM;
}

static void worker_next(void *state, const struct resume *resume, struct action *action) {
    struct pool_worker *worker = state;
    if (resume->status == RESUME_START) {
        worker->lane = (lane_id)resume->value;
    }
    switch (worker->phase) {
    case POOL_TAKE:
        take(worker, action);
        return;
    case POOL_TAKEN:
        taken(worker, resume->value, action);
        return;
    case POOL_ITEM:
        if (!worker->next(worker->item, resume, action)) {
            worker->worked = true;
            take(worker, action);
        }
        return;
    case POOL_END:
        return; /* ACTION_EXIT */
    }
}

const struct program_ops pool_worker_ops = {
    .next = worker_next,
    .state_size = sizeof(struct pool_worker),
};
