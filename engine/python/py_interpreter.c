/* SPDX-License-Identifier: MIT */
#include "engine/python/py_interpreter.h"

#include "engine/python/py_thread_priv.h"

static struct py_interpreter *interpreter_of(const struct py_thread *thread) {
    return thread->action.object;
}

static bool has_gils(const struct py_thread *thread) {
    return py_thread_runtime(thread)->gil != GIL_NONE;
}

/* Detached from the interpreter it was in. */
static void go_to(struct py_thread *thread, struct process *process, os_fn then) {
    thread->process = process;
    thread->client.gil = &process->gil;
    gil_take(&thread->client, then);
}

/* --- make ---------------------------------------------------------------------- */

static void start_new(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_run_python(thread, py_thread_runtime(thread)->interpreter_start_ns,
                         thread->after_interpreter);
}

/* With the GIL of the new one (3.12 Py_NewInterpreterFromConfig with own_gil). */
static void go_to_new(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct process *process =
        world_add_interpreter(thread->world, thread->process, os->lane);
    if (process == NULL) {
        world_fail_nomem(thread->world);
        return;
    }
    thread->home = thread->process;
    go_to(thread, process, start_new);
}

void py_interpreter_begin_in_new(struct py_thread *thread, os_fn then) {
    thread->after_interpreter = then;
    if (has_gils(thread)) {
        py_thread_detach(thread, go_to_new);
    } else {
        start_new(&thread->client.os);
    }
}

static void made(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    interpreter_of(thread)->process = has_gils(thread) ? thread->process : NULL;
    py_thread_finish(os);
}

/* --- enter, leave, end --------------------------------------------------------- */

static void enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->home = thread->process;
    go_to(thread, interpreter_of(thread)->process, py_thread_finish);
}

static void leave(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    go_to(thread, thread->home, py_thread_finish);
}

static void close_and_leave(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct sim *sim = py_thread_sim(thread);
    recorder_close_lane(sim->recorder, sim->now, thread->process->gil.lane);
    leave(os);
}

static void ended(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (has_gils(thread)) {
        py_thread_detach(thread, close_and_leave);
    } else {
        py_thread_finish(os);
    }
}

void py_interpreter_begin(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const enum interpreter_op op = (enum interpreter_op)thread->action.value;
    if (op == INTERPRETER_MAKE) {
        py_interpreter_begin_in_new(thread, made);
    } else if (op == INTERPRETER_END) {
        py_thread_run_python(thread, py_thread_runtime(thread)->interpreter_end_ns,
                             ended);
    } else if (has_gils(thread)) {
        py_thread_detach(thread, op == INTERPRETER_ENTER ? enter : leave);
    } else {
        py_thread_finish(os);
    }
}
