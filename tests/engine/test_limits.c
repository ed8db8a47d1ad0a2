/* SPDX-License-Identifier: MIT */
/*
 * test_limits - runs that would not end, or not soon, end cleanly at the limit that the
 * document sets, and say which one it was.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

static void expect_limited(struct plan *plan, const struct sink *sink,
                           const char *reason) {
    struct run_result result;
    assert_int_equal(
        run_execute(&result, plan, &(struct run_options){.sink = sink}, NULL), 0);
    assert_int_equal(result.status, RUN_LIMITED);
    if (strstr(result.reason, reason) == NULL) {
        fail_msg("'%s' does not speak of '%s'", result.reason, reason);
    }
    assert_true(result.fingerprint != 0);
    run_result_deinit(&result);
}

static void test_limits_ends_at_each_limit(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_thread(&plan, "t", 2, false, "repeat 1000000000 { python 1ms io 1ms }");
    const struct limits wide = plan.limits;

    plan.limits.events = 5000;
    expect_limited(&plan, NULL, "5000 transitions");
    plan.limits = wide;
    plan.limits.virtual_ns = 1500 * NS_PER_MS;
    expect_limited(&plan, NULL, "1.5 s of virtual time");
    plan.limits = wide;
    plan.limits.spans = 3000;
    struct timeline timeline;
    timeline_init(&timeline);
    expect_limited(&plan, &timeline.sink, "3000 spans");
    struct violation violation;
    assert_true(timeline_is_sound(&timeline, &violation));
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

static void test_limits_time_limit_is_exact(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_thread(&plan, "t", 1, false, "python 10s");
    plan.limits.virtual_ns = 123456789;
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_int_equal(result.status, RUN_LIMITED);
    assert_int_equal(result.duration_ns, 123456789);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* A program that runs for ever without doing anything must not hang the server: here not
 * even a unit of work begins. */
static void test_limits_ends_programs_that_do_nothing(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_thread(&plan, "t", 1, false,
                "repeat 1 { repeat 9000000000000000000 { repeat 0 { python 1ms } } }");
    expect_limited(&plan, NULL, "without doing anything");
    plan_deinit(&plan);
}

/* One thread that computes in small steps changes no lane for a long time; that is no
 * reason to stop it. */
static void test_limits_many_small_steps_are_not_nothing(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_thread(&plan, "t", 1, true, "forever { python 1ns }");
    plan_thread(&plan, "u", 1, false, "sleep 6ms");
    plan.runtime.gil = GIL_NONE;
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_int_equal(result.status, RUN_DONE);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* In a task too, where a bare yield makes transitions but takes no time. */
static void test_limits_ends_tasks_that_only_yield(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan.limits.events = 20000;
    const uint32_t loop = plan_loop(&plan, "server", 1, false);
    plan_task(&plan, loop, "t", 2, "repeat 9000000000000000000 { await_sleep 0ns }");
    expect_limited(&plan, NULL, "transitions");
    plan_deinit(&plan);
}

/* Times add up to more than 64 bits can hold: the clock stays at the limit. */
/* Each nanosecond one action that nobody sees: the clock moves, no lane changes. */
static void test_limits_count_what_changes_no_lane(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan.limits.events = 1000;
    plan_thread(&plan, "a", 1, false, "repeat 1000000000 { python 1ns }");
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_int_equal(result.status, RUN_LIMITED);
    assert_in_range(result.duration_ns, 50000, 1000000); /* several steps each */
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static void test_limits_survives_times_without_end(void **state) {
    (void)state;
    static const char *const steps[] = {"python 9000000000s", "io 9000000000s",
                                        "sleep 9000000000s", "c_released 9000000000s",
                                        "python_cpu 9000000000s"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct plan plan;
        plan_begin(&plan, "linux-vm-2", "cpython-3.12");
        char text[128];
        snprintf(text, sizeof text, "repeat 5 { %s }", steps[i]);
        plan_thread(&plan, "t", 3, false, text);
        plan.limits.virtual_ns = 2 * NS_PER_S;
        expect_limited(&plan, NULL, "virtual time");
        plan_deinit(&plan);
    }
}

/* A lock that its holder wants again: nothing can happen any more, and the run says so.
 */
static void test_limits_deadlock_is_said(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_object(&plan, "l", OBJECT_LOCK);
    plan_thread(&plan, "t", 1, false, "acquire l python 1ms acquire l");
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_int_equal(result.status, RUN_FAILED);
    assert_non_null(strstr(result.reason, "deadlock"));
    assert_true(result.fingerprint != 0);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_ends_at_each_limit),
        cmocka_unit_test(test_limits_time_limit_is_exact),
        cmocka_unit_test(test_limits_ends_programs_that_do_nothing),
        cmocka_unit_test(test_limits_many_small_steps_are_not_nothing),
        cmocka_unit_test(test_limits_ends_tasks_that_only_yield),
        cmocka_unit_test(test_limits_count_what_changes_no_lane),
        cmocka_unit_test(test_limits_survives_times_without_end),
        cmocka_unit_test(test_limits_deadlock_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
