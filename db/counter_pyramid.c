/* SPDX-License-Identifier: MIT */
#include "db/counter_pyramid_priv.h"

#include "engine/base/memory.h"

struct counter_pyramid {
    struct point_pyramid *points;
    struct point_sheet carry; /* nodes by place, as of the end of the last chunk */
    uint64_t samples;         /* since the last one that was due */
};

/* --- nodes --------------------------------------------------------------------- */

static size_t owner_of(const void *chunk, uint32_t i) {
    const struct counter_chunk *counters = chunk;
    return counter_number(counters->lane[i], counters->kind[i]);
}

static void node_of(const void *chunk, uint32_t i, void *out) {
    *(struct counter_node *)out = counter_node_of(chunk, i);
}

static void add(void *sum, const void *later) { counter_node_add(sum, later); }

static const struct point_kind kind = {
    .node_size = sizeof(struct counter_node),
    .owner = owner_of,
    .node = node_of,
    .add = add,
};

/* --- life ---------------------------------------------------------------------- */

int counter_pyramid_create(struct counter_pyramid **out, point_sheet_fn give,
                           void *context, struct err *err) {
    struct counter_pyramid *pyramid = memory_zeroed(1, sizeof *pyramid);
    if (pyramid == NULL) {
        return err_set_nomem(err);
    }
    const int rc = point_pyramid_create(&pyramid->points, &kind, give, context, err);
    if (rc != 0) {
        memory_free(pyramid);
        return rc;
    }
    *out = pyramid;
    return 0;
}

void counter_pyramid_destroy(struct counter_pyramid *pyramid) {
    if (pyramid != NULL) {
        point_pyramid_destroy(pyramid->points);
        point_sheet_deinit(&pyramid->carry);
        memory_free(pyramid);
    }
}

/* --- chunks -------------------------------------------------------------------- */

const struct point_sheet *counter_pyramid_carry(struct counter_pyramid *pyramid,
                                                const struct counter_chunk *next) {
    if (pyramid->carry.count == 0 ||
        pyramid->samples < CARRY_SAMPLES * (uint64_t)pyramid->carry.count) {
        return NULL;
    }
    pyramid->samples = 0;
    pyramid->carry.first_seq = next->seq;
    pyramid->carry.t1_ns = next->t0_ns;
    return &pyramid->carry;
}

/* Who has a place already is in the carry. */
static int carry_on(struct counter_pyramid *pyramid, const struct counter_chunk *chunk,
                    struct err *err) {
    struct point_sheet *carry = &pyramid->carry;
    const uint32_t count = point_pyramid_owners(pyramid->points);
    while (carry->count < count) {
        if (vec_reserve(&carry->nodes, &carry->capacity, carry->count,
                        sizeof(struct counter_node)) != 0) {
            return err_set_nomem(err);
        }
        carry->count++;
    }
    struct counter_node *nodes = carry->nodes;
    for (uint32_t i = 0; i < chunk->count; i++) {
        nodes[point_pyramid_place(pyramid->points, owner_of(chunk, i))] =
            counter_node_of(chunk, i);
    }
    pyramid->samples += chunk->count;
    return 0;
}

int counter_pyramid_add(struct counter_pyramid *pyramid,
                        const struct counter_chunk *chunk, unsigned *base,
                        struct err *err) {
    const struct point_chunk points = {.chunk = chunk,
                                       .seq = chunk->seq,
                                       .count = chunk->count,
                                       .t0_ns = chunk->t0_ns,
                                       .t1_ns = chunk->t1_ns,
                                       .at_ns = chunk->at_ns};
    const int rc = point_pyramid_add(pyramid->points, &points, base, err);
    return rc == 0 ? carry_on(pyramid, chunk, err) : rc;
}

int counter_pyramid_finish(struct counter_pyramid *pyramid, struct err *err) {
    return point_pyramid_finish(pyramid->points, err);
}
