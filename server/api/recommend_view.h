/* SPDX-License-Identifier: MIT */
/* recommend_view - what an experiment's cells say together, as JSON: recommendations and
 * scaling curves. */
#ifndef SERVER_API_RECOMMEND_VIEW_H
#define SERVER_API_RECOMMEND_VIEW_H

#include "db/cell_store.h"
#include "server/http/json_writer.h"

#include <stdbool.h>

struct grid;

/* METRIC_COUNT: those that are looked at, besides the document's goal. */
extern const bool recommend_view_metrics[];

/* One object; `cells` have been compared. `grid` is what they are cells of, or NULL.
 * ERR_NOMEM */
int recommend_view_write(struct json_writer *writer, const struct cell_list *cells,
                         const struct grid *grid, struct err *err) WARN_UNUSED;

#endif
