/* SPDX-License-Identifier: MIT */
/*
 * conservation - what was measured in a run against its timeline, counted again the slow
 * way.
 *
 *   lanes       the states of a lane add up to its life
 *   cores       core time is the sum of what ran, each within the life of its thread
 *   histograms  as many values as there are spans of the kind, with the same sum, least and most
 *   blame       the shares of a wait add up to its length, and are those that a painter finds who
 *               asks again at every edge; those of the run are the sums of those of its waits
 *   flows       leave a lane that is alive and not in the middle of a wait, and arrive where
 *               a wait ends; whoever let another one have a GIL or a lock had it until then
 *   counters    those that are numbers of spans are so at any time (counting.h)
 *   memory      is never less than what the main process needs
 *
 * No cmocka here: fuzz targets link it too.
 */
#ifndef TESTS_SUPPORT_CONSERVATION_H
#define TESTS_SUPPORT_CONSERVATION_H

#include "engine/analysis/blame.h"
#include "engine/analysis/run.h"
#include "tests/support/invariants.h"

/* `timeline` has the whole run, of which `result` came out. */
bool run_is_conserved(const struct timeline *timeline, const struct run_result *result,
                      const struct runtime *runtime, struct violation *violation);

/* The timeline as a recording; ends the program when out of memory. */
void recording_of_timeline(struct recording *recording, const struct timeline *timeline);
void recording_of_window(struct recording *recording, const struct timeline *timeline,
                         sim_ns from, sim_ns to);

/* The blame of one wait by asking at every edge of every lane; count of shares written to
 * `out`, which has room for `room` of them. */
size_t paint_blame(const struct timeline *timeline, const struct timeline_span *wait,
                   struct blame_share *out, size_t room);

#endif
