/* SPDX-License-Identifier: MIT */
#include "server/jobs/timeline_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "db/run_writer.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "server/jobs/stored_job.h"
#include "server/log/log.h"

/* --- which plan ------------------------------------------------------------------ */

/* Where the run is in its experiment. */
struct origin {
    int64_t run, experiment;
    size_t cell; /* index */
    uint32_t repetition;
};

static int find_origin(struct db_reader *reader, struct origin *out, struct err *err) {
    struct run_list runs;
    struct cell_list cells;
    int code = run_store_read(reader, out->run, &runs, err);
    if (code != 0) {
        return code;
    }
    out->repetition = runs.items[0].repetition;
    out->experiment = runs.items[0].experiment;
    code = cell_store_read(reader, runs.items[0].cell, &cells, err);
    run_list_deinit(&runs);
    if (code == 0) {
        out->cell = (size_t)cells.items[0].index;
        cell_list_deinit(&cells);
    }
    return code;
}

static int make_plan(const struct origin *origin, const struct experiment_row *row,
                     struct plan *out, struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    if (strcmp(row->engine_version, ENGINE_VERSION) != 0) {
        return err_set(
            err, ERR_CONFLICT,
            "run r%lld was made by engine %s, this is engine %s, which may give "
            "another result: submit the document again",
            (long long)origin->run, row->engine_version, ENGINE_VERSION);
    }
    int code = document_parse(&document, row->document, strlen(row->document), err);
    if (code == 0) {
        code = grid_create(&grid, document, err);
    }
    if (code == 0 && origin->cell >= grid_cell_count(grid)) {
        code = err_set(err, ERR_CORRUPT, "the document has no cell %zu", origin->cell);
    }
    if (code == 0) {
        code = grid_cell_plan(grid, origin->cell, out, err);
    }
    grid_destroy(grid);
    document_destroy(document);
    return code;
}

/* --- running it ------------------------------------------------------------------ */

static int execute(struct run_writer *writer, const struct origin *origin,
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

static int record(struct db *db, const struct origin *origin, const struct plan *plan,
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
    struct origin origin = {.run = run};
    struct experiment experiment;
    struct plan plan = {0};
    int code = find_origin(reader, &origin, err);
    if (code == 0) {
        code = experiment_store_read(reader, origin.experiment, &experiment, err);
    }
    if (code != 0) {
        return code;
    }
    code = make_plan(&origin, &experiment.row, &plan, err);
    experiment_deinit(&experiment);
    if (code == 0) {
        code = record(db, &origin, &plan, cancel, err);
        plan_deinit(&plan);
    }
    return code;
}
