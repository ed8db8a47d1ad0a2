/* SPDX-License-Identifier: MIT */
#include "engine/program/distribution.h"

#include <math.h>

#include "engine/base/random.h"
#include "engine/base/real.h"

static const double YEAR_NS = 365.25 * 86400e9;

static sim_ns to_ns(double value) {
    if (!(value > 0.0)) {
        return 0;
    }
    return (sim_ns)((value < YEAR_NS ? value : YEAR_NS) + 0.5);
}

void distribution_set_weights(struct distribution_value *values, size_t count,
                              const double *weights) {
    double total = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        total += weights != NULL ? weights[i] : 1.0;
    }
    size_t last =
        0; /* the last that can be drawn: rounding must not leave it short of 1 */
    for (size_t i = 0; i < count; i++) {
        const double weight = weights != NULL ? weights[i] : 1.0;
        sum += weight;
        values[i].until = sum / total;
        last = weight > 0.0 ? i : last;
    }
    for (size_t i = last; i < count; i++) {
        values[i].until = 1.0;
    }
}

sim_ns distribution_scale_ns(sim_ns time, double factor) {
    if (time <= 0) {
        return time;
    }
    const sim_ns scaled = llround((double)time * factor);
    return scaled < 1 ? 1 : scaled;
}

void distribution_scale(struct distribution *distribution, double factor) {
    distribution->a = distribution_scale_ns(distribution->a, factor);
    distribution->b = distribution_scale_ns(distribution->b, factor);
    for (uint32_t i = 0; i < distribution->count; i++) {
        distribution->values[i].value =
            distribution_scale_ns(distribution->values[i].value, factor);
    }
}

/* The first value whose share reaches u, by bisection; u < 1, so that there is one. */
static sim_ns empirical(const struct distribution *distribution, double u) {
    size_t low = 0, high = distribution->count - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (distribution->values[middle].until < u) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return distribution->values[low].value;
}

static double empirical_mean(const struct distribution *distribution) {
    double mean = 0, before = 0;
    for (size_t i = 0; i < distribution->count; i++) {
        mean += (distribution->values[i].until - before) *
                (double)distribution->values[i].value;
        before = distribution->values[i].until;
    }
    return mean;
}

sim_ns distribution_draw(const struct distribution *distribution, uint64_t key) {
    const double a = (double)distribution->a;
    switch (distribution->kind) {
    case DISTRIBUTION_UNIFORM:
        return to_ns(a + (double)(distribution->b - distribution->a) * random_unit(key));
    case DISTRIBUTION_EXPONENTIAL:
        return to_ns(a * random_exponential(key));
    case DISTRIBUTION_LOGNORMAL:
        return to_ns(a * real_exp(distribution->s * random_normal(key)));
    case DISTRIBUTION_PARETO:
        return to_ns(a * real_exp(random_exponential(key) / distribution->s));
    case DISTRIBUTION_EMPIRICAL:
        return empirical(distribution, random_unit(key));
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    return distribution->a;
}

sim_ns distribution_mean(const struct distribution *distribution) {
    const double a = (double)distribution->a, s = distribution->s;
    switch (distribution->kind) {
    case DISTRIBUTION_UNIFORM:
        return to_ns((a + (double)distribution->b) / 2.0);
    case DISTRIBUTION_LOGNORMAL:
        return to_ns(a * real_exp(s * s / 2.0));
    case DISTRIBUTION_PARETO:
        return s > 1.0 ? to_ns(a * s / (s - 1.0)) : (sim_ns)YEAR_NS;
    case DISTRIBUTION_EMPIRICAL:
        return to_ns(empirical_mean(distribution));
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_EXPONENTIAL:
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    return distribution->a;
}
