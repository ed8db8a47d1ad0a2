/* SPDX-License-Identifier: MIT */
/*
 * chunk_totals - how long the lanes of a group have been in each state, and how many spans of
 * it have ended, from the beginning of the run to the beginning of a chunk:
 * span_chunk.totals. With it, and a few chunks, the totals of any range are two
 * subtractions, however long it is. Inside db only.
 *
 * The bytes are four columns of chunk_codec.c: the places of lanes that have been alive
 * (lane - 64 * group), ascending, for each a mask of states, not 0, and for each of these the
 * time, ns > 0, and the number of spans. They have no checksum: what cannot be is refused.
 */
#ifndef DB_CHUNK_TOTALS_PRIV_H
#define DB_CHUNK_TOTALS_PRIV_H

#include "db/chunk_codec.h"

enum { TOTALS_CHUNKS = 8 /* every eighth chunk has them */ };

struct chunk_totals {
    sim_ns state_ns[LANE_GROUP_LANES][STATE_COUNT];
    int64_t ended[LANE_GROUP_LANES][STATE_COUNT];
};

/* Adds what the lanes did in a chunk from its beginning to `until`, t0 <= until, and the
 * spans that have ended by then; t1 < until: nothing that is open at t1 ended before. */
void chunk_totals_add(struct chunk_totals *totals, const struct span_chunk *chunk,
                      sim_ns until);

/* Appends the bytes. ERR_NOMEM */
int chunk_totals_encode(const struct chunk_totals *totals, struct chunk_bytes *out,
                        struct err *err) WARN_UNUSED;
/* Those of a chunk that begins at `until`. ERR_CORRUPT */
int chunk_totals_decode(struct chunk_totals *out, sim_ns until, const void *data,
                        size_t size, struct err *err) WARN_UNUSED;

#endif
