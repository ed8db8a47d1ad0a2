/* SPDX-License-Identifier: MIT */
/*
 * loop_stage - one event loop on an otherwise free machine: what takes time is what its
 * tasks say.
 *
 *   stage_begin(&stage);
 *   plan_task(&stage.plan, stage.loop, "a", 1, "await_sleep 5ms python 1ms");
 *   stage_run(&stage);
 *   stage_expect_task(&stage, "a", "await_timer@0 running@5000000 end@6000000");
 *   stage_end(&stage);
 */
#ifndef TESTS_SUPPORT_LOOP_STAGE_H
#define TESTS_SUPPORT_LOOP_STAGE_H

#include "engine/analysis/run.h"
#include "tests/support/plans.h"
#include "tests/support/timeline.h"

struct stage {
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
    uint32_t loop;
};

void stage_begin(struct stage *stage);

/* The run must be sound and end as it should. */
void stage_run(struct stage *stage);

/* The run must fail for this reason. */
void stage_run_to_failure(struct stage *stage, const char *reason);

void stage_end(struct stage *stage);

void stage_expect_lane(const struct stage *stage, enum lane_kind kind, const char *name,
                       const char *expected);
void stage_expect_task(const struct stage *stage, const char *name, const char *expected);
void stage_expect_iterations(const struct stage *stage, int expected);

#endif
