/* SPDX-License-Identifier: MIT */
/*
 * run_watcher - a run as it is while it goes on: what whoever looks at it is shown.
 *
 *     time  ----------------|moment is over|-------------------->
 *            wants? no  no  yes            show        wants? ...
 *
 * A run is shown between two moments, and looking changes nothing of it. The metrics are those
 * that the same plan has when its limit of virtual time is that moment, all of them.
 */
#ifndef ENGINE_ANALYSIS_RUN_WATCHER_H
#define ENGINE_ANALYSIS_RUN_WATCHER_H

#include "engine/analysis/metrics.h"
#include "engine/base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct run_so_far {
    sim_ns now_ns;               /* virtual time */
    uint64_t transitions;        /* until then */
    uint64_t spans;              /* that have ended */
    uint64_t units;              /* of work that have ended, as those of the latency */
    double metric[METRIC_COUNT]; /* NaN where it has no meaning so far */
};

/* Both are called by the thread of the run, about every thousand steps: they must not wait.
 * Answered yes, `wants` is asked again after show(). */
struct run_watcher {
    void *context;
    bool (*wants)(void *context);
    void (*show)(void *context, const struct run_so_far *so_far);
};

#endif
