/* SPDX-License-Identifier: MIT */
/*
 * A disk that fails at the nth change of a file, once and for good, in everything that is done
 * with a store; and a store that may not be written at all, or is locked.
 */
#define _XOPEN_SOURCE 700
#include "tests/db/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/library.h"
#include "tests/db/fault_vfs.h"
#include "tests/db/fault_walk.h"

static void fail_change(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_CHANGE, after, for_good);
}

static void walk(const struct fixture *fixture, bool for_good) {
    const struct fault fault = {.name = "a full disk",
                                .fail_after = fail_change,
                                .has_failed = fault_vfs_has_failed,
                                .codes = {ERR_IO},
                                .for_good = for_good};
    fault_vfs_install();
    fault_walk_tasks(fixture, &fault);
}

static void test_faults_of_one_write(void **state) { walk(*state, false); }

static void test_faults_from_one_write_on(void **state) { walk(*state, true); }

/* --- what may not be written, what is locked ------------------------------------- */

/* In a child without the superuser's rights: 0 when the error was `word`. */
static void refuse_in_child(const struct fixture *fixture, const char *word) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err err = {0};
        struct db *db = NULL;
        if (fixture_obey_permissions() != 0) {
            _exit(0);
        }
        const int rc = db_open(&db, fixture->path, DB_OWN, &err);
        const bool clear = rc == ERR_IO && strstr(err.text, word) != NULL &&
                           strstr(err.text, fixture->path) != NULL;
        if (!clear) {
            fprintf(stderr, "code %d: %s\n", rc, err.text);
        }
        _exit(clear ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_faults_of_a_folder_that_is_read_only(void **state) {
    const struct fixture *fixture = *state;
    db_close(fixture_open(fixture));
    assert_int_equal(chmod(fixture->folder, 0555), 0);
    refuse_in_child(fixture, "Permission denied");
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    db_close(fixture_open(fixture));
}

static void test_faults_of_a_file_that_is_read_only(void **state) {
    const struct fixture *fixture = *state;
    db_close(fixture_open(fixture));
    assert_int_equal(chmod(fixture->folder, 0777), 0);
    assert_int_equal(chmod(fixture->path, 0444), 0);
    refuse_in_child(fixture, "is read-only: change its permissions");
    db_close(fixture_open(fixture));
}

/* Another program holds the lock for longer than we wait. */
static void test_faults_of_a_locked_file(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    sqlite3 *other = NULL;
    struct db *db = fixture_open(fixture);
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    const int64_t id = fixture_experiment(db, 1, 1);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(library_rename(db, id, "a", &err), ERR_DB);
    assert_non_null(strstr(err.text, fixture->path));
    assert_non_null(strstr(err.text, "locked by another program: close that program"));
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    err_clear(&err);
    fixture_ok(library_rename(db, id, "a", &err), &err);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_faults_of_one_write),
        TEST(test_faults_from_one_write_on),
        TEST(test_faults_of_a_folder_that_is_read_only),
        TEST(test_faults_of_a_file_that_is_read_only),
        TEST(test_faults_of_a_locked_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
