/* SPDX-License-Identifier: MIT */
/*
 * longest_waits - the longest waits of threads and tasks in a range, and who is to blame for
 * what of each lies in the range.
 *
 * Blame takes as long as there are spans during the wait. Together the waits of an answer
 * have a budget for that, the longest first. Where it does not suffice, a wait for what
 * somebody held has its shares by holder, from stored totals (range_totals.h), and nothing of
 * what the holders did meanwhile; any other wait, such as that of a task for its loop, has no
 * shares, nor have those beyond LONGEST_WAITS_BY_HOLDER. engine/analysis/blame.h can be asked for a shorter time then. A wait that takes
 * longer than what is left of the budget's chunks uses up nothing of it.
 */
#ifndef DB_LONGEST_WAITS_H
#define DB_LONGEST_WAITS_H

#include "db/span_search.h"
#include "engine/analysis/blame.h"

enum {
    LONGEST_WAITS_MAX = 100,
    LONGEST_WAITS_SPANS = 20000, /* of the lanes that can be to blame */
    LONGEST_WAITS_CHUNKS = 64,   /* in which they are looked for */
    LONGEST_WAITS_BY_HOLDER = 20 /* waits whose blame may come from totals */
};

struct longest_wait {
    struct span_found wait; /* whole, also where it is outside the range */
    bool is_blamed;         /* `blame` has its shares, perhaps none */
    bool is_by_holder;      /* of which site and state are not known */
    struct blame blame;
};

struct longest_waits {
    struct longest_wait *items; /* the longest first */
    size_t count;
    struct damage_list damages;
};

struct wait_query {
    int64_t run;
    sim_ns from_ns, to_ns; /* 0 <= from < to */
    const lane_id *lanes;  /* as in a span_query */
    size_t lane_count;
    uint32_t limit; /* 1 .. LONGEST_WAITS_MAX */
};

/* Errors as of span_search(). On success release with longest_waits_deinit(). */
int longest_waits_read(struct db_reader *reader, const struct wait_query *query,
                       struct longest_waits *out, struct err *err) WARN_UNUSED;
void longest_waits_deinit(struct longest_waits *waits);

#endif
