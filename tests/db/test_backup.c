/* SPDX-License-Identifier: MIT */
/* A copy of a store in use: of one moment, complete, or not there at all. */
#define _XOPEN_SOURCE 700
#include "tests/db/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/backup.h"

struct names {
    char target[160], partial[176];
};

static struct names names_of(const struct fixture *fixture) {
    struct names names;
    snprintf(names.target, sizeof names.target, "%s/copy.db", fixture->folder);
    snprintf(names.partial, sizeof names.partial, "%s-partial", names.target);
    return names;
}

static struct fixture as_fixture(const struct fixture *fixture, const char *path) {
    struct fixture other = *fixture;
    assert_true(snprintf(other.path, sizeof other.path, "%s", path) <
                (int)sizeof other.path);
    return other;
}

static int back_up(const struct fixture *fixture, struct backup_options options,
                   struct err *err) {
    struct db *db = NULL;
    struct db_reader *reader = NULL;
    int rc = db_open(&db, fixture->path, DB_READ, err);
    if (rc == 0) {
        rc = db_reader_open(&reader, db, err);
    }
    if (rc == 0) {
        rc = backup_write(reader, &options, NULL, err);
    }
    db_reader_close(reader);
    db_close(db);
    return rc;
}

/* A store with so many runs of 20 chunks; gives its cell. */
static int64_t fill(const struct fixture *fixture, uint32_t runs) {
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    db_reader_close(reader);
    for (uint32_t i = 0; i < runs; i++) {
        fixture_run(db, cell, i, 20);
    }
    db_close(db);
    return cell;
}

/* Sound, and every finished run whole. */
static void assert_sound(const struct fixture *copy) {
    struct err err = {0};
    struct db *db = fixture_open(copy);
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(db_reader_check(reader, &err), &err);
    db_reader_close(reader);
    db_close(db);
    assert_int_equal(fixture_sql(copy, "SELECT count(*) FROM run r WHERE status = 'done'"
                                       " AND (SELECT count(*) FROM span_chunk WHERE run ="
                                       " r.id) <> 20"),
                     0);
}

static void test_backup_is_the_store(void **state) {
    const struct fixture *fixture = *state;
    const struct names names = names_of(fixture);
    struct err err = {0};
    fill(fixture, 5);
    fixture_ok(back_up(fixture, (struct backup_options){.target = names.target}, &err),
               &err);
    const struct fixture copy = as_fixture(fixture, names.target);
    assert_int_equal(access(names.partial, F_OK), -1);
    assert_sound(&copy);
    assert_int_equal(fixture_sql(&copy, "SELECT count(*) FROM run"), 5);
}

/* --- beside a writer ------------------------------------------------------------- */

static _Noreturn void write_for_ever(const struct fixture *fixture, int64_t cell,
                                     int started) {
    struct db *db = fixture_open(fixture);
    for (uint32_t i = 0;; i++) {
        fixture_run(db, cell, i, 20);
        if (i == 3 && write(started, "x", 1) != 1) {
            _exit(1);
        }
    }
}

/* Copies again and again while another process writes all the time. */
static void test_backup_is_of_one_moment_while_others_write(void **state) {
    const struct fixture *fixture = *state;
    const struct names names = names_of(fixture);
    const struct fixture copy = as_fixture(fixture, names.target);
    const int64_t cell = fill(fixture, 50);
    int started[2];
    char byte;
    assert_int_equal(pipe(started), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        write_for_ever(fixture, cell, started[1]);
    }
    assert_int_equal(read(started[0], &byte, 1), 1);
    int64_t before = 0;
    for (int i = 0; i < 5; i++) {
        struct err err = {0};
        const struct backup_options options = {.target = names.target, .replace = i > 0};
        fixture_ok(back_up(fixture, options, &err), &err);
        const int64_t runs = fixture_sql(&copy, "SELECT count(*) FROM run");
        assert_true(runs >= before && runs > 50);
        before = runs;
        assert_sound(&copy);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(started[0]);
    close(started[1]);
}

/* --- what it refuses ------------------------------------------------------------- */

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_refused(const struct fixture *fixture, const char *target,
                           bool replace, const char *word) {
    struct err err = {0};
    const struct backup_options options = {.target = target, .replace = replace};
    assert_int_equal(back_up(fixture, options, &err), ERR_CONFLICT);
    if (strstr(err.text, word) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, word);
    }
}

static void test_backup_overwrites_nothing_unasked(void **state) {
    const struct fixture *fixture = *state;
    const struct names names = names_of(fixture);
    struct err err = {0};
    char text[16] = "", log[192];
    fill(fixture, 1);
    write_text(names.target, "mine");
    assert_refused(fixture, names.target, false, "exists");
    FILE *file = fopen(names.target, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "mine");
    assert_refused(fixture, fixture->path, true, "is the store itself");
    assert_refused(fixture, fixture->folder, true, "is no file");
    /* A log beside the target would be read together with the copy. */
    snprintf(log, sizeof log, "%s-wal", names.target);
    write_text(log, "");
    assert_refused(fixture, names.target, true, "is in use");
    assert_int_equal(unlink(log), 0);
    /* Two at once. */
    const int fd = open(names.partial, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_refused(fixture, names.target, true, "another backup");
    assert_int_equal(access(names.partial, F_OK), 0);
    close(fd);
    /* What a killed backup left is no obstacle. */
    const struct backup_options options = {.target = names.target, .replace = true};
    fixture_ok(back_up(fixture, options, &err), &err);
    assert_int_equal(access(names.partial, F_OK), -1);
}

static void test_backup_that_is_interrupted_leaves_nothing(void **state) {
    const struct fixture *fixture = *state;
    const struct names names = names_of(fixture);
    const atomic_bool cancel = true;
    struct err err = {0};
    fill(fixture, 3);
    const struct backup_options options = {.target = names.target, .cancel = &cancel};
    assert_int_equal(back_up(fixture, options, &err), ERR_CANCELLED);
    assert_int_equal(access(names.partial, F_OK), -1);
    assert_int_equal(access(names.target, F_OK), -1);
}

/* --- a disk that does not take it ------------------------------------------------- */

/* In a child, because limit and user hold for the whole process: 0 when it was refused. */
static int fail_in_child(const struct fixture *fixture, const char *target,
                         const char *word) {
    struct err err = {0};
    const struct backup_options options = {.target = target};
    const int rc = back_up(fixture, options, &err);
    if (rc != ERR_IO || strstr(err.text, word) == NULL ||
        strstr(err.text, target) == NULL) {
        fprintf(stderr, "code %d: %s\n", rc, err.text);
        return 1;
    }
    return 0;
}

static void assert_child(pid_t child) {
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_backup_on_a_full_disk_leaves_nothing(void **state) {
    const struct fixture *fixture = *state;
    const struct names names = names_of(fixture);
    fill(fixture, 20);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {.rlim_cur = 64 * 1024, .rlim_max = RLIM_INFINITY};
        signal(SIGXFSZ, SIG_IGN);
        _exit(setrlimit(RLIMIT_FSIZE, &limit) != 0
                  ? 2
                  : fail_in_child(fixture, names.target, "check the disk"));
    }
    assert_child(child);
    assert_int_equal(access(names.partial, F_OK), -1);
    assert_int_equal(access(names.target, F_OK), -1);
}

static void test_backup_into_a_folder_that_is_read_only(void **state) {
    const struct fixture *fixture = *state;
    char folder[160], target[192];
    fill(fixture, 1);
    snprintf(folder, sizeof folder, "%s/locked", fixture->folder);
    snprintf(target, sizeof target, "%s/copy.db", folder);
    assert_int_equal(mkdir(folder, 0555), 0);
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    struct db *open_before = fixture_open(fixture); /* the log is there to be shared */
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* The superuser may write everywhere. */
        if (fixture_obey_permissions() != 0) {
            _exit(0);
        }
        _exit(fail_in_child(fixture, target, "Permission denied"));
    }
    assert_child(child);
    db_close(open_before);
    assert_int_equal(rmdir(folder), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_backup_is_the_store),
        TEST(test_backup_is_of_one_moment_while_others_write),
        TEST(test_backup_overwrites_nothing_unasked),
        TEST(test_backup_that_is_interrupted_leaves_nothing),
        TEST(test_backup_on_a_full_disk_leaves_nothing),
        TEST(test_backup_into_a_folder_that_is_read_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
