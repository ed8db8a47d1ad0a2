/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "tests/db/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/owner_priv.h"

static void lock_file(const struct fixture *fixture, char path[256]) {
    snprintf(path, 256, "%s-owner", fixture->path);
}

static void assert_in_use(const struct fixture *fixture, long pid) {
    struct err err = {0};
    struct db *db = NULL;
    char word[64];
    snprintf(word, sizeof word, "in use by process %ld", pid);
    assert_int_equal(db_open(&db, fixture->path, DB_OWN, &err), ERR_CONFLICT);
    assert_null(db);
    if (strstr(err.text, word) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, word);
    }
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

static void test_owner_is_alone_in_its_process(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    assert_in_use(fixture, (long)getpid());
    db_close(db);
    db_close(fixture_open(fixture));
}

static void test_owner_is_alone_on_the_machine(void **state) {
    const struct fixture *fixture = *state;
    const pid_t child = start_owner(fixture);
    assert_in_use(fixture, (long)child);
    struct err err = {0};
    struct db *beside = NULL;
    fixture_ok(db_open(&beside, fixture->path, DB_READ, &err), &err);
    db_close(beside);
    assert_in_use(fixture, (long)child);
    kill_owner(child);
}

static void test_owner_that_was_killed_leaves_nothing_locked(void **state) {
    const struct fixture *fixture = *state;
    char path[256];
    lock_file(fixture, path);
    const pid_t child = start_owner(fixture);
    kill_owner(child);
    assert_int_equal(access(path, F_OK), 0);
    db_close(fixture_open(fixture));
    assert_int_equal(access(path, F_OK), -1);
}

/* The same store by another name has the same owner. */
static void test_owner_follows_links(void **state) {
    const struct fixture *fixture = *state;
    struct fixture link = *fixture;
    snprintf(link.path, sizeof link.path, "%s/link.db", fixture->folder);
    struct db *db = fixture_open(fixture);
    assert_int_equal(symlink(fixture->path, link.path), 0);
    assert_in_use(&link, (long)getpid());
    db_close(db);
    db = fixture_open(&link);
    assert_string_equal(db_path(db), fixture->path);
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
    struct db *db = fixture_open(fixture);
    assert_in_use(fixture, (long)getpid());
    db_close(db);
}

/* Takes and gives back the lock many times; 0 when nobody else ever had it meanwhile. */
static int contend(const struct fixture *fixture) {
    char marker[256];
    snprintf(marker, sizeof marker, "%s/marker", fixture->folder);
    for (int owned = 0; owned < 200;) {
        struct owner owner = {0};
        const int rc = owner_acquire(&owner, fixture->path, NULL);
        if (rc == ERR_CONFLICT) {
            continue;
        }
        const int fd = rc == 0 ? open(marker, O_CREAT | O_EXCL | O_RDWR, 0600) : -1;
        if (fd < 0 || unlink(marker) != 0) {
            return 1;
        }
        close(fd);
        owner_release(&owner);
        owned++;
    }
    return 0;
}

/* The lock file comes and goes all the time, which must not make two owners. */
static void test_owner_is_alone_among_many(void **state) {
    const struct fixture *fixture = *state;
    enum { PROCESSES = 4 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            _exit(contend(fixture));
        }
    }
    int failed = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        failed += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
    }
    assert_int_equal(failed, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_owner_is_alone_in_its_process),
        TEST(test_owner_is_alone_on_the_machine),
        TEST(test_owner_that_was_killed_leaves_nothing_locked),
        TEST(test_owner_follows_links),
        TEST(test_owner_takes_over_an_old_lock_file),
        TEST(test_owner_is_alone_among_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
