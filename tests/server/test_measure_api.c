/* SPDX-License-Identifier: MIT */
/*
 * Histograms, blame and flows, over the wire: they must agree with the lanes, the metrics and
 * the timeline of the same run.
 */
#include <jansson.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "server/api/service.h"
#include "tests/support/test.h"

/* Three threads want one GIL; the second repetition has no timeline. */
static const char contended[] =
    "{\"schema\":1,\"repetitions\":2,\"runtimes\":[\"cpython-3.12\"],"
    "\"strategies\":[{\"threads\":3}],"
    "\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":20000},"
    "{\"c_us\":7000,\"gil\":\"held\"},{\"io_us\":300}]}}}";

/* Three tasks of two jobs at a time, and a thread beside them. */
static const char awaiting[] =
    "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],"
    "\"strategies\":[{\"asyncio\":2,\"to_thread\":1}],"
    "\"workload\":{\"jobs\":{\"count\":3,\"steps\":[{\"python_us\":3000},"
    "{\"io_us\":5000},{\"python_us\":2000}]}}}";

struct fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
    char recorded[32], summary[32]; /* runs */
    char tasks[32];                 /* of `awaiting` */
};

/* GETs a path that must answer `status`; the caller releases the JSON. */
static json_t *get(const struct fixture *fixture, const char *path, int status) {
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

static json_t *get_run(const struct fixture *fixture, const char *run, const char *what,
                       int status) {
    char path[192];
    snprintf(path, sizeof path, "/api/v1/runs/%s%s", run, what);
    return get(fixture, path, status);
}

/* The id of a run is written to `second`, too, if that is not NULL. */
static void run_document(const struct fixture *fixture, const char *document,
                         char first[32], char second[32]) {
    struct http_answer answer;
    char path[128];
    http_client_request(fixture->port, "POST", "/api/v1/experiments", document, &answer);
    assert_int_equal(answer.status, 201);
    snprintf(path, sizeof path, "%s", http_answer_header(&answer, "Location"));
    http_answer_deinit(&answer);
    const int64_t started = monotonic_ms();
    json_t *experiment = get(fixture, path, 200);
    while (strcmp(json_string_value(json_object_get(experiment, "status")), "done") !=
           0) {
        poll_pause(started);
        json_decref(experiment);
        experiment = get(fixture, path, 200);
    }
    const json_t *runs =
        json_object_get(json_array_get(json_object_get(experiment, "cells"), 0), "runs");
    snprintf(first, 32, "%s",
             json_string_value(json_object_get(json_array_get(runs, 0), "id")));
    if (second != NULL) {
        snprintf(second, 32, "%s",
                 json_string_value(json_object_get(json_array_get(runs, 1), "id")));
    }
    json_decref(experiment);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct err err = {0};
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    const struct service_options options = {.database = fixture->scratch.database};
    if (service_start(&fixture->service, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    fixture->port = service_port(fixture->service);
    run_document(fixture, contended, fixture->recorded, fixture->summary);
    run_document(fixture, awaiting, fixture->tasks, NULL);
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

static json_int_t at(const json_t *object, const char *column, size_t i) {
    return json_integer_value(json_array_get(json_object_get(object, column), i));
}

static double metric_of(const json_t *list, const char *name) {
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(list, "items"), i, item) {
        if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0) {
            return json_number_value(json_object_get(item, "value"));
        }
    }
    fail_msg("there is no metric %s", name);
    return 0;
}

/* --- histograms ------------------------------------------------------------------ */

static void expect_histogram(const json_t *item) {
    const json_t *upper = json_object_get(item, "upper");
    const json_t *counts = json_object_get(item, "counts");
    json_int_t sum = 0;
    assert_int_equal(json_array_size(upper), json_array_size(counts));
    for (size_t i = 0; i < json_array_size(counts); i++) {
        assert_true(json_integer_value(json_array_get(counts, i)) >= 1);
        assert_true(i == 0 || json_number_value(json_array_get(upper, i)) >
                                  json_number_value(json_array_get(upper, i - 1)));
        sum += json_integer_value(json_array_get(counts, i));
    }
    assert_int_equal(json_integer_value(json_object_get(item, "count")), sum);
    assert_string_equal(json_string_value(json_object_get(item, "unit")), "us");
    const double most = json_number_value(json_object_get(item, "max"));
    const double last =
        json_number_value(json_array_get(upper, json_array_size(upper) - 1));
    assert_true(most <= last && last <= most * 1.008);
}

/* The run without a timeline has histograms all the same. */
static void test_measure_api_histograms_agree_with_the_metrics(void **state) {
    const struct fixture *fixture = *state;
    static const char *const names[] = {"latency", "gil_hold", "gil_wait"};
    const char *const runs[] = {fixture->recorded, fixture->summary};
    for (size_t run = 0; run < 2; run++) {
        json_t *list = get_run(fixture, runs[run], "/histograms", 200);
        json_t *values = get_run(fixture, runs[run], "/metrics", 200);
        const json_t *items = json_object_get(list, "items");
        assert_int_equal(json_array_size(items), 3);
        for (size_t i = 0; i < 3; i++) {
            const json_t *item = json_array_get(items, i);
            assert_string_equal(json_string_value(json_object_get(item, "name")),
                                names[i]);
            expect_histogram(item);
        }
        assert_int_equal(
            json_integer_value(json_object_get(json_array_get(items, 0), "count")), 9);
        const json_t *waits = json_array_get(items, 2);
        const double waited = metric_of(values, "gil_wait_us");
        assert_true(waited > 0);
        assert_true(fabs(json_number_value(json_object_get(waits, "sum")) - waited) <=
                    1e-6 * waited);
        assert_true(json_number_value(json_object_get(waits, "max")) ==
                    metric_of(values, "gil_wait_max_us"));
        json_decref(list);
        json_decref(values);
    }
}

static json_t *run_by_command(const char *file, const char *database) {
    struct process process;
    const char *const arguments[] = {
        "run",    "--json", "--histograms", file, database != NULL ? "--database" : NULL,
        database, NULL};
    process_start(&process, arguments);
    char *text = process_read_all(&process);
    assert_int_equal(process_wait(&process), 0);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

/* With a database and without: each run has what the server gives for it. */
static void test_measure_api_gives_what_the_command_gives(void **state) {
    const struct fixture *fixture = *state;
    char file[SCRATCH_PATH_SIZE], database[SCRATCH_PATH_SIZE];
    snprintf(file, sizeof file, "%s/document.json", fixture->scratch.directory);
    snprintf(database, sizeof database, "%s/command.db", fixture->scratch.directory);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_true(fputs(contended, out) >= 0);
    assert_int_equal(fclose(out), 0);
    const char *const served[] = {fixture->recorded, fixture->summary};
    for (int stored = 0; stored < 2; stored++) {
        json_t *experiment = run_by_command(file, stored ? database : NULL);
        const json_t *runs = json_object_get(
            json_array_get(json_object_get(experiment, "cells"), 0), "runs");
        for (size_t i = 0; i < 2; i++) {
            json_t *list = get_run(fixture, served[i], "/histograms", 200);
            assert_true(
                json_equal(json_object_get(list, "items"),
                           json_object_get(json_array_get(runs, i), "histograms")));
            json_decref(list);
        }
        json_decref(experiment);
    }
}

/* --- blame ----------------------------------------------------------------------- */

/* What one waiter is told to have waited. */
static json_int_t blamed(const json_t *blame, json_int_t waiter) {
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(json_object_get(blame, "ns")); i++) {
        assert_true(at(blame, "ns", i) > 0);
        assert_true(at(blame, "holder", i) != at(blame, "waiter", i));
        assert_int_equal(at(blame, "holder", i) < 0, at(blame, "state", i) < 0);
        sum += at(blame, "waiter", i) == waiter ? at(blame, "ns", i) : 0;
    }
    return sum;
}

static json_int_t waited(const json_t *lane) {
    const json_t *totals = json_object_get(lane, "totals");
    return json_integer_value(json_object_get(totals, "wait_gil")) +
           json_integer_value(json_object_get(totals, "forced_wait"));
}

static void test_measure_api_blame_adds_up(void **state) {
    const struct fixture *fixture = *state;
    json_t *blame = get_run(fixture, fixture->recorded, "/blame", 200);
    json_t *lanes = get_run(fixture, fixture->recorded, "/lanes", 200);
    size_t i, waiters = 0;
    json_t *lane;
    json_array_foreach(json_object_get(lanes, "items"), i, lane) {
        const json_int_t id = json_integer_value(json_object_get(lane, "id"));
        assert_int_equal(blamed(blame, id), waited(lane));
        waiters += waited(lane) > 0 ? 1 : 0;
    }
    assert_true(waiters >= 3);
    json_decref(blame);
    json_decref(lanes);
}

static json_int_t blamed_for(const json_t *blame, json_int_t waiter, json_int_t wait) {
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(json_object_get(blame, "ns")); i++) {
        const bool it = at(blame, "waiter", i) == waiter && at(blame, "wait", i) == wait;
        sum += it ? at(blame, "ns", i) : 0;
    }
    return sum;
}

/* Every wait of a task adds up, kind by kind, and each kind has been met. */
static void test_measure_api_blame_of_tasks_adds_up(void **state) {
    const struct fixture *fixture = *state;
    json_t *blame = get_run(fixture, fixture->tasks, "/blame", 200);
    json_t *lanes = get_run(fixture, fixture->tasks, "/lanes", 200);
    size_t i, k, met = 0;
    json_t *lane, *name;
    json_array_foreach(json_object_get(lanes, "items"), i, lane) {
        const json_t *totals = json_object_get(lane, "totals");
        if (strcmp(json_string_value(json_object_get(lane, "kind")), "task") != 0) {
            continue;
        }
        json_array_foreach(json_object_get(lanes, "states"), k, name) {
            const char *word = json_string_value(name);
            const bool wait = strcmp(word, "running") != 0;
            const json_int_t ns = json_integer_value(json_object_get(totals, word));
            assert_int_equal(blamed_for(blame, (json_int_t)i, (json_int_t)k),
                             wait ? ns : 0);
            met |= (size_t)(wait && ns > 0) << k;
        }
    }
    assert_int_equal(__builtin_popcountll(met), 4); /* all but await_timer */
    json_decref(blame);
    json_decref(lanes);
}

/* The rows of some waiters are those that they have among all. */
static void test_measure_api_blame_of_waiters(void **state) {
    const struct fixture *fixture = *state;
    char what[64];
    json_t *all = get_run(fixture, fixture->tasks, "/blame", 200);
    const size_t count = json_array_size(json_object_get(all, "ns"));
    const json_int_t first = at(all, "waiter", 0), last = at(all, "waiter", count - 1);
    assert_true(first != last);
    snprintf(what, sizeof what, "/blame?waiters=%d,%d,%d,999", (int)last, (int)first,
             (int)last);
    json_t *some = get_run(fixture, fixture->tasks, what, 200);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (at(all, "waiter", i) == first || at(all, "waiter", i) == last) {
            assert_int_equal(at(some, "ns", found), at(all, "ns", i));
            assert_int_equal(at(some, "holder", found), at(all, "holder", i));
            found++;
        }
    }
    assert_int_equal(json_array_size(json_object_get(some, "ns")), found);
    json_decref(all);
    json_decref(some);
}

/* Windows side by side tell together what the whole tells. */
static void test_measure_api_blame_of_windows_adds_up(void **state) {
    const struct fixture *fixture = *state;
    static const json_int_t cuts[] = {0, 1, 12345678, 40000000, 100000000000};
    json_t *lanes = get_run(fixture, fixture->recorded, "/lanes", 200);
    const json_t *items = json_object_get(lanes, "items");
    json_int_t *sums = calloc(json_array_size(items), sizeof *sums);
    assert_non_null(sums);
    for (size_t i = 0; i + 1 < sizeof cuts / sizeof cuts[0]; i++) {
        char what[96];
        snprintf(what, sizeof what, "/blame?from=%lld&to=%lld", (long long)cuts[i],
                 (long long)cuts[i + 1]);
        json_t *blame = get_run(fixture, fixture->recorded, what, 200);
        assert_int_equal(json_integer_value(json_object_get(blame, "from")), cuts[i]);
        for (size_t lane = 0; lane < json_array_size(items); lane++) {
            sums[lane] += blamed(blame, (json_int_t)lane);
        }
        json_decref(blame);
    }
    for (size_t lane = 0; lane < json_array_size(items); lane++) {
        assert_int_equal(sums[lane], waited(json_array_get(items, lane)));
    }
    free(sums);
    json_decref(lanes);
}

/* --- flows ----------------------------------------------------------------------- */

static size_t flow_count(const json_t *flows) {
    return json_array_size(json_object_get(flows, "at"));
}

/* Who handed the GIL over did so before, and both are threads. */
static void test_measure_api_flows_are_of_the_waits(void **state) {
    const struct fixture *fixture = *state;
    json_t *flows = get_run(fixture, fixture->recorded, "/flows", 200);
    json_t *values = get_run(fixture, fixture->recorded, "/metrics", 200);
    json_t *lanes = get_run(fixture, fixture->recorded, "/lanes", 200);
    const json_t *items = json_object_get(lanes, "items");
    size_t gil = 0, late = 0, taken = 0;
    for (size_t i = 0; i < flow_count(flows); i++) {
        const char *kind = json_string_value(json_array_get(
            json_object_get(flows, "kinds"), (size_t)at(flows, "kind", i)));
        assert_true(at(flows, "left", i) <= at(flows, "at", i));
        assert_int_not_equal(at(flows, "from_lane", i), at(flows, "to_lane", i));
        const json_t *to = json_array_get(items, (size_t)at(flows, "to_lane", i));
        assert_string_equal(json_string_value(json_object_get(to, "kind")), "thread");
        gil += strcmp(kind, "gil") == 0;
        late += strcmp(kind, "gil") == 0 && at(flows, "left", i) < at(flows, "at", i);
        taken += strcmp(kind, "taken") == 0;
    }
    /* Every forced drop has its taker. */
    assert_int_equal(taken, (size_t)metric_of(values, "gil_forced_drops"));
    assert_true(gil >= taken && taken > 0 && late > 0);
    json_decref(flows);
    json_decref(values);
    json_decref(lanes);
}

/* Whether a window shows arrow `i` of the whole: with the same left, or, when that was
 * before the window, with one no earlier. */
static bool window_shows(const struct fixture *fixture, const json_t *whole, size_t i,
                         json_int_t from) {
    char what[96];
    const json_int_t arrival = at(whole, "at", i), left = at(whole, "left", i);
    snprintf(what, sizeof what, "/flows?from=%lld&to=%lld", (long long)from,
             (long long)arrival);
    json_t *window = get_run(fixture, fixture->recorded, what, 200);
    size_t shown = 0;
    for (size_t k = 0; k < flow_count(window); k++) {
        const json_int_t shown_left = at(window, "left", k);
        assert_true(at(window, "at", k) > from && at(window, "at", k) <= arrival);
        shown += at(window, "at", k) == arrival &&
                 (shown_left == left || (left <= from && shown_left > left)) &&
                 at(window, "kind", k) == at(whole, "kind", i) &&
                 at(window, "from_lane", k) == at(whole, "from_lane", i) &&
                 at(window, "to_lane", k) == at(whole, "to_lane", i);
    }
    json_decref(window);
    return shown == 1;
}

/* A window shows an arrow that arrives in it, wherever that came from. */
static void test_measure_api_flows_of_windows(void **state) {
    const struct fixture *fixture = *state;
    json_t *whole = get_run(fixture, fixture->recorded, "/flows", 200);
    const size_t count = flow_count(whole);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++) {
        assert_true(window_shows(fixture, whole, i, at(whole, "left", i) - 1));
        assert_true(window_shows(fixture, whole, i, at(whole, "at", i) - 1));
    }
    json_decref(whole);
}

/* In windows side by side each arrow arrives once. */
static void test_measure_api_flows_arrive_once(void **state) {
    const struct fixture *fixture = *state;
    json_t *whole = get_run(fixture, fixture->recorded, "/flows", 200);
    const size_t count = flow_count(whole);
    char what[96];
    const long long cut = (long long)at(whole, "at", count / 2);
    snprintf(what, sizeof what, "/flows?to=%lld", cut);
    json_t *before = get_run(fixture, fixture->recorded, what, 200);
    snprintf(what, sizeof what, "/flows?from=%lld", cut);
    json_t *after = get_run(fixture, fixture->recorded, what, 200);
    assert_true(flow_count(before) > 0 && flow_count(after) > 0);
    assert_int_equal(flow_count(before) + flow_count(after), count);
    json_decref(whole);
    json_decref(before);
    json_decref(after);
}

/* One after the other, the columns of the pages are those of the window. */
static void test_measure_api_flows_come_in_pages(void **state) {
    const struct fixture *fixture = *state;
    static const char *const columns[] = {"from_lane", "to_lane", "left", "at", "kind"};
    json_t *whole = get_run(fixture, fixture->recorded, "/flows?from=1000", 200);
    const size_t count = flow_count(whole);
    assert_true(json_is_null(json_object_get(whole, "next")));
    for (size_t limit = 1; limit <= count + 1; limit += count / 3) {
        char what[128], after[64] = "";
        size_t seen = 0;
        do {
            snprintf(what, sizeof what, "/flows?from=1000&limit=%zu%s%s", limit,
                     after[0] != '\0' ? "&after=" : "", after);
            json_t *page = get_run(fixture, fixture->recorded, what, 200);
            for (size_t i = 0; i < flow_count(page); i++, seen++) {
                for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
                    assert_int_equal(at(page, columns[c], i),
                                     at(whole, columns[c], seen));
                }
            }
            const char *next = json_string_value(json_object_get(page, "next"));
            assert_true(flow_count(page) == limit || next == NULL);
            snprintf(after, sizeof after, "%s", next != NULL ? next : "");
            json_decref(page);
        } while (after[0] != '\0');
        assert_int_equal(seen, count);
    }
    json_decref(whole);
}

/* A line for each, with the word of its kind; the last one is the object without columns. */
static void test_measure_api_flows_come_in_lines(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    char request[256];
    json_t *whole = get_run(fixture, fixture->recorded, "/flows?limit=5", 200);
    snprintf(request, sizeof request,
             "GET /api/v1/runs/%s/flows?limit=5 HTTP/1.1\r\nHost: localhost\r\n"
             "Accept: application/x-ndjson\r\n\r\n",
             fixture->recorded);
    http_client_exchange(fixture->port, request, &answer);
    assert_string_equal(http_answer_header(&answer, "Content-Type"),
                        "application/x-ndjson");
    char *line = answer.body;
    for (size_t i = 0; i < 5; i++) {
        json_t *item = json_loadb(line, strcspn(line, "\n"), 0, NULL);
        assert_int_equal(json_object_size(item), 5);
        assert_int_equal(json_integer_value(json_object_get(item, "at")),
                         at(whole, "at", i));
        assert_int_equal(json_integer_value(json_object_get(item, "to_lane")),
                         at(whole, "to_lane", i));
        assert_string_equal(
            json_string_value(json_object_get(item, "kind")),
            json_string_value(json_array_get(json_object_get(whole, "kinds"),
                                             (size_t)at(whole, "kind", i))));
        json_decref(item);
        line = strchr(line, '\n') + 1;
    }
    json_t *last = json_loads(line, 0, NULL);
    static const char *const rest[] = {"from", "to", "damages", "kinds", "next"};
    assert_int_equal(json_object_size(last), sizeof rest / sizeof rest[0]);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        assert_true(
            json_equal(json_object_get(last, rest[i]), json_object_get(whole, rest[i])));
    }
    json_decref(last);
    json_decref(whole);
    http_answer_deinit(&answer);
}

/* --- damage ---------------------------------------------------------------------- */

static void test_measure_api_lists_what_is_missing(void **state) {
    const struct fixture *fixture = *state;
    static const char *const whats[] = {"/blame", "/flows"};
    /* The server keeps answers to what has no query. */
    static const char *const befores[] = {"/blame?from=0", "/flows?from=0"};
    sqlite3 *sqlite = NULL;
    for (size_t i = 0; i < 2; i++) {
        json_t *whole = get_run(fixture, fixture->recorded, befores[i], 200);
        assert_true(json_is_array(json_object_get(whole, "damages")));
        assert_int_equal(json_array_size(json_object_get(whole, "damages")), 0);
        json_decref(whole);
    }
    assert_int_equal(sqlite3_open(fixture->scratch.database, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(sqlite, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite,
                                  "UPDATE span_chunk SET data = x'00'"
                                  " WHERE lane_group = 0 AND seq = 0",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(sqlite);
    for (size_t i = 0; i < 2; i++) {
        json_t *part = get_run(fixture, fixture->recorded, whats[i], 200);
        const json_t *damages = json_object_get(part, "damages");
        assert_int_equal(json_array_size(damages), 1);
        const json_t *first = json_array_get(damages, 0);
        assert_int_equal(json_integer_value(json_object_get(first, "group")), 0);
        assert_true(json_integer_value(json_object_get(first, "to")) > 0);
        json_decref(part);
    }
}

static void test_measure_api_refuses(void **state) {
    const struct fixture *fixture = *state;
    static const char *const windows[] = {
        "/blame?from=-1",   "/blame?from=5&to=5", "/blame?to=0",
        "/blame?to=x",      "/blame?pixels=5",    "/histograms?from=1",
        "/blame?waiters=",  "/blame?waiters=1,",  "/blame?waiters=a",
        "/flows?to=0",      "/flows?from=5&to=5", "/flows?lanes=1",
        "/flows?limit=0",   "/flows?after=",      "/flows?after=1",
        "/flows?after=01-5"};
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        json_decref(get_run(fixture, fixture->recorded, windows[i], 400));
    }
    json_decref(get_run(fixture, fixture->summary, "/blame", 404));
    json_t *problem = get_run(fixture, "r999", "/histograms", 404);
    assert_string_equal(json_string_value(json_object_get(problem, "detail")),
                        "there is no run r999");
    json_decref(problem);
    json_decref(get_run(fixture, "r999", "/blame", 404));
    json_decref(get_run(fixture, "e1", "/blame", 404));
    json_decref(get_run(fixture, fixture->summary, "/flows", 404));
    json_decref(get_run(fixture, "r999", "/flows", 404));
    json_decref(get_run(fixture, "e1", "/flows", 404));
}

/* Asking again cannot help, a shorter window can. */
static void test_measure_api_refuses_too_many_spans(void **state) {
    const struct fixture *fixture = *state;
    static const char many[] =
        "{\"schema\":1,\"record\":\"timeline\",\"strategies\":[{\"threads\":2}],"
        "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"repeat\":250000,"
        "\"steps\":[{\"python_us\":1},{\"io_us\":1}]}]}}}";
    static const char *const parts[] = {"blame", "flows"};
    char run[32], path[128];
    run_document(fixture, many, run, NULL);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct http_answer answer;
        snprintf(path, sizeof path, "/api/v1/runs/%s/%s", run, parts[i]);
        http_client_request(fixture->port, "GET", path, NULL, &answer);
        assert_int_equal(answer.status, 422);
        assert_null(http_answer_header(&answer, "Retry-After"));
        assert_non_null(strstr(answer.body, "ask for a shorter time"));
        http_answer_deinit(&answer);
        strcat(path, "?to=1000000");
        json_decref(get(fixture, path, 200));
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_measure_api_histograms_agree_with_the_metrics),
        TEST(test_measure_api_gives_what_the_command_gives),
        TEST(test_measure_api_blame_adds_up),
        TEST(test_measure_api_blame_of_tasks_adds_up),
        TEST(test_measure_api_blame_of_waiters),
        TEST(test_measure_api_blame_of_windows_adds_up),
        TEST(test_measure_api_flows_are_of_the_waits),
        TEST(test_measure_api_flows_of_windows),
        TEST(test_measure_api_flows_arrive_once),
        TEST(test_measure_api_flows_come_in_pages),
        TEST(test_measure_api_flows_come_in_lines),
        TEST(test_measure_api_lists_what_is_missing),
        TEST(test_measure_api_refuses),
        TEST(test_measure_api_refuses_too_many_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
