/* SPDX-License-Identifier: MIT */
#include "server/jobs/cell_job.h"

#include <stdio.h>

/* Failed outweighs limited, limited outweighs done; an interruption outweighs all. Of those
 * that weigh the same the first that has a reason gives it. */
static void verdict_add(struct cell_outcome *verdict, enum cell_status status,
                        const char *reason) {
    static const int weight[CELL_STATUS_COUNT] = {
        [CELL_DONE] = 0, [CELL_LIMITED] = 1, [CELL_FAILED] = 2, [CELL_INTERRUPTED] = 3};
    const bool same = status == verdict->status && verdict->reason[0] == '\0';
    if (weight[status] > weight[verdict->status] || same) {
        verdict->status = status;
        snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
    }
}

static void verdict_add_run(struct cell_outcome *verdict,
                            const struct job_outcome *outcome) {
    static const enum cell_status statuses[RUN_STATUS_COUNT] = {
        [RUN_DONE] = CELL_DONE,
        [RUN_LIMITED] = CELL_LIMITED,
        [RUN_STOPPED] = CELL_INTERRUPTED,
        [RUN_FAILED] = CELL_FAILED,
    };
    verdict_add(verdict, statuses[outcome->status], outcome->reason);
}

static int execute_run(const struct cell_job *cell_job, struct job_run *run,
                       struct job_outcome *out, struct err *err) {
    const struct job *job = cell_job->job;
    const struct live_run_name name = {
        .experiment = job->experiment,
        .cell = job->cell_ids != NULL ? job->cell_ids[cell_job->cell] : 0,
        .repetition = run->repetition,
    };
    struct live_run live;
    live_run_begin(&live, cell_job->live, &name);
    run->live = &live;
    const int code = job->keeper.run(job->keeper.context, run, out, err);
    live_run_end(&live);
    return code;
}

static void execute_runs(const struct cell_job *cell_job, const struct plan *plan,
                         struct cell_outcome *verdict) {
    const struct job *job = cell_job->job;
    for (uint32_t i = 0; i < job->repetitions; i++) {
        struct job_run run = {
            .cell = cell_job->cell,
            .repetition = i,
            .plan = plan,
            .record = grid_wants_timeline(job->grid, i),
            .cancel = cell_job->cancel,
        };
        struct job_outcome outcome = {.status = RUN_FAILED};
        struct err err = {0};
        if (atomic_load(cell_job->cancel)) {
            verdict_add(verdict, CELL_INTERRUPTED, "stopped before it ended");
            return;
        }
        if (execute_run(cell_job, &run, &outcome, &err) != 0) {
            verdict_add(verdict, CELL_FAILED, err.text);
            return;
        }
        verdict_add_run(verdict, &outcome);
        cell_job->on_run(cell_job->context, &outcome);
    }
}

void cell_job_execute(const struct cell_job *cell_job, struct cell_outcome *out) {
    const struct job *job = cell_job->job;
    struct plan plan = {0};
    struct err err = {0};
    *out = (struct cell_outcome){
        .cell = cell_job->cell, .next = CELL_NONE, .status = CELL_DONE};
    if ((!cell_job->has_started &&
         job->keeper.cell_start(job->keeper.context, cell_job->cell, &err) != 0) ||
        grid_cell_plan(job->grid, cell_job->cell, &plan, &err) != 0) {
        verdict_add(out, CELL_FAILED, err.text);
        return;
    }
    execute_runs(cell_job, &plan, out);
    plan_deinit(&plan);
}
