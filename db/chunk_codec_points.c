/* SPDX-License-Identifier: MIT */
/*
 * chunk_codec_points - chunks of what happens at one time each: instants, and samples of
 * counters. The format is specified at the head of chunk_codec.c.
 */
#include "db/chunk_codec.h"

#include <string.h>

#include "db/chunk_check_priv.h"
#include "db/chunk_frame_priv.h"

static const char instant_magic[] = "GSin";
static const char counter_magic[] = "GSct";

enum { INSTANT_COLUMNS = 4, COUNTER_COLUMNS = 2, SAMPLE_COLUMNS = 3 };

/* --- instants ------------------------------------------------------------------ */

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
    int rc = chunk_check_count(chunk->count, 1, err);
    if (rc == 0) {
        rc = chunk_check_instants(chunk, ERR_INVALID, err);
    }
    if (rc != 0) {
        return rc;
    }
    const struct chunk_header header = {
        .magic = instant_magic,
        .seq = chunk->seq,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .count = chunk->count,
    };
    if (chunk_frame_reserve(out, INSTANT_COLUMNS,
                            INSTANT_COLUMNS * (size_t)chunk->count) != 0) {
        return err_set_nomem(err);
    }
    uint8_t *at = chunk_frame_put(out->data + out->size, &header);
    chunk_frame_seal(out, put_instant_columns(at, chunk));
    return 0;
}

int chunk_codec_decode_instants(const void *data, size_t size, struct instant_block *out,
                                struct err *err) {
    struct chunk_cursor cursor = {.values = out->column};
    struct chunk_header header = {.magic = instant_magic};
    int rc = chunk_frame_open(&cursor, &header, data, size, err);
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
    CHUNK_GET(rc, &cursor, "lane", header.count, 0, INT32_MAX,
              out->lane[i] = (lane_id)value);
    CHUNK_GET(rc, &cursor, "at", header.count, INT64_MIN, INT64_MAX,
              out->at_ns[i] = column_add(value, header.t0_ns));
    CHUNK_GET(rc, &cursor, "kind", header.count, 0, INSTANT_COUNT - 1,
              out->kind[i] = (uint8_t)value);
    CHUNK_GET(rc, &cursor, "by", header.count, -1, INT32_MAX,
              out->by[i] = (lane_id)value);
    if (rc == 0) {
        rc = chunk_frame_close(&cursor);
    }
    return rc == 0 ? chunk_check_instants(&out->chunk, ERR_CORRUPT, err) : rc;
}

/* --- which counter a sample is of ---------------------------------------------- */

/* A table of counters, by hash: twice as many slots as there can be counters. */
enum { SLOTS = 2 * CHUNK_SPANS, NOTHING = UINT16_MAX };

struct counter_table {
    uint32_t count;
    struct counter_key *counters;
    uint16_t slots[SLOTS];
};

static void table_init(struct counter_table *table, struct counter_key *counters) {
    table->count = 0;
    table->counters = counters;
    memset(table->slots, 0xff, sizeof table->slots);
}

/* Adds it, unless it is there. */
static uint16_t table_find(struct counter_table *table, struct counter_key key) {
    const uint64_t mixed =
        ((uint64_t)(uint32_t)key.lane << 8 | key.kind) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(mixed >> 40) % SLOTS;
    while (table->slots[at] != NOTHING) {
        const struct counter_key *it = &table->counters[table->slots[at]];
        if (it->lane == key.lane && it->kind == key.kind) {
            return table->slots[at];
        }
        at = (at + 1) % SLOTS;
    }
    table->slots[at] = (uint16_t)table->count;
    table->counters[table->count] = key;
    return (uint16_t)table->count++;
}

/* The sample of the same counter before each one; NOTHING for the first. */
static void find_before(const uint16_t *counter, uint32_t count, uint16_t *before) {
    uint16_t last[CHUNK_SPANS];
    memset(last, 0xff, sizeof last);
    for (uint32_t i = 0; i < count; i++) {
        before[i] = last[counter[i]];
        last[counter[i]] = (uint16_t)i;
    }
}

static int check_steps(const struct counter_chunk *c, const uint16_t *before, int code,
                       struct err *err) {
    for (uint32_t i = 0; i < c->count; i++) {
        if (before[i] != NOTHING &&
            (c->at_ns[before[i]] >= c->at_ns[i] || c->value[before[i]] == c->value[i])) {
            return err_set(err, code,
                           "counter chunk %u, row %u: the counter does not change",
                           c->seq, i);
        }
    }
    return 0;
}

/* --- counters ------------------------------------------------------------------ */

static int check_counters(const struct counter_chunk *c, const uint16_t *counter,
                          uint16_t *before, int code, struct err *err) {
    const int rc = chunk_check_counters(c, code, err);
    find_before(counter, c->count, before);
    return rc == 0 ? check_steps(c, before, code, err) : rc;
}

static uint8_t *put_samples(uint8_t *at, const struct counter_chunk *c,
                            const struct counter_table *table, const uint16_t *counter,
                            const uint16_t *before) {
    int64_t column[CHUNK_SPANS];
    COLUMN_PUT(at, column, table->count, table->counters[i].lane);
    COLUMN_PUT(at, column, table->count, table->counters[i].kind);
    COLUMN_PUT(at, column, c->count, counter[i]);
    COLUMN_PUT(at, column, c->count, column_subtract(c->at_ns[i], c->t0_ns));
    COLUMN_PUT(
        at, column, c->count,
        column_subtract(c->value[i], before[i] == NOTHING ? 0 : c->value[before[i]]));
    return at;
}

int chunk_codec_encode_counters(const struct counter_chunk *chunk,
                                struct chunk_bytes *out, struct err *err) {
    struct counter_table table;
    struct counter_key counters[CHUNK_SPANS];
    uint16_t counter[CHUNK_SPANS], before[CHUNK_SPANS];
    int rc = chunk_check_count(chunk->count, 1, err);
    table_init(&table, counters);
    for (uint32_t i = 0; rc == 0 && i < chunk->count; i++) {
        counter[i] =
            table_find(&table, (struct counter_key){chunk->lane[i], chunk->kind[i]});
    }
    if (rc == 0) {
        rc = check_counters(chunk, counter, before, ERR_INVALID, err);
    }
    if (rc != 0) {
        return rc;
    }
    const struct chunk_header header = {
        .magic = counter_magic,
        .seq = chunk->seq,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .count = chunk->count,
        .kind_count = table.count,
    };
    const size_t values =
        COUNTER_COLUMNS * (size_t)table.count + SAMPLE_COLUMNS * (size_t)chunk->count;
    if (chunk_frame_reserve(out, COUNTER_COLUMNS + SAMPLE_COLUMNS, values) != 0) {
        return err_set_nomem(err);
    }
    uint8_t *at = chunk_frame_put(out->data + out->size, &header);
    chunk_frame_seal(out, put_samples(at, chunk, &table, counter, before));
    return 0;
}

/* Each counter once, and in the order of their first samples. */
static int check_order(struct counter_block *out, struct err *err) {
    struct counter_table table;
    struct counter_key counters[CHUNK_SPANS];
    uint32_t seen = 0;
    table_init(&table, counters);
    for (uint32_t i = 0; i < out->counter_count; i++) {
        if (table_find(&table, out->counters[i]) != i) {
            return chunk_corrupt(err, "a counter that is there twice");
        }
    }
    for (uint32_t i = 0; i < out->chunk.count; i++) {
        if (out->counter[i] > seen) {
            return chunk_corrupt(err, "counters out of order");
        }
        seen += out->counter[i] == seen;
    }
    return seen == out->counter_count ? 0
                                      : chunk_corrupt(err, "a counter without samples");
}

static int get_samples(struct chunk_cursor *cursor, struct counter_block *out) {
    const uint32_t count = out->chunk.count;
    const sim_ns t0_ns = out->chunk.t0_ns;
    int rc = 0;
    CHUNK_GET(rc, cursor, "counter.lane", out->counter_count, 0, INT32_MAX,
              out->counters[i].lane = (lane_id)value);
    CHUNK_GET(rc, cursor, "counter.kind", out->counter_count, 0, COUNTER_COUNT - 1,
              out->counters[i].kind = (uint8_t)value);
    CHUNK_GET(rc, cursor, "counter", count, 0, out->counter_count - 1,
              out->counter[i] = (uint16_t)value);
    CHUNK_GET(rc, cursor, "at", count, INT64_MIN, INT64_MAX,
              out->at_ns[i] = column_add(value, t0_ns));
    CHUNK_GET(rc, cursor, "change", count, INT64_MIN, INT64_MAX, out->value[i] = value);
    return rc == 0 ? chunk_frame_close(cursor) : rc;
}

/* Values out of their changes, and the columns that the counters stand for. */
static int expand(struct counter_block *out, struct err *err) {
    uint16_t before[CHUNK_SPANS];
    find_before(out->counter, out->chunk.count, before);
    for (uint32_t i = 0; i < out->chunk.count; i++) {
        const struct counter_key *key = &out->counters[out->counter[i]];
        out->lane[i] = key->lane;
        out->kind[i] = key->kind;
        if (before[i] != NOTHING) {
            out->value[i] = column_add(out->value[i], out->value[before[i]]);
        }
    }
    return check_counters(&out->chunk, out->counter, before, ERR_CORRUPT, err);
}

int chunk_codec_decode_counters(const void *data, size_t size, struct counter_block *out,
                                struct err *err) {
    struct chunk_cursor cursor = {.values = out->column};
    struct chunk_header header = {.magic = counter_magic, .has_kinds = true};
    int rc = chunk_frame_open(&cursor, &header, data, size, err);
    if (rc != 0) {
        return rc;
    }
    out->counter_count = header.kind_count;
    out->chunk = (struct counter_chunk){
        .seq = header.seq,
        .count = header.count,
        .t0_ns = header.t0_ns,
        .t1_ns = header.t1_ns,
        .lane = out->lane,
        .kind = out->kind,
        .at_ns = out->at_ns,
        .value = out->value,
    };
    rc = get_samples(&cursor, out);
    if (rc == 0) {
        rc = check_order(out, err);
    }
    return rc == 0 ? expand(out, err) : rc;
}
