/* SPDX-License-Identifier: MIT */
/*
 * cell_compare - every cell of a finished experiment beside the best one at the same point
 * of the sweep, by the metric that the document names as its goal. Points are different
 * questions: who has the most cores is no answer to any of them.
 *
 * The best cell is the one with the best median of those that are done and have the goal in
 * all their runs; of several, the first. Cells are compared in pairs of equal repetitions (see
 * bootstrap.h), of which both must have the metric. A neutral metric has no best cell.
 */
#ifndef DB_CELL_COMPARE_H
#define DB_CELL_COMPARE_H

#include "db/cell_store.h"
#include "engine/analysis/metrics.h"

/* The goal's value in one repetition of a cell. */
struct cell_sample {
    int64_t cell; /* id */
    uint32_t repetition;
    double value; /* not NaN */
};

/*
 * Sets `versus` of the cells that are done. `samples` by cell, in the order of the list,
 * and repetition, each pair at most once. `goal` may be METRIC_COUNT: nothing is compared.
 * ERR_NOMEM.
 */
int cell_compare(struct cell_list *cells, enum metric_id goal,
                 const struct cell_sample *samples, size_t count,
                 struct err *err) WARN_UNUSED;

/* The same with what is stored; does nothing before the experiment is done or failed. */
int cell_compare_stored(struct db_reader *reader, int64_t experiment,
                        struct cell_list *cells, struct err *err) WARN_UNUSED;

/* The same at any time, of the cells that are done by now. *goal: the document's, or
 * METRIC_COUNT. */
int cell_compare_so_far(struct db_reader *reader, int64_t experiment,
                        struct cell_list *cells, enum metric_id *goal,
                        struct err *err) WARN_UNUSED;

#endif
