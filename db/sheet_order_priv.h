/* SPDX-License-Identifier: MIT */
/*
 * sheet_order - the nodes of a sheet in the order in which they are stored, and what they
 * have in common. Inside db only.
 *
 * A pyramid makes the nodes of all lanes as time passes; a painter wants one lane after the
 * other, so that neighbours are in the same pixel and a lane that is not asked for is
 * passed over at once.
 */
#ifndef DB_SHEET_ORDER_PRIV_H
#define DB_SHEET_ORDER_PRIV_H

#include "db/pyramid_priv.h"

/* Mask, the state with most time (the smallest of equal ones, 0 without any) and how many
 * bytes the longest time of the other states takes: a number, in whose order kinds are
 * stored. */
typedef uint64_t node_kind;

static inline uint32_t node_kind_mask(node_kind kind) { return (uint32_t)(kind >> 16); }
static inline uint8_t node_kind_state(node_kind kind) { return (uint8_t)(kind >> 8); }
static inline uint8_t node_kind_bytes(node_kind kind) { return (uint8_t)kind; }

/* How many times are stored of a mask: the longest one is what the others leave. */
static inline uint32_t node_mask_times(uint32_t mask) {
    const uint32_t states = (uint32_t)__builtin_popcount(mask & ~NODE_LONG);
    return states > 0 ? states - 1 : 0;
}
static inline uint32_t node_kind_times(node_kind kind) {
    return node_mask_times(node_kind_mask(kind));
}

struct ordered_node {
    node_kind kind;
    sim_ns all_ns;   /* all its times together */
    uint32_t number; /* in the sheet */
    uint32_t time;   /* the first of its times there */
    uint32_t span;   /* its long span there, if it has one */
};

struct sheet_order {
    struct ordered_node *nodes; /* by lane, then by time */
    uint32_t *longs;            /* numbers of the long spans, likewise */
    node_kind *kinds;           /* the distinct ones, ascending */
    uint32_t kind_count;
    size_t time_bytes; /* that all times take */
};

/* ERR_NOMEM: nothing was made. */
int sheet_order_init(struct sheet_order *order, const struct sheet *sheet) WARN_UNUSED;
void sheet_order_deinit(struct sheet_order *order);

/* Where a kind is, or belongs. */
uint32_t sheet_order_find(const struct sheet_order *order, node_kind kind);

#endif
