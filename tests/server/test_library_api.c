/* SPDX-License-Identifier: MIT */
/* test_library_api - experiments get other names over the wire, and their sizes are told. */
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

static const char quick[] =
    "{\"schema\":1,\"name\":\"First\",\"strategies\":[{\"threads\":2}],"
    "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":100}]}}}";
static const char first[] = "/api/v1/experiments/e1";

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, quick, "e1");
    return 0;
}

static const char *name_of(const json_t *object) {
    return json_string_value(json_object_get(object, "name"));
}

static void test_library_api_renames(void **state) {
    struct api_fixture *fixture = *state;
    json_t *item =
        api_expect(fixture, "PATCH", first, "{\"name\":\"<b>\\u017c</b>\"}", 200);
    assert_string_equal(name_of(item), "<b>\xc5\xbc</b>");
    assert_string_equal(json_string_value(json_object_get(item, "id")), "e1");
    json_decref(item);
    api_fixture_start(fixture);
    json_t *read = api_expect(fixture, "GET", first, NULL, 200);
    assert_string_equal(name_of(read), "<b>\xc5\xbc</b>");
    assert_string_equal(name_of(json_object_get(read, "document")), "First");
    json_decref(read);
}

/* RFC 9110, 13.1.1: only the experiment that the client has seen. */
static void test_library_api_changes_what_was_seen(void **state) {
    struct api_fixture *fixture = *state;
    struct api_condition change = {.method = "PATCH", .path = first};
    char tag[64], later[64], list[160];
    api_read_tag(fixture, first, tag);
    change.body = "{\"name\":\"Second\"}";
    change.if_match = "\"other\"";
    assert_int_equal(api_change_if(fixture, &change), 412);
    change.if_match = list;
    snprintf(list, sizeof list, "\"other\", %s", tag);
    assert_int_equal(api_change_if(fixture, &change), 200);
    change.body = "{\"name\":\"Third\"}";
    assert_int_equal(api_change_if(fixture, &change), 412);
    json_t *read = api_expect(fixture, "GET", first, NULL, 200);
    assert_string_equal(name_of(read), "Second");
    json_decref(read);
    change.if_match = "*";
    assert_int_equal(api_change_if(fixture, &change), 200);
    api_read_tag(fixture, first, later);
    change = (struct api_condition){"DELETE", first, "", tag};
    assert_int_equal(api_change_if(fixture, &change), 412);
    change.if_match = later;
    assert_int_equal(api_change_if(fixture, &change), 204);
    change.if_match = "*";
    assert_int_equal(api_change_if(fixture, &change), 404);
}

static void test_library_api_refuses(void **state) {
    struct api_fixture *fixture = *state;
    static const struct {
        const char *body, *pointer;
        int status;
    } cases[] = {
        {"{}", "", 400},
        {"{\"name\":1}", "/name", 422},
        {"{\"name\":\" \"}", "/name", 422},
        {"{\"name\":\"a\",\"tags\":[]}", "/tags", 422},
        {"[]", "", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json =
            api_expect(fixture, "PATCH", first, cases[i].body, cases[i].status);
        const json_t *error = json_array_get(json_object_get(json, "errors"), 0);
        assert_string_equal(json_string_value(json_object_get(error, "pointer")),
                            cases[i].pointer);
        json_decref(json);
    }
    json_decref(
        api_expect(fixture, "PATCH", "/api/v1/experiments/e9", "{\"name\":\"a\"}", 404));
    json_t *read = api_expect(fixture, "GET", first, NULL, 200);
    assert_string_equal(name_of(read), "First");
    json_decref(read);
}

static void test_library_api_tells_sizes(void **state) {
    struct api_fixture *fixture = *state;
    json_t *json =
        api_expect(fixture, "GET", "/api/v1/storage?experiments=e1,e9,x,", NULL, 200);
    const json_t *items = json_object_get(json, "experiments");
    const json_int_t all = json_integer_value(json_object_get(json, "bytes"));
    assert_int_equal(json_array_size(items), 1);
    const json_t *item = json_array_get(items, 0);
    assert_string_equal(json_string_value(json_object_get(item, "id")), "e1");
    const json_int_t bytes = json_integer_value(json_object_get(item, "bytes"));
    assert_true(bytes > (json_int_t)strlen(quick) && bytes < all);
    json_decref(json);
    json = api_expect(fixture, "GET", "/api/v1/storage", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(json, "experiments")), 0);
    json_decref(json);
}

static void test_library_api_limits_the_ids(void **state) {
    char path[1024] = "/api/v1/storage?experiments=";
    for (int i = 0; i < 200; i++) {
        strcat(path, "e2,");
    }
    json_decref(api_expect(*state, "GET", path, NULL, 200));
    strcat(path, "e1");
    json_decref(api_expect(*state, "GET", path, NULL, 400));
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_library_api_renames),
        TEST(test_library_api_changes_what_was_seen),
        TEST(test_library_api_refuses),
        TEST(test_library_api_tells_sizes),
        TEST(test_library_api_limits_the_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
