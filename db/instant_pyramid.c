/* SPDX-License-Identifier: MIT */
#include "db/instant_pyramid_priv.h"

static size_t owner_of(const void *chunk, uint32_t i) {
    return (size_t)((const struct instant_chunk *)chunk)->lane[i];
}

static void node_of(const void *chunk, uint32_t i, void *out) {
    *(struct instant_node *)out = instant_node_of(chunk, i);
}

static void add(void *sum, const void *later) { instant_node_add(sum, later); }

static const struct point_kind kind = {
    .node_size = sizeof(struct instant_node),
    .owner = owner_of,
    .node = node_of,
    .add = add,
};

int instant_pyramid_create(struct point_pyramid **out, point_sheet_fn give, void *context,
                           struct err *err) {
    return point_pyramid_create(out, &kind, give, context, err);
}

int instant_pyramid_add(struct point_pyramid *pyramid, const struct instant_chunk *chunk,
                        unsigned *base, struct err *err) {
    const struct point_chunk points = {.chunk = chunk,
                                       .seq = chunk->seq,
                                       .count = chunk->count,
                                       .t0_ns = chunk->t0_ns,
                                       .t1_ns = chunk->t1_ns,
                                       .at_ns = chunk->at_ns};
    return point_pyramid_add(pyramid, &points, base, err);
}
