/* SPDX-License-Identifier: MIT */
/* test_interpreter - interpreters of one process, each with a GIL of its own (PEP 684). */
#include "tests/support/test.h"

#include "engine/analysis/run.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"

#include <string.h>

/* Two actors of that kind compute for 100 ms each on an ideal machine. */
static void run_two(struct run_result *result, const char *runtime, enum actor_kind kind,
                    struct timeline *timeline) {
    struct plan plan;
    plan_begin(&plan, "ideal", runtime);
    plan_thread(&plan, "burner", 2, false, "python 100ms");
    plan.actors[0].kind = kind;
    const struct run_options options = {.sink =
                                            timeline == NULL ? NULL : &timeline->sink};
    assert_int_equal(run_execute(result, &plan, &options, NULL), 0);
    assert_int_equal(result->status, RUN_DONE);
    plan_deinit(&plan);
}

static double makespan_ms(const char *runtime, enum actor_kind kind) {
    struct run_result result;
    run_two(&result, runtime, kind, NULL);
    const double ms = result.metric[METRIC_MAKESPAN_US] / 1e3;
    run_result_deinit(&result);
    return ms;
}

/* Threads take turns, interpreters do not; making one takes its time. */
static void test_interpreter_has_a_gil_of_its_own(void **state) {
    (void)state;
    assert_true(makespan_ms("cpython-3.12", ACTOR_THREAD) > 200.0);
    assert_true(makespan_ms("cpython-3.12", ACTOR_INTERPRETER) > 103.0);
    assert_true(makespan_ms("cpython-3.12", ACTOR_INTERPRETER) < 105.0);
    assert_true(makespan_ms("cpython-3.14t", ACTOR_INTERPRETER) > 103.0);
    assert_true(makespan_ms("cpython-3.14t", ACTOR_INTERPRETER) < 105.0);
}

static void test_interpreter_shows_its_gil(void **state) {
    (void)state;
    struct timeline timeline;
    struct run_result result;
    struct violation violation;
    timeline_init(&timeline);
    run_two(&result, "cpython-3.14", ACTOR_INTERPRETER, &timeline);
    if (!timeline_is_sound(&timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
    const lane_id own = timeline_find(&timeline, LANE_GIL, "GIL of burner 0");
    const lane_id thread = timeline_find(&timeline, LANE_THREAD, "burner 0");
    assert_int_not_equal(own, LANE_NONE);
    assert_int_not_equal(timeline_find(&timeline, LANE_GIL, "GIL of burner 1"),
                         LANE_NONE);
    assert_int_not_equal(timeline_find(&timeline, LANE_GIL, "GIL"), LANE_NONE);
    for (size_t i = 0; i < timeline.span_count; i++) {
        const struct timeline_span *span = &timeline.spans[i];
        if (span->lane == own && span->state == STATE_HELD) {
            assert_int_equal(span->resource, thread);
        }
    }
    run_result_deinit(&result);
    timeline_deinit(&timeline);
}

static void refuse(const char *runtime, const char *steps, int code, const char *reason) {
    struct plan plan;
    struct run_result result;
    struct err err = {0};
    plan_begin(&plan, "ideal", runtime);
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_thread(&plan, "burner", 1, false, steps);
    plan.actors[0].kind = ACTOR_INTERPRETER;
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, &err), code);
    assert_non_null(strstr(err.text, reason));
    plan_deinit(&plan);
}

static void test_interpreter_needs_3_12_and_shares_nothing(void **state) {
    (void)state;
    refuse("cpython-3.11", "python 1ms", ERR_UNSUPPORTED, "3.12 and later");
    refuse("cpython-3.12", "with lock { python 1ms }", ERR_INVALID, "share no objects");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpreter_has_a_gil_of_its_own),
        cmocka_unit_test(test_interpreter_shows_its_gil),
        cmocka_unit_test(test_interpreter_needs_3_12_and_shares_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
