/* SPDX-License-Identifier: MIT */
/*
 * calibration_pool - what pools of processes and interpreters cost, from the primitives of
 * the build; pools of threads are in calibration_aio.c.
 *
 *   process job    ppe without payload: submit().result() again and again. The Python code
 *                  of the executor's four threads, divided by opcodes in the engine
 *   process        proc_start: one Process(), forked, started and joined. fork(), the
 *                  parent's Python, the child's and its exit, in the proportions of profile
 *                  and row
 *   pool process   ppe, first call and shutdown: the same four, for processes of a
 *                  ProcessPoolExecutor. Its children and its parent touch many more pages
 *                  that the fork has made copy-on-write, and no parameter says how many
 *   bytes          ppe with 1 MiB: pickling and copying, both as much slower than profile
 *                  and row say
 *   interpreter    ipe, first call and shutdown: making one, its imports and its end, in the
 *                  row's proportions
 *   call into one  ipe: submit().result() again and again
 */
#include "server/fidelity/calibration_priv.h"

#include "engine/os/machine.h"
#include "engine/program/runtime.h"

#include <jansson.h>

enum { TRIPS = 50 }; /* of which one is the pool's first */

/* --- documents ----------------------------------------------------------------- */

/* submit(nothing).result(), `trips` times; `bytes` are sent each time. */
static json_t *round_trips(json_t *strategy, int trips, int bytes) {
    return json_pack("{s:[o], s:{s:{s:i, s:i, s:[{s:i}]}}}", "strategies", strategy,
                     "workload", "jobs", "count", trips, "payload_bytes", bytes, "steps",
                     "python_us", 0);
}

/* Hardly anything happens: what the life of a pool is compared with. */
static json_t *nothing(void) {
    return json_pack("{s:[s], s:{s:{s:i, s:[{s:i}]}}}", "strategies", "sequential",
                     "workload", "jobs", "count", 1, "steps", "python_us", 0);
}

static json_t *two_processes(void) {
    return json_pack("{s:i, s:s}", "processes", 2, "start", "fork");
}

static json_t *two_interpreters(void) { return json_pack("{s:i}", "interpreters", 2); }

static json_t *process_trips(int trips) { return round_trips(two_processes(), trips, 0); }

static json_t *process_megabytes(int trips) {
    return round_trips(two_processes(), trips, 1 << 20);
}

static json_t *interpreter_trips(int trips) {
    return round_trips(two_interpreters(), trips, 0);
}

static json_t *process(int count) {
    return count == 0 ? nothing()
                      : json_pack("{s:{s:[{s:s, s:i, s:s, s:[{s:i}]}]}}", "workload",
                                  "actors", "name", "child", "process", count, "start",
                                  "fork", "steps", "python_us", 0);
}

static json_t *process_pool(int calls) {
    return calls == 0 ? nothing() : process_trips(calls);
}

static json_t *interpreter_pool(int calls) {
    return calls == 0 ? nothing() : interpreter_trips(calls);
}

/* --- parameters ---------------------------------------------------------------- */

static double us(int64_t ns, double scale) { return (double)ns * 1e-3 * scale; }

static void scale_process_job(struct calibration *calibration,
                              const struct runtime *runtime, double scale) {
    calibration->process_job_us = us(runtime->process_job_ns, scale);
}

static void scale_process(struct calibration *calibration, const struct runtime *runtime,
                          double scale) {
    (void)runtime;
    calibration->process_scale = scale;
}

static void scale_pool_process(struct calibration *calibration,
                               const struct runtime *runtime, double scale) {
    (void)runtime;
    calibration->pool_process_scale = scale;
}

/* Time for a byte, not bytes in a time. Never less than the profile has: on three builds
 * the wake-ups of reader and writer alone take the model longer than the round trip. */
static void scale_bytes(struct calibration *calibration, const struct runtime *runtime,
                        double scale) {
    const double slower = scale < 1.0 ? 1.0 : scale;
    const struct machine *machine = &machine_profile_find("linux-vm-2")->machine;
    calibration->copy_mb_per_s = (double)machine->copy_mb_per_s / slower;
    calibration->pickle_mb_per_s = (double)runtime->pickle_mb_per_s / slower;
}

static void scale_interpreter(struct calibration *calibration,
                              const struct runtime *runtime, double scale) {
    calibration->interpreter_start_us = us(runtime->interpreter_start_ns, scale);
    calibration->interpreter_import_us = us(runtime->interpreter_import_ns, scale);
    calibration->interpreter_end_us = us(runtime->interpreter_end_ns, scale);
}

static void scale_interpreter_call(struct calibration *calibration,
                                   const struct runtime *runtime, double scale) {
    calibration->interpreter_call_us = us(runtime->interpreter_call_ns, scale);
}

/* --- equations ----------------------------------------------------------------- */

/* `kb` below 0: of any payload. */
static double primitive_us(const struct calibration_source *source, const char *family,
                           const char *key, const char *inner, double kb) {
    const char *param = kb < 0.0 ? NULL : "payload_kb";
    return 1e6 * measured_primitive(source->measured,
                                    &(struct measured_figure){source->build, family,
                                                              param, kb, key, inner});
}

static int solve_all(struct calibration *calibration,
                     const struct calibration_source *source,
                     const struct calibration_equation *equations, size_t count,
                     struct err *err) {
    for (size_t i = 0; i < count; i++) {
        const int rc = calibration_solve(calibration, source, &equations[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int calibrate_interpreters(struct calibration *calibration,
                                  const struct calibration_source *source,
                                  struct err *err) {
    const double life = primitive_us(source, "ipe", "first_s", NULL, -1.0) +
                        primitive_us(source, "ipe", "shutdown_s", NULL, -1.0);
    const double trip = primitive_us(source, "ipe", "roundtrip_s", "p50", -1.0);
    const struct calibration_equation equations[] = {
        {life, interpreter_pool, 1, 0, scale_interpreter, true},
        {trip, interpreter_trips, TRIPS, 1, scale_interpreter_call, true},
    };
    return solve_all(calibration, source, equations,
                     sizeof equations / sizeof equations[0], err);
}

int calibration_of_pools(struct calibration *calibration,
                         const struct calibration_source *source, struct err *err) {
    const double process_trip = primitive_us(source, "ppe", "roundtrip_s", "p50", 0.0);
    const double megabyte = primitive_us(source, "ppe", "roundtrip_s", "p50", 1024.0);
    const double start = primitive_us(source, "proc_start", "start_join_s", "p50", -1.0);
    const double life = primitive_us(source, "ppe", "first_s", NULL, -1.0) +
                        primitive_us(source, "ppe", "shutdown_s", NULL, -1.0);
    const struct calibration_equation equations[] = {
        {process_trip, process_trips, TRIPS, 1, scale_process_job, true},
        {start, process, 1, 0, scale_process, false},
        {life, process_pool, 1, 0, scale_pool_process, true},
        {megabyte, process_megabytes, TRIPS / 5, 1, scale_bytes, true},
    };
    if (!source->runtime->has_thread_pool) {
        return 0;
    }
    const int rc = solve_all(calibration, source, equations,
                             sizeof equations / sizeof equations[0], err);
    return rc == 0 && source->runtime->has_interpreter_pool
               ? calibrate_interpreters(calibration, source, err)
               : rc;
}
