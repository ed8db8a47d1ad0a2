/* SPDX-License-Identifier: MIT */
/* py_blocking - calls that detach and wait: I/O, sleep, and the selector of an event
 * loop. */
#include "engine/python/py_thread_priv.h"

static void timer_over(struct event *event) {
    os_thread_wake(OS_THREAD_OF(event, timer), LANE_NONE);
}

static void set_timer(struct py_thread *thread, sim_ns at) {
    thread->client.os.timer.fire = timer_over;
    sim_schedule(py_thread_sim(thread), &thread->client.os.timer, at);
}

/* --- blocking calls ------------------------------------------------------------ */

/* What is left of the wait once the system call has been entered. */
static sim_ns after_syscall(const struct py_thread *thread) {
    const sim_ns left = thread->action.ns - py_thread_machine(thread)->syscall_ns;
    return left > 0 ? left : 0;
}

/* An answer that comes at a given time comes then, however long the call took to enter. */
static sim_ns until_answer(const struct py_thread *thread) {
    return thread->action.value == 0 ? after_syscall(thread)
                                     : thread->action.ns - py_thread_sim(thread)->now;
}

static void io_block(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const sim_ns left = until_answer(thread);
    if (left <= 0) {
        py_thread_attach_and_finish(
            os); /* the answer was there before the call could block */
        return;
    }
    set_timer(thread, sim_add(py_thread_sim(thread)->now, left));
    py_thread_block(thread, STATE_IO, LANE_NONE, py_thread_attach_and_finish);
}

static void io_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, py_thread_machine(thread)->syscall_ns, io_block);
}

void py_blocking_begin_io(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), io_enter);
}

/* Who polls something in this way says what. */
static void sleep_block(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct world_object *polled = thread->action.object;
    set_timer(thread, os_thread_timer_due(os, after_syscall(thread)));
    py_thread_block(thread, STATE_SLEEP, polled == NULL ? LANE_NONE : polled->lane,
                    py_thread_attach_and_finish);
}

static void sleep_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, py_thread_machine(thread)->syscall_ns, sleep_block);
}

void py_blocking_begin_sleep(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), sleep_enter);
}

/* --- the selector of an event loop --------------------------------------------- */

static void poll_over(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct selector *selector = thread->action.object;
    thread->resume.status = selector->ready ? RESUME_DONE : RESUME_TIMED_OUT;
    selector->ready = false;
    if (selector->report != NULL) {
        selector->report(selector);
    }
    py_thread_attach_and_finish(os);
}

static void poll_timeout(struct event *event) {
    struct os_thread *os = OS_THREAD_OF(event, timer);
    ((struct selector *)PY_THREAD_OF(os)->action.object)->poller = NULL;
    os_thread_wake(os, LANE_NONE);
}

static void poll_block(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct selector *selector = thread->action.object;
    if (selector->ready || thread->action.ns == 0) {
        poll_over(os);
        return;
    }
    selector->poller = thread;
    if (thread->action.ns != SIM_NEVER) {
        thread->client.os.timer.fire = poll_timeout;
        sim_schedule(py_thread_sim(thread), &thread->client.os.timer,
                     os_thread_timer_due(os, thread->action.ns));
    }
    py_thread_block(thread, STATE_IO, selector->lane, poll_over);
}

/* select() always detaches, also with time-out 0 (Modules/selectmodule.c). */
static void poll_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, py_thread_machine(thread)->syscall_ns, poll_block);
}

void py_blocking_begin_poll(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), poll_enter);
}

void selector_set_ready(struct selector *selector, lane_id by) {
    selector->ready = true;
    struct py_thread *poller = selector->poller;
    if (poller != NULL) {
        selector->poller = NULL;
        selector->woken_by = by;
        sim_cancel_event(py_thread_sim(poller), &poller->client.os.timer);
        os_thread_wake(&poller->client.os, by);
    }
}

static void wake_poll_sent(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct selector *selector = thread->action.object;
    selector->bytes++;
    selector_set_ready(selector, os->lane);
    py_thread_attach_and_finish(os);
}

static void wake_poll_send(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, py_thread_machine(thread)->syscall_ns, wake_poll_sent);
}

void py_blocking_begin_wake_poll(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct selector *selector = thread->action.object;
    selector->deliver(selector, thread->action.value, os->lane);
    py_thread_detach(thread, wake_poll_send);
}
