/* SPDX-License-Identifier: MIT */
/*
 * span_painter - turns the spans of one lane into entries of a view, by the rule in
 * timeline.h. Inside db only.
 *
 * Spans of a lane do not overlap and come in the order of time, so that a painter
 * remembers one group of short spans and nothing else.
 */
#ifndef DB_SPAN_PAINTER_PRIV_H
#define DB_SPAN_PAINTER_PRIV_H

#include "db/timeline.h"

#include <stdbool.h>

/* The window, the length from which on a span is long, and how much was painted so far.
 */
struct view {
    sim_ns from, to;
    uint64_t width;
    uint64_t pixels;
    sim_ns long_ns; /* ceil(width / pixels) */
    size_t entries; /* of all lanes and instants */
};

/* The query has been checked. */
struct view view_of(const struct timeline_query *query);

/* The pixel of a time inside the window. */
int64_t view_pixel(const struct view *view, sim_ns time);

/* Takes one entry of those that an answer may have; ERR_LIMIT. */
int view_count_entry(struct view *view, struct err *err) WARN_UNUSED;

/* A span, or an entry before it is in the columns. */
struct span_entry {
    sim_ns start, end;
    uint8_t state;
    lane_id resource, by;
    site_id site;
    uint32_t merged; /* 1 for a span */
};

/* Zeroed but for lane.lane and wanted, it is ready for use. */
struct span_painter {
    struct timeline_lane lane; /* what is painted so far; belongs to the caller */
    bool wanted;               /* the caller's */
    /* The short spans of one pixel; none when group.merged is 0. */
    struct span_entry group;
    sim_ns visible_start, visible_end;
    sim_ns pixel_end;
    sim_ns state_ns[STATE_COUNT];
};

/* Adds a span that overlaps the window. */
int span_painter_add(struct span_painter *painter, struct view *view,
                     const struct span_entry *span, struct err *err) WARN_UNUSED;

/* After the last span. */
int span_painter_close(struct span_painter *painter, struct view *view,
                       struct err *err) WARN_UNUSED;

void span_painter_lane_deinit(struct timeline_lane *lane);

/* Changes the size of a column; sets rc to ERR_NOMEM when it cannot. */
#define TIMELINE_GROW(rc, column, capacity)                                              \
    do {                                                                                 \
        void *moved_ = memory_resize((column), (capacity), sizeof *(column));            \
        if (moved_ == NULL) {                                                            \
            (rc) = ERR_NOMEM;                                                            \
        } else {                                                                         \
            (column) = moved_;                                                           \
        }                                                                                \
    } while (0)

#endif
