/* SPDX-License-Identifier: MIT */
/*
 * prediction - runs a workload on the model of a measured build: workload, calibration
 * and switch interval become a document, which the ordinary reader reads.
 */
#ifndef SERVER_FIDELITY_PREDICTION_H
#define SERVER_FIDELITY_PREDICTION_H

#include "engine/base/err.h"
#include "server/fidelity/calibration.h"
#include "server/fidelity/family.h"

#include <stdint.h>

struct plan;
struct json_t;

struct prediction {
    double wall_s;         /* makespan */
    double detail_s;       /* p50 of what the family calls its detail; NaN without any */
    double long_share;     /* of laps that are long ones; NaN where none are watched */
    double lost_share;     /* of updates of a counter; NaN without one */
    double gil_wait_share; /* the metric; NaN without a GIL */
};

struct prediction_spec {
    struct json_t
        *take_work; /* "workload", "strategies", and "runtime": members that override
                       what `runtime` has; consumed; NULL = no memory */
    const char *runtime;
    double switch_interval_s; /* NaN = the default */
    const struct calibration *calibration;
};

/* Makes the plan; free with plan_deinit(). */
int prediction_plan(struct plan *out, const struct prediction_spec *spec,
                    struct err *err) WARN_UNUSED;

/* Runs one repetition of it. The detail is the p50 of units of work. */
int prediction_run(struct prediction *out, const struct plan *plan, uint32_t repetition,
                   struct err *err) WARN_UNUSED;

/* Predicts one measured repetition; `seed` names the model's own noise. */
int prediction_make(struct prediction *out, const struct family *family,
                    const struct family_input *input, uint32_t seed,
                    struct err *err) WARN_UNUSED;

#endif
