/* SPDX-License-Identifier: MIT */
#include "server/jobs/memory_job.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/cell_compare.h"
#include "server/jobs/stored_job.h"

struct memory_run {
    bool finished; /* false: not reached */
    enum run_status status;
    uint64_t fingerprint;
    uint64_t transitions;
    sim_ns duration_ns;
    char reason[160];
    double goal; /* the document's metric; NaN when there is none */
    struct run_histogram histograms[RUN_HISTOGRAM_COUNT]; /* owned */
    struct run_picture picture;                           /* owned; no lanes: none */
};

struct memory_cell {
    enum cell_status status;
    char reason[320];
    struct metric_summary metrics[METRIC_COUNT];
    size_t metric_count;
    double *values; /* metric by metric, of each repetition; until they are summed up */
};

struct memory_job {
    const struct document *document;
    struct grid *grid; /* owned */
    struct job *job;   /* owned until it is handed out, NULL then */
    bool keep_histograms;
    struct memory_pictures pictures; /* how many are still to be painted */
    enum experiment_status status;
    char reason[128];
    int64_t created_ms;
    struct memory_cell *cells;
    struct memory_run *runs; /* cell * repetitions + repetition */
};

/* --- keeping --------------------------------------------------------------------- */

static struct memory_run *run_at(const struct memory_job *memory, size_t cell,
                                 uint32_t repetition) {
    return &memory->runs[cell * memory->document->repetitions + repetition];
}

/* Of a metric, by repetition; once the cell has started. */
static double *values_of(const struct memory_job *memory, size_t cell,
                         enum metric_id id) {
    return &memory->cells[cell].values[(size_t)id * memory->document->repetitions];
}

static int keep_begin(void *context, struct err *err) {
    (void)err;
    struct memory_job *memory = context;
    memory->status = EXPERIMENT_RUNNING;
    return 0;
}

static int keep_cell_start(void *context, size_t cell, struct err *err) {
    struct memory_job *memory = context;
    memory->cells[cell].status = CELL_RUNNING;
    memory->cells[cell].values =
        calloc(memory->document->repetitions, METRIC_COUNT * sizeof(double));
    return memory->cells[cell].values != NULL ? 0 : err_set_nomem(err);
}

/* Runs it, and paints it if it is one of those to be painted: all of it or nothing. */
static int execute(struct memory_job *memory, const struct job_run *run,
                   struct run_result *out, struct err *err) {
    const bool wanted = memory->pictures.cell_count > 0 && run->repetition == 0;
    struct recording recording;
    recording_init(&recording);
    recording.kinds = RUN_PICTURE_KINDS;
    const struct run_options options = {.repetition = run->repetition,
                                        .sink = wanted ? &recording.sink : NULL,
                                        .cancel = run->cancel};
    int code = run_execute(out, run->plan, &options, err);
    if (code == 0 && wanted && out->status != RUN_STOPPED) {
        const struct run_picture_source source = {&recording, &out->lanes,
                                                  out->duration_ns};
        memory->pictures.cell_count--;
        code = run_picture_paint(&run_at(memory, run->cell, 0)->picture, &source,
                                 &memory->pictures.size, err);
        if (code != 0) {
            run_result_deinit(out);
        }
    }
    recording_deinit(&recording);
    return code;
}

static int keep_run(void *context, const struct job_run *run, struct job_outcome *out,
                    struct err *err) {
    struct memory_job *memory = context;
    struct run_result result;
    const int code = execute(memory, run, &result, err);
    if (code != 0) {
        return code;
    }
    struct memory_run *kept = run_at(memory, run->cell, run->repetition);
    kept->finished = true;
    kept->status = result.status;
    kept->fingerprint = result.fingerprint;
    kept->transitions = result.transitions;
    kept->duration_ns = result.duration_ns;
    static_assert(sizeof kept->reason == sizeof result.reason, "same text");
    static_assert(sizeof out->reason == sizeof result.reason, "same text");
    memcpy(kept->reason, result.reason, sizeof kept->reason);
    for (int id = 0; id < METRIC_COUNT; id++) {
        values_of(memory, run->cell, (enum metric_id)id)[run->repetition] =
            result.metric[id];
    }
    kept->goal = memory->document->goal < METRIC_COUNT
                     ? result.metric[memory->document->goal]
                     : (double)NAN;
    if (memory->keep_histograms) {
        memcpy(kept->histograms, result.histograms, sizeof kept->histograms);
        memset(result.histograms, 0, sizeof result.histograms); /* handed over */
    }
    out->status = result.status;
    out->events = result.transitions;
    memcpy(out->reason, result.reason, sizeof out->reason);
    run_result_deinit(&result);
    return 0;
}

/* --- summaries ------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct metric_summary *)a)->name,
                  ((const struct metric_summary *)b)->name);
}

static bool run_counts(const struct memory_run *run) {
    return run->finished && (run->status == RUN_DONE || run->status == RUN_LIMITED);
}

/* The metric's values of the runs that count, in the order of repetitions. */
static size_t collect_values(const struct memory_job *memory, size_t cell,
                             enum metric_id id, double *values) {
    size_t count = 0;
    for (uint32_t i = 0; i < memory->document->repetitions; i++) {
        if (run_counts(run_at(memory, cell, i)) &&
            !isnan(values_of(memory, cell, id)[i])) {
            values[count++] = values_of(memory, cell, id)[i];
        }
    }
    return count;
}

static int summarize(const struct memory_job *memory, size_t index, double *values,
                     struct err *err) {
    struct memory_cell *cell = &memory->cells[index];
    struct bootstrap bootstrap = {0};
    int code = 0;
    cell->metric_count = 0;
    for (int id = 0; code == 0 && id < METRIC_COUNT; id++) {
        struct metric_summary summary = {.name = metrics[id].name};
        const size_t count = collect_values(memory, index, (enum metric_id)id, values);
        if (count == 0) {
            continue;
        }
        const struct bootstrap_sample sample = {values, count};
        code = bootstrap_summarise(&bootstrap, sample, &summary.of, err);
        if (code == 0 && !isnan(summary.of.median)) {
            cell->metrics[cell->metric_count++] = summary;
        }
    }
    qsort(cell->metrics, cell->metric_count, sizeof *cell->metrics, compare_names);
    bootstrap_deinit(&bootstrap);
    return code;
}

static int keep_cell_finish(void *context, const struct cell_outcome *outcome,
                            struct err *err) {
    struct memory_job *memory = context;
    struct memory_cell *cell = &memory->cells[outcome->cell];
    double *values = calloc(memory->document->repetitions, sizeof *values);
    if (values == NULL) {
        return err_set_nomem(err);
    }
    cell->status = outcome->status;
    snprintf(cell->reason, sizeof cell->reason, "%s", outcome->reason);
    int code = summarize(memory, outcome->cell, values, err);
    free(values);
    if (code == 0 && outcome->next != CELL_NONE) {
        code = keep_cell_start(memory, outcome->next, err);
    }
    if (code == 0) {
        free(cell->values);
        cell->values = NULL;
    }
    return code;
}

static int keep_finish(void *context, enum experiment_status status, const char *reason,
                       struct err *err) {
    (void)err;
    struct memory_job *memory = context;
    for (size_t i = 0; i < grid_cell_count(memory->grid); i++) {
        if (status == EXPERIMENT_INTERRUPTED && memory->cells[i].status == CELL_PENDING) {
            memory->cells[i].status = CELL_INTERRUPTED;
        }
    }
    memory->status = status;
    snprintf(memory->reason, sizeof memory->reason, "%s", reason);
    return 0;
}

/* --- life ------------------------------------------------------------------------ */

static int allocate(struct memory_job *memory, struct err *err) {
    const size_t cells = grid_cell_count(memory->grid);
    memory->cells = calloc(cells, sizeof *memory->cells);
    memory->runs = calloc(cells * memory->document->repetitions, sizeof *memory->runs);
    if (memory->cells == NULL || memory->runs == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < cells; i++) {
        const char *reason = grid_cell(memory->grid, i)->reason;
        memory->cells[i].status = reason != NULL ? CELL_NOT_APPLICABLE : CELL_PENDING;
        snprintf(memory->cells[i].reason, sizeof memory->cells[i].reason, "%s",
                 reason != NULL ? reason : "");
    }
    return job_create(&memory->job, memory->grid, memory->document->repetitions, err);
}

int memory_job_create(struct memory_job **out, const struct document *document,
                      struct grid *take_grid, struct err *err) {
    struct memory_job *memory = calloc(1, sizeof *memory);
    if (memory == NULL) {
        grid_destroy(take_grid);
        return err_set_nomem(err);
    }
    memory->document = document;
    memory->grid = take_grid;
    memory->created_ms = stored_job_now_ms();
    const int code = allocate(memory, err);
    if (code != 0) {
        memory_job_destroy(memory);
        return code;
    }
    *out = memory;
    return 0;
}

void memory_job_keep_pictures(struct memory_job *memory,
                              const struct memory_pictures *pictures) {
    memory->pictures = *pictures;
}

void memory_job_keep_histograms(struct memory_job *memory) {
    memory->keep_histograms = true;
}

static void free_runs(struct memory_job *memory) {
    const size_t count = grid_cell_count(memory->grid) * memory->document->repetitions;
    for (size_t i = 0; memory->runs != NULL && i < count; i++) {
        for (int id = 0; id < RUN_HISTOGRAM_COUNT; id++) {
            run_histogram_deinit(&memory->runs[i].histograms[id]);
        }
        run_picture_deinit(&memory->runs[i].picture);
    }
    free(memory->runs);
}

void memory_job_destroy(struct memory_job *memory) {
    if (memory != NULL) {
        free_runs(memory);
        job_destroy(memory->job);
        for (size_t i = 0; memory->cells != NULL && i < grid_cell_count(memory->grid);
             i++) {
            free(memory->cells[i].values);
        }
        grid_destroy(memory->grid);
        free(memory->cells);
        free(memory);
    }
}

static int source_next(void *context, bool newcomers, struct job **out, struct err *err) {
    (void)newcomers;
    struct memory_job *memory = context;
    if (memory->job == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there was one job");
    }
    memory->job->keeper = (struct job_keeper){
        .context = memory,
        .begin = keep_begin,
        .cell_start = keep_cell_start,
        .run = keep_run,
        .cell_finish = keep_cell_finish,
        .finish = keep_finish,
    };
    *out = memory->job;
    memory->job = NULL;
    return 0;
}

struct job_source memory_job_source(struct memory_job *memory) {
    return (struct job_source){.context = memory, .next = source_next};
}

/* --- rows ------------------------------------------------------------------------ */

static enum run_state state_of(enum run_status status) {
    static const enum run_state states[RUN_STATUS_COUNT] = {
        [RUN_DONE] = RUN_STATE_DONE,
        [RUN_LIMITED] = RUN_STATE_LIMITED,
        [RUN_STOPPED] = RUN_STATE_INTERRUPTED,
        [RUN_FAILED] = RUN_STATE_FAILED,
    };
    return states[status];
}

static void add_cell_row(const struct memory_job *memory, size_t index,
                         struct cell_list *list) {
    const struct grid_cell *cell = grid_cell(memory->grid, index);
    const struct memory_cell *kept = &memory->cells[index];
    list->items[list->count++] = (struct cell_row){
        .id = (int64_t)index + 1,
        .experiment = 1,
        .index = (int64_t)index,
        .key = cell->key,
        .runtime = cell->runtime,
        .strategy = cell->strategy,
        .point = cell->point,
        .reason = kept->reason,
        .status = kept->status,
        .metrics = kept->metrics,
        .metric_count = kept->metric_count,
    };
}

static void add_run_row(const struct memory_job *memory, size_t cell, uint32_t repetition,
                        struct run_list *list) {
    const struct memory_run *kept = run_at(memory, cell, repetition);
    if (!kept->finished) {
        return;
    }
    struct run_row *row = &list->items[list->count++];
    *row = (struct run_row){
        .id = (int64_t)list->count,
        .cell = (int64_t)cell + 1,
        .experiment = 1,
        .repetition = repetition,
        .state = state_of(kept->status),
        .reason = kept->reason,
        .duration_ns = kept->duration_ns,
        .transitions = (int64_t)kept->transitions,
        .histograms = memory->keep_histograms ? kept->histograms : NULL,
        .picture = kept->picture.lanes != NULL ? &kept->picture : NULL,
    };
    if (kept->status != RUN_STOPPED) {
        snprintf(row->fingerprint, sizeof row->fingerprint, "%016" PRIx64,
                 kept->fingerprint);
    }
}

static void describe_experiment(const struct memory_job *memory,
                                struct experiment_row *out) {
    *out = (struct experiment_row){
        .id = 1,
        .name = memory->document->name,
        .document = memory->document->source,
        .content_hash = memory->document->hash,
        .document_hash = memory->document->hash,
        .engine_version = ENGINE_VERSION,
        .reason = memory->reason,
        .status = memory->status,
        .seed = memory->document->seed,
        .created_ms = memory->created_ms,
        .cells = (int64_t)grid_cell_count(memory->grid),
    };
    for (int64_t i = 0; i < out->cells; i++) {
        const enum cell_status status = memory->cells[i].status;
        const bool open = status == CELL_PENDING || status == CELL_RUNNING ||
                          status == CELL_INTERRUPTED;
        out->cells_done += open ? 0 : 1;
    }
}

/* Every cell beside the best one, by the document's goal. */
static int compare_cells(const struct memory_job *memory, struct cell_list *cells,
                         struct err *err) {
    const uint32_t repetitions = memory->document->repetitions;
    const enum metric_id goal = memory->document->goal;
    size_t count = 0;
    if (goal == METRIC_COUNT) {
        return 0;
    }
    struct cell_sample *samples = calloc(cells->count * repetitions, sizeof *samples);
    if (samples == NULL) {
        return err_set_nomem(err);
    }
    for (size_t cell = 0; cell < cells->count; cell++) {
        for (uint32_t i = 0; i < repetitions; i++) {
            const struct memory_run *run = run_at(memory, cell, i);
            if (run_counts(run) && !isnan(run->goal)) {
                samples[count++] = (struct cell_sample){(int64_t)cell + 1, i, run->goal};
            }
        }
    }
    const int code = cell_compare(cells, goal, samples, count, err);
    free(samples);
    return code;
}

int memory_job_rows(const struct memory_job *memory, struct memory_rows *out,
                    struct err *err) {
    const size_t cells = grid_cell_count(memory->grid);
    const uint32_t repetitions = memory->document->repetitions;
    struct memory_rows rows = {0};
    rows.cells.items = calloc(cells, sizeof *rows.cells.items);
    rows.runs.items = calloc(cells * repetitions, sizeof *rows.runs.items);
    if (rows.cells.items == NULL || rows.runs.items == NULL) {
        memory_rows_deinit(&rows);
        return err_set_nomem(err);
    }
    describe_experiment(memory, &rows.experiment);
    for (size_t cell = 0; cell < cells; cell++) {
        add_cell_row(memory, cell, &rows.cells);
        for (uint32_t i = 0; i < repetitions; i++) {
            add_run_row(memory, cell, i, &rows.runs);
        }
    }
    const int code = compare_cells(memory, &rows.cells, err);
    if (code != 0) {
        memory_rows_deinit(&rows);
        return code;
    }
    *out = rows;
    return 0;
}

void memory_rows_deinit(struct memory_rows *rows) {
    free(rows->cells.items);
    free(rows->runs.items);
    *rows = (struct memory_rows){0};
}
