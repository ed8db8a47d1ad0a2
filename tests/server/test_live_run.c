/* SPDX-License-Identifier: MIT */
/* test_live_run - what is known of runs while they go on, and that streams tell it. */
#include "server/jobs/live_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

/* --- the list ---------------------------------------------------------------------- */

static void begin(struct live_run *run, struct live_runs *runs, int64_t cell) {
    const struct live_run_name name = {.experiment = 7, .cell = cell, .repetition = 1};
    live_run_begin(run, runs, &name);
}

/* As the engine does it at its looks. */
static bool look(struct live_run *run, sim_ns now) {
    const struct run_watcher *watcher = live_run_watcher(run);
    const bool wanted = watcher->wants(watcher->context);
    if (wanted) {
        watcher->show(watcher->context, &(struct run_so_far){.now_ns = now});
    }
    return wanted;
}

static void test_live_run_is_looked_at_when_it_is_asked_for(void **state) {
    (void)state;
    struct live_runs *runs = NULL;
    struct live_run run;
    struct live_run_known known;
    assert_int_equal(live_runs_create(&runs, NULL), 0);
    begin(&run, runs, 3);
    assert_false(look(&run, 10));
    assert_true(live_runs_take(runs, 0, &known));
    assert_false(known.is_new);
    assert_int_equal(known.name.cell, 3);
    assert_int_equal(known.name.run, 0);
    live_runs_ask(runs, known.serial);
    assert_true(look(&run, 20));
    assert_false(look(&run, 30)); /* once */
    live_run_set_id(&run, 55);
    assert_true(live_runs_take(runs, 0, &known));
    assert_true(known.is_new);
    assert_int_equal(known.name.run, 55);
    assert_int_equal(known.so_far.now_ns, 20);
    assert_true(live_runs_take(runs, 0, &known));
    assert_false(known.is_new); /* nothing since */
    live_run_end(&run);
    assert_false(live_runs_take(runs, 0, &known));
    live_runs_ask(runs, known.serial); /* of one that has ended: nothing */
    live_runs_destroy(runs);
}

/* Runs come and go in any order; those that are there are found, oldest first. */
static void test_live_runs_are_found_in_order(void **state) {
    (void)state;
    enum { RUNS = 40, STEPS = 4000 };
    struct live_runs *runs = NULL;
    struct live_run slots[RUNS];
    int64_t cell_of[RUNS] = {0}; /* 0: the slot is free */
    uint32_t random = 5;
    assert_int_equal(live_runs_create(&runs, NULL), 0);
    for (int64_t step = 1; step <= STEPS + RUNS; step++) {
        random = random * 1664525u + 1013904223u;
        const size_t i =
            step <= STEPS ? (random >> 16) % RUNS : (size_t)(step - STEPS - 1);
        if (cell_of[i] != 0) {
            live_run_end(&slots[i]);
            cell_of[i] = 0;
        } else if (step <= STEPS) {
            cell_of[i] = step;
            begin(&slots[i], runs, step);
        }
        struct live_run_known known = {0};
        size_t found = 0, there = 0;
        int64_t before = 0;
        while (live_runs_take(runs, known.serial, &known)) {
            assert_true(known.name.cell > before);
            before = known.name.cell;
            found++;
        }
        for (size_t k = 0; k < RUNS; k++) {
            there += cell_of[k] != 0 ? 1 : 0;
        }
        assert_int_equal(found, there);
    }
    live_runs_destroy(runs);
}

static void test_live_run_without_a_reader_is_nothing(void **state) {
    (void)state;
    struct live_run run;
    begin(&run, NULL, 3);
    live_run_set_id(&run, 9);
    assert_null(live_run_watcher(&run));
    live_run_end(&run);
}

/* --- streams ----------------------------------------------------------------------- */

/* One cell that is recorded, and one that is not; both last until they are cancelled. */
#define ENDLESS(record)                                                                  \
    "{\"schema\":1,\"record\":\"" record "\",\"repetitions\":1,"                         \
    "\"limits\":{\"events\":10000000000,\"spans\":10000000000,\"virtual_s\":1000000},"   \
    "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":2}],"                  \
    "\"workload\":{\"jobs\":{\"count\":1000000,"                                         \
    "\"steps\":[{\"python_us\":50},{\"io_us\":10}]}}}"

/* The data of the next event of that name; the buffer is emptied up to behind it. */
static json_t *next_event(int fd, const char *name, char *buffer, size_t size) {
    char line[64];
    snprintf(line, sizeof line, "event: %s\ndata: ", name);
    http_client_read_until(fd, line, buffer, size);
    char *data = strstr(buffer, line) + strlen(line);
    if (strchr(data, '\n') == NULL) {
        http_client_read_until(fd, "\n\n", data, size - (size_t)(data - buffer));
    }
    char *end = strchr(data, '\n');
    json_t *json = json_loadb(data, (size_t)(end - data), 0, NULL);
    assert_non_null(json);
    memmove(buffer, end, strlen(end) + 1);
    return json;
}

static json_int_t number_of(const json_t *json, const char *key) {
    const json_t *value = json_object_get(json, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* What is told grows, and its metrics are consistent with each other. */
static void expect_growth(const struct api_fixture *fixture, const char *topic,
                          const char *run) {
    enum { SIZE = 1 << 20, EVENTS = 3 };
    char request[128];
    json_int_t duration = 0, events = 0, units = 0;
    char *buffer = calloc(1, SIZE);
    assert_non_null(buffer);
    snprintf(request, sizeof request,
             "GET /api/v1/events?topics=%s HTTP/1.0\r\nHost: localhost\r\n\r\n", topic);
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(fd, request);
    for (int i = 0; i < EVENTS; i++) {
        json_t *json = next_event(fd, "metrics", buffer, SIZE);
        const json_t *values = json_object_get(json, "metrics");
        assert_string_equal(json_string_value(json_object_get(json, "cell")), "c1");
        const char *named = json_string_value(json_object_get(json, "run"));
        assert_true((named == NULL) == (run == NULL));
        assert_true(run == NULL || strcmp(named, run) == 0);
        assert_true(number_of(json, "duration_ns") > duration);
        assert_true(number_of(json, "events") > events);
        assert_true(number_of(json, "units") > units);
        duration = number_of(json, "duration_ns");
        events = number_of(json, "events");
        units = number_of(json, "units");
        const double makespan_us =
            json_number_value(json_object_get(values, "makespan_us"));
        const double rate =
            json_number_value(json_object_get(values, "throughput_per_s"));
        assert_true(makespan_us * 1e3 > (double)duration * 0.999999 &&
                    makespan_us * 1e3 < (double)duration * 1.000001);
        assert_true(rate * makespan_us / 1e6 > (double)units * 0.999999 &&
                    rate * makespan_us / 1e6 < (double)units * 1.000001);
        assert_true(json_is_number(json_object_get(values, "gil_held_share")));
        assert_null(json_object_get(values, "loop_iterations")); /* there is no loop */
        json_decref(json);
    }
    close(fd);
    free(buffer);
}

static void test_live_run_metrics_are_streamed(void **state) {
    const struct api_fixture *fixture = *state;
    json_decref(
        api_expect(fixture, "POST", "/api/v1/experiments", ENDLESS("summary"), 201));
    expect_growth(fixture, "e1", NULL);
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "interrupted");
}

static void test_live_run_metrics_of_a_recorded_run_have_its_id(void **state) {
    const struct api_fixture *fixture = *state;
    json_decref(
        api_expect(fixture, "POST", "/api/v1/experiments", ENDLESS("timeline"), 201));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "running");
    expect_growth(fixture, "e1", "r1");
    expect_growth(fixture, "r1", "r1");
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments/e1/cancel", NULL, 202));
    api_wait_for(fixture, "/api/v1/experiments/e1", "status", "interrupted");
}

/* Whoever follows however many runs is told of each of them. */
static void test_live_run_timelines_are_told_of_all(void **state) {
    enum { RUNS = 45, OF_STREAM = 15 };
    const struct api_fixture *fixture = *state;
    api_run(fixture,
            "{\"schema\":1,\"repetitions\":45,\"record\":\"summary\","
            "\"strategies\":[\"sequential\"],\"workload\":{\"jobs\":{\"count\":1,"
            "\"steps\":[{\"python_us\":1}]}}}",
            "e1");
    int fds[RUNS / OF_STREAM];
    for (int i = 0; i < RUNS / OF_STREAM; i++) {
        char request[256];
        size_t size =
            (size_t)snprintf(request, sizeof request, "GET /api/v1/events?topics=queue");
        for (int run = 1; run <= OF_STREAM; run++) {
            size += (size_t)snprintf(request + size, sizeof request - size, ",r%d",
                                     i * OF_STREAM + run);
        }
        snprintf(request + size, sizeof request - size,
                 " HTTP/1.0\r\nHost: localhost\r\n\r\n");
        fds[i] = http_client_connect(fixture->port);
        http_client_send_text(fds[i], request);
    }
    for (int run = 1; run <= RUNS; run++) {
        static char buffer[RUNS / OF_STREAM][16384];
        char wanted[96];
        const int i = (run - 1) / OF_STREAM;
        snprintf(wanted, sizeof wanted,
                 "event: timeline\ndata: {\"run\":\"r%d\",\"known_until\":null}", run);
        http_client_read_until(fds[i], wanted, buffer[i], sizeof buffer[i]);
    }
    for (int i = 0; i < RUNS / OF_STREAM; i++) {
        close(fds[i]);
    }
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, api_fixture_set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_run_is_looked_at_when_it_is_asked_for),
        cmocka_unit_test(test_live_runs_are_found_in_order),
        cmocka_unit_test(test_live_run_without_a_reader_is_nothing),
        TEST(test_live_run_metrics_are_streamed),
        TEST(test_live_run_timelines_are_told_of_all),
        TEST(test_live_run_metrics_of_a_recorded_run_have_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
