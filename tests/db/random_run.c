/* SPDX-License-Identifier: MIT */
#include "tests/db/random_run.h"

#include <stdlib.h>
#include <string.h>

/* --- lanes --------------------------------------------------------------------- */

static sim_ns random_length(uint64_t *random, uint32_t scale) {
    const uint32_t kind = fixture_below(random, 20);
    if (kind == 0) {
        return 1 + fixture_below(random, scale * 100);
    }
    return 1 + fixture_below(random, kind < 10 ? 5 : scale);
}

static bool is_gil(lane_id lane) { return lane % 16 == 0; }

static void random_state(struct authored_span *span, uint64_t *random) {
    static const uint8_t states[] = {STATE_RUNNING,   STATE_WAIT_GIL, STATE_FORCED_WAIT,
                                     STATE_WAIT_LOCK, STATE_IO,       STATE_READY,
                                     STATE_RUNNING_C, STATE_WAIT_GIL};
    if (is_gil(span->lane)) {
        const bool is_held = fixture_below(random, 3) > 0;
        span->state = is_held ? STATE_HELD : STATE_FREE;
        span->resource =
            is_held ? span->lane + 1 + (lane_id)fixture_below(random, 8) : LANE_NONE;
        return;
    }
    span->state = states[fixture_below(random, sizeof states)];
    if (fixture_below(random, 2000) == 0) {
        span->state = STATE_THROTTLED; /* one that is rare */
    }
    span->resource = fixture_below(random, 3) > 0 ? span->lane / 16 * 16 : LANE_NONE;
}

/* A lane from its birth on, without a gap. */
static void random_lane(struct random_run *r, lane_id lane, uint64_t *random) {
    const uint32_t scale = 1 + fixture_below(random, lane % 7 == 0 ? 20000 : 400);
    const size_t most = 20 + fixture_below(random, 400);
    sim_ns at = fixture_below(random, RANDOM_LAST_NS / 2);
    for (size_t n = 0; n < most && at < RANDOM_LAST_NS && r->count < RANDOM_SPANS_MAX;
         n++) {
        struct authored_span span = {
            .lane = lane,
            .start = at,
            .end = at + random_length(random, scale),
            .by = (lane_id)fixture_below(random, RANDOM_LANES) - 1,
            .site = (site_id)fixture_below(random, RANDOM_SITES + 1) - 1,
        };
        random_state(&span, random);
        at = span.end;
        r->spans[r->count++] = span;
    }
    if (lane % 5 == 1) {
        r->spans[r->count - 1].end = SIM_NEVER;
        r->spans[r->count - 1].by = LANE_NONE;
    }
}

/* --- storing ------------------------------------------------------------------- */

static void send_group(const struct random_run *r, uint32_t group, uint32_t room,
                       const struct sink *sink, uint64_t *random) {
    static struct span_author author;
    struct span_chunk chunk;
    struct err err = {0};
    span_author_begin(&author, r->spans, r->count, group);
    while (span_author_next(&author, 1 + fixture_below(random, room), &chunk)) {
        fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
    }
}

static void add_time(struct lane_table *lanes, const struct authored_span *span) {
    const enum lane_state state = (enum lane_state)span->state;
    if (span->end != SIM_NEVER &&
        lane_kind_has_state(lane_table_kind(lanes, span->lane), state)) {
        lane_table_add_time(lanes, span->lane, state, span->end - span->start);
    }
}

/* A lane that is still open lives longer than anybody asks for. */
static void describe_lanes(const struct random_run *r, struct run_result *result) {
    struct lane_table *lanes = &result->lanes;
    sim_ns died[RANDOM_LANES] = {0};
    result->duration_ns = 0;
    for (lane_id i = 0; i < RANDOM_LANES; i++) {
        fixture_add_lane(result, is_gil(i) ? LANE_GIL : LANE_THREAD);
    }
    memset(lanes->cells, 0, lanes->cell_count * sizeof *lanes->cells);
    for (size_t i = r->count; i-- > 0;) {
        lanes->origin[r->spans[i].lane].born_ns = r->spans[i].start;
    }
    for (size_t i = 0; i < r->count; i++) {
        const sim_ns end = r->spans[i].end;
        add_time(lanes, &r->spans[i]);
        died[r->spans[i].lane] = end != SIM_NEVER ? end : SIM_NEVER / 4;
    }
    for (lane_id i = 0; i < RANDOM_LANES; i++) {
        lanes->present[i].since_ns = LANE_ENDED_NS + died[i];
    }
}

static void find_ends(struct random_run *r) {
    for (size_t i = 0; i < r->count && r->spans[i].end != SIM_NEVER; i++) {
        r->last_ns[r->spans[i].lane / LANE_GROUP_LANES] = r->spans[i].end;
    }
}

static int64_t new_cell(struct db *db) {
    static int number;
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, number++, 1));
    db_reader_close(reader);
    return cell;
}

void random_run_store(struct random_run *r, struct db *db, uint32_t room,
                      uint64_t *random) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    r->count = 0;
    for (lane_id lane = 0; lane < RANDOM_LANES; lane++) {
        if (lane % 11 != 3) {
            random_lane(r, lane, random);
        }
    }
    qsort(r->spans, r->count, sizeof r->spans[0], span_author_order);
    find_ends(r);
    const struct run_new run = {
        .cell = new_cell(db), .record = true, .sites = "[\"/a\",\"/b\",\"/c\",\"/d\"]"};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    for (uint32_t group = 0; group <= RANDOM_LANES / LANE_GROUP_LANES; group++) {
        send_group(r, group, room, run_writer_sink(writer), random);
    }
    struct run_result result = fixture_result(1, 0);
    const sim_ns duration_ns = result.duration_ns;
    describe_lanes(r, &result);
    result.duration_ns = duration_ns;
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    r->id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
}

sim_ns random_run_time(const struct random_run *r, uint64_t *random) {
    const struct authored_span *span =
        &r->spans[fixture_below(random, (uint32_t)r->count)];
    switch (fixture_below(random, 4)) {
    case 0:
        return span->start;
    case 1:
        return span->end != SIM_NEVER ? span->end : RANDOM_LAST_NS * 3;
    case 2:
        return span->start + fixture_below(random, 3);
    default:
        return fixture_below(random, RANDOM_LAST_NS * 3 / 2);
    }
}
