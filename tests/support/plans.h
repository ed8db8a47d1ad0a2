/* SPDX-License-Identifier: MIT */
/*
 * plans - plans for tests, written as text.
 *
 *   plan_begin(&plan, "ideal", "cpython-3.12");
 *   plan_jobs(&plan, 20, "python 2ms io exp:50ms c_held 1ms");
 *   plan_thread(&plan, "echo", 1, false, "repeat 300 { io 16us python 12us }");
 *   const uint32_t loop = plan_loop(&plan, "server", 1, false);
 *   plan_task(&plan, loop, "client", 100, "repeat 5 { await_io 10ms python 100us }");
 *
 * Steps: python python_cpu c_held c_released io io_blocking sleep sleep_blocking await_io
 * await_sleep, each with a time; `repeat N { }`, `forever { }`, `to_thread { }`; on
 * objects that plan_object() has added before: `with NAME { }`, acquire NAME, release
 * NAME, update NAME TIME, wait NAME, notify NAME COUNT (0 = all), set NAME, clear NAME,
 * put NAME, get NAME, send NAME TIME, recv NAME, touch NAME COUNT,
 * use NAME OPERATION TIME; allocate COUNT, free COUNT; until NAME { }; in tasks gather {
 * task NAME COUNT { } }, task_group, spawn NAME COUNT { }, join NAME, cancel NAME, timeout
 * TIME { }, wait_for TIME { }, try { } except { } finally { }, raise NAME, read NAME, sock_recv NAME. A time is a whole number with ns, us, ms or s, or exp:T,
 * uniform:T:T, lognormal:T:SIGMA, pareto:T:SHAPE. Step i has site i. Text that cannot be
 * read ends the test program.
 */
#ifndef TESTS_SUPPORT_PLANS_H
#define TESTS_SUPPORT_PLANS_H

#include "engine/analysis/run.h"

/* An actors plan without actors, seed 1; every limit is wide. */
void plan_begin(struct plan *plan, const char *profile, const char *runtime);

/* Appends the steps; the slice is where they are. */
struct step_slice plan_steps(struct plan *plan, const char *text);

void plan_jobs(struct plan *plan, uint32_t count, const char *steps);
void plan_strategy(struct plan *plan, enum strategy_kind kind, uint32_t workers);
void plan_thread(struct plan *plan, const char *name, uint32_t count, bool daemon,
                 const char *steps);

/* An event loop; its tasks are added before the next loop is. Returns the actor's index.
 */
uint32_t plan_loop(struct plan *plan, const char *name, uint32_t count, bool daemon);
void plan_task(struct plan *plan, uint32_t loop, const char *name, uint32_t count,
               const char *steps);

void plan_object(struct plan *plan, const char *name, enum object_kind kind);

/* With permits, parties, places, or nanoseconds for an answer. */
void plan_sized(struct plan *plan, const char *name, enum object_kind kind, int64_t size);

/* Sets every cost of machine and runtime to zero, except the interval (5 ms) and the
 * spacing of check points (1 us). */
void plan_make_free(struct plan *plan);

#endif
