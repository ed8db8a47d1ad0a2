/* SPDX-License-Identifier: MIT */
/*
 * chunk_frame - what the chunks of all kinds have in common: the header, columns one after
 * the other, and the checksum. The format is specified at the head of chunk_codec.c. Inside
 * db only.
 */
#ifndef DB_CHUNK_FRAME_PRIV_H
#define DB_CHUNK_FRAME_PRIV_H

#include "db/chunk_codec.h"
#include "db/column_codec_priv.h"

/* The fixed part, in either direction. */
struct chunk_header {
    const char *magic; /* four characters */
    bool has_kinds;    /* at least one, when there are rows */
    bool may_be_empty; /* without rows */
    uint32_t before_count, after_count;
    uint32_t group;
    uint32_t seq;
    sim_ns t0_ns, t1_ns;
    uint32_t count;
    uint32_t kind_count;
};

/* --- writing ------------------------------------------------------------------- */

/* Room for the largest chunk of this shape: what writes it then needs no checks. ERR_NOMEM */
int chunk_frame_reserve(struct chunk_bytes *out, size_t columns,
                        size_t values) WARN_UNUSED;

/* Returns the byte after the header. */
uint8_t *chunk_frame_put(uint8_t *at, const struct chunk_header *header);

/* Appends the checksum of what was written since out->size, and makes it part of `out`. */
void chunk_frame_seal(struct chunk_bytes *out, uint8_t *end);

/* --- reading ------------------------------------------------------------------- */

/* The bytes that are left, and room for the values of a column. */
struct chunk_cursor {
    const uint8_t *at;
    const uint8_t *end; /* where the checksum begins */
    int64_t *values;    /* CHUNK_SPANS of them */
    struct err *err;
};

/* Set ERR_CORRUPT, and return it. */
int chunk_corrupt(struct err *err, const char *what);
int chunk_corrupt_column(const struct chunk_cursor *cursor, const char *name,
                         const char *what);

/* Checks everything but the columns and leaves the cursor at the first of them; of the header
 * `magic`, `has_kinds` and `may_be_empty` are given. ERR_CORRUPT */
int chunk_frame_open(struct chunk_cursor *cursor, struct chunk_header *header,
                     const uint8_t *data, size_t size, struct err *err) WARN_UNUSED;

/* ERR_CORRUPT when bytes are left. */
int chunk_frame_close(const struct chunk_cursor *cursor) WARN_UNUSED;

/* `count` values of the next column, each in [low, high]. */
int chunk_frame_column(struct chunk_cursor *cursor, const char *name, uint32_t count,
                       int64_t low, int64_t high) WARN_UNUSED;

/* Reads the next column and puts value i where `place` says, when `rc` is still 0. */
#define CHUNK_GET(rc, cursor, name, count, low, high, place)                             \
    do {                                                                                 \
        if ((rc) == 0) {                                                                 \
            (rc) = chunk_frame_column((cursor), (name), (count), (low), (high));         \
        }                                                                                \
        for (uint32_t i = 0; (rc) == 0 && i < (count); i++) {                            \
            const int64_t value = (cursor)->values[i];                                   \
            (place);                                                                     \
        }                                                                                \
    } while (0)

#endif
