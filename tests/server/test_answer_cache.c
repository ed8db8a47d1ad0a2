/* SPDX-License-Identifier: MIT */
#include "server/http/answer_cache.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "server/http/http_server.h"
#include "server/http/listener.h"
#include "tests/support/test.h"

/* --- the cache ----------------------------------------------------------------------- */

static void keep(struct answer_cache *cache, const char *path, uint64_t age,
                 const char *body) {
    struct http_response response = {
        .status = 200,
        .content_type = "application/json",
        .body = strdup(body),
        .body_size = strlen(body),
        .cache_control = "private",
        .etag = "\"1\"",
    };
    answer_cache_keep(cache, path, age, &response);
    http_response_deinit(&response);
}

/* Whether that is what is kept; what was kept too long ago is not waited for. */
static bool has(struct answer_cache *cache, const char *path, const char *body) {
    struct http_response found = {0};
    if (!answer_cache_find(cache, path, &found)) {
        return false;
    }
    const bool same =
        found.body_size == strlen(body) && memcmp(found.body, body, found.body_size) == 0;
    assert_int_equal(found.status, 200);
    assert_string_equal(found.etag, "\"1\"");
    assert_string_equal(found.cache_control, "private");
    assert_string_equal(found.content_type, "application/json");
    http_response_deinit(&found);
    return same;
}

/* A machine may be too busy to ask within the time for which an answer is fresh. */
static void expect_kept(struct answer_cache *cache, const char *path, const char *body) {
    for (int i = 0; i < 100; i++) {
        keep(cache, path, answer_cache_age(cache), body);
        if (has(cache, path, body)) {
            return;
        }
    }
    fail_msg("%s is not kept", path);
}

static void test_answer_cache_gives_what_it_keeps(void **state) {
    (void)state;
    struct answer_cache *cache;
    assert_int_equal(answer_cache_create(&cache, NULL), 0);
    assert_false(has(cache, "/a", "1"));
    expect_kept(cache, "/a", "1");
    assert_false(has(cache, "/b", "1"));
    expect_kept(cache, "/a", "22"); /* the newest */
    assert_false(has(cache, "/a", "1"));
    answer_cache_forget(cache);
    assert_false(has(cache, "/a", "22"));
    expect_kept(cache, "/a", "22");
    answer_cache_destroy(cache);
}

/* What was read before something was removed may be of it. */
static void test_answer_cache_gives_nothing_that_was_read_before(void **state) {
    (void)state;
    struct answer_cache *cache;
    assert_int_equal(answer_cache_create(&cache, NULL), 0);
    const uint64_t age = answer_cache_age(cache);
    answer_cache_forget(cache);
    keep(cache, "/a", age, "1");
    assert_false(has(cache, "/a", "1"));
    answer_cache_destroy(cache);
}

static void test_answer_cache_gives_nothing_old(void **state) {
    (void)state;
    struct answer_cache *cache;
    assert_int_equal(answer_cache_create(&cache, NULL), 0);
    const int64_t started = monotonic_ms();
    expect_kept(cache, "/a", "1");
    while (has(cache, "/a", "1")) {
        poll_pause(started);
    }
    answer_cache_destroy(cache);
}

/* A few places are shared by many paths: each gives its own answer or none. */
static void test_answer_cache_mixes_nothing_up(void **state) {
    (void)state;
    struct answer_cache *cache;
    char path[64], large[ANSWER_MAX_BYTES + 2], deep[256];
    assert_int_equal(answer_cache_create(&cache, NULL), 0);
    for (int i = 0; i < 10 * ANSWER_PLACES; i++) {
        snprintf(path, sizeof path, "/runs/r%d", i);
        keep(cache, path, answer_cache_age(cache), path);
    }
    for (int i = 0; i < 10 * ANSWER_PLACES; i++) {
        struct http_response found = {0};
        snprintf(path, sizeof path, "/runs/r%d", i);
        if (answer_cache_find(cache, path, &found)) {
            assert_int_equal(found.body_size, strlen(path));
            assert_memory_equal(found.body, path, strlen(path));
            http_response_deinit(&found);
        }
    }
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    keep(cache, "/large", 0, large);
    assert_false(has(cache, "/large", large));
    large[ANSWER_MAX_BYTES] = '\0';
    expect_kept(cache, "/large", large);
    memset(deep, 'x', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    keep(cache, deep, 0, "1");
    assert_false(has(cache, deep, "1"));
    answer_cache_destroy(cache);
}

/* --- in a server --------------------------------------------------------------------- */

static int answer(struct http_response *response, void *context, bool kept,
                  struct err *err) {
    struct json_writer writer = {0};
    json_writer_uint(&writer, atomic_fetch_add((atomic_uint *)context, 1) + 1);
    response->keep = kept;
    return http_response_take_json(response, 200, &writer, err);
}

static int handle_final(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    (void)request;
    return answer(response, context, true, err);
}

static int handle_other(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    (void)request;
    return answer(response, context, false, err);
}

static const struct http_route routes[] = {
    {"GET", "/final/{id}", handle_final, 0, "q", "application/json"},
    {"GET", "/typed", handle_final, 0, NULL, "application/json, text/plain"},
    {"GET", "/other", handle_other, 0, NULL, "application/json"},
    {"DELETE", "/final/{id}", handle_final, 0, NULL, "application/json"},
};

/* How often the handler was asked for so many requests. */
static unsigned ask(uint16_t port, const char *method, const char *path, int times,
                    atomic_uint *calls) {
    const unsigned before = atomic_load(calls);
    char etag[64] = "", head[160];
    for (int i = 0; i < times; i++) {
        struct http_answer got = {0};
        snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method,
                 path);
        http_client_exchange(port, head, &got);
        assert_int_equal(got.status, 200);
        assert_true(strtoul(got.body, NULL, 10) <= atomic_load(calls));
        if (strcmp(method, "GET") == 0) {
            snprintf(etag, sizeof etag, "%s", http_answer_header(&got, "ETag"));
            assert_true(strlen(etag) > 2);
            assert_string_equal(http_answer_header(&got, "Vary"), "Accept-Encoding");
        }
        http_answer_deinit(&got);
    }
    if (etag[0] != '\0' && strcmp(path, "/final/a") == 0) {
        struct http_answer got = {0};
        snprintf(head, sizeof head,
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n", path);
        http_client_exchange(port, head, &got);
        assert_int_equal(got.status, 304);
        assert_int_equal(got.body_size, 0);
        http_answer_deinit(&got);
    }
    return atomic_load(calls) - before;
}

static void test_answer_cache_answers_instead_of_the_handler(void **state) {
    (void)state;
    enum { TIMES = 200 };
    atomic_uint calls = 0;
    struct answer_cache *cache;
    struct http_server *server;
    assert_int_equal(answer_cache_create(&cache, NULL), 0);
    const struct http_server_options options = {
        .routes = routes, .route_count = 4, .answers = cache, .context = &calls};
    assert_int_equal(http_server_start(&server, &options, NULL), 0);
    const uint16_t port = http_server_listener(server)->port;
    assert_true(ask(port, "GET", "/final/a", TIMES, &calls) < TIMES);
    /* The first after that is of the handler. */
    for (int i = 0; i < 10; i++) {
        answer_cache_forget(cache);
        assert_int_equal(ask(port, "GET", "/final/b", 1, &calls), 1);
    }
    /* More than the path decides, or it may change. */
    assert_int_equal(ask(port, "GET", "/final/a?q=1", 10, &calls), 10);
    assert_int_equal(ask(port, "GET", "/typed", 10, &calls), 10);
    assert_int_equal(ask(port, "GET", "/other", 10, &calls), 10);
    assert_int_equal(ask(port, "DELETE", "/final/a", 10, &calls), 10);
    http_server_stop(server);
    answer_cache_destroy(cache);
}

/* --- of runs ------------------------------------------------------------------------- */

static void test_answer_cache_never_gives_a_removed_run(void **state) {
    const struct api_fixture *fixture = *state;
    static const char document[] =
        "{\"schema\":1,\"seed\":%d,\"strategies\":[{\"threads\":2}],\"workload\":"
        "{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":10}]}}}";
    for (int i = 1; i <= 5; i++) {
        char text[256], experiment[64], run[64];
        snprintf(text, sizeof text, document, i);
        snprintf(experiment, sizeof experiment, "e%d", i);
        api_run(fixture, text, experiment);
        snprintf(experiment, sizeof experiment, "/api/v1/experiments/e%d", i);
        snprintf(run, sizeof run, "/api/v1/runs/r%d", i);
        for (int k = 0; k < 20; k++) {
            json_decref(api_expect(fixture, "GET", run, NULL, 200));
        }
        json_decref(api_expect(fixture, "DELETE", experiment, NULL, 204));
        json_decref(api_expect(fixture, "GET", run, NULL, 404));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_cache_gives_what_it_keeps),
        cmocka_unit_test(test_answer_cache_gives_nothing_that_was_read_before),
        cmocka_unit_test(test_answer_cache_gives_nothing_old),
        cmocka_unit_test(test_answer_cache_mixes_nothing_up),
        cmocka_unit_test(test_answer_cache_answers_instead_of_the_handler),
        cmocka_unit_test_setup_teardown(test_answer_cache_never_gives_a_removed_run,
                                        api_fixture_set_up, api_fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
