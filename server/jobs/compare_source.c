/* SPDX-License-Identifier: MIT */
#include "server/jobs/compare_source.h"

#include <math.h>
#include <string.h>

#include "db/run_store.h"
#include "engine/base/memory.h"
#include "server/advice/patch.h"
#include "server/document/text.h"
#include "server/grid/grid.h"
#include "server/jobs/run_origin.h"

/* The cell's own document as a tree. */
static int cell_tree(const struct grid *grid, size_t cell, json_t **out,
                     struct err *err) {
    char *text = NULL;
    int rc = grid_cell_document(grid, cell, &text, err);
    if (rc == 0) {
        rc = text_parse(out, text, strlen(text), err);
        memory_free(text);
    }
    return rc;
}

/* `take_document` is consumed. */
static int run_tree(struct compare_side *out, json_t *take_document, uint32_t repetitions,
                    const char *label, struct err *err) {
    struct compare_side side = {.label = label, .document = take_document};
    const struct trial_options options = {.repetitions = repetitions};
    const int rc = trial_run(&side.trial, side.document, &options, err);
    if (rc != 0) {
        compare_side_deinit(&side);
        return rc;
    }
    *out = side;
    return 0;
}

int compare_source_run(struct compare_side *out, const struct document *document,
                       size_t cell, const char *label, struct err *err) {
    struct grid *grid = NULL;
    json_t *tree = NULL;
    int rc = grid_create(&grid, document, err);
    if (rc != 0) {
        return rc;
    }
    if (cell >= grid_cell_count(grid)) {
        rc = err_set(err, ERR_NOT_FOUND, "it has no cell %zu: the last one is %zu", cell,
                     grid_cell_count(grid) - 1);
    } else if (grid_cell(grid, cell)->reason != NULL) {
        rc = err_set(err, ERR_UNSUPPORTED, "%s", grid_cell(grid, cell)->reason);
    } else {
        rc = cell_tree(grid, cell, &tree, err);
    }
    grid_destroy(grid);
    return rc == 0 ? run_tree(out, tree, document->repetitions, label, err) : rc;
}

/* JSON, or else a string: cores=4 and runtime=cpython-3.12 both mean what they look like. */
static json_t *parse_value(const char *text) {
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return value != NULL ? value : json_string(text);
}

int compare_source_change(struct compare_side *out, const struct compare_side *side,
                          const char *pointer, const char *value, const char *label,
                          struct err *err) {
    json_t *patch = json_array();
    json_t *tree = NULL;
    int rc =
        patch_replace(patch, pointer, parse_value(value)) == 0 ? 0 : err_set_nomem(err);
    if (rc == 0) {
        rc = patch_apply(side->document, patch, &tree, err);
    }
    json_decref(patch);
    return rc == 0 ? run_tree(out, tree, side->trial.count, label, err) : rc;
}

/* --- from the store ------------------------------------------------------------------ */

static bool counts(const struct run_row *run) {
    return run->state == RUN_STATE_DONE || run->state == RUN_STATE_LIMITED;
}

static int read_metrics(struct db_reader *reader, int64_t run, double out[METRIC_COUNT],
                        struct err *err) {
    struct metric_list list;
    const int rc = run_store_metrics(reader, run, &list, err);
    if (rc != 0) {
        return rc;
    }
    for (int i = 0; i < METRIC_COUNT; i++) {
        out[i] = (double)NAN;
    }
    for (size_t i = 0; i < list.count; i++) {
        const enum metric_id id = metric_find(list.items[i].name);
        if (id < METRIC_COUNT) {
            out[id] = list.items[i].value;
        }
    }
    metric_list_deinit(&list);
    return 0;
}

/* Runs come by repetition, and of those that were repeated the newest last. */
static int fill_trial(struct trial *trial, struct db_reader *reader,
                      const struct run_list *runs, struct err *err) {
    uint32_t count = 0;
    int rc = 0;
    trial->metrics = memory_zeroed(runs->count + 1, sizeof *trial->metrics);
    if (trial->metrics == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < runs->count; i++) {
        const struct run_row *run = &runs->items[i];
        if (counts(run) && run->repetition <= count) {
            rc = read_metrics(reader, run->id, trial->metrics[run->repetition], err);
            count = run->repetition == count ? count + 1 : count;
        }
    }
    trial->count = count;
    trial->done = count;
    return rc;
}

static int read_side(struct compare_side *side, struct db_reader *reader,
                     const struct run_list *runs, struct err *err) {
    struct run_origin origin;
    int rc = run_origin_read(&origin, reader, runs->items[0].id, err);
    if (rc != 0) {
        return rc;
    }
    rc = cell_tree(origin.grid, origin.cell, &side->document, err);
    run_origin_deinit(&origin);
    return rc == 0 ? fill_trial(&side->trial, reader, runs, err) : rc;
}

int compare_source_read(struct compare_side *out, struct db_reader *reader, int64_t cell,
                        const char *label, struct err *err) {
    struct compare_side side = {.label = label};
    struct run_list runs;
    int rc = run_store_list_cell(reader, cell, &runs, err);
    if (rc != 0) {
        return rc;
    }
    if (runs.count > 0) {
        rc = read_side(&side, reader, &runs, err);
    }
    run_list_deinit(&runs);
    if (rc == 0 && side.trial.count == 0) {
        rc = err_set(err, ERR_NOT_FOUND,
                     "there is no cell %s, or none of its runs has ended", label);
    }
    if (rc != 0) {
        compare_side_deinit(&side);
        return rc;
    }
    *out = side;
    return 0;
}

void compare_source_align(struct compare_side *sides, size_t count) {
    uint32_t least = sides[0].trial.count;
    for (size_t i = 1; i < count; i++) {
        least = sides[i].trial.count < least ? sides[i].trial.count : least;
    }
    for (size_t i = 0; i < count; i++) {
        sides[i].trial.count = least;
    }
}
