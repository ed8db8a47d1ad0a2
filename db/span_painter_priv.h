/* SPDX-License-Identifier: MIT */
/*
 * span_painter - turns the spans of one lane into entries of a view, by the rule in
 * timeline.h. Inside db only.
 *
 * Spans come in the order of time; short ones may come as nodes of the pyramid instead, of
 * a level whose cells are no longer than those of the view. A painter remembers what is
 * short in one pixel and nothing else.
 */
#ifndef DB_SPAN_PAINTER_PRIV_H
#define DB_SPAN_PAINTER_PRIV_H

#include "db/pyramid_priv.h"
#include "db/timeline.h"

#include <stdbool.h>

/* The window, its pixels, and how much was painted so far. */
struct view {
    unsigned level;  /* cells of 4^level */
    sim_ns from, to; /* whole cells */
    uint64_t cells, pixels;
    sim_ns long_ns; /* the widest pixel: a span of that length is painted by itself */
    size_t entries; /* of all lanes and instants */
};

/* The query has been checked. */
struct view view_of(const struct timeline_query *query);

/* The pixel of a time inside the window, and where a pixel begins. */
uint64_t view_pixel(const struct view *view, sim_ns time);
sim_ns view_pixel_start(const struct view *view, uint64_t pixel);

/* Takes one entry of those that an answer may have; ERR_LIMIT. */
int view_count_entry(struct view *view, struct err *err) WARN_UNUSED;

/* Zeroed but for lane.lane, wanted and free_from, it is ready for use. */
struct span_painter {
    struct timeline_lane lane; /* what is painted so far; belongs to the caller */
    bool wanted;               /* the caller's */
    sim_ns free_from; /* where the last span that was painted ended; first the birth */
    sim_ns known_to;  /* up to where spans came */
    /* The short spans of a pixel; none when mask is 0. */
    uint32_t mask; /* 1 << state */
    uint32_t ended;
    sim_ns start, pixel_end;
    sim_ns state_ns[STATE_COUNT];
};

/* True, and it is added, when the span goes on with what is short in the pixel: the way of
 * nearly all of them when there are many. */
static inline bool span_painter_extend(struct span_painter *painter,
                                       const struct view *view, sim_ns start, sim_ns end,
                                       unsigned state) {
    if (painter->mask == 0 || end > painter->pixel_end || end - start >= view->long_ns) {
        return false;
    }
    painter->state_ns[state] += end - start;
    painter->mask |= UINT32_C(1) << state;
    painter->ended++;
    return true;
}

/* Adds a span, which may be outside the window, or one that is known. */
int span_painter_add(struct span_painter *painter, struct view *view,
                     const struct long_span *span, struct err *err) WARN_UNUSED;

/* Adds what is short in a cell of a level, `times` as in a sheet. */
int span_painter_add_cell(struct span_painter *painter, struct view *view,
                          const struct sheet *sheet, uint32_t node, const sim_ns *times,
                          struct err *err) WARN_UNUSED;

/* After the last span; the lane died at `died_ns`. */
int span_painter_close(struct span_painter *painter, struct view *view, sim_ns died_ns,
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
