/* SPDX-License-Identifier: MIT */
/* py_pool - waiting on queues, and ThreadPoolExecutor.submit(). */
#include "engine/python/py_thread_priv.h"

/* --- queues and pools ---------------------------------------------------------- */

static void queue_put(struct py_thread *thread, struct py_queue *queue, int64_t value,
                      os_fn then) {
    if (py_queue_push(queue, value) != 0) {
        world_fail_nomem(thread->world);
        return;
    }
    struct py_thread *taker = queue->waiting_first;
    if (taker == NULL) {
        py_thread_work(thread, 0, then);
        return;
    }
    queue->waiting_first = taker->next_waiter;
    if (queue->waiting_first == NULL) {
        queue->waiting_last = NULL;
    }
    py_thread_wake_other(thread, taker, then);
}

void py_pool_begin_put(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    queue_put(thread, thread->action.object, thread->action.value, py_thread_finish);
}

static void look_into_queue(struct os_thread *os);

static void look_again(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), look_into_queue);
}

static void wait_for_item(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_queue *queue = thread->action.object;
    if (queue->count > 0) {
        look_again(os); /* something came while the GIL was given up */
        return;
    }
    thread->next_waiter = NULL;
    if (queue->waiting_last == NULL) {
        queue->waiting_first = thread;
    } else {
        queue->waiting_last->next_waiter = thread;
    }
    queue->waiting_last = thread;
    py_thread_block(thread, STATE_IDLE, LANE_NONE, look_again);
}

static void look_into_queue(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_queue *queue = thread->action.object;
    if (py_queue_pop(queue, &thread->resume.value)) {
        py_thread_finish(os);
    } else {
        py_thread_detach(thread, wait_for_item);
    }
}

/* value = 1: a pool's worker that has finished an item says first that it is idle. */
void py_pool_begin_take(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->action.value == 1) {
        struct pool *pool = thread->action.object; /* its queue is its first member */
        pool->idle++;
    }
    look_into_queue(os);
}

static void adjust_workers(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct pool *pool = thread->action.object;
    if (pool->idle > 0) {
        pool->idle--;
    } else if (pool->workers < pool->max_workers) {
        thread->action.object = &pool->worker_specs[pool->workers++];
        py_start_begin(os);
        return;
    }
    py_thread_finish(os);
}

static void submit_put(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct pool *pool = thread->action.object;
    queue_put(thread, &pool->queue, thread->action.value, adjust_workers);
}

void py_pool_begin_submit(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_run_python(thread, py_thread_runtime(thread)->pool_submit_ns, submit_put);
}
