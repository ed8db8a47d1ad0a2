/* SPDX-License-Identifier: MIT */
/* test_bootstrap - summaries of repetitions against a naive model, and their coverage. */
#include <math.h>
#include <stdlib.h>

#include "engine/analysis/bootstrap.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/support/test.h"

static struct bootstrap_summary summarise(const double *values, size_t count) {
    struct bootstrap bootstrap = {0};
    struct bootstrap_summary summary;
    const struct bootstrap_sample sample = {values, count};
    assert_int_equal(bootstrap_summarise(&bootstrap, sample, &summary, NULL), 0);
    bootstrap_deinit(&bootstrap);
    return summary;
}

/* --- the naive model ----------------------------------------------------------- */

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    return count % 2 == 1 ? values[count / 2]
                          : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Writes every resample out and sorts everything; draws as the header says. */
static struct bootstrap_summary naive(const double *values, size_t count) {
    static double sorted[300], drawn[300], means[2000], medians[2000];
    struct bootstrap_summary summary = {.count = count};
    assert_true(count <= 300);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = values[i];
    }
    summary.median = middle(sorted, count);
    summary.min = sorted[0];
    summary.max = sorted[count - 1];
    for (size_t i = 0; i < count; i++) {
        summary.mean += sorted[i] / (double)count;
    }
    const uint64_t key = random_mix(UINT64_C(0x626f6f7473747261), count);
    for (size_t b = 0; b < 2000; b++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            const uint64_t pair = random_mix(random_mix(key, b), i - i % 2);
            const uint32_t bits = (uint32_t)(i % 2 == 0 ? pair : pair >> 32);
            drawn[i] = sorted[(uint64_t)bits * count / UINT64_C(4294967296)];
            sum += drawn[i];
        }
        means[b] = fmin(fmax(sum / (double)count, sorted[0]), sorted[count - 1]);
        medians[b] = middle(drawn, count);
    }
    qsort(means, 2000, sizeof *means, compare);
    qsort(medians, 2000, sizeof *medians, compare);
    summary.mean_95 = (struct bootstrap_interval){means[49], means[1950]};
    summary.median_95 = (struct bootstrap_interval){medians[49], medians[1950]};
    return summary;
}

static void assert_close(double a, double b) {
    if (!(fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)))) {
        fail_msg("%.17g is not %.17g", a, b);
    }
}

static void test_bootstrap_equals_the_naive_model(void **state) {
    (void)state;
    double values[300];
    for (uint64_t round = 0; round < 60; round++) {
        const size_t count = 2 + random_mix(round, 1) % (round < 40 ? 12 : 299);
        for (size_t i = 0; i < count; i++) {
            const uint64_t key = random_mix(round, 100 + i);
            /* every third with many that are alike */
            values[i] = round % 3 == 0 ? (double)(key % 4) : random_normal(key) * 1e6;
        }
        values[0] += 1; /* not all alike */
        const struct bootstrap_summary fast = summarise(values, count);
        const struct bootstrap_summary slow = naive(values, count);
        assert_int_equal(fast.count, count);
        assert_true(fast.median == slow.median && fast.min == slow.min &&
                    fast.max == slow.max);
        assert_close(fast.mean, slow.mean);
        assert_true(fast.mean_95.low == slow.mean_95.low);
        assert_true(fast.mean_95.high == slow.mean_95.high);
        assert_true(fast.median_95.low == slow.median_95.low);
        assert_true(fast.median_95.high == slow.median_95.high);
    }
}

/* --- properties ---------------------------------------------------------------- */

static void test_bootstrap_does_not_see_the_order(void **state) {
    (void)state;
    const double up[] = {1, 2, 3.5, 4, 8, 9, 12}, mixed[] = {9, 3.5, 12, 1, 8, 2, 4};
    const struct bootstrap_summary a = summarise(up, 7), b = summarise(mixed, 7);
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_bootstrap_interval_holds_its_statistic(void **state) {
    (void)state;
    double values[40];
    for (uint64_t round = 0; round < 200; round++) {
        const size_t count = 2 + round % 39;
        for (size_t i = 0; i < count; i++) {
            values[i] = -log(random_unit(random_mix(round, i)));
        }
        const struct bootstrap_summary it = summarise(values, count);
        assert_true(it.min <= it.mean_95.low && it.mean_95.low <= it.mean);
        assert_true(it.mean <= it.mean_95.high && it.mean_95.high <= it.max);
        assert_true(it.min <= it.median_95.low && it.median_95.low <= it.median);
        assert_true(it.median <= it.median_95.high && it.median_95.high <= it.max);
    }
}

/* Another unit is another scale, and nothing else. */
static void test_bootstrap_scales_with_the_unit(void **state) {
    (void)state;
    const double us[] = {3, 1, 4, 1, 5, 9, 2, 6};
    double ns[8];
    for (int i = 0; i < 8; i++) {
        ns[i] = us[i] * 1024;
    }
    const struct bootstrap_summary a = summarise(us, 8), b = summarise(ns, 8);
    assert_true(b.mean_95.low == a.mean_95.low * 1024);
    assert_true(b.mean_95.high == a.mean_95.high * 1024);
    assert_true(b.median_95.low == a.median_95.low * 1024);
    assert_true(b.median_95.high == a.median_95.high * 1024);
}

/* Kept draws are those of the number of values, whatever was summarised before. */
static void test_bootstrap_keeps_its_draws(void **state) {
    (void)state;
    const double values[] = {3, 1, 4, 1, 5, 9, 2, 6};
    struct bootstrap bootstrap = {0};
    for (size_t round = 0; round < 12; round++) {
        const size_t count = 2 + round * 5 % 7;
        const struct bootstrap_sample sample = {values, count};
        struct bootstrap_summary kept;
        assert_int_equal(bootstrap_summarise(&bootstrap, sample, &kept, NULL), 0);
        const struct bootstrap_summary fresh = summarise(values, count);
        assert_memory_equal(&kept, &fresh, sizeof kept);
    }
    bootstrap_deinit(&bootstrap);
}

/* Frozen: who stored an interval once must get the same again, on every machine. */
static void test_bootstrap_frozen_interval(void **state) {
    (void)state;
    const double values[] = {10, 11, 12, 13, 20};
    const struct bootstrap_summary it = summarise(values, 5);
    assert_true(it.median == 12 && it.mean == 13.2 && it.min == 10 && it.max == 20);
    assert_true(it.median_95.low == 10 && it.median_95.high == 20);
    if (it.mean_95.low != 10.800000000000001 || it.mean_95.high != 16.800000000000001) {
        fail_msg("%.17g %.17g", it.mean_95.low, it.mean_95.high);
    }
}

static void test_bootstrap_of_one_value_has_no_interval(void **state) {
    (void)state;
    const double value = 7;
    const struct bootstrap_summary it = summarise(&value, 1);
    assert_true(it.count == 1 && it.mean == 7 && it.median == 7);
    assert_false(bootstrap_interval_exists(it.mean_95));
    assert_false(bootstrap_interval_exists(it.median_95));
}

static void test_bootstrap_of_equal_values_is_a_point(void **state) {
    (void)state;
    const double values[] = {0.1, 0.1, 0.1};
    const struct bootstrap_summary it = summarise(values, 3);
    assert_true(it.mean == 0.1 && it.mean_95.low == 0.1 && it.mean_95.high == 0.1);
    assert_true(it.median_95.low == 0.1 && it.median_95.high == 0.1);
}

static void test_bootstrap_of_infinities(void **state) {
    (void)state;
    const double up[] = {1, 2, INFINITY}, both[] = {-INFINITY, INFINITY};
    const struct bootstrap_summary a = summarise(up, 3), b = summarise(both, 2);
    assert_true(a.median == 2 && isnan(a.mean) && isinf(a.max));
    assert_false(bootstrap_interval_exists(a.median_95));
    assert_true(isnan(b.median));
}

/* --- coverage ------------------------------------------------------------------ */

enum { SAMPLES = 600 };

/* How many of 100 intervals hold the truth, of samples of `count` values. */
static double coverage(size_t count, bool exponential, bool of_mean, double truth) {
    struct bootstrap bootstrap = {0};
    double values[64];
    int held = 0;
    for (uint64_t sample = 0; sample < SAMPLES; sample++) {
        for (size_t i = 0; i < count; i++) {
            const uint64_t key = random_mix(random_mix(count, sample), i);
            values[i] = exponential ? -log(random_unit(key)) : random_normal(key);
        }
        struct bootstrap_summary it;
        const struct bootstrap_sample drawn = {values, count};
        assert_int_equal(bootstrap_summarise(&bootstrap, drawn, &it, NULL), 0);
        const struct bootstrap_interval interval = of_mean ? it.mean_95 : it.median_95;
        held += interval.low <= truth && truth <= interval.high;
    }
    bootstrap_deinit(&bootstrap);
    return 100.0 * held / SAMPLES;
}

/* Known of the percentile bootstrap: too short with few values (the mean of n normal ones
 * misses by the factor sqrt((n-1)/n) and by z instead of t: 84, 90, 93 and 94 in 100 for
 * 5, 10, 20 and 50). The bands are three standard errors and more. */
static void test_bootstrap_covers_about_as_often_as_it_says(void **state) {
    (void)state;
    static const struct {
        size_t count;
        bool exponential, of_mean;
        double truth, least, most;
    } cases[] = {
        {5, false, true, 0, 79, 88},
        {10, false, true, 0, 86, 94},
        {20, false, true, 0, 89.5, 96},
        {50, false, true, 0, 91, 97},
        {50, true, true, 1, 89, 96},
        {20, false, false, 0, 90, 98},
        {50, true, false, 0.6931471805599453, 91, 98},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double percent = coverage(cases[i].count, cases[i].exponential,
                                        cases[i].of_mean, cases[i].truth);
        if (!(percent >= cases[i].least && percent <= cases[i].most)) {
            fail_msg("case %zu: covers %g in 100", i, percent);
        }
    }
}

/* --- pairs --------------------------------------------------------------------- */

static struct bootstrap_ratio compare_cells(const double *values, const double *against,
                                            size_t count) {
    struct bootstrap bootstrap = {0};
    struct bootstrap_ratio ratio;
    const struct bootstrap_pairs pairs = {values, against, count};
    assert_int_equal(bootstrap_paired_ratio(&bootstrap, pairs, &ratio, NULL), 0);
    bootstrap_deinit(&bootstrap);
    return ratio;
}

/* Two cells that share their noise: each varies by a third, their ratio by a thousandth.
 */
static void test_bootstrap_pairs_cancel_what_cells_share(void **state) {
    (void)state;
    double fast[12], slow[12];
    for (uint64_t i = 0; i < 12; i++) {
        fast[i] = 100 * exp(0.3 * random_normal(random_mix(1, i)));
        slow[i] = fast[i] * 2 * (1 + 0.001 * random_normal(random_mix(2, i)));
    }
    const struct bootstrap_ratio ratio = compare_cells(slow, fast, 12);
    assert_int_equal(ratio.pairs, 12);
    assert_true(fabs(ratio.median - 2) < 0.002);
    assert_true(ratio.median_95.low > 1.995 && ratio.median_95.high < 2.005);
    const struct bootstrap_summary alone = summarise(slow, 12);
    assert_true(alone.median_95.high - alone.median_95.low > 20);
}

static void test_bootstrap_pairs_with_themselves_are_one(void **state) {
    (void)state;
    const double values[] = {0, 3, 5};
    const struct bootstrap_ratio ratio = compare_cells(values, values, 3);
    assert_true(ratio.median == 1 && ratio.median_95.low == 1);
    assert_true(ratio.median_95.high == 1);
}

static void test_bootstrap_pairs_without_a_ratio(void **state) {
    (void)state;
    const double some[] = {1, 2, 3}, zero[] = {1, 0, 1};
    const struct bootstrap_ratio ratio = compare_cells(some, zero, 3);
    assert_true(isnan(ratio.median) && !bootstrap_interval_exists(ratio.median_95));
    const struct bootstrap_ratio nothing = compare_cells(some, some, 0);
    assert_true(nothing.pairs == 0 && isnan(nothing.median));
    const struct bootstrap_ratio one = compare_cells(some, some + 1, 1);
    assert_true(one.median == 0.5 && !bootstrap_interval_exists(one.median_95));
}

static void test_bootstrap_survives_failing_allocations(void **state) {
    (void)state;
    const double values[] = {1, 2, 3};
    struct bootstrap_summary summary = {.count = 99};
    struct bootstrap_ratio ratio = {.pairs = 99};
    struct bootstrap bootstrap = {0};
    const struct bootstrap_sample sample = {values, 3};
    const double others[] = {3, 1, 2};
    const struct bootstrap_pairs pairs = {values, others, 3};
    for (int after = 0; after < 4; after++) {
        memory_fail_after(after);
        assert_int_equal(bootstrap_summarise(&bootstrap, sample, &summary, NULL),
                         ERR_NOMEM);
    }
    for (int after = 0; after < 5; after++) {
        memory_fail_after(after);
        assert_int_equal(bootstrap_paired_ratio(&bootstrap, pairs, &ratio, NULL),
                         ERR_NOMEM);
    }
    memory_fail_after(-1);
    assert_int_equal(bootstrap.count, 0);
    bootstrap_deinit(&bootstrap);
    assert_int_equal(summary.count, 99);
    assert_int_equal(ratio.pairs, 99);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap_equals_the_naive_model),
        cmocka_unit_test(test_bootstrap_does_not_see_the_order),
        cmocka_unit_test(test_bootstrap_interval_holds_its_statistic),
        cmocka_unit_test(test_bootstrap_scales_with_the_unit),
        cmocka_unit_test(test_bootstrap_keeps_its_draws),
        cmocka_unit_test(test_bootstrap_frozen_interval),
        cmocka_unit_test(test_bootstrap_of_one_value_has_no_interval),
        cmocka_unit_test(test_bootstrap_of_equal_values_is_a_point),
        cmocka_unit_test(test_bootstrap_of_infinities),
        cmocka_unit_test(test_bootstrap_covers_about_as_often_as_it_says),
        cmocka_unit_test(test_bootstrap_pairs_cancel_what_cells_share),
        cmocka_unit_test(test_bootstrap_pairs_with_themselves_are_one),
        cmocka_unit_test(test_bootstrap_pairs_without_a_ratio),
        cmocka_unit_test(test_bootstrap_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
