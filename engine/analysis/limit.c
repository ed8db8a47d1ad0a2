/* SPDX-License-Identifier: MIT */
#include "engine/analysis/limit.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

const char *limit_name(enum limit limit) {
    static const char *const names[] = {
        [LIMIT_CORES] = "cores",     [LIMIT_GIL] = "gil",
        [LIMIT_LOOP] = "loop",       [LIMIT_LOCK] = "lock",
        [LIMIT_SERIAL] = "serial",   [LIMIT_WORKERS] = "workers",
        [LIMIT_OUTSIDE] = "outside",
    };
    static_assert(sizeof names / sizeof names[0] == LIMIT_COUNT, "one each");
    return names[limit];
}

/* Cores that are busy, mean. */
static double busy_cores(const double metric[METRIC_COUNT]) {
    return metric[METRIC_CPU_US] / metric[METRIC_MAKESPAN_US];
}

static bool is_serial(const double metric[METRIC_COUNT]) {
    const double held = metric[METRIC_GIL_HELD_SHARE];
    const double busy = busy_cores(metric);
    return isnan(held) ? busy >= LIMIT_BUSY && busy <= 2 - LIMIT_BUSY
                       : held >= LIMIT_BUSY;
}

/* Units of work in progress, mean: how often one begins, times how long it takes (Little). */
static double units_in_progress(const double metric[METRIC_COUNT]) {
    const bool arrive = !isnan(metric[METRIC_ARRIVALS]);
    const double each_us =
        metric[arrive ? METRIC_SERVICE_MEAN_US : METRIC_LATENCY_MEAN_US];
    return metric[METRIC_THROUGHPUT_PER_S] * each_us / 1e6;
}

/* Jobs that arrive and are done in time wait for nobody but the outside world. */
static bool lacks_workers(const double metric[METRIC_COUNT]) {
    return !(metric[METRIC_UNSTABLE] == 0) &&
           busy_cores(metric) >= LIMIT_BUSY * units_in_progress(metric);
}

/* Comparisons with NaN are false: what is not known limits nothing. */
enum limit limit_of(const double metric[METRIC_COUNT]) {
    const double makespan = metric[METRIC_MAKESPAN_US];
    if (metric[METRIC_CORE_UTILISATION] >= LIMIT_BUSY) {
        return LIMIT_CORES;
    }
    if ((metric[METRIC_GIL_HELD_SHARE] >= LIMIT_BUSY &&
         metric[METRIC_GIL_WAIT_SHARE] >= LIMIT_WAIT) ||
        metric[METRIC_GIL_WAIT_SHARE] >= LIMIT_LONG_WAIT) {
        return LIMIT_GIL;
    }
    if (metric[METRIC_LOOP_POLL_SHARE] <= 1 - LIMIT_BUSY) {
        return LIMIT_LOOP;
    }
    if (metric[METRIC_LOCK_WAIT_US] >= makespan / 2) {
        return LIMIT_LOCK;
    }
    const bool few = lacks_workers(metric);
    if (is_serial(metric) && !(few && busy_cores(metric) > 2 - LIMIT_BUSY)) {
        return LIMIT_SERIAL;
    }
    return few ? LIMIT_WORKERS : LIMIT_OUTSIDE;
}
