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
    return (int64_t)((coded >> 1) ^ (0 - (coded & 1)));
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

/* In place, so that no value is looked at where all are allowed. */
#define IN_PLACE __attribute__((always_inline)) static inline

/* Where values go: how many there is room for, and which are allowed. */
struct target {
    int64_t *values;
    uint32_t capacity;
    uint64_t low, most; /* value - low may be so much */
};

/* From exactly the bytes [at, end): how many values, or one of these. */
enum { NOTHING = UINT32_MAX, OUTSIDE = UINT32_MAX - 1 };

static inline bool is_outside(const struct target *to, int64_t value) {
    return (uint64_t)value - to->low > to->most;
}

/* How many of the eight bytes of a word are varints of one byte, before any other. */
static inline unsigned single_bytes(uint64_t word) {
    const uint64_t more = word & UINT64_C(0x8080808080808080);
    return more == 0 ? 8 : (unsigned)__builtin_ctzll(more) / 8;
}

/* Each of the bytes of a word, as far as it is a varint. */
static inline uint64_t unzigzag_bytes(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return (word >> 1 & 0x7f * ones) ^ (word & ones) * 0xff;
}

IN_PLACE uint32_t get_delta(const uint8_t *at, const uint8_t *end, struct target to) {
    int64_t value = 0, *next = to.values, *const last = next + to.capacity;
    while (at < end) {
        if (*at < 0x80 && end - at >= 8 && last - next >= 8) {
            const uint64_t word = column_get_word(at);
            uint64_t steps = unzigzag_bytes(word);
            const unsigned singles = single_bytes(word);
            for (int64_t *const stop = next + singles; next < stop; steps >>= 8) {
                value = column_add(value, (int8_t)steps);
                if (is_outside(&to, value)) {
                    return OUTSIDE;
                }
                *next++ = value;
            }
            at += singles;
            continue;
        }
        uint64_t coded;
        at = get_varint(at, end, &coded);
        if (at == NULL || next == last) {
            return NOTHING;
        }
        value = column_add(value, unzigzag(coded));
        if (is_outside(&to, value)) {
            return OUTSIDE;
        }
        *next++ = value;
    }
    return (uint32_t)(next - to.values);
}

/* The same value so often. Most runs are short. */
static inline void put_run(int64_t *values, int64_t value, uint64_t length,
                           ptrdiff_t room) {
    enum { AT_ONCE = 4 };
    uint64_t i = 0;
    if (room >= AT_ONCE) {
        for (; i < AT_ONCE; i++) {
            values[i] = value;
        }
    }
    for (; i < length; i++) {
        values[i] = value;
    }
}

IN_PLACE uint32_t get_runs(const uint8_t *at, const uint8_t *end, struct target to) {
    int64_t value = 0, *next = to.values, *const last = next + to.capacity;
    while (at < end) {
        uint64_t coded, length;
        if (end - at >= 2 && ((at[0] | at[1]) & 0x80) == 0) {
            coded = at[0];
            length = at[1];
            at += 2;
        } else {
            at = get_varint(at, end, &coded);
            at = at != NULL ? get_varint(at, end, &length) : NULL;
        }
        if (at == NULL || length - 1 >= (uint64_t)(last - next)) {
            return NOTHING;
        }
        value = column_add(value, unzigzag(coded));
        if (is_outside(&to, value)) {
            return OUTSIDE;
        }
        put_run(next, value, length, last - next);
        next += length;
    }
    return (uint32_t)(next - to.values);
}

IN_PLACE uint32_t get_plain(const uint8_t *at, const uint8_t *end, struct target to) {
    int64_t *next = to.values, *const last = next + to.capacity;
    while (at < end) {
        if (*at < 0x80 && end - at >= 8 && last - next >= 8) {
            uint64_t word = column_get_word(at);
            const unsigned singles = single_bytes(word);
            for (int64_t *const stop = next + singles; next < stop; word >>= 8) {
                const int64_t value = word & 0xff;
                if (is_outside(&to, value)) {
                    return OUTSIDE;
                }
                *next++ = value;
            }
            at += singles;
            continue;
        }
        uint64_t value;
        at = get_varint(at, end, &value);
        if (at == NULL || next == last) {
            return NOTHING;
        }
        if (is_outside(&to, (int64_t)value)) {
            return OUTSIDE;
        }
        *next++ = (int64_t)value;
    }
    return (uint32_t)(next - to.values);
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

/* Four values at a time, as long as there are so many and enough bytes for the longest. How
 * many, or OUTSIDE. */
IN_PLACE uint32_t get_fours(const uint8_t **at, const uint8_t *end, const uint8_t *sizes,
                            uint32_t count, struct target to) {
    const uint8_t *next = *at;
    int64_t *values = to.values;
    uint32_t i = 0;
    for (; count - i >= 4 && end - next >= 16; i += 4) {
        const unsigned four = *sizes++;
        const uint8_t *ends = ends_of[four];
        values[i] = get_some(next, four & 3);
        values[i + 1] = get_some(next + ends[0], four >> 2 & 3);
        values[i + 2] = get_some(next + ends[1], four >> 4 & 3);
        values[i + 3] = get_some(next + ends[2], four >> 6);
        next += ends[3];
        if (is_outside(&to, values[i]) || is_outside(&to, values[i + 1]) ||
            is_outside(&to, values[i + 2]) || is_outside(&to, values[i + 3])) {
            return OUTSIDE;
        }
    }
    *at = next;
    return i;
}

IN_PLACE uint32_t get_sized(const uint8_t *at, const uint8_t *end, struct target to) {
    uint64_t count;
    const uint8_t *sizes = get_varint(at, end, &count);
    if (sizes == NULL || count > to.capacity || (count + 3) / 4 > (size_t)(end - sizes)) {
        return NOTHING;
    }
    at = sizes + (count + 3) / 4;
    uint32_t i = get_fours(&at, end, sizes, (uint32_t)count, to);
    for (; i < count; i++) { /* not of OUTSIDE */
        const unsigned size = (sizes[i / 4] >> i % 4 * 2 & 3) + 1U;
        if (end - at < (ptrdiff_t)size) {
            return NOTHING;
        }
        to.values[i] = (int64_t)column_get_fixed(at, size);
        if (is_outside(&to, to.values[i])) {
            return OUTSIDE;
        }
        at += size;
    }
    return i == OUTSIDE || at == end ? i : NOTHING;
}

IN_PLACE uint32_t get_values(const struct column *column, struct target to) {
    const uint8_t *data = column->data, *end = data + column->size;
    switch (column->encoding) {
    case ENCODING_DELTA:
        return get_delta(data, end, to);
    case ENCODING_RUNS:
        return get_runs(data, end, to);
    case ENCODING_PLAIN:
        return get_plain(data, end, to);
    case ENCODING_SIZED:
        return get_sized(data, end, to);
    default:
        return NOTHING;
    }
}

bool column_get_all(const struct column *column, uint32_t capacity, int64_t *values,
                    uint32_t *count) {
    const struct target to = {values, capacity, 0, UINT64_MAX};
    *count = get_values(column, to);
    return *count != NOTHING;
}

bool column_get(const struct column *column, uint32_t count, int64_t *values) {
    uint32_t got;
    return column_get_all(column, count, values, &got) && got == count;
}

const char *column_take_some(const uint8_t **at, const uint8_t *end, uint32_t *count,
                             int64_t low, int64_t high, int64_t *values) {
    const struct target to = {values, *count, (uint64_t)low,
                              (uint64_t)high - (uint64_t)low};
    struct column column;
    if (!column_take(at, end, &column)) {
        return "is cut off";
    }
    *count = get_values(&column, to);
    return *count == OUTSIDE   ? "is out of range"
           : *count == NOTHING ? "does not decode"
                               : NULL;
}

const char *column_take_values(const uint8_t **at, const uint8_t *end, uint32_t count,
                               int64_t low, int64_t high, int64_t *values) {
    uint32_t got = count;
    const char *fault = column_take_some(at, end, &got, low, high, values);
    return fault == NULL && got != count ? "does not decode" : fault;
}

bool column_get_bits(const struct column *column, uint32_t count, uint8_t *bits) {
    const size_t size = ((size_t)count + 7) / 8;
    if (column->encoding != ENCODING_BITS || column->size != size) {
        return false;
    }
    memcpy(bits, column->data, size);
    return count % 8 == 0 || bits[size - 1] >> count % 8 == 0;
}
