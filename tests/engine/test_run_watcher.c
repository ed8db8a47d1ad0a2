/* SPDX-License-Identifier: MIT */
/*
 * test_run_watcher - what is shown of a run while it goes on is what the same plan has when it
 * is limited to that time, and to look changes nothing.
 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/plans.h"

enum { SHOWN_MAX = 4000, COMPARED = 12 };

struct watch {
    struct run_watcher watcher;
    struct run_so_far *shown;
    size_t count, asked;
    size_t every; /* says yes to each so-manieth question */
};

static bool wants(void *context) {
    struct watch *watch = context;
    return ++watch->asked % watch->every == 0 && watch->count < SHOWN_MAX;
}

static void show(void *context, const struct run_so_far *so_far) {
    struct watch *watch = context;
    watch->shown[watch->count++] = *so_far;
}

static void watch_init(struct watch *watch, size_t every) {
    *watch = (struct watch){.watcher = {watch, wants, show}, .every = every};
    watch->shown = calloc(SHOWN_MAX, sizeof *watch->shown);
    assert_non_null(watch->shown);
}

static void execute(const struct plan *plan, const struct run_watcher *watcher,
                    struct run_result *result) {
    struct err err = {0};
    const struct run_options options = {.watcher = watcher};
    if (run_execute(result, plan, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

/* Bit by bit: NaN is the same as NaN. */
static void expect_metrics(const double *shown, const double *expected, sim_ns now) {
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (memcmp(&shown[i], &expected[i], sizeof shown[i]) != 0) {
            fail_msg("%s at %lld ns is %.17g, must be %.17g", metrics[i].name,
                     (long long)now, shown[i], expected[i]);
        }
    }
}

/* The lanes that are still alive then end there, which is no part of what is shown. */
static void expect_as_limited(const struct plan *plan, const struct run_so_far *shown) {
    struct plan limited = *plan;
    struct run_result result;
    limited.limits.virtual_ns = shown->now_ns;
    execute(&limited, NULL, &result);
    assert_int_equal(result.status, RUN_LIMITED);
    assert_int_equal(result.duration_ns, shown->now_ns);
    assert_true(shown->transitions < result.transitions);
    assert_true(shown->transitions + result.lanes.count >= result.transitions);
    expect_metrics(shown->metric, result.metric, shown->now_ns);
    assert_int_equal(shown->units, result.histograms[HISTOGRAM_LATENCY].count);
    run_result_deinit(&result);
}

static void expect_order(const struct watch *watch) {
    for (size_t i = 1; i < watch->count; i++) {
        assert_true(watch->shown[i].now_ns > watch->shown[i - 1].now_ns);
        assert_true(watch->shown[i].transitions >= watch->shown[i - 1].transitions);
        assert_true(watch->shown[i].spans >= watch->shown[i - 1].spans);
        assert_true(watch->shown[i].units >= watch->shown[i - 1].units);
    }
}

/* Also what ends by a limit of events does so at the same place. */
static void test_plan(struct plan *plan, size_t least) {
    struct run_result without, with;
    struct watch watch;
    execute(plan, NULL, &without);
    watch_init(&watch, 1);
    execute(plan, &watch.watcher, &with);
    assert_int_equal(without.status, with.status);
    assert_int_equal(without.fingerprint, with.fingerprint);
    expect_metrics(with.metric, without.metric, with.duration_ns);
    assert_true(watch.count >= least);
    expect_order(&watch);
    const size_t step = watch.count / COMPARED + 1;
    for (size_t i = 0; i < watch.count; i += step) {
        expect_as_limited(plan, &watch.shown[i]);
    }
    run_result_deinit(&with);
    plan->limits.events = without.transitions / 2;
    run_result_deinit(&without);
    watch.every = 3;
    execute(plan, NULL, &without);
    execute(plan, &watch.watcher, &with);
    assert_int_equal(without.status, RUN_LIMITED);
    assert_int_equal(without.fingerprint, with.fingerprint);
    run_result_deinit(&without);
    run_result_deinit(&with);
    free(watch.shown);
    plan_deinit(plan);
}

static void test_run_watcher_of_threads(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_object(&plan, "queue", OBJECT_SIMPLE_QUEUE);
    plan_object(&plan, "n", OBJECT_COUNTER);
    plan_thread(&plan, "worker", 5, false,
                "repeat 150 { python exp:1ms with lock { io exp:200us } put queue "
                "allocate 900 update n 1us }");
    plan_thread(&plan, "reader", 1, false, "repeat 750 { get queue }");
    plan_thread(&plan, "sleeper", 70, false, "sleep 100ms python 1ms");
    plan.machine.quota_ns = 20 * NS_PER_MS;
    plan.machine.quota_period_ns = 50 * NS_PER_MS;
    test_plan(&plan, 20);
}

/* Nothing is due but what the thread itself does: it never leaves its core. */
static void test_run_watcher_of_one_thread(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan_jobs(&plan, 20000, "python exp:1ms");
    plan_strategy(&plan, STRATEGY_SEQUENTIAL, 1);
    test_plan(&plan, 10);
}

static void test_run_watcher_of_free_threads(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.14t");
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_object(&plan, "n", OBJECT_COUNTER);
    plan_thread(&plan, "t", 6, false,
                "repeat 300 { python exp:100us with lock { python 5us } allocate 2000 "
                "update n 1us sleep exp:50us }");
    test_plan(&plan, 10);
}

static void test_run_watcher_of_tasks(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_jobs(&plan, 1, "python exp:1ms sleep exp:20ms python exp:100us");
    plan_strategy(&plan, STRATEGY_ASYNCIO, 1000);
    plan.job_count = 0;
    plan.arrivals = (struct arrivals_plan){.kind = ARRIVALS_EXPONENTIAL,
                                           .burst = 1,
                                           .rate_per_s = 500,
                                           .for_ns = 2 * NS_PER_S};
    test_plan(&plan, 10);
}

static void test_run_watcher_of_processes(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_jobs(&plan, 400, "python exp:1ms io exp:1ms");
    plan_strategy(&plan, STRATEGY_PROCESSES, 4);
    test_plan(&plan, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_watcher_of_threads),
        cmocka_unit_test(test_run_watcher_of_one_thread),
        cmocka_unit_test(test_run_watcher_of_free_threads),
        cmocka_unit_test(test_run_watcher_of_tasks),
        cmocka_unit_test(test_run_watcher_of_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
