/* SPDX-License-Identifier: MIT */
#include "server/api/experiment_view.h"

#include <string.h>

#include "server/api/gate_view.h"
#include "server/api/histogram_view.h"
#include "server/api/lane_view.h"
#include "server/api/resource_id.h"

void experiment_view_id(struct json_writer *writer, const char *key, char kind,
                        int64_t id) {
    char text[RESOURCE_ID_SIZE];
    resource_id_format((enum resource_kind)kind, id, text);
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

/* "" is shown as null: there is nothing to say. */
static void write_optional(struct json_writer *writer, const char *key,
                           const char *text) {
    write_text(writer, key, text != NULL && text[0] != '\0' ? text : NULL);
}

static void write_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

static void write_real(struct json_writer *writer, const char *key, double value) {
    json_writer_key(writer, key);
    json_writer_real(writer, value); /* null when it is none or infinite */
}

void experiment_view_interval(struct json_writer *writer, const char *key,
                              struct bootstrap_interval interval) {
    json_writer_key(writer, key);
    json_writer_interval(writer, interval.low, interval.high);
}

static bool is_shown(const bool *shown, const char *name) {
    const enum metric_id id = shown != NULL ? metric_find(name) : METRIC_COUNT;
    return shown == NULL || (id != METRIC_COUNT && shown[id]);
}

static void write_metrics(struct json_writer *writer, const struct cell_row *cell,
                          const bool *shown) {
    json_writer_key(writer, "metrics");
    json_writer_begin_object(writer);
    for (size_t i = 0; i < cell->metric_count; i++) {
        const struct bootstrap_summary *of = &cell->metrics[i].of;
        if (!is_shown(shown, cell->metrics[i].name)) {
            continue;
        }
        json_writer_key(writer, cell->metrics[i].name);
        json_writer_begin_object(writer);
        write_int(writer, "n", (int64_t)of->count);
        write_real(writer, "median", of->median);
        experiment_view_interval(writer, "median_95", of->median_95);
        write_real(writer, "mean", of->mean);
        experiment_view_interval(writer, "mean_95", of->mean_95);
        write_real(writer, "min", of->min);
        write_real(writer, "max", of->max);
        json_writer_end_object(writer);
    }
    json_writer_end_object(writer);
}

/* The cell beside the best one by the document's goal; null without a goal. */
static void write_versus(struct json_writer *writer, const struct cell_versus *versus) {
    json_writer_key(writer, "versus_best");
    if (versus->metric == NULL) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    write_text(writer, "metric", versus->metric);
    experiment_view_id(writer, "cell", RESOURCE_CELL, versus->best);
    write_int(writer, "pairs", (int64_t)versus->ratio.pairs);
    write_real(writer, "ratio", versus->ratio.median);
    experiment_view_interval(writer, "ratio_95", versus->ratio.median_95);
    json_writer_end_object(writer);
}

static void write_run(struct json_writer *writer, const struct run_row *run) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "id", RESOURCE_RUN, run->id);
    write_int(writer, "repetition", run->repetition);
    write_text(writer, "status", run_state_name(run->state));
    write_optional(writer, "fingerprint", run->fingerprint);
    json_writer_key(writer, "has_timeline");
    json_writer_bool(writer, run->has_timeline);
    if (run->histograms != NULL) {
        json_writer_key(writer, "histograms");
        histogram_view_write_all(writer, run->histograms);
    }
    if (run->picture != NULL) {
        json_writer_key(writer, "picture");
        lane_view_picture(writer, run->picture);
    }
    json_writer_end_object(writer);
}

/* Writes the cell's runs, which begin at `*next`, and moves on to those of the next cell.
 */
static void write_runs(struct json_writer *writer, const struct cell_row *cell,
                       const struct run_list *runs, size_t *next) {
    json_writer_key(writer, "runs");
    json_writer_begin_array(writer);
    while (*next < runs->count && runs->items[*next].cell == cell->id) {
        write_run(writer, &runs->items[(*next)++]);
    }
    json_writer_end_array(writer);
}

static void write_cell(struct json_writer *writer, const struct cell_row *cell) {
    experiment_view_id(writer, "id", RESOURCE_CELL, cell->id);
    write_int(writer, "index", cell->index);
    write_text(writer, "runtime", cell->runtime);
    write_text(writer, "strategy", cell->strategy);
    json_writer_key(writer, "point");
    json_writer_raw(writer, cell->point, strlen(cell->point));
    write_text(writer, "status", cell_status_name(cell->status));
    write_optional(writer, "reason", cell->reason);
}

void experiment_view_write_cell(struct json_writer *writer, const struct cell_row *cell,
                                const struct run_list *runs, const bool *shown) {
    size_t next = 0;
    json_writer_begin_object(writer);
    write_cell(writer, cell);
    write_metrics(writer, cell, shown);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT, cell->experiment);
    write_runs(writer, cell, runs, &next);
    json_writer_end_object(writer);
}

int experiment_view_write(struct json_writer *writer, const struct experiment_row *row,
                          const struct cell_list *cells, const struct run_list *runs,
                          struct err *err) {
    return experiment_view_write_part(
        writer, &(struct experiment_view){.row = row, .cells = cells, .runs = runs}, err);
}

static void write_cells(struct json_writer *writer, const struct experiment_view *view) {
    size_t next = 0;
    json_writer_key(writer, "cells");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < view->cells->count; i++) {
        const struct cell_row *cell = &view->cells->items[i];
        json_writer_begin_object(writer);
        write_cell(writer, cell);
        if (view->runs != NULL) {
            write_metrics(writer, cell, view->metrics);
            write_versus(writer, &cell->versus);
            write_runs(writer, cell, view->runs, &next);
        }
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

int experiment_view_write_part(struct json_writer *writer,
                               const struct experiment_view *view, struct err *err) {
    const struct experiment_row *row = view->row;
    json_writer_begin_object(writer);
    experiment_view_id(writer, "id", RESOURCE_EXPERIMENT, row->id);
    write_text(writer, "name", row->name);
    write_text(writer, "status", experiment_status_name(row->status));
    write_optional(writer, "reason", row->reason);
    write_int(writer, "created_ms", row->created_ms);
    write_text(writer, "engine_version", row->engine_version);
    write_int(writer, "cells_done", row->cells_done);
    json_writer_key(writer, "document");
    json_writer_raw(writer, row->document, strlen(row->document));
    write_cells(writer, view);
    const int code = gate_view_write(writer, row->document, view->cells, err);
    json_writer_end_object(writer);
    return code;
}

void experiment_view_write_item(struct json_writer *writer,
                                const struct experiment_row *row) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "id", RESOURCE_EXPERIMENT, row->id);
    write_text(writer, "name", row->name);
    write_text(writer, "status", experiment_status_name(row->status));
    write_int(writer, "created_ms", row->created_ms);
    write_int(writer, "cells", row->cells);
    write_int(writer, "cells_done", row->cells_done);
    json_writer_end_object(writer);
}
