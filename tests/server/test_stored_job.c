/* SPDX-License-Identifier: MIT */
/* stored_job: a job that could not begin, and how many experiments wait. */
#include "server/jobs/stored_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "server/jobs/job_queue.h"
#include "tests/support/test.h"

static const char text[] =
    "{\"schema\":1,\"machine\":{\"cores\":1},"
    "\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"python_us\":100}]}},"
    "\"sweep\":{\"/machine/cores\":[1,2,3]}}";

struct fixture {
    struct scratch scratch;
    struct db *db;
    struct stored_source *source;
    struct job_queue *queue;
    struct document *document;
    struct grid *grid;
    bool begin_fails;
    int begins;
};

static int fail_to_begin(void *context, struct err *err) {
    (void)context;
    return err_set(err, ERR_DB, "disk full");
}

/* The stored source, whose jobs cannot begin while the fixture says so. */
static int next_job(void *context, bool newcomers, struct job **out, struct err *err) {
    struct fixture *fixture = context;
    const struct job_source source = stored_source_jobs(fixture->source);
    const int code = source.next(source.context, newcomers, out, err);
    if (code == 0) {
        fixture->begins++;
        if (fixture->begin_fails) {
            (*out)->keeper.begin = fail_to_begin;
        }
    }
    return code;
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct err err = {0};
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    if (db_open(&fixture->db, fixture->scratch.database, DB_OWN, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(stored_source_open(&fixture->source, fixture->db, NULL), 0);
    assert_int_equal(document_parse(&fixture->document, text, strlen(text), NULL), 0);
    assert_int_equal(grid_create(&fixture->grid, fixture->document, NULL), 0);
    const struct job_queue_options options = {
        .workers = 2,
        .source = {.context = fixture, .next = next_job},
    };
    assert_int_equal(job_queue_create(&fixture->queue, &options, NULL), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    job_queue_destroy(fixture->queue);
    stored_source_close(fixture->source);
    grid_destroy(fixture->grid);
    document_destroy(fixture->document);
    db_close(fixture->db);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

static int try_submit(struct fixture *fixture, const char *client, int64_t *id,
                      struct err *err) {
    char identity[129];
    bool existed = true;
    assert_int_equal(stored_job_once(identity, sizeof identity, NULL), 0);
    const struct stored_submission submission = {.document = fixture->document,
                                                 .grid = fixture->grid,
                                                 .identity = identity,
                                                 .client = client,
                                                 .again = true};
    const int code =
        stored_source_submit(fixture->source, &submission, id, &existed, err);
    assert_true(code != 0 || !existed);
    return code;
}

static int64_t submit(struct fixture *fixture, const char *client) {
    int64_t id = 0;
    struct err err = {0};
    if (try_submit(fixture, client, &id, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return id;
}

static void refuse(struct fixture *fixture, const char *client, const char *why) {
    int64_t id = 0;
    struct err err = {0};
    assert_int_equal(try_submit(fixture, client, &id, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, why));
}

static enum experiment_status status_of(struct fixture *fixture, int64_t id) {
    struct db_reader *reader = NULL;
    struct experiment experiment;
    assert_int_equal(db_reader_open(&reader, fixture->db, NULL), 0);
    assert_int_equal(experiment_store_read(reader, id, &experiment, NULL), 0);
    const enum experiment_status status = experiment.row.status;
    experiment_deinit(&experiment);
    db_reader_close(reader);
    return status;
}

static void test_stored_job_that_cannot_begin_waits_and_counts_once(void **state) {
    struct fixture *fixture = *state;
    const int64_t first = submit(fixture, NULL);
    fixture->begin_fails = true;
    for (int i = 1; i <= 3; i++) {
        job_queue_notify(fixture->queue);
        job_queue_wait(fixture->queue);
        assert_int_equal(fixture->begins, i);
        assert_int_equal(status_of(fixture, first), EXPERIMENT_QUEUED);
    }
    const int64_t second = submit(fixture, NULL); /* the queue is not full */
    fixture->begin_fails = false;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(status_of(fixture, first), EXPERIMENT_DONE);
    assert_int_equal(status_of(fixture, second), EXPERIMENT_DONE);
    /* Nothing waits: exactly as many as may wait are taken, and of nobody more than a share. */
    for (int i = 0; i < STORED_QUEUE_CLIENT_MAX; i++) {
        submit(fixture, "one");
    }
    refuse(fixture, "one", "500 experiments of this client");
    for (int i = STORED_QUEUE_CLIENT_MAX; i < STORED_QUEUE_MAX; i++) {
        submit(fixture, NULL);
    }
    refuse(fixture, NULL, "1000 experiments are waiting");
    refuse(fixture, "another", "1000 experiments are waiting");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_stored_job_that_cannot_begin_waits_and_counts_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
