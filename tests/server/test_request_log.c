/* SPDX-License-Identifier: MIT */
/*
 * What the server says about requests: ids, a line each in logfmt, and never a secret. The
 * log is that of a process of its own, whose standard error is a file.
 */
#include "server/http/request_id.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "server/log/log.h"
#include "tests/support/test.h"

#define TOKEN "0123456789abcdef-secret"
#define WRONG "fedcba9876543210-secret"

/* --- ids ------------------------------------------------------------------------- */

static void test_request_id_is_the_clients_if_it_is_harmless(void **state) {
    (void)state;
    struct request_ids ids;
    char id[REQUEST_ID_SIZE];
    char longest[REQUEST_ID_SIZE + 1];
    request_ids_init(&ids);
    memset(longest, 'x', sizeof longest);
    longest[REQUEST_ID_SIZE - 1] = '\0';
    request_id_choose(&ids, "trace-1.2_3", id);
    assert_string_equal(id, "trace-1.2_3");
    request_id_choose(&ids, longest, id);
    assert_string_equal(id, longest);
    longest[REQUEST_ID_SIZE - 1] = 'x';
    longest[REQUEST_ID_SIZE] = '\0';
    const char *const harmful[] = {NULL,        "",         "a b", "a\"b",     "a\nb",
                                   "a\r\nX: y", "<script>", "a=b", "\xc3\xa9", longest};
    char last[REQUEST_ID_SIZE] = "";
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++) {
        request_id_choose(&ids, harmful[i], id);
        assert_true(strlen(id) > 9 && id[8] == '-');
        assert_string_not_equal(id, last);
        strcpy(last, id);
    }
}

static void test_log_quotes_any_text(void **state) {
    (void)state;
    char out[16];
    log_quote("a b", out, sizeof out);
    assert_string_equal(out, "\"a b\"");
    log_quote("a\"b\nc\x1b", out, sizeof out);
    assert_string_equal(out, "\"a'b c \"");
    log_quote("/\\", out, sizeof out);
    assert_string_equal(out, "\"//\"");
    log_quote("0123456789abcdef", out, sizeof out);
    assert_string_equal(out, "\"0123456789abc\"");
    log_quote("", out, 3);
    assert_string_equal(out, "\"\"");
}

/* --- a server -------------------------------------------------------------------- */

struct fixture {
    struct scratch scratch;
    struct process process;
    uint16_t port;
    char log[SCRATCH_PATH_SIZE];
};

/* Starts it with our standard error a file for that moment. */
static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    snprintf(fixture->log, sizeof fixture->log, "%s/log", fixture->scratch.directory);
    const int kept = dup(STDERR_FILENO);
    const int fd = open(fixture->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(kept >= 0 && fd >= 0);
    setenv("GILSCOPE_LOG", "debug", 1);
    setenv("GILSCOPE_TOKEN", TOKEN, 1);
    dup2(fd, STDERR_FILENO);
    fixture->port = process_start_server(&fixture->process, fixture->scratch.database);
    dup2(kept, STDERR_FILENO);
    unsetenv("GILSCOPE_LOG");
    unsetenv("GILSCOPE_TOKEN");
    close(kept);
    close(fd);
    *state = fixture;
    return 0;
}

/* Stops the server; all that it logged, to be freed. */
static char *stop_and_read(struct fixture *fixture) {
    assert_int_equal(process_end(&fixture->process, SIGTERM), 0);
    fixture->process.pid = 0;
    FILE *file = fopen(fixture->log, "r");
    char *text = calloc(1, 1 << 20);
    assert_non_null(file);
    assert_non_null(text);
    text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    if (fixture->process.pid != 0) {
        process_end(&fixture->process, SIGKILL);
    }
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

#define HOST "Host: localhost\r\n"
#define SIGNED HOST "Authorization: Bearer " TOKEN "\r\n"

/* The line of the log with this id; fails when there is none. */
static void find_line(const char *log, const char *id, char *out, size_t size) {
    char wanted[REQUEST_ID_SIZE + 8];
    snprintf(wanted, sizeof wanted, " id=%s ", id);
    for (const char *at = log; *at != '\0'; at += strcspn(at, "\n") + 1) {
        snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
        if (strstr(out, wanted) != NULL) {
            return;
        }
    }
    fail_msg("no line with %s in:\n%s", wanted, log);
}

static void test_request_log_has_a_line_for_each(void **state) {
    struct fixture *fixture = *state;
    static const struct {
        const char *request;
        const char *parts[6];
    } rows[] = {
        {"GET /healthz HTTP/1.1\r\n" SIGNED "X-Request-Id: row-0\r\n\r\n",
         {"level=info at=http msg=request", "method=\"GET\" path=\"/healthz\"",
          "status=200 bytes=15 ", " duration_us=", "peer=127.0.0.1"}},
        {"HEAD /healthz HTTP/1.1\r\n" SIGNED "X-Request-Id: row-1\r\n\r\n",
         {"level=info", "method=\"HEAD\"", "status=200 bytes=0 "}},
        {"GET /nothing HTTP/1.1\r\n" SIGNED "X-Request-Id: row-2\r\n\r\n",
         {"level=info", "status=404"}},
        {"GET /api/v1/experiments/e9 HTTP/1.1\r\n" SIGNED "X-Request-Id: row-3\r\n\r\n",
         {"level=info", "status=404", "path=\"/api/v1/experiments/e9\""}},
        {"GET /%22%0Alevel=error%20x=%22 HTTP/1.1\r\n" SIGNED
         "X-Request-Id: row-4\r\n\r\n",
         {"level=info", "path=\"/' level=error x='\""}},
        {"GET /api/v1/models HTTP/1.1\r\n" HOST "X-Request-Id: row-5\r\n\r\n",
         {"level=warn", "status=401"}},
        {"G\"T /healthz HTTP/1.1\r\n" SIGNED "X-Request-Id: row-6\r\n\r\n",
         {"level=info", "method=\"G'T\"", "status=405"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_answer answer;
        char id[16];
        snprintf(id, sizeof id, "row-%zu", i);
        http_client_exchange(fixture->port, rows[i].request, &answer);
        assert_string_equal(http_answer_header(&answer, "X-Request-Id"), id);
        http_answer_deinit(&answer);
    }
    char *log = stop_and_read(fixture);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char id[16];
        char line[512];
        snprintf(id, sizeof id, "row-%zu", i);
        find_line(log, id, line, sizeof line);
        for (size_t j = 0; rows[i].parts[j] != NULL; j++) {
            if (strstr(line, rows[i].parts[j]) == NULL) {
                fail_msg("no %s in %s", rows[i].parts[j], line);
            }
        }
    }
    free(log);
}

/* Why a request failed has its id, as the line that says that it did. */
static void test_request_log_says_why_it_failed(void **state) {
    struct fixture *fixture = *state;
    sqlite3 *sqlite = NULL;
    struct http_answer answer;
    unsigned found = 0;
    assert_int_equal(sqlite3_open(fixture->scratch.database, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(sqlite, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite,
                                  "CREATE TRIGGER broken BEFORE INSERT ON experiment"
                                  " BEGIN DELETE FROM missing; END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(sqlite);
    http_client_exchange(fixture->port,
                         "POST /api/v1/experiments HTTP/1.1\r\n" SIGNED
                         "Content-Type: application/json\r\nX-Request-Id: why\r\n"
                         "Content-Length: 73\r\n\r\n{\"schema\":1,\"workload\":{"
                         "\"jobs\":{\"count\":1,\"steps\":[{\"python_us\":10}]}}}  ",
                         &answer);
    assert_int_equal(answer.status, 500);
    http_answer_deinit(&answer);
    char *log = stop_and_read(fixture);
    for (char *line = strtok(log, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, " id=why") != NULL) {
            found += strstr(line, "msg=request id=why") != NULL ? 1 : 0;
            found += strstr(line, "level=error at=http msg=\"") != NULL ? 2 : 0;
        }
    }
    free(log);
    assert_int_equal(found, 3);
}

enum { SECONDS_SIZE = sizeof "2026-11-27T18:01:34" };

static void write_seconds(char out[SECONDS_SIZE]) {
    const time_t now = time(NULL);
    struct tm utc;
    strftime(out, SECONDS_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now, &utc));
}

/* Every line, and when it was written; texts of times are in the order of times. */
static void test_request_log_begins_with_the_time(void **state) {
    struct fixture *fixture = *state;
    char first[SECONDS_SIZE], last[SECONDS_SIZE], seconds[SECONDS_SIZE];
    struct http_answer answer;
    int lines = 0;
    write_seconds(first);
    http_client_exchange(
        fixture->port, "GET / HTTP/1.1\r\n" HOST "X-Request-Id: timed\r\n\r\n", &answer);
    http_answer_deinit(&answer);
    char *log = stop_and_read(fixture);
    write_seconds(last);
    for (const char *at = log; *at != '\0'; at += strcspn(at, "\n") + 1, lines++) {
        int milliseconds, used = 0;
        assert_int_equal(
            sscanf(at, "ts=%19[0-9T:-].%3dZ level=%n", seconds, &milliseconds, &used), 2);
        assert_int_equal(used, strlen("ts=2026-11-27T18:01:34.250Z level="));
    }
    assert_true(lines > 0);
    char line[512];
    find_line(log, "timed", line, sizeof line);
    sscanf(line, "ts=%19s", seconds);
    assert_true(strcmp(first, seconds) <= 0 && strcmp(seconds, last) <= 0);
    free(log);
}

static void test_request_log_tells_of_streams_and_of_who_left(void **state) {
    struct fixture *fixture = *state;
    char buffer[4096] = "";
    char line[512];
    const int left = http_client_connect(fixture->port);
    http_client_send_text(left, "POST /api/v1/sql HTTP/1.1\r\n" SIGNED
                                "Content-Type: application/json\r\n"
                                "X-Request-Id: left\r\nContent-Length: 100\r\n\r\n{");
    close(left);
    const int stream = http_client_connect(fixture->port);
    http_client_send_text(stream, "GET /api/v1/events HTTP/1.1\r\n" SIGNED
                                  "X-Request-Id: stream\r\n\r\n");
    http_client_read_until(stream, "retry: 2000\n\n", buffer, sizeof buffer);
    char *log = stop_and_read(fixture);
    find_line(log, "stream", line, sizeof line);
    /* The greeting; a heartbeat may have come before the end. */
    assert_non_null(strstr(line, "status=200 bytes="));
    assert_null(strstr(line, "bytes=0 "));
    find_line(log, "left", line, sizeof line);
    assert_non_null(strstr(line, "status=0 bytes=0 "));
    assert_non_null(strstr(line, " cut=true"));
    free(log);
    close(stream);
}

static void test_request_log_and_problems_hold_no_secret(void **state) {
    struct fixture *fixture = *state;
    char with_cookie[256];
    snprintf(with_cookie, sizeof with_cookie,
             "GET /api/v1/models HTTP/1.1\r\n" HOST "Cookie: gilscope_%u=" WRONG
             "\r\n\r\n",
             fixture->port);
    const char *const requests[] = {
        with_cookie,
        "GET /api/v1/models HTTP/1.1\r\n" SIGNED "\r\n",
        "GET /api/v1/models?token=" TOKEN " HTTP/1.1\r\n" SIGNED "\r\n",
        "GET /api/v1/models?" TOKEN "=1 HTTP/1.1\r\n" HOST "\r\n",
        "GET /api/v1/events?experiment=" TOKEN " HTTP/1.1\r\n" HOST "\r\n",
        "GET /api/v1/models HTTP/1.1\r\n" HOST "Authorization: Bearer " WRONG "\r\n\r\n",
        "GET /api/v1/models HTTP/1.1\r\n" HOST "Authorization: " WRONG "\r\n\r\n",
        "GET /api/v1/models HTTP/1.1\r\n" HOST "Cookie " WRONG "\r\n\r\n",
        "GET /api/v1/models HTTP/1.1\r\nHost: " WRONG ".example.org\r\n\r\n",
        "POST /api/v1/session HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "Content-Length: 35\r\n\r\n{\"token\":\"" TOKEN "\"}",
        "POST /api/v1/session HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "Content-Length: 35\r\n\r\n{\"token\":\"" WRONG "\"}",
        "POST /api/v1/session HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "Content-Length: 35\r\n\r\n{\"other\":\"" WRONG "\"}",
        "GET /api/v1/models HTTP/9.9\r\n" SIGNED "\r\n",
        "GET /api/v1/models HTTP/1.1\r\n" SIGNED "Content-Length: x\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct http_answer answer;
        http_client_exchange(fixture->port, requests[i], &answer);
        assert_int_not_equal(answer.status, 0);
        assert_null(answer.body != NULL ? strstr(answer.body, "-secret") : NULL);
        assert_null(strstr(answer.head, "-secret"));
        http_answer_deinit(&answer);
    }
    char *log = stop_and_read(fixture);
    assert_non_null(strstr(log, "msg=request"));
    if (strstr(log, "-secret") != NULL) {
        fail_msg("%s", log);
    }
    free(log);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_id_is_the_clients_if_it_is_harmless),
        cmocka_unit_test(test_log_quotes_any_text),
        TEST(test_request_log_has_a_line_for_each),
        TEST(test_request_log_says_why_it_failed),
        TEST(test_request_log_begins_with_the_time),
        TEST(test_request_log_tells_of_streams_and_of_who_left),
        TEST(test_request_log_and_problems_hold_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
