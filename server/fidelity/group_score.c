/* SPDX-License-Identifier: MIT */
#include "server/fidelity/group_score.h"

#include "engine/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/fidelity/prediction.h"
#include "server/fidelity/quantile.h"

static const double MAX_SPREAD = 1.25;
static const double LITTLE_STOLEN = 0.05; /* of all CPUs, for shares of long cycles */
static const double LONG_SHARE_AIM = 0.15;

/* --- figures ------------------------------------------------------------------- */

enum figure {
    FIGURE_PREDICTED,
    FIGURE_ERROR,
    FIGURE_DETAIL_ERROR,
    FIGURE_LOST,
    FIGURE_LOST_MEASURED,
    FIGURE_LONG,
    FIGURE_LONG_MEASURED,
    FIGURE_GIL_WAIT,
    FIGURE_COUNT
};

/* What is computed per repetition of a group, kept for the medians. */
struct figures {
    double *values[FIGURE_COUNT];
    size_t count[FIGURE_COUNT];
};

static int figures_init(struct figures *figures, size_t rows) {
    double *block = memory_zeroed(FIGURE_COUNT * (rows + 1), sizeof *block);
    if (block == NULL) {
        return ERR_NOMEM;
    }
    *figures = (struct figures){0};
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        figures->values[i] = block + i * rows;
    }
    return 0;
}

static void figures_deinit(struct figures *figures) { memory_free(figures->values[0]); }

/* NaN is no figure. */
static void figures_add(struct figures *figures, enum figure which, double value) {
    if (!isnan(value)) {
        figures->values[which][figures->count[which]++] = value;
    }
}

static double figures_median(const struct figures *figures, enum figure which) {
    return quantile(figures->values[which], figures->count[which], 0.5);
}

/* --- one repetition ------------------------------------------------------------ */

static void compare_detail(struct figures *figures, const struct family *family,
                           const struct measured_row *row,
                           const struct prediction *prediction) {
    const double measured = family->detail == NULL
                                ? NAN
                                : measured_number(row->result, family->detail, "p50");
    if (measured > 0.0) {
        figures_add(figures, FIGURE_DETAIL_ERROR, log(prediction->detail_s / measured));
    }
}

static void compare_long(struct score_row *out, struct figures *figures,
                         const struct measured_row *row,
                         const struct prediction *prediction) {
    const double measured = measured_number(row->result, "long_share", NULL);
    if (isnan(measured) || isnan(prediction->long_share) ||
        !(row->steal < LITTLE_STOLEN)) {
        return;
    }
    out->long_counted++;
    out->long_within += fabs(prediction->long_share - measured) <= LONG_SHARE_AIM;
    figures_add(figures, FIGURE_LONG, prediction->long_share);
    figures_add(figures, FIGURE_LONG_MEASURED, measured);
}

static void compare(struct score_row *out, struct figures *figures,
                    const struct family *family, const struct measured_row *row,
                    const struct prediction *prediction) {
    figures_add(figures, FIGURE_PREDICTED, prediction->wall_s);
    figures_add(figures, FIGURE_ERROR, log(prediction->wall_s / row->wall_s));
    figures_add(figures, FIGURE_GIL_WAIT, prediction->gil_wait_share);
    figures_add(figures, FIGURE_LOST, prediction->lost_share);
    figures_add(figures, FIGURE_LOST_MEASURED,
                1.0 - measured_number(row->result, "got", NULL) /
                          measured_number(row->result, "expected", NULL));
    compare_detail(figures, family, row, prediction);
    compare_long(out, figures, row, prediction);
}

/* --- one group ----------------------------------------------------------------- */

static bool counts(const struct measured_row *row) {
    return row->quiet && row->wall_s > 0.0;
}

/* Says why, when the group cannot be predicted. */
static void find_reason(struct score_row *row, const struct family *family) {
    const struct measured_group *group = row->group;
    if (family_runtime_of(group->build) == NULL) {
        snprintf(row->reason, sizeof row->reason,
                 "the model has no runtime for this build");
        return;
    }
    if (family == NULL) {
        snprintf(row->reason, sizeof row->reason, "the model does not know this family");
        return;
    }
    for (size_t i = 0; i < group->row_count; i++) {
        const struct family_input input = {group, &group->rows[i], NULL};
        if (counts(input.row) &&
            family_refuses(family, &input, row->reason, sizeof row->reason)) {
            return;
        }
    }
}

static void measure_spread(struct score_row *row, size_t quiet_needed) {
    double least = INFINITY, most = 0.0;
    for (size_t i = 0; i < row->group->row_count; i++) {
        const struct measured_row *repetition = &row->group->rows[i];
        if (counts(repetition)) {
            const double relative = repetition->wall_s / repetition->solo_s;
            least = relative < least ? relative : least;
            most = relative > most ? relative : most;
            row->quiet++;
        }
    }
    row->spread = row->quiet == 0 ? NAN : most / least;
    row->eligible = row->quiet >= quiet_needed && row->spread < MAX_SPREAD;
}

static int measure_group(struct score_row *row, const struct family *family,
                         const struct calibration *calibration, struct err *err) {
    const size_t rows = row->group->row_count;
    double *walls = memory_zeroed(2 * (rows + 1), sizeof *walls);
    if (walls == NULL) {
        return err_set_nomem(err);
    }
    double *naive = walls + rows + 1;
    size_t count = 0;
    for (size_t i = 0; i < rows; i++) {
        const struct measured_row *measured = &row->group->rows[i];
        if (counts(measured)) {
            const struct family_input input = {row->group, measured, calibration};
            naive[count] = family == NULL ? NAN : family->naive_s(&input);
            walls[count++] = measured->wall_s;
        }
    }
    row->measured_s = quantile(walls, count, 0.5);
    if (family != NULL) {
        row->naive_s = quantile(naive, count, 0.5);
        row->naive_error = fabs(log(row->naive_s / row->measured_s));
    }
    memory_free(walls);
    return 0;
}

static int predict_repetitions(struct score_row *out, struct figures *figures,
                               const struct family *family,
                               const struct calibration *calibration, struct err *err) {
    for (size_t i = 0; i < out->group->row_count; i++) {
        const struct measured_row *row = &out->group->rows[i];
        const struct family_input input = {out->group, row, calibration};
        if (!counts(row)) {
            continue;
        }
        struct prediction prediction;
        const int rc = prediction_make(&prediction, family, &input, (uint32_t)i, err);
        if (rc != 0) {
            return rc;
        }
        compare(out, figures, family, row, &prediction);
    }
    return 0;
}

static void conclude(struct score_row *row, const struct figures *figures) {
    if (figures->count[FIGURE_ERROR] > 0) {
        row->deviation = figures_median(figures, FIGURE_ERROR);
        row->error = fabs(row->deviation);
    }
    row->gil_wait_share = figures_median(figures, FIGURE_GIL_WAIT);
    row->predicted_s = figures_median(figures, FIGURE_PREDICTED);
    row->detail_error = fabs(figures_median(figures, FIGURE_DETAIL_ERROR));
    row->lost_predicted = figures_median(figures, FIGURE_LOST);
    row->lost_measured = figures_median(figures, FIGURE_LOST_MEASURED);
    row->long_predicted = figures_median(figures, FIGURE_LONG);
    row->long_measured = figures_median(figures, FIGURE_LONG_MEASURED);
}

static int predict_group(struct score_row *row, const struct family *family,
                         const struct calibration *calibration, struct err *err) {
    struct figures figures;
    if (figures_init(&figures, row->group->row_count) != 0) {
        return err_set_nomem(err);
    }
    struct err cause = {0};
    int rc = predict_repetitions(row, &figures, family, calibration, &cause);
    if (rc == 0) {
        conclude(row, &figures);
    } else if (rc == ERR_NOMEM) {
        err_set_nomem(err);
    } else { /* no such document, or one that does not end: no prediction, no failure */
        snprintf(row->reason, sizeof row->reason, "%s", cause.text);
        rc = 0;
    }
    figures_deinit(&figures);
    return rc;
}

static int make_band(struct score_row *row, const struct family *family,
                     const struct calibration *calibration, enum score_seeds seeds,
                     struct err *err) {
    if (row->eligible || seeds == SCORE_SEEDS_NONE) {
        return 0;
    }
    row->band_left_out = seeds == SCORE_SEEDS_LIGHT && band_is_heavy(row->group);
    return row->band_left_out
               ? 0
               : band_make(&row->band, family, row->group, calibration, err);
}

int group_score_make(struct score_row *out, const struct measured_group *group,
                     const struct calibration *calibration, enum score_seeds seeds,
                     struct err *err) {
    const struct family *family = family_find(group->family);
    struct score_row row = {
        .group = group,
        .stratum = family_stratum_of(group->family),
        .predicted_s = NAN,
        .deviation = NAN,
        .error = 1.0,
        .gil_wait_share = NAN,
        .naive_s = NAN,
        .naive_error = NAN,
        .detail_error = NAN,
        .lost_measured = NAN,
        .lost_predicted = NAN,
        .long_measured = NAN,
        .long_predicted = NAN,
        .band = {.low = NAN, .high = NAN},
    };
    find_reason(&row, family);
    measure_spread(&row, strcmp(group->family, "jobs") == 0 ? 2 : 3);
    if (row.reason[0] == '\0' && row.quiet == 0) {
        snprintf(row.reason, sizeof row.reason, "no repetition is quiet");
    }
    int rc = measure_group(&row, family, calibration, err);
    if (rc == 0 && row.reason[0] == '\0' && row.quiet > 0) {
        rc = predict_group(&row, family, calibration, err);
        if (rc == 0 && !isnan(row.predicted_s)) {
            rc = make_band(&row, family, calibration, seeds, err);
        }
    }
    *out = row;
    return rc;
}
