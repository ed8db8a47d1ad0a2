/* SPDX-License-Identifier: MIT */
#include "server/fidelity/published.h"

#include "engine/analysis/run.h"
#include "engine/base/memory.h"
#include "engine/program/plan.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/document/document.h"
#include "server/fidelity/parallel.h"
#include "server/fidelity/quantile.h"
#include "server/grid/grid.h"

static const char *const verdict_names[] = {"holds", "misses", "input", "needs"};
static_assert(sizeof verdict_names / sizeof verdict_names[0] == PUBLISHED_VERDICT_COUNT,
              "a name each");

static const char *const expect_names[] = {"value", "at_most", "at_least"};
static_assert(sizeof expect_names / sizeof expect_names[0] == PUBLISHED_EXPECT_COUNT,
              "a name each");

const char *published_verdict_name(enum published_verdict verdict) {
    return verdict_names[verdict];
}

static const char *text_of(const json_t *table, const char *key) {
    const char *text = json_string_value(json_object_get(table, key));
    return text == NULL ? "" : text;
}

const char *published_text(const struct published_row *row, const char *key) {
    return text_of(row->table, key);
}

static double number_of(const json_t *object, const char *key, double fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

/* --- reading ------------------------------------------------------------------- */

static const struct example *find_document(const char *id) {
    for (size_t i = 0; i < published_document_count; i++) {
        if (strcmp(published_documents[i].id, id) == 0) {
            return &published_documents[i];
        }
    }
    return NULL;
}

static int read_index(json_t **out, struct err *err) {
    const struct example *file = find_document("index");
    json_error_t where;
    json_t *index =
        file == NULL ? NULL
                     : json_loadb(file->text, file->size, JSON_REJECT_DUPLICATES, &where);
    if (index == NULL) {
        return err_set(err, ERR_INVALID, "the index of published figures is no JSON: %s",
                       file == NULL ? "it is not there" : where.text);
    }
    *out = index;
    return 0;
}

/* A table's document, and where its rows are. */
struct table {
    const json_t *json;
    uint32_t repetitions;
    struct grid *grid; /* NULL: no document */
    size_t first_row;
};

/* A cell that has to be run. */
struct cell_task {
    const struct table *table;
    size_t cell;
    struct published_row *row;
};

struct reading {
    struct table *tables;
    struct cell_task *tasks;
    size_t table_count, task_count;
};

static size_t cell_count(const json_t *table) {
    return json_array_size(json_object_get(table, "cells"));
}

static int open_document(struct table *table, struct err *err) {
    const char *id = text_of(table->json, "document");
    const struct example *file = find_document(id);
    struct document *document = NULL;
    if (file == NULL) {
        return err_set(err, ERR_INVALID, "there is no published document '%s'", id);
    }
    struct err cause = {0};
    int rc = document_parse(&document, file->text, file->size, &cause);
    if (rc == 0) {
        table->repetitions = document->repetitions;
        rc = grid_create(&table->grid, document, &cause);
    }
    document_destroy(document);
    if (rc != 0) {
        return err_set(err, rc, "%s: %s: %s", id, cause.pointer, cause.text);
    }
    if (grid_cell_count(table->grid) != cell_count(table->json)) {
        return err_set(err, ERR_INVALID, "%s has %zu cells, the index %zu", id,
                       grid_cell_count(table->grid), cell_count(table->json));
    }
    return 0;
}

static enum published_expect expect_of(const json_t *table) {
    for (int i = 0; i < PUBLISHED_EXPECT_COUNT; i++) {
        if (strcmp(text_of(table, "expect"), expect_names[i]) == 0) {
            return (enum published_expect)i;
        }
    }
    return PUBLISHED_VALUE;
}

static struct published_row row_of(const json_t *table, const json_t *cell) {
    return (struct published_row){
        .table = table,
        .label = text_of(cell, "label"),
        .published = number_of(cell, "published", NAN),
        .predicted = NAN,
        .error = NAN,
        .factor = number_of(cell, "factor", number_of(table, "factor", NAN)),
        .absolute = number_of(cell, "absolute", number_of(table, "absolute", NAN)),
        .expect = expect_of(table),
        .verdict = json_is_true(json_object_get(cell, "input")) ? PUBLISHED_INPUT
                                                                : PUBLISHED_NEEDS,
    };
}

/* A row for every cell, so that a relative figure finds the one it is relative to. */
static int read_table(struct published *published, struct reading *reading,
                      const json_t *json, struct err *err) {
    struct table *table = &reading->tables[reading->table_count++];
    *table = (struct table){.json = json, .first_row = published->count};
    const bool stated = json_is_string(json_object_get(json, "document"));
    const int rc = stated ? open_document(table, err) : 0;
    for (size_t i = 0; rc == 0 && i < cell_count(json); i++) {
        const json_t *cell = json_array_get(json_object_get(json, "cells"), i);
        struct published_row *row = &published->rows[published->count++];
        *row = row_of(json, cell);
        if (stated && !isnan(row->published)) {
            reading->tasks[reading->task_count++] = (struct cell_task){table, i, row};
        }
    }
    return rc;
}

static size_t count_cells(const json_t *tables) {
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(tables); i++) {
        count += cell_count(json_array_get(tables, i));
    }
    return count;
}

static int read_tables(struct published *published, struct reading *reading,
                       struct err *err) {
    const json_t *tables = json_object_get(published->index, "tables");
    const size_t count = json_array_size(tables), cells = count_cells(tables);
    published->rows = memory_zeroed(cells + 1, sizeof *published->rows);
    reading->tables = memory_zeroed(count + 1, sizeof *reading->tables);
    reading->tasks = memory_zeroed(cells + 1, sizeof *reading->tasks);
    if (published->rows == NULL || reading->tables == NULL || reading->tasks == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        const int rc = read_table(published, reading, json_array_get(tables, i), err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static void reading_deinit(struct reading *reading) {
    for (size_t i = 0; i < reading->table_count; i++) {
        grid_destroy(reading->tables[i].grid);
    }
    memory_free(reading->tables);
    memory_free(reading->tasks);
}

/* --- running ------------------------------------------------------------------- */

static int run_once(double *out, const struct plan *plan, uint32_t repetition,
                    enum metric_id metric, struct err *err) {
    struct run_result result;
    const int rc =
        run_execute(&result, plan, &(struct run_options){.repetition = repetition}, err);
    if (rc != 0) {
        return rc;
    }
    *out = result.metric[metric];
    const enum run_status status = result.status;
    run_result_deinit(&result);
    return status == RUN_DONE ? 0 : err_set(err, ERR_LIMIT, "the run did not end");
}

/* The median over the document's repetitions. */
static int run_cell(void *context, size_t index, struct err *err) {
    const struct cell_task *task = &((struct reading *)context)->tasks[index];
    const json_t *table = task->table->json;
    const enum metric_id metric = metric_find(text_of(table, "metric"));
    double values[DOCUMENT_MAX_REPETITIONS];
    struct plan plan;
    struct err cause = {0};
    if (metric == METRIC_COUNT) {
        return err_set(err, ERR_INVALID, "%s: there is no metric '%s'",
                       text_of(table, "document"), text_of(table, "metric"));
    }
    int rc = grid_cell_plan(task->table->grid, task->cell, &plan, &cause);
    if (rc == 0) {
        for (uint32_t i = 0; rc == 0 && i < task->table->repetitions; i++) {
            rc = run_once(&values[i], &plan, i, metric, &cause);
        }
        plan_deinit(&plan);
    }
    if (rc != 0) {
        return err_set(err, rc, "%s, %s: %s", text_of(table, "document"),
                       task->row->label, cause.text);
    }
    task->row->predicted =
        quantile(values, task->table->repetitions, 0.5) * number_of(table, "scale", 1.0);
    return 0;
}

/* --- judging ------------------------------------------------------------------- */

static bool holds(const struct published_row *row) {
    if (row->expect == PUBLISHED_AT_MOST) {
        return row->predicted <= row->published;
    }
    if (row->expect == PUBLISHED_AT_LEAST) {
        return row->predicted >= row->published;
    }
    return row->error <= log(row->factor) ||
           fabs(row->predicted - row->published) <= row->absolute;
}

static void judge(struct published_row *row) {
    row->error = fabs(log(row->predicted / row->published));
    if (row->verdict != PUBLISHED_INPUT) {
        row->verdict = holds(row) ? PUBLISHED_HOLDS : PUBLISHED_MISSES;
    }
}

static void make_relative(struct published_row *rows, size_t count, size_t every) {
    for (size_t i = count;
         every > 0 && i-- > 0;) { /* a base is divided after its users */
        rows[i].predicted /= rows[i - i % every].predicted;
    }
}

/* Rows of cells that are not published have done their duty. */
static void drop_unpublished(struct published *published) {
    size_t kept = 0;
    for (size_t i = 0; i < published->count; i++) {
        if (!isnan(published->rows[i].published) ||
            published_text(&published->rows[i], "document")[0] == '\0') {
            published->rows[kept++] = published->rows[i];
        }
    }
    published->count = kept;
}

static void judge_all(struct published *published, const struct reading *reading) {
    for (size_t i = 0; i < reading->table_count; i++) {
        const struct table *table = &reading->tables[i];
        struct published_row *rows = &published->rows[table->first_row];
        const size_t count = table->grid == NULL ? 0 : cell_count(table->json);
        make_relative(rows, count, (size_t)number_of(table->json, "relative", 0.0));
        for (size_t k = 0; k < count; k++) {
            judge(&rows[k]);
        }
    }
    drop_unpublished(published);
}

int published_make(struct published *out, struct err *err) {
    struct published published = {0};
    struct reading reading = {0};
    int rc = read_index(&published.index, err);
    if (rc == 0) {
        rc = read_tables(&published, &reading, err);
    }
    if (rc == 0) {
        rc = parallel_run(reading.task_count, run_cell, &reading, err);
    }
    if (rc == 0) {
        judge_all(&published, &reading);
    }
    reading_deinit(&reading);
    if (rc != 0) {
        published_deinit(&published);
        return rc;
    }
    *out = published;
    return 0;
}

void published_deinit(struct published *published) {
    memory_free(published->rows);
    json_decref(published->index);
    *published = (struct published){0};
}
