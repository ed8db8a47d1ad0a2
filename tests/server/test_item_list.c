/* SPDX-License-Identifier: MIT */
/* Long lists over the wire: lines say what the JSON object says, page by page. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

static const char document[] =
    "{\"schema\":1,\"name\":\"%s\",\"runtimes\":[\"cpython-3.12\"],\"strategies\":["
    "{\"threads\":3}],\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":9000}"
    ","
    "{\"io_us\":300}]}}}";

/* Asks with an Accept header. */
static void ask(const struct api_fixture *fixture, const char *accept, const char *path,
                const char *body, struct http_answer *answer) {
    char request[1024];
    const int fd = http_client_connect(fixture->port);
    *answer = (struct http_answer){0};
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\nContent-Type: "
             "application/json\r\nContent-Length: %zu\r\n\r\n%s",
             body != NULL ? "POST" : "GET", path, accept, body != NULL ? strlen(body) : 0,
             body != NULL ? body : "");
    http_client_send_text(fd, request);
    http_client_read(fd, false, answer);
    close(fd);
}

/* Every line as JSON. */
static json_t *ask_lines(const struct api_fixture *fixture, const char *path,
                         const char *body) {
    struct http_answer answer;
    json_t *lines = json_array();
    ask(fixture, "application/x-ndjson", path, body, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(http_answer_header(&answer, "Content-Type"),
                        "application/x-ndjson");
    assert_true(answer.body_size > 0 && answer.body[answer.body_size - 1] == '\n');
    for (char *line = answer.body, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        json_t *value = json_loadb(line, (size_t)(end - line), 0, NULL);
        assert_true(json_is_object(value));
        json_array_append_new(lines, value);
    }
    http_answer_deinit(&answer);
    return lines;
}

/* The lines are the items, and then the object without them. */
static json_t *expect_same(const struct api_fixture *fixture, const char *path) {
    json_t *lines = ask_lines(fixture, path, NULL);
    json_t *object = api_expect(fixture, "GET", path, NULL, 200);
    const size_t count = json_array_size(json_object_get(object, "items"));
    assert_int_equal(json_array_size(lines), count + 1);
    json_t *last = json_incref(json_array_get(lines, count));
    json_array_remove(lines, count);
    assert_true(json_equal(lines, json_object_get(object, "items")));
    json_object_del(object, "items");
    assert_true(json_equal(last, object));
    json_decref(last);
    json_decref(lines);
    return object; /* what is left of it */
}

/* All pages of a list, each in both forms; how many there are. */
static size_t expect_pages(const struct api_fixture *fixture, const char *path) {
    char after[128] = "", page[400];
    size_t pages = 0;
    do {
        snprintf(page, sizeof page, "%s%s%s", path, after[0] != '\0' ? "&after=" : "",
                 after);
        json_t *rest = expect_same(fixture, page);
        const char *next = json_string_value(json_object_get(rest, "next"));
        snprintf(after, sizeof after, "%s", next != NULL ? next : "");
        json_decref(rest);
        pages++;
    } while (after[0] != '\0');
    return pages;
}

static void run_three(const struct api_fixture *fixture) {
    static const char *const names[] = {"zebra", "Convoy", "a convoy"};
    for (int i = 0; i < 3; i++) {
        char text[512], id[16];
        snprintf(text, sizeof text, document, names[i]);
        snprintf(id, sizeof id, "e%d", i + 1);
        api_run(fixture, text, id);
    }
}

static void test_item_list_lines_are_the_items(void **state) {
    const struct api_fixture *fixture = *state;
    run_three(fixture);
    assert_int_equal(expect_pages(fixture, "/api/v1/experiments?limit=2"), 2);
    assert_int_equal(expect_pages(fixture, "/api/v1/experiments?limit=1&order=name"), 3);
    assert_int_equal(
        expect_pages(fixture, "/api/v1/experiments?limit=1&order=oldest&name=CONVOY"), 2);
    assert_int_equal(expect_pages(fixture, "/api/v1/experiments?limit=1&status=queued"),
                     1);
    assert_true(expect_pages(fixture, "/api/v1/runs/r1/spans?limit=50") > 2);
}

/* The items of all pages, one after the other, are those of one page. */
static void expect_whole(const struct api_fixture *fixture, const char *path, int limit) {
    char page[400];
    json_t *got = json_array();
    const char separator = strchr(path, '?') != NULL ? '&' : '?';
    snprintf(page, sizeof page, "%s%climit=%d", path, separator, limit);
    for (bool is_last = false; !is_last;) {
        json_t *list = api_expect(fixture, "GET", page, NULL, 200);
        const char *next = json_string_value(json_object_get(list, "next"));
        assert_true((int)json_array_size(json_object_get(list, "items")) <= limit);
        json_array_extend(got, json_object_get(list, "items"));
        is_last = next == NULL;
        snprintf(page, sizeof page, "%s%climit=%d&after=%s", path, separator, limit,
                 is_last ? "" : next);
        json_decref(list);
    }
    snprintf(page, sizeof page, "%s%climit=200", path, separator);
    json_t *whole = api_expect(fixture, "GET", page, NULL, 200);
    assert_true(json_is_null(json_object_get(whole, "next")));
    assert_true(json_array_size(got) > 0);
    assert_true(json_equal(got, json_object_get(whole, "items")));
    json_decref(got);
    json_decref(whole);
}

static void test_item_list_pages_are_the_whole(void **state) {
    const struct api_fixture *fixture = *state;
    run_three(fixture);
    for (int i = 0; i < 3; i++) {
        json_decref(api_expect(fixture, "POST", "/api/v1/runs/r1/notes",
                               "{\"text\":\"x\"}", 201));
    }
    static const char *const paths[] = {"/api/v1/experiments?order=name",
                                        "/api/v1/experiments/e1/cells?order=index",
                                        "/api/v1/experiments/e1/cells?order=-cpu_us",
                                        "/api/v1/runs/r1/lanes",
                                        "/api/v1/runs/r1/notes",
                                        "/api/v1/runs/r1/spans?kind=gil"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        for (int limit = 1; limit <= 12; limit += i == 5 ? 11 : 1) {
            expect_whole(fixture, paths[i], limit);
        }
        json_decref(expect_same(fixture, paths[i]));
    }
    static const char *const wrong[] = {"limit=0", "limit=100001", "after=-1", "after=c1",
                                        "kind=gil"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "/api/v1/runs/r1/lanes?%s", wrong[i]);
        json_decref(api_expect(fixture, "GET", path, NULL, 400));
    }
    json_t *beyond =
        api_expect(fixture, "GET", "/api/v1/runs/r1/lanes?after=999999", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(beyond, "items")), 0);
    assert_true(json_array_size(json_object_get(beyond, "states")) > 0);
    json_decref(beyond);
}

/* More lanes than the server has in memory at a time: pages that end before, at and after that
 * many. */
static void test_item_list_of_many_lanes(void **state) {
    static const char many[] =
        "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"asyncio\":3000}"
        "],"
        "\"workload\":{\"jobs\":{\"count\":2300,\"steps\":[{\"io_us\":300}]}}}";
    static const int limits[] = {999, 1000, 1001, 2000, 100000};
    static const char path[] = "/api/v1/runs/r1/lanes";
    const struct api_fixture *fixture = *state;
    api_run(fixture, many, "e1");
    json_t *whole = api_expect(fixture, "GET", path, NULL, 200);
    const json_t *items = json_object_get(whole, "items");
    const size_t count = json_array_size(items);
    assert_true(count > 2300 && json_is_null(json_object_get(whole, "next")));
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char page[128], after[32] = "";
        size_t seen = 0;
        do {
            size_t k;
            json_t *lane;
            snprintf(page, sizeof page, "%s?limit=%d%s%s", path, limits[i],
                     after[0] != '\0' ? "&after=" : "", after);
            json_t *list = api_expect(fixture, "GET", page, NULL, 200);
            json_array_foreach(json_object_get(list, "items"), k, lane) {
                assert_true(json_equal(lane, json_array_get(items, seen)));
                seen++;
            }
            const char *next = json_string_value(json_object_get(list, "next"));
            assert_true(next == NULL || k == (size_t)limits[i]);
            snprintf(after, sizeof after, "%s", next != NULL ? next : "");
            json_decref(list);
        } while (after[0] != '\0');
        assert_int_equal(seen, count);
    }
    json_decref(whole);
    assert_int_equal(expect_pages(fixture, "/api/v1/runs/r1/lanes?limit=2000"), 2);
}

static void expect_order(const struct api_fixture *fixture, const char *query,
                         const char *ids) {
    char path[256], got[64] = "";
    snprintf(path, sizeof path, "/api/v1/experiments?%s", query);
    json_t *list = api_expect(fixture, "GET", path, NULL, 200);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(list, "items"), i, item) {
        strcat(got, json_string_value(json_object_get(item, "id")));
    }
    assert_string_equal(got, ids);
    json_decref(list);
}

static void test_item_list_of_experiments_is_filtered(void **state) {
    const struct api_fixture *fixture = *state;
    run_three(fixture);
    expect_order(fixture, "order=newest", "e3e2e1");
    expect_order(fixture, "order=oldest", "e1e2e3");
    expect_order(fixture, "order=name", "e3e2e1");
    expect_order(fixture, "order=oldest&name=CONVOY", "e2e3");
    expect_order(fixture, "status=done&name=zeb", "e1");
    expect_order(fixture, "status=queued,failed", "");
}

/* A preset, the same in other words, and another document. */
static void test_item_list_of_experiments_tells_where_they_come_from(void **state) {
    const struct api_fixture *fixture = *state;
    char query[128];
    json_t *presets = api_expect(fixture, "GET", "/api/v1/presets", NULL, 200);
    const json_t *preset = json_array_get(json_object_get(presets, "items"), 0);
    char *text = json_dumps(json_object_get(preset, "document"), JSON_SORT_KEYS);
    assert_non_null(text);
    run_three(fixture);
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments?client=ann", text, 201));
    api_wait_for(fixture, "/api/v1/experiments/e4", "status", "done");
    snprintf(query, sizeof query, "preset=%s",
             json_string_value(json_object_get(preset, "id")));
    expect_order(fixture, query, "e4");
    expect_order(fixture, "client=ann", "e4");
    expect_order(fixture, "client=bob", "");
    api_change(fixture, "UPDATE experiment SET created_ms = 1000 * id");
    expect_order(fixture, "order=oldest&created_until_ms=3000", "e1e2");
    expect_order(fixture, "created_until_ms=0", "");
    expect_order(fixture, "created_from_ms=3000", "e4e3");
    expect_order(fixture, "created_from_ms=2000&created_until_ms=4000&name=a", "e3");
    expect_order(fixture, "created_from_ms=5000", "");
    free(text);
    json_decref(presets);
}

static void test_item_list_refuses_other_words(void **state) {
    static const char *const wrong[] = {"status=finished",
                                        "status=done,",
                                        "status=",
                                        "order=age",
                                        "preset=nothing",
                                        "client=",
                                        "created_from_ms=-1",
                                        "created_until_ms=today",
                                        "order=name&after=e1",
                                        "order=name&after=e1-4",
                                        "order=name&after=e1-zz",
                                        "order=name&after=e1-00",
                                        "after=e1-41"};
    const struct api_fixture *fixture = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "/api/v1/experiments?%s", wrong[i]);
        json_decref(api_expect(fixture, "GET", path, NULL, 400));
    }
}

static void test_item_list_shows_rows_of_a_query(void **state) {
    static const char query[] =
        "{\"query\":\"WITH t(v) AS (VALUES (1), (2.5), (3)) SELECT v, 'a' || v AS "
        "[a \\\" b], x'0f' AS h, NULL AS n FROM t\",\"limit\":2}";
    const struct api_fixture *fixture = *state;
    json_t *lines = ask_lines(fixture, "/api/v1/sql", query);
    json_t *wanted =
        json_loads("[{\"v\":1,\"a \\\" b\":\"a1\",\"h\":\"0f\",\"n\":null},"
                   "{\"v\":2.5,\"a \\\" b\":\"a2.5\",\"h\":\"0f\",\"n\":null},"
                   "{\"rows\":2,\"truncated\":true,\"damages\":[]}]",
                   0, NULL);
    assert_non_null(wanted);
    assert_true(json_equal(lines, wanted));
    json_decref(lines);
    json_decref(wanted);
}

static void test_item_list_needs_a_name_for_each_column(void **state) {
    struct http_answer answer;
    ask(*state, "application/x-ndjson", "/api/v1/sql",
        "{\"query\":\"SELECT 1 AS a, 2 AS b, 3 AS a\"}", &answer);
    assert_int_equal(answer.status, 422);
    assert_non_null(strstr(answer.body, "two columns are called 'a'"));
    http_answer_deinit(&answer);
}

static void test_item_list_says_that_it_depends_on_accept(void **state) {
    struct http_answer answer;
    ask(*state, "application/json", "/api/v1/experiments", NULL, &answer);
    assert_string_equal(http_answer_header(&answer, "Vary"), "Accept, Accept-Encoding");
    http_answer_deinit(&answer);
    ask(*state, "application/x-ndjson", "/api/v1/presets", NULL, &answer);
    assert_int_equal(answer.status, 406);
    http_answer_deinit(&answer);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, api_fixture_set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_item_list_lines_are_the_items),
        TEST(test_item_list_pages_are_the_whole),
        TEST(test_item_list_of_many_lanes),
        TEST(test_item_list_of_experiments_is_filtered),
        TEST(test_item_list_of_experiments_tells_where_they_come_from),
        TEST(test_item_list_refuses_other_words),
        TEST(test_item_list_shows_rows_of_a_query),
        TEST(test_item_list_needs_a_name_for_each_column),
        TEST(test_item_list_says_that_it_depends_on_accept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
