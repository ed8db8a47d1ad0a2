/* SPDX-License-Identifier: MIT */
/* recommend_view - what an experiment's cells say together, as JSON: recommendations and
 * scaling curves; before it has ended of the cells that have. */
#ifndef SERVER_API_RECOMMEND_VIEW_H
#define SERVER_API_RECOMMEND_VIEW_H

#include "db/cell_store.h"
#include "server/http/json_writer.h"

#include <stdbool.h>

struct grid;

/* METRIC_COUNT: those that are looked at, besides the document's goal. */
extern const bool recommend_view_metrics[];

/* What is known of an experiment; all is borrowed. */
struct recommend_view {
    const struct cell_list *cells; /* they have been compared */
    const struct grid *grid;       /* what they are cells of, or NULL */
    enum metric_id goal;           /* METRIC_COUNT: there is none */
    bool complete;                 /* every cell has ended: else sentences say "So far" */
    int64_t finished;              /* how many cells have */
};

/* One object. ERR_NOMEM */
int recommend_view_write(struct json_writer *writer, const struct recommend_view *view,
                         struct err *err) WARN_UNUSED;

#endif
