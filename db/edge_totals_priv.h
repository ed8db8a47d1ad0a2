/* SPDX-License-Identifier: MIT */
/*
 * edge_totals - what the lanes of a group have done from the beginning of the run to any
 * instant: the totals stored with the last chunk before it that has some, and the few chunks
 * since then. The difference of two of them is what happened in a range. Inside db only.
 */
#ifndef DB_EDGE_TOTALS_PRIV_H
#define DB_EDGE_TOTALS_PRIV_H

#include "db/chunk_reader_priv.h"
#include "db/chunk_totals_priv.h"
#include "db/holder_totals_priv.h"

struct edge_totals {
    struct chunk_totals totals;
    int8_t open[LANE_GROUP_LANES]; /* state of the span around the instant, which began
                                      before it and ends after it; -1: none */
};

/*
 * Those of a group at an instant; all zero when the group has no chunks. Chunks that are
 * damaged are noted, and what happened in them is missing. `holders` is empty, or NULL when
 * they are not wanted.
 */
int edge_totals_read(struct chunk_reader *reader, uint32_t group, sim_ns at,
                     struct edge_totals *out, struct holder_totals *holders,
                     struct err *err) WARN_UNUSED;

#endif
