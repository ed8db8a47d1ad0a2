/* SPDX-License-Identifier: MIT */
#include "server/jobs/stored_cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/run_writer.h"
#include "engine/base/memory.h"
#include "server/jobs/stored_job.h"
#include "server/log/log.h"

enum {
    WAITING_MAX = 32, /* runs; some kilobytes each */
    WAITING_MS = 50   /* since the first of them began */
};

/* A run that has ended and is not stored yet. */
struct waiting_run {
    struct finished_run row; /* without result and reason */
    bool has_result;
    struct run_result result; /* without its lanes */
    char reason[sizeof((struct err *)0)->text];
};

struct stored_cell {
    struct db *db;
    int64_t id;
    char *sites; /* of its plan; NULL before the first run */
    struct waiting_run *runs;
    size_t count, capacity;
};

int stored_cell_create(struct stored_cell **out, struct db *db, int64_t id,
                       struct err *err) {
    struct stored_cell *cell = calloc(1, sizeof *cell);
    if (cell == NULL) {
        return err_set_nomem(err);
    }
    cell->db = db;
    cell->id = id;
    *out = cell;
    return 0;
}

static void forget_runs(struct stored_cell *cell) {
    for (size_t i = 0; i < cell->count; i++) {
        run_result_deinit(&cell->runs[i].result);
    }
    cell->count = 0;
}

void stored_cell_destroy(struct stored_cell *cell) {
    if (cell != NULL) {
        forget_runs(cell);
        memory_free(cell->runs);
        free(cell->sites);
        free(cell);
    }
}

int stored_cell_start(const struct stored_cell *cell, struct err *err) {
    return cell_store_start(cell->db, cell->id, err);
}

/* --- runs that wait -------------------------------------------------------------- */

/* As db takes them: the pointers are good until the cell changes. */
static void describe_runs(const struct stored_cell *cell,
                          struct finished_run rows[WAITING_MAX]) {
    for (size_t i = 0; i < cell->count; i++) {
        const struct waiting_run *run = &cell->runs[i];
        rows[i] = run->row;
        rows[i].result = run->has_result ? &run->result : NULL;
        rows[i].reason = run->reason;
    }
}

static int store_runs(struct stored_cell *cell, struct err *err) {
    struct finished_run rows[WAITING_MAX];
    describe_runs(cell, rows);
    const int code = finished_run_store(cell->db, rows, cell->count, err);
    if (code == 0) {
        forget_runs(cell);
    }
    return code;
}

/* Room for a run that waits. What waited for a failing disk until there is none is tried
 * again first. */
static int reserve(struct stored_cell *cell, struct waiting_run **out, struct err *err) {
    int code = cell->count == WAITING_MAX ? store_runs(cell, err) : 0;
    if (code == 0 && vec_reserve((void **)&cell->runs, &cell->capacity, cell->count,
                                 sizeof *cell->runs) != 0) {
        code = err_set_nomem(err);
    }
    if (code == 0) {
        *out = &cell->runs[cell->count];
        **out = (struct waiting_run){0};
    }
    return code;
}

/* What is not to wait any longer is stored. */
static int add(struct stored_cell *cell, struct err *err) {
    const struct waiting_run *run = &cell->runs[cell->count++];
    const int64_t waited_ms = run->row.finished_ms - cell->runs[0].row.started_ms;
    return cell->count == WAITING_MAX || waited_ms >= WAITING_MS ? store_runs(cell, err)
                                                                 : 0;
}

static void describe_outcome(const struct run_result *result, struct job_outcome *out) {
    out->status = result->status;
    out->events = result->transitions;
    memcpy(out->reason, result->reason, sizeof out->reason);
}

/* What became of a run without a result. */
static enum run_state state_after(const struct err *cause) {
    return cause->code == ERR_CANCELLED ? RUN_STATE_INTERRUPTED : RUN_STATE_FAILED;
}

static int execute(struct waiting_run *waiting, const struct job_run *run,
                   struct job_outcome *out, struct err *err) {
    const struct run_options options = {.repetition = run->repetition,
                                        .cancel = run->cancel,
                                        .watcher = live_run_watcher(run->live)};
    int code = run_execute(&waiting->result, run->plan, &options, err);
    if (code != 0) {
        return code;
    }
    lane_table_deinit(&waiting->result.lanes); /* may be many, and are not stored */
    describe_outcome(&waiting->result, out);
    waiting->has_result = waiting->result.status != RUN_STOPPED;
    if (!waiting->has_result) {
        run_result_deinit(&waiting->result);
        waiting->result = (struct run_result){0};
        code = err_set(err, ERR_CANCELLED, "stopped before it ended");
    }
    return code;
}

/* `cause` is of the run, `err` of the store. */
static int run_summary(struct stored_cell *cell, const struct job_run *run,
                       struct job_outcome *out, struct err *cause) {
    struct waiting_run *waiting = NULL;
    struct err err = {0};
    int code = reserve(cell, &waiting, cause);
    if (code != 0) {
        return code;
    }
    waiting->row = (struct finished_run){.cell = cell->id,
                                         .repetition = run->repetition,
                                         .sites = cell->sites,
                                         .started_ms = stored_job_now_ms()};
    code = execute(waiting, run, out, cause);
    waiting->row.finished_ms = stored_job_now_ms();
    if (code != 0) {
        waiting->row.state = state_after(cause);
        snprintf(waiting->reason, sizeof waiting->reason, "%s", cause->text);
    }
    const int stored = add(cell, &err);
    return code != 0 || stored == 0 ? code : err_set_from(cause, stored, &err);
}

/* --- runs whose timeline is recorded --------------------------------------------- */

/* Marks a run that has no result. The first error is the one that counts. */
static void abandon(struct run_writer *writer, const struct err *cause) {
    struct err err = {0};
    if (run_writer_abandon(writer, state_after(cause), cause->text, stored_job_now_ms(),
                           &err) != 0) {
        log_write(LOG_ERROR, "jobs", "run %lld: %s", (long long)run_writer_id(writer),
                  err.text);
    }
}

static int record(struct run_writer *writer, const struct job_run *run,
                  struct job_outcome *out, struct err *err) {
    const struct run_options options = {
        .repetition = run->repetition,
        .sink = run_writer_sink(writer),
        .cancel = run->cancel,
        .watcher = live_run_watcher(run->live),
    };
    struct run_result result;
    int code = run_execute(&result, run->plan, &options, err);
    if (code != 0) {
        return code;
    }
    if (result.status == RUN_STOPPED) {
        code = err_set(err, ERR_CANCELLED, "stopped before it ended");
    } else {
        code = run_writer_finish(writer, &result, stored_job_now_ms(), err);
    }
    describe_outcome(&result, out);
    run_result_deinit(&result);
    return code;
}

static int run_recorded(const struct stored_cell *cell, const struct job_run *run,
                        struct job_outcome *out, struct err *cause) {
    struct run_writer *writer = NULL;
    const struct run_new row = {
        .cell = cell->id,
        .repetition = run->repetition,
        .started_ms = stored_job_now_ms(),
        .record = true,
        .sites = cell->sites,
        .cancel = run->cancel,
    };
    int code = run_writer_open(&writer, cell->db, &row, cause);
    if (code != 0) {
        return code;
    }
    live_run_set_id(run->live, run_writer_id(writer));
    code = record(writer, run, out, cause);
    if (code != 0) {
        abandon(writer, cause);
    }
    run_writer_close(writer);
    return code;
}

/* --- the cell -------------------------------------------------------------------- */

int stored_cell_run(struct stored_cell *cell, const struct job_run *run,
                    struct job_outcome *out, struct err *err) {
    struct err cause = {0};
    int code =
        cell->sites == NULL ? stored_job_sites(run->plan, &cell->sites, &cause) : 0;
    if (code == 0) {
        code = run->record ? run_recorded(cell, run, out, &cause)
                           : run_summary(cell, run, out, &cause);
    }
    if (code == ERR_CANCELLED) {
        out->status = RUN_STOPPED;
        snprintf(out->reason, sizeof out->reason, "stopped before it ended");
        return 0;
    }
    return code == 0 ? 0 : err_set_from(err, code, &cause);
}

int stored_cell_finish(const struct stored_cell *cell, const struct cell_outcome *outcome,
                       int64_t next, struct err *err) {
    struct finished_run rows[WAITING_MAX];
    describe_runs(cell, rows);
    const struct cell_finish finish = {
        .cell = cell->id,
        .status = outcome->status,
        .reason = outcome->reason,
        .runs = rows,
        .run_count = cell->count,
        .next = next,
    };
    return cell_store_finish(cell->db, &finish, err);
}
