/* SPDX-License-Identifier: MIT */
/* column_codec - the encodings of a column; specified in chunk_codec.c. */
#include "db/column_codec_priv.h"

#include <string.h>

enum { ENCODING_DELTA, ENCODING_RUNS, ENCODING_PLAIN, ENCODING_BITS, ENCODING_SIZED };

/* The sized encoding is taken when it is longer than the shortest by no more than a part of
 * so many: no byte of it has to be looked at to find the next value. */
enum { SIZED_WORTH = 16 };

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

/* A byte for every seven bits: 9 / 64 is a seventh, closely enough for all 64. */
static size_t varint_size(uint64_t value) {
    return (size_t)(64 - __builtin_clzll(value | 1)) * 9 / 64 + 1;
}

static const uint8_t *get_long_varint(const uint8_t *at, const uint8_t *end,
                                      uint64_t *out) {
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

/* The byte after the varint, or NULL when it is cut off or does not fit into 64 bits. Most
 * have one to three bytes. */
static inline const uint8_t *get_varint(const uint8_t *at, const uint8_t *end,
                                        uint64_t *out) {
    if (end - at < 3) {
        return get_long_varint(at, end, out);
    }
    const uint64_t first = at[0], second = at[1], third = at[2];
    if (first < 0x80) {
        *out = first;
        return at + 1;
    }
    if (second < 0x80) {
        *out = (first & 0x7f) | second << 7;
        return at + 2;
    }
    if (third < 0x80) {
        *out = (first & 0x7f) | (second & 0x7f) << 7 | third << 14;
        return at + 3;
    }
    return get_long_varint(at, end, out);
}

/* --- encoding ------------------------------------------------------------------ */

static uint32_t run_length(const int64_t *values, uint32_t from, uint32_t count) {
    uint32_t end = from + 1;
    while (end < count && values[end] == values[from]) {
        end++;
    }
    return end - from;
}

/* Bytes of the data in each encoding; SIZE_MAX when it is not possible. */
struct sizes {
    size_t delta, runs, plain, sized;
};

static struct sizes sizes_of(const int64_t *values, uint32_t count) {
    struct sizes sizes = {.sized = varint_size(count) + ((size_t)count + 3) / 4};
    uint64_t all = 0;
    int64_t before = 0;
    for (uint32_t i = 0; i < count;) {
        const uint32_t length = run_length(values, i, count);
        const size_t step = varint_size(zigzag(column_subtract(values[i], before)));
        sizes.delta += step + (length - 1);
        sizes.runs += step + varint_size(length);
        sizes.plain += varint_size((uint64_t)values[i]) * length;
        sizes.sized += column_byte_size((uint64_t)values[i]) * length;
        all |= (uint64_t)values[i];
        before = values[i];
        i += length;
    }
    if (all > UINT32_MAX) {
        sizes.sized = SIZE_MAX;
    }
    return sizes;
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

static uint8_t *put_plain(uint8_t *at, const int64_t *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        at = put_varint(at, (uint64_t)values[i]);
    }
    return at;
}

static uint8_t *put_sized(uint8_t *at, const int64_t *values, uint32_t count) {
    uint8_t *sizes = put_varint(at, count);
    at = sizes + ((size_t)count + 3) / 4;
    memset(sizes, 0, (size_t)(at - sizes));
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = column_byte_size((uint64_t)values[i]);
        sizes[i / 4] |= (uint8_t)((size - 1) << i % 4 * 2);
        at = column_put_fixed(at, (uint64_t)values[i], size);
    }
    return at;
}

static uint8_t *put_head(uint8_t *at, uint8_t encoding, size_t size) {
    *at++ = encoding;
    return column_put_fixed(at, size, 4);
}

uint8_t *column_put(uint8_t *at, const int64_t *values, uint32_t count) {
    const struct sizes size = sizes_of(values, count);
    const size_t shorter = size.runs < size.delta ? size.runs : size.delta;
    const size_t shortest = size.plain < shorter ? size.plain : shorter;
    if (size.sized <= shortest + shortest / SIZED_WORTH) {
        return put_sized(put_head(at, ENCODING_SIZED, size.sized), values, count);
    }
    if (size.plain < size.delta && size.plain < size.runs) {
        return put_plain(put_head(at, ENCODING_PLAIN, size.plain), values, count);
    }
    if (size.runs < size.delta) {
        return put_runs(put_head(at, ENCODING_RUNS, size.runs), values, count);
    }
    return put_delta(put_head(at, ENCODING_DELTA, size.delta), values, count);
}

uint8_t *column_put_bits(uint8_t *at, const uint8_t *bits, uint32_t count) {
    const size_t size = ((size_t)count + 7) / 8;
    at = put_head(at, ENCODING_BITS, size);
    memcpy(at, bits, size);
    return at + size;
}

/* --- decoding ------------------------------------------------------------------ */

bool column_take(const uint8_t **at, const uint8_t *end, struct column *out) {
    if (end - *at < COLUMN_HEADER_BYTES) {
        return false;
    }
    *out = (struct column){
        .encoding = (*at)[0],
        .size = (size_t)column_get_fixed(*at + 1, 4),
        .data = *at + COLUMN_HEADER_BYTES,
    };
    if (out->size > (size_t)(end - out->data)) {
        return false;
    }
    *at = out->data + out->size;
    return true;
}

/* Up to `capacity` values out of exactly the bytes [at, end): how many, or NOTHING. */
enum { NOTHING = UINT32_MAX };

/* How many of the next eight bytes, all of which are there, are varints of one byte. */
static unsigned single_bytes(const uint8_t *at) {
    const uint64_t more = column_get_word(at) & UINT64_C(0x8080808080808080);
    return more == 0 ? 8 : (unsigned)__builtin_ctzll(more) / 8;
}

static uint32_t get_delta(const uint8_t *at, const uint8_t *end, uint32_t capacity,
                          int64_t *values) {
    int64_t value = 0;
    uint32_t count = 0;
    while (at < end) {
        if (end - at >= 8 && capacity - count >= 8) {
            for (unsigned rest = single_bytes(at); rest > 0; rest--) {
                value = column_add(value, unzigzag(*at++));
                values[count++] = value;
            }
            if (at == end) {
                break;
            }
        }
        uint64_t coded;
        at = get_varint(at, end, &coded);
        if (at == NULL || count == capacity) {
            return NOTHING;
        }
        value = column_add(value, unzigzag(coded));
        values[count++] = value;
    }
    return count;
}

static uint32_t get_runs(const uint8_t *at, const uint8_t *end, uint32_t capacity,
                         int64_t *values) {
    int64_t value = 0;
    uint32_t count = 0;
    while (at < end) {
        uint64_t coded, length;
        at = get_varint(at, end, &coded);
        if (at != NULL) {
            at = get_varint(at, end, &length);
        }
        if (at == NULL || length < 1 || length > capacity - count) {
            return NOTHING;
        }
        value = column_add(value, unzigzag(coded));
        for (const uint32_t stop = count + (uint32_t)length; count < stop; count++) {
            values[count] = value;
        }
    }
    return count;
}

static uint32_t get_plain(const uint8_t *at, const uint8_t *end, uint32_t capacity,
                          int64_t *values) {
    uint32_t count = 0;
    while (at < end) {
        if (end - at >= 8 && capacity - count >= 8) {
            for (unsigned rest = single_bytes(at); rest > 0; rest--) {
                values[count++] = *at++;
            }
            if (at == end) {
                break;
            }
        }
        uint64_t value;
        at = get_varint(at, end, &value);
        if (at == NULL || count == capacity) {
            return NOTHING;
        }
        values[count++] = (int64_t)value;
    }
    return count;
}

/* Reads four bytes, of which the value has the first `size`, 0 .. 3, and one more. */
static inline uint32_t get_some(const uint8_t *at, unsigned size) {
    static const uint32_t masks[] = {0xff, 0xffff, 0xffffff, 0xffffffff};
    uint32_t value;
    memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    return value & masks[size];
}

/* Where each of four values ends whose sizes are in a byte. */
#define SIZE(byte, k) (((byte) >> 2 * (k)&3) + 1)
#define ENDS(byte)                                                                       \
    {                                                                                    \
        SIZE(byte, 0), SIZE(byte, 0) + SIZE(byte, 1),                                    \
            SIZE(byte, 0) + SIZE(byte, 1) + SIZE(byte, 2),                               \
            SIZE(byte, 0) + SIZE(byte, 1) + SIZE(byte, 2) + SIZE(byte, 3)                \
    }
#define ENDS_4(byte) ENDS(byte), ENDS((byte) + 1), ENDS((byte) + 2), ENDS((byte) + 3)
#define ENDS_16(byte)                                                                    \
    ENDS_4(byte), ENDS_4((byte) + 4), ENDS_4((byte) + 8), ENDS_4((byte) + 12)
#define ENDS_64(byte)                                                                    \
    ENDS_16(byte), ENDS_16((byte) + 16), ENDS_16((byte) + 32), ENDS_16((byte) + 48)
static const uint8_t ends_of[256][4] = {ENDS_64(0), ENDS_64(64), ENDS_64(128),
                                        ENDS_64(192)};

/* Four values at a time, as long as there are so many and enough bytes for the longest. */
static uint32_t get_fours(const uint8_t **at, const uint8_t *end, const uint8_t *sizes,
                          uint32_t count, int64_t *values) {
    const uint8_t *next = *at;
    uint32_t i = 0;
    for (; count - i >= 4 && end - next >= 16; i += 4) {
        const unsigned four = *sizes++;
        const uint8_t *ends = ends_of[four];
        values[i] = get_some(next, four & 3);
        values[i + 1] = get_some(next + ends[0], four >> 2 & 3);
        values[i + 2] = get_some(next + ends[1], four >> 4 & 3);
        values[i + 3] = get_some(next + ends[2], four >> 6);
        next += ends[3];
    }
    *at = next;
    return i;
}

static uint32_t get_sized(const uint8_t *at, const uint8_t *end, uint32_t capacity,
                          int64_t *values) {
    uint64_t count;
    const uint8_t *sizes = get_varint(at, end, &count);
    if (sizes == NULL || count > capacity || (count + 3) / 4 > (size_t)(end - sizes)) {
        return NOTHING;
    }
    at = sizes + (count + 3) / 4;
    for (uint32_t i = get_fours(&at, end, sizes, (uint32_t)count, values); i < count;
         i++) {
        const unsigned size = (sizes[i / 4] >> i % 4 * 2 & 3) + 1U;
        if (end - at < (ptrdiff_t)size) {
            return NOTHING;
        }
        values[i] = (int64_t)column_get_fixed(at, size);
        at += size;
    }
    return at == end ? (uint32_t)count : NOTHING;
}

bool column_get_all(const struct column *column, uint32_t capacity, int64_t *values,
                    uint32_t *count) {
    const uint8_t *data = column->data, *end = data + column->size;
    *count = NOTHING;
    switch (column->encoding) {
    case ENCODING_DELTA:
        *count = get_delta(data, end, capacity, values);
        break;
    case ENCODING_RUNS:
        *count = get_runs(data, end, capacity, values);
        break;
    case ENCODING_PLAIN:
        *count = get_plain(data, end, capacity, values);
        break;
    case ENCODING_SIZED:
        *count = get_sized(data, end, capacity, values);
        break;
    default:
        break;
    }
    return *count != NOTHING;
}

bool column_get(const struct column *column, uint32_t count, int64_t *values) {
    uint32_t got;
    return column_get_all(column, count, values, &got) && got == count;
}

/* Nearly always no value has a bit that `high` has not, which is known without a look at
 * each. */
static bool all_inside(const int64_t *values, uint32_t count, int64_t low, int64_t high) {
    const uint64_t most = (uint64_t)high - (uint64_t)low;
    uint64_t bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        bits |= (uint64_t)values[i] - (uint64_t)low;
    }
    if (bits <= most) {
        return true;
    }
    bool inside = true;
    for (uint32_t i = 0; i < count; i++) {
        inside &= (uint64_t)values[i] - (uint64_t)low <= most;
    }
    return inside;
}

const char *column_take_values(const uint8_t **at, const uint8_t *end, uint32_t count,
                               int64_t low, int64_t high, int64_t *values) {
    struct column column;
    if (!column_take(at, end, &column)) {
        return "is cut off";
    }
    if (!column_get(&column, count, values)) {
        return "does not decode";
    }
    return all_inside(values, count, low, high) ? NULL : "is out of range";
}

bool column_get_bits(const struct column *column, uint32_t count, uint8_t *bits) {
    const size_t size = ((size_t)count + 7) / 8;
    if (column->encoding != ENCODING_BITS || column->size != size) {
        return false;
    }
    memcpy(bits, column->data, size);
    return count % 8 == 0 || bits[size - 1] >> count % 8 == 0;
}
