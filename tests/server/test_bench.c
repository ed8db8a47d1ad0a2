/* SPDX-License-Identifier: MIT */
/* test_bench - the documents of the benchmark are documents like any other, and its
 * cases give numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/bench/bench_http.h"
#include "server/bench/bench_store.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "tests/server/scratch.h"
#include "tests/support/test.h"

static void test_bench_documents_are_accepted(void **state) {
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < bench_engine_case_count; i++) {
        const struct bench_case *bench = &bench_engine_cases[i];
        char text[BENCH_TEXT_SIZE];
        struct document *document = NULL;
        struct grid *grid = NULL;
        struct err err = {0};
        if (bench->document == NULL) {
            continue;
        }
        bench->document(text, sizeof text);
        assert_true(strlen(text) + 1 < sizeof text);
        if (document_parse(&document, text, strlen(text), &err) != 0 ||
            grid_create(&grid, document, &err) != 0) {
            fail_msg("%s: %s: %s", bench->name, err.pointer, err.text);
        }
        for (size_t k = 0; k < grid_cell_count(grid); k++) {
            assert_null(grid_cell(grid, k)->reason);
        }
        grid_destroy(grid);
        document_destroy(document);
        count++;
    }
    assert_true(count >= 5);
}

/* The best of several runs, all with the same result; a run that does not end is an error. */
static void test_bench_runs_a_document(void **state) {
    (void)state;
    const char text[] =
        "{\"schema\":1,\"machine\":{\"cores\":2,\"profile\":\"ideal\"},\"runtimes\":"
        "[\"cpython-3.12\"],\"strategies\":[\"sequential\",{\"threads\":2}],"
        "\"workload\":{\"jobs\":{\"count\":10,\"steps\":[{\"python_us\":1000}]}}}";
    struct bench_run run;
    assert_int_equal(bench_document(&run, text, NULL, 2, NULL), 0);
    assert_true(run.seconds > 0.0 && run.document_s >= run.seconds);
    assert_true(run.duration_s > 0.0199 && run.duration_s < 0.03);
    assert_true(run.transitions > 20.0 && run.fingerprint != 0);

    const char endless[] =
        "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"limits\":{\"events\":10},"
        "\"workload\":{\"jobs\":{\"count\":10000,\"steps\":[{\"python_us\":1000}]}}}";
    struct err err = {0};
    assert_int_equal(bench_document(&run, endless, NULL, 1, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "limit"));
    struct err wrong = {0};
    assert_int_equal(bench_document(&run, "{}", NULL, 1, &wrong), ERR_INVALID);
}

/* In a directory of its own. */
static void expect_number(const struct bench_case *bench) {
    double value = NAN;
    char note[256] = "";
    struct err err = {0};
    if (bench->measure(&value, note, sizeof note, &err) != 0) {
        fail_msg("%s: %s", bench->name, err.text);
    }
    assert_true(isfinite(value) && value > 0.0);
    assert_true(note[0] != '\0' && bench->document == NULL);
}

static int make_scratch(void **state) {
    static struct scratch scratch;
    scratch_make(&scratch);
    assert_int_equal(setenv("TMPDIR", scratch.directory, 1), 0);
    *state = &scratch;
    return 0;
}

/* Nothing is left behind. */
static int expect_empty_scratch(void **state) {
    const struct scratch *scratch = *state;
    bench_http_close();
    bench_store_close();
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_int_equal(rmdir(scratch->directory), 0);
    return 0;
}

/* Every case of the store gives a number, of a short run. Those about the examples have no
 * size; one of them stands for all. */
static void test_bench_store_cases_give_numbers(void **state) {
    (void)state;
    bench_store_set_spans(10000);
    for (size_t i = 0; i < bench_store_case_count; i++) {
        const struct bench_case *bench = &bench_store_cases[i];
        if (strstr(bench->name, "bytes_per_span") == NULL ||
            strcmp(bench->name, "store_bytes_per_span_loop") == 0) {
            expect_number(bench);
        }
    }
}

/* Over real connections to a server of its own. */
static void test_bench_http_cases_give_numbers(void **state) {
    (void)state;
    for (size_t i = 0; i < bench_http_case_count; i++) {
        expect_number(&bench_http_cases[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bench_documents_are_accepted),
        cmocka_unit_test(test_bench_runs_a_document),
        cmocka_unit_test_setup_teardown(test_bench_store_cases_give_numbers, make_scratch,
                                        expect_empty_scratch),
        cmocka_unit_test_setup_teardown(test_bench_http_cases_give_numbers, make_scratch,
                                        expect_empty_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
