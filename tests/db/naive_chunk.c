/* SPDX-License-Identifier: MIT */
#include "tests/db/naive_chunk.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/* The numbers of the columns in the text. */
enum {
    BEFORE_LANE,
    BEFORE_SINCE,
    AFTER_LANE,
    AFTER_STATE,
    AFTER_RESOURCE,
    AFTER_SITE,
    KIND_LANE,
    KIND_STATE,
    KIND_RESOURCE,
    KIND_BY,
    KIND_SITE,
    KIND_JOINED,
    HIT,
    MISSES,
    TIMES,
    COLUMNS
};

struct list {
    uint32_t count;
    int64_t value[CHUNK_SPANS + 7]; /* bits come in eights */
};

static uint64_t fixed(const uint8_t *at, int bytes) {
    uint64_t value = 0;
    while (bytes-- > 0) {
        value = value << 8 | at[bytes];
    }
    return value;
}

static uint64_t varint(const uint8_t **at) {
    uint64_t value = 0;
    int shift = 0;
    do {
        value |= (uint64_t)(**at & 0x7f) << shift;
        shift += 7;
    } while (*(*at)++ >= 0x80);
    return value;
}

static void read_sized(const uint8_t *at, struct list *out) {
    out->count = (uint32_t)varint(&at);
    const uint8_t *value = at + (out->count + 3) / 4;
    for (uint32_t i = 0; i < out->count; i++) {
        const int size = 1 + (at[i / 4] >> i % 4 * 2 & 3);
        out->value[i] = (int64_t)fixed(value, size);
        value += size;
    }
}

/* Returns the byte after the column. */
static const uint8_t *read_column(const uint8_t *at, struct list *out) {
    const uint8_t encoding = *at;
    const uint8_t *end = at + 5 + fixed(at + 1, 4);
    uint64_t value = 0;
    out->count = 0;
    if (encoding == 4) {
        read_sized(at + 5, out);
        return end;
    }
    for (at += 5; at < end;) {
        uint64_t times = 1;
        if (encoding == 3) {
            for (int bit = 0; bit < 8; bit++) {
                out->value[out->count++] = *at >> bit & 1;
            }
            at++;
            continue;
        }
        const uint64_t coded = varint(&at);
        value = encoding == 2 ? coded
                              : value + ((coded >> 1) ^ (0 - (coded & 1))); /* zigzag */
        if (encoding == 1) {
            times = varint(&at);
        }
        for (; times > 0; times--) {
            out->value[out->count++] = (int64_t)value;
        }
    }
    return end;
}

static bool same_lanes(const struct list *columns, const struct span_chunk *chunk) {
    bool same = columns[BEFORE_LANE].count == chunk->before_count &&
                columns[AFTER_LANE].count == chunk->after_count;
    for (uint32_t i = 0; same && i < chunk->before_count; i++) {
        same = columns[BEFORE_LANE].value[i] + 64 * (int64_t)chunk->group ==
                   chunk->before[i].lane &&
               columns[BEFORE_SINCE].value[i] + chunk->t0_ns == chunk->before[i].since_ns;
    }
    for (uint32_t i = 0; same && i < chunk->after_count; i++) {
        const struct lane_after *after = &chunk->after[i];
        same = columns[AFTER_LANE].value[i] + 64 * (int64_t)chunk->group == after->lane &&
               columns[AFTER_STATE].value[i] == after->state &&
               columns[AFTER_RESOURCE].value[i] == after->resource &&
               columns[AFTER_SITE].value[i] == after->site;
    }
    return same;
}

static bool same_spans(const struct list *columns, const struct span_chunk *chunk) {
    static int64_t follows[CHUNK_SPANS];
    int64_t since[64] = {0}, end = chunk->t0_ns, kind = -1;
    uint32_t misses = 0, times = 0;
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        since[columns[BEFORE_LANE].value[i]] =
            chunk->t0_ns + columns[BEFORE_SINCE].value[i];
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
        const int64_t next =
            columns[HIT].value[i] != 0 ? follows[kind] : columns[MISSES].value[misses++];
        if (kind >= 0) {
            follows[kind] = next;
        }
        kind = next;
        if (columns[KIND_JOINED].value[kind] == 0) {
            end += columns[TIMES].value[times++];
        }
        const int64_t place = columns[KIND_LANE].value[kind];
        if (place + 64 * (int64_t)chunk->group != chunk->lane[i] ||
            since[place] != chunk->start_ns[i] || end != chunk->end_ns[i] ||
            columns[KIND_STATE].value[kind] != chunk->state[i] ||
            columns[KIND_RESOURCE].value[kind] != chunk->resource[i] ||
            columns[KIND_BY].value[kind] != chunk->by[i] ||
            columns[KIND_SITE].value[kind] != chunk->site[i]) {
            return false;
        }
        since[place] = end;
    }
    return misses == columns[MISSES].count && times == columns[TIMES].count;
}

bool naive_chunk_equals(const uint8_t *data, size_t size,
                        const struct span_chunk *chunk) {
    const uint8_t head[8] = {
        'G', 'S', 's', 'p', 1, (uint8_t)chunk->before_count, (uint8_t)chunk->after_count,
        0};
    bool same = memcmp(data, head, sizeof head) == 0 &&
                fixed(data + 8, 4) == chunk->group && fixed(data + 12, 4) == chunk->seq &&
                fixed(data + 16, 8) == (uint64_t)chunk->t0_ns &&
                fixed(data + 24, 8) == (uint64_t)chunk->t1_ns &&
                fixed(data + 32, 2) == chunk->count &&
                fixed(data + size - 4, 4) == crc32(0, data, (uInt)(size - 4));
    struct list *columns = calloc(COLUMNS, sizeof *columns);
    const uint8_t *at = data + 36;
    for (int i = 0; columns != NULL && i < COLUMNS; i++) {
        at = read_column(at, &columns[i]);
    }
    same = same && columns != NULL && at == data + size - 4 &&
           columns[KIND_LANE].count == fixed(data + 34, 2) &&
           same_lanes(columns, chunk) && same_spans(columns, chunk);
    free(columns);
    return same;
}
