/* SPDX-License-Identifier: MIT */
/*
 * py_check_point - what a thread does where it looks at its eval_breaker.
 *
 * The order is that of _Py_HandlePending (3.13+ Python/ceval_gil.c): take part in a
 * stop-the-world pause, merge reference counts, collect garbage, drop the GIL. Versions
 * before have only some of these, in the same order.
 */
#include "engine/python/py_thread_priv.h"

static void passed(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const os_fn then = thread->after_check;
    thread->after_check = NULL;
    then(os);
}

static void take_back(struct os_thread *os) { gil_take(GIL_CLIENT_OF(os), passed); }

static void next_duty(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const unsigned breaker = thread->client.breaker;
    if ((breaker & BREAKER_STOP) != 0) {
        stop_world_suspend(&thread->client, next_duty);
    } else if ((breaker & BREAKER_MERGE) != 0) {
        brc_merge(thread, next_duty);
    } else if ((breaker & BREAKER_GC) != 0) {
        py_gc_run(thread, next_duty);
    } else if (gil_must_drop(&thread->client)) {
        gil_drop(&thread->client, true, take_back);
    } else {
        passed(os);
    }
}

void py_thread_check_point(struct py_thread *thread, os_fn then) {
    thread->after_check = then;
    next_duty(&thread->client.os);
}
