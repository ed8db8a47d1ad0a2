/* SPDX-License-Identifier: MIT */
/*
 * measure - the metrics of a run, from its tally, its GILs and its lanes: of one that has ended,
 * or of one that goes on, as if it ended now.
 */
#ifndef ENGINE_ANALYSIS_MEASURE_H
#define ENGINE_ANALYSIS_MEASURE_H

#include "engine/analysis/metrics.h"
#include "engine/base/err.h"
#include "engine/python/world.h"

/* Fills all METRIC_COUNT values; NaN where a metric has no meaning (no units, no GIL, no loop).
 * `lengths`, LENGTHS_COUNT of them, as recorder_lengths_until() has them; NULL: the recorder
 * was finished. ERR_NOMEM. */
int measure_run(const struct world *world, const struct histogram *lengths,
                double values[METRIC_COUNT], struct err *err) WARN_UNUSED;

#endif
