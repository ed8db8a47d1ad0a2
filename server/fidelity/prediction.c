/* SPDX-License-Identifier: MIT */
#include "server/fidelity/prediction.h"

#include "engine/analysis/run.h"
#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/document/document.h"
#include "server/fidelity/quantile.h"
#include "server/grid/grid.h"

static bool has_pool_of_processes(const json_t *work) {
    const json_t *strategy = json_array_get(json_object_get(work, "strategies"), 0);
    return json_object_get(strategy, "processes") != NULL;
}

/* Starting a process costs more when it belongs to a pool. */
static double process_scale(const struct prediction_spec *spec) {
    return has_pool_of_processes(spec->take_work) ? spec->calibration->pool_process_scale
                                                  : spec->calibration->process_scale;
}

/* Unless it is NaN. */
static void set_whole(json_t *object, const char *key, double value) {
    if (!isnan(value)) {
        json_object_set_new(object, key, json_integer((json_int_t)value));
    }
}

static json_t *machine_object(const struct prediction_spec *spec) {
    const struct calibration *calibration = spec->calibration;
    const struct machine *profile = &machine_profile_find("linux-vm-2")->machine;
    const double scale = process_scale(spec) * 1e-3;
    json_t *object = json_pack(
        "{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "profile", "linux-vm-2",
        "wake_warm_us", calibration->wake_warm_us, "wake_idle_us",
        calibration->wake_idle_us, "wake_deep_us", calibration->wake_deep_us,
        "thread_create_us", calibration->thread_create_us, "all_cores_speed",
        calibration->all_cores_speed, "fork_us", (double)profile->fork_ns * scale,
        "process_exit_us", (double)profile->process_exit_ns * scale);
    set_whole(object, "copy_mb_per_s", calibration->copy_mb_per_s);
    return object;
}

/* What was measured of loops and pools. */
static void add_parameters(json_t *object, const struct calibration *calibration) {
    const struct {
        const char *name;
        double value;
    } parameters[] = {
        {"loop_start_us", calibration->loop_start_us},
        {"loop_iteration_us", calibration->loop_iteration_us},
        {"loop_handle_us", calibration->loop_handle_us},
        {"task_create_us", calibration->task_create_us},
        {"task_step_us", calibration->task_step_us},
        {"call_later_us", calibration->call_later_us},
        {"threadsafe_wake_us", calibration->threadsafe_wake_us},
        {"self_pipe_us", calibration->self_pipe_us},
        {"pool_job_us", calibration->pool_job_us},
        {"pool_submit_us", calibration->pool_submit_us},
        {"interpreter_start_us", calibration->interpreter_start_us},
        {"interpreter_import_us", calibration->interpreter_import_us},
        {"interpreter_end_us", calibration->interpreter_end_us},
        {"interpreter_call_us", calibration->interpreter_call_us},
        {"process_job_us", calibration->process_job_us},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        if (!isnan(parameters[i].value)) {
            json_object_set_new(object, parameters[i].name,
                                json_real(parameters[i].value));
        }
    }
}

/* Also takes what the work says of the runtime. */
static json_t *runtime_object(const struct prediction_spec *spec) {
    json_t *object = json_pack("{s:s, s:f}", "base", spec->runtime, "lock_us",
                               spec->calibration->lock_us);
    if (!isnan(spec->switch_interval_s)) {
        json_object_set_new(object, "switch_interval_us",
                            json_real(spec->switch_interval_s * 1e6));
    }
    const struct runtime *row = &runtime_row_find(spec->runtime)->runtime;
    const double scale = process_scale(spec) * 1e-3;
    json_object_set_new(object, "process_start_us",
                        json_real((double)row->process_start_ns * scale));
    json_object_set_new(object, "process_bootstrap_us",
                        json_real((double)row->process_bootstrap_ns * scale));
    add_parameters(object, spec->calibration);
    set_whole(object, "pickle_mb_per_s", spec->calibration->pickle_mb_per_s);
    json_t *own = json_object_get(spec->take_work, "runtime");
    if (own != NULL) {
        (void)json_object_update(object, own); /* a NULL object is found by the packer */
        json_object_del(spec->take_work, "runtime");
    }
    return object;
}

enum { LIMIT = 100000000 }; /* millions of operations a workload, all of them summed up */

static char *document_text(const struct prediction_spec *spec) {
    json_t *document =
        json_pack("{s:i, s:o, s:s, s:[o], s:s, s:{s:i, s:i}}", "schema", 1, "machine",
                  machine_object(spec), "reference", spec->runtime, "runtimes",
                  runtime_object(spec), "record", "summary", "limits", "events", LIMIT,
                  "spans", LIMIT);
    if (document == NULL || json_object_update_new(document, spec->take_work) != 0) {
        json_decref(document);
        return NULL;
    }
    char *text = json_dumps(document, JSON_REAL_PRECISION(15));
    json_decref(document);
    return text;
}

int prediction_plan(struct plan *out, const struct prediction_spec *spec,
                    struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    char *text = document_text(spec);
    if (text == NULL) {
        return err_set_nomem(err);
    }
    int rc = document_parse(&document, text, strlen(text), err);
    if (rc == 0) {
        rc = grid_create(&grid, document, err);
    }
    if (rc == 0) {
        rc = grid_cell_plan(grid, 0, out, err);
    }
    grid_destroy(grid);
    document_destroy(document);
    free(text);
    return rc;
}

static int run_plan(struct prediction *out, const struct plan *plan,
                    const struct run_options *options, struct err *err) {
    struct run_result result;
    const int rc = run_execute(&result, plan, options, err);
    if (rc != 0) {
        return rc;
    }
    *out = (struct prediction){
        .wall_s = result.metric[METRIC_MAKESPAN_US] * 1e-6,
        .detail_s = result.metric[METRIC_LATENCY_P50_US] * 1e-6,
        .long_share = NAN,
        .lost_share = result.metric[METRIC_LOST_UPDATE_SHARE],
        .gil_wait_share = result.metric[METRIC_GIL_WAIT_SHARE],
    };
    const enum run_status status = result.status;
    run_result_deinit(&result);
    return status == RUN_DONE ? 0 : err_set(err, ERR_LIMIT, "the run did not end");
}

int prediction_run(struct prediction *out, const struct plan *plan, uint32_t repetition,
                   struct err *err) {
    return run_plan(out, plan, &(struct run_options){.repetition = repetition}, err);
}

/* --- laps ---------------------------------------------------------------------- */

static double share_above(const struct lap_list *laps, double limit_s) {
    size_t above = 0;
    for (size_t i = 0; i < laps->count; i++) {
        above += laps->lap_s[i] > limit_s;
    }
    return laps->count == 0 ? NAN : (double)above / (double)laps->count;
}

static void read_laps(struct prediction *out, struct lap_list *laps,
                      const struct family *family, const struct family_input *input) {
    if (family->long_lap_s != NULL) {
        out->long_share = share_above(laps, family->long_lap_s(input));
    }
    if (family->long_lap_s == NULL) {
        const double base_s =
            family->lap_base_s == NULL ? 0.0 : family->lap_base_s(input);
        out->detail_s = quantile(laps->lap_s, laps->count, 0.5) - base_s;
    }
}

static int run_watched(struct prediction *out, const struct plan *plan,
                       const struct family *family, const struct family_input *input,
                       uint32_t seed, struct err *err) {
    struct lap_list laps;
    lap_list_init(&laps, &family->watch, plan);
    const struct sink sink = lap_list_sink(&laps);
    const int rc = run_plan(
        out, plan, &(struct run_options){.repetition = seed, .sink = &sink}, err);
    if (rc == 0) {
        read_laps(out, &laps, family, input);
    }
    lap_list_deinit(&laps);
    return rc;
}

int prediction_make(struct prediction *out, const struct family *family,
                    const struct family_input *input, uint32_t seed, struct err *err) {
    struct plan plan;
    int rc = prediction_plan(&plan,
                             &(struct prediction_spec){
                                 .take_work = family->describe(input),
                                 .runtime = family_runtime_of(input->group->build),
                                 .switch_interval_s = input->group->switch_interval_s,
                                 .calibration = input->calibration,
                             },
                             err);
    if (rc == 0) {
        rc = family->watch.name == NULL
                 ? prediction_run(out, &plan, seed, err)
                 : run_watched(out, &plan, family, input, seed, err);
        plan_deinit(&plan);
    }
    return rc;
}
