/* SPDX-License-Identifier: MIT */
/*
 * bootstrap - what a handful of repetitions say about a number: mean, median, and how far
 * off they may be.
 *
 * The interval is the percentile bootstrap (Efron 1979; Efron and Tibshirani 1993, chapter
 * 13) at 95 %: BOOTSTRAP_RESAMPLES times as many values are drawn from the n values, with
 * replacement, and of the statistics of these resamples the 50th from below and the 50th
 * from above are the bounds: rank k = (resamples + 1) x 0.025, rounded down. The interval
 * of the mean and that of the median come from the same resamples.
 *
 * Which values are drawn is a function of n and of the number of the resample alone, as
 * ranks in sorted order: the same values give the same interval on every machine, in
 * whatever order they come, and one metric of a cell is resampled like every other.
 *
 * Limits, to be known by who shows the interval:
 *   - Fewer than two values have no interval. With few values it is too short, since no
 *     resample leaves the range of the values: of 5 normal values the interval of the mean
 *     covers the true mean about 84 times in 100, of 10 about 90, of 20 about 93
 *     (test_bootstrap_covers_about_as_often_as_it_says holds these).
 *   - It is about the spread over seeds, not about the error of the model.
 *   - Values that are not finite have no interval and no mean.
 *
 * Since the draws are a function of n, they are made once and kept while n stays the same,
 * as it does for the metrics of a cell. Then time is O(n log n + resamples x n) with a few
 * instructions for each draw of a mean, whose bounds are found by keeping the 50 smallest and
 * largest. The median of a resample is known by its rank, and few are different. Memory is 4 bytes x resamples x n.
 */
#ifndef ENGINE_ANALYSIS_BOOTSTRAP_H
#define ENGINE_ANALYSIS_BOOTSTRAP_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOOTSTRAP_RESAMPLES = 2000 };

/* 95 %; NaN and NaN when there is none. */
struct bootstrap_interval {
    double low, high;
};

/* False when there is none. */
bool bootstrap_interval_exists(struct bootstrap_interval interval);

struct bootstrap_summary {
    size_t count;
    double mean;   /* NaN unless every value is finite */
    double median; /* middle value, or mean of the two middle ones; NaN when these are
                    * infinities of both signs */
    double min, max;
    struct bootstrap_interval mean_95, median_95;
};

/* Draws that are kept for the next summary of as many values. Zero is empty. */
struct bootstrap {
    size_t count;
    uint32_t *ranks;                  /* BOOTSTRAP_RESAMPLES x count */
    struct bootstrap_middle *middles; /* of the resamples, each pair once */
    size_t middle_count;
    double *sorted; /* the present values */
};
void bootstrap_deinit(struct bootstrap *bootstrap);

struct bootstrap_sample {
    const double *values;
    size_t count;
};

/* Of one or more numbers, none of them NaN, in any order and unit. ERR_NOMEM. */
int bootstrap_summarise(struct bootstrap *bootstrap, struct bootstrap_sample sample,
                        struct bootstrap_summary *out, struct err *err) WARN_UNUSED;

/* How many times as large one cell's numbers are as another's. */
struct bootstrap_ratio {
    size_t pairs;
    double median; /* of the ratios; NaN when it does not exist */
    struct bootstrap_interval median_95;
};

struct bootstrap_pairs {
    const double *values, *against;
    size_t count;
};

/*
 * The median of values[i] / against[i] over 0 or more pairs: the i-th of both must come
 * from the same repetition. Cells draw the same random numbers in the same repetition, so
 * what they have in common falls out of the ratio, and its interval is shorter than the
 * two of the cells. 0 / 0 counts as 1; when any other pair has no finite ratio there is
 * none at all. ERR_NOMEM.
 */
int bootstrap_paired_ratio(struct bootstrap *bootstrap, struct bootstrap_pairs pairs,
                           struct bootstrap_ratio *out, struct err *err) WARN_UNUSED;

#endif
