/* SPDX-License-Identifier: MIT */
/*
 * instant_sheet_codec - the bytes of a sheet of the pyramid of instants, format version 2;
 * columns and integers as in chunk_codec.c.
 *
 *     offset  size
 *          0     4  magic "GSip"
 *          4     1  version: 2
 *          5     1  level, 0 .. 62
 *          6     2  0
 *          8     4  first chunk
 *         12     8  t0, ns
 *         20     8  t1, ns
 *         28     4  nodes, 1 .. 2^22
 *         32     -  the columns, a value for each node
 *       last     4  CRC-32 (zlib's) of every byte before it
 *
 *     0 lane     1 time of the first instant - t0     2 by     3 .. 8 count, by kind
 */
#include "db/instant_sheet_codec_priv.h"

#include <string.h>

#include <zlib.h>

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum {
    VERSION = 2,
    HEADER_BYTES = 32,
    CRC_BYTES = 4,
    COLUMNS = 3 + INSTANT_COUNT,
    NODES_MAX = 1 << 22
};

static const uint8_t magic[4] = {'G', 'S', 'i', 'p'};

void instant_sheet_deinit(struct instant_sheet *sheet) {
    memory_free(sheet->nodes);
    *sheet = (struct instant_sheet){0};
}

/* --- encoding ------------------------------------------------------------------ */

static uint8_t *put_header(uint8_t *at, const struct instant_sheet *sheet) {
    memcpy(at, magic, 4);
    at = column_put_fixed(at + 4, VERSION, 1);
    at = column_put_fixed(at, sheet->level, 1);
    at = column_put_fixed(at, 0, 2);
    at = column_put_fixed(at, sheet->first_seq, 4);
    at = column_put_fixed(at, (uint64_t)sheet->t0_ns, 8);
    at = column_put_fixed(at, (uint64_t)sheet->t1_ns, 8);
    return column_put_fixed(at, sheet->count, 4);
}

static uint8_t *put_columns(uint8_t *at, const struct instant_sheet *sheet,
                            int64_t *column) {
    const struct instant_node *nodes = sheet->nodes;
    COLUMN_PUT(at, column, sheet->count, nodes[i].lane);
    COLUMN_PUT(at, column, sheet->count, nodes[i].first_ns - sheet->t0_ns);
    COLUMN_PUT(at, column, sheet->count, nodes[i].by);
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        COLUMN_PUT(at, column, sheet->count, nodes[i].count[kind]);
    }
    return at;
}

int instant_sheet_codec_encode(const struct instant_sheet *sheet, struct chunk_bytes *out,
                               struct err *err) {
    if (sheet->count > NODES_MAX) {
        return err_set(err, ERR_LIMIT, "too many lanes have instants");
    }
    const size_t most =
        HEADER_BYTES + CRC_BYTES +
        COLUMNS * (COLUMN_HEADER_BYTES + (size_t)sheet->count * COLUMN_VALUE_BYTES);
    int64_t *column = memory_zeroed(sheet->count, sizeof *column);
    if (column == NULL || chunk_bytes_reserve(out, most) != 0) {
        memory_free(column);
        return err_set_nomem(err);
    }
    uint8_t *begin = out->data + out->size;
    uint8_t *end = put_columns(put_header(begin, sheet), sheet, column);
    end = column_put_fixed(end, crc32(0, begin, (uInt)(end - begin)), CRC_BYTES);
    out->size += (size_t)(end - begin);
    memory_free(column);
    return 0;
}

/* --- decoding ------------------------------------------------------------------ */

static int corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the sheet of instants is damaged: %s", what);
}

static int corrupt_column(struct err *err, const char *fault) {
    return err_set(err, ERR_CORRUPT, "the sheet of instants is damaged: a column %s",
                   fault);
}

struct cursor {
    const uint8_t *at, *end;
    int64_t *values; /* as many as there are nodes */
    struct err *err;
};

/* A value in [low, high] for each node. */
static int get_column(struct cursor *cursor, uint32_t count, int64_t low, int64_t high) {
    const char *fault =
        column_take_values(&cursor->at, cursor->end, count, low, high, cursor->values);
    return fault == NULL ? 0 : corrupt_column(cursor->err, fault);
}

#define GET(rc, cursor, sheet, low, high, place)                                         \
    do {                                                                                 \
        if ((rc) == 0) {                                                                 \
            (rc) = get_column((cursor), (sheet)->count, (low), (high));                  \
        }                                                                                \
        for (uint32_t i = 0; (rc) == 0 && i < (sheet)->count; i++) {                     \
            struct instant_node *node = &(sheet)->nodes[i];                              \
            const int64_t value = (cursor)->values[i];                                   \
            (place);                                                                     \
        }                                                                                \
    } while (0)

/* Counts add up to a number, and what many instants are by is not one of them. */
static int check_node(struct instant_node *node, struct err *err) {
    uint64_t total = 0;
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        total += node->count[kind];
    }
    if (total < 1 || total > UINT32_MAX) {
        return corrupt(err, "a wrong number of instants");
    }
    if (node->by != LANE_NONE && total > 1 && node->count[INSTANT_SLOW_CALLBACK] != 1) {
        return corrupt(err, "instants by one that are of many");
    }
    node->total = (uint32_t)total;
    return 0;
}

static int get_columns(struct cursor *cursor, struct instant_sheet *out) {
    const sim_ns t0_ns = out->t0_ns;
    int rc = 0;
    GET(rc, cursor, out, 0, INT32_MAX, node->lane = (lane_id)value);
    GET(rc, cursor, out, 0, out->t1_ns - t0_ns, node->first_ns = t0_ns + value);
    GET(rc, cursor, out, LANE_NONE, INT32_MAX, node->by = (lane_id)value);
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        GET(rc, cursor, out, 0, UINT32_MAX, node->count[kind] = (uint32_t)value);
    }
    for (uint32_t i = 0; rc == 0 && i < out->count; i++) {
        rc = check_node(&out->nodes[i], cursor->err);
    }
    return rc == 0 && cursor->at != cursor->end
               ? corrupt(cursor->err, "bytes after the last column")
               : rc;
}

/* Room for the nodes; `out` keeps what it has without it. */
static int make_room(struct instant_sheet *out, uint32_t count, struct err *err) {
    if (count <= out->capacity) {
        return 0;
    }
    void *moved = memory_resize(out->nodes, count, sizeof *out->nodes);
    if (moved == NULL) {
        return err_set_nomem(err);
    }
    out->nodes = moved;
    out->capacity = count;
    return 0;
}

static int get_header(const uint8_t *data, size_t size, struct instant_sheet *out,
                      struct err *err) {
    if (size < HEADER_BYTES + CRC_BYTES || size > UINT32_MAX ||
        memcmp(data, magic, 4) != 0) {
        return corrupt(err, "wrong length or magic");
    }
    if (data[4] != VERSION) {
        return err_set(
            err, ERR_CORRUPT,
            "the sheet of instants has format version %d, this program knows %d", data[4],
            VERSION);
    }
    const size_t body = size - CRC_BYTES;
    if (column_get_fixed(data + body, CRC_BYTES) != crc32(0, data, (uInt)body)) {
        return corrupt(err, "wrong checksum");
    }
    out->level = data[5];
    out->first_seq = (uint32_t)column_get_fixed(data + 8, 4);
    out->t0_ns = (sim_ns)column_get_fixed(data + 12, 8);
    out->t1_ns = (sim_ns)column_get_fixed(data + 20, 8);
    out->count = (uint32_t)column_get_fixed(data + 28, 4);
    if (out->level >= PYRAMID_LEVELS || out->count < 1 || out->count > NODES_MAX ||
        out->t0_ns < 0 || out->t0_ns > out->t1_ns) {
        return corrupt(err, "wrong level, number or time");
    }
    return make_room(out, out->count, err);
}

int instant_sheet_codec_decode(const void *data, size_t size, struct instant_sheet *out,
                               struct err *err) {
    struct cursor cursor = {.err = err};
    int rc = get_header(data, size, out, err);
    if (rc == 0) {
        cursor.at = (const uint8_t *)data + HEADER_BYTES;
        cursor.end = (const uint8_t *)data + size - CRC_BYTES;
        cursor.values = memory_zeroed(out->count, sizeof *cursor.values);
        rc = cursor.values != NULL ? get_columns(&cursor, out) : err_set_nomem(err);
    }
    memory_free(cursor.values);
    out->count = rc == 0 ? out->count : 0;
    return rc;
}
