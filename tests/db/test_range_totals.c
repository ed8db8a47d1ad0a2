/* SPDX-License-Identifier: MIT */
/* test_range_totals - the totals of random ranges against the sum over all spans. */
#include <string.h>

#include "db/range_totals.h"
#include "engine/base/memory.h"
#include "tests/db/random_run.h"

static struct random_run run;

/* --- the sum over all spans ------------------------------------------------------ */

static sim_ns overlap(const struct authored_span *s, const struct range_query *q) {
    const sim_ns from = s->start > q->from_ns ? s->start : q->from_ns;
    const sim_ns to = s->end < q->to_ns ? s->end : q->to_ns;
    return to > from ? to - from : 0;
}

/* An open span is known up to where its group's last chunk ends. */
static struct authored_span known_part(const struct authored_span *s) {
    struct authored_span part = *s;
    if (s->end == SIM_NEVER) {
        part.end = run.last_ns[s->lane / LANE_GROUP_LANES];
    }
    return part;
}

static void sum_up(const struct range_query *query,
                   struct range_lane lanes[RANDOM_LANES]) {
    memset(lanes, 0, RANDOM_LANES * sizeof lanes[0]);
    for (size_t i = 0; i < run.count; i++) {
        const struct authored_span *s = &run.spans[i];
        const bool is_open = s->end == SIM_NEVER;
        const struct authored_span part = is_open ? known_part(s) : *s;
        struct range_lane *lane = &lanes[s->lane];
        lane->state_ns[s->state] += overlap(&part, query);
        lane->spans[s->state] += s->start < query->to_ns && s->end > query->from_ns &&
                                 (!is_open || part.end >= s->start);
    }
}

static sim_ns sum_of(const struct range_query *query, const struct range_holding *it) {
    sim_ns sum = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct authored_span *s = &run.spans[i];
        if (s->lane == it->lane && s->state == it->state && s->resource == it->resource) {
            const struct authored_span part = known_part(s);
            sum += overlap(&part, query);
        }
    }
    return sum;
}

/* --- comparing ------------------------------------------------------------------- */

static void expect_lane(const struct range_lane *got, const struct range_lane *want,
                        const struct range_query *q) {
    for (int state = 0; state < STATE_COUNT; state++) {
        if (got->state_ns[state] != want->state_ns[state] ||
            got->spans[state] != want->spans[state]) {
            fail_msg("[%lld, %lld) lane %d state %d: %lld ns, %lld spans instead of "
                     "%lld, %lld",
                     (long long)q->from_ns, (long long)q->to_ns, (int)got->lane, state,
                     (long long)got->state_ns[state], (long long)got->spans[state],
                     (long long)want->state_ns[state], (long long)want->spans[state]);
        }
    }
}

/* Each is the sum of its spans, and together they are the time of such states. */
static void expect_holdings(const struct range_totals *got,
                            const struct range_query *query) {
    sim_ns sum = 0, all = 0;
    for (size_t i = 0; i < got->holding_count; i++) {
        assert_true(got->holdings[i].ns > 0);
        sum += got->holdings[i].ns;
        if (i % 64 == 0) {
            assert_int_equal(got->holdings[i].ns, sum_of(query, &got->holdings[i]));
        }
    }
    for (size_t i = 0; i < got->lane_count; i++) {
        const sim_ns *ns = got->lanes[i].state_ns;
        all += ns[STATE_HELD] + ns[STATE_WAIT_GIL] + ns[STATE_FORCED_WAIT];
    }
    assert_int_equal(sum, all);
}

static void expect_range(struct db_reader *reader, const struct range_query *query) {
    static struct range_lane want[RANDOM_LANES];
    struct range_totals got;
    struct err err = {0};
    fixture_ok(range_totals_read(reader, query, &got, &err), &err);
    assert_int_equal(got.damages.count, 0);
    sum_up(query, want);
    size_t at = 0;
    for (lane_id lane = 0; lane < RANDOM_LANES; lane++) {
        if (at < got.lane_count && got.lanes[at].lane == lane) {
            expect_lane(&got.lanes[at++], &want[lane], query);
        } else if (query->lanes == NULL) {
            expect_lane(&(struct range_lane){.lane = lane}, &want[lane], query);
        }
    }
    assert_int_equal(at, got.lane_count);
    assert_true(query->lanes == NULL || got.lane_count == query->lane_count);
    expect_holdings(&got, query);
    range_totals_deinit(&got);
}

static struct range_query random_range(uint64_t *random) {
    struct range_query query = {.run = run.id};
    query.from_ns = random_run_time(&run, random);
    query.to_ns = random_run_time(&run, random);
    if (query.from_ns > query.to_ns) {
        const sim_ns from = query.to_ns;
        query.to_ns = query.from_ns;
        query.from_ns = from;
    }
    query.to_ns += query.from_ns == query.to_ns;
    return query;
}

static void test_range_totals_equal_the_sum_over_all_spans(void **state) {
    static const uint32_t rooms[] = {200, 40, 4096};
    uint64_t random = 1;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
        random_run_store(&run, db, rooms[k], &random);
        for (int i = 0; i < 250; i++) {
            const struct range_query query = random_range(&random);
            expect_range(reader, &query);
        }
        static const lane_id lanes[] = {0, 1, 2, 63, 64, 80, 149};
        for (int i = 0; i < 100; i++) {
            struct range_query query = random_range(&random);
            query.lanes = lanes;
            query.lane_count = 1 + fixture_below(&random, 7);
            expect_range(reader, &query);
        }
    }
    assert_true(fixture_sql(*state, "SELECT count(*) FROM holder_total") > 3);
    db_reader_close(reader);
    db_close(db);
}

static void test_range_totals_refuse(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t id = fixture_run(db, cell, 0, 1);
    const lane_id missing[] = {1}, negative[] = {-1};
    const struct {
        struct range_query query;
        int code;
    } cases[] = {
        {{.run = id, .from_ns = 5, .to_ns = 5}, ERR_INVALID},
        {{.run = id, .from_ns = -1, .to_ns = 5}, ERR_INVALID},
        {{.run = id, .to_ns = 5, .lanes = missing, .lane_count = 1}, ERR_INVALID},
        {{.run = id, .to_ns = 5, .lanes = negative, .lane_count = 1}, ERR_INVALID},
        {{.run = id + 1, .to_ns = 5}, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct range_totals got;
        struct err err = {0};
        assert_int_equal(range_totals_read(reader, &cases[i].query, &got, &err),
                         cases[i].code);
        assert_true(err.text[0] != '\0');
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_range_totals_report_every_failed_allocation(void **state) {
    uint64_t random = 3;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 200, &random);
    int failures = 0;
    fixture_keep_at_most(reader, 0); /* each attempt decodes everything */
    for (int64_t nth = 0;; nth++) {
        const struct range_query query = {
            .run = run.id, .from_ns = 300000, .to_ns = 700000};
        struct range_totals got;
        memory_fail_after(nth);
        const int rc = range_totals_read(reader, &query, &got, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            range_totals_deinit(&got);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 10);
    db_reader_close(reader);
    db_close(db);
}

/* A range whose edges are elsewhere does not need the damaged chunk; one whose edge is in it
 * says what is missing. */
static void test_range_totals_survive_damage(void **state) {
    uint64_t random = 4;
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 60, &random);
    fixture_sql(*state, "UPDATE span_chunk SET data = x'00' WHERE lane_group = 1 AND "
                        "seq = 20");
    const sim_ns t0 = fixture_sql(*state, "SELECT t0_ns FROM span_chunk WHERE seq = 20 "
                                          "AND lane_group = 1");
    const sim_ns t1 = fixture_sql(*state, "SELECT t1_ns FROM span_chunk WHERE seq = 20 "
                                          "AND lane_group = 1");
    const sim_ns after =
        fixture_sql(*state, "SELECT t0_ns FROM span_chunk WHERE seq = 24 "
                            "AND lane_group = 1");
    const struct range_query whole = {.run = run.id, .from_ns = 0, .to_ns = after};
    expect_range(reader, &whole);
    const struct range_query query = {.run = run.id, .from_ns = 0, .to_ns = t1};
    struct range_totals got;
    fixture_ok(range_totals_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.damages.count, 1);
    assert_int_equal(got.damages.items[0].group, 1);
    assert_int_equal(got.damages.items[0].from_ns, t0);
    assert_int_equal(got.damages.items[0].to_ns, t1);
    assert_non_null(strstr(got.damages.items[0].what, "damaged"));
    range_totals_deinit(&got);
    /* Totals are said twice: those before, and the chunks since then. */
    fixture_sql(*state, "UPDATE span_chunk SET totals = x'00' WHERE seq % 16 = 0");
    fixture_sql(*state, "UPDATE holder_total SET data = x'0000' WHERE seq % 3 = 0");
    fixture_sql(*state, "DELETE FROM span_chunk WHERE lane_group = 1");
    for (int i = 0; i < 50; i++) {
        struct range_query other = random_range(&random);
        other.lanes = (const lane_id[]){2, 5, 130};
        other.lane_count = 3;
        expect_range(reader, &other);
    }
    db_reader_close(reader);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_range_totals_equal_the_sum_over_all_spans),
        TEST(test_range_totals_refuse),
        TEST(test_range_totals_report_every_failed_allocation),
        TEST(test_range_totals_survive_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
