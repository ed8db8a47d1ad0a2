/* SPDX-License-Identifier: MIT */
/* measure - the metrics of a run that has ended, from its tally, its GILs and its lanes.
 */
#ifndef ENGINE_ANALYSIS_MEASURE_H
#define ENGINE_ANALYSIS_MEASURE_H

#include "engine/analysis/metrics.h"
#include "engine/python/world.h"

/* Fills all METRIC_COUNT values but memory_peak_bytes, which run.c adds; NaN where a metric has no meaning (no units, no GIL, no
 * loop). The recorder must have been finished. */
void measure_run(const struct world *world, double values[METRIC_COUNT]);

#endif
