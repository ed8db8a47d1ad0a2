/* SPDX-License-Identifier: MIT */
/*
 * test_open_chunks - what a sink sees of chunks that are not full is what the whole recording
 * has up to that time, and to look changes nothing.
 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "engine/analysis/run.h"
#include "tests/support/plans.h"
#include "tests/support/timeline.h"

enum { LOOKS_MAX = 20000 };

/* An open chunk, copied. */
struct look {
    int64_t group; /* of spans; -1 instants, -2 samples */
    sim_ns t0, t1;
    uint32_t count, after_count;
    struct timeline_span *spans;
    struct timeline_instant *instants;
    struct timeline_sample *samples;
    struct lane_after after[LANE_GROUP_LANES];
};

/* Passes on what is full, and keeps what is open. */
struct watcher {
    struct sink sink;
    struct timeline timeline;
    struct look *looks;
    size_t look_count, settled;
    bool says_yes;
};

static struct look *add_look(struct watcher *watcher, int64_t group, sim_ns t0, sim_ns t1,
                             uint32_t count) {
    assert_true(watcher->look_count < LOOKS_MAX);
    struct look *look = &watcher->looks[watcher->look_count++];
    *look = (struct look){.group = group, .t0 = t0, .t1 = t1, .count = count};
    return look;
}

static void *room(uint32_t count, size_t size) {
    void *items = calloc((size_t)count + 1, size);
    assert_non_null(items);
    return items;
}

static int take_lane(void *context, const struct lane *lane, struct err *err) {
    struct watcher *watcher = context;
    return watcher->timeline.sink.lane(&watcher->timeline, lane, err);
}

static int take_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct watcher *watcher = context;
    if (!chunk->is_open) {
        return watcher->timeline.sink.spans(&watcher->timeline, chunk, err);
    }
    assert_int_equal(chunk->seq, watcher->timeline.group_seq[chunk->group]);
    struct look *look =
        add_look(watcher, chunk->group, chunk->t0_ns, chunk->t1_ns, chunk->count);
    look->spans = room(chunk->count, sizeof *look->spans);
    for (uint32_t i = 0; i < chunk->count; i++) {
        look->spans[i] = (struct timeline_span){
            chunk->start_ns[i], chunk->end_ns[i], chunk->lane[i], chunk->state[i],
            chunk->resource[i], chunk->by[i],     chunk->site[i]};
    }
    look->after_count = chunk->after_count;
    memcpy(look->after, chunk->after, chunk->after_count * sizeof look->after[0]);
    return 0;
}

static int take_instants(void *context, const struct instant_chunk *chunk,
                         struct err *err) {
    struct watcher *watcher = context;
    if (!chunk->is_open) {
        return watcher->timeline.sink.instants(&watcher->timeline, chunk, err);
    }
    struct look *look = add_look(watcher, -1, chunk->t0_ns, chunk->t1_ns, chunk->count);
    look->instants = room(chunk->count, sizeof *look->instants);
    for (uint32_t i = 0; i < chunk->count; i++) {
        look->instants[i] = (struct timeline_instant){chunk->at_ns[i], chunk->lane[i],
                                                      chunk->kind[i], chunk->by[i]};
    }
    return 0;
}

static int take_counters(void *context, const struct counter_chunk *chunk,
                         struct err *err) {
    struct watcher *watcher = context;
    if (!chunk->is_open) {
        return watcher->timeline.sink.counters(&watcher->timeline, chunk, err);
    }
    struct look *look = add_look(watcher, -2, chunk->t0_ns, chunk->t1_ns, chunk->count);
    look->samples = room(chunk->count, sizeof *look->samples);
    for (uint32_t i = 0; i < chunk->count; i++) {
        look->samples[i] = (struct timeline_sample){chunk->at_ns[i], chunk->lane[i],
                                                    chunk->kind[i], chunk->value[i]};
    }
    return 0;
}

static int take_settled(void *context, int64_t group, sim_ns until, struct err *err) {
    struct watcher *watcher = context;
    (void)group;
    (void)until;
    (void)err;
    watcher->settled++;
    return 0;
}

static bool wants_open(void *context) { return ((struct watcher *)context)->says_yes; }

static void watch(struct watcher *watcher, const struct plan *plan, bool looks,
                  struct run_result *result) {
    struct err err = {0};
    *watcher = (struct watcher){.sink = {.context = watcher,
                                         .lane = take_lane,
                                         .spans = take_spans,
                                         .instants = take_instants,
                                         .counters = take_counters,
                                         .settled = take_settled,
                                         .wants_open = wants_open},
                                .says_yes = looks};
    watcher->looks = calloc(LOOKS_MAX, sizeof *watcher->looks);
    assert_non_null(watcher->looks);
    timeline_init(&watcher->timeline);
    const struct run_options options = {.sink = &watcher->sink};
    if (run_execute(result, plan, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_null(watcher->timeline.broken_rule);
}

static void watcher_deinit(struct watcher *watcher) {
    for (size_t i = 0; i < watcher->look_count; i++) {
        free(watcher->looks[i].spans);
        free(watcher->looks[i].instants);
        free(watcher->looks[i].samples);
    }
    free(watcher->looks);
    timeline_deinit(&watcher->timeline);
}

/* --- what is open, against the whole ------------------------------------------- */

static bool is_same_span(const struct timeline_span *a, const struct timeline_span *b) {
    return a->start == b->start && a->end == b->end && a->lane == b->lane &&
           a->state == b->state && a->resource == b->resource && a->by == b->by &&
           a->site == b->site;
}

static uint32_t group_of(lane_id lane) { return (uint32_t)lane / LANE_GROUP_LANES; }

static void expect_spans(const struct timeline *timeline, const struct look *look) {
    uint32_t found = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (group_of(span->lane) == look->group && span->end > look->t0 &&
            span->end <= look->t1) {
            assert_true(found < look->count);
            assert_true(is_same_span(&look->spans[found++], span));
        }
    }
    assert_int_equal(found, look->count);
}

/* Every lane that goes on at t1, and what it does then. */
static void expect_after(const struct timeline *timeline, const struct look *look) {
    uint32_t found = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (group_of(span->lane) != look->group || span->start > look->t1 ||
            span->end <= look->t1) {
            continue;
        }
        uint32_t at = 0;
        while (at < look->after_count && look->after[at].lane != span->lane) {
            at++;
        }
        assert_true(at < look->after_count);
        assert_int_equal(look->after[at].state, span->state);
        assert_int_equal(look->after[at].resource, span->resource);
        assert_int_equal(look->after[at].site, span->site);
        found++;
    }
    assert_int_equal(found, look->after_count);
}

/* Rows of an open chunk of points: all from the chunk's first to t1. */
static void expect_points(const struct timeline *timeline, const struct look *look) {
    uint32_t found = 0;
    for (size_t i = 0; look->group == -1 && i < timeline->instant_count; i++) {
        const struct timeline_instant *it = &timeline->instants[i];
        if (it->at > look->t0 && it->at <= look->t1) {
            found++;
        }
    }
    for (size_t i = 0; look->group == -2 && i < timeline->sample_count; i++) {
        const struct timeline_sample *it = &timeline->samples[i];
        if (it->at > look->t0 && it->at <= look->t1) {
            found++;
        }
    }
    uint32_t later = 0; /* others of the first moment may be in the chunk before */
    for (uint32_t i = 0; i < look->count; i++) {
        later +=
            (look->group == -1 ? look->instants[i].at : look->samples[i].at) > look->t0;
    }
    assert_int_equal(found, later);
}

static void expect_same(const struct watcher *a, const struct watcher *b) {
    assert_int_equal(a->timeline.span_count, b->timeline.span_count);
    assert_int_equal(a->timeline.instant_count, b->timeline.instant_count);
    assert_int_equal(a->timeline.sample_count, b->timeline.sample_count);
    for (size_t i = 0; i < a->timeline.span_count; i++) {
        assert_true(is_same_span(&a->timeline.spans[i], &b->timeline.spans[i]));
    }
    assert_memory_equal(a->timeline.group_sealed, b->timeline.group_sealed,
                        sizeof a->timeline.group_sealed);
    assert_int_equal(a->timeline.calls, b->timeline.calls); /* cut at the same places */
    for (size_t i = 0; i < a->timeline.instant_count; i++) {
        const struct timeline_instant *x = &a->timeline.instants[i],
                                      *y = &b->timeline.instants[i];
        assert_true(x->at == y->at && x->lane == y->lane && x->kind == y->kind &&
                    x->by == y->by);
    }
    for (size_t i = 0; i < a->timeline.sample_count; i++) {
        const struct timeline_sample *x = &a->timeline.samples[i],
                                     *y = &b->timeline.samples[i];
        assert_true(x->at == y->at && x->lane == y->lane && x->kind == y->kind &&
                    x->value == y->value);
    }
}

static void test_plan(const struct plan *plan, int64_t least_looks) {
    static struct watcher plain, watched;
    struct run_result without, with;
    watch(&plain, plan, false, &without);
    watch(&watched, plan, true, &with);
    assert_int_equal(plain.look_count, 0);
    assert_true((int64_t)watched.look_count >= least_looks);
    assert_int_equal(without.fingerprint, with.fingerprint);
    expect_same(&plain, &watched);
    for (size_t i = 0; i < watched.look_count; i++) {
        const struct look *look = &watched.looks[i];
        if (look->group < 0) {
            expect_points(&watched.timeline, look);
        } else if (i % 7 == 0 || look->count == 0) { /* each takes as long as the run */
            expect_spans(&watched.timeline, look);
            expect_after(&watched.timeline, look);
        }
    }
    run_result_deinit(&without);
    run_result_deinit(&with);
    watcher_deinit(&plain);
    watcher_deinit(&watched);
}

/* --- runs ---------------------------------------------------------------------- */

static void test_open_chunks_of_threads(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_object(&plan, "queue", OBJECT_SIMPLE_QUEUE);
    plan_thread(&plan, "worker", 5, false,
                "repeat 150 { python exp:1ms with lock { io exp:200us } put queue }");
    plan_thread(&plan, "reader", 1, false, "repeat 750 { get queue }");
    plan_thread(&plan, "sleeper", 70, false, "sleep 100ms python 1ms");
    test_plan(&plan, 20);
    plan_deinit(&plan);
}

/* Tasks are born all the time, and fill groups in which nothing ends yet. */
static void test_open_chunks_of_tasks(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_jobs(&plan, 1, "python exp:1ms sleep exp:20ms python exp:100us");
    plan_strategy(&plan, STRATEGY_ASYNCIO, 1000);
    plan.job_count = 0;
    plan.arrivals = (struct arrivals_plan){.kind = ARRIVALS_EXPONENTIAL,
                                           .burst = 1,
                                           .rate_per_s = 500,
                                           .for_ns = 2 * NS_PER_S};
    test_plan(&plan, 20);
    plan_deinit(&plan);
}

static void test_open_chunks_of_processes(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_jobs(&plan, 300, "python exp:1ms io exp:1ms");
    plan_strategy(&plan, STRATEGY_PROCESSES, 4);
    test_plan(&plan, 20);
    plan_deinit(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_chunks_of_threads),
        cmocka_unit_test(test_open_chunks_of_tasks),
        cmocka_unit_test(test_open_chunks_of_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
