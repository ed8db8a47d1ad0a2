/* SPDX-License-Identifier: MIT */
/*
 * distribution - how long a step takes: a number, or a law from which a number is drawn.
 *
 * Times are nanoseconds. A draw is a function of a 64-bit key (see base/random.h), never
 * of the order of calls: the same job draws the same values under every strategy.
 */
#ifndef ENGINE_PROGRAM_DISTRIBUTION_H
#define ENGINE_PROGRAM_DISTRIBUTION_H

#include "engine/base/time.h"

#include <stdint.h>

enum distribution_kind {
    DISTRIBUTION_CONSTANT,    /* a */
    DISTRIBUTION_UNIFORM,     /* between a and b */
    DISTRIBUTION_EXPONENTIAL, /* mean a */
    DISTRIBUTION_LOGNORMAL,   /* median a, sigma s */
    DISTRIBUTION_PARETO,      /* minimum a, shape s */
    DISTRIBUTION_KIND_COUNT
};

struct distribution {
    enum distribution_kind kind;
    sim_ns a, b;
    double s;
};

/* A value >= 0, rounded once to nanoseconds and capped at a year. */
sim_ns distribution_draw(const struct distribution *distribution, uint64_t key);

/* Expected value, rounded; capped at a year (Pareto with shape <= 1 has none). */
sim_ns distribution_mean(const struct distribution *distribution);

#endif
