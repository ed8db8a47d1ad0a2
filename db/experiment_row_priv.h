/* SPDX-License-Identifier: MIT */
/*
 * experiment_row_priv - a row of the table of experiments, as whoever selects it reads it. Inside
 * db only.
 */
#ifndef DB_EXPERIMENT_ROW_PRIV_H
#define DB_EXPERIMENT_ROW_PRIV_H

#include "db/db_priv.h"
#include "db/experiment_store.h"

/* What experiment_row_read() expects of a query FROM experiment e, in the first columns. */
#define EXPERIMENT_ROW_COLUMNS                                                           \
    "e.id, e.name, e.content_hash, e.engine_version, e.reason, e.status, e.seed,"        \
    " e.created_ms, e.cell_count, (SELECT count(*) FROM cell c WHERE c.experiment = "    \
    "e.id AND c.status NOT IN ('pending', 'running', 'interrupted')), e.document_hash"

/* Text goes to the arena, where it is NULL without memory: the next query_next() says so. */
int experiment_row_read(struct query *q, struct experiment_row *row, struct arena *arena,
                        struct err *err) WARN_UNUSED;

/* The status in that column, or an error. */
int experiment_row_status(const struct query *q, int column, struct err *err) WARN_UNUSED;

#endif
