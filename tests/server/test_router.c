/* SPDX-License-Identifier: MIT */
#include "server/http/router.h"

#include <string.h>

#include "tests/support/test.h"

static const struct http_route table[] = {
    {"GET", "/", NULL, 0, NULL, "text/html"},
    {"GET", "/runs", NULL, 0, NULL, "application/json"},
    {"POST", "/runs", NULL, 0, NULL, "application/json"},
    {"GET", "/runs/{id}", NULL, 0, NULL, "application/json"},
    {"GET", "/runs/{id}/lanes/{lane}", NULL, 0, NULL, "application/json"},
};

static struct router_match find(const char *method, const char *path,
                                struct http_request *request) {
    struct router_match match;
    *request = (struct http_request){
        .method = method, .path = path, .head_only = strcmp(method, "HEAD") == 0};
    router_find(table, sizeof table / sizeof table[0], request, &match);
    return match;
}

static void test_router_finds_and_captures(void **state) {
    (void)state;
    struct http_request request;
    assert_ptr_equal(find("GET", "/", &request).route, &table[0]);
    assert_ptr_equal(find("HEAD", "/runs", &request).route, &table[1]);
    assert_ptr_equal(find("POST", "/runs", &request).route, &table[2]);
    assert_ptr_equal(find("GET", "/runs/r7", &request).route, &table[3]);
    assert_string_equal(request.capture[0], "r7");
    assert_ptr_equal(find("GET", "/runs/r7/lanes/x", &request).route, &table[4]);
    assert_string_equal(request.capture[0], "r7");
    assert_string_equal(request.capture[1], "x");
}

static void test_router_knows_what_it_does_not_know(void **state) {
    (void)state;
    static const char *const unknown[] = {
        "",          "/run",          "/runs/", "/runs//lanes/x", "/runs2",
        "/runs/a/b", "/runs/a/lanes", "//runs", "runs",           "/runs/r7/lanes/x/"};
    struct http_request request;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        const struct router_match match = find("GET", unknown[i], &request);
        assert_null(match.route);
        assert_false(match.path_known);
    }
}

static void test_router_refuses_a_long_capture(void **state) {
    (void)state;
    struct http_request request;
    char path[HTTP_CAPTURE_SIZE + 16] = "/runs/";
    memset(path + 6, 'r', HTTP_CAPTURE_SIZE);
    assert_null(find("GET", path, &request).route);
    path[6 + HTTP_CAPTURE_SIZE - 1] = '\0';
    assert_ptr_equal(find("GET", path, &request).route, &table[3]);
}

static void test_router_lists_allowed_methods(void **state) {
    (void)state;
    struct http_request request;
    struct router_match match = find("DELETE", "/runs", &request);
    assert_null(match.route);
    assert_true(match.path_known);
    assert_string_equal(match.allow, "GET, HEAD, POST, OPTIONS");
    match = find("POST", "/runs/r1", &request);
    assert_string_equal(match.allow, "GET, HEAD, OPTIONS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_router_finds_and_captures),
        cmocka_unit_test(test_router_knows_what_it_does_not_know),
        cmocka_unit_test(test_router_refuses_a_long_capture),
        cmocka_unit_test(test_router_lists_allowed_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
