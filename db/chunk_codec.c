/* SPDX-License-Identifier: MIT */
/*
 * chunk_codec - the bytes of a chunk, format version 1.
 *
 * A later program reads what this one wrote; what this one does not know it refuses.
 * All fixed-width integers are little-endian; signed ones are two's complement.
 *
 *     offset  size
 *          0     4  magic: "GSsp" for spans, "GSin" for instants
 *          4     1  version: 1
 *          5     1  lanes before, 0 .. 64; 0 for instants
 *          6     1  lanes after, 0 .. 64; 0 for instants
 *          7     1  0
 *          8     4  group: lane group of spans; 0 for instants
 *         12     4  seq: 0, 1, 2 ... within the run (instants) or the run's group (spans)
 *         16     8  t0, ns: spans end later, instants are not earlier
 *         24     8  t1, ns: no row ends later
 *         32     2  count: number of rows, 1 .. 4096
 *         34     2  kinds, 1 .. 4096; 0 for instants
 *         36     -  the columns, one after the other, in the order below
 *       last     4  CRC-32 (zlib's) of every byte before it
 *
 * A column:
 *
 *          0     1  encoding
 *          1     4  length of the data in bytes
 *          5     -  data
 *
 * A column is a list of 64-bit integers v[0], v[1] ...; let d be the difference from the
 * value before (from 0 for the first one), computed modulo 2^64, and zigzag(d) =
 * (d << 1) ^ (d >> 63). A varint is the usual one: seven bits a byte, lowest first, bit 7
 * set in all bytes but the last, at most ten bytes.
 *
 *     encoding 0   varint(zigzag(d)) of each value
 *     encoding 1   runs of equal values: varint(zigzag(d)) of the run's value against the run
 *                  before, then varint(length), length >= 1; the lengths add up
 *     encoding 2   varint(v), v as an unsigned number
 *     encoding 3   bits: value i, 0 or 1, is bit i % 8 of byte i / 8, the rest 0
 *     encoding 4   varint(n), the number of values; their sizes, 1 .. 4 bytes, less one in bits
 *                  2 * (i % 4) and the next of byte i / 4, the rest 0; the values, unsigned
 *
 * The writer takes 4 when it is at most a 16th longer than the shortest of 0, 1 and 2, else
 * that, the first of equal ones; 3 only where it is said. The data must be used up exactly.
 *
 * A chunk of spans tells what its lanes did between t0 and t1:
 *
 *     before   lanes that were alive, ascending, and since when they did what they did at
 *              t0; later than t0 when they were born since
 *     kinds    the distinct (lane, state, resource, by, site, joined) of the spans, in the
 *              order of their first appearance; joined: it ended with the span before it.
 *              One moment changes a thread, its core and a GIL: three spans of
 *              which one has a time
 *     spans    in the order in which they ended. A span whose kind is the one that followed
 *              the kind before it last time is a hit and has a bit; any other names its kind
 *     after    lanes that live on, ascending, and what they do
 *
 * A lane is in one state at any time: a span starts where the one before it of its lane
 * ended, the first one where `before` says.
 *
 *     before   0 lane - 64 * group      1 since - t0
 *     after    2 lane - 64 * group      3 state     4 resource     5 site
 *     kinds    6 lane - 64 * group      7 state     8 resource     9 by     10 site     11 joined
 *     spans   12 hit (encoding 3)
 *             13 misses: a kind for each span that is no hit
 *             14 times: end - (end of the span before, t0), for each that is not joined
 *
 * Columns of instants, in the order of time:
 *
 *     0 lane      1 at: at - t0      2 kind      3 by
 *
 * A reader accepts a chunk when: length, magic, version, counts and CRC are right; every
 * length stays inside; 0 <= lane - 64 * group < 64 (spans), 0 <= lane (instants); states
 * and kinds are known; resource, by, site >= -1; lanes of before and after ascend; every
 * lane has a before and, when no span of it ends, an after; 0 <= since <= t1, start < end,
 * 0 <= t0 < end <= t1 and ends do not descend (spans), t0 <= at <= t1 and times do not
 * descend (instants).
 *
 * Measured on the examples under linux-desktop, bytes of chunks for each span: 1.5 - 4.0,
 * median 2.3, and 7.6 in the one with 80 spans (requests-200 3.79, echo-convoy 2.12,
 * web-server-deployment 3.45, 4 spinning threads 2.28, 40 of them 3.92); columns of lane,
 * end, state, resource, by and site one by one took 5.2 - 6.7. The times alone take 1.3 -
 * 2.2 in these five.
 * Storing a transition of several lanes once, instead of a span for each, could save the
 * hits (0.01 - 0.05) and misses of the joined spans, at most 0.11 - 0.33 in these five. With
 * a table of whole transitions it saves 0.16 - 0.21 where a few threads repeat themselves,
 * and costs 0.27 - 0.56 more where many do: they are more than there are kinds.
 */
#include "db/chunk_codec.h"

#include <string.h>

#include <zlib.h>

#include "db/chunk_check_priv.h"
#include "db/chunk_dictionary_priv.h"
#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum {
    VERSION = 1,
    HEADER_BYTES = 36,
    CRC_BYTES = 4,
    LANE_COLUMNS = 6,
    KIND_COLUMNS = 6,
    SPAN_COLUMNS = 3,
    INSTANT_COLUMNS = 4
};

static const uint8_t span_magic[4] = {'G', 'S', 's', 'p'};
static const uint8_t instant_magic[4] = {'G', 'S', 'i', 'n'};

/* The fixed part, in either direction. */
struct header {
    const uint8_t *magic;
    uint32_t before_count, after_count;
    uint32_t group;
    uint32_t seq;
    sim_ns t0_ns, t1_ns;
    uint32_t count;
    uint32_t kind_count;
};

void chunk_bytes_deinit(struct chunk_bytes *bytes) {
    memory_free(bytes->data);
    *bytes = (struct chunk_bytes){0};
}

int chunk_bytes_reserve(struct chunk_bytes *bytes, size_t size) {
    if (bytes->capacity - bytes->size >= size) {
        return 0;
    }
    const size_t capacity = bytes->size + size + bytes->size / 2;
    uint8_t *moved = memory_resize(bytes->data, capacity, 1);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    bytes->data = moved;
    bytes->capacity = capacity;
    return 0;
}

/* --- encoding ------------------------------------------------------------------ */

/* Room for the largest chunk of this shape: the writers above then need no checks. */
static int make_room(struct chunk_bytes *out, size_t columns, size_t values) {
    return chunk_bytes_reserve(out, HEADER_BYTES + CRC_BYTES +
                                        columns * COLUMN_HEADER_BYTES +
                                        values * COLUMN_VALUE_BYTES);
}

static uint8_t *put_header(uint8_t *at, const struct header *header) {
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

/* Appends the checksum of what was written since out->size, and makes it part of `out`.
 */
static void seal(struct chunk_bytes *out, uint8_t *end) {
    uint8_t *begin = out->data + out->size;
    const uLong crc = crc32(0, begin, (uInt)(end - begin));
    end = column_put_fixed(end, crc, CRC_BYTES);
    out->size += (size_t)(end - begin);
}

/* --- encoding chunks ----------------------------------------------------------- */

static uint8_t *put_lanes(uint8_t *at, const struct span_chunk *c) {
    int64_t column[LANE_GROUP_LANES];
    COLUMN_PUT(at, column, c->before_count, chunk_place(c->before[i].lane));
    COLUMN_PUT(at, column, c->before_count,
               column_subtract(c->before[i].since_ns, c->t0_ns));
    COLUMN_PUT(at, column, c->after_count, chunk_place(c->after[i].lane));
    COLUMN_PUT(at, column, c->after_count, c->after[i].state);
    COLUMN_PUT(at, column, c->after_count, c->after[i].resource);
    COLUMN_PUT(at, column, c->after_count, c->after[i].site);
    return at;
}

static uint8_t *put_kinds(uint8_t *at, const struct span_chunk *c,
                          const struct chunk_sequence *sequence) {
    const uint32_t count = sequence->kind_count;
    const uint16_t *first = sequence->first;
    int64_t column[CHUNK_SPANS];
    COLUMN_PUT(at, column, count, chunk_place(c->lane[first[i]]));
    COLUMN_PUT(at, column, count, c->state[first[i]]);
    COLUMN_PUT(at, column, count, c->resource[first[i]]);
    COLUMN_PUT(at, column, count, c->by[first[i]]);
    COLUMN_PUT(at, column, count, c->site[first[i]]);
    COLUMN_PUT(at, column, count, chunk_span_is_joined(c, first[i]));
    return at;
}

static uint8_t *put_times(uint8_t *at, const struct span_chunk *c) {
    int64_t column[CHUNK_SPANS];
    uint32_t count = 0;
    sim_ns before = c->t0_ns;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->end_ns[i] != before) {
            column[count++] = column_subtract(c->end_ns[i], before);
            before = c->end_ns[i];
        }
    }
    return column_put(at, column, count);
}

static uint8_t *put_sequence(uint8_t *at, const struct span_chunk *c,
                             const struct chunk_sequence *sequence) {
    int64_t column[CHUNK_SPANS];
    at = column_put_bits(at, sequence->hits, c->count);
    COLUMN_PUT(at, column, sequence->miss_count, sequence->misses[i]);
    return put_times(at, c);
}

int chunk_codec_encode_spans(const struct span_chunk *chunk, struct chunk_bytes *out,
                             struct err *err) {
    int rc = chunk_check_count(chunk->count, err);
    if (rc == 0) {
        rc = chunk_check_spans(chunk, err);
    }
    if (rc != 0) {
        return rc;
    }
    struct chunk_sequence sequence;
    chunk_sequence_of(&sequence, chunk);
    rc = chunk_check_kinds(chunk, &sequence, err);
    if (rc != 0) {
        return rc;
    }
    const struct header header = {
        .magic = span_magic,
        .before_count = chunk->before_count,
        .after_count = chunk->after_count,
        .group = chunk->group,
        .seq = chunk->seq,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .count = chunk->count,
        .kind_count = sequence.kind_count,
    };
    const size_t values = LANE_COLUMNS * (size_t)LANE_GROUP_LANES +
                          KIND_COLUMNS * (size_t)sequence.kind_count +
                          SPAN_COLUMNS * (size_t)chunk->count;
    if (make_room(out, LANE_COLUMNS + KIND_COLUMNS + SPAN_COLUMNS, values) != 0) {
        return err_set_nomem(err);
    }
    uint8_t *at = put_header(out->data + out->size, &header);
    at = put_lanes(at, chunk);
    at = put_kinds(at, chunk, &sequence);
    seal(out, put_sequence(at, chunk, &sequence));
    return 0;
}

static uint8_t *put_instant_columns(uint8_t *at, const struct instant_chunk *c) {
    int64_t column[CHUNK_SPANS];
    COLUMN_PUT(at, column, c->count, c->lane[i]);
    COLUMN_PUT(at, column, c->count, column_subtract(c->at_ns[i], c->t0_ns));
    COLUMN_PUT(at, column, c->count, c->kind[i]);
    COLUMN_PUT(at, column, c->count, c->by[i]);
    return at;
}

int chunk_codec_encode_instants(const struct instant_chunk *chunk,
                                struct chunk_bytes *out, struct err *err) {
    int rc = chunk_check_count(chunk->count, err);
    if (rc == 0) {
        rc = chunk_check_instants(chunk, ERR_INVALID, err);
    }
    if (rc != 0) {
        return rc;
    }
    const struct header header = {
        .magic = instant_magic,
        .seq = chunk->seq,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .count = chunk->count,
    };
    if (make_room(out, INSTANT_COLUMNS, INSTANT_COLUMNS * (size_t)chunk->count) != 0) {
        return err_set_nomem(err);
    }
    uint8_t *at = put_header(out->data + out->size, &header);
    seal(out, put_instant_columns(at, chunk));
    return 0;
}

/* --- decoding ------------------------------------------------------------------ */

/* The bytes that are left, and room for the values of a column. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end; /* where the checksum begins */
    int64_t *values;    /* CHUNK_SPANS of them */
    struct err *err;
};

static int corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the chunk is damaged: %s", what);
}

static int corrupt_column(const struct cursor *cursor, const char *name,
                          const char *what) {
    return err_set(cursor->err, ERR_CORRUPT, "the chunk is damaged: column '%s' %s", name,
                   what);
}

static void get_header(struct header *header, const uint8_t *data) {
    header->before_count = data[5];
    header->after_count = data[6];
    header->group = (uint32_t)column_get_fixed(data + 8, 4);
    header->seq = (uint32_t)column_get_fixed(data + 12, 4);
    header->t0_ns = (sim_ns)column_get_fixed(data + 16, 8);
    header->t1_ns = (sim_ns)column_get_fixed(data + 24, 8);
    header->count = (uint32_t)column_get_fixed(data + 32, 2);
    header->kind_count = (uint32_t)column_get_fixed(data + 34, 2);
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
    get_header(header, data);
    const bool of_spans = header->magic == span_magic;
    if (header->count < 1 || header->count > CHUNK_SPANS) {
        return corrupt(err, "wrong number of rows");
    }
    if ((of_spans && header->kind_count < 1) || header->kind_count > header->count) {
        return corrupt(err, "wrong number of kinds");
    }
    if (header->before_count > LANE_GROUP_LANES ||
        header->after_count > LANE_GROUP_LANES || data[7] != 0) {
        return corrupt(err, "wrong number of lanes");
    }
    cursor->at = data + HEADER_BYTES;
    cursor->end = data + body;
    cursor->err = err;
    return 0;
}

static int next_column(struct cursor *cursor, const char *name, struct column *out) {
    return column_take(&cursor->at, cursor->end, out)
               ? 0
               : corrupt_column(cursor, name, "is cut off");
}

/* `count` values of the next column, each in [low, high]. */
static int get_column(struct cursor *cursor, const char *name, uint32_t count,
                      int64_t low, int64_t high) {
    const char *fault =
        column_take_values(&cursor->at, cursor->end, count, low, high, cursor->values);
    return fault == NULL ? 0 : corrupt_column(cursor, name, fault);
}

/* Reads the next column and puts value i where `place` says, when `rc` is still 0. */
#define GET(rc, cursor, name, count, low, high, place)                                   \
    do {                                                                                 \
        if ((rc) == 0) {                                                                 \
            (rc) = get_column((cursor), (name), (count), (low), (high));                 \
        }                                                                                \
        for (uint32_t i = 0; (rc) == 0 && i < (count); i++) {                            \
            const int64_t value = (cursor)->values[i];                                   \
            (place);                                                                     \
        }                                                                                \
    } while (0)

enum { LAST_PLACE = LANE_GROUP_LANES - 1, LAST_STATE = STATE_COUNT - 1 };

static int get_lanes(struct cursor *cursor, const struct header *h,
                     struct span_block *out) {
    const int64_t first = (int64_t)h->group * LANE_GROUP_LANES;
    struct lane_before *before = out->before;
    struct lane_after *after = out->after;
    int rc = first + LAST_PLACE <= INT32_MAX ? 0 : corrupt(cursor->err, "wrong group");
    GET(rc, cursor, "before.lane", h->before_count, 0, LAST_PLACE,
        before[i].lane = (lane_id)(first + value));
    GET(rc, cursor, "before.since", h->before_count, INT64_MIN, INT64_MAX,
        before[i].since_ns = column_add(value, h->t0_ns));
    GET(rc, cursor, "after.lane", h->after_count, 0, LAST_PLACE,
        after[i].lane = (lane_id)(first + value));
    GET(rc, cursor, "after.state", h->after_count, 0, LAST_STATE,
        after[i].state = (uint8_t)value);
    GET(rc, cursor, "after.resource", h->after_count, -1, INT32_MAX,
        after[i].resource = (lane_id)value);
    GET(rc, cursor, "after.site", h->after_count, -1, INT32_MAX,
        after[i].site = (site_id)value);
    return rc;
}

static int get_kinds(struct cursor *cursor, const struct header *h,
                     struct span_block *out) {
    const int64_t first = (int64_t)h->group * LANE_GROUP_LANES;
    struct span_kind *kinds = out->kinds;
    int rc = 0;
    GET(rc, cursor, "kind.lane", h->kind_count, 0, LAST_PLACE,
        kinds[i].lane = (lane_id)(first + value));
    GET(rc, cursor, "kind.state", h->kind_count, 0, LAST_STATE,
        kinds[i].state = (uint8_t)value);
    GET(rc, cursor, "kind.resource", h->kind_count, -1, INT32_MAX,
        kinds[i].resource = (lane_id)value);
    GET(rc, cursor, "kind.by", h->kind_count, -1, INT32_MAX,
        kinds[i].by = (lane_id)value);
    GET(rc, cursor, "kind.site", h->kind_count, -1, INT32_MAX,
        kinds[i].site = (site_id)value);
    GET(rc, cursor, "kind.joined", h->kind_count, 0, 1, kinds[i].joined = value != 0);
    return rc;
}

/* As many values as the column's bytes hold, at most CHUNK_SPANS; how many into *count. */
static int get_rest(struct cursor *cursor, const char *name, uint32_t *count) {
    struct column column;
    const int rc = next_column(cursor, name, &column);
    if (rc != 0) {
        return rc;
    }
    if (!column_get_all(&column, CHUNK_SPANS, cursor->values, count)) {
        return corrupt_column(cursor, name, "does not decode");
    }
    return 0;
}

/* The kind of each span into out->kind. */
static int get_sequence(struct cursor *cursor, const struct header *h,
                        struct span_block *out) {
    struct chunk_sequence sequence = {.kind_count = h->kind_count};
    struct column hits;
    int rc = next_column(cursor, "hit", &hits);
    if (rc == 0 && !column_get_bits(&hits, h->count, sequence.hits)) {
        rc = corrupt_column(cursor, "hit", "does not decode");
    }
    if (rc == 0) {
        rc = get_rest(cursor, "misses", &sequence.miss_count);
    }
    for (uint32_t i = 0; rc == 0 && i < sequence.miss_count; i++) {
        if (cursor->values[i] < 0 || cursor->values[i] >= h->kind_count) {
            return corrupt_column(cursor, "misses", "is out of range");
        }
        sequence.misses[i] = (uint16_t)cursor->values[i];
    }
    if (rc == 0 && !chunk_sequence_kinds(&sequence, h->count, out->kind)) {
        rc = corrupt(cursor->err, "hits and misses do not fit together");
    }
    return rc;
}

static void set_columns(struct span_block *out, uint32_t i,
                        const struct span_kind *kind) {
    out->lane[i] = kind->lane;
    out->state[i] = kind->state;
    out->resource[i] = kind->resource;
    out->by[i] = kind->by;
    out->site[i] = kind->site;
}

/* The columns of the spans, out of their kinds and times. */
static int get_times(struct cursor *cursor, const struct header *h,
                     struct span_block *out, struct chunk_lanes *lanes) {
    uint32_t count, used = 0;
    const int rc = get_rest(cursor, "times", &count);
    sim_ns end = h->t0_ns;
    for (uint32_t i = 0; rc == 0 && i < h->count; i++) {
        const struct span_kind *kind = &out->kinds[out->kind[i]];
        if (!kind->joined) {
            if (used == count) {
                return corrupt_column(cursor, "times", "is too short");
            }
            const uint64_t step = (uint64_t)cursor->values[used++];
            if (step > (uint64_t)(h->t1_ns - end)) {
                return corrupt_column(cursor, "times", "is out of range");
            }
            end += (sim_ns)step;
        }
        sim_ns *start = &lanes->start_ns[chunk_place(kind->lane)];
        out->start_ns[i] = *start;
        out->end_ns[i] = end;
        const char *fault = chunk_end_fault(start, end);
        if (fault != NULL) {
            return chunk_wrong_row(&out->chunk, i, fault, ERR_CORRUPT, cursor->err);
        }
    }
    return rc == 0 && used != count ? corrupt_column(cursor, "times", "is too long") : rc;
}

static int get_spans(struct cursor *cursor, const struct header *h,
                     struct span_block *out) {
    struct chunk_lanes lanes;
    int rc = get_lanes(cursor, h, out);
    const char *fault = rc == 0 ? chunk_frame_fault(&out->chunk, &lanes) : NULL;
    if (fault != NULL) {
        return chunk_wrong(&out->chunk, fault, ERR_CORRUPT, cursor->err);
    }
    if (rc == 0) {
        rc = get_kinds(cursor, h, out);
    }
    if (rc == 0) {
        rc = get_sequence(cursor, h, out);
    }
    if (rc == 0) {
        rc = get_times(cursor, h, out, &lanes);
    }
    fault = rc == 0 ? chunk_lost_fault(&out->chunk, &lanes) : NULL;
    if (rc == 0 && out->end_ns[0] == h->t0_ns) {
        fault = "a span that ends outside the time of the chunk";
    }
    return fault == NULL ? rc : chunk_wrong(&out->chunk, fault, ERR_CORRUPT, cursor->err);
}

int chunk_codec_decode_kinds(const void *data, size_t size, struct span_block *out,
                             struct err *err) {
    struct cursor cursor = {.values = out->column};
    struct header header = {.magic = span_magic};
    int rc = open_chunk(&cursor, &header, data, size, err);
    if (rc != 0) {
        return rc;
    }
    out->chunk = (struct span_chunk){
        .group = header.group,
        .seq = header.seq,
        .count = header.count,
        .before_count = header.before_count,
        .after_count = header.after_count,
        .t0_ns = header.t0_ns,
        .t1_ns = header.t1_ns,
        .before = out->before,
        .after = out->after,
        .lane = out->lane,
        .start_ns = out->start_ns,
        .end_ns = out->end_ns,
        .state = out->state,
        .resource = out->resource,
        .by = out->by,
        .site = out->site,
    };
    rc = get_spans(&cursor, &header, out);
    return rc == 0 && cursor.at != cursor.end
               ? corrupt(err, "bytes after the last column")
               : rc;
}

int chunk_codec_decode_spans(const void *data, size_t size, struct span_block *out,
                             struct err *err) {
    const int rc = chunk_codec_decode_kinds(data, size, out, err);
    for (uint32_t i = 0; rc == 0 && i < out->chunk.count; i++) {
        set_columns(out, i, &out->kinds[out->kind[i]]);
    }
    return rc;
}

int chunk_codec_decode_instants(const void *data, size_t size, struct instant_block *out,
                                struct err *err) {
    struct cursor cursor = {.values = out->column};
    struct header header = {.magic = instant_magic};
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
    GET(rc, &cursor, "lane", header.count, 0, INT32_MAX, out->lane[i] = (lane_id)value);
    GET(rc, &cursor, "at", header.count, INT64_MIN, INT64_MAX,
        out->at_ns[i] = column_add(value, header.t0_ns));
    GET(rc, &cursor, "kind", header.count, 0, INSTANT_COUNT - 1,
        out->kind[i] = (uint8_t)value);
    GET(rc, &cursor, "by", header.count, -1, INT32_MAX, out->by[i] = (lane_id)value);
    if (rc == 0 && cursor.at != cursor.end) {
        rc = corrupt(err, "bytes after the last column");
    }
    return rc == 0 ? chunk_check_instants(&out->chunk, ERR_CORRUPT, err) : rc;
}
