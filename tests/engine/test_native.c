/* SPDX-License-Identifier: MIT */
/* C calls that share their work among native threads. */
#include "tests/support/test.h"
#include "tests/support/timeline.h"

#include "engine/analysis/run.h"
#include "engine/python/runtime_table.h"

#include <string.h>

struct team_case {
    enum step_kind kind;
    int64_t cores, native;
    uint32_t callers;
    int64_t bytes;
};

static struct plan plan_of(const struct team_case *c, struct step *step,
                           struct actor_plan *actor) {
    *step = (struct step){.kind = c->kind,
                          .end = 1,
                          .site = SITE_NONE,
                          .count = c->bytes,
                          .threads = (uint32_t)c->native,
                          .time = {.kind = DISTRIBUTION_CONSTANT, .a = 80 * NS_PER_MS}};
    *actor = (struct actor_plan){
        .name = "caller", .kind = ACTOR_THREAD, .count = c->callers, .steps = {0, 1}};
    struct plan plan = {
        .seed = 1,
        .machine = machine_profile_find("ideal")->machine,
        .runtime = runtime_row_find("cpython-3.12")->runtime,
        .limits = {.events = 50000000, .virtual_ns = 600 * NS_PER_S, .spans = 5000000},
        .steps = step,
        .step_count = 1,
        .actors = actor,
        .actor_count = 1,
    };
    plan.machine.cores = c->cores;
    return plan;
}

/* Makespan in milliseconds, rounded; start and join of the callers are far below one. */
static int makespan_ms(const struct team_case *c) {
    struct step step;
    struct actor_plan actor;
    struct run_result result;
    struct err err = {0};
    const struct plan plan = plan_of(c, &step, &actor);
    const struct run_options options = {0};
    assert_int_equal(run_execute(&result, &plan, &options, &err), 0);
    assert_int_equal(result.status, RUN_DONE);
    const int ms = (int)(result.metric[METRIC_MAKESPAN_US] / 1e3 + 0.5);
    const double cpu_ms = result.metric[METRIC_CPU_US] / 1e3;
    assert_true(cpu_ms > 80.0 * c->callers - 0.01 && cpu_ms < 80.0 * c->callers + 1.0);
    run_result_deinit(&result);
    return ms;
}

static void test_native_threads_share_the_work(void **state) {
    (void)state;
    const struct team_case alone = {STEP_C_RELEASED, 4, 1, 1, 0};
    const struct team_case four = {STEP_C_RELEASED, 4, 4, 1, 0};
    const struct team_case held = {STEP_C_HELD, 4, 4, 1, 0};
    assert_int_equal(makespan_ms(&alone), 80);
    assert_int_equal(makespan_ms(&four), 20);
    assert_int_equal(makespan_ms(&held), 20);
}

static void test_native_threads_need_cores(void **state) {
    (void)state;
    const struct team_case two_cores = {STEP_C_RELEASED, 2, 4, 1, 0};
    assert_int_equal(makespan_ms(&two_cores), 40);
    /* Two callers with four threads each on four cores: no more than one alone could do. */
    const struct team_case callers = {STEP_C_RELEASED, 4, 4, 2, 0};
    assert_int_equal(makespan_ms(&callers), 40);
    /* ... one after the other if the call keeps the GIL: the same. */
    const struct team_case held = {STEP_C_HELD, 4, 4, 2, 0};
    assert_int_equal(makespan_ms(&held), 40);
}

/* hashlib keeps the GIL below 2048 bytes. */
static void test_native_calls_release_by_size(void **state) {
    (void)state;
    const struct team_case small = {STEP_C_BY_SIZE, 4, 1, 2, 2047};
    const struct team_case large = {STEP_C_BY_SIZE, 4, 1, 2, 2048};
    assert_int_equal(makespan_ms(&small), 160);
    assert_int_equal(makespan_ms(&large), 80);
}

/* The team of the call before is called again, and grows. */
static void test_native_team_is_used_again(void **state) {
    (void)state;
    struct step steps[3];
    struct actor_plan actor;
    const struct team_case c = {STEP_C_RELEASED, 4, 4, 1, 0};
    struct plan plan = plan_of(&c, &steps[0], &actor);
    for (uint32_t i = 0; i < 3; i++) {
        steps[i] = steps[0];
        steps[i].end = i + 1;
        steps[i].threads = i + 2; /* 2, 3, 4 threads: 40 + 26.7 + 20 ms */
    }
    plan.steps = steps;
    plan.step_count = 3;
    actor.steps.end = 3;
    struct run_result result;
    struct err err = {0};
    const struct run_options options = {0};
    assert_int_equal(run_execute(&result, &plan, &options, &err), 0);
    assert_int_equal((int)(result.metric[METRIC_MAKESPAN_US] / 1e3 + 0.5), 87);
    size_t native = 0;
    for (lane_id i = 0; (size_t)i < result.lanes.count; i++) {
        native += strncmp(lane_table_lane(&result.lanes, i).name, "native", 6) == 0;
    }
    assert_int_equal(native, 3);
    run_result_deinit(&result);
}

static bool is_native(const struct timeline *timeline, lane_id lane) {
    return lane >= 0 && timeline->lanes[lane].kind == LANE_THREAD &&
           strncmp(timeline->lanes[lane].name, "native ", 7) == 0;
}

/* On two cores the caller is ready before its team is, and waits for one that works. */
static void test_native_caller_waits_for_a_member(void **state) {
    (void)state;
    static const enum step_kind kinds[] = {STEP_C_RELEASED, STEP_C_HELD};
    for (size_t k = 0; k < 2; k++) {
        const struct team_case c = {kinds[k], 2, 4, 1, 0};
        struct step step;
        struct actor_plan actor;
        struct timeline timeline;
        struct run_result result;
        const struct plan plan = plan_of(&c, &step, &actor);
        size_t waits = 0;
        timeline_init(&timeline);
        const struct run_options options = {.sink = &timeline.sink};
        assert_int_equal(run_execute(&result, &plan, &options, NULL), 0);
        const lane_id caller = timeline_find(&timeline, LANE_THREAD, "caller");
        for (size_t i = 0; i < timeline.span_count; i++) {
            const struct timeline_span *span = &timeline.spans[i];
            if (span->lane == caller && span->state == STATE_WAIT_OBJECT) {
                assert_true(is_native(&timeline, span->resource));
                assert_true(is_native(&timeline, span->by));
                assert_int_equal(timeline_state_at(&timeline, span->by, span->end - 1),
                                 STATE_DETACHED);
                const enum lane_state at_work =
                    timeline_state_at(&timeline, span->resource, span->start);
                assert_true(at_work == STATE_DETACHED || at_work == STATE_READY);
                waits++;
            }
        }
        assert_int_equal(waits, 1);
        run_result_deinit(&result);
        timeline_deinit(&timeline);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_threads_share_the_work),
        cmocka_unit_test(test_native_threads_need_cores),
        cmocka_unit_test(test_native_calls_release_by_size),
        cmocka_unit_test(test_native_team_is_used_again),
        cmocka_unit_test(test_native_caller_waits_for_a_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
