/* SPDX-License-Identifier: MIT */
/*
 * pyramid - what the lanes of one group look like from further and further away, made while
 * their spans come in. Inside db only.
 *
 * Level L divides time into cells of 2^L nanoseconds. At that level
 *
 *     long     a span of at least a cell: it is kept whole, with the cell of its last
 *              nanosecond; no two long ones end in the same cell
 *     short    any other: only its time is kept, by state, cut at the edges of cells, and in
 *              the cell of its last nanosecond that it was one
 *
 * A *node* is what a lane has of that in a cell; cells with nothing have no node. Within a
 * cell the long span comes first, then the short ones, then perhaps the beginning of a long
 * one that ends later and is told there. Nodes of the same cell add up, so that they can be
 * made piece by piece: a node of level L + 1 is the sum of two of level L, in which long
 * spans that are short there have become time.
 *
 *     spans of a chunk -> nodes of its base level -> nodes of the next -> ... -> level 62
 *
 * Each chunk has its *base*: the lowest level at which a node stands for NODE_SPANS of its
 * spans on average. Below that a reader makes the nodes from the chunk itself, which then
 * costs no more than NODE_SPANS spans for each; the first chunks of a group have no base
 * at all (PYRAMID_NONE), so that small runs have no pyramid.
 *
 * Nodes are handed out when a level has enough of them, at the end of a chunk: a *sheet*
 * covers chunks first_seq and up to the next sheet, or to a chunk with a higher base: all
 * spans that ended in them, and nothing else. Its cells reach back to one before t0_ns.
 *
 * A level hands out only together with all below it, so that a sheet has whole ones of these:
 * of a run that is still being recorded, each level goes on where the one above ends.
 */
#ifndef DB_PYRAMID_PRIV_H
#define DB_PYRAMID_PRIV_H

#include "engine/base/err.h"
#include "engine/record/sink.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PYRAMID_LEVELS = 63, /* 2^62 ns are 146 years */
    PYRAMID_NONE = PYRAMID_LEVELS,
    SHEET_NODES =
        4096 /* a sheet has at least so many, and what comes until those below do */
};

/*
 * The base of chunk `seq`: the lowest level with no more than `most` nodes, of which
 * `nodes` has those that a level has and the one above it has not; it is used up. A base
 * that was good stays as long as it is not bad.
 */
unsigned pyramid_base(uint32_t seq, uint32_t most, uint32_t nodes[PYRAMID_LEVELS + 1],
                      unsigned before);

/* A span that is long at a level. */
struct long_span {
    sim_ns start_ns, end_ns;
    lane_id resource, by;
    site_id site;
    uint8_t state;
};

/* Nodes as columns. Those of a lane are in the order of time. Times and long spans are one
 * after the other: node i has one of the former for each state in its mask, in ascending
 * order, and one of the latter when it has NODE_LONG. */
#define NODE_LONG (UINT32_C(1) << 31)
static_assert(STATE_COUNT < 31, "a mask of states has a bit left");

struct sheet {
    uint32_t group;
    unsigned level;
    uint32_t first_seq;  /* chunk with which it begins */
    sim_ns t0_ns, t1_ns; /* the spans ended in between */
    uint32_t count;
    uint32_t time_count, long_count;
    uint8_t *place;  /* lane - 64 * group */
    int64_t *cell;   /* time >> level */
    uint32_t *mask;  /* 1 << state, NODE_LONG */
    uint32_t *ended; /* short spans that end in it */
    sim_ns *times;   /* time_count */
    struct long_span *longs;
    size_t capacity, time_capacity, long_capacity; /* private */
};

/* A zeroed sheet is empty. */
void sheet_deinit(struct sheet *sheet);

/* Room for so many more nodes, times and long spans. ERR_NOMEM */
int sheet_reserve(struct sheet *sheet, size_t nodes, size_t times,
                  size_t longs) WARN_UNUSED;

/* Takes a sheet, which is borrowed. */
typedef int (*sheet_fn)(void *context, const struct sheet *sheet, struct err *err);

struct pyramid; /* of one lane group */

int pyramid_create(struct pyramid **out, uint32_t group, sheet_fn give, void *context,
                   struct err *err) WARN_UNUSED;
void pyramid_destroy(struct pyramid *pyramid);

/* Adds a chunk, the next of the group; its base into *base. ERR_NOMEM, or what `give`
 * says; the pyramid is of no use then. */
int pyramid_add(struct pyramid *pyramid, const struct span_chunk *chunk, unsigned *base,
                struct err *err) WARN_UNUSED;

/* Hands out what is left, up to the level at which the run is a cell. */
int pyramid_finish(struct pyramid *pyramid, struct err *err) WARN_UNUSED;

#endif
