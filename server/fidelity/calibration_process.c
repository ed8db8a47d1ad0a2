/* SPDX-License-Identifier: MIT */
/*
 * calibration_process - what starting processes and interpreters costs, from the
 * primitives of the build:
 *
 *   process        proc_start: one Process(), forked, started and joined. fork(), the
 *                  parent's Python, the child's and its exit, in the proportions of profile
 *                  and runtime's row
 *   pool process   ppe, first call and shutdown: the same four, for processes of a
 *                  ProcessPoolExecutor. Its children and its parent touch many more pages
 *                  that the fork has made copy-on-write, and no parameter says how many
 *   interpreter    ipe, first call and shutdown: making one, its imports and its end, in the
 *                  row's proportions
 *
 * A round trip of ppe or ipe is not solved for: no document submits a call and waits for it
 * before the next.
 */
#include "server/fidelity/calibration_priv.h"

#include "engine/program/runtime.h"

#include <math.h>

#include <jansson.h>

/* --- documents ----------------------------------------------------------------- */

static json_t *jobs(json_t *strategy, int count) {
    return json_pack("{s:[o], s:{s:{s:i, s:[{s:i}]}}}", "strategies", strategy,
                     "workload", "jobs", "count", count, "steps", "python_us", 0);
}

/* Hardly anything happens: what the others are compared with. */
static json_t *nothing(void) { return jobs(json_string("sequential"), 1); }

static json_t *process(int count) {
    return count == 0 ? nothing()
                      : json_pack("{s:{s:[{s:s, s:i, s:s, s:[{s:i}]}]}}", "workload",
                                  "actors", "name", "child", "process", count, "start",
                                  "fork", "steps", "python_us", 0);
}

static json_t *process_pool(int calls) {
    return calls == 0
               ? nothing()
               : jobs(json_pack("{s:i, s:s}", "processes", 2, "start", "fork"), calls);
}

static json_t *interpreter_pool(int calls) {
    return calls == 0 ? nothing() : jobs(json_pack("{s:i}", "interpreters", 2), calls);
}

/* --- parameters ---------------------------------------------------------------- */

static void scale_process(struct calibration *calibration, const struct runtime *runtime,
                          double scale) {
    (void)runtime;
    calibration->process_scale = scale;
}

static void scale_pool(struct calibration *calibration, const struct runtime *runtime,
                       double scale) {
    (void)runtime;
    calibration->pool_process_scale = scale;
}

static void scale_interpreter(struct calibration *calibration,
                              const struct runtime *runtime, double scale) {
    calibration->interpreter_start_us =
        (double)runtime->interpreter_start_ns * 1e-3 * scale;
    calibration->interpreter_import_us =
        (double)runtime->interpreter_import_ns * 1e-3 * scale;
    calibration->interpreter_end_us = (double)runtime->interpreter_end_ns * 1e-3 * scale;
}

/* --- equations ----------------------------------------------------------------- */

static double primitive_us(const struct calibration_source *source, const char *family,
                           const char *key, const char *inner) {
    return 1e6 * measured_primitive(source->measured,
                                    &(struct measured_figure){source->build, family, NULL,
                                                              0, key, inner});
}

int calibration_of_processes(struct calibration *calibration,
                             const struct calibration_source *source, struct err *err) {
    const struct calibration_equation one = {
        primitive_us(source, "proc_start", "start_join_s", "p50"), process, 1, 0,
        scale_process};
    const struct calibration_equation pool = {
        primitive_us(source, "ppe", "first_s", NULL) +
            primitive_us(source, "ppe", "shutdown_s", NULL),
        process_pool, 1, 0, scale_pool};
    const struct calibration_equation interpreter = {
        primitive_us(source, "ipe", "first_s", NULL) +
            primitive_us(source, "ipe", "shutdown_s", NULL),
        interpreter_pool, 1, 0, scale_interpreter};
    if (!source->runtime->has_start_methods) {
        return 0;
    }
    int rc = calibration_solve(calibration, source, &one, err);
    if (rc == 0) {
        rc = calibration_solve(calibration, source, &pool, err);
    }
    if (rc == 0 && source->runtime->has_interpreter_pool) {
        rc = calibration_solve(calibration, source, &interpreter, err);
    }
    return rc;
}
