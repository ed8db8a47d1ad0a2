/* SPDX-License-Identifier: MIT */
/*
 * test_lengths - what every kind of answer says of its length: that of GET, of HEAD and of 304
 * are one and the same (RFC 9110, 8.6), nothing follows an answer that has no content, and what
 * is compressed for whom.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

#define HOST "Host: localhost\r\n"
#define FORWARDED "X-Forwarded-For: 192.0.2.7\r\nAccept-Encoding: gzip\r\n"

static const char quick[] =
    "{\"schema\":1,\"strategies\":[{\"threads\":3}],"
    "\"workload\":{\"jobs\":{\"count\":60,\"steps\":[{\"python_us\":9000}]}}}";

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, quick, "e1");
    json_decref(
        api_expect(*state, "POST", "/api/v1/runs/r1/notes", "{\"text\":\"\"}", 201));
    return 0;
}

/* What is asked, and with which headers. */
struct question {
    const char *path, *headers;
};

static void ask(int fd, const char *method, const struct question *question,
                const char *etag, struct http_answer *out) {
    char text[1024], condition[96] = "";
    if (etag != NULL) {
        snprintf(condition, sizeof condition, "If-None-Match: %s\r\n", etag);
    }
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\n" HOST "%s%s\r\n", method,
             question->path, question->headers, condition);
    *out = (struct http_answer){0};
    http_client_send_text(fd, text);
    http_client_read(fd, strcmp(method, "HEAD") == 0, out);
}

/* Copies a header, "" when there is none. */
static const char *copy(const struct http_answer *answer, const char *name,
                        char out[96]) {
    const char *value = http_answer_header(answer, name);
    snprintf(out, 96, "%s", value != NULL ? value : "");
    return out;
}

static void expect_same(const struct http_answer *answer, const char *name,
                        const struct http_answer *whole) {
    char a[96], b[96];
    assert_string_equal(copy(answer, name, a), copy(whole, name, b));
}

/* An answer without content: its length is that of `whole`, and it is the end of it: the next
 * one on the connection begins where it should. */
static void expect_no_content(const struct http_answer *answer, int status,
                              const struct http_answer *whole) {
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "ETag",
                                        "Vary", "Cache-Control"};
    assert_int_equal(answer->status, status);
    assert_int_equal(answer->body_size, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_same(answer, names[i], whole);
    }
}

static void check_question(uint16_t port, const struct question *question) {
    struct http_answer whole, answer;
    char etag[96], length[96];
    const int fd = http_client_connect(port);
    ask(fd, "GET", question, NULL, &whole);
    assert_int_equal(strtoul(copy(&whole, "Content-Length", length), NULL, 10),
                     whole.body_size);
    ask(fd, "HEAD", question, NULL, &answer);
    expect_no_content(&answer, whole.status, &whole);
    expect_same(&answer, "Content-Type", &whole);
    expect_same(&answer, "Content-Encoding", &whole);
    http_answer_deinit(&answer);
    if (copy(&whole, "ETag", etag)[0] != '\0') {
        static const char *const methods[] = {"GET", "HEAD"};
        for (int i = 0; i < 2; i++) {
            ask(fd, methods[i], question, etag, &answer);
            expect_no_content(&answer, 304, &whole);
            assert_null(http_answer_header(&answer, "Content-Encoding"));
            http_answer_deinit(&answer);
        }
    }
    ask(fd, "GET", question, "\"other\"", &answer);
    assert_int_equal(answer.status, whole.status);
    assert_int_equal(answer.body_size, whole.body_size);
    http_answer_deinit(&answer);
    http_answer_deinit(&whole);
    close(fd);
}

static void test_lengths_of_get_head_and_304_are_one(void **state) {
    const struct api_fixture *fixture = *state;
    static const char *const paths[] = {"/",
                                        "/healthz",
                                        "/openapi.json",
                                        "/api/v1/models",
                                        "/api/v1/schema",
                                        "/api/v1/experiments",
                                        "/api/v1/experiments/e1",
                                        "/api/v1/experiments/e1/cells",
                                        "/api/v1/runs/r1",
                                        "/api/v1/runs/r1", /* once more: it is kept now */
                                        "/api/v1/runs/r1/lanes",
                                        "/api/v1/runs/r1/timeline",
                                        "/api/v1/runs/r1/notes",
                                        "/api/v1/runs/r1/flows",
                                        "/api/v1/notes/n1",
                                        "/api/v1/runs/r9",
                                        "/api/v1/nothing",
                                        "/api/v1/runs/r1?nothing=1",
                                        "/api/v1/runs/r1/spans/at"};
    static const char *const headers[] = {"", FORWARDED,
                                          "Accept: application/x-ndjson, */*;q=0.5\r\n",
                                          "Accept: image/png\r\n"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        for (size_t j = 0; j < sizeof headers / sizeof headers[0]; j++) {
            check_question(fixture->port, &(struct question){paths[i], headers[j]});
        }
    }
}

static void test_lengths_of_streams_are_unknown(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct question events = {"/api/v1/events?topics=queue", ""};
    struct http_answer answer;
    char head[4096] = "";
    int fd = http_client_connect(fixture->port);
    ask(fd, "HEAD", &events, NULL, &answer);
    assert_int_equal(answer.status, 200);
    assert_null(http_answer_header(&answer, "Content-Length"));
    assert_string_equal(http_answer_header(&answer, "Content-Type"), "text/event-stream");
    assert_null(http_answer_header(&answer, "Transfer-Encoding"));
    assert_string_equal(http_answer_header(&answer, "Connection"), "close");
    http_answer_deinit(&answer);
    assert_int_equal(recv(fd, head, sizeof head, 0), 0); /* nothing follows */
    close(fd);
    fd = http_client_connect(fixture->port);
    http_client_send_text(fd, "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
    http_client_read_until(fd, "retry: 2000", head, sizeof head);
    assert_null(strstr(head, "Content-Length"));
    assert_non_null(strstr(head, "Transfer-Encoding: chunked"));
    close(fd);
}

static void test_lengths_are_not_told_of_nothing(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct question note = {"/api/v1/notes/n1", ""};
    static const char *const methods[] = {"OPTIONS", "DELETE"};
    struct http_answer answer;
    const int fd = http_client_connect(fixture->port);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        ask(fd, methods[i], &note, NULL, &answer);
        assert_int_equal(answer.status, 204);
        assert_null(http_answer_header(&answer, "Content-Length"));
        assert_null(http_answer_header(&answer, "Transfer-Encoding"));
        http_answer_deinit(&answer);
    }
    ask(fd, "GET", &note, NULL, &answer);
    assert_int_equal(answer.status, 404);
    http_answer_deinit(&answer);
    close(fd);
}

/* Nothing is compressed for a client here, unless it speaks for one elsewhere. */
static void test_lengths_are_less_for_who_is_elsewhere(void **state) {
    const struct api_fixture *fixture = *state;
    static const struct {
        const char *headers, *coding;
    } rows[] = {
        {"Accept-Encoding: gzip\r\n", ""},
        {"X-Forwarded-For: 192.0.2.7\r\nAccept-Encoding: br, gzip\r\n", "gzip"},
        {"Forwarded: for=192.0.2.7\r\nAccept-Encoding: gzip\r\n", "gzip"},
        {"Via: 1.1 proxy\r\nAccept-Encoding: gzip\r\n", "gzip"},
        {"Via: 1.1 proxy\r\nAccept-Encoding: gzip;q=0\r\n", ""},
        {"Via: 1.1 proxy\r\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_answer answer;
        char coding[96];
        const int fd = http_client_connect(fixture->port);
        ask(fd, "GET", &(struct question){"/api/v1/models", rows[i].headers}, NULL,
            &answer);
        assert_string_equal(copy(&answer, "Content-Encoding", coding), rows[i].coding);
        assert_string_equal(http_answer_header(&answer, "Vary"), "Accept-Encoding");
        http_answer_deinit(&answer);
        close(fd);
    }
}

/* An answer to POST is as large as one to GET may be, and as compressible. */
static void test_lengths_of_queries_are_less_too(void **state) {
    const struct api_fixture *fixture = *state;
    static const char body[] = "{\"query\":\"SELECT hex(zeroblob(5000))\"}";
    static const char *const headers[] = {"Accept-Encoding: gzip\r\n", FORWARDED};
    for (size_t i = 0; i < 2; i++) {
        struct http_answer answer = {0};
        char text[512], coding[96];
        const int fd = http_client_connect(fixture->port);
        snprintf(text, sizeof text,
                 "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\n%s"
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                 headers[i], strlen(body), body);
        http_client_send_text(fd, text);
        http_client_read(fd, false, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(copy(&answer, "Content-Encoding", coding),
                            i == 0 ? "" : "gzip");
        assert_int_equal(answer.body_size < 1000, i == 1);
        http_answer_deinit(&answer);
        close(fd);
    }
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_lengths_of_get_head_and_304_are_one),
        TEST(test_lengths_of_streams_are_unknown),
        TEST(test_lengths_are_not_told_of_nothing),
        TEST(test_lengths_are_less_for_who_is_elsewhere),
        TEST(test_lengths_of_queries_are_less_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
