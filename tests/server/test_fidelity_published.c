/* SPDX-License-Identifier: MIT */
/*
 * The published figures: index and documents fit, all of them run, and what was claimed in
 * words holds. How near the figures are is printed by `gilscope verify --published`.
 */
#include "tests/support/test.h"

#include "engine/analysis/metrics.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/document/document.h"
#include "server/fidelity/published_report.h"

static struct published published; /* made once: it runs every document */

static int make_published(void **state) {
    (void)state;
    struct err err = {0};
    if (published_make(&published, &err) != 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_published(void **state) {
    (void)state;
    published_deinit(&published);
    return 0;
}

/* The predicted figure of a document's cell; the first table that has it. */
static double predicted(const char *document, const char *label) {
    for (size_t i = 0; i < published.count; i++) {
        const struct published_row *row = &published.rows[i];
        if (strcmp(published_text(row, "document"), document) == 0 &&
            strcmp(row->label, label) == 0) {
            return row->predicted;
        }
    }
    fail_msg("%s has no cell '%s'", document, label);
    return NAN;
}

/* --- index and documents ------------------------------------------------------- */

static void test_published_rows_are_complete(void **state) {
    (void)state;
    assert_true(published.count > 100);
    for (size_t i = 0; i < published.count; i++) {
        const struct published_row *row = &published.rows[i];
        const bool stated = published_text(row, "document")[0] != '\0';
        assert_true(row->label[0] != '\0');
        assert_true(published_text(row, "what")[0] != '\0');
        assert_true(published_text(row, "source")[0] != '\0');
        assert_non_null(strchr("P2MDEL", published_text(row, "tag")[0]));
        assert_int_equal(strlen(published_text(row, "tag")), 1);
        assert_true(stated == !isnan(row->predicted));
        assert_true(stated == (row->verdict != PUBLISHED_NEEDS));
        assert_true(stated == (published_text(row, "needs")[0] == '\0'));
        if (row->verdict == PUBLISHED_MISSES) {
            assert_string_not_equal(published_text(row, "gap"), "");
        }
    }
}

/* Nobody can judge by a tolerance that is not written down. */
static void test_published_values_have_tolerances(void **state) {
    (void)state;
    for (size_t i = 0; i < published.count; i++) {
        const struct published_row *row = &published.rows[i];
        if (row->verdict != PUBLISHED_NEEDS && row->verdict != PUBLISHED_INPUT &&
            row->expect == PUBLISHED_VALUE) {
            assert_true(row->factor > 1.0 || row->absolute >= 0.0);
        }
    }
}

/* What a document was given has to come out of it, else it was given something else. */
static void test_published_inputs_come_out(void **state) {
    (void)state;
    size_t inputs = 0;
    for (size_t i = 0; i < published.count; i++) {
        const struct published_row *row = &published.rows[i];
        if (row->verdict == PUBLISHED_INPUT) {
            assert_true(row->error < log(1.25));
            inputs++;
        }
    }
    assert_true(inputs > 20);
}

static void test_published_documents_are_all_used(void **state) {
    (void)state;
    for (size_t i = 0; i < published_document_count; i++) {
        const struct example *file = &published_documents[i];
        bool used = strcmp(file->id, "index") == 0;
        for (size_t k = 0; k < published.count; k++) {
            used = used ||
                   strcmp(published_text(&published.rows[k], "document"), file->id) == 0;
        }
        if (!used) {
            fail_msg("%s is in no table", file->id);
        }
    }
}

static void test_published_documents_say_what_was_chosen(void **state) {
    (void)state;
    for (size_t i = 0; i < published_document_count; i++) {
        const struct example *file = &published_documents[i];
        struct document *document = NULL;
        struct err err = {0};
        if (strcmp(file->id, "index") == 0) {
            continue;
        }
        assert_int_equal(document_parse(&document, file->text, file->size, &err), 0);
        assert_true(document->name[0] != '\0');
        assert_true(strlen(document->description) > 40);
        assert_int_not_equal(document->goal, METRIC_COUNT);
        document_destroy(document);
    }
}

static void test_published_report_is_json(void **state) {
    (void)state;
    FILE *file = tmpfile();
    struct err err = {0};
    assert_non_null(file);
    assert_int_equal(published_report_json(&published, file, &err), 0);
    rewind(file);
    json_t *report = json_loadf(file, JSON_REJECT_DUPLICATES, NULL);
    fclose(file);
    const json_t *rows = json_object_get(report, "rows");
    assert_int_equal(json_array_size(rows), published.count);
    for (size_t i = 0; i < published.count; i++) {
        const json_t *row = json_array_get(rows, i);
        assert_string_equal(json_string_value(json_object_get(row, "verdict")),
                            published_verdict_name(published.rows[i].verdict));
        assert_true(json_is_number(json_object_get(row, "published")));
    }
    json_decref(report);
}

/* --- what was claimed ---------------------------------------------------------- */

static void test_published_tick_gil_makes_two_threads_slower_than_one(void **state) {
    (void)state;
    static const char *const documents[] = {"countdown-2010-four-cores",
                                            "countdown-2010-one-core"};
    for (size_t i = 0; i < 2; i++) {
        const double one = predicted(documents[i], "1 thread");
        assert_true(predicted(documents[i], "2 threads") > 1.03 * one);
        assert_true(predicted(documents[i], "4 threads") > 1.03 * one);
    }
    /* ... and more so on several cores. */
    assert_true(predicted("countdown-2010-four-cores", "2 threads") >
                1.2 * predicted("countdown-2010-one-core", "2 threads"));
}

static void test_published_interval_gil_is_flat(void **state) {
    (void)state;
    const double one = predicted("countdown-3.9", "1 thread");
    assert_true(predicted("countdown-3.9", "8 threads") < 1.05 * one);
    assert_true(predicted("countdown-3.9", "1 us, 2 threads") > 1.5 * one);
}

static void test_published_convoy_grows_with_spinners_and_interval(void **state) {
    (void)state;
    static const char *const intervals[] = {"100 ms", "10 ms", "5 ms", "1 ms", "100 us"};
    double longer = 0.0;
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        double before = INFINITY;
        for (int k = 0; k <= 4; k = k == 0 ? 1 : 2 * k) {
            char label[32];
            snprintf(label, sizeof label, "%s, k=%d", intervals[i], k);
            const double now = predicted("convoy-3.9", label);
            assert_true(now < before);
            assert_true(k != 1 || now > longer);
            longer = k == 1 ? now : longer;
            before = now;
        }
    }
}

static void test_published_spinning_processes_hold_no_gil(void **state) {
    (void)state;
    const double alone = predicted("echo-spinning-processes", "k=0");
    assert_true(predicted("echo-spinning-processes", "k=2") > 0.5 * alone);
    assert_true(predicted("convoy-3.9", "5 ms, k=2") < 0.01 * alone);
}

static void test_published_no_update_is_lost_without_a_check_point(void **state) {
    (void)state;
    static const char *const versions[] = {"3.11", "3.12", "3.13", "3.14"};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        assert_true(predicted("lost-updates", versions[i]) == 0.0);
    }
    assert_true(predicted("lost-updates-3.11", "1 us") == 0.0);
    assert_true(predicted("lost-updates", "3.14t") > 0.1);
    assert_true(predicted("lost-updates-call", "3.14") > 0.1);
    assert_true(predicted("lost-updates-call-3.11", "5 ms") > 0.1);
}

static void test_published_free_threads_share_work(void **state) {
    (void)state;
    const double alone = predicted("four-workers-3.14", "3.14t, sequential");
    assert_true(predicted("four-workers-3.14", "3.14t, 4 threads") < alone / 3.0);
    assert_true(predicted("four-workers-3.14", "3.14, 4 threads") >= 909.0);
    /* ... but not under one lock. */
    assert_true(predicted("one-lock", "3.14t, 16") < predicted("one-lock", "3.14t, 1"));
}

static void test_published_thread_start_waits_for_spinners(void **state) {
    (void)state;
    const double alone = predicted("start-under-spinners", "k=0");
    const double one = predicted("start-under-spinners", "k=1");
    assert_true(one > 20.0 * alone);
    assert_true(predicted("start-under-spinners", "k=4") > 2.0 * one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_rows_are_complete),
        cmocka_unit_test(test_published_values_have_tolerances),
        cmocka_unit_test(test_published_inputs_come_out),
        cmocka_unit_test(test_published_documents_are_all_used),
        cmocka_unit_test(test_published_documents_say_what_was_chosen),
        cmocka_unit_test(test_published_report_is_json),
        cmocka_unit_test(test_published_tick_gil_makes_two_threads_slower_than_one),
        cmocka_unit_test(test_published_interval_gil_is_flat),
        cmocka_unit_test(test_published_convoy_grows_with_spinners_and_interval),
        cmocka_unit_test(test_published_spinning_processes_hold_no_gil),
        cmocka_unit_test(test_published_no_update_is_lost_without_a_check_point),
        cmocka_unit_test(test_published_free_threads_share_work),
        cmocka_unit_test(test_published_thread_start_waits_for_spinners),
    };
    return cmocka_run_group_tests_name("published", tests, make_published,
                                       drop_published);
}
