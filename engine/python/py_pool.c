/* SPDX-License-Identifier: MIT */
#include "engine/python/py_pool.h"

#include "engine/python/py_call_priv.h"

void py_pool_init(struct pool *pool, const struct runtime *runtime, struct arena *arena,
                  struct thread_spec *specs, uint32_t max_workers) {
    *pool = (struct pool){.worker_specs = specs, .max_workers = max_workers};
    py_queue_init(&pool->queue, runtime, arena,
                  (struct activity){STATE_IDLE, LANE_NONE, SITE_NONE});
}

void py_future_init(struct py_future *future, const struct runtime *runtime) {
    *future = (struct py_future){0};
    py_lock_init(&future->lock, runtime, LANE_NONE);
    future->lock.recursive = true;
    future->changed.lock = &future->lock;
    future->changed.lane = LANE_NONE;
}

/* --- submit() ------------------------------------------------------------------ */

void py_pool_worker_looks(struct py_thread *thread, const struct py_frame *frame) {
    if (frame->value == POOL_TAKER_OTHER) {
        return;
    }
    struct pool *pool = frame->object; /* its queue is its first member */
    switch (py_thread_runtime(thread)->pool_idle_rule) {
    case POOL_IDLE_AFTER_ITEM:
        pool->idle += frame->value == POOL_TAKER_WORKED;
        break;
    case POOL_IDLE_WHEN_EMPTY:
        pool->idle += pool->queue.count == 0;
        break;
    default:
        break;
    }
}

/* _adjust_thread_count() */
static bool adjust(struct py_thread *thread, const struct py_frame *frame,
                   struct pool *pool) {
    if (pool->idle > 0) {
        pool->idle--;
        return false;
    }
    if (pool->workers == pool->max_workers) {
        return false;
    }
    thread->action = (struct action){.kind = ACTION_START,
                                     .site = frame->site,
                                     .object = &pool->worker_specs[pool->workers++]};
    return true;
}

/* Half of the bytecode, the making of the Future, lies before the put. */
bool py_pool_submit(struct py_thread *thread, struct py_frame *frame) {
    struct pool *pool = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, PY_POOL_SUBMIT_OPCODES / 2);
    case 1:
        if (py_queue_put_item(thread, frame, &pool->queue)) {
            return true;
        }
        return py_call_run(thread, frame, 0);
    case 2:
        return py_call_run(thread, frame, PY_POOL_SUBMIT_OPCODES / 2);
    case 3:
        return adjust(thread, frame, pool);
    default:
        return false;
    }
}

/* --- Future -------------------------------------------------------------------- */

bool py_pool_set_result(struct py_thread *thread, struct py_frame *frame) {
    struct py_future *future = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 13);
    case 1:
        return py_call_acquire(thread, frame, &future->lock);
    case 2:
        return py_call_run(thread, frame, 14);
    case 3:
        future->done = true;
        return py_call_notify(thread, frame, &future->changed, INT64_MAX);
    case 4:
        return py_call_run(thread, frame, 10);
    case 5:
        return py_call_release(thread, frame, &future->lock);
    case 6:
        return py_call_run(thread, frame, 17);
    default:
        return false;
    }
}

/* result(), and what map() does around it: of a Future that is done it only looks at the
 * state, and at the end cancels it, in vain. */
bool py_pool_result(struct py_thread *thread, struct py_frame *frame) {
    struct py_future *future = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 30);
    case 1:
        return py_call_acquire(thread, frame, &future->lock);
    case 2:
        return py_call_run(thread, frame, 12);
    case 3:
        return future->done ? py_call_run(thread, frame, 0)
                            : py_call_wait(thread, frame, &future->changed);
    case 4:
        return py_call_run(thread, frame, 30);
    case 5:
        return py_call_release(thread, frame, &future->lock);
    case 6:
        return py_call_run(thread, frame, 12);
    case 7:
        return py_call_acquire(thread, frame, &future->lock);
    case 8:
        return py_call_run(thread, frame, 18);
    case 9:
        return py_call_release(thread, frame, &future->lock);
    case 10:
        return py_call_run(thread, frame, 7);
    default:
        return false;
    }
}
