/* SPDX-License-Identifier: MIT */
#include "db/sql/instant_scan.h"

#include <assert.h>

#include "db/sql/chunk_list.h"
#include "db/sql/fault.h"

enum { INDEX_BITS = 12 };

static_assert(CHUNK_SPANS <= 1 << INDEX_BITS, "a row id has room for the index");

struct instant_scan {
    struct chunk_list chunks;
    struct run_names names;
    struct instant_filter filter;
    size_t next_chunk;
    int64_t decoded; /* row of the chunk in `block`, 0: none */
    sim_ns last_ns;
    uint32_t position;
    struct instant_block block;
};

int instant_scan_create(struct instant_scan **out, struct sqlite3 *sqlite,
                        struct err *err) {
    static const struct chunk_source source = {
        .list = "SELECT id, 0, t0_ns, t1_ns, t0_ns FROM main.instant_chunk WHERE run = ?"
                " ORDER BY t1_ns, seq",
        .read = "SELECT data FROM main.instant_chunk WHERE id = ?",
    };
    struct instant_scan *scan = memory_zeroed(1, sizeof *scan);
    if (scan == NULL) {
        return err_set_nomem(err);
    }
    scan->chunks.sqlite = sqlite;
    scan->chunks.source = &source;
    scan->names.sqlite = sqlite;
    *out = scan;
    return 0;
}

void instant_scan_destroy(struct instant_scan *scan) {
    if (scan != NULL) {
        chunk_list_deinit(&scan->chunks);
        run_names_deinit(&scan->names);
        memory_free(scan);
    }
}

int instant_scan_start(struct instant_scan *scan, const struct instant_filter *filter,
                       struct err *err) {
    scan->filter = *filter;
    scan->decoded = 0;
    scan->next_chunk = scan->chunks.count;
    return chunk_list_begin(&scan->chunks, filter->run.lo, filter->run.hi, err);
}

static int begin_run(struct instant_scan *scan, struct err *err) {
    const int rc = chunk_list_next_run(&scan->chunks, err);
    scan->next_chunk = 0;
    scan->last_ns = 0;
    if (rc == 1 && scan->filter.lane.kinds != UINT32_MAX) {
        const int failed = run_names_read_lanes(&scan->names, scan->chunks.run, err);
        return failed != 0 ? failed : 1;
    }
    return rc;
}

static int decode(struct instant_scan *scan, const struct chunk_ref *ref,
                  struct err *err) {
    const void *data;
    size_t size;
    scan->decoded = 0;
    const int rc = chunk_list_read(&scan->chunks, ref, &data, &size, err);
    if (rc != 0) {
        return rc;
    }
    struct err inner = {0};
    if (chunk_codec_decode_instants(data, size, &scan->block, &inner) != 0) {
        return inner.code == ERR_CORRUPT
                   ? fault_damaged(scan->chunks.run, inner.text, err)
                   : err_set(err, inner.code, "%s", inner.text);
    }
    const struct instant_chunk *chunk = &scan->block.chunk;
    if (chunk->t0_ns != ref->t0_ns || chunk->t1_ns != ref->t1_ns ||
        chunk->at_ns[0] < scan->last_ns) {
        return fault_damaged(scan->chunks.run, "a chunk is not what its row says", err);
    }
    scan->last_ns = chunk->at_ns[chunk->count - 1];
    scan->decoded = ref->id;
    return 0;
}

static bool matches(const struct instant_scan *scan, uint32_t i) {
    const struct instant_block *b = &scan->block;
    return (scan->filter.kinds >> b->kind[i] & 1) != 0 &&
           int_range_has(&scan->filter.at, b->at_ns[i]) &&
           lane_filter_has(&scan->filter.lane, &scan->names, b->lane[i]);
}

/* 1: the scan stands on the next wanted row of the open chunk. */
static int next_row(struct instant_scan *scan, uint32_t from) {
    for (uint32_t i = from; i < scan->block.chunk.count; i++) {
        if (matches(scan, i)) {
            scan->position = i;
            return 1;
        }
    }
    return 0;
}

static int next_chunk(struct instant_scan *scan, struct err *err) {
    while (scan->next_chunk < scan->chunks.count) {
        const struct chunk_ref *ref = &scan->chunks.items[scan->next_chunk++];
        if (scan->filter.at.hi < ref->t0_ns || scan->filter.at.lo > ref->t1_ns) {
            continue;
        }
        const int rc = decode(scan, ref, err);
        if (rc != 0) {
            return rc;
        }
        if (next_row(scan, 0) == 1) {
            return 1;
        }
    }
    return 0;
}

int instant_scan_next(struct instant_scan *scan, struct err *err) {
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

void instant_scan_place(const struct instant_scan *scan, struct instant_place *out) {
    *out = (struct instant_place){
        .block = &scan->block,
        .run = scan->chunks.run,
        .rowid = scan->decoded << INDEX_BITS | scan->position,
        .index = scan->position,
    };
}

int instant_scan_names(struct instant_scan *scan, const struct run_names **out,
                       struct err *err) {
    const int rc = run_names_read_lanes(&scan->names, scan->chunks.run, err);
    if (rc == 0) {
        *out = &scan->names;
    }
    return rc;
}
