/* SPDX-License-Identifier: MIT */
/* Experiments go: at once for every reader, then in small steps; and which go by rule. */
#include "tests/db/fixture.h"

#include <stdio.h>
#include <string.h>

#include "db/connection_priv.h"
#include "db/experiment_list.h"
#include "db/removal.h"
#include "db/retention.h"
#include "tests/db/sqlite_faults.h"

/* A finished experiment with three runs, each with more chunks than one statement takes. */
static int64_t finished(struct db *db, int number) {
    struct err err = {0};
    const int64_t id = fixture_experiment(db, number, 2);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, id);
    db_reader_close(reader);
    fixture_ok(experiment_store_set_status(db, id, EXPERIMENT_RUNNING, NULL, &err), &err);
    fixture_ok(cell_store_start(db, cell, &err), &err);
    for (uint32_t i = 0; i < 3; i++) {
        fixture_run(db, cell, i, 70);
    }
    fixture_ok(fixture_finish_cell(db, cell, CELL_DONE, NULL, &err), &err);
    fixture_ok(experiment_store_set_status(db, id, EXPERIMENT_DONE, NULL, &err), &err);
    return id;
}

static void remove_rest(struct db *db) {
    struct err err = {0};
    bool more = true;
    while (more) {
        fixture_ok(removal_step(db, &more, &err), &err);
    }
}

/* Everything there is: rows of all tables. */
static int64_t count_rows(const struct fixture *fixture) {
    return fixture_sql(fixture,
                       "SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM"
                       " cell) + (SELECT count(*) FROM cell_metric) + (SELECT count(*)"
                       " FROM run) + (SELECT count(*) FROM metric) + (SELECT count(*)"
                       " FROM histogram) + (SELECT count(*) FROM lane) +"
                       " (SELECT count(*) FROM span_chunk) +"
                       " (SELECT count(*) FROM instant_chunk) +"
                       " (SELECT count(*) FROM counter_chunk)");
}

static void assert_gone(struct db *db, int64_t id, int64_t run) {
    struct db_reader *reader = fixture_reader(db);
    struct experiment experiment;
    struct experiment_list list;
    struct run_list runs;
    struct err err = {0};
    assert_int_equal(experiment_store_read(reader, id, &experiment, NULL), ERR_NOT_FOUND);
    assert_int_equal(run_store_read(reader, run, &runs, NULL), ERR_NOT_FOUND);
    fixture_ok(experiment_list_read(reader, &(struct experiment_wish){.limit = 100},
                                    &list, &err),
               &err);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(list.items[i].id != id);
    }
    experiment_list_deinit(&list);
    fixture_ok(db_reader_check(reader, &err), &err);
    db_reader_close(reader);
}

static void test_removal_hides_at_once_and_removes_all(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    const int64_t kept = finished(db, 1);
    const int64_t rows = count_rows(fixture);
    const int64_t id = finished(db, 2);
    const int64_t run = fixture_sql(fixture, "SELECT max(id) FROM run");
    fixture_ok(removal_mark(db, id, &err), &err);
    assert_gone(db, id, run);
    assert_true(count_rows(fixture) > rows); /* it has only been decided */
    assert_int_equal(removal_mark(db, id, NULL), ERR_NOT_FOUND);
    struct run_writer *writer = NULL;
    assert_int_equal(run_writer_open_again(&writer, db, run, NULL, NULL), ERR_CONFLICT);
    remove_rest(db);
    assert_gone(db, id, run);
    assert_int_equal(count_rows(fixture), rows);
    /* The same document may come again, and gets another id. */
    assert_true(finished(db, 2) > id);
    struct db_reader *reader = fixture_reader(db);
    assert_true(fixture_cell(reader, kept) > 0);
    db_reader_close(reader);
    db_close(db);
}

static void test_removal_spares_what_is_at_work(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    const int64_t id = fixture_experiment(db, 1, 1);
    assert_int_equal(removal_mark(db, id + 1, NULL), ERR_NOT_FOUND);
    assert_int_equal(removal_mark(db, id, NULL), ERR_CONFLICT); /* queued */
    fixture_ok(experiment_store_set_status(db, id, EXPERIMENT_RUNNING, NULL, &err), &err);
    assert_int_equal(removal_mark(db, id, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "has not ended"));
    err_clear(&err);
    /* A run whose timeline is made later. */
    const int64_t done = finished(db, 2);
    const int64_t run = fixture_sql(fixture, "SELECT max(id) FROM run");
    fixture_sql(fixture, "UPDATE run SET timeline = 0");
    fixture_sql(fixture, "DELETE FROM span_chunk");
    struct run_writer *writer = NULL;
    fixture_ok(run_writer_open_again(&writer, db, run, NULL, &err), &err);
    assert_int_equal(removal_mark(db, done, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "is being made"));
    err_clear(&err);
    const struct retention rules = {.for_ms = 1};
    int64_t marked = -1;
    fixture_ok(retention_mark_next(db, &rules, INT64_MAX, &marked, &err), &err);
    assert_int_equal(marked, 0);
    fixture_ok(run_writer_abandon(writer, RUN_STATE_FAILED, NULL, 1, &err), &err);
    run_writer_close(writer);
    fixture_ok(removal_mark(db, done, &err), &err);
    remove_rest(db);
    db_close(db);
}

/* Whatever call fails on the way, nothing is lost that stays, and the rest goes later. */
static void test_removal_survives_every_failing_call(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    finished(db, 1);
    const int64_t rows = count_rows(fixture);
    bool failed = true;
    int after = 0;
    for (; failed; after++) {
        struct err err = {0};
        const int64_t id = fixture_experiment(db, after + 2, 1);
        fixture_ok(experiment_store_set_status(db, id, EXPERIMENT_FAILED, NULL, &err),
                   &err);
        bool more = true;
        sqlite_statements_fail_after(after);
        int rc = removal_mark(db, id, &err);
        while (rc == 0 && more) {
            rc = removal_step(db, &more, &err);
        }
        sqlite_statements_fail_after(-1);
        failed = rc != 0;
        assert_true(rc == 0 || rc == ERR_IO);
        if (removal_mark(db, id, NULL) == ERR_NOT_FOUND) {
            assert_gone(db, id, 0); /* it had been marked before the failure */
        }
        remove_rest(db);
        assert_int_equal(count_rows(fixture), rows);
    }
    assert_true(after > 10);
    db_close(db);
}

/* --- rules ----------------------------------------------------------------------- */

static int64_t next_by(struct db *db, struct retention rules, int64_t now_ms) {
    struct err err = {0};
    int64_t id = -1;
    fixture_ok(retention_mark_next(db, &rules, now_ms, &id, &err), &err);
    return id;
}

static void test_retention_removes_the_oldest_first(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    int64_t ids[6];
    for (int i = 0; i < 5; i++) {
        ids[i] = finished(db, i); /* submitted at 1700000000000 + i */
    }
    ids[5] = fixture_experiment(db, 5, 1); /* queued: counts, and stays */
    const int64_t now = 1700000000000 + 1000;
    assert_int_equal(next_by(db, (struct retention){0}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.for_ms = 1000}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.for_ms = 999}, now), ids[0]);
    assert_int_equal(next_by(db, (struct retention){.for_ms = 999}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.count = 5}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.count = 4}, now), ids[1]);
    assert_int_equal(next_by(db, (struct retention){.count = 4}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.count = 1}, now), ids[2]);
    remove_rest(db);
    const int64_t used = fixture_sql(
        fixture, "SELECT (page_count - freelist_count) * page_size FROM"
                 " pragma_page_count, pragma_freelist_count, pragma_page_size");
    assert_int_equal(next_by(db, (struct retention){.bytes = used}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.bytes = used - 1}, now), ids[3]);
    /* What is on its way out counts as gone only when it is. */
    assert_int_equal(next_by(db, (struct retention){.bytes = used - 1}, now), 0);
    remove_rest(db);
    assert_int_equal(next_by(db, (struct retention){.bytes = used - 1}, now), 0);
    assert_int_equal(next_by(db, (struct retention){.bytes = 1}, now), ids[4]);
    remove_rest(db);
    assert_int_equal(next_by(db, (struct retention){.bytes = 1}, now), 0);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM experiment"), 1);
    db_close(db);
}

static void test_retention_by_size_spares_the_newest(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    finished(db, 1);
    assert_int_equal(next_by(db, (struct retention){.bytes = 1}, 0), 0);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_removal_hides_at_once_and_removes_all),
        TEST(test_removal_spares_what_is_at_work),
        TEST(test_removal_survives_every_failing_call),
        TEST(test_retention_removes_the_oldest_first),
        TEST(test_retention_by_size_spares_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
