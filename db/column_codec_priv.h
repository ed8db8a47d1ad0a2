/* SPDX-License-Identifier: MIT */
/*
 * column_codec - a column of a chunk as bytes, and back; the format is specified at the
 * head of chunk_codec.c. Inside db only.
 */
#ifndef DB_COLUMN_CODEC_PRIV_H
#define DB_COLUMN_CODEC_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    COLUMN_HEADER_BYTES = 5, /* encoding, length */
    COLUMN_VALUE_BYTES = 10  /* the most that one value takes */
};

/* Differences and sums modulo 2^64: every pair of 64-bit values has one. */
static inline int64_t column_subtract(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t column_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Little-endian integers of 1 .. 8 bytes. */
uint8_t *column_put_fixed(uint8_t *at, uint64_t value, size_t bytes);
uint64_t column_get_fixed(const uint8_t *at, size_t bytes);

/* One of 8 bytes. */
static inline uint64_t column_get_word(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

/* The fewest bytes, at least 1, that a number fits into. */
static inline size_t column_byte_size(uint64_t value) {
    return (size_t)(64 - __builtin_clzll(value | 1) + 7) / 8;
}

/*
 * Writes header and data of a column and returns the byte after it. The caller has
 * provided COLUMN_HEADER_BYTES + count * COLUMN_VALUE_BYTES bytes.
 */
uint8_t *column_put(uint8_t *at, const int64_t *values, uint32_t count);

/* Writes the values of an expression in `i`, one column; `column` has room for them. */
#define COLUMN_PUT(at, column, count, expression)                                        \
    do {                                                                                 \
        for (uint32_t i = 0; i < (count); i++) {                                         \
            (column)[i] = (int64_t)(expression);                                         \
        }                                                                                \
        (at) = column_put((at), (column), (count));                                      \
    } while (0)

/* The same for `count` bits, whose unused ones are 0. */
uint8_t *column_put_bits(uint8_t *at, const uint8_t *bits, uint32_t count);

/* A column in a chunk. */
struct column {
    const uint8_t *data;
    size_t size; /* bytes of data */
    uint8_t encoding;
};

/* Takes one off the front of the bytes; false when they are too few. */
bool column_take(const uint8_t **at, const uint8_t *end, struct column *out);

/*
 * Reads exactly `count` values from exactly the bytes of the column. False when they say
 * anything else or the encoding is unknown.
 */
bool column_get(const struct column *column, uint32_t count, int64_t *values);

/* Reads as many as there are, which is false when they are more than `capacity`. */
bool column_get_all(const struct column *column, uint32_t capacity, int64_t *values,
                    uint32_t *count);

/* Takes a column off the front of the bytes: at most *count values, each in [low, high]; how
 * many into *count. NULL, or what is wrong with it. */
const char *column_take_some(const uint8_t **at, const uint8_t *end, uint32_t *count,
                             int64_t low, int64_t high, int64_t *values);

/* The same of exactly `count` values. */
const char *column_take_values(const uint8_t **at, const uint8_t *end, uint32_t count,
                               int64_t low, int64_t high, int64_t *values);

bool column_get_bits(const struct column *column, uint32_t count, uint8_t *bits);

#endif
