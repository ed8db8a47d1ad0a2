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

static bool wants_group(const struct recording *recording, uint32_t group) {
    const size_t first = (size_t)group * LANE_GROUP_LANES;
    for (size_t i = first; i < recording->lane_count && i < first + LANE_GROUP_LANES;
         i++) {
        if ((recording->kinds >> recording->lanes[i].kind & 1) != 0) {
            return true;
        }
    }
    return false;
}

/* The reading of one lane group. */
struct group_reading {
    const struct recorded_run *run;
    uint32_t group;
    const struct span_block *block; /* the last chunk that was read, NULL: none was */
    struct recording *out;
};

/* A chunk that cannot be right is damaged; everything else is the recording's error. */
static int add_chunk(struct group_reading *reading, const struct block_row *row,
                     struct err *err) {
    struct err inner = {0};
    int rc = block_cache_spans(connection_blocks(reading->run->connection), row,
                               &reading->block, &inner);
    if (rc == 0 && reading->block->chunk.group != reading->group) {
        rc = err_set(&inner, ERR_CORRUPT, "a chunk is of another lane group");
    }
    if (rc == 0) {
        rc = recording_add_spans(reading->out, &reading->block->chunk, &inner);
    }
    if (rc == ERR_CORRUPT) {
        return recorded_run_damaged(reading->run, inner.text, err);
    }
    return rc == 0 ? 0 : err_set(err, rc, "%s", inner.text);
}

/* The spans in which the window ends, and which ended in a later chunk than the last one that
 * touches the window. */
static int add_carried(const struct group_reading *reading, struct err *err) {
    struct carried_span carried[LANE_GROUP_LANES];
    uint32_t count = 0;
    int rc = carried_spans_read(reading->run, &reading->block->chunk, UINT64_MAX, carried,
                                &count, err);
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
        rc = recording_add_spans(reading->out, &chunk, err);
    }
    return rc;
}

/* In the order in which they were recorded; none begins before the one before it ends. */
static const char READ_CHUNKS[] =
    "SELECT id, t0_ns, data FROM span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND lane_group = ? AND t1_ns > ? ORDER BY t1_ns, seq";

static int read_group(struct group_reading *reading, struct err *err) {
    const struct recording *out = reading->out;
    struct query q;
    query_begin(&q, reading->run->connection, READ_CHUNKS);
    query_int(&q, reading->run->id);
    query_int(&q, reading->group);
    query_int(&q, out->from_ns);
    int rc;
    while ((rc = query_next(&q, err)) == 1 && query_get_int(&q, 1) < out->to_ns) {
        struct block_row row = {.id = query_get_int(&q, 0)};
        row.data = query_get_blob(&q, 2, &row.size);
        rc = add_chunk(reading, &row, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    rc = rc < 0 ? rc : 0;
    return rc == 0 && reading->block != NULL ? add_carried(reading, err) : rc;
}

static int read_spans(const struct recorded_run *run, struct recording *out,
                      struct err *err) {
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    int rc;
    while ((rc = recorded_run_next_group(run, &group, err)) == 1) {
        struct group_reading reading = {
            .run = run, .group = (uint32_t)group++, .out = out};
        rc = wants_group(out, reading.group) ? read_group(&reading, err) : 0;
        if (rc != 0) {
            break;
        }
    }
    return rc;
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
