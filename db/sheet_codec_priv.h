/* SPDX-License-Identifier: MIT */
/*
 * sheet_codec - a sheet of the pyramid as bytes, and back. The format is specified at the
 * head of sheet_codec.c. Inside db only.
 *
 * A reader seldom wants to know the times of a node: where one state has most of the time in
 * all nodes of a pixel, it has most of the time in the pixel. So they stay as they are
 * stored until somebody asks.
 */
#ifndef DB_SHEET_CODEC_PRIV_H
#define DB_SHEET_CODEC_PRIV_H

#include "db/chunk_codec.h"
#include "db/pyramid_priv.h"

/* What nodes have in common. */
struct sheet_kind {
    uint32_t mask;       /* 1 << state, NODE_LONG */
    uint16_t times_size; /* bytes that all its times take */
    uint8_t time_bytes;  /* that one takes */
    uint8_t state; /* with most short time, the smallest of equal ones; 0: no time */
};

struct sheet_node {
    int64_t cell;
    uint32_t ended;
    uint32_t kind; /* in sheet_block.kinds */
};
static_assert(sizeof(struct sheet_node) == 16, "a node is read as fast as it is small");

/* The nodes of a lane, which are in the order of time. */
struct sheet_lane {
    uint32_t first, end;           /* in sheet_block.nodes */
    uint32_t first_long, end_long; /* in sheet_block.longs */
    uint32_t times_at;             /* of the first node, in sheet_block.times */
    uint8_t place;                 /* lane - 64 * group */
};

/* A decoded sheet; a zeroed one is empty. */
struct sheet_block {
    uint32_t group;
    unsigned level;
    uint32_t first_seq;
    sim_ns t0_ns, t1_ns;
    uint32_t count, long_count, lane_count;
    struct sheet_lane lanes[LANE_GROUP_LANES]; /* that have nodes, ascending */
    struct sheet_kind *kinds;
    struct sheet_node *nodes;
    struct long_span *longs; /* of each node with NODE_LONG, in the same order */
    sim_ns *short_ns;        /* of each node: all its short time */
    uint8_t *times;          /* of each node: of all states but that with most */
    size_t capacity, kind_capacity, short_capacity, long_capacity,
        time_capacity; /* of the arrays */
};

void sheet_block_deinit(struct sheet_block *block);

/* A place in the times of a lane, at first {lane.first, lane.times_at}. */
struct sheet_times {
    uint32_t node, at;
};

/* Adds what a node has of each state in its mask. The place moves on to the node, which may
 * not be before it. */
void sheet_block_add_times(const struct sheet_block *block, struct sheet_times *place,
                           uint32_t node, sim_ns state_ns[STATE_COUNT]);

/* Appends the encoded sheet to `out`. ERR_NOMEM; `out` keeps its size then. */
int sheet_codec_encode(const struct sheet *sheet, struct chunk_bytes *out,
                       struct err *err) WARN_UNUSED;

/*
 * Reads a sheet into one that is zeroed or was read before. ERR_CORRUPT says what is wrong
 * with the bytes, ERR_NOMEM; the sheet is empty then. What is accepted is a valid sheet:
 * every lane is of its group, states are known, masks fit to the columns, long spans last
 * at least a cell and end in theirs.
 */
int sheet_codec_decode(const void *data, size_t size, struct sheet_block *out,
                       struct err *err) WARN_UNUSED;

#endif
