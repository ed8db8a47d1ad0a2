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

/* --- InterpreterPoolExecutor --------------------------------------------------- */

static void make_pool(struct plan *plan, const char *profile, const char *runtime,
                      const char *steps) {
    plan_begin(plan, profile, runtime);
    plan_jobs(plan, 20, steps);
    plan_strategy(plan, STRATEGY_INTERPRETERS, 2);
}

static void run_pool(const struct plan *plan, struct run_result *result,
                     struct timeline *timeline) {
    struct violation violation;
    timeline_init(timeline);
    assert_int_equal(
        run_execute(result, plan, &(struct run_options){.sink = &timeline->sink}, NULL),
        0);
    assert_int_equal(result->status, RUN_DONE);
    if (!timeline_is_sound(timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

/* Jobs compute side by side; each interpreter imports once, and is made and ended once. */
static void test_interpreter_pool_computes_side_by_side(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    struct timeline timeline;
    make_pool(&plan, "ideal", "cpython-3.14", "python 10ms");
    plan_make_free(&plan);
    plan.runtime.interpreter_start_ns = 3 * NS_PER_MS;
    plan.runtime.interpreter_import_ns = 7 * NS_PER_MS;
    plan.runtime.interpreter_end_ns = NS_PER_MS;
    run_pool(&plan, &result, &timeline);
    assert_true(result.metric[METRIC_MAKESPAN_US] == 1e3 * (3 + 7 + 100 + 1));
    run_result_deinit(&result);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

/* The job runs under the interpreter's GIL, what is the pool's under the main one's. */
static void test_interpreter_pool_changes_the_gil(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    struct timeline timeline;
    make_pool(&plan, "linux-desktop", "cpython-3.14", "python 2ms");
    run_pool(&plan, &result, &timeline);
    const lane_id worker = timeline_find(&timeline, LANE_THREAD, "worker 1");
    const lane_id own = timeline_find(&timeline, LANE_GIL, "GIL of worker 1");
    const lane_id shared = timeline_find(&timeline, LANE_GIL, "GIL");
    size_t in_own = 0, in_shared = 0;
    for (size_t i = 0; i < timeline.span_count; i++) {
        const struct timeline_span *span = &timeline.spans[i];
        if (span->lane == own && span->state == STATE_HELD) {
            assert_int_equal(span->resource, worker);
            in_own++;
        }
        in_shared +=
            span->lane == shared && span->state == STATE_HELD && span->resource == worker;
    }
    assert_true(in_own >= 9 && in_shared >= 9);
    assert_true(timeline_total(&timeline, own, STATE_HELD) > 16 * NS_PER_MS);
    assert_true(lane_table_died(&result.lanes, own) < result.duration_ns);
    assert_true(result.metric[METRIC_MEMORY_PEAK_BYTES] ==
                (double)(plan.runtime.process_bytes + 2 * plan.runtime.thread_bytes +
                         2 * plan.runtime.interpreter_bytes));
    run_result_deinit(&result);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

/* What a job takes along is pickled outside and unpickled inside, and its result the
 * other way round: 1 ns for a byte each time. */
static void test_interpreter_pool_copies_bytes(void **state) {
    (void)state;
    for (int back = 0; back <= 1; back++) {
        struct plan plan;
        struct run_result result;
        struct timeline timeline;
        make_pool(&plan, "ideal", "cpython-3.14", "sleep 1ms");
        plan_make_free(&plan);
        plan.job_count = 1;
        plan.runtime.pickle_mb_per_s = 1000;
        plan.job_payload_bytes = back ? 0 : 500000;
        plan.job_result_bytes = back ? 500000 : 0;
        run_pool(&plan, &result, &timeline);
        assert_int_equal(result.duration_ns, NS_PER_MS + 2 * 500000);
        run_result_deinit(&result);
        timeline_deinit(&timeline);
        plan_deinit(&plan);
    }
}

static void test_interpreter_pool_needs_3_14(void **state) {
    (void)state;
    static const struct {
        const char *runtime;
        int expected;
    } rows[] = {{"cpython-3.13", ERR_UNSUPPORTED},  {"cpython-3.14", 0},
                {"cpython-3.13t", ERR_UNSUPPORTED}, {"cpython-3.14t", 0},
                {"cpython-3.12", ERR_UNSUPPORTED},  {"cpython-3.15", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct plan plan;
        struct err err = {0};
        make_pool(&plan, "ideal", rows[i].runtime, "python 1ms");
        assert_int_equal(plan_check(&plan, &err), rows[i].expected);
        assert_true(rows[i].expected == 0 || strstr(err.text, "3.14 and later") != NULL);
        plan_deinit(&plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpreter_has_a_gil_of_its_own),
        cmocka_unit_test(test_interpreter_shows_its_gil),
        cmocka_unit_test(test_interpreter_needs_3_12_and_shares_nothing),
        cmocka_unit_test(test_interpreter_pool_computes_side_by_side),
        cmocka_unit_test(test_interpreter_pool_changes_the_gil),
        cmocka_unit_test(test_interpreter_pool_copies_bytes),
        cmocka_unit_test(test_interpreter_pool_needs_3_14),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
