/* SPDX-License-Identifier: MIT */
/*
 * timeline_instants - the instants of a window, by the rule in timeline.h, out of sheets of
 * their pyramid and of chunks.
 */
#include "db/timeline_priv.h"

#include <stdlib.h>

#include "db/connection_priv.h"
#include "db/instant_sheet_priv.h"
#include "engine/base/memory.h"

/* What was painted so far. */
struct dots {
    struct instant_node *items; /* one for each lane and pixel with instants */
    size_t count, capacity;
};

/* --- painting ------------------------------------------------------------------ */

static int paint_node(struct painting *p, struct dots *dots,
                      const struct instant_node *node, struct err *err) {
    struct slot *slot = &p->slots[node->lane];
    if (!slot->wanted || node->first_ns < p->view.from || node->first_ns >= p->view.to) {
        return 0;
    }
    if (node->first_ns < slot->pixel_end) {
        instant_node_add(&dots->items[slot->entry], node);
        return 0;
    }
    const int rc = view_count_entries(&p->view, 1, err);
    if (rc != 0) {
        return rc;
    }
    if (vec_reserve((void **)&dots->items, &dots->capacity, dots->count,
                    sizeof *dots->items) != 0) {
        return err_set_nomem(err);
    }
    slot->pixel_end =
        view_pixel_start(&p->view, view_pixel(&p->view, node->first_ns) + 1);
    slot->entry = dots->count;
    dots->items[dots->count++] = *node;
    return 0;
}

static const struct source_kind instants = {
    .group = DAMAGE_INSTANTS,
    .read_chunk = "SELECT data FROM instant_chunk WHERE id = ?",
    .chunk = DECODED_INSTANTS,
    .sheet = DECODED_INSTANT_SHEET,
    .unknown_lane = "an instant of an unknown lane",
};

/* Those in the window are next to each other. */
static int paint_chunk(struct painting *p, struct dots *dots,
                       const struct instant_chunk *chunk, struct err *err) {
    uint32_t i = 0;
    int rc = 0;
    while (i < chunk->count && chunk->at_ns[i] < p->view.from) {
        i++;
    }
    for (; rc == 0 && i < chunk->count && chunk->at_ns[i] < p->view.to; i++) {
        const struct instant_node node = instant_node_of(chunk, i);
        rc = paint_node(p, dots, &node, err);
    }
    return rc;
}

static int paint_sheet(struct painting *p, struct dots *dots,
                       const struct point_sheet *sheet, struct err *err) {
    const struct instant_node *nodes = sheet->nodes;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sheet->count; i++) {
        rc = paint_node(p, dots, &nodes[i], err);
    }
    return rc;
}

static int paint_source(struct painting *p, struct dots *dots,
                        const struct source *source, struct err *err) {
    const struct decoded *decoded = NULL;
    const int rc = painting_read_source(p, &instants, source, &decoded, err);
    if (rc != 1) {
        return rc;
    }
    return source->is_sheet ? paint_sheet(p, dots, &decoded->as.points, err)
                            : paint_chunk(p, dots, &decoded->as.instants, err);
}

/* --- columns of the answer ----------------------------------------------------- */

/* A lane has one of a time. */
static int by_time(const void *left, const void *right) {
    const struct instant_node *a = left, *b = right;
    if (a->first_ns != b->first_ns) {
        return a->first_ns < b->first_ns ? -1 : 1;
    }
    return a->lane < b->lane ? -1 : 1;
}

/* Chunks are in order, sheets are so by lane. */
static void sort(struct dots *dots) {
    for (size_t i = 1; i < dots->count; i++) {
        if (by_time(&dots->items[i - 1], &dots->items[i]) > 0) {
            qsort(dots->items, dots->count, sizeof *dots->items, by_time);
            return;
        }
    }
}

/* A slow callback is rare and what one looks for: a hundred others do not hide it. */
static uint8_t kind_of(const struct instant_node *node) {
    int best = 0;
    for (int kind = 1; kind < INSTANT_COUNT; kind++) {
        best = node->count[kind] > node->count[best] ? kind : best;
    }
    return (uint8_t)(node->count[INSTANT_SLOW_CALLBACK] > 0 ? INSTANT_SLOW_CALLBACK
                                                            : best);
}

static int deliver(struct painting *p, const struct dots *dots, struct err *err) {
    struct timeline_instants *out = &p->out.instants;
    int rc = 0;
    TIMELINE_GROW(rc, out->lane, dots->count);
    TIMELINE_GROW(rc, out->at_ns, dots->count);
    TIMELINE_GROW(rc, out->kind, dots->count);
    TIMELINE_GROW(rc, out->by, dots->count);
    TIMELINE_GROW(rc, out->merged, dots->count);
    if (rc != 0) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < dots->count; i++) {
        const struct instant_node *node = &dots->items[i];
        out->lane[i] = node->lane;
        out->at_ns[i] = node->first_ns;
        out->kind[i] = kind_of(node);
        out->by[i] = node->by;
        out->merged[i] = node->total;
    }
    out->count = dots->count;
    return 0;
}

int painting_add_instants(struct painting *p, struct err *err) {
    struct source_list list = {0};
    struct dots dots = {0};
    int rc = recorded_run_known(&p->run, DAMAGE_INSTANTS, &p->out.instants.known_until_ns,
                                err);
    if (rc == 0) {
        rc = source_list_choose(&list, p, DAMAGE_INSTANTS, err);
    }
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        rc = paint_source(p, &dots, &list.items[i], err);
    }
    if (rc == 0) {
        sort(&dots);
        rc = deliver(p, &dots, err);
    }
    source_list_deinit(&list);
    memory_free(dots.items);
    return rc;
}
