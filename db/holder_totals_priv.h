/* SPDX-License-Identifier: MIT */
/*
 * holder_totals - for how long each GIL and each lock was held by whom, and by whom a GIL was
 * waited for, from the beginning of the run to the beginning of a chunk: rows of table
 * holder_total. With two of them, and a few chunks, the shares in any range are exact.
 * Inside db only.
 *
 * Who can hold a GIL is any thread of the run, so that these totals have no bound but the
 * number of pairs. The more there are the rarer they are stored: when the chunks since the
 * last time have HOLDER_SPACING times their size, but no more often than every eighth
 * chunk. They make a file longer by 1 / HOLDER_SPACING at most; with eight threads that
 * is 0.01 bytes a span, with a thousand 0.15.
 *
 * The bytes of a row:
 *
 *          0     4  number of entries
 *          4     -  four columns, as specified at the head of chunk_codec.c: place of the
 *                   lane (lane - 64 * group), state, resource, time in ns > 0; by (place,
 *                   state, resource), which ascend
 */
#ifndef DB_HOLDER_TOTALS_PRIV_H
#define DB_HOLDER_TOTALS_PRIV_H

#include "db/chunk_codec.h"

enum { HOLDER_SPACING = 32, HOLDER_CHUNKS = 8, HOLDER_ENTRY_BYTES = 8 };

struct holder_total {
    lane_id lane, resource;
    sim_ns ns;
    uint8_t state; /* held, wait_gil or forced_wait */
};

/* A zeroed one is empty. A table of hashes, without an order. */
struct holder_totals {
    struct holder_total *items;
    uint32_t
        *table; /* position + 1; 0: free; twice as long as there are items, or more */
    size_t count, capacity, table_size;
};
void holder_totals_deinit(struct holder_totals *totals);

static inline bool holder_totals_has(unsigned state) {
    return state == STATE_HELD || state == STATE_WAIT_GIL || state == STATE_FORCED_WAIT;
}

/* Adds time. ERR_NOMEM */
int holder_totals_add(struct holder_totals *totals, const struct holder_total *total,
                      struct err *err) WARN_UNUSED;

/* Adds what the lanes did in a chunk from its beginning to `until`, t0 <= until; as
 * chunk_totals_add(). */
int holder_totals_add_chunk(struct holder_totals *totals, const struct span_chunk *chunk,
                            sim_ns until, struct err *err) WARN_UNUSED;

/* By lane, state and resource: compares two totals for qsort(). */
int holder_total_order(const void *a, const void *b);

/* Brings them into the order of (lane, state, resource); nothing may be added afterwards
 * without holder_totals_index(). */
void holder_totals_sort(struct holder_totals *totals);
void holder_totals_index(struct holder_totals *totals);

/* Appends the bytes; sorts. ERR_NOMEM */
int holder_totals_encode(struct holder_totals *totals, struct chunk_bytes *out,
                         struct err *err) WARN_UNUSED;
/* Whose they are, and up to when at the latest. */
struct holder_scope {
    uint32_t group;
    sim_ns until_ns;
};

/* Adds them to `out`. They have no checksum: what cannot be is ERR_CORRUPT. ERR_NOMEM */
int holder_totals_decode(struct holder_totals *out, const struct holder_scope *scope,
                         const void *data, size_t size, struct err *err) WARN_UNUSED;

#endif
