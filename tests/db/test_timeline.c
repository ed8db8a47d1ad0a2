/* SPDX-License-Identifier: MIT */
/*
 * The timeline against a painter that keeps every span in memory and applies the rule of
 * timeline.h pixel by pixel, on random recordings and random windows.
 */
#include "tests/db/fixture.h"
#include "tests/db/span_author.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/timeline.h"

enum {
    LANES = 150, /* three lane groups */
    SPANS_MAX = 20000,
    INSTANTS_MAX = 20000,
    INSTANT_ROOM = 1000, /* of a chunk */
    LAST_NS = 1000000,
    ENTRIES_MAX = 2 * 4000
};

struct instant {
    lane_id lane, by;
    sim_ns at;
    uint8_t kind;
};

/* A recording, in the order in which a recorder hands it out. */
struct recording {
    size_t span_count, instant_count;
    struct authored_span spans[SPANS_MAX];
    struct instant instants[INSTANTS_MAX];
};

/* --- recordings ---------------------------------------------------------------- */

/* Most spans are short, and some are very long. */
static sim_ns random_length(uint64_t *random, uint32_t scale) {
    const uint32_t kind = fixture_below(random, 20);
    if (kind == 0) {
        return 1 + fixture_below(random, scale * 100);
    }
    return 1 + fixture_below(random, kind < 10 ? 5 : scale);
}

/* A lane from its birth until it ends, without a gap. */
static void random_lane(struct recording *r, lane_id lane, uint64_t *random) {
    const uint32_t scale = 1 + fixture_below(random, lane % 7 == 0 ? 20000 : 400);
    const size_t most = 20 + fixture_below(random, 200);
    sim_ns at = fixture_below(random, LAST_NS / 2);
    for (size_t n = 0; n < most && at < LAST_NS && r->span_count < SPANS_MAX; n++) {
        const sim_ns end = at + random_length(random, scale);
        r->spans[r->span_count++] = (struct authored_span){
            .lane = lane,
            .start = at,
            .end = end,
            .state =
                (uint8_t)fixture_below(random, 1 + fixture_below(random, STATE_COUNT)),
            .resource = (lane_id)fixture_below(random, LANES) - 1,
            .by = (lane_id)fixture_below(random, LANES) - 1,
            .site = (site_id)fixture_below(random, 9) - 1,
        };
        at = end;
    }
}

/* On few lanes or on many, in crowds and with pauses. */
static void random_instants(struct recording *r, uint64_t *random) {
    const uint32_t lanes = 1 + fixture_below(random, fixture_below(random, 3) * 70 + 9);
    sim_ns at = 0;
    while (r->instant_count < INSTANTS_MAX && at < LAST_NS) {
        const bool pause = fixture_below(random, 2000) == 0;
        at += fixture_below(random, 3) == 0 ? 0
                                            : fixture_below(random, pause ? 99999 : 150);
        r->instants[r->instant_count++] = (struct instant){
            .lane = (lane_id)(LANES - lanes + fixture_below(random, lanes)),
            .by = (lane_id)fixture_below(random, LANES) - 1,
            .at = at,
            .kind = (uint8_t)fixture_below(random, INSTANT_COUNT),
        };
    }
}

static void random_recording(struct recording *r, uint64_t *random) {
    r->span_count = 0;
    r->instant_count = 0;
    for (lane_id lane = 0; lane < LANES; lane++) {
        if (lane % 11 != 3) { /* some lanes have no span */
            random_lane(r, lane, random);
        }
    }
    qsort(r->spans, r->span_count, sizeof r->spans[0], span_author_order);
    random_instants(r, random);
}

/* The spans of one lane group, in chunks of random sizes. */
static void send_group(const struct recording *r, uint32_t group, const struct sink *sink,
                       uint64_t *random) {
    static struct span_author author;
    struct span_chunk chunk;
    struct err err = {0};
    uint32_t room = 1;
    span_author_begin(&author, r->spans, r->span_count, group);
    while (span_author_next(&author, room, &chunk)) {
        fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
        room =
            1 + fixture_below(random, fixture_below(random, 4) == 0 ? AUTHOR_ROOM : 200);
    }
}

static void send_instants(const struct recording *r, const struct sink *sink,
                          uint64_t *random) {
    struct err err = {0};
    uint32_t seq = 0;
    for (size_t i = 0; i < r->instant_count;) {
        lane_id lane[INSTANT_ROOM], by[INSTANT_ROOM];
        sim_ns at[INSTANT_ROOM];
        uint8_t kind[INSTANT_ROOM];
        uint32_t count = 0;
        const uint32_t room = 1 + fixture_below(random, INSTANT_ROOM);
        for (; count < room && i < r->instant_count; count++, i++) {
            lane[count] = r->instants[i].lane;
            by[count] = r->instants[i].by;
            at[count] = r->instants[i].at;
            kind[count] = r->instants[i].kind;
        }
        const struct instant_chunk chunk = {seq++, count, at[0], at[count - 1],
                                            lane,  at,    kind,  by};
        fixture_ok(sink->instants(sink->context, &chunk, &err), &err);
    }
}

static int64_t store(struct db *db, int64_t cell, const struct recording *r,
                     uint64_t *random) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .record = true};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    for (uint32_t group = 0; group <= LANES / LANE_GROUP_LANES; group++) {
        send_group(r, group, run_writer_sink(writer), random);
    }
    send_instants(r, run_writer_sink(writer), random);
    struct run_result result = fixture_result(1, LANES);
    for (size_t i = r->span_count; i-- > 0;) {
        result.lanes.origin[r->spans[i].lane].born_ns = r->spans[i].start;
    }
    for (size_t i = 0; i < r->span_count; i++) {
        result.lanes.present[r->spans[i].lane].since_ns = LANE_ENDED_NS + r->spans[i].end;
    }
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
    return id;
}

/* --- the brute-force painter --------------------------------------------------- */

struct entry {
    sim_ns start, end;
    lane_id resource, by;
    site_id site;
    uint8_t state;
    uint32_t merged;
};

/* What was asked for, and rule 1 applied to it. */
struct window {
    sim_ns from, to;
    int64_t pixels;
    sim_ns cell, first; /* length, and where the first one begins */
    int64_t cells;
};

static struct window window_of(sim_ns from, sim_ns to, int64_t pixels) {
    struct window w = {.from = from, .to = to, .pixels = pixels, .cell = 1};
    while (w.cell * 2 * pixels <= to - from) {
        w.cell *= 2;
    }
    w.first = from / w.cell * w.cell;
    w.cells = (to + w.cell - 1) / w.cell - w.first / w.cell;
    w.pixels = pixels < w.cells ? pixels : w.cells;
    return w;
}

static sim_ns most(sim_ns a, sim_ns b) { return a > b ? a : b; }
static sim_ns least(sim_ns a, sim_ns b) { return a < b ? a : b; }

static sim_ns edge(const struct window *w, int64_t pixel) {
    return w->first + pixel * w->cells / w->pixels * w->cell;
}

static int64_t pixel_of(const struct window *w, sim_ns at) {
    int64_t pixel = 0;
    while (edge(w, pixel + 1) <= at) {
        pixel++;
    }
    return pixel;
}

static bool is_long(const struct window *w, const struct authored_span *s) {
    return s->end - s->start >= (w->cells + w->pixels - 1) / w->pixels * w->cell;
}

/* Rule 3: what the short spans have of a pixel. False when they have nothing. */
static bool short_ones(const struct window *w, const struct authored_span *const *spans,
                       size_t count, int64_t pixel, struct entry *out) {
    const sim_ns begin = edge(w, pixel), end = edge(w, pixel + 1);
    sim_ns times[STATE_COUNT] = {0};
    *out = (struct entry){.start = INT64_MAX, .resource = -1, .by = -1, .site = -1};
    for (size_t i = 0; i < count; i++) {
        const struct authored_span *s = spans[i];
        if (is_long(w, s) || s->end <= begin || s->start >= end) {
            continue;
        }
        out->start = least(out->start, most(s->start, begin));
        out->end = most(out->end, least(s->end, end));
        times[s->state] += least(s->end, end) - most(s->start, begin);
        out->merged += s->end <= end;
    }
    for (uint8_t state = 0; state < STATE_COUNT; state++) {
        if (times[state] > times[out->state]) {
            out->state = state;
        }
    }
    out->merged = out->merged > 0 ? out->merged : 1;
    return out->start < INT64_MAX;
}

static struct entry alone(const struct authored_span *s) {
    return (struct entry){.start = s->start,
                          .end = s->end,
                          .resource = s->resource,
                          .by = s->by,
                          .site = s->site,
                          .state = s->state,
                          .merged = 1};
}

static int by_start(const void *left, const void *right) {
    const struct entry *a = left, *b = right;
    return a->start == b->start ? 0 : a->start < b->start ? -1 : 1;
}

/* All entries of a lane, which do not overlap; at most two begin in a pixel. */
static size_t paint_lane(const struct recording *r, const struct window *w, lane_id lane,
                         struct entry *out) {
    static const struct authored_span *spans[SPANS_MAX];
    const sim_ns last = edge(w, w->pixels);
    size_t seen = 0, count = 0;
    for (size_t i = 0; i < r->span_count; i++) {
        const struct authored_span *s = &r->spans[i];
        if (s->lane == lane && s->end > w->first && s->start < last) {
            spans[seen++] = s;
            if (is_long(w, s)) {
                out[count++] = alone(s);
            }
        }
    }
    for (int64_t pixel = 0; pixel < w->pixels && seen > 0; pixel++) {
        count += short_ones(w, spans, seen, pixel, &out[count]);
    }
    qsort(out, count, sizeof *out, by_start);
    for (size_t i = 1; i < count; i++) {
        assert_true(out[i].start >= out[i - 1].end);
        assert_true(i < 2 || out[i - 2].start < w->first ||
                    pixel_of(w, out[i].start) > pixel_of(w, out[i - 2].start));
    }
    return count;
}

/* --- comparing ----------------------------------------------------------------- */

static struct entry entry_at(const struct timeline_lane *lane, size_t i) {
    return (struct entry){.start = lane->start_ns[i],
                          .end = lane->end_ns[i],
                          .resource = lane->resource[i],
                          .by = lane->by[i],
                          .site = lane->site[i],
                          .state = lane->state[i],
                          .merged = lane->merged[i]};
}

static bool same(const struct entry *a, const struct entry *b) {
    return a->start == b->start && a->end == b->end && a->resource == b->resource &&
           a->by == b->by && a->site == b->site && a->state == b->state &&
           a->merged == b->merged;
}

static void compare_lane(const struct recording *r, const struct window *w,
                         const struct timeline_lane *lane) {
    static struct entry expected[ENTRIES_MAX + SPANS_MAX];
    const size_t count = paint_lane(r, w, lane->lane, expected);
    if (count != lane->count) {
        fail_msg("window %lld..%lld of %lld pixels, lane %d: %zu entries instead of %zu",
                 (long long)w->from, (long long)w->to, (long long)w->pixels,
                 (int)lane->lane, lane->count, count);
    }
    for (size_t i = 0; i < count; i++) {
        const struct entry got = entry_at(lane, i);
        if (!same(&got, &expected[i])) {
            fail_msg("window %lld..%lld of %lld pixels, lane %d, entry %zu: %lld..%lld "
                     "state %d x%u instead of %lld..%lld state %d x%u",
                     (long long)w->from, (long long)w->to, (long long)w->pixels,
                     (int)lane->lane, i, (long long)got.start, (long long)got.end,
                     got.state, got.merged, (long long)expected[i].start,
                     (long long)expected[i].end, expected[i].state, expected[i].merged);
        }
    }
}

/* As they are told; who looks does not see which one of a lane and a time is the first. */
static int by_time(const void *left, const void *right) {
    const struct instant *a = left, *b = right;
    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    return a->lane == b->lane ? 0 : a->lane < b->lane ? -1 : 1;
}

/* The instants of a lane from the one at `first` on to the end of the pixel. */
static void compare_instant(const struct recording *r, size_t first, sim_ns end,
                            const struct timeline_instants *got, size_t at) {
    const struct instant *begin = &r->instants[first];
    uint32_t kinds[INSTANT_COUNT] = {0}, merged = 0;
    uint8_t best = 0;
    lane_id slow_by = LANE_NONE;
    for (size_t i = first; i < r->instant_count && r->instants[i].at < end; i++) {
        const struct instant *x = &r->instants[i];
        if (x->lane == begin->lane) {
            kinds[x->kind]++;
            merged++;
            slow_by = x->kind == INSTANT_SLOW_CALLBACK ? x->by : slow_by;
        }
    }
    for (uint8_t kind = 0; kind < INSTANT_COUNT; kind++) {
        best = kinds[kind] > kinds[best] ? kind : best;
    }
    best = kinds[INSTANT_SLOW_CALLBACK] > 0 ? INSTANT_SLOW_CALLBACK : best;
    assert_int_equal(got->lane[at], begin->lane);
    assert_int_equal(got->at_ns[at], begin->at);
    assert_int_equal(got->merged[at], merged);
    assert_int_equal(got->kind[at], best);
    slow_by = kinds[INSTANT_SLOW_CALLBACK] == 1 ? slow_by : LANE_NONE;
    assert_int_equal(got->by[at], merged > 1 ? slow_by : begin->by);
}

static void compare_instants(const struct recording *r, const struct window *w,
                             const bool *wanted, const struct timeline_instants *got) {
    int64_t last_pixel[LANES], pixel = 0;
    size_t at = 0;
    for (lane_id lane = 0; lane < LANES; lane++) {
        last_pixel[lane] = -1;
    }
    for (size_t i = 0; i < r->instant_count; i++) {
        const struct instant *x = &r->instants[i];
        if (!wanted[x->lane] || x->at < w->first || x->at >= edge(w, w->pixels)) {
            continue;
        }
        while (edge(w, pixel + 1) <= x->at) {
            pixel++;
        }
        if (pixel != last_pixel[x->lane]) {
            last_pixel[x->lane] = pixel;
            assert_true(at < got->count);
            compare_instant(r, i, edge(w, pixel + 1), got, at++);
        }
    }
    assert_int_equal(at, got->count);
}

/* --- windows ------------------------------------------------------------------- */

static struct window random_window(uint64_t *random) {
    const uint32_t width =
        1 + fixture_below(random, fixture_below(random, 3) == 0 ? LAST_NS * 2 : 3000);
    const sim_ns from =
        fixture_below(random, 10) == 0 ? 0 : fixture_below(random, LAST_NS);
    const uint32_t pixels = fixture_below(random, 4) == 0 ? 4000 : 60;
    return window_of(from, from + width, 1 + fixture_below(random, pixels));
}

/* A few lanes in any order, each once. */
static size_t random_lanes(uint64_t *random, lane_id *lanes, bool *wanted) {
    const size_t count = 1 + fixture_below(random, 5);
    size_t n = 0;
    memset(wanted, 0, LANES * sizeof *wanted);
    while (n < count) {
        const uint32_t lane = fixture_below(random, LANES);
        if (!wanted[lane]) {
            wanted[lane] = true;
            lanes[n++] = (lane_id)lane;
        }
    }
    return n;
}

static void compare_some_lanes(struct db_reader *reader, const struct recording *r,
                               int64_t run, uint64_t *random) {
    struct err err = {0};
    lane_id lanes[8];
    bool wanted[LANES];
    const struct window w = random_window(random);
    const struct timeline_query query = {
        .run = run,
        .from_ns = w.from,
        .to_ns = w.to,
        .pixels = (uint32_t)w.pixels,
        .lane_count = random_lanes(random, lanes, wanted),
        .lanes = lanes,
    };
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.lane_count, query.lane_count);
    for (size_t i = 0; i < got.lane_count; i++) {
        assert_int_equal(got.lanes[i].lane, lanes[i]);
        compare_lane(r, &w, &got.lanes[i]);
    }
    compare_instants(r, &w, wanted, &got.instants);
    timeline_view_deinit(&got);
}

static void compare_all_lanes(struct db_reader *reader, const struct recording *r,
                              int64_t run, uint64_t *random) {
    struct err err = {0};
    static struct entry entries[ENTRIES_MAX + SPANS_MAX];
    bool wanted[LANES];
    memset(wanted, 1, sizeof wanted);
    struct window w = random_window(random);
    w = window_of(w.from, w.to, 1 + w.pixels % 40);
    const struct timeline_query query = {
        .run = run, .from_ns = w.from, .to_ns = w.to, .pixels = (uint32_t)w.pixels};
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    size_t next = 0;
    for (lane_id lane = 0; lane < LANES; lane++) {
        if (next < got.lane_count && got.lanes[next].lane == lane) {
            compare_lane(r, &w, &got.lanes[next++]);
        } else {
            assert_int_equal(paint_lane(r, &w, lane, entries), 0);
        }
    }
    assert_int_equal(next, got.lane_count);
    compare_instants(r, &w, wanted, &got.instants);
    timeline_view_deinit(&got);
}

/* --- tests --------------------------------------------------------------------- */

static void test_timeline_equals_the_brute_force_painter(void **state) {
    const struct fixture *fixture = *state;
    struct recording *recording = malloc(sizeof *recording);
    assert_non_null(recording);
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint64_t random = seed;
        random_recording(recording, &random);
        const int64_t run = store(db, cell, recording, &random);
        qsort(recording->instants, recording->instant_count,
              sizeof recording->instants[0], by_time);
        for (int i = 0; i < 500; i++) {
            compare_some_lanes(reader, recording, run, &random);
        }
        for (int i = 0; i < 20; i++) {
            compare_all_lanes(reader, recording, run, &random);
        }
    }
    assert_true(fixture_sql(fixture, "SELECT count(DISTINCT level) FROM sheet"
                                     " WHERE lane_group = -1") > 4);
    assert_true(fixture_sql(fixture, "SELECT max(n) FROM (SELECT count(*) AS n FROM sheet"
                                     " WHERE lane_group = -1 GROUP BY run, level)") > 1);
    assert_true(fixture_sql(fixture, "SELECT count(DISTINCT level) FROM sheet"
                                     " WHERE lane_group >= 0") > 4);
    assert_true(fixture_sql(fixture,
                            "SELECT max(n) FROM (SELECT count(*) AS n FROM sheet WHERE"
                            " lane_group >= 0 GROUP BY run, lane_group, level)") > 1);
    db_reader_close(reader);
    db_close(db);
    free(recording);
}

/* The pyramids of schema 6 had other cells: timelines do without them. */
static void test_timeline_of_an_older_store_is_whole(void **state) {
    const struct fixture *fixture = *state;
    struct recording *recording = malloc(sizeof *recording);
    assert_non_null(recording);
    uint64_t random = 3;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    random_recording(recording, &random);
    const int64_t run = store(db, cell, recording, &random);
    qsort(recording->instants, recording->instant_count, sizeof recording->instants[0],
          by_time);
    db_reader_close(reader);
    db_close(db);
    assert_true(fixture_sql(fixture, "SELECT count(*) FROM sheet") > 0);
    fixture_sql(fixture, "UPDATE sheet SET data = zeroblob(99)");
    fixture_sql(fixture, "UPDATE span_chunk SET base = iif(base = 63, 32, base / 2)");
    fixture_sql(fixture, "UPDATE instant_chunk SET base = iif(base = 63, 32, base / 2)");
    fixture_to_schema(fixture, 6);
    db = fixture_open(fixture);
    reader = fixture_reader(db);
    for (int i = 0; i < 50; i++) {
        compare_some_lanes(reader, recording, run, &random);
    }
    compare_all_lanes(reader, recording, run, &random);
    db_reader_close(reader);
    db_close(db);
    free(recording);
}

/* Three hundred years in 16384 pixels: nothing overflows. */
static void test_timeline_takes_the_longest_windows(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 3);
    const struct timeline_query query = {
        .run = run, .from_ns = 0, .to_ns = INT64_MAX, .pixels = TIMELINE_MAX_PIXELS};
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.lane_count, 1);
    assert_int_equal(got.lanes[0].count, 1);
    assert_int_equal(got.lanes[0].merged[0], 300);
    assert_int_equal(got.lanes[0].start_ns[0], 0);
    assert_int_equal(got.lanes[0].end_ns[0], 3000);
    timeline_view_deinit(&got);
    db_reader_close(reader);
    db_close(db);
}

/* The last instant of a chunk lies at its t1: a window that begins there shows it, one
 * that ends there does not. All of the first cell is in the window, even if it begins
 * before. */
static void test_timeline_shows_an_instant_at_the_edge(void **state) {
    const struct fixture *fixture = *state;
    static const lane_id lane[] = {0, 0}, by[] = {-1, -1};
    static const sim_ns at[] = {100, 200};
    static const uint8_t kind[] = {INSTANT_DROP_REQUEST, INSTANT_FORCED_DROP};
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .record = true};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    const struct sink *sink = run_writer_sink(writer);
    const struct instant_chunk chunk = {0, 2, 100, 200, lane, at, kind, by};
    fixture_ok(sink->instants(sink->context, &chunk, &err), &err);
    struct run_result result = fixture_result(1, 1);
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);

    static const struct {
        sim_ns from, to;
        size_t count;
    } cases[] = {
        {200, 300, 1}, {100, 200, 1}, {100, 201, 2}, {101, 200, 1}, {104, 200, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct timeline_query query = {
            .run = id, .from_ns = cases[i].from, .to_ns = cases[i].to, .pixels = 10};
        struct timeline_view got;
        fixture_ok(timeline_read(reader, &query, &got, &err), &err);
        assert_int_equal(got.instants.count, cases[i].count);
        assert_int_equal(got.lane_count, 0);
        timeline_view_deinit(&got);
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_timeline_refuses_wrong_queries(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 1);
    const lane_id twice[] = {0, 0}, missing[] = {1}, negative[] = {-1};
    const struct {
        struct timeline_query query;
        int code;
    } cases[] = {
        {{.run = run, .from_ns = 5, .to_ns = 5, .pixels = 10}, ERR_INVALID},
        {{.run = run, .from_ns = -1, .to_ns = 5, .pixels = 10}, ERR_INVALID},
        {{.run = run, .to_ns = 5, .pixels = 0}, ERR_INVALID},
        {{.run = run, .to_ns = 5, .pixels = TIMELINE_MAX_PIXELS + 1}, ERR_INVALID},
        {{.run = run, .to_ns = 5, .pixels = 1, .lanes = twice, .lane_count = 2},
         ERR_INVALID},
        {{.run = run, .to_ns = 5, .pixels = 1, .lanes = missing, .lane_count = 1},
         ERR_INVALID},
        {{.run = run, .to_ns = 5, .pixels = 1, .lanes = negative, .lane_count = 1},
         ERR_INVALID},
        {{.run = run + 1, .to_ns = 5, .pixels = 1}, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timeline_view got;
        struct err err = {0};
        assert_int_equal(timeline_read(reader, &cases[i].query, &got, &err),
                         cases[i].code);
        assert_true(err.text[0] != '\0');
    }
    db_reader_close(reader);
    db_close(db);
}

/* A damaged chunk is missing; what is before and after it is there. */
static void test_timeline_survives_damage(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 3); /* chunks of 100 spans of 10 ns */
    const struct timeline_query query = {.run = run, .to_ns = 3000, .pixels = 3000};
    struct timeline_view got;
    fixture_sql(fixture, "UPDATE span_chunk SET data = substr(data, 1, length(data) - 1)"
                         " WHERE seq = 1");
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.damages.count, 1);
    assert_int_equal(got.damages.items[0].group, 0);
    assert_int_equal(got.damages.items[0].from_ns, 1000);
    assert_int_equal(got.damages.items[0].to_ns, 2000);
    assert_non_null(strstr(got.damages.items[0].what, "checksum"));
    assert_int_equal(got.lane_count, 1);
    assert_int_equal(got.lanes[0].count, 200);
    assert_int_equal(got.lanes[0].end_ns[99], 1000);
    assert_int_equal(got.lanes[0].start_ns[100], 2000);
    timeline_view_deinit(&got);
    db_reader_close(reader);
    db_close(db);
}

/* So it is with a sheet: what is missing are instants, and only its own. */
static void test_timeline_survives_a_damaged_sheet_of_instants(void **state) {
    const struct fixture *fixture = *state;
    struct recording *recording = malloc(sizeof *recording);
    assert_non_null(recording);
    struct err err = {0};
    uint64_t random = 2;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    random_recording(recording, &random);
    const int64_t run = store(db, cell, recording, &random);
    const struct timeline_query query = {.run = run, .to_ns = LAST_NS, .pixels = 3};
    struct timeline_view whole, got;
    fixture_ok(timeline_read(reader, &query, &whole, &err), &err);
    fixture_sql(fixture, "UPDATE sheet SET data = substr(data, 1, length(data) - 1)"
                         " WHERE lane_group = -1");
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(whole.damages.count, 0);
    assert_true(got.damages.count > 0);
    assert_int_equal(got.damages.items[0].group, DAMAGE_INSTANTS);
    assert_non_null(strstr(got.damages.items[0].what, "checksum"));
    assert_int_equal(got.lane_count, whole.lane_count);
    assert_in_range(got.instants.count, 1, whole.instants.count); /* of plain chunks */
    timeline_view_deinit(&whole);
    timeline_view_deinit(&got);
    db_reader_close(reader);
    db_close(db);
    free(recording);
}

/* More damage is an error that names the file, not a picture. */
static void test_timeline_reports_damage(void **state) {
    const struct fixture *fixture = *state;
    static const char *const damage[] = {
        "UPDATE span_chunk SET lane_group = 1",
        "UPDATE span_chunk SET lane_group = 99999999999",
        "UPDATE span_chunk SET lane_group = -1",
        "DELETE FROM lane",
        "UPDATE lane SET lane = 99999999999",
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct db *db = fixture_open(fixture);
        struct db_reader *reader = fixture_reader(db);
        const int64_t cell = fixture_cell(reader, fixture_experiment(db, (int)i, 1));
        const int64_t run = fixture_run(db, cell, 0, 2);
        const struct timeline_query query = {.run = run, .to_ns = 5000, .pixels = 10};
        struct timeline_view got;
        struct err err = {0};
        fixture_ok(timeline_read(reader, &query, &got, &err), &err);
        timeline_view_deinit(&got);
        fixture_sql(fixture, damage[i]);
        const int rc = timeline_read(reader, &query, &got, &err);
        if (rc != ERR_CORRUPT || strstr(err.text, fixture->path) == NULL) {
            fail_msg("%s: code %d, '%s'", damage[i], rc, err.text);
        }
        db_reader_close(reader);
        db_close(db);
        fixture_sql(fixture, "DELETE FROM experiment");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_timeline_equals_the_brute_force_painter),
        TEST(test_timeline_of_an_older_store_is_whole),
        TEST(test_timeline_takes_the_longest_windows),
        TEST(test_timeline_shows_an_instant_at_the_edge),
        TEST(test_timeline_refuses_wrong_queries),
        TEST(test_timeline_survives_damage),
        TEST(test_timeline_survives_a_damaged_sheet_of_instants),
        TEST(test_timeline_reports_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
