/* SPDX-License-Identifier: MIT */
/* test_histogram - percentiles against a sorted array. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/histogram.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

static int compare(const void *left, const void *right) {
    const sim_ns a = *(const sim_ns *)left, b = *(const sim_ns *)right;
    return (a > b) - (a < b);
}

static void check_against_sorted(struct dice *dice, sim_ns high, int count) {
    struct histogram *histogram = calloc(1, sizeof *histogram);
    sim_ns *values = calloc((size_t)count, sizeof *values);
    assert_non_null(histogram);
    assert_non_null(values);
    double sum = 0;
    for (int i = 0; i < count; i++) {
        values[i] = dice_magnitude(dice, high) - 1;
        sum += (double)values[i];
        histogram_add(histogram, values[i]);
    }
    qsort(values, (size_t)count, sizeof *values, compare);
    assert_int_equal(histogram->count, count);
    assert_int_equal(histogram->min, values[0]);
    assert_int_equal(histogram->max, values[count - 1]);
    assert_true(fabs(histogram_mean(histogram) - sum / count) <= 1e-9 * sum / count);
    for (int permille = 0; permille <= 1000; permille++) {
        const double p = permille / 1000.0;
        int rank = (int)ceil(p * count);
        rank = rank < 1 ? 1 : rank;
        const sim_ns truth = values[rank - 1];
        const sim_ns answer = histogram_percentile(histogram, p);
        assert_true(answer >= truth);
        assert_true((double)answer <= (double)truth * 1.008);
    }
    struct histogram_bucket bucket;
    int at_or_below = 0;
    sim_ns last = -1;
    for (uint32_t at = 0; histogram_next(histogram, &at, &bucket);) {
        assert_true(bucket.upper > last && bucket.count > 0);
        at_or_below += (int)bucket.count;
        last = bucket.upper;
        assert_true(values[at_or_below - 1] <= last);
        assert_true(at_or_below == count || values[at_or_below] > last);
    }
    assert_int_equal(at_or_below, count);
    free(values);
    free(histogram);
}

static void test_histogram_percentiles_are_within_bounds(void **state) {
    (void)state;
    struct dice dice = dice_make(3);
    for (int i = 0; i < 40; i++) {
        check_against_sorted(&dice, dice_magnitude(&dice, INT64_C(1) << 50) + 1,
                             (int)dice_between(&dice, 1, 3000));
    }
}

/* Small values are exact, and the largest there is has a bucket. */
static void test_histogram_ends_of_the_range(void **state) {
    (void)state;
    static struct histogram histogram;
    memset(&histogram, 0, sizeof histogram);
    assert_int_equal(histogram_percentile(&histogram, 0.5), 0);
    assert_true(histogram_mean(&histogram) == 0.0);
    for (sim_ns value = 0; value < 256; value++) {
        memset(&histogram, 0, sizeof histogram);
        histogram_add(&histogram, value);
        histogram_add(&histogram, INT64_MAX);
        assert_int_equal(histogram_percentile(&histogram, 0.5), value);
        assert_int_equal(histogram_percentile(&histogram, 1.0), INT64_MAX);
    }
}

/* Every power of two and its neighbours: no value is below the one asked for. */
static void test_histogram_is_never_too_low(void **state) {
    (void)state;
    static struct histogram histogram;
    for (int bit = 1; bit < 63; bit++) {
        for (int off = -1; off <= 1; off++) {
            const sim_ns value = (INT64_C(1) << bit) + off;
            memset(&histogram, 0, sizeof histogram);
            histogram_add(&histogram, value);
            histogram_add(&histogram, INT64_MAX);
            const sim_ns answer = histogram_percentile(&histogram, 0.5);
            assert_true(answer >= value);
            assert_true((double)answer <= (double)value * 1.008);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram_percentiles_are_within_bounds),
        cmocka_unit_test(test_histogram_ends_of_the_range),
        cmocka_unit_test(test_histogram_is_never_too_low),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
