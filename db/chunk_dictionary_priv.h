/* SPDX-License-Identifier: MIT */
/*
 * chunk_dictionary - the distinct kinds of transitions of a chunk, and the spans as a
 * sequence of them; the format is specified at the head of chunk_codec.c. Inside db only.
 *
 * What threads do repeats: after a span of one kind usually ends one of the kind that
 * followed last time. A *hit* is a span of which that is true; only the others, the
 * *misses*, need a number.
 */
#ifndef DB_CHUNK_DICTIONARY_PRIV_H
#define DB_CHUNK_DICTIONARY_PRIV_H

#include "engine/record/sink.h"

#include <stdbool.h>
#include <stdint.h>

enum { CHUNK_HIT_BYTES = CHUNK_SPANS / 8 };

/* The spans of a chunk, but for their times. */
struct chunk_sequence {
    uint32_t kind_count;           /* 1 .. CHUNK_SPANS */
    uint16_t first[CHUNK_SPANS];   /* of each kind, the first span of it */
    uint8_t hits[CHUNK_HIT_BYTES]; /* a bit for each span, lowest first */
    uint32_t miss_count;
    uint16_t misses[CHUNK_SPANS + 1]; /* the kind of each span that is no hit */
};

/* True when span i ended at the same time as the one before it, t0 before the first. */
bool chunk_span_is_joined(const struct span_chunk *chunk, uint32_t i);

void chunk_sequence_of(struct chunk_sequence *out, const struct span_chunk *chunk);

/*
 * The kind of each span into `kinds`, and into `uses` how many spans each kind has; all misses
 * are below kind_count. False when the sequence hits where nothing followed yet, or has
 * another number of misses than it needs.
 */
bool chunk_sequence_kinds(const struct chunk_sequence *sequence, uint32_t count,
                          uint16_t kinds[CHUNK_SPANS], uint16_t uses[CHUNK_SPANS + 1]);

#endif
