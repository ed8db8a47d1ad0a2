/* SPDX-License-Identifier: MIT */
/* test_longest_waits - waits with their blame, and flows of spans, in random runs. */
#include "db/longest_waits.h"

#include "db/recording_store.h"
#include "db/span_flow.h"
#include "engine/base/memory.h"
#include "tests/db/random_run.h"

static struct random_run run;

static bool is_wait(const struct authored_span *s) {
    return s->state == STATE_WAIT_GIL || s->state == STATE_FORCED_WAIT ||
           s->state == STATE_WAIT_LOCK || s->state == STATE_READY;
}

/* No wait in the range is longer than the last of the list and not in it. */
static void expect_longest(const struct longest_waits *got, const struct wait_query *q) {
    size_t longer = 0, all = 0;
    assert_true(got->count > 0);
    const struct span *last = &got->items[got->count - 1].wait.span;
    for (size_t i = 0; i < run.count; i++) {
        const struct authored_span *s = &run.spans[i];
        const bool is_in = is_wait(s) && s->start < q->to_ns && s->end > q->from_ns;
        longer += is_in && s->end - s->start > last->end_ns - last->start_ns;
        all += is_in;
    }
    assert_true(longer < got->count);
    assert_int_equal(got->count, all < q->limit ? all : q->limit);
}

/* The same as from a recording of the whole run. */
static void expect_blame(const struct longest_wait *got, struct recording *whole,
                         const struct wait_query *q) {
    struct blame want;
    struct err err = {0};
    whole->from_ns =
        got->wait.span.start_ns > q->from_ns ? got->wait.span.start_ns : q->from_ns;
    whole->to_ns = got->wait.span.end_ns < q->to_ns ? got->wait.span.end_ns : q->to_ns;
    fixture_ok(blame_of_wait(whole, got->wait.lane, &got->wait.span, &want, &err), &err);
    assert_int_equal(got->blame.count, want.count);
    for (size_t i = 0; i < want.count; i++) {
        assert_int_equal(got->blame.shares[i].holder, want.shares[i].holder);
        assert_int_equal(got->blame.shares[i].site, want.shares[i].site);
        assert_int_equal(got->blame.shares[i].ns, want.shares[i].ns);
    }
    blame_deinit(&want);
}

/* The shares of each holder, site and state left out, are what they are added up. */
static void expect_holders(const struct longest_wait *got, struct recording *whole,
                           const struct wait_query *q) {
    struct blame want;
    struct err err = {0};
    sim_ns of[RANDOM_LANES + 1] = {0}; /* nobody first */
    whole->from_ns =
        got->wait.span.start_ns > q->from_ns ? got->wait.span.start_ns : q->from_ns;
    whole->to_ns = got->wait.span.end_ns < q->to_ns ? got->wait.span.end_ns : q->to_ns;
    fixture_ok(blame_of_wait(whole, got->wait.lane, &got->wait.span, &want, &err), &err);
    for (size_t i = 0; i < want.count; i++) {
        of[want.shares[i].holder + 1] += want.shares[i].ns;
    }
    for (size_t i = 0; i < got->blame.count; i++) {
        const struct blame_share *share = &got->blame.shares[i];
        assert_int_equal(share->site, SITE_NONE);
        assert_int_equal(share->state, -1);
        assert_int_equal(share->resource, got->wait.span.resource);
        assert_int_equal(share->ns, of[share->holder + 1]);
        of[share->holder + 1] = 0;
    }
    for (size_t i = 0; i <= RANDOM_LANES; i++) {
        assert_int_equal(of[i], 0);
    }
    blame_deinit(&want);
}

static bool is_for_gil(const struct span_found *wait) {
    return wait->span.state == STATE_WAIT_GIL || wait->span.state == STATE_FORCED_WAIT;
}

static void test_longest_waits_have_their_blame(void **state) {
    uint64_t random = 31;
    size_t blamed = 0;
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 200, &random);
    struct recording whole;
    struct damage_list damages = {0};
    recording_init(&whole);
    fixture_ok(recording_store_read(reader, run.id, &whole, &damages, &err), &err);
    assert_int_equal(damages.count, 0);
    for (int i = 0; i < 60; i++) {
        const sim_ns from = fixture_below(&random, RANDOM_LAST_NS / 2);
        const struct wait_query query = {.run = run.id,
                                         .from_ns = from,
                                         .to_ns =
                                             from + 1 + fixture_below(&random, 300000),
                                         .limit = 1 + fixture_below(&random, 20)};
        struct longest_waits got;
        fixture_ok(longest_waits_read(reader, &query, &got, &err), &err);
        expect_longest(&got, &query);
        for (size_t k = 0; k < got.count; k++) {
            if (got.items[k].is_blamed && !got.items[k].is_by_holder) {
                expect_blame(&got.items[k], &whole, &query);
                blamed++;
            }
        }
        longest_waits_deinit(&got);
    }
    assert_true(blamed > 100);
    recording_deinit(&whole);
    db_reader_close(reader);
    db_close(db);
}

/* A wait that takes too many chunks has its shares by holder, and leaves the budget to
 * shorter ones. */
static void test_longest_waits_by_holder_when_they_take_too_long(void **state) {
    uint64_t random = 34;
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 8, &random);
    struct recording whole;
    struct damage_list damages = {0};
    recording_init(&whole);
    fixture_ok(recording_store_read(reader, run.id, &whole, &damages, &err), &err);
    const struct wait_query query = {
        .run = run.id, .to_ns = RANDOM_LAST_NS, .limit = LONGEST_WAITS_MAX};
    struct longest_waits got;
    fixture_ok(longest_waits_read(reader, &query, &got, &err), &err);
    expect_longest(&got, &query);
    size_t by_step = 0, by_holder = 0;
    for (size_t k = 0; k < got.count; k++) {
        const struct longest_wait *wait = &got.items[k];
        if (wait->is_by_holder && is_for_gil(&wait->wait)) {
            expect_holders(wait, &whole, &query);
            by_holder++;
        } else if (wait->is_blamed && !wait->is_by_holder) {
            expect_blame(wait, &whole, &query);
            by_step++;
        }
    }
    assert_in_range(by_step, 1, LONGEST_WAITS_CHUNKS);
    assert_in_range(by_holder, 5, LONGEST_WAITS_BY_HOLDER);
    longest_waits_deinit(&got);
    recording_deinit(&whole);
    db_reader_close(reader);
    db_close(db);
}

static size_t count_ended(const struct authored_span *by) {
    size_t count = 0;
    for (size_t i = 0; i < run.count; i++) {
        count += run.spans[i].by == by->lane && run.spans[i].end > by->start &&
                 run.spans[i].end <= by->end;
    }
    return count;
}

static void expect_flows(struct db_reader *reader, const struct authored_span *s,
                         const struct recording *whole) {
    const struct span_found span = {
        .lane = s->lane,
        .span = {s->start, s->end, s->resource, s->by, s->site, s->state}};
    struct err err = {0};
    struct damage_list damages = {0};
    struct span_origin origin;
    struct span_page ended;
    struct flow want;
    const int rc = span_flow_origin(reader, run.id, &span, &origin, &damages, &err);
    fixture_ok(rc < 0 ? rc : 0, &err);
    const bool has_flow = flow_of_span(whole, s->lane, &span.span, &want);
    assert_int_equal(rc, has_flow && s->end != SIM_NEVER);
    if (rc == 1) {
        assert_int_equal(origin.flow.from, s->by);
        assert_int_equal(origin.flow.kind, want.kind);
        assert_int_equal(origin.flow.at_ns, want.at_ns);
        assert_true(!origin.has_source ||
                    (origin.source.lane == s->by &&
                     origin.source.span.start_ns < origin.flow.left_ns));
    }
    fixture_ok(span_flow_ended(reader, run.id, &span, SPAN_SEARCH_MAX, &ended, &err),
               &err);
    const size_t all = s->end == SIM_NEVER ? ended.count : count_ended(s);
    assert_int_equal(ended.count, all < SPAN_SEARCH_MAX ? all : SPAN_SEARCH_MAX);
    for (size_t i = 0; i < ended.count; i++) {
        assert_int_equal(ended.items[i].span.by, s->lane);
    }
    span_page_deinit(&ended);
}

static void test_span_flow_equals_a_look_at_all(void **state) {
    uint64_t random = 32;
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 200, &random);
    struct recording whole;
    struct damage_list damages = {0};
    recording_init(&whole);
    fixture_ok(recording_store_read(reader, run.id, &whole, &damages, &err), &err);
    assert_int_equal(damages.count, 0);
    for (int i = 0; i < 500; i++) {
        expect_flows(reader, &run.spans[fixture_below(&random, (uint32_t)run.count)],
                     &whole);
    }
    recording_deinit(&whole);
    db_reader_close(reader);
    db_close(db);
}

static void test_longest_waits_report_every_failed_allocation(void **state) {
    uint64_t random = 33;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 200, &random);
    int failures = 0;
    fixture_keep_at_most(reader, 0); /* each attempt decodes everything */
    for (int64_t nth = 0;; nth++) {
        const struct wait_query query = {
            .run = run.id, .from_ns = 400000, .to_ns = 401000, .limit = 2};
        struct longest_waits got;
        memory_fail_after(nth);
        const int rc = longest_waits_read(reader, &query, &got, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            longest_waits_deinit(&got);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 10);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_longest_waits_have_their_blame),
        TEST(test_longest_waits_by_holder_when_they_take_too_long),
        TEST(test_span_flow_equals_a_look_at_all),
        TEST(test_longest_waits_report_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
