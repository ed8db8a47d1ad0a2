/* SPDX-License-Identifier: MIT */
/*
 * instant_sheet_codec - a sheet of the pyramid of instants (instant_pyramid_priv.h) as bytes,
 * and back. The format is specified at the head of instant_sheet_codec.c. Inside db only.
 */
#ifndef DB_INSTANT_SHEET_CODEC_PRIV_H
#define DB_INSTANT_SHEET_CODEC_PRIV_H

#include "db/chunk_codec.h"
#include "db/pyramid_priv.h"

/* Instants of a lane, as many as there are. */
struct instant_node {
    sim_ns first_ns; /* the time of the first one */
    lane_id lane;
    lane_id by; /* of the only instant, or of the only slow callback; else LANE_NONE */
    uint32_t total;
    uint32_t count[INSTANT_COUNT]; /* by kind */
};

/* Adds what comes later of the same lane. */
static inline void instant_node_add(struct instant_node *sum,
                                    const struct instant_node *later) {
    const uint32_t slow = sum->count[INSTANT_SLOW_CALLBACK];
    const uint32_t more = later->count[INSTANT_SLOW_CALLBACK];
    if (more == 1 && slow == 0) {
        sum->by = later->by;
    } else if (more != 0 || slow != 1) {
        sum->by = LANE_NONE;
    }
    sum->total += later->total;
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        sum->count[kind] += later->count[kind];
    }
}

static inline struct instant_node instant_node_of(const struct instant_chunk *chunk,
                                                  uint32_t i) {
    struct instant_node node = {.first_ns = chunk->at_ns[i],
                                .lane = chunk->lane[i],
                                .by = chunk->by[i],
                                .total = 1};
    node.count[chunk->kind[i]] = 1;
    return node;
}

/* Nodes of one level; those of a lane are in the order of time. */
struct instant_sheet {
    unsigned level;
    uint32_t first_seq;  /* chunk with which it begins */
    sim_ns t0_ns, t1_ns; /* of the first and the last instant, or before and after */
    uint32_t count;
    struct instant_node *nodes;
    size_t capacity; /* private */
};

/* A zeroed sheet is empty. */
void instant_sheet_deinit(struct instant_sheet *sheet);

/* Appends the encoded sheet to `out`. ERR_NOMEM, or ERR_LIMIT when it has more nodes than
 * the format allows; `out` keeps its size then. */
int instant_sheet_codec_encode(const struct instant_sheet *sheet, struct chunk_bytes *out,
                               struct err *err) WARN_UNUSED;

/*
 * Reads a sheet into one that is zeroed or was read before. ERR_CORRUPT says what is wrong
 * with the bytes, ERR_NOMEM; the sheet is empty then. What is accepted is a valid sheet:
 * every node lies inside of it and has an instant, and `by` only when that is of one.
 */
int instant_sheet_codec_decode(const void *data, size_t size, struct instant_sheet *out,
                               struct err *err) WARN_UNUSED;

#endif
