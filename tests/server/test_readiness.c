/* SPDX-License-Identifier: MIT */
/* test_readiness - a queue that cannot go on makes the server unready, until it can. */
#include "server/api/readiness.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "scratch.h"
#include "tests/support/test.h"

struct fixture {
    struct scratch scratch;
    struct db *db;
    struct job_queue *queue;
    struct readiness *readiness;
    atomic_int code; /* what the source says */
};

static int next_job(void *context, bool newcomers, struct job **out, struct err *err) {
    struct fixture *fixture = context;
    (void)newcomers;
    (void)out;
    return err_set(err, atomic_load(&fixture->code), "the disk is on fire");
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    atomic_init(&fixture->code, ERR_NOT_FOUND);
    assert_int_equal(db_open(&fixture->db, fixture->scratch.database, DB_OWN, NULL), 0);
    const struct job_queue_options options = {
        .workers = 2, .source = {.context = fixture, .next = next_job}};
    assert_int_equal(job_queue_create(&fixture->queue, &options, NULL), 0);
    assert_int_equal(
        readiness_create(&fixture->readiness, fixture->db, fixture->queue, NULL), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    readiness_destroy(fixture->readiness);
    job_queue_destroy(fixture->queue);
    db_close(fixture->db);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

/* `text` NULL: it is ready. */
static void wait_for(struct fixture *fixture, const char *text) {
    const int64_t started = monotonic_ms();
    for (;;) {
        struct err err = {0};
        const int code = readiness_check(fixture->readiness, &err);
        if (text == NULL ? code == 0 : code != 0 && strcmp(err.text, text) == 0) {
            return;
        }
        poll_pause(started);
    }
}

static void test_readiness_ends_while_nothing_can_be_begun(void **state) {
    struct fixture *fixture = *state;
    static const int codes[] = {ERR_IO, ERR_DB, ERR_NOMEM, ERR_CORRUPT};
    wait_for(fixture, NULL);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        atomic_store(&fixture->code, codes[i]);
        job_queue_notify(fixture->queue);
        wait_for(fixture, "no experiment can be begun: the disk is on fire");
        atomic_store(&fixture->code, i % 2 == 0 ? ERR_NOT_FOUND : ERR_CONFLICT);
        job_queue_notify(fixture->queue);
        wait_for(fixture, NULL);
        atomic_store(&fixture->code,
                     ERR_NOT_FOUND); /* a conflict is asked again at once */
    }
}

static void test_readiness_ends_with_the_workers(void **state) {
    struct fixture *fixture = *state;
    wait_for(fixture, NULL);
    job_queue_close(fixture->queue);
    wait_for(fixture, "no thread is left that would run anything");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_readiness_ends_while_nothing_can_be_begun),
        TEST(test_readiness_ends_with_the_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
