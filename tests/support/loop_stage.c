/* SPDX-License-Identifier: MIT */
#include "tests/support/loop_stage.h"

#include <string.h>

#include "tests/support/invariants.h"
#include "tests/support/test.h"

void stage_begin(struct stage *stage) {
    plan_begin(&stage->plan, "ideal", "cpython-3.12");
    plan_make_free(&stage->plan);
    timeline_init(&stage->timeline);
    stage->loop = plan_loop(&stage->plan, "server", 1, false);
}

static void execute(struct stage *stage) {
    struct err err = {0};
    const int rc =
        run_execute(&stage->result, &stage->plan,
                    &(struct run_options){.sink = &stage->timeline.sink}, &err);
    if (rc != 0) {
        fail_msg("%s", err.text);
    }
    struct violation violation;
    if (!timeline_is_sound(&stage->timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

void stage_run(struct stage *stage) {
    execute(stage);
    if (stage->result.status != RUN_DONE) {
        fail_msg("%s", stage->result.reason);
    }
}

void stage_run_to_failure(struct stage *stage, const char *reason) {
    execute(stage);
    assert_int_equal(stage->result.status, RUN_FAILED);
    assert_string_equal(stage->result.reason, reason);
}

void stage_end(struct stage *stage) {
    run_result_deinit(&stage->result);
    timeline_deinit(&stage->timeline);
    plan_deinit(&stage->plan);
}

void stage_expect_lane(const struct stage *stage, enum lane_kind kind, const char *name,
                       const char *expected) {
    struct timeline_text text;
    const lane_id lane = timeline_find(&stage->timeline, kind, name);
    if (lane == LANE_NONE) {
        fail_msg("there is no lane '%s'", name);
    }
    assert_string_equal(timeline_describe(&stage->timeline, lane, &text), expected);
}

void stage_expect_task(const struct stage *stage, const char *name,
                       const char *expected) {
    stage_expect_lane(stage, LANE_TASK, name, expected);
}

void stage_expect_iterations(const struct stage *stage, int expected) {
    assert_int_equal((int)stage->result.metric[METRIC_LOOP_ITERATIONS], expected);
}
