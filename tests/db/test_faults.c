/* SPDX-License-Identifier: MIT */
/*
 * A disk that fails at the nth change of a file, for every n (from 60 on for every
 * seventeenth, unless GILSCOPE_LONG is set), once and for good: the error
 * is a clean one that names the file, what was reported stored is there afterwards, and the
 * store works again.
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

#include "db/backup.h"
#include "db/doctor.h"
#include "db/removal.h"
#include "db/vacuum.h"
#include "tests/db/fault_vfs.h"

/* What a life of a store reported as done. */
struct reported {
    int64_t first, second; /* experiments, 0: not stored */
    int64_t run;           /* whole, of the second experiment */
    bool gone;             /* the first one was removed */
};

static int store_experiment(struct db *db, const char *hash, int64_t *out,
                            struct err *err) {
    static const struct cell_new cell = {.key = "k",
                                         .runtime = "r",
                                         .strategy = "s",
                                         .point = "{}",
                                         .status = CELL_PENDING};
    const struct experiment_new experiment = {
        .name = "n",
        .document = "{}",
        .content_hash = hash,
        .engine_version = "0",
        .cells = &cell,
        .cell_count = 1,
    };
    int64_t id = 0;
    bool existed;
    const int rc = experiment_store_insert(db, &experiment, &id, &existed, err);
    if (rc == 0) {
        *out = id;
    }
    return rc;
}

/* Cells have the numbers of their experiments: each has one. */
static int store_run(struct db *db, int64_t cell, int64_t *out, struct err *err) {
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .record = true};
    struct run_result result = fixture_result(1, 0);
    result.duration_ns = 20 * 1000 * 10; /* that of the spans */
    fixture_add_lane(&result, LANE_THREAD);
    int rc = run_writer_open(&writer, db, &run, err);
    for (uint32_t seq = 0; rc == 0 && seq < 20; seq++) {
        rc = fixture_record(run_writer_sink(writer), seq, 1000, (sim_ns)seq * 1000, err);
    }
    if (rc == 0) {
        rc = run_writer_finish(writer, &result, 1, err);
    }
    if (rc == 0) {
        *out = run_writer_id(writer);
    }
    run_writer_close(writer);
    run_result_deinit(&result);
    return rc;
}

static int remove_first(struct db *db, struct reported *reported, struct err *err) {
    bool more = true;
    int rc = removal_mark(db, reported->first, err);
    reported->gone = rc == 0;
    while (rc == 0 && more) {
        rc = removal_step(db, &more, err);
    }
    return rc == 0 ? vacuum_step(db, &more, err) : rc;
}

static int use(struct db *db, struct reported *reported, struct err *err) {
    int64_t ignored;
    int rc;
    if ((rc = store_experiment(db, "a", &reported->first, err)) != 0 ||
        (rc = store_run(db, reported->first, &ignored, err)) != 0 ||
        (rc = experiment_store_set_status(db, reported->first, EXPERIMENT_FAILED, NULL,
                                          err)) != 0 ||
        (rc = store_experiment(db, "b", &reported->second, err)) != 0 ||
        (rc = store_run(db, reported->second, &reported->run, err)) != 0) {
        return rc;
    }
    return remove_first(db, reported, err);
}

static int live(const struct fixture *fixture, struct reported *reported,
                struct err *err) {
    struct db *db = NULL;
    int rc = db_open(&db, fixture->path, DB_OWN, err);
    if (rc == 0) {
        rc = use(db, reported, err);
    }
    db_close(db);
    return rc;
}

static void found(void *context, const struct doctor_finding *finding) {
    (void)context;
    fail_msg("%s: %s", doctor_kind_name(finding->kind), finding->text);
}

/* After recovery the store is sound and has what was reported; it can be used again. */
static void assert_kept(const struct fixture *fixture, const struct reported *reported) {
    static const struct doctor_options options = {.listener = {.found = found}};
    struct err err = {0};
    struct doctor_report report;
    struct experiment experiment;
    struct run_list runs;
    struct db *db = fixture_open(fixture);
    fixture_ok(db_recover(db, NULL, &err), &err);
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(doctor_examine(reader, &options, &report, &err), &err);
    doctor_report_deinit(&report);
    if (reported->first != 0) {
        const int rc = experiment_store_read(reader, reported->first, &experiment, NULL);
        assert_true(reported->gone ? rc == ERR_NOT_FOUND : rc == 0 || reported->second);
        if (rc == 0) {
            experiment_deinit(&experiment);
        }
    }
    if (reported->second != 0) {
        fixture_ok(experiment_store_read(reader, reported->second, &experiment, &err),
                   &err);
        experiment_deinit(&experiment);
    }
    if (reported->run != 0) {
        fixture_ok(run_store_read(reader, reported->run, &runs, &err), &err);
        assert_int_equal(runs.items[0].state, RUN_STATE_DONE);
        assert_true(runs.items[0].has_timeline);
        run_list_deinit(&runs);
    }
    db_reader_close(reader);
    fixture_experiment(db, 77, 1);
    db_close(db);
    if (reported->run != 0) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM span_chunk WHERE run = %lld",
                 (long long)reported->run);
        assert_int_equal(fixture_sql(fixture, sql), 20);
    }
}

static void remove_store(const struct fixture *fixture) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-owner"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
        unlink(path);
    }
}

static void fail_everywhere(const struct fixture *fixture, bool for_good) {
    fault_vfs_install();
    int failures = 0;
    bool failed = true;
    for (int64_t after = 0; failed;
         after += after < 60 || getenv("GILSCOPE_LONG") != NULL ? 1 : 17) {
        struct reported reported = {0};
        struct err err = {0};
        remove_store(fixture);
        fault_vfs_fail_after(after, for_good);
        const int rc = live(fixture, &reported, &err);
        failed = fault_vfs_has_failed();
        fault_vfs_fail_after(-1, false);
        if (rc != 0) {
            failures++;
            if (rc != ERR_IO || strstr(err.text, fixture->path) == NULL) {
                fail_msg("change %lld: code %d: %s", (long long)after, rc, err.text);
            }
        }
        assert_kept(fixture, &reported);
    }
    assert_true(failures > 30);
}

static void test_faults_of_one_write(void **state) { fail_everywhere(*state, false); }

static void test_faults_from_one_write_on(void **state) { fail_everywhere(*state, true); }

/* --- a backup on such a disk ----------------------------------------------------- */

static void test_faults_of_a_backup_leave_nothing(void **state) {
    const struct fixture *fixture = *state;
    struct reported reported = {0};
    struct err err = {0};
    char target[160], partial[176];
    fault_vfs_install();
    fixture_ok(live(fixture, &reported, &err), &err);
    snprintf(target, sizeof target, "%s/copy.db", fixture->folder);
    snprintf(partial, sizeof partial, "%s-partial", target);
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    int failures = 0;
    for (int64_t after = 0;; after++) {
        const struct backup_options options = {.target = target};
        fault_vfs_fail_after(after, false);
        const int rc = backup_write(reader, &options, NULL, &err);
        fault_vfs_fail_after(-1, false);
        if (rc == 0) {
            break;
        }
        failures++;
        assert_int_equal(rc, ERR_IO);
        assert_non_null(strstr(err.text, target));
        assert_int_equal(access(target, F_OK), -1);
        assert_int_equal(access(partial, F_OK), -1);
        err_clear(&err);
    }
    assert_true(failures > 10);
    db_reader_close(reader);
    db_close(db);
}

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
    int64_t id = 0;
    struct db *db = fixture_open(fixture);
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_experiment(db, "a", &id, &err), ERR_DB);
    assert_non_null(strstr(err.text, fixture->path));
    assert_non_null(strstr(err.text, "locked by another program: close that program"));
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    err_clear(&err);
    fixture_ok(store_experiment(db, "a", &id, &err), &err);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_faults_of_one_write),
        TEST(test_faults_from_one_write_on),
        TEST(test_faults_of_a_backup_leave_nothing),
        TEST(test_faults_of_a_folder_that_is_read_only),
        TEST(test_faults_of_a_file_that_is_read_only),
        TEST(test_faults_of_a_locked_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
