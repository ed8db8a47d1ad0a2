/* SPDX-License-Identifier: MIT */
/* Free pages go back to the disk, in steps or as a whole. */
#include "tests/db/fixture.h"

#include <string.h>

#include <sqlite3.h>

#include "db/removal.h"
#include "db/vacuum.h"

/* A store most of which has been removed. */
static void make_room(struct db *db) {
    struct err err = {0};
    struct db_reader *reader = fixture_reader(db);
    const int64_t id = fixture_experiment(db, 1, 1);
    const int64_t cell = fixture_cell(reader, id);
    db_reader_close(reader);
    fixture_run(db, cell, 0, 1500);
    fixture_experiment(db, 2, 1);
    fixture_ok(experiment_store_set_status(db, id, EXPERIMENT_FAILED, NULL, &err), &err);
    fixture_ok(removal_mark(db, id, &err), &err);
    for (bool more = true; more;) {
        fixture_ok(removal_step(db, &more, &err), &err);
    }
}

static struct vacuum_space space_of(struct db *db) {
    struct err err = {0};
    struct vacuum_space space;
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(vacuum_space(reader, &space, &err), &err);
    fixture_ok(db_reader_check(reader, &err), &err);
    db_reader_close(reader);
    return space;
}

static void test_vacuum_gives_pages_back_in_steps(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    make_room(db);
    const struct vacuum_space before = space_of(db);
    assert_true(before.in_steps);
    assert_true(before.free_pages > 300);
    int steps = 0;
    for (bool more = true; more; steps++) {
        fixture_ok(vacuum_step(db, &more, &err), &err);
    }
    assert_true(steps > 1);
    const struct vacuum_space after = space_of(db);
    assert_int_equal(after.free_pages, 0);
    assert_true(after.pages <= before.pages - before.free_pages);
    db_close(db);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM experiment"), 1);
}

/* The file as an older gilscope made it. */
static void forget_page_map(const struct fixture *fixture) {
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(sqlite, "PRAGMA auto_vacuum = NONE; VACUUM;", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(sqlite);
}

static void test_vacuum_as_a_whole_makes_steps_possible(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    bool more = true;
    db_close(fixture_open(fixture));
    forget_page_map(fixture);
    struct db *db = fixture_open(fixture);
    make_room(db);
    assert_false(space_of(db).in_steps);
    assert_int_equal(vacuum_step(db, &more, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "vacuum --whole"));
    err_clear(&err);
    fixture_ok(vacuum_whole(db, &err), &err);
    const struct vacuum_space space = space_of(db);
    assert_true(space.in_steps);
    assert_int_equal(space.free_pages, 0);
    assert_true(fixture_experiment(db, 3, 1) > 0); /* the store works as before */
    fixture_ok(vacuum_step(db, &more, &err), &err);
    assert_false(more);
    db_close(db);
}

static void test_vacuum_as_a_whole_is_done_alone(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db *other = fixture_open(fixture);
    assert_int_equal(vacuum_whole(db, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "in use by process"));
    db_close(other);
    err_clear(&err);
    fixture_ok(vacuum_whole(db, &err), &err);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_vacuum_gives_pages_back_in_steps),
        TEST(test_vacuum_as_a_whole_makes_steps_possible),
        TEST(test_vacuum_as_a_whole_is_done_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
