/* SPDX-License-Identifier: MIT */
#include "server/advice/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/analysis/run.h"
#include "server/document/canonical.h"
#include "server/grid/grid.h"

/* --- the cell ------------------------------------------------------------------ */

static int parse(const json_t *tree, struct document **out, struct err *err) {
    char *text = NULL;
    size_t size = 0;
    int rc = canonical_text(tree, &text, &size, err);
    if (rc == 0) {
        rc = document_parse(out, text, size, err);
        memory_free(text);
    }
    return rc;
}

/* The grid of a document that has one cell, which exists. */
static int expand(const json_t *tree, struct grid **out, struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    int rc = parse(tree, &document, err);
    if (rc == 0) {
        rc = grid_create(&grid, document, err);
    }
    document_destroy(document);
    if (rc == 0 && grid_cell_count(grid) != 1) {
        rc = err_set(err, ERR_UNSUPPORTED, "the document has more than one cell");
    } else if (rc == 0 && grid_cell(grid, 0)->reason != NULL) {
        rc = err_set(err, ERR_UNSUPPORTED, "%s", grid_cell(grid, 0)->reason);
    }
    if (rc != 0) {
        grid_destroy(grid);
        return rc;
    }
    *out = grid;
    return 0;
}

int trial_key(const json_t *document, char out[HASH_TEXT_SIZE], struct err *err) {
    struct grid *grid = NULL;
    const int rc = expand(document, &grid, err);
    if (rc == 0) {
        memcpy(out, grid_cell(grid, 0)->key, HASH_TEXT_SIZE);
        grid_destroy(grid);
    }
    return rc;
}

/* --- running it ---------------------------------------------------------------- */

static int run_one(struct trial *trial, const struct plan *plan, uint32_t repetition,
                   const atomic_bool *cancel, struct err *err) {
    const struct run_options options = {.repetition = repetition, .cancel = cancel};
    struct run_result result;
    int rc = run_execute(&result, plan, &options, err);
    if (rc != 0) {
        return rc;
    }
    if (result.status == RUN_STOPPED) {
        rc = err_set(err, ERR_CANCELLED, "cancelled");
    }
    memcpy(trial->metrics[repetition], result.metric, sizeof result.metric);
    trial->done += result.status == RUN_DONE;
    run_result_deinit(&result);
    return rc;
}

int trial_run_plan(struct trial *out, const struct plan *plan,
                   const struct trial_options *options, struct err *err) {
    struct trial trial = {.count = options->repetitions};
    trial.metrics = memory_zeroed(trial.count, sizeof *trial.metrics);
    int rc = trial.metrics == NULL ? err_set_nomem(err) : 0;
    for (uint32_t i = 0; rc == 0 && i < trial.count; i++) {
        rc = run_one(&trial, plan, i, options->cancel, err);
    }
    if (rc != 0) {
        trial_deinit(&trial);
        return rc;
    }
    *out = trial;
    return 0;
}

int trial_run(struct trial *out, const json_t *document,
              const struct trial_options *options, struct err *err) {
    struct grid *grid = NULL;
    struct plan plan = {0};
    int rc = expand(document, &grid, err);
    if (rc != 0) {
        return rc;
    }
    rc = grid_cell_plan(grid, 0, &plan, err);
    if (rc == 0) {
        rc = trial_run_plan(out, &plan, options, err);
        plan_deinit(&plan);
    }
    if (rc == 0) {
        memcpy(out->key, grid_cell(grid, 0)->key, HASH_TEXT_SIZE);
    }
    grid_destroy(grid);
    return rc;
}

void trial_deinit(struct trial *trial) {
    memory_free(trial->metrics);
    *trial = (struct trial){0};
}

/* --- comparing ----------------------------------------------------------------- */

static double *column(const struct trial *trial, enum metric_id metric) {
    double *values = memory_zeroed(trial->count, sizeof *values);
    for (uint32_t i = 0; values != NULL && i < trial->count; i++) {
        values[i] = trial->metrics[i][metric];
    }
    return values;
}

int trial_compare(const struct trial *trial, const struct trial *against,
                  enum metric_id metric, struct bootstrap_ratio *out, struct err *err) {
    struct bootstrap bootstrap = {0};
    double *values = column(trial, metric);
    double *others = column(against, metric);
    const int rc =
        values == NULL || others == NULL
            ? err_set_nomem(err)
            : bootstrap_paired_ratio(
                  &bootstrap, (struct bootstrap_pairs){values, others, trial->count}, out,
                  err);
    bootstrap_deinit(&bootstrap);
    memory_free(values);
    memory_free(others);
    return rc;
}

static int compare_reals(const void *left, const void *right) {
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

double trial_median(const struct trial *trial, enum metric_id metric) {
    double *values = column(trial, metric);
    double median = NAN;
    bool all = values != NULL && trial->count > 0;
    for (uint32_t i = 0; all && i < trial->count; i++) {
        all = !isnan(values[i]);
    }
    if (all) {
        const size_t half = trial->count / 2;
        qsort(values, trial->count, sizeof *values, compare_reals);
        median =
            trial->count % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
    }
    memory_free(values);
    return median;
}
