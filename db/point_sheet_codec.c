/* SPDX-License-Identifier: MIT */
/*
 * point_sheet_codec - the bytes of a sheet of instants or of samples of counters, format
 * version 2; columns and integers as in chunk_codec.c.
 *
 *     offset  size
 *          0     4  magic: "GSip" for instants, "GScp" for counters
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
 *     instants   0 lane     1 time of the first instant - t0     2 by
 *                3 .. 8 count, by kind
 *     counters   0 lane     1 kind     2 time of the first sample - t0
 *                3 samples  4 last     5 min     6 max
 */
#include "db/point_sheet_codec_priv.h"

#include <string.h>

#include "db/chunk_crc_priv.h"
#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum { VERSION = 2, HEADER_BYTES = 32, CRC_BYTES = 4, NODES_MAX = 1 << 22 };

void point_sheet_deinit(struct point_sheet *sheet) {
    memory_free(sheet->nodes);
    *sheet = (struct point_sheet){0};
}

/* --- encoding ------------------------------------------------------------------ */

static uint8_t *put_header(uint8_t *at, const struct point_format *format,
                           const struct point_sheet *sheet) {
    memcpy(at, format->magic, 4);
    at = column_put_fixed(at + 4, VERSION, 1);
    at = column_put_fixed(at, sheet->level, 1);
    at = column_put_fixed(at, 0, 2);
    at = column_put_fixed(at, sheet->first_seq, 4);
    at = column_put_fixed(at, (uint64_t)sheet->t0_ns, 8);
    at = column_put_fixed(at, (uint64_t)sheet->t1_ns, 8);
    return column_put_fixed(at, sheet->count, 4);
}

static int64_t get_member(const char *node, const struct point_column *column) {
    if (column->size == sizeof(int64_t)) {
        int64_t value;
        memcpy(&value, node + column->offset, sizeof value);
        return value;
    }
    uint32_t value;
    memcpy(&value, node + column->offset, sizeof value);
    return column->low < 0 ? (int64_t)(int32_t)value : (int64_t)value;
}

static uint8_t *put_columns(uint8_t *at, const struct point_format *format,
                            const struct point_sheet *sheet, int64_t *values) {
    const char *nodes = sheet->nodes;
    for (size_t c = 0; c < format->column_count; c++) {
        const struct point_column *column = &format->columns[c];
        const int64_t from = column->is_time ? sheet->t0_ns : 0;
        COLUMN_PUT(at, values, sheet->count,
                   get_member(nodes + i * format->node_size, column) - from);
    }
    return at;
}

int point_sheet_encode(const struct point_format *format, const struct point_sheet *sheet,
                       struct chunk_bytes *out, struct err *err) {
    if (sheet->count > NODES_MAX) {
        return err_set(err, ERR_LIMIT, "too many lanes have %s", format->name);
    }
    const size_t most =
        HEADER_BYTES + CRC_BYTES +
        format->column_count *
            (COLUMN_HEADER_BYTES + (size_t)sheet->count * COLUMN_VALUE_BYTES);
    int64_t *values = memory_zeroed(sheet->count, sizeof *values);
    if (values == NULL || chunk_bytes_reserve(out, most) != 0) {
        memory_free(values);
        return err_set_nomem(err);
    }
    uint8_t *begin = out->data + out->size;
    uint8_t *end = put_columns(put_header(begin, format, sheet), format, sheet, values);
    end = column_put_fixed(end, chunk_crc(begin, (size_t)(end - begin)), CRC_BYTES);
    out->size += (size_t)(end - begin);
    memory_free(values);
    return 0;
}

/* --- decoding ------------------------------------------------------------------ */

struct cursor {
    const struct point_format *format;
    const uint8_t *at, *end;
    int64_t *values; /* as many as there are nodes */
    struct err *err;
};

static int corrupt(const struct cursor *cursor, const char *what) {
    return err_set(cursor->err, ERR_CORRUPT, "the sheet of %s is damaged: %s",
                   cursor->format->name, what);
}

static void put_member(char *node, const struct point_column *column, int64_t value) {
    const uint32_t small = (uint32_t)value;
    if (column->size == sizeof value) {
        memcpy(node + column->offset, &value, sizeof value);
    } else {
        memcpy(node + column->offset, &small, sizeof small);
    }
}

/* A value in its range for each node. */
static int get_column(struct cursor *cursor, const struct point_column *column,
                      struct point_sheet *out) {
    const int64_t from = column->is_time ? out->t0_ns : 0;
    const int64_t high = column->is_time ? out->t1_ns - out->t0_ns : column->high;
    const char *fault = column_take_values(&cursor->at, cursor->end, out->count,
                                           column->low, high, cursor->values);
    if (fault != NULL) {
        return err_set(cursor->err, ERR_CORRUPT,
                       "the sheet of %s is damaged: a column %s", cursor->format->name,
                       fault);
    }
    char *node = out->nodes;
    for (uint32_t i = 0; i < out->count; i++, node += cursor->format->node_size) {
        put_member(node, column, from + cursor->values[i]);
    }
    return 0;
}

static int get_columns(struct cursor *cursor, struct point_sheet *out) {
    const struct point_format *format = cursor->format;
    int rc = 0;
    for (size_t c = 0; rc == 0 && c < format->column_count; c++) {
        rc = get_column(cursor, &format->columns[c], out);
    }
    char *node = out->nodes;
    for (uint32_t i = 0; rc == 0 && i < out->count; i++, node += format->node_size) {
        const char *fault = format->check(node);
        rc = fault == NULL ? 0 : corrupt(cursor, fault);
    }
    return rc == 0 && cursor->at != cursor->end
               ? corrupt(cursor, "bytes after the last column")
               : rc;
}

/* Room for the nodes; `out` keeps what it has without it. */
static int make_room(struct point_sheet *out, uint32_t count, size_t size,
                     struct err *err) {
    if (count <= out->capacity) {
        return 0;
    }
    void *moved = memory_resize(out->nodes, count, size);
    if (moved == NULL) {
        return err_set_nomem(err);
    }
    out->nodes = moved;
    out->capacity = count;
    return 0;
}

static int get_header(const struct cursor *cursor, const uint8_t *data, size_t size,
                      struct point_sheet *out) {
    if (size < HEADER_BYTES + CRC_BYTES || size > UINT32_MAX ||
        memcmp(data, cursor->format->magic, 4) != 0) {
        return corrupt(cursor, "wrong length or magic");
    }
    if (data[4] != VERSION) {
        return err_set(cursor->err, ERR_CORRUPT,
                       "the sheet of %s has format version %d, this program knows %d",
                       cursor->format->name, data[4], VERSION);
    }
    const size_t body = size - CRC_BYTES;
    if (column_get_fixed(data + body, CRC_BYTES) != chunk_crc(data, body)) {
        return corrupt(cursor, "wrong checksum");
    }
    out->level = data[5];
    out->first_seq = (uint32_t)column_get_fixed(data + 8, 4);
    out->t0_ns = (sim_ns)column_get_fixed(data + 12, 8);
    out->t1_ns = (sim_ns)column_get_fixed(data + 20, 8);
    out->count = (uint32_t)column_get_fixed(data + 28, 4);
    if (out->level >= PYRAMID_LEVELS || out->count < 1 || out->count > NODES_MAX ||
        out->t0_ns < 0 || out->t0_ns > out->t1_ns) {
        return corrupt(cursor, "wrong level, number or time");
    }
    return make_room(out, out->count, cursor->format->node_size, cursor->err);
}

int point_sheet_decode(const struct point_format *format, const void *data, size_t size,
                       struct point_sheet *out, struct err *err) {
    struct cursor cursor = {.format = format, .err = err};
    int rc = get_header(&cursor, data, size, out);
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
