/* SPDX-License-Identifier: MIT */
/*
 * histogram - log-linear counts of durations in constant memory.
 *
 * Values below 256 ns have a bucket each; above, every power of two is cut into 128
 * buckets, so a percentile is at most 0.8 % above the true value. Sum, minimum and
 * maximum are exact.
 */
#ifndef ENGINE_BASE_HISTOGRAM_H
#define ENGINE_BASE_HISTOGRAM_H

#include "engine/base/time.h"

#include <stdbool.h>

enum {
    HISTOGRAM_SUB_BITS = 7,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS
};

struct histogram {
    uint64_t count;
    sim_ns min, max; /* meaningless while count is 0 */
    double sum;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* A histogram of zero bytes is empty. `value` must be >= 0. */
void histogram_add(struct histogram *histogram, sim_ns value);

/* Smallest value v such that the share `p` (0..1) of all values is <= v; within 0.8 %. */
sim_ns histogram_percentile(const struct histogram *histogram, double p);

/* A bucket that is not empty: `count` values above the bucket before and <= `upper`. */
struct histogram_bucket {
    sim_ns upper;
    uint64_t count;
};

/* The first such bucket at or after position `*at`, which moves on behind it; begin with
 * 0. False when none is left. */
bool histogram_next(const struct histogram *histogram, uint32_t *at,
                    struct histogram_bucket *out);

/* 0 when empty. */
double histogram_mean(const struct histogram *histogram);

#endif
