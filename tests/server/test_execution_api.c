/* SPDX-License-Identifier: MIT */
/* test_execution_api - experiments are stopped and gone on with, and clients share the workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "db/experiment_store.h"
#include "http_client.h"
#include "server/jobs/fair_share.h"
#include "server/jobs/stored_job.h"
#include "tests/support/test.h"

#define DOCUMENT(repetitions, count)                                                     \
    "{\"schema\":1,\"record\":\"summary\",\"repetitions\":" #repetitions ","             \
    "\"limits\":{\"events\":10000000000,\"spans\":10000000000,\"virtual_s\":1000000},"   \
    "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":2},{\"threads\":3}],"  \
    "\"workload\":{\"jobs\":{\"count\":" #count ","                                      \
    "\"steps\":[{\"python_us\":50},{\"io_us\":10}]}}}"
static const char endless[] = DOCUMENT(1, 1000000);
static const char long_one[] = DOCUMENT(1000, 3000);
static const char several[] = DOCUMENT(200, 300);
static const char small[] = DOCUMENT(2, 10);
static const char recorded[] =
    "{\"schema\":1,\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":10}]}}}";

static void submit(const struct api_fixture *fixture, const char *document,
                   const char *client) {
    char path[96];
    snprintf(path, sizeof path, "/api/v1/experiments?again=true&client=%s", client);
    json_decref(api_expect(fixture, "POST", path, document, 201));
}

static void expect_text(const struct api_fixture *fixture, const char *path,
                        const char *key, const char *value) {
    json_t *json = api_expect(fixture, "GET", path, NULL, 200);
    assert_string_equal(json_string_value(json_object_get(json, key)), value);
    json_decref(json);
}

static void test_execution_cancels_what_runs(void **state) {
    struct api_fixture *fixture = *state;
    submit(fixture, endless, "a");
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "running");
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "interrupted");
    expect_text(fixture, "/api/v1/experiments/e1", "reason", "cancelled");
    json_t *ended = api_expect(fixture, "GET", "/api/v1/experiments/e1", NULL, 200);
    const json_t *cells = json_object_get(ended, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++) {
        assert_string_equal(
            json_string_value(json_object_get(json_array_get(cells, i), "status")),
            "interrupted");
    }
    json_decref(ended);
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 409));
    /* The workers are free again. */
    api_run(fixture, small, "e2");
    expect_text(fixture, "/api/v1/experiments/e2", "status", "done");
}

/* As a process would leave it that died long ago. */
static void make_orphan(const struct api_fixture *fixture) {
    api_change(fixture, "UPDATE experiment SET status = 'running', owner = 4294967301"
                        " WHERE id = 1; UPDATE cell SET status = 'pending'"
                        " WHERE experiment = 1");
}

static void test_execution_cancels_what_a_dead_process_left(void **state) {
    struct api_fixture *fixture = *state;
    api_run(fixture, small, "e1");
    make_orphan(fixture);
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
    expect_text(fixture, "/api/v1/experiments/e1", "status", "interrupted");
    make_orphan(fixture);
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/resume", NULL, 202));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "done");
}

static void test_execution_says_who_runs_it(void **state) {
    struct api_fixture *fixture = *state;
    struct err err = {0};
    struct db *other = NULL;
    char expected[96];
    api_run(fixture, small, "e1");
    assert_int_equal(db_open(&other, fixture->scratch.database, DB_OWN, &err), 0);
    api_change(fixture, "UPDATE experiment SET status = 'queued' WHERE id = 1");
    assert_int_equal(
        experiment_store_set_status(other, 1, EXPERIMENT_RUNNING, NULL, &err), 0);
    snprintf(expected, sizeof expected,
             "experiment e1 is run by process %ld: end it there", (long)getpid());
    static const char *const moves[] = {"cancel", "resume"};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/v1/experiments/e1/%s", moves[i]);
        json_t *problem = api_expect(fixture, "POST", path, NULL, 409);
        assert_string_equal(json_string_value(json_object_get(problem, "detail")),
                            expected);
        json_decref(problem);
    }
    db_close(other);
}

/* What waits is stopped before it has begun. */
static void test_execution_cancels_what_waits(void **state) {
    struct api_fixture *fixture = *state;
    enum { COUNT = 6 };
    char path[64];
    for (int i = 0; i < COUNT; i++) {
        submit(fixture, endless, "a");
    }
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "running");
    expect_text(fixture, "/api/v1/experiments/e6", "status", "queued");
    for (int i = COUNT; i > 0; i--) {
        snprintf(path, sizeof path, "/api/v1/experiments/e%d/cancel", i);
        json_decref(api_expect(fixture, "POST", path, NULL, 202));
    }
    for (int i = COUNT; i > 0; i--) {
        snprintf(path, sizeof path, "/api/v1/experiments/e%d", i);
        api_wait_for(fixture, path, "status", "interrupted");
    }
}

/* However far a worker has got with it: there is no moment in which it cannot be stopped. */
static void test_execution_cancels_at_any_moment(void **state) {
    struct api_fixture *fixture = *state;
    enum { COUNT = 60 };
    char path[64];
    for (int i = 1; i <= COUNT; i++) {
        submit(fixture, long_one, "a");
        snprintf(path, sizeof path, "/api/v1/experiments/e%d/cancel", i);
        json_decref(api_expect(fixture, "POST", path, NULL, 202));
        snprintf(path, sizeof path, "/api/v1/experiments/e%d", i);
        api_wait_for(fixture, path, "status", "interrupted");
        expect_text(fixture, path, "reason", "cancelled");
    }
}

/* Why not, of which one, and what can be done. */
static void test_execution_says_what_can_be_done(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct {
        const char *method, *path;
        int status;
        const char *detail;
    } cases[] = {
        {"POST", "/api/v1/experiments/e1/cancel", 409,
         "experiment e1 is done: only one that is queued or running can be cancelled"},
        {"POST", "/api/v1/experiments/e1/resume", 409,
         "experiment e1 is done: only one that failed or was interrupted can be resumed; "
         "to run it anew, submit its document with again=true"},
        {"GET", "/api/v1/runs/r1/spans/at?lane=99999&at=0", 400,
         "run r1 has no lane 99999"},
    };
    api_run(fixture, recorded, "e1");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *problem =
            api_expect(fixture, cases[i].method, cases[i].path, NULL, cases[i].status);
        assert_string_equal(json_string_value(json_object_get(problem, "detail")),
                            cases[i].detail);
        json_decref(problem);
    }
}

/* A name is as long as it has characters. */
static void test_execution_counts_the_characters_of_a_name(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct {
        const char *character;
        int count, status;
    } cases[] = {
        {"x", 64, 201},
        {"x", 65, 400},
        {"%C3%A9", 64, 201},
        {"%C3%A9", 65, 400},
        {"%F0%9F%90%8D", 64, 201},
        {"%F0%9F%90%8D", 65, 400},
        {"%C3", 1, 400},
        {"x", 0, 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[1024] = "/api/v1/experiments?again=true&client=";
        for (int c = 0; c < cases[i].count; c++) {
            strcat(path, cases[i].character);
        }
        int status;
        json_decref(api_ask(fixture, "POST", path, small, &status));
        assert_int_equal(status, cases[i].status);
    }
}

static void test_execution_goes_on(void **state) {
    struct api_fixture *fixture = *state;
    submit(fixture, long_one, "a");
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "running");
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/resume", NULL, 409));
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "interrupted");
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/resume", NULL, 202));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "running");
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e9/cancel", NULL, 404));
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e9/resume", NULL, 404));
    int status;
    json_decref(api_ask(fixture, "POST", "/api/v1/experiments?client=", small, &status));
    assert_int_equal(status, 400);
}

static int64_t ask_store(const struct api_fixture *fixture, const char *query) {
    char body[256];
    snprintf(body, sizeof body, "{\"query\":\"%s\"}", query);
    json_t *answer = api_expect(fixture, "POST", "/api/v1/sql", body, 200);
    const json_t *column = json_array_get(json_object_get(answer, "columns"), 0);
    const int64_t value =
        json_integer_value(json_array_get(json_object_get(column, "values"), 0));
    json_decref(answer);
    return value;
}

/* What an attempt has finished of a cell is not executed once more by the next one. */
static void test_execution_goes_on_where_it_stopped(void **state) {
    static const char done[] = "SELECT count(*) FROM runs WHERE status = 'done'";
    struct api_fixture *fixture = *state;
    int64_t before = 0;
    submit(fixture, several, "a");
    for (int stop = 0; stop < 3; stop++) {
        const int64_t started = monotonic_ms();
        while (ask_store(fixture, done) <= before) {
            poll_pause(started);
        }
        json_decref(
            api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
        api_wait_for(fixture, "/api/v1/experiments/e1", "status", "interrupted");
        before = ask_store(fixture, done);
        json_decref(
            api_expect(fixture, "POST", "/api/v1/experiments/e1/resume", NULL, 202));
    }
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "done");
    assert_int_equal(ask_store(fixture, done), 2 * 200);
    assert_int_equal(ask_store(fixture, "SELECT count(DISTINCT cell_id * 1000 +"
                                        " repetition) FROM runs WHERE status = 'done'"),
                     2 * 200);
}

/* Submits until that is refused, with a problem that says `why`; how many were not. */
static int submit_until_full(const struct api_fixture *fixture, const char *path,
                             const char *why) {
    for (int count = 0;; count++) {
        struct http_answer answer;
        http_client_request(fixture->port, "POST", path, endless, &answer);
        const int status = answer.status;
        if (status != 201) {
            assert_int_equal(status, 503);
            assert_non_null(strstr(answer.body, why));
            assert_true(atoi(http_answer_header(&answer, "Retry-After")) > 0);
        }
        http_answer_deinit(&answer);
        if (status != 201) {
            return count;
        }
    }
}

/* --- what streams tell ------------------------------------------------------------- */

enum { STREAM_SIZE = 65536 };

/* HTTP/1.0: no chunks between the lines. */
static int follow(const struct api_fixture *fixture, const char *topics, char *buffer) {
    char request[256];
    buffer[0] = '\0';
    snprintf(request, sizeof request,
             "GET /api/v1/events?topics=%s HTTP/1.0\r\nHost: localhost\r\n\r\n", topics);
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(fd, request);
    http_client_read_until(fd, "retry: 2000\n\n", buffer, STREAM_SIZE);
    return fd;
}

static const char finished_interrupted[] =
    "event: finished\ndata: {\"experiment\":\"%s\",\"status\":\"interrupted\"}\n\n";

/* Who waits for an experiment hears of its end, also when it has never begun. */
static void test_execution_tells_that_what_waited_is_cancelled(void **state) {
    struct api_fixture *fixture = *state;
    char buffer[STREAM_SIZE], name[16], path[64], expected[128];
    snprintf(
        name, sizeof name, "e%d",
        submit_until_full(fixture, "/api/v1/experiments?again=true&client=a", "waiting"));
    snprintf(path, sizeof path, "/api/v1/experiments/%s/cancel", name);
    snprintf(expected, sizeof expected, finished_interrupted, name);
    const int fd = follow(fixture, "experiments", buffer);
    json_decref(api_expect(fixture, "POST", path, NULL, 202));
    http_client_read_until(fd, expected, buffer, sizeof buffer);
    close(fd);
}

/* Commands and other servers work on the same store. */
static void test_execution_tells_what_others_do(void **state) {
    struct api_fixture *fixture = *state;
    struct db *other = NULL;
    char buffer[STREAM_SIZE];
    const int fd = follow(fixture, "experiments,queue", buffer);
    api_run(fixture, small, "e1");
    http_client_read_until(fd, "event: finished", buffer, sizeof buffer);
    buffer[0] = '\0'; /* what our own job told */
    assert_int_equal(db_open(&other, fixture->scratch.database, DB_OWN, NULL), 0);
    api_change(fixture, "UPDATE experiment SET status = 'queued' WHERE id = 1");
    assert_int_equal(
        experiment_store_set_status(other, 1, EXPERIMENT_RUNNING, NULL, NULL), 0);
    http_client_read_until(fd, "{\"experiment\":\"e1\",\"status\":\"running\"", buffer,
                           sizeof buffer);
    http_client_read_until(fd, "{\"running\":1,", buffer, sizeof buffer);
    assert_int_equal(
        experiment_store_set_status(other, 1, EXPERIMENT_INTERRUPTED, "stopped", NULL),
        0);
    char expected[128];
    snprintf(expected, sizeof expected, finished_interrupted, "e1");
    http_client_read_until(fd, expected, buffer, sizeof buffer);
    db_close(other);
    close(fd);
}

/* Everybody who begins to follow a run, not only the first. */
static void test_execution_greets_every_follower_of_a_run(void **state) {
    struct api_fixture *fixture = *state;
    char buffer[STREAM_SIZE];
    api_run(fixture, small, "e1");
    for (int i = 0; i < 2; i++) {
        const int fd = follow(fixture, "r1", buffer);
        http_client_read_until(
            fd, "event: timeline\ndata: {\"run\":\"r1\",\"known_until\":null}\n\n",
            buffer, sizeof buffer);
        close(fd);
    }
}

/* Grids that last do not keep another client waiting. */
static void test_execution_is_fair_to_clients(void **state) {
    struct api_fixture *fixture = *state;
    for (int i = 0; i < 5; i++) {
        submit(fixture, long_one, "a");
    }
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "running");
    submit(fixture, small, "b");
    api_wait_for(fixture, "/api/v1/experiments/e6", "status", "done");
    expect_text(fixture, "/api/v1/experiments/e1", "status", "running");
    expect_text(fixture, "/api/v1/experiments/e5", "status", "queued");
}

/* Nobody fills the queue for the others, and all together fill it to its end and no further.
 * Those that are at work wait no more, however many workers there are. */
static void test_execution_bounds_the_queue(void **state) {
    struct api_fixture *fixture = *state;
    static const char one[] = "/api/v1/experiments?again=true&client=a";
    static const char other[] = "/api/v1/experiments?again=true&client=b";
    char last[64];
    int count =
        submit_until_full(fixture, one, "500 experiments of this client are waiting");
    assert_in_range(count, STORED_QUEUE_CLIENT_MAX,
                    STORED_QUEUE_CLIENT_MAX + JOB_QUEUE_AT_WORK);
    count += submit_until_full(fixture, other, "are waiting already");
    submit_until_full(fixture, "/api/v1/experiments?again=true&client=c",
                      "1000 experiments are waiting");
    snprintf(last, sizeof last, "/api/v1/experiments/e%d/cancel", count);
    json_decref(api_expect(fixture, "POST", last, NULL, 202));
    json_decref(api_expect(fixture, "POST", other, endless, 201));
    json_decref(api_expect(fixture, "POST", other, endless, 503));
}

/* --- whose turn it is -------------------------------------------------------------- */

/* Clients with cells of any length get the same time, to within the longest cell. */
static void test_fair_share_gives_equal_time(void **state) {
    (void)state;
    enum { CLIENTS = 5, TURNS = 20000, LONGEST = 1000 };
    struct fair_shares shares = {0};
    struct fair_share *items[CLIENTS];
    int64_t time[CLIENTS] = {0};
    uint32_t random = 1;
    for (int i = 0; i < CLIENTS; i++) {
        const char name[2] = {(char)('a' + i), '\0'};
        items[i] = fair_share_join(&shares, name);
        assert_non_null(items[i]);
    }
    for (int turn = 0; turn < TURNS; turn++) {
        int chosen = 0;
        for (int i = 1; i < CLIENTS; i++) {
            chosen = fair_share_before(items[i], items[chosen]) ? i : chosen;
        }
        random = random * 1664525u + 1013904223u;
        const int64_t ns = 1 + (int64_t)(random >> 16) % (LONGEST / (chosen + 1));
        fair_share_begin(items[chosen]);
        fair_share_end(items[chosen], ns);
        time[chosen] += ns;
    }
    for (int i = 1; i < CLIENTS; i++) {
        assert_in_range(llabs(time[i] - time[0]), 0, LONGEST);
    }
}

/* Who comes late does not catch up, and who works already waits for who does not. */
static void test_fair_share_saves_nothing_up(void **state) {
    (void)state;
    struct fair_shares shares = {0};
    struct fair_share *old = fair_share_join(&shares, "old");
    fair_share_begin(old);
    fair_share_end(old, 1000000);
    struct fair_share *late = fair_share_join(&shares, "late");
    assert_int_equal(late->used_ns, old->used_ns);
    assert_ptr_equal(fair_share_join(&shares, "late"), late);
    fair_share_begin(late);
    assert_true(fair_share_before(old, late));
    fair_share_leave(late);
    fair_share_leave(late);
    fair_share_leave(old);
    for (int i = 0; i < FAIR_SHARES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_non_null(fair_share_join(&shares, name));
    }
    assert_null(fair_share_join(&shares, "one more"));
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, api_fixture_set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_execution_cancels_what_runs),
        TEST(test_execution_cancels_what_waits),
        TEST(test_execution_cancels_what_a_dead_process_left),
        TEST(test_execution_says_who_runs_it),
        TEST(test_execution_cancels_at_any_moment),
        TEST(test_execution_says_what_can_be_done),
        TEST(test_execution_counts_the_characters_of_a_name),
        TEST(test_execution_goes_on),
        TEST(test_execution_goes_on_where_it_stopped),
        TEST(test_execution_is_fair_to_clients),
        TEST(test_execution_bounds_the_queue),
        TEST(test_execution_tells_that_what_waited_is_cancelled),
        TEST(test_execution_tells_what_others_do),
        TEST(test_execution_greets_every_follower_of_a_run),
        cmocka_unit_test(test_fair_share_gives_equal_time),
        cmocka_unit_test(test_fair_share_saves_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
