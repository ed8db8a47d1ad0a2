/* SPDX-License-Identifier: MIT */
/* test_distribution - draws have the mean and the shape that their law says. */
#include <math.h>

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
        cmocka_unit_test(test_distribution_is_capped_at_a_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
