/* SPDX-License-Identifier: MIT */
/*
 * curve - the scaling curves in an experiment's cells: throughput against the number of
 * workers of a strategy, or of cores, all else being equal, with the laws of scaling.h.
 *
 * A curve of workers has the cells whose labels differ in the size of the strategy only
 * ("threads(2)", "threads(4)"), one of cores those whose points differ in /machine/cores
 * only. Cells count that are done and have a throughput, with the median over their
 * repetitions. Jobs that arrive make no curve: their throughput is the rate at which they
 * come.
 */
#ifndef SERVER_ADVICE_CURVE_H
#define SERVER_ADVICE_CURVE_H

#include "db/cell_store.h"
#include "engine/analysis/limit.h"
#include "engine/analysis/scaling.h"
#include "engine/base/memory.h"

#include <stdbool.h>

enum curve_axis { CURVE_WORKERS, CURVE_CORES };

struct curve_point {
    double n;
    const struct cell_row *cell;
    double throughput, speedup; /* speedup: over the first point's throughput */
    struct bootstrap_interval throughput_95;
    enum limit limit;
};

struct curve {
    enum curve_axis axis;
    const char *runtime;        /* of the cells */
    const char *strategy;       /* "threads(N)" where N is the axis, else the label */
    const char *point;          /* JSON; without /machine/cores where that is the axis */
    struct curve_point *points; /* by n, at least 2 */
    size_t point_count;
    struct scaling_fit amdahl, usl;
    size_t knee; /* index of a point */
};

struct curve_list {
    struct curve *items; /* workers first; then in the order of their first cells */
    size_t count;
    struct arena arena;
};

/* ERR_NOMEM. Rows of `cells` are borrowed; free with curve_list_deinit(). */
int curve_list_make(struct curve_list *out, const struct cell_list *cells,
                    struct err *err) WARN_UNUSED;
void curve_list_deinit(struct curve_list *list);

/* "workers", "cores". */
const char *curve_axis_name(enum curve_axis axis);

/* Why there is no fit, as a sentence; "" when there is one. */
const char *curve_refusal(const struct scaling_fit *fit, enum scaling_law law);

/* The size of a cell's strategy, 8 of "threads(8)"; 0: it has none. */
double curve_cell_size(const struct cell_row *cell);

/* Whether two cells have the same runtime, and strategies that differ in their size at most. */
bool curve_same_family(const struct cell_row *a, const struct cell_row *b);

/* The medians of a cell by metric; NaN where it has none. */
void curve_cell_metrics(const struct cell_row *cell, double out[METRIC_COUNT]);

#endif
