/* SPDX-License-Identifier: MIT */
/* What a submission that repeats another one gives: the experiment that is there. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

#define EXPERIMENTS "/api/v1/experiments"

#define WORK "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":10}]}}"
static const char small[] =
    "{\"schema\":1,\"seed\":7," WORK ",\"strategies\":[\"sequential\"]}";
/* The same to a reader. */
static const char alike[] =
    " {\"strategies\": [ \"sequential\" ],\n\t" WORK ", \"seed\" : 7, \"schema\": 1}\n";
static const char other_seed[] =
    "{\"schema\":1,\"seed\":8," WORK ",\"strategies\":[\"sequential\"]}";
static const char endless[] =
    "{\"schema\":1,\"repetitions\":1000,\"limits\":{\"events\":1000000000},"
    "\"strategies\":[{\"threads\":2}],\"workload\":{\"jobs\":{\"count\":1000000,"
    "\"steps\":[{\"python_us\":50},{\"io_us\":10}]}}}";

struct submission {
    const char *path;
    const char *key; /* NULL: none */
    const char *document;
};

static void send_submission(int fd, const struct submission *submission) {
    char text[2048], key[64] = "";
    if (submission->key != NULL) {
        snprintf(key, sizeof key, "Idempotency-Key: %s\r\n", submission->key);
    }
    snprintf(text, sizeof text,
             "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s"
             "Content-Length: %zu\r\n\r\n%s",
             submission->path, key, strlen(submission->document), submission->document);
    http_client_send_text(fd, text);
}

/* Reads the answer; whether the experiment was made is said in each of three ways. */
static int read_status(int fd, char id[16]) {
    struct http_answer answer = {0};
    char location[64];
    http_client_read(fd, false, &answer);
    json_find_text(answer.body, "id", id, 16);
    if (answer.status < 300) {
        const char *replayed = http_answer_header(&answer, "Idempotent-Replayed");
        assert_int_equal(replayed != NULL, answer.status == 200);
        snprintf(location, sizeof location, EXPERIMENTS "/%s", id);
        assert_string_equal(http_answer_header(&answer, "Location"), location);
    }
    const int status = answer.status;
    http_answer_deinit(&answer);
    return status;
}

static void expect(const struct api_fixture *fixture, struct submission submission,
                   int status, const char *id) {
    char got[16];
    const int fd = http_client_connect(fixture->port);
    send_submission(fd, &submission);
    assert_int_equal(read_status(fd, got), status);
    close(fd);
    if (id != NULL) {
        assert_string_equal(got, id);
    }
}

static void submit(const struct api_fixture *fixture, const char *document, int status,
                   const char *id) {
    expect(fixture, (struct submission){EXPERIMENTS, NULL, document}, status, id);
}

/* --- by document ------------------------------------------------------------------- */

static void test_submit_api_runs_a_document_once(void **state) {
    const struct api_fixture *fixture = *state;
    api_run(fixture, small, "e1");
    submit(fixture, small, 200, "e1");
    submit(fixture, alike, 200, "e1");
    submit(fixture, other_seed, 201, "e2");
    submit(fixture, small, 200, "e1");
    /* The answer is the experiment as it is. */
    json_t *answer = api_expect(fixture, "POST", EXPERIMENTS, alike, 200);
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "done");
    json_decref(answer);
}

static void test_submit_api_runs_again_when_told(void **state) {
    const struct api_fixture *fixture = *state;
    const char *again = EXPERIMENTS "?again=true";
    api_run(fixture, small, "e1");
    expect(fixture, (struct submission){again, NULL, small}, 201, "e2");
    expect(fixture, (struct submission){again, NULL, small}, 201, "e3");
    expect(fixture, (struct submission){EXPERIMENTS "?again=false", NULL, small}, 200,
           NULL);
    expect(fixture, (struct submission){EXPERIMENTS "?again=yes", NULL, small}, 400,
           NULL);
}

static void test_submit_api_joins_what_is_under_way(void **state) {
    const struct api_fixture *fixture = *state;
    submit(fixture, endless, 201, "e1");
    submit(fixture, endless, 200, "e1");
    api_wait_for(fixture, EXPERIMENTS "/e1", "status", "running");
    submit(fixture, endless, 200, "e1");
    json_decref(api_expect(fixture, "POST", EXPERIMENTS "/e1/cancel", NULL, 202));
    api_wait_for(fixture, EXPERIMENTS "/e1", "status", "interrupted");
    submit(fixture, endless, 201, "e2");
}

static void test_submit_api_runs_what_has_no_results(void **state) {
    const struct api_fixture *fixture = *state;
    static const char *const changes[] = {
        "UPDATE experiment SET status = 'failed'",
        "UPDATE experiment SET status = 'interrupted'",
        "UPDATE experiment SET engine_version = '0.0.1'",
        "UPDATE experiment SET document_hash = ''",
        "UPDATE experiment SET status = 'running', owner = 0",
    };
    char id[16];
    api_run(fixture, small, "e1");
    for (int i = 0; i < 5; i++) {
        api_change(fixture, changes[i]);
        snprintf(id, sizeof id, "e%d", i + 2);
        api_run(fixture, small, id);
        submit(fixture, small, 200, id);
    }
    for (int i = 1; i <= 6; i++) {
        char path[64];
        snprintf(path, sizeof path, EXPERIMENTS "/e%d", i);
        int status;
        json_decref(api_ask(fixture, "DELETE", path, NULL, &status));
    }
    submit(fixture, small, 201, "e7");
}

/* All at once, of which one makes it. */
static void test_submit_api_takes_one_of_many_at_once(void **state) {
    const struct api_fixture *fixture = *state;
    enum { ROUNDS = 8, CLIENTS = 16 };
    for (int round = 0; round < ROUNDS; round++) {
        char document[512], first[16] = "", id[16];
        int fd[CLIENTS], made = 0;
        snprintf(document, sizeof document, "{\"schema\":1,\"seed\":%d," WORK "}", round);
        for (int i = 0; i < CLIENTS; i++) {
            fd[i] = http_client_connect(fixture->port);
        }
        for (int i = 0; i < CLIENTS; i++) {
            send_submission(fd[i], &(struct submission){EXPERIMENTS, NULL, document});
        }
        for (int i = 0; i < CLIENTS; i++) {
            made += read_status(fd[i], i == 0 ? first : id) == 201 ? 1 : 0;
            assert_string_equal(i == 0 ? first : id, first);
            close(fd[i]);
        }
        assert_int_equal(made, 1);
    }
}

static void test_submit_api_knows_a_change_that_was_tried(void **state) {
    const struct api_fixture *fixture = *state;
    static const char patch[] =
        "{\"patch\":[{\"op\":\"replace\",\"path\":\"/seed\",\"value\":9}]}";
    const char *what_if = "/api/v1/runs/r1/what-if";
    api_run(fixture, small, "e1");
    expect(fixture, (struct submission){what_if, NULL, patch}, 201, "e2");
    expect(fixture, (struct submission){what_if, NULL, patch}, 200, "e2");
    expect(fixture,
           (struct submission){"/api/v1/runs/r1/what-if?again=true", NULL, patch}, 201,
           "e3");
}

/* --- by key ------------------------------------------------------------------------ */

static void test_submit_api_keeps_a_key_once(void **state) {
    const struct api_fixture *fixture = *state;
    const char *again = EXPERIMENTS "?again=true";
    expect(fixture, (struct submission){EXPERIMENTS, "once", small}, 201, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "once", small}, 200, "e1");
    expect(fixture, (struct submission){again, "once", alike}, 200, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "once", other_seed}, 409, NULL);
    /* Another key does not make another document. */
    expect(fixture, (struct submission){EXPERIMENTS, "twice", small}, 200, "e1");
    expect(fixture, (struct submission){again, "twice", small}, 200, "e1");
    expect(fixture, (struct submission){again, "thrice", small}, 201, "e2");
    expect(fixture, (struct submission){again, "thrice", small}, 200, "e2");
}

/* Also the key of a submission that only repeated one without a key, or with another. */
static void test_submit_api_keeps_a_key_of_what_was_there(void **state) {
    const struct api_fixture *fixture = *state;
    static const char other[] =
        "{\"patch\":[{\"op\":\"replace\",\"path\":\"/seed\",\"value\":9}]}";
    const char *what_if = "/api/v1/runs/r1/what-if";
    api_run(fixture, small, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "once", small}, 200, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "once", other_seed}, 409, NULL);
    expect(fixture, (struct submission){EXPERIMENTS, "once", alike}, 200, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "twice", small}, 200, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "twice", other_seed}, 409, NULL);
    expect(fixture, (struct submission){what_if, "once", other}, 409, NULL);
    /* Its removal frees them. */
    json_decref(api_expect(fixture, "DELETE", EXPERIMENTS "/e1", NULL, 204));
    expect(fixture, (struct submission){EXPERIMENTS, "once", other_seed}, 201, "e2");
    expect(fixture, (struct submission){EXPERIMENTS, "once", small}, 409, NULL);
}

/* Nobody can say which of two counts. */
static void test_submit_api_refuses_two_keys(void **state) {
    const struct api_fixture *fixture = *state;
    const char *two = "a\r\nIdempotency-Key: b";
    expect(fixture, (struct submission){EXPERIMENTS, two, small}, 400, NULL);
    expect(fixture, (struct submission){EXPERIMENTS, "a", small}, 201, "e1");
}

/* A key stands for its experiment, whatever has become of it. */
static void test_submit_api_gives_a_key_its_failed_experiment(void **state) {
    const struct api_fixture *fixture = *state;
    expect(fixture, (struct submission){EXPERIMENTS, "once", small}, 201, "e1");
    api_wait_for(fixture, EXPERIMENTS "/e1", "status", "done");
    api_change(fixture, "UPDATE experiment SET status = 'failed', document_hash = ''");
    expect(fixture, (struct submission){EXPERIMENTS, "once", small}, 200, "e1");
    expect(fixture, (struct submission){EXPERIMENTS, "once", other_seed}, 409, NULL);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, api_fixture_set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_submit_api_runs_a_document_once),
        TEST(test_submit_api_runs_again_when_told),
        TEST(test_submit_api_joins_what_is_under_way),
        TEST(test_submit_api_runs_what_has_no_results),
        TEST(test_submit_api_takes_one_of_many_at_once),
        TEST(test_submit_api_knows_a_change_that_was_tried),
        TEST(test_submit_api_keeps_a_key_once),
        TEST(test_submit_api_keeps_a_key_of_what_was_there),
        TEST(test_submit_api_refuses_two_keys),
        TEST(test_submit_api_gives_a_key_its_failed_experiment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
