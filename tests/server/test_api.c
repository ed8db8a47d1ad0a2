/* SPDX-License-Identifier: MIT */
/*
 * The REST interface, over the wire, against a service in this process; what `gilscope
 * run` prints is compared with it.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broken.h"
#include "engine/analysis/metrics.h"
#include "engine/record/lane.h"
#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "server/api/service.h"
#include "server/examples/example.h"
#include "tests/support/test.h"

static const char small[] =
    "{\"schema\":1,\"name\":\"small\",\"repetitions\":3,\"seed\":7,"
    "\"machine\":{\"cores\":2,\"profile\":\"linux-desktop\"},"
    "\"runtimes\":[\"cpython-3.12\",\"cpython-3.14t\"],"
    "\"strategies\":[\"sequential\",{\"threads\":2},{\"asyncio\":4}],"
    "\"workload\":{\"jobs\":{\"count\":6,\"steps\":[{\"python_us\":3000},"
    "{\"io_us\":{\"dist\":\"exponential\",\"mean\":2000}}]}},"
    "\"sweep\":{\"/machine/cores\":[1,2]}}";

struct fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
};

static void start(struct fixture *fixture, bool load_examples) {
    struct err err = {0};
    const struct service_options options = {.database = fixture->scratch.database,
                                            .load_examples = load_examples};
    if (service_start(&fixture->service, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    fixture->port = service_port(fixture->service);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    start(fixture, false);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    service_stop(fixture->service);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

/* --- asking ---------------------------------------------------------------------- */

/* GETs a path that must answer `status`; the caller releases the JSON. */
static json_t *get_status(const struct fixture *fixture, const char *path, int status) {
    struct http_answer answer;
    http_client_request(fixture->port, "GET", path, NULL, &answer);
    if (answer.status != status) {
        fail_msg("GET %s: %d instead of %d: %s", path, answer.status, status,
                 answer.body);
    }
    json_t *json = json_loads(answer.body, 0, NULL);
    assert_non_null(json);
    http_answer_deinit(&answer);
    return json;
}

static json_t *get(const struct fixture *fixture, const char *path) {
    return get_status(fixture, path, 200);
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static size_t experiments(const struct fixture *fixture) {
    json_t *list = get(fixture, "/api/v1/experiments");
    const size_t count = json_array_size(json_object_get(list, "items"));
    json_decref(list);
    return count;
}

/* Submits a document; returns the experiment as answered. */
static json_t *submit(const struct fixture *fixture, const char *document) {
    struct http_answer answer;
    http_client_request(fixture->port, "POST", "/api/v1/experiments?again=true", document,
                        &answer);
    if (answer.status != 201) {
        fail_msg("%d: %s", answer.status, answer.body);
    }
    json_t *json = json_loads(answer.body, 0, NULL);
    assert_non_null(json);
    char location[128];
    snprintf(location, sizeof location, "/api/v1/experiments/%s", text_of(json, "id"));
    assert_string_equal(http_answer_header(&answer, "Location"), location);
    http_answer_deinit(&answer);
    return json;
}

/* The experiment once it is no longer queued or running. */
static json_t *wait_for(const struct fixture *fixture, const char *id) {
    char path[128];
    const int64_t started = monotonic_ms();
    snprintf(path, sizeof path, "/api/v1/experiments/%s", id);
    for (;;) {
        json_t *json = get(fixture, path);
        const char *status = text_of(json, "status");
        if (strcmp(status, "queued") != 0 && strcmp(status, "running") != 0) {
            return json;
        }
        json_decref(json);
        poll_pause(started);
    }
}

static json_t *submit_and_wait(const struct fixture *fixture, const char *document) {
    json_t *created = submit(fixture, document);
    json_t *finished = wait_for(fixture, text_of(created, "id"));
    json_decref(created);
    return finished;
}

/* --- the same result everywhere -------------------------------------------------- */

/* Leaves only what must be the same wherever the document is run. */
static void strip(json_t *experiment) {
    size_t i;
    size_t j;
    json_t *cell;
    json_t *run;
    json_object_del(experiment, "id");
    json_object_del(experiment, "created_ms");
    json_array_foreach(json_object_get(experiment, "cells"), i, cell) {
        json_object_del(cell, "id");
        json_object_del(json_object_get(cell, "versus_best"), "cell");
        json_array_foreach(json_object_get(cell, "runs"), j, run) {
            json_object_del(run, "id");
            json_object_del(run, "has_timeline");
        }
    }
}

static json_t *run_by_command(const char *file, const char *database) {
    struct process process;
    const char *const arguments[] = {
        "run", "--json", file, database != NULL ? "--database" : NULL, database, NULL};
    process_start(&process, arguments);
    char *text = process_read_all(&process);
    assert_int_equal(process_wait(&process), 0);
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (json == NULL) {
        fail_msg("%s in: %.300s", error.text, text);
    }
    free(text);
    return json;
}

static void write_file(const char *path, const char *text, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Submits a document and runs it twice by command; all three must agree. */
static void expect_same(const struct fixture *fixture, const char *name,
                        const char *document) {
    char file[SCRATCH_PATH_SIZE];
    char database[SCRATCH_PATH_SIZE];
    snprintf(file, sizeof file, "%s/document.json", fixture->scratch.directory);
    snprintf(database, sizeof database, "%s/command.db", fixture->scratch.directory);
    write_file(file, document, strlen(document));
    json_t *served = submit_and_wait(fixture, document);
    json_t *in_memory = run_by_command(file, NULL);
    json_t *stored = run_by_command(file, database);
    assert_string_equal(text_of(served, "status"), "done");
    strip(served);
    strip(in_memory);
    strip(stored);
    if (!json_equal(served, in_memory) || !json_equal(served, stored)) {
        char *a = json_dumps(served, JSON_SORT_KEYS);
        char *b = json_dumps(in_memory, JSON_SORT_KEYS);
        char *c = json_dumps(stored, JSON_SORT_KEYS);
        print_error("%s\n%s\n%s\n%s\n", name, a, b, c);
        fail();
    }
    json_decref(served);
    json_decref(in_memory);
    json_decref(stored);
}

static void test_api_gives_what_the_command_gives(void **state) {
    const struct fixture *fixture = *state;
    expect_same(fixture, "small", small);
    assert_true(example_count > 0);
    for (size_t i = 0; i < example_count; i++) {
        expect_same(fixture, examples[i].id, examples[i].text);
    }
}

static void test_api_repeats_itself_exactly(void **state) {
    const struct fixture *fixture = *state;
    json_t *first = submit_and_wait(fixture, small);
    json_t *second = submit_and_wait(fixture, small);
    assert_string_not_equal(text_of(first, "id"), text_of(second, "id"));
    strip(first);
    strip(second);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

/* --- broken documents ------------------------------------------------------------ */

static void post_bytes(const struct fixture *fixture, const char *bytes, size_t size,
                       struct http_answer *out) {
    char head[256];
    *out = (struct http_answer){0};
    const int fd = http_client_connect(fixture->port);
    snprintf(head, sizeof head,
             "POST /api/v1/experiments HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             size);
    http_client_send_text(fd, head);
    http_client_send(fd, bytes, size);
    http_client_read(fd, false, out);
    close(fd);
}

/* The sentence of a refusal is its message with the values in it. */
static void expect_sentence(const json_t *sentence) {
    const json_t *values = json_object_get(sentence, "values");
    const char *message = text_of(sentence, "message");
    char text[512];
    size_t used = 0, count = 0;
    while (*message != '\0') {
        char hole[16];
        const int size = snprintf(hole, sizeof hole, "{%zu}", count);
        if (count < json_array_size(values) &&
            strncmp(message, hole, (size_t)size) == 0) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s",
                                     json_string_value(json_array_get(values, count)));
            message += size;
            count++;
        } else {
            text[used++] = *message++;
        }
        assert_true(used < sizeof text);
    }
    text[used] = '\0';
    assert_int_equal(count, json_array_size(values));
    assert_string_equal(text, text_of(sentence, "detail"));
}

static void expect_refused(const struct fixture *fixture, const struct broken *broken) {
    struct http_answer answer;
    post_bytes(fixture, broken->text, broken->size, &answer);
    json_t *json = json_loads(answer.body, 0, NULL);
    if (answer.status < 400 || answer.status > 499 || json == NULL) {
        fail_msg("%s: %d %s", broken->name, answer.status, answer.body);
    }
    const json_t *error = json_array_get(json_object_get(json, "errors"), 0);
    assert_int_equal(json_integer_value(json_object_get(json, "status")), answer.status);
    expect_sentence(json);
    expect_sentence(error);
    /* What is larger than a body may be is not read as a document. */
    if (answer.status == 413) {
        assert_string_equal(text_of(error, "pointer"), "");
    } else {
        assert_string_equal(text_of(error, "pointer"), broken->pointer);
        assert_non_null(strstr(text_of(error, "detail"), broken->says));
    }
    json_decref(json);
    http_answer_deinit(&answer);
}

/* The first is what the reader stops at; what else the tables have against it follows. */
static void test_api_says_all_that_is_wrong(void **state) {
    const struct fixture *fixture = *state;
    static const char text[] = "{\"schema\": 1, \"seeed\": 1, \"repetitions\": 0,"
                               " \"workload\": {\"jobs\": {\"count\": 0, \"steps\": ["
                               "{\"python_us\": 1, \"gil\": \"held\"}]}}}";
    static const char *const pointers[] = {
        "/seeed", "/repetitions", "/workload/jobs/count", "/workload/jobs/steps/0/gil"};
    struct http_answer answer;
    post_bytes(fixture, text, sizeof text - 1, &answer);
    assert_int_equal(answer.status, 422);
    json_t *json = json_loads(answer.body, 0, NULL);
    const json_t *errors = json_object_get(json, "errors");
    assert_int_equal(json_array_size(errors), sizeof pointers / sizeof pointers[0]);
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        assert_string_equal(text_of(error, "pointer"), pointers[i]);
        expect_sentence(error);
    }
    assert_string_equal(text_of(json, "detail"),
                        text_of(json_array_get(errors, 0), "detail"));
    json_decref(json);
    http_answer_deinit(&answer);
}

static void test_api_refuses_every_broken_document(void **state) {
    const struct fixture *fixture = *state;
    struct broken *list = NULL;
    size_t count = 0;
    broken_list(&list, &count);
    assert_true(count >= 40);
    for (size_t i = 0; i < count; i++) {
        expect_refused(fixture, &list[i]);
    }
    broken_free(list, count);
    assert_int_equal(experiments(fixture), 0);
    json_decref(submit_and_wait(fixture, small));
    assert_int_equal(experiments(fixture), 1);
}

/* --- experiments ----------------------------------------------------------------- */

static void test_api_answers_a_submission_with_its_cells(void **state) {
    const struct fixture *fixture = *state;
    json_t *created = submit(fixture, small);
    json_t *document = json_loads(small, 0, NULL);
    const json_t *cells = json_object_get(created, "cells");
    assert_int_equal(json_array_size(cells), 12);
    assert_null(json_object_get(json_array_get(cells, 0), "runs"));
    assert_true(json_equal(json_object_get(created, "document"), document));
    assert_string_equal(text_of(created, "name"), "small");
    json_t *finished = wait_for(fixture, text_of(created, "id"));
    assert_int_equal(json_integer_value(json_object_get(finished, "cells_done")), 12);
    size_t i;
    json_t *cell;
    json_array_foreach(json_object_get(finished, "cells"), i, cell) {
        assert_int_equal(json_integer_value(json_object_get(cell, "index")), i);
        assert_string_equal(text_of(cell, "status"), "done");
        assert_int_equal(json_array_size(json_object_get(cell, "runs")), 3);
        assert_non_null(json_object_get(json_object_get(cell, "metrics"), "makespan_us"));
    }
    json_decref(document);
    json_decref(created);
    json_decref(finished);
}

static void test_api_pages_newest_first(void **state) {
    const struct fixture *fixture = *state;
    enum { COUNT = 5 };
    char ids[COUNT][32];
    for (int i = 0; i < COUNT; i++) {
        json_t *created = submit(fixture, small);
        snprintf(ids[i], sizeof ids[i], "%s", text_of(created, "id"));
        json_decref(created);
    }
    char path[128] = "/api/v1/experiments?limit=2";
    int at = COUNT;
    for (;;) {
        size_t i;
        json_t *item;
        json_t *page = get(fixture, path);
        json_array_foreach(json_object_get(page, "items"), i, item) {
            assert_string_equal(text_of(item, "id"), ids[--at]);
            assert_int_equal(json_integer_value(json_object_get(item, "cells")), 12);
        }
        const char *next = json_string_value(json_object_get(page, "next"));
        if (next == NULL) {
            assert_true(json_is_null(json_object_get(page, "next")));
            json_decref(page);
            break;
        }
        snprintf(path, sizeof path, "/api/v1/experiments?limit=2&after=%s", next);
        json_decref(page);
    }
    assert_int_equal(at, 0);
}

/* --- runs ------------------------------------------------------------------------ */

/* The id of the first run of the first cell. */
static void first_run(const struct fixture *fixture, char *id, size_t size) {
    json_t *experiment = submit_and_wait(fixture, small);
    const json_t *cell = json_array_get(json_object_get(experiment, "cells"), 0);
    const json_t *run = json_array_get(json_object_get(cell, "runs"), 0);
    assert_true(json_is_true(json_object_get(run, "has_timeline")));
    snprintf(id, size, "%s", text_of(run, "id"));
    json_decref(experiment);
}

static json_t *get_run(const struct fixture *fixture, const char *id, const char *what,
                       int status) {
    char path[192];
    snprintf(path, sizeof path, "/api/v1/runs/%s%s", id, what);
    return get_status(fixture, path, status);
}

static void expect_columns(const json_t *object, const char *const *names, size_t count) {
    const size_t length = json_array_size(json_object_get(object, names[0]));
    for (size_t i = 0; i < count; i++) {
        const json_t *column = json_object_get(object, names[i]);
        assert_true(json_is_array(column));
        assert_int_equal(json_array_size(column), length);
    }
}

static double metric_of_run(const struct fixture *fixture, const json_t *run,
                            const char *name) {
    size_t i;
    json_t *item;
    double value = -1;
    json_t *list = get_run(fixture, text_of(run, "id"), "/metrics", 200);
    json_array_foreach(json_object_get(list, "items"), i, item) {
        if (strcmp(text_of(item, "name"), name) == 0) {
            value = json_number_value(json_object_get(item, "value"));
        }
    }
    json_decref(list);
    assert_true(value > 0);
    return value;
}

static double middle_of_three(double a, double b, double c) {
    const double most = fmax(a, fmax(b, c)), least = fmin(a, fmin(b, c));
    return a + b + c - most - least;
}

/* Three repetitions with random I/O: the sequential cell beside the one with threads, and
 * the summaries, against the metrics of the runs. */
static void test_api_compares_cells_by_repetition(void **state) {
    const struct fixture *fixture = *state;
    json_t *experiment = submit_and_wait(
        fixture, "{\"schema\":1,\"repetitions\":3,\"goal\":\"makespan_us\","
                 "\"strategies\":[\"sequential\",{\"threads\":4}],"
                 "\"workload\":{\"jobs\":{\"count\":20,\"steps\":[{\"io_us\":"
                 "{\"dist\":\"exponential\",\"mean\":5000}}]}}}");
    const json_t *cells = json_object_get(experiment, "cells");
    const json_t *slow = json_array_get(cells, 0), *fast = json_array_get(cells, 1);
    double figure[2][3];
    for (size_t cell = 0; cell < 2; cell++) {
        for (size_t i = 0; i < 3; i++) {
            const json_t *runs = json_object_get(json_array_get(cells, cell), "runs");
            figure[cell][i] =
                metric_of_run(fixture, json_array_get(runs, i), "makespan_us");
        }
    }
    const json_t *versus = json_object_get(slow, "versus_best");
    assert_string_equal(text_of(versus, "metric"), "makespan_us");
    assert_string_equal(text_of(versus, "cell"), text_of(fast, "id"));
    assert_int_equal(json_integer_value(json_object_get(versus, "pairs")), 3);
    const double ratio = json_number_value(json_object_get(versus, "ratio"));
    assert_true(fabs(ratio - middle_of_three(figure[0][0] / figure[1][0],
                                             figure[0][1] / figure[1][1],
                                             figure[0][2] / figure[1][2])) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(versus, "ratio_95")), 2);
    const json_t *own = json_object_get(fast, "versus_best");
    assert_true(json_number_value(json_object_get(own, "ratio")) == 1);
    const json_t *summary =
        json_object_get(json_object_get(slow, "metrics"), "makespan_us");
    assert_int_equal(json_integer_value(json_object_get(summary, "n")), 3);
    assert_true(fabs(json_number_value(json_object_get(summary, "mean")) -
                     (figure[0][0] + figure[0][1] + figure[0][2]) / 3) < 1e-6);
    const json_t *interval = json_object_get(summary, "median_95");
    assert_true(json_number_value(json_array_get(interval, 0)) <
                json_number_value(json_array_get(interval, 1)));
    json_decref(experiment);
}

static void test_api_shows_a_run_whole(void **state) {
    const struct fixture *fixture = *state;
    static const char *const columns[] = {"start", "end",  "state", "resource",
                                          "by",    "site", "count"};
    static const char *const instants[] = {"at", "lane", "kind", "by", "count"};
    static const char *const counters[] = {"at", "min", "max", "last", "count"};
    char id[32];
    first_run(fixture, id, sizeof id);
    json_t *run = get_run(fixture, id, "", 200);
    json_t *metrics_list = get_run(fixture, id, "/metrics", 200);
    json_t *lanes = get_run(fixture, id, "/lanes", 200);
    json_t *timeline = get_run(fixture, id, "/timeline?pixels=100", 200);
    assert_string_equal(text_of(run, "status"), "done");
    assert_int_equal(strlen(text_of(run, "fingerprint")), 16);
    assert_true(json_array_size(json_object_get(run, "not_modelled")) > 0);
    assert_true(json_array_size(json_object_get(metrics_list, "items")) > 0);
    assert_int_equal(json_array_size(json_object_get(lanes, "states")), STATE_COUNT);
    assert_int_equal(json_array_size(json_object_get(lanes, "instants")), INSTANT_COUNT);
    assert_int_equal(json_array_size(json_object_get(lanes, "counters")), COUNTER_COUNT);
    assert_int_equal(json_array_size(json_object_get(lanes, "sites")), 2);
    const json_int_t duration = json_integer_value(json_object_get(run, "duration_ns"));
    assert_int_equal(json_integer_value(json_object_get(timeline, "to")), duration);
    size_t i;
    json_t *lane;
    assert_true(json_array_size(json_object_get(timeline, "lanes")) > 0);
    json_array_foreach(json_object_get(timeline, "lanes"), i, lane) {
        expect_columns(lane, columns, sizeof columns / sizeof columns[0]);
        assert_true(json_array_size(json_object_get(lane, "start")) <= 200);
    }
    expect_columns(json_object_get(timeline, "instants"), instants, 5);
    assert_true(json_array_size(json_object_get(timeline, "counters")) > 0);
    json_array_foreach(json_object_get(timeline, "counters"), i, lane) {
        const json_int_t kind = json_integer_value(json_object_get(lane, "kind"));
        assert_in_range(kind, 0, COUNTER_COUNT - 1);
        assert_int_equal(json_integer_value(json_object_get(lane, "before")), 0);
        expect_columns(lane, counters, 5);
    }
    json_decref(run);
    json_decref(metrics_list);
    json_decref(lanes);
    json_decref(timeline);
}

/* What can no longer change may be kept; a client that has it is told so. */
static void test_api_lets_finished_runs_be_kept(void **state) {
    const struct fixture *fixture = *state;
    static const char *const parts[] = {
        "",       "/lanes",   "/timeline?pixels=100", "/range",
        "/spans", "/metrics", "/histograms",          "/blame",
        "/flows"};
    char id[32], path[128];
    first_run(fixture, id, sizeof id);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct http_answer answer;
        snprintf(path, sizeof path, "/api/v1/runs/%s%s", id, parts[i]);
        http_client_request(fixture->port, "GET", path, NULL, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(http_answer_header(&answer, "Cache-Control"),
                            "private, max-age=86400, immutable");
        http_answer_deinit(&answer);
    }
    struct http_answer list;
    http_client_request(fixture->port, "GET", "/api/v1/experiments", NULL, &list);
    assert_string_equal(http_answer_header(&list, "Cache-Control"), "no-cache");
    http_answer_deinit(&list);
}

/* The time in each state, as the lanes tell it, is the length of the spans in that state.
 */
static void test_api_lanes_and_spans_agree(void **state) {
    const struct fixture *fixture = *state;
    char id[32];
    first_run(fixture, id, sizeof id);
    json_t *lanes = get_run(fixture, id, "/lanes", 200);
    json_t *timeline = get_run(fixture, id, "/timeline?pixels=16384", 200);
    const json_t *names = json_object_get(lanes, "states");
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(timeline, "lanes"), i, item) {
        json_int_t totals[STATE_COUNT] = {0};
        const json_int_t lane = json_integer_value(json_object_get(item, "id"));
        const json_t *start = json_object_get(item, "start");
        const json_t *end = json_object_get(item, "end");
        const json_t *states = json_object_get(item, "state");
        const json_t *count = json_object_get(item, "count");
        for (size_t j = 0; j < json_array_size(start); j++) {
            if (json_integer_value(json_array_get(count, j)) != 1) {
                totals[0] = -1; /* merged: states inside are not told */
                break;
            }
            totals[json_integer_value(json_array_get(states, j))] +=
                json_integer_value(json_array_get(end, j)) -
                json_integer_value(json_array_get(start, j));
        }
        const json_t *told = json_object_get(
            json_array_get(json_object_get(lanes, "items"), (size_t)lane), "totals");
        for (size_t s = 0; totals[0] >= 0 && s < STATE_COUNT; s++) {
            const char *name = json_string_value(json_array_get(names, s));
            assert_int_equal(json_integer_value(json_object_get(told, name)), totals[s]);
        }
    }
    json_decref(lanes);
    json_decref(timeline);
}

static void test_api_refuses_wrong_parameters(void **state) {
    const struct fixture *fixture = *state;
    static const struct {
        const char *path;
        int status;
    } rows[] = {
        {"/api/v1/experiments/e99", 404},
        {"/api/v1/experiments/99", 404},
        {"/api/v1/experiments/e1x", 404},
        {"/api/v1/experiments/e-1", 404},
        {"/api/v1/experiments/e01", 404},
        {"/api/v1/experiments/e99999999999999999999", 404},
        {"/api/v1/runs/r99", 404},
        {"/api/v1/runs/e1", 404},
        {"/api/v1/runs/r99/metrics", 404},
        {"/api/v1/runs/r99/lanes", 404},
        {"/api/v1/runs/r99/timeline", 404},
        {"/api/v1/events?topics=e99", 404},
        {"/api/v1/events?topics=experiments,r99", 404},
        {"/api/v1/events?topics=nonsense", 400},
        {"/api/v1/events?topics=", 400},
        {"/api/v1/events?topics=,", 400},
        {"/api/v1/events?experiment=e1", 400},
        {"/api/v1/experiments?limit=0", 400},
        {"/api/v1/experiments?limit=201", 400},
        {"/api/v1/experiments?limit=x", 400},
        {"/api/v1/experiments?limit=", 400},
        {"/api/v1/experiments?after=zzz", 400},
        {"/api/v1/experiments?page=2", 400},
    };
    static const char *const windows[] = {
        "/timeline?pixels=0",    "/timeline?pixels=16385", "/timeline?from=-1",
        "/timeline?from=5&to=5", "/timeline?from=x",       "/timeline?lanes=",
        "/timeline?lanes=1,",    "/timeline?lanes=a",      "/timeline?lanes=1;2",
        "/timeline?to=1e9",
    };
    static const struct {
        const char *path, *detail;
    } missing[] = {
        {"/api/v1/experiments/e999", "there is no experiment e999"},
        {"/api/v1/events?topics=e999", "there is no experiment e999"},
        {"/api/v1/runs/r999", "there is no run r999"},
        {"/api/v1/runs/r999/metrics", "there is no run r999"},
        {"/api/v1/runs/r999/lanes", "there is no run r999"},
        {"/api/v1/runs/r999/timeline", "there is no run r999"},
    };
    char id[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_decref(get_status(fixture, rows[i].path, rows[i].status));
    }
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        json_t *problem = get_status(fixture, missing[i].path, 404);
        assert_string_equal(text_of(problem, "detail"), missing[i].detail);
        expect_sentence(problem);
        json_decref(problem);
    }
    first_run(fixture, id, sizeof id);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        json_decref(get_run(fixture, id, windows[i], 400));
    }
    json_t *timeline = get_run(fixture, id, "/timeline?lanes=1,0,1", 200);
    assert_int_equal(json_array_size(json_object_get(timeline, "lanes")), 2);
    json_decref(timeline);
}

/* --- what is compiled in --------------------------------------------------------- */

static void test_api_lists_presets_models_metrics(void **state) {
    const struct fixture *fixture = *state;
    json_t *presets = get(fixture, "/api/v1/presets");
    json_t *models = get(fixture, "/api/v1/models");
    json_t *list = get(fixture, "/api/v1/metrics");
    assert_int_equal(json_array_size(json_object_get(presets, "items")), example_count);
    assert_int_equal(json_array_size(json_object_get(list, "items")), METRIC_COUNT);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(presets, "items"), i, item) {
        assert_true(strlen(text_of(item, "name")) > 0);
        assert_true(strlen(text_of(item, "description")) > 20);
        assert_true(json_is_object(json_object_get(item, "document")));
    }
    json_array_foreach(json_object_get(models, "items"), i, item) {
        const json_t *parameter = json_array_get(json_object_get(item, "parameters"), 0);
        assert_true(strlen(text_of(parameter, "source")) > 0);
        assert_true(strlen(text_of(parameter, "meaning")) > 0);
        assert_int_equal(json_is_true(json_object_get(item, "hypothetical")),
                         strcmp(text_of(item, "name"), "cpython-atomic-refcounts") == 0);
    }
    json_decref(presets);
    json_decref(models);
    json_decref(list);
}

/* How many parameters the models have in all, each of which is called "cores". */
static size_t count_cores(const json_t *list) {
    size_t i, k, count = 0;
    json_t *model, *parameter;
    json_array_foreach(list, i, model) {
        json_array_foreach(json_object_get(model, "parameters"), k, parameter) {
            assert_string_equal(text_of(parameter, "name"), "cores");
            count++;
        }
    }
    return count;
}

static void test_api_lists_models_with_the_parameters_asked_for(void **state) {
    const struct fixture *fixture = *state;
    json_t *none = get(fixture, "/api/v1/models?parameters=");
    json_t *cores = get(fixture, "/api/v1/models?parameters=cores");
    assert_int_equal(count_cores(json_object_get(none, "profiles")), 0);
    assert_int_equal(count_cores(json_object_get(none, "items")), 0);
    assert_int_equal(count_cores(json_object_get(cores, "items")), 0);
    assert_int_equal(count_cores(json_object_get(cores, "profiles")),
                     json_array_size(json_object_get(cores, "profiles")));
    json_decref(none);
    json_decref(cores);
    json_t *problem = get_status(fixture, "/api/v1/models?parameters=cores,core", 400);
    assert_non_null(strstr(text_of(problem, "detail"), "'core'"));
    json_decref(problem);
}

/* --- events ---------------------------------------------------------------------- */

static void test_api_streams_progress_to_the_end(void **state) {
    const struct fixture *fixture = *state;
    enum { SIZE = 1 << 20 };
    char request[256];
    char expected[128];
    char *buffer = calloc(1, SIZE);
    assert_non_null(buffer);
    json_t *created = submit(fixture, small);
    const char *id = text_of(created, "id");
    /* HTTP/1.0: no chunks between the lines. */
    snprintf(request, sizeof request,
             "GET /api/v1/events?topics=%s HTTP/1.0\r\nHost: localhost\r\n\r\n", id);
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(fd, request);
    snprintf(expected, sizeof expected,
             "event: finished\ndata: {\"experiment\":\"%s\",\"status\":\"done\"}\n\n",
             id);
    http_client_read_until(fd, expected, buffer, SIZE);
    assert_non_null(strstr(buffer, "Content-Type: text/event-stream"));
    assert_non_null(strstr(buffer, "event: progress\ndata: {\"experiment\":"));
    close(fd);
    free(buffer);
    json_decref(created);
}

static void test_api_streams_all_experiments(void **state) {
    const struct fixture *fixture = *state;
    enum { SIZE = 1 << 20 };
    char *buffer = calloc(1, SIZE);
    assert_non_null(buffer);
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(fd, "GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n");
    http_client_read_until(fd, "retry: 2000\n\n", buffer, SIZE);
    for (int i = 0; i < 2; i++) {
        char expected[128];
        json_t *created = submit(fixture, small);
        snprintf(expected, sizeof expected,
                 "event: finished\ndata: {\"experiment\":\"%s\",\"status\":\"done\"}\n\n",
                 text_of(created, "id"));
        http_client_read_until(fd, expected, buffer, SIZE);
        json_decref(created);
    }
    close(fd);
    free(buffer);
}

/* --- restarts -------------------------------------------------------------------- */

static void test_api_keeps_everything_over_a_restart(void **state) {
    struct fixture *fixture = *state;
    char path[128];
    json_t *before = submit_and_wait(fixture, small);
    snprintf(path, sizeof path, "/api/v1/experiments/%s", text_of(before, "id"));
    service_stop(fixture->service);
    start(fixture, false);
    json_t *after = get(fixture, path);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
}

static void test_api_loads_examples_once(void **state) {
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        service_stop(fixture->service);
        start(fixture, true);
        assert_int_equal(experiments(fixture), example_count);
    }
}

/* What a stop interrupts is marked; what it found waiting is run by the next process. */
static void test_api_runs_what_was_queued_after_a_restart(void **state) {
    struct fixture *fixture = *state;
    enum { COUNT = 20 };
    char ids[COUNT][32];
    for (int i = 0; i < COUNT; i++) {
        json_t *created = submit(fixture, small);
        snprintf(ids[i], sizeof ids[i], "%s", text_of(created, "id"));
        json_decref(created);
    }
    service_stop(fixture->service);
    start(fixture, false);
    for (int i = 0; i < COUNT; i++) {
        json_t *experiment = wait_for(fixture, ids[i]);
        const char *status = text_of(experiment, "status");
        if (strcmp(status, "done") != 0) {
            assert_string_equal(status, "interrupted");
            assert_true(strlen(text_of(experiment, "reason")) > 0);
        }
        /* Nothing may be left looking as if it still ran. */
        size_t j;
        json_t *cell;
        json_array_foreach(json_object_get(experiment, "cells"), j, cell) {
            assert_string_not_equal(text_of(cell, "status"), "running");
        }
        json_decref(experiment);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_api_gives_what_the_command_gives),
        TEST(test_api_compares_cells_by_repetition),
        TEST(test_api_repeats_itself_exactly),
        TEST(test_api_says_all_that_is_wrong),
        TEST(test_api_refuses_every_broken_document),
        TEST(test_api_answers_a_submission_with_its_cells),
        TEST(test_api_pages_newest_first),
        TEST(test_api_shows_a_run_whole),
        TEST(test_api_lets_finished_runs_be_kept),
        TEST(test_api_lanes_and_spans_agree),
        TEST(test_api_refuses_wrong_parameters),
        TEST(test_api_lists_presets_models_metrics),
        TEST(test_api_lists_models_with_the_parameters_asked_for),
        TEST(test_api_streams_progress_to_the_end),
        TEST(test_api_streams_all_experiments),
        TEST(test_api_keeps_everything_over_a_restart),
        TEST(test_api_loads_examples_once),
        TEST(test_api_runs_what_was_queued_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
