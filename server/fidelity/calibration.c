/* SPDX-License-Identifier: MIT */
#include "server/fidelity/calibration_priv.h"

#include "engine/os/machine.h"
#include "engine/program/plan.h"
#include "engine/python/runtime_table.h"

#include <math.h>

#include <jansson.h>

#include "server/fidelity/family.h"
#include "server/fidelity/prediction.h"

enum {
    STARTS = 50, /* threads that are started and joined, one after the other */
    PAIRS = 1000 /* items that go through a queue */
};

static double overshoot_us(const struct measured *measured, const char *build,
                           double ms) {
    const double slept = measured_primitive(
        measured,
        &(struct measured_figure){build, "sleep_overshoot", "ms", ms, "sleep_s", "p50"});
    return slept * 1e6 - ms * 1e3;
}

/* The value when it is a sensible latency, else what the profile says. */
static double or_profile(double value, double profile) {
    return isnan(value) || value < 0.0 ? profile : value;
}

static void calibrate_wakeups(struct calibration *out, const struct measured *measured,
                              const char *build) {
    const struct machine *machine = &machine_profile_find("linux-vm-2")->machine;
    const double slack = (double)machine->timer_slack_ns * 1e-3;
    const double roundtrip = measured_primitive(
        measured, &(struct measured_figure){build, "sock_roundtrip", NULL, 0,
                                            "roundtrip_s", "p50"});
    out->wake_warm_us = or_profile((roundtrip * 1e6 - 2.0 * CALIBRATION_SEND_US) / 2.0,
                                   (double)machine->wake_warm_ns * 1e-3);
    out->wake_idle_us = or_profile(overshoot_us(measured, build, 1.0) - slack,
                                   (double)machine->wake_idle_ns * 1e-3);
    out->wake_deep_us = or_profile(overshoot_us(measured, build, 10.0) - slack,
                                   (double)machine->wake_deep_ns * 1e-3);
}

static void calibrate_lock(struct calibration *out, const struct measured *measured,
                           const char *build) {
    const double pair =
        measured_primitive(measured, &(struct measured_figure){build, "lock_uncontended",
                                                               NULL, 0, "pair_s", NULL});
    const struct runtime_row *row = runtime_row_find(family_runtime_of(build));
    out->lock_us = or_profile(pair * 1e6 / 2.0, (double)row->runtime.lock_ns * 1e-3);
}

static void calibrate_speed(struct calibration *out, const struct measured *measured,
                            const char *build) {
    const struct measured_figure alone = {build, "busy_cores", "n", 2, "solo_s", NULL};
    const struct measured_figure together = {build, "busy_cores", "n", 2, "wall_s", NULL};
    const double ratio =
        measured_primitive(measured, &alone) / measured_primitive(measured, &together);
    const double profile =
        (double)machine_profile_find("linux-vm-2")->machine.all_cores_speed_ppm * 1e-6;
    /* A build whose C call keeps the GIL (2.7) shows nothing about cores. */
    out->all_cores_speed = ratio > 0.7 ? fmin(ratio, 1.0) : profile;
}

int calibration_model_us(double *out, const struct calibration_work *work,
                         const struct calibration *calibration, const char *build,
                         struct err *err) {
    struct plan plan;
    struct prediction prediction = {0};
    int rc = prediction_plan(&plan,
                             &(struct prediction_spec){
                                 .take_work = work->take_json,
                                 .runtime = family_runtime_of(build),
                                 .switch_interval_s = NAN,
                                 .calibration = calibration,
                             },
                             err);
    if (rc != 0) {
        return rc;
    }
    plan.strategy.one_by_one = work->one_by_one;
    rc = prediction_run(&prediction, &plan, 0, err);
    plan_deinit(&plan);
    *out = prediction.wall_s * 1e6;
    return rc;
}

/* --- solving ------------------------------------------------------------------- */

static int figure_us(double *out, const struct calibration *calibration,
                     const struct calibration_source *source,
                     const struct calibration_equation *equation, struct err *err) {
    double all, base;
    struct calibration_work work = {equation->describe(equation->size),
                                    equation->one_by_one};
    int rc = calibration_model_us(&all, &work, calibration, source->build, err);
    if (rc == 0) {
        work.take_json = equation->describe(equation->less);
        rc = calibration_model_us(&base, &work, calibration, source->build, err);
    }
    if (rc == 0) {
        *out = (all - base) / (equation->size - equation->less);
    }
    return rc;
}

/* The figure grows with the scale: halve the interval. */
int calibration_solve(struct calibration *calibration,
                      const struct calibration_source *source,
                      const struct calibration_equation *equation, struct err *err) {
    enum { HALVINGS = 16 };
    double low = 0.0, high = 64.0;
    if (isnan(equation->target_us)) {
        return 0;
    }
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2.0;
        double us;
        equation->scale(calibration, source->runtime, middle);
        const int rc = figure_us(&us, calibration, source, equation, err);
        if (rc != 0) {
            return rc;
        }
        *(us < equation->target_us ? &low : &high) = middle;
    }
    equation->scale(calibration, source->runtime, low);
    return 0;
}

/* --- threads and queues -------------------------------------------------------- */

/* What starting and joining one thread takes in the model. */
static int model_start_us(double *out, const struct calibration *calibration,
                          const char *build, struct err *err) {
    json_t *list = json_array();
    for (int i = 0; i < STARTS; i++) {
        json_array_append_new(list, json_pack("{s:s, s:i, s:[{s:i}]}", "name", "thread",
                                              "thread", 1, "steps", "python_us", 0));
    }
    double all;
    const int rc = calibration_model_us(
        &all,
        &(struct calibration_work){json_pack("{s:{s:o}}", "workload", "actors", list),
                                   false},
        calibration, build, err);
    if (rc == 0) {
        *out = all / STARTS;
    }
    return rc;
}

/* One thread that puts into a queue and takes out again, its bytecode `scale` times as
 * slow as the runtime's row says. */
static json_t *queue_pairs(const struct runtime *runtime, double scale, int pairs) {
    return json_pack(
        "{s:{s:f, s:f}, s:{s:{s:{s:i}}, s:[{s:s, s:i, s:[{s:i, s:[{s:s}, {s:s}]}]}]}}",
        "runtime", "queue_call_us", scale * (double)runtime->queue_call_ns * 1e-3,
        "condition_call_us", scale * (double)runtime->condition_call_ns * 1e-3,
        "workload", "objects", "queue", "queue", 100, "actors", "name", "thread",
        "thread", 1, "steps", "repeat", pairs, "steps", "put", "queue", "get", "queue");
}

static int model_queue(struct calibration *out, const char *build, struct err *err) {
    const struct runtime *runtime = &runtime_row_find(family_runtime_of(build))->runtime;
    double start, bare, full;
    int rc = calibration_model_us(
        &start, &(struct calibration_work){queue_pairs(runtime, 0.0, 0), false}, out,
        build, err);
    if (rc == 0) {
        rc = calibration_model_us(
            &bare, &(struct calibration_work){queue_pairs(runtime, 0.0, PAIRS), false},
            out, build, err);
    }
    if (rc == 0) {
        rc = calibration_model_us(
            &full, &(struct calibration_work){queue_pairs(runtime, 1.0, PAIRS), false},
            out, build, err);
    }
    if (rc == 0) {
        out->queue_fixed_us = (bare - start) / PAIRS;
        out->queue_python_us = (full - bare) / PAIRS;
    }
    return rc;
}

/* Without a primitive: 0. */
static double for_naive_us(const struct calibration_source *source, const char *family,
                           const char *key, const char *inner) {
    const double seconds = measured_primitive(
        source->measured,
        &(struct measured_figure){source->build, family, NULL, 0, key, inner});
    return isnan(seconds) ? 0.0 : seconds * 1e6;
}

static int calibrate_threads(struct calibration *out,
                             const struct calibration_source *source, struct err *err) {
    double modelled;
    const int rc = model_start_us(&modelled, out, source->build, err);
    if (rc != 0) {
        return rc;
    }
    const double start_us =
        1e6 * measured_primitive(source->measured, &(struct measured_figure){
                                                       source->build, "thread_start",
                                                       NULL, 0, "start_join_s", "p50"});
    const double profile_us =
        (double)machine_profile_find("linux-vm-2")->machine.thread_create_ns * 1e-3;
    out->thread_create_us = or_profile(start_us - modelled, profile_us);
    return 0;
}

int calibration_make(struct calibration *out, const struct measured *measured,
                     const char *build, struct err *err) {
    const struct calibration_source source = {
        measured, build, &runtime_row_find(family_runtime_of(build))->runtime};
    struct calibration calibration = {
        .loop_start_us = NAN,
        .loop_iteration_us = NAN,
        .loop_handle_us = NAN,
        .task_create_us = NAN,
        .task_step_us = NAN,
        .call_later_us = NAN,
        .threadsafe_wake_us = NAN,
        .self_pipe_us = NAN,
        .pool_job_us = NAN,
        .pool_submit_us = NAN,
        .interpreter_start_us = NAN,
        .interpreter_import_us = NAN,
        .interpreter_end_us = NAN,
        .interpreter_call_us = NAN,
        .process_job_us = NAN,
        .copy_mb_per_s = NAN,
        .pickle_mb_per_s = NAN,
        .process_scale = 1.0,
        .pool_process_scale = 1.0,
        .opcode_us = 0.02,
        .process_start_join_us =
            for_naive_us(&source, "proc_start", "start_join_s", "p50"),
        .interpreter_first_us = for_naive_us(&source, "ipe", "first_s", NULL),
    };
    calibrate_wakeups(&calibration, measured, build);
    calibrate_lock(&calibration, measured, build);
    calibrate_speed(&calibration, measured, build);
    int rc = model_queue(&calibration, build, err);
    if (rc == 0) {
        rc = calibrate_threads(&calibration, &source, err);
    }
    if (rc == 0) {
        rc = calibration_of_loops(&calibration, &source, err);
    }
    if (rc == 0) {
        rc = calibration_of_pools(&calibration, &source, err);
    }
    if (rc == 0) {
        *out = calibration;
    }
    return rc;
}
