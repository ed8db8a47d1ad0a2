/* SPDX-License-Identifier: MIT */
/* What limits a cell: each word at its threshold and beside it. */
#include "engine/analysis/limit.h"

#include <math.h>

#include "tests/support/test.h"

static enum limit limit_with(enum metric_id id, double value, enum metric_id other,
                             double other_value) {
    double metric[METRIC_COUNT];
    for (int i = 0; i < METRIC_COUNT; i++) {
        metric[i] = NAN;
    }
    metric[METRIC_MAKESPAN_US] = 1000;
    metric[id] = value;
    metric[other] = other_value;
    return limit_of(metric);
}

static void test_limit_thresholds(void **state) {
    (void)state;
    const enum metric_id cores = METRIC_CORE_UTILISATION, held = METRIC_GIL_HELD_SHARE,
                         wait = METRIC_GIL_WAIT_SHARE, poll = METRIC_LOOP_POLL_SHARE,
                         lock = METRIC_LOCK_WAIT_US, cpu = METRIC_CPU_US;
    assert_int_equal(limit_with(cores, 0.9, cpu, 5000), LIMIT_CORES);
    assert_int_equal(limit_with(cores, 0.89, cpu, 100), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(held, 0.9, wait, 0.05), LIMIT_GIL);
    assert_int_equal(limit_with(held, 1, wait, 0), LIMIT_SERIAL);
    assert_int_equal(limit_with(held, 0.5, cpu, 1000), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(held, 0.8, wait, 0.5), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(poll, 0.09, cpu, 1000), LIMIT_LOOP);
    assert_int_equal(limit_with(poll, 0.2, cpu, 950), LIMIT_SERIAL);
    assert_int_equal(limit_with(cpu, 1100, lock, 0), LIMIT_SERIAL);
    assert_int_equal(limit_with(cpu, 1101, lock, 0), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(lock, 500, cpu, 100), LIMIT_LOCK);
    assert_int_equal(limit_with(lock, 499, cpu, 100), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(cpu, NAN, lock, NAN), LIMIT_OUTSIDE);
}

static void test_limit_names(void **state) {
    (void)state;
    for (int i = 0; i < LIMIT_COUNT; i++) {
        assert_non_null(limit_name((enum limit)i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_thresholds),
        cmocka_unit_test(test_limit_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
