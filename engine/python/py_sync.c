/* SPDX-License-Identifier: MIT */
/*
 * py_sync - threading.Semaphore, Event and Barrier: a Condition around a Lock, and a
 * number (Lib/threading.py, the same from 3.9 to 3.14).
 *
 * A waiter of a Semaphore looks again when it has the lock back: whoever came in between
 * has the permit. A waiter of an Event does not.
 */
#include "engine/python/py_call_priv.h"

/* --- Semaphore ----------------------------------------------------------------- */

bool py_sync_semaphore_acquire(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *semaphore = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 13);
    case 1:
        return py_call_acquire(thread, frame, &semaphore->lock);
    case 2:
        return py_call_run(thread, frame, 10);
    case 3:
        if (semaphore->value == 0) {
            frame->line = 2;
            return py_call_wait(thread, frame, &semaphore->changed);
        }
        semaphore->value--;
        return py_call_run(thread, frame, 16);
    case 4:
        return py_call_release(thread, frame, &semaphore->lock);
    case 5:
        return py_call_run(thread, frame, 4);
    default:
        return false;
    }
}

bool py_sync_semaphore_release(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *semaphore = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 11);
    case 1:
        return py_call_acquire(thread, frame, &semaphore->lock);
    case 2:
        return py_call_run(thread, frame, 15);
    case 3:
        semaphore->value++;
        return py_call_notify(thread, frame, &semaphore->changed, 1);
    case 4:
        return py_call_run(thread, frame, 10);
    case 5:
        return py_call_release(thread, frame, &semaphore->lock);
    case 6:
        return py_call_run(thread, frame, 3);
    default:
        return false;
    }
}

/* --- Event --------------------------------------------------------------------- */

bool py_sync_event_wait(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *event = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 7);
    case 1:
        return py_call_acquire(thread, frame, &event->lock);
    case 2:
        return py_call_run(thread, frame, 7);
    case 3:
        if (event->value == 0) {
            return py_call_wait(thread, frame, &event->changed);
        }
        return py_call_run(thread, frame, 0);
    case 4:
        return py_call_run(thread, frame, 12);
    case 5:
        return py_call_release(thread, frame, &event->lock);
    case 6:
        return py_call_run(thread, frame, 3);
    default:
        return false;
    }
}

/* set() and clear() differ in the value, and in that only set() notifies. */
static bool change(struct py_thread *thread, struct py_frame *frame, bool set) {
    struct world_object *event = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 7);
    case 1:
        return py_call_acquire(thread, frame, &event->lock);
    case 2:
        return py_call_run(thread, frame, set ? 10 : 5);
    case 3:
        event->value = set;
        return set ? py_call_notify(thread, frame, &event->changed, INT64_MAX)
                   : py_call_run(thread, frame, 0);
    case 4:
        return py_call_run(thread, frame, 10);
    case 5:
        return py_call_release(thread, frame, &event->lock);
    case 6:
        return py_call_run(thread, frame, 3);
    default:
        return false;
    }
}

bool py_sync_event_set(struct py_thread *thread, struct py_frame *frame) {
    return change(thread, frame, true);
}

bool py_sync_event_clear(struct py_thread *thread, struct py_frame *frame) {
    return change(thread, frame, false);
}

/* It only looks: no lock. */
bool py_sync_event_is_set(struct py_thread *thread, struct py_frame *frame) {
    const struct world_object *event = frame->object;
    if (frame->line++ == 0) {
        return py_call_run(thread, frame, 3);
    }
    thread->returned.value = event->value;
    return false;
}

/* --- Barrier ------------------------------------------------------------------- */

/* A thread after the other leaves; the last one opens the barrier for the next round. */
static bool leave(struct py_thread *thread, struct py_frame *frame,
                  struct world_object *barrier) {
    barrier->value--;
    if (barrier->value > 0) {
        return py_call_run(thread, frame, 0);
    }
    barrier->barrier = BARRIER_FILLING;
    return py_call_notify(thread, frame, &barrier->changed, INT64_MAX);
}

/*
 *        _enter                 _wait                 _exit
 *   1 -> 2,3 while draining -> 5 while filling ----> 6,7 -> 8,9 released
 *                  \-> the last party: 4 _release --/
 */
bool py_sync_barrier_wait(struct py_thread *thread, struct py_frame *frame) {
    struct world_object *barrier = frame->object;
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 12);
    case 1:
        return py_call_acquire(thread, frame, &barrier->lock);
    case 2:
        return py_call_run(thread, frame, 32);
    case 3:
        if (barrier->barrier == BARRIER_DRAINING) { /* the last round is still leaving */
            frame->line = 3;
            return py_call_wait(thread, frame, &barrier->changed);
        }
        barrier->value++;
        if (barrier->value < barrier->plan->size) {
            frame->line = 5;
            return py_call_run(thread, frame, 36);
        }
        return py_call_run(thread, frame, 18);
    case 4:
        barrier->barrier = BARRIER_DRAINING;
        frame->line = 6;
        return py_call_notify(thread, frame, &barrier->changed, INT64_MAX);
    case 5:
        if (barrier->barrier == BARRIER_FILLING) {
            frame->line = 5;
            return py_call_wait(thread, frame, &barrier->changed);
        }
        return py_call_run(thread, frame, 25);
    case 6:
        return py_call_run(thread, frame, 14);
    case 7:
        return leave(thread, frame, barrier);
    case 8:
        return py_call_run(thread, frame, 21);
    case 9:
        return py_call_release(thread, frame, &barrier->lock);
    case 10:
        return py_call_run(thread, frame, 3);
    default:
        return false;
    }
}
