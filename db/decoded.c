/* SPDX-License-Identifier: MIT */
#include "db/decoded_priv.h"

#include <string.h>

#include "db/counter_sheet_priv.h"
#include "db/instant_sheet_priv.h"
#include "engine/base/memory.h"

struct decoded_scratch {
    union {
        struct span_block spans;
        struct instant_block instants;
        struct counter_block counters;
    } of;
};

struct decoded_scratch *decoded_scratch_create(void) {
    return memory_resize(NULL, 1, sizeof(struct decoded_scratch)); /* no zeros: large */
}

void decoded_scratch_destroy(struct decoded_scratch *scratch) { memory_free(scratch); }

/* --- arrays of a chunk ----------------------------------------------------------- */

/* One piece of memory, from which arrays are taken: those of the largest items first, so that
 * each is aligned. */
struct pool {
    char *at;
};

static const void *pool_copy(struct pool *pool, const void *items, size_t count,
                             size_t size) {
    char *copy = pool->at;
    memcpy(copy, items, count * size);
    pool->at += count * size;
    return copy;
}

#define COPY(pool, items, count) pool_copy((pool), (items), (count), sizeof *(items))

static int pool_init(struct pool *pool, struct decoded *of, size_t bytes) {
    of->arrays = memory_resize(NULL, bytes, 1);
    of->bytes += bytes;
    pool->at = of->arrays;
    return of->arrays != NULL ? 0 : ERR_NOMEM;
}

static lane_id later_lane(lane_id a, lane_id b) { return a > b ? a : b; }

static lane_id last_lane(const lane_id *lanes, uint32_t count) {
    lane_id last = 0;
    for (uint32_t i = 0; i < count; i++) {
        last = later_lane(last, lanes[i]);
    }
    return last;
}

/* Room for `count` items. */
static void *pool_take(struct pool *pool, size_t count, size_t size) {
    void *items = pool->at;
    pool->at += count * size;
    return items;
}

#define TAKE(pool, items, count) ((items) = pool_take((pool), (count), sizeof *(items)))

/* The columns that spans of a kind have in common. */
static void fill_columns(struct span_chunk *c, const struct span_block *block,
                         struct pool *pool) {
    lane_id *lane, *resource, *by;
    site_id *site;
    uint8_t *state;
    TAKE(pool, lane, c->count);
    TAKE(pool, resource, c->count);
    TAKE(pool, by, c->count);
    TAKE(pool, site, c->count);
    TAKE(pool, state, c->count);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct span_kind *kind = &block->kinds[block->kind[i]];
        lane[i] = kind->lane;
        resource[i] = kind->resource;
        by[i] = kind->by;
        site[i] = kind->site;
        state[i] = kind->state;
    }
    c->lane = lane;
    c->resource = resource;
    c->by = by;
    c->site = site;
    c->state = state;
}

/* All but the columns, which may be NULL. */
static void keep_frame(struct decoded_spans *out, const struct span_block *block,
                       struct pool *pool) {
    const struct span_chunk *c = &block->chunk;
    out->chunk = (struct span_chunk){.group = c->group,
                                     .seq = c->seq,
                                     .count = c->count,
                                     .before_count = c->before_count,
                                     .after_count = c->after_count,
                                     .t0_ns = c->t0_ns,
                                     .t1_ns = c->t1_ns,
                                     .before = COPY(pool, c->before, c->before_count),
                                     .after = COPY(pool, c->after, c->after_count)};
    memcpy(out->since_ns, block->since_ns, sizeof out->since_ns);
}

static size_t frame_bytes(const struct span_chunk *c) {
    return c->before_count * sizeof *c->before + c->after_count * sizeof *c->after;
}

static int keep_spans(struct decoded *out, const struct span_block *block) {
    struct span_chunk *c = &out->as.spans.chunk;
    const size_t row = sizeof *c->start_ns + sizeof *c->end_ns + sizeof *c->lane +
                       sizeof *c->resource + sizeof *c->by + sizeof *c->site +
                       sizeof *c->state;
    struct pool pool;
    const int rc =
        pool_init(&pool, out, block->chunk.count * row + frame_bytes(&block->chunk));
    if (rc == 0) {
        keep_frame(&out->as.spans, block, &pool);
        c->start_ns = COPY(&pool, block->start_ns, c->count);
        c->end_ns = COPY(&pool, block->end_ns, c->count);
        fill_columns(c, block, &pool);
    }
    return rc;
}

static int keep_lanes(struct decoded *out, const struct span_block *block) {
    const struct span_chunk *c = &block->chunk;
    struct decoded_lanes *lanes = &out->as.lanes;
    struct pool pool;
    const int rc =
        pool_init(&pool, out,
                  c->count * (sizeof *lanes->end_ns + sizeof *lanes->kind) +
                      block->kind_count * sizeof *lanes->kinds + frame_bytes(c));
    if (rc != 0) {
        return rc;
    }
    keep_frame(&lanes->spans, block, &pool);
    lanes->end_ns = COPY(&pool, block->end_ns, c->count);
    lanes->kinds = COPY(&pool, block->kinds, block->kind_count);
    lanes->kind = COPY(&pool, block->kind, c->count);
    memcpy(lanes->first, block->first, sizeof lanes->first);
    for (uint32_t i = 0; i < c->before_count; i++) {
        lanes->begin_ns[c->before[i].lane % LANE_GROUP_LANES] = c->before[i].since_ns;
    }
    return 0;
}

uint32_t decoded_lanes_after(const struct decoded_lanes *lanes, uint32_t place,
                             sim_ns time) {
    uint32_t low = lanes->first[place], high = lanes->first[place + 1];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (lanes->end_ns[middle] <= time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int keep_instants(struct decoded *out, const struct instant_block *block) {
    struct instant_chunk *c = &out->as.instants;
    struct pool pool;
    *c = block->chunk;
    const int rc = pool_init(&pool, out,
                             c->count * (sizeof *c->at_ns + sizeof *c->lane +
                                         sizeof *c->by + sizeof *c->kind));
    if (rc == 0) {
        c->at_ns = COPY(&pool, block->at_ns, c->count);
        c->lane = COPY(&pool, block->lane, c->count);
        out->last_lane = last_lane(c->lane, c->count);
        c->by = COPY(&pool, block->by, c->count);
        c->kind = COPY(&pool, block->kind, c->count);
    }
    return rc;
}

static int keep_counters(struct decoded *out, const struct counter_block *block) {
    struct counter_chunk *c = &out->as.counters;
    struct pool pool;
    *c = block->chunk;
    const int rc = pool_init(&pool, out,
                             c->count * (sizeof *c->at_ns + sizeof *c->value +
                                         sizeof *c->lane + sizeof *c->kind));
    if (rc == 0) {
        c->at_ns = COPY(&pool, block->at_ns, c->count);
        c->value = COPY(&pool, block->value, c->count);
        c->lane = COPY(&pool, block->lane, c->count);
        out->last_lane = last_lane(c->lane, c->count);
        c->kind = COPY(&pool, block->kind, c->count);
    }
    return rc;
}

/* --- kinds ---------------------------------------------------------------------- */

static int decode_spans(struct decoded *out, const struct block_row *row,
                        struct decoded_scratch *scratch, struct err *err) {
    struct span_block *block = &scratch->of.spans;
    const int rc = chunk_codec_decode_kinds(row->data, row->size, block, err);
    return rc != 0 ? rc : keep_spans(out, block) == 0 ? 0 : err_set_nomem(err);
}

static int decode_lanes(struct decoded *out, const struct block_row *row,
                        struct decoded_scratch *scratch, struct err *err) {
    struct span_block *block = &scratch->of.spans;
    const int rc = chunk_codec_decode_lanes(row->data, row->size, block, err);
    return rc != 0 ? rc : keep_lanes(out, block) == 0 ? 0 : err_set_nomem(err);
}

static int decode_instants(struct decoded *out, const struct block_row *row,
                           struct decoded_scratch *scratch, struct err *err) {
    struct instant_block *block = &scratch->of.instants;
    const int rc = chunk_codec_decode_instants(row->data, row->size, block, err);
    return rc != 0 ? rc : keep_instants(out, block) == 0 ? 0 : err_set_nomem(err);
}

static int decode_counters(struct decoded *out, const struct block_row *row,
                           struct decoded_scratch *scratch, struct err *err) {
    struct counter_block *block = &scratch->of.counters;
    const int rc = chunk_codec_decode_counters(row->data, row->size, block, err);
    return rc != 0 ? rc : keep_counters(out, block) == 0 ? 0 : err_set_nomem(err);
}

static int decode_sheet(struct decoded *out, const struct block_row *row,
                        struct decoded_scratch *scratch, struct err *err) {
    (void)scratch; /* its arrays are as long as it is */
    struct sheet_block *sheet = &out->as.sheet;
    const int rc = sheet_codec_decode(row->data, row->size, sheet, err);
    out->bytes += sheet->kind_capacity * sizeof *sheet->kinds +
                  sheet->capacity * sizeof *sheet->nodes +
                  sheet->short_capacity * sizeof *sheet->short_ns +
                  sheet->long_capacity * sizeof *sheet->longs + sheet->time_capacity;
    return rc;
}

static int decode_points(struct decoded *out, const struct point_format *format,
                         const struct block_row *row, struct err *err) {
    struct point_sheet *sheet = &out->as.points;
    const int rc = point_sheet_decode(format, row->data, row->size, sheet, err);
    out->bytes += sheet->capacity * format->node_size;
    return rc;
}

static int decode_instant_sheet(struct decoded *out, const struct block_row *row,
                                struct decoded_scratch *scratch, struct err *err) {
    (void)scratch;
    const int rc = decode_points(out, &instant_sheet_format, row, err);
    const struct instant_node *nodes = out->as.points.nodes;
    for (uint32_t i = 0; rc == 0 && i < out->as.points.count; i++) {
        out->last_lane = later_lane(out->last_lane, nodes[i].lane);
    }
    return rc;
}

static int decode_counter_sheet(struct decoded *out, const struct block_row *row,
                                struct decoded_scratch *scratch, struct err *err) {
    (void)scratch;
    const int rc = decode_points(out, &counter_sheet_format, row, err);
    const struct counter_node *nodes = out->as.points.nodes;
    for (uint32_t i = 0; rc == 0 && i < out->as.points.count; i++) {
        out->last_lane = later_lane(out->last_lane, nodes[i].lane);
    }
    return rc;
}

static int (*const decoders[DECODED_KIND_COUNT])(struct decoded *out,
                                                 const struct block_row *row,
                                                 struct decoded_scratch *scratch,
                                                 struct err *err) = {
    [DECODED_SPANS] = decode_spans,
    [DECODED_LANES] = decode_lanes,
    [DECODED_INSTANTS] = decode_instants,
    [DECODED_COUNTERS] = decode_counters,
    [DECODED_SHEET] = decode_sheet,
    [DECODED_INSTANT_SHEET] = decode_instant_sheet,
    [DECODED_COUNTER_SHEET] = decode_counter_sheet,
};

int decoded_init(struct decoded *out, enum decoded_kind kind, const struct block_row *row,
                 struct decoded_scratch *scratch, struct err *err) {
    struct decoded decoded = {.kind = kind, .bytes = sizeof decoded};
    const int rc = decoders[kind](&decoded, row, scratch, err);
    if (rc != 0) {
        decoded_deinit(&decoded);
        return rc;
    }
    *out = decoded;
    return 0;
}

void decoded_deinit(struct decoded *decoded) {
    switch (decoded->kind) {
    case DECODED_SHEET:
        sheet_block_deinit(&decoded->as.sheet);
        break;
    case DECODED_INSTANT_SHEET:
    case DECODED_COUNTER_SHEET:
        point_sheet_deinit(&decoded->as.points);
        break;
    default:
        memory_free(decoded->arrays);
        break;
    }
}
