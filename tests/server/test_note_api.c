/* SPDX-License-Identifier: MIT */
/* test_note_api - notes of a run over the wire: written, changed, removed; wrong ones refused. */
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

static const char quick[] =
    "{\"schema\":1,\"strategies\":[{\"threads\":2}],"
    "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":100}]}}}";
static const char notes[] = "/api/v1/runs/r1/notes";

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, quick, "e1");
    return 0;
}

static void test_note_api_keeps_a_note(void **state) {
    struct api_fixture *fixture = *state;
    json_t *made = api_expect(
        fixture, "POST", notes,
        "{\"text\":\"<b>za\\u017c\\u00f3\\u0142\\u0107</b>\",\"from\":5,\"lane\":0}",
        201);
    assert_string_equal(json_string_value(json_object_get(made, "id")), "n1");
    assert_string_equal(json_string_value(json_object_get(made, "text")),
                        "<b>za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87</b>");
    assert_int_equal(json_integer_value(json_object_get(made, "to")), 5);
    api_fixture_start(fixture);
    json_t *list = api_expect(fixture, "GET", notes, NULL, 200);
    assert_true(json_equal(json_array_get(json_object_get(list, "items"), 0), made));
    json_decref(list);
    json_decref(made);
    json_t *changed = api_expect(fixture, "PUT", "/api/v1/notes/n1",
                                 "{\"text\":\"\",\"to\":9,\"lane\":null}", 200);
    assert_int_equal(json_integer_value(json_object_get(changed, "from")), 0);
    assert_true(json_is_null(json_object_get(changed, "lane")));
    json_t *read = api_expect(fixture, "GET", "/api/v1/notes/n1", NULL, 200);
    assert_true(json_equal(read, changed));
    json_decref(read);
    json_decref(changed);
    assert_null(api_expect(fixture, "DELETE", "/api/v1/notes/n1", NULL, 204));
    json_decref(api_expect(fixture, "GET", "/api/v1/notes/n1", NULL, 404));
    json_decref(api_expect(fixture, "DELETE", "/api/v1/notes/n1", NULL, 404));
}

static void test_note_api_refuses(void **state) {
    struct api_fixture *fixture = *state;
    static const struct {
        const char *body, *pointer;
        int status;
    } cases[] = {
        {"{}", "/text", 422},
        {"{\"text\":1}", "/text", 422},
        {"{\"text\":\"\",\"from\":-1}", "/from", 422},
        {"{\"text\":\"\",\"from\":1.5}", "/from", 422},
        {"{\"text\":\"\",\"from\":7,\"to\":6}", "/to", 422},
        {"{\"text\":\"\",\"lane\":\"0\"}", "/lane", 422},
        {"{\"text\":\"\",\"lanes\":0}", "", 400},
        {"{\"text\":\"\",\"text\":\"\"}", "/text", 422},
        {"{\"text\":\"\\u0000\"}", "", 400},
        {"[]", "", 400},
        {"", "", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json = api_expect(fixture, "POST", notes, cases[i].body, cases[i].status);
        const json_t *error = json_array_get(json_object_get(json, "errors"), 0);
        assert_string_equal(json_string_value(json_object_get(error, "pointer")),
                            cases[i].pointer);
        json_decref(json);
    }
    json_decref(
        api_expect(fixture, "POST", "/api/v1/runs/r9/notes", "{\"text\":\"\"}", 404));
    json_decref(api_expect(fixture, "GET", "/api/v1/runs/r9/notes", NULL, 404));
    json_decref(api_expect(fixture, "PUT", "/api/v1/notes/n9", "{\"text\":\"\"}", 404));
    json_t *list = api_expect(fixture, "GET", notes, NULL, 200);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 0);
    json_decref(list);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_note_api_keeps_a_note),
        TEST(test_note_api_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
