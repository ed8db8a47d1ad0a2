/* SPDX-License-Identifier: MIT */
/*
 * counter_sheet - what a sheet of samples of counters has: its nodes, and which columns they
 * are (point_sheet_codec_priv.h). Inside db only.
 */
#ifndef DB_COUNTER_SHEET_PRIV_H
#define DB_COUNTER_SHEET_PRIV_H

#include "db/point_sheet_codec_priv.h"

/* Samples of a counter, as many as there are. */
struct counter_node {
    sim_ns first_ns; /* the time of the first one */
    int64_t min, max, last;
    lane_id lane;
    uint32_t kind; /* enum counter_kind */
    uint32_t total;
};

/* Adds what comes later of the same counter. */
static inline void counter_node_add(struct counter_node *sum,
                                    const struct counter_node *later) {
    sum->min = later->min < sum->min ? later->min : sum->min;
    sum->max = later->max > sum->max ? later->max : sum->max;
    sum->last = later->last;
    sum->total += later->total;
}

static inline struct counter_node counter_node_of(const struct counter_chunk *chunk,
                                                  uint32_t i) {
    return (struct counter_node){.first_ns = chunk->at_ns[i],
                                 .min = chunk->value[i],
                                 .max = chunk->value[i],
                                 .last = chunk->value[i],
                                 .lane = chunk->lane[i],
                                 .kind = chunk->kind[i],
                                 .total = 1};
}

/* The number of a counter in the run, of which few are left out. */
static inline size_t counter_number(lane_id lane, uint32_t kind) {
    return (size_t)lane * COUNTER_COUNT + kind;
}

/* For sheets of such nodes. */
extern const struct point_format counter_sheet_format;

#endif
