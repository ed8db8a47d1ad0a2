/* SPDX-License-Identifier: MIT */
/* test_timeline_api - timelines that are made when somebody opens a run. */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

/* The second repetition has no timeline. */
static const char quick[] =
    "{\"schema\":1,\"repetitions\":2,\"runtimes\":[\"cpython-3.12\"],"
    "\"strategies\":[{\"threads\":3}],"
    "\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":20000}]}}}";

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, quick, "e1");
    return 0;
}

static const char job[] = "/api/v1/runs/r2/timeline/job";

/* Whoever opens it, and how often: it is made once. */
static void test_timeline_api_makes_one(void **state) {
    const struct api_fixture *fixture = *state;
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r2/timeline", NULL, 404));
    api_wait_for(fixture, job, "status", "none");
    for (int i = 0; i < 5; i++) {
        struct http_answer answer;
        http_client_request(fixture->port, "POST", job, "{}", &answer);
        assert_true(answer.status == 202 || answer.status == 200);
        http_answer_deinit(&answer);
    }
    api_wait_for(fixture, job, "status", "stored");
    json_decref(api_expect(fixture, "POST", job, "{}", 200));
    json_t *timeline = api_expect(fixture, "GET", "/api/v1/runs/r2/timeline", NULL, 200);
    json_t *lanes = api_expect(fixture, "GET", "/api/v1/runs/r2/lanes", NULL, 200);
    assert_true(json_array_size(json_object_get(timeline, "lanes")) > 3);
    assert_true(json_array_size(json_object_get(lanes, "sites")) > 0);
    json_decref(timeline);
    json_decref(lanes);
}

static void expect_failure(const struct api_fixture *fixture, const char *words) {
    json_decref(api_expect(fixture, "POST", job, "{}", 202));
    api_wait_for(fixture, job, "status", "failed");
    json_t *json = api_expect(fixture, "GET", job, NULL, 200);
    const char *reason = json_string_value(json_object_get(json, "reason"));
    if (strstr(reason, words) == NULL) {
        fail_msg("'%s' instead of '%s'", reason, words);
    }
    json_decref(json);
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r2/timeline", NULL, 404));
}

static void test_timeline_api_says_why_not(void **state) {
    const struct api_fixture *fixture = *state;
    api_change(fixture, "UPDATE run SET fingerprint = '0123456789abcdef' WHERE id = 2");
    expect_failure(fixture, "instead of '0123456789abcdef'");
    api_change(fixture, "UPDATE experiment SET engine_version = '0.0.1'");
    expect_failure(fixture, "was made by engine 0.0.1");
    api_change(fixture, "UPDATE run SET status = 'failed' WHERE id = 2");
    json_decref(api_expect(fixture, "POST", job, "{}", 409));
}

static void test_timeline_api_refuses(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {"[]", 400}, {"{", 400}, {"{\"cancel\":1}", 422}, {"{\"stop\":true}", 422}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_decref(api_expect(fixture, "POST", job, cases[i].body, cases[i].status));
    }
    json_decref(api_expect(fixture, "POST", "/api/v1/runs/r999/timeline/job", "{}", 404));
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r999/timeline/job", NULL, 404));
    json_decref(api_expect(fixture, "POST", job, "{\"cancel\":true}", 202));
    api_wait_for(fixture, job, "status", "none");
}

/* A long run is stopped in the middle; nothing of it stays, and it can be made again. */
static void test_timeline_api_cancels(void **state) {
    const struct api_fixture *fixture = *state;
    static const char path[] = "/api/v1/runs/r4/timeline/job";
    static const char document[] =
        "{\"schema\":1,\"repetitions\":2,\"runtimes\":[\"cpython-3.12\"],"
        "\"strategies\":[{\"threads\":3}],\"workload\":{\"jobs\":{\"count\":60000,"
        "\"steps\":[{\"python_us\":200},{\"io_us\":100}]}}}";
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments", document, 201));
    api_wait_for(fixture, "/api/v1/experiments/e2", "status", "done");
    json_decref(api_expect(fixture, "POST", path, "{}", 202));
    json_decref(api_expect(fixture, "POST", path, "{\"cancel\":true}", 202));
    api_wait_for(fixture, path, "status", "failed");
    json_t *json = api_expect(fixture, "GET", path, NULL, 200);
    assert_string_equal(json_string_value(json_object_get(json, "reason")), "cancelled");
    json_decref(json);
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r4/timeline", NULL, 404));
    json_decref(api_expect(fixture, "POST", path, "{}", 202));
    api_wait_for(fixture, path, "status", "stored");
}

/* --- while it runs --------------------------------------------------------------- */

static json_int_t known_until(const struct api_fixture *fixture, const char *path) {
    json_t *json = api_expect(fixture, "GET", path, NULL, 200);
    const json_int_t known = json_integer_value(json_object_get(json, "known_until"));
    json_decref(json);
    return known;
}

/* The run is known further than `than`: where to. */
static json_int_t wait_beyond(const struct api_fixture *fixture, json_int_t than) {
    const int64_t started = monotonic_ms();
    for (;;) {
        const json_int_t known = known_until(fixture, "/api/v1/runs/r3");
        if (known > than) {
            return known;
        }
        poll_pause(started);
    }
}

/* Every entry lies before the lane's known_until; returns the greatest of these. */
static json_int_t check_picture(const struct api_fixture *fixture) {
    json_t *json = api_expect(
        fixture, "GET", "/api/v1/runs/r3/timeline?from=0&to=9000000000000&pixels=2000",
        NULL, 200);
    json_t *lanes = json_object_get(json, "lanes"), *lane;
    json_int_t furthest = 0;
    size_t i;
    assert_true(json_array_size(lanes) > 3);
    json_array_foreach(lanes, i, lane) {
        const json_int_t known = json_integer_value(json_object_get(lane, "known_until"));
        const json_t *ends = json_object_get(lane, "end");
        for (size_t k = 0; k < json_array_size(ends); k++) {
            assert_true(json_integer_value(json_array_get(ends, k)) <= known);
        }
        furthest = known > furthest ? known : furthest;
    }
    json_decref(json);
    return furthest;
}

/* What a lane does at a time before it is known, and behind that. */
static void check_spans(const struct api_fixture *fixture, json_int_t known) {
    char path[128];
    snprintf(path, sizeof path, "/api/v1/runs/r3/spans/at?lane=0&at=%lld",
             (long long)known / 2);
    json_t *json = api_expect(fixture, "GET", path, NULL, 200);
    assert_true(json_is_object(json_object_get(json, "span")));
    assert_true(json_integer_value(json_object_get(json, "known_until")) >= known / 2);
    json_decref(json);
    json = api_expect(fixture, "GET",
                      "/api/v1/runs/r3/spans/at?lane=0&at=9000000000000000", NULL, 200);
    assert_true(json_is_null(json_object_get(json, "span")));
    json_decref(json);
    json_decref(
        api_expect(fixture, "GET", "/api/v1/runs/r3/spans?order=longest", NULL, 200));
    json_decref(
        api_expect(fixture, "GET", "/api/v1/runs/r3/spans/next?lane=0&at=0", NULL, 200));
    json = api_expect(fixture, "GET", "/api/v1/runs/r3/range", NULL, 200);
    assert_true(json_array_size(json_object_get(json, "lanes")) > 3);
    json_decref(json);
    json = api_expect(fixture, "GET", "/api/v1/runs/r3/lanes", NULL, 200);
    const json_t *lane = json_array_get(json_object_get(json, "items"), 0);
    assert_true(json_is_null(json_object_get(lane, "died_ns")));
    json_decref(json);
}

/* A run that goes on for long is seen to grow, and is gone when the server is stopped. */
static void test_timeline_api_shows_a_running_run(void **state) {
    struct api_fixture *fixture = *state;
    static const char document[] =
        "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":3}],"
        "\"workload\":{\"jobs\":{\"count\":900000,"
        "\"steps\":[{\"python_us\":200},{\"io_us\":100}]}}}";
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments", document, 201));
    const int64_t started = monotonic_ms();
    for (int status = 404; status != 200; poll_pause(started)) {
        struct http_answer answer;
        http_client_request(fixture->port, "GET", "/api/v1/runs/r3", NULL, &answer);
        status = answer.status;
        http_answer_deinit(&answer);
    }
    const json_int_t first = wait_beyond(fixture, 0);
    api_wait_for(fixture, "/api/v1/runs/r3/timeline/job", "status", "making");
    const json_int_t seen = check_picture(fixture);
    assert_true(seen >= first);
    check_spans(fixture, first);
    const json_int_t later = wait_beyond(fixture, seen);
    assert_true(check_picture(fixture) >= later);
    json_t *run = api_expect(fixture, "GET", "/api/v1/runs/r3", NULL, 200);
    assert_string_equal(json_string_value(json_object_get(run, "status")), "running");
    assert_true(json_is_false(json_object_get(run, "has_timeline")));
    json_decref(run);

    struct err err = {0};
    const struct service_options options = {.database = fixture->scratch.database};
    service_stop(fixture->service);
    if (service_start(&fixture->service, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    fixture->port = service_port(fixture->service);
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r3/timeline", NULL, 404));
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_timeline_api_makes_one),
        TEST(test_timeline_api_says_why_not),
        TEST(test_timeline_api_refuses),
        TEST(test_timeline_api_cancels),
        TEST(test_timeline_api_shows_a_running_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
