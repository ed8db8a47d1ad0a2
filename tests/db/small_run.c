/* SPDX-License-Identifier: MIT */
#include "tests/db/small_run.h"

#include <stdlib.h>

enum {
    THREADS = 7,     /* lanes 1 .. 7, which share the GIL that is lane 0 */
    CHUNK_ROOM = 24, /* spans of a chunk, about */
    POINT_ROOM = 20, /* instants or samples */
    LAST_NS = 1 << 17,
    GIL_STEP_NS = 1500
};

/* --- what is recorded ---------------------------------------------------------- */

static void add_span(struct small_run *run, const struct authored_span *span) {
    assert_true(run->span_count < SMALL_RUN_SPANS);
    run->spans[run->span_count++] = *span;
}

/* Who holds it changes; each time one of the threads. */
static void author_gil(struct small_run *run, uint64_t *random) {
    for (sim_ns at = 0; at < LAST_NS;) {
        const sim_ns end = at + 1 + fixture_below(random, GIL_STEP_NS);
        const lane_id holder = 1 + (lane_id)fixture_below(random, THREADS);
        add_span(run, &(struct authored_span){.start = at,
                                              .end = end,
                                              .resource = holder,
                                              .by = holder,
                                              .site = SITE_NONE,
                                              .state = STATE_HELD});
        at = end;
    }
}

static void author_thread(struct small_run *run, lane_id lane, uint64_t *random) {
    bool waits = lane % 2 == 0;
    for (sim_ns at = lane; at < LAST_NS; waits = !waits) {
        const bool is_long = fixture_below(random, 12) == 0;
        const sim_ns end = at + 1 + fixture_below(random, is_long ? 30000 : 2000);
        add_span(run, &(struct authored_span){
                          .lane = lane,
                          .start = at,
                          .end = end,
                          .resource = waits ? 0 : LANE_NONE,
                          .by = waits ? 1 + (lane_id)fixture_below(random, THREADS)
                                      : LANE_NONE,
                          .site = (site_id)fixture_below(random, 3),
                          .state = waits ? STATE_WAIT_GIL : STATE_RUNNING});
        at = end;
    }
}

static bool has_lived(lane_id lane) {
    return lane <= THREADS || lane >= LANE_GROUP_LANES;
}

static void describe(struct small_run *run) {
    struct lane_table *lanes = &run->result.lanes;
    run->result = fixture_result(0x5a11, 0);
    run->result.duration_ns = LAST_NS;
    for (lane_id lane = 0; lane < SMALL_RUN_LANES; lane++) {
        fixture_add_lane(&run->result, lane == 0 ? LANE_GIL : LANE_THREAD);
        lanes->origin[lane].born_ns = has_lived(lane) ? lane : 0;
    }
    for (size_t i = 0; i < run->span_count; i++) {
        lanes->present[run->spans[i].lane].since_ns = LANE_ENDED_NS + run->spans[i].end;
    }
    struct histogram *waits = calloc(1, sizeof *waits);
    assert_non_null(waits);
    for (size_t i = 0; i < run->span_count; i++) {
        histogram_add(waits, run->spans[i].end - run->spans[i].start);
    }
    assert_int_equal(
        run_histogram_init(&run->result.histograms[HISTOGRAM_GIL_WAIT], waits, NULL), 0);
    free(waits);
}

void small_run_init(struct small_run *run) {
    uint64_t random = 18;
    run->span_count = 0;
    author_gil(run, &random);
    for (lane_id lane = 1; lane < SMALL_RUN_LANES; lane++) {
        if (has_lived(lane)) {
            author_thread(run, lane, &random);
        }
    }
    qsort(run->spans, run->span_count, sizeof run->spans[0], span_author_order);
    run->samples = samples_random(
        &(struct counter_shape){
            .count = 500, .lanes = 1, .step_ns = LAST_NS / 300, .height = 9},
        &random);
    describe(run);
}

void small_run_deinit(struct small_run *run) {
    samples_deinit(&run->samples);
    run_result_deinit(&run->result);
}

/* --- storing ------------------------------------------------------------------- */

static int send_lanes(const struct small_run *run, const struct sink *sink,
                      struct err *err) {
    int rc = 0;
    for (lane_id i = 0; rc == 0 && i < SMALL_RUN_LANES; i++) {
        const struct lane lane = lane_table_lane(&run->result.lanes, i);
        rc = sink->lane(sink->context, &lane, err);
    }
    return rc;
}

static int send_spans(const struct small_run *run, const struct sink *sink,
                      struct err *err) {
    static struct span_author author;
    struct span_chunk chunk;
    int rc = 0;
    for (uint32_t group = 0; rc == 0 && group <= SMALL_RUN_LANES / LANE_GROUP_LANES;
         group++) {
        span_author_begin(&author, run->spans, run->span_count, group);
        while (rc == 0 && span_author_next(&author, CHUNK_ROOM, &chunk)) {
            rc = sink->spans(sink->context, &chunk, err);
        }
    }
    return rc;
}

static int send_instants(const struct sink *sink, struct err *err) {
    lane_id lane[POINT_ROOM], by[POINT_ROOM];
    sim_ns at[POINT_ROOM];
    uint8_t kind[POINT_ROOM];
    int rc = 0;
    for (uint32_t seq = 0; rc == 0 && seq < SMALL_RUN_INSTANTS / POINT_ROOM; seq++) {
        for (uint32_t i = 0; i < POINT_ROOM; i++) {
            const uint32_t number = seq * POINT_ROOM + i;
            lane[i] = (lane_id)(number % 2);
            by[i] = (lane_id)(number % THREADS);
            at[i] = (sim_ns)number * (LAST_NS / SMALL_RUN_INSTANTS);
            kind[i] = (uint8_t)(number % INSTANT_COUNT);
        }
        const struct instant_chunk chunk = {
            seq, POINT_ROOM, false, at[0], at[POINT_ROOM - 1], lane, at, kind, by};
        rc = sink->instants(sink->context, &chunk, err);
    }
    return rc;
}

static int send_counters(const struct small_run *run, const struct sink *sink,
                         struct err *err) {
    const uint32_t count = run->samples.count;
    int rc = 0;
    for (uint32_t seq = 0, first = 0; rc == 0 && first < count; first += POINT_ROOM) {
        const uint32_t end = first + POINT_ROOM < count ? first + POINT_ROOM : count;
        const struct counter_chunk chunk =
            samples_chunk(&run->samples, seq++, first, end);
        rc = sink->counters(sink->context, &chunk, err);
    }
    return rc;
}

int small_run_send(const struct small_run *run, struct run_writer *writer,
                   struct err *err) {
    const struct sink *sink = run_writer_sink(writer);
    int rc;
    if ((rc = send_lanes(run, sink, err)) != 0 ||
        (rc = send_spans(run, sink, err)) != 0 ||
        (rc = run_writer_flush(writer, err)) != 0 ||
        (rc = send_instants(sink, err)) != 0) {
        return rc;
    }
    return send_counters(run, sink, err);
}

int small_run_store(const struct small_run *run, struct db *db, int64_t cell, int64_t *id,
                    struct err *err) {
    struct run_writer *writer = NULL;
    const struct run_new new = {
        .cell = cell, .started_ms = 1, .record = true, .sites = "[\"/a\",\"/b\",\"/c\"]"};
    int rc = run_writer_open(&writer, db, &new, err);
    if (rc == 0) {
        *id = run_writer_id(writer);
        rc = small_run_send(run, writer, err);
    }
    if (rc == 0) {
        rc = run_writer_finish(writer, &run->result, 2, err);
    }
    run_writer_close(writer);
    return rc;
}
