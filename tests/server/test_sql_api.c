/* SPDX-License-Identifier: MIT */
/* POST /sql over the wire: rows, limits, and what is wrong with a query. */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "server/api/service.h"
#include "server/api/sql_api.h"
#include "tests/support/test.h"

static const char document[] =
    "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":3}],"
    "\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":20000},"
    "{\"io_us\":300}]}}}";

struct fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
};

/* The caller releases the JSON. */
static json_t *ask(const struct fixture *fixture, const char *method, const char *path,
                   const char *body, int status) {
    struct http_answer answer;
    http_client_request(fixture->port, method, path, body, &answer);
    if (answer.status != status) {
        fail_msg("%s: %d instead of %d: %s", body != NULL ? body : path, answer.status,
                 status, answer.body);
    }
    json_t *json = json_loads(answer.body, 0, NULL);
    assert_non_null(json);
    http_answer_deinit(&answer);
    return json;
}

static json_t *query(const struct fixture *fixture, const char *body, int status) {
    return ask(fixture, "POST", "/api/v1/sql", body, status);
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
    json_decref(ask(fixture, "POST", "/api/v1/experiments", document, 201));
    const int64_t started = monotonic_ms();
    for (size_t rows = 0; rows == 0; poll_pause(started)) {
        json_t *done = query(
            fixture, "{\"query\":\"SELECT run_id FROM runs WHERE has_timeline\"}", 200);
        rows = (size_t)json_integer_value(json_object_get(done, "rows"));
        json_decref(done);
    }
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

static const json_t *values(const json_t *result, size_t column) {
    return json_object_get(json_array_get(json_object_get(result, "columns"), column),
                           "values");
}

static void test_sql_api_answers_in_columns(void **state) {
    json_t *result = query(*state,
                           "{\"query\":\"SELECT state, sum(dur_ns) AS ns, ?, x'0a' FROM"
                           " spans WHERE run_id = ? GROUP BY state\","
                           "\"params\":[null,1]}",
                           200);
    const size_t rows = (size_t)json_integer_value(json_object_get(result, "rows"));
    assert_true(rows > 4);
    assert_true(json_is_false(json_object_get(result, "truncated")));
    const json_t *columns = json_object_get(result, "columns");
    assert_int_equal(json_array_size(columns), 4);
    const json_t *name = json_object_get(json_array_get(columns, 1), "name");
    assert_string_equal(json_string_value(name), "ns");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(json_array_size(values(result, i)), rows);
    }
    assert_true(json_is_integer(json_array_get(values(result, 1), 0)));
    assert_true(json_is_null(json_array_get(values(result, 2), 0)));
    assert_string_equal(json_string_value(json_array_get(values(result, 3), 0)), "0a");
    json_decref(result);
}

static void test_sql_api_cuts_at_the_limit(void **state) {
    json_t *result =
        query(*state, "{\"query\":\"SELECT lane FROM spans\",\"limit\":3}", 200);
    assert_int_equal(json_integer_value(json_object_get(result, "rows")), 3);
    assert_true(json_is_true(json_object_get(result, "truncated")));
    json_decref(result);
    /* Bytes have a limit, too. */
    result = query(*state,
                   "{\"query\":\"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                   " FROM n LIMIT 100) SELECT hex(zeroblob(500000)) FROM n\"}",
                   200);
    assert_int_equal(json_integer_value(json_object_get(result, "rows")), 16);
    assert_true(json_is_true(json_object_get(result, "truncated")));
    json_decref(result);
    /* So has a value. */
    json_decref(query(*state, "{\"query\":\"SELECT hex(zeroblob(800000))\"}", 422));
}

/* The pointer, line and column of the first error; 0 for no place. */
static void expect_error(struct fixture *fixture, const char *body, int status,
                         const char *pointer, int line, int column) {
    json_t *problem = query(fixture, body, status);
    const json_t *first = json_array_get(json_object_get(problem, "errors"), 0);
    assert_non_null(first);
    assert_string_equal(json_string_value(json_object_get(first, "pointer")), pointer);
    assert_int_equal(json_integer_value(json_object_get(first, "line")), line);
    assert_int_equal(json_integer_value(json_object_get(first, "column")), column);
    json_decref(problem);
}

static void test_sql_api_says_what_is_wrong(void **state) {
    struct fixture *fixture = *state;
    expect_error(fixture, "{\"query\":\"SELECT lane,\\n stat FROM spans\"}", 422,
                 "/query", 2, 2);
    expect_error(fixture, "{\"query\":\"DELETE FROM run\"}", 422, "/query", 0, 0);
    expect_error(fixture, "{\"query\":\"PRAGMA user_version\"}", 422, "/query", 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT ?\"}", 422, "/query", 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT ?\",\"params\":[[1]]}", 422, "/params/0",
                 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT 1\",\"params\":1}", 422, "/params", 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT 1\",\"limit\":0}", 422, "/limit", 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT 1\",\"limit\":1.5}", 422, "/limit", 0, 0);
    expect_error(fixture, "{\"query\":1}", 422, "/query", 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT 1\",\"rows\":1}", 422, "/rows", 0, 0);
    expect_error(fixture, "{\"query\":\"SELECT 1\",\"a/b~\":1}", 422, "/a~1b~0", 0, 0);
    expect_error(fixture, "{}", 400, "", 0, 0);
    expect_error(fixture, "{", 400, "", 0, 0);
}

/* How many queries ended as one that takes too long. */
static long count_too_long(const struct fixture *fixture) {
    static const char line[] = "gilscope_http_requests_total{method=\"POST\","
                               "route=\"/api/v1/sql\",code=\"422\"} ";
    struct http_answer answer;
    http_client_request(fixture->port, "GET", "/metrics", NULL, &answer);
    const char *found = strstr(answer.body, line);
    const long count = found != NULL ? strtol(found + strlen(line), NULL, 10) : 0;
    http_answer_deinit(&answer);
    return count;
}

static void ask_without_end(const struct fixture *fixture, int fd[SQL_API_AT_ONCE]) {
    static const char body[] =
        "{\"query\":\"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) FROM n\"}";
    char text[512];
    snprintf(text, sizeof text,
             "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
             "application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    for (int i = 0; i < SQL_API_AT_ONCE; i++) {
        fd[i] = http_client_connect(fixture->port);
        http_client_send_text(fd[i], text);
    }
}

/* How often the log says it. */
static int count_logged(FILE *log, const char *text) {
    char line[1024];
    int count = 0;
    rewind(log);
    while (fgets(line, sizeof line, log) != NULL) {
        count += strstr(line, text) != NULL ? 1 : 0;
    }
    return count;
}

/* A query that nobody waits for any more leaves its place: it is cancelled, before its time is
 * over. */
static void test_sql_api_ends_with_its_client(void **state) {
    const struct fixture *fixture = *state;
    const long too_long = count_too_long(fixture);
    const int standard_error = dup(STDERR_FILENO);
    FILE *log = tmpfile();
    int fd[SQL_API_AT_ONCE];
    assert_non_null(log);
    dup2(fileno(log), STDERR_FILENO);
    ask_without_end(fixture, fd);
    for (int i = 0; i < SQL_API_AT_ONCE; i++) {
        close(fd[i]);
    }
    int cancelled = 0;
    for (int64_t started = monotonic_ms();
         cancelled < SQL_API_AT_ONCE && count_too_long(fixture) == too_long;
         poll_pause(started)) {
        cancelled = count_logged(log, "the query was cancelled");
    }
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    fclose(log);
    assert_int_equal(cancelled, SQL_API_AT_ONCE);
    json_decref(query(fixture, "{\"query\":\"SELECT 1\"}", 200));
}

/* The ids of the other endpoints are these numbers. */
static void test_sql_api_agrees_with_the_lanes(void **state) {
    struct fixture *fixture = *state;
    json_t *lanes = ask(fixture, "GET", "/api/v1/runs/r1/lanes", NULL, 200);
    json_t *result =
        query(fixture, "{\"query\":\"SELECT name FROM lanes WHERE run_id = 1\"}", 200);
    const json_t *items = json_object_get(lanes, "items");
    assert_true(json_array_size(items) > 0);
    assert_int_equal(json_array_size(items), json_array_size(values(result, 0)));
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *name = json_object_get(json_array_get(items, i), "name");
        assert_string_equal(json_string_value(name),
                            json_string_value(json_array_get(values(result, 0), i)));
    }
    json_decref(lanes);
    json_decref(result);
}

static void change(const struct fixture *fixture, const char *sql) {
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(fixture->scratch.database, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(sqlite, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

/* The last test: the store is damaged afterwards. */
static void test_sql_api_lists_what_is_missing(void **state) {
    static const char body[] = "{\"query\":\"SELECT max(end_ns), run_id FROM spans\"}";
    struct fixture *fixture = *state;
    json_t *result = query(fixture, body, 200);
    assert_true(json_is_array(json_object_get(result, "damages")));
    assert_int_equal(json_array_size(json_object_get(result, "damages")), 0);
    json_decref(result);
    change(fixture, "UPDATE span_chunk SET data = x'00' WHERE seq = 0");
    result = query(fixture, body, 200);
    const json_t *damages = json_object_get(result, "damages");
    assert_int_equal(json_array_size(damages), 1);
    const json_t *first = json_array_get(damages, 0);
    assert_int_equal(json_object_size(first), 6);
    assert_int_equal(json_integer_value(json_object_get(first, "run_id")), 1);
    assert_string_equal(json_string_value(json_object_get(first, "kind")), "spans");
    assert_int_equal(json_integer_value(json_object_get(first, "lane_group")), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "from_ns")), 0);
    assert_true(json_integer_value(json_object_get(first, "to_ns")) > 0);
    assert_true(json_string_length(json_object_get(first, "what")) > 0);
    json_decref(result);
    /* The next query met none. */
    result = query(fixture, "{\"query\":\"SELECT count(*) FROM runs\"}", 200);
    assert_int_equal(json_array_size(json_object_get(result, "damages")), 0);
    json_decref(result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sql_api_answers_in_columns),
        cmocka_unit_test(test_sql_api_cuts_at_the_limit),
        cmocka_unit_test(test_sql_api_says_what_is_wrong),
        cmocka_unit_test(test_sql_api_ends_with_its_client),
        cmocka_unit_test(test_sql_api_agrees_with_the_lanes),
        cmocka_unit_test(test_sql_api_lists_what_is_missing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
