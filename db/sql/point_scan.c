/* SPDX-License-Identifier: MIT */
#include "db/sql/point_scan.h"

#include <assert.h>

#include "db/sql/chunk_list.h"

enum { INDEX_BITS = 12 };

static_assert(CHUNK_SPANS <= 1 << INDEX_BITS, "a row id has room for the index");

struct point_scan {
    struct chunk_list chunks;
    struct run_names names;
    struct point_filter filter;
    const struct point_source *source;
    size_t next_chunk;
    int64_t decoded; /* row of the chunk in `rows`, 0: none */
    sim_ns last_ns;
    uint32_t position;
    struct point_rows {
        uint32_t count;
        sim_ns t0_ns, t1_ns;
        const lane_id *lane;
        const sim_ns *at_ns;
        const uint8_t *kind;
        const lane_id *by;    /* of instants, else NULL */
        const int64_t *value; /* of counters, else NULL */
    } rows;
    union {
        struct instant_block instants;
        struct counter_block counters;
    } block;
};

/* --- the types ------------------------------------------------------------------ */

struct point_source {
    struct chunk_source chunks;
    int (*decode)(struct point_scan *scan, const void *data, size_t size,
                  struct err *err);
};

static int decode_instants(struct point_scan *scan, const void *data, size_t size,
                           struct err *err) {
    struct instant_block *block = &scan->block.instants;
    const int rc = chunk_codec_decode_instants(data, size, block, err);
    scan->rows = (struct point_rows){.count = block->chunk.count,
                                     .t0_ns = block->chunk.t0_ns,
                                     .t1_ns = block->chunk.t1_ns,
                                     .lane = block->lane,
                                     .at_ns = block->at_ns,
                                     .kind = block->kind,
                                     .by = block->by};
    return rc;
}

static int decode_counters(struct point_scan *scan, const void *data, size_t size,
                           struct err *err) {
    struct counter_block *block = &scan->block.counters;
    const int rc = chunk_codec_decode_counters(data, size, block, err);
    scan->rows = (struct point_rows){.count = block->chunk.count,
                                     .t0_ns = block->chunk.t0_ns,
                                     .t1_ns = block->chunk.t1_ns,
                                     .lane = block->lane,
                                     .at_ns = block->at_ns,
                                     .kind = block->kind,
                                     .value = block->value};
    return rc;
}

static const struct point_source sources[] = {
    [POINT_INSTANTS] = {{.list =
                             "SELECT id, 0, t0_ns, t1_ns, t0_ns FROM main.instant_chunk"
                             " WHERE run = ? ORDER BY t1_ns, seq",
                         .read = "SELECT data FROM main.instant_chunk WHERE id = ?",
                         .points = DAMAGE_INSTANTS},
                        decode_instants},
    [POINT_COUNTERS] = {{.list =
                             "SELECT id, 0, t0_ns, t1_ns, t0_ns FROM main.counter_chunk"
                             " WHERE run = ? ORDER BY t1_ns, seq",
                         .read = "SELECT data FROM main.counter_chunk WHERE id = ?",
                         .points = DAMAGE_COUNTERS},
                        decode_counters},
};

/* --- life ----------------------------------------------------------------------- */

int point_scan_create(struct point_scan **out, struct sqlite3 *sqlite,
                      enum point_type type, struct damage_list *damages,
                      struct err *err) {
    struct point_scan *scan = memory_zeroed(1, sizeof *scan);
    if (scan == NULL) {
        return err_set_nomem(err);
    }
    scan->source = &sources[type];
    scan->chunks.sqlite = sqlite;
    scan->chunks.source = &scan->source->chunks;
    scan->chunks.damages = damages;
    scan->names.sqlite = sqlite;
    *out = scan;
    return 0;
}

void point_scan_destroy(struct point_scan *scan) {
    if (scan != NULL) {
        chunk_list_deinit(&scan->chunks);
        run_names_deinit(&scan->names);
        memory_free(scan);
    }
}

/* --- chunks --------------------------------------------------------------------- */

int point_scan_start(struct point_scan *scan, const struct point_filter *filter,
                     struct err *err) {
    scan->filter = *filter;
    scan->decoded = 0;
    scan->next_chunk = scan->chunks.count;
    return chunk_list_begin(&scan->chunks, filter->run.lo, filter->run.hi, err);
}

static int begin_run(struct point_scan *scan, struct err *err) {
    const int rc = chunk_list_next_run(&scan->chunks, err);
    scan->next_chunk = 0;
    scan->last_ns = 0;
    if (rc == 1 && scan->filter.lane.kinds != UINT32_MAX) {
        const int failed = run_names_read_lanes(&scan->names, scan->chunks.run, err);
        return failed != 0 ? failed : 1;
    }
    return rc;
}

static int read_rows(struct point_scan *scan, const struct chunk_ref *ref,
                     struct err *err) {
    const void *data;
    size_t size;
    int rc = chunk_list_read(&scan->chunks, ref, &data, &size, err);
    if (rc == 0) {
        rc = scan->source->decode(scan, data, size, err);
    }
    const struct point_rows *chunk = &scan->rows;
    if (rc == 0 && (chunk->t0_ns != ref->t0_ns || chunk->t1_ns != ref->t1_ns ||
                    chunk->at_ns[0] < scan->last_ns)) {
        rc = err_set(err, ERR_CORRUPT, "the chunk is not what its row says");
    }
    return rc;
}

/* 1, or 0 for a chunk that is damaged. */
static int decode(struct point_scan *scan, const struct chunk_ref *ref, struct err *err) {
    struct err why = {0};
    scan->decoded = 0;
    const int rc = read_rows(scan, ref, &why);
    if (rc == ERR_CORRUPT) {
        return chunk_list_note(&scan->chunks, ref, why.text, err);
    }
    if (rc != 0) {
        return err_set_from(err, rc, &why);
    }
    scan->last_ns = scan->rows.at_ns[scan->rows.count - 1];
    scan->decoded = ref->id;
    return 1;
}

static bool matches(const struct point_scan *scan, uint32_t i) {
    const struct point_rows *b = &scan->rows;
    return (scan->filter.kinds >> b->kind[i] & 1) != 0 &&
           int_range_has(&scan->filter.at, b->at_ns[i]) &&
           lane_filter_has(&scan->filter.lane, &scan->names, b->lane[i]);
}

/* --- rows ----------------------------------------------------------------------- */

/* 1: the scan stands on the next wanted row of the open chunk. */
static int next_row(struct point_scan *scan, uint32_t from) {
    for (uint32_t i = from; i < scan->rows.count; i++) {
        if (matches(scan, i)) {
            scan->position = i;
            return 1;
        }
    }
    return 0;
}

static int next_chunk(struct point_scan *scan, struct err *err) {
    while (scan->next_chunk < scan->chunks.count) {
        const struct chunk_ref *ref = &scan->chunks.items[scan->next_chunk++];
        if (scan->filter.at.hi < ref->t0_ns || scan->filter.at.lo > ref->t1_ns) {
            continue;
        }
        const int rc = decode(scan, ref, err);
        if (rc < 0) {
            return rc;
        }
        if (rc == 1 && next_row(scan, 0) == 1) {
            return 1;
        }
    }
    return 0;
}

int point_scan_next(struct point_scan *scan, struct err *err) {
    if (scan->decoded != 0 && next_row(scan, scan->position + 1) == 1) {
        return 1;
    }
    scan->decoded = 0;
    int rc = next_chunk(scan, err);
    while (rc == 0 && (rc = begin_run(scan, err)) == 1) {
        rc = next_chunk(scan, err);
    }
    return rc;
}

void point_scan_place(const struct point_scan *scan, struct point_place *out) {
    const struct point_rows *rows = &scan->rows;
    const uint32_t i = scan->position;
    *out = (struct point_place){
        .run = scan->chunks.run,
        .rowid = scan->decoded << INDEX_BITS | i,
        .at_ns = rows->at_ns[i],
        .lane = rows->lane[i],
        .kind = rows->kind[i],
        .by = rows->by != NULL ? rows->by[i] : LANE_NONE,
        .value = rows->value != NULL ? rows->value[i] : 0,
    };
}

int point_scan_names(struct point_scan *scan, const struct run_names **out,
                     struct err *err) {
    const int rc = run_names_read_lanes(&scan->names, scan->chunks.run, err);
    if (rc == 0) {
        *out = &scan->names;
    }
    return rc;
}
