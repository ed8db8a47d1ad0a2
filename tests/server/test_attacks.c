/* SPDX-License-Identifier: MIT */
/*
 * What no decent client sends: the server says what is wrong or closes, never takes the
 * body of one request for another, and goes on serving others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"
#include "server/http/http_server.h"
#include "server/http/rate_limit.h"
#include "tests/support/test.h"

/* --- a server with small limits -------------------------------------------------- */

static int handle_hello(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    (void)context;
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "q");
    json_writer_string(&writer, http_request_query(request, "q"));
    json_writer_end_object(&writer);
    return http_response_take_json(response, 200, &writer, err);
}

static int handle_echo(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    (void)context;
    struct json_writer writer = {0};
    json_writer_uint(&writer, request->body_size);
    return http_response_take_json(response, 200, &writer, err);
}

static int handle_item(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    (void)context;
    (void)response;
    return err_set(err, ERR_NOT_FOUND, "no item '%s'", request->capture[0]);
}

static const struct http_route table[] = {
    {"GET", "/hello", handle_hello, HTTP_ROUTE_INLINE, "q", "application/json"},
    {"POST", "/echo", handle_echo, HTTP_ROUTE_JSON_BODY, NULL, "application/json"},
    {"GET", "/items/{id}", handle_item, 0, NULL, "application/json"},
};

static struct http_server *start(const struct http_limits *limits) {
    struct http_server *server = NULL;
    const struct http_server_options options = {.limits = *limits,
                                                .routes = table,
                                                .route_count =
                                                    sizeof table / sizeof table[0]};
    assert_int_equal(http_server_start(&server, &options, NULL), 0);
    return server;
}

static int set_up(void **state) {
    const struct http_limits none = {0};
    *state = start(&none);
    return 0;
}

static int tear_down(void **state) {
    http_server_stop(*state);
    return 0;
}

static uint16_t port_of(const struct http_server *server) {
    return http_server_listener(server)->port;
}

#define HOST "Host: localhost\r\n"
#define JSON "Content-Type: application/json\r\n"
#define POST "POST /echo HTTP/1.1\r\n" HOST JSON

static void expect_served(const struct http_server *server) {
    struct http_answer answer;
    http_client_exchange(port_of(server), "GET /hello?q=x HTTP/1.1\r\n" HOST "\r\n",
                         &answer);
    assert_int_equal(answer.status, 200);
    http_answer_deinit(&answer);
}

/* --- smuggling ------------------------------------------------------------------- */

/* All that the server sends until it closes the connection, to be freed. */
static char *read_to_the_end(int fd) {
    size_t size = 0;
    char *text = calloc(1, 65536);
    assert_non_null(text);
    for (ssize_t got; (got = read(fd, text + size, 65535 - size)) > 0;) {
        size += (size_t)got;
    }
    return text;
}

/* Whatever its body or its end is taken for, the second request is not answered. */
static void test_attacks_smuggle_no_request(void **state) {
    static const struct {
        int status;
        const char *head;
    } rows[] = {
        {400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
        {400, "Content-Length: 2\r\nContent-Length: 0\r\n\r\n{}"},
        {400, "Content-Length: 0\r\nContent-Length: 2\r\n\r\n{}"},
        {400, "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"},
        {400, "Content-Length: 2, 2\r\n\r\n{}"},
        {400, "Content-Length: +2\r\n\r\n{}"},
        {400, "Content-Length: -2\r\n\r\n{}"},
        {400, "Content-Length: 0x2\r\n\r\n{}"},
        {413, "Content-Length: 99999999999999999999999\r\n\r\n{}"},
        {400, "Content-Length : 2\r\n\r\n{}"},
        {400, "X: a\r\n Content-Length: 2\r\n\r\n"},
        {400, "X: a\rContent-Length: 2\r\n\r\n"},
        {400, "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
        {400, "Transfer-: chunked\r\n Encoding\r\n\r\n0\r\n\r\n"},
        {400, "Content-Length:\r\n 59\r\n\r\n"},
        {400, "Content-Length: 5\r\n\t9\r\n\r\n"},
        {400, "Content-: 2\r\n Leng\r\n th\r\n\r\n{}"},
        {400, "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
        {400, "Transfer-Encoding: identity\r\n\r\n"},
        {400, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        {400,
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"},
        {400, "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"},
        {400, "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n"},
        {413, "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n"},
        {400, "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n"},
        {400, "NoColon\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[1024];
        const int fd = http_client_connect(port_of(*state));
        snprintf(request, sizeof request,
                 POST "%sGET /items/smuggled HTTP/1.1\r\n" HOST "\r\n", rows[i].head);
        http_client_send_text(fd, request);
        char *text = read_to_the_end(fd);
        if (strstr(text, "smuggled") != NULL ||
            strtol(text + strlen("HTTP/1.1 "), NULL, 10) != rows[i].status) {
            fail_msg("%s\n--> %s", request, text);
        }
        free(text);
        close(fd);
    }
    expect_served(*state);
}

/* Odd, but there is only one way to read it. */
static void test_attacks_are_not_what_is_only_odd(void **state) {
    static const char *const bodies[] = {
        "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0;x\r\nTrailer: x\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n002\r\n{}\r\n000\r\n\r\n",
        "Content-Length: 0002\r\n\r\n{}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct http_answer answer = {0};
        char request[1024];
        const int fd = http_client_connect(port_of(*state));
        snprintf(request, sizeof request,
                 POST "%sGET /items/next HTTP/1.1\r\n" HOST "\r\n", bodies[i]);
        http_client_send_text(fd, request);
        http_client_read(fd, false, &answer);
        assert_string_equal(answer.body, "2");
        http_answer_deinit(&answer);
        http_client_read(fd, false, &answer);
        assert_int_equal(answer.status, 404);
        assert_non_null(strstr(answer.body, "next"));
        http_answer_deinit(&answer);
        close(fd);
    }
}

static void test_attacks_by_a_header_are_refused(void **state) {
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {400, "GET /hello HTTP/1.1\r\n Host: example.org\r\n" HOST "\r\n"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "X\x01: a\r\n\r\n"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "X(y): a\r\n\r\n"},
        {421, "GET /hello HTTP/1.1\r\nHost: rebound.example.org\r\n\r\n"},
        {421, "GET /hello HTTP/1.1\r\nHost: 127.0.0.1.example.org\r\n\r\n"},
        {421, "GET /hello HTTP/1.1\r\nHost: localhost@example.org\r\n\r\n"},
        {403, POST "Origin: null\r\nContent-Length: 2\r\n\r\n{}"},
        {403, POST "Origin: http://example.org\r\nContent-Length: 2\r\n\r\n{}"},
        {403, POST "Sec-Fetch-Site: cross-site\r\nContent-Length: 2\r\n\r\n{}"},
        {415, "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
              "Content-Length: 2\r\n\r\n{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_answer answer;
        http_client_exchange(port_of(*state), rows[i].text, &answer);
        if (answer.status != rows[i].status) {
            fail_msg("%d for %s", answer.status, rows[i].text);
        }
        http_answer_deinit(&answer);
    }
}

static void test_attacks_walk_out_of_no_folder(void **state) {
    static const char *const paths[] = {"/../../etc/passwd",
                                        "/..%2f..%2fetc/passwd",
                                        "/%2e%2e/%2e%2e/etc/passwd",
                                        "/%252e%252e/etc/passwd",
                                        "/..\\..\\etc\\passwd",
                                        "//etc/passwd",
                                        "/assets/../../../etc/passwd",
                                        "/./index.html/.",
                                        "/items/../hello",
                                        "/%c0%ae%c0%ae/etc/passwd",
                                        "/index.html%2f..",
                                        "file:///etc/passwd"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct http_answer answer;
        http_client_request(port_of(*state), "GET", paths[i], NULL, &answer);
        assert_int_equal(answer.status, 404);
        assert_null(strstr(answer.body, "root:"));
        http_answer_deinit(&answer);
    }
}

/* What comes back is JSON, never a page, whatever was sent. */
static void test_attacks_by_markup_come_back_as_text(void **state) {
    static const char *const paths[] = {"/items/%3Cscript%3Ealert(1)%3C%2fscript%3E",
                                        "/%3Cimg%20src=x%20onerror=alert(1)%3E",
                                        "/hello?q=%3C%2Fscript%3E%3Cscript%3E",
                                        "/hello?%3Cb%3E=1"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct http_answer answer;
        http_client_request(port_of(*state), "GET", paths[i], NULL, &answer);
        assert_non_null(strstr(http_answer_header(&answer, "Content-Type"), "json"));
        assert_string_equal(http_answer_header(&answer, "X-Content-Type-Options"),
                            "nosniff");
        assert_null(strstr(answer.head, "script>"));
        http_answer_deinit(&answer);
    }
}

/* --- too much -------------------------------------------------------------------- */

static void expect_detail(const struct http_server *server, const char *request,
                          int status, const char *detail) {
    struct http_answer answer;
    http_client_exchange(port_of(server), request, &answer);
    assert_int_equal(answer.status, status);
    if (strstr(answer.body, detail) == NULL) {
        fail_msg("no '%s' in %s", detail, answer.body);
    }
    http_answer_deinit(&answer);
}

static void test_attacks_with_too_much_are_told_the_limit(void **state) {
    enum { SIZE = 30000 };
    char *request = malloc(SIZE);
    assert_non_null(request);
    int size = snprintf(request, SIZE, "GET /hello HTTP/1.1\r\n" HOST);
    for (int i = 0; i < HTTP_HEADERS_MAX; i++) {
        size += snprintf(request + size, (size_t)(SIZE - size), "X-%d: y\r\n", i);
    }
    snprintf(request + size, (size_t)(SIZE - size), "\r\n");
    expect_detail(*state, request, 431, "more than 100 headers");
    size = snprintf(request, SIZE, "GET /hello?q=");
    memset(request + size, 'x', HTTP_PARAMETER_MAX + 1);
    snprintf(request + size + HTTP_PARAMETER_MAX + 1, 100, " HTTP/1.1\r\n" HOST "\r\n");
    expect_detail(*state, request, 414, "'q' is longer than 12288 bytes");
    snprintf(request + size + HTTP_PARAMETER_MAX, 100, " HTTP/1.1\r\n" HOST "\r\n");
    expect_detail(*state, request, 200, "xxx");
    free(request);
}

static void test_attacks_by_the_first_line_are_told_what_is_wrong(void **state) {
    expect_detail(*state, "GET /hello HTTP/1.1\r\n\r\n", 400, "has a header Host");
    expect_detail(*state, "GET /hel lo HTTP/1.1\r\n" HOST "\r\n", 400, "write %20");
    expect_detail(*state, "GET /hello?q=a b HTTP/1.1\r\n" HOST "\r\n", 400, "write %20");
    expect_detail(*state, "GET /hel\tlo HTTP/1.1\r\n" HOST "\r\n", 400, "write %20");
    expect_detail(*state, "GET /hel\x7flo HTTP/1.1\r\n" HOST "\r\n", 400, "write %20");
    expect_detail(*state, "GET /hel%00lo HTTP/1.1\r\n" HOST "\r\n", 400, "%00 means");
}

/* --- what the HTTP library keeps to itself: see request_check.h -------------------- */

#define BYTES(text) text, sizeof text - 1
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

/* Its page, or nothing (status 0), and then the end: no request behind it is answered. */
static void test_attacks_that_the_library_answers(void **state) {
    static const struct {
        int status;
        const char *bytes;
        size_t size;
    } rows[] = {
        {400, BYTES("GET /hello HTTP/1.1\r\n" HOST "NoColon\r\n\r\n")},
        {400, BYTES("GET /hello HTTP/1.1\r\n" HOST "X\0y: a\r\n\r\n")},
        {400, BYTES("GET /hello\r\n" HOST "\r\n")},
        {400, BYTES("GET  HTTP/1.1\r\n" HOST "\r\n")},
        {400, BYTES("GET /hello http/1.1\r\n" HOST "\r\n")},
        {400, BYTES("GET /hello HTTP/1.1x\r\n" HOST "\r\n")},
        {400, BYTES("GET /hello HTTP/1.1\0\r\n" HOST "\r\n")},
        {400, BYTES(CHUNKED "zz\r\n{}\r\n0\r\n\r\n")},
        {400, BYTES(CHUNKED "2\r\n{}0\r\n\r\n")},
        {413, BYTES(CHUNKED "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n")},
        {400, BYTES(POST "Content-Length: two\r\n\r\n{}")},
        {413, BYTES(POST "Content-Length: 99999999999999999999999\r\n\r\n{}")},
        {505, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        {505, BYTES("GET /hello HTTP/0.9\r\n" HOST "\r\n")},
        {0, BYTES("GET\r\n" HOST "\r\n")},
        {0, BYTES(" GET /hello HTTP/1.1\r\n" HOST "\r\n")},
        {0, BYTES("GET\t/hello\tHTTP/1.1\r\n" HOST "\r\n")},
        {0, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int fd = http_client_connect(port_of(*state));
        http_client_send(fd, rows[i].bytes, rows[i].size);
        http_client_send_text(fd, "GET /items/smuggled HTTP/1.1\r\n" HOST "\r\n");
        char *text = read_to_the_end(fd);
        const long status =
            text[0] != '\0' ? strtol(text + strlen("HTTP/1.1 "), NULL, 10) : 0;
        if (status != rows[i].status || strstr(text, "smuggled") != NULL ||
            strstr(text, "problem+json") != NULL ||
            (status != 0 && strstr(text, "Connection: close\r\n") == NULL)) {
            fail_msg("row %zu: %s\n--> %s", i, rows[i].bytes, text);
        }
        free(text);
        close(fd);
    }
    expect_served(*state);
}

/* What is larger than the memory of a connection. */
static void test_attacks_that_the_library_finds_too_long(void **state) {
    static const struct {
        int status;
        const char *before, *after;
    } rows[] = {
        {414, "GET /", " HTTP/1.1\r\n" HOST "\r\n"},
        {414, "GET /hello?q=", " HTTP/1.1\r\n" HOST "\r\n"},
        {431, "GET /hello HTTP/1.1\r\n" HOST "X: ", "\r\n\r\n"},
        {431, "GET /hello HTTP/1.1\r\n" HOST, ": x\r\n\r\n"},
        {500, CHUNKED "2;", "\r\n{}\r\n0\r\n\r\n"},
        {431, CHUNKED "2\r\n{}\r\n0\r\nX: ", "\r\n\r\n"},
    };
    char *filling = malloc(HTTP_CONNECTION_MEMORY + 1);
    assert_non_null(filling);
    memset(filling, 'a', HTTP_CONNECTION_MEMORY);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int fd = http_client_connect(port_of(*state));
        http_client_send_text(fd, rows[i].before);
        http_client_send(fd, filling, HTTP_CONNECTION_MEMORY);
        http_client_send_text(fd, rows[i].after);
        char *text = read_to_the_end(fd);
        /* It closes with unread bytes, so that its answer may be lost on the way. */
        if (text[0] != '\0') {
            assert_int_equal(strtol(text + strlen("HTTP/1.1 "), NULL, 10),
                             rows[i].status);
        }
        free(text);
        close(fd);
        expect_served(*state);
    }
    free(filling);
}

/* Read leniently, but in one way only: each answer belongs to its request. */
static void test_attacks_by_line_feeds_and_nuls_stay_in_step(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {BYTES("GET /hello?q=one HTTP/1.1\nHost: localhost\n\n")},
        {BYTES("GET /hello?q=one HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n")},
        {BYTES("GET /hello?q=one HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n")},
        {BYTES("GET /hello?q=one\0two HTTP/1.1\r\n" HOST "\r\n")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_answer answer = {0};
        const int fd = http_client_connect(port_of(*state));
        http_client_send(fd, rows[i].bytes, rows[i].size);
        http_client_send_text(fd, "GET /items/next HTTP/1.1\r\n" HOST "\r\n");
        http_client_read(fd, false, &answer);
        assert_int_equal(answer.status, 200);
        assert_non_null(strstr(answer.body, "one"));
        assert_null(strstr(answer.body, "two"));
        http_answer_deinit(&answer);
        http_client_read(fd, false, &answer);
        assert_int_equal(answer.status, 404);
        assert_non_null(strstr(answer.body, "next"));
        http_answer_deinit(&answer);
        close(fd);
    }
}

/* The library answers by itself or closes; nobody else notices. */
static void test_attacks_with_endless_lines_are_ended(void **state) {
    static const char *const begins[] = {"", "GET /", "GET /hello HTTP/1.1\r\n" HOST,
                                         "GET /hello HTTP/1.1\r\n" HOST "X: ",
                                         POST "Transfer-Encoding: chunked\r\n\r\n2;"};
    char block[4096];
    memset(block, 'a', sizeof block);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        const int fd = http_client_connect(port_of(*state));
        http_client_send_text(fd, begins[i]);
        for (int j = 0; j < 64; j++) {
            http_client_send(fd, block, sizeof block);
        }
        assert_true(http_client_is_closed(fd));
        close(fd);
        expect_served(*state);
    }
}

/* --- slow ------------------------------------------------------------------------ */

static void test_attacks_byte_by_byte_are_served(void **state) {
    static const char request[] = POST "Content-Length: 2\r\n\r\n{}"
                                       "GET /hello?q=a HTTP/1.1\r\n" HOST "\r\n";
    struct http_answer answer = {0};
    const int fd = http_client_connect(port_of(*state));
    for (size_t i = 0; i + 1 < sizeof request; i++) {
        http_client_send(fd, request + i, 1);
    }
    http_client_read(fd, false, &answer);
    assert_string_equal(answer.body, "2");
    http_answer_deinit(&answer);
    http_client_read(fd, false, &answer);
    assert_string_equal(answer.body, "{\"q\":\"a\"}");
    http_answer_deinit(&answer);
    close(fd);
}

static void test_attacks_pipeline_is_answered_in_order(void **state) {
    enum { COUNT = 100 };
    const int fd = http_client_connect(port_of(*state));
    for (int i = 0; i < COUNT; i++) {
        char request[128];
        snprintf(request, sizeof request, "GET /%s HTTP/1.1\r\n" HOST "\r\n",
                 i % 2 == 0 ? "hello?q=even" : "items/odd");
        http_client_send_text(fd, request);
    }
    for (int i = 0; i < COUNT; i++) {
        struct http_answer answer = {0};
        http_client_read(fd, false, &answer);
        assert_non_null(strstr(answer.body, i % 2 == 0 ? "even" : "odd"));
        http_answer_deinit(&answer);
    }
    close(fd);
}

/* Each sends a byte again and again: only a limit on the whole ends it. */
static void test_attacks_by_drips_are_ended(void **state) {
    (void)state;
    static const char *const begins[] = {"GET /hello HTTP/1.1\r\n" HOST "X: ",
                                         POST "Content-Length: 1000000\r\n\r\n"};
    const struct http_limits limits = {.receive_ms = 200};
    struct http_server *server = start(&limits);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        const int64_t started = monotonic_ms();
        const int fd = http_client_connect(port_of(server));
        http_client_send_text(fd, begins[i]);
        while (send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
            poll_pause(started);
        }
        close(fd);
        expect_served(server);
    }
    http_server_stop(server);
}

/* --- many ------------------------------------------------------------------------ */

static void test_attacks_by_connections_are_limited(void **state) {
    (void)state;
    enum { MOST = 5 };
    const struct http_limits limits = {.loopback_connections = MOST};
    struct http_server *server = start(&limits);
    int fds[MOST];
    for (int i = 0; i < MOST; i++) {
        struct http_answer answer = {0};
        fds[i] = http_client_connect(port_of(server));
        http_client_send_text(fds[i], "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        http_client_read(fds[i], false, &answer);
        assert_int_equal(answer.status, 200);
        http_answer_deinit(&answer);
    }
    const int more = http_client_connect(port_of(server));
    assert_true(http_client_is_closed(more));
    close(more);
    for (int i = 0; i < MOST; i++) {
        close(fds[i]);
    }
    for (const int64_t started = monotonic_ms();;) {
        struct http_answer answer;
        http_client_exchange(port_of(server), "GET /hello HTTP/1.1\r\n" HOST "\r\n",
                             &answer);
        const int status = answer.status;
        http_answer_deinit(&answer);
        if (status == 200) {
            break;
        }
        poll_pause(started);
    }
    http_server_stop(server);
}

/* Connections that are opened and left: half-open, half a request, nothing at all. */
static void test_attacks_by_many_connects_are_survived(void **state) {
    const int rounds = getenv("GILSCOPE_LONG") != NULL ? 10000 : 600;
    for (int i = 0; i < rounds; i++) {
        const int fd = http_client_connect(port_of(*state));
        if (i % 3 > 0) {
            http_client_send_text(fd, i % 3 == 1 ? "GET /hel"
                                                 : POST "Content-Length: 9\r\n\r\n{");
        }
        if (i % 2 == 0) {
            const struct linger reset = {.l_onoff = 1, .l_linger = 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        close(fd);
    }
    expect_served(*state);
}

static void test_attacks_by_requests_are_limited(void **state) {
    (void)state;
    const struct http_limits limits = {.loopback_rate = 1};
    struct http_server *server = start(&limits);
    struct http_answer answer;
    int status = 0;
    for (int i = 0; i < 1000 && status != 429; i++) {
        http_client_exchange(port_of(server), "GET /hello HTTP/1.1\r\n" HOST "\r\n",
                             &answer);
        status = answer.status;
        if (status == 429) {
            assert_string_equal(http_answer_header(&answer, "Retry-After"), "1");
            assert_non_null(strstr(answer.body, "--limit-rate"));
        }
        http_answer_deinit(&answer);
    }
    assert_int_equal(status, 429);
    http_server_stop(server);
}

/* --- the buckets, on a clock of our own ------------------------------------------ */

static void test_rate_limit_fills_at_its_rate(void **state) {
    (void)state;
    struct rate_limit *limit = calloc(1, sizeof *limit);
    assert_non_null(limit);
    int64_t now = 5000;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rate_limit_take(limit, 7, 10, now), 0);
    }
    assert_int_equal(rate_limit_take(limit, 7, 10, now), 100);
    assert_int_equal(rate_limit_take(limit, 8, 10, now), 0);
    assert_int_equal(rate_limit_take(limit, 7, 10, now + 40), 60);
    assert_int_equal(rate_limit_take(limit, 7, 10, now + 100), 0);
    assert_int_equal(rate_limit_take(limit, 7, 10, now + 100), 100);
    now += 1000 * 1000; /* never more than twice the rate */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rate_limit_take(limit, 7, 10, now), 0);
    }
    assert_int_equal(rate_limit_take(limit, 7, 10, now), 100);
    free(limit);
}

/* Over any time, an address gets what the bucket holds and the rate, and no more. */
static void test_rate_limit_is_the_rate_in_the_long_run(void **state) {
    (void)state;
    for (unsigned rate = 1; rate <= 1000; rate = rate * 3 + 1) {
        struct rate_limit *limit = calloc(1, sizeof *limit);
        assert_non_null(limit);
        int64_t got = 0;
        for (int64_t now = 1; now <= 10000; now++) {
            for (int i = 0; i < 3; i++) {
                got += rate_limit_take(limit, 7, rate, now) == 0 ? 1 : 0;
            }
        }
        const int64_t most = (int64_t)rate * 12;
        assert_true(got <= most && got >= most - rate / 100 - 1);
        free(limit);
    }
}

/* More addresses than there are buckets: those that stay do not get new ones. */
static void test_rate_limit_remembers_who_is_not_quiet(void **state) {
    (void)state;
    struct rate_limit *limit = calloc(1, sizeof *limit);
    assert_non_null(limit);
    int64_t now = 1;
    while (rate_limit_take(limit, 7, 1, now) == 0) {
    }
    for (uint64_t other = 1000; other < 1000 + 20 * RATE_LIMIT_SLOTS; other++) {
        now += other % 100 == 0 ? 1 : 0;
        assert_int_equal(rate_limit_take(limit, other, 1, now), 0);
        assert_true(rate_limit_take(limit, 7, 1, now) > 0);
    }
    free(limit);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_attacks_smuggle_no_request),
        TEST(test_attacks_are_not_what_is_only_odd),
        TEST(test_attacks_by_a_header_are_refused),
        TEST(test_attacks_walk_out_of_no_folder),
        TEST(test_attacks_by_markup_come_back_as_text),
        TEST(test_attacks_with_too_much_are_told_the_limit),
        TEST(test_attacks_by_the_first_line_are_told_what_is_wrong),
        TEST(test_attacks_that_the_library_answers),
        TEST(test_attacks_that_the_library_finds_too_long),
        TEST(test_attacks_by_line_feeds_and_nuls_stay_in_step),
        TEST(test_attacks_with_endless_lines_are_ended),
        TEST(test_attacks_byte_by_byte_are_served),
        TEST(test_attacks_pipeline_is_answered_in_order),
        cmocka_unit_test(test_attacks_by_drips_are_ended),
        cmocka_unit_test(test_attacks_by_connections_are_limited),
        TEST(test_attacks_by_many_connects_are_survived),
        cmocka_unit_test(test_attacks_by_requests_are_limited),
        cmocka_unit_test(test_rate_limit_fills_at_its_rate),
        cmocka_unit_test(test_rate_limit_is_the_rate_in_the_long_run),
        cmocka_unit_test(test_rate_limit_remembers_who_is_not_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
