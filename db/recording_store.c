/* SPDX-License-Identifier: MIT */
#include "db/recording_store.h"

#include "db/block_cache_priv.h"
#include "db/carried_spans_priv.h"
#include "db/db_priv.h"
#include "db/run_store.h"

static bool was_held(const struct lane_total *lane) {
    for (int state = 0; state < STATE_COUNT; state++) {
        if (lane->state_ns[state] > 0 &&
            lane_is_held(lane->lane.kind, (enum lane_state)state)) {
            return true;
        }
    }
    return false;
}

static int read_lanes(struct db_reader *reader, const struct recorded_run *run,
                      struct recording *out, struct err *err) {
    struct lane_list list;
    int rc = run_store_lanes(reader, run->id, &list, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        struct err inner = {0};
        rc = recording_add_lane(out, &list.items[i].lane, &inner);
        if (rc == 0) {
            out->lanes[i].was_held = was_held(&list.items[i]);
        } else {
            rc = rc == ERR_CORRUPT ? recorded_run_damaged(run, inner.text, err)
                                   : err_set(err, rc, "%s", inner.text);
        }
    }
    lane_list_deinit(&list);
    return rc;
}

/* 1 or 0, or an error when there is no such group. */
static int wants_group(const struct recorded_run *run, int64_t group,
                       const struct recording *recording, struct err *err) {
    const int64_t lanes = (int64_t)recording->lane_count;
    if (group < 0 || group > lanes / LANE_GROUP_LANES ||
        group * LANE_GROUP_LANES >= lanes) {
        return recorded_run_damaged(run, "a chunk of unknown lanes", err);
    }
    for (int64_t lane = group * LANE_GROUP_LANES;
         lane < lanes && lane < (group + 1) * LANE_GROUP_LANES; lane++) {
        if ((recording->kinds >> recording->lanes[lane].kind & 1) != 0) {
            return 1;
        }
    }
    return 0;
}

/* A chunk that cannot be right is damaged; everything else is the recording's error. */
static int add_chunk(const struct recorded_run *run, const struct query *q,
                     const struct span_block **block, struct recording *out,
                     struct err *err) {
    struct block_row row = {.id = query_get_int(q, 2)};
    row.data = query_get_blob(q, 1, &row.size);
    struct err inner = {0};
    int rc = block_cache_spans(connection_blocks(run->connection), &row, block, &inner);
    if (rc == 0 && (*block)->chunk.group != query_get_int(q, 0)) {
        rc = err_set(&inner, ERR_CORRUPT, "a chunk is of another lane group");
    }
    if (rc == 0) {
        rc = recording_add_spans(out, &(*block)->chunk, &inner);
    }
    if (rc == ERR_CORRUPT) {
        return recorded_run_damaged(run, inner.text, err);
    }
    return rc == 0 ? 0 : err_set(err, rc, "%s", inner.text);
}

/* The spans in which the window ends, and which ended in a later chunk than the one in
 * `block`: the last of a group that touches the window. */
static int add_carried(const struct recorded_run *run, const struct span_block *block,
                       struct recording *out, struct err *err) {
    struct carried_span carried[LANE_GROUP_LANES];
    uint32_t count = 0;
    int rc = carried_spans_read(run, &block->chunk, UINT64_MAX, carried, &count, err);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const struct long_span *span = &carried[i].span;
        const struct span_chunk chunk = {
            .count = 1,
            .lane = &carried[i].lane,
            .start_ns = &span->start_ns,
            .end_ns = &span->end_ns,
            .state = &span->state,
            .resource = &span->resource,
            .by = &span->by,
            .site = &span->site,
        };
        rc = recording_add_spans(out, &chunk, err);
    }
    return rc;
}

/* Within a group, chunks in the order in which they were recorded. */
static const char READ_CHUNKS[] =
    "SELECT lane_group, data, id FROM span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND t1_ns > ? AND t0_ns < ? ORDER BY lane_group, t1_ns, seq";

static int read_spans(const struct recorded_run *run, struct recording *out,
                      struct err *err) {
    const struct span_block *block = NULL;
    int64_t group = -1; /* of the chunk in `block` */
    struct query q;
    query_begin(&q, run->connection, READ_CHUNKS);
    query_int(&q, run->id);
    query_int(&q, out->from_ns);
    query_int(&q, out->to_ns);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        const int64_t next = query_get_int(&q, 0);
        rc = wants_group(run, next, out, err);
        if (rc == 0) {
            continue;
        }
        if (rc == 1) {
            rc = group >= 0 && group != next ? add_carried(run, block, out, err) : 0;
        }
        if (rc == 0) {
            rc = add_chunk(run, &q, &block, out, err);
            group = next;
        }
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc == 0 && group >= 0 ? add_carried(run, block, out, err) : rc;
}

int recording_store_read(struct db_reader *reader, int64_t run, struct recording *out,
                         struct err *err) {
    struct recorded_run found;
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = recorded_run_find(&found, db_reader_connection(reader), run, err);
    if (rc == 0) {
        rc = read_lanes(reader, &found, out, err);
    }
    if (rc == 0) {
        rc = read_spans(&found, out, err);
    }
    db_reader_end(reader);
    return rc;
}
