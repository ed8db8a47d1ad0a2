/* SPDX-License-Identifier: MIT */
#include "engine/analysis/run_histogram.h"

#include <string.h>

#include "engine/analysis/open_loop.h"
#include "engine/base/memory.h"
#include "engine/python/world.h"

const struct run_histogram_meaning run_histograms[RUN_HISTOGRAM_COUNT] = {
    [HISTOGRAM_LATENCY] =
        {"latency", "time of a unit of work, from its first step, or its arrival, to its "
                    "last"},
    [HISTOGRAM_LOOP_LAG] = {"loop_lag",
                            "time between a timer's due time and its callback"},
    [HISTOGRAM_GIL_HOLD] = {"gil_hold", "time for which a thread held a GIL"},
    [HISTOGRAM_GIL_WAIT] = {"gil_wait", "time for which a thread waited for a GIL"},
    [HISTOGRAM_LOCK_HOLD] = {"lock_hold",
                             "time for which a thread or a task held a lock"},
    [HISTOGRAM_LOCK_WAIT] =
        {"lock_wait",
         "time for which a thread spun or slept, or a task waited, for a lock"},
    [HISTOGRAM_QUEUEING] = {"queueing",
                            "time from the arrival of a job to its first step"},
    [HISTOGRAM_SERVICE] = {"service",
                           "time of a job that arrived, from its first step to its last"},
};

enum run_histogram_id run_histogram_find(const char *name) {
    for (int i = 0; i < RUN_HISTOGRAM_COUNT; i++) {
        if (strcmp(run_histograms[i].name, name) == 0) {
            return (enum run_histogram_id)i;
        }
    }
    return RUN_HISTOGRAM_COUNT;
}

static const struct histogram *find_source(const struct world *world,
                                           enum run_histogram_id id) {
    const struct recorder *recorder = world->sim.recorder;
    switch (id) {
    case HISTOGRAM_LATENCY:
        return &world->tally.latency;
    case HISTOGRAM_LOOP_LAG:
        return &world->tally.loop_lag;
    case HISTOGRAM_GIL_HOLD:
        return recorder_lengths(recorder, LENGTHS_GIL_HOLD);
    case HISTOGRAM_GIL_WAIT:
        return recorder_lengths(recorder, LENGTHS_GIL_WAIT);
    case HISTOGRAM_LOCK_HOLD:
        return recorder_lengths(recorder, LENGTHS_LOCK_HOLD);
    case HISTOGRAM_LOCK_WAIT:
        return recorder_lengths(recorder, LENGTHS_LOCK_WAIT);
    case HISTOGRAM_QUEUEING:
        return world->tally.open_loop.queueing;
    case HISTOGRAM_SERVICE:
        return world->tally.open_loop.service;
    case RUN_HISTOGRAM_COUNT:
        break;
    }
    return NULL;
}

const struct histogram *run_histogram_source(const struct world *world,
                                             enum run_histogram_id id) {
    const bool steady = id == HISTOGRAM_LATENCY || id == HISTOGRAM_QUEUEING;
    if (steady && open_loop_judge(&world->tally.open_loop).unstable) {
        return NULL;
    }
    const struct histogram *histogram = find_source(world, id);
    return histogram != NULL && histogram->count > 0 ? histogram : NULL;
}

static size_t count_buckets(const struct histogram *histogram) {
    struct histogram_bucket bucket;
    uint32_t at = 0;
    size_t count = 0;
    while (histogram_next(histogram, &at, &bucket)) {
        count++;
    }
    return count;
}

int run_histogram_init(struct run_histogram *out, const struct histogram *histogram,
                       struct err *err) {
    struct run_histogram result = {
        .count = histogram->count,
        .min_ns = histogram->min,
        .max_ns = histogram->max,
        .sum_ns = histogram->sum,
    };
    const size_t buckets = count_buckets(histogram);
    result.upper_ns = memory_zeroed(buckets, sizeof *result.upper_ns);
    result.counts = memory_zeroed(buckets, sizeof *result.counts);
    if (result.upper_ns == NULL || result.counts == NULL) {
        run_histogram_deinit(&result);
        return err_set_nomem(err);
    }
    struct histogram_bucket bucket;
    for (uint32_t at = 0; histogram_next(histogram, &at, &bucket);) {
        result.upper_ns[result.bucket_count] = bucket.upper;
        result.counts[result.bucket_count++] = bucket.count;
    }
    *out = result;
    return 0;
}

void run_histogram_deinit(struct run_histogram *histogram) {
    if (histogram != NULL) {
        memory_free(histogram->upper_ns);
        memory_free(histogram->counts);
        *histogram = (struct run_histogram){0};
    }
}
