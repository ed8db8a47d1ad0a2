/* SPDX-License-Identifier: MIT */
/*
 * score - predicts every group of the measurements and sums up how wrong that is, by the
 * rules of tests/fidelity/README.md.
 */
#ifndef SERVER_FIDELITY_SCORE_H
#define SERVER_FIDELITY_SCORE_H

#include "server/fidelity/group_score.h"

struct score {
    struct score_row *rows; /* one per group that is no primitive */
    size_t count;
};

/* Errors over the eligible rows of a selection. */
struct score_summary {
    size_t groups, eligible, predicted;
    double median, p90, worst; /* over eligible and predicted rows */
    double naive_median, naive_p90, naive_worst;
    double detail_median;
    double counted_median, counted_p90; /* eligible rows, not predicted = 1 */
};

int score_make(struct score *out, const struct measured *measured, enum score_seeds seeds,
               struct err *err) WARN_UNUSED;
void score_deinit(struct score *score);

/* Rows for which `select(row, key)` is true; NULL selects all. */
typedef bool (*score_select_fn)(const struct score_row *row, const char *key);
int score_summarise(struct score_summary *out, const struct score *score,
                    score_select_fn select, const char *key, struct err *err) WARN_UNUSED;

#endif
