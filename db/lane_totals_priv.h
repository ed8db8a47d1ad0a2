/* SPDX-License-Identifier: MIT */
/*
 * lane_totals - the time of a lane in each state, as the bytes of lane.totals. Inside db
 * only.
 *
 *          0     1  number of states n, 1 .. 255
 *          1     -  a column of n values, as specified at the head of chunk_codec.c: its
 *                   encoding, length and data; value i is the time in state i, ns
 *
 * A reader that knows more states takes those that are missing for zero; one that knows
 * fewer refuses.
 */
#ifndef DB_LANE_TOTALS_PRIV_H
#define DB_LANE_TOTALS_PRIV_H

#include "db/column_codec_priv.h"
#include "engine/base/err.h"
#include "engine/record/lane.h"

enum { LANE_TOTALS_BYTES = 1 + COLUMN_HEADER_BYTES + STATE_COUNT * COLUMN_VALUE_BYTES };

/* Returns how many of the bytes are used. */
size_t lane_totals_encode(uint8_t bytes[LANE_TOTALS_BYTES],
                          const sim_ns state_ns[STATE_COUNT]);

/* ERR_CORRUPT */
int lane_totals_decode(sim_ns state_ns[STATE_COUNT], const uint8_t *bytes, size_t size,
                       struct err *err) WARN_UNUSED;

#endif
