/* SPDX-License-Identifier: MIT */
/*
 * span_author - valid span chunks out of a plain list of spans, for tests.
 *
 * The list has the spans of all lanes in the order in which they end; those of one lane
 * follow each other without a gap. A lane is born where its first span starts. One whose
 * last span ends at SIM_NEVER stays open: that span is in no chunk, but in their `after`.
 *
 *     qsort(spans, count, sizeof spans[0], span_author_order);
 *     span_author_begin(&author, spans, count, group);
 *     while (span_author_next(&author, room, &chunk)) { ...sink->spans(..., &chunk, ...) }
 *
 * A moment is never in two chunks, as with the recorder.
 */
#ifndef TESTS_DB_SPAN_AUTHOR_H
#define TESTS_DB_SPAN_AUTHOR_H

#include "engine/record/sink.h"

#include <stdbool.h>
#include <stddef.h>

struct authored_span {
    sim_ns start, end;
    lane_id lane, resource, by;
    site_id site;
    uint8_t state;
};

/* By end, then by lane: compares two authored spans for qsort(). */
int span_author_order(const void *a, const void *b);

/* Large; its content is private. */
struct span_author {
    const struct authored_span *spans;
    size_t count, next; /* of the list */
    uint32_t group, seq;
    sim_ns t0_ns;
    struct lane_before before[LANE_GROUP_LANES];
    struct lane_after after[LANE_GROUP_LANES];
    lane_id lane[CHUNK_SPANS], resource[CHUNK_SPANS], by[CHUNK_SPANS];
    sim_ns start[CHUNK_SPANS], end[CHUNK_SPANS];
    uint8_t state[CHUNK_SPANS];
    site_id site[CHUNK_SPANS];
};

/* Borrows the list until the last chunk is written. */
void span_author_begin(struct span_author *author, const struct authored_span *spans,
                       size_t count, uint32_t group);

/* The next chunk of `room` spans and those that end with the last of them; it points into
 * the author and lives until the next call. False when the group has no more.
 * `room` is 1 .. AUTHOR_ROOM: all lanes may end at once. */
enum { AUTHOR_ROOM = CHUNK_SPANS - LANE_GROUP_LANES + 1 };
bool span_author_next(struct span_author *author, uint32_t room, struct span_chunk *out);

#endif
