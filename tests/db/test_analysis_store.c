/* SPDX-License-Identifier: MIT */
/* test_analysis_store - what was found out about a run is kept as long as the run. */
#include "db/analysis_store.h"
#include "db/experiment_store.h"
#include "db/removal.h"
#include "engine/base/memory.h"
#include "tests/db/fixture.h"

static char *read_text(struct db_reader *reader, int64_t run) {
    struct err err = {0};
    char *text = NULL;
    fixture_ok(analysis_store_read(reader, run, ANALYSIS_FINDINGS, &text, &err), &err);
    return text;
}

static int64_t add_run(struct db *db, struct db_reader *reader) {
    return fixture_run(db, fixture_cell(reader, fixture_experiment(db, 1, 1)), 0, 0);
}

static void test_analysis_store_keeps_the_last(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t run = add_run(db, reader);
    assert_null(read_text(reader, run));
    fixture_ok(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{\"a\":1}", &err), &err);
    fixture_ok(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{\"a\":2}", &err), &err);
    char *text = read_text(reader, run);
    assert_string_equal(text, "{\"a\":2}");
    memory_free(text);
    assert_int_equal(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{\"a\":", &err),
                     ERR_INVALID);
    err_clear(&err);
    assert_int_equal(analysis_store_write(db, run + 1, ANALYSIS_FINDINGS, "{}", &err),
                     ERR_NOT_FOUND);
    assert_null(read_text(reader, run + 1));
    memory_free(read_text(reader, run));
    db_reader_close(reader);
    db_close(db);
}

static void test_analysis_store_goes_with_the_run(void **state) {
    struct err err = {0};
    bool more = true;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t experiment = fixture_experiment(db, 1, 1);
    const int64_t run = fixture_run(db, fixture_cell(reader, experiment), 0, 0);
    fixture_ok(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{}", &err), &err);
    assert_int_equal(fixture_sql(*state, "SELECT count(*) FROM analysis"), 1);
    const enum experiment_status states[] = {EXPERIMENT_RUNNING, EXPERIMENT_DONE};
    for (int i = 0; i < 2; i++) {
        fixture_ok(experiment_store_set_status(db, experiment, states[i], NULL, &err),
                   &err);
    }
    fixture_ok(removal_mark(db, experiment, &err), &err);
    while (more) {
        fixture_ok(removal_step(db, &more, &err), &err);
    }
    assert_int_equal(fixture_sql(*state, "SELECT count(*) FROM analysis"), 0);
    db_reader_close(reader);
    db_close(db);
}

/* It comes to a store of before, and what is there stays. */
static void test_analysis_store_comes_to_an_old_store(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t run = add_run(db, reader);
    db_reader_close(reader);
    db_close(db);
    fixture_to_schema(*state, 5);
    db = fixture_open(*state);
    reader = fixture_reader(db);
    assert_null(read_text(reader, run));
    fixture_ok(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{}", &err), &err);
    char *text = read_text(reader, run);
    assert_string_equal(text, "{}");
    memory_free(text);
    db_reader_close(reader);
    db_close(db);
}

/* What was found before there were several kinds stays found; the kinds are apart. */
static void test_analysis_store_keeps_findings_of_before(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t run = add_run(db, reader);
    fixture_ok(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{\"a\":1}", &err), &err);
    db_reader_close(reader);
    db_close(db);
    fixture_to_schema(*state, 9);
    db = fixture_open(*state);
    reader = fixture_reader(db);
    fixture_ok(analysis_store_write(db, run, ANALYSIS_SPEEDUP, "{\"b\":2}", &err), &err);
    char *text = read_text(reader, run);
    assert_string_equal(text, "{\"a\":1}");
    memory_free(text);
    fixture_ok(analysis_store_read(reader, run, ANALYSIS_SPEEDUP, &text, &err), &err);
    assert_string_equal(text, "{\"b\":2}");
    memory_free(text);
    db_reader_close(reader);
    db_close(db);
}

static void test_analysis_store_survives_failures(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t run = add_run(db, reader);
    fixture_ok(analysis_store_write(db, run, ANALYSIS_FINDINGS, "{}", &err), &err);
    char *text = NULL;
    memory_fail_after(0);
    assert_int_equal(analysis_store_read(reader, run, ANALYSIS_FINDINGS, &text, &err),
                     ERR_NOMEM);
    memory_fail_after(-1);
    assert_null(text);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_analysis_store_keeps_the_last),
        TEST(test_analysis_store_goes_with_the_run),
        TEST(test_analysis_store_comes_to_an_old_store),
        TEST(test_analysis_store_keeps_findings_of_before),
        TEST(test_analysis_store_survives_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
