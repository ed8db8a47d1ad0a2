/* SPDX-License-Identifier: MIT */
/*
 * pool_stage - jobs that worker processes do: a plan, its run, and what it left.
 *
 *   pool_stage_begin_free(&stage);
 *   plan_jobs(&stage.plan, 4, "python 1ms");
 *   plan_strategy(&stage.plan, STRATEGY_PROCESSES, 2);
 *   pool_stage_run(&stage);
 *   assert_int_equal(pool_stage_processes(&stage), 2);
 *   pool_stage_end(&stage);
 */
#ifndef TESTS_SUPPORT_POOL_STAGE_H
#define TESTS_SUPPORT_POOL_STAGE_H

#include "engine/analysis/run.h"
#include "tests/support/plans.h"
#include "tests/support/timeline.h"

struct pool_stage {
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
};

void pool_stage_begin(struct pool_stage *stage, const char *profile, const char *runtime);

/* cpython-3.12 on 16 cores, where nothing costs anything. */
void pool_stage_begin_free(struct pool_stage *stage);

/* The run must be done, sound, and conserved where system calls take time. */
void pool_stage_run(struct pool_stage *stage);

void pool_stage_end(struct pool_stage *stage);

/* Besides the first one. */
int pool_stage_processes(const struct pool_stage *stage);

double pool_stage_jobs_done(const struct pool_stage *stage);

/* The test fails when there is no thread of that name. */
lane_id pool_stage_thread(const struct pool_stage *stage, const char *name);

#endif
