/* SPDX-License-Identifier: MIT */
#include "engine/analysis/limit.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

const char *limit_name(enum limit limit) {
    static const char *const names[] = {
        [LIMIT_CORES] = "cores", [LIMIT_GIL] = "gil",       [LIMIT_LOOP] = "loop",
        [LIMIT_LOCK] = "lock",   [LIMIT_SERIAL] = "serial", [LIMIT_OUTSIDE] = "outside",
    };
    static_assert(sizeof names / sizeof names[0] == LIMIT_COUNT, "one each");
    return names[limit];
}

static bool is_serial(const double metric[METRIC_COUNT]) {
    const double held = metric[METRIC_GIL_HELD_SHARE];
    const double busy = metric[METRIC_CPU_US] / metric[METRIC_MAKESPAN_US];
    return isnan(held) ? busy >= LIMIT_BUSY && busy <= 2 - LIMIT_BUSY
                       : held >= LIMIT_BUSY;
}

/* Comparisons with NaN are false: what is not known limits nothing. */
enum limit limit_of(const double metric[METRIC_COUNT]) {
    const double makespan = metric[METRIC_MAKESPAN_US];
    if (metric[METRIC_CORE_UTILISATION] >= LIMIT_BUSY) {
        return LIMIT_CORES;
    }
    if (metric[METRIC_GIL_HELD_SHARE] >= LIMIT_BUSY &&
        metric[METRIC_GIL_WAIT_SHARE] >= LIMIT_WAIT) {
        return LIMIT_GIL;
    }
    if (metric[METRIC_LOOP_POLL_SHARE] <= 1 - LIMIT_BUSY) {
        return LIMIT_LOOP;
    }
    if (metric[METRIC_LOCK_WAIT_US] >= makespan / 2) {
        return LIMIT_LOCK;
    }
    return is_serial(metric) ? LIMIT_SERIAL : LIMIT_OUTSIDE;
}
