/* SPDX-License-Identifier: MIT */
/*
 * chunk_digest - what a chunk of spans is about, in a few columns of its row and of the
 * index: who looks for something rare passes over chunks that cannot have it. A sheet of the
 * pyramid has the two lengths. Inside db only.
 *
 * It costs about 50 bytes a chunk: 0.01 bytes a span.
 */
#ifndef DB_CHUNK_DIGEST_PRIV_H
#define DB_CHUNK_DIGEST_PRIV_H

#include "engine/record/sink.h"

struct chunk_digest {
    uint64_t lanes;  /* bit lane % 64 of each lane with a span */
    uint64_t states; /* bit of each state */
    uint64_t causes; /* bits resource % 64 and by % 64 of each span that has them */
    sim_ns longest_ns, longest_wait_ns; /* of all spans, and of waits */
};

/* Waits of threads and tasks for each other. */
#define CHUNK_DIGEST_WAITS                                                               \
    (1u << STATE_WAIT_GIL | 1u << STATE_FORCED_WAIT | 1u << STATE_WAIT_LOCK |            \
     1u << STATE_SPIN | 1u << STATE_WAIT_OBJECT | 1u << STATE_PAUSED |                   \
     1u << STATE_READY | 1u << STATE_AWAIT_FUTURE | 1u << STATE_AWAIT_LOCK)

static inline void chunk_digest_add(struct chunk_digest *digest, unsigned state,
                                    sim_ns length) {
    digest->longest_ns = length > digest->longest_ns ? length : digest->longest_ns;
    if ((CHUNK_DIGEST_WAITS >> state & 1) != 0 && length > digest->longest_wait_ns) {
        digest->longest_wait_ns = length;
    }
}

/* None in one of the states (bit 1 << state; 0: any) is longer. */
static inline sim_ns chunk_digest_longest(const struct chunk_digest *digest,
                                          uint32_t states) {
    const bool only_waits = states != 0 && (states & ~CHUNK_DIGEST_WAITS) == 0;
    return only_waits ? digest->longest_wait_ns : digest->longest_ns;
}

static inline uint64_t chunk_digest_bit(int32_t number) {
    return number < 0 ? 0 : UINT64_C(1) << ((uint32_t)number % 64);
}

static inline struct chunk_digest chunk_digest_of(const struct span_chunk *chunk) {
    struct chunk_digest digest = {0};
    for (uint32_t i = 0; i < chunk->count; i++) {
        digest.lanes |= chunk_digest_bit(chunk->lane[i]);
        digest.states |= chunk_digest_bit(chunk->state[i]);
        digest.causes |=
            chunk_digest_bit(chunk->resource[i]) | chunk_digest_bit(chunk->by[i]);
        chunk_digest_add(&digest, chunk->state[i], chunk->end_ns[i] - chunk->start_ns[i]);
    }
    return digest;
}

#endif
