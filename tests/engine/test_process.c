/* SPDX-License-Identifier: MIT */
/* test_process - actors that are processes: multiprocessing.Process start() and join(). */
#include "tests/support/test.h"

#include "engine/analysis/run.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"

#include <string.h>

static void make(struct plan *plan, const char *runtime, const char *steps) {
    plan_begin(plan, "ideal", runtime);
    plan_thread(plan, "burner", 2, false, steps);
    plan->actors[0].kind = ACTOR_PROCESS;
}

static double makespan_ms(const struct plan *plan, struct timeline *timeline) {
    struct run_result result;
    struct violation violation;
    const struct run_options options = {.sink = &timeline->sink};
    assert_int_equal(run_execute(&result, plan, &options, NULL), 0);
    assert_int_equal(result.status, RUN_DONE);
    if (!timeline_is_sound(timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
    const double ms = result.metric[METRIC_MAKESPAN_US] / 1e3;
    run_result_deinit(&result);
    return ms;
}

/* They do not take turns, and the run waits for their end. */
static void test_process_has_a_gil_of_its_own(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    timeline_init(&timeline);
    make(&plan, "cpython-2.7", "python 100ms");
    const double ms = makespan_ms(&plan, &timeline);
    assert_true(ms > 100.0 && ms < 102.0);
    for (int i = 0; i < 2; i++) {
        const lane_id lane =
            timeline_find(&timeline, LANE_PROCESS, i == 0 ? "burner 0" : "burner 1");
        assert_int_not_equal(lane, LANE_NONE);
    }
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

/* start() returns after the fork; the exit of a child is part of join(). */
static void test_process_start_and_exit_have_their_price(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    timeline_init(&timeline);
    make(&plan, "cpython-3.12", "sleep 10ms");
    plan_make_free(&plan);
    plan.machine.fork_ns = 2 * NS_PER_MS;
    plan.runtime.process_start_ns = 1 * NS_PER_MS;
    plan.runtime.process_bootstrap_ns = 500000;
    plan.machine.process_exit_ns = 250000;
    assert_true(makespan_ms(&plan, &timeline) == 2 * 3 + 0.5 + 10 + 0.25);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

/* The server is started once and forks the children; start() waits for its answer. */
static void test_process_by_fork_server(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    timeline_init(&timeline);
    make(&plan, "cpython-3.12", "sleep 10ms");
    plan_make_free(&plan);
    plan.actors[0].start = START_FORKSERVER;
    plan.machine.fork_ns = 2 * NS_PER_MS;
    plan.runtime.spawn_start_ns = 50 * NS_PER_MS;
    plan.runtime.forkserver_start_ns = 4 * NS_PER_MS;
    assert_true(makespan_ms(&plan, &timeline) == 2 + 50 + 2 * 2 + 4 + 10);
    int servers = 0;
    for (size_t i = 0; i < timeline.lane_count; i++) {
        servers += timeline.lanes[i].kind == LANE_PROCESS &&
                   strcmp(timeline.lanes[i].name, "forkserver") == 0;
    }
    assert_int_equal(servers, 1);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

static void test_process_that_is_a_daemon_is_not_waited_for(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    timeline_init(&timeline);
    make(&plan, "cpython-3.12", "forever { python 1ms }");
    plan.actors[0].daemon = true;
    plan_thread(&plan, "t", 1, false, "python 30ms");
    const double ms = makespan_ms(&plan, &timeline);
    assert_true(ms > 30.0 && ms < 32.0);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

static void refuse(const char *runtime, const char *steps, enum start_method start,
                   int code, const char *reason) {
    struct plan plan;
    struct err err = {0};
    plan_begin(&plan, "ideal", runtime);
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_thread(&plan, "burner", 1, false, steps);
    plan.actors[0].kind = ACTOR_PROCESS;
    plan.actors[0].start = start;
    assert_int_equal(plan_check(&plan, &err), code);
    assert_non_null(strstr(err.text, reason));
    plan_deinit(&plan);
}

static void test_process_shares_nothing(void **state) {
    (void)state;
    refuse("cpython-3.12", "with lock { python 1ms }", START_DEFAULT, ERR_INVALID,
           "processes of actor 'burner' share no objects");
    refuse("cpython-3.3", "python 1ms", START_SPAWN, ERR_UNSUPPORTED, "by fork only");
    refuse("cpython-3.12", "python 1ms", START_METHOD_COUNT, ERR_INVALID, "no such way");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_has_a_gil_of_its_own),
        cmocka_unit_test(test_process_start_and_exit_have_their_price),
        cmocka_unit_test(test_process_by_fork_server),
        cmocka_unit_test(test_process_that_is_a_daemon_is_not_waited_for),
        cmocka_unit_test(test_process_shares_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
