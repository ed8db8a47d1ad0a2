/* SPDX-License-Identifier: MIT */
#include "tests/db/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "db/migrations_priv.h"
#include "tests/db/sqlite_faults.h"

/* --- files of all kinds -------------------------------------------------------- */

static void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t read_file(const char *path, char *data, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(data, 1, room, file);
    fclose(file);
    assert_true(size < room);
    return size;
}

static void run_sql(const struct fixture *fixture, const char *sql) {
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

/* In both modes: the code, a word of the text, and not a byte of the file changed. */
static void assert_refused(const struct fixture *fixture, int code, const char *word) {
    static char before[1 << 20], after[1 << 20];
    const size_t size = read_file(fixture->path, before, sizeof before);
    for (int mode = DB_OWN; mode <= DB_READ; mode++) {
        struct err err = {0};
        struct db *db = NULL;
        assert_int_equal(db_open(&db, fixture->path, (enum db_mode)mode, &err), code);
        assert_null(db);
        assert_non_null(strstr(err.text, fixture->path));
        if (strstr(err.text, word) == NULL) {
            fail_msg("'%s' does not say '%s'", err.text, word);
        }
    }
    assert_int_equal(read_file(fixture->path, after, sizeof after), size);
    assert_memory_equal(before, after, size);
}

/* --- tests --------------------------------------------------------------------- */

static void test_migrations_make_a_new_store(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    assert_string_equal(db_path(db), fixture->path);
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(db_reader_check(reader, &err), &err);
    db_reader_close(reader);
    db_close(db);
    assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"), db_schema_version());
    assert_int_equal(fixture_sql(fixture, "PRAGMA application_id"),
                     MIGRATIONS_APPLICATION_ID);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM pragma_table_list"
                                          " WHERE schema = 'main' AND NOT strict"
                                          " AND name NOT LIKE 'sqlite_%'"),
                     0);
}

static void test_migrations_keep_what_is_there(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    const int64_t id = fixture_experiment(db, 1, 2);
    db_close(db);
    db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    assert_true(fixture_cell(reader, id) > 0);
    db_reader_close(reader);
    db_close(db);
    struct err err = {0};
    fixture_ok(db_open(&db, fixture->path, DB_READ, &err), &err);
    reader = fixture_reader(db);
    assert_true(fixture_cell(reader, id) > 0);
    db_reader_close(reader);
    db_close(db);
}

/* A store as schema 2 left it: its summaries get number and mean, and no intervals. */
static void test_migrations_give_old_summaries_their_mean(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    const int64_t id = fixture_experiment(db, 1, 2);
    struct db_reader *reader = fixture_reader(db);
    assert_int_equal(fixture_cell(reader, id), 1);
    db_reader_close(reader);
    db_close(db);
    fixture_to_schema(fixture, 2);
    run_sql(fixture, "INSERT INTO run (id, cell, repetition, status, started_ms) VALUES"
                     " (1, 1, 0, 'done', 0), (2, 1, 0, 'done', 0),"
                     " (3, 1, 1, 'limited', 0), (4, 1, 2, 'failed', 0);"
                     "INSERT INTO metric VALUES (1, 'cpu_us', 100), (2, 'cpu_us', 1),"
                     " (3, 'cpu_us', 4), (4, 'cpu_us', 50);"
                     "INSERT INTO cell_metric VALUES (1, 'cpu_us', 2.5, 1, 4);");
    db_close(fixture_open(fixture));
    assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"), db_schema_version());
    assert_int_equal(fixture_sql(fixture,
                                 "SELECT n = 2 AND mean = 2.5 AND mean_low IS NULL"
                                 " AND median_high IS NULL FROM cell_metric"),
                     1);
}

/* A process that dies between creating the file and the first migration leaves this. */
static void test_migrations_accept_an_empty_file(void **state) {
    const struct fixture *fixture = *state;
    write_file(fixture->path, "", 0);
    db_close(fixture_open(fixture));
    assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"), db_schema_version());
}

static void test_migrations_refuse_a_newer_store(void **state) {
    const struct fixture *fixture = *state;
    db_close(fixture_open(fixture));
    run_sql(fixture, "PRAGMA user_version = 1000");
    assert_refused(fixture, ERR_UNSUPPORTED, "newer gilscope (schema 1000");
}

static void test_migrations_refuse_another_database(void **state) {
    const struct fixture *fixture = *state;
    run_sql(fixture, "CREATE TABLE mine (a); PRAGMA user_version = 3;");
    assert_refused(fixture, ERR_INVALID, "another program");
}

static void test_migrations_refuse_what_is_no_database(void **state) {
    const struct fixture *fixture = *state;
    char text[5000];
    memset(text, 'x', sizeof text);
    write_file(fixture->path, text, sizeof text);
    assert_refused(fixture, ERR_CORRUPT, "not a gilscope store");
}

static void test_migrations_refuse_an_older_store_for_reading(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = NULL;
    write_file(fixture->path, "", 0);
    assert_int_equal(db_open(&db, fixture->path, DB_READ, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "older gilscope"));
}

static void test_migrations_say_when_there_is_no_file(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = NULL;
    assert_int_equal(db_open(&db, fixture->path, DB_READ, &err), ERR_NOT_FOUND);
    err_clear(&err);
    char path[256];
    snprintf(path, sizeof path, "%s/nowhere/store.db", fixture->folder);
    assert_int_equal(db_open(&db, path, DB_OWN, &err), ERR_IO);
    assert_non_null(strstr(err.text, "No such file"));
    err_clear(&err);
    assert_int_equal(db_open(&db, fixture->folder, DB_OWN, &err), ERR_IO);
    assert_non_null(strstr(err.text, "cannot open"));
    assert_null(db);
}

/* Whatever call fails on the way, the next attempt finds a file that it can open. */
static void test_migrations_survive_every_failing_call(void **state) {
    const struct fixture *fixture = *state;
    int failures = 0;
    for (int after = 0;; after++) {
        struct err err = {0};
        struct db *db = NULL;
        sqlite_statements_fail_after(after);
        const int rc = db_open(&db, fixture->path, DB_OWN, &err);
        sqlite_statements_fail_after(-1);
        if (rc == 0) {
            db_close(db);
            break;
        }
        assert_int_equal(rc, ERR_IO);
        assert_null(db);
        failures++;
    }
    assert_true(failures > 5);
    assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"), db_schema_version());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_migrations_make_a_new_store, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_keep_what_is_there, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_give_old_summaries_their_mean,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_accept_an_empty_file,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_refuse_a_newer_store,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_refuse_another_database,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_refuse_what_is_no_database,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_refuse_an_older_store_for_reading,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_say_when_there_is_no_file,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_migrations_survive_every_failing_call,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
