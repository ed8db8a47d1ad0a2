/* SPDX-License-Identifier: MIT */
/*
 * instant_sheet - what a sheet of instants has: its nodes, and which columns they are
 * (point_sheet_codec_priv.h). Inside db only.
 */
#ifndef DB_INSTANT_SHEET_PRIV_H
#define DB_INSTANT_SHEET_PRIV_H

#include "db/point_sheet_codec_priv.h"

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

/* For sheets of such nodes. */
extern const struct point_format instant_sheet_format;

#endif
