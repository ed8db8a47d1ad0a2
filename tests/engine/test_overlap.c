/* SPDX-License-Identifier: MIT */
/* test_overlap - levels of intervals, against a count of every nanosecond. */
#include "engine/analysis/overlap.h"
#include "engine/base/memory.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

enum { END_NS = 60 };

static void add(struct overlap *overlap, sim_ns from, sim_ns to, int64_t weight) {
    assert_int_equal(overlap_add(overlap, from, to, weight, NULL), 0);
}

static void test_overlap_example(void **state) {
    (void)state;
    struct overlap overlap = {0};
    add(&overlap, 10, 20, 1);
    add(&overlap, 15, 30, 1);
    add(&overlap, 30, 31, 1); /* goes on where the one before ends */
    add(&overlap, 5, 5, 9);   /* nothing */
    const struct overlap_level one = overlap_at_least(&overlap, 1);
    assert_int_equal(one.total_ns, 21);
    assert_int_equal(one.from_ns, 10);
    assert_int_equal(one.to_ns, 31);
    const struct overlap_level two = overlap_at_least(&overlap, 2);
    assert_int_equal(two.total_ns, 5);
    assert_int_equal(two.from_ns, 15);
    assert_int_equal(two.to_ns, 20);
    assert_int_equal(overlap_at_least(&overlap, 3).total_ns, 0);
    assert_int_equal(overlap_peak(&overlap), 2);
    overlap_deinit(&overlap);
}

static void test_overlap_of_nothing(void **state) {
    (void)state;
    struct overlap overlap = {0};
    assert_int_equal(overlap_peak(&overlap), 0);
    assert_int_equal(overlap_at_least(&overlap, 1).total_ns, 0);
    overlap_deinit(&overlap);
}

static void expect_level(struct overlap *overlap, const int64_t *level, int64_t least) {
    sim_ns total = 0, longest = 0, length = 0;
    for (int at = 0; at < END_NS; at++) {
        length = level[at] >= least ? length + 1 : 0;
        total += level[at] >= least;
        longest = length > longest ? length : longest;
    }
    const struct overlap_level found = overlap_at_least(overlap, least);
    assert_int_equal(found.total_ns, total);
    assert_int_equal(found.to_ns - found.from_ns, longest);
    for (sim_ns at = found.from_ns; at < found.to_ns; at++) {
        assert_true(level[at] >= least);
    }
}

/* Weights below zero, too. */
static void test_overlap_like_counting(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct dice dice = dice_make(seed);
        struct overlap overlap = {0};
        int64_t level[END_NS] = {0}, peak = 0;
        for (int i = 0; i < 8; i++) {
            const sim_ns from = dice_between(&dice, 0, END_NS);
            const sim_ns to = dice_between(&dice, from, END_NS);
            const int64_t weight = dice_between(&dice, -1, 3);
            add(&overlap, from, to, weight);
            for (sim_ns at = from; at < to; at++) {
                level[at] += weight;
            }
        }
        for (int at = 0; at < END_NS; at++) {
            peak = level[at] > peak ? level[at] : peak;
        }
        assert_int_equal(overlap_peak(&overlap), peak);
        for (int64_t least = 1; least <= peak + 1; least++) {
            expect_level(&overlap, level, least);
        }
        overlap_deinit(&overlap);
    }
}

static void test_overlap_without_memory(void **state) {
    (void)state;
    struct overlap overlap = {0};
    struct err err = {0};
    memory_fail_after(0);
    assert_int_equal(overlap_add(&overlap, 0, 1, 1, &err), ERR_NOMEM);
    memory_fail_after(-1);
    assert_int_equal(overlap_peak(&overlap), 0);
    add(&overlap, 0, 1, 1);
    assert_int_equal(overlap_peak(&overlap), 1);
    overlap_deinit(&overlap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlap_example),
        cmocka_unit_test(test_overlap_of_nothing),
        cmocka_unit_test(test_overlap_like_counting),
        cmocka_unit_test(test_overlap_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
