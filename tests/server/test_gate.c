/* SPDX-License-Identifier: MIT */
/* Gates: which cells they cover, what holds, and how a CI server is told. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/document/document.h"
#include "server/gate/gate_check.h"
#include "server/gate/junit.h"
#include "server/grid/grid.h"
#include "tests/support/test.h"

#define HEAD                                                                             \
    "{\"schema\":1,\"machine\":{\"cores\":1},\"sweep\":{\"/machine/cores\":[1,2]},"      \
    "\"strategies\":[\"sequential\",{\"threads\":4}],\"runtimes\":[\"cpython-3.9\","     \
    "{\"base\":\"cpython-3.9\",\"switch_interval_us\":1000}],"                           \
    "\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"io_us\":1}]}}"

static struct document *parse(const char *gates) {
    char text[2048];
    struct document *document = NULL;
    struct err err = {0};
    snprintf(text, sizeof text, HEAD ",\"gate\":%s}", gates);
    if (document_parse(&document, text, strlen(text), &err) != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
    return document;
}

/* --- which cells ---------------------------------------------------------------- */

static void expect_covered(const char *where, int count) {
    char text[512];
    struct err err = {0};
    struct grid *grid = NULL;
    snprintf(text, sizeof text, "[{\"metric\":\"cpu_us\",\"max\":1,\"where\":%s}]",
             where);
    struct document *document = parse(text);
    const int rc = grid_create(&grid, document, &err);
    assert_int_equal(rc, count > 0 ? 0 : ERR_INVALID);
    if (count == 0) {
        assert_string_equal(err.pointer, "/gate/0/where");
        assert_non_null(strstr(err.text, "\"sequential\""));
    }
    for (size_t i = 0; grid != NULL && i < grid_cell_count(grid); i++) {
        const struct grid_cell *cell = grid_cell(grid, i);
        count -=
            gate_covers(&document->gates[0],
                        &(struct gate_cell){cell->runtime, cell->strategy, cell->point});
    }
    assert_int_equal(count, 0);
    grid_destroy(grid);
    document_destroy(document);
}

static void test_gate_covers_cells_by_name(void **state) {
    (void)state;
    expect_covered("{}", 8);
    expect_covered("{\"runtime\":\"cpython-3.9\"}", 8);
    expect_covered("{\"runtime\":\"cpython-3.9 (switch_interval_us=1000)\"}", 4);
    expect_covered("{\"runtime\":\"cpython-3\"}", 0);
    expect_covered("{\"strategy\":\"threads\"}", 4);
    expect_covered("{\"strategy\":\"threads(4)\"}", 4);
    expect_covered("{\"strategy\":\"threads(\"}", 0);
    expect_covered("{\"strategy\":\"thread\"}", 0);
    expect_covered("{\"strategy\":\"sequential\",\"point\":{\"/machine/cores\":2}}", 2);
    expect_covered("{\"point\":{\"/machine/cores\":2.0}}", 4);
    expect_covered("{\"point\":{\"/machine/cores\":3}}", 0);
    expect_covered("{\"point\":{\"/machine\":{\"cores\":2}}}", 0);
}

static void test_gates_do_not_change_a_cell(void **state) {
    (void)state;
    struct err err = {0};
    struct document *with = parse("[{\"metric\":\"cpu_us\",\"max\":1}]"),
                    *without = parse("[]");
    struct grid *a = NULL, *b = NULL;
    assert_int_equal(grid_create(&a, with, &err), 0);
    assert_int_equal(grid_create(&b, without, &err), 0);
    assert_string_equal(grid_cell(a, 0)->key, grid_cell(b, 0)->key);
    grid_destroy(a);
    grid_destroy(b);
    document_destroy(with);
    document_destroy(without);
}

/* --- what holds ------------------------------------------------------------------- */

/* A cell of which one metric is known. */
static struct cell_row cell_with(enum cell_status status,
                                 const struct metric_summary *summary) {
    return (struct cell_row){
        .id = 1,
        .runtime = "cpython-3.9",
        .strategy = "threads(4)",
        .point = "{}",
        .reason = status == CELL_DONE ? "" : "why & <how>\x01",
        .status = status,
        .metrics = summary,
        .metric_count = summary != NULL ? 1 : 0,
    };
}

static enum gate_verdict verdict_of(const char *gate, struct cell_row cell,
                                    double *value) {
    struct err err = {0};
    struct gate_report report;
    struct document *document = parse(gate);
    const struct cell_list cells = {.items = &cell, .count = 1};
    assert_int_equal(gate_check(document, &cells, &report, &err), 0);
    assert_int_equal(report.count, 1);
    const enum gate_verdict verdict = report.items[0].verdict;
    assert_int_equal(report.fails, verdict == GATE_FAILS || verdict == GATE_NO_VALUE);
    *value = report.items[0].value;
    gate_report_deinit(&report);
    document_destroy(document);
    return verdict;
}

static void test_gate_judges_the_median_or_every_repetition(void **state) {
    (void)state;
    const struct metric_summary summary = {
        .name = "cpu_us", .of = {.count = 5, .median = 10, .min = 4, .max = 20}};
    static const struct {
        const char *gate;
        enum gate_verdict verdict;
        double value;
    } cases[] = {
        {"[{\"metric\":\"cpu_us\",\"max\":10}]", GATE_HOLDS, 10},
        {"[{\"metric\":\"cpu_us\",\"max\":9.99}]", GATE_FAILS, 10},
        {"[{\"metric\":\"cpu_us\",\"min\":10}]", GATE_HOLDS, 10},
        {"[{\"metric\":\"cpu_us\",\"min\":10.1}]", GATE_FAILS, 10},
        {"[{\"metric\":\"cpu_us\",\"min\":4,\"max\":20,\"over\":\"every\"}]", GATE_HOLDS,
         20},
        {"[{\"metric\":\"cpu_us\",\"min\":5,\"max\":20,\"over\":\"every\"}]", GATE_FAILS,
         4},
        {"[{\"metric\":\"cpu_us\",\"max\":19,\"over\":\"every\"}]", GATE_FAILS, 20},
        {"[{\"metric\":\"cpu_us\",\"min\":5,\"over\":\"every\"}]", GATE_FAILS, 4},
        {"[{\"metric\":\"cpu_us\",\"min\":4,\"over\":\"every\"}]", GATE_HOLDS, 4},
        {"[{\"metric\":\"makespan_us\",\"max\":1}]", GATE_NO_VALUE, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value;
        assert_int_equal(
            verdict_of(cases[i].gate, cell_with(CELL_DONE, &summary), &value),
            cases[i].verdict);
        if (isnan(cases[i].value)) {
            assert_true(isnan(value));
        } else {
            assert_true(fabs(value - cases[i].value) < 1e-12);
        }
    }
}

static void test_gate_needs_a_result(void **state) {
    (void)state;
    static const char gate[] = "[{\"metric\":\"cpu_us\",\"max\":10}]";
    static const enum gate_verdict verdicts[CELL_STATUS_COUNT] = {
        [CELL_PENDING] = GATE_PENDING,     [CELL_RUNNING] = GATE_PENDING,
        [CELL_DONE] = GATE_NO_VALUE,       [CELL_FAILED] = GATE_NO_VALUE,
        [CELL_LIMITED] = GATE_NO_VALUE,    [CELL_NOT_APPLICABLE] = GATE_SKIPPED,
        [CELL_INTERRUPTED] = GATE_NO_VALUE};
    double value;
    for (int i = 0; i < CELL_STATUS_COUNT; i++) {
        const enum cell_status status = (enum cell_status)i;
        assert_int_equal(verdict_of(gate, cell_with(status, NULL), &value), verdicts[i]);
        assert_true(isnan(value));
    }
    /* Two of five repetitions have it: the others were unstable, say. */
    const struct metric_summary partial[] = {
        {.name = "cpu_us", .of = {.count = 2, .median = 1}},
        {.name = "makespan_us", .of = {.count = 5, .median = 1}}};
    struct cell_row cell = cell_with(CELL_DONE, partial);
    cell.metric_count = 2;
    assert_int_equal(verdict_of(gate, cell, &value), GATE_NO_VALUE);
}

/* --- JUnit ---------------------------------------------------------------------- */

static void test_junit_says_what_failed(void **state) {
    (void)state;
    const struct metric_summary summary = {.name = "cpu_us",
                                           .of = {.count = 1, .median = 12}};
    struct cell_row rows[] = {cell_with(CELL_DONE, &summary),
                              cell_with(CELL_FAILED, NULL),
                              cell_with(CELL_NOT_APPLICABLE, NULL)};
    rows[0].point = "{\"/seed\":1}";
    const struct cell_list cells = {.items = rows, .count = 3};
    const struct experiment_row row = {.name = "\"a\" < b\n\xEF\xBF\xBF",
                                       .created_ms = 86400000};
    struct document *document = parse("[{\"metric\":\"cpu_us\",\"max\":10}]");
    struct gate_report report;
    struct err err = {0};
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(gate_check(document, &cells, &report, &err), 0);
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    junit_write(file, &row, document, &cells, &report);
    fclose(file);
    assert_string_equal(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites>\n"
        "  <testsuite name=\"&quot;a&quot; &lt; b&#10;\xEF\xBF\xBD\" tests=\"6\""
        " failures=\"2\" errors=\"1\" skipped=\"2\" timestamp=\"1970-01-02T00:00:00\">\n"
        "    <testcase classname=\"cpython-3.9.threads(4)\" name=\"runs at"
        " {&quot;/seed&quot;:1}\"/>\n"
        "    <testcase classname=\"cpython-3.9.threads(4)\" name=\"runs\">\n"
        "      <error message=\"why &amp; &lt;how&gt;\xEF\xBF\xBD\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"cpython-3.9.threads(4)\" name=\"runs\">\n"
        "      <skipped message=\"why &amp; &lt;how&gt;\xEF\xBF\xBD\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"cpython-3.9.threads(4)\" name=\"cpu_us &lt;= 10 at"
        " {&quot;/seed&quot;:1}\">\n"
        "      <failure message=\"cpu_us &lt;= 10: it is 12\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"cpython-3.9.threads(4)\" name=\"cpu_us &lt;= 10\">\n"
        "      <failure message=\"the cell has no such value\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"cpython-3.9.threads(4)\" name=\"cpu_us &lt;= 10\">\n"
        "      <skipped message=\"why &amp; &lt;how&gt;\xEF\xBF\xBD\"/>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
    free(text);
    gate_report_deinit(&report);
    document_destroy(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_covers_cells_by_name),
        cmocka_unit_test(test_gates_do_not_change_a_cell),
        cmocka_unit_test(test_gate_judges_the_median_or_every_repetition),
        cmocka_unit_test(test_gate_needs_a_result),
        cmocka_unit_test(test_junit_says_what_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
