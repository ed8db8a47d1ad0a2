/* SPDX-License-Identifier: MIT */
/*
 * run_picture - what is seen of a whole run on so many pixels, painted from spans in memory
 * by the rule in timeline.h: for runs that nobody stores. It has the same entries as a
 * timeline that is read from a store, of a few lanes, and neither instants nor counters.
 *
 * Lanes take turns by kind - a GIL, a loop, a thread, a task, the next GIL ... - so that a few
 * of them show all that takes part. Those on which nothing ever happened are left out.
 */
#ifndef DB_RUN_PICTURE_H
#define DB_RUN_PICTURE_H

#include "db/timeline.h"
#include "engine/record/lane_table.h"
#include "engine/record/recording.h"

enum { RUN_PICTURE_MAX_LANES = 64 };

/* The kinds of lanes that a picture can have, for `kinds` of the recording. */
#define RUN_PICTURE_KINDS                                                                \
    (1u << LANE_GIL | 1u << LANE_LOOP | 1u << LANE_THREAD | 1u << LANE_TASK)

struct run_picture_size {
    uint32_t pixels;   /* 1 .. TIMELINE_MAX_PIXELS */
    size_t lane_count; /* at most; 1 .. RUN_PICTURE_MAX_LANES */
};

/* A zeroed one is empty. */
struct run_picture {
    struct timeline_query window; /* the whole run; of no stored one */
    struct lane_total *lanes;     /* by id */
    struct timeline_view view;    /* of these lanes, in this order */
};

/* A run that has ended, of which all spans were recorded. */
struct run_picture_source {
    const struct recording *recording;
    const struct lane_table *lanes;
    sim_ns duration_ns;
};

/* Release `out` with run_picture_deinit(). ERR_NOMEM; ERR_LIMIT as timeline_read(). */
int run_picture_paint(struct run_picture *out, const struct run_picture_source *source,
                      const struct run_picture_size *size, struct err *err) WARN_UNUSED;
void run_picture_deinit(struct run_picture *picture);

#endif
