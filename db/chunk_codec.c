/* SPDX-License-Identifier: MIT */
/*
 * chunk_codec - the bytes of a chunk, format version 0. (Version 0 makes no promise: a
 * later version may refuse it.)
 *
 * All fixed-width integers are little-endian; signed ones are two's complement.
 *
 *     offset  size
 *          0     4  magic: "GSsp" for spans, "GSin" for instants
 *          4     1  version: 0
 *          5     1  number of columns: 7 for spans, 4 for instants
 *          6     2  count: number of rows, 1 .. 4096
 *          8     4  group: lane group of spans; 0 for instants
 *         12     4  seq: 0, 1, 2 ... within the run (instants) or the run's group (spans)
 *         16     8  t0, ns: no row begins earlier
 *         24     8  t1, ns: no row ends later
 *         32     -  the columns, one after the other, in the order below
 *       last     4  CRC-32 (zlib's) of every byte before it
 *
 * A column:
 *
 *          0     1  encoding: 0 or 1
 *          1     4  length of the data in bytes
 *          5     -  data
 *
 * A column is a list of `count` 64-bit integers v[0], v[1] ...; let d be the difference
 * from the value before (from 0 for the first one), computed modulo 2^64, and zigzag(d) =
 * (d << 1) ^ (d >> 63). A varint is the usual one: seven bits a byte, lowest first, bit 7
 * set in all bytes but the last, at most ten bytes.
 *
 *     encoding 0   varint(zigzag(d)) of each value
 *     encoding 1   runs of equal values: varint(zigzag(d)) of the run's value against the run
 *                  before, then varint(length), length >= 1; the lengths add up to `count`
 *
 * The writer takes the shorter of the two, encoding 0 when they are equally long. The
 * data must be used up exactly.
 *
 * Columns of spans, in the order in which the spans ended:
 *
 *     0 lane      lane - 64 * group
 *     1 end       end - t0
 *     2 start     start - (end of the span before of that lane in this chunk, t0 if none)
 *     3 state     4 resource     5 by     6 site                       as they are
 *
 * A lane is in exactly one state at any time, so the start column is almost only zeros.
 *
 * Columns of instants, in the order of time:
 *
 *     0 lane      1 at: at - t0      2 kind      3 by
 *
 * A reader accepts a chunk when: length, magic, version, column count and CRC are right;
 * every length stays inside; 0 <= lane - 64 * group < 64 (spans), 0 <= lane (instants);
 * states and kinds are known; resource, by, site >= -1; t0 <= start < end <= t1 and ends
 * do not descend (spans), t0 <= at <= t1 and times do not descend (instants).
 */
#include "db/chunk_codec.h"

#include <string.h>

#include <zlib.h>

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum {
    VERSION = 0,
    HEADER_BYTES = 32,
    CRC_BYTES = 4,
    SPAN_COLUMNS = 7,
    INSTANT_COLUMNS = 4
};

static const uint8_t span_magic[4] = {'G', 'S', 's', 'p'};
static const uint8_t instant_magic[4] = {'G', 'S', 'i', 'n'};

static const char *const span_columns[SPAN_COLUMNS] = {
    "lane", "end", "start", "state", "resource", "by", "site",
};
static const char *const instant_columns[INSTANT_COLUMNS] = {"lane", "at", "kind", "by"};

/* The fixed part, in either direction. */
struct header {
    const uint8_t *magic;
    uint32_t columns;
    uint32_t count;
    uint32_t group;
    uint32_t seq;
    sim_ns t0_ns, t1_ns;
};

void chunk_bytes_deinit(struct chunk_bytes *bytes) {
    memory_free(bytes->data);
    *bytes = (struct chunk_bytes){0};
}

/* --- encoding ------------------------------------------------------------------ */

/* Room for the largest chunk of this shape: the writers above then need no checks. */
static int make_room(struct chunk_bytes *out, const struct header *header) {
    const size_t worst =
        HEADER_BYTES + CRC_BYTES +
        (size_t)header->columns *
            (COLUMN_HEADER_BYTES + (size_t)header->count * COLUMN_VALUE_BYTES);
    if (out->capacity - out->size >= worst) {
        return 0;
    }
    uint8_t *moved = memory_resize(out->data, out->size + worst, 1);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    out->data = moved;
    out->capacity = out->size + worst;
    return 0;
}

static uint8_t *put_header(uint8_t *at, const struct header *header) {
    memcpy(at, header->magic, 4);
    at = column_put_fixed(at + 4, VERSION, 1);
    at = column_put_fixed(at, header->columns, 1);
    at = column_put_fixed(at, header->count, 2);
    at = column_put_fixed(at, header->group, 4);
    at = column_put_fixed(at, header->seq, 4);
    at = column_put_fixed(at, (uint64_t)header->t0_ns, 8);
    return column_put_fixed(at, (uint64_t)header->t1_ns, 8);
}

/* Appends the checksum of what was written since out->size, and makes it part of `out`.
 */
static void seal(struct chunk_bytes *out, uint8_t *end) {
    uint8_t *begin = out->data + out->size;
    const uLong crc = crc32(0, begin, (uInt)(end - begin));
    end = column_put_fixed(end, crc, CRC_BYTES);
    out->size += (size_t)(end - begin);
}

/* --- what a valid chunk is ----------------------------------------------------- */

/* NULL, or what is wrong with row i. Both directions ask: the reader trusts no file. */
static const char *span_fault(const struct span_chunk *c, uint32_t i) {
    const int64_t first = (int64_t)c->group * LANE_GROUP_LANES;
    if (c->lane[i] < first || c->lane[i] >= first + LANE_GROUP_LANES) {
        return "a lane of another group";
    }
    if (c->state[i] >= STATE_COUNT) {
        return "an unknown state";
    }
    if (c->resource[i] < -1 || c->by[i] < -1 || c->site[i] < -1) {
        return "a negative reference";
    }
    if (c->start_ns[i] >= c->end_ns[i]) {
        return "a span that does not last";
    }
    if (c->start_ns[i] < c->t0_ns || c->end_ns[i] > c->t1_ns) {
        return "a span outside the time of the chunk";
    }
    return i > 0 && c->end_ns[i] < c->end_ns[i - 1] ? "spans out of order" : NULL;
}

static const char *instant_fault(const struct instant_chunk *c, uint32_t i) {
    if (c->lane[i] < 0) {
        return "a negative lane";
    }
    if (c->kind[i] >= INSTANT_COUNT) {
        return "an unknown kind of instant";
    }
    if (c->by[i] < -1) {
        return "a negative reference";
    }
    if (c->at_ns[i] < c->t0_ns || c->at_ns[i] > c->t1_ns) {
        return "an instant outside the time of the chunk";
    }
    return i > 0 && c->at_ns[i] < c->at_ns[i - 1] ? "instants out of order" : NULL;
}

static int check_count(uint32_t count, struct err *err) {
    if (count < 1 || count > CHUNK_SPANS) {
        return err_set(err, ERR_INVALID, "a chunk of %u rows: 1 to %d are possible",
                       count, CHUNK_SPANS);
    }
    return 0;
}

static int check_spans(const struct span_chunk *chunk, int code, struct err *err) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        const char *fault = span_fault(chunk, i);
        if (fault != NULL) {
            return err_set(err, code, "span chunk %u of lane group %u, row %u: %s",
                           chunk->seq, chunk->group, i, fault);
        }
    }
    return 0;
}

static int check_instants(const struct instant_chunk *chunk, int code, struct err *err) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        const char *fault = instant_fault(chunk, i);
        if (fault != NULL) {
            return err_set(err, code, "instant chunk %u, row %u: %s", chunk->seq, i,
                           fault);
        }
    }
    return 0;
}

/* --- encoding chunks ----------------------------------------------------------- */

/* One column as 64-bit values: from the member `name` of chunk `c`. */
#define WIDEN(column, c, name)                                                           \
    do {                                                                                 \
        for (uint32_t i_ = 0; i_ < (c)->count; i_++) {                                   \
            (column)[i_] = (int64_t)(c)->name[i_];                                       \
        }                                                                                \
    } while (0)

static void widen_relative(int64_t *column, const sim_ns *times, uint32_t count,
                           sim_ns t0) {
    for (uint32_t i = 0; i < count; i++) {
        column[i] = column_subtract(times[i], t0);
    }
}

static void fill_ends(sim_ns ends[LANE_GROUP_LANES], sim_ns t0) {
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        ends[i] = t0;
    }
}

static void widen_starts(int64_t *column, const struct span_chunk *c) {
    sim_ns ends[LANE_GROUP_LANES];
    fill_ends(ends, c->t0_ns);
    for (uint32_t i = 0; i < c->count; i++) {
        const int64_t lane = c->lane[i] - (int64_t)c->group * LANE_GROUP_LANES;
        column[i] = column_subtract(c->start_ns[i], ends[lane]);
        ends[lane] = c->end_ns[i];
    }
}

static uint8_t *put_span_columns(uint8_t *at, const struct span_chunk *c) {
    int64_t column[CHUNK_SPANS];
    for (uint32_t i = 0; i < c->count; i++) {
        column[i] = c->lane[i] - (int64_t)c->group * LANE_GROUP_LANES;
    }
    at = column_put(at, column, c->count);
    widen_relative(column, c->end_ns, c->count, c->t0_ns);
    at = column_put(at, column, c->count);
    widen_starts(column, c);
    at = column_put(at, column, c->count);
    WIDEN(column, c, state);
    at = column_put(at, column, c->count);
    WIDEN(column, c, resource);
    at = column_put(at, column, c->count);
    WIDEN(column, c, by);
    at = column_put(at, column, c->count);
    WIDEN(column, c, site);
    return column_put(at, column, c->count);
}

int chunk_codec_encode_spans(const struct span_chunk *chunk, struct chunk_bytes *out,
                             struct err *err) {
    int rc = check_count(chunk->count, err);
    if (rc == 0) {
        rc = check_spans(chunk, ERR_INVALID, err);
    }
    if (rc != 0) {
        return rc;
    }
    const struct header header = {
        .magic = span_magic,
        .columns = SPAN_COLUMNS,
        .count = chunk->count,
        .group = chunk->group,
        .seq = chunk->seq,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
    };
    if (make_room(out, &header) != 0) {
        return err_set_nomem(err);
    }
    uint8_t *at = put_header(out->data + out->size, &header);
    seal(out, put_span_columns(at, chunk));
    return 0;
}

static uint8_t *put_instant_columns(uint8_t *at, const struct instant_chunk *c) {
    int64_t column[CHUNK_SPANS];
    WIDEN(column, c, lane);
    at = column_put(at, column, c->count);
    widen_relative(column, c->at_ns, c->count, c->t0_ns);
    at = column_put(at, column, c->count);
    WIDEN(column, c, kind);
    at = column_put(at, column, c->count);
    WIDEN(column, c, by);
    return column_put(at, column, c->count);
}

int chunk_codec_encode_instants(const struct instant_chunk *chunk,
                                struct chunk_bytes *out, struct err *err) {
    int rc = check_count(chunk->count, err);
    if (rc == 0) {
        rc = check_instants(chunk, ERR_INVALID, err);
    }
    if (rc != 0) {
        return rc;
    }
    const struct header header = {
        .magic = instant_magic,
        .columns = INSTANT_COLUMNS,
        .count = chunk->count,
        .seq = chunk->seq,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
    };
    if (make_room(out, &header) != 0) {
        return err_set_nomem(err);
    }
    uint8_t *at = put_header(out->data + out->size, &header);
    seal(out, put_instant_columns(at, chunk));
    return 0;
}

/* --- decoding ------------------------------------------------------------------ */

/* The bytes that are left, and what the next column is called in a complaint. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end; /* where the checksum begins */
    const char *const *names;
    uint32_t count;
    struct err *err;
};

static int corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the chunk is damaged: %s", what);
}

/* Checks everything but the columns and leaves the cursor at the first of them. */
static int open_chunk(struct cursor *cursor, struct header *header, const uint8_t *data,
                      size_t size, struct err *err) {
    if (size < HEADER_BYTES + CRC_BYTES || size > UINT32_MAX) {
        return corrupt(err, "wrong length");
    }
    if (memcmp(data, header->magic, 4) != 0) {
        return corrupt(err, "wrong magic");
    }
    if (data[4] != VERSION) {
        return err_set(err, ERR_CORRUPT,
                       "the chunk has format version %d, this program knows %d", data[4],
                       VERSION);
    }
    const size_t body = size - CRC_BYTES;
    if (column_get_fixed(data + body, CRC_BYTES) != crc32(0, data, (uInt)body)) {
        return corrupt(err, "wrong checksum");
    }
    if (data[5] != header->columns) {
        return corrupt(err, "wrong number of columns");
    }
    header->count = (uint32_t)column_get_fixed(data + 6, 2);
    if (header->count < 1 || header->count > CHUNK_SPANS) {
        return corrupt(err, "wrong number of rows");
    }
    header->group = (uint32_t)column_get_fixed(data + 8, 4);
    header->seq = (uint32_t)column_get_fixed(data + 12, 4);
    header->t0_ns = (sim_ns)column_get_fixed(data + 16, 8);
    header->t1_ns = (sim_ns)column_get_fixed(data + 24, 8);
    cursor->at = data + HEADER_BYTES;
    cursor->end = data + body;
    cursor->count = header->count;
    cursor->err = err;
    return 0;
}

/* The next column into `values`. */
static int get_column(struct cursor *cursor, int64_t *values) {
    const char *name = *cursor->names++;
    if (cursor->end - cursor->at < COLUMN_HEADER_BYTES) {
        return err_set(cursor->err, ERR_CORRUPT,
                       "the chunk is damaged: cut off before column '%s'", name);
    }
    const uint8_t encoding = cursor->at[0];
    const uint64_t length = column_get_fixed(cursor->at + 1, 4);
    cursor->at += COLUMN_HEADER_BYTES;
    if (length > (uint64_t)(cursor->end - cursor->at)) {
        return err_set(cursor->err, ERR_CORRUPT,
                       "the chunk is damaged: column '%s' is cut off", name);
    }
    if (!column_get(cursor->at, length, encoding, cursor->count, values)) {
        return err_set(cursor->err, ERR_CORRUPT,
                       "the chunk is damaged: column '%s' does not decode", name);
    }
    cursor->at += length;
    return 0;
}

static int get_column_i32(struct cursor *cursor, int64_t *scratch, int64_t base,
                          int32_t *out) {
    const char *name = *cursor->names;
    const int rc = get_column(cursor, scratch);
    for (uint32_t i = 0; rc == 0 && i < cursor->count; i++) {
        const int64_t value = column_add(scratch[i], base);
        if (value < INT32_MIN || value > INT32_MAX) {
            return err_set(cursor->err, ERR_CORRUPT,
                           "the chunk is damaged: column '%s' is out of range", name);
        }
        out[i] = (int32_t)value;
    }
    return rc;
}

static int get_column_u8(struct cursor *cursor, int64_t *scratch, uint8_t *out) {
    const char *name = *cursor->names;
    const int rc = get_column(cursor, scratch);
    for (uint32_t i = 0; rc == 0 && i < cursor->count; i++) {
        if (scratch[i] < 0 || scratch[i] > UINT8_MAX) {
            return err_set(cursor->err, ERR_CORRUPT,
                           "the chunk is damaged: column '%s' is out of range", name);
        }
        out[i] = (uint8_t)scratch[i];
    }
    return rc;
}

static int get_column_time(struct cursor *cursor, int64_t *scratch, sim_ns t0,
                           sim_ns *out) {
    const int rc = get_column(cursor, scratch);
    for (uint32_t i = 0; rc == 0 && i < cursor->count; i++) {
        out[i] = column_add(scratch[i], t0);
    }
    return rc;
}

/* Needs the columns lane and end, and that lanes are inside their group. */
static int get_starts(struct cursor *cursor, struct span_block *out) {
    const int64_t first = (int64_t)out->chunk.group * LANE_GROUP_LANES;
    sim_ns ends[LANE_GROUP_LANES];
    fill_ends(ends, out->chunk.t0_ns);
    const int rc = get_column(cursor, out->column);
    for (uint32_t i = 0; rc == 0 && i < cursor->count; i++) {
        const int64_t lane = out->lane[i] - first;
        if (lane < 0 || lane >= LANE_GROUP_LANES) {
            return corrupt(cursor->err, "a lane of another group");
        }
        out->start_ns[i] = column_add(ends[lane], out->column[i]);
        ends[lane] = out->end_ns[i];
    }
    return rc;
}

static int get_span_columns(struct cursor *cursor, struct span_block *out) {
    const int64_t first = (int64_t)out->chunk.group * LANE_GROUP_LANES;
    int rc = get_column_i32(cursor, out->column, first, out->lane);
    if (rc == 0) {
        rc = get_column_time(cursor, out->column, out->chunk.t0_ns, out->end_ns);
    }
    if (rc == 0) {
        rc = get_starts(cursor, out);
    }
    if (rc == 0) {
        rc = get_column_u8(cursor, out->column, out->state);
    }
    if (rc == 0) {
        rc = get_column_i32(cursor, out->column, 0, out->resource);
    }
    if (rc == 0) {
        rc = get_column_i32(cursor, out->column, 0, out->by);
    }
    if (rc == 0) {
        rc = get_column_i32(cursor, out->column, 0, out->site);
    }
    return rc;
}

int chunk_codec_decode_spans(const void *data, size_t size, struct span_block *out,
                             struct err *err) {
    struct cursor cursor = {.names = span_columns};
    struct header header = {.magic = span_magic, .columns = SPAN_COLUMNS};
    int rc = open_chunk(&cursor, &header, data, size, err);
    if (rc != 0) {
        return rc;
    }
    out->chunk = (struct span_chunk){
        .group = header.group,
        .seq = header.seq,
        .count = header.count,
        .t0_ns = header.t0_ns,
        .t1_ns = header.t1_ns,
        .lane = out->lane,
        .start_ns = out->start_ns,
        .end_ns = out->end_ns,
        .state = out->state,
        .resource = out->resource,
        .by = out->by,
        .site = out->site,
    };
    rc = get_span_columns(&cursor, out);
    if (rc == 0 && cursor.at != cursor.end) {
        rc = corrupt(err, "bytes after the last column");
    }
    return rc == 0 ? check_spans(&out->chunk, ERR_CORRUPT, err) : rc;
}

int chunk_codec_decode_instants(const void *data, size_t size, struct instant_block *out,
                                struct err *err) {
    struct cursor cursor = {.names = instant_columns};
    struct header header = {.magic = instant_magic, .columns = INSTANT_COLUMNS};
    int rc = open_chunk(&cursor, &header, data, size, err);
    if (rc != 0) {
        return rc;
    }
    out->chunk = (struct instant_chunk){
        .seq = header.seq,
        .count = header.count,
        .t0_ns = header.t0_ns,
        .t1_ns = header.t1_ns,
        .lane = out->lane,
        .at_ns = out->at_ns,
        .kind = out->kind,
        .by = out->by,
    };
    rc = get_column_i32(&cursor, out->column, 0, out->lane);
    if (rc == 0) {
        rc = get_column_time(&cursor, out->column, header.t0_ns, out->at_ns);
    }
    if (rc == 0) {
        rc = get_column_u8(&cursor, out->column, out->kind);
    }
    if (rc == 0) {
        rc = get_column_i32(&cursor, out->column, 0, out->by);
    }
    if (rc == 0 && cursor.at != cursor.end) {
        rc = corrupt(err, "bytes after the last column");
    }
    return rc == 0 ? check_instants(&out->chunk, ERR_CORRUPT, err) : rc;
}
