/* SPDX-License-Identifier: MIT */
/*
 * py_signal - signals that arrive from outside, such as Ctrl-C.
 *
 * A signal only marks itself as pending (Modules/signalmodule.c trip_signal). Its handler
 * is Python code and runs in the main thread, when that executes bytecode.
 *
 *   2.7 - 3.1  A pending signal sets the ticker to 0, again after every tick of another thread
 *              (Python/ceval.c): until the main thread runs, the GIL is dropped and taken at
 *              each tick instead of every hundredth. A main thread that waits in join() is not
 *              woken: sem_wait is begun again on EINTR (Python/thread_pthread.h).
 *   3.2+       The wait for a lock, and so join(), ends with EINTR; the main thread queues for
 *              the GIL like anybody, runs the handler and waits again (acquire_timed).
 *
 * Simplified: each signal of a plan is another one, so that none is lost while one of its
 * kind is pending; the wait inside Thread.start() is not interrupted; a main thread that
 * computes looks after its present step, not at its next check point; one that sleeps or
 * waits for I/O looks when that is over (PEP 475: it would look at once and go on sleeping).
 */
#ifndef ENGINE_PYTHON_PY_SIGNAL_H
#define ENGINE_PYTHON_PY_SIGNAL_H

#include "engine/sim/sim.h"

struct py_thread;

/* Signals of the plan for the main thread; zeroed = none. */
struct py_signals {
    struct py_signal *pending_first, *pending_last; /* in order of arrival */
};

/* Lets the plan's signals arrive. */
int py_signal_schedule(struct py_thread *main) WARN_UNUSED;

#endif
