/* SPDX-License-Identifier: MIT */
/*
 * span_scan - the spans of stored runs, one after the other, as a filter wants them. The one
 * place from which the SQL tables read chunks of spans.
 *
 * Chunks that cannot hold a wanted span are not read. In the order of states, each state is
 * a pass over the run's chunks; from the first pass on it is known which chunks have which
 * states and lanes. When all wanted chunks have room they stay decoded for the passes that
 * follow and for a scan that begins again, as the inner side of a join does. When nothing
 * but durations is asked for, those of the other states are put aside (span_shelf.h).
 *
 * The order is: run, then
 *
 *     SPAN_ORDER_NONE     lane group, then as recorded
 *     SPAN_ORDER_TIME     the same for a filter of one lane: by start and by end. Stored
 *                         spans that break it are ERR_CORRUPT
 *     SPAN_ORDER_STATE    the word of the state, then as recorded; or descending words
 *
 * A chunk that is damaged is left out and noted; ERR_CORRUPT is what says nothing about one
 * chunk: lanes, sites, spans that contradict those of another chunk.
 *
 * A scan belongs to one connection and thread. Between span_scan_start() and the end it
 * keeps a statement open, so that it sees one state of the file.
 */
#ifndef DB_SQL_SPAN_SCAN_H
#define DB_SQL_SPAN_SCAN_H

#include "db/chunk_codec.h"
#include "db/damage.h"
#include "db/sql/int_range.h"
#include "db/sql/run_names.h"

struct span_scan;
struct sqlite3;

enum span_order {
    SPAN_ORDER_NONE,
    SPAN_ORDER_TIME,
    SPAN_ORDER_STATE,
    SPAN_ORDER_STATE_DESCENDING
};

/* Which lanes; shared with the scan of points. */
struct lane_filter {
    struct int_range range;
    uint32_t kinds;       /* bit 1 << enum lane_kind */
    const lane_id *among; /* ascending; NULL: any */
    size_t among_count;
};

struct span_filter {
    struct int_range run, start, end, duration;
    struct lane_filter lane;
    uint32_t states; /* bit 1 << enum lane_state */
    enum span_order order;
    bool durations_only; /* of the columns, only state and end - start are looked at */
};

#define LANE_FILTER_ALL                                                                  \
    ((struct lane_filter){.range = INT_RANGE_ALL, .kinds = UINT32_MAX})
#define SPAN_FILTER_ALL                                                                  \
    ((struct span_filter){.run = INT_RANGE_ALL,                                          \
                          .start = INT_RANGE_ALL,                                        \
                          .end = INT_RANGE_ALL,                                          \
                          .duration = INT_RANGE_ALL,                                     \
                          .lane = LANE_FILTER_ALL,                                       \
                          .states = UINT32_MAX})

/* Whether a filter wants a lane; `names` has the run's lanes unless all kinds are wanted. */
bool lane_filter_has(const struct lane_filter *filter, const struct run_names *names,
                     lane_id lane);

/* What all scans of a connection keep: decoded chunks besides the one that each has, what
 * is on their shelves, and which chunks they left out. */
struct span_pool {
    unsigned kept;
    size_t shelved;              /* bytes */
    struct damage_list *damages; /* borrowed; NULL: nobody wants to know */
};
enum { SPAN_POOL_MAX = 64 };

int span_scan_create(struct span_scan **out, struct sqlite3 *sqlite,
                     struct span_pool *pool, struct err *err) WARN_UNUSED;
void span_scan_destroy(struct span_scan *scan);

/* Begins. `filter` is copied; `lane.among` is borrowed until the next start. */
int span_scan_start(struct span_scan *scan, const struct span_filter *filter,
                    struct err *err) WARN_UNUSED;

/* 1: there is a span; 0: no more. ERR_CORRUPT, ERR_NOMEM, ERR_CANCELLED ... */
int span_scan_next(struct span_scan *scan, struct err *err) WARN_UNUSED;

/* The same within the chunk at hand, which is cheap and cannot fail; false at its end. */
bool span_scan_next_row(struct span_scan *scan);

/* Where the scan is: row `index` of the columns of `block`. */
struct span_place {
    const struct span_block *block;
    int64_t run;
    int64_t rowid; /* the same for the same span, whatever the filter */
    uint32_t index;
};
void span_scan_place(const struct span_scan *scan, struct span_place *out);

/* Lanes and sites of the run where the scan is. */
int span_scan_names(struct span_scan *scan, bool with_sites, const struct run_names **out,
                    struct err *err) WARN_UNUSED;

#endif
