/* SPDX-License-Identifier: MIT */
/*
 * span_lookup - single spans of a stored run: what a lane did at an instant, what it did
 * before and after, and the flows that arrive at a span or leave from a lane.
 *
 * The answer to each is found in the chunk that covers the instant; from there one chunk
 * after the other is looked at, but only those that can have what is asked for.
 */
#ifndef DB_SPAN_LOOKUP_H
#define DB_SPAN_LOOKUP_H

#include "db/damage.h"
#include "db/db.h"
#include "engine/record/recording.h"

/* A span and what its numbers mean. */
struct span_found {
    lane_id lane;
    bool is_open;     /* it has not ended as far as the recording goes */
    struct span span; /* end_ns of an open one: SIM_NEVER, or up to where it is known when
                       * the run is still being recorded */
};

/* A span of the lane that is wanted. Zeroed but for run and lane: any. */
struct span_wish {
    int64_t run;
    lane_id lane;
    uint32_t states; /* bit 1 << state; 0: any */
    sim_ns least_ns; /* it lasts at least as long */
};

/*
 * Each of these: 1 and the span; 0 when there is none, or it is in a chunk that is damaged,
 * of which `damages` knows then. ERR_INVALID: no such lane. ERR_NOT_FOUND: no such run, or
 * no timeline of it. ERR_CORRUPT, ERR_NOMEM. The caller releases `damages` in any case.
 */

/* What the lane did at an instant: start <= at < end. Of a run that is being recorded, it
 * and the next one may be there later. */
int span_lookup_at(struct db_reader *reader, int64_t run, lane_id lane, sim_ns at,
                   struct span_found *out, struct damage_list *damages,
                   struct err *err) WARN_UNUSED;

/* The first that starts after `at`, the last that ends at `at` or before. */
int span_lookup_next(struct db_reader *reader, const struct span_wish *wish, sim_ns at,
                     struct span_found *out, struct damage_list *damages,
                     struct err *err) WARN_UNUSED;
int span_lookup_previous(struct db_reader *reader, const struct span_wish *wish,
                         sim_ns at, struct span_found *out, struct damage_list *damages,
                         struct err *err) WARN_UNUSED;

#endif
