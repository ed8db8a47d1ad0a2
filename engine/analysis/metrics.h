/* SPDX-License-Identifier: MIT */
/*
 * metrics - the one table of every number that a run is measured by: name, unit, meaning
 * and which direction is better. Gates, goals, SQL, the API and the dashboard use these
 * names.
 */
#ifndef ENGINE_ANALYSIS_METRICS_H
#define ENGINE_ANALYSIS_METRICS_H

#include <stddef.h>

enum metric_better { METRIC_LOWER, METRIC_HIGHER, METRIC_NEUTRAL };

enum metric_id {
    METRIC_MAKESPAN_US,
    METRIC_THROUGHPUT_PER_S,
    METRIC_LATENCY_P50_US,
    METRIC_LATENCY_P90_US,
    METRIC_LATENCY_P99_US,
    METRIC_LATENCY_MAX_US,
    METRIC_LATENCY_MEAN_US,
    METRIC_CORE_UTILISATION,
    METRIC_CPU_US,
    METRIC_PYTHON_US,
    METRIC_GIL_WAIT_US,
    METRIC_GIL_WAIT_SHARE,
    METRIC_GIL_HELD_SHARE,
    METRIC_GIL_SWITCHES,
    METRIC_GIL_DROP_REQUESTS,
    METRIC_GIL_FORCED_DROPS,
    METRIC_GIL_VOLUNTARY_DROPS,
    METRIC_GIL_FALSE_WAKEUPS,
    METRIC_CONTEXT_SWITCHES,
    METRIC_READY_US,
    METRIC_LOCK_WAIT_US,
    METRIC_UPDATES,
    METRIC_LOST_UPDATES,
    METRIC_LOST_UPDATE_SHARE,
    METRIC_LOOP_ITERATIONS,
    METRIC_LOOP_LAG_MAX_US,
    METRIC_LOOP_POLL_SHARE,
    METRIC_LATENCY_P999_US,
    METRIC_GIL_HOLD_P50_US,
    METRIC_GIL_HOLD_P99_US,
    METRIC_GIL_HOLD_MAX_US,
    METRIC_GIL_WAIT_P50_US,
    METRIC_GIL_WAIT_P90_US,
    METRIC_GIL_WAIT_P99_US,
    METRIC_GIL_WAIT_P999_US,
    METRIC_GIL_WAIT_MAX_US,
    METRIC_LOCK_HOLD_P50_US,
    METRIC_LOCK_HOLD_P99_US,
    METRIC_LOCK_HOLD_MAX_US,
    METRIC_LOCK_WAIT_P50_US,
    METRIC_LOCK_WAIT_P99_US,
    METRIC_LOCK_WAIT_MAX_US,
    METRIC_PREEMPTIONS,
    METRIC_MEMORY_PEAK_BYTES,
    METRIC_THROTTLED_US,
    METRIC_THROTTLED_PERIODS,
    METRIC_SIGNAL_LATENCY_MAX_US,
    METRIC_GC_COLLECTIONS,
    METRIC_GC_PAUSE_US,
    METRIC_GC_PAUSE_MAX_US,
    METRIC_LOOP_READY_MEAN,
    METRIC_LOOP_READY_MAX,
    METRIC_LOOP_CALLBACK_MAX_US,
    METRIC_LOOP_SLOW_CALLBACKS,
    METRIC_ARRIVALS,
    METRIC_QUEUEING_P50_US,
    METRIC_QUEUEING_P99_US,
    METRIC_QUEUEING_MAX_US,
    METRIC_QUEUEING_MEAN_US,
    METRIC_SERVICE_P50_US,
    METRIC_SERVICE_P99_US,
    METRIC_SERVICE_MAX_US,
    METRIC_SERVICE_MEAN_US,
    METRIC_UNSTABLE,
    METRIC_COUNT
};

struct metric {
    const char *name; /* with its unit: "latency_p99_us" */
    const char *unit; /* "us", "1/s", "ratio", "count", "bytes" */
    enum metric_better better;
    const char *meaning;
};

extern const struct metric metrics[METRIC_COUNT];

/* "lower", "higher", "neutral". */
const char *metric_better_name(enum metric_better better);

/* METRIC_COUNT when there is none of that name. */
enum metric_id metric_find(const char *name);

/* By name, for 0 <= `position` < METRIC_COUNT: the order in which stores keep them. */
enum metric_id metric_by_name(int position);

#endif
