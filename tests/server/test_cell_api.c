/* SPDX-License-Identifier: MIT */
/* test_cell_api - one cell shows what its experiment shows, and can be submitted alone. */
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "tests/support/test.h"

static const char swept[] =
    "{\"schema\":1,\"name\":\"Two\",\"repetitions\":2,\"goal\":\"makespan_us\","
    "\"runtimes\":[\"cpython-3.12\",\"cpython-3.13t\"],\"strategies\":[{\"threads\":2}],"
    "\"sweep\":{\"/machine/cores\":[1,2]},\"machine\":{\"cores\":4},"
    "\"workload\":{\"jobs\":{\"count\":4,\"steps\":[{\"python_us\":700}]}}}";

static int set_up(void **state) {
    api_fixture_set_up(state);
    api_run(*state, swept, "e1");
    return 0;
}

/* Everything that both have is the same. */
static void test_cell_api_agrees_with_the_experiment(void **state) {
    struct api_fixture *fixture = *state;
    json_t *experiment = api_expect(fixture, "GET", "/api/v1/experiments/e1", NULL, 200);
    const json_t *of_it = json_array_get(json_object_get(experiment, "cells"), 2);
    json_t *cell = api_expect(fixture, "GET", "/api/v1/cells/c3", NULL, 200);
    const char *key;
    json_t *value;
    assert_string_equal(json_string_value(json_object_get(cell, "experiment")), "e1");
    assert_int_equal(json_array_size(json_object_get(cell, "runs")), 2);
    json_object_foreach(cell, key, value) {
        if (strcmp(key, "experiment") != 0) {
            assert_true(json_equal(value, json_object_get(of_it, key)));
        }
    }
    json_decref(cell);
    json_decref(experiment);
    json_decref(api_expect(fixture, "GET", "/api/v1/cells/c9", NULL, 404));
    json_decref(api_expect(fixture, "GET", "/api/v1/cells/r1", NULL, 404));
}

/* The same fingerprints, from the cell's document alone. */
static void test_cell_api_document_gives_the_same(void **state) {
    struct api_fixture *fixture = *state;
    json_t *document = api_expect(fixture, "GET", "/api/v1/cells/c4/document", NULL, 200);
    char *text = json_dumps(document, 0);
    assert_null(json_object_get(document, "sweep"));
    assert_string_equal(json_string_value(json_object_get(document, "name")), "Two");
    api_run(fixture, text, "e2");
    json_t *before = api_expect(fixture, "GET", "/api/v1/cells/c4", NULL, 200);
    json_t *after = api_expect(fixture, "GET", "/api/v1/cells/c5", NULL, 200);
    assert_true(json_equal(json_object_get(before, "metrics"),
                           json_object_get(after, "metrics")));
    for (size_t i = 0; i < 2; i++) {
        const json_t *a = json_array_get(json_object_get(before, "runs"), i);
        const json_t *b = json_array_get(json_object_get(after, "runs"), i);
        assert_true(json_equal(json_object_get(a, "fingerprint"),
                               json_object_get(b, "fingerprint")));
    }
    json_decref(before);
    json_decref(after);
    free(text);
    json_decref(document);
    json_decref(api_expect(fixture, "GET", "/api/v1/cells/c9/document", NULL, 404));
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_cell_api_agrees_with_the_experiment),
        TEST(test_cell_api_document_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
