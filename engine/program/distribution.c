/* SPDX-License-Identifier: MIT */
#include "engine/program/distribution.h"

#include "engine/base/random.h"
#include "engine/base/real.h"

static const double YEAR_NS = 365.25 * 86400e9;

static sim_ns to_ns(double value) {
    if (!(value > 0.0)) {
        return 0;
    }
    return (sim_ns)((value < YEAR_NS ? value : YEAR_NS) + 0.5);
}

sim_ns distribution_draw(const struct distribution *distribution, uint64_t key) {
    const double a = (double)distribution->a;
    switch (distribution->kind) {
    case DISTRIBUTION_UNIFORM:
        return to_ns(a + (double)(distribution->b - distribution->a) * random_unit(key));
    case DISTRIBUTION_EXPONENTIAL:
        return to_ns(-a * real_log(random_unit(key)));
    case DISTRIBUTION_LOGNORMAL:
        return to_ns(a * real_exp(distribution->s * random_normal(key)));
    case DISTRIBUTION_PARETO:
        return to_ns(a * real_exp(-real_log(random_unit(key)) / distribution->s));
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
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_EXPONENTIAL:
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    return distribution->a;
}
