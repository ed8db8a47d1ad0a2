/* SPDX-License-Identifier: MIT */
/*
 * timeline - what is seen of a run's lanes through a window of so many pixels.
 *
 * The rule, in terms of a window [from, to) and P pixels:
 *
 *   1. Time is divided into cells of 2^L ns, L as large as leaves a cell for each of the P
 *      pixels, at least 0. The window is widened to whole cells, of which it has N; P is at
 *      most N. Pixel p begins at cell floor(p * N / P): a pixel is never narrower than a
 *      cell, and the same places of a run have the same edges in every window of a level.
 *   2. A span is *long* when it lasts at least as long as the widest pixel, ceil(N / P) cells,
 *      else short. Every long span that overlaps the window is an entry of its own: it tells
 *      the whole span, its own start and end, even outside the window.
 *   3. What is left of a pixel is the time of short spans, all in one piece: one entry, from
 *      where the pixel, the lane or the short ones begin, to where they end. Its state is the
 *      one with most time in it (the smallest code when equal); count = how many short spans
 *      end in the pixel, at least 1; resource, by and site are -1.
 *
 * So a pixel holds at most two entries of a lane: what is short in it, and one long span
 * that begins in it.
 *
 * Instants: those of a lane in the same pixel of the widened window are one entry at the
 * time of the first; its kind is slow_callback when there is one, else the most frequent one
 * (the smallest code when equal); `by` is -1 when there is more than one, unless just one is
 * a slow_callback. So an entry may lie up to a cell outside of what was asked for.
 *
 * Counters: the samples of a counter in the same pixel are one entry at the time of the first,
 * with the least, the largest and the last value of these. `before` is what it was when the
 * widened window began. A counter of which nothing is said is 0 throughout.
 *
 * A run that is still being recorded is seen as far as it is stored: each lane up to a time
 * of its group, at which all that is open is cut. Nothing is guessed behind it.
 */
#ifndef DB_TIMELINE_H
#define DB_TIMELINE_H

#include "db/damage.h"
#include "db/db.h"
#include "engine/base/memory.h"
#include "engine/record/lane.h"

#include <stddef.h>

enum {
    TIMELINE_MAX_PIXELS = 16384,
    TIMELINE_MAX_ENTRIES =
        4 * 1000 * 1000 /* of one answer: spans, instants, samples and counters */
};

struct timeline_query {
    int64_t run;
    sim_ns from_ns, to_ns; /* 0 <= from < to */
    uint32_t pixels;       /* 1 .. TIMELINE_MAX_PIXELS */
    const lane_id *lanes;  /* each once; NULL: all lanes */
    size_t lane_count;
};

/* Columns of equal length, in the order of time. */
struct timeline_lane {
    lane_id lane;
    size_t count;
    sim_ns *start_ns;
    sim_ns *end_ns;
    uint8_t *state;        /* enum lane_state */
    lane_id *resource;     /* or LANE_NONE */
    lane_id *by;           /* or LANE_NONE */
    site_id *site;         /* or SITE_NONE */
    uint32_t *merged;      /* how many spans this entry stands for (rule 3) */
    sim_ns known_until_ns; /* nothing is known of what comes later; SIM_NEVER: all is */
    size_t capacity;       /* private */
};

/* Columns of equal length, in the order of time and, at the same time, of lanes. */
struct timeline_instants {
    size_t count;
    lane_id *lane;
    sim_ns *at_ns;
    uint8_t *kind; /* the most frequent enum instant_kind, but any slow callback first */
    lane_id *by;   /* or LANE_NONE */
    uint32_t *merged;      /* how many instants this entry stands for, of whatever kind */
    sim_ns known_until_ns; /* as of a lane */
};

/* A counter, and which entries of the columns it has, in the order of time. */
struct timeline_counter {
    lane_id lane;
    uint8_t kind; /* enum counter_kind */
    int64_t before;
    size_t first, count;
};

struct timeline_counters {
    struct timeline_counter
        *items; /* by lane and kind: those with entries, or not 0 before */
    size_t item_count;
    size_t count; /* of the columns */
    sim_ns *at_ns;
    int64_t *min, *max, *last;
    uint32_t *merged;      /* how many samples this entry stands for */
    sim_ns known_until_ns; /* as of a lane */
};

struct timeline_view {
    struct timeline_lane
        *lanes; /* as asked for; without a list: those with entries, by id */
    size_t lane_count;
    struct timeline_instants instants;
    struct timeline_counters counters;
    struct damage_list damages; /* what is missing; its edges are exact to a pixel */
};

/*
 * ERR_INVALID: the query is out of range, or names a lane twice or one that is not there.
 * ERR_NOT_FOUND: no such run, or no timeline of it. ERR_LIMIT: more than
 * TIMELINE_MAX_ENTRIES. ERR_CORRUPT: more than single chunks is damaged. On success release
 * with timeline_view_deinit().
 */
int timeline_read(struct db_reader *reader, const struct timeline_query *query,
                  struct timeline_view *out, struct err *err) WARN_UNUSED;
void timeline_view_deinit(struct timeline_view *timeline);

#endif
