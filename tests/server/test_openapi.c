/* SPDX-License-Identifier: MIT */
/*
 * server/openapi.json against the program: the same operations, query parameters, media types
 * and bodies as the table of routes, the same members as the tables by which documents are
 * read, and live answers that are what their schemas say.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "json_pointer.h"
#include "server/api/routes.h"
#include "server/document/schema.h"
#include "tests/support/test.h"

static json_t *contract;

static int read_contract(void **state) {
    (void)state;
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/server/openapi.json", getenv("GILSCOPE_ROOT"));
    contract = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (contract == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    return 0;
}

static int free_contract(void **state) {
    (void)state;
    json_decref(contract);
    return 0;
}

/* What a reference leads to; anything else is itself. */
static const json_t *resolve(const json_t *node) {
    const char *reference;
    while ((reference = json_string_value(json_object_get(node, "$ref"))) != NULL) {
        assert_int_equal(reference[0], '#');
        node = json_pointer_get(contract, reference + 1);
        if (node == NULL) {
            fail_msg("%s leads nowhere", reference);
        }
    }
    return node;
}

static const json_t *member(const json_t *object, const char *key) {
    return resolve(json_object_get(object, key));
}

static bool has_text(const json_t *list, const char *text) {
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

static void expect_references(const json_t *node) {
    const char *key;
    const json_t *value;
    size_t i;
    if (json_is_object(node)) {
        (void)resolve(node); /* fails when there is nothing */
        json_object_foreach((json_t *)(uintptr_t)node, key, value) {
            expect_references(value);
        }
    }
    json_array_foreach(node, i, value) { expect_references(value); }
}

static void test_openapi_has_what_it_refers_to(void **state) {
    (void)state;
    expect_references(contract);
}

/* --- operations ------------------------------------------------------------------ */

/* The operation of a route; fails when the contract does not have it. */
static const json_t *find_operation(const struct http_route *route) {
    char method[16];
    snprintf(method, sizeof method, "%s", route->method);
    for (char *c = method; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    }
    const json_t *path = json_object_get(json_object_get(contract, "paths"), route->path);
    const json_t *operation = json_object_get(path, method);
    if (operation == NULL) {
        fail_msg("the contract lacks %s %s", route->method, route->path);
    }
    return operation;
}

/* Whatever address and port it is read from. */
static void test_openapi_is_of_the_server_that_it_is_read_from(void **state) {
    (void)state;
    const json_t *servers = json_object_get(contract, "servers");
    const json_t *url = json_object_get(json_array_get(servers, 0), "url");
    assert_int_equal(json_array_size(servers), 1);
    assert_string_equal(json_string_value(url), "/");
}

static void test_openapi_has_every_route(void **state) {
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        find_operation(&routes[i]);
    }
}

static void test_openapi_has_no_other_operation(void **state) {
    (void)state;
    size_t operations = 0;
    const char *path;
    json_t *methods;
    json_object_foreach(json_object_get(contract, "paths"), path, methods) {
        operations += json_object_size(methods);
    }
    assert_int_equal(operations, route_count);
}

/* Whether a list of words, with something between them, has the word. */
static bool has_word(const char *list, const char *word) {
    char words[256], wanted[64];
    snprintf(words, sizeof words, " %s ", list != NULL ? list : "");
    snprintf(wanted, sizeof wanted, " %s ", word);
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == ',' ? ' ' : *c;
    }
    return strstr(words, wanted) != NULL;
}

static size_t count_words(const char *list) {
    size_t count = 0;
    for (const char *at = list; at != NULL && *(at += strspn(at, ", ")) != '\0';) {
        at += strcspn(at, ", ");
        count++;
    }
    return count;
}

static void test_openapi_has_the_same_query_parameters(void **state) {
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const json_t *list = json_object_get(find_operation(&routes[i]), "parameters");
        size_t found = 0, at;
        const json_t *item;
        json_array_foreach(list, at, item) {
            const json_t *parameter = resolve(item);
            const char *name = json_string_value(json_object_get(parameter, "name"));
            if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") !=
                0) {
                continue;
            }
            if (!has_word(routes[i].query, name)) {
                fail_msg("%s does not know '%s'", routes[i].path, name);
            }
            found++;
        }
        assert_int_equal(found, count_words(routes[i].query));
    }
}

/* What its 2xx answers have, all together, is what it produces; a body goes where one is
 * taken. */
static void test_openapi_has_the_same_media_types(void **state) {
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const json_t *operation = find_operation(&routes[i]);
        const char *status, *type;
        json_t *response, *content;
        size_t most = 0;
        json_object_foreach(json_object_get(operation, "responses"), status, response) {
            const json_t *types = json_object_get(resolve(response), "content");
            if (status[0] != '2' || types == NULL) {
                continue;
            }
            json_object_foreach((json_t *)(uintptr_t)types, type, content) {
                if (!has_word(routes[i].produces, type)) {
                    fail_msg("%s does not answer %s", routes[i].path, type);
                }
            }
            most = json_object_size(types) > most ? json_object_size(types) : most;
        }
        assert_true(most == 0 || most == count_words(routes[i].produces));
        assert_int_equal(json_object_get(operation, "requestBody") != NULL,
                         (routes[i].flags & HTTP_ROUTE_JSON_BODY) != 0);
    }
}

/* --- answers --------------------------------------------------------------------- */

static const char *type_of(const json_t *value) {
    static const char *const names[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",   [JSON_NULL] = "null",
    };
    return names[json_typeof(value)];
}

static bool has_type(const json_t *value, const json_t *type) {
    size_t i;
    const json_t *one;
    json_array_foreach(type, i, one) {
        if (has_type(value, one)) {
            return true;
        }
    }
    const char *word = json_string_value(type);
    return type == NULL ||
           (word != NULL && (strcmp(word, type_of(value)) == 0 ||
                             (json_is_number(value) && strcmp(word, "number") == 0)));
}

enum { FAULT_SIZE = 160 };

static bool conforms(const json_t *value, const json_t *schema, char fault[FAULT_SIZE]);

static bool object_conforms(const json_t *value, const json_t *schema,
                            char fault[FAULT_SIZE]) {
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const bool is_open = json_is_object(others) || json_is_true(others) ||
                         (properties == NULL && others == NULL);
    const char *key;
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i, item) {
        if (json_object_get(value, json_string_value(item)) == NULL) {
            snprintf(fault, FAULT_SIZE, "there is no '%s'", json_string_value(item));
            return false;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, item) {
        const json_t *declared = json_object_get(properties, key);
        if (declared == NULL && !is_open) {
            snprintf(fault, FAULT_SIZE, "'%s' is not declared", key);
            return false;
        }
        declared = declared != NULL ? declared : others;
        if (json_is_object(declared) && !conforms(item, declared, fault)) {
            return false;
        }
    }
    return true;
}

/* null may be a word of an enum, too. */
static bool has_value(const json_t *list, const json_t *value) {
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) {
        if (json_equal(item, value)) {
            return true;
        }
    }
    return false;
}

static bool one_conforms(const json_t *value, const json_t *schemas,
                         char fault[FAULT_SIZE]) {
    size_t i;
    const json_t *schema;
    json_array_foreach(schemas, i, schema) {
        if (conforms(value, schema, fault)) {
            return true;
        }
    }
    return schemas == NULL;
}

/* The part of JSON Schema that the contract uses, but for bounds. Members that are not
 * declared are faults. */
static bool conforms(const json_t *value, const json_t *reference,
                     char fault[FAULT_SIZE]) {
    const json_t *schema = resolve(reference);
    const json_t *words = json_object_get(schema, "enum");
    const json_t *constant = json_object_get(schema, "const");
    const json_t *items = json_object_get(schema, "items");
    const json_t *item;
    size_t i;
    if (!has_type(value, json_object_get(schema, "type"))) {
        snprintf(fault, FAULT_SIZE, "a value is %s", type_of(value));
        return false;
    }
    if ((words != NULL && !has_value(words, value)) ||
        (constant != NULL && !json_equal(constant, value))) {
        snprintf(fault, FAULT_SIZE, "'%s' is no word of an enum",
                 json_is_string(value) ? json_string_value(value) : type_of(value));
        return false;
    }
    json_array_foreach(value, i, item) {
        if (items != NULL && !conforms(item, items, fault)) {
            return false;
        }
    }
    return one_conforms(value, json_object_get(schema, "oneOf"), fault) &&
           one_conforms(value, json_object_get(schema, "anyOf"), fault) &&
           (!json_is_object(value) || json_object_get(schema, "oneOf") != NULL ||
            json_object_get(schema, "anyOf") != NULL ||
            object_conforms(value, schema, fault));
}

/* The schema of an answer; NULL when there is none of that status. */
static const json_t *answer_schema(const json_t *operation, int status,
                                   const char *type) {
    char key[24];
    snprintf(key, sizeof key, "%d", status);
    const json_t *responses = json_object_get(operation, "responses");
    const json_t *response = member(responses, key);
    if (response == NULL) {
        snprintf(key, sizeof key, "%dXX", status / 100);
        response = member(responses, key);
    }
    return member(json_object_get(json_object_get(response, "content"), type), "schema");
}

static void expect_answer(const struct http_route *route, int status, const char *type,
                          const json_t *answer) {
    char fault[FAULT_SIZE] = "";
    const json_t *schema = answer_schema(find_operation(route), status, type);
    if (schema == NULL) {
        fail_msg("%s %s does not say what it answers with %d", route->method, route->path,
                 status);
    }
    if (!conforms(answer, schema, fault)) {
        fail_msg("%s %s: %s", route->method, route->path, fault);
    }
}

/* What it takes to ask, besides an id. */
static const struct {
    const char *method, *path, *query, *body;
} questions[] = {
    {"GET", "/api/v1/compare", "cells=c1,c2", NULL},
    {"GET", "/api/v1/runs/{id}/spans/at", "lane=0&at=1000", NULL},
    {"GET", "/api/v1/runs/{id}/spans/next", "lane=0&at=0", NULL},
    {"POST", "/api/v1/sql", "", "{\"query\":\"SELECT run_id FROM runs\"}"},
    {"POST", "/api/v1/runs/{id}/notes", "", "{\"text\":\"here\",\"from\":5}"},
};

static const char document[] =
    "{\"schema\":1,\"goal\":\"makespan_us\",\"gate\":[{\"metric\":\"cpu_us\",\"max\":1}],"
    "\"strategies\":[{\"threads\":2},{\"threads\":3}],\"workload\":{\"jobs\":{\"count\":"
    "4,"
    "\"steps\":[{\"python_us\":1000}]}}}";

/* "/api/v1/runs/{id}/blame" -> "/api/v1/runs/r1/blame": ids begin with what they are of. */
static void make_path(const struct http_route *route, char out[160], const char **body) {
    const char *id = strstr(route->path, "{id}");
    const char *query = "";
    *body = NULL;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (strcmp(questions[i].path, route->path) == 0 &&
            strcmp(questions[i].method, route->method) == 0) {
            query = questions[i].query;
            *body = questions[i].body;
        }
    }
    if (id == NULL) {
        snprintf(out, 160, "%s?%s", route->path, query);
    } else {
        snprintf(out, 160, "%.*s%c1%s?%s", (int)(id - route->path), route->path,
                 route->path[strlen("/api/v1/")], id + strlen("{id}"), query);
    }
}

/* Asks until the answer is there, and compares all that comes until then. */
static void ask_route(const struct api_fixture *fixture, const struct http_route *route) {
    char path[160];
    const char *body;
    int status;
    const int64_t started = monotonic_ms();
    make_path(route, path, &body);
    for (;;) {
        json_t *answer = api_ask(fixture, route->method, path, body, &status);
        assert_true(status >= 200 && status < 300);
        expect_answer(route, status, "application/json", answer);
        json_decref(answer);
        if (status != 202) {
            return;
        }
        poll_pause(started);
    }
}

static bool is_asked(const struct http_route *route) {
    char path[160];
    const char *body;
    make_path(route, path, &body);
    return (strcmp(route->method, "GET") == 0 || body != NULL) &&
           strstr(route->produces, "application/json") != NULL;
}

static void test_openapi_has_the_members_of_live_answers(void **state) {
    const struct api_fixture *fixture = *state;
    size_t asked = 0;
    api_run(fixture, document, "e1");
    json_decref(api_expect(fixture, "POST", "/api/v1/runs/r1/notes",
                           "{\"text\":\"first\"}", 201));
    for (size_t i = 0; i < route_count; i++) {
        if (is_asked(&routes[i])) {
            ask_route(fixture, &routes[i]);
            asked++;
        }
    }
    assert_true(asked > 25);
}

static void test_openapi_has_the_members_of_problems(void **state) {
    const struct api_fixture *fixture = *state;
    for (size_t i = 0; i < route_count; i++) {
        if (strcmp(routes[i].path, "/api/v1/experiments") == 0 &&
            strcmp(routes[i].method, "POST") == 0) {
            json_t *problem =
                api_expect(fixture, "POST", routes[i].path, "{\"schema\":2}", 422);
            expect_answer(&routes[i], 422, "application/problem+json", problem);
            json_decref(problem);
        }
    }
}

static void test_openapi_faults_are_found(void **state) {
    (void)state;
    static const struct {
        const char *schema, *value;
        bool good;
    } cases[] = {
        {"Health", "{\"status\":\"ok\"}", true},
        {"Health", "{\"status\":\"no\"}", false},
        {"Health", "{}", false},
        {"Health", "{\"status\":\"ok\",\"more\":1}", false},
        {"Health", "[]", false},
        {"SqlRow", "{\"any\":null}", true},
        {"SqlRow", "{\"any\":[]}", false},
        {"ExperimentLine", "{\"next\":null}", true},
        {"ExperimentLine", "{\"next\":1}", false},
    };
    const json_t *schemas = json_pointer_get(contract, "/components/schemas");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fault[FAULT_SIZE];
        json_t *value = json_loads(cases[i].value, 0, NULL);
        assert_int_equal(conforms(value, member(schemas, cases[i].schema), fault),
                         cases[i].good);
        json_decref(value);
    }
}

/* --- documents ------------------------------------------------------------------- */

static const json_t *find_schema(const char *name) {
    const json_t *schemas = json_pointer_get(contract, "/components/schemas");
    const json_t *schema = json_object_get(schemas, name);
    if (schema == NULL) {
        fail_msg("the contract lacks %s", name);
    }
    return schema;
}

/* The schema has these members and no others. */
static void expect_members(const char *name, const struct spelling *members) {
    const json_t *properties = json_object_get(find_schema(name), "properties");
    size_t distinct = 0;
    for (size_t i = 0; i < members->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++) {
            seen = seen || strcmp(members->word[i], members->word[j]) == 0;
        }
        distinct += seen ? 0 : 1;
        if (json_object_get(properties, members->word[i]) == NULL) {
            fail_msg("%s in the contract lacks '%s'", name, members->word[i]);
        }
    }
    assert_int_equal(json_object_size(properties), distinct);
}

static void expect_object(const char *name, const struct schema_object *object) {
    struct spelling members = {0};
    schema_members_list(object, &members);
    expect_members(name, &members);
}

static void expect_variants(const char *name, const struct schema_variants *variants) {
    struct spelling members = {0};
    schema_variants_list(variants, &members);
    expect_members(name, &members);
}

/* The list has the words of that kind and no others. */
static void expect_list(const json_t *list, const char *what, enum names_kind names) {
    struct spelling words;
    names_list(names, &words);
    for (size_t i = 0; i < words.count; i++) {
        if (!has_text(list, words.word[i])) {
            fail_msg("%s in the contract lacks %s", what, words.word[i]);
        }
    }
    assert_int_equal(json_array_size(list), words.count);
}

static void expect_words(const char *schema, const char *name, enum names_kind names) {
    const json_t *properties = json_object_get(find_schema(schema), "properties");
    expect_list(json_object_get(json_object_get(properties, name), "enum"), name, names);
}

/* The contract and the tables by which documents are read say the same. */
static void test_openapi_has_the_members_of_documents(void **state) {
    (void)state;
    expect_object("Document", &schema_document);
    expect_object("Jobs", &schema_jobs);
    expect_object("Arrivals", &schema_arrivals);
    expect_object("Task", &schema_task);
    expect_object("Signal", &schema_signal);
    expect_variants("Each", &schema_each);
    expect_variants("Workload", &schema_workload);
    expect_variants("Actor", &schema_actors);
    expect_variants("Strategy", &schema_strategies);
    expect_words("Strategy", "start", NAMES_START);
    expect_words("Actor", "start", NAMES_START);
    expect_variants("SizedObject", &schema_objects);
    expect_variants("Step", &schema_steps);
    expect_variants("Distribution", &schema_laws);
    expect_words("Step", "gil", NAMES_GIL);
    expect_words("Step", "op", NAMES_OPS);
    expect_words("SizedObject", "object", NAMES_SHARING);
    expect_words("SizedObject", "list", NAMES_CONTAINER_SHARING);
    expect_words("SizedObject", "dict", NAMES_CONTAINER_SHARING);
}

/* The kinds of object that may stand alone. */
static void test_openapi_has_the_kinds_of_objects(void **state) {
    (void)state;
    const json_t *forms = json_object_get(find_schema("SharedObject"), "oneOf");
    expect_list(json_object_get(json_array_get(forms, 0), "enum"), "SharedObject",
                NAMES_OBJECTS);
}

#define LIVE(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, api_fixture_set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openapi_has_what_it_refers_to),
        cmocka_unit_test(test_openapi_is_of_the_server_that_it_is_read_from),
        cmocka_unit_test(test_openapi_has_every_route),
        cmocka_unit_test(test_openapi_has_no_other_operation),
        cmocka_unit_test(test_openapi_has_the_same_query_parameters),
        cmocka_unit_test(test_openapi_has_the_same_media_types),
        LIVE(test_openapi_has_the_members_of_live_answers),
        LIVE(test_openapi_has_the_members_of_problems),
        cmocka_unit_test(test_openapi_faults_are_found),
        cmocka_unit_test(test_openapi_has_the_members_of_documents),
        cmocka_unit_test(test_openapi_has_the_kinds_of_objects),
    };
    return cmocka_run_group_tests(tests, read_contract, free_contract);
}
