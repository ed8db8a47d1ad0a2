/* SPDX-License-Identifier: MIT */
/*
 * timeline_priv - what the parts of a timeline's reading share: timeline.c has the query and
 * the spans, timeline_sources.c which rows are read, timeline_instants.c the instants.
 */
#ifndef DB_TIMELINE_PRIV_H
#define DB_TIMELINE_PRIV_H

#include "db/span_painter_priv.h"

struct connection;
struct span_block;

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
    struct connection *connection;
    const struct timeline_query *query;
    struct view view;
    struct timeline_view out;
    size_t lanes_capacity;
    struct slot *slots; /* by lane */
    size_t slot_count;
    struct span_block *spans; /* the chunk that is being painted */
    struct sheet_block sheet; /* or the sheet */
};

/* ERR_CORRUPT, for more than a row is wrong. */
int painting_damaged(const struct painting *p, const char *what,
                     struct err *err) WARN_UNUSED;

/* --- which rows ---------------------------------------------------------------- */

struct source {
    int64_t id;
    int64_t seq; /* of the chunk, or the first of the sheet's */
    sim_ns t0_ns, t1_ns;
    bool is_sheet;
};

/* Rows that together have every span that ended in the window, or every instant in it,
 * once. A zeroed list is empty. */
struct source_list {
    struct source *items; /* in the order of time */
    size_t count, capacity;
    unsigned level; /* of the sheets; PYRAMID_NONE: there are none */
};

void source_list_deinit(struct source_list *list);

/* Makes it those of a lane group, or of DAMAGE_INSTANTS. */
int source_list_choose(struct source_list *list, const struct painting *p, int64_t group,
                       struct err *err) WARN_UNUSED;

/* A row that cannot be read is missing in the answer, which says so. */
int painting_note_missing(struct painting *p, int64_t group, const struct source *source,
                          const char *what, struct err *err) WARN_UNUSED;

/* --- instants ------------------------------------------------------------------ */

int painting_add_instants(struct painting *p, struct err *err) WARN_UNUSED;

#endif
