/* SPDX-License-Identifier: MIT */
/* test_analysis_api - findings and virtual speed-ups are made when somebody asks for them, once,
 * and kept; a run is run again with something changed. */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "server/jobs/run_maker.h"
#include "tests/support/test.h"

/* Four threads that compute: the GIL is all they have in common. */
static const char crowded[] =
    "{\"schema\":1,\"repetitions\":3,\"machine\":{\"cores\":4},"
    "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":4}],"
    "\"workload\":{\"jobs\":{\"count\":12,\"steps\":[{\"python_us\":20000}]}}}";

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, crowded, "e1");
    return 0;
}

/* Polls until the answer is not 202; that answer, and its status. */
static json_t *poll(const struct api_fixture *fixture, const char *path, int *status) {
    const int64_t started = monotonic_ms();
    json_t *json = api_ask(fixture, "GET", path, NULL, status);
    while (*status == 202) {
        const char *word = json_string_value(json_object_get(json, "status"));
        assert_true(strcmp(word, "waiting") == 0 || strcmp(word, "making") == 0);
        assert_int_equal(json_object_size(json), 3); /* run, status, and null */
        json_decref(json);
        poll_pause(started);
        json = api_ask(fixture, "GET", path, NULL, status);
    }
    return json;
}

static const char path[] = "/api/v1/runs/r2/findings";

/* Of the repetition that was asked for; a new process has them at once. */
static void test_findings_api_makes_them_once(void **state) {
    struct api_fixture *fixture = *state;
    int status;
    json_decref(api_expect(fixture, "GET", path, NULL, 202));
    json_t *first = poll(fixture, path, &status);
    assert_int_equal(status, 200);
    const json_t *findings = json_object_get(first, "findings");
    const json_t *item = json_array_get(json_object_get(findings, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "rule")), "gil-bound");
    assert_string_equal(json_string_value(json_object_get(item, "metric")),
                        "makespan_us");
    assert_int_equal(json_integer_value(json_object_get(findings, "repetition")), 1);
    assert_int_equal(json_integer_value(json_object_get(findings, "repetitions")), 3);
    const json_t *advice = json_object_get(item, "advice");
    assert_true(json_real_value(json_object_get(advice, "gain")) > 0.5);
    api_fixture_start(fixture);
    json_t *again = api_expect(fixture, "GET", path, NULL, 200);
    assert_true(json_equal(first, again));
    json_decref(again);
    /* There is nothing to cancel. */
    again = api_expect(fixture, "DELETE", path, NULL, 200);
    assert_true(json_equal(first, again));
    json_decref(again);
    again = api_expect(fixture, "GET", path, NULL, 200);
    assert_true(json_equal(first, again));
    json_decref(again);
    json_decref(first);
}

/* Why not, once; then it is tried again. */
static void test_findings_api_says_why_not(void **state) {
    struct api_fixture *fixture = *state;
    int status;
    api_change(fixture, "UPDATE experiment SET engine_version = '0.0.1'");
    json_t *json = poll(fixture, path, &status);
    assert_int_equal(status, 409);
    assert_non_null(strstr(json_string_value(json_object_get(json, "detail")),
                           "was made by engine 0.0.1"));
    json_decref(json);
    json_decref(api_expect(fixture, "GET", path, NULL, 202));
    api_change(fixture, "UPDATE run SET status = 'running' WHERE id = 3");
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r3/findings", NULL, 409));
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r999/findings", NULL, 404));
    json_decref(api_expect(fixture, "DELETE", "/api/v1/runs/r999/findings", NULL, 404));
}

static void test_findings_api_cancels_only_what_was_asked_for(void **state) {
    struct api_fixture *fixture = *state;
    json_t *problem = api_expect(fixture, "DELETE", path, NULL, 404);
    assert_string_equal(
        json_string_value(json_object_get(problem, "detail")),
        "nobody has asked for this of run r2: there is nothing to cancel");
    json_decref(problem);
    json_decref(api_expect(fixture, "DELETE", "/api/v1/runs/r2/speedup", NULL, 404));
}

/* That the store takes nothing is no conflict. */
static void test_findings_api_says_what_the_store_could_not(void **state) {
    struct api_fixture *fixture = *state;
    int status;
    api_change(fixture, "CREATE TRIGGER broken BEFORE INSERT ON analysis BEGIN"
                        " DELETE FROM missing; END");
    json_decref(poll(fixture, path, &status));
    assert_int_equal(status, 500);
    api_change(fixture, "DROP TRIGGER broken");
    json_decref(poll(fixture, path, &status));
    assert_int_equal(status, 200);
}

static void test_findings_api_of_a_deadlock(void **state) {
    struct api_fixture *fixture = *state;
    static const char document[] =
        "{\"schema\":1,\"workload\":{\"objects\":{\"a\":\"lock\"},\"actors\":["
        "{\"name\":\"caller\",\"thread\":1,\"steps\":[{\"with\":\"a\",\"steps\":["
        "{\"with\":\"a\",\"steps\":[{\"python_us\":1}]}]}]}]}}";
    int status;
    api_run(fixture, document, "e2");
    json_t *json = poll(fixture, "/api/v1/runs/r4/findings", &status);
    assert_int_equal(status, 200);
    const json_t *items = json_object_get(json_object_get(json, "findings"), "items");
    assert_int_equal(json_array_size(items), 1);
    const json_t *item = json_array_get(items, 0);
    assert_string_equal(json_string_value(json_object_get(item, "rule")), "deadlock");
    assert_int_equal(json_array_size(json_object_get(item, "cycle")), 1);
    json_decref(json);
}

/* Its run r4 keeps a maker busy for longer than a test needs to cancel that. */
static const char long_one[] =
    "{\"schema\":1,\"repetitions\":4,\"runtimes\":[\"cpython-3.12\"],"
    "\"strategies\":[{\"threads\":3}],\"workload\":{\"jobs\":{\"count\":8000,"
    "\"steps\":[{\"python_us\":200},{\"io_us\":100}]}}}";

/* A long one is stopped, nothing of it stays, and it can be made again. */
static void test_findings_api_cancels(void **state) {
    struct api_fixture *fixture = *state;
    static const char of_it[] = "/api/v1/runs/r4/findings";
    int status;
    api_run(fixture, long_one, "e2");
    json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
    json_t *json = api_expect(fixture, "DELETE", of_it, NULL, 202);
    assert_string_equal(json_string_value(json_object_get(json, "status")), "cancelled");
    json_decref(json);
    json = poll(fixture, of_it, &status);
    assert_int_equal(status, 409);
    assert_non_null(
        strstr(json_string_value(json_object_get(json, "detail")), "cancelled"));
    json_decref(json);
    json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
}

/* --- virtual speed-up ------------------------------------------------------------ */

/* Under the GIL the computation is all there is: half of it takes half the time. */
static void test_speedup_api_makes_it_once(void **state) {
    struct api_fixture *fixture = *state;
    static const char of_it[] = "/api/v1/runs/r2/speedup";
    int status;
    json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
    json_t *first = poll(fixture, of_it, &status);
    assert_int_equal(status, 200);
    const json_t *speedup = json_object_get(first, "speedup");
    const json_t *steps = json_object_get(speedup, "steps");
    assert_string_equal(json_string_value(json_object_get(speedup, "goal")),
                        "makespan_us");
    assert_int_equal(json_array_size(steps), 1);
    const json_t *step = json_array_get(steps, 0);
    assert_string_equal(json_string_value(json_object_get(step, "site")),
                        "/workload/jobs/steps/0");
    const json_t *half = json_array_get(json_object_get(step, "faster"), 2);
    assert_float_equal(json_real_value(json_object_get(half, "time")), 0.5, 0);
    assert_float_equal(json_real_value(json_object_get(half, "gain")), 0.5, 0.05);
    api_fixture_start(fixture);
    json_t *again = api_expect(fixture, "GET", of_it, NULL, 200);
    assert_true(json_equal(first, again));
    json_decref(again);
    json_decref(first);
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r999/speedup", NULL, 404));
}

static void test_speedup_api_cancels(void **state) {
    struct api_fixture *fixture = *state;
    static const char of_it[] = "/api/v1/runs/r4/speedup";
    int status;
    api_run(fixture, long_one, "e2");
    json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
    json_decref(api_expect(fixture, "DELETE", of_it, NULL, 202));
    json_decref(poll(fixture, of_it, &status));
    assert_int_equal(status, 409);
}

/* Who has this open lets nobody write into the store: a maker does not end what it makes. */
static sqlite3 *hold_makers(const struct api_fixture *fixture) {
    sqlite3 *store = NULL;
    assert_int_equal(sqlite3_open(fixture->scratch.database, &store), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(store, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(store, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return store;
}

/* One client does not take all places: who says that it is another one has some of them. */
static void test_findings_api_shares_places(void **state) {
    struct api_fixture *fixture = *state;
    static const char document[] =
        "{\"schema\":1,\"repetitions\":20,\"runtimes\":[\"cpython-3.12\"],"
        "\"strategies\":[{\"threads\":3}],\"workload\":{\"jobs\":{\"count\":3,"
        "\"steps\":[{\"python_us\":200}]}}}";
    static const char *const kinds[] = {"findings", "speedup"};
    char of_it[96];
    api_run(fixture, document, "e2");
    for (int i = 0; i < 2; i++) {
        sqlite3 *held = hold_makers(fixture);
        snprintf(of_it, sizeof of_it, "/api/v1/runs/r2/%s?client=other", kinds[i]);
        json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
        for (int run = 4; run < 4 + RUN_MAKER_CLIENT_MAX; run++) {
            snprintf(of_it, sizeof of_it, "/api/v1/runs/r%d/%s?client=one", run,
                     kinds[i]);
            json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
        }
        struct http_answer answer;
        snprintf(of_it, sizeof of_it, "/api/v1/runs/r20/%s?client=one", kinds[i]);
        http_client_request(fixture->port, "GET", of_it, NULL, &answer);
        assert_int_equal(answer.status, 503);
        assert_non_null(http_answer_header(&answer, "Retry-After"));
        assert_non_null(strstr(answer.body, "16 others are being made for this client"));
        http_answer_deinit(&answer);
        snprintf(of_it, sizeof of_it, "/api/v1/runs/r20/%s", kinds[i]);
        json_decref(api_expect(fixture, "GET", of_it, NULL, 202));
        snprintf(of_it, sizeof of_it, "/api/v1/runs/r21/%s?client=", kinds[i]);
        json_decref(api_expect(fixture, "GET", of_it, NULL, 400));
        assert_int_equal(sqlite3_close(held), SQLITE_OK);
    }
}

/* --- what if --------------------------------------------------------------------- */

static const char what_if[] = "/api/v1/runs/r2/what-if";

/* Without a GIL four threads on four cores take a quarter of the time. */
static void test_what_if_runs_beside(void **state) {
    struct api_fixture *fixture = *state;
    json_t *made = api_expect(fixture, "POST", what_if,
                              "{\"patch\":[{\"op\":\"replace\",\"path\":\"/runtimes/0\","
                              "\"value\":\"cpython-3.13t\"}]}",
                              201);
    assert_string_equal(json_string_value(json_object_get(made, "id")), "e2");
    json_decref(made);
    json_t *ended = NULL;
    const int64_t started = monotonic_ms();
    for (;;) {
        ended = api_expect(fixture, "GET", "/api/v1/experiments/e2", NULL, 200);
        if (strcmp(json_string_value(json_object_get(ended, "status")), "done") == 0) {
            break;
        }
        json_decref(ended);
        poll_pause(started);
    }
    const json_t *cells = json_object_get(ended, "cells");
    assert_int_equal(json_array_size(cells), 1);
    assert_int_equal(json_array_size(json_object_get(json_array_get(cells, 0), "runs")),
                     3);
    json_decref(ended);
    json_t *compared =
        api_expect(fixture, "GET", "/api/v1/compare?cells=c1,c2", NULL, 200);
    const json_t *side = json_array_get(json_object_get(compared, "sides"), 1);
    const json_t *difference = json_array_get(json_object_get(side, "differences"), 0);
    assert_string_equal(json_string_value(json_object_get(difference, "pointer")),
                        "/runtimes/0");
    const json_t *row = json_array_get(json_object_get(compared, "rows"), 0);
    const json_t *figure = json_array_get(json_object_get(row, "figures"), 1);
    assert_string_equal(json_string_value(json_object_get(figure, "verdict")), "better");
    json_decref(compared);
}

static void test_what_if_refuses(void **state) {
    struct api_fixture *fixture = *state;
    static const struct {
        const char *body, *words;
        int status;
    } cases[] = {
        {"{}", "is missing", 400},
        {"{\"patch\":[]}", "of at least one operation", 422},
        {"{\"patch\":{\"op\":\"remove\"}}", "of at least one operation", 422},
        {"{\"patch\":[1]}", "no JSON patch", 422},
        {"{\"patch\":[1],\"x\":1}", "unknown field", 422},
        {"[", "", 400},
        {"{\"patch\":[{\"op\":\"replace\",\"path\":\"/nowhere\",\"value\":1}]}",
         "leads to nothing", 422},
        {"{\"patch\":[{\"op\":\"replace\",\"path\":\"/machine/cores\",\"value\":0}]}", "",
         422},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status;
        json_t *json = api_ask(fixture, "POST", what_if, cases[i].body, &status);
        const char *detail = json_string_value(json_object_get(json, "detail"));
        if (status != cases[i].status || strstr(detail, cases[i].words) == NULL) {
            fail_msg("%s: %d %s", cases[i].body, status, detail);
        }
        json_decref(json);
    }
    json_decref(api_expect(fixture, "POST", "/api/v1/runs/r999/what-if",
                           "{\"patch\":[{\"op\":\"remove\",\"path\":\"/seed\"}]}", 404));
    json_t *list = api_expect(fixture, "GET", "/api/v1/experiments", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    json_decref(list);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_findings_api_makes_them_once),
        TEST(test_findings_api_says_why_not),
        TEST(test_findings_api_cancels_only_what_was_asked_for),
        TEST(test_findings_api_says_what_the_store_could_not),
        TEST(test_findings_api_of_a_deadlock),
        TEST(test_findings_api_cancels),
        TEST(test_speedup_api_makes_it_once),
        TEST(test_speedup_api_cancels),
        TEST(test_findings_api_shares_places),
        TEST(test_what_if_runs_beside),
        TEST(test_what_if_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
