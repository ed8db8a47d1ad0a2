/* SPDX-License-Identifier: MIT */
/* test_recorder - transitions in; spans, totals and a fingerprint out. */
#include <stdio.h>
#include <string.h>

#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/test.h"
#include "tests/support/timeline.h"

#include "engine/base/memory.h"
#include "engine/record/recorder.h"

static struct recorder *create(struct timeline *timeline) {
    struct recorder *recorder = NULL;
    timeline_init(timeline);
    assert_int_equal(recorder_create(&recorder, &timeline->sink, NULL), 0);
    return recorder;
}

static lane_id open_lane(struct recorder *recorder, sim_ns now, const char *name) {
    return recorder_open_lane(
        recorder, now,
        &(struct lane_birth){
            LANE_THREAD, LANE_NONE, name, {STATE_READY, LANE_NONE, SITE_NONE}});
}

/* --- examples ------------------------------------------------------------------ */

static void test_recorder_names_are_never_cut_inside_a_character(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t kept;
    } cases[] = {
        {"", 0},
        {"short", 5},
        {"12345678901234567890123456789012345678901234567", 47},
        {"123456789012345678901234567890123456789012345678", 47},
        /* two bytes across the limit, then three, then four */
        {"1234567890123456789012345678901234567890123456\xc4\x85z", 46},
        {"123456789012345678901234567890123456789012345\xc4\x85z", 47},
        {"1234567890123456789012345678901234567890123456\xe2\x82\xacz", 46},
        {"123456789012345678901234567890123456789012345\xe2\x82\xacz", 45},
        {"12345678901234567890123456789012345678901234\xe2\x82\xacz", 47},
        {"123456789012345678901234567890123456789012345\xf0\x9f\x90\x8dz", 45},
        {"1234567890123456789012345678901234567890123\xf0\x9f\x90\x8dz", 47},
    };
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const lane_id lane = open_lane(recorder, 0, cases[i].name);
        const struct lane kept = lane_table_lane(recorder_lanes(recorder), lane);
        assert_int_equal(strlen(kept.name), cases[i].kept);
        assert_memory_equal(kept.name, cases[i].name, cases[i].kept);
    }
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

/* The same activity again is no transition; a change that takes no time is no span. */
static void test_recorder_keeps_only_real_spans(void **state) {
    (void)state;
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    const lane_id lane = open_lane(recorder, 5, "t");
    const struct activity run = {STATE_RUNNING, LANE_NONE, 3};
    const struct activity io = {STATE_IO, LANE_NONE, 4};
    recorder_switch(recorder, 10, lane, run, LANE_NONE);
    const uint64_t before = recorder_transitions(recorder);
    recorder_switch(recorder, 20, lane, run, LANE_NONE); /* nothing new */
    assert_int_equal(recorder_transitions(recorder), before);
    recorder_switch(recorder, 30, lane, io, 7);
    recorder_switch(recorder, 30, lane, run, 8); /* took no time */
    recorder_close_lane(recorder, 44, lane);
    assert_int_equal(recorder_finish(recorder, 50, NULL), 0);
    struct timeline_text text;
    assert_string_equal(timeline_describe(&timeline, lane, &text),
                        "ready@5 running@10 running@30 end@44");
    assert_int_equal(timeline.spans[1].by, 7);
    assert_int_equal(timeline.spans[1].site, 3);
    const struct lane_total total = lane_table_total(recorder_lanes(recorder), lane);
    assert_int_equal(total.died_ns, 44);
    assert_int_equal(total.state_ns[STATE_RUNNING], 34);
    assert_int_equal(total.state_ns[STATE_IO], 0);
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

/* --- seals --------------------------------------------------------------------- */

/* The first chunks of spans, but for the spans. */
struct seals {
    size_t count;
    struct {
        struct span_chunk chunk;
        struct lane_before before[LANE_GROUP_LANES];
        struct lane_after after[LANE_GROUP_LANES];
    } at[4];
};

static int keep_lane(void *context, const struct lane *lane, struct err *err) {
    (void)context, (void)lane, (void)err;
    return 0;
}

static int keep_seal(void *context, const struct span_chunk *chunk, struct err *err) {
    (void)err;
    struct seals *seals = context;
    assert_true(seals->count < 4);
    const size_t i = seals->count++;
    seals->at[i].chunk = *chunk;
    memcpy(seals->at[i].before, chunk->before,
           chunk->before_count * sizeof *chunk->before);
    memcpy(seals->at[i].after, chunk->after, chunk->after_count * sizeof *chunk->after);
    return 0;
}

static void expect_before(const struct seals *seals, size_t chunk,
                          const struct lane_before *expected, size_t count) {
    assert_int_equal(seals->at[chunk].chunk.before_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(seals->at[chunk].before[i].lane, expected[i].lane);
        assert_int_equal(seals->at[chunk].before[i].since_ns, expected[i].since_ns);
    }
}

static void expect_after(const struct seals *seals, size_t chunk,
                         const struct lane_after *expected, size_t count) {
    assert_int_equal(seals->at[chunk].chunk.after_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(seals->at[chunk].after[i].lane, expected[i].lane);
        assert_int_equal(seals->at[chunk].after[i].state, expected[i].state);
        assert_int_equal(seals->at[chunk].after[i].resource, expected[i].resource);
        assert_int_equal(seals->at[chunk].after[i].site, expected[i].site);
    }
}

enum { BUSY, QUIET, DIES, TURNS, BORN, STILLBORN, LATE };

/* Lane 0 has a span in every nanosecond until it is time for the chunk to end; then much
 * happens at once. */
static void test_recorder_seals_whole_moments(void **state) {
    (void)state;
    const sim_ns t = CHUNK_SPANS - LANE_GROUP_LANES + 1; /* one more than may stay */
    struct seals seals = {0};
    const struct sink sink = {.context = &seals, .lane = keep_lane, .spans = keep_seal};
    struct recorder *recorder = NULL;
    assert_int_equal(recorder_create(&recorder, &sink, NULL), 0);
    for (int lane = BUSY; lane <= TURNS; lane++) {
        open_lane(recorder, 0, "lane");
    }
    for (sim_ns now = 1; now <= t; now++) {
        recorder_switch(recorder, now, BUSY,
                        (struct activity){STATE_RUNNING, LANE_NONE, now % 2 == 0}, 0);
    }
    recorder_close_lane(recorder, t, DIES);
    recorder_switch(recorder, t, TURNS, (struct activity){STATE_IO, 1, 2}, LANE_NONE);
    open_lane(recorder, t, "born");
    open_lane(recorder, t, "still-born");
    recorder_close_lane(recorder, t, STILLBORN);
    recorder_switch(recorder, t, TURNS, (struct activity){STATE_SLEEP, 3, 4}, LANE_NONE);
    assert_int_equal(seals.count, 0); /* the moment may go on */
    open_lane(recorder, t + 1, "late");
    recorder_switch(recorder, t + 1, LATE, (struct activity){STATE_IO, 1, 2}, LANE_NONE);
    recorder_switch(recorder, t + 1, BUSY, (struct activity){STATE_IO, 5, 6}, LANE_NONE);
    assert_int_equal(seals.count, 1);
    assert_int_equal(seals.at[0].chunk.count, t + 2);
    assert_int_equal(seals.at[0].chunk.t0_ns, 0);
    assert_int_equal(seals.at[0].chunk.t1_ns, t);
    expect_before(
        &seals, 0,
        (struct lane_before[]){{BUSY, 0}, {QUIET, 0}, {DIES, 0}, {TURNS, 0}, {BORN, t}},
        5);
    expect_after(&seals, 0,
                 (struct lane_after[]){{BUSY, LANE_NONE, t % 2 == 0, STATE_RUNNING},
                                       {QUIET, LANE_NONE, SITE_NONE, STATE_READY},
                                       {TURNS, 3, 4, STATE_SLEEP},
                                       {BORN, LANE_NONE, SITE_NONE, STATE_READY}},
                 4);
    recorder_close_lane(recorder, t + 2, LATE);
    assert_int_equal(recorder_finish(recorder, t + 3, NULL), 0);
    assert_int_equal(seals.count, 2);
    assert_int_equal(seals.at[1].chunk.seq, 1);
    assert_int_equal(seals.at[1].chunk.t0_ns, t);
    assert_int_equal(seals.at[1].chunk.t1_ns, t + 3);
    expect_before(&seals, 1,
                  (struct lane_before[]){
                      {BUSY, t}, {QUIET, 0}, {TURNS, t}, {BORN, t}, {LATE, t + 1}},
                  5);
    expect_after(&seals, 1, NULL, 0);
    recorder_destroy(recorder);
}

/* All lanes of a group end a span at the last moment that fits in: it fits in. */
static void test_recorder_fills_a_chunk_to_the_last_row(void **state) {
    (void)state;
    const sim_ns t = CHUNK_SPANS - LANE_GROUP_LANES + 1;
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    for (int lane = 0; lane < LANE_GROUP_LANES; lane++) {
        open_lane(recorder, 0, "lane");
    }
    for (sim_ns now = 1; now <= t; now++) {
        recorder_switch(recorder, now, 0,
                        (struct activity){STATE_RUNNING, LANE_NONE, now % 2 == 0}, 0);
    }
    assert_int_equal(recorder_finish(recorder, t, NULL), 0);
    assert_null(timeline.broken_rule);
    assert_int_equal(timeline.span_count, CHUNK_SPANS);
    assert_int_equal(timeline.group_seq[0], 1);
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

/* --- property ------------------------------------------------------------------ */

enum { LANES = 150, EVENTS = 30000, REMEMBERED = 60000 };

struct model_span {
    lane_id lane;
    sim_ns start, end;
    enum lane_state state;
    lane_id resource, by;
    site_id site;
};

/* What a list of spans should look like, kept the simple way. */
struct model {
    struct activity now[LANES];
    sim_ns since[LANES];
    sim_ns total[LANES][STATE_COUNT];
    bool dead[LANES];
    struct model_span *spans; /* REMEMBERED */
    size_t count;
    int lanes;
};

static void model_close(struct model *model, lane_id lane, sim_ns now, lane_id by) {
    if (now > model->since[lane]) {
        assert_true(model->count < REMEMBERED);
        model->spans[model->count++] = (struct model_span){lane,
                                                           model->since[lane],
                                                           now,
                                                           model->now[lane].state,
                                                           model->now[lane].resource,
                                                           by,
                                                           model->now[lane].site};
        model->total[lane][model->now[lane].state] += now - model->since[lane];
    }
    model->since[lane] = now;
}

/* The same random story for both; returns its end. */
static sim_ns tell(uint64_t seed, struct recorder *recorder, struct model *model) {
    struct dice dice = dice_make(seed);
    sim_ns now = 0;
    for (int i = 0; i < EVENTS; i++) {
        now += dice_between(&dice, 0, 3) * dice_magnitude(&dice, 1000000) / 2;
        if (model->lanes < LANES && dice_between(&dice, 0, 50) == 0) {
            const lane_id id = open_lane(recorder, now, "lane");
            assert_int_equal(id, model->lanes);
            model->now[id] = (struct activity){STATE_READY, LANE_NONE, SITE_NONE};
            model->since[id] = now;
            model->lanes++;
        }
        if (model->lanes == 0) {
            continue;
        }
        const lane_id lane = (lane_id)dice_between(&dice, 0, model->lanes - 1);
        const lane_id by = (lane_id)dice_between(&dice, -1, model->lanes - 1);
        if (model->dead[lane]) {
            continue;
        }
        if (dice_between(&dice, 0, 500) == 0) {
            model_close(model, lane, now, LANE_NONE);
            model->dead[lane] = true;
            recorder_close_lane(recorder, now, lane);
            continue;
        }
        const lane_id most = model->lanes < 3 ? (lane_id)model->lanes - 1 : 2;
        const struct activity next = {(enum lane_state)dice_between(&dice, 0, 4),
                                      (lane_id)dice_between(&dice, -1, most),
                                      (site_id)dice_between(&dice, -1, 2)};
        if (next.state != model->now[lane].state ||
            next.resource != model->now[lane].resource ||
            next.site != model->now[lane].site) {
            model_close(model, lane, now, by);
            model->now[lane] = next;
        }
        recorder_switch(recorder, now, lane, next, by);
        recorder_instant(recorder, now, lane, INSTANT_DROP_REQUEST, by);
    }
    return now;
}

static int compare_spans(const void *left, const void *right) {
    const struct model_span *a = left, *b = right;
    if (a->lane != b->lane) {
        return a->lane < b->lane ? -1 : 1;
    }
    return (a->start > b->start) - (a->start < b->start);
}

static void check_against_model(const struct timeline *timeline, struct model *model) {
    struct model_span *spans = calloc(timeline->span_count, sizeof *spans);
    assert_non_null(spans);
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *it = &timeline->spans[i];
        spans[i] = (struct model_span){it->lane,     it->start, it->end, it->state,
                                       it->resource, it->by,    it->site};
    }
    qsort(spans, timeline->span_count, sizeof *spans, compare_spans);
    qsort(model->spans, model->count, sizeof *model->spans, compare_spans);
    assert_int_equal(timeline->span_count, model->count);
    for (size_t i = 0; i < model->count; i++) {
        assert_int_equal(spans[i].lane, model->spans[i].lane);
        assert_int_equal(spans[i].start, model->spans[i].start);
        assert_int_equal(spans[i].end, model->spans[i].end);
        assert_int_equal(spans[i].state, model->spans[i].state);
        assert_int_equal(spans[i].resource, model->spans[i].resource);
        assert_int_equal(spans[i].by, model->spans[i].by);
        assert_int_equal(spans[i].site, model->spans[i].site);
    }
    free(spans);
}

/* Chunks give back exactly the transitions that went in; times of a lane add up. */
static void test_recorder_chunks_reconstruct_the_transitions(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct timeline timeline;
        struct recorder *recorder = create(&timeline);
        struct model *model = calloc(1, sizeof *model);
        assert_non_null(model);
        model->spans = calloc(REMEMBERED, sizeof *model->spans);
        assert_non_null(model->spans);
        const sim_ns end = tell(seed, recorder, model);
        for (lane_id lane = 0; lane < model->lanes; lane++) {
            if (!model->dead[lane]) {
                model_close(model, lane, end, LANE_NONE);
            }
        }
        assert_int_equal(recorder_finish(recorder, end, NULL), 0);
        assert_null(timeline.broken_rule);
        assert_true(model->count > 3 * CHUNK_SPANS); /* several chunks in a group */
        check_against_model(&timeline, model);
        for (lane_id lane = 0; lane < model->lanes; lane++) {
            sim_ns times[STATE_COUNT];
            lane_table_times(recorder_lanes(recorder), lane, times);
            assert_memory_equal(times, model->total[lane], sizeof times);
        }
        assert_int_equal(recorder_spans(recorder), model->count);
        free(model->spans);
        free(model);
        recorder_destroy(recorder);
        timeline_deinit(&timeline);
    }
}

static uint64_t fingerprint_of(uint64_t seed, const struct sink *sink) {
    struct recorder *recorder = NULL;
    assert_int_equal(recorder_create(&recorder, sink, NULL), 0);
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->spans = calloc(REMEMBERED, sizeof *model->spans);
    assert_non_null(model->spans);
    const sim_ns end = tell(seed, recorder, model);
    const int rc = recorder_finish(recorder, end, NULL);
    assert_int_equal(rc, 0);
    const uint64_t fingerprint = recorder_fingerprint(recorder);
    free(model->spans);
    free(model);
    recorder_destroy(recorder);
    return fingerprint;
}

static void test_recorder_fingerprint_does_not_depend_on_the_sink(void **state) {
    (void)state;
    struct timeline timeline;
    timeline_init(&timeline);
    const uint64_t with = fingerprint_of(5, &timeline.sink);
    assert_true(with == fingerprint_of(5, NULL));
    assert_true(with != fingerprint_of(6, NULL));
    timeline_deinit(&timeline);
}

/* One nanosecond, another state, another lane, another resource: another fingerprint. */
static void test_recorder_fingerprint_covers_what_it_says(void **state) {
    (void)state;
    uint64_t seen[7];
    for (int i = 0; i < 7; i++) {
        struct recorder *recorder = NULL;
        assert_int_equal(recorder_create(&recorder, NULL, NULL), 0);
        const lane_id a = open_lane(recorder, 0, "a");
        const lane_id b = open_lane(recorder, 0, "b");
        const struct activity next = {i == 1 ? STATE_IO : STATE_RUNNING, i == 2 ? a : b,
                                      SITE_NONE};
        recorder_switch(recorder, i == 3 ? 101 : 100, i == 4 ? b : a, next, LANE_NONE);
        if (i >= 5) {
            recorder_instant(recorder, 150, a,
                             i == 5 ? INSTANT_DROP_REQUEST : INSTANT_FORCED_DROP, b);
        }
        seen[i] = recorder_fingerprint(recorder);
        for (int k = 0; k < i; k++) {
            assert_true(seen[k] != seen[i]);
        }
        recorder_destroy(recorder);
    }
}

/* --- counters ------------------------------------------------------------------ */

static void expect_samples(const struct timeline *timeline, lane_id lane,
                           enum counter_kind kind, const char *expected) {
    struct timeline_text text;
    assert_string_equal(timeline_samples(timeline, lane, kind, &text), expected);
}

static lane_id open_of_kind(struct recorder *recorder, enum lane_kind kind,
                            lane_id parent, enum lane_state state) {
    return recorder_open_lane(
        recorder, 0,
        &(struct lane_birth){kind, parent, "lane", {state, LANE_NONE, SITE_NONE}});
}

static void turn_to(struct recorder *recorder, sim_ns now, lane_id lane,
                    enum lane_state state, lane_id resource) {
    recorder_switch(recorder, now, lane, (struct activity){state, resource, SITE_NONE},
                    LANE_NONE);
}

/* What happens within a nanosecond and back is no change of a counter. */
static void test_recorder_counts_lanes_in_a_state(void **state) {
    (void)state;
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    const lane_id process = open_of_kind(recorder, LANE_PROCESS, LANE_NONE, STATE_ALIVE);
    const lane_id gil = open_of_kind(recorder, LANE_GIL, process, STATE_FREE);
    const lane_id lock = open_of_kind(recorder, LANE_LOCK, process, STATE_FREE);
    const lane_id a = open_of_kind(recorder, LANE_THREAD, process, STATE_READY);
    const lane_id b = open_of_kind(recorder, LANE_THREAD, process, STATE_READY);
    const lane_id loop = open_of_kind(recorder, LANE_LOOP, a, STATE_POLL);
    const lane_id task = open_of_kind(recorder, LANE_TASK, loop, STATE_READY);
    turn_to(recorder, 10, a, STATE_RUNNING, LANE_NONE);
    turn_to(recorder, 20, b, STATE_WAIT_GIL, gil);
    turn_to(recorder, 20, b, STATE_READY, LANE_NONE);
    turn_to(recorder, 30, b, STATE_WAIT_GIL, gil);
    turn_to(recorder, 30, a, STATE_SPIN, lock);
    turn_to(recorder, 40, task, STATE_AWAIT_LOCK, lock);
    turn_to(recorder, 40, a, STATE_WAIT_LOCK, lock);
    turn_to(recorder, 50, a, STATE_WAIT_LOCK, gil); /* no lock */
    recorder_close_lane(recorder, 60, b);
    assert_int_equal(recorder_finish(recorder, 70, NULL), 0);
    expect_samples(&timeline, process, COUNTER_READY_THREADS, "2@0 1@10 0@30");
    expect_samples(&timeline, gil, COUNTER_GIL_WAITERS, "1@30 0@60");
    expect_samples(&timeline, lock, COUNTER_LOCK_WAITERS, "1@30 2@40 1@50");
    assert_int_equal(timeline.sample_count, 8);
    assert_null(timeline.broken_rule);
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

static void test_recorder_takes_numbers_that_it_is_told(void **state) {
    (void)state;
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    const lane_id queue = open_of_kind(recorder, LANE_LOCK, LANE_NONE, STATE_FREE);
    const lane_id other = open_of_kind(recorder, LANE_LOCK, LANE_NONE, STATE_FREE);
    recorder_count(recorder, 0, queue, COUNTER_QUEUE_ITEMS, 0);
    recorder_count(recorder, 5, queue, COUNTER_QUEUE_ITEMS, INT64_MAX);
    recorder_count(recorder, 5, other, COUNTER_QUEUE_ITEMS, 7);
    recorder_count(recorder, 5, queue, COUNTER_QUEUE_ITEMS, 2);
    recorder_count(recorder, 6, queue, COUNTER_QUEUE_ITEMS, 3);
    recorder_count(recorder, 6, queue, COUNTER_QUEUE_ITEMS, 2);
    recorder_count(recorder, 7, LANE_NONE, COUNTER_QUEUE_ITEMS, 2);
    recorder_close_lane(recorder, 8, queue);
    recorder_count(recorder, 9, other, COUNTER_WORK_ITEMS, 1);
    assert_int_equal(recorder_finish(recorder, 9, NULL), 0);
    expect_samples(&timeline, queue, COUNTER_QUEUE_ITEMS, "2@5 0@8");
    expect_samples(&timeline, other, COUNTER_QUEUE_ITEMS, "7@5"); /* to the end */
    expect_samples(&timeline, other, COUNTER_WORK_ITEMS, "1@9");
    assert_int_equal(timeline.samples[0].lane, queue); /* who has changed first */
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

/* What is expected comes in its order with everything else, and not after the end of the
 * run, or of its lane. */
static void test_recorder_counts_what_it_expects(void **state) {
    (void)state;
    static const sim_ns at[] = {0, 2, 2, 5, 6, 6, 9, 11};
    for (int dies = 0; dies <= 1; dies++) {
        struct timeline timeline;
        struct recorder *recorder = create(&timeline);
        const lane_id lane = open_of_kind(recorder, LANE_PROCESS, LANE_NONE, STATE_ALIVE);
        const lane_id other = open_of_kind(recorder, LANE_LOCK, LANE_NONE, STATE_FREE);
        recorder_count_at(recorder, lane, COUNTER_JOBS_IN_SYSTEM, at, 8);
        recorder_count(recorder, 4, other, COUNTER_QUEUE_ITEMS, 1);
        recorder_count_by(recorder, 5, lane, COUNTER_JOBS_IN_SYSTEM, -1);
        recorder_count_by(recorder, 7, lane, COUNTER_JOBS_IN_SYSTEM, -2);
        if (dies) {
            recorder_close_lane(recorder, 8, lane);
        }
        assert_int_equal(recorder_finish(recorder, 10, NULL), 0);
        expect_samples(&timeline, lane, COUNTER_JOBS_IN_SYSTEM,
                       dies ? "1@0 3@2 5@6 3@7 0@8" : "1@0 3@2 5@6 3@7 4@9");
        assert_int_equal(timeline.samples[2].lane, other);
        assert_null(timeline.broken_rule);
        recorder_destroy(recorder);
        timeline_deinit(&timeline);
    }
}

/* Chunks go on where they were full, in the middle of a moment. */
static void test_recorder_gives_full_chunks_of_samples(void **state) {
    (void)state;
    enum { COUNTED = 3, MOMENTS = 2 * CHUNK_SPANS / COUNTED + 1 };
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    for (int i = 0; i < COUNTED; i++) {
        (void)open_of_kind(recorder, LANE_LOCK, LANE_NONE, STATE_FREE);
    }
    for (int i = 0; i < MOMENTS; i++) {
        for (lane_id lane = 0; lane < COUNTED; lane++) {
            recorder_count(recorder, i, lane, COUNTER_QUEUE_ITEMS, i + 1);
        }
    }
    assert_int_equal(recorder_finish(recorder, MOMENTS, NULL), 0);
    assert_null(timeline.broken_rule);
    assert_int_equal(timeline.counter_seq, 3);
    assert_int_equal(timeline.sample_count, COUNTED * MOMENTS);
    for (size_t i = 0; i < timeline.sample_count; i++) {
        assert_int_equal(timeline.samples[i].at, i / COUNTED);
        assert_int_equal(timeline.samples[i].lane, i % COUNTED);
        assert_int_equal(timeline.samples[i].value, i / COUNTED + 1);
    }
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

/* --- failures ------------------------------------------------------------------ */

static void test_recorder_keeps_the_first_error(void **state) {
    (void)state;
    struct timeline timeline;
    struct recorder *recorder = create(&timeline);
    timeline.fail_at = 1; /* the second lane */
    const lane_id first = open_lane(recorder, 0, "a");
    assert_false(recorder_failed(recorder));
    (void)open_lane(recorder, 0, "b"); /* fails inside */
    assert_true(recorder_failed(recorder));
    assert_int_equal(open_lane(recorder, 0, "c"), LANE_NONE);
    /* the scheduler may still be in the middle of something */
    recorder_switch(recorder, 5, first, (struct activity){STATE_IO, LANE_NONE, 0}, first);
    recorder_switch(recorder, 5, LANE_NONE, (struct activity){STATE_IO, LANE_NONE, 0},
                    first);
    recorder_close_lane(recorder, 9, LANE_NONE);
    recorder_instant(recorder, 9, first, INSTANT_FALSE_WAKEUP, first);
    recorder_count(recorder, 9, first, COUNTER_QUEUE_ITEMS, 1);
    struct err err = {0};
    assert_int_equal(recorder_finish(recorder, 10, &err), ERR_DB);
    assert_int_equal(err.code, ERR_DB);
    assert_int_equal(timeline.span_count, 0);
    assert_int_equal(timeline.sample_count, 0);
    recorder_destroy(recorder);
    timeline_deinit(&timeline);
}

/* --- quiet groups -------------------------------------------------------------- */

enum { GROUPS = 5, QUIET_LAG = 16 + 3 * GROUPS /* chunks, as recorder.c has it */ };

struct settled {
    sim_ns known_ns[GROUPS], instants_ns;
    sim_ns filled_ns[4096]; /* when each chunk was full */
    size_t filled, chunks;
};

static int see_chunk(void *context, const struct span_chunk *chunk, struct err *err) {
    (void)err;
    struct settled *settled = context;
    for (uint32_t i = 0; i < chunk->count; i++) {
        assert_true(chunk->end_ns[i] >= settled->known_ns[chunk->group]);
    }
    settled->known_ns[chunk->group] = chunk->t1_ns;
    settled->chunks++;
    if (chunk->count > CHUNK_SPANS - LANE_GROUP_LANES) {
        settled->filled_ns[settled->filled++] = chunk->t1_ns;
    }
    return 0;
}

static int see_instants(void *context, const struct instant_chunk *chunk,
                        struct err *err) {
    (void)err;
    struct settled *settled = context;
    assert_true(chunk->t0_ns >= settled->instants_ns);
    settled->instants_ns = chunk->t1_ns;
    return 0;
}

static int see_settled(void *context, int64_t group, sim_ns until, struct err *err) {
    (void)err;
    struct settled *settled = context;
    sim_ns *known = group < 0 ? &settled->instants_ns : &settled->known_ns[(size_t)group];
    assert_true(until >= *known);
    *known = until;
    return 0;
}

/* Lane 0 never rests. Of the other groups one has a span once in a while, one always in
 * the same moment as lane 0, one but a single one, and one has none. */
static void test_recorder_settles_quiet_groups(void **state) {
    (void)state;
    static struct settled settled;
    settled = (struct settled){0};
    const struct sink sink = {.context = &settled,
                              .lane = keep_lane,
                              .spans = see_chunk,
                              .instants = see_instants,
                              .settled = see_settled};
    struct recorder *recorder = NULL;
    assert_int_equal(recorder_create(&recorder, &sink, NULL), 0);
    for (int lane = 0; lane < GROUPS * LANE_GROUP_LANES; lane++) {
        open_lane(recorder, 0, "lane");
    }
    for (sim_ns now = 1; now < 500000; now++) {
        const struct activity next = {STATE_RUNNING, LANE_NONE, (site_id)(now % 97)};
        if (now % 30000 == 0) {
            recorder_switch(recorder, now, 1 * LANE_GROUP_LANES, next, LANE_NONE);
            recorder_instant(recorder, now, 0, INSTANT_DROP_REQUEST, LANE_NONE);
        }
        if (now % 16 < 2) { /* in the moment in which lane 0 fills a chunk, too */
            recorder_switch(recorder, now, 2 * LANE_GROUP_LANES, next, LANE_NONE);
        }
        if (now == 77) {
            recorder_switch(recorder, now, 3 * LANE_GROUP_LANES, next, LANE_NONE);
        }
        recorder_switch(recorder, now, 0, next, LANE_NONE);
        if (settled.filled > QUIET_LAG) {
            const sim_ns least = settled.filled_ns[settled.filled - 1 - QUIET_LAG];
            for (int group = 0; group < GROUPS - 1; group++) {
                assert_true(settled.known_ns[group] >= least);
            }
            assert_true(settled.instants_ns >= least);
        }
    }
    assert_true(settled.filled > 3 * QUIET_LAG);
    assert_true(settled.chunks < settled.filled * 3 / 2);
    assert_int_equal(settled.known_ns[GROUPS - 1], 0); /* its lanes are in no chunk */
    assert_int_equal(recorder_finish(recorder, 500000, NULL), 0);
    recorder_destroy(recorder);
}

/* What was said to be settled before a lane was born does not hold for that lane. */
static void test_recorder_settles_no_group_with_a_newborn(void **state) {
    (void)state;
    static struct settled settled;
    settled = (struct settled){0};
    const struct sink sink = {.context = &settled,
                              .lane = keep_lane,
                              .spans = see_chunk,
                              .instants = see_instants,
                              .settled = see_settled};
    struct recorder *recorder = NULL;
    assert_int_equal(recorder_create(&recorder, &sink, NULL), 0);
    for (int lane = 0; lane <= LANE_GROUP_LANES; lane++) {
        open_lane(recorder, 0, "lane");
    }
    recorder_switch(recorder, 5, LANE_GROUP_LANES,
                    (struct activity){STATE_IO, LANE_NONE, SITE_NONE}, LANE_NONE);
    for (sim_ns now = 6; now < 400000; now++) {
        if (now == 200000) {
            open_lane(recorder, now, "born");
        }
        recorder_switch(recorder, now, 0,
                        (struct activity){STATE_RUNNING, LANE_NONE, now % 2 == 0},
                        LANE_NONE);
    }
    assert_in_range(settled.known_ns[1], 5 + CHUNK_SPANS, 200000);
    assert_int_equal(recorder_finish(recorder, 400000, NULL), 0);
    recorder_destroy(recorder);
}

static void test_recorder_words_exist_for_every_code(void **state) {
    (void)state;
    for (int i = 0; i < STATE_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(lane_state_name((enum lane_state)i),
                                    lane_state_name((enum lane_state)k));
        }
    }
    assert_string_equal(lane_state_name(STATE_WAIT_GIL), "wait_gil");
    assert_string_equal(lane_state_name(STATE_ALIVE), "alive");
    assert_string_equal(lane_kind_name(LANE_TASK), "task");
    assert_string_equal(instant_kind_name(INSTANT_LATE_TIMER), "late_timer");
    assert_string_equal(counter_kind_name(COUNTER_READY_HANDLES), "ready_handles");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorder_names_are_never_cut_inside_a_character),
        cmocka_unit_test(test_recorder_keeps_only_real_spans),
        cmocka_unit_test(test_recorder_seals_whole_moments),
        cmocka_unit_test(test_recorder_fills_a_chunk_to_the_last_row),
        cmocka_unit_test(test_recorder_chunks_reconstruct_the_transitions),
        cmocka_unit_test(test_recorder_fingerprint_does_not_depend_on_the_sink),
        cmocka_unit_test(test_recorder_fingerprint_covers_what_it_says),
        cmocka_unit_test(test_recorder_counts_lanes_in_a_state),
        cmocka_unit_test(test_recorder_takes_numbers_that_it_is_told),
        cmocka_unit_test(test_recorder_counts_what_it_expects),
        cmocka_unit_test(test_recorder_gives_full_chunks_of_samples),
        cmocka_unit_test(test_recorder_keeps_the_first_error),
        cmocka_unit_test(test_recorder_settles_quiet_groups),
        cmocka_unit_test(test_recorder_settles_no_group_with_a_newborn),
        cmocka_unit_test(test_recorder_words_exist_for_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
