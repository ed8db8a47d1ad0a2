/* SPDX-License-Identifier: MIT */
#include "server/fidelity/band.h"

#include <math.h>

#include "server/fidelity/prediction.h"
#include "server/fidelity/quantile.h"

enum { SEEDS = 20, FIRST_SEED = 1000, HEAVY_OPS = 50000 };

bool band_is_heavy(const struct measured_group *group) {
    for (size_t i = 0; i < group->row_count; i++) {
        if (measured_number(group->rows[i].result, "ops", NULL) > HEAVY_OPS) {
            return true;
        }
    }
    return false;
}

static double quotient(const struct measured_row *row) {
    return row->wall_s / row->solo_s;
}

/* The repetition with as many above it as below; the lower of two. */
static const struct measured_row *median_row(const struct measured_group *group) {
    const struct measured_row *best = NULL;
    size_t best_distance = group->row_count + 1;
    for (size_t i = 0; i < group->row_count; i++) {
        size_t below = 0, above = 0;
        for (size_t k = 0; k < group->row_count; k++) {
            below += quotient(&group->rows[k]) < quotient(&group->rows[i]);
            above += quotient(&group->rows[k]) > quotient(&group->rows[i]);
        }
        const size_t distance = below > above ? below - above : above - below;
        if (group->rows[i].wall_s > 0.0 && distance < best_distance) {
            best = &group->rows[i];
            best_distance = distance;
        }
    }
    return best;
}

int band_make(struct band *out, const struct family *family,
              const struct measured_group *group, const struct calibration *calibration,
              struct err *err) {
    const struct family_input input = {group, median_row(group), calibration};
    double quotients[SEEDS];
    for (uint32_t i = 0; i < SEEDS; i++) {
        struct prediction prediction;
        const int rc = prediction_make(&prediction, family, &input, FIRST_SEED + i, err);
        if (rc != 0) {
            return rc;
        }
        quotients[i] = prediction.wall_s / input.row->solo_s;
    }
    struct band band = {.low = quantile(quotients, SEEDS, 0.05),
                        .high = quantile(quotients, SEEDS, 0.95)};
    for (size_t i = 0; i < group->row_count; i++) {
        const struct measured_row *row = &group->rows[i];
        if (row->wall_s > 0.0) {
            band.repetitions++;
            band.inside += quotient(row) >= band.low && quotient(row) <= band.high;
        }
    }
    *out = band;
    return 0;
}
