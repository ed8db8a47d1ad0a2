/* SPDX-License-Identifier: MIT */
/*
 * calibration_priv - how a parameter of the runtime is found: the model runs the document
 * of a primitive until it takes as long as was measured.
 *
 * One measurement gives one number. Where several parameters share it, they keep the
 * proportions that the runtime's row has: `scale` multiplies them all.
 */
#ifndef SERVER_FIDELITY_CALIBRATION_PRIV_H
#define SERVER_FIDELITY_CALIBRATION_PRIV_H

#include "server/fidelity/calibration.h"

struct json_t;
struct runtime;

/* What is calibrated, from what. */
struct calibration_source {
    const struct measured *measured;
    const char *build;
    const struct runtime *runtime; /* the row of the build */
};

/* Wall time of a work in the model; `one_by_one`: each job of a pool is submitted when the
 * one before has its result, which no document says. */
struct calibration_work {
    struct json_t *take_json;
    bool one_by_one;
};
int calibration_model_us(double *out, const struct calibration_work *work,
                         const struct calibration *calibration, const char *build,
                         struct err *err) WARN_UNUSED;

struct calibration_equation {
    double target_us; /* what was measured; NaN: the parameters stay */
    /* The primitive with `size` operations, or threads, or tasks. */
    struct json_t *(*describe)(int size);
    int size, less; /* the figure is what each of size - less operations adds */
    void (*scale)(struct calibration *calibration, const struct runtime *runtime,
                  double scale);
    bool one_by_one;
};

/* Sets the parameters; scale is 0 when the model takes too long even without them. */
int calibration_solve(struct calibration *calibration,
                      const struct calibration_source *source,
                      const struct calibration_equation *equation,
                      struct err *err) WARN_UNUSED;

int calibration_of_loops(struct calibration *calibration,
                         const struct calibration_source *source,
                         struct err *err) WARN_UNUSED;
int calibration_of_pools(struct calibration *calibration,
                         const struct calibration_source *source,
                         struct err *err) WARN_UNUSED;

#endif
