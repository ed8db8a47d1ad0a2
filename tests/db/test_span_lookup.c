/* SPDX-License-Identifier: MIT */
/* test_span_lookup - single spans, against a look at all of them. */
#include "db/span_lookup.h"

#include "db/block_cache_priv.h"
#include "db/connection_priv.h"
#include "db/db_priv.h"
#include "engine/base/memory.h"
#include "tests/db/random_run.h"

static struct random_run run;

/* --- a look at all of them ------------------------------------------------------- */

static bool is_wished(const struct span_wish *wish, const struct authored_span *s) {
    return s->lane == wish->lane &&
           (wish->states == 0 || (wish->states >> s->state & 1) != 0) &&
           s->end - s->start >= wish->least_ns;
}

static const struct authored_span *naive_at(lane_id lane, sim_ns at) {
    for (size_t i = 0; i < run.count; i++) {
        const struct authored_span *s = &run.spans[i];
        if (s->lane == lane && s->start <= at && s->end > at) {
            return s;
        }
    }
    return NULL;
}

static const struct authored_span *naive_next(const struct span_wish *wish, sim_ns at) {
    for (size_t i = 0; i < run.count; i++) {
        if (is_wished(wish, &run.spans[i]) && run.spans[i].start > at) {
            return &run.spans[i];
        }
    }
    return NULL;
}

static const struct authored_span *naive_previous(const struct span_wish *wish,
                                                  sim_ns at) {
    for (size_t i = run.count; i-- > 0;) {
        if (is_wished(wish, &run.spans[i]) && run.spans[i].end <= at) {
            return &run.spans[i];
        }
    }
    return NULL;
}

/* --- comparing ------------------------------------------------------------------- */

static void expect(int rc, const struct span_found *got, const struct err *err,
                   const struct authored_span *want) {
    if (rc < 0) {
        fail_msg("%s", err->text);
    }
    assert_int_equal(rc, want != NULL);
    if (want == NULL) {
        return;
    }
    assert_int_equal(got->lane, want->lane);
    assert_int_equal(got->span.start_ns, want->start);
    assert_int_equal(got->span.end_ns, want->end);
    assert_int_equal(got->span.state, want->state);
    assert_int_equal(got->span.resource, want->resource);
    assert_int_equal(got->span.by, want->by);
    assert_int_equal(got->span.site, want->site);
}

static struct span_wish random_wish(uint64_t *random) {
    struct span_wish wish = {.run = run.id,
                             .lane = (lane_id)fixture_below(random, RANDOM_LANES)};
    const uint32_t kind = fixture_below(random, 4);
    if (kind == 1 || kind == 3) {
        wish.states = 1u << run.spans[fixture_below(random, (uint32_t)run.count)].state;
    }
    if (kind >= 2) {
        wish.least_ns = 1 << fixture_below(random, 12);
    }
    return wish;
}

static void expect_case(struct db_reader *reader, uint64_t *random) {
    struct err err = {0};
    struct damage_list damages = {0};
    struct span_found got;
    const struct span_wish wish = random_wish(random);
    const sim_ns at = random_run_time(&run, random);
    int rc = span_lookup_at(reader, run.id, wish.lane, at, &got, &damages, &err);
    expect(rc, &got, &err, naive_at(wish.lane, at));
    rc = span_lookup_next(reader, &wish, at, &got, &damages, &err);
    expect(rc, &got, &err, naive_next(&wish, at));
    rc = span_lookup_previous(reader, &wish, at, &got, &damages, &err);
    expect(rc, &got, &err, naive_previous(&wish, at));
    assert_int_equal(damages.count, 0);
}

static void test_span_lookup_equals_a_look_at_all(void **state) {
    static const uint32_t rooms[] = {200, 20, 4096};
    uint64_t random = 11;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
        random_run_store(&run, db, rooms[k], &random);
        for (int i = 0; i < 1000; i++) {
            expect_case(reader, &random);
        }
    }
    db_reader_close(reader);
    db_close(db);
}

/* Chunks whose spans are all too short, or whose waits are, are passed over: only the last is
 * decoded, for what is open at its end. */
static void test_span_lookup_decodes_no_chunk_of_short_spans(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t id = fixture_run(db, cell, 0, 20); /* chunks of 100 spans of 10 ns */
    struct block_cache *cache = connection_blocks(db_reader_connection(reader))->cache;
    struct damage_list damages = {0};
    struct span_found got;
    struct span_wish wish = {.run = id, .least_ns = 11};
    assert_int_equal(span_lookup_next(reader, &wish, 0, &got, &damages, &err), 1);
    assert_true(got.is_open);
    assert_int_equal(block_cache_use(cache).decoded, 1);
    assert_int_equal(span_lookup_previous(reader, &wish, 19999, &got, &damages, &err), 0);
    assert_int_equal(block_cache_use(cache).decoded, 1);
    wish.least_ns = 10;
    assert_int_equal(span_lookup_next(reader, &wish, 0, &got, &damages, &err), 1);
    assert_int_equal(got.span.start_ns, 10);
    assert_int_equal(block_cache_use(cache).decoded, 2);
    db_reader_close(reader);
    db_close(db);
}

static void test_span_lookup_refuses(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t id = fixture_run(db, cell, 0, 1);
    struct span_found got;
    struct damage_list damages = {0};
    static const lane_id lanes[] = {-1, 1, INT32_MAX};
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        const struct span_wish wish = {.run = id, .lane = lanes[i]};
        assert_int_equal(span_lookup_at(reader, id, lanes[i], 5, &got, &damages, NULL),
                         ERR_INVALID);
        assert_int_equal(span_lookup_next(reader, &wish, 5, &got, &damages, NULL),
                         ERR_INVALID);
        assert_int_equal(span_lookup_previous(reader, &wish, 5, &got, &damages, NULL),
                         ERR_INVALID);
    }
    assert_int_equal(span_lookup_at(reader, id + 1, 0, 5, &got, &damages, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(span_lookup_at(reader, id, 0, INT64_MIN, &got, &damages, NULL), 0);
    db_reader_close(reader);
    db_close(db);
}

static void test_span_lookup_reports_every_failed_allocation(void **state) {
    uint64_t random = 12;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    random_run_store(&run, db, 50, &random);
    fixture_sql(*state, "UPDATE span_chunk SET data = x'00' WHERE seq = 3");
    int failures = 0;
    for (int64_t nth = 0;; nth++) {
        const struct span_wish wish = {.run = run.id, .lane = 1, .states = 1u << 31};
        struct damage_list damages = {0};
        struct span_found got;
        memory_fail_after(nth);
        const int rc = span_lookup_next(reader, &wish, 0, &got, &damages, NULL);
        memory_fail_after(-1);
        damage_list_deinit(&damages);
        if (rc != ERR_NOMEM) {
            assert_int_equal(rc, 0);
            break;
        }
        failures++;
    }
    assert_true(failures > 0);
    db_reader_close(reader);
    db_close(db);
}

/* What comes after the damaged chunk is found, and the answer says that it is there. */
static void test_span_lookup_survives_damage(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t id = fixture_run(db, cell, 0, 3); /* chunks of 100 spans of 10 ns */
    const struct span_wish wish = {.run = id};
    struct damage_list damages = {0};
    struct span_found got;
    fixture_sql(*state, "UPDATE span_chunk SET data = x'00' WHERE seq = 1");
    assert_int_equal(span_lookup_at(reader, id, 0, 1500, &got, &damages, &err), 0);
    assert_int_equal(span_lookup_next(reader, &wish, 1500, &got, &damages, &err), 1);
    assert_int_equal(got.span.start_ns, 2000);
    assert_int_equal(span_lookup_previous(reader, &wish, 1500, &got, &damages, &err), 1);
    assert_int_equal(got.span.end_ns, 1000);
    assert_int_equal(damages.count, 1);
    assert_int_equal(damages.items[0].from_ns, 1000);
    assert_int_equal(damages.items[0].to_ns, 2000);
    damage_list_deinit(&damages);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_span_lookup_equals_a_look_at_all),
        TEST(test_span_lookup_decodes_no_chunk_of_short_spans),
        TEST(test_span_lookup_refuses),
        TEST(test_span_lookup_reports_every_failed_allocation),
        TEST(test_span_lookup_survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
