/* SPDX-License-Identifier: MIT */
/* Parts of a large experiment: pages of its cells, some of their metrics, and advice, which
 * looks at some. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "db/cell_compare.h"
#include "http_client.h"
#include "server/api/recommend_view.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "tests/support/test.h"

#define E1 "/api/v1/experiments/e1"

/* 12 cells, of which 4 do not exist. */
static const char swept[] =
    "{\"schema\":1,\"name\":\"swept\",\"repetitions\":2,\"machine\":{\"cores\":1},"
    "\"goal\":\"latency_p99_us\","
    "\"runtimes\":[\"cpython-3.12\",\"cpython-2.7\",\"cpython-3.14t\"],"
    "\"strategies\":[{\"threads\":2},{\"asyncio\":4}],"
    "\"gate\":[{\"metric\":\"latency_p99_us\",\"max\":9000},{\"metric\":\"cpu_us\","
    "\"max\":1}],"
    "\"sweep\":{\"/machine/cores\":[1,2]},"
    "\"workload\":{\"jobs\":{\"count\":6,\"steps\":[{\"python_us\":3000},"
    "{\"io_us\":{\"dist\":\"exponential\",\"mean\":2000}}]}}}";
enum { CELLS = 12 };

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, swept, "e1");
    return 0;
}

static json_t *get(const struct api_fixture *fixture, const char *path) {
    return api_expect(fixture, "GET", path, NULL, 200);
}

/* Leaves only those metrics of a cell. */
static void keep_metrics(json_t *cell, const char *const *names, size_t count) {
    json_t *kept = json_object();
    json_t *all = json_object_get(cell, "metrics");
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object_get(all, names[i]);
        if (one != NULL) {
            json_object_set(kept, names[i], one);
        }
    }
    json_object_set_new(cell, "metrics", kept);
}

static void expect_equal(json_t *got, json_t *wanted) {
    if (!json_equal(got, wanted)) {
        fail_msg("%s\ninstead of\n%s", json_dumps(got, 0), json_dumps(wanted, 0));
    }
    json_decref(got);
    json_decref(wanted);
}

/* --- pages --------------------------------------------------------------------------- */

static void test_cell_list_api_pages_have_every_cell(void **state) {
    const struct api_fixture *fixture = *state;
    for (int limit = 1; limit <= CELLS + 1; limit += 4) {
        char path[128];
        int index = 0;
        snprintf(path, sizeof path, E1 "/cells?limit=%d", limit);
        for (const char *next = ""; next != NULL;) {
            json_t *page = get(fixture, path);
            json_t *items = json_object_get(page, "items");
            assert_true((int)json_array_size(items) <= limit);
            for (size_t i = 0; i < json_array_size(items); i++) {
                snprintf(path, sizeof path, "/api/v1/cells/c%d", ++index);
                expect_equal(json_incref(json_array_get(items, i)), get(fixture, path));
            }
            next = json_string_value(json_object_get(page, "next"));
            snprintf(path, sizeof path, E1 "/cells?limit=%d&after=%s", limit,
                     next != NULL ? next : "");
            json_decref(page);
        }
        assert_int_equal(index, CELLS);
    }
}

static const char *text_of(const json_t *cell, const char *key) {
    return json_string_value(json_object_get(cell, key));
}

/* The cells that a query gives, a few at a time. */
static json_t *ask_cells(const struct api_fixture *fixture, const char *query) {
    char path[300];
    json_t *cells = json_array();
    snprintf(path, sizeof path, E1 "/cells?limit=3&%s", query);
    for (bool is_last = false; !is_last;) {
        json_t *page = get(fixture, path);
        const char *next = text_of(page, "next");
        json_array_extend(cells, json_object_get(page, "items"));
        is_last = next == NULL;
        snprintf(path, sizeof path, E1 "/cells?limit=3&%s&after=%s", query,
                 is_last ? "" : next);
        json_decref(page);
    }
    return cells;
}

static bool cell_is(const json_t *cell, const char *key, const char *words) {
    const char *text = text_of(cell, key);
    return words == NULL || strstr(words, text) != NULL;
}

/* By index those, and only those, that have what is asked for. */
static void test_cell_list_api_filters(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct {
        const char *query, *runtime, *strategy, *status;
        int cores;
        size_t count;
    } rows[] = {
        {"order=index", NULL, NULL, NULL, 0, 12},
        {"runtime=cpython-3.12", "cpython-3.12", NULL, NULL, 0, 4},
        {"strategy=asyncio(4)", NULL, "asyncio(4)", NULL, 0, 6},
        {"status=not_applicable", NULL, NULL, "not_applicable", 0, 4},
        {"status=done,failed", NULL, NULL, "done,failed", 0, 8},
        {"point=%7B%22/machine/cores%22:2%7D", NULL, NULL, NULL, 2, 6},
        {"point=%7B%22/machine/cores%22:2.0%7D&runtime=cpython-3.14t&strategy=threads(2)",
         "cpython-3.14t", "threads(2)", NULL, 2, 1},
        {"point=%7B%7D", NULL, NULL, NULL, 0, 12},
        {"point=%7B%22/machine/cores%22:3%7D", NULL, NULL, NULL, 3, 0},
        {"point=%7B%22/machine/profile%22:2%7D", NULL, NULL, NULL, 3, 0},
        {"runtime=cpython-3", "none", NULL, NULL, 0, 0},
        {"status=running", NULL, NULL, "running", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *cells = ask_cells(fixture, rows[i].query);
        json_int_t last = -1;
        size_t k;
        json_t *cell;
        assert_int_equal(json_array_size(cells), rows[i].count);
        json_array_foreach(cells, k, cell) {
            const json_int_t index = json_integer_value(json_object_get(cell, "index"));
            const json_t *cores =
                json_object_get(json_object_get(cell, "point"), "/machine/cores");
            assert_true(index > last);
            assert_true(cell_is(cell, "runtime", rows[i].runtime));
            assert_true(cell_is(cell, "strategy", rows[i].strategy));
            assert_true(cell_is(cell, "status", rows[i].status));
            assert_true(rows[i].cores == 0 || json_integer_value(cores) == rows[i].cores);
            last = index;
        }
        json_decref(cells);
    }
}

/* Its median, or infinity without one, so that those come last. */
static double median_of(const json_t *cell, const char *metric) {
    const json_t *of = json_object_get(json_object_get(cell, "metrics"), metric);
    return of != NULL ? json_number_value(json_object_get(of, "median")) : INFINITY;
}

static void test_cell_list_api_sorts_by_a_metric(void **state) {
    const struct api_fixture *fixture = *state;
    static const char *const orders[] = {"makespan_us", "-makespan_us", "cpu_us",
                                         "-loop_iterations"};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        char query[64];
        const bool is_largest_first = orders[i][0] == '-';
        const char *metric = orders[i] + (is_largest_first ? 1 : 0);
        double last = -INFINITY;
        json_int_t last_index = -1;
        bool seen[CELLS] = {false};
        size_t k;
        json_t *cell;
        snprintf(query, sizeof query, "order=%s", orders[i]);
        json_t *cells = ask_cells(fixture, query);
        assert_int_equal(json_array_size(cells), CELLS);
        json_array_foreach(cells, k, cell) {
            const json_int_t index = json_integer_value(json_object_get(cell, "index"));
            double value = median_of(cell, metric);
            value = is_largest_first && isfinite(value) ? -value : value;
            assert_true(last < value || (!(last > value) && index > last_index));
            assert_false(seen[index]);
            seen[index] = true;
            last = value;
            last_index = index;
        }
        json_decref(cells);
    }
}

static void test_cell_list_api_refuses_what_is_no_page(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct {
        const char *path;
        int status;
    } cases[] = {
        {E1 "/cells?limit=0", 400},
        {E1 "/cells?limit=201", 400},
        {E1 "/cells?after=c1", 400},
        {E1 "/cells?after=", 400},
        {E1 "/cells?after=1-none", 400},
        {E1 "/cells?order=cpu_us&after=1", 400},
        {E1 "/cells?order=cpu_us&after=1-4", 400},
        {E1 "/cells?order=cpu_us&after=1-none", 200},
        {E1 "/cells?order=cpu", 400},
        {E1 "/cells?order=", 400},
        {E1 "/cells?status=queued", 400},
        {E1 "/cells?status=done,", 400},
        {E1 "/cells?point=4", 400},
        {E1 "/cells?point=%7B", 400},
        {E1 "/cells?point=%7B%22a%22:1,%22a%22:2%7D", 400},
        {"/api/v1/experiments/e2/cells?order=cpu_us", 404},
        {E1 "/cells?metrics=cpu", 400},
        {E1 "?metrics=cpu_us,nothing", 400},
        {"/api/v1/experiments/e2/cells", 404},
        {"/api/v1/experiments/c1/cells", 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_decref(api_expect(fixture, "GET", cases[i].path, NULL, cases[i].status));
    }
    json_t *page = get(fixture, E1 "/cells?after=11");
    assert_int_equal(json_array_size(json_object_get(page, "items")), 0);
    assert_true(json_is_null(json_object_get(page, "next")));
    json_decref(page);
    json_decref(api_expect(fixture, "DELETE", E1, NULL, 204));
    json_decref(api_expect(fixture, "GET", E1 "/cells", NULL, 404));
}

/* --- metrics ------------------------------------------------------------------------- */

/* But for the metrics all is as without the wish: also gates and comparisons, which look at
 * others. */
static void expect_part(const struct api_fixture *fixture, const char *path,
                        const char *list, const char *const *names, size_t count) {
    size_t i;
    char part[160];
    json_t *whole = get(fixture, path), *cell;
    json_array_foreach(json_object_get(whole, list), i, cell) {
        keep_metrics(cell, names, count);
    }
    snprintf(part, sizeof part, "%s?metrics=", path);
    for (i = 0; i < count; i++) {
        strcat(part, i > 0 ? "," : "");
        strcat(part, names[i]);
    }
    expect_equal(get(fixture, part), whole);
}

static void test_cell_list_api_gives_the_metrics_that_are_wanted(void **state) {
    const struct api_fixture *fixture = *state;
    static const char *const names[] = {"makespan_us", "gil_wait_share", "cpu_us"};
    for (size_t count = 0; count <= 3; count++) {
        expect_part(fixture, E1, "cells", names, count);
        expect_part(fixture, E1 "/cells", "items", names, count);
    }
}

/* A latency that only some repetitions have fails its gate and wins nothing; for how many
 * there are the other metrics tell. */
static void test_cell_list_api_judges_by_all_repetitions(void **state) {
    const struct api_fixture *fixture = *state;
    static const char *const names[] = {"cpu_us"};
    json_t *before = get(fixture, E1);
    api_change(fixture, "UPDATE cell_metric SET n = 1 WHERE name LIKE 'latency%'"
                        " AND cell % 2 = 1");
    json_t *after = get(fixture, E1);
    assert_false(
        json_equal(json_object_get(before, "gates"), json_object_get(after, "gates")));
    json_decref(before);
    json_decref(after);
    expect_part(fixture, E1, "cells", names, 1);
}

/* --- advice -------------------------------------------------------------------------- */

/* What advice says when it can look at every metric. */
static char *advice_of_all(const struct api_fixture *fixture) {
    struct err err = {0};
    struct db *db = NULL;
    struct db_reader *reader = NULL;
    struct cell_list cells;
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size;
    assert_int_equal(db_open(&db, fixture->scratch.database, DB_READ, &err), 0);
    assert_int_equal(db_reader_open(&reader, db, &err), 0);
    assert_int_equal(cell_store_list(reader, 1, &cells, &err), 0);
    assert_int_equal(cell_compare_stored(reader, 1, &cells, &err), 0);
    assert_int_equal(document_parse(&document, swept, strlen(swept), &err), 0);
    assert_int_equal(grid_create(&grid, document, &err), 0);
    const struct recommend_view view = {&cells, grid, METRIC_LATENCY_P99_US, true, CELLS};
    assert_int_equal(recommend_view_write(&writer, &view, &err), 0);
    assert_int_equal(json_writer_steal(&writer, &text, &size, &err), 0);
    grid_destroy(grid);
    document_destroy(document);
    cell_list_deinit(&cells);
    db_reader_close(reader);
    db_close(db);
    return text;
}

static void test_cell_list_api_advises_as_if_it_read_all(void **state) {
    const struct api_fixture *fixture = *state;
    struct http_answer answer = {0};
    char *wanted = advice_of_all(fixture);
    http_client_request(fixture->port, "GET", E1 "/advice", NULL, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, wanted);
    assert_non_null(strstr(answer.body, "\"limit\":\"gil\""));
    http_answer_deinit(&answer);
    free(wanted);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_cell_list_api_pages_have_every_cell),
        TEST(test_cell_list_api_filters),
        TEST(test_cell_list_api_sorts_by_a_metric),
        TEST(test_cell_list_api_refuses_what_is_no_page),
        TEST(test_cell_list_api_gives_the_metrics_that_are_wanted),
        TEST(test_cell_list_api_judges_by_all_repetitions),
        TEST(test_cell_list_api_advises_as_if_it_read_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
