/* SPDX-License-Identifier: MIT */
#include "server/http/guard.h"

#include "tests/support/test.h"

static void test_guard_host_is_loopback(void **state) {
    (void)state;
    static const char *const local[] = {"127.0.0.1",    "127.0.0.1:8737", "localhost",
                                        "LocalHost:80", "[::1]",          "[::1]:8737"};
    static const char *const foreign[] = {"",
                                          "example.org",
                                          "127.0.0.1.example.org",
                                          "localhost.example.org:80",
                                          "127.0.0.2",
                                          "127.0.0.1:",
                                          "127.0.0.1:80a",
                                          "0.0.0.0",
                                          "localhost@example.org",
                                          " localhost"};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        assert_true(guard_host_is_local(local[i]));
    }
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        assert_false(guard_host_is_local(foreign[i]));
    }
    assert_false(guard_host_is_local(NULL));
}

static void test_guard_host_is_a_name_with_any_port(void **state) {
    (void)state;
    assert_true(guard_host_is("gilscope.example.org", "gilscope.example.org"));
    assert_true(guard_host_is("Gilscope.Example.org:8737", "gilscope.example.org"));
    assert_true(guard_host_is("[fd00::1]:80", "[fd00::1]"));
    assert_false(guard_host_is("gilscope.example.org.evil.org", "gilscope.example.org"));
    assert_false(guard_host_is("evil.org", "gilscope.example.org"));
    assert_false(guard_host_is(NULL, "gilscope.example.org"));
    static const char *const names[] = {"a", "gilscope.example.org", "10.0.0.7",
                                        "[fd00::1]"};
    static const char *const others[] = {"",       "http://a", "a:80",   "a b",
                                         "a/path", "*",        "[evil]", "[]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(guard_name_is_valid(names[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(guard_name_is_valid(others[i]));
    }
}

static void test_guard_origin_may_be_https_behind_a_proxy(void **state) {
    (void)state;
    const char *host = "gilscope.example.org";
    assert_true(guard_is_same_origin(host, "https://gilscope.example.org", NULL));
    assert_true(guard_is_same_origin(host, "http://gilscope.example.org", NULL));
    assert_false(guard_is_same_origin(host, "https://example.org", NULL));
    assert_false(guard_is_same_origin(host, "https://gilscope.example.org:8443", NULL));
    assert_false(guard_is_same_origin(host, "httpss://gilscope.example.org", NULL));
    assert_false(guard_is_same_origin("localhost", "https://localhost", NULL));
}

static void test_guard_origin_must_be_this_host(void **state) {
    (void)state;
    const char *host = "127.0.0.1:8737";
    assert_true(guard_is_same_origin(host, NULL, NULL));
    assert_true(guard_is_same_origin(host, "http://127.0.0.1:8737", "same-origin"));
    assert_true(guard_is_same_origin(host, NULL, "none"));
    assert_false(guard_is_same_origin(host, "http://127.0.0.1:9999", NULL));
    assert_false(guard_is_same_origin(host, "http://127.0.0.1", NULL));
    assert_false(guard_is_same_origin(host, "https://127.0.0.1:8737", NULL));
    assert_false(guard_is_same_origin(host, "http://example.org", NULL));
    assert_false(guard_is_same_origin(host, "null", NULL));
    assert_false(guard_is_same_origin(host, NULL, "cross-site"));
    assert_false(guard_is_same_origin(host, "http://127.0.0.1:8737", "same-site"));
    assert_false(guard_is_same_origin(NULL, "http://127.0.0.1", NULL));
}

static void test_guard_type_is_json(void **state) {
    (void)state;
    assert_true(guard_type_is_json("application/json"));
    assert_true(guard_type_is_json("Application/JSON; charset=utf-8"));
    assert_true(guard_type_is_json("application/json;charset=\"UTF-8\""));
    assert_false(guard_type_is_json("application/json; charset=latin1"));
    assert_false(guard_type_is_json("text/plain"));
    assert_false(guard_type_is_json("application/jsonx"));
    assert_false(guard_type_is_json("application/json-patch+json"));
    assert_false(guard_type_is_json(""));
    assert_false(guard_type_is_json(NULL));
}

static void test_guard_accepts(void **state) {
    (void)state;
    const char *json = "application/json";
    assert_true(guard_accepts(NULL, json));
    assert_true(guard_accepts("*/*", json));
    assert_true(guard_accepts("text/html, application/*;q=0.1", json));
    assert_true(guard_accepts("text/html,application/json ; q=1", json));
    assert_false(guard_accepts("text/html", json));
    assert_false(guard_accepts("application/json;q=0, text/html", json));
    assert_false(guard_accepts("application/jso", json));
    assert_false(guard_accepts("text/*", json));
    assert_true(guard_accepts_gzip("br, gzip;q=0.5"));
    assert_false(guard_accepts_gzip("br, gzip;q=0"));
    assert_false(guard_accepts_gzip("gzipped"));
    assert_false(guard_accepts_gzip(NULL));
}

static void test_guard_chooses_what_is_preferred(void **state) {
    static const char *const types = "application/json, application/x-ndjson";
    (void)state;
    assert_int_equal(guard_choose(NULL, types), 0);
    assert_int_equal(guard_choose("*/*", types), 0);
    assert_int_equal(guard_choose("application/*", types), 0);
    assert_int_equal(guard_choose("application/x-ndjson", types), 1);
    assert_int_equal(guard_choose("Application/X-NDJSON, */*;q=0.5", types), 1);
    assert_int_equal(guard_choose("application/x-ndjson, application/json", types), 0);
    assert_int_equal(guard_choose("application/json;q=0.4, application/*", types), 1);
    assert_int_equal(guard_choose("application/json;q=0, */*;q=0.1", types), 1);
    assert_int_equal(guard_choose("*/*, application/x-ndjson;q=0", types), 0);
    assert_int_equal(guard_choose("text/html, application/x-ndjso", types), -1);
    assert_int_equal(guard_choose("*/*;q=0", types), -1);
}

static void test_guard_chooses_a_language(void **state) {
    static const char *const languages = "en, pl";
    static const struct {
        const char *accepted;
        int chosen;
    } rows[] = {
        {NULL, 0},
        {"", 0},
        {"*", 0},
        {"de, fr;q=0.5", 0},
        {"pl", 1},
        {"PL-pl", 1},
        {"pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", 1},
        {"en-GB,en;q=0.9,pl;q=0.8", 0},
        {"de-DE, pl;q=0.5", 1},
        {"en;q=0.5, pl;q=0.6", 1},
        {"pl, en", 1},
        {"en, pl", 0},
        {"pl;q=0, en;q=0.1", 0},
        {"pl;q=0", 0},
        {"plx, e, -pl", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(guard_choose_language(rows[i].accepted, languages),
                         rows[i].chosen);
    }
}

static void test_guard_finds_cookies_by_name(void **state) {
    const char *cookies = "a=1; ab=2;a=; b; a=3=4 ; =5";
    size_t length = 0;
    (void)state;
    assert_memory_equal(guard_next_cookie(&cookies, "a", &length), "1", 1);
    assert_int_equal(length, 1);
    assert_non_null(guard_next_cookie(&cookies, "a", &length));
    assert_int_equal(length, 0);
    assert_memory_equal(guard_next_cookie(&cookies, "a", &length), "3=4 ", 4);
    assert_int_equal(length, 4);
    assert_null(guard_next_cookie(&cookies, "a", &length));
    assert_null(guard_next_cookie(&cookies, "a", &length));
    cookies = NULL;
    assert_null(guard_next_cookie(&cookies, "a", &length));
}

static void test_guard_etag(void **state) {
    (void)state;
    assert_true(guard_etag_matches("\"a\"", "\"a\""));
    assert_true(guard_etag_matches("\"b\", W/\"a\"", "\"a\""));
    assert_true(guard_etag_matches("*", "\"a\""));
    assert_false(guard_etag_matches("\"b\"", "\"a\""));
    assert_false(guard_etag_matches("a", "\"a\""));
    assert_false(guard_etag_matches(NULL, "\"a\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard_host_is_loopback),
        cmocka_unit_test(test_guard_host_is_a_name_with_any_port),
        cmocka_unit_test(test_guard_origin_may_be_https_behind_a_proxy),
        cmocka_unit_test(test_guard_origin_must_be_this_host),
        cmocka_unit_test(test_guard_type_is_json),
        cmocka_unit_test(test_guard_accepts),
        cmocka_unit_test(test_guard_chooses_what_is_preferred),
        cmocka_unit_test(test_guard_chooses_a_language),
        cmocka_unit_test(test_guard_finds_cookies_by_name),
        cmocka_unit_test(test_guard_etag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
