/* SPDX-License-Identifier: MIT */
#include "engine/python/py_interpreter_queue.h"

#include "engine/base/check.h"
#include "engine/python/pickle_cost.h"
#include "engine/python/py_call_priv.h"

/*
 * Opcodes, counted with a trace function on 3.13.0, which ran methods with the control
 * flow of 3.14's: to the call into C, after it, from a call that raised to time.sleep(),
 * and from there to the next call.
 */
enum {
    PUT_BEFORE = 18,
    PUT_AFTER = 2,
    PUT_AGAIN = 14,
    GET_BEFORE = 12,
    GET_AFTER = 7,
    GET_AGAIN = 13,
    TO_SLEEP = 11
};

static const sim_ns DELAY_NS = 10 * NS_PER_MS; /* _delay of put() and get(), 3.14, 3.15 */

/* --- items --------------------------------------------------------------------- */

/* In the ring an item is one number: twice its bytes, and 1 more when it is pickled. */
static struct py_queue_item pack(int64_t bytes, bool pickled) {
    return (struct py_queue_item){.value = 2 * bytes + pickled, .maker = -1};
}

static int64_t bytes_of(struct py_queue_item item) { return item.value / 2; }

static bool is_pickled(struct py_queue_item item) { return item.value % 2 == 1; }

/* PyBytes_FromStringAndSize. */
static sim_ns copy_ns(const struct py_thread *thread, int64_t bytes) {
    const int64_t rate = py_thread_machine(thread)->copy_mb_per_s;
    return rate == 0 ? 0 : bytes * 1000 / rate;
}

/* --- pieces of both ------------------------------------------------------------ */

/* In C with the GIL; what follows belongs to the same call. */
static bool stay_in_c(struct py_thread *thread, const struct py_frame *frame, sim_ns ns) {
    thread->action = (struct action){
        .kind = ACTION_C_HELD, .site = frame->site, .ns = ns, .value = -1};
    return true;
}

/* The list of all queues, where this one is looked up, and the queue itself, each behind a
 * lock that has to be written. */
static sim_ns price_of_call(struct py_thread *thread, struct world_object *queue) {
    return py_thread_runtime(thread)->interpreter_queue_ns +
           os_thread_write_line(&thread->client.os, &thread->world->queue_list) +
           os_thread_write_line(&thread->client.os, &queue->line);
}

/* QueueEmpty or QueueFull with its text. */
static bool raise_in_c(struct py_thread *thread, const struct py_frame *frame) {
    return stay_in_c(thread, frame, py_thread_runtime(thread)->interpreter_queue_miss_ns);
}

static bool sleep_before_next(struct py_thread *thread, const struct py_frame *frame) {
    thread->action = (struct action){.kind = ACTION_SLEEP,
                                     .site = frame->site,
                                     .ns = DELAY_NS,
                                     .object = frame->object};
    return true;
}

/* --- put ----------------------------------------------------------------------- */

/* The object is converted before anybody looks whether there is room for it. */
static bool convert(struct py_thread *thread, const struct py_frame *frame) {
    const sim_ns call = price_of_call(thread, frame->object);
    stay_in_c(thread, frame, 0);
    if (frame->ns == 1) {
        pickle_cost_dumps(py_thread_runtime(thread), frame->value, &thread->action);
    }
    thread->action.ns += call;
    return true;
}

static bool is_full(const struct world_object *queue) {
    return queue->plan->size > 0 && queue->queue.count >= (size_t)queue->plan->size;
}

static bool try_put(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *queue = frame->object;
    if (is_full(queue)) {
        return raise_in_c(thread, frame);
    }
    if (py_queue_push(&queue->queue, pack(frame->value, frame->ns == 1)) != 0) {
        world_fail_nomem(thread->world);
    }
    frame->line = 6;
    return py_call_run(thread, frame, PUT_AFTER);
}

bool py_interpreter_queue_put(struct py_thread *thread, struct py_frame *frame) {
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, PUT_BEFORE);
    case 1:
        return convert(thread, frame);
    case 2:
        return try_put(thread, frame);
    case 3:
        return py_call_run(thread, frame, TO_SLEEP);
    case 4:
        return sleep_before_next(thread, frame);
    case 5:
        frame->line = 1;
        return py_call_run(thread, frame, PUT_AGAIN);
    default:
        return false;
    }
}

/* --- get ----------------------------------------------------------------------- */

/* A new object from the other's data. */
static bool unpack(struct py_thread *thread, const struct py_frame *frame,
                   struct py_queue_item item) {
    const int64_t bytes = bytes_of(item);
    thread->returned.value = bytes;
    stay_in_c(thread, frame, copy_ns(thread, bytes));
    if (is_pickled(item)) {
        pickle_cost_loads(py_thread_runtime(thread), bytes, &thread->action);
    }
    return true;
}

bool py_interpreter_queue_get(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *queue = frame->object;
    struct py_queue_item item;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, GET_BEFORE);
    case 1:
        return stay_in_c(thread, frame, price_of_call(thread, queue));
    case 2:
        if (!py_queue_pop(&queue->queue, &item)) {
            return raise_in_c(thread, frame);
        }
        frame->line = 6;
        return unpack(thread, frame, item);
    case 3:
        return py_call_run(thread, frame, TO_SLEEP);
    case 4:
        return sleep_before_next(thread, frame);
    case 5:
        frame->line = 1;
        return py_call_run(thread, frame, GET_AGAIN);
    case 6:
        return py_call_run(thread, frame, GET_AFTER);
    default:
        return false;
    }
}
