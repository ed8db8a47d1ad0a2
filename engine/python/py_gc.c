/* SPDX-License-Identifier: MIT */
/*
 * py_gc - making container objects, and the collector's work while the others wait.
 *
 * Up to 3.11 a collection runs inside the allocation that crossed the threshold; from 3.12
 * at the next check point, before the GIL is dropped there (Python/ceval_gil.c
 * _Py_HandlePending). With a GIL the thread keeps it all the time. Without one the world is
 * stopped twice: once to find garbage, and, after the finalizers have run beside the other
 * threads, once to see what they have brought back (gc_collect_internal).
 */
#include "engine/python/py_thread_priv.h"

static void allocate_next(struct os_thread *os);

static struct gc *gc_of(const struct py_thread *thread) { return &thread->process->gc; }

/* --- collecting ---------------------------------------------------------------- */

static void count_pause(struct py_thread *thread) {
    struct tally *tally = &thread->world->tally;
    const sim_ns pause = py_thread_sim(thread)->now - thread->gc_began_ns;
    tally->gc_pause_ns += pause;
    if (pause > tally->gc_pause_max_ns) {
        tally->gc_pause_max_ns = pause;
    }
}

static void collected(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    gc_of(thread)->collecting = false;
    thread->world->tally.gc_collections++;
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    thread->after_gc(os);
}

static void resurrected_seen(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    count_pause(thread);
    stop_world_release(&thread->client, collected);
}

static void finalizers_run(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->gc_began_ns = py_thread_sim(thread)->now;
    stop_world_request(&thread->client, resurrected_seen);
}

static void garbage_found(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    count_pause(thread);
    if (py_thread_runtime(thread)->gil == GIL_NONE) {
        stop_world_release(&thread->client, finalizers_run);
    } else {
        collected(os);
    }
}

/* Parameters of a document can make this as long as they like. */
static sim_ns time_of_looks(int64_t objects, int64_t ns) {
    sim_ns time;
    if (objects <= 0) {
        return 0;
    }
    return __builtin_mul_overflow(objects, ns, &time) ? SIM_NEVER / 2 : time;
}

static void find_garbage(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const int64_t seen = gc_collect(gc_of(thread));
    py_thread_show(thread, STATE_RUNNING_C, LANE_NONE);
    py_thread_work(thread,
                   sim_add(time_of_looks(seen, py_thread_runtime(thread)->gc_object_ns),
                           brc_merge_all(thread->process)),
                   garbage_found);
}

static void collect(struct py_thread *thread, os_fn then) {
    thread->after_gc = then;
    thread->gc_began_ns = py_thread_sim(thread)->now;
    gc_of(thread)->collecting = true;
    if (py_thread_runtime(thread)->gil == GIL_NONE) {
        stop_world_request(&thread->client, find_garbage);
    } else {
        find_garbage(&thread->client.os);
    }
}

void py_gc_run(struct py_thread *thread, os_fn then) {
    thread->client.breaker &= ~(unsigned)BREAKER_GC;
    if (gc_is_due(gc_of(thread))) { /* still; another thread may have done it */
        collect(thread, then);
    } else {
        then(&thread->client.os);
    }
}

/* --- allocating ---------------------------------------------------------------- */

static void allocated(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    gc_allocate(gc_of(thread), &thread->gc_buffer, thread->objects_now);
    if (!gc_is_due(gc_of(thread))) {
        allocate_next(os);
    } else if (py_thread_runtime(thread)->gc_at_check_point) {
        thread->client.breaker |= BREAKER_GC;
        py_thread_check_point(thread, allocate_next);
    } else {
        collect(thread, allocate_next);
    }
}

/* Makes objects until the collector may have to run. Another thread that allocates
 * meanwhile is counted after the piece. */
static void allocate_next(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->objects_left == 0) {
        py_thread_check_and_finish(os);
        return;
    }
    const int64_t room = gc_room(gc_of(thread), thread->gc_buffer);
    thread->objects_now = thread->objects_left < room ? thread->objects_left : room;
    thread->objects_left -= thread->objects_now;
    py_thread_run_python(thread,
                         thread->objects_now * py_thread_runtime(thread)->new_object_ns,
                         allocated);
}

static void released(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    gc_release(gc_of(thread), &thread->gc_buffer, -thread->action.value);
    py_thread_check_and_finish(os);
}

void py_gc_begin_allocate(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const int64_t count = thread->action.value;
    thread->world->tally.gc_used = true;
    if (count < 0) {
        py_thread_run_python(thread, -count * py_thread_runtime(thread)->free_object_ns,
                             released);
        return;
    }
    thread->objects_left = count;
    allocate_next(os);
}
