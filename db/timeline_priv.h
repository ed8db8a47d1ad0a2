/* SPDX-License-Identifier: MIT */
/*
 * timeline_priv - what the parts of a timeline's reading share: timeline.c has the query and
 * the spans, timeline_sources.c which rows are read, timeline_instants.c the instants,
 * timeline_counters.c the counters.
 */
#ifndef DB_TIMELINE_PRIV_H
#define DB_TIMELINE_PRIV_H

#include "db/decoded_priv.h"
#include "db/recorded_run_priv.h"
#include "db/span_painter_priv.h"

/* What is known of a lane, besides what its painter knows. */
struct slot {
    bool wanted;
    size_t position; /* in query.lanes */
    /* The pixel that is the last to have instants. */
    sim_ns pixel_end; /* 0: none has */
    size_t entry;     /* what it has */
};

/* One answer in the making. */
struct painting {
    struct recorded_run run;
    const struct timeline_query *query;
    struct view view;
    struct timeline_view out;
    size_t lanes_capacity;
    struct slot *slots; /* by lane */
    size_t slot_count;
    const struct decoded_lanes *lanes; /* the chunk that is being painted */
    const struct sheet_block *sheet;   /* or the sheet */
};

/* --- which rows ---------------------------------------------------------------- */

struct source {
    int64_t id;
    int64_t seq; /* of the chunk, or the first of the sheet's */
    sim_ns t0_ns, t1_ns;
    bool is_sheet;
    unsigned level; /* of a sheet, base of a chunk */
};

/* Rows that together have every span that ended in the window, or every instant or sample
 * in it, once. A zeroed list is empty. */
struct source_list {
    struct source *items; /* in the order of time */
    size_t count, capacity;
    unsigned level; /* the highest of the sheets; PYRAMID_NONE: there are none */
};

void source_list_deinit(struct source_list *list);

/* Makes it those of a lane group, of DAMAGE_INSTANTS or DAMAGE_COUNTERS. */
int source_list_choose(struct source_list *list, const struct painting *p, int64_t group,
                       struct err *err) WARN_UNUSED;

/* A row that cannot be read is missing in the answer, which says so. */
int painting_note_missing(struct painting *p, int64_t group, const struct source *source,
                          const char *what, struct err *err) WARN_UNUSED;

/* How rows that are not of spans are read. */
struct source_kind {
    int64_t group;
    const char *read_chunk; /* id -> data */
    enum decoded_kind chunk, sheet;
    const char *unknown_lane; /* what is wrong with a row of lanes that are not there */
};

/* The decoded row, valid until another one is read: 1, or 0 when it cannot be read, which is
 * noted. */
int painting_read_source(struct painting *p, const struct source_kind *kind,
                         const struct source *source, const struct decoded **out,
                         struct err *err) WARN_UNUSED;

/* --- instants ------------------------------------------------------------------ */

int painting_add_instants(struct painting *p, struct err *err) WARN_UNUSED;

/* --- counters ------------------------------------------------------------------ */

int painting_add_counters(struct painting *p, struct err *err) WARN_UNUSED;

#endif
