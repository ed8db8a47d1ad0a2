/* SPDX-License-Identifier: MIT */
/*
 * span_painter - turns the spans of one lane into entries of a view, by the rule in
 * timeline.h. Inside db only.
 *
 * Spans come in the order of time; short ones may come as nodes of the pyramid instead, of
 * a level whose cells are no longer than those of the view. A painter remembers what is
 * short in one pixel and nothing else.
 *
 * A state that has most time in each of some spans and nodes, the smallest of equal ones, has
 * it in all of them together. So the times of nodes are looked at only where they disagree,
 * and what is known besides does not decide.
 */
#ifndef DB_SPAN_PAINTER_PRIV_H
#define DB_SPAN_PAINTER_PRIV_H

#include "db/decoded_priv.h"
#include "db/timeline.h"

#include <stdbool.h>

/* The window, its pixels, and how much was painted so far. */
struct view {
    unsigned level;  /* cells of 2^level */
    sim_ns from, to; /* whole cells */
    uint64_t cells, pixels;
    sim_ns long_ns; /* the widest pixel: a span of that length is painted by itself */
    size_t entries; /* of all lanes and instants */
    sim_ns *starts; /* of each pixel, and twice the end: a division for each entry would
                       take longer than all else of it */
};

/* The query has been checked. ERR_NOMEM */
int view_init(struct view *view, const struct timeline_query *query,
              struct err *err) WARN_UNUSED;
void view_deinit(struct view *view);

/* The pixel of a time inside the window, and where a pixel begins. */
uint32_t view_pixel(const struct view *view, sim_ns time);
static inline sim_ns view_pixel_start(const struct view *view, uint64_t pixel) {
    return view->starts[pixel];
}

/* Takes so many of the entries that an answer may have; ERR_LIMIT. */
static inline int WARN_UNUSED view_count_entries(struct view *view, size_t count,
                                                 struct err *err) {
    view->entries += count;
    if (view->entries > TIMELINE_MAX_ENTRIES) {
        return err_set(err, ERR_LIMIT,
                       "the answer has more than %d entries: ask for fewer lanes, fewer "
                       "pixels or less time",
                       TIMELINE_MAX_ENTRIES);
    }
    return 0;
}

struct node_range {
    uint32_t first, next;
};

/* What is short in a pixel: spans, whose times are in state_ns of the painter, and nodes,
 * whose times are not. */
struct short_pixel {
    sim_ns start;     /* of what is short */
    sim_ns end;       /* of the pixel; 0: nothing was short yet */
    sim_ns open_to;   /* the end, as long as something is short in it; else 0 */
    sim_ns free_from; /* where the last long span ended; at first the birth */
    sim_ns agreed_ns; /* time of spans that is not in state_ns, of the one state */
    uint32_t number;  /* of the pixel */
    uint32_t mask;    /* 1 << state, of the times in state_ns */
    uint32_t ended;   /* spans */
    struct node_range nodes;
    uint8_t state; /* that has most time in the first span or node ... */
    bool agrees;   /* ... and in all others */
};

/* Zeroed but for lane.lane, wanted and pixel.free_from, it is ready for use. */
struct span_painter {
    struct timeline_lane lane; /* what is painted so far; belongs to the caller */
    bool wanted;               /* the caller's */
    bool lacks_memory;         /* an entry is missing */
    sim_ns known_to;           /* up to where spans came */
    struct short_pixel pixel;
    sim_ns state_ns[STATE_COUNT];
    const struct sheet_block *sheet; /* whose nodes they are */
    struct sheet_times times;        /* in that */
};

/* Adds a span, which may be outside the window, or one that is known. */
int span_painter_add(struct span_painter *painter, struct view *view,
                     const struct long_span *span, struct err *err) WARN_UNUSED;

/* Adds those of a chunk that are in the window, of the lane at a place. */
int span_painter_add_spans(struct span_painter *painter, struct view *view,
                           const struct decoded_lanes *lanes, uint32_t place,
                           struct err *err) WARN_UNUSED;

/* Adds what a lane has in a sheet. */
int span_painter_add_nodes(struct span_painter *painter, struct view *view,
                           const struct sheet_block *sheet, const struct sheet_lane *lane,
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
