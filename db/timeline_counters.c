/* SPDX-License-Identifier: MIT */
/*
 * timeline_counters - the counters of a window, by the rule in timeline.h, out of sheets of
 * their pyramid and of chunks; what they were before, out of the last carry and the chunks
 * from there to the window.
 */
#include "db/timeline_priv.h"

#include <stdlib.h>

#include "db/connection_priv.h"
#include "db/counter_sheet_priv.h"
#include "engine/base/memory.h"

/* What is known of a counter. */
struct track {
    lane_id lane;
    uint32_t kind;
    int64_t before;
    sim_ns pixel_end; /* of the last pixel that has samples; 0: none has */
    size_t entry;     /* what that has */
    size_t count;     /* entries */
    size_t rank;      /* in the answer */
};

/* One for each counter and pixel with samples. */
struct entry {
    struct counter_node node;
    uint32_t track;
};

/* What was painted so far. */
struct graph {
    struct track *tracks;
    size_t track_count, track_capacity;
    uint32_t *numbers; /* by number of the counter: its track + 1; 0 when it has none */
    struct entry *entries; /* in the order of time, of a track */
    size_t count, capacity;
    struct point_sheet carry; /* what was before a chunk */
};

/* --- tracks -------------------------------------------------------------------- */

/* The track of a node's counter into *out; NULL when nobody wants it. */
static int find_track(const struct painting *p, struct graph *graph,
                      const struct counter_node *node, struct track **out,
                      struct err *err) {
    *out = NULL;
    if (!p->slots[node->lane].wanted) {
        return 0;
    }
    uint32_t *number = &graph->numbers[counter_number(node->lane, node->kind)];
    if (*number == 0) {
        if (vec_reserve((void **)&graph->tracks, &graph->track_capacity,
                        graph->track_count, sizeof *graph->tracks) != 0) {
            return err_set_nomem(err);
        }
        graph->tracks[graph->track_count++] =
            (struct track){.lane = node->lane, .kind = node->kind};
        *number = (uint32_t)graph->track_count;
    }
    *out = &graph->tracks[*number - 1];
    return 0;
}

static const struct source_kind counters = {
    .group = DAMAGE_COUNTERS,
    .read_chunk = "SELECT data FROM counter_chunk WHERE id = ?",
    .chunk = DECODED_COUNTERS,
    .sheet = DECODED_COUNTER_SHEET,
    .unknown_lane = "a counter of an unknown lane",
};

/* --- before the window --------------------------------------------------------- */

static int set_before(const struct painting *p, struct graph *graph,
                      const struct counter_node *node, struct err *err) {
    struct track *track;
    const int rc = find_track(p, graph, node, &track, err);
    if (rc == 0 && track != NULL) {
        track->before = node->last;
    }
    return rc;
}

static bool is_of_run(const struct painting *p, const struct point_sheet *carry) {
    const struct counter_node *nodes = carry->nodes;
    for (uint32_t i = 0; i < carry->count; i++) {
        if ((size_t)nodes[i].lane >= p->slot_count) {
            return false;
        }
    }
    return true;
}

static const char FIND_CARRIES[] =
    "SELECT t0_ns, seq, carry FROM counter_chunk INDEXED BY counter_chunk_with_carry"
    " WHERE run = ? AND t0_ns < ? AND carry IS NOT NULL ORDER BY t0_ns DESC, seq DESC";

/* Where the last carry before the window is that can be read; 0 when there is none. */
static int read_carry(const struct painting *p, struct graph *graph,
                      struct source *carried, struct err *err) {
    struct query q;
    query_begin(&q, p->run.connection, FIND_CARRIES);
    query_int(&q, p->query->run);
    query_int(&q, p->view.from);
    int rc;
    bool is_sound = false;
    while (!is_sound && (rc = query_next(&q, err)) == 1) {
        size_t size;
        const void *data = query_get_blob(&q, 2, &size);
        *carried =
            (struct source){.t0_ns = query_get_int(&q, 0), .seq = query_get_int(&q, 1)};
        rc = point_sheet_decode(&counter_sheet_format, data, size, &graph->carry, NULL);
        is_sound = rc == 0 && is_of_run(p, &graph->carry);
        if (rc == ERR_NOMEM) {
            rc = err_set_nomem(err);
            break;
        }
    }
    query_end(&q);
    if (!is_sound) {
        *carried = (struct source){0};
        return rc;
    }
    const struct counter_node *nodes = graph->carry.nodes;
    for (uint32_t i = 0; rc == 0 && i < graph->carry.count; i++) {
        rc = set_before(p, graph, &nodes[i], err);
    }
    return rc;
}

static int pass_chunk(struct painting *p, struct graph *graph,
                      const struct source *source, struct err *err) {
    const struct decoded *decoded = NULL;
    int rc = painting_read_source(p, &counters, source, &decoded, err);
    if (rc != 1) {
        return rc;
    }
    const struct counter_chunk *chunk = &decoded->as.counters;
    rc = 0;
    for (uint32_t i = 0; rc == 0 && i < chunk->count && chunk->at_ns[i] < p->view.from;
         i++) {
        const struct counter_node node = counter_node_of(chunk, i);
        rc = set_before(p, graph, &node, err);
    }
    return rc;
}

static const char FIND_CHUNKS[] =
    "SELECT id, seq, t0_ns, t1_ns FROM counter_chunk INDEXED BY counter_chunk_by_time"
    " WHERE run = ? AND t1_ns >= ? AND seq >= ? ORDER BY t1_ns, seq";

static int read_before(struct painting *p, struct graph *graph, struct err *err) {
    struct source carried;
    int rc = read_carry(p, graph, &carried, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, p->run.connection, FIND_CHUNKS);
    query_int(&q, p->query->run);
    query_int(&q, carried.t0_ns);
    query_int(&q, carried.seq);
    while ((rc = query_next(&q, err)) == 1 && query_get_int(&q, 2) < p->view.from) {
        const struct source source = {.id = query_get_int(&q, 0),
                                      .seq = query_get_int(&q, 1),
                                      .t0_ns = query_get_int(&q, 2),
                                      .t1_ns = query_get_int(&q, 3)};
        rc = pass_chunk(p, graph, &source, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

/* --- painting ------------------------------------------------------------------ */

static int add_entry(struct painting *p, struct graph *graph, struct track *track,
                     const struct counter_node *node, struct err *err) {
    const int rc = view_count_entries(&p->view, 1, err);
    if (rc != 0) {
        return rc;
    }
    if (vec_reserve((void **)&graph->entries, &graph->capacity, graph->count,
                    sizeof *graph->entries) != 0) {
        return err_set_nomem(err);
    }
    track->pixel_end =
        view_pixel_start(&p->view, view_pixel(&p->view, node->first_ns) + 1);
    track->entry = graph->count;
    track->count++;
    graph->entries[graph->count++] = (struct entry){
        .node = *node,
        .track = (uint32_t)(track - graph->tracks),
    };
    return 0;
}

static int paint_node(struct painting *p, struct graph *graph,
                      const struct counter_node *node, struct err *err) {
    if (node->first_ns < p->view.from || node->first_ns >= p->view.to) {
        return 0;
    }
    struct track *track;
    const int rc = find_track(p, graph, node, &track, err);
    if (rc != 0 || track == NULL) {
        return rc;
    }
    if (node->first_ns < track->pixel_end) {
        counter_node_add(&graph->entries[track->entry].node, node);
        return 0;
    }
    return add_entry(p, graph, track, node, err);
}

static int paint_chunk(struct painting *p, struct graph *graph,
                       const struct counter_chunk *chunk, struct err *err) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < chunk->count; i++) {
        const struct counter_node node = counter_node_of(chunk, i);
        rc = paint_node(p, graph, &node, err);
    }
    return rc;
}

static int paint_sheet(struct painting *p, struct graph *graph,
                       const struct point_sheet *sheet, struct err *err) {
    const struct counter_node *nodes = sheet->nodes;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sheet->count; i++) {
        rc = paint_node(p, graph, &nodes[i], err);
    }
    return rc;
}

static int paint_source(struct painting *p, struct graph *graph,
                        const struct source *source, struct err *err) {
    const struct decoded *decoded = NULL;
    const int rc = painting_read_source(p, &counters, source, &decoded, err);
    if (rc != 1) {
        return rc;
    }
    return source->is_sheet ? paint_sheet(p, graph, &decoded->as.points, err)
                            : paint_chunk(p, graph, &decoded->as.counters, err);
}

static int paint_window(struct painting *p, struct graph *graph, struct err *err) {
    struct source_list list = {0};
    int rc = source_list_choose(&list, p, DAMAGE_COUNTERS, err);
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        rc = paint_source(p, graph, &list.items[i], err);
    }
    source_list_deinit(&list);
    return rc;
}

/* --- the answer ---------------------------------------------------------------- */

static int by_counter(const void *left, const void *right) {
    const struct timeline_counter *a = left, *b = right;
    if (a->lane != b->lane) {
        return a->lane < b->lane ? -1 : 1;
    }
    return a->kind < b->kind ? -1 : 1;
}

/* Makes the list of the counters, with the places of their entries. */
static int deliver_counters(struct painting *p, struct graph *graph, struct err *err) {
    struct timeline_counters *out = &p->out.counters;
    out->items = memory_zeroed(graph->track_count, sizeof *out->items);
    if (out->items == NULL) {
        return err_set_nomem(err);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < graph->track_count; i++) {
        const struct track *track = &graph->tracks[i];
        if (track->count > 0 || track->before != 0) {
            rc = view_count_entries(&p->view, 1, err);
            out->items[out->item_count++] =
                (struct timeline_counter){.lane = track->lane,
                                          .kind = (uint8_t)track->kind,
                                          .before = track->before,
                                          .count = track->count};
        }
    }
    qsort(out->items, out->item_count, sizeof *out->items, by_counter);
    size_t first = 0;
    for (size_t i = 0; i < out->item_count; i++) {
        struct timeline_counter *item = &out->items[i];
        item->first = first;
        first += item->count;
        graph->tracks[graph->numbers[counter_number(item->lane, item->kind)] - 1].rank =
            item->first;
    }
    return rc;
}

/* The entries of all counters are in one order of time; each goes where its counter is. */
static int deliver_entries(struct painting *p, struct graph *graph, struct err *err) {
    struct timeline_counters *out = &p->out.counters;
    int rc = 0;
    TIMELINE_GROW(rc, out->at_ns, graph->count);
    TIMELINE_GROW(rc, out->min, graph->count);
    TIMELINE_GROW(rc, out->max, graph->count);
    TIMELINE_GROW(rc, out->last, graph->count);
    TIMELINE_GROW(rc, out->merged, graph->count);
    if (rc != 0) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < graph->count; i++) {
        const struct counter_node *node = &graph->entries[i].node;
        const size_t at = graph->tracks[graph->entries[i].track].rank++;
        out->at_ns[at] = node->first_ns;
        out->min[at] = node->min;
        out->max[at] = node->max;
        out->last[at] = node->last;
        out->merged[at] = node->total;
    }
    out->count = graph->count;
    return 0;
}

int painting_add_counters(struct painting *p, struct err *err) {
    struct graph graph = {
        .numbers = memory_zeroed(p->slot_count * COUNTER_COUNT, sizeof *graph.numbers),
    };
    int rc = graph.numbers != NULL
                 ? recorded_run_known(&p->run, DAMAGE_COUNTERS,
                                      &p->out.counters.known_until_ns, err)
                 : err_set_nomem(err);
    if (rc == 0) {
        rc = read_before(p, &graph, err);
    }
    if (rc == 0) {
        rc = paint_window(p, &graph, err);
    }
    if (rc == 0) {
        rc = deliver_counters(p, &graph, err);
    }
    if (rc == 0) {
        rc = deliver_entries(p, &graph, err);
    }
    point_sheet_deinit(&graph.carry);
    memory_free(graph.tracks);
    memory_free(graph.numbers);
    memory_free(graph.entries);
    return rc;
}
