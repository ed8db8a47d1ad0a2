/* SPDX-License-Identifier: MIT */
#include "db/carried_spans_priv.h"

void carried_spans_begin(const struct span_chunk *chunk,
                         sim_ns since_ns[LANE_GROUP_LANES]) {
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        since_ns[i] = -1;
    }
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        since_ns[chunk->before[i].lane % LANE_GROUP_LANES] = chunk->before[i].since_ns;
    }
}

void carried_spans_since(const struct span_chunk *chunk,
                         sim_ns since_ns[LANE_GROUP_LANES]) {
    carried_spans_begin(chunk, since_ns);
    for (uint32_t i = 0; i < chunk->count; i++) {
        since_ns[chunk->lane[i] % LANE_GROUP_LANES] = chunk->end_ns[i];
    }
}

uint64_t carried_spans_before(const struct decoded_spans *spans, sim_ns time) {
    uint64_t lanes = 0;
    for (uint32_t i = 0; i < LANE_GROUP_LANES; i++) {
        lanes |= (uint64_t)(spans->since_ns[i] < time) << i;
    }
    return lanes;
}

static const char READ_END[] =
    "SELECT end_ns, by FROM main.carried_span WHERE run = ? AND lane = ? AND end_ns > ?"
    " ORDER BY end_ns LIMIT 1";

/* The end of a span, when it is in a chunk. */
static int read_end(const struct recorded_run *run, struct carried_span *carried,
                    struct err *err) {
    struct query q;
    query_begin(&q, run->connection, READ_END);
    query_int(&q, run->id);
    query_int(&q, carried->lane);
    query_int(&q, carried->span.start_ns);
    const int rc = query_next(&q, err);
    if (rc == 1) {
        const int64_t by = query_get_int(&q, 1);
        carried->is_open = false;
        carried->span.end_ns = query_get_int(&q, 0);
        carried->span.by = by < 0 || by > INT32_MAX ? LANE_NONE : (lane_id)by;
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

int carried_spans_read(const struct recorded_run *run, const struct decoded_spans *spans,
                       uint64_t wanted, struct carried_span out[LANE_GROUP_LANES],
                       uint32_t *count, struct err *err) {
    const struct span_chunk *chunk = &spans->chunk;
    const sim_ns *since = spans->since_ns;
    sim_ns known_ns = SIM_NEVER;
    *count = 0;
    int rc = recorded_run_known(run, chunk->group, &known_ns, err);
    for (uint32_t i = 0; rc == 0 && i < chunk->after_count; i++) {
        const struct lane_after *after = &chunk->after[i];
        const uint32_t place = (uint32_t)after->lane % LANE_GROUP_LANES;
        if ((wanted >> place & 1) == 0 || since[place] >= known_ns) {
            continue;
        }
        struct carried_span *carried = &out[(*count)++];
        *carried = (struct carried_span){
            .lane = after->lane,
            .is_open = true,
            .span = {.start_ns = since[place],
                     .end_ns = known_ns,
                     .resource = after->resource,
                     .by = LANE_NONE,
                     .site = after->site,
                     .state = after->state},
        };
        rc = read_end(run, carried, err);
    }
    return rc;
}

static const char INSERT_CARRIED[] =
    "INSERT INTO carried_span (run, lane, end_ns, by) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"; /* of the chunk when it was open */

int carried_spans_insert(struct connection *connection, int64_t run, lane_id lane,
                         sim_ns end_ns, lane_id by, struct err *err) {
    struct query q;
    query_begin(&q, connection, INSERT_CARRIED);
    query_int(&q, run);
    query_int(&q, lane);
    query_int(&q, end_ns);
    query_int(&q, by);
    return query_run(&q, err);
}
