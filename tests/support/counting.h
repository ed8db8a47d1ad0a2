/* SPDX-License-Identifier: MIT */
/* counting - whether the counters of a recording are what its spans say. */
#ifndef TESTS_SUPPORT_COUNTING_H
#define TESTS_SUPPORT_COUNTING_H

#include "engine/analysis/run.h"
#include "tests/support/invariants.h"

/*
 * Counts the spans that overlap each moment again and compares with the samples of the
 * counters that are numbers of spans; of the others, that they are no numbers below 0 and
 * change with every sample.
 */
bool counters_are_sound(const struct timeline *timeline, const struct run_result *result,
                        struct violation *violation);

#endif
