/* SPDX-License-Identifier: MIT */
/*
 * carried_spans - the spans that were open at the end of a chunk. Inside db only.
 *
 * A chunk says what its lanes go on to do, but not until when: that is known when the span
 * ends, in a later chunk perhaps far away, and then stored in table carried_span.
 */
#ifndef DB_CARRIED_SPANS_PRIV_H
#define DB_CARRIED_SPANS_PRIV_H

#include "db/connection_priv.h"
#include "db/decoded_priv.h"
#include "db/pyramid_priv.h"
#include "db/recorded_run_priv.h"

struct carried_span {
    lane_id lane;
    bool is_open; /* it has not ended in any chunk */
    struct long_span
        span; /* end_ns of an open one: up to where it is known, or SIM_NEVER */
};

/* Where each lane of the chunk was at its beginning, -1 for lanes that are not in it; who goes
 * through the spans puts the end of each there, and has in the end what the next one says. */
void carried_spans_begin(const struct span_chunk *chunk,
                         sim_ns since_ns[LANE_GROUP_LANES]);

/* Where the last span of each lane of the chunk ended; -1 for lanes that are not in it. */
void carried_spans_since(const struct span_chunk *chunk,
                         sim_ns since_ns[LANE_GROUP_LANES]);

/* A bit for each lane whose span that is open at the end of a chunk, if any, began before a
 * time: the end of any other need not be looked up, each in another place. */
uint64_t carried_spans_before(const struct decoded_spans *spans, sim_ns time);

/*
 * The spans that are open at the end of a chunk, of the lanes with a bit in `wanted`, by
 * lane; without those of which nothing is known but that they began. They have no end before
 * t1_ns of the chunk. ERR_CORRUPT
 */
int carried_spans_read(const struct recorded_run *run, const struct decoded_spans *spans,
                       uint64_t wanted, struct carried_span out[LANE_GROUP_LANES],
                       uint32_t *count, struct err *err) WARN_UNUSED;

/* Those that ended in the chunk after having been open at its beginning are stored. */
int carried_spans_insert(struct connection *connection, int64_t run, lane_id lane,
                         sim_ns end_ns, lane_id by, struct err *err) WARN_UNUSED;

#endif
