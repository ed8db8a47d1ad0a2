/* SPDX-License-Identifier: MIT */
#include "db/span_painter_priv.h"

#include <string.h>

#include "engine/base/memory.h"

enum {
    ENTRIES_FIRST = 16,
    ENTRY_BYTES = 2 * sizeof(sim_ns) + 2 * sizeof(lane_id) + sizeof(site_id) +
                  sizeof(uint32_t) + sizeof(uint8_t),
    HIGHEST_LEVEL = 58
};

/* 36 years: no run gets there, and whole cells beyond it still have numbers. */
static const sim_ns LAST_NS = INT64_C(1) << 60;

/* --- the view ------------------------------------------------------------------ */

/* The highest level of which `width` has a cell for each pixel; 0 when it has too few. */
static unsigned level_for(uint64_t width, uint64_t pixels) {
    unsigned level = 0;
    while (level < HIGHEST_LEVEL && width / pixels >> (level + 1) != 0) {
        level++;
    }
    return level;
}

/* Pixel p begins with cell p * cells / pixels. */
static void place_pixels(struct view *view) {
    for (uint64_t pixel = 0; pixel <= view->pixels; pixel++) {
        const uint64_t cell = pixel * view->cells / view->pixels;
        view->starts[pixel] = view->from + (sim_ns)(cell << view->level);
    }
}

int view_init(struct view *view, const struct timeline_query *query, struct err *err) {
    const sim_ns to = query->to_ns < LAST_NS ? query->to_ns : LAST_NS;
    const sim_ns from = query->from_ns < to ? query->from_ns : to - 1;
    const uint64_t width = (uint64_t)(to - from);
    const unsigned level = level_for(width, query->pixels);
    const uint64_t first = (uint64_t)from >> level;
    const uint64_t last = (uint64_t)(to - 1) >> level;
    const uint64_t cells = last - first + 1;
    const uint64_t pixels = query->pixels < cells ? query->pixels : cells;
    const uint64_t widest = cells / pixels + (cells % pixels != 0 ? 1 : 0);
    *view = (struct view){
        .level = level,
        .from = (sim_ns)(first << level),
        .to = (sim_ns)((last + 1) << level),
        .cells = cells,
        .pixels = pixels,
        .long_ns = (sim_ns)(widest << level),
        .starts = memory_resize(NULL, pixels + 1, sizeof *view->starts),
    };
    if (view->starts == NULL) {
        return err_set_nomem(err);
    }
    place_pixels(view);
    return 0;
}

void view_deinit(struct view *view) {
    memory_free(view->starts);
    view->starts = NULL;
}

/* A view has at most five cells for each pixel, mostly less than three (level_for): the
 * product of both fits into 32 bits, of which a division is the faster one. */
uint64_t view_pixel(const struct view *w, sim_ns time) {
    const uint64_t cell = (uint64_t)(time - w->from) >> w->level;
    return (uint32_t)((cell + 1) * w->pixels - 1) / (uint32_t)w->cells;
}

/* --- columns ------------------------------------------------------------------- */

/* All columns are in one piece of memory, that of the first one. */
#define MOVE(lane, column, to)                                                           \
    do {                                                                                 \
        if ((lane)->count > 0) {                                                         \
            memcpy((to), (lane)->column, (lane)->count * sizeof *(lane)->column);        \
        }                                                                                \
        (lane)->column = (void *)(to);                                                   \
        (to) += (lane)->capacity * sizeof *(lane)->column;                               \
    } while (0)

static int grow(struct timeline_lane *lane, struct err *err) {
    const size_t capacity = lane->capacity == 0 ? ENTRIES_FIRST : lane->capacity * 4;
    char *to = memory_resize(NULL, capacity, ENTRY_BYTES);
    if (to == NULL) {
        return err_set_nomem(err);
    }
    void *before = lane->start_ns;
    lane->capacity = capacity;
    MOVE(lane, start_ns, to);
    MOVE(lane, end_ns, to);
    MOVE(lane, resource, to);
    MOVE(lane, by, to);
    MOVE(lane, site, to);
    MOVE(lane, merged, to);
    MOVE(lane, state, to);
    memory_free(before);
    return 0;
}

void span_painter_lane_deinit(struct timeline_lane *lane) {
    memory_free(lane->start_ns); /* and all columns */
}

/* --- the painter --------------------------------------------------------------- */

static inline int put_entry(struct view *view, struct timeline_lane *lane,
                            const struct long_span *entry, uint32_t merged,
                            struct err *err) {
    int rc = view_count_entry(view, err);
    if (rc == 0 && lane->count == lane->capacity) {
        rc = grow(lane, err);
    }
    if (rc != 0) {
        return rc;
    }
    const size_t i = lane->count++;
    lane->start_ns[i] = entry->start_ns;
    lane->end_ns[i] = entry->end_ns;
    lane->state[i] = entry->state;
    lane->resource[i] = entry->resource;
    lane->by[i] = entry->by;
    lane->site[i] = entry->site;
    lane->merged[i] = merged;
    return 0;
}

/* The times of nodes, which are not there yet. */
static void add_times(struct span_painter *painter) {
    for (; painter->first < painter->next; painter->first++) {
        const struct sheet_node *node = &painter->sheet->nodes[painter->first];
        sheet_block_add_times(painter->sheet, node, painter->state_ns);
        painter->mask |= node->mask & ~NODE_LONG;
    }
}

/* The state with most time, the smallest of equal ones; forgets the times. */
static uint8_t take_state(struct span_painter *painter) {
    unsigned best = painter->state;
    sim_ns most = 0;
    if (painter->agrees) {
        painter->first = painter->next;
        most = INT64_MAX;
    } else {
        add_times(painter);
    }
    for (uint32_t rest = painter->mask; rest != 0; rest &= rest - 1) {
        const unsigned state = (unsigned)__builtin_ctz(rest);
        if (painter->state_ns[state] > most) {
            most = painter->state_ns[state];
            best = state;
        }
        painter->state_ns[state] = 0;
    }
    painter->mask = 0;
    painter->is_open = false;
    return (uint8_t)best;
}

/* What is short in the pixel becomes an entry, which ends with the pixel or before. */
static int close_pixel(struct span_painter *painter, struct view *view, sim_ns end,
                       struct err *err) {
    if (!painter->is_open) {
        return 0;
    }
    const struct long_span entry = {
        .start_ns = painter->start,
        .end_ns = end < painter->pixel_end ? end : painter->pixel_end,
        .state = take_state(painter),
        .resource = LANE_NONE,
        .by = LANE_NONE,
        .site = SITE_NONE,
    };
    const uint32_t merged = painter->ended > 0 ? painter->ended : 1;
    painter->ended = 0;
    return put_entry(view, &painter->lane, &entry, merged, err);
}

/* Moves on to the pixel of a time: mostly the next one. Returns where it begins. */
static inline sim_ns next_pixel(struct span_painter *painter, const struct view *view,
                                sim_ns time) {
    sim_ns start = painter->pixel_end; /* 0: it was in none yet */
    if (start > view->from && start < view->to) {
        painter->pixel_end = view_pixel_start(view, ++painter->pixel + 1);
    }
    if (start <= view->from || time < start || time >= painter->pixel_end) {
        painter->pixel = view_pixel(view, time);
        start = view_pixel_start(view, painter->pixel);
        painter->pixel_end = view_pixel_start(view, painter->pixel + 1);
    }
    return start;
}

/* Short time begins at `time`, which is inside the window. */
static int begin_pixel(struct span_painter *painter, struct view *view, sim_ns time,
                       unsigned state, struct err *err) {
    const int rc = close_pixel(painter, view, painter->pixel_end, err);
    const sim_ns start = next_pixel(painter, view, time);
    painter->start = start > painter->free_from ? start : painter->free_from;
    painter->is_open = true;
    painter->agrees = true;
    painter->state = (uint8_t)state;
    return rc;
}

/* Short time begins, or goes on, at `time`, which is inside the window; `state` has most of
 * it. */
static inline int open_pixel(struct span_painter *painter, struct view *view, sim_ns time,
                             unsigned state, struct err *err) {
    if (painter->is_open && time < painter->pixel_end) {
        span_painter_vote(painter, state);
        return 0;
    }
    return begin_pixel(painter, view, time, state, err);
}

static int add_short(struct span_painter *painter, struct view *view,
                     const struct long_span *span, struct err *err) {
    sim_ns at = span->start_ns > view->from ? span->start_ns : view->from;
    const sim_ns end = span->end_ns < view->to ? span->end_ns : view->to;
    int rc = 0;
    while (rc == 0 && at < end) {
        rc = open_pixel(painter, view, at, span->state, err);
        const sim_ns cut = end < painter->pixel_end ? end : painter->pixel_end;
        painter->state_ns[span->state] += cut - at;
        painter->mask |= UINT32_C(1) << span->state;
        at = cut;
    }
    painter->ended += span->end_ns <= view->to;
    return rc;
}

static inline int add(struct span_painter *painter, struct view *view,
                      const struct long_span *span, struct err *err) {
    painter->known_to = span->end_ns;
    if (span->end_ns <= view->from || span->start_ns >= view->to) {
        return 0;
    }
    if (span->end_ns - span->start_ns < view->long_ns) {
        return add_short(painter, view, span, err);
    }
    int rc = close_pixel(painter, view, span->start_ns, err);
    if (rc == 0) {
        rc = put_entry(view, &painter->lane, span, 1, err);
    }
    painter->free_from = span->end_ns;
    return rc;
}

int span_painter_add(struct span_painter *painter, struct view *view,
                     const struct long_span *span, struct err *err) {
    return add(painter, view, span, err);
}

/* The spans of a lane in a chunk, from one on. */
struct lane_spans {
    const struct decoded_lanes *lanes;
    uint32_t place, next, end;
    sim_ns start_ns; /* of the next one */
};

/* Adds those that go on with what is short in the pixel: nearly all when there are many. */
static inline void extend(struct span_painter *painter, const struct view *view,
                          struct lane_spans *spans) {
    const struct decoded_lanes *lanes = spans->lanes;
    const sim_ns *end_ns = lanes->end_ns, pixel_end = painter->pixel_end;
    const uint32_t first = spans->next, end = spans->end;
    const unsigned known = painter->state;
    sim_ns start = spans->start_ns;
    uint32_t i = first, states = 0;
    for (; i < end && end_ns[i] <= pixel_end && end_ns[i] - start < view->long_ns; i++) {
        const unsigned state = lanes->kinds[lanes->kind[i]].state;
        painter->state_ns[state] += end_ns[i] - start;
        states |= UINT32_C(1) << state;
        start = end_ns[i];
    }
    painter->mask |= states;
    painter->agrees = painter->agrees && (states & ~(UINT32_C(1) << known)) == 0;
    painter->ended += i - first;
    spans->next = i;
    spans->start_ns = start;
}

int span_painter_add_spans(struct span_painter *painter, struct view *view,
                           const struct decoded_lanes *lanes, uint32_t place,
                           struct err *err) {
    struct lane_spans spans = {.lanes = lanes, .place = place};
    spans.next = decoded_lanes_after(lanes, place, view->from);
    spans.end = lanes->first[place + 1];
    spans.start_ns = decoded_lanes_start(lanes, place, spans.next);
    int rc = 0;
    while (rc == 0 && spans.next < spans.end && spans.start_ns < view->to) {
        if (painter->is_open) {
            extend(painter, view, &spans);
        }
        if (spans.next < spans.end && spans.start_ns < view->to) {
            const struct long_span span = decoded_lanes_span(lanes, place, spans.next);
            rc = add(painter, view, &span, err);
            spans.start_ns = span.end_ns;
            spans.next++;
        }
        painter->known_to = spans.start_ns;
    }
    return rc;
}

/* Adds what is short in a cell. */
static inline int add_node(struct span_painter *painter, struct view *view, uint32_t i,
                           struct err *err) {
    const struct sheet_node *node = &painter->sheet->nodes[i];
    const sim_ns start = node->cell << painter->sheet->level;
    if ((node->mask & ~NODE_LONG) == 0 || start < view->from || start >= view->to) {
        return 0;
    }
    const int rc = open_pixel(painter, view, start, node->state, err);
    if (painter->next != i) {
        add_times(painter);
        painter->first = i;
    }
    painter->next = i + 1;
    painter->ended += node->ended;
    return rc;
}

int span_painter_add_nodes(struct span_painter *painter, struct view *view,
                           const struct sheet_block *sheet, const struct sheet_lane *lane,
                           struct err *err) {
    const struct long_span *longs = &sheet->longs[lane->first_long];
    int rc = 0;
    painter->sheet = sheet;
    painter->first = painter->next = lane->first;
    for (uint32_t i = lane->first; rc == 0 && i < lane->end; i++) {
        if ((sheet->nodes[i].mask & NODE_LONG) != 0) {
            rc = span_painter_add(painter, view, longs++, err);
        }
        if (rc == 0) {
            rc = add_node(painter, view, i, err);
        }
    }
    add_times(painter); /* the sheet goes */
    return rc;
}

int span_painter_close(struct span_painter *painter, struct view *view, sim_ns died_ns,
                       struct err *err) {
    return close_pixel(painter, view, died_ns, err);
}
