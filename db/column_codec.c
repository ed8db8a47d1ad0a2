/* SPDX-License-Identifier: MIT */
/* column_codec - the two encodings of a column; specified in chunk_codec.c. */
#include "db/column_codec_priv.h"

#include <stdbool.h>

enum { ENCODING_DELTA = 0, ENCODING_RUNS = 1 };

/* --- integers ------------------------------------------------------------------ */

static uint64_t zigzag(int64_t value) {
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t coded) {
    return (int64_t)((coded >> 1) ^ ((coded & 1) != 0 ? UINT64_MAX : 0));
}

uint8_t *column_put_fixed(uint8_t *at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        *at++ = (uint8_t)(value >> (8 * i));
    }
    return at;
}

uint64_t column_get_fixed(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static size_t varint_size(uint64_t value) {
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

/* The byte after the varint, or NULL when it is cut off or does not fit into 64 bits. */
static const uint8_t *get_varint(const uint8_t *at, const uint8_t *end, uint64_t *out) {
    uint64_t value = 0;
    for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
        const uint8_t byte = *at++;
        const uint64_t bits = byte & 0x7fU;
        if (shift == 63 && bits > 1) {
            return NULL;
        }
        value |= bits << shift;
        if (byte < 0x80) {
            *out = value;
            return at;
        }
    }
    return NULL;
}

/* --- encoding ------------------------------------------------------------------ */

static size_t delta_size(const int64_t *values, uint32_t count) {
    size_t size = 0;
    int64_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        size += varint_size(zigzag(column_subtract(values[i], before)));
        before = values[i];
    }
    return size;
}

static uint32_t run_length(const int64_t *values, uint32_t from, uint32_t count) {
    uint32_t end = from + 1;
    while (end < count && values[end] == values[from]) {
        end++;
    }
    return end - from;
}

static size_t runs_size(const int64_t *values, uint32_t count) {
    size_t size = 0;
    int64_t before = 0;
    for (uint32_t i = 0; i < count;) {
        const uint32_t length = run_length(values, i, count);
        size +=
            varint_size(zigzag(column_subtract(values[i], before))) + varint_size(length);
        before = values[i];
        i += length;
    }
    return size;
}

static uint8_t *put_delta(uint8_t *at, const int64_t *values, uint32_t count) {
    int64_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        at = put_varint(at, zigzag(column_subtract(values[i], before)));
        before = values[i];
    }
    return at;
}

static uint8_t *put_runs(uint8_t *at, const int64_t *values, uint32_t count) {
    int64_t before = 0;
    for (uint32_t i = 0; i < count;) {
        const uint32_t length = run_length(values, i, count);
        at = put_varint(at, zigzag(column_subtract(values[i], before)));
        at = put_varint(at, length);
        before = values[i];
        i += length;
    }
    return at;
}

uint8_t *column_put(uint8_t *at, const int64_t *values, uint32_t count) {
    const size_t delta = delta_size(values, count);
    const size_t runs = runs_size(values, count);
    const bool use_runs = runs < delta;
    *at++ = use_runs ? ENCODING_RUNS : ENCODING_DELTA;
    at = column_put_fixed(at, use_runs ? runs : delta, 4);
    return use_runs ? put_runs(at, values, count) : put_delta(at, values, count);
}

/* --- decoding ------------------------------------------------------------------ */

/* Exactly `count` values out of exactly the bytes [at, end). */
static bool get_delta(const uint8_t *at, const uint8_t *end, uint32_t count,
                      int64_t *values) {
    int64_t value = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t coded;
        at = get_varint(at, end, &coded);
        if (at == NULL) {
            return false;
        }
        value = column_add(value, unzigzag(coded));
        values[i] = value;
    }
    return at == end;
}

static bool get_runs(const uint8_t *at, const uint8_t *end, uint32_t count,
                     int64_t *values) {
    int64_t value = 0;
    for (uint32_t i = 0; i < count;) {
        uint64_t coded, length;
        at = get_varint(at, end, &coded);
        if (at != NULL) {
            at = get_varint(at, end, &length);
        }
        if (at == NULL || length < 1 || length > count - i) {
            return false;
        }
        value = column_add(value, unzigzag(coded));
        for (const uint32_t stop = i + (uint32_t)length; i < stop; i++) {
            values[i] = value;
        }
    }
    return at == end;
}

bool column_get(const uint8_t *data, size_t size, uint8_t encoding, uint32_t count,
                int64_t *values) {
    switch (encoding) {
    case ENCODING_DELTA:
        return get_delta(data, data + size, count, values);
    case ENCODING_RUNS:
        return get_runs(data, data + size, count, values);
    default:
        return false;
    }
}
