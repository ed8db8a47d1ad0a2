/* SPDX-License-Identifier: MIT */
/*
 * py_interpreter_queue - the queue that interpreters of one process pass data through:
 * concurrent.interpreters.create_queue() of 3.14 (PEP 734), as functions that are run
 * above a program (py_call.h).
 *
 * It has no condition that anybody could wait on. put() and get() are loops in Python
 * (Lib/concurrent/interpreters/_queues.py): they call into C (Modules/
 * _interpqueuesmodule.c), and when that raises QueueFull or QueueEmpty they call
 * time.sleep(10 / 1000) and try again. So
 *
 *     get    |miss|------ sleep 10 ms ------|miss|------ sleep 10 ms ------|hit|
 *     put                    |item|.........................................
 *
 * an item lies in the queue until the next look of whoever gets it, up to 10 ms and the
 * timer's lateness; nobody is woken, several who wait get their items in the order of
 * their looks, and each look takes the looker's own GIL. The sleep shows the queue as its
 * resource; it is ended by the timer.
 *
 *   put   3.14 queue_put: makes data of the object, then locks the queue and looks whether
 *         there is room. Every look of a put() that waits makes them anew. bytes, str, int,
 *         None are shared as they are: no copy; other objects are pickled
 *         (_PyObject_GetXIData with the full fallback), with the GIL of whoever puts.
 *   get   3.14 queue_get: locks, takes the oldest, and makes an object of it: a copy of the
 *         bytes, or unpickled, with the GIL of whoever gets.
 *
 * The bytes of an item are known by the put; a put from the interpreter that gets costs the
 * same.
 *
 * Simplified: the two C locks (that of the list of all queues, that of the queue) cost the
 * way of their cache lines and are never contended: they are held for some 10 ns. What an
 * item was made of is given back by a pending call in the interpreter that put it (3.14
 * _Py_CallInInterpreterAndRawFree), which costs nothing here. Interpreters are kept until
 * the run ends, so that no item turns into UNBOUND.
 */
#ifndef ENGINE_PYTHON_PY_INTERPRETER_QUEUE_H
#define ENGINE_PYTHON_PY_INTERPRETER_QUEUE_H

#include <stdbool.h>

struct py_thread;
struct py_frame;

/* queue.put() of frame->value bytes, pickled when frame->ns is 1; queue.get(), which returns
 * the bytes. */
bool py_interpreter_queue_put(struct py_thread *thread, struct py_frame *frame);
bool py_interpreter_queue_get(struct py_thread *thread, struct py_frame *frame);

#endif
