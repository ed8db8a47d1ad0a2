/* SPDX-License-Identifier: MIT */
/* test_library - names that are given afterwards, and the room that an experiment takes. */
#include <string.h>

#include "db/library.h"
#include "db/removal.h"
#include "tests/db/fixture.h"

static int64_t bytes_of(struct db_reader *reader, int64_t experiment) {
    struct err err = {0};
    int64_t bytes = -1;
    fixture_ok(library_bytes(reader, experiment, &bytes, &err), &err);
    return bytes;
}

static void test_library_renames(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t id = fixture_experiment(db, 1, 1);
    const int64_t other = fixture_experiment(db, 2, 1);
    struct experiment experiment;
    fixture_ok(library_rename(db, id, "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", &err), &err);
    fixture_ok(experiment_store_read(reader, id, &experiment, &err), &err);
    assert_string_equal(experiment.row.name, "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87");
    experiment_deinit(&experiment);
    fixture_ok(experiment_store_read(reader, other, &experiment, &err), &err);
    assert_string_not_equal(experiment.row.name, "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87");
    experiment_deinit(&experiment);
    db_reader_close(reader);
    db_close(db);
}

static void test_library_renames_what_was_seen(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    const int64_t id = fixture_experiment(db, 1, 1);
    fixture_ok(library_rename(db, id, "a", &err), &err);
    fixture_ok(library_rename_seen(db, id, "a", "b", &err), &err);
    assert_int_equal(library_rename_seen(db, id, "a", "c", &err), ERR_CONFLICT);
    err_clear(&err);
    fixture_ok(library_rename_seen(db, id, "b", "c", &err), &err);
    assert_int_equal(library_rename_seen(db, id + 1, "c", "d", &err), ERR_NOT_FOUND);
    db_close(db);
}

static void test_library_refuses_names(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    const int64_t id = fixture_experiment(db, 1, 1);
    char name[LIBRARY_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[LIBRARY_NAME_MAX + 1] = '\0';
    assert_int_equal(library_rename(db, id, name, &err), ERR_INVALID);
    err_clear(&err);
    name[LIBRARY_NAME_MAX] = '\0';
    fixture_ok(library_rename(db, id, name, &err), &err);
    assert_int_equal(library_rename(db, id, "", &err), ERR_INVALID);
    err_clear(&err);
    assert_int_equal(library_rename(db, id, " \t\n", &err), ERR_INVALID);
    err_clear(&err);
    assert_int_equal(library_rename(db, id + 1, "a", &err), ERR_NOT_FOUND);
    err_clear(&err);
    fixture_ok(experiment_store_cancel_queued(db, id, NULL, &err), &err);
    fixture_ok(removal_mark(db, id, &err), &err);
    assert_int_equal(library_rename(db, id, "a", &err), ERR_NOT_FOUND);
    db_close(db);
}

/* A chunk of the fixture is a hundred spans of about ten bytes. */
static void test_library_measures_what_is_stored(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t small = fixture_experiment(db, 1, 1);
    const int64_t large = fixture_experiment(db, 2, 1);
    const int64_t empty = bytes_of(reader, large);
    assert_true(empty > 0);
    fixture_run(db, fixture_cell(reader, large), 0, 1);
    const int64_t one = bytes_of(reader, large);
    fixture_run(db, fixture_cell(reader, large), 1, 64);
    const int64_t all = bytes_of(reader, large);
    const int64_t blobs =
        fixture_sql(*state, "SELECT (SELECT sum(length(data)) FROM span_chunk)"
                            " + (SELECT ifnull(sum(length(data)), 0) FROM sheet)");
    assert_true(one > empty);
    assert_true(all - empty > blobs);
    assert_true(all - empty < 2 * blobs + 20000);
    assert_true(bytes_of(reader, small) <= empty);
    assert_int_equal(bytes_of(reader, large + 1), 0);
    fixture_ok(experiment_store_cancel_queued(db, large, NULL, &err), &err);
    fixture_ok(removal_mark(db, large, &err), &err);
    assert_int_equal(bytes_of(reader, large), 0);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_library_renames),
        TEST(test_library_renames_what_was_seen),
        TEST(test_library_refuses_names),
        TEST(test_library_measures_what_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
