/* SPDX-License-Identifier: MIT */
#include "db/chunk_frame_priv.h"

#include <string.h>

#include "db/chunk_crc_priv.h"

enum { VERSION = 1, HEADER_BYTES = 36, CRC_BYTES = 4 };

/* --- writing ------------------------------------------------------------------- */

int chunk_frame_reserve(struct chunk_bytes *out, size_t columns, size_t values) {
    return chunk_bytes_reserve(out, HEADER_BYTES + CRC_BYTES +
                                        columns * COLUMN_HEADER_BYTES +
                                        values * COLUMN_VALUE_BYTES);
}

uint8_t *chunk_frame_put(uint8_t *at, const struct chunk_header *header) {
    memcpy(at, header->magic, 4);
    at = column_put_fixed(at + 4, VERSION, 1);
    at = column_put_fixed(at, header->before_count, 1);
    at = column_put_fixed(at, header->after_count, 1);
    at = column_put_fixed(at, 0, 1);
    at = column_put_fixed(at, header->group, 4);
    at = column_put_fixed(at, header->seq, 4);
    at = column_put_fixed(at, (uint64_t)header->t0_ns, 8);
    at = column_put_fixed(at, (uint64_t)header->t1_ns, 8);
    at = column_put_fixed(at, header->count, 2);
    return column_put_fixed(at, header->kind_count, 2);
}

void chunk_frame_seal(struct chunk_bytes *out, uint8_t *end) {
    uint8_t *begin = out->data + out->size;
    end = column_put_fixed(end, chunk_crc(begin, (size_t)(end - begin)), CRC_BYTES);
    out->size += (size_t)(end - begin);
}

/* --- reading ------------------------------------------------------------------- */

int chunk_corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the chunk is damaged: %s", what);
}

int chunk_corrupt_column(const struct chunk_cursor *cursor, const char *name,
                         const char *what) {
    return err_set(cursor->err, ERR_CORRUPT, "the chunk is damaged: column '%s' %s", name,
                   what);
}

static void get_header(struct chunk_header *header, const uint8_t *data) {
    header->before_count = data[5];
    header->after_count = data[6];
    header->group = (uint32_t)column_get_fixed(data + 8, 4);
    header->seq = (uint32_t)column_get_fixed(data + 12, 4);
    header->t0_ns = (sim_ns)column_get_fixed(data + 16, 8);
    header->t1_ns = (sim_ns)column_get_fixed(data + 24, 8);
    header->count = (uint32_t)column_get_fixed(data + 32, 2);
    header->kind_count = (uint32_t)column_get_fixed(data + 34, 2);
}

int chunk_frame_open(struct chunk_cursor *cursor, struct chunk_header *header,
                     const uint8_t *data, size_t size, struct err *err) {
    if (size < HEADER_BYTES + CRC_BYTES || size > UINT32_MAX) {
        return chunk_corrupt(err, "wrong length");
    }
    if (memcmp(data, header->magic, 4) != 0) {
        return chunk_corrupt(err, "wrong magic");
    }
    if (data[4] != VERSION) {
        return err_set(err, ERR_CORRUPT,
                       "the chunk has format version %d, this program knows %d", data[4],
                       VERSION);
    }
    const size_t body = size - CRC_BYTES;
    if (column_get_fixed(data + body, CRC_BYTES) != chunk_crc(data, body)) {
        return chunk_corrupt(err, "wrong checksum");
    }
    get_header(header, data);
    if (header->count < (header->may_be_empty ? 0 : 1) || header->count > CHUNK_SPANS) {
        return chunk_corrupt(err, "wrong number of rows");
    }
    if ((header->has_kinds && header->count > 0 && header->kind_count < 1) ||
        header->kind_count > header->count) {
        return chunk_corrupt(err, "wrong number of kinds");
    }
    if (header->before_count > LANE_GROUP_LANES ||
        header->after_count > LANE_GROUP_LANES || data[7] != 0) {
        return chunk_corrupt(err, "wrong number of lanes");
    }
    cursor->at = data + HEADER_BYTES;
    cursor->end = data + body;
    cursor->err = err;
    return 0;
}

int chunk_frame_close(const struct chunk_cursor *cursor) {
    return cursor->at != cursor->end
               ? chunk_corrupt(cursor->err, "bytes after the last column")
               : 0;
}

int chunk_frame_column(struct chunk_cursor *cursor, const char *name, uint32_t count,
                       int64_t low, int64_t high) {
    const char *fault =
        column_take_values(&cursor->at, cursor->end, count, low, high, cursor->values);
    return fault == NULL ? 0 : chunk_corrupt_column(cursor, name, fault);
}
