/* SPDX-License-Identifier: MIT */
/*
 * span_search - finds spans of a stored run, page by page, in the order of time or the
 * longest first.
 *
 * No more is decoded than a page needs. Chunks are taken in the order of time, and passed
 * over when their digest says that they have nothing of what is asked for. Long spans are
 * in the pyramid, which has them whole at every level up to their length: the longest ones,
 * and those that last at least as long, are looked for there, from the top, and in the
 * chunks that are not in it; first where the longest of all, or of all waits, is.
 */
#ifndef DB_SPAN_SEARCH_H
#define DB_SPAN_SEARCH_H

#include "db/damage.h"
#include "db/db.h"
#include "db/span_lookup.h"

enum { SPAN_SEARCH_MAX = 1000 };

enum span_order {
    SPAN_ORDER_TIME,   /* by end and lane: what is open comes last */
    SPAN_ORDER_LONGEST /* by duration, the longest first, then by end and lane */
};

struct span_query {
    int64_t run;
    sim_ns from_ns, to_ns; /* spans that overlap [from, to), 0 <= from < to */
    const lane_id *lanes;  /* ascending, each once; NULL: all lanes */
    size_t lane_count;
    uint32_t states;      /* bit 1 << state; 0: any */
    lane_id resource, by; /* LANE_NONE: any */
    site_id site;         /* SITE_NONE: any */
    sim_ns least_ns;      /* it lasts at least as long */
    enum span_order order;
    uint32_t limit;                 /* 1 .. SPAN_SEARCH_MAX */
    const struct span_found *after; /* the last one of the page before; NULL: none */
};

struct span_page {
    struct span_found *items;
    size_t count;
    bool has_more;
    struct damage_list damages;
    size_t looked_at; /* how many chunks and sheets that took */
    size_t capacity;  /* private */
};

/*
 * ERR_INVALID: the query is out of range, or names a lane that is not in the run.
 * ERR_NOT_FOUND: no such run, or no timeline of it. ERR_CORRUPT, ERR_NOMEM. On success
 * release with span_page_deinit().
 */
int span_search(struct db_reader *reader, const struct span_query *query,
                struct span_page *out, struct err *err) WARN_UNUSED;
void span_page_deinit(struct span_page *page);

#endif
