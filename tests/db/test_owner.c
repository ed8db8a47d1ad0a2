/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "tests/db/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/owner_priv.h"

static void lock_file(const struct fixture *fixture, char path[256]) {
    snprintf(path, 256, "%s-owner", fixture->path);
}

/* A process that owns the store until it is killed, or until this one ends: then the read
 * end of `alive` has no writer any more. */
static pid_t start_owner(const struct fixture *fixture) {
    int ready[2], alive[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(alive), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct db *db = NULL;
        char answer = db_open(&db, fixture->path, DB_OWN, NULL) == 0 ? 'y' : 'n';
        close(alive[1]);
        if (write(ready[1], &answer, 1) == 1 && read(alive[0], &answer, 1) == 0) {
            _exit(0);
        }
        _exit(1);
    }
    char answer = 0;
    assert_int_equal(read(ready[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    close(ready[0]);
    close(ready[1]);
    close(alive[0]);
    return child; /* alive[1] stays open on purpose */
}

static void kill_owner(pid_t child) {
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* --- life ------------------------------------------------------------------------ */

static struct owner acquire(const struct fixture *fixture) {
    struct err err = {0};
    struct owner owner = {0};
    fixture_ok(owner_acquire(&owner, fixture->path, &err), &err);
    assert_true(owner.number > 0);
    return owner;
}

static void test_owner_lives_until_it_is_released(void **state) {
    const struct fixture *fixture = *state;
    struct owner first = acquire(fixture);
    struct owner second = acquire(fixture);
    struct owner observer = {0};
    struct err err = {0};
    fixture_ok(owner_observe(&observer, fixture->path, &err), &err);
    const int64_t number = second.number;
    assert_true(first.number != number);
    assert_true(owner_lives(&first, number));
    assert_true(owner_lives(&second, number));
    assert_true(owner_lives(&observer, number));
    assert_false(owner_lives(&first, number + 1));
    assert_false(owner_lives(&first, 0));
    owner_release(&second);
    assert_false(owner_lives(&first, number));
    assert_false(owner_lives(&observer, number));
    assert_true(owner_lives(&observer, first.number));
    owner_release(&first);
    owner_release(&observer);
}

static void test_owner_that_was_killed_is_dead(void **state) {
    const struct fixture *fixture = *state;
    char path[256];
    lock_file(fixture, path);
    const pid_t child = start_owner(fixture);
    struct db *db = fixture_open(fixture);
    fixture_experiment(db, 1, 1);
    db_close(db);
    const int64_t number =
        fixture_sql(fixture, "SELECT owner FROM experiment WHERE status = 'queued'");
    struct owner owner = acquire(fixture);
    assert_int_equal(number >> 32, getpid());
    assert_false(owner_lives(&owner, number)); /* the same process, another store */
    assert_false(owner_be_alone(&owner));
    struct err err = {0};
    char word[64];
    snprintf(word, sizeof word, "in use by process %ld:", (long)child);
    assert_int_equal(owner_say_who(&owner, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, word));
    fixture_ok(owner_share(&owner, &err), NULL);
    kill_owner(child);
    assert_true(owner_be_alone(&owner));
    owner_release(&owner);
    assert_int_equal(access(path, F_OK), -1); /* the last one removes the file */
}

static void test_owner_keeps_the_file_for_the_others(void **state) {
    const struct fixture *fixture = *state;
    char path[256];
    lock_file(fixture, path);
    struct owner first = acquire(fixture);
    struct owner second = acquire(fixture);
    owner_release(&first);
    assert_int_equal(access(path, F_OK), 0);
    owner_release(&second);
    assert_int_equal(access(path, F_OK), -1);
}

/* An older gilscope locks the whole file, in which it writes its number. */
static void test_owner_respects_an_older_program(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = NULL;
    char path[256];
    lock_file(fixture, path);
    const int fd = open(path, O_RDWR | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(write(fd, "4711\n", 5), 5);
    assert_int_equal(db_open(&db, fixture->path, DB_OWN, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "in use by process 4711"));
    close(fd);
    db_close(fixture_open(fixture));
}

/* The same store by another name has the same owners. */
static void test_owner_follows_links(void **state) {
    const struct fixture *fixture = *state;
    struct fixture link = *fixture;
    char path[256];
    snprintf(link.path, sizeof link.path, "%s/link.db", fixture->folder);
    lock_file(&link, path);
    struct db *db = fixture_open(fixture);
    assert_int_equal(symlink(fixture->path, link.path), 0);
    struct db *second = fixture_open(&link);
    assert_string_equal(db_path(second), fixture->path);
    assert_int_equal(access(path, F_OK), -1);
    db_close(second);
    db_close(db);
}

/* A lock file that nobody has locked, with anything in it, is in nobody's way. */
static void test_owner_takes_over_an_old_lock_file(void **state) {
    const struct fixture *fixture = *state;
    char path[256];
    lock_file(fixture, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("no number", file);
    fclose(file);
    db_close(fixture_open(fixture));
    assert_int_equal(access(path, F_OK), -1);
}

/* --- many processes -------------------------------------------------------------- */

static int in_processes(int (*body)(const struct fixture *),
                        const struct fixture *fixture) {
    enum { PROCESSES = 4 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            _exit(body(fixture));
        }
    }
    int failed = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        failed += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
    }
    return failed;
}

/* Is alone many times; 0 when nobody else ever was meanwhile. */
static int contend(const struct fixture *fixture) {
    char marker[256];
    snprintf(marker, sizeof marker, "%s/marker", fixture->folder);
    for (int alone = 0; alone < 50;) {
        struct owner owner = {0};
        if (owner_acquire(&owner, fixture->path, NULL) != 0) {
            return 1;
        }
        if (owner_be_alone(&owner)) {
            const int fd = open(marker, O_CREAT | O_EXCL | O_RDWR, 0600);
            if (fd < 0 || unlink(marker) != 0) {
                return 2;
            }
            close(fd);
            alone++;
        }
        if (owner_share(&owner, NULL) != 0 || !owner_lives(&owner, owner.number)) {
            return 3;
        }
        owner_release(&owner);
    }
    return 0;
}

/* The lock file comes and goes all the time, which must not make two that are alone. */
static void test_owner_is_alone_among_many(void **state) {
    assert_int_equal(in_processes(contend, *state), 0);
}

static int open_new(const struct fixture *fixture) {
    struct err err = {0};
    struct db *db = NULL;
    if (db_open(&db, fixture->path, DB_OWN, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    db_close(db);
    return 0;
}

/* All at once: one makes the tables, the others wait for it. */
static void test_owner_of_a_new_store_may_be_many(void **state) {
    const struct fixture *fixture = *state;
    for (int round = 0; round < 10; round++) {
        assert_int_equal(in_processes(open_new, fixture), 0);
        assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"),
                         db_schema_version());
        assert_int_equal(unlink(fixture->path), 0);
    }
}

/* Another schema is no business of who is at work on this one. */
static void test_owner_upgrades_alone(void **state) {
    const struct fixture *fixture = *state;
    const pid_t child = start_owner(fixture);
    fixture_sql(fixture, "PRAGMA user_version = 4");
    struct err err = {0};
    struct db *db = NULL;
    assert_int_equal(db_open(&db, fixture->path, DB_OWN, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "stop that process"));
    assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"), 4);
    kill_owner(child);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_owner_lives_until_it_is_released),
        TEST(test_owner_that_was_killed_is_dead),
        TEST(test_owner_keeps_the_file_for_the_others),
        TEST(test_owner_respects_an_older_program),
        TEST(test_owner_follows_links),
        TEST(test_owner_takes_over_an_old_lock_file),
        TEST(test_owner_is_alone_among_many),
        TEST(test_owner_of_a_new_store_may_be_many),
        TEST(test_owner_upgrades_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
