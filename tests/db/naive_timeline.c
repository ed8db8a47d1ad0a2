/* SPDX-License-Identifier: MIT */
#include "tests/db/naive_timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/timeline.h"

enum { ENTRIES_MAX = 2 * 4000 };

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
static void random_lane(struct naive_run *r, lane_id lane, uint64_t *random) {
    const uint32_t scale = 1 + fixture_below(random, lane % 7 == 0 ? 20000 : 400);
    const size_t most = 20 + fixture_below(random, 200);
    sim_ns at = fixture_below(random, NAIVE_LAST_NS / 2);
    for (size_t n = 0; n < most && at < NAIVE_LAST_NS && r->span_count < NAIVE_SPANS_MAX;
         n++) {
        const sim_ns end = at + random_length(random, scale);
        r->spans[r->span_count++] = (struct authored_span){
            .lane = lane,
            .start = at,
            .end = end,
            .state =
                (uint8_t)fixture_below(random, 1 + fixture_below(random, STATE_COUNT)),
            .resource = (lane_id)fixture_below(random, NAIVE_LANES) - 1,
            .by = (lane_id)fixture_below(random, NAIVE_LANES) - 1,
            .site = (site_id)fixture_below(random, 9) - 1,
        };
        at = end;
    }
}

/* On few lanes or on many, in crowds and with pauses. */
static void random_instants(struct naive_run *r, uint64_t *random) {
    const uint32_t lanes = 1 + fixture_below(random, fixture_below(random, 3) * 70 + 9);
    sim_ns at = 0;
    while (r->instant_count < NAIVE_INSTANTS_MAX && at < NAIVE_LAST_NS) {
        const bool pause = fixture_below(random, 2000) == 0;
        at += fixture_below(random, 3) == 0 ? 0
                                            : fixture_below(random, pause ? 99999 : 150);
        r->instants[r->instant_count++] = (struct naive_instant){
            .lane = (lane_id)(NAIVE_LANES - lanes + fixture_below(random, lanes)),
            .by = (lane_id)fixture_below(random, NAIVE_LANES) - 1,
            .at = at,
            .kind = (uint8_t)fixture_below(random, INSTANT_COUNT),
        };
    }
}

void naive_run_fill(struct naive_run *r, uint64_t *random) {
    r->span_count = 0;
    r->instant_count = 0;
    for (lane_id lane = 0; lane < NAIVE_LANES; lane++) {
        if (lane % 11 != 3) { /* some lanes have no span */
            random_lane(r, lane, random);
        }
    }
    qsort(r->spans, r->span_count, sizeof r->spans[0], span_author_order);
    random_instants(r, random);
}

size_t naive_run_send_instants(const struct naive_run *r, size_t from, uint32_t room,
                               uint32_t seq, const struct sink *sink) {
    struct err err = {0};
    lane_id lane[NAIVE_INSTANT_ROOM], by[NAIVE_INSTANT_ROOM];
    sim_ns at[NAIVE_INSTANT_ROOM];
    uint8_t kind[NAIVE_INSTANT_ROOM];
    uint32_t count = 0;
    for (size_t i = from; count < room && i < r->instant_count; count++, i++) {
        lane[count] = r->instants[i].lane;
        by[count] = r->instants[i].by;
        at[count] = r->instants[i].at;
        kind[count] = r->instants[i].kind;
    }
    if (count > 0) {
        const struct instant_chunk chunk = {seq,  count, false, at[0], at[count - 1],
                                            lane, at,    kind,  by};
        fixture_ok(sink->instants(sink->context, &chunk, &err), &err);
    }
    return count;
}

struct run_result naive_run_result(const struct naive_run *r) {
    struct run_result result = fixture_result(1, NAIVE_LANES);
    for (size_t i = r->span_count; i-- > 0;) {
        result.lanes.origin[r->spans[i].lane].born_ns = r->spans[i].start;
    }
    for (size_t i = 0; i < r->span_count; i++) {
        result.lanes.present[r->spans[i].lane].since_ns = LANE_ENDED_NS + r->spans[i].end;
    }
    return result;
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
struct naive_window {
    sim_ns from, to;
    int64_t pixels;
    sim_ns cell, first; /* length, and where the first one begins */
    int64_t cells;
};

static struct naive_window window_of(sim_ns from, sim_ns to, int64_t pixels) {
    struct naive_window w = {.from = from, .to = to, .pixels = pixels, .cell = 1};
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

static sim_ns edge(const struct naive_window *w, int64_t pixel) {
    return w->first + pixel * w->cells / w->pixels * w->cell;
}

static int64_t pixel_of(const struct naive_window *w, sim_ns at) {
    int64_t pixel = 0;
    while (edge(w, pixel + 1) <= at) {
        pixel++;
    }
    return pixel;
}

static bool is_long(const struct naive_window *w, const struct authored_span *s) {
    return s->end - s->start >= (w->cells + w->pixels - 1) / w->pixels * w->cell;
}

/* Rule 3: what the short spans have of a pixel. False when they have nothing. */
static bool short_ones(const struct naive_window *w,
                       const struct authored_span *const *spans, size_t count,
                       int64_t pixel, struct entry *out) {
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
static size_t paint_lane(const struct naive_run *r, const struct naive_window *w,
                         lane_id lane, struct entry *out) {
    static const struct authored_span *spans[NAIVE_SPANS_MAX];
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

static void compare_lane(const struct naive_run *r, const struct naive_window *w,
                         const struct timeline_lane *lane) {
    static struct entry expected[ENTRIES_MAX + NAIVE_SPANS_MAX];
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
    const struct naive_instant *a = left, *b = right;
    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    return a->lane == b->lane ? 0 : a->lane < b->lane ? -1 : 1;
}

void naive_run_sort(struct naive_run *r) {
    if (r->instant_count > 0) {
        qsort(r->instants, r->instant_count, sizeof r->instants[0], by_time);
    }
}

/* The instants of a lane from the one at `first` on to the end of the pixel. */
static void compare_instant(const struct naive_run *r, size_t first, sim_ns end,
                            const struct timeline_instants *got, size_t at) {
    const struct naive_instant *begin = &r->instants[first];
    uint32_t kinds[INSTANT_COUNT] = {0}, merged = 0;
    uint8_t best = 0;
    lane_id slow_by = LANE_NONE;
    for (size_t i = first; i < r->instant_count && r->instants[i].at < end; i++) {
        const struct naive_instant *x = &r->instants[i];
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

static void compare_instants(const struct naive_run *r, const struct naive_window *w,
                             const bool *wanted, const struct timeline_instants *got) {
    int64_t last_pixel[NAIVE_LANES], pixel = 0;
    size_t at = 0;
    for (lane_id lane = 0; lane < NAIVE_LANES; lane++) {
        last_pixel[lane] = -1;
    }
    for (size_t i = 0; i < r->instant_count; i++) {
        const struct naive_instant *x = &r->instants[i];
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

static struct naive_window random_window(uint64_t *random) {
    const uint32_t width =
        1 +
        fixture_below(random, fixture_below(random, 3) == 0 ? NAIVE_LAST_NS * 2 : 3000);
    const sim_ns from =
        fixture_below(random, 10) == 0 ? 0 : fixture_below(random, NAIVE_LAST_NS);
    const uint32_t pixels = fixture_below(random, 4) == 0 ? 4000 : 60;
    return window_of(from, from + width, 1 + fixture_below(random, pixels));
}

/* A few lanes in any order, each once. */
static size_t random_lanes(uint64_t *random, lane_id *lanes, bool *wanted) {
    const size_t count = 1 + fixture_below(random, 5);
    size_t n = 0;
    memset(wanted, 0, NAIVE_LANES * sizeof *wanted);
    while (n < count) {
        const uint32_t lane = fixture_below(random, NAIVE_LANES);
        if (!wanted[lane]) {
            wanted[lane] = true;
            lanes[n++] = (lane_id)lane;
        }
    }
    return n;
}

void naive_run_compare_some(struct db_reader *reader, const struct naive_run *r,
                            int64_t run, uint64_t *random) {
    struct err err = {0};
    lane_id lanes[8];
    bool wanted[NAIVE_LANES];
    const struct naive_window w = random_window(random);
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

void naive_run_compare_all(struct db_reader *reader, const struct naive_run *r,
                           int64_t run, uint64_t *random) {
    struct err err = {0};
    static struct entry entries[ENTRIES_MAX + NAIVE_SPANS_MAX];
    bool wanted[NAIVE_LANES];
    memset(wanted, 1, sizeof wanted);
    struct naive_window w = random_window(random);
    w = window_of(w.from, w.to, 1 + w.pixels % 40);
    const struct timeline_query query = {
        .run = run, .from_ns = w.from, .to_ns = w.to, .pixels = (uint32_t)w.pixels};
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    size_t next = 0;
    for (lane_id lane = 0; lane < NAIVE_LANES; lane++) {
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
