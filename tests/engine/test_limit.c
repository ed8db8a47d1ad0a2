/* SPDX-License-Identifier: MIT */
/* What limits a cell: each word at its threshold and beside it, and of runs of which it is
 * known. */
#include "engine/analysis/limit.h"

#include <math.h>

#include "tests/support/plans.h"
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
    assert_int_equal(limit_with(held, 0.8, wait, 0.34), LIMIT_GIL);
    assert_int_equal(limit_with(held, 0.8, wait, 0.33), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(poll, 0.09, cpu, 1000), LIMIT_LOOP);
    assert_int_equal(limit_with(poll, 0.2, cpu, 950), LIMIT_SERIAL);
    assert_int_equal(limit_with(cpu, 1100, lock, 0), LIMIT_SERIAL);
    assert_int_equal(limit_with(cpu, 1101, lock, 0), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(lock, 500, cpu, 100), LIMIT_LOCK);
    assert_int_equal(limit_with(lock, 499, cpu, 100), LIMIT_OUTSIDE);
    assert_int_equal(limit_with(cpu, NAN, lock, NAN), LIMIT_OUTSIDE);
}

/* Four units in progress, each of 4 ms: they compute, or wait for something. */
static void test_limit_of_too_few_workers(void **state) {
    (void)state;
    double metric[METRIC_COUNT];
    for (int i = 0; i < METRIC_COUNT; i++) {
        metric[i] = NAN;
    }
    metric[METRIC_MAKESPAN_US] = 1e6;
    metric[METRIC_LATENCY_MEAN_US] = 4000;
    metric[METRIC_THROUGHPUT_PER_S] = 1000;
    metric[METRIC_CPU_US] = 3.6e6;
    assert_int_equal(limit_of(metric), LIMIT_WORKERS);
    metric[METRIC_CPU_US] = 3.59e6;
    assert_int_equal(limit_of(metric), LIMIT_OUTSIDE);
    /* Of arrivals the time in the queue is no work, and some that are few are no limit. */
    metric[METRIC_CPU_US] = 3.6e6;
    metric[METRIC_ARRIVALS] = 1000;
    metric[METRIC_SERVICE_MEAN_US] = 4000;
    metric[METRIC_LATENCY_MEAN_US] = NAN;
    metric[METRIC_UNSTABLE] = 1;
    assert_int_equal(limit_of(metric), LIMIT_WORKERS);
    metric[METRIC_UNSTABLE] = 0;
    assert_int_equal(limit_of(metric), LIMIT_OUTSIDE);
}

/* --- runs ---------------------------------------------------------------------- */

struct limited {
    const char *runtime, *steps;
    enum strategy_kind kind;
    uint32_t workers, cores;
};

static enum limit limit_of_run(const struct limited *limited) {
    struct plan plan;
    struct run_result result;
    struct err err = {0};
    plan_begin(&plan, "linux-desktop", limited->runtime);
    plan.machine.cores = limited->cores;
    plan_jobs(&plan, 800, limited->steps);
    plan_strategy(&plan, limited->kind, limited->workers);
    if (run_execute(&result, &plan, &(struct run_options){0}, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(result.status, RUN_DONE);
    const enum limit limit = limit_of(result.metric);
    run_result_deinit(&result);
    plan_deinit(&plan);
    return limit;
}

#define expect_limit(expected, ...)                                                      \
    assert_int_equal(limit_of_run(&(struct limited){__VA_ARGS__}), expected)

/* The outside world is blamed only where something waits for it. */
static void test_limit_of_runs(void **state) {
    (void)state;
    const enum strategy_kind threads = STRATEGY_THREADS, processes = STRATEGY_PROCESSES;
    expect_limit(LIMIT_WORKERS, "cpython-3.14t", "python 3ms", threads, 8, 16);
    expect_limit(LIMIT_WORKERS, "cpython-3.12", "python 3ms", processes, 8, 16);
    expect_limit(LIMIT_WORKERS, "cpython-3.12", "python 30ms", processes, 30, 64);
    expect_limit(LIMIT_WORKERS, "cpython-3.12", "c_released 3ms", threads, 8, 16);
    expect_limit(LIMIT_CORES, "cpython-3.14t", "python 3ms", threads, 8, 8);
    expect_limit(LIMIT_OUTSIDE, "cpython-3.14t", "python 1ms io 2ms", threads, 8, 16);
    expect_limit(LIMIT_OUTSIDE, "cpython-3.12", "python 10us io 2ms", threads, 8, 16);
    expect_limit(LIMIT_SERIAL, "cpython-3.14t", "python 3ms", STRATEGY_SEQUENTIAL, 0, 16);
}

/* At each hand-over the GIL is free until the next thread is awake. */
static void test_limit_of_a_gil_that_is_handed_over(void **state) {
    (void)state;
    static const char blocking[] = "python 500us io 2ms";
    static const char calling[] = "python 100us c_released 500us";
    const enum strategy_kind threads = STRATEGY_THREADS;
    expect_limit(LIMIT_GIL, "cpython-3.12", blocking, threads, 8, 2);
    expect_limit(LIMIT_GIL, "cpython-3.12", calling, threads, 8, 8);
    expect_limit(LIMIT_OUTSIDE, "cpython-3.12", blocking, threads, 2, 2);
    expect_limit(LIMIT_CORES, "cpython-3.14t", calling, threads, 8, 8);
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
        cmocka_unit_test(test_limit_of_too_few_workers),
        cmocka_unit_test(test_limit_of_runs),
        cmocka_unit_test(test_limit_of_a_gil_that_is_handed_over),
        cmocka_unit_test(test_limit_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
