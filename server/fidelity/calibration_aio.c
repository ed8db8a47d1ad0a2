/* SPDX-License-Identifier: MIT */
/*
 * calibration_aio - what an event loop costs, from the primitives of the build:
 *
 *   handle, step   aio_switch of 100 tasks: each pass through sleep(0) is a handle and a
 *                  step, and a hundredth of an iteration; divided by their opcodes
 *   iteration      aio_switch of one task: ... and an iteration with its select()
 *   create         aio_task_create: besides its step and the handle of gather's callback
 *   start          aio_run_empty: asyncio.run() besides the one task it makes
 *   call_later     aio_sleep of 1 ms, less what the wake-ups of sleep_overshoot, the handles
 *                  and the iterations explain. Its opcodes would give a quarter of that:
 *                  the loop comes back from 1 ms of idleness with cold caches, which the
 *                  model knows of no other code, so that tasks which wake together are
 *                  charged too much
 *   to_thread      aio_to_thread: submit() and the worker's part of a job, which thread pools
 *                  have too, call_soon_threadsafe and the reading of the self-pipe, in the
 *                  row's proportions
 *
 * executor_roundtrip could give the pool's part alone; its repetitions differ by a factor of
 * five, and on two builds its lower quartile is below what the two wake-ups of the other
 * primitives take. tpe_life has two repetitions, whose medians differ by up to 2.3.
 */
#include "server/fidelity/calibration_priv.h"

#include "engine/program/runtime.h"

#include <math.h>

#include <jansson.h>

/* Opcodes of CPython 3.11 (counted with sys.settrace; 3.9 - 3.13 differ by 10 %): a pass
 * through sleep(0) is 157, of which the coroutine and sleep() itself are 36. */
enum { HANDLE_OPCODES = 121, STEP_OPCODES = 36 };

enum {
    TASKS = 100,   /* that switch in turn */
    SWITCHES = 20, /* of each of them */
    CREATED = 400,
    SLEEPS = 500,
    TRIPS = 200 /* to a thread and back */
};

/* --- documents ----------------------------------------------------------------- */

static json_t *loop_with(int tasks, json_t *steps) {
    return json_pack("{s:{s:[{s:s, s:i, s:[{s:s, s:i, s:o}]}]}}", "workload", "actors",
                     "name", "loop", "event_loop", 1, "tasks", "name", "task", "count",
                     tasks, "steps", steps);
}

static json_t *repeat(int count, const char *step, json_t *what) {
    return json_pack("[{s:i, s:[{s:o}]}]", "repeat", count, "steps", step, what);
}

static json_t *nothing(void) { return json_pack("[{s:i}]", "python_us", 0); }

/* asyncio.sleep(0), `switches` of them in all. */
static json_t *switch_many(int switches) {
    return loop_with(TASKS, repeat(switches / TASKS, "await_sleep_us", json_integer(0)));
}

static json_t *switch_one(int switches) {
    return loop_with(1, repeat(switches, "await_sleep_us", json_integer(0)));
}

static json_t *sleep_1_ms(int sleeps) {
    return loop_with(1, repeat(sleeps, "await_sleep_us", json_integer(1000)));
}

static json_t *create(int tasks) { return loop_with(tasks, nothing()); }

/* A loop with one task, against a thread that does nothing. */
static json_t *run_empty(int loops) {
    return loops == 1 ? create(1)
                      : json_pack("{s:{s:[{s:s, s:i, s:o}]}}", "workload", "actors",
                                  "name", "loop", "thread", 1, "steps", nothing());
}

static json_t *to_thread(int trips) {
    return loop_with(1, repeat(trips, "to_thread", nothing()));
}

/* --- parameters ---------------------------------------------------------------- */

static double us(int64_t ns, double scale) { return (double)ns * 1e-3 * scale; }

/* `scale`: nanoseconds of an opcode. */
static void scale_handle(struct calibration *calibration, const struct runtime *runtime,
                         double scale) {
    (void)runtime;
    calibration->opcode_us = 1e-3 * scale;
    calibration->loop_handle_us = HANDLE_OPCODES * 1e-3 * scale;
    calibration->task_step_us = STEP_OPCODES * 1e-3 * scale;
}

static void scale_later(struct calibration *calibration, const struct runtime *runtime,
                        double scale) {
    calibration->call_later_us = us(runtime->call_later_ns, scale);
}

static void scale_iteration(struct calibration *calibration,
                            const struct runtime *runtime, double scale) {
    calibration->loop_iteration_us = us(runtime->loop_iteration_ns, scale);
}

static void scale_create(struct calibration *calibration, const struct runtime *runtime,
                         double scale) {
    calibration->task_create_us = us(runtime->task_create_ns, scale);
}

static void scale_start(struct calibration *calibration, const struct runtime *runtime,
                        double scale) {
    calibration->loop_start_us = us(runtime->loop_start_ns, scale);
}

static void scale_to_thread(struct calibration *calibration,
                            const struct runtime *runtime, double scale) {
    calibration->threadsafe_wake_us = us(runtime->threadsafe_wake_ns, scale);
    calibration->self_pipe_us = us(runtime->self_pipe_ns, scale);
    calibration->pool_job_us = us(runtime->pool_job_ns, scale);
    calibration->pool_submit_us = us(runtime->pool_submit_ns, scale);
}

/* --- equations ----------------------------------------------------------------- */

static double primitive_us(const struct calibration_source *source,
                           const struct measured_figure *figure) {
    struct measured_figure of_build = *figure;
    of_build.build = source->build;
    return 1e6 * measured_primitive(source->measured, &of_build);
}

int calibration_of_loops(struct calibration *calibration,
                         const struct calibration_source *source, struct err *err) {
    const struct measured_figure many = {NULL,  "aio_switch",   "tasks",
                                         TASKS, "per_switch_s", NULL};
    const struct measured_figure one = {NULL, "aio_switch",   "tasks",
                                        1,    "per_switch_s", NULL};
    const struct measured_figure created = {NULL, "aio_task_create", NULL,
                                            0,    "per_task_s",      NULL};
    const struct measured_figure empty = {NULL, "aio_run_empty", NULL,
                                          0,    "life_s",        "p50"};
    const struct measured_figure slept = {NULL, "aio_sleep", "ms", 1, "sleep_s", "p50"};
    const struct measured_figure trip = {NULL, "aio_to_thread", NULL,
                                         0,    "roundtrip_s",   "p50"};
    const struct calibration_equation handle = {primitive_us(source, &many),
                                                switch_many,
                                                TASKS * SWITCHES,
                                                TASKS,
                                                scale_handle,
                                                false};
    const struct calibration_equation iteration = {
        primitive_us(source, &one), switch_one, SWITCHES, 1, scale_iteration, false};
    /* The first two share a hundredth of an iteration: once more after the second. */
    const struct calibration_equation equations[] = {
        handle,
        iteration,
        handle,
        iteration,
        {primitive_us(source, &created), create, CREATED, 1, scale_create, false},
        {primitive_us(source, &empty), run_empty, 1, 0, scale_start, false},
        {primitive_us(source, &slept), sleep_1_ms, SLEEPS + 1, 1, scale_later, false},
        {primitive_us(source, &trip), to_thread, TRIPS + 1, 1, scale_to_thread, false},
    };
    if (!source->runtime->has_asyncio) {
        return 0;
    }
    for (size_t i = 0; i < sizeof equations / sizeof equations[0]; i++) {
        const int rc = calibration_solve(calibration, source, &equations[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
