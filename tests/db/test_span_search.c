/* SPDX-License-Identifier: MIT */
/* test_span_search - pages of random searches against all spans, filtered and sorted. */
#include <stdlib.h>
#include <string.h>

#include "db/span_search.h"
#include "engine/base/memory.h"
#include "tests/db/random_run.h"

static struct random_run run;

/* --- all of them, filtered and sorted ---------------------------------------------- */

static bool has_lane(const struct span_query *q, lane_id lane) {
    for (size_t i = 0; i < q->lane_count; i++) {
        if (q->lanes[i] == lane) {
            return true;
        }
    }
    return q->lanes == NULL;
}

static bool is_asked(const struct span_query *q, const struct authored_span *s) {
    return s->start < q->to_ns && s->end > q->from_ns && has_lane(q, s->lane) &&
           (q->states == 0 || (q->states >> s->state & 1) != 0) &&
           (q->resource == LANE_NONE || q->resource == s->resource) &&
           (q->by == LANE_NONE || q->by == s->by) &&
           (q->site == SITE_NONE || q->site == s->site) &&
           s->end - s->start >= q->least_ns;
}

static int by_length(const void *left, const void *right) {
    const struct authored_span *a = left, *b = right;
    const sim_ns x = a->end - a->start, y = b->end - b->start;
    return x != y ? (x > y ? -1 : 1) : span_author_order(left, right);
}

static size_t find_all(const struct span_query *q, struct authored_span *out) {
    size_t count = 0;
    for (size_t i = 0; i < run.count; i++) {
        if (is_asked(q, &run.spans[i])) {
            out[count++] = run.spans[i];
        }
    }
    qsort(out, count, sizeof *out,
          q->order == SPAN_ORDER_LONGEST ? by_length : span_author_order);
    return count;
}

/* --- comparing ------------------------------------------------------------------- */

static void expect_span(const struct span_found *got, const struct authored_span *want) {
    assert_int_equal(got->lane, want->lane);
    assert_int_equal(got->span.start_ns, want->start);
    assert_int_equal(got->span.end_ns, want->end);
    assert_int_equal(got->span.state, want->state);
    assert_int_equal(got->span.resource, want->resource);
    assert_int_equal(got->span.by, want->by);
    assert_int_equal(got->span.site, want->site);
}

/* A few pages, one after the other. */
static void expect_pages(struct db_reader *reader, struct span_query query) {
    static struct authored_span want[RANDOM_SPANS_MAX];
    const size_t count = find_all(&query, want);
    struct span_found last;
    size_t seen = 0;
    for (int pages = 0; pages < 3; pages++) {
        struct span_page page;
        struct err err = {0};
        fixture_ok(span_search(reader, &query, &page, &err), &err);
        const size_t left = count - seen;
        assert_int_equal(page.count, left < query.limit ? left : query.limit);
        assert_int_equal(page.has_more, left > query.limit);
        assert_int_equal(page.damages.count, 0);
        for (size_t i = 0; i < page.count; i++) {
            expect_span(&page.items[i], &want[seen + i]);
        }
        seen += page.count;
        const bool has_more = page.has_more;
        if (page.count > 0) {
            last = page.items[page.count - 1];
            query.after = &last;
        }
        span_page_deinit(&page);
        if (!has_more) {
            break;
        }
    }
}

static struct span_query random_query(uint64_t *random) {
    static lane_id lanes[RANDOM_LANES];
    struct span_query query = {
        .run = run.id,
        .to_ns = SIM_NEVER,
        .resource = LANE_NONE,
        .by = LANE_NONE,
        .site = SITE_NONE,
        .limit = 1 + fixture_below(random, fixture_below(random, 2) ? 10 : 300),
        .order = fixture_below(random, 2) ? SPAN_ORDER_TIME : SPAN_ORDER_LONGEST,
    };
    const struct authored_span *like =
        &run.spans[fixture_below(random, (uint32_t)run.count)];
    if (fixture_below(random, 3) > 0) {
        const sim_ns a = random_run_time(&run, random), b = random_run_time(&run, random);
        query.from_ns = a < b ? a : b;
        query.to_ns = (a < b ? b : a) + 1;
    }
    query.states = fixture_below(random, 2) ? 1u << like->state : 0;
    query.resource = fixture_below(random, 4) == 0 ? like->resource : LANE_NONE;
    query.by = fixture_below(random, 4) == 0 ? like->by : LANE_NONE;
    query.site = fixture_below(random, 4) == 0 ? like->site : SITE_NONE;
    query.least_ns =
        fixture_below(random, 2) ? 1 << fixture_below(random, 18) : (like->end & 255);
    if (fixture_below(random, 3) == 0) {
        query.lanes = lanes;
        for (lane_id lane = 0; lane < RANDOM_LANES; lane++) {
            if (fixture_below(random, 8) == 0) {
                lanes[query.lane_count++] = lane;
            }
        }
    }
    return query;
}

static void test_span_search_equals_all_spans_sorted(void **state) {
    static const uint32_t rooms[] = {200, 30, 4096};
    uint64_t random = 21;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
        random_run_store(&run, db, rooms[k], &random);
        for (int i = 0; i < 700; i++) {
            expect_pages(reader, random_query(&random));
        }
    }
    db_reader_close(reader);
    db_close(db);
}

/* The longest ones, a rare state and the first ones take a part of the chunks. */
static void test_span_search_decodes_little(void **state) {
    uint64_t random = 22;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 100, &random);
    const size_t chunks = (size_t)fixture_sql(*state, "SELECT count(*) FROM span_chunk");
    const struct span_query any = {.run = run.id,
                                   .to_ns = SIM_NEVER,
                                   .resource = LANE_NONE,
                                   .by = LANE_NONE,
                                   .site = SITE_NONE,
                                   .limit = 10};
    struct span_query queries[4] = {any, any, any, any};
    queries[0].order = SPAN_ORDER_LONGEST;
    queries[1].states = 1u << STATE_THROTTLED;
    queries[2].from_ns = RANDOM_LAST_NS / 2;
    queries[3].least_ns = 20000;
    static const size_t parts[] = {3, 2, 20, 3};
    for (size_t i = 0; i < 4; i++) {
        struct span_page page;
        struct err err = {0};
        fixture_ok(span_search(reader, &queries[i], &page, &err), &err);
        if (page.looked_at > chunks / parts[i]) {
            fail_msg("search %zu decodes %zu, the run has %zu chunks", i, page.looked_at,
                     chunks);
        }
        span_page_deinit(&page);
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_span_search_refuses(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t id = fixture_run(db, cell, 0, 1);
    const lane_id missing[] = {1};
    const struct {
        struct span_query query;
        int code;
    } cases[] = {
        {{.run = id, .to_ns = 0, .limit = 1}, ERR_INVALID},
        {{.run = id, .from_ns = -1, .to_ns = 9, .limit = 1}, ERR_INVALID},
        {{.run = id, .to_ns = 9, .limit = 0}, ERR_INVALID},
        {{.run = id, .to_ns = 9, .limit = SPAN_SEARCH_MAX + 1}, ERR_INVALID},
        {{.run = id, .to_ns = 9, .limit = 1, .lanes = missing, .lane_count = 1},
         ERR_INVALID},
        {{.run = id + 1, .to_ns = 9, .limit = 1}, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span_page page;
        struct err err = {0};
        assert_int_equal(span_search(reader, &cases[i].query, &page, &err),
                         cases[i].code);
        assert_true(err.text[0] != '\0');
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_span_search_reports_every_failed_allocation(void **state) {
    static const lane_id lanes[] = {1, 2, 70};
    uint64_t random = 23;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 100, &random);
    fixture_sql(*state, "UPDATE span_chunk SET data = x'00' WHERE seq = 3");
    fixture_sql(*state, "UPDATE sheet SET data = x'00' WHERE seq % 3 = 0");
    int failures = 0;
    fixture_keep_at_most(reader, 0); /* each attempt decodes everything */
    for (int64_t nth = 0;; nth++) {
        const struct span_query query = {.run = run.id,
                                         .to_ns = SIM_NEVER,
                                         .resource = LANE_NONE,
                                         .by = LANE_NONE,
                                         .site = SITE_NONE,
                                         .lanes = lanes,
                                         .lane_count = 3,
                                         .order = SPAN_ORDER_LONGEST,
                                         .limit = 1000};
        struct span_page page;
        memory_fail_after(nth);
        const int rc = span_search(reader, &query, &page, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            assert_true(page.damages.count > 0);
            span_page_deinit(&page);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 5);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_span_search_equals_all_spans_sorted),
        TEST(test_span_search_decodes_little),
        TEST(test_span_search_refuses),
        TEST(test_span_search_reports_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
