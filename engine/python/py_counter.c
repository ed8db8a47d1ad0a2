/* SPDX-License-Identifier: MIT */
#include "engine/python/py_counter.h"

#include "engine/python/py_thread_priv.h"

static struct py_counter *counter_of(const struct py_thread *thread) {
    return &((struct world_object *)thread->action.object)->counter;
}

static void write_line(struct py_thread *thread, struct cache_line *line, os_fn then) {
    py_thread_work(thread, os_thread_write_line(&thread->client.os, line), then);
}

/* --- load ---------------------------------------------------------------------- */

static void load(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_counter *counter = counter_of(thread);
    thread->resume.value = counter->value;
    write_line(thread, &counter->object, py_thread_finish);
}

static void read_slot(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_work(thread, os_thread_read_line(os, &counter_of(thread)->slot), load);
}

void py_counter_begin_load(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    write_line(thread, &counter_of(thread)->object, read_slot);
}

/* --- store --------------------------------------------------------------------- */

static void store(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_counter *counter = counter_of(thread);
    counter->value = thread->action.value;
    counter->stores++;
    write_line(thread, &counter->object, py_thread_finish);
}

void py_counter_begin_refer(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    write_line(thread, &counter_of(thread)->object, py_thread_finish);
}

void py_counter_begin_store(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    write_line(thread, &counter_of(thread)->slot, store);
}
