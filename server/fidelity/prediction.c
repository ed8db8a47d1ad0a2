/* SPDX-License-Identifier: MIT */
#include "server/fidelity/prediction.h"

#include "engine/analysis/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/document/document.h"
#include "server/grid/grid.h"

static json_t *machine_object(const struct calibration *calibration) {
    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "profile", "linux-vm-2",
                     "wake_warm_us", calibration->wake_warm_us, "wake_idle_us",
                     calibration->wake_idle_us, "wake_deep_us", calibration->wake_deep_us,
                     "thread_create_us", calibration->thread_create_us, "all_cores_speed",
                     calibration->all_cores_speed);
}

static json_t *runtime_object(const struct prediction_spec *spec) {
    json_t *object = json_pack("{s:s, s:f}", "base", spec->runtime, "lock_us",
                               spec->calibration->lock_us);
    if (!isnan(spec->switch_interval_s)) {
        json_object_set_new(object, "switch_interval_us",
                            json_real(spec->switch_interval_s * 1e6));
    }
    return object;
}

enum { LIMIT = 100000000 }; /* millions of operations a workload, all of them summed up */

static char *document_text(const struct prediction_spec *spec) {
    json_t *document =
        json_pack("{s:i, s:o, s:s, s:[o], s:s, s:{s:i, s:i}}", "schema", 1, "machine",
                  machine_object(spec->calibration), "reference", spec->runtime,
                  "runtimes", runtime_object(spec), "record", "summary", "limits",
                  "events", LIMIT, "spans", LIMIT);
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

int prediction_run(struct prediction *out, const struct plan *plan, uint32_t repetition,
                   struct err *err) {
    struct run_result result;
    const int rc =
        run_execute(&result, plan, &(struct run_options){.repetition = repetition}, err);
    if (rc != 0) {
        return rc;
    }
    *out = (struct prediction){
        .wall_s = result.metric[METRIC_MAKESPAN_US] * 1e-6,
        .latency_p50_s = result.metric[METRIC_LATENCY_P50_US] * 1e-6,
        .lost_share = result.metric[METRIC_LOST_UPDATE_SHARE],
    };
    const enum run_status status = result.status;
    run_result_deinit(&result);
    return status == RUN_DONE ? 0 : err_set(err, ERR_LIMIT, "the run did not end");
}
