/* SPDX-License-Identifier: MIT */
/* test_advice_api - advice on experiments that have not ended, and for how long it stands. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "http_client.h"
#include "server/api/advice_cache.h"
#include "tests/support/test.h"

#define ADVICE "/api/v1/experiments/e1/advice"

/* Two points of three cells each, cell after cell by strategy, then by point. */
#define DOCUMENT(goal)                                                                   \
    "{\"schema\":1,\"repetitions\":2," goal "\"machine\":{\"cores\":1},"                 \
    "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[\"sequential\",{\"threads\":2},"    \
    "{\"threads\":4}],\"sweep\":{\"/machine/cores\":[1,2]},"                             \
    "\"workload\":{\"jobs\":{\"count\":8,\"steps\":[{\"python_us\":100},"                \
    "{\"io_us\":{\"dist\":\"exponential\",\"mean\":2000}}]}}}"
enum { CELLS = 6 };

/* --- how long it stands -------------------------------------------------------------- */

static void keep(struct advice_cache *cache, const struct advice_wish *wish,
                 int64_t now_ns, const char *text) {
    struct json_writer made = {0};
    json_writer_raw(&made, text, strlen(text));
    advice_cache_keep(cache, wish, now_ns, &made);
    json_writer_deinit(&made);
}

/* NULL: it is to be made. */
static void expect_found(struct advice_cache *cache, const struct advice_wish *wish,
                         const char *wanted) {
    struct json_writer writer = {0};
    const bool found = advice_cache_find(cache, wish, &writer);
    assert_int_equal(found, wanted != NULL);
    if (wanted != NULL) {
        assert_int_equal(writer.size, strlen(wanted));
        assert_memory_equal(writer.data, wanted, writer.size);
    }
    json_writer_deinit(&writer);
}

static void test_advice_cache_rests_for_as_long_as_it_worked(void **state) {
    (void)state;
    enum { COST = 1000 };
    struct advice_cache *cache;
    assert_int_equal(advice_cache_create(&cache, NULL), 0);
    expect_found(cache, &(struct advice_wish){7, 3, 0}, NULL);
    keep(cache, &(struct advice_wish){7, 3, 0}, COST, "\"three\"");
    /* As long as no other has ended, for ever. */
    expect_found(cache, &(struct advice_wish){7, 3, INT64_MAX}, "\"three\"");
    /* More have: until it has rested. Then one makes it, and others get the old one. */
    const int64_t rested = COST + ADVICE_REST * COST;
    expect_found(cache, &(struct advice_wish){7, 5, rested - 1}, "\"three\"");
    expect_found(cache, &(struct advice_wish){7, 5, rested}, NULL);
    expect_found(cache, &(struct advice_wish){7, 5, rested + 1}, "\"three\"");
    keep(cache, &(struct advice_wish){7, 5, rested}, rested + 2, "\"five\"");
    expect_found(cache, &(struct advice_wish){7, 5, rested + 3}, "\"five\"");
    /* Fewer, since some are run again: what was said of them is not known any more. */
    expect_found(cache, &(struct advice_wish){7, 4, rested + 3}, NULL);
    advice_cache_destroy(cache);
}

static void test_advice_cache_mixes_nothing_up(void **state) {
    (void)state;
    struct advice_cache *cache;
    char text[32];
    assert_int_equal(advice_cache_create(&cache, NULL), 0);
    for (int64_t i = 1; i <= 3 * ADVICE_PLACES; i++) {
        snprintf(text, sizeof text, "%d", (int)i);
        keep(cache, &(struct advice_wish){i, 1, 0}, 1, text);
    }
    for (int64_t i = 1; i <= 3 * ADVICE_PLACES; i++) {
        snprintf(text, sizeof text, "%d", (int)i);
        expect_found(cache, &(struct advice_wish){i, 1, 2},
                     i > 2 * ADVICE_PLACES ? text : NULL);
    }
    struct json_writer failed = {.failed = true};
    advice_cache_keep(cache, &(struct advice_wish){1, 9, 0}, 1, &failed);
    expect_found(cache, &(struct advice_wish){1, 9, 2}, NULL);
    advice_cache_destroy(cache);
}

/* --- over the API -------------------------------------------------------------------- */

/* As if so many cells had ended when the rest was interrupted. */
static void interrupt_after(const struct api_fixture *fixture, int done) {
    char sql[256];
    snprintf(sql, sizeof sql,
             "UPDATE cell SET status = iif(idx < %d, 'done', 'interrupted');"
             "UPDATE experiment SET status = '%s';",
             done, done < CELLS ? "interrupted" : "done");
    api_change(fixture, sql);
}

static int number(const json_t *object, const char *name) {
    return (int)json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name) {
    return json_string_value(json_object_get(object, name));
}

/* The cells of point `point` that take part are those of the first `done`. */
static void expect_point(const json_t *item, int point, int done) {
    char so_far[64];
    snprintf(so_far, sizeof so_far, "So far, of %d of %d cells: ", done, CELLS);
    assert_int_equal(strncmp(text(item, "sentence"), so_far, strlen(so_far)), 0);
    assert_int_equal(number(item, "cells"), (done - point + 1) / 2);
    assert_string_equal(text(json_object_get(item, "first"), "strategy"), "sequential");
}

static void expect_part(const json_t *advice, int done) {
    const json_t *items = json_object_get(advice, "recommendations");
    assert_true(json_is_false(json_object_get(advice, "complete")));
    assert_int_equal(number(advice, "cells"), CELLS);
    assert_int_equal(number(advice, "cells_done"), done);
    assert_int_equal(json_array_size(items), done < 2 ? done : 2);
    for (size_t i = 0; i < json_array_size(items); i++) {
        expect_point(json_array_get(items, i), (int)i, done);
    }
    assert_int_equal(json_is_null(json_object_get(advice, "reason")), done > 0);
    /* Two sizes of threads make a curve, one at each point. */
    const json_t *curves = json_object_get(advice, "curves");
    int workers = 0;
    for (size_t i = 0; i < json_array_size(curves); i++) {
        workers += strcmp(text(json_array_get(curves, i), "axis"), "workers") == 0;
    }
    assert_int_equal(workers, done > 4 ? done - 4 : 0);
}

static json_t *ask(const struct api_fixture *fixture) {
    return api_expect(fixture, "GET", ADVICE, NULL, 200);
}

static void test_advice_api_speaks_of_the_cells_that_have_ended(void **state) {
    const struct api_fixture *fixture = *state;
    api_run(fixture, DOCUMENT("\"goal\":\"makespan_us\","), "e1");
    json_t *whole = ask(fixture);
    assert_true(json_is_true(json_object_get(whole, "complete")));
    for (int done = CELLS - 1; done >= 0; done--) {
        interrupt_after(fixture, done);
        json_t *part = ask(fixture), *again = ask(fixture);
        expect_part(part, done);
        assert_true(json_equal(part, again));
        json_decref(part);
        json_decref(again);
    }
    interrupt_after(fixture, CELLS);
    json_t *end = ask(fixture);
    assert_true(json_equal(whole, end));
    json_decref(end);
    json_decref(whole);
}

/* What stands while cells end does not stand for ever. */
static void test_advice_api_hears_of_every_cell_in_the_end(void **state) {
    const struct api_fixture *fixture = *state;
    api_run(fixture, DOCUMENT("\"goal\":\"makespan_us\","), "e1");
    for (int done = 0, known; done < CELLS; done++) {
        const int64_t started = monotonic_ms();
        interrupt_after(fixture, done);
        while (true) {
            json_t *part = ask(fixture);
            known = number(part, "cells_done");
            expect_part(part, known);
            json_decref(part);
            if (known == done) {
                break;
            }
            assert_true(known < done);
            poll_pause(started);
        }
    }
}

static void expect_header(const struct api_fixture *fixture, const char *wanted) {
    struct http_answer answer = {0};
    http_client_request(fixture->port, "GET", ADVICE, NULL, &answer);
    assert_string_equal(http_answer_header(&answer, "Cache-Control"), wanted);
    http_answer_deinit(&answer);
}

static void test_advice_api_is_kept_by_nobody_before_the_end(void **state) {
    const struct api_fixture *fixture = *state;
    api_run(fixture, DOCUMENT("\"goal\":\"makespan_us\","), "e1");
    expect_header(fixture, "no-cache");
    interrupt_after(fixture, 3);
    expect_header(fixture, "no-store");
    interrupt_after(fixture, CELLS);
    expect_header(fixture, "no-cache");
}

static void test_advice_api_aligns_what_it_names(void **state) {
    const struct api_fixture *fixture = *state;
    api_run(fixture, DOCUMENT("\"goal\":\"makespan_us\","), "e1");
    json_t *advice = ask(fixture);
    const json_t *item = json_array_get(json_object_get(advice, "recommendations"), 0);
    const json_t *rows = json_object_get(item, "metrics");
    static const char *const columns[] = {"best", "runner_up", "first"};
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        for (size_t j = 0; j < 3; j++) {
            char path[64];
            snprintf(path, sizeof path, "/api/v1/cells/%s",
                     text(json_object_get(item, columns[j]), "cell"));
            json_t *cell = api_expect(fixture, "GET", path, NULL, 200);
            const json_t *metric =
                json_object_get(json_object_get(cell, "metrics"), text(row, "name"));
            const json_t *value = json_object_get(row, columns[j]);
            assert_true(metric == NULL
                            ? json_is_null(value)
                            : json_equal(json_object_get(metric, "median"), value));
            json_decref(cell);
        }
    }
    assert_true(json_array_size(rows) > 5);
    json_decref(advice);
}

static void expect_reason(const struct api_fixture *fixture, const char *reason) {
    json_t *advice = ask(fixture);
    assert_string_equal(text(advice, "reason"), reason);
    assert_int_equal(json_array_size(json_object_get(advice, "recommendations")), 0);
    json_decref(advice);
}

static void test_advice_api_says_why_it_recommends_nothing(void **state) {
    struct api_fixture *fixture = *state;
    api_run(fixture, DOCUMENT(""), "e1");
    expect_reason(fixture, "no_goal");
    /* None has lost an update, since none makes any. */
    api_change(fixture, "UPDATE experiment SET document = json_set(document, '$.goal',"
                        " 'lost_updates')");
    expect_reason(fixture, "no_value");
    api_change(fixture, "UPDATE cell SET status = 'failed'");
    expect_reason(fixture, "no_cell");
    api_change(fixture, "UPDATE experiment SET document = json_set(document, '$.goal',"
                        " 'gil_held_share')");
    expect_reason(fixture, "neutral_goal");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, api_fixture_set_up, api_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_advice_cache_rests_for_as_long_as_it_worked),
        cmocka_unit_test(test_advice_cache_mixes_nothing_up),
        TEST(test_advice_api_speaks_of_the_cells_that_have_ended),
        TEST(test_advice_api_hears_of_every_cell_in_the_end),
        TEST(test_advice_api_is_kept_by_nobody_before_the_end),
        TEST(test_advice_api_aligns_what_it_names),
        TEST(test_advice_api_says_why_it_recommends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
