/* SPDX-License-Identifier: MIT */
/*
 * run_histogram - the histograms of a run, as columns of those buckets that are not
 * empty: what remains of struct histogram when the run is over, small enough to be stored
 * and sent.
 *
 * Bucket i holds `counts[i]` values that are above the bucket before and at most
 * `upper_ns[i]`; bounds are those of engine/base/histogram.h and the same in every run,
 * so that histograms of runs can be added up.
 */
#ifndef ENGINE_ANALYSIS_RUN_HISTOGRAM_H
#define ENGINE_ANALYSIS_RUN_HISTOGRAM_H

#include "engine/base/err.h"
#include "engine/base/histogram.h"

#include <stddef.h>

enum run_histogram_id {
    HISTOGRAM_LATENCY,
    HISTOGRAM_LOOP_LAG,
    HISTOGRAM_GIL_HOLD,
    HISTOGRAM_GIL_WAIT,
    HISTOGRAM_LOCK_HOLD,
    HISTOGRAM_LOCK_WAIT,
    HISTOGRAM_QUEUEING,
    HISTOGRAM_SERVICE,
    RUN_HISTOGRAM_COUNT
};

/* The word of the API and of stored files, and what it counts. */
struct run_histogram_meaning {
    const char *name; /* "gil_wait" */
    const char *meaning;
};
extern const struct run_histogram_meaning run_histograms[RUN_HISTOGRAM_COUNT];

/* RUN_HISTOGRAM_COUNT when there is none of that name. */
enum run_histogram_id run_histogram_find(const char *name);

struct run_histogram {
    uint64_t count; /* values; 0 = nothing of this kind happened */
    sim_ns min_ns, max_ns;
    double sum_ns;
    size_t bucket_count;
    sim_ns *upper_ns; /* ascending */
    uint64_t *counts; /* >= 1 each, `count` together */
};

struct world;

/* Where the engine counts it while the run goes on; NULL when it has counted nothing, and
 * for latency and queueing of a run without a steady state (open_loop.h). */
const struct histogram *run_histogram_source(const struct world *world,
                                             enum run_histogram_id id);

/* ERR_NOMEM. Free with run_histogram_deinit(). */
int run_histogram_init(struct run_histogram *out, const struct histogram *histogram,
                       struct err *err) WARN_UNUSED;
void run_histogram_deinit(struct run_histogram *histogram);

#endif
