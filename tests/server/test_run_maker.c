/* SPDX-License-Identifier: MIT */
/* run_maker: whose turn it is, and how much of it one client may have. */
#include "server/jobs/run_maker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "scratch.h"
#include "tests/support/test.h"

/* What the maker made, in order; it waits before each until it is let on. Guarded by mutex. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int64_t made[64];
    unsigned begun, let_on;
} work = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int make(struct db *db, struct db_reader *reader, int64_t run,
                const atomic_bool *cancel, struct err *err) {
    (void)db;
    (void)reader;
    (void)cancel;
    pthread_mutex_lock(&work.mutex);
    work.made[work.begun++] = run;
    pthread_cond_broadcast(&work.changed);
    while (work.begun > work.let_on) {
        pthread_cond_wait(&work.changed, &work.mutex);
    }
    pthread_mutex_unlock(&work.mutex);
    return run == 13 ? err_set(err, ERR_CONFLICT, "unlucky") : 0;
}

/* Until so many were begun. */
static void wait_for(unsigned begun) {
    pthread_mutex_lock(&work.mutex);
    while (work.begun < begun) {
        pthread_cond_wait(&work.changed, &work.mutex);
    }
    pthread_mutex_unlock(&work.mutex);
}

static void let_on(unsigned count) {
    pthread_mutex_lock(&work.mutex);
    work.let_on = count;
    pthread_cond_broadcast(&work.changed);
    pthread_mutex_unlock(&work.mutex);
}

struct fixture {
    struct scratch scratch;
    struct db *db;
    struct run_maker *maker;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    assert_int_equal(db_open(&fixture->db, fixture->scratch.database, DB_OWN, NULL), 0);
    work.begun = work.let_on = 0;
    assert_int_equal(run_maker_open(&fixture->maker, fixture->db, make, NULL), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    let_on(1000);
    run_maker_close(fixture->maker);
    db_close(fixture->db);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

static int ask(const struct fixture *fixture, int64_t run, const char *client,
               struct err *err) {
    const struct run_maker_wish wish = {run, client};
    return run_maker_ask(fixture->maker, &wish, err);
}

/* Who asks for one does not wait for the many that somebody else has asked for. */
static void test_run_maker_takes_turns(void **state) {
    const struct fixture *fixture = *state;
    static const int64_t order[] = {1, 21, 2, 3, 4};
    const unsigned count = sizeof order / sizeof order[0];
    for (int64_t run = 1; run <= 4; run++) {
        assert_int_equal(ask(fixture, run, "many", NULL), 0);
    }
    wait_for(1);
    assert_int_equal(ask(fixture, 21, "one", NULL), 0);
    let_on(count);
    wait_for(count);
    assert_memory_equal(work.made, order, sizeof order);
}

/* One client has half of the places, and what it may not have others may. */
static void test_run_maker_leaves_places_to_others(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    for (int64_t run = 1; run <= RUN_MAKER_CLIENT_MAX; run++) {
        assert_int_equal(ask(fixture, run, NULL, NULL), 0);
    }
    assert_int_equal(ask(fixture, 100, NULL, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "for this client already"));
    assert_int_equal(ask(fixture, 1, NULL, NULL), 0); /* it is being made */
    for (int64_t run = 101; run <= 100 + RUN_MAKER_CLIENT_MAX; run++) {
        assert_int_equal(ask(fixture, run, "other", NULL), 0);
    }
    err = (struct err){0};
    assert_int_equal(ask(fixture, 200, "third", &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "32 others are being made already"));
}

/* What has been made, was cancelled or has failed leaves its place. */
static void test_run_maker_gives_places_back(void **state) {
    const struct fixture *fixture = *state;
    for (int64_t run = 1; run <= RUN_MAKER_CLIENT_MAX; run++) {
        assert_int_equal(ask(fixture, run, "one", NULL), 0);
    }
    run_maker_cancel(fixture->maker, 16);
    assert_int_equal(ask(fixture, 17, "one", NULL), 0);
    assert_int_equal(ask(fixture, 18, "one", NULL), ERR_LIMIT);
    let_on(16);
    wait_for(16); /* of them one fails */
    let_on(17);
    struct run_maker_state made;
    const int64_t started = monotonic_ms();
    for (run_maker_state(fixture->maker, 17, &made); made.status != RUN_MAKER_NONE;
         run_maker_state(fixture->maker, 17, &made)) {
        poll_pause(started);
    }
    run_maker_state(fixture->maker, 13, &made);
    assert_int_equal(made.status, RUN_MAKER_FAILED);
    assert_string_equal(made.reason, "unlucky");
    for (int64_t run = 30; run < 30 + RUN_MAKER_CLIENT_MAX; run++) {
        assert_int_equal(ask(fixture, run, "one", NULL), 0);
    }
}

/* Who asks again and is refused may still read why it failed; it needs no place of its own. */
static void test_run_maker_keeps_the_reason_of_who_is_refused(void **state) {
    const struct fixture *fixture = *state;
    struct run_maker_state made;
    int64_t run = 1;
    for (; run <= RUN_MAKER_CLIENT_MAX; run++) {
        assert_int_equal(ask(fixture, run, "one", NULL), 0);
    }
    assert_int_equal(ask(fixture, 100, "two", NULL), 0);
    run_maker_cancel(fixture->maker, 100);
    assert_int_equal(ask(fixture, 100, "one", NULL), ERR_LIMIT);
    run_maker_state(fixture->maker, 100, &made);
    assert_int_equal(made.status, RUN_MAKER_FAILED);
    assert_string_equal(made.reason, "cancelled");
    for (; run < RUN_MAKER_MAX; run++) {
        assert_int_equal(ask(fixture, run, "two", NULL), 0);
    }
    assert_int_equal(ask(fixture, 100, "two", NULL), 0);
    assert_int_equal(ask(fixture, 101, "three", NULL), ERR_LIMIT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_run_maker_takes_turns),
        TEST(test_run_maker_leaves_places_to_others),
        TEST(test_run_maker_gives_places_back),
        TEST(test_run_maker_keeps_the_reason_of_who_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
