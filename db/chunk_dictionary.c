/* SPDX-License-Identifier: MIT */
#include "db/chunk_dictionary_priv.h"

#include <string.h>

#include "db/column_codec_priv.h"

/* A table of kinds, by hash: twice as many slots as there can be kinds. */
enum { SLOTS = 2 * CHUNK_SPANS, NO_KIND = UINT16_MAX };

bool chunk_span_is_joined(const struct span_chunk *chunk, uint32_t i) {
    return chunk->end_ns[i] == (i > 0 ? chunk->end_ns[i - 1] : chunk->t0_ns);
}

static uint32_t hash_of(const struct span_chunk *c, uint32_t i) {
    const uint64_t low = (uint64_t)(uint32_t)c->lane[i] << 40 ^
                         (uint64_t)(uint32_t)c->resource[i] << 8 ^ c->state[i] ^
                         (uint64_t)chunk_span_is_joined(c, i) << 7;
    const uint64_t high =
        (uint64_t)(uint32_t)c->by[i] << 32 | (uint64_t)(uint32_t)c->site[i];
    const uint64_t mixed =
        (low * UINT64_C(0x9e3779b97f4a7c15)) ^ (high * UINT64_C(0xc2b2ae3d27d4eb4f));
    return (uint32_t)((mixed * UINT64_C(0xff51afd7ed558ccd)) >> 40) % SLOTS;
}

static bool same_kind(const struct span_chunk *c, uint32_t a, uint32_t b) {
    return c->lane[a] == c->lane[b] && c->state[a] == c->state[b] &&
           c->resource[a] == c->resource[b] && c->by[a] == c->by[b] &&
           c->site[a] == c->site[b] &&
           chunk_span_is_joined(c, a) == chunk_span_is_joined(c, b);
}

/* The kind of span i; it becomes a new one when there is none like it. */
static uint16_t kind_of(struct chunk_sequence *out, uint16_t slots[SLOTS],
                        const struct span_chunk *c, uint32_t i) {
    uint32_t at = hash_of(c, i);
    while (slots[at] != NO_KIND) {
        if (same_kind(c, out->first[slots[at]], i)) {
            return slots[at];
        }
        at = (at + 1) % SLOTS;
    }
    const uint16_t kind = (uint16_t)out->kind_count++;
    slots[at] = kind;
    out->first[kind] = (uint16_t)i;
    return kind;
}

void chunk_sequence_of(struct chunk_sequence *out, const struct span_chunk *chunk) {
    uint16_t slots[SLOTS], follows[CHUNK_SPANS];
    memset(slots, 0xff, sizeof slots);
    memset(follows, 0xff, sizeof follows);
    memset(out->hits, 0, sizeof out->hits);
    out->kind_count = out->miss_count = 0;
    uint16_t *expected = NULL; /* what followed the kind of the span before */
    for (uint32_t i = 0; i < chunk->count; i++) {
        /* Mostly it is the one that is expected, which is asked first. */
        const bool is_hit = expected != NULL && *expected != NO_KIND &&
                            same_kind(chunk, out->first[*expected], i);
        const uint16_t kind = is_hit ? *expected : kind_of(out, slots, chunk, i);
        if (is_hit) {
            out->hits[i / 8] |= (uint8_t)(1U << i % 8);
        } else {
            out->misses[out->miss_count++] = kind;
        }
        if (expected != NULL) {
            *expected = kind;
        }
        expected = &follows[kind];
    }
}

/* How many of the spans are no hits: bits behind the last one are 0. */
static uint32_t count_misses(const uint8_t *hits, uint32_t count) {
    const uint32_t bytes = (count + 7) / 8;
    uint32_t misses = count, at = 0;
    for (; bytes - at >= 8; at += 8) {
        misses -= (uint32_t)__builtin_popcountll(column_get_word(hits + at));
    }
    const uint64_t rest = column_get_fixed(hits + at, bytes - at);
    return misses - (uint32_t)__builtin_popcountll(rest);
}

/* A kind that there is not: with a bit that no other one has. */
enum { NOTHING = CHUNK_SPANS };

bool chunk_sequence_kinds(const struct chunk_sequence *sequence, uint32_t count,
                          uint16_t kinds[CHUNK_SPANS], uint16_t uses[CHUNK_SPANS + 1]) {
    uint16_t follows[CHUNK_SPANS + 1];
    if (count_misses(sequence->hits, count) != sequence->miss_count) {
        return false;
    }
    for (uint32_t i = 0; i < sequence->kind_count; i++) {
        follows[i] = NOTHING;
        uses[i] = 0;
    }
    uses[NOTHING] = 0;
    follows[NOTHING] = NOTHING; /* of the first span, and behind what is wrong */
    const uint16_t *miss = sequence->misses;
    uint32_t kind = NOTHING, seen = 0, hits = 0;
    for (uint32_t i = 0; i < count; i++) {
        hits = i % 8 == 0 ? sequence->hits[i / 8] : hits >> 1;
        /* Whether it is a hit is as good as chance: no branch depends on it. */
        const uint32_t is_miss = ~hits & 1;
        uint16_t *expected = &follows[kind];
        kind = *expected ^ ((uint32_t)(*expected ^ *miss) & (0 - is_miss));
        miss += is_miss;
        seen |= kind;
        uses[kind]++; /* while the next kind waits for this one */
        *expected = kinds[i] = (uint16_t)kind;
    }
    return (seen & NOTHING) == 0;
}
