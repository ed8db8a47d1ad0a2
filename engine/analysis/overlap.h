/* SPDX-License-Identifier: MIT */
/*
 * overlap - how many of some intervals there are at a time.
 *
 *     added       |-----------|      |------|
 *                       |----------|
 *     level       1     2     1    0 1      0
 *
 * An interval may count for more than one, or be taken away (a weight below zero).
 */
#ifndef ENGINE_ANALYSIS_OVERLAP_H
#define ENGINE_ANALYSIS_OVERLAP_H

#include "engine/base/err.h"
#include "engine/base/time.h"

#include <stddef.h>

struct overlap_edge {
    sim_ns at_ns;
    int64_t change;
};

/* A zeroed one is empty. */
struct overlap {
    struct overlap_edge *edges;
    size_t count, capacity; /* even: two for each interval */
};
void overlap_deinit(struct overlap *overlap);

/* Counts `weight` times from `from_ns` up to `to_ns`; nothing unless from < to. ERR_NOMEM. */
int overlap_add(struct overlap *overlap, sim_ns from_ns, sim_ns to_ns, int64_t weight,
                struct err *err) WARN_UNUSED;

struct overlap_level {
    sim_ns total_ns;       /* with that level or more */
    sim_ns from_ns, to_ns; /* the longest such time without a gap; 0 and 0: none */
};

/* When the level was `least` or more. Sorts what was added. */
struct overlap_level overlap_at_least(struct overlap *overlap, int64_t least);

/* The highest level; 0 when nothing was added. Sorts what was added. */
int64_t overlap_peak(struct overlap *overlap);

#endif
