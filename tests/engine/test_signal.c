/* SPDX-License-Identifier: MIT */
/* Signals: the main thread runs their handlers, and what it takes until it can. */
#include "tests/support/test.h"

#include "engine/analysis/run.h"
#include "engine/python/runtime_table.h"

/* `threads` threads compute for 40 ms each; a signal arrives after `at_ms`. */
static void run(struct run_result *result, const char *runtime, uint32_t threads,
                sim_ns at_ms) {
    struct step step = {.kind = STEP_PYTHON,
                        .end = 1,
                        .site = SITE_NONE,
                        .time = {.kind = DISTRIBUTION_CONSTANT, .a = 40 * NS_PER_MS}};
    struct actor_plan actor = {
        .name = "spinner", .kind = ACTOR_THREAD, .count = threads, .steps = {0, 1}};
    struct signal_plan signal = {at_ms * NS_PER_MS, 1000};
    struct plan plan = {
        .seed = 1,
        .machine = machine_profile_find("linux-desktop")->machine,
        .runtime = runtime_row_find(runtime)->runtime,
        .limits = {.events = 50000000, .virtual_ns = 600 * NS_PER_S, .spans = 50000000},
        .steps = &step,
        .step_count = 1,
        .actors = &actor,
        .actor_count = 1,
        .signals = &signal,
        .signal_count = at_ms > 0,
    };
    struct err err = {0};
    const struct run_options options = {0};
    assert_int_equal(run_execute(result, &plan, &options, &err), 0);
    assert_int_equal(result->status, RUN_DONE);
}

static double latency_ms(const char *runtime, uint32_t threads) {
    struct run_result result;
    run(&result, runtime, threads, 10);
    const double ms = result.metric[METRIC_SIGNAL_LATENCY_MAX_US] / 1e3;
    run_result_deinit(&result);
    return ms;
}

/* 2.7: Ctrl-C appears dead until the thread that main joins has ended. */
static void test_signal_waits_for_join_under_the_tick_gil(void **state) {
    (void)state;
    assert_true(latency_ms("cpython-2.7", 1) > 29.0);
    assert_true(latency_ms("cpython-2.7", 2) > 29.0);
}

/* 3.2+: join() is interrupted, and the main thread waits for the GIL like anybody. */
static void test_signal_waits_for_the_gil_from_3_2(void **state) {
    (void)state;
    static const char *const runtimes[] = {"cpython-3.2", "cpython-3.9", "cpython-3.14"};
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        const double one = latency_ms(runtimes[i], 1);
        assert_true(one > 4.9 && one < 6.0);
        const double four = latency_ms(runtimes[i], 4);
        assert_true(four > 4.9 && four < 30.0);
    }
    assert_true(latency_ms("cpython-3.14t", 2) < 1.0);
}

/* While a signal is pending each tick is a check: the battle at a hundred times the rate. */
static void test_signal_hurries_the_battle(void **state) {
    (void)state;
    struct run_result calm, hurried;
    run(&calm, "cpython-2.7", 2, 0);
    run(&hurried, "cpython-2.7", 2, 10);
    assert_true(hurried.metric[METRIC_GIL_FORCED_DROPS] >
                5 * calm.metric[METRIC_GIL_FORCED_DROPS]);
    assert_true(hurried.metric[METRIC_MAKESPAN_US] > calm.metric[METRIC_MAKESPAN_US]);
    assert_true(calm.metric[METRIC_SIGNAL_LATENCY_MAX_US] !=
                calm.metric[METRIC_SIGNAL_LATENCY_MAX_US]); /* not a number */
    run_result_deinit(&calm);
    run_result_deinit(&hurried);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signal_waits_for_join_under_the_tick_gil),
        cmocka_unit_test(test_signal_waits_for_the_gil_from_3_2),
        cmocka_unit_test(test_signal_hurries_the_battle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
