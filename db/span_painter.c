/* SPDX-License-Identifier: MIT */
#include "db/span_painter_priv.h"

#include <string.h>

/* Time * pixels does not fit into 64 bits. */
__extension__ typedef unsigned __int128 wide;

enum { ENTRIES_FIRST = 16 };

/* --- the view ------------------------------------------------------------------ */

struct view view_of(const struct timeline_query *query) {
    const uint64_t width = (uint64_t)(query->to_ns - query->from_ns);
    const uint64_t pixels = query->pixels;
    return (struct view){
        .from = query->from_ns,
        .to = query->to_ns,
        .width = width,
        .pixels = pixels,
        .long_ns = (sim_ns)(width / pixels + (width % pixels != 0 ? 1 : 0)),
    };
}

int64_t view_pixel(const struct view *w, sim_ns time) {
    return (int64_t)((wide)(uint64_t)(time - w->from) * w->pixels / w->width);
}

/* The first nanosecond of the pixel after this one. */
static sim_ns pixel_end(const struct view *w, int64_t pixel) {
    const wide scaled = (wide)(uint64_t)(pixel + 1) * w->width;
    return w->from + (sim_ns)((scaled + w->pixels - 1) / w->pixels);
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
                     const struct span_entry *entry, struct err *err) {
    int rc = view_count_entry(view, err);
    if (rc == 0) {
        rc = reserve_span(lane, err);
    }
    if (rc != 0) {
        return rc;
    }
    const size_t i = lane->count++;
    lane->start_ns[i] = entry->start;
    lane->end_ns[i] = entry->end;
    lane->state[i] = entry->state;
    lane->resource[i] = entry->resource;
    lane->by[i] = entry->by;
    lane->site[i] = entry->site;
    lane->merged[i] = entry->merged;
    return 0;
}

int span_painter_close(struct span_painter *painter, struct view *view, struct err *err) {
    if (painter->group.merged == 0) {
        return 0;
    }
    if (painter->group.merged > 1) {
        painter->group.start = painter->visible_start;
        painter->group.end = painter->visible_end;
        painter->group.resource = LANE_NONE;
        painter->group.by = LANE_NONE;
        painter->group.site = SITE_NONE;
    }
    const int rc = put_entry(view, &painter->lane, &painter->group, err);
    painter->group.merged = 0;
    return rc;
}

static void open_group(const struct view *w, struct span_painter *painter,
                       const struct span_entry *span, sim_ns start, sim_ns end) {
    painter->group = *span;
    painter->visible_start = start;
    painter->visible_end = end;
    painter->pixel_end = pixel_end(w, view_pixel(w, start));
    memset(painter->state_ns, 0, sizeof painter->state_ns);
    painter->state_ns[span->state] = end - start;
}

static void extend_group(struct span_painter *painter, uint8_t state, sim_ns start,
                         sim_ns end) {
    sim_ns *times = painter->state_ns;
    times[state] += end - start;
    painter->visible_end = end;
    painter->group.merged++;
    const uint8_t best = painter->group.state;
    if (times[state] > times[best] || (times[state] == times[best] && state < best)) {
        painter->group.state = state;
    }
}

int span_painter_add(struct span_painter *painter, struct view *view,
                     const struct span_entry *span, struct err *err) {
    const sim_ns start = span->start > view->from ? span->start : view->from;
    const sim_ns end = span->end < view->to ? span->end : view->to;
    const bool is_long = end - start >= view->long_ns;
    if (!is_long && painter->group.merged > 0 && start < painter->pixel_end) {
        extend_group(painter, span->state, start, end);
        return 0;
    }
    const int rc = span_painter_close(painter, view, err);
    if (rc != 0) {
        return rc;
    }
    if (is_long) {
        return put_entry(view, &painter->lane, span, err);
    }
    open_group(view, painter, span, start, end);
    return 0;
}
