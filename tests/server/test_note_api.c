/* SPDX-License-Identifier: MIT */
/* test_note_api - notes of a run over the wire: written, changed, removed; wrong ones refused. */
#include <stdio.h>
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

static int change_if(const struct api_fixture *fixture, const char *method,
                     const char *condition, const char *path) {
    const char *body = strcmp(method, "PUT") == 0 ? "{\"text\":\"b\"}" : "";
    return api_change_if(fixture, &(struct api_condition){method, path, body, condition});
}

/* RFC 9110, 13.1.1: only the note that the client has seen. */
static void test_note_api_changes_what_was_seen(void **state) {
    struct api_fixture *fixture = *state;
    static const char note[] = "/api/v1/notes/n1";
    char tag[64], later[64], list[160];
    json_decref(api_expect(fixture, "POST", notes, "{\"text\":\"a\"}", 201));
    api_read_tag(fixture, note, tag);
    assert_int_equal(change_if(fixture, "PUT", "\"other\"", note), 412);
    assert_int_equal(change_if(fixture, "DELETE", "\"other\"", note), 412);
    snprintf(list, sizeof list, "W/%s", tag);
    assert_int_equal(change_if(fixture, "PUT", list, note), 412);
    api_read_tag(fixture, note, later);
    assert_string_equal(later, tag);
    snprintf(list, sizeof list, "\"other\", %s", tag);
    assert_int_equal(change_if(fixture, "PUT", list, note), 200);
    api_read_tag(fixture, note, later);
    assert_string_not_equal(later, tag);
    assert_int_equal(change_if(fixture, "PUT", tag, note), 412);
    assert_int_equal(change_if(fixture, "DELETE", tag, note), 412);
    assert_int_equal(change_if(fixture, "PUT", "*", note), 200);
    api_read_tag(fixture, note, later);
    assert_int_equal(change_if(fixture, "DELETE", later, note), 204);
    assert_int_equal(change_if(fixture, "DELETE", "*", note), 404);
}

/* A lane that the run has; one that a note has stays. */
static void test_note_api_knows_lanes(void **state) {
    struct api_fixture *fixture = *state;
    static const char wrong[] = "{\"text\":\"b\",\"lane\":1000}";
    json_t *problem = api_expect(fixture, "POST", notes, wrong, 422);
    assert_string_equal(json_string_value(json_object_get(problem, "detail")),
                        "run r1 has no lane 1000: GET /runs/r1/lanes has those that it "
                        "has, null is all of them");
    json_decref(problem);
    json_decref(api_expect(fixture, "POST", notes, "{\"text\":\"a\",\"lane\":1}", 201));
    json_decref(api_expect(fixture, "PUT", "/api/v1/notes/n1", wrong, 422));
    /* Who has seen another note is told that first, and not of what it has now. */
    assert_int_equal(
        api_change_if(fixture, &(struct api_condition){"PUT", "/api/v1/notes/n1", wrong,
                                                       "\"other\""}),
        412);
    assert_int_equal(
        api_change_if(fixture,
                      &(struct api_condition){"PUT", "/api/v1/notes/n1", wrong, "*"}),
        422);
    api_change(fixture, "UPDATE note SET lane = 1000");
    json_decref(api_expect(fixture, "PUT", "/api/v1/notes/n1", wrong, 200));
    json_decref(api_expect(fixture, "POST", "/api/v1/runs/r9/notes", wrong, 404));
    json_decref(api_expect(fixture, "PUT", "/api/v1/notes/n9", wrong, 404));
}

static const char *member_of(const json_t *list, size_t index, const char *name) {
    const json_t *items = json_object_get(list, "items");
    return json_string_value(json_object_get(json_array_get(items, index), name));
}

/* Of all runs, the newest first, page by page; not those of what has been removed. */
static void test_note_api_lists_those_of_all_runs(void **state) {
    struct api_fixture *fixture = *state;
    static const char *const texts[] = {"One", "two", "stone"};
    api_run(fixture,
            "{\"schema\":1,\"seed\":2,\"strategies\":[{\"threads\":2}],"
            "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":100}]}}}",
            "e2");
    for (int i = 0; i < 3; i++) {
        char path[64], body[64];
        snprintf(path, sizeof path, "/api/v1/runs/r%d/notes", i == 1 ? 2 : 1);
        snprintf(body, sizeof body, "{\"text\":\"%s\"}", texts[i]);
        json_decref(api_expect(fixture, "POST", path, body, 201));
    }
    json_t *list = api_expect(fixture, "GET", "/api/v1/notes?limit=2", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
    assert_string_equal(member_of(list, 0, "id"), "n3");
    assert_string_equal(member_of(list, 1, "run"), "r2");
    assert_string_equal(member_of(list, 1, "experiment"), "e2");
    assert_string_equal(json_string_value(json_object_get(list, "next")), "n2");
    json_decref(list);
    list = api_expect(fixture, "GET", "/api/v1/notes?limit=2&after=n2", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    assert_string_equal(member_of(list, 0, "experiment"), "e1");
    assert_true(json_is_null(json_object_get(list, "next")));
    json_decref(list);
    list = api_expect(fixture, "GET", "/api/v1/notes?text=oNE", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
    assert_string_equal(member_of(list, 1, "text"), "One");
    json_decref(list);
    json_decref(api_expect(fixture, "GET", "/api/v1/notes?after=x", NULL, 400));
    api_change(fixture, "UPDATE experiment SET removing = 1 WHERE id = 1");
    list = api_expect(fixture, "GET", "/api/v1/notes", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    json_decref(list);
}

static void test_note_api_refuses(void **state) {
    struct api_fixture *fixture = *state;
    static const struct {
        const char *body, *pointer;
        int status;
    } cases[] = {
        {"{}", "", 400},
        {"{\"text\":1}", "/text", 422},
        {"{\"text\":\"\",\"from\":-1}", "/from", 422},
        {"{\"text\":\"\",\"from\":1.5}", "/from", 422},
        {"{\"text\":\"\",\"from\":7,\"to\":6}", "/to", 422},
        {"{\"text\":\"\",\"lane\":\"0\"}", "/lane", 422},
        {"{\"text\":\"\",\"lane\":1000}", "/lane", 422},
        {"{\"text\":\"\",\"lanes\":0}", "/lanes", 422},
        {"{\"text\":\"\",\"a/b~\":0}", "/a~1b~0", 422},
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

/* Sends a note with a key; the id of what is answered goes to `id`. */
static int add_with_key(const struct api_fixture *fixture, const char *key,
                        const char *body, char id[16]) {
    struct http_answer answer;
    char text[512], location[64];
    snprintf(text, sizeof text,
             "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             "Idempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
             notes, key, strlen(body), body);
    http_client_exchange(fixture->port, text, &answer);
    json_find_text(answer.body, "id", id, 16);
    if (answer.status < 300) {
        snprintf(location, sizeof location, "/api/v1/notes/%s", id);
        assert_string_equal(http_answer_header(&answer, "Location"), location);
        assert_int_equal(http_answer_header(&answer, "Idempotent-Replayed") != NULL,
                         answer.status == 200);
    }
    const int status = answer.status;
    http_answer_deinit(&answer);
    return status;
}

/* What is sent again makes none, however it is written; another one under the key does not
 * pass for it. */
static void test_note_api_adds_one_for_a_key(void **state) {
    struct api_fixture *fixture = *state;
    static const struct {
        const char *key, *body;
        int status;
        const char *id;
    } rows[] = {
        {"k1", "{\"text\":\"a\",\"from\":5}", 201, "n1"},
        {"k1", "{\"text\":\"a\",\"from\":5}", 200, "n1"},
        {"k1", " {\"to\":5, \"from\":5, \"text\":\"\\u0061\", \"lane\":null}", 200, "n1"},
        {"k1", "{\"text\":\"b\",\"from\":5}", 409, ""},
        {"k1", "{\"text\":\"a\",\"from\":5,\"lane\":0}", 409, ""},
        {"k1", "{\"text\":\"a\",\"from\":5,\"to\":6}", 409, ""},
        {"k1", "{}", 400, ""},
        {"k2", "{\"text\":\"a\",\"from\":5}", 201, "n2"},
        {"k 3", "{\"text\":\"a\"}", 400, ""},
        {"", "{\"text\":\"a\"}", 400, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char id[16];
        assert_int_equal(add_with_key(fixture, rows[i].key, rows[i].body, id),
                         rows[i].status);
        assert_string_equal(id, rows[i].id);
    }
    /* Without a key each is another one. */
    json_decref(api_expect(fixture, "POST", notes, rows[0].body, 201));
    /* It is known after a start, and when the note is another one by then. */
    json_decref(api_expect(fixture, "PUT", "/api/v1/notes/n1", "{\"text\":\"c\"}", 200));
    api_fixture_start(fixture);
    char id[16];
    assert_int_equal(add_with_key(fixture, "k1", rows[0].body, id), 200);
    assert_string_equal(id, "n1");
    assert_null(api_expect(fixture, "DELETE", "/api/v1/notes/n1", NULL, 204));
    assert_int_equal(add_with_key(fixture, "k1", rows[0].body, id), 201);
    assert_string_equal(id, "n4");
}

/* In pages and in lines they are what they are all at once. */
static void test_note_api_lists_pages(void **state) {
    struct api_fixture *fixture = *state;
    enum { COUNT = 7 };
    for (int i = 0; i < COUNT; i++) {
        char body[64];
        snprintf(body, sizeof body, "{\"text\":\"%d\",\"from\":%d}", i, i * 5 % 3);
        json_decref(api_expect(fixture, "POST", notes, body, 201));
    }
    json_t *whole = api_expect(fixture, "GET", notes, NULL, 200);
    json_t *items = json_object_get(whole, "items");
    assert_int_equal(json_array_size(items), COUNT);
    assert_true(json_is_null(json_object_get(whole, "next")));
    for (int limit = 1; limit <= COUNT; limit++) {
        char path[160];
        json_t *got = json_array();
        snprintf(path, sizeof path, "%s?limit=%d", notes, limit);
        for (bool is_last = false; !is_last;) {
            json_t *page = api_expect(fixture, "GET", path, NULL, 200);
            const char *next = json_string_value(json_object_get(page, "next"));
            json_array_extend(got, json_object_get(page, "items"));
            is_last = next == NULL;
            snprintf(path, sizeof path, "%s?limit=%d&after=%s", notes, limit,
                     is_last ? "" : next);
            json_decref(page);
        }
        assert_true(json_equal(got, items));
        json_decref(got);
    }
    static const char *const wrong[] = {
        "limit=0",    "limit=1001",    "after=",       "after=0-0",
        "after=0-0-", "after=0-0-n1x", "after=00-0-n1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s?%s", notes, wrong[i]);
        json_decref(api_expect(fixture, "GET", path, NULL, 400));
    }
    json_decref(whole);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_note_api_keeps_a_note), TEST(test_note_api_changes_what_was_seen),
        TEST(test_note_api_knows_lanes),  TEST(test_note_api_lists_those_of_all_runs),
        TEST(test_note_api_refuses),      TEST(test_note_api_adds_one_for_a_key),
        TEST(test_note_api_lists_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
