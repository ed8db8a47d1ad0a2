/* SPDX-License-Identifier: MIT */
/* Scaling laws: known parameters are found again, and a fit is the best of all nearby. */
#include "engine/analysis/scaling.h"

#include <math.h>

#include "engine/base/random.h"
#include "tests/support/test.h"

enum { POINTS = 8 };

static double law(double lambda, double sigma, double kappa, double n) {
    return lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

static void make_points(struct scaling_point *out, double lambda, double sigma,
                        double kappa) {
    static const double n[POINTS] = {1, 2, 3, 4, 8, 16, 32, 64};
    for (int i = 0; i < POINTS; i++) {
        out[i] = (struct scaling_point){n[i], law(lambda, sigma, kappa, n[i])};
    }
}

static void assert_near(double got, double want) {
    if (!(fabs(got - want) <= 1e-7 * fmax(1, fabs(want)))) {
        fail_msg("%.12g instead of %.12g", got, want);
    }
}

static void test_scaling_finds_what_made_the_points(void **state) {
    (void)state;
    static const double sigmas[] = {0, 0.01, 0.3, 1}, kappas[] = {0, 1e-5, 1e-3, 0.05};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            struct scaling_point points[POINTS];
            make_points(points, 250, sigmas[i], kappas[k]);
            const struct scaling_fit fit = scaling_fit(points, POINTS, SCALING_USL);
            assert_int_equal(fit.verdict, SCALING_FITS);
            assert_near(fit.lambda, 250);
            assert_near(fit.sigma, sigmas[i]);
            assert_near(fit.kappa, kappas[k]);
            assert_near(fit.residual, 0);
            for (int n = 1; n < 100; n++) {
                assert_near(scaling_predict(&fit, n), law(250, sigmas[i], kappas[k], n));
            }
        }
    }
}

static void test_scaling_peak_is_where_throughput_is_highest(void **state) {
    (void)state;
    struct scaling_point points[POINTS];
    make_points(points, 1, 0.1, 0.01);
    const struct scaling_fit fit = scaling_fit(points, POINTS, SCALING_USL);
    double best = 1;
    for (double n = 1; n < 50; n += 0.001) {
        best = scaling_predict(&fit, n) > scaling_predict(&fit, best) ? n : best;
    }
    assert_true(fabs(best - fit.peak) < 0.01);
    make_points(points, 1, 0.1, 0);
    assert_true(isinf(scaling_fit(points, POINTS, SCALING_AMDAHL).peak));
}

static double squares(const struct scaling_point *points, double lambda, double sigma,
                      double kappa) {
    double sum = 0;
    for (int i = 0; i < POINTS; i++) {
        const double error =
            points[i].throughput / law(lambda, sigma, kappa, points[i].n) - 1;
        sum += error * error;
    }
    return sum;
}

/* No step of any parameter, within what is allowed, makes the sum smaller. */
static void expect_best(const struct scaling_point *points, enum scaling_law which) {
    const struct scaling_fit fit = scaling_fit(points, POINTS, which);
    const double sum = squares(points, fit.lambda, fit.sigma, fit.kappa);
    assert_true(fit.lambda > 0 && fit.sigma >= 0 && fit.kappa >= 0);
    assert_near(fit.residual, sqrt(sum / POINTS));
    for (int a = -1; a <= 1; a++) {
        for (int b = -1; b <= 1; b++) {
            for (int c = which == SCALING_USL ? -1 : 0; c <= (which == SCALING_USL);
                 c++) {
                const double lambda = fit.lambda * (1 + 1e-4 * a);
                const double sigma = fit.sigma + 1e-5 * b, kappa = fit.kappa + 1e-6 * c;
                if (sigma >= 0 && kappa >= 0 && (which == SCALING_USL || sigma <= 1)) {
                    assert_true(squares(points, lambda, sigma, kappa) >= sum - 1e-12);
                }
            }
        }
    }
}

static void test_scaling_fit_is_the_best_one_nearby(void **state) {
    (void)state;
    uint64_t key = random_key(7, 0);
    for (int round = 0; round < 2000; round++) {
        struct scaling_point points[POINTS];
        const double sigma = 1.3 * random_unit(random_next(&key)) - 0.1;
        make_points(points, 100, fmax(sigma, 0), 0.01 * random_unit(random_next(&key)));
        for (int i = 0; i < POINTS; i++) {
            points[i].throughput *= 1 + 0.4 * (random_unit(random_next(&key)) - 0.5);
        }
        expect_best(points, SCALING_USL);
        expect_best(points, SCALING_AMDAHL);
    }
}

static void test_scaling_refuses(void **state) {
    (void)state;
    const struct scaling_point few[] = {{1, 1}, {2, 2}, {2, 2}, {4, 3}};
    assert_int_equal(scaling_fit(few, 4, SCALING_USL).verdict, SCALING_FEW);
    assert_int_equal(scaling_fit(few, 4, SCALING_AMDAHL).verdict, SCALING_FITS);
    assert_int_equal(scaling_fit(few, 3, SCALING_AMDAHL).verdict, SCALING_FEW);
    assert_int_equal(scaling_fit(few, 0, SCALING_AMDAHL).verdict, SCALING_FEW);
    const struct scaling_point narrow[] = {{10, 1}, {11, 2}, {12, 2}, {19, 3}};
    assert_int_equal(scaling_fit(narrow, 4, SCALING_USL).verdict, SCALING_NARROW);
    const struct scaling_point wild[] = {{1, 1}, {2, 9}, {3, 1}, {4, 9}, {5, 1}};
    const struct scaling_fit fit = scaling_fit(wild, 5, SCALING_USL);
    assert_int_equal(fit.verdict, SCALING_POOR);
    assert_true(fit.residual > SCALING_RESIDUAL);
}

/* More workers only cost: no law grows out of it, and the first point is the knee. */
static void test_scaling_of_what_does_not_scale(void **state) {
    (void)state;
    const struct scaling_point worse[] = {{1, 100}, {2, 97}, {4, 93}, {8, 90}};
    const struct scaling_fit fit = scaling_fit(worse, 4, SCALING_AMDAHL);
    assert_int_equal(fit.verdict, SCALING_FITS);
    assert_near(fit.sigma, 1);
    assert_int_equal(scaling_knee(worse, 4), 0);
    assert_near(scaling_fit(worse, 4, SCALING_USL).peak, 1);
}

static void test_scaling_knee(void **state) {
    (void)state;
    const struct scaling_point points[] = {
        {1, 30}, {2, 58}, {4, 100}, {8, 104}, {16, 90}};
    assert_int_equal(scaling_knee(points, 5), 2);
    assert_int_equal(scaling_knee(points, 2), 1);
    assert_int_equal(scaling_knee(points, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaling_finds_what_made_the_points),
        cmocka_unit_test(test_scaling_peak_is_where_throughput_is_highest),
        cmocka_unit_test(test_scaling_fit_is_the_best_one_nearby),
        cmocka_unit_test(test_scaling_refuses),
        cmocka_unit_test(test_scaling_of_what_does_not_scale),
        cmocka_unit_test(test_scaling_knee),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
