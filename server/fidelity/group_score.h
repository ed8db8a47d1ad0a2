/* SPDX-License-Identifier: MIT */
/*
 * group_score - predicts one group of the measurements and compares, by the rules of
 * tests/fidelity/README.md.
 */
#ifndef SERVER_FIDELITY_GROUP_SCORE_H
#define SERVER_FIDELITY_GROUP_SCORE_H

#include "server/fidelity/band.h"
#include "server/fidelity/family.h"

/* NaN stands for "there is none" in every double. */
struct score_row {
    const struct measured_group *group;
    enum family_stratum stratum;
    size_t quiet; /* repetitions that count */
    bool eligible;
    double measured_s; /* median over the quiet repetitions */
    double spread;     /* max / min of wall_s / work alone */
    double predicted_s;
    double deviation;      /* median of ln(predicted / measured); below 0 = too fast */
    double error;          /* its absolute value; 1 when not predicted */
    double gil_wait_share; /* predicted; NaN without a GIL */
    double naive_s;
    double naive_error;
    double detail_error;                  /* of the p50 of cycles, lags or jobs */
    double lost_measured, lost_predicted; /* share of updates, medians */
    double long_measured, long_predicted; /* share of long cycles, medians over ... */
    size_t long_counted;                  /* repetitions from which little was stolen */
    size_t long_within; /* of those: predicted and measured share at most 0.15 apart */
    struct band band;   /* of groups that are not eligible */
    bool band_left_out; /* its seeds would take long */
    char reason[320];   /* why it is not predicted; "" when it is */
};

/* For which groups that are not eligible the model runs 20 seeds. */
enum score_seeds { SCORE_SEEDS_NONE, SCORE_SEEDS_LIGHT, SCORE_SEEDS_ALL };

/* Scores a group. `calibration` is NULL when there is no runtime for the build. */
int group_score_make(struct score_row *out, const struct measured_group *group,
                     const struct calibration *calibration, enum score_seeds seeds,
                     struct err *err) WARN_UNUSED;

#endif
