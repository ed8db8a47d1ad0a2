/* SPDX-License-Identifier: MIT */
/*
 * experiment_view - experiments as JSON. The API and `gilscope run --json` show rows
 * through the same functions, so that both give the same object for the same document.
 */
#ifndef SERVER_API_EXPERIMENT_VIEW_H
#define SERVER_API_EXPERIMENT_VIEW_H

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "db/run_store.h"
#include "server/http/json_writer.h"

/* Writes a key and a resource id. */
void experiment_view_id(struct json_writer *writer, const char *key, char kind,
                        int64_t id);

/* Writes [low, high], or null. */
void experiment_view_interval(struct json_writer *writer, const char *key,
                              struct bootstrap_interval interval);

/*
 * The whole experiment. `runs` by (cell, repetition, id) in the order of `cells`. Runs show
 * histograms and pictures that they have. ERR_NOMEM
 */
int experiment_view_write(struct json_writer *writer, const struct experiment_row *row,
                          const struct cell_list *cells, const struct run_list *runs,
                          struct err *err) WARN_UNUSED;

/* A part of it; everything is borrowed. */
struct experiment_view {
    const struct experiment_row *row;
    const struct cell_list *cells;
    const struct run_list
        *runs;           /* NULL: of cells without "metrics", "versus_best", "runs" */
    const bool *metrics; /* METRIC_COUNT, those to show; NULL: all */
};
int experiment_view_write_part(struct json_writer *writer,
                               const struct experiment_view *view,
                               struct err *err) WARN_UNUSED;

/* One cell and its runs, without a comparison to others; `shown` as `metrics` above. */
void experiment_view_write_cell(struct json_writer *writer, const struct cell_row *cell,
                                const struct run_list *runs, const bool *shown);

/* An item of the list of experiments. */
void experiment_view_write_item(struct json_writer *writer,
                                const struct experiment_row *row);

#endif
