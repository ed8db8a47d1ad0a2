/* SPDX-License-Identifier: MIT */
/*
 * Out of memory at every single allocation while a document is read, expanded and
 * planned: an ordinary error, after which nothing is left behind (the leak checker sees
 * to that).
 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/base/memory.h"
#include "server/grid/grid.h"

/*
 * jansson 2.14 ignores a failure to grow the buffer of the token at hand (lex_save in
 * load.c), which is then cut short or read past its end. The buffer starts at 16 bytes,
 * so that here no token is longer; only then is its allocator part of the test.
 */
static const char short_tokens[] =
    "{\"schema\":1,\"seed\":7,\"machine\":{\"cores\":2,\"tick_us\":1.5},"
    "\"runtimes\":[\"cpython-3.9\",{\"base\":\"cpython-3.9\",\"attach_us\":1,\"python_"
    "cost\":2}],"
    "\"strategies\":[\"sequential\",{\"threads\":2},{\"asyncio\":3}],"
    "\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":5},{\"repeat\":2,"
    "\"steps\":[{\"io_us\":{\"dist\":\"uniform\",\"min\":1,\"max\":2}}]}]}},"
    "\"sweep\":{\"/seed\":[1,2]}}";

static const char actors[] =
    "{\"schema\":1,\"name\":\"a longer name than sixteen "
    "bytes\",\"workload\":{\"actors\":["
    "{\"name\":\"spinner\",\"thread\":0,\"daemon\":true,"
    "\"steps\":[{\"forever\":[{\"python_us\":1000}]}]},"
    "{\"name\":\"loop\",\"event_loop\":1,\"tasks\":[{\"name\":\"t\",\"steps\":["
    "{\"await_sleep_us\":1},{\"to_thread\":[{\"io_us\":3}]}]}]}]},"
    "\"sweep\":{\"/workload/actors/0/thread\":[0,1]}}";

static const char objects[] =
    "{\"schema\":1,\"workload\":{\"objects\":{\"q\":{\"queue\":5},\"l\":\"rlock\","
    "\"s\":{\"semaphore\":2},\"p\":{\"peer\":7},\"x\":{\"list\":\"each\"},\"c\":"
    "\"condition\"},"
    "\"actors\":[{\"name\":\"a\",\"thread\":2,\"steps\":[{\"put\":\"q\"},"
    "{\"get\":\"q\"},{\"with\":\"l\",\"steps\":[{\"acquire\":\"s\"}]},"
    "{\"use\":\"x\",\"op\":\"len\",\"compute_us\":1},{\"c_us\":1,\"gil\":\"by_size\","
    "\"bytes\":9},{\"with\":\"c\",\"steps\":[{\"notify_all\":\"c\"}]},"
    "{\"allocate\":9},{\"send\":\"p\",\"compute_us\":5},{\"recv\":\"p\"}]}]}}";

static const char arriving[] =
    "{\"schema\":1,\"workload\":{\"jobs\":{\"arrivals\":{\"rate_per_s\":5,\"for_s\":1},"
    "\"steps\":[{\"io_us\":{\"dist\":\"empirical\",\"values_us\":[1,2],\"weights\":"
    "[1,3]}}]}}}";

/* Everything that the server does with a document before it runs. */
static int use_document(const char *text, struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    int rc = document_parse(&document, text, strlen(text), err);
    if (rc == 0) {
        rc = grid_create(&grid, document, err);
    }
    document_destroy(document);
    for (size_t i = 0; rc == 0 && i < grid_cell_count(grid); i++) {
        struct plan plan;
        char *cell = NULL;
        rc = grid_cell_plan(grid, i, &plan, err);
        if (rc == 0) {
            plan_deinit(&plan);
            rc = grid_cell_document(grid, i, &cell, err);
            memory_free(cell);
        }
    }
    grid_destroy(grid);
    return rc;
}

/* Fails the allocation after `after` others; true when it was reached. */
static bool fails_at(const char *text, int64_t after) {
    struct err err = {0};
    memory_fail_after(after);
    const int rc = use_document(text, &err);
    memory_fail_after(-1);
    if (rc == 0) {
        return false;
    }
    if (rc != ERR_NOMEM || err.code != ERR_NOMEM) {
        /* Inside jansson's lexer a failure looks like a token that makes no sense. */
        assert_int_equal(rc, ERR_INVALID);
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.pointer, "");
        assert_non_null(strstr(err.text, "line 1, column"));
    }
    return true;
}

static void fail_everywhere(const char *text, int64_t at_least) {
    int64_t after = 0;
    while (fails_at(text, after)) {
        after++;
    }
    assert_true(after >= at_least);
}

static void test_document_survives_failing_memory(void **state) {
    (void)state;
    fail_everywhere(short_tokens, 30);
    fail_everywhere(actors, 30);
    fail_everywhere(objects, 20);
    fail_everywhere(arriving, 10);
}

static void *allocate(size_t size) { return memory_resize(NULL, size, 1); }

static int fail_jansson_too(void **state) {
    (void)state;
    json_set_alloc_funcs(allocate, memory_free);
    return 0;
}

static int restore_jansson(void **state) {
    (void)state;
    json_set_alloc_funcs(malloc, free);
    return 0;
}

static void test_document_survives_failing_jansson(void **state) {
    (void)state;
    fail_everywhere(short_tokens, 500);
    fail_everywhere(objects, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_survives_failing_memory),
        cmocka_unit_test_setup_teardown(test_document_survives_failing_jansson,
                                        fail_jansson_too, restore_jansson),
    };
    return cmocka_run_group_tests_name("document_memory", tests, NULL, NULL);
}
