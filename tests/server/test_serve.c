/* SPDX-License-Identifier: MIT */
/*
 * `gilscope serve` as a process: how it starts, how it is stopped, and what is left when
 * it is killed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db.h"
#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "tests/support/test.h"

/* Many runs, each with a timeline: there is always something being written. */
static const char endless[] =
    "{\"schema\":1,\"name\":\"endless\",\"repetitions\":1000,\"record\":\"timeline\","
    "\"runtimes\":[\"cpython-3.9\",\"cpython-3.12\",\"cpython-3.14t\"],"
    "\"strategies\":[{\"threads\":8}],"
    "\"workload\":{\"jobs\":{\"count\":400,\"steps\":[{\"repeat\":10,\"steps\":["
    "{\"python_us\":300},{\"io_us\":{\"dist\":\"exponential\",\"mean\":500}}]}]}}}";

static const char small[] =
    "{\"schema\":1,\"name\":\"small\",\"strategies\":[\"sequential\",{\"threads\":2}],"
    "\"workload\":{\"jobs\":{\"count\":4,\"steps\":[{\"python_us\":1000}]}}}";

static int set_up(void **state) {
    struct scratch *scratch = calloc(1, sizeof *scratch);
    assert_non_null(scratch);
    scratch_make(scratch);
    *state = scratch;
    return 0;
}

static int tear_down(void **state) {
    scratch_remove(*state);
    free(*state);
    return 0;
}

static void submit(uint16_t port, const char *document, char *id, size_t size) {
    struct http_answer answer;
    http_client_request(port, "POST", "/api/v1/experiments?again=true", document,
                        &answer);
    assert_int_equal(answer.status, 201);
    json_find_text(answer.body, "id", id, size);
    http_answer_deinit(&answer);
}

/* The experiment as text; the caller frees it. */
static char *read_experiment(uint16_t port, const char *id) {
    struct http_answer answer;
    char path[128];
    snprintf(path, sizeof path, "/api/v1/experiments/%s", id);
    http_client_request(port, "GET", path, NULL, &answer);
    assert_int_equal(answer.status, 200);
    char *body = answer.body;
    answer.body = NULL;
    http_answer_deinit(&answer);
    return body;
}

static void read_status(uint16_t port, const char *id, char *out, size_t size) {
    char *body = read_experiment(port, id);
    json_find_text(body, "status", out, size);
    free(body);
}

static void wait_for_status(uint16_t port, const char *id, const char *wanted) {
    char status[32] = "";
    for (const int64_t started = monotonic_ms(); strcmp(status, wanted) != 0;) {
        read_status(port, id, status, sizeof status);
        poll_pause(started);
    }
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        found++;
    }
    return found;
}

/* Waits until `runs` repetitions of the experiment are stored as done. */
static void wait_for_runs(uint16_t port, const char *id, size_t runs) {
    const int64_t started = monotonic_ms();
    for (;;) {
        char *body = read_experiment(port, id);
        const size_t done = count(body, "\"status\":\"done\",\"fingerprint\"");
        free(body);
        if (done >= runs) {
            return;
        }
        poll_pause(started);
    }
}

/* --- stopping -------------------------------------------------------------------- */

static void test_serve_stops_on_a_signal_whatever_is_open(void **state) {
    const struct scratch *scratch = *state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (int i = 0; i < 2; i++) {
        struct process process;
        char id[32];
        char request[128];
        char buffer[65536] = "";
        const uint16_t port = process_start_server(&process, scratch->database);
        submit(port, endless, id, sizeof id);
        wait_for_status(port, id, "running");
        const int idle = http_client_connect(port);
        const int half = http_client_connect(port);
        http_client_send_text(half, "POST /api/v1/experiments HTTP/1.1\r\nHost: ");
        const int stream = http_client_connect(port);
        snprintf(request, sizeof request,
                 "GET /api/v1/events?topics=%s HTTP/1.0\r\nHost: localhost\r\n\r\n", id);
        http_client_send_text(stream, request);
        http_client_read_until(stream, "event: progress", buffer, sizeof buffer);
        assert_int_equal(kill(process.pid, signals[i]), 0);
        /* The stream is told, then ended. */
        http_client_read_until(stream, "\"status\":\"interrupted\"}", buffer,
                               sizeof buffer);
        assert_true(http_client_is_closed(stream));
        assert_int_equal(process_wait(&process), 0);
        close(stream);
        close(idle);
        close(half);
        const uint16_t again = process_start_server(&process, scratch->database);
        wait_for_status(again, id, "interrupted");
        assert_int_equal(process_end(&process, SIGTERM), 0);
    }
}

/* --- being killed ---------------------------------------------------------------- */

static void check_integrity(const char *database) {
    struct db *db = NULL;
    struct db_reader *reader = NULL;
    struct err err = {0};
    assert_int_equal(db_open(&db, database, DB_READ, &err), 0);
    assert_int_equal(db_reader_open(&reader, db, &err), 0);
    if (db_reader_check(reader, &err) != 0) {
        fail_msg("%s", err.text);
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_serve_loses_nothing_when_it_is_killed(void **state) {
    const struct scratch *scratch = *state;
    struct process process;
    char finished[32];
    uint16_t port = process_start_server(&process, scratch->database);
    submit(port, small, finished, sizeof finished);
    wait_for_status(port, finished, "done");
    char *before = read_experiment(port, finished);
    for (size_t i = 0; i < 4; i++) {
        char id[32];
        char queued[32];
        submit(port, endless, id, sizeof id);
        submit(port, small, queued, sizeof queued);
        wait_for_runs(port, id, 1 + 3 * i);
        char *seen = read_experiment(port, id);
        assert_int_equal(process_end(&process, SIGKILL), 1000 + SIGKILL);
        port = process_start_server(&process, scratch->database);
        /* Marked; and every run that was reported as stored is still there, unchanged. */
        char *now = read_experiment(port, id);
        char status[32];
        json_find_text(now, "status", status, sizeof status);
        assert_string_equal(status, "interrupted");
        assert_int_equal(count(now, "\"running\""), 0);
        assert_int_equal(count(now, "\"pending\""), 0);
        assert_non_null(strstr(now, "submit the document again"));
        for (const char *at = seen; (at = strstr(at, "{\"id\":\"r")) != NULL; at++) {
            char run[256];
            snprintf(run, sizeof run, "%.*s", (int)strcspn(at, "}") + 1, at);
            if (strstr(run, "\"status\":\"done\"") != NULL) {
                assert_non_null(strstr(now, run));
            }
        }
        wait_for_status(port, queued, "done");
        free(seen);
        free(now);
    }
    char *after = read_experiment(port, finished);
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_int_equal(process_end(&process, SIGTERM), 0);
    check_integrity(scratch->database);
}

/* --- what cannot be had ---------------------------------------------------------- */

/* What it ends with, with one more option. */
static int serve_code_with(const char *option, const char *value, const char *database) {
    struct process process;
    const char *const arguments[] = {"serve",  "--port", "0",   "--database",
                                     database, option,   value, NULL};
    process_start(&process, arguments);
    char *text = process_read_all(&process);
    assert_string_equal(text, "");
    free(text);
    return process_wait(&process);
}

static int serve_code(const char *port, const char *database) {
    return serve_code_with("--port", port, database);
}

static void test_serve_refuses_what_it_cannot_have(void **state) {
    const struct scratch *scratch = *state;
    struct process process;
    char other[SCRATCH_PATH_SIZE];
    char port_text[16];
    snprintf(other, sizeof other, "%s/other.db", scratch->directory);
    const uint16_t port = process_start_server(&process, scratch->database);
    snprintf(port_text, sizeof port_text, "%u", port);
    assert_int_equal(serve_code(port_text, other), 1);
    assert_int_equal(serve_code("0", "/nonexistent/directory/x.db"), 1);
    assert_int_equal(serve_code("65536", other), 2);
    assert_int_equal(serve_code("x", other), 2);
    assert_int_equal(serve_code_with("--address", "localhost", other), 2);
    assert_int_equal(serve_code_with("--host", "http://example.org", other), 2);
    assert_int_equal(process_end(&process, SIGTERM), 0);
}

/* --- a token --------------------------------------------------------------------- */

#define TOKEN "0123456789abcdef-TOKEN"

static void write_file(const char *path, mode_t mode, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_serve_demands_a_token_where_others_reach_it(void **state) {
    const struct scratch *scratch = *state;
    char path[SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/token", scratch->directory);
    assert_int_equal(serve_code_with("--address", "0.0.0.0", scratch->database), 2);
    assert_int_equal(serve_code_with("--address", "::", scratch->database), 2);
    assert_int_equal(serve_code_with("--token-file", path, scratch->database), 1);
    write_file(path, 0640, TOKEN "\n");
    assert_int_equal(serve_code_with("--token-file", path, scratch->database), 2);
    write_file(path, 0600, "too-short\n");
    assert_int_equal(serve_code_with("--token-file", path, scratch->database), 2);
    write_file(path, 0600, "spaces are no token\n");
    assert_int_equal(serve_code_with("--token-file", path, scratch->database), 2);
    write_file(path, 0600, "");
    assert_int_equal(serve_code_with("--token-file", path, scratch->database), 2);
    setenv("GILSCOPE_TOKEN", "short", 1);
    assert_int_equal(serve_code_with("--address", "127.0.0.1", scratch->database), 2);
    unsetenv("GILSCOPE_TOKEN");
}

static int status_with(uint16_t port, const char *header) {
    struct http_answer answer;
    char request[256];
    snprintf(request, sizeof request,
             "GET /api/v1/models HTTP/1.1\r\nHost: localhost\r\n%s\r\n", header);
    http_client_exchange(port, request, &answer);
    const int status = answer.status;
    http_answer_deinit(&answer);
    return status;
}

static void test_serve_takes_its_token_from_a_file_or_the_environment(void **state) {
    const struct scratch *scratch = *state;
    struct process process;
    char path[SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/token", scratch->directory);
    write_file(path, 0400, TOKEN "\n");
    const char *const options[] = {"--address", "0.0.0.0", "--token-file", path, NULL};
    uint16_t port = process_start_server_with(&process, scratch->database, options);
    assert_int_equal(status_with(port, ""), 401);
    assert_int_equal(status_with(port, "Authorization: Bearer " TOKEN "\r\n"), 200);
    assert_int_equal(process_end(&process, SIGTERM), 0);
    setenv("GILSCOPE_TOKEN", TOKEN, 1);
    port = process_start_server(&process, scratch->database);
    unsetenv("GILSCOPE_TOKEN");
    assert_int_equal(status_with(port, "Authorization: Bearer wrong-" TOKEN "\r\n"), 401);
    assert_int_equal(status_with(port, "Authorization: Bearer " TOKEN "\r\n"), 200);
    assert_int_equal(process_end(&process, SIGTERM), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_serve_stops_on_a_signal_whatever_is_open),
        TEST(test_serve_loses_nothing_when_it_is_killed),
        TEST(test_serve_refuses_what_it_cannot_have),
        TEST(test_serve_demands_a_token_where_others_reach_it),
        TEST(test_serve_takes_its_token_from_a_file_or_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
