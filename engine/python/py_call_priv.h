/* SPDX-License-Identifier: MIT */
/*
 * py_call_priv - what library functions are written with.
 *
 * A function is a switch over frame->line: the place after its last action. Going back to
 * a line is the loop around it. Each case returns one of these calls.
 *
 * How long bytecode takes is said in opcodes, counted on CPython 3.12.1 with a trace
 * function (sys.settrace, f_trace_opcodes) between one lock operation and the next; 3.9
 * and 3.11 have up to a seventh more. What an opcode takes is the runtime's time of a
 * whole function over the number of its opcodes.
 */
#ifndef ENGINE_PYTHON_PY_CALL_PRIV_H
#define ENGINE_PYTHON_PY_CALL_PRIV_H

#include "engine/python/py_pool.h"
#include "engine/python/py_thread_priv.h"

/* Bytecode, with check points. */
bool py_call_run(struct py_thread *thread, const struct py_frame *frame, int opcodes);

/* lock.acquire(), lock.release() */
bool py_call_acquire(struct py_thread *thread, const struct py_frame *frame,
                     struct py_lock *lock);
bool py_call_release(struct py_thread *thread, const struct py_frame *frame,
                     struct py_lock *lock);

/* The same inside a C function: no check point follows. */
bool py_call_acquire_in_c(struct py_thread *thread, const struct py_frame *frame,
                          struct py_lock *lock);

/* condition.wait(), condition.notify(count), notify_all(): INT64_MAX. */
bool py_call_wait(struct py_thread *thread, const struct py_frame *frame,
                  struct py_condition *condition);
bool py_call_notify(struct py_thread *thread, const struct py_frame *frame,
                    struct py_condition *condition, int64_t count);

/* The thread becomes the youngest waiter, with a lock that only a release of it opens:
 * acquire thread->waiter next. */
void py_condition_append(struct py_condition *condition, struct py_thread *thread);

/* The oldest waiter leaves; it sleeps until its `waiter` is released. Not when empty. */
struct py_thread *py_condition_pop(struct py_condition *condition);

/* --- the functions ------------------------------------------------------------- */

bool py_condition_enter(struct py_thread *thread, struct py_frame *frame);
bool py_condition_exit(struct py_thread *thread, struct py_frame *frame);
bool py_condition_wait(struct py_thread *thread, struct py_frame *frame);
bool py_condition_notify(struct py_thread *thread, struct py_frame *frame);

/* py_sync.c */
bool py_sync_semaphore_acquire(struct py_thread *thread, struct py_frame *frame);
bool py_sync_semaphore_release(struct py_thread *thread, struct py_frame *frame);
bool py_sync_event_wait(struct py_thread *thread, struct py_frame *frame);
bool py_sync_event_set(struct py_thread *thread, struct py_frame *frame);
bool py_sync_event_clear(struct py_thread *thread, struct py_frame *frame);
bool py_sync_event_is_set(struct py_thread *thread, struct py_frame *frame);
bool py_sync_barrier_wait(struct py_thread *thread, struct py_frame *frame);

/* py_queue.c */
bool py_queue_put(struct py_thread *thread, struct py_frame *frame);
bool py_queue_get(struct py_thread *thread, struct py_frame *frame);
bool py_queue_simple_put(struct py_thread *thread, struct py_frame *frame);
bool py_queue_simple_get(struct py_thread *thread, struct py_frame *frame);

/* Puts frame->value; true when an action is needed for it. */
bool py_queue_put_item(struct py_thread *thread, const struct py_frame *frame,
                       struct py_queue *queue);

/* py_pool.c */
enum { PY_POOL_SUBMIT_OPCODES = 306 };
/* A taker, of kind frame->value, looks into the queue: it may have to say that it is
 * idle. */
void py_pool_worker_looks(struct py_thread *thread, const struct py_frame *frame);
bool py_pool_submit(struct py_thread *thread, struct py_frame *frame);
bool py_pool_set_result(struct py_thread *thread, struct py_frame *frame);
bool py_pool_result(struct py_thread *thread, struct py_frame *frame);

#endif
