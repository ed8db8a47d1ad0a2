/* SPDX-License-Identifier: MIT */
/*
 * point_pyramid - what things that happen at one time each look like from further and
 * further away, made while they come in: for instants and the samples of counters what
 * pyramid_priv.h is for spans. Inside db only.
 *
 * Points are of somebody: a lane, a counter. A node is what somebody has in a cell of
 * 2^level ns: the time of the first point, and what its kind of node keeps. Nodes of the
 * same cell add up, and a node of a level is the sum of two of the level below. A chunk's
 * base is the lowest level at which a node stands for NODE_POINTS of its points on average;
 * the first chunks have none.
 *
 * A sheet covers chunks first_seq and up to the next sheet of the level, or to a chunk with
 * a higher base. It is handed out at the end of a chunk, when it has SHEET_NODES nodes, and
 * as many as there is somebody with points: of those each may have one that is cut there.
 */
#ifndef DB_POINT_PYRAMID_PRIV_H
#define DB_POINT_PYRAMID_PRIV_H

#include "db/pyramid_priv.h"

/* Nodes of one level; those of somebody are in the order of time. */
struct point_sheet {
    unsigned level;
    uint32_t first_seq;  /* chunk with which it begins */
    sim_ns t0_ns, t1_ns; /* of the first and the last point, or before and after */
    uint32_t count;
    void *nodes;
    size_t capacity; /* private */
};

/* Takes a sheet, which is borrowed. */
typedef int (*point_sheet_fn)(void *context, const struct point_sheet *sheet,
                              struct err *err);

/* A kind of points, in chunks of its own. */
struct point_kind {
    size_t node_size;
    /* Whose point i is: a number, of which there are not many more than somebodies. */
    size_t (*owner)(const void *chunk, uint32_t i);
    void (*node)(const void *chunk, uint32_t i, void *out);
    void (*add)(void *sum, const void *later); /* of the same owner */
};

/* A chunk of them, and what the pyramid needs to know of it. */
struct point_chunk {
    const void *chunk;
    uint32_t seq, count;
    sim_ns t0_ns, t1_ns;
    const sim_ns *at_ns;
};

struct point_pyramid; /* of a run */

int point_pyramid_create(struct point_pyramid **out, const struct point_kind *kind,
                         point_sheet_fn give, void *context, struct err *err) WARN_UNUSED;
void point_pyramid_destroy(struct point_pyramid *pyramid);

/* Adds a valid chunk, the next of the run; its base into *base. ERR_NOMEM, or what `give`
 * says; the pyramid is of no use then. */
int point_pyramid_add(struct point_pyramid *pyramid, const struct point_chunk *chunk,
                      unsigned *base, struct err *err) WARN_UNUSED;

/* Owners with points have places 0, 1, 2 ... in the order in which they come. */
uint32_t point_pyramid_place(const struct point_pyramid *pyramid, size_t owner);
uint32_t point_pyramid_owners(const struct point_pyramid *pyramid);

/* Hands out what is left, up to the level at which the run is a cell. */
int point_pyramid_finish(struct point_pyramid *pyramid, struct err *err) WARN_UNUSED;

#endif
