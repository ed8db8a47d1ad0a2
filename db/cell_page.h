/* SPDX-License-Identifier: MIT */
/*
 * cell_page - pages of an experiment's cells, filtered and in an order.
 *
 * A page goes on after the last cell of the one before, where that was then: by index nothing
 * moves; by a metric a cell that has ended in between may come again, or not at all.
 */
#ifndef DB_CELL_PAGE_H
#define DB_CELL_PAGE_H

#include "db/cell_store.h"

enum { CELL_PAGE_MAX = 200 };

/* Where a cell is in the order. */
struct cell_place {
    int64_t index;
    double value; /* of the metric, by which it is sorted; NaN: it has none */
};

/* Which cells, and in which order; all text is borrowed for the call. */
struct cell_page_wish {
    int64_t experiment;
    const char *runtime, *strategy; /* as the cell has them; NULL: any */
    const char *point;     /* JSON object: its values are those of the point; NULL: any */
    uint32_t statuses;     /* bits 1 << enum cell_status; 0: any */
    const char *metric;    /* by its median, cells without one last; NULL: by index */
    bool is_largest_first; /* of the metric */
    const struct cell_place
        *after;   /* the last one of the page before; NULL: from the first */
    size_t limit; /* 1 .. CELL_PAGE_MAX */
};

struct cell_page {
    int64_t ids[CELL_PAGE_MAX];
    size_t count;
    bool has_more; /* after the last one */
    struct cell_place last;
};

/* ERR_NOT_FOUND: there is no such experiment. ERR_INVALID: it has no such limit. */
int cell_page_find(struct db_reader *reader, const struct cell_page_wish *wish,
                   struct cell_page *out, struct err *err) WARN_UNUSED;

#endif
