/* SPDX-License-Identifier: MIT */
/*
 * chunk_check - what a valid chunk is. Both directions of chunk_codec ask: the writer wants
 * nothing in a file that cannot be read, the reader trusts no file. Inside db only.
 *
 * A fault is a constant text, NULL when there is none.
 */
#ifndef DB_CHUNK_CHECK_PRIV_H
#define DB_CHUNK_CHECK_PRIV_H

#include "db/chunk_dictionary_priv.h"
#include "engine/base/err.h"

#include <stddef.h>

/* The place of a lane in its group. */
static inline uint32_t chunk_place(lane_id lane) {
    return (uint32_t)lane % LANE_GROUP_LANES;
}

/* The lanes of a chunk while its spans are gone through. */
struct chunk_lanes {
    uint64_t lives_on;                 /* a bit for each lane of `after` */
    sim_ns start_ns[LANE_GROUP_LANES]; /* of the next span; SIM_NEVER: no such lane */
};

/* What is wrong with the chunk but for its spans; `lanes` is ready for the first one. */
const char *chunk_frame_fault(const struct span_chunk *c, struct chunk_lanes *lanes);

/* Once all spans are gone through: a lane ends with a span, or it does not. */
const char *chunk_lost_fault(const struct span_chunk *c, const struct chunk_lanes *lanes);

/* Moves the lane on to the end of its next span. */
static inline const char *chunk_end_fault(sim_ns *start, sim_ns end) {
    if (*start >= end) {
        return *start == SIM_NEVER ? "a lane of which nothing is known before"
                                   : "a span that does not last";
    }
    *start = end;
    return NULL;
}

/* Set the error of a fault, and return its code. */
int chunk_wrong(const struct span_chunk *chunk, const char *fault, int code,
                struct err *err);
int chunk_wrong_row(const struct span_chunk *chunk, uint32_t row, const char *fault,
                    int code, struct err *err);

/* ERR_INVALID for a chunk that must not be written: its number of rows, all but what the
 * spans of a kind have in common, and that. */
int chunk_check_count(uint32_t count, uint32_t least, struct err *err) WARN_UNUSED;
int chunk_check_spans(const struct span_chunk *chunk, struct err *err) WARN_UNUSED;
int chunk_check_kinds(const struct span_chunk *chunk,
                      const struct chunk_sequence *sequence, struct err *err) WARN_UNUSED;

/* `code` for one that is not valid. */
int chunk_check_instants(const struct instant_chunk *chunk, int code,
                         struct err *err) WARN_UNUSED;
/* The same, but for how samples of one counter follow each other. */
int chunk_check_counters(const struct counter_chunk *chunk, int code,
                         struct err *err) WARN_UNUSED;

#endif
