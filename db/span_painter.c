/* SPDX-License-Identifier: MIT */
#include "db/span_painter_priv.h"

enum { ENTRIES_FIRST = 16, HIGHEST_LEVEL = 29 };

/* 36 years: no run gets there, and whole cells beyond it still have numbers. */
static const sim_ns LAST_NS = INT64_C(1) << 60;

/* --- the view ------------------------------------------------------------------ */

/* The highest level of which `width` has a cell for each pixel; 0 when it has too few. */
static unsigned level_for(uint64_t width, uint64_t pixels) {
    unsigned level = 0;
    while (level < HIGHEST_LEVEL && width / pixels >> pyramid_shift(level + 1) != 0) {
        level++;
    }
    return level;
}

struct view view_of(const struct timeline_query *query) {
    const sim_ns to = query->to_ns < LAST_NS ? query->to_ns : LAST_NS;
    const sim_ns from = query->from_ns < to ? query->from_ns : to - 1;
    const uint64_t width = (uint64_t)(to - from);
    const unsigned level = level_for(width, query->pixels);
    const unsigned shift = pyramid_shift(level);
    const uint64_t first = (uint64_t)from >> shift;
    const uint64_t last = (uint64_t)(to - 1) >> shift;
    const uint64_t cells = last - first + 1;
    const uint64_t pixels = query->pixels < cells ? query->pixels : cells;
    const uint64_t widest = cells / pixels + (cells % pixels != 0 ? 1 : 0);
    return (struct view){
        .level = level,
        .from = (sim_ns)(first << shift),
        .to = (sim_ns)((last + 1) << shift),
        .cells = cells,
        .pixels = pixels,
        .long_ns = (sim_ns)(widest << shift),
    };
}

/* A view has at most five cells for each pixel (level_for): the product of both fits into 64
 * bits with room to spare. */
uint64_t view_pixel(const struct view *w, sim_ns time) {
    const uint64_t cell = (uint64_t)(time - w->from) >> pyramid_shift(w->level);
    return ((cell + 1) * w->pixels - 1) / w->cells;
}

sim_ns view_pixel_start(const struct view *w, uint64_t pixel) {
    const uint64_t cell = pixel * w->cells / w->pixels;
    return w->from + (sim_ns)(cell << pyramid_shift(w->level));
}

int view_count_entry(struct view *view, struct err *err) {
    if (view->entries == TIMELINE_MAX_ENTRIES) {
        return err_set(err, ERR_LIMIT,
                       "the answer has more than %d entries: ask for fewer lanes, fewer "
                       "pixels or less time",
                       TIMELINE_MAX_ENTRIES);
    }
    view->entries++;
    return 0;
}

/* --- columns ------------------------------------------------------------------- */

static int reserve_span(struct timeline_lane *lane, struct err *err) {
    if (lane->count < lane->capacity) {
        return 0;
    }
    const size_t capacity = lane->capacity == 0 ? ENTRIES_FIRST : lane->capacity * 2;
    int rc = 0;
    TIMELINE_GROW(rc, lane->start_ns, capacity);
    TIMELINE_GROW(rc, lane->end_ns, capacity);
    TIMELINE_GROW(rc, lane->state, capacity);
    TIMELINE_GROW(rc, lane->resource, capacity);
    TIMELINE_GROW(rc, lane->by, capacity);
    TIMELINE_GROW(rc, lane->site, capacity);
    TIMELINE_GROW(rc, lane->merged, capacity);
    if (rc != 0) {
        return err_set_nomem(err);
    }
    lane->capacity = capacity;
    return 0;
}

void span_painter_lane_deinit(struct timeline_lane *lane) {
    memory_free(lane->start_ns);
    memory_free(lane->end_ns);
    memory_free(lane->state);
    memory_free(lane->resource);
    memory_free(lane->by);
    memory_free(lane->site);
    memory_free(lane->merged);
}

/* --- the painter --------------------------------------------------------------- */

static int put_entry(struct view *view, struct timeline_lane *lane,
                     const struct long_span *entry, uint32_t merged, struct err *err) {
    int rc = view_count_entry(view, err);
    if (rc == 0) {
        rc = reserve_span(lane, err);
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

/* The state with most time, the smallest of equal ones; forgets the times. */
static uint8_t take_state(struct span_painter *painter) {
    unsigned best = 0;
    sim_ns most = 0;
    for (uint32_t rest = painter->mask; rest != 0; rest &= rest - 1) {
        const unsigned state = (unsigned)__builtin_ctz(rest);
        if (painter->state_ns[state] > most) {
            most = painter->state_ns[state];
            best = state;
        }
        painter->state_ns[state] = 0;
    }
    painter->mask = 0;
    return (uint8_t)best;
}

/* What is short in the pixel becomes an entry, which ends with the pixel or before. */
static int close_pixel(struct span_painter *painter, struct view *view, sim_ns end,
                       struct err *err) {
    if (painter->mask == 0) {
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

/* Short time begins, or goes on, at `time`, which is inside the window. */
static int open_pixel(struct span_painter *painter, struct view *view, sim_ns time,
                      struct err *err) {
    if (painter->mask != 0 && time < painter->pixel_end) {
        return 0;
    }
    const int rc = close_pixel(painter, view, painter->pixel_end, err);
    const uint64_t pixel = view_pixel(view, time);
    const sim_ns start = view_pixel_start(view, pixel);
    painter->start = start > painter->free_from ? start : painter->free_from;
    painter->pixel_end = view_pixel_start(view, pixel + 1);
    return rc;
}

static void add_time(struct span_painter *painter, unsigned state, sim_ns time) {
    painter->state_ns[state] += time;
    painter->mask |= UINT32_C(1) << state;
}

static int add_short(struct span_painter *painter, struct view *view,
                     const struct long_span *span, struct err *err) {
    sim_ns at = span->start_ns > view->from ? span->start_ns : view->from;
    const sim_ns end = span->end_ns < view->to ? span->end_ns : view->to;
    int rc = 0;
    while (rc == 0 && at < end) {
        rc = open_pixel(painter, view, at, err);
        const sim_ns cut = end < painter->pixel_end ? end : painter->pixel_end;
        add_time(painter, span->state, cut - at);
        at = cut;
    }
    painter->ended += span->end_ns <= view->to;
    return rc;
}

int span_painter_add(struct span_painter *painter, struct view *view,
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

int span_painter_add_cell(struct span_painter *painter, struct view *view,
                          const struct sheet *sheet, uint32_t node, const sim_ns *times,
                          struct err *err) {
    const sim_ns start = sheet->cell[node] << pyramid_shift(sheet->level);
    uint32_t rest = sheet->mask[node] & ~NODE_LONG;
    if (start < view->from || start >= view->to || rest == 0) {
        return 0;
    }
    const int rc = open_pixel(painter, view, start, err);
    for (; rest != 0; rest &= rest - 1) {
        add_time(painter, (unsigned)__builtin_ctz(rest), *times++);
    }
    painter->ended += sheet->ended[node];
    return rc;
}

int span_painter_close(struct span_painter *painter, struct view *view, sim_ns died_ns,
                       struct err *err) {
    return close_pixel(painter, view, died_ns, err);
}
