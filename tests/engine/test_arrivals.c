/* SPDX-License-Identifier: MIT */
/* test_arrivals - when jobs arrive: rate, law, and that nothing else has a say in it. */
#include "engine/program/arrivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/random.h"
#include "tests/support/test.h"

static const sim_ns SECOND = 1000000000;

/* The times of that workload; freed with arena_deinit(). */
static struct arrivals make(const struct arrivals_plan *open, uint64_t key,
                            struct arena *arena) {
    const struct plan plan = {.job_count = 7, .arrivals = *open};
    struct arrivals arrivals;
    assert_int_equal(arrivals_init(&arrivals, &plan, key, arena), 0);
    return arrivals;
}

static void test_arrivals_of_a_closed_batch(void **state) {
    (void)state;
    struct arena arena = {0};
    const struct arrivals it = make(&(struct arrivals_plan){0}, 1, &arena);
    assert_int_equal(it.count, 7);
    assert_false(arrivals_are_open(&it));
    assert_int_equal(arrivals_time(&it, 3), 0);
    arena_deinit(&arena);
}

static void test_arrivals_constant(void **state) {
    (void)state;
    struct arena arena = {0};
    const struct arrivals it = make(&(struct arrivals_plan){.kind = ARRIVALS_CONSTANT,
                                                            .burst = 1,
                                                            .rate_per_s = 3,
                                                            .for_ns = 20 * SECOND},
                                    1, &arena);
    assert_int_equal(it.count, 60);
    assert_int_equal(arrivals_time(&it, 0), 333333333);
    assert_int_equal(arrivals_time(&it, 1), 666666667); /* no error adds up */
    assert_int_equal(arrivals_time(&it, 59), 20 * SECOND);
    arena_deinit(&arena);
}

static int compare_times(const void *a, const void *b) {
    const sim_ns x = *(const sim_ns *)a, y = *(const sim_ns *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov, as in test_distribution.c: above 1.95 once in a thousand times.
 */
static double distance_from_exponential(sim_ns *gaps, size_t count, double mean) {
    double largest = 0;
    qsort(gaps, count, sizeof *gaps, compare_times);
    for (size_t i = 0; i < count; i++) {
        const double share = 1 - exp(-(double)gaps[i] / mean);
        largest = fmax(largest, fabs(share - (double)i / (double)count));
        largest = fmax(largest, fabs(share - (double)(i + 1) / (double)count));
    }
    return largest * sqrt((double)count);
}

static void test_arrivals_exponential_is_a_poisson_process(void **state) {
    (void)state;
    struct arena arena = {0};
    const struct arrivals it = make(&(struct arrivals_plan){.kind = ARRIVALS_EXPONENTIAL,
                                                            .burst = 1,
                                                            .rate_per_s = 50,
                                                            .for_ns = 400 * SECOND},
                                    random_key(2, 0), &arena);
    assert_true(fabs(it.count - 20000.0) < 4 * sqrt(20000));
    sim_ns *gaps = arena_alloc(&arena, it.count, sizeof *gaps);
    assert_non_null(gaps);
    double product = 0; /* of neighbouring gaps, as deviations: 0 when independent */
    for (uint32_t i = 0; i < it.count; i++) {
        gaps[i] = arrivals_time(&it, i) - (i > 0 ? arrivals_time(&it, i - 1) : 0);
        assert_true(gaps[i] >= 0);
        if (i > 0) {
            product += ((double)gaps[i] / 2e7 - 1) * ((double)gaps[i - 1] / 2e7 - 1);
        }
    }
    assert_true(fabs(product / it.count) < 4 / sqrt(it.count));
    assert_true(arrivals_time(&it, it.count - 1) <= 400 * SECOND);
    assert_true(distance_from_exponential(gaps, it.count, 2e7) < 1.95);
    arena_deinit(&arena);
}

static void test_arrivals_bursts_keep_the_rate_of_jobs(void **state) {
    (void)state;
    enum { BURST = 8 };
    struct arena arena = {0};
    const struct arrivals it = make(&(struct arrivals_plan){.kind = ARRIVALS_BURSTS,
                                                            .burst = BURST,
                                                            .rate_per_s = 80,
                                                            .for_ns = 1000 * SECOND},
                                    random_key(2, 0), &arena);
    assert_int_equal(it.count % BURST, 0);
    const uint32_t bursts = it.count / BURST;
    assert_true(fabs(bursts - 10000.0) < 4 * sqrt(10000));
    sim_ns *gaps = arena_alloc(&arena, bursts, sizeof *gaps);
    assert_non_null(gaps);
    for (uint32_t i = 0; i < bursts; i++) {
        const sim_ns at = arrivals_time(&it, i * BURST);
        for (uint32_t k = 1; k < BURST; k++) {
            assert_int_equal(arrivals_time(&it, i * BURST + k), at);
        }
        gaps[i] = at - (i > 0 ? arrivals_time(&it, (i - 1) * BURST) : 0);
    }
    assert_true(distance_from_exponential(gaps, bursts, 1e8) < 1.95);
    arena_deinit(&arena);
}

/* Bursts of n every n / rate seconds: every window of a whole number of such times has rate
 * times as many jobs as it has seconds, and the last burst is at its end. */
static void test_arrivals_constant_bursts(void **state) {
    (void)state;
    static const struct {
        double rate;
        uint32_t burst;
        sim_ns every_ns; /* rounded */
    } cases[] = {{3, 1, 333333333},
                 {3, 7, 2333333333},
                 {1000, 64, 64000000},
                 {0.5, 4, 8000000000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum { BURSTS = 1000 };
        struct arena arena = {0};
        const uint32_t burst = cases[i].burst;
        const double seconds = (double)burst * BURSTS / cases[i].rate;
        struct arrivals_plan open = {.kind = ARRIVALS_CONSTANT,
                                     .burst = burst,
                                     .rate_per_s = cases[i].rate,
                                     .for_ns = (sim_ns)ceil(seconds * 1e9)};
        const struct arrivals it = make(&open, 1, &arena);
        assert_int_equal(it.count, BURSTS * burst);
        assert_int_equal(it.count, llround(cases[i].rate * seconds));
        for (uint32_t k = 0; k < it.count; k++) {
            const uint32_t nth = k / burst;
            assert_int_equal(arrivals_time(&it, k), arrivals_time(&it, nth * burst));
            const sim_ns gap = arrivals_time(&it, k) -
                               (nth > 0 ? arrivals_time(&it, (nth - 1) * burst) : 0);
            assert_true(llabs(gap - cases[i].every_ns) <= 1); /* no error adds up */
        }
        assert_true(open.for_ns - arrivals_time(&it, it.count - 1) <= 1);
        open.for_ns -= 2;
        assert_int_equal(make(&open, 1, &arena).count, (BURSTS - 1) * burst);
        arena_deinit(&arena);
    }
}

/* A longer window continues the sequence, another rate stretches it, another repetition is
 * another one; how many jobs a batch would have does not matter. */
static void test_arrivals_are_drawn_by_number(void **state) {
    (void)state;
    struct arena arena = {0};
    struct arrivals_plan open = {.kind = ARRIVALS_EXPONENTIAL,
                                 .burst = 1,
                                 .rate_per_s = 50,
                                 .for_ns = 10 * SECOND};
    const struct arrivals it = make(&open, random_key(1, 0), &arena);
    const struct arrivals other = make(&open, random_key(1, 1), &arena);
    open.for_ns *= 2;
    const struct arrivals longer = make(&open, random_key(1, 0), &arena);
    open.rate_per_s *= 2;
    open.for_ns /= 2;
    const struct arrivals denser = make(&open, random_key(1, 0), &arena);
    assert_true(longer.count > it.count);
    assert_memory_equal(longer.at, it.at, it.count * sizeof *it.at);
    for (uint32_t i = 0; i < it.count; i++) {
        assert_true(llabs(2 * denser.at[i] - it.at[i]) <= (int64_t)i + 1); /* rounding */
    }
    assert_true(other.at[0] != it.at[0]);
    arena_deinit(&arena);
}

static void test_arrivals_may_be_none(void **state) {
    (void)state;
    struct arena arena = {0};
    const struct arrivals it = make(
        &(struct arrivals_plan){
            .kind = ARRIVALS_CONSTANT, .burst = 1, .rate_per_s = 0.5, .for_ns = SECOND},
        1, &arena);
    assert_int_equal(it.count, 0);
    assert_true(arrivals_are_open(&it));
    arena_deinit(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrivals_of_a_closed_batch),
        cmocka_unit_test(test_arrivals_constant),
        cmocka_unit_test(test_arrivals_exponential_is_a_poisson_process),
        cmocka_unit_test(test_arrivals_bursts_keep_the_rate_of_jobs),
        cmocka_unit_test(test_arrivals_constant_bursts),
        cmocka_unit_test(test_arrivals_are_drawn_by_number),
        cmocka_unit_test(test_arrivals_may_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
