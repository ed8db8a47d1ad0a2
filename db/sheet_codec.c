/* SPDX-License-Identifier: MIT */
/*
 * sheet_codec - the bytes of a sheet of the pyramid, format version 1; columns and integers
 * as in chunk_codec.c.
 *
 *     offset  size
 *          0     4  magic "GSpy"
 *          4     1  version: 1
 *          5     1  level, 0 .. 31
 *          6     2  0
 *          8     4  group
 *         12     4  first chunk
 *         16     8  t0, ns
 *         24     8  t1, ns
 *         32     4  nodes, 1 .. 2^20
 *         36     -  the columns
 *       last     4  CRC-32 (zlib's) of every byte before it
 *
 *     masks    0 the distinct masks of the nodes, ascending: 1 << state of each short time,
 *              1 << 31 for a long span
 *     nodes    1 lane - 64 * group     2 cell - (t0 >> 2 * level)     3 which mask     4 ended
 *     times    5 for each node and each state in its mask, ascending
 *     longs    for each node with one:
 *              6 end - cell's start     7 length - cell's length     8 state
 *              9 resource     10 by     11 site
 */
#include "db/sheet_codec_priv.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum {
    VERSION = 1,
    HEADER_BYTES = 36,
    CRC_BYTES = 4,
    COLUMNS = 12,
    NODE_COLUMNS = 5, /* with the masks */
    LONG_COLUMNS = 6,
    NODES_MAX = 1 << 20
};

static const uint8_t magic[4] = {'G', 'S', 'p', 'y'};

/* --- encoding ------------------------------------------------------------------ */

static int make_room(const struct sheet *sheet, struct chunk_bytes *out) {
    const size_t values = (size_t)NODE_COLUMNS * sheet->count + sheet->time_count +
                          (size_t)LONG_COLUMNS * sheet->long_count;
    return chunk_bytes_reserve(out, HEADER_BYTES + CRC_BYTES +
                                        COLUMNS * COLUMN_HEADER_BYTES +
                                        values * COLUMN_VALUE_BYTES);
}

static uint8_t *put_header(uint8_t *at, const struct sheet *sheet) {
    memcpy(at, magic, 4);
    at = column_put_fixed(at + 4, VERSION, 1);
    at = column_put_fixed(at, sheet->level, 1);
    at = column_put_fixed(at, 0, 2);
    at = column_put_fixed(at, sheet->group, 4);
    at = column_put_fixed(at, sheet->first_seq, 4);
    at = column_put_fixed(at, (uint64_t)sheet->t0_ns, 8);
    at = column_put_fixed(at, (uint64_t)sheet->t1_ns, 8);
    return column_put_fixed(at, sheet->count, 4);
}

static int by_mask(const void *left, const void *right) {
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a == b ? 0 : a < b ? -1 : 1;
}

/* The distinct masks, sorted; `masks` has room for all. Returns how many. */
static uint32_t distinct_masks(const struct sheet *s, uint32_t *masks) {
    uint32_t count = 0;
    memcpy(masks, s->mask, s->count * sizeof *masks);
    qsort(masks, s->count, sizeof *masks, by_mask);
    for (uint32_t i = 0; i < s->count; i++) {
        if (count == 0 || masks[count - 1] != masks[i]) {
            masks[count++] = masks[i];
        }
    }
    return count;
}

static int64_t mask_number(const uint32_t *masks, uint32_t count, uint32_t mask) {
    const uint32_t *at = bsearch(&mask, masks, count, sizeof mask, by_mask);
    return at - masks;
}

static uint8_t *put_nodes(uint8_t *at, const struct sheet *s, int64_t *column,
                          uint32_t *masks) {
    const uint32_t mask_count = distinct_masks(s, masks);
    COLUMN_PUT(at, column, mask_count, masks[i]);
    const int64_t first = s->t0_ns >> pyramid_shift(s->level);
    COLUMN_PUT(at, column, s->count, s->place[i]);
    COLUMN_PUT(at, column, s->count, s->cell[i] - first);
    COLUMN_PUT(at, column, s->count, mask_number(masks, mask_count, s->mask[i]));
    COLUMN_PUT(at, column, s->count, s->ended[i]);
    return column_put(at, s->times, s->time_count);
}

static uint8_t *put_longs(uint8_t *at, const struct sheet *s, int64_t *column) {
    const unsigned shift = pyramid_shift(s->level);
    const struct long_span *longs = s->longs;
    COLUMN_PUT(at, column, s->long_count,
               longs[i].end_ns - ((longs[i].end_ns - 1) >> shift << shift));
    COLUMN_PUT(at, column, s->long_count,
               longs[i].end_ns - longs[i].start_ns - (INT64_C(1) << shift));
    COLUMN_PUT(at, column, s->long_count, longs[i].state);
    COLUMN_PUT(at, column, s->long_count, longs[i].resource);
    COLUMN_PUT(at, column, s->long_count, longs[i].by);
    COLUMN_PUT(at, column, s->long_count, longs[i].site);
    return at;
}

int sheet_codec_encode(const struct sheet *sheet, struct chunk_bytes *out,
                       struct err *err) {
    int64_t *column = memory_zeroed(sheet->count, sizeof *column);
    uint32_t *masks = memory_zeroed(sheet->count, sizeof *masks);
    if (column == NULL || masks == NULL || make_room(sheet, out) != 0) {
        memory_free(column);
        memory_free(masks);
        return err_set_nomem(err);
    }
    uint8_t *begin = out->data + out->size;
    uint8_t *end = put_header(begin, sheet);
    end = put_nodes(end, sheet, column, masks);
    end = put_longs(end, sheet, column);
    end = column_put_fixed(end, crc32(0, begin, (uInt)(end - begin)), CRC_BYTES);
    out->size += (size_t)(end - begin);
    memory_free(column);
    memory_free(masks);
    return 0;
}

/* --- decoding ------------------------------------------------------------------ */

static int corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the sheet of the pyramid is damaged: %s", what);
}

static int corrupt_column(struct err *err, const char *fault) {
    return err_set(err, ERR_CORRUPT, "the sheet of the pyramid is damaged: a column %s",
                   fault);
}

struct cursor {
    const uint8_t *at, *end;
    int64_t *values; /* as many as there are nodes */
    struct err *err;
};

/* `count` values of the next column, each in [low, high]. */
static int get_column(struct cursor *cursor, uint32_t count, int64_t low, int64_t high) {
    const char *fault =
        column_take_values(&cursor->at, cursor->end, count, low, high, cursor->values);
    return fault == NULL ? 0 : corrupt_column(cursor->err, fault);
}

#define GET(rc, cursor, count, low, high, place)                                         \
    do {                                                                                 \
        if ((rc) == 0) {                                                                 \
            (rc) = get_column((cursor), (count), (low), (high));                         \
        }                                                                                \
        for (uint32_t i = 0; (rc) == 0 && i < (count); i++) {                            \
            const int64_t value = (cursor)->values[i];                                   \
            (place);                                                                     \
        }                                                                                \
    } while (0)

static const uint32_t ALL_STATES = (UINT32_C(1) << STATE_COUNT) - 1;

/* The masks into *count values of cursor->values, of which `masks` is a copy. */
static int get_masks(struct cursor *cursor, uint32_t *masks, uint32_t *count) {
    struct column column;
    if (!column_take(&cursor->at, cursor->end, &column) ||
        !column_get_all(&column, *count, cursor->values, count)) {
        return corrupt(cursor->err, "the masks do not decode");
    }
    for (uint32_t i = 0; i < *count; i++) {
        const int64_t mask = cursor->values[i];
        if (mask < 1 || (mask & ~(int64_t)(NODE_LONG | ALL_STATES)) != 0) {
            return corrupt(cursor->err, "an unknown state");
        }
        masks[i] = (uint32_t)mask;
    }
    return 0;
}

static int get_nodes(struct cursor *cursor, struct sheet *out) {
    const int64_t first = out->t0_ns >> pyramid_shift(out->level);
    const int64_t farthest = (INT64_MAX >> pyramid_shift(out->level)) - 1;
    const uint32_t count = out->count;
    uint32_t *masks = out->ended; /* until these are read */
    uint32_t mask_count = count;
    int rc = get_masks(cursor, masks, &mask_count);
    GET(rc, cursor, count, 0, LANE_GROUP_LANES - 1, out->place[i] = (uint8_t)value);
    GET(rc, cursor, count, first > 0 ? -1 : 0, farthest - first,
        out->cell[i] = first + value);
    GET(rc, cursor, count, 0, (int64_t)mask_count - 1, out->mask[i] = masks[value]);
    GET(rc, cursor, count, 0, UINT32_MAX, out->ended[i] = (uint32_t)value);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        out->time_count += (uint32_t)__builtin_popcount(out->mask[i] & ~NODE_LONG);
        out->long_count += (out->mask[i] & NODE_LONG) != 0;
    }
    return rc;
}

static int get_times(struct cursor *cursor, struct sheet *out) {
    struct column column;
    if (!column_take(&cursor->at, cursor->end, &column) ||
        !column_get(&column, out->time_count, out->times)) {
        return corrupt(cursor->err, "the times do not decode");
    }
    const sim_ns cell = INT64_C(1) << pyramid_shift(out->level);
    for (uint32_t i = 0; i < out->time_count; i++) {
        if (out->times[i] < 1 || out->times[i] > cell) {
            return corrupt(cursor->err, "a time is no part of a cell");
        }
    }
    return 0;
}

/* Ends are first read as what they are beyond the start of their cell, lengths as what
 * they are longer than one. */
static void place_longs(struct sheet *out) {
    const unsigned shift = pyramid_shift(out->level);
    struct long_span *span = out->longs;
    for (uint32_t i = 0; i < out->count; i++) {
        if ((out->mask[i] & NODE_LONG) != 0) {
            const sim_ns length = span->start_ns + (INT64_C(1) << shift);
            span->end_ns += out->cell[i] << shift;
            span->start_ns = column_subtract(span->end_ns, length);
            span++;
        }
    }
}

static int get_longs(struct cursor *cursor, struct sheet *out) {
    const uint32_t count = out->long_count;
    const sim_ns cell = INT64_C(1) << pyramid_shift(out->level);
    struct long_span *longs = out->longs;
    int rc = 0;
    GET(rc, cursor, count, 1, cell, longs[i].end_ns = value);
    GET(rc, cursor, count, 0, INT64_MAX - cell, longs[i].start_ns = value);
    GET(rc, cursor, count, 0, STATE_COUNT - 1, longs[i].state = (uint8_t)value);
    GET(rc, cursor, count, -1, INT32_MAX, longs[i].resource = (lane_id)value);
    GET(rc, cursor, count, -1, INT32_MAX, longs[i].by = (lane_id)value);
    GET(rc, cursor, count, -1, INT32_MAX, longs[i].site = (site_id)value);
    if (rc == 0) {
        place_longs(out);
    }
    return rc;
}

static int get_columns(struct cursor *cursor, struct sheet *out) {
    int rc = get_nodes(cursor, out);
    if (rc == 0 && sheet_reserve(out, 0, 0, 0) != 0) {
        rc = err_set_nomem(cursor->err);
    }
    if (rc == 0) {
        rc = get_times(cursor, out);
    }
    if (rc == 0) {
        rc = get_longs(cursor, out);
    }
    return rc == 0 && cursor->at != cursor->end
               ? corrupt(cursor->err, "bytes after the last column")
               : rc;
}

static int get_header(const uint8_t *data, size_t size, struct sheet *out,
                      struct err *err) {
    if (size < HEADER_BYTES + CRC_BYTES || size > UINT32_MAX ||
        memcmp(data, magic, 4) != 0) {
        return corrupt(err, "wrong length or magic");
    }
    if (data[4] != VERSION) {
        return err_set(err, ERR_CORRUPT,
                       "the sheet has format version %d, this program knows %d", data[4],
                       VERSION);
    }
    const size_t body = size - CRC_BYTES;
    if (column_get_fixed(data + body, CRC_BYTES) != crc32(0, data, (uInt)body)) {
        return corrupt(err, "wrong checksum");
    }
    out->level = data[5];
    out->group = (uint32_t)column_get_fixed(data + 8, 4);
    out->first_seq = (uint32_t)column_get_fixed(data + 12, 4);
    out->t0_ns = (sim_ns)column_get_fixed(data + 16, 8);
    out->t1_ns = (sim_ns)column_get_fixed(data + 24, 8);
    const uint32_t count = (uint32_t)column_get_fixed(data + 32, 4);
    out->count = out->time_count = out->long_count = 0;
    if (out->level >= PYRAMID_LEVELS || count < 1 || count > NODES_MAX ||
        out->t0_ns < 0 || out->t0_ns > out->t1_ns) {
        return corrupt(err, "wrong level, number or time");
    }
    if (sheet_reserve(out, count, 0, 0) != 0) {
        return err_set_nomem(err);
    }
    out->count = count;
    return 0;
}

int sheet_codec_decode(const void *data, size_t size, struct sheet *out,
                       struct err *err) {
    int rc = get_header(data, size, out, err);
    if (rc != 0) {
        out->count = out->time_count = out->long_count = 0;
        return rc;
    }
    struct cursor cursor = {
        .at = (const uint8_t *)data + HEADER_BYTES,
        .end = (const uint8_t *)data + size - CRC_BYTES,
        .values = memory_zeroed(out->count, sizeof *cursor.values),
        .err = err,
    };
    rc = cursor.values != NULL ? get_columns(&cursor, out) : err_set_nomem(err);
    memory_free(cursor.values);
    if (rc != 0) {
        out->count = out->time_count = out->long_count = 0;
    }
    return rc;
}
