/* SPDX-License-Identifier: MIT */
/* Result files over the wire: whole, of what was asked for, and none left behind. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api_fixture.h"
#include "http_client.h"
#include "server/api/export_files.h"
#include "tests/support/test.h"

static const char document[] =
    "{\"schema\":1,\"repetitions\":2,\"runtimes\":[\"cpython-3.12\"],"
    "\"strategies\":[{\"threads\":3}],"
    "\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":20000},"
    "{\"io_us\":300}]}}}";

static int set_up(void **state) {
    const int code = api_fixture_set_up(state);
    if (code == 0) {
        api_run(*state, document, "e1");
        api_run(*state,
                "{\"schema\":1,\"seed\":2,\"strategies\":[\"sequential\"],"
                "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":"
                "10}]}}}",
                "e2");
    }
    return code;
}

/* Asks for a file, keeps it beside the store, and asks it one question. */
static int64_t ask_file(const struct api_fixture *fixture, const char *path,
                        const char *query) {
    char name[1024];
    struct http_answer answer;
    sqlite3 *file = NULL;
    sqlite3_stmt *statement = NULL;
    http_client_request(fixture->port, "GET", path, NULL, &answer);
    if (answer.status != 200) {
        fail_msg("GET %s: %d: %s", path, answer.status, answer.body);
    }
    assert_string_equal(http_answer_header(&answer, "Content-Type"),
                        "application/vnd.sqlite3");
    snprintf(name, sizeof name, "%s.copy", fixture->scratch.database);
    FILE *copy = fopen(name, "wb");
    assert_non_null(copy);
    assert_int_equal(fwrite(answer.body, 1, answer.body_size, copy), answer.body_size);
    assert_int_equal(fclose(copy), 0);
    http_answer_deinit(&answer);
    assert_int_equal(sqlite3_open_v2(name, &file, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(file, query, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(file);
    assert_int_equal(remove(name), 0);
    return number;
}

static void test_export_api_gives_an_experiment_and_nothing_else(void **state) {
    const char *path = "/api/v1/experiments/e1/export?format=sqlite";
    assert_int_equal(ask_file(*state, path, "SELECT max(experiment_id) FROM experiments"),
                     1);
    assert_int_equal(ask_file(*state, path, "SELECT count(*) FROM experiments"), 1);
    assert_int_equal(ask_file(*state, path, "SELECT count(*) FROM runs"), 2);
    assert_true(ask_file(*state, path,
                         "SELECT count(*) FROM spans WHERE state = 'wait_gil'") > 9);
    assert_true(ask_file(*state, path, "SELECT count(*) FROM flows") > 0);
}

static void test_export_api_gives_the_timeline_of_one_run(void **state) {
    const char *path = "/api/v1/runs/r1/export?format=sqlite";
    assert_int_equal(ask_file(*state, path, "SELECT count(*) FROM experiments"), 1);
    assert_int_equal(ask_file(*state, path, "SELECT count(DISTINCT run_id) FROM spans"),
                     1);
    json_decref(
        api_expect(*state, "GET", "/api/v1/runs/r2/export?format=sqlite", NULL, 404));
}

static void test_export_api_names_the_file(void **state) {
    const struct api_fixture *fixture = *state;
    struct http_answer answer = {0};
    const char *path = "/api/v1/experiments/e2/export?format=sqlite";
    for (int i = 0; i < 2; i++) {
        const bool head = i == 1;
        const int fd = http_client_connect(fixture->port);
        char request[256];
        snprintf(request, sizeof request,
                 "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n",
                 head ? "HEAD" : "GET", path, fixture->port);
        http_client_send_text(fd, request);
        http_client_read(fd, head, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(http_answer_header(&answer, "Content-Disposition"),
                            "attachment; filename=\"gilscope-e2.sqlite\"");
        assert_true(head == (http_answer_header(&answer, "Content-Length") == NULL));
        http_answer_deinit(&answer);
        assert_true(http_client_is_closed(fd));
    }
}

static void test_export_api_refuses_what_is_not_there(void **state) {
    json_decref(api_expect(*state, "GET", "/api/v1/experiments/e1/export", NULL, 400));
    json_decref(
        api_expect(*state, "GET", "/api/v1/experiments/e1/export?format=csv", NULL, 400));
    json_decref(api_expect(*state, "GET", "/api/v1/experiments/e9/export?format=sqlite",
                           NULL, 404));
    json_decref(
        api_expect(*state, "GET", "/api/v1/runs/e1/export?format=sqlite", NULL, 404));
}

static void test_export_api_leaves_no_file(void **state) {
    const struct api_fixture *fixture = *state;
    json_decref(
        api_expect(*state, "GET", "/api/v1/runs/r2/export?format=sqlite", NULL, 404));
    ask_file(fixture, "/api/v1/runs/r1/export?format=sqlite", "SELECT 1");
    assert_int_equal(scratch_count(&fixture->scratch, "-export-"), 0);
}

static void test_export_api_says_what_is_damaged(void **state) {
    const char *path = "/api/v1/runs/r1/export?format=sqlite";
    api_change(*state, "UPDATE span_chunk SET data = x'00'");
    assert_true(ask_file(*state, path, "SELECT count(*) FROM damages WHERE run_id = 1") >
                0);
    assert_int_equal(ask_file(*state, path, "SELECT count(*) FROM spans"), 0);
    assert_true(ask_file(*state, path, "SELECT count(*) FROM lanes") > 0);
}

/* Asks and does not read more than the head, which says that there is a file. */
static int ask_and_wait(const struct api_fixture *fixture) {
    char request[256], head[2048] = "";
    const int fd = http_client_connect(fixture->port);
    snprintf(request, sizeof request,
             "GET /api/v1/experiments/e1/export?format=sqlite HTTP/1.1\r\n"
             "Host: 127.0.0.1:%d\r\nConnection: close\r\n\r\n",
             fixture->port);
    http_client_send_text(fd, request);
    http_client_read_until(fd, "HTTP/1.1 ", head, sizeof head);
    return fd;
}

/* How much comes until the connection is closed. */
static size_t read_size(int fd) {
    static char piece[65536];
    size_t all = 0;
    for (ssize_t size; (size = recv(fd, piece, sizeof piece, 0)) > 0;) {
        all += (size_t)size;
    }
    return all;
}

/* Those who do not read keep nobody from a file: one of them loses its own, before any of them
 * has been idle for too long. */
static void test_export_api_takes_files_from_who_does_not_read(void **state) {
    const char *path = "/api/v1/experiments/e1/export?format=sqlite";
    struct api_fixture *fixture = *state;
    int clients[EXPORT_FILES_MAX];
    unsigned cut = 0;
    fixture->limits.idle_s = CLIENT_DEADLINE_MS / 1000;
    api_fixture_start(fixture);
    /* Larger than what the system buffers for a client that does not read. */
    api_change(fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                        " LIMIT 400) INSERT INTO metric SELECT 1, i || hex(zeroblob("
                        "20000)), i FROM n");
    for (int i = 0; i < EXPORT_FILES_MAX; i++) {
        clients[i] = ask_and_wait(fixture);
    }
    const int64_t started = monotonic_ms();
    for (int status = 503; status == 503; poll_pause(started)) {
        struct http_answer answer = {0};
        http_client_request(fixture->port, "GET", path, NULL, &answer);
        status = answer.status;
        assert_true(status == 200 ||
                    strstr(answer.body, "8 files are being sent already") != NULL);
        http_answer_deinit(&answer);
    }
    for (int i = 0; i < EXPORT_FILES_MAX; i++) {
        cut += read_size(clients[i]) < 16000000 ? 1 : 0;
        close(clients[i]);
    }
    assert_int_equal(cut, 1);
}

static void test_export_api_is_not_for_other_sites(void **state) {
    const struct api_fixture *fixture = *state;
    char request[256];
    struct http_answer answer = {0};
    snprintf(request, sizeof request,
             "GET /api/v1/experiments/e1/export?format=sqlite HTTP/1.1\r\n"
             "Host: 127.0.0.1:%d\r\nSec-Fetch-Site: cross-site\r\n\r\n",
             fixture->port);
    http_client_exchange(fixture->port, request, &answer);
    assert_int_equal(answer.status, 403);
    http_answer_deinit(&answer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_export_api_gives_an_experiment_and_nothing_else),
        TEST(test_export_api_gives_the_timeline_of_one_run),
        TEST(test_export_api_names_the_file),
        TEST(test_export_api_refuses_what_is_not_there),
        TEST(test_export_api_leaves_no_file),
        TEST(test_export_api_says_what_is_damaged),
        TEST(test_export_api_takes_files_from_who_does_not_read),
        TEST(test_export_api_is_not_for_other_sites),
    };
    return cmocka_run_group_tests_name("export_api", tests, NULL, NULL);
}
