/* SPDX-License-Identifier: MIT */
#include "engine/base/histogram.h"

#include "engine/base/check.h"

#include <math.h>

/* Below 256 nothing is shifted out: a value is its bucket. */
static uint32_t bucket_of(uint64_t value) {
    const uint64_t linear = UINT64_C(2) << HISTOGRAM_SUB_BITS;
    const int top = 63 - __builtin_clzll(value | (linear - 1));
    const int shift = top - HISTOGRAM_SUB_BITS;
    return (uint32_t)(((uint64_t)shift << HISTOGRAM_SUB_BITS) + (value >> shift));
}

/* Largest value that falls into the bucket. */
static uint64_t bucket_top(uint32_t bucket) {
    const uint32_t linear = 2U << HISTOGRAM_SUB_BITS;
    if (bucket < linear) {
        return bucket;
    }
    const uint32_t shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    const uint64_t mantissa = bucket - (shift << HISTOGRAM_SUB_BITS);
    return ((mantissa + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, sim_ns value) {
    ASSERT(value >= 0);
    if (histogram->count == 0 || value < histogram->min) {
        histogram->min = value;
    }
    if (histogram->count == 0 || value > histogram->max) {
        histogram->max = value;
    }
    histogram->count++;
    histogram->sum += (double)value;
    histogram->bucket[bucket_of((uint64_t)value)]++;
}

sim_ns histogram_percentile(const struct histogram *histogram, double p) {
    if (histogram->count == 0) {
        return 0;
    }
    const uint64_t rank = (uint64_t)ceil(p * (double)histogram->count);
    uint64_t seen = 0;
    const uint32_t last = bucket_of((uint64_t)histogram->max);
    for (uint32_t i = bucket_of((uint64_t)histogram->min); i <= last; i++) {
        seen += histogram->bucket[i];
        if (seen >= rank && seen > 0) {
            const sim_ns top = (sim_ns)bucket_top(i);
            return top < histogram->max ? top : histogram->max;
        }
    }
    return histogram->max;
}

bool histogram_next(const struct histogram *histogram, uint32_t *at,
                    struct histogram_bucket *out) {
    if (histogram->count == 0) {
        return false;
    }
    const uint32_t first = bucket_of((uint64_t)histogram->min);
    const uint32_t last = bucket_of((uint64_t)histogram->max);
    *at = *at < first ? first : *at;
    while (*at <= last) {
        const uint32_t bucket = (*at)++;
        if (histogram->bucket[bucket] > 0) {
            *out = (struct histogram_bucket){(sim_ns)bucket_top(bucket),
                                             histogram->bucket[bucket]};
            return true;
        }
    }
    return false;
}

double histogram_mean(const struct histogram *histogram) {
    return histogram->count == 0 ? 0.0 : histogram->sum / (double)histogram->count;
}
