/* SPDX-License-Identifier: MIT */
#include "db/pyramid_priv.h"

#include <string.h>

#include "engine/base/memory.h"

enum {
    NODE_SPANS = 5,
    PLAIN_CHUNKS = 4 /* the first chunks, which have no base */
};

/* The node that a lane is in. */
struct open_node {
    int64_t cell;
    uint32_t mask; /* of states; NODE_LONG; 0: there is none */
    uint32_t ended;
    struct long_span span;
    sim_ns state_ns[STATE_COUNT];
};

struct level {
    struct sheet sheet; /* what was made since the last one */
    struct open_node nodes[LANE_GROUP_LANES];
};

/* Where a sheet begins. */
struct start {
    uint32_t seq; /* chunk */
    sim_ns at_ns;
};

struct pyramid {
    uint32_t group;
    unsigned base;     /* of the chunk before */
    struct start next; /* the chunk after it */
    struct start starts[PYRAMID_LEVELS];
    sheet_fn give;
    void *context;
    bool out_of_memory;
    struct level *levels[PYRAMID_LEVELS]; /* made when first needed */
};

/* --- sheets -------------------------------------------------------------------- */

void sheet_deinit(struct sheet *sheet) {
    memory_free(sheet->place);
    memory_free(sheet->cell);
    memory_free(sheet->mask);
    memory_free(sheet->ended);
    memory_free(sheet->times);
    memory_free(sheet->longs);
    *sheet = (struct sheet){0};
}

static int grow(void **column, size_t capacity, size_t size) {
    void *moved = memory_resize(*column, capacity, size);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    *column = moved;
    return 0;
}

#define GROW(rc, sheet, column, capacity)                                                \
    ((rc) != 0 ? (rc)                                                                    \
               : grow((void **)&(sheet)->column, (capacity), sizeof *(sheet)->column))

static size_t room_for(size_t capacity, size_t needed) {
    return needed > capacity * 2 ? needed : capacity * 2;
}

int sheet_reserve(struct sheet *sheet, size_t nodes, size_t times, size_t longs) {
    int rc = 0;
    if (sheet->capacity < sheet->count + nodes) {
        const size_t to = room_for(sheet->capacity, sheet->count + nodes);
        rc = GROW(rc, sheet, place, to);
        rc = GROW(rc, sheet, cell, to);
        rc = GROW(rc, sheet, mask, to);
        rc = GROW(rc, sheet, ended, to);
        sheet->capacity = rc == 0 ? to : sheet->capacity;
    }
    if (rc == 0 && sheet->time_capacity < sheet->time_count + times) {
        const size_t to = room_for(sheet->time_capacity, sheet->time_count + times);
        rc = GROW(rc, sheet, times, to);
        sheet->time_capacity = rc == 0 ? to : sheet->time_capacity;
    }
    if (rc == 0 && sheet->long_capacity < sheet->long_count + longs) {
        const size_t to = room_for(sheet->long_capacity, sheet->long_count + longs);
        rc = GROW(rc, sheet, longs, to);
        sheet->long_capacity = rc == 0 ? to : sheet->long_capacity;
    }
    return rc;
}

static bool append(struct sheet *sheet, uint32_t place, const struct open_node *node) {
    if (sheet_reserve(sheet, 1, STATE_COUNT, 1) != 0) {
        return false;
    }
    const uint32_t i = sheet->count++;
    sheet->place[i] = (uint8_t)place;
    sheet->cell[i] = node->cell;
    sheet->mask[i] = node->mask;
    sheet->ended[i] = node->ended;
    for (uint32_t rest = node->mask & ~NODE_LONG; rest != 0; rest &= rest - 1) {
        sheet->times[sheet->time_count++] = node->state_ns[__builtin_ctz(rest)];
    }
    if ((node->mask & NODE_LONG) != 0) {
        sheet->longs[sheet->long_count++] = node->span;
    }
    return true;
}

/* --- nodes --------------------------------------------------------------------- */

static struct level *level_at(struct pyramid *pyramid, unsigned level) {
    if (pyramid->levels[level] == NULL) {
        pyramid->levels[level] = memory_zeroed(1, sizeof *pyramid->levels[level]);
        pyramid->out_of_memory |= pyramid->levels[level] == NULL;
    }
    return pyramid->levels[level];
}

static void add_time(struct open_node *node, unsigned state, sim_ns time) {
    node->state_ns[state] += time;
    node->mask |= UINT32_C(1) << state;
}

static void add_span(struct pyramid *pyramid, unsigned level, uint32_t place,
                     const struct long_span *span);
static struct open_node *node_at(struct pyramid *pyramid, unsigned level, uint32_t place,
                                 int64_t cell);

/* The node is complete as far as this sheet goes: it is noted, and added to the node above
 * it. */
static void close_node(struct pyramid *pyramid, unsigned level, uint32_t place) {
    struct level *here = pyramid->levels[level];
    struct open_node *node = &here->nodes[place];
    pyramid->out_of_memory |= !append(&here->sheet, place, node);
    if (level + 1 < PYRAMID_LEVELS && (node->mask & NODE_LONG) != 0) {
        add_span(pyramid, level + 1, place, &node->span);
    }
    const uint32_t states = node->mask & ~NODE_LONG;
    struct open_node *above = level + 1 < PYRAMID_LEVELS && states != 0
                                  ? node_at(pyramid, level + 1, place, node->cell >> 1)
                                  : NULL;
    for (uint32_t rest = states; rest != 0; rest &= rest - 1) {
        const unsigned state = (unsigned)__builtin_ctz(rest);
        if (above != NULL) {
            add_time(above, state, node->state_ns[state]);
        }
        node->state_ns[state] = 0;
    }
    if (above != NULL) {
        above->ended += node->ended;
    }
    node->mask = 0;
    node->ended = 0;
}

/* The lane's node of a cell that is not before the one it is in; NULL without memory. */
static struct open_node *node_at(struct pyramid *pyramid, unsigned level, uint32_t place,
                                 int64_t cell) {
    struct level *here = level_at(pyramid, level);
    if (here == NULL) {
        return NULL;
    }
    struct open_node *node = &here->nodes[place];
    if (node->cell != cell && node->mask != 0) {
        close_node(pyramid, level, place);
    }
    node->cell = cell;
    return node;
}

static void add_short(struct pyramid *pyramid, unsigned level, uint32_t place,
                      const struct long_span *span) {
    const int64_t first = span->start_ns >> level, last = (span->end_ns - 1) >> level;
    sim_ns start = span->start_ns;
    struct open_node *node = node_at(pyramid, level, place, first);
    if (first != last && node != NULL) {
        const sim_ns edge = last << level;
        add_time(node, span->state, edge - start);
        start = edge;
        node = node_at(pyramid, level, place, last);
    }
    if (node != NULL) {
        add_time(node, span->state, span->end_ns - start);
        node->ended++;
    }
}

static void add_span(struct pyramid *pyramid, unsigned level, uint32_t place,
                     const struct long_span *span) {
    if ((span->end_ns - span->start_ns) >> level == 0) {
        add_short(pyramid, level, place, span);
        return;
    }
    struct open_node *node = node_at(pyramid, level, place, (span->end_ns - 1) >> level);
    if (node != NULL) {
        node->span = *span;
        node->mask |= NODE_LONG;
    }
}

/* --- life ---------------------------------------------------------------------- */

int pyramid_create(struct pyramid **out, uint32_t group, sheet_fn give, void *context,
                   struct err *err) {
    struct pyramid *pyramid = memory_zeroed(1, sizeof *pyramid);
    if (pyramid == NULL) {
        return err_set_nomem(err);
    }
    pyramid->group = group;
    pyramid->base = PYRAMID_NONE;
    pyramid->give = give;
    pyramid->context = context;
    *out = pyramid;
    return 0;
}

void pyramid_destroy(struct pyramid *pyramid) {
    if (pyramid == NULL) {
        return;
    }
    for (int i = 0; i < PYRAMID_LEVELS; i++) {
        if (pyramid->levels[i] != NULL) {
            sheet_deinit(&pyramid->levels[i]->sheet);
            memory_free(pyramid->levels[i]);
        }
    }
    memory_free(pyramid);
}

/* --- chunks -------------------------------------------------------------------- */

/* Adds up what the lanes have in open nodes of the levels up to this one. */
static void close_nodes(struct pyramid *pyramid, unsigned up_to) {
    for (unsigned level = pyramid->base; level <= up_to; level++) {
        for (uint32_t place = 0; place < LANE_GROUP_LANES; place++) {
            if (pyramid->levels[level] != NULL &&
                pyramid->levels[level]->nodes[place].mask != 0) {
                close_node(pyramid, level, place);
            }
        }
    }
}

static int give_sheet(struct pyramid *pyramid, unsigned level, struct err *err) {
    close_nodes(pyramid, level);
    if (pyramid->out_of_memory) {
        return err_set_nomem(err);
    }
    int rc = 0;
    struct start *start = &pyramid->starts[level];
    if (pyramid->levels[level] != NULL && pyramid->levels[level]->sheet.count > 0) {
        struct sheet *sheet = &pyramid->levels[level]->sheet;
        sheet->group = pyramid->group;
        sheet->level = level;
        sheet->first_seq = start->seq;
        sheet->t0_ns = start->at_ns;
        sheet->t1_ns = pyramid->next.at_ns;
        rc = pyramid->give(pyramid->context, sheet, err);
        sheet->count = sheet->time_count = sheet->long_count = 0;
    }
    *start = pyramid->next;
    return rc;
}

unsigned pyramid_base(uint32_t seq, uint32_t most, uint32_t nodes[PYRAMID_LEVELS + 1],
                      unsigned before) {
    if (seq < PLAIN_CHUNKS) {
        return PYRAMID_NONE;
    }
    unsigned level = PYRAMID_LEVELS;
    while (level > 0 && nodes[level] + nodes[level - 1] <= most) {
        nodes[level - 1] += nodes[level];
        level--;
    }
    const bool stays =
        before < level && before + 1 == level && nodes[before] + nodes[level] <= 2 * most;
    return stays ? before : level;
}

/* Spans of a lane follow one another, so that it has as many nodes as there are spans that
 * end in another cell than they begin. */
static unsigned base_of(const struct span_chunk *chunk, unsigned before) {
    uint32_t nodes[PYRAMID_LEVELS + 1] = {0};
    for (uint32_t i = 0; i < chunk->count; i++) {
        const uint64_t differs =
            (uint64_t)chunk->start_ns[i] ^ (uint64_t)(chunk->end_ns[i] - 1);
        const unsigned bits = differs == 0 ? 0 : 64 - (unsigned)__builtin_clzll(differs);
        if (bits > 0) {
            nodes[bits - 1]++; /* the last level at which it crosses an edge */
        }
    }
    return pyramid_base(chunk->seq, chunk->count / NODE_SPANS, nodes, before);
}

static int change_base(struct pyramid *pyramid, const struct span_chunk *chunk,
                       struct err *err) {
    const unsigned before = pyramid->base;
    const unsigned base = base_of(chunk, before);
    int rc = 0;
    for (unsigned level = before; rc == 0 && level < base; level++) {
        rc = give_sheet(pyramid, level, err);
    }
    pyramid->base = base;
    for (unsigned level = base; level < before; level++) {
        pyramid->starts[level] = (struct start){chunk->seq, chunk->t0_ns};
    }
    return rc;
}

static void add_spans(struct pyramid *pyramid, const struct span_chunk *chunk) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct long_span span = {
            .start_ns = chunk->start_ns[i],
            .end_ns = chunk->end_ns[i],
            .resource = chunk->resource[i],
            .by = chunk->by[i],
            .site = chunk->site[i],
            .state = chunk->state[i],
        };
        add_span(pyramid, pyramid->base, (uint32_t)chunk->lane[i] % LANE_GROUP_LANES,
                 &span);
    }
}

static bool is_full(const struct pyramid *pyramid, unsigned level) {
    return level < PYRAMID_LEVELS && pyramid->levels[level] != NULL &&
           pyramid->levels[level]->sheet.count >= SHEET_NODES;
}

int pyramid_add(struct pyramid *pyramid, const struct span_chunk *chunk, unsigned *base,
                struct err *err) {
    int rc = change_base(pyramid, chunk, err);
    if (rc != 0) {
        return rc;
    }
    *base = pyramid->base;
    if (pyramid->base < PYRAMID_LEVELS) {
        add_spans(pyramid, chunk);
    }
    pyramid->next = (struct start){chunk->seq + 1, chunk->t1_ns};
    for (unsigned level = pyramid->base; rc == 0 && is_full(pyramid, level); level++) {
        rc = give_sheet(pyramid, level, err);
    }
    return rc == 0 && pyramid->out_of_memory ? err_set_nomem(err) : rc;
}

int pyramid_finish(struct pyramid *pyramid, struct err *err) {
    int rc = 0;
    for (unsigned level = pyramid->base; rc == 0 && level < PYRAMID_LEVELS; level++) {
        rc = give_sheet(pyramid, level, err);
        if (pyramid->next.at_ns >> level == 0) {
            break;
        }
    }
    return rc;
}
