/* SPDX-License-Identifier: MIT */
/* test_metrics - the table of metrics, and their values for runs that can be worked out.
 */
#include <math.h>
#include <string.h>

#include "tests/support/plans.h"
#include "tests/support/test.h"

static void test_metrics_table_is_complete(void **state) {
    (void)state;
    static const char *const units[] = {"us", "1/s", "ratio", "count", "bytes"};
    for (int i = 0; i < METRIC_COUNT; i++) {
        assert_non_null(metrics[i].name);
        assert_int_equal(metric_find(metrics[i].name), i);
        assert_true(strlen(metrics[i].meaning) > 0);
        assert_true(strlen(metric_better_name(metrics[i].better)) > 0);
        int known = 0;
        for (int k = 0; k < 5; k++) {
            known += strcmp(metrics[i].unit, units[k]) == 0;
        }
        assert_int_equal(known, 1);
        const size_t length = strlen(metrics[i].name);
        if (strcmp(metrics[i].unit, "us") == 0) {
            assert_string_equal(metrics[i].name + length - 3, "_us");
        }
    }
    assert_int_equal(metric_find("makespan"), METRIC_COUNT);
    assert_int_equal(metric_find(""), METRIC_COUNT);
}

static void execute(struct plan *plan, struct run_result *result) {
    struct err err = {0};
    if (run_execute(result, plan, &(struct run_options){0}, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(result->status, RUN_DONE);
}

static void assert_metric(const struct run_result *result, enum metric_id id,
                          double expected) {
    if (!(fabs(result->metric[id] - expected) <= 1e-9 * fabs(expected) + 1e-12)) {
        fail_msg("%s is %g, must be %g", metrics[id].name, result->metric[id], expected);
    }
}

/*
 * Two threads compute 12 ms each and nothing costs anything: slices of 5.001 ms (interval
 * and the next check point), the second thread's last slice begins at 15.004 ms.
 */
static void test_metrics_of_two_threads(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan_thread(&plan, "t", 2, false, "python 12ms");
    execute(&plan, &result);
    assert_metric(&result, METRIC_MAKESPAN_US, 24000);
    assert_metric(&result, METRIC_PYTHON_US, 24000);
    assert_metric(&result, METRIC_CPU_US, 24000);
    assert_metric(&result, METRIC_CORE_UTILISATION, 0.25); /* of four cores */
    assert_metric(&result, METRIC_GIL_HELD_SHARE, 1);
    assert_metric(&result, METRIC_READY_US, 0);
    assert_true(isnan(result.metric[METRIC_LATENCY_P50_US])); /* no units */
    assert_true(isnan(result.metric[METRIC_LOOP_ITERATIONS]));
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* 10 requests of 3 ms each: latency and throughput need no simulation. */
static void test_metrics_of_requests(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.14t");
    plan_make_free(&plan);
    plan_thread(&plan, "t", 1, false, "sleep 70ms repeat 10 { python 1ms io 2ms }");
    execute(&plan, &result);
    assert_metric(&result, METRIC_MAKESPAN_US, 100000);
    assert_metric(&result, METRIC_THROUGHPUT_PER_S, 100);
    assert_metric(&result, METRIC_LATENCY_MEAN_US, 3000);
    assert_metric(&result, METRIC_LATENCY_P99_US, 3000);
    assert_metric(&result, METRIC_LATENCY_P999_US, 3000);
    assert_metric(&result, METRIC_LATENCY_MAX_US, 3000);
    assert_metric(&result, METRIC_CPU_US, 10000);
    assert_true(isnan(result.metric[METRIC_GIL_WAIT_US])); /* there is none */
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static void test_metrics_of_a_loop(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    const uint32_t loop = plan_loop(&plan, "server", 1, false);
    plan_task(&plan, loop, "t", 1, "await_sleep 9ms python 1ms");
    execute(&plan, &result);
    assert_metric(&result, METRIC_MAKESPAN_US, 10000);
    assert_metric(&result, METRIC_LOOP_POLL_SHARE, 0.9);
    assert_metric(&result, METRIC_LOOP_ITERATIONS, 5);
    assert_metric(&result, METRIC_LOOP_LAG_MAX_US, 0);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* The same two threads: the GIL is held for 5.001 ms three times, for 1.998 and for 6.999
 * ms; the main thread, which starts and joins them, waits for it as well. */
static void test_metrics_of_holds_and_waits(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan_thread(&plan, "t", 2, false, "python 12ms");
    execute(&plan, &result);
    for (int id = HISTOGRAM_GIL_HOLD; id <= HISTOGRAM_GIL_WAIT; id++) {
        const struct run_histogram *histogram = &result.histograms[id];
        assert_int_equal(histogram->count, 5);
        assert_int_equal(histogram->min_ns, 1998000);
        assert_int_equal(histogram->max_ns, 6999000);
        assert_true(histogram->sum_ns == 24e6);
        assert_int_equal(histogram->bucket_count, 3);
        assert_int_equal(histogram->counts[1], 3);
        assert_true(histogram->upper_ns[1] >= 5001000 &&
                    (double)histogram->upper_ns[1] <= 5001000 * 1.008);
    }
    assert_metric(&result, METRIC_GIL_WAIT_US, 24000);
    assert_metric(&result, METRIC_GIL_HOLD_MAX_US, 6999);
    assert_metric(&result, METRIC_GIL_WAIT_P999_US, 6999);
    assert_true(result.metric[METRIC_GIL_WAIT_P50_US] >= 5001 &&
                result.metric[METRIC_GIL_WAIT_P50_US] <= 5001 * 1.008);
    assert_int_equal(result.histograms[HISTOGRAM_LOCK_WAIT].count, 0);
    assert_true(isnan(result.metric[METRIC_LOCK_WAIT_P50_US]));
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static bool is_native(const struct run_result *result, lane_id lane) {
    return strncmp(lane_table_lane(&result->lanes, lane).name, "native ", 7) == 0;
}

/* Native threads live long and want no GIL: however many there are, the share is that of
 * the threads that can wait for it. */
static void test_metrics_gil_wait_share_is_of_python_threads(void **state) {
    (void)state;
    static const uint32_t native[] = {1, 4, 16};
    for (size_t k = 0; k < sizeof native / sizeof native[0]; k++) {
        struct plan plan;
        struct run_result result;
        double life = 0, others = 0;
        plan_begin(&plan, "ideal", "cpython-3.12");
        plan.machine.cores = 32;
        plan_thread(&plan, "t", 2, false, "c_released 16ms repeat 10 { python 10ms }");
        plan.steps[0].threads = native[k];
        execute(&plan, &result);
        for (lane_id i = 0; (size_t)i < result.lanes.count; i++) {
            const struct lane_total lane = lane_table_total(&result.lanes, i);
            if (lane.lane.kind == LANE_THREAD) {
                *(is_native(&result, i) ? &others : &life) +=
                    (double)(lane.died_ns - lane.lane.born_ns);
            }
        }
        assert_true(native[k] == 1 ? others == 0 : others > life / 2);
        assert_metric(&result, METRIC_GIL_WAIT_SHARE,
                      result.metric[METRIC_GIL_WAIT_US] * 1e3 / life);
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
}

/* One core: whoever has had its slice while another waits is preempted. */
static void test_metrics_of_preemptions(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.14t");
    plan_make_free(&plan);
    plan.machine.cores = 1;
    plan.machine.slice_ns = 3 * NS_PER_MS;
    plan_thread(&plan, "t", 2, false, "python 12ms");
    execute(&plan, &result);
    assert_metric(&result, METRIC_MAKESPAN_US, 24000);
    assert_true(result.metric[METRIC_PREEMPTIONS] >= 6);
    assert_true(result.metric[METRIC_PREEMPTIONS] <
                result.metric[METRIC_CONTEXT_SWITCHES]);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* --- memory -------------------------------------------------------------------- */

static void test_metrics_memory_of_threads(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_thread(&plan, "t", 3, false, "sleep 50ms python 1ms");
    execute(&plan, &result);
    assert_metric(&result, METRIC_MEMORY_PEAK_BYTES,
                  (double)(plan.runtime.process_bytes + 3 * plan.runtime.thread_bytes));
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static void test_metrics_memory_of_processes(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_jobs(&plan, 20, "python 20ms");
    plan_strategy(&plan, STRATEGY_PROCESSES, 4);
    execute(&plan, &result);
    assert_metric(&result, METRIC_MEMORY_PEAK_BYTES,
                  (double)(plan.runtime.process_bytes + 4 * plan.runtime.fork_bytes +
                           2 * plan.runtime.thread_bytes)); /* manager, feeder */
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* A loop costs asyncio once, however many loops the process has. */
static void test_metrics_memory_of_loops(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    const uint32_t loop = plan_loop(&plan, "server", 2, false);
    plan_task(&plan, loop, "t", 7, "await_sleep 90ms");
    execute(&plan, &result);
    assert_metric(&result, METRIC_MEMORY_PEAK_BYTES,
                  (double)(plan.runtime.process_bytes + 2 * plan.runtime.thread_bytes +
                           plan.runtime.asyncio_bytes + 14 * plan.runtime.task_bytes));
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* Neither the process at the other end of a socket nor threads without Python cost what
 * Python costs. */
static void test_metrics_memory_of_others(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_sized(&plan, "peer", OBJECT_PEER, NS_PER_MS);
    plan_thread(&plan, "t", 2, false, "c_released 9ms send peer 5us recv peer");
    plan.steps[0].threads = 4;
    execute(&plan, &result);
    size_t native = 0, processes = 0;
    for (lane_id i = 0; (size_t)i < result.lanes.count; i++) {
        native += is_native(&result, i);
        processes += lane_table_kind(&result.lanes, i) == LANE_PROCESS;
    }
    assert_int_equal(native, 6);
    assert_int_equal(processes, 2);
    assert_metric(&result, METRIC_MEMORY_PEAK_BYTES,
                  (double)(plan.runtime.process_bytes + 2 * plan.runtime.thread_bytes));
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static void test_metrics_histograms_have_names(void **state) {
    (void)state;
    for (int i = 0; i < RUN_HISTOGRAM_COUNT; i++) {
        assert_int_equal(run_histogram_find(run_histograms[i].name), i);
        assert_true(strlen(run_histograms[i].meaning) > 0);
    }
    assert_int_equal(run_histogram_find("wait"), RUN_HISTOGRAM_COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_table_is_complete),
        cmocka_unit_test(test_metrics_of_two_threads),
        cmocka_unit_test(test_metrics_of_requests),
        cmocka_unit_test(test_metrics_of_a_loop),
        cmocka_unit_test(test_metrics_of_holds_and_waits),
        cmocka_unit_test(test_metrics_gil_wait_share_is_of_python_threads),
        cmocka_unit_test(test_metrics_of_preemptions),
        cmocka_unit_test(test_metrics_memory_of_threads),
        cmocka_unit_test(test_metrics_memory_of_processes),
        cmocka_unit_test(test_metrics_memory_of_loops),
        cmocka_unit_test(test_metrics_memory_of_others),
        cmocka_unit_test(test_metrics_histograms_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
