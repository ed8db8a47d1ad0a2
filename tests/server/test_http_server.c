/* SPDX-License-Identifier: MIT */
#include "server/http/http_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"
#include "server/http/asset.h"
#include "tests/support/test.h"

/* --- a server with routes of its own --------------------------------------------- */

struct fixture {
    struct http_server *server;
    uint16_t port;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool gate_open; /* lets the handler of /wait return */
    int waiting;    /* handlers of /wait that have begun */
};

static int take(struct http_response *response, struct json_writer *writer,
                struct err *err) {
    return http_response_take_json(response, 200, writer, err);
}

static int handle_hello(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    (void)context;
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "q");
    json_writer_string(&writer, http_request_query(request, "q"));
    json_writer_end_object(&writer);
    return take(response, &writer, err);
}

static int handle_echo(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    (void)context;
    struct json_writer writer = {0};
    json_writer_uint(&writer, request->body_size);
    return take(response, &writer, err);
}

static int handle_item(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    (void)context;
    (void)response;
    return err_set(err, ERR_NOT_FOUND, "no item '%s'", request->capture[0]);
}

/* Blocks until the test opens the gate. */
static int handle_wait(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    (void)request;
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->waiting++;
    pthread_cond_broadcast(&fixture->changed);
    while (!fixture->gate_open) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
    struct json_writer writer = {0};
    json_writer_bool(&writer, true);
    return take(response, &writer, err);
}

static const struct http_route table[] = {
    {"GET", "/hello", handle_hello, HTTP_ROUTE_INLINE, "q", "application/json"},
    {"GET", "/later", handle_hello, 0, "q", "application/json"},
    {"POST", "/echo", handle_echo, HTTP_ROUTE_JSON_BODY, NULL, "application/json"},
    {"GET", "/items/{id}", handle_item, 0, NULL, "application/json"},
    {"GET", "/wait", handle_wait, 0, NULL, "application/json"},
};

static void open_gate(struct fixture *fixture) {
    pthread_mutex_lock(&fixture->mutex);
    fixture->gate_open = true;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    const struct http_server_options options = {.routes = table,
                                                .route_count =
                                                    sizeof table / sizeof table[0],
                                                .context = fixture};
    assert_int_equal(http_server_start(&fixture->server, &options, NULL), 0);
    fixture->port = http_server_listener(fixture->server)->port;
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    open_gate(fixture);
    http_server_stop(fixture->server);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->mutex);
    free(fixture);
    return 0;
}

/* Sends raw text and reads one answer. */
static void exchange(const struct fixture *fixture, const char *text,
                     struct http_answer *out) {
    http_client_exchange(fixture->port, text, out);
}

static void expect_status(const struct fixture *fixture, const char *text, int status) {
    struct http_answer answer;
    exchange(fixture, text, &answer);
    if (answer.status != status) {
        fail_msg("%d instead of %d for: %.120s\n%s", answer.status, status, text,
                 answer.body);
    }
    if (status >= 400) {
        assert_non_null(strstr(answer.body, "\"detail\":"));
        assert_string_equal(http_answer_header(&answer, "Content-Type"),
                            "application/problem+json");
    }
    http_answer_deinit(&answer);
}

#define HOST "Host: localhost\r\n"
#define JSON "Content-Type: application/json\r\n"

/* --- requests -------------------------------------------------------------------- */

static void test_http_server_answers_inline_and_later(void **state) {
    const struct fixture *fixture = *state;
    static const char *const paths[] = {"/hello?q=a%20b", "/later?q=a%20b"};
    for (size_t i = 0; i < 2; i++) {
        struct http_answer answer;
        http_client_request(fixture->port, "GET", paths[i], NULL, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "{\"q\":\"a b\"}");
        http_answer_deinit(&answer);
    }
}

static void test_http_server_sends_security_headers_with_everything(void **state) {
    const struct fixture *fixture = *state;
    static const char *const paths[] = {"/hello", "/", "/nothing"};
    for (size_t i = 0; i < 3; i++) {
        struct http_answer answer;
        http_client_request(fixture->port, "GET", paths[i], NULL, &answer);
        const char *policy = http_answer_header(&answer, "Content-Security-Policy");
        assert_non_null(policy);
        assert_non_null(strstr(policy, "default-src 'self'"));
        assert_null(strstr(policy, "unsafe"));
        assert_string_equal(http_answer_header(&answer, "X-Content-Type-Options"),
                            "nosniff");
        assert_string_equal(http_answer_header(&answer, "Referrer-Policy"),
                            "no-referrer");
        assert_null(http_answer_header(&answer, "Access-Control-Allow-Origin"));
        http_answer_deinit(&answer);
    }
}

static void test_http_server_answers_head_without_a_body(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer = {0};
    const int fd = http_client_connect(fixture->port);
    /* On one connection: a body after HEAD would be taken for the next answer. */
    http_client_send_text(fd, "HEAD /hello?q=x HTTP/1.1\r\n" HOST "\r\n"
                              "GET /hello?q=y HTTP/1.1\r\n" HOST "\r\n");
    http_client_read(fd, true, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(http_answer_header(&answer, "Content-Length"), "9");
    http_answer_deinit(&answer);
    http_client_read(fd, false, &answer);
    assert_string_equal(answer.body, "{\"q\":\"y\"}");
    http_answer_deinit(&answer);
    close(fd);
}

static void test_http_server_refuses_with_the_right_status(void **state) {
    const struct fixture *fixture = *state;
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {404, "GET /nothing HTTP/1.1\r\n" HOST "\r\n"},
        {404, "GET /items/x HTTP/1.1\r\n" HOST "\r\n"},
        {404, "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n"},
        {404, "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" HOST "\r\n"},
        {404, "GET //etc/passwd HTTP/1.1\r\n" HOST "\r\n"},
        {405, "DELETE /hello HTTP/1.1\r\n" HOST "\r\n"},
        {405, "GET /echo HTTP/1.1\r\n" HOST "\r\n"},
        {405, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"},
        {405, "PATCH /echo HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /hello?r=1 HTTP/1.1\r\n" HOST "\r\n"},
        {406, "GET /hello HTTP/1.1\r\n" HOST "Accept: text/html\r\n\r\n"},
        {406,
         "GET /hello HTTP/1.1\r\n" HOST "Accept: text/html\r\nAccept: image/png\r\n\r\n"},
        {200, "GET /hello HTTP/1.1\r\n" HOST
              "Accept: text/html\r\nX-Other: a\r\naccept: application/json\r\n\r\n"},
        {415, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}"},
        {415, "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
              "Content-Length: 2\r\n\r\n{}"},
        {415, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Encoding: gzip\r\n"
              "Content-Length: 2\r\n\r\n{}"},
        {421, "GET /hello HTTP/1.1\r\nHost: example.org\r\n\r\n"},
        {421, "GET /hello HTTP/1.0\r\n\r\n"},
        {403, "POST /echo HTTP/1.1\r\n" HOST JSON "Origin: http://example.org\r\n"
              "Content-Length: 2\r\n\r\n{}"},
        {403, "POST /echo HTTP/1.1\r\n" HOST JSON "Sec-Fetch-Site: cross-site\r\n"
              "Content-Length: 2\r\n\r\n{}"},
        {400, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n"
              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
        {413, "POST /echo HTTP/1.1\r\n" HOST JSON "Expect: 100-continue\r\n"
              "Content-Length: 99999999\r\n\r\n"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
              "2\r\n{}\r\n0\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
              "Content-Length: 99999999\r\n\r\n"},
        {200, "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"},
        {400, "GET /hello%00 HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /%00 HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /items/x%00y HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /hello?q=a%00b HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /hello?q%00=a HTTP/1.1\r\n" HOST "\r\n"},
        {400, "POST /echo%00 HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}"},
        {200, "GET /hello?q=%2500 HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /hello HTTP/1.1\r\n" HOST HOST "\r\n"},
        {400, "GET /hello HTTP/1.1\r\n" HOST "hOST: example.org\r\n\r\n"},
        {400, "GET /hello?q=a&q=b HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /hello?q=a&q HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /hello?q=a&%71=b HTTP/1.1\r\n" HOST "\r\n"},
        {200, "POST /echo HTTP/1.1\r\n" HOST JSON "Origin: http://localhost\r\n"
              "Content-Length: 2\r\n\r\n{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_status(fixture, rows[i].text, rows[i].status);
    }
}

static void expect_detail(const struct fixture *fixture, const char *text,
                          const char *detail) {
    struct http_answer answer;
    exchange(fixture, text, &answer);
    if (strstr(answer.body, detail) == NULL) {
        fail_msg("no '%s' in %s", detail, answer.body);
    }
    http_answer_deinit(&answer);
}

static void test_http_server_says_what_is_wrong(void **state) {
    const struct fixture *fixture = *state;
    expect_detail(fixture, "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}",
                  "this path takes no body");
    expect_detail(fixture, "GET /hello%00 HTTP/1.1\r\n" HOST "\r\n", "%00");
    expect_detail(fixture, "GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", "Host");
    expect_detail(fixture, "GET /hello?q=1&q=2 HTTP/1.1\r\n" HOST "\r\n",
                  "'q' is there twice");
    expect_detail(fixture,
                  "POST /echo HTTP/1.1\r\n" HOST JSON "Origin: http://example.org\r\n"
                  "Content-Length: 2\r\n\r\n{}",
                  "use the page at http://localhost/");
}

static void test_http_server_says_what_is_allowed(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    http_client_request(fixture->port, "DELETE", "/hello", NULL, &answer);
    assert_string_equal(http_answer_header(&answer, "Allow"), "GET, HEAD, OPTIONS");
    http_answer_deinit(&answer);
    http_client_request(fixture->port, "GET", "/echo", NULL, &answer);
    assert_string_equal(http_answer_header(&answer, "Allow"), "POST, OPTIONS");
    http_answer_deinit(&answer);
    http_client_request(fixture->port, "OPTIONS", "/echo", NULL, &answer);
    assert_int_equal(answer.status, 204);
    assert_string_equal(http_answer_header(&answer, "Allow"), "POST, OPTIONS");
    http_answer_deinit(&answer);
    http_client_request(fixture->port, "OPTIONS", "/nowhere", NULL, &answer);
    assert_int_equal(answer.status, 404);
    http_answer_deinit(&answer);
}

/* What the client has is not sent again. */
static void test_http_server_knows_what_the_client_has(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    char text[256];
    http_client_request(fixture->port, "GET", "/hello", NULL, &answer);
    assert_int_equal(answer.status, 200);
    snprintf(text, sizeof text,
             "GET /hello HTTP/1.1\r\n" HOST "If-None-Match: \"x\", \"y\"\r\n"
             "If-None-Match: %s\r\nIf-None-Match: \"z\"\r\n\r\n",
             http_answer_header(&answer, "ETag"));
    http_answer_deinit(&answer);
    exchange(fixture, text, &answer);
    assert_int_equal(answer.status, 304);
    assert_int_equal(answer.body_size, 0);
    http_answer_deinit(&answer);
}

/* --- bodies ---------------------------------------------------------------------- */

static void test_http_server_takes_a_chunked_body(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    exchange(fixture,
             "POST /echo HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n"
             "3\r\n{\"a\r\n2\r\n\":\r\n2\r\n1}\r\n0\r\n\r\n",
             &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "7");
    http_answer_deinit(&answer);
}

/* Sends `size` bytes of body; the answer must be a 413 that arrives. */
static void expect_too_large(const struct fixture *fixture, size_t size, bool chunked) {
    struct http_answer answer = {0};
    char head[256];
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, ' ', size);
    const int fd = http_client_connect(fixture->port);
    if (chunked) {
        snprintf(head, sizeof head,
                 "POST /echo HTTP/1.1\r\n" HOST JSON
                 "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                 size);
    } else {
        snprintf(head, sizeof head,
                 "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: %zu\r\n\r\n", size);
    }
    http_client_send_text(fd, head);
    http_client_send(fd, body, size);
    http_client_send_text(fd, chunked ? "\r\n0\r\n\r\n" : "");
    http_client_read(fd, false, &answer);
    assert_int_equal(answer.status, 413);
    assert_non_null(strstr(answer.body, "\"pointer\":\"\""));
    http_answer_deinit(&answer);
    close(fd);
    free(body);
}

static void test_http_server_refuses_a_large_body(void **state) {
    const struct fixture *fixture = *state;
    expect_too_large(fixture, HTTP_BODY_MAX + 1, false);
    expect_too_large(fixture, HTTP_BODY_MAX + 1, true);
    expect_too_large(fixture, 10 * 1024 * 1024, false);
    expect_too_large(fixture, 10 * 1024 * 1024, true);
}

static void test_http_server_takes_the_largest_body(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    char *body = malloc(HTTP_BODY_MAX + 1);
    assert_non_null(body);
    memset(body, ' ', HTTP_BODY_MAX);
    body[HTTP_BODY_MAX] = '\0';
    http_client_request(fixture->port, "POST", "/echo", body, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "1048576");
    http_answer_deinit(&answer);
    free(body);
}

static void test_http_server_survives_a_huge_head(void **state) {
    const struct fixture *fixture = *state;
    enum { SIZE = 256 * 1024 };
    struct http_answer answer = {0};
    char *head = malloc(SIZE);
    assert_non_null(head);
    memset(head, 'a', SIZE);
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(fd, "GET /hello HTTP/1.1\r\n" HOST "X-Long: ");
    http_client_send(fd, head, SIZE);
    http_client_read(fd, false, &answer);
    /* The library answers by itself, or closes while the client still sends. */
    assert_true(answer.status == 0 || answer.status == 431 || answer.status == 413);
    http_answer_deinit(&answer);
    close(fd);
    free(head);
    expect_status(fixture, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200);
}

/* --- clients that are slow ------------------------------------------------------- */

static void test_http_server_serves_others_while_a_client_is_slow(void **state) {
    const struct fixture *fixture = *state;
    static const char request[] = "GET /hello?q=slow HTTP/1.1\r\n" HOST "\r\n";
    struct http_answer answer = {0};
    const int fd = http_client_connect(fixture->port);
    for (size_t i = 0; i + 1 < sizeof request; i++) {
        http_client_send(fd, request + i, 1);
        expect_status(fixture, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200);
    }
    http_client_read(fd, false, &answer);
    assert_string_equal(answer.body, "{\"q\":\"slow\"}");
    http_answer_deinit(&answer);
    close(fd);
}

static void test_http_server_handlers_that_wait_block_no_http_thread(void **state) {
    struct fixture *fixture = *state;
    enum { CLIENTS = 12 }; /* more than executor threads */
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = http_client_connect(fixture->port);
        http_client_send_text(fds[i], "GET /wait HTTP/1.1\r\n" HOST "\r\n");
    }
    expect_status(fixture, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200);
    open_gate(fixture);
    for (int i = 0; i < CLIENTS; i++) {
        struct http_answer answer = {0};
        http_client_read(fds[i], false, &answer);
        assert_string_equal(answer.body, "true");
        http_answer_deinit(&answer);
        close(fds[i]);
    }
}

static void test_http_server_forgets_clients_that_leave_while_they_wait(void **state) {
    struct fixture *fixture = *state;
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->waiting == 0) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
    close(fd);
    open_gate(fixture);
    expect_status(fixture, "GET /later HTTP/1.1\r\n" HOST "\r\n", 200);
}

/* --- files ----------------------------------------------------------------------- */

static void test_http_server_serves_compiled_in_files(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    http_client_request(fixture->port, "GET", "/", NULL, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(http_answer_header(&answer, "Content-Type"), "text/html"));
    http_answer_deinit(&answer);
    for (size_t i = 0; i < asset_count; i++) {
        char request[512];
        http_client_request(fixture->port, "GET", assets[i].path, NULL, &answer);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body_size, assets[i].size);
        assert_memory_equal(answer.body, assets[i].data, assets[i].size);
        assert_string_equal(http_answer_header(&answer, "ETag"), assets[i].etag);
        http_answer_deinit(&answer);
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n\r\n", assets[i].path,
                 assets[i].etag);
        exchange(fixture, request, &answer);
        assert_int_equal(answer.status, 304);
        http_answer_deinit(&answer);
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
                 assets[i].path);
        exchange(fixture, request, &answer);
        assert_int_equal(answer.body_size,
                         assets[i].gzip != NULL ? assets[i].gzip_size : assets[i].size);
        http_answer_deinit(&answer);
    }
}

static const struct asset *find_asset(const char *path) {
    for (size_t i = 0; i < asset_count; i++) {
        if (strcmp(assets[i].path, path) == 0) {
            return &assets[i];
        }
    }
    return NULL;
}

static void test_http_server_serves_the_first_page_in_ones_language(void **state) {
    const struct fixture *fixture = *state;
    static const struct {
        const char *header;
        const char *path;
    } rows[] = {
        {"", "/index.en.html"},
        {"Accept-Language: en-GB,en;q=0.9,pl;q=0.8\r\n", "/index.en.html"},
        {"Accept-Language: pl-PL,pl;q=0.9,en;q=0.8\r\n", "/index.pl.html"},
        {"Accept-Language: de\r\n", "/index.en.html"},
        {"Accept-Language: en\r\nCookie: a=1; gilscope_language=pl\r\n",
         "/index.pl.html"},
        {"Accept-Language: pl\r\nCookie: gilscope_language=en; b=2\r\n",
         "/index.en.html"},
        {"Accept-Language: pl\r\nCookie: gilscope_language=de\r\n", "/index.pl.html"},
        {"Accept-Language: pl\r\nCookie: gilscope_language=\r\n", "/index.pl.html"},
        {"Accept-Language: pl\r\nCookie: xgilscope_language=en\r\n", "/index.pl.html"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct asset *page = find_asset(rows[i].path);
        struct http_answer answer;
        char request[256];
        if (page == NULL) { /* a build without the dashboard */
            skip();
        }
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\n" HOST "%s\r\n",
                 rows[i].header);
        exchange(fixture, request, &answer);
        assert_int_equal(answer.body_size, page->size);
        assert_memory_equal(answer.body, page->data, page->size);
        assert_string_equal(http_answer_header(&answer, "ETag"), page->etag);
        assert_non_null(strstr(http_answer_header(&answer, "Vary"), "Accept-Language"));
        assert_non_null(strstr(http_answer_header(&answer, "Vary"), "Cookie"));
        http_answer_deinit(&answer);
    }
}

/* --- life ------------------------------------------------------------------------ */

static void test_http_server_says_when_the_port_is_taken(void **state) {
    const struct fixture *fixture = *state;
    struct http_server *second = NULL;
    struct err err = {0};
    const struct http_server_options options = {.port = fixture->port, .routes = table};
    assert_int_equal(http_server_start(&second, &options, &err), ERR_IO);
    assert_non_null(strstr(err.text, "in use"));
    assert_null(second);
}

static void *stop_server(void *context) {
    http_server_stop(context);
    return NULL;
}

static void test_http_server_finishes_what_was_begun_before_it_stops(void **state) {
    struct fixture *fixture = *state;
    struct http_answer answer = {0};
    pthread_t stopper;
    const int idle = http_client_connect(fixture->port);
    const int fd = http_client_connect(fixture->port);
    http_client_send_text(idle, "GET /hello HTTP/1.1\r\n" HOST); /* half a request */
    http_client_send_text(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->waiting == 0) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
    http_server_quiesce(fixture->server);
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, fixture->server), 0);
    open_gate(fixture);
    assert_int_equal(pthread_join(stopper, NULL), 0);
    fixture->server = NULL;
    /* The answer was ready; whether it was still sent depends on who was faster. */
    http_client_read(fd, false, &answer);
    assert_true(answer.status == 200 || answer.status == 0);
    http_answer_deinit(&answer);
    assert_true(http_client_is_closed(idle));
    close(fd);
    close(idle);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_http_server_answers_inline_and_later),
        TEST(test_http_server_sends_security_headers_with_everything),
        TEST(test_http_server_answers_head_without_a_body),
        TEST(test_http_server_refuses_with_the_right_status),
        TEST(test_http_server_says_what_is_wrong),
        TEST(test_http_server_says_what_is_allowed),
        TEST(test_http_server_knows_what_the_client_has),
        TEST(test_http_server_takes_a_chunked_body),
        TEST(test_http_server_refuses_a_large_body),
        TEST(test_http_server_takes_the_largest_body),
        TEST(test_http_server_survives_a_huge_head),
        TEST(test_http_server_serves_others_while_a_client_is_slow),
        TEST(test_http_server_handlers_that_wait_block_no_http_thread),
        TEST(test_http_server_forgets_clients_that_leave_while_they_wait),
        TEST(test_http_server_serves_compiled_in_files),
        TEST(test_http_server_serves_the_first_page_in_ones_language),
        TEST(test_http_server_says_when_the_port_is_taken),
        TEST(test_http_server_finishes_what_was_begun_before_it_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
