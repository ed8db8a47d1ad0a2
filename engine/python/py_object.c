/* SPDX-License-Identifier: MIT */
/*
 * py_object - what using an object costs by who has it: its reference count, and its lock.
 *
 * Reference counts (PEP 703, Include/refcount.h). With a GIL a count is an addition, by
 * whomever. In a free-threaded build it is one for the thread that made the object; for
 * all others it is an atomic operation on ob_ref_shared, whose cache line has to come from
 * the core that counted last. Immortal objects are not counted at all; nor are functions,
 * modules and classes in a free-threaded build: immortal in 3.13t, deferred in 3.14t.
 *
 * Lists and dicts (Python/critical_section.c). In a free-threaded build an operation that
 * changes one locks its ob_mutex, a PyMutex; one that reads a single item does not. In
 * builds with a GIL critical sections are nothing.
 *
 * Simplified: these objects are never freed (items of queues are: brc.h); a reader never has
 * to try again under the lock; of an item that is read nothing is counted, nor does the
 * first look of another thread at it take the lock (up to 3.13 it does, once).
 */
#include "engine/python/py_call.h"
#include "engine/python/py_thread_priv.h"

static const struct world_object *object_of(const struct py_thread *thread) {
    return thread->action.object;
}

/* --- reference counts ---------------------------------------------------------- */

static bool is_counted(const struct runtime *runtime, enum object_sharing sharing) {
    if (sharing == SHARING_IMMORTAL) {
        return !runtime->immortal_objects;
    }
    return sharing != SHARING_DEFERRED || !runtime_is_free_threaded(runtime) ||
           runtime->atomic_refcounts;
}

/* Counting up or down once, but for the way of the cache line. */
static sim_ns price_of_count(const struct runtime *runtime, enum object_sharing sharing) {
    if (!is_counted(runtime, sharing)) {
        return 0;
    }
    const bool plain = !runtime_is_free_threaded(runtime) || sharing == SHARING_OWN;
    return plain && !runtime->atomic_refcounts ? runtime->local_ref_ns
                                               : runtime->shared_ref_ns;
}

/* Threads on several cores may count it at the same time. */
static bool is_contended(const struct runtime *runtime, enum object_sharing sharing) {
    return runtime->gil == GIL_NONE && is_counted(runtime, sharing) &&
           sharing != SHARING_EACH && sharing != SHARING_OWN;
}

/* A reference is taken and dropped at once: the cache line does not leave in between. */
static void count_next(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (py_thread_is_due(thread)) { /* the loop around it has a back edge each time */
        py_thread_check_point(thread, count_next);
        return;
    }
    if (thread->counts_left == 0) {
        py_thread_finish(os);
        return;
    }
    thread->counts_left--;
    struct world_object *object = thread->action.object;
    py_thread_work(thread,
                   2 * price_of_count(py_thread_runtime(thread), object->plan->sharing) +
                       os_thread_write_line(os, &object->line),
                   count_next);
}

void py_object_begin_touch(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct runtime *runtime = py_thread_runtime(thread);
    const enum object_sharing sharing = object_of(thread)->plan->sharing;
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    if (is_contended(runtime, sharing)) {
        thread->counts_left = thread->action.value;
        count_next(os);
        return;
    }
    py_thread_run_python(thread,
                         2 * thread->action.value * price_of_count(runtime, sharing),
                         py_thread_finish);
}

/* --- lists and dicts ----------------------------------------------------------- */

bool py_object_use(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *object = frame->object;
    const struct runtime *runtime = py_thread_runtime(thread);
    const bool locks = runtime_is_free_threaded(runtime) &&
                       container_op_locks((enum container_op)frame->value);
    const bool alone = object->plan->sharing != SHARING_ONE;
    struct action action = {.site = frame->site};
    switch (frame->line++) {
    case 0:
        if (!locks || alone) {
            frame->line = 3;
            action.kind = ACTION_COMPUTE;
            action.ns = frame->ns + (locks ? 2 * runtime->critical_section_ns : 0);
            break;
        }
        action.kind = ACTION_ACQUIRE;
        action.object = &object->lock;
        action.value = 1; /* inside a C function: no check point */
        break;
    case 1:
        action.kind = ACTION_COMPUTE;
        action.ns = frame->ns;
        action.value = 1;
        break;
    case 2:
        action.kind = ACTION_RELEASE;
        action.object = &object->lock;
        break;
    default:
        return false;
    }
    thread->action = action;
    return true;
}
