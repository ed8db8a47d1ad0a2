/* SPDX-License-Identifier: MIT */
/*
 * lane_row - the rows of lanes: each is stored when the lane is born, so that a run can be
 * read while it is recorded, and completed when it has ended. Inside db only.
 */
#ifndef DB_LANE_ROW_PRIV_H
#define DB_LANE_ROW_PRIV_H

#include "db/connection_priv.h"
#include "engine/record/lane_table.h"

/* One that lives: died_ns is -1, and it has no times yet. */
int lane_row_insert(struct connection *connection, int64_t run, const struct lane *lane,
                    struct err *err) WARN_UNUSED;

/* One that has ended meanwhile; `totals` of lane_totals_encode(). */
int lane_row_insert_ended(struct connection *connection, int64_t run,
                          const struct lane *lane, sim_ns died_ns, const void *totals,
                          size_t size, struct err *err) WARN_UNUSED;

/* It has ended; `totals` of lane_totals_encode(). */
int lane_row_end(struct connection *connection, int64_t run, lane_id lane, sim_ns died_ns,
                 const void *totals, size_t size, struct err *err) WARN_UNUSED;

/* All that is known of a lane, unless its end is stored already; one that was never stored
 * is inserted. */
int lane_row_complete(struct connection *connection, int64_t run,
                      const struct lane_total *total, struct err *err) WARN_UNUSED;

#endif
