/* SPDX-License-Identifier: MIT */
#include "db/point_pyramid_priv.h"

#include <string.h>

#include "engine/base/memory.h"

enum { NODE_POINTS = 8 };

/* Whether somebody is in a node, and since when. */
struct open_node {
    sim_ns first_ns;
    bool is_open;
};

struct level {
    struct point_sheet sheet; /* what was made since the last one */
    struct open_node *open;   /* by place */
    char *nodes;              /* by place: what is in them */
    size_t room, node_room;
};

/* Where a sheet begins. */
struct start {
    uint32_t seq; /* chunk */
    sim_ns at_ns;
};

struct point_pyramid {
    const struct point_kind *kind;
    uint32_t *places; /* by owner: place + 1; 0 when it has none */
    size_t owners;
    sim_ns *last_ns; /* by place: the last point */
    size_t count, capacity;
    unsigned base;     /* of the chunk before */
    struct start next; /* the chunk after it */
    struct start starts[PYRAMID_LEVELS];
    point_sheet_fn give;
    void *context;
    char *scratch; /* a node */
    bool out_of_memory;
    struct level levels[PYRAMID_LEVELS];
};

/* --- life ---------------------------------------------------------------------- */

int point_pyramid_create(struct point_pyramid **out, const struct point_kind *kind,
                         point_sheet_fn give, void *context, struct err *err) {
    struct point_pyramid *pyramid = memory_zeroed(1, sizeof *pyramid);
    char *scratch = memory_zeroed(1, kind->node_size);
    if (pyramid == NULL || scratch == NULL) {
        memory_free(pyramid);
        memory_free(scratch);
        return err_set_nomem(err);
    }
    pyramid->kind = kind;
    pyramid->scratch = scratch;
    pyramid->base = PYRAMID_NONE;
    pyramid->give = give;
    pyramid->context = context;
    *out = pyramid;
    return 0;
}

void point_pyramid_destroy(struct point_pyramid *pyramid) {
    if (pyramid == NULL) {
        return;
    }
    for (int i = 0; i < PYRAMID_LEVELS; i++) {
        memory_free(pyramid->levels[i].sheet.nodes);
        memory_free(pyramid->levels[i].open);
        memory_free(pyramid->levels[i].nodes);
    }
    memory_free(pyramid->scratch);
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

static int add_place(struct point_pyramid *p, size_t owner) {
    if (owner >= p->owners && lengthen((void **)&p->places, &p->owners,
                                       owner + owner / 2 + 1, sizeof *p->places) != 0) {
        return ERR_NOMEM;
    }
    if (p->places[owner] == 0) {
        if (vec_reserve((void **)&p->last_ns, &p->capacity, p->count,
                        sizeof *p->last_ns) != 0) {
            return ERR_NOMEM;
        }
        p->last_ns[p->count++] = 0;
        p->places[owner] = (uint32_t)p->count;
    }
    return 0;
}

uint32_t point_pyramid_place(const struct point_pyramid *p, size_t owner) {
    return p->places[owner] - 1;
}

uint32_t point_pyramid_owners(const struct point_pyramid *p) {
    return (uint32_t)p->count;
}

static uint32_t place_of(const struct point_pyramid *p, const struct point_chunk *chunk,
                         uint32_t i) {
    return point_pyramid_place(p, p->kind->owner(chunk->chunk, i));
}

/* --- nodes --------------------------------------------------------------------- */

/* Room for the node in which a place is at a level. */
static bool make_room(struct point_pyramid *p, unsigned level, uint32_t place) {
    struct level *here = &p->levels[level];
    if (place >= here->room && (lengthen((void **)&here->nodes, &here->node_room,
                                         p->capacity, p->kind->node_size) != 0 ||
                                lengthen((void **)&here->open, &here->room, p->capacity,
                                         sizeof *here->open) != 0)) {
        p->out_of_memory = true;
        return false;
    }
    return true;
}

static void close_node(struct point_pyramid *p, unsigned level, uint32_t place);

static void add_node(struct point_pyramid *p, unsigned level, uint32_t place,
                     sim_ns first_ns, const void *node) {
    if (!make_room(p, level, place)) {
        return;
    }
    const size_t size = p->kind->node_size;
    struct open_node *open = &p->levels[level].open[place];
    if (open->is_open && (open->first_ns ^ first_ns) >> level != 0) {
        close_node(p, level, place);
    }
    char *sum = p->levels[level].nodes + place * size;
    if (open->is_open) {
        p->kind->add(sum, node);
    } else {
        memcpy(sum, node, size);
        *open = (struct open_node){first_ns, true};
    }
}

/* The node is complete as far as this sheet goes: it is noted, and added to the node above
 * it. */
static void close_node(struct point_pyramid *p, unsigned level, uint32_t place) {
    const size_t size = p->kind->node_size;
    struct point_sheet *sheet = &p->levels[level].sheet;
    struct open_node *open = &p->levels[level].open[place];
    const char *node = p->levels[level].nodes + place * size;
    if (vec_reserve(&sheet->nodes, &sheet->capacity, sheet->count, size) != 0) {
        p->out_of_memory = true;
        return;
    }
    memcpy((char *)sheet->nodes + sheet->count++ * size, node, size);
    if (level + 1 < PYRAMID_LEVELS) {
        add_node(p, level + 1, place, open->first_ns, node);
    }
    open->is_open = false;
}

/* --- chunks -------------------------------------------------------------------- */

/* Adds up what is in open nodes of the levels up to this one. */
static void close_nodes(struct point_pyramid *p, unsigned up_to) {
    for (unsigned level = p->base; level <= up_to; level++) {
        const struct level *here = &p->levels[level];
        for (uint32_t place = 0; place < here->room; place++) {
            if (here->open[place].is_open) {
                close_node(p, level, place);
            }
        }
    }
}

static int give_sheet(struct point_pyramid *p, unsigned level, struct err *err) {
    close_nodes(p, level);
    if (p->out_of_memory) {
        return err_set_nomem(err);
    }
    struct point_sheet *sheet = &p->levels[level].sheet;
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

/* Gives every owner in the chunk a place, and counts the nodes that its points begin, at the
 * last level at which somebody is in another cell than before. That in which the run
 * begins does not count: the base stays below the level at which the run is a cell. */
static int count_nodes(struct point_pyramid *p, const struct point_chunk *chunk,
                       uint32_t nodes[PYRAMID_LEVELS + 1]) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (add_place(p, p->kind->owner(chunk->chunk, i)) != 0) {
            return ERR_NOMEM;
        }
        sim_ns *last_ns = &p->last_ns[place_of(p, chunk, i)];
        const uint64_t differs = (uint64_t)*last_ns ^ (uint64_t)chunk->at_ns[i];
        if (differs != 0) {
            nodes[63 - (unsigned)__builtin_clzll(differs)]++;
        }
        *last_ns = chunk->at_ns[i];
    }
    return 0;
}

static int change_base(struct point_pyramid *p, const struct point_chunk *chunk,
                       struct err *err) {
    uint32_t nodes[PYRAMID_LEVELS + 1] = {0};
    const unsigned before = p->base;
    int rc = count_nodes(p, chunk, nodes) == 0 ? 0 : err_set_nomem(err);
    const unsigned base =
        pyramid_base(chunk->seq, chunk->count / NODE_POINTS, nodes, before);
    for (unsigned level = before; rc == 0 && level < base; level++) {
        rc = give_sheet(p, level, err);
    }
    p->base = base;
    for (unsigned level = base; level < before; level++) {
        p->starts[level] = (struct start){chunk->seq, chunk->t0_ns};
    }
    return rc;
}

static bool is_full(const struct point_pyramid *p, unsigned level) {
    const size_t count = level < PYRAMID_LEVELS ? p->levels[level].sheet.count : 0;
    return count >= SHEET_NODES && count >= p->count;
}

int point_pyramid_add(struct point_pyramid *p, const struct point_chunk *chunk,
                      unsigned *base, struct err *err) {
    int rc = change_base(p, chunk, err);
    if (rc != 0) {
        return rc;
    }
    *base = p->base;
    for (uint32_t i = 0; p->base < PYRAMID_LEVELS && i < chunk->count; i++) {
        p->kind->node(chunk->chunk, i, p->scratch);
        add_node(p, p->base, place_of(p, chunk, i), chunk->at_ns[i], p->scratch);
    }
    p->next = (struct start){chunk->seq + 1, chunk->t1_ns};
    for (unsigned level = p->base; rc == 0 && is_full(p, level); level++) {
        rc = give_sheet(p, level, err);
    }
    return rc == 0 && p->out_of_memory ? err_set_nomem(err) : rc;
}

int point_pyramid_finish(struct point_pyramid *p, struct err *err) {
    int rc = 0;
    for (unsigned level = p->base; rc == 0 && level < PYRAMID_LEVELS; level++) {
        rc = give_sheet(p, level, err);
        if (p->next.at_ns >> level == 0) {
            break;
        }
    }
    return rc;
}
