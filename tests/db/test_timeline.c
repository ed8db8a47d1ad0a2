/* SPDX-License-Identifier: MIT */
/*
 * The timeline against the painter of naive_timeline.h, on random recordings and random
 * windows, and what it says of wrong queries and damaged files.
 */
#include "tests/db/naive_timeline.h"

#include <stdlib.h>
#include <string.h>

#include "db/db_priv.h"
#include "db/timeline.h"

/* The spans of one lane group, in chunks of random sizes. */
static void send_group(const struct naive_run *r, uint32_t group, const struct sink *sink,
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

static void send_instants(const struct naive_run *r, const struct sink *sink,
                          uint64_t *random) {
    uint32_t seq = 0;
    for (size_t i = 0; i < r->instant_count; seq++) {
        const uint32_t room = 1 + fixture_below(random, NAIVE_INSTANT_ROOM);
        i += naive_run_send_instants(r, i, room, seq, sink);
    }
}

static int64_t store(struct db *db, int64_t cell, const struct naive_run *r,
                     uint64_t *random) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .record = true};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    for (uint32_t group = 0; group < NAIVE_GROUPS; group++) {
        send_group(r, group, run_writer_sink(writer), random);
    }
    send_instants(r, run_writer_sink(writer), random);
    struct run_result result = naive_run_result(r);
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
    return id;
}

/* --- tests --------------------------------------------------------------------- */

static void test_timeline_equals_the_brute_force_painter(void **state) {
    const struct fixture *fixture = *state;
    struct naive_run *recording = malloc(sizeof *recording);
    assert_non_null(recording);
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint64_t random = seed;
        fixture_keep_at_most(reader,
                             (size_t)(seed % 3) * 600000); /* nothing, or some chunks */
        naive_run_fill(recording, &random);
        const int64_t run = store(db, cell, recording, &random);
        naive_run_sort(recording);
        for (int i = 0; i < 500; i++) {
            naive_run_compare_some(reader, recording, run, &random);
        }
        for (int i = 0; i < 20; i++) {
            naive_run_compare_all(reader, recording, run, &random);
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

/* Rows of a timeline that was removed are those of the next one: nothing of the old one is
 * seen by who has read it, nor by another reader of the store. */
static void test_timeline_forgets_one_that_was_removed(void **state) {
    const struct fixture *fixture = *state;
    struct naive_run *recording = malloc(sizeof *recording);
    assert_non_null(recording);
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *readers[2] = {fixture_reader(db), fixture_reader(db)};
    const int64_t cell = fixture_cell(readers[0], fixture_experiment(db, 1, 1));
    for (uint64_t seed = 11; seed <= 13; seed++) {
        uint64_t random = seed;
        naive_run_fill(recording, &random);
        const int64_t run = store(db, cell, recording, &random);
        naive_run_sort(recording);
        assert_int_equal(fixture_sql(fixture, "SELECT min(id) FROM sheet"), 1);
        assert_int_equal(fixture_sql(fixture, "SELECT min(id) FROM span_chunk"), 1);
        for (int i = 0; i < 60; i++) {
            naive_run_compare_some(readers[i % 2], recording, run, &random);
        }
        fixture_ok(db_timeline_remove(db, run, &err), &err);
    }
    db_reader_close(readers[0]);
    db_reader_close(readers[1]);
    db_close(db);
    free(recording);
}

/* Whether it has decoded something before, or not. */
static void test_timeline_survives_a_lack_of_memory(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 40);
    for (uint32_t pixels = 3; pixels <= 3000; pixels *= 10) {
        const struct timeline_query query = {
            .run = run, .to_ns = 40000, .pixels = pixels};
        struct timeline_view got;
        int rc = ERR_NOMEM;
        for (int64_t n = 0; rc != 0; n++) {
            struct err err = {0};
            memory_fail_after(n);
            rc = timeline_read(reader, &query, &got, &err);
            memory_fail_after(-1);
            if (rc != 0) {
                assert_int_equal(rc, ERR_NOMEM);
                assert_int_equal(err.code, ERR_NOMEM);
            }
        }
        assert_int_equal(got.lane_count, 1);
        assert_int_equal(got.damages.count, 0);
        timeline_view_deinit(&got);
    }
    db_reader_close(reader);
    db_close(db);
}

/* The pyramids of schema 6 had other cells: timelines do without them. */
static void test_timeline_of_an_older_store_is_whole(void **state) {
    const struct fixture *fixture = *state;
    struct naive_run *run_of = malloc(sizeof *run_of);
    assert_non_null(run_of);
    uint64_t random = 3;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    naive_run_fill(run_of, &random);
    const int64_t run = store(db, cell, run_of, &random);
    naive_run_sort(run_of);
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
        naive_run_compare_some(reader, run_of, run, &random);
    }
    naive_run_compare_all(reader, run_of, run, &random);
    db_reader_close(reader);
    db_close(db);
    free(run_of);
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

/* A short span that ends with the window, and is not the first of its pixel, is counted
 * once. */
static void test_timeline_counts_a_span_at_the_edge_once(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 3); /* spans of 10 ns */
    const struct timeline_query query = {
        .run = run, .from_ns = 0, .to_ns = 800, .pixels = 60}; /* of 8 or 16 ns */
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.lane_count, 1);
    const struct timeline_lane *lane = &got.lanes[0];
    const size_t last = lane->count - 1; /* 784 .. 800, in which two end */
    assert_int_equal(lane->start_ns[last], 784);
    assert_int_equal(lane->end_ns[last], 800);
    assert_int_equal(lane->merged[last], 2);
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
    const struct instant_chunk chunk = {0, 2, false, 100, 200, lane, at, kind, by};
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

/* A chunk that is sound in itself, but cannot be of the run, costs what it holds. */
static void test_timeline_leaves_out_points_of_unknown_lanes(void **state) {
    static const lane_id lane[] = {0, 1, 0}, none[] = {-1, -1, -1};
    static const sim_ns at[] = {100, 200, 300};
    static const uint8_t kind[] = {0, 0, 0};
    static const int64_t value[] = {1, 2, 3};
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    struct run_writer *writer = NULL;
    const struct run_new run = {
        .cell = fixture_cell(reader, fixture_experiment(db, 1, 1)), .record = true};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    const struct sink *sink = run_writer_sink(writer);
    for (uint32_t i = 0; i < 3; i++) {
        const struct instant_chunk instants = {i,        1,      false,    at[i],   at[i],
                                               &lane[i], &at[i], &kind[i], &none[i]};
        const struct counter_chunk samples = {i,        1,        false,  at[i],    at[i],
                                              &lane[i], &kind[i], &at[i], &value[i]};
        fixture_ok(sink->instants(sink->context, &instants, &err), &err);
        fixture_ok(sink->counters(sink->context, &samples, &err), &err);
    }
    struct run_result result = fixture_result(1, 1); /* no lane 1 */
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    const struct timeline_query query = {
        .run = run_writer_id(writer), .to_ns = 1000, .pixels = 1000};
    run_writer_close(writer);
    run_result_deinit(&result);
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.instants.count, 2);
    assert_int_equal(got.counters.count, 2);
    assert_int_equal(got.counters.last[1], 3);
    assert_int_equal(got.damages.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(got.damages.items[i].group,
                         i == 0 ? DAMAGE_INSTANTS : DAMAGE_COUNTERS);
        assert_int_equal(got.damages.items[i].from_ns, 200);
        assert_non_null(strstr(got.damages.items[i].what, "of an unknown lane"));
    }
    timeline_view_deinit(&got);
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
    struct naive_run *recording = malloc(sizeof *recording);
    assert_non_null(recording);
    struct err err = {0};
    uint64_t random = 2;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    naive_run_fill(recording, &random);
    const int64_t run = store(db, cell, recording, &random);
    const struct timeline_query query = {.run = run, .to_ns = NAIVE_LAST_NS, .pixels = 3};
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
        TEST(test_timeline_forgets_one_that_was_removed),
        TEST(test_timeline_survives_a_lack_of_memory),
        TEST(test_timeline_of_an_older_store_is_whole),
        TEST(test_timeline_takes_the_longest_windows),
        TEST(test_timeline_counts_a_span_at_the_edge_once),
        TEST(test_timeline_shows_an_instant_at_the_edge),
        TEST(test_timeline_leaves_out_points_of_unknown_lanes),
        TEST(test_timeline_refuses_wrong_queries),
        TEST(test_timeline_survives_damage),
        TEST(test_timeline_survives_a_damaged_sheet_of_instants),
        TEST(test_timeline_reports_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
