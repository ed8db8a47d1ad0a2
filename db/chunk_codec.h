/* SPDX-License-Identifier: MIT */
/*
 * chunk_codec - a chunk of spans, instants or samples of counters as bytes, and back. The format is specified
 * at the head of chunk_codec.c.
 *
 * Decoding accepts any bytes: it reads nothing outside them, and what it gives back is a
 * valid chunk (states and kinds known, lanes in their group and without gaps, ends in
 * order and inside [t0, t1]). No function keeps anything; they may be called from any thread.
 */
#ifndef DB_CHUNK_CODEC_H
#define DB_CHUNK_CODEC_H

#include "engine/base/err.h"
#include "engine/record/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing array of bytes; a zeroed one is ready for use. */
struct chunk_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

void chunk_bytes_deinit(struct chunk_bytes *bytes);

/* Room for so many more bytes. ERR_NOMEM */
int chunk_bytes_reserve(struct chunk_bytes *bytes, size_t size) WARN_UNUSED;

/* What many spans of a chunk have in common. */
struct span_kind {
    lane_id lane, resource, by;
    site_id site;
    uint8_t state;
    bool joined; /* ends with the span before it */
};

/* A decoded chunk with room for the largest; `chunk` points into the arrays. */
struct span_block {
    struct span_chunk chunk;
    struct lane_before before[LANE_GROUP_LANES];
    struct lane_after after[LANE_GROUP_LANES];
    lane_id lane[CHUNK_SPANS];
    sim_ns start_ns[CHUNK_SPANS];
    sim_ns end_ns[CHUNK_SPANS];
    uint8_t state[CHUNK_SPANS];
    lane_id resource[CHUNK_SPANS];
    lane_id by[CHUNK_SPANS];
    site_id site[CHUNK_SPANS];
    uint32_t kind_count;
    struct span_kind kinds[CHUNK_SPANS];  /* the distinct ones */
    uint16_t kind[CHUNK_SPANS];           /* which of them each span is */
    uint32_t first[LANE_GROUP_LANES + 1]; /* in the order of lanes: span of each */
    /* Since when each lane does what it does at the end; SIM_NEVER: no such lane. */
    sim_ns since_ns[LANE_GROUP_LANES];
    int64_t column[CHUNK_SPANS]; /* private */
};

struct instant_block {
    struct instant_chunk chunk;
    lane_id lane[CHUNK_SPANS];
    sim_ns at_ns[CHUNK_SPANS];
    uint8_t kind[CHUNK_SPANS];
    lane_id by[CHUNK_SPANS];
    int64_t column[CHUNK_SPANS]; /* private */
};

/* A counter of a run. */
struct counter_key {
    lane_id lane;
    uint8_t kind; /* enum counter_kind */
};

struct counter_block {
    struct counter_chunk chunk;
    uint32_t counter_count;                   /* 1 .. */
    struct counter_key counters[CHUNK_SPANS]; /* the distinct ones */
    uint16_t counter[CHUNK_SPANS];            /* which of them each sample is of */
    lane_id lane[CHUNK_SPANS];
    uint8_t kind[CHUNK_SPANS];
    sim_ns at_ns[CHUNK_SPANS];
    int64_t value[CHUNK_SPANS];
    int64_t column[CHUNK_SPANS]; /* private */
};

/*
 * Appends the encoded chunk to `out`. ERR_INVALID when it is no valid chunk, ERR_NOMEM;
 * `out` keeps its size then.
 */
int chunk_codec_encode_spans(const struct span_chunk *chunk, struct chunk_bytes *out,
                             struct err *err) WARN_UNUSED;
int chunk_codec_encode_instants(const struct instant_chunk *chunk,
                                struct chunk_bytes *out, struct err *err) WARN_UNUSED;
int chunk_codec_encode_counters(const struct counter_chunk *chunk,
                                struct chunk_bytes *out, struct err *err) WARN_UNUSED;

/* ERR_CORRUPT says what is wrong with the bytes; the content of `out` is undefined then.
 */
int chunk_codec_decode_spans(const void *data, size_t size, struct span_block *out,
                             struct err *err) WARN_UNUSED;
/* The same, but lane, state, resource, by and site are not written: who needs some of them
 * takes them from kinds[kind[i]]. */
int chunk_codec_decode_kinds(const void *data, size_t size, struct span_block *out,
                             struct err *err) WARN_UNUSED;
/* The same, one lane after the other, without start_ns: a span begins where the one before
 * it of its lane ends, the first one where `before` says. */
int chunk_codec_decode_lanes(const void *data, size_t size, struct span_block *out,
                             struct err *err) WARN_UNUSED;
int chunk_codec_decode_instants(const void *data, size_t size, struct instant_block *out,
                                struct err *err) WARN_UNUSED;
int chunk_codec_decode_counters(const void *data, size_t size, struct counter_block *out,
                                struct err *err) WARN_UNUSED;

#endif
