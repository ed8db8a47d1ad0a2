/* SPDX-License-Identifier: MIT */
/* test_histogram_store - the histograms of a run, stored and read back. */
#include <stdlib.h>
#include <string.h>

#include "db/connection_priv.h"
#include "db/histogram_store.h"
#include "engine/base/memory.h"
#include "tests/db/fixture.h"
#include "tests/db/sqlite_faults.h"

/* Values of every magnitude, so that every bucket may be met. */
static void fill(struct histogram *histogram, uint64_t seed, int values) {
    memset(histogram, 0, sizeof *histogram);
    for (int i = 0; i < values; i++) {
        const uint32_t shift = fixture_below(&seed, 63);
        histogram_add(histogram, (sim_ns)(fixture_random(&seed) >> 1 >> shift));
    }
}

static int64_t store(struct db *db, int64_t cell, struct run_result *result) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .started_ms = 1};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    fixture_ok(run_writer_finish(writer, result, 2, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    return id;
}

static void expect_same(const struct run_histogram *a, const struct run_histogram *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->min_ns, b->min_ns);
    assert_int_equal(a->max_ns, b->max_ns);
    assert_true(a->sum_ns == b->sum_ns);
    assert_int_equal(a->bucket_count, b->bucket_count);
    for (size_t i = 0; i < a->bucket_count; i++) {
        assert_int_equal(a->upper_ns[i], b->upper_ns[i]);
        assert_int_equal(a->counts[i], b->counts[i]);
    }
}

/* All of them but one: what has no value has no row. */
static void test_histogram_store_gives_back_what_was_stored(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    struct histogram *histogram = calloc(1, sizeof *histogram);
    struct run_result result = fixture_result(1, 0);
    assert_non_null(histogram);
    for (int id = 0; id < RUN_HISTOGRAM_COUNT; id++) {
        if (id != HISTOGRAM_LOOP_LAG) {
            fill(histogram, (uint64_t)id, id == HISTOGRAM_LATENCY ? 1 : 20000);
            fixture_ok(run_histogram_init(&result.histograms[id], histogram, &err), &err);
        }
    }
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = store(db, cell, &result);
    struct histogram_list list;
    fixture_ok(histogram_store_read(reader, run, &list, &err), &err);
    assert_int_equal(list.count, RUN_HISTOGRAM_COUNT - 1);
    for (size_t i = 0; i < list.count; i++) {
        const size_t id = i < HISTOGRAM_LOOP_LAG ? i : i + 1;
        assert_string_equal(list.items[i].name, run_histograms[id].name);
        expect_same(&list.items[i].histogram, &result.histograms[id]);
    }
    histogram_list_deinit(&list);
    run_result_deinit(&result);
    assert_int_equal(histogram_store_read(reader, run + 1, &list, NULL), ERR_NOT_FOUND);
    free(histogram);
    db_reader_close(reader);
    db_close(db);
}

static void test_histogram_store_reports_damage(void **state) {
    const struct fixture *fixture = *state;
    static const char *const damage[] = {
        "UPDATE histogram SET data = x''",
        "UPDATE histogram SET data = substr(data, 1, length(data) - 1)",
        "UPDATE histogram SET data = substr(data, 2)",
        "UPDATE histogram SET data = zeroblob(length(data))",
        "UPDATE histogram SET data = zeroblob(4)",
        "UPDATE histogram SET count = count + 1",
        "UPDATE histogram SET count = 0",
        "UPDATE histogram SET buckets = buckets - 1",
        "UPDATE histogram SET buckets = -1",
        "UPDATE histogram SET buckets = 1 << 40",
    };
    struct histogram *histogram = calloc(1, sizeof *histogram);
    assert_non_null(histogram);
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct db *db = fixture_open(fixture);
        struct db_reader *reader = fixture_reader(db);
        struct run_result result = fixture_result(1, 0);
        fill(histogram, i, 300);
        assert_int_equal(run_histogram_init(&result.histograms[0], histogram, NULL), 0);
        const int64_t cell = fixture_cell(reader, fixture_experiment(db, (int)i, 1));
        const int64_t run = store(db, cell, &result);
        fixture_sql(fixture, damage[i]);
        struct histogram_list list;
        const int rc = histogram_store_read(reader, run, &list, NULL);
        if (rc != ERR_CORRUPT) {
            fail_msg("%s: code %d", damage[i], rc);
        }
        run_result_deinit(&result);
        db_reader_close(reader);
        db_close(db);
        fixture_sql(fixture, "DELETE FROM histogram");
    }
    free(histogram);
}

/* Whichever allocation or call of SQLite fails: an error, and nothing is stored by half. */
static void test_histogram_store_survives_failures(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    struct histogram *histogram = calloc(1, sizeof *histogram);
    struct run_result result = fixture_result(1, 0);
    assert_non_null(histogram);
    fill(histogram, 5, 400);
    assert_int_equal(run_histogram_init(&result.histograms[0], histogram, NULL), 0);
    assert_int_equal(run_histogram_init(&result.histograms[3], histogram, NULL), 0);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .started_ms = 1};
    assert_int_equal(run_writer_open(&writer, db, &run, NULL), 0);
    for (int kind = 0; kind < 2; kind++) {
        void (*const fail_after)(int64_t) =
            kind == 0 ? memory_fail_after : sqlite_statements_fail_after;
        for (int64_t nth = 0; nth < (kind == 0 ? 3 : 6); nth++) {
            fail_after(nth);
            const int rc = run_writer_finish(writer, &result, 2, NULL);
            fail_after(-1);
            assert_true(rc < 0);
            assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM histogram"), 0);
        }
    }
    assert_int_equal(run_writer_finish(writer, &result, 2, NULL), 0);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    int failures = 0;
    for (int64_t nth = 0;; nth++) {
        struct histogram_list list;
        memory_fail_after(nth);
        const int rc = histogram_store_read(reader, id, &list, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            assert_int_equal(list.count, 2);
            histogram_list_deinit(&list);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 3);
    run_result_deinit(&result);
    free(histogram);
    db_reader_close(reader);
    db_close(db);
}

/* A store of the first version gets the table when it is opened. */
static void test_histogram_store_comes_to_an_old_store(void **state) {
    const struct fixture *fixture = *state;
    db_close(fixture_open(fixture));
    fixture_to_schema(fixture, 1);
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 1);
    struct histogram_list list;
    struct err err = {0};
    fixture_ok(histogram_store_read(reader, run, &list, &err), &err);
    assert_int_equal(list.count, 0);
    histogram_list_deinit(&list);
    db_reader_close(reader);
    db_close(db);
    assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"), db_schema_version());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_histogram_store_gives_back_what_was_stored),
        TEST(test_histogram_store_reports_damage),
        TEST(test_histogram_store_survives_failures),
        TEST(test_histogram_store_comes_to_an_old_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
