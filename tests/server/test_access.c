/* SPDX-License-Identifier: MIT */
#include "server/http/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"
#include "scratch.h"
#include "server/api/routes.h"
#include "server/api/service.h"
#include "server/http/listener.h"
#include "tests/support/test.h"

#define TOKEN "correct-horse.battery_staple~42"
#define WRONG "incorrect-horse.battery_staple42"

/* --- the rules ------------------------------------------------------------------- */

static void test_access_knows_a_token(void **state) {
    (void)state;
    char longest[ACCESS_TOKEN_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[ACCESS_TOKEN_MAX + 1] = '\0';
    assert_true(access_token_is_valid(TOKEN));
    assert_true(access_token_is_valid("0123456789abcde="));
    assert_false(access_token_is_valid("0123456789abcde"));
    assert_false(access_token_is_valid(""));
    assert_false(access_token_is_valid("0123456789 abcdef"));
    assert_false(access_token_is_valid("0123456789abcdef\n"));
    assert_false(access_token_is_valid(longest));
    longest[ACCESS_TOKEN_MAX] = '\0';
    assert_true(access_token_is_valid(longest));
}

static void test_access_checks_who_asks(void **state) {
    (void)state;
    struct access access, other;
    uint64_t ended = 0;
    struct http_response response = {0};
    char cookie[256];
    access_init(&access, TOKEN);
    access_init(&other, TOKEN);
    access_set_port(&access, 8737);
    access_set_port(&other, 8737);
    static const struct {
        enum access_verdict verdict;
        const char *authorization;
    } rows[] = {
        {ACCESS_MISSING, NULL},
        {ACCESS_GRANTED, "Bearer " TOKEN},
        {ACCESS_GRANTED, "bearer  " TOKEN},
        {ACCESS_WRONG, ""},
        {ACCESS_WRONG, "Bearer"},
        {ACCESS_WRONG, "Bearer "},
        {ACCESS_WRONG, "Bearer " WRONG},
        {ACCESS_WRONG, "Bearer " TOKEN "x"},
        {ACCESS_WRONG, "Bearer " TOKEN TOKEN},
        {ACCESS_WRONG, "Bearer correct-horse.battery_staple~4"},
        {ACCESS_WRONG, TOKEN},
        {ACCESS_WRONG, "Basic " TOKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(access_check(&access, rows[i].authorization, NULL),
                         rows[i].verdict);
    }
    assert_int_equal(access_check(&access, NULL, "gilscope_8737="), ACCESS_MISSING);
    assert_int_equal(access_sign_in(&access, &response, &ended, NULL), 0);
    const char *pair = strtok(response.cookie, ";");
    snprintf(cookie, sizeof cookie, "a=b; %s; c", pair);
    assert_int_equal(access_check(&access, NULL, cookie), ACCESS_GRANTED);
    assert_int_equal(access_check(&other, NULL, cookie), ACCESS_MISSING);
    snprintf(cookie, sizeof cookie, "x%s", pair);
    assert_int_equal(access_check(&access, NULL, cookie), ACCESS_MISSING);
    assert_int_equal(access_check(&access, NULL, "gilscope_8737="), ACCESS_MISSING);
    assert_int_equal(access_check(&access, NULL, "gilscope_8737=" TOKEN), ACCESS_MISSING);
    access_deinit(&access);
    access_deinit(&other);
}

/* Ends one session at most, which must have been that one; 0: there was none. */
static void end_session(struct access *access, const char *cookies, uint64_t number) {
    assert_int_equal(access_session(access, cookies), number);
    assert_int_equal(access_end_session(access, cookies), number);
    assert_int_equal(access_session(access, cookies), 0);
}

/* Who kept the cookie after signing out has nothing, and nobody else is signed out. */
static void test_access_ends_a_session(void **state) {
    (void)state;
    struct access access;
    struct http_response one = {0}, two = {0}, out = {0};
    uint64_t ended = 1;
    access_init(&access, TOKEN);
    access_set_port(&access, 1);
    assert_int_equal(access_sign_in(&access, &one, &ended, NULL), 0);
    assert_int_equal(access_sign_in(&access, &two, &ended, NULL), 0);
    assert_string_not_equal(one.cookie, two.cookie);
    const char *first = strtok(one.cookie, ";");
    const char *second = strtok(two.cookie, ";");
    assert_int_equal(access_check(&access, NULL, first), ACCESS_GRANTED);
    assert_int_equal(ended, 0);
    end_session(&access, NULL, 0);
    end_session(&access, "gilscope_1=", 0);
    assert_int_equal(access_check(&access, NULL, first), ACCESS_GRANTED);
    end_session(&access, first, 1);
    access_forget_cookie(&access, &out);
    assert_string_equal(strtok(out.cookie, ";"), "gilscope_1=");
    assert_int_equal(access_check(&access, NULL, first), ACCESS_MISSING);
    assert_int_equal(access_check(&access, NULL, second), ACCESS_GRANTED);
    access_deinit(&access);
}

/* The oldest one ends when so many have begun after it. */
static void test_access_has_room_for_so_many_sessions(void **state) {
    (void)state;
    struct access access;
    struct http_response first = {0}, next = {0};
    uint64_t ended = 0;
    access_init(&access, TOKEN);
    assert_int_equal(access_sign_in(&access, &first, &ended, NULL), 0);
    const char *pair = strtok(first.cookie, ";");
    for (int i = 1; i < ACCESS_SESSIONS; i++) {
        assert_int_equal(access_sign_in(&access, &next, &ended, NULL), 0);
    }
    assert_int_equal(access_check(&access, NULL, pair), ACCESS_GRANTED);
    assert_int_equal(ended, 0);
    assert_int_equal(access_sign_in(&access, &next, &ended, NULL), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(access_check(&access, NULL, pair), ACCESS_MISSING);
    assert_int_equal(access_check(&access, NULL, strtok(next.cookie, ";")),
                     ACCESS_GRANTED);
    access_deinit(&access);
}

/* Those that have ended make room before one that goes on, wherever they stand. */
static void test_access_drops_no_session_while_others_have_ended(void **state) {
    (void)state;
    struct access access;
    struct http_response list[ACCESS_SESSIONS + 2];
    uint64_t ended = 0;
    const char *pairs[ACCESS_SESSIONS + 2];
    access_init(&access, TOKEN);
    for (int i = 0; i < ACCESS_SESSIONS + 2; i++) {
        if (i == ACCESS_SESSIONS) {
            end_session(&access, pairs[7], 8);
        }
        list[i] = (struct http_response){0};
        assert_int_equal(access_sign_in(&access, &list[i], &ended, NULL), 0);
        pairs[i] = strtok(list[i].cookie, ";");
        assert_int_equal(access_check(&access, NULL, pairs[0]),
                         i <= ACCESS_SESSIONS ? ACCESS_GRANTED : ACCESS_MISSING);
    }
    for (int i = 1; i < ACCESS_SESSIONS + 2; i++) {
        assert_int_equal(access_check(&access, NULL, pairs[i]),
                         i != 7 ? ACCESS_GRANTED : ACCESS_MISSING);
    }
    access_deinit(&access);
}

static void test_access_without_a_token_is_for_everybody(void **state) {
    (void)state;
    struct access access;
    access_init(&access, NULL);
    assert_int_equal(access_check(&access, NULL, NULL), ACCESS_GRANTED);
    assert_int_equal(access_check(&access, "Bearer x", NULL), ACCESS_GRANTED);
    assert_true(access_is_token(&access, "anything"));
    access_deinit(&access);
}

/* --- a server -------------------------------------------------------------------- */

struct fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
};

static int set_up(void **state) {
    static const char *const hosts[] = {"gilscope.example.org"};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    const struct service_options options = {.database = fixture->scratch.database,
                                            .address = "0.0.0.0",
                                            .token = TOKEN,
                                            .hosts = hosts,
                                            .host_count = 1};
    assert_int_equal(service_start(&fixture->service, &options, NULL), 0);
    fixture->port = service_port(fixture->service);
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

/* One request with these header lines; the body is JSON when it is not "". */
static void ask(const struct fixture *fixture, const char *line, const char *headers,
                const char *body, struct http_answer *out) {
    char request[2048];
    snprintf(
        request, sizeof request, "%s HTTP/1.1\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
        line, strstr(headers, "Host:") == NULL ? "Host: localhost\r\n" : "", headers,
        body[0] != '\0' ? "Content-Type: application/json\r\n" : "", strlen(body), body);
    http_client_exchange(fixture->port, request, out);
}

static int status_of(const struct fixture *fixture, const char *line,
                     const char *headers) {
    struct http_answer answer;
    ask(fixture, line, headers, "", &answer);
    const int status = answer.status;
    http_answer_deinit(&answer);
    return status;
}

static void test_access_is_demanded_by_every_route_that_is_not_open(void **state) {
    const struct fixture *fixture = *state;
    size_t open = 0;
    for (size_t i = 0; i < route_count; i++) {
        struct http_answer answer;
        char line[160];
        snprintf(line, sizeof line, "%s %s", routes[i].method, routes[i].path);
        ask(fixture, line, "", "", &answer);
        if ((routes[i].flags & HTTP_ROUTE_OPEN) != 0) {
            open++;
            assert_int_not_equal(answer.status, 401);
        } else {
            assert_int_equal(answer.status, 401);
            assert_string_equal(http_answer_header(&answer, "WWW-Authenticate"),
                                "Bearer realm=\"gilscope\"");
        }
        http_answer_deinit(&answer);
    }
    assert_true(open < route_count / 2);
    assert_int_equal(status_of(fixture, "GET /", ""), 200);
    assert_int_equal(status_of(fixture, "GET /nothing", ""), 404);
}

static void test_access_is_given_for_the_token(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    const char *line = "GET /api/v1/models";
    assert_int_equal(status_of(fixture, line, "Authorization: Bearer " TOKEN "\r\n"),
                     200);
    ask(fixture, line, "Authorization: Bearer " WRONG "\r\n", "", &answer);
    assert_int_equal(answer.status, 401);
    assert_string_equal(http_answer_header(&answer, "WWW-Authenticate"),
                        "Bearer realm=\"gilscope\", error=\"invalid_token\"");
    assert_null(strstr(answer.body, WRONG));
    assert_null(strstr(answer.body, TOKEN));
    http_answer_deinit(&answer);
}

/* Signs in; the Cookie header as a browser sends it. */
static void sign_in(const struct fixture *fixture, char *cookie, size_t size) {
    struct http_answer answer;
    ask(fixture, "POST /api/v1/session", "", "{\"token\":\"" TOKEN "\"}", &answer);
    assert_int_equal(answer.status, 204);
    const char *set = http_answer_header(&answer, "Set-Cookie");
    assert_non_null(set);
    assert_non_null(strstr(set, "; HttpOnly"));
    assert_non_null(strstr(set, "; SameSite=Strict"));
    assert_null(strstr(set, TOKEN));
    snprintf(cookie, size, "Cookie: %.*s\r\n", (int)strcspn(set, ";"), set);
    http_answer_deinit(&answer);
}

static void test_access_of_a_browser_is_a_cookie(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    char cookie[256];
    char named[64];
    char foreign[512];
    sign_in(fixture, cookie, sizeof cookie);
    snprintf(named, sizeof named, "Cookie: gilscope_%u=", fixture->port);
    assert_memory_equal(cookie, named, strlen(named)); /* port 0 is nobody's */
    assert_int_equal(status_of(fixture, "GET /api/v1/models", cookie), 200);
    assert_int_equal(status_of(fixture, "DELETE /api/v1/experiments/e1", cookie), 404);
    /* The page of another port of this host gets the cookie sent, too. */
    snprintf(foreign, sizeof foreign, "%sOrigin: http://localhost:9999\r\n", cookie);
    assert_int_equal(status_of(fixture, "DELETE /api/v1/experiments/e1", foreign), 403);
    snprintf(foreign, sizeof foreign, "%sSec-Fetch-Site: same-site\r\n", cookie);
    assert_int_equal(status_of(fixture, "DELETE /api/v1/experiments/e1", foreign), 403);
    ask(fixture, "DELETE /api/v1/session", cookie, "", &answer);
    assert_int_equal(answer.status, 204);
    assert_non_null(strstr(http_answer_header(&answer, "Set-Cookie"), "=; Max-Age=0"));
    http_answer_deinit(&answer);
    assert_int_equal(status_of(fixture, "GET /api/v1/models", cookie), 401);
}

static void test_access_refuses_to_sign_in_without_the_token(void **state) {
    const struct fixture *fixture = *state;
    static const struct {
        int status;
        const char *body;
    } rows[] = {
        {401, "{\"token\":\"" WRONG "\"}"},
        {401, "{\"token\":\"\"}"},
        {400, "{\"token\":1}"},
        {400, "{\"token\":\"" TOKEN "\",\"more\":1}"},
        {400, "{}"},
        {400, "[]"},
        {400, "\"" TOKEN "\""},
        {400, "{\"token\":\"" TOKEN "\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_answer answer;
        ask(fixture, "POST /api/v1/session", "", rows[i].body, &answer);
        assert_int_equal(answer.status, rows[i].status);
        assert_null(http_answer_header(&answer, "Set-Cookie"));
        assert_null(strstr(answer.body, TOKEN));
        http_answer_deinit(&answer);
    }
}

/* Events for a browser that has signed in; where they can be read. */
static int open_events(const struct fixture *fixture, const char *cookie) {
    char request[512];
    char buffer[4096] = "";
    const int fd = http_client_connect(fixture->port);
    snprintf(request, sizeof request,
             "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
             "%s\r\n",
             cookie);
    http_client_send_text(fd, request);
    http_client_read_until(fd, "retry: 2000", buffer, sizeof buffer);
    return fd;
}

/* Whether nothing more comes: what has arrived by then is passed. */
static bool has_ended(int fd) {
    char buffer[4096];
    ssize_t size;
    while ((size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
    }
    return size == 0;
}

static void wait_for_end(int fd) {
    for (const int64_t started = monotonic_ms(); !has_ended(fd);) {
        poll_pause(started);
    }
    close(fd);
}

/* A stream ends with the session that it was opened by, and with no other. */
static void test_access_streams_events_to_a_session(void **state) {
    const struct fixture *fixture = *state;
    char first[256], second[256];
    sign_in(fixture, first, sizeof first);
    sign_in(fixture, second, sizeof second);
    const int of_first = open_events(fixture, first);
    const int also_of_first = open_events(fixture, first);
    const int of_second = open_events(fixture, second);
    const int of_token = open_events(fixture, "Authorization: Bearer " TOKEN "\r\n");
    assert_int_equal(status_of(fixture, "DELETE /api/v1/session", first), 204);
    wait_for_end(of_first);
    wait_for_end(also_of_first);
    assert_false(has_ended(of_second));
    for (int i = 0; i < ACCESS_SESSIONS; i++) {
        sign_in(fixture, first, sizeof first);
    }
    wait_for_end(of_second);
    assert_false(has_ended(of_token));
    close(of_token);
}

static void test_access_is_by_known_names_only(void **state) {
    const struct fixture *fixture = *state;
    const char *line = "GET /healthz";
    assert_int_equal(status_of(fixture, line, "Host: gilscope.example.org:1\r\n"), 200);
    assert_int_equal(status_of(fixture, line, "Host: 127.0.0.1\r\n"), 200);
    assert_int_equal(status_of(fixture, line, "Host: evil.example.org\r\n"), 421);
    assert_int_equal(status_of(fixture, line, "Host: 0.0.0.0\r\n"), 421);
    assert_int_equal(status_of(fixture, "DELETE /api/v1/session",
                               "Host: gilscope.example.org\r\n"
                               "Origin: https://gilscope.example.org\r\n"),
                     204);
}

static void test_access_is_never_open_to_others(void **state) {
    (void)state;
    struct scratch scratch;
    struct service *service = NULL;
    scratch_make(&scratch);
    static const char *const addresses[] = {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct err err = {0};
        const struct service_options options = {.database = scratch.database,
                                                .address = addresses[i]};
        assert_int_equal(service_start(&service, &options, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "--token-file"));
        assert_null(service);
        assert_int_not_equal(access(scratch.database, F_OK), 0);
    }
    scratch_remove(&scratch);
}

/* --- addresses ------------------------------------------------------------------- */

static void test_listener_knows_loopback(void **state) {
    (void)state;
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", true},        {"127.1.2.3", true}, {"::1", true},
        {"::ffff:127.0.0.1", true}, {"0.0.0.0", false},  {"::", false},
        {"128.0.0.1", false},       {"fd00::1", false},  {"::ffff:10.0.0.1", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool loopback = !rows[i].loopback;
        assert_int_equal(listener_is_loopback(rows[i].address, &loopback, NULL), 0);
        assert_int_equal(loopback, rows[i].loopback);
    }
    static const char *const none[] = {"", "localhost", "127.0.0.1:80", "[::1]"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        bool loopback;
        assert_int_equal(listener_is_loopback(none[i], &loopback, NULL), ERR_INVALID);
    }
}

static void test_listener_takes_ipv6(void **state) {
    (void)state;
    struct listener listener;
    struct err err = {0};
    if (listener_open(&listener, "::1", 0, &err) != 0) {
        skip(); /* a machine without IPv6 */
    }
    assert_string_equal(listener.host, "[::1]");
    assert_true(listener.port > 0);
    assert_false(listener.everywhere);
    close(listener.fd);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access_knows_a_token),
        cmocka_unit_test(test_access_checks_who_asks),
        cmocka_unit_test(test_access_ends_a_session),
        cmocka_unit_test(test_access_has_room_for_so_many_sessions),
        cmocka_unit_test(test_access_drops_no_session_while_others_have_ended),
        cmocka_unit_test(test_access_without_a_token_is_for_everybody),
        TEST(test_access_is_demanded_by_every_route_that_is_not_open),
        TEST(test_access_is_given_for_the_token),
        TEST(test_access_of_a_browser_is_a_cookie),
        TEST(test_access_refuses_to_sign_in_without_the_token),
        TEST(test_access_streams_events_to_a_session),
        TEST(test_access_is_by_known_names_only),
        cmocka_unit_test(test_access_is_never_open_to_others),
        cmocka_unit_test(test_listener_knows_loopback),
        cmocka_unit_test(test_listener_takes_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
