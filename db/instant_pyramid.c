/* SPDX-License-Identifier: MIT */
#include "db/instant_pyramid_priv.h"

#include <string.h>

#include "engine/base/memory.h"

enum { NODE_INSTANTS = 8 };

struct level {
    struct instant_sheet sheet; /* what was made since the last one */
    struct instant_node *open; /* by place: the node that a lane is in; total = 0: none */
    size_t room;
};

/* Where a sheet begins. */
struct start {
    uint32_t seq; /* chunk */
    sim_ns at_ns;
};

/* Lanes with instants have places 0, 1, 2 ... in the order in which they come. */
struct instant_pyramid {
    uint32_t *places; /* by lane: place + 1; 0 when it has none */
    size_t lanes;
    sim_ns *last_ns; /* by place: the last instant */
    size_t count, capacity;
    unsigned base;     /* of the chunk before */
    struct start next; /* the chunk after it */
    struct start starts[PYRAMID_LEVELS];
    instant_sheet_fn give;
    void *context;
    bool out_of_memory;
    struct level levels[PYRAMID_LEVELS];
};

/* --- life ---------------------------------------------------------------------- */

int instant_pyramid_create(struct instant_pyramid **out, instant_sheet_fn give,
                           void *context, struct err *err) {
    struct instant_pyramid *pyramid = memory_zeroed(1, sizeof *pyramid);
    if (pyramid == NULL) {
        return err_set_nomem(err);
    }
    pyramid->base = PYRAMID_NONE;
    pyramid->give = give;
    pyramid->context = context;
    *out = pyramid;
    return 0;
}

void instant_pyramid_destroy(struct instant_pyramid *pyramid) {
    if (pyramid == NULL) {
        return;
    }
    for (int i = 0; i < PYRAMID_LEVELS; i++) {
        instant_sheet_deinit(&pyramid->levels[i].sheet);
        memory_free(pyramid->levels[i].open);
    }
    memory_free(pyramid->places);
    memory_free(pyramid->last_ns);
    memory_free(pyramid);
}

/* --- places -------------------------------------------------------------------- */

/* Makes an array longer, which keeps its content; what is new is zero. */
static int lengthen(void **items, size_t *length, size_t to, size_t size) {
    void *moved = memory_resize(*items, to, size);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    memset((char *)moved + *length * size, 0, (to - *length) * size);
    *items = moved;
    *length = to;
    return 0;
}

static int add_place(struct instant_pyramid *p, lane_id lane) {
    const size_t number = (size_t)lane;
    if (number >= p->lanes && lengthen((void **)&p->places, &p->lanes,
                                       number + number / 2 + 1, sizeof *p->places) != 0) {
        return ERR_NOMEM;
    }
    if (p->places[number] == 0) {
        if (vec_reserve((void **)&p->last_ns, &p->capacity, p->count,
                        sizeof *p->last_ns) != 0) {
            return ERR_NOMEM;
        }
        p->last_ns[p->count++] = 0;
        p->places[number] = (uint32_t)p->count;
    }
    return 0;
}

static uint32_t place_of(const struct instant_pyramid *p, lane_id lane) {
    return p->places[lane] - 1;
}

/* --- nodes --------------------------------------------------------------------- */

/* The node in which a place is at a level; NULL without memory. */
static struct instant_node *open_at(struct instant_pyramid *p, unsigned level,
                                    uint32_t place) {
    struct level *here = &p->levels[level];
    if (place >= here->room && lengthen((void **)&here->open, &here->room, p->capacity,
                                        sizeof *here->open) != 0) {
        p->out_of_memory = true;
        return NULL;
    }
    return &here->open[place];
}

static void close_node(struct instant_pyramid *p, unsigned level, uint32_t place);

static void add_node(struct instant_pyramid *p, unsigned level, uint32_t place,
                     const struct instant_node *node) {
    struct instant_node *open = open_at(p, level, place);
    if (open == NULL) {
        return;
    }
    if (open->total > 0 && (open->first_ns ^ node->first_ns) >> level != 0) {
        close_node(p, level, place);
    }
    if (open->total > 0) {
        instant_node_add(open, node);
    } else {
        *open = *node;
    }
}

/* The node is complete as far as this sheet goes: it is noted, and added to the node above
 * it. */
static void close_node(struct instant_pyramid *p, unsigned level, uint32_t place) {
    struct instant_sheet *sheet = &p->levels[level].sheet;
    struct instant_node *node = &p->levels[level].open[place];
    if (vec_reserve((void **)&sheet->nodes, &sheet->capacity, sheet->count,
                    sizeof *sheet->nodes) != 0) {
        p->out_of_memory = true;
        return;
    }
    sheet->nodes[sheet->count++] = *node;
    if (level + 1 < PYRAMID_LEVELS) {
        add_node(p, level + 1, place, node);
    }
    node->total = 0;
}

/* --- chunks -------------------------------------------------------------------- */

/* Adds up what the lanes have in open nodes of the levels up to this one. */
static void close_nodes(struct instant_pyramid *p, unsigned up_to) {
    for (unsigned level = p->base; level <= up_to; level++) {
        const struct level *here = &p->levels[level];
        for (uint32_t place = 0; place < here->room; place++) {
            if (here->open[place].total > 0) {
                close_node(p, level, place);
            }
        }
    }
}

static int give_sheet(struct instant_pyramid *p, unsigned level, struct err *err) {
    close_nodes(p, level);
    if (p->out_of_memory) {
        return err_set_nomem(err);
    }
    struct instant_sheet *sheet = &p->levels[level].sheet;
    struct start *start = &p->starts[level];
    int rc = 0;
    if (sheet->count > 0) {
        sheet->level = level;
        sheet->first_seq = start->seq;
        sheet->t0_ns = start->at_ns;
        sheet->t1_ns = p->next.at_ns;
        rc = p->give(p->context, sheet, err);
        sheet->count = 0;
    }
    *start = p->next;
    return rc;
}

/* Gives every lane of the chunk a place, and counts the nodes that its instants begin, at
 * the last level at which a lane is in another cell than before. That in which the run
 * begins does not count: the base stays below the level at which the run is a cell. */
static int count_nodes(struct instant_pyramid *p, const struct instant_chunk *chunk,
                       uint32_t nodes[PYRAMID_LEVELS + 1]) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (add_place(p, chunk->lane[i]) != 0) {
            return ERR_NOMEM;
        }
        sim_ns *last_ns = &p->last_ns[place_of(p, chunk->lane[i])];
        const uint64_t differs = (uint64_t)*last_ns ^ (uint64_t)chunk->at_ns[i];
        if (differs != 0) {
            nodes[63 - (unsigned)__builtin_clzll(differs)]++;
        }
        *last_ns = chunk->at_ns[i];
    }
    return 0;
}

static int change_base(struct instant_pyramid *p, const struct instant_chunk *chunk,
                       struct err *err) {
    uint32_t nodes[PYRAMID_LEVELS + 1] = {0};
    const unsigned before = p->base;
    int rc = count_nodes(p, chunk, nodes) == 0 ? 0 : err_set_nomem(err);
    const unsigned base =
        pyramid_base(chunk->seq, chunk->count / NODE_INSTANTS, nodes, before);
    for (unsigned level = before; rc == 0 && level < base; level++) {
        rc = give_sheet(p, level, err);
    }
    p->base = base;
    for (unsigned level = base; level < before; level++) {
        p->starts[level] = (struct start){chunk->seq, chunk->t0_ns};
    }
    return rc;
}

static bool is_full(const struct instant_pyramid *p, unsigned level) {
    const size_t count = p->levels[level].sheet.count;
    return count >= SHEET_NODES && count >= p->count;
}

int instant_pyramid_add(struct instant_pyramid *p, const struct instant_chunk *chunk,
                        unsigned *base, struct err *err) {
    int rc = change_base(p, chunk, err);
    if (rc != 0) {
        return rc;
    }
    *base = p->base;
    for (uint32_t i = 0; p->base < PYRAMID_LEVELS && i < chunk->count; i++) {
        const struct instant_node node = instant_node_of(chunk, i);
        add_node(p, p->base, place_of(p, chunk->lane[i]), &node);
    }
    p->next = (struct start){chunk->seq + 1, chunk->t1_ns};
    for (unsigned level = p->base; rc == 0 && level < PYRAMID_LEVELS; level++) {
        if (is_full(p, level)) {
            rc = give_sheet(p, level, err);
        }
    }
    return rc == 0 && p->out_of_memory ? err_set_nomem(err) : rc;
}

int instant_pyramid_finish(struct instant_pyramid *p, struct err *err) {
    int rc = 0;
    for (unsigned level = p->base; rc == 0 && level < PYRAMID_LEVELS; level++) {
        rc = give_sheet(p, level, err);
        if (p->next.at_ns >> level == 0) {
            break;
        }
    }
    return rc;
}
