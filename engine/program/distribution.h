/* SPDX-License-Identifier: MIT */
/*
 * distribution - how long a step takes: a number, or a law from which a number is drawn.
 *
 * Times are nanoseconds. A draw is a function of a 64-bit key (see base/random.h), never
 * of the order of calls: the same job draws the same values under every strategy. An
 * empirical law is drawn by its inverse distribution function: the first value whose share
 * reaches a uniform number.
 */
#ifndef ENGINE_PROGRAM_DISTRIBUTION_H
#define ENGINE_PROGRAM_DISTRIBUTION_H

#include "engine/base/time.h"

#include <stddef.h>
#include <stdint.h>

enum distribution_kind {
    DISTRIBUTION_CONSTANT,    /* a */
    DISTRIBUTION_UNIFORM,     /* between a and b */
    DISTRIBUTION_EXPONENTIAL, /* mean a */
    DISTRIBUTION_LOGNORMAL,   /* median a, sigma s */
    DISTRIBUTION_PARETO,      /* minimum a, shape s */
    DISTRIBUTION_EMPIRICAL,   /* one of `values` */
    DISTRIBUTION_KIND_COUNT
};

/* A value of an empirical law, in the order of the document. */
struct distribution_value {
    sim_ns value;
    double
        until; /* share of draws that are this value or one before it; 1 for the last */
};

struct distribution {
    enum distribution_kind kind;
    sim_ns a, b;
    double s;
    uint32_t count;                    /* of `values`; at least 1 */
    struct distribution_value *values; /* in the plan's arena */
};

/*
 * Fills `until` of `count` >= 1 values from their weights, numbers of 0 or more of which one
 * is above 0; NULL: all alike. A value of weight 0 is never drawn.
 */
void distribution_set_weights(struct distribution_value *values, size_t count,
                              const double *weights);

/* Every time that it draws, times `factor` >= 0; what is not nothing stays at least a
 * nanosecond, so that a loop does not become endless. */
void distribution_scale(struct distribution *distribution, double factor);

/* The same for one time. */
sim_ns distribution_scale_ns(sim_ns time, double factor);

/* A value >= 0, rounded once to nanoseconds and capped at a year. */
sim_ns distribution_draw(const struct distribution *distribution, uint64_t key);

/* Expected value, rounded; capped at a year (Pareto with shape <= 1 has none). */
sim_ns distribution_mean(const struct distribution *distribution);

#endif
