/* SPDX-License-Identifier: MIT */
/*
 * test_open_run - a run of the engine is looked at while no chunk of it is full: what is read
 * is the finished run, cut where it is known to; and the finished run is the same whether
 * somebody looked or not.
 */
#include "tests/db/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "db/run_store.h"
#include "db/run_writer.h"
#include "db/span_search.h"
#include "db/timeline.h"
#include "tests/support/plans.h"

enum { LOOKS_MAX = 12, SPANS_MAX = 20000, PIXELS = 16384 };

/* Windows end at whole cells, which are not widened: cells of 2 s on so many pixels are
 * shorter. */
enum { WHOLE_NS = 1 << 17 };

struct seen {
    lane_id lane;
    sim_ns start, end;
    enum lane_state state;
    bool is_open;
};

/* What was read at one time. */
struct look {
    sim_ns at;
    size_t count;
    struct seen *spans;
    struct timeline_view view; /* of all that is known */
};

struct watcher {
    struct sink sink;
    const struct sink *store;
    struct run_writer *writer;
    struct db_reader *reader;
    int64_t run;
    bool looks;
    struct look all[LOOKS_MAX];
    size_t count;
};

/* --- reading ------------------------------------------------------------------- */

static size_t read_spans(struct watcher *w, sim_ns to, struct seen *out) {
    struct err err = {0};
    struct span_found after;
    struct span_query query = {.run = w->run,
                               .to_ns = to,
                               .resource = LANE_NONE,
                               .by = LANE_NONE,
                               .site = SITE_NONE,
                               .limit = SPAN_SEARCH_MAX};
    size_t count = 0;
    for (bool more = true; more;) {
        struct span_page page;
        fixture_ok(span_search(w->reader, &query, &page, &err), &err);
        assert_int_equal(page.damages.count, 0);
        for (size_t i = 0; i < page.count; i++) {
            const struct span_found *it = &page.items[i];
            assert_true(count < SPANS_MAX);
            out[count++] = (struct seen){it->lane, it->span.start_ns, it->span.end_ns,
                                         it->span.state, it->is_open};
        }
        after = page.items[page.count > 0 ? page.count - 1 : 0];
        query.after = &after;
        more = page.has_more;
        span_page_deinit(&page);
    }
    return count;
}

static struct timeline_view read_view(struct watcher *w, sim_ns at) {
    struct err err = {0};
    struct timeline_view view;
    const struct timeline_query query = {
        .run = w->run, .to_ns = at / WHOLE_NS * WHOLE_NS, .pixels = PIXELS};
    fixture_ok(timeline_read(w->reader, &query, &view, &err), &err);
    assert_int_equal(view.damages.count, 0);
    return view;
}

/* Everything that is shown has come. */
static void look(struct watcher *w, sim_ns at) {
    struct err err = {0};
    struct seen *spans = calloc(SPANS_MAX, sizeof *spans);
    assert_non_null(spans);
    assert_in_range(at, WHOLE_NS, 2 * NS_PER_S);
    assert_true(w->count < LOOKS_MAX);
    fixture_ok(run_writer_flush(w->writer, &err), &err);
    struct look *it = &w->all[w->count++];
    *it = (struct look){.at = at, .spans = spans, .view = read_view(w, at)};
    it->count = read_spans(w, at + 1, spans);
    for (size_t i = 0; i < it->view.lane_count; i++) {
        assert_int_equal(it->view.lanes[i].known_until_ns, at);
    }
    assert_int_equal(it->view.instants.known_until_ns, at);
    assert_int_equal(it->view.counters.known_until_ns, at);
}

/* --- the sink ------------------------------------------------------------------ */

static int take_lane(void *context, const struct lane *lane, struct err *err) {
    const struct watcher *w = context;
    return w->store->lane(w->store->context, lane, err);
}

static int take_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    const struct watcher *w = context;
    return w->store->spans(w->store->context, chunk, err);
}

static int take_instants(void *context, const struct instant_chunk *chunk,
                         struct err *err) {
    const struct watcher *w = context;
    return w->store->instants(w->store->context, chunk, err);
}

/* Counters are the last to be shown. */
static int take_counters(void *context, const struct counter_chunk *chunk,
                         struct err *err) {
    struct watcher *w = context;
    const int rc = w->store->counters(w->store->context, chunk, err);
    if (rc == 0 && chunk->is_open) {
        look(w, chunk->t1_ns);
    }
    return rc;
}

static int take_settled(void *context, int64_t group, sim_ns until, struct err *err) {
    struct watcher *w = context;
    const int rc = w->store->settled(w->store->context, group, until, err);
    if (rc == 0 && group == DAMAGE_COUNTERS) {
        look(w, until);
    }
    return rc;
}

static bool wants_open(void *context) {
    struct watcher *w = context;
    return w->looks && w->count < LOOKS_MAX;
}

static void execute(struct watcher *w, struct db *db, int64_t cell,
                    const struct plan *plan) {
    struct err err = {0};
    struct run_result result;
    const struct run_new run = {.cell = cell, .record = true};
    fixture_ok(run_writer_open(&w->writer, db, &run, &err), &err);
    w->run = run_writer_id(w->writer);
    w->store = run_writer_sink(w->writer);
    w->sink = (struct sink){
        w, take_lane, take_spans, take_instants, take_counters, take_settled, wants_open};
    const struct run_options options = {.sink = &w->sink};
    fixture_ok(run_execute(&result, plan, &options, &err), &err);
    fixture_ok(run_writer_finish(w->writer, &result, 1, &err), &err);
    run_result_deinit(&result);
    run_writer_close(w->writer);
}

/* --- comparing ----------------------------------------------------------------- */

static const struct seen *find(const struct look *it, const struct seen *wanted) {
    for (size_t i = 0; i < it->count; i++) {
        if (it->spans[i].lane == wanted->lane && it->spans[i].start == wanted->start) {
            return &it->spans[i];
        }
    }
    return NULL;
}

/* Spans of the finished run that had begun, and no others. */
static void expect_spans(const struct look *it, const struct seen *all, size_t count) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].start >= it->at) {
            continue;
        }
        const struct seen *seen = find(it, &all[i]);
        assert_non_null(seen);
        assert_int_equal(seen->state, all[i].state);
        assert_int_equal(seen->is_open, all[i].end > it->at);
        assert_true(seen->is_open || seen->end == all[i].end);
        found++;
    }
    assert_int_equal(found, it->count);
}

#define EXPECT_COLUMN(count, a, b)                                                       \
    do {                                                                                 \
        for (size_t i_ = 0; i_ < (count); i_++) {                                        \
            assert_true((a)[i_] == (b)[i_]);                                             \
        }                                                                                \
    } while (0)

static void expect_points(const struct timeline_view *seen,
                          const struct timeline_view *whole) {
    assert_int_equal(seen->instants.count, whole->instants.count);
    EXPECT_COLUMN(seen->instants.count, seen->instants.at_ns, whole->instants.at_ns);
    EXPECT_COLUMN(seen->instants.count, seen->instants.lane, whole->instants.lane);
    EXPECT_COLUMN(seen->instants.count, seen->instants.merged, whole->instants.merged);
    assert_int_equal(seen->counters.item_count, whole->counters.item_count);
    assert_int_equal(seen->counters.count, whole->counters.count);
    EXPECT_COLUMN(seen->counters.count, seen->counters.at_ns, whole->counters.at_ns);
    EXPECT_COLUMN(seen->counters.count, seen->counters.min, whole->counters.min);
    EXPECT_COLUMN(seen->counters.count, seen->counters.max, whole->counters.max);
    EXPECT_COLUMN(seen->counters.count, seen->counters.last, whole->counters.last);
}

static void make_plan(struct plan *plan, int number) {
    plan_begin(plan, "linux-desktop", "cpython-3.12");
    if (number == 0) {
        plan_object(plan, "lock", OBJECT_LOCK);
        plan_thread(plan, "worker", 3, false,
                    "repeat 130 { python exp:1ms with lock { io exp:200us } }");
        plan_thread(plan, "sleeper", 70, false, "sleep 20ms python 1ms sleep 1s");
        return;
    }
    plan_jobs(plan, 1, "python exp:1ms sleep exp:20ms python exp:100us");
    plan_strategy(plan, STRATEGY_ASYNCIO, 1000);
    plan->job_count = 0;
    plan->arrivals = (struct arrivals_plan){.kind = ARRIVALS_EXPONENTIAL,
                                            .burst = 1,
                                            .rate_per_s = 500,
                                            .for_ns = 400 * NS_PER_MS};
}

/* Run 1 against run 2, whatever of it is stored. */
#define LACKS(columns, table)                                                            \
    "(SELECT count(*) FROM (SELECT " columns " FROM " table " WHERE run = 1 EXCEPT"      \
    " SELECT " columns " FROM " table " WHERE run = 2))"
static const char LACKING[] = "SELECT " LACKS(
    "lane_group, seq, t0_ns, t1_ns, count, base, longest_ns, start_ns,"
    " lanes, states, data, totals",
    "span_chunk") " + " LACKS("seq, t0_ns, t1_ns, count, base, data",
                              "instant_chunk") " + " LACKS("seq, t0_ns, t1_ns, count, "
                                                           "base, data, carry",
                                                           "counter_chunk") " + " LACKS("lane_group, level, seq, t0_ns, t1_ns, count, data",
                                                                                        "sheet") " + " LACKS("lane_group, seq, data",
                                                                                                             "holder_total") " + " LACKS("lane, end_ns, by",
                                                                                                                                         "carried_span") " + " LACKS("lane, kind, parent, name, born_ns, died_ns, totals",
                                                                                                                                                                     "lane");
static const char MORE[] =
    "SELECT (SELECT sum(run = 2) - sum(run = 1) FROM span_chunk)"
    " + (SELECT sum(run = 2) - sum(run = 1) FROM counter_chunk)"
    " + (SELECT coalesce(sum(run = 2) - sum(run = 1), 0) FROM instant_chunk)"
    " + (SELECT coalesce(sum(run = 2) - sum(run = 1), 0) FROM carried_span)"
    " + (SELECT count(*) FROM known_time)";

static void test_plan(const struct fixture *fixture, int number) {
    static struct watcher plain, w;
    static struct seen all[SPANS_MAX];
    struct plan plan;
    make_plan(&plan, number);
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    plain = w = (struct watcher){.reader = reader};
    w.looks = true;
    execute(&plain, db, cell, &plan);
    execute(&w, db, cell, &plan);
    assert_int_equal(plain.count, 0);
    assert_true(w.count > 5);
    const size_t count = read_spans(&w, NS_PER_S * 100, all);
    for (size_t i = 0; i < w.count; i++) {
        struct timeline_view whole = read_view(&w, w.all[i].at);
        expect_spans(&w.all[i], all, count);
        expect_points(&w.all[i].view, &whole);
        timeline_view_deinit(&whole);
        timeline_view_deinit(&w.all[i].view);
        free(w.all[i].spans);
    }
    assert_int_equal(w.run, 2);
    db_reader_close(reader);
    db_close(db);
    plan_deinit(&plan);
    assert_int_equal(fixture_sql(fixture, LACKING), 0);
    assert_int_equal(fixture_sql(fixture, MORE), 0);
}

static void test_open_run_of_threads(void **state) { test_plan(*state, 0); }

static void test_open_run_of_tasks(void **state) { test_plan(*state, 1); }

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_open_run_of_threads),
        TEST(test_open_run_of_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
