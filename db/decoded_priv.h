/* SPDX-License-Identifier: MIT */
/*
 * decoded - what one row of a timeline says, in memory that is no longer than it must be, so
 * that many can be kept (block_cache_priv.h). Inside db only.
 *
 * Decoding takes room for the largest row: a scratch, which is used again and again. What is
 * decoded does not change any more.
 */
#ifndef DB_DECODED_PRIV_H
#define DB_DECODED_PRIV_H

#include "db/chunk_codec.h"
#include "db/point_pyramid_priv.h"
#include "db/sheet_codec_priv.h"

enum decoded_kind {
    DECODED_SPANS, /* rows of span_chunk: in the order of time */
    DECODED_LANES, /* the same rows: one lane after the other */
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
    struct span_chunk chunk;
    sim_ns since_ns[LANE_GROUP_LANES]; /* as of span_block */
};

/* What is painted: a third of the bytes. A span begins where the one before it ends. */
struct decoded_lanes {
    struct decoded_spans spans;           /* whose chunk has no columns */
    const struct span_kind *kinds;        /* the distinct ones */
    const uint16_t *kind;                 /* which of them each span is */
    const sim_ns *end_ns;                 /* of each span */
    uint32_t first[LANE_GROUP_LANES + 1]; /* span of each lane, and behind the last one */
    sim_ns begin_ns[LANE_GROUP_LANES];    /* of that */
};

/* The first span of a lane that ends after `time`, or where those of the next lane begin. */
uint32_t decoded_lanes_after(const struct decoded_lanes *lanes, uint32_t place,
                             sim_ns time);

static inline sim_ns decoded_lanes_start(const struct decoded_lanes *lanes,
                                         uint32_t place, uint32_t span) {
    return span == lanes->first[place] ? lanes->begin_ns[place] : lanes->end_ns[span - 1];
}

static inline struct long_span decoded_lanes_span(const struct decoded_lanes *lanes,
                                                  uint32_t place, uint32_t span) {
    const struct span_kind *kind = &lanes->kinds[lanes->kind[span]];
    return (struct long_span){
        .start_ns = decoded_lanes_start(lanes, place, span),
        .end_ns = lanes->end_ns[span],
        .resource = kind->resource,
        .by = kind->by,
        .site = kind->site,
        .state = kind->state,
    };
}

struct decoded {
    enum decoded_kind kind;
    size_t bytes;      /* all that it takes */
    lane_id last_lane; /* of instants, counters and their sheets: the largest */
    union {
        struct decoded_spans spans;
        struct decoded_lanes lanes;
        struct instant_chunk instants;
        struct counter_chunk counters;
        struct sheet_block sheet;
        struct point_sheet points; /* of instants or counters */
    } as;
    void *arrays; /* private */
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

#endif
