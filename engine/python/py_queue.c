/* SPDX-License-Identifier: MIT */
#include "engine/python/py_queue.h"

#include "engine/python/brc.h"
#include "engine/python/py_call_priv.h"
#include "engine/sim/sim.h"

/* --- the ring ------------------------------------------------------------------ */

void py_queue_init(struct py_queue *queue, const struct runtime *runtime,
                   struct arena *arena, struct activity waiting) {
    *queue = (struct py_queue){.arena = arena};
    py_lock_init(&queue->lock, runtime, LANE_NONE);
    queue->lock.mutex = false; /* a semaphore, used from C */
    queue->lock.internal = true;
    queue->lock.waiting = waiting;
    queue->waiting.lock = &queue->lock;
}

void py_queue_tell(struct py_queue *queue, struct sim *sim, lane_id lane,
                   enum counter_kind counter) {
    queue->sim = sim;
    queue->lane = lane;
    queue->counter = counter;
}

static void tell_length(const struct py_queue *queue) {
    if (queue->sim != NULL) {
        sim_count(queue->sim, queue->lane, queue->counter, (int64_t)queue->count);
    }
}

/* The old ring stays in the arena: a queue that grows to n leaves at most n items behind.
 */
static int grow(struct py_queue *queue) {
    const size_t capacity = queue->capacity == 0 ? 16 : 2 * queue->capacity;
    struct py_queue_item *items = arena_alloc(queue->arena, capacity, sizeof *items);
    if (items == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < queue->count; i++) {
        items[i] = queue->items[(queue->first + i) % queue->capacity];
    }
    queue->items = items;
    queue->capacity = capacity;
    queue->first = 0;
    return 0;
}

int py_queue_push(struct py_queue *queue, struct py_queue_item item) {
    if (queue->count == queue->capacity) {
        const int rc = grow(queue);
        if (rc != 0) {
            return rc;
        }
    }
    queue->items[(queue->first + queue->count++) % queue->capacity] = item;
    tell_length(queue);
    return 0;
}

bool py_queue_pop(struct py_queue *queue, struct py_queue_item *item) {
    if (queue->count == 0) {
        return false;
    }
    *item = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    tell_length(queue);
    return true;
}

/* The thread's own new object. */
static struct py_queue_item item_of(const struct py_thread *thread,
                                    const struct py_frame *frame) {
    return (struct py_queue_item){.value = frame->value, .maker = thread->id};
}

static void append(struct py_thread *thread, const struct py_frame *frame,
                   struct py_queue *queue) {
    if (py_queue_push(queue, item_of(thread, frame)) != 0) {
        world_fail_nomem(thread->world);
    }
}

/* The caller of get() drops the item, after `opcodes`. */
static bool drop(struct py_thread *thread, const struct py_frame *frame, int opcodes) {
    const sim_ns price = brc_drop(thread, thread->returned.maker);
    py_call_run(thread, frame, opcodes);
    thread->action.ns += price;
    return true;
}

/* --- SimpleQueue --------------------------------------------------------------- */

/* What put() and get() take themselves: calls into C, as a lock's acquire() is one. In
 * bulk 0.13 us against 0.14 us (CPython 3.11). */
static bool enter_c(struct py_thread *thread, const struct py_frame *frame) {
    thread->action = (struct action){.kind = ACTION_COMPUTE,
                                     .site = frame->site,
                                     .ns = py_thread_runtime(thread)->lock_ns,
                                     .value = 1};
    return true;
}

/* Lets in whoever waits on the lock; false when nobody has taken it. */
static bool open_lock(struct py_thread *thread, const struct py_frame *frame,
                      struct py_queue *queue) {
    if (!queue->locked) {
        return false;
    }
    queue->locked = false;
    return py_call_release(thread, frame, &queue->lock);
}

bool py_queue_put_item(struct py_thread *thread, const struct py_frame *frame,
                       struct py_queue *queue) {
    if (queue->waiting.first == NULL) {
        append(thread, frame, queue);
        return open_lock(thread, frame, queue);
    }
    struct py_thread *taker = py_condition_pop(&queue->waiting);
    taker->returned = item_of(thread, frame);
    return py_call_release(thread, frame, &taker->waiter);
}

bool py_queue_simple_put(struct py_thread *thread, struct py_frame *frame) {
    switch (frame->line++) {
    case 0:
        return enter_c(thread, frame);
    case 1:
        return py_queue_put_item(thread, frame, frame->object);
    default:
        return false;
    }
}

/* Parked in the parking lot: not on a threading.Lock, and not with a PyMutex's patience. */
static bool park(struct py_thread *thread, const struct py_frame *frame,
                 struct py_queue *queue) {
    py_condition_append(&queue->waiting, thread);
    thread->waiter.mutex = false;
    thread->waiter.internal = true;
    thread->waiter.waiting = queue->lock.waiting;
    return py_call_acquire_in_c(thread, frame, &thread->waiter);
}

bool py_queue_simple_get(struct py_thread *thread, struct py_frame *frame) {
    struct py_queue *queue = frame->object;
    switch (frame->line) {
    case 0:
        frame->line = 1;
        return enter_c(thread, frame);
    case 1:
        py_pool_worker_looks(thread, frame);
        break;
    case 2: /* has taken the lock */
        queue->locked = true;
        break;
    case 3:
        frame->line = 4;
        return drop(thread, frame, 0);
    default:
        return false;
    }
    frame->line = 3;
    if (py_queue_pop(queue, &thread->returned)) {
        return open_lock(thread, frame, queue) || py_call_run(thread, frame, 0);
    }
    if (py_thread_runtime(thread)->queue_hands_over) {
        return park(thread, frame, queue);
    }
    frame->line = 2;
    return py_call_acquire_in_c(thread, frame, &queue->lock);
}

/* --- Queue --------------------------------------------------------------------- */

bool py_queue_put(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *queue = frame->object;
    const int64_t size = queue->plan->size;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 7);
    case 1:
        return py_call_acquire(thread, frame, &queue->lock);
    case 2:
        return py_call_run(thread, frame, 33);
    case 3:
        if (size > 0 && queue->queue.count >= (size_t)size) {
            frame->line = 8;
            return py_call_wait(thread, frame, &queue->not_full);
        }
        append(thread, frame, &queue->queue);
        return py_call_run(thread, frame, 15);
    case 4:
        return py_call_notify(thread, frame, &queue->changed, 1);
    case 5:
        return py_call_run(thread, frame, 10);
    case 6:
        return py_call_release(thread, frame, &queue->lock);
    case 7:
        frame->line = 9;
        return py_call_run(thread, frame, 3);
    case 8: /* woken: looks again */
        frame->line = 3;
        return py_call_run(thread, frame, 13);
    default:
        return false;
    }
}

bool py_queue_get(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *queue = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 7);
    case 1:
        return py_call_acquire(thread, frame, &queue->lock);
    case 2:
        return py_call_run(thread, frame, 22);
    case 3:
        if (!py_queue_pop(&queue->queue, &thread->returned)) {
            frame->line = 8;
            return py_call_wait(thread, frame, &queue->changed);
        }
        return py_call_run(thread, frame, 9);
    case 4:
        return py_call_notify(thread, frame, &queue->not_full, 1);
    case 5:
        return py_call_run(thread, frame, 10);
    case 6:
        return py_call_release(thread, frame, &queue->lock);
    case 7:
        frame->line = 9;
        return drop(thread, frame, 3);
    case 8: /* woken: looks again */
        frame->line = 3;
        return py_call_run(thread, frame, 13);
    default:
        return false;
    }
}
