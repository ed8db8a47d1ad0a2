/* SPDX-License-Identifier: MIT */
/*
 * chunk_codec - the bytes of a chunk, format version 1.
 *
 * A later program reads what this one wrote; what this one does not know it refuses.
 * All fixed-width integers are little-endian; signed ones are two's complement.
 *
 *     offset  size
 *          0     4  magic: "GSsp" for spans, "GSin" for instants, "GSct" for counters
 *          4     1  version: 1
 *          5     1  lanes before, 0 .. 64; 0 for instants and counters
 *          6     1  lanes after, 0 .. 64; 0 for instants and counters
 *          7     1  0
 *          8     4  group: lane group of spans; 0 for instants and counters
 *         12     4  seq: 0, 1, 2 ... within the run's group (spans) or the run
 *         16     8  t0, ns: spans end later, other rows are not earlier
 *         24     8  t1, ns: no row ends later
 *         32     2  count: number of rows, 1 .. 4096; 0 of spans in a chunk that is open
 *         34     2  kinds, of counters these: 1 .. 4096; 0 for instants, and without rows
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
 * The chunk in which a run that is being recorded goes on is stored again and again, and full
 * in the end. Only such a one has a t1 behind its last row, or no rows: nothing has ended, but
 * lanes were born.
 *
 * Columns of instants, in the order of time:
 *
 *     0 lane      1 at: at - t0      2 kind      3 by
 *
 * Columns of samples of counters, in the order of time; first the counters that they are of,
 * each once, in the order of their first samples here:
 *
 *     counters   0 lane        1 kind
 *     samples    2 counter     3 at: at - t0     4 change: the value less that of the
 *                                                counter's sample before, the first one's own
 *
 * A reader accepts a chunk when: length, magic, version, counts and CRC are right; every
 * length stays inside; 0 <= lane - 64 * group < 64 (spans), 0 <= lane (others); states and
 * kinds are known; resource, by, site >= -1; lanes of before and after ascend; every
 * lane has a before and, when no span of it ends, an after; 0 <= since <= t1, start < end,
 * 0 <= t0 < end <= t1 and ends do not descend (spans), t0 <= at <= t1 and times do not
 * descend (others); a counter has one sample at a time, each with another value than the one
 * before it.
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

#include "db/chunk_check_priv.h"
#include "db/chunk_dictionary_priv.h"
#include "db/chunk_frame_priv.h"
#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

static const char span_magic[] = "GSsp";

enum { LANE_COLUMNS = 6, KIND_COLUMNS = 6, SPAN_COLUMNS = 3 };

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
    int rc = chunk_check_count(chunk->count, chunk->is_open ? 0 : 1, err);
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
    const struct chunk_header header = {
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
    if (chunk_frame_reserve(out, LANE_COLUMNS + KIND_COLUMNS + SPAN_COLUMNS, values) !=
        0) {
        return err_set_nomem(err);
    }
    uint8_t *at = chunk_frame_put(out->data + out->size, &header);
    at = put_lanes(at, chunk);
    at = put_kinds(at, chunk, &sequence);
    chunk_frame_seal(out, put_sequence(at, chunk, &sequence));
    return 0;
}

/* --- decoding ------------------------------------------------------------------ */

enum { LAST_PLACE = LANE_GROUP_LANES - 1, LAST_STATE = STATE_COUNT - 1 };

static int get_lanes(struct chunk_cursor *cursor, const struct chunk_header *h,
                     struct span_block *out) {
    const int64_t first = (int64_t)h->group * LANE_GROUP_LANES;
    struct lane_before *before = out->before;
    struct lane_after *after = out->after;
    int rc =
        first + LAST_PLACE <= INT32_MAX ? 0 : chunk_corrupt(cursor->err, "wrong group");
    CHUNK_GET(rc, cursor, "before.lane", h->before_count, 0, LAST_PLACE,
              before[i].lane = (lane_id)(first + value));
    CHUNK_GET(rc, cursor, "before.since", h->before_count, INT64_MIN, INT64_MAX,
              before[i].since_ns = column_add(value, h->t0_ns));
    CHUNK_GET(rc, cursor, "after.lane", h->after_count, 0, LAST_PLACE,
              after[i].lane = (lane_id)(first + value));
    CHUNK_GET(rc, cursor, "after.state", h->after_count, 0, LAST_STATE,
              after[i].state = (uint8_t)value);
    CHUNK_GET(rc, cursor, "after.resource", h->after_count, -1, INT32_MAX,
              after[i].resource = (lane_id)value);
    CHUNK_GET(rc, cursor, "after.site", h->after_count, -1, INT32_MAX,
              after[i].site = (site_id)value);
    return rc;
}

static int get_kinds(struct chunk_cursor *cursor, const struct chunk_header *h,
                     struct span_block *out) {
    const int64_t first = (int64_t)h->group * LANE_GROUP_LANES;
    struct span_kind *kinds = out->kinds;
    int rc = 0;
    CHUNK_GET(rc, cursor, "kind.lane", h->kind_count, 0, LAST_PLACE,
              kinds[i].lane = (lane_id)(first + value));
    CHUNK_GET(rc, cursor, "kind.state", h->kind_count, 0, LAST_STATE,
              kinds[i].state = (uint8_t)value);
    CHUNK_GET(rc, cursor, "kind.resource", h->kind_count, -1, INT32_MAX,
              kinds[i].resource = (lane_id)value);
    CHUNK_GET(rc, cursor, "kind.by", h->kind_count, -1, INT32_MAX,
              kinds[i].by = (lane_id)value);
    CHUNK_GET(rc, cursor, "kind.site", h->kind_count, -1, INT32_MAX,
              kinds[i].site = (site_id)value);
    CHUNK_GET(rc, cursor, "kind.joined", h->kind_count, 0, 1,
              kinds[i].joined = value != 0);
    return rc;
}

static int next_column(struct chunk_cursor *cursor, const char *name,
                       struct column *out) {
    return column_take(&cursor->at, cursor->end, out)
               ? 0
               : chunk_corrupt_column(cursor, name, "is cut off");
}

/* As many values as the column's bytes hold, at most CHUNK_SPANS; how many into *count. */
static int get_rest(struct chunk_cursor *cursor, const char *name, uint32_t *count) {
    struct column column;
    const int rc = next_column(cursor, name, &column);
    if (rc != 0) {
        return rc;
    }
    if (!column_get_all(&column, CHUNK_SPANS, cursor->values, count)) {
        return chunk_corrupt_column(cursor, name, "does not decode");
    }
    return 0;
}

/* Kinds and uses of chunk_sequence_kinds(). */
static int get_sequence(struct chunk_cursor *cursor, const struct chunk_header *h,
                        uint16_t *kinds, uint16_t *uses) {
    struct chunk_sequence sequence; /* no zeros: large */
    struct column hits;
    sequence.kind_count = h->kind_count;
    sequence.miss_count = 0;
    int rc = next_column(cursor, "hit", &hits);
    if (rc == 0 && !column_get_bits(&hits, h->count, sequence.hits)) {
        rc = chunk_corrupt_column(cursor, "hit", "does not decode");
    }
    if (rc == 0) {
        rc = get_rest(cursor, "misses", &sequence.miss_count);
    }
    const uint32_t misses = rc == 0 ? sequence.miss_count : 0;
    uint64_t beyond = 0;
    for (uint32_t i = 0; i < misses; i++) {
        const uint64_t kind = (uint64_t)cursor->values[i];
        beyond |= (uint64_t)(kind >= h->kind_count);
        sequence.misses[i] = (uint16_t)kind;
    }
    if (beyond != 0) {
        return chunk_corrupt_column(cursor, "misses", "is out of range");
    }
    if (rc == 0 && !chunk_sequence_kinds(&sequence, h->count, kinds, uses)) {
        rc = chunk_corrupt(cursor->err, "hits and misses do not fit together");
    }
    return rc;
}

/* In which order a block has its spans. */
enum order { BY_TIME, BY_LANE };

/* What goes on while the spans are gone through. */
struct clocks {
    struct chunk_lanes lanes;
    uint32_t next[LANE_GROUP_LANES]; /* by lane: where its next span goes */
    uint8_t of[CHUNK_SPANS];         /* by kind: place of the lane | NOT_JOINED */
    uint16_t uses[CHUNK_SPANS + 1];  /* by kind: how many spans */
    uint16_t kinds[CHUNK_SPANS];     /* of spans, in the order of time */
};
enum { NOT_JOINED = LANE_GROUP_LANES };

static void set_clocks(struct clocks *clocks, const struct span_block *block) {
    for (uint32_t i = 0; i < block->kind_count; i++) {
        clocks->of[i] = (uint8_t)(chunk_place(block->kinds[i].lane) +
                                  (block->kinds[i].joined ? 0 : NOT_JOINED));
    }
}

/* Where the spans of each lane begin. */
static void place_lanes(struct clocks *clocks, struct span_block *out) {
    uint32_t sum = 0;
    memset(clocks->next, 0, sizeof clocks->next);
    for (uint32_t i = 0; i < out->kind_count; i++) {
        clocks->next[clocks->of[i] % NOT_JOINED] += clocks->uses[i];
    }
    for (uint32_t place = 0; place < LANE_GROUP_LANES; place++) {
        const uint32_t count = clocks->next[place];
        out->first[place] = clocks->next[place] = sum;
        sum += count;
    }
    out->first[LANE_GROUP_LANES] = sum;
}

static int fail_times(const struct chunk_cursor *cursor, const struct span_block *out,
                      uint32_t row, const char *fault) {
    return chunk_wrong_row(&out->chunk, row, fault, ERR_CORRUPT, cursor->err);
}

/* The columns of the spans, out of their kinds and times. */
static inline int get_times(struct chunk_cursor *cursor, struct clocks *clocks,
                            struct span_block *out, enum order order) {
    const uint32_t rows = out->chunk.count;
    const int64_t *values = cursor->values;
    uint32_t count, used = 0;
    const int rc = get_rest(cursor, "times", &count);
    if (rc != 0) {
        return rc;
    }
    uint64_t end = (uint64_t)out->chunk.t0_ns;
    uint64_t left = (uint64_t)out->chunk.t1_ns - end;
    for (uint32_t i = 0; i < rows; i++) {
        /* Whether it is joined is as good as chance: no branch depends on it. */
        const uint16_t kind = clocks->kinds[i];
        const uint32_t clock = clocks->of[kind], moves = clock / NOT_JOINED;
        const uint64_t step = (uint64_t)values[used] & (0 - (uint64_t)moves);
        used += moves;
        if (used > count) {
            return chunk_corrupt_column(cursor, "times", "is too short");
        }
        if (step > left) {
            return chunk_corrupt_column(cursor, "times", "is out of range");
        }
        end += step;
        left -= step;
        sim_ns *start = &clocks->lanes.start_ns[clock % NOT_JOINED];
        uint32_t at = i;
        if (order == BY_LANE) {
            at = clocks->next[clock % NOT_JOINED]++;
        } else {
            out->start_ns[at] = *start;
        }
        out->end_ns[at] = (sim_ns)end;
        out->kind[at] = kind;
        const char *fault = chunk_end_fault(start, (sim_ns)end);
        if (fault != NULL) {
            return fail_times(cursor, out, i, fault);
        }
    }
    return used != count ? chunk_corrupt_column(cursor, "times", "is too long") : 0;
}

/* The first span ends at t0, where nothing may; its time, if it has one, is the first. */
static bool ends_at_t0(const struct chunk_cursor *cursor, const struct clocks *clocks,
                       const struct span_block *out) {
    return out->chunk.count > 0 &&
           (clocks->of[clocks->kinds[0]] < NOT_JOINED || cursor->values[0] == 0);
}

static int get_rows(struct chunk_cursor *cursor, struct clocks *clocks,
                    struct span_block *out, enum order order) {
    int rc;
    set_clocks(clocks, out);
    if (order == BY_LANE) {
        place_lanes(clocks, out);
        rc = get_times(cursor, clocks, out, BY_LANE);
    } else {
        rc = get_times(cursor, clocks, out, BY_TIME);
    }
    memcpy(out->since_ns, clocks->lanes.start_ns, sizeof out->since_ns);
    const char *fault = rc == 0 ? chunk_lost_fault(&out->chunk, &clocks->lanes) : NULL;
    if (rc == 0 && ends_at_t0(cursor, clocks, out)) {
        fault = "a span that ends outside the time of the chunk";
    }
    return fault == NULL ? rc : chunk_wrong(&out->chunk, fault, ERR_CORRUPT, cursor->err);
}

static int get_spans(struct chunk_cursor *cursor, const struct chunk_header *h,
                     struct span_block *out, enum order order) {
    struct clocks clocks; /* no zeros: large */
    int rc = get_lanes(cursor, h, out);
    const char *fault = rc == 0 ? chunk_frame_fault(&out->chunk, &clocks.lanes) : NULL;
    if (fault != NULL) {
        return chunk_wrong(&out->chunk, fault, ERR_CORRUPT, cursor->err);
    }
    if (rc == 0) {
        rc = get_kinds(cursor, h, out);
    }
    if (rc == 0) {
        rc = get_sequence(cursor, h, clocks.kinds, clocks.uses);
    }
    return rc == 0 ? get_rows(cursor, &clocks, out, order) : rc;
}

static int decode(const void *data, size_t size, struct span_block *out, enum order order,
                  struct err *err) {
    struct chunk_cursor cursor = {.values = out->column};
    struct chunk_header header = {
        .magic = span_magic, .has_kinds = true, .may_be_empty = true};
    int rc = chunk_frame_open(&cursor, &header, data, size, err);
    if (rc != 0) {
        return rc;
    }
    out->kind_count = header.kind_count;
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
    rc = get_spans(&cursor, &header, out, order);
    return rc == 0 ? chunk_frame_close(&cursor) : rc;
}

int chunk_codec_decode_kinds(const void *data, size_t size, struct span_block *out,
                             struct err *err) {
    return decode(data, size, out, BY_TIME, err);
}

int chunk_codec_decode_lanes(const void *data, size_t size, struct span_block *out,
                             struct err *err) {
    return decode(data, size, out, BY_LANE, err);
}

static void fill_columns(struct span_block *block) {
    for (uint32_t i = 0; i < block->chunk.count; i++) {
        const struct span_kind *kind = &block->kinds[block->kind[i]];
        block->lane[i] = kind->lane;
        block->state[i] = kind->state;
        block->resource[i] = kind->resource;
        block->by[i] = kind->by;
        block->site[i] = kind->site;
    }
}

int chunk_codec_decode_spans(const void *data, size_t size, struct span_block *out,
                             struct err *err) {
    const int rc = chunk_codec_decode_kinds(data, size, out, err);
    if (rc == 0) {
        fill_columns(out);
    }
    return rc;
}
