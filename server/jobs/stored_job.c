/* SPDX-License-Identifier: MIT */
#include "server/jobs/stored_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "db/experiment_queue.h"
#include "db/run_store.h"
#include "server/http/json_writer.h"
#include "server/jobs/stored_cell.h"
#include "server/log/log.h"

struct stored_source {
    struct db *db;
    struct db_reader *reader;
    int64_t only; /* the one experiment to hand out, 0: all */
};

/* The keeper's context. */
struct stored_job {
    struct db *db;
    const struct job *job;
    struct grid *grid;
    struct stored_cell **cells; /* by index; those at work, by the worker that has it */
    struct run_list left;       /* of pending cells: what was executed before a stop */
};

int64_t stored_job_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- keeping --------------------------------------------------------------------- */

static int stored_begin(void *context, struct err *err) {
    const struct stored_job *stored = context;
    return experiment_store_set_status(stored->db, stored->job->experiment,
                                       EXPERIMENT_RUNNING, NULL, err);
}

static int enter(struct stored_job *stored, size_t cell, struct err *err) {
    return stored->cells[cell] != NULL
               ? 0
               : stored_cell_create(&stored->cells[cell], stored->db,
                                    stored->job->cell_ids[cell], err);
}

static void leave(struct stored_job *stored, size_t cell) {
    stored_cell_destroy(stored->cells[cell]);
    stored->cells[cell] = NULL;
}

static int cell_start(void *context, size_t cell, struct err *err) {
    struct stored_job *stored = context;
    const int code = enter(stored, cell, err);
    return code == 0 ? stored_cell_start(stored->cells[cell], err) : code;
}

static int compare_run(const void *wanted, const void *row) {
    const struct run_row *a = wanted, *b = row;
    return a->cell != b->cell
               ? (a->cell > b->cell) - (a->cell < b->cell)
               : (a->repetition > b->repetition) - (a->repetition < b->repetition);
}

/* What an earlier attempt has of a run; of one that is to be recorded, with its timeline. The
 * same document under the same engine gives the same again, so that it counts. */
static const struct run_row *find_left(const struct stored_job *stored,
                                       const struct job_run *run) {
    const struct run_row wanted = {.cell = stored->job->cell_ids[run->cell],
                                   .repetition = run->repetition};
    const struct run_row *row =
        stored->left.count == 0 ? NULL
                                : bsearch(&wanted, stored->left.items, stored->left.count,
                                          sizeof *stored->left.items, compare_run);
    return row != NULL && (row->has_timeline || !run->record) ? row : NULL;
}

static int run(void *context, const struct job_run *run, struct job_outcome *out,
               struct err *err) {
    const struct stored_job *stored = context;
    const struct run_row *row = find_left(stored, run);
    if (row != NULL) {
        out->status = row->state == RUN_STATE_DONE ? RUN_DONE : RUN_LIMITED;
        out->events = (uint64_t)row->transitions;
        snprintf(out->reason, sizeof out->reason, "%s", row->reason);
        return 0;
    }
    return stored_cell_run(stored->cells[run->cell], run, out, err);
}

static int cell_finish(void *context, const struct cell_outcome *outcome,
                       struct err *err) {
    struct stored_job *stored = context;
    int64_t next = 0;
    int code = enter(stored, outcome->cell, err); /* its start may have failed */
    if (code == 0 && outcome->next != CELL_NONE) {
        next = stored->job->cell_ids[outcome->next];
        code = enter(stored, outcome->next, err);
    }
    if (code == 0) {
        code = stored_cell_finish(stored->cells[outcome->cell], outcome, next, err);
    }
    if (code == 0) {
        leave(stored, outcome->cell);
    }
    return code;
}

static int stored_finish(void *context, enum experiment_status status, const char *reason,
                         struct err *err) {
    const struct stored_job *stored = context;
    return experiment_store_set_status(stored->db, stored->job->experiment, status,
                                       reason, err);
}

static void stored_close(void *context) {
    struct stored_job *stored = context;
    for (size_t i = 0; i < grid_cell_count(stored->grid); i++) {
        stored_cell_destroy(stored->cells[i]);
    }
    free(stored->cells);
    run_list_deinit(&stored->left);
    grid_destroy(stored->grid);
    free(stored);
}

int stored_job_sites(const struct plan *plan, char **out, struct err *err) {
    struct json_writer writer = {0};
    size_t size;
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < plan->site_count; i++) {
        json_writer_string(&writer, plan->sites[i]);
    }
    json_writer_end_array(&writer);
    return json_writer_steal(&writer, out, &size, err);
}

/* --- loading --------------------------------------------------------------------- */

/* Gives the job its cells' ids, and the cells that are finished already to skip. */
static int add_cells(struct job *job, struct stored_source *source, struct err *err) {
    struct cell_list cells;
    int code = cell_store_list(source->reader, job->experiment, &cells, err);
    if (code != 0) {
        return code;
    }
    const size_t count = grid_cell_count(job->grid);
    job->cell_ids = calloc(count, sizeof *job->cell_ids);
    if (job->cell_ids == NULL) {
        code = err_set_nomem(err);
    } else if (cells.count != count) {
        code = err_set(err, ERR_CORRUPT, "%zu cells are stored, its document has %zu",
                       cells.count, count);
    }
    for (size_t i = 0; code == 0 && i < count; i++) {
        job->cell_ids[i] = cells.items[i].id;
        job->skip[i] = cells.items[i].status != CELL_PENDING;
        job->cells_failed += cells.items[i].status == CELL_FAILED ? 1 : 0;
    }
    cell_list_deinit(&cells);
    return code;
}

static int add_keeper(struct job *job, struct stored_source *source,
                      struct grid *take_grid, struct err *err) {
    struct stored_job *stored = malloc(sizeof *stored);
    struct stored_cell **cells = calloc(grid_cell_count(take_grid), sizeof(void *));
    if (stored == NULL || cells == NULL) {
        free(stored);
        free(cells);
        grid_destroy(take_grid);
        return err_set_nomem(err);
    }
    *stored = (struct stored_job){
        .db = source->db, .job = job, .grid = take_grid, .cells = cells};
    job->keeper = (struct job_keeper){
        .context = stored,
        .begin = stored_begin,
        .cell_start = cell_start,
        .run = run,
        .cell_finish = cell_finish,
        .finish = stored_finish,
        .close = stored_close,
    };
    return run_store_list_left(source->reader, job->experiment, &stored->left, err);
}

static int make_job_of_grid(struct job **out, struct stored_source *source, int64_t id,
                            struct grid *take_grid, uint32_t repetitions,
                            struct err *err) {
    struct job *job = NULL;
    int code = job_create(&job, take_grid, repetitions, err);
    if (code != 0) {
        grid_destroy(take_grid);
        return code;
    }
    job->experiment = id;
    code = add_keeper(job, source, take_grid, err);
    if (code == 0) {
        code = add_cells(job, source, err);
    }
    if (code != 0) {
        job_destroy(job);
        return code;
    }
    *out = job;
    return 0;
}

static int make_job(struct job **out, struct stored_source *source,
                    const struct experiment_row *row, struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    if (strcmp(row->engine_version, ENGINE_VERSION) != 0) {
        return err_set(
            err, ERR_UNSUPPORTED,
            "it was submitted to engine %s and not run before the upgrade to %s",
            row->engine_version, ENGINE_VERSION);
    }
    int code = document_parse(&document, row->document, strlen(row->document), err);
    if (code != 0) {
        return code;
    }
    const uint32_t repetitions = document->repetitions;
    code = grid_create_again(&grid, document, err);
    document_destroy(document);
    if (code == 0) {
        code = make_job_of_grid(out, source, row->id, grid, repetitions, err);
    }
    if (code == 0) {
        snprintf((*out)->client, sizeof(*out)->client, "%s", row->client);
    }
    return code;
}

/* An experiment that can never run must not stand in the way of the others. */
static int refuse(struct stored_source *source, int64_t id, const char *reason,
                  struct err *err) {
    log_write(LOG_WARN, "jobs", "experiment %lld cannot be run: %s", (long long)id,
              reason);
    int code = experiment_store_set_status(source->db, id, EXPERIMENT_RUNNING, NULL, err);
    if (code == 0) {
        code =
            experiment_store_set_status(source->db, id, EXPERIMENT_FAILED, reason, err);
    }
    return code;
}

static int next_queued(const struct stored_source *source, bool newcomers, int64_t *id,
                       struct err *err) {
    /* "The first above the one before" is the one itself, when it is queued. */
    const int64_t after = source->only > 0 ? source->only - 1 : 0;
    const int code =
        experiment_queue_next(source->reader, after, newcomers ? 1 : INT64_MAX, id, err);
    if (code == 0 && source->only > 0 && *id != source->only) {
        return err_set(err, ERR_NOT_FOUND, "experiment %lld is not queued",
                       (long long)source->only);
    }
    return code;
}

/* The next experiment, made our own. Somebody else may be faster with what a dead process
 * left. */
static int take_queued(const struct stored_source *source, bool newcomers, int64_t *id,
                       struct err *err) {
    for (;;) {
        struct err lost = {0};
        int code = next_queued(source, newcomers, id, err);
        if (code != 0) {
            return code;
        }
        code = experiment_queue_claim(source->db, *id, &lost);
        if (code != ERR_CONFLICT) {
            return code == 0 ? 0 : err_set_from(err, code, &lost);
        }
    }
}

static int source_next(void *context, bool newcomers, struct job **out, struct err *err) {
    struct stored_source *source = context;
    for (;;) {
        int64_t id = 0;
        struct experiment experiment;
        struct err cause = {0};
        int code = take_queued(source, newcomers, &id, err);
        if (code == 0) {
            code = experiment_store_read(source->reader, id, &experiment, err);
        }
        if (code != 0) {
            return code;
        }
        code = make_job(out, source, &experiment.row, &cause);
        experiment_deinit(&experiment);
        if (code == 0) {
            return 0;
        }
        if (code == ERR_NOMEM || code == ERR_IO || code == ERR_DB) {
            return err_set_from(err, code, &cause);
        }
        code = refuse(source, id, cause.text, err);
        if (code != 0) {
            return code;
        }
    }
}

int stored_source_open(struct stored_source **out, struct db *db, struct err *err) {
    struct stored_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        return err_set_nomem(err);
    }
    source->db = db;
    const int code = db_reader_open(&source->reader, db, err);
    if (code != 0) {
        stored_source_close(source);
        return code;
    }
    *out = source;
    return 0;
}

void stored_source_close(struct stored_source *source) {
    if (source != NULL) {
        if (source->reader != NULL) {
            db_reader_close(source->reader);
        }
        free(source);
    }
}

void stored_source_restrict(struct stored_source *source, int64_t experiment) {
    source->only = experiment;
}

struct job_source stored_source_jobs(struct stored_source *source) {
    return (struct job_source){.context = source, .next = source_next};
}

/* --- submitting ------------------------------------------------------------------ */

int stored_job_once(char *out, size_t size, struct err *err) {
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return err_set(err, ERR_IO, "the system has no random numbers");
    }
    snprintf(out, size, "once:%016" PRIx64 "%016" PRIx64, random[0], random[1]);
    return 0;
}

int stored_source_resume(struct stored_source *source, const struct document *document,
                         int64_t *id, struct err *err) {
    enum experiment_status status = EXPERIMENT_QUEUED;
    const int code = experiment_store_find_left(source->reader, document->source,
                                                ENGINE_VERSION, id, &status, err);
    return code == 0 && status == EXPERIMENT_INTERRUPTED
               ? experiment_store_requeue(source->db, *id, err)
               : code;
}

int stored_source_submit(struct stored_source *source,
                         const struct stored_submission *submission, int64_t *id,
                         bool *existed, struct err *err) {
    const struct grid *grid = submission->grid;
    const size_t count = grid_cell_count(grid);
    struct cell_new *cells = calloc(count, sizeof *cells);
    if (cells == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        const struct grid_cell *cell = grid_cell(grid, i);
        cells[i] = (struct cell_new){
            .key = cell->key,
            .runtime = cell->runtime,
            .strategy = cell->strategy,
            .point = cell->point,
            .status = cell->reason != NULL ? CELL_NOT_APPLICABLE : CELL_PENDING,
            .reason = cell->reason,
        };
    }
    const struct experiment_new experiment = {
        .name = submission->document->name,
        .document = submission->document->source,
        .content_hash = submission->identity,
        .document_hash = submission->document->hash,
        .again = submission->again,
        .keyed = submission->keyed,
        .engine_version = ENGINE_VERSION,
        .client = submission->client,
        .seed = submission->document->seed,
        .created_ms = stored_job_now_ms(),
        .cells = cells,
        .cell_count = count,
        .queued_max = STORED_QUEUE_MAX,
        .queued_client_max = STORED_QUEUE_CLIENT_MAX,
    };
    const int code = experiment_store_insert(source->db, &experiment, id, existed, err);
    free(cells);
    return code;
}
