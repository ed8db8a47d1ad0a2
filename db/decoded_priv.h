/* SPDX-License-Identifier: MIT */
/*
 * decoded - what one row of a timeline says, in memory that is no longer than it must be, so
 * that many can be kept (block_cache_priv.h). Inside db only.
 *
 * Decoding takes room for the largest row: a scratch, which is used again and again. What is
 * decoded does not change any more, but for decoded_fill_columns().
 */
#ifndef DB_DECODED_PRIV_H
#define DB_DECODED_PRIV_H

#include "db/chunk_codec.h"
#include "db/point_pyramid_priv.h"
#include "db/sheet_codec_priv.h"

enum decoded_kind {
    DECODED_SPANS, /* rows of span_chunk */
    DECODED_INSTANTS,
    DECODED_COUNTERS,
    DECODED_SHEET, /* rows of sheet: of spans */
    DECODED_INSTANT_SHEET,
    DECODED_COUNTER_SHEET,
    DECODED_KIND_COUNT
};

/* A row of the table of its kind. */
struct block_row {
    int64_t id;
    const void *data;
    size_t size;
};

struct decoded_spans {
    struct span_chunk chunk;           /* lane, state, resource, by, site: see below */
    const struct span_kind *kinds;     /* the distinct ones */
    const uint16_t *kind;              /* which of them each span is */
    sim_ns since_ns[LANE_GROUP_LANES]; /* as of span_block */
};

struct decoded {
    enum decoded_kind kind;
    size_t bytes;      /* all that it takes */
    lane_id last_lane; /* of instants, counters and their sheets: the largest */
    union {
        struct decoded_spans spans;
        struct instant_chunk instants;
        struct counter_chunk counters;
        struct sheet_block sheet;
        struct point_sheet points; /* of instants or counters */
    } as;
    void *arrays, *columns; /* private */
};

struct decoded_scratch;

/* NULL without memory. */
struct decoded_scratch *decoded_scratch_create(void);
void decoded_scratch_destroy(struct decoded_scratch *scratch);

/* Decodes a row into *out, which is to be released with decoded_deinit(). ERR_CORRUPT says what
 * is wrong with the row, ERR_NOMEM; *out is untouched then. */
int decoded_init(struct decoded *out, enum decoded_kind kind, const struct block_row *row,
                 struct decoded_scratch *scratch, struct err *err) WARN_UNUSED;
void decoded_deinit(struct decoded *decoded);

/* Columns lane, state, resource, by and site of spans, which are NULL before: they can be had
 * from the kinds. ERR_NOMEM */
int decoded_fill_columns(struct decoded *decoded) WARN_UNUSED;

#endif
