/* SPDX-License-Identifier: MIT */
/* test_distribution - draws have the mean and the shape that their law says. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engine/base/random.h"
#include "engine/program/distribution.h"
#include "tests/support/test.h"

enum { DRAWS = 100000 };

static void test_distribution_draws_have_the_mean_they_say(void **state) {
    (void)state;
    static const struct {
        struct distribution law;
        double mean, tolerance; /* five standard errors or more */
    } cases[] = {
        {{.kind = DISTRIBUTION_CONSTANT, .a = 12345}, 12345, 0},
        {{.kind = DISTRIBUTION_UNIFORM, .a = 1000, .b = 9000}, 5000, 0.01},
        {{.kind = DISTRIBUTION_EXPONENTIAL, .a = 5000000}, 5000000, 0.02},
        {{.kind = DISTRIBUTION_LOGNORMAL, .a = 1000000, .s = 0.5}, 1133148, 0.015},
        {{.kind = DISTRIBUTION_PARETO, .a = 1000000, .s = 4}, 1333333, 0.02},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double sum = 0;
        for (uint64_t k = 0; k < DRAWS; k++) {
            const sim_ns value = distribution_draw(&cases[i].law, random_mix(i, k));
            assert_true(value >= 0);
            sum += (double)value / DRAWS;
        }
        const double said = (double)distribution_mean(&cases[i].law);
        assert_true(fabs(said - cases[i].mean) <= 1e-6 * cases[i].mean);
        assert_true(fabs(sum - said) <= cases[i].tolerance * said + 1e-3);
    }
}

static void test_distribution_has_the_quantiles_of_its_law(void **state) {
    (void)state;
    static const struct {
        struct distribution law;
        sim_ns at;
        double below;
    } cases[] = {
        {{.kind = DISTRIBUTION_UNIFORM, .a = 1000, .b = 9000}, 3000, 0.25},
        {{.kind = DISTRIBUTION_EXPONENTIAL, .a = 5000000}, 3465736, 0.5},
        {{.kind = DISTRIBUTION_LOGNORMAL, .a = 1000000, .s = 0.5}, 1000000, 0.5},
        {{.kind = DISTRIBUTION_LOGNORMAL, .a = 1000000, .s = 0.5}, 1648721, 0.8413},
        {{.kind = DISTRIBUTION_PARETO, .a = 1000000, .s = 2}, 2000000, 0.75},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int below = 0;
        for (uint64_t k = 0; k < DRAWS; k++) {
            below +=
                distribution_draw(&cases[i].law, random_mix(i + 50, k)) <= cases[i].at;
        }
        assert_true(fabs((double)below / DRAWS - cases[i].below) < 0.009);
    }
}

/* --- the whole law --------------------------------------------------------------- */

static double cdf_uniform(double x) { return (x - 1e6) / 8e6; }
static double cdf_exponential(double x) { return 1 - exp(-x / 5e6); }
static double cdf_lognormal(double x) {
    return 0.5 * erfc(-log(x / 1e6) / (0.5 * sqrt(2.0)));
}
static double cdf_pareto(double x) { return 1 - pow(1e6 / x, 2.5); }

static int compare_times(const void *a, const void *b) {
    const sim_ns x = *(const sim_ns *)a, y = *(const sim_ns *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: the largest distance between what was drawn and the law, times
 * the square root of the number of draws, is above 1.95 once in a thousand times. */
static double distance(const struct distribution *law, double (*cdf)(double),
                       uint64_t stream) {
    enum { COUNT = 20000 };
    static sim_ns drawn[COUNT];
    double largest = 0;
    for (uint64_t k = 0; k < COUNT; k++) {
        drawn[k] = distribution_draw(law, random_mix(stream, k));
    }
    qsort(drawn, COUNT, sizeof drawn[0], compare_times);
    for (int k = 0; k < COUNT; k++) {
        const double share = fmin(1, fmax(0, cdf((double)drawn[k])));
        largest = fmax(largest, fabs(share - (double)k / COUNT));
        largest = fmax(largest, fabs(share - (double)(k + 1) / COUNT));
    }
    return largest * sqrt(COUNT);
}

static void test_distribution_follows_its_law(void **state) {
    (void)state;
    static const struct {
        struct distribution law;
        double (*cdf)(double);
    } cases[] = {
        {{.kind = DISTRIBUTION_UNIFORM, .a = 1000000, .b = 9000000}, cdf_uniform},
        {{.kind = DISTRIBUTION_EXPONENTIAL, .a = 5000000}, cdf_exponential},
        {{.kind = DISTRIBUTION_LOGNORMAL, .a = 1000000, .s = 0.5}, cdf_lognormal},
        {{.kind = DISTRIBUTION_PARETO, .a = 1000000, .s = 2.5}, cdf_pareto},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint64_t stream = 1; stream <= 3; stream++) {
            const double d = distance(&cases[i].law, cases[i].cdf, 10 * i + stream);
            if (!(d < 1.95)) {
                fail_msg("law %zu, stream %d: %g", i, (int)stream, d);
            }
        }
    }
    /* the test can tell: a mean that is 10 % off is found out */
    const struct distribution off = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 5500000};
    assert_true(distance(&off, cdf_exponential, 1) > 1.95);
}

/* --- empirical ----------------------------------------------------------------- */

/* Chi-squared over four values, three degrees of freedom: above 16.3 once in a thousand.
 */
static void assert_shares(const struct distribution *law, const double *shares) {
    int counts[4] = {0};
    double sum = 0;
    for (uint64_t k = 0; k < DRAWS; k++) {
        const sim_ns drawn = distribution_draw(law, random_mix(77, k));
        bool known = false;
        for (uint32_t i = 0; i < 4 && !known; i++) {
            known = drawn == law->values[i].value;
            counts[i] += known;
        }
        assert_true(known);
    }
    for (int i = 0; i < 4; i++) {
        const double expected = shares[i] * DRAWS;
        if (expected == 0) {
            assert_int_equal(counts[i], 0);
        } else {
            sum += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
    }
    assert_true(sum < 16.3);
}

static void test_distribution_empirical_draws_by_weight(void **state) {
    (void)state;
    struct distribution_value values[4] = {{30, 0}, {10, 0}, {40, 0}, {20, 0}};
    const struct distribution law = {
        .kind = DISTRIBUTION_EMPIRICAL, .count = 4, .values = values};
    distribution_set_weights(values, 4, NULL);
    assert_shares(&law, (double[]){0.25, 0.25, 0.25, 0.25});
    assert_int_equal(distribution_mean(&law), 25);
    distribution_set_weights(values, 4, (double[]){1, 0, 2, 7});
    assert_shares(&law, (double[]){0.1, 0, 0.2, 0.7});
    assert_int_equal(distribution_mean(&law), 25);
    distribution_set_weights(values, 4, (double[]){0, 3, 3, 0});
    assert_shares(&law, (double[]){0, 0.5, 0.5, 0});
    assert_true(values[2].until == 1.0 && values[3].until == 1.0);
}

/* Weights that add up to 1 only roughly: the last value is there for what is missing. */
static void test_distribution_empirical_reaches_its_end(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    static struct distribution_value values[COUNT];
    static double weights[COUNT];
    for (int i = 0; i < COUNT; i++) {
        values[i].value = i;
        weights[i] = 0.1 + i % 7;
    }
    const struct distribution law = {
        .kind = DISTRIBUTION_EMPIRICAL, .count = COUNT, .values = values};
    distribution_set_weights(values, COUNT, weights);
    assert_true(values[COUNT - 1].until == 1.0);
    for (uint64_t k = 0; k < DRAWS; k++) {
        const double u = random_unit(random_mix(5, k));
        int naive = 0;
        while (values[naive].until < u) {
            naive++;
        }
        assert_int_equal(distribution_draw(&law, random_mix(5, k)), naive);
    }
}

static void test_distribution_is_capped_at_a_year(void **state) {
    (void)state;
    const sim_ns year = INT64_C(31557600000000000);
    const struct distribution heavy = {
        .kind = DISTRIBUTION_PARETO, .a = INT64_C(1000000000000000), .s = 0.01};
    sim_ns largest = 0;
    for (uint64_t k = 0; k < 1000; k++) {
        const sim_ns value = distribution_draw(&heavy, random_mix(9, k));
        assert_true(value >= 0 && value <= year);
        largest = value > largest ? value : largest;
    }
    assert_int_equal(largest, year);
    assert_int_equal(distribution_mean(&heavy), year); /* there is none */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distribution_draws_have_the_mean_they_say),
        cmocka_unit_test(test_distribution_has_the_quantiles_of_its_law),
        cmocka_unit_test(test_distribution_follows_its_law),
        cmocka_unit_test(test_distribution_empirical_draws_by_weight),
        cmocka_unit_test(test_distribution_empirical_reaches_its_end),
        cmocka_unit_test(test_distribution_is_capped_at_a_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
