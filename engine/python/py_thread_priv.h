/* SPDX-License-Identifier: MIT */
/*
 * py_thread_priv - what the files that execute actions share.
 *
 * An action is a chain of continuations, each called with the thread on a core. Each
 * begins attached (it may use run_python, detach ...) and ends with py_thread_finish(),
 * attached. Only marks and calls of functions written in Python take no time themselves.
 *
 *   py_thread.c    fetching, life
 *   py_compute.c   bytecode and its check points, C calls, units of work
 *   py_blocking.c  blocking calls, sleep, the selector of an event loop
 *   py_peer.c      a socket with another process at the other end
 *   py_interpreter.c  making, entering, leaving and ending interpreters
 *   py_pipe.c      pipes of the operating system
 *   py_start.c     starting, joining and ending threads and processes
 *   py_lock.c      locks
 *   py_counter.c   counters that are updated without one
 *   py_native.c    native threads inside a C call
 *   py_call.c      functions of the standard library; those are in
 *                  py_sync.c, py_queue.c, py_pool.c, py_interpreter_queue.c
 *   py_object.c    reference counts, lists and dicts
 *   py_gc.c        making container objects, and the collector
 *   py_check_point.c  what else is done at a check point
 */
#ifndef ENGINE_PYTHON_PY_THREAD_PRIV_H
#define ENGINE_PYTHON_PY_THREAD_PRIV_H

#include "engine/python/py_thread.h"

/* Continuations get the thread as the scheduler knows it. */
#define PY_THREAD_OF(os_pointer) ((struct py_thread *)(void *)(os_pointer))

/* --- for every action ---------------------------------------------------------- */

static inline struct sim *py_thread_sim(const struct py_thread *thread) {
    return &thread->world->sim;
}

static inline const struct machine *py_thread_machine(const struct py_thread *thread) {
    return thread->world->cpu.machine;
}

static inline const struct runtime *py_thread_runtime(const struct py_thread *thread) {
    return thread->process->gil.runtime;
}

/* On a core: what the lane shows, with the action's site. */
static inline void py_thread_show(struct py_thread *thread, enum lane_state state,
                                  lane_id resource) {
    os_thread_show(&thread->client.os,
                   (struct activity){state, resource, thread->action.site}, LANE_NONE);
}

static inline void py_thread_block(struct py_thread *thread, enum lane_state state,
                                   lane_id resource, os_fn then) {
    os_thread_block(&thread->client.os,
                    (struct activity){state, resource, thread->action.site}, then);
}

static inline void py_thread_work(struct py_thread *thread, sim_ns ns, os_fn then) {
    os_thread_work(&thread->client.os, ns, then);
}

/* Py_BEGIN_ALLOW_THREADS */
static inline void py_thread_detach(struct py_thread *thread, os_fn then) {
    gil_drop(&thread->client, false, then);
}

/* The action is over: attached, with `resume` filled in. */
void py_thread_finish(struct os_thread *os);

/* Py_END_ALLOW_THREADS, and the call is over, at a check point. */
void py_thread_attach_and_finish(struct os_thread *os);

/* The action is over, at a check point: drops the GIL first if that was asked for. */
void py_thread_check_and_finish(struct os_thread *os);

/* At a check point, attached: does what is due; `then` follows, attached. */
void py_thread_check_point(struct py_thread *thread, os_fn then);

static inline bool py_thread_is_due(const struct py_thread *thread) {
    return thread->client.breaker != 0 || gil_must_drop(&thread->client);
}

/* Runs `ns` of bytecode with its check points, then `after`. */
void py_thread_run_python(struct py_thread *thread, sim_ns ns, os_fn after);

/* Wakes a blocked thread at the price of a futex wake; `then` follows. */
void py_thread_wake_other(struct py_thread *thread, struct py_thread *other, os_fn then);

/* First continuations of a child and of the main thread. */
void py_thread_child_first(struct os_thread *os);
void py_thread_main_first(struct os_thread *os);

/* --- one function per action --------------------------------------------------- */

void py_compute_begin(struct os_thread *os);
void py_compute_begin_cpu(struct os_thread *os);
void py_compute_begin_c_held(struct os_thread *os);
void py_compute_begin_c_released(struct os_thread *os);
/* Shares the action's work among `action.value` threads, this one being one of them, and
 * waits until the last of them is ready; `then` follows. */
void py_native_share(struct py_thread *thread, os_fn then);

void py_blocking_begin_io(struct os_thread *os);
void py_blocking_begin_sleep(struct os_thread *os);
void py_blocking_begin_poll(struct os_thread *os);
void py_blocking_begin_wake_poll(struct os_thread *os);

void py_peer_begin_send(struct os_thread *os);
void py_peer_begin_recv(struct os_thread *os);

void py_interpreter_begin(struct os_thread *os);
/* A new thread, attached: makes an interpreter of its own and goes on in there. */
void py_interpreter_begin_in_new(struct py_thread *thread, os_fn then);

void py_pipe_begin_write(struct os_thread *os);
void py_pipe_begin_read(struct os_thread *os);
void py_pipe_begin_wait(struct os_thread *os);

void py_start_begin(struct os_thread *os);
void py_start_begin_join(struct os_thread *os);
void py_start_begin_exit(struct os_thread *os);

/* The main thread waits in join(): it is to look at its signals and wait again. */
void py_start_interrupt_join(struct py_thread *thread);

/* Attached: runs the handlers of all pending signals, then `then`. */
void py_signal_handle(struct py_thread *thread, os_fn then);

/* Those of actions that take no time. */
void py_compute_begin_unit(struct py_thread *thread);
void py_compute_end_unit(struct py_thread *thread);
void py_call_begin(struct py_thread *thread);

/* The next action of the innermost call; false when none is left. */
bool py_call_next(struct py_thread *thread);

/* The collector was scheduled for this check point. */
void py_gc_run(struct py_thread *thread, os_fn then);
void py_gc_begin_allocate(struct os_thread *os);

void py_object_begin_touch(struct os_thread *os);
bool py_object_use(struct py_thread *thread, struct py_frame *frame);

void py_lock_begin_acquire(struct os_thread *os);
void py_lock_begin_release(struct os_thread *os);

void py_counter_begin_load(struct os_thread *os);
void py_counter_begin_store(struct os_thread *os);
void py_counter_begin_refer(struct os_thread *os);

#endif
