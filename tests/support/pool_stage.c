/* SPDX-License-Identifier: MIT */
#include "tests/support/pool_stage.h"

#include <string.h>

#include "tests/support/conservation.h"
#include "tests/support/invariants.h"
#include "tests/support/test.h"

void pool_stage_begin(struct pool_stage *stage, const char *profile,
                      const char *runtime) {
    memset(stage, 0, sizeof *stage);
    plan_begin(&stage->plan, profile, runtime);
    timeline_init(&stage->timeline);
}

void pool_stage_begin_free(struct pool_stage *stage) {
    pool_stage_begin(stage, "ideal", "cpython-3.12");
    plan_make_free(&stage->plan);
    stage->plan.machine.cores = 16;
}

void pool_stage_run(struct pool_stage *stage) {
    struct err err = {0};
    struct violation violation;
    const struct run_options options = {.sink = &stage->timeline.sink};
    if (run_execute(&stage->result, &stage->plan, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(stage->result.status, RUN_DONE);
    bool sound = timeline_is_sound(&stage->timeline, &violation);
    if (sound && stage->plan.machine.syscall_ns > 0) { /* else some hold it for no time */
        sound = run_is_conserved(&stage->timeline, &stage->result, &stage->plan.runtime,
                                 &violation);
    }
    if (!sound) {
        fail_msg("%s", violation.text);
    }
}

void pool_stage_end(struct pool_stage *stage) {
    run_result_deinit(&stage->result);
    timeline_deinit(&stage->timeline);
    plan_deinit(&stage->plan);
}

int pool_stage_processes(const struct pool_stage *stage) {
    int count = -1;
    for (lane_id i = 0; (size_t)i < stage->result.lanes.count; i++) {
        count += lane_table_kind(&stage->result.lanes, i) == LANE_PROCESS;
    }
    return count;
}

double pool_stage_jobs_done(const struct pool_stage *stage) {
    return stage->result.metric[METRIC_THROUGHPUT_PER_S] *
           stage->result.metric[METRIC_MAKESPAN_US] * 1e-6;
}

lane_id pool_stage_thread(const struct pool_stage *stage, const char *name) {
    const lane_id lane = timeline_find(&stage->timeline, LANE_THREAD, name);
    assert_int_not_equal(lane, LANE_NONE);
    return lane;
}
