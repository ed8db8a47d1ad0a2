/* SPDX-License-Identifier: MIT */
#include "server/jobs/timeline_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/run_writer.h"
#include "server/jobs/run_origin.h"
#include "server/jobs/stored_job.h"
#include "server/log/log.h"

/* --- running it ------------------------------------------------------------------ */

static int execute(struct run_writer *writer, const struct run_origin *origin,
                   const struct plan *plan, const atomic_bool *cancel, struct err *err) {
    const struct run_options options = {
        .repetition = origin->repetition,
        .sink = run_writer_sink(writer),
        .cancel = cancel,
    };
    struct run_result result;
    int code = run_execute(&result, plan, &options, err);
    if (code != 0) {
        return code;
    }
    code = result.status == RUN_STOPPED
               ? err_set(err, ERR_CANCELLED, "cancelled")
               : run_writer_finish(writer, &result, stored_job_now_ms(), err);
    run_result_deinit(&result);
    return code;
}

/* What was recorded so far goes, the run stays. */
static void abandon(struct run_writer *writer) {
    struct err err = {0};
    if (run_writer_abandon(writer, RUN_STATE_FAILED, NULL, stored_job_now_ms(), &err) !=
        0) {
        log_write(LOG_ERROR, "jobs", "timeline of run %lld: %s",
                  (long long)run_writer_id(writer), err.text);
    }
}

static int record(struct db *db, const struct run_origin *origin, const struct plan *plan,
                  const atomic_bool *cancel, struct err *err) {
    struct run_writer *writer = NULL;
    char *sites = NULL;
    int code = stored_job_sites(plan, &sites, err);
    if (code == 0) {
        code = run_writer_open_again(&writer, db, origin->run, sites, err);
    }
    free(sites);
    if (code != 0) {
        return code;
    }
    code = execute(writer, origin, plan, cancel, err);
    if (code != 0) {
        abandon(writer);
    }
    run_writer_close(writer);
    return code;
}

int timeline_job_run(struct db *db, struct db_reader *reader, int64_t run,
                     const atomic_bool *cancel, struct err *err) {
    struct run_origin origin;
    struct plan plan = {0};
    int code = run_origin_read(&origin, reader, run, err);
    if (code != 0) {
        return code;
    }
    code = grid_cell_plan(origin.grid, origin.cell, &plan, err);
    if (code == 0) {
        code = record(db, &origin, &plan, cancel, err);
        plan_deinit(&plan);
    }
    run_origin_deinit(&origin);
    return code;
}
