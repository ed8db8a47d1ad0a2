/* SPDX-License-Identifier: MIT */
/* Comparing cells: verdicts of known figures, their order, and what is refused. */
#include "server/advice/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "tests/support/test.h"

enum { REPETITIONS = 5 };

#define WORK "\"workload\":{\"jobs\":{\"count\":4,\"steps\":[{\"python_us\":10}]}}"

/* A side whose metrics are all missing. */
static struct compare_side side_of(const char *document, uint32_t repetitions) {
    struct compare_side side = {.label = "b"};
    side.document = json_loads(document, 0, NULL);
    assert_non_null(side.document);
    side.trial.count = repetitions;
    side.trial.metrics = memory_zeroed(repetitions, sizeof *side.trial.metrics);
    assert_non_null(side.trial.metrics);
    for (uint32_t i = 0; i < repetitions; i++) {
        for (int id = 0; id < METRIC_COUNT; id++) {
            side.trial.metrics[i][id] = NAN;
        }
    }
    return side;
}

/* value + i * step in repetition i. */
static void set(struct compare_side *side, enum metric_id metric, double value,
                double step) {
    for (uint32_t i = 0; i < side->trial.count; i++) {
        side->trial.metrics[i][metric] = value + step * i;
    }
}

static enum compare_verdict verdict_of(const struct comparison *comparison,
                                       enum metric_id metric) {
    for (size_t i = 0; i < comparison->row_count; i++) {
        if (comparison->rows[i].metric == metric) {
            return comparison->rows[i].figures[1].verdict;
        }
    }
    fail_msg("no row of %s", metrics[metric].name);
    return COMPARE_VERDICT_COUNT;
}

static struct comparison *compare(struct compare_side *sides) {
    struct comparison *out = malloc(sizeof *out);
    struct err err = {0};
    assert_non_null(out);
    if (compare_make(out, sides, 2, false, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return out;
}

static void end(struct comparison *comparison, struct compare_side *sides) {
    comparison_deinit(comparison);
    free(comparison);
    compare_side_deinit(&sides[0]);
    compare_side_deinit(&sides[1]);
}

static void test_compare_judges_and_orders(void **state) {
    (void)state;
    struct compare_side sides[] = {side_of("{" WORK "}", REPETITIONS),
                                   side_of("{" WORK "}", REPETITIONS)};
    set(&sides[0], METRIC_MAKESPAN_US, 100, 10);
    set(&sides[1], METRIC_MAKESPAN_US, 90, 9); /* a tenth less each time */
    set(&sides[0], METRIC_THROUGHPUT_PER_S, 100, 10);
    set(&sides[1], METRIC_THROUGHPUT_PER_S, 200, 20); /* twice as much */
    set(&sides[0], METRIC_GIL_SWITCHES, 1, 0);
    set(&sides[1], METRIC_GIL_SWITCHES, 100, 0); /* explains it: after what is felt */
    set(&sides[0], METRIC_CPU_US, 100, 0);
    set(&sides[1], METRIC_CPU_US, 98, 1); /* 98 .. 102: chance */
    set(&sides[0], METRIC_CORE_UTILISATION, 0.1, 0);
    set(&sides[1], METRIC_CORE_UTILISATION, 0.9, 0); /* neither is better */
    set(&sides[0], METRIC_GIL_WAIT_US, 0, 0);
    set(&sides[1], METRIC_GIL_WAIT_US, 5, 1); /* from nothing */
    set(&sides[0], METRIC_LOST_UPDATES, 0, 0);
    set(&sides[1], METRIC_LOST_UPDATES, 0, 1); /* 0, 1, 2 ...: not every time */
    set(&sides[1], METRIC_UPDATES, 1, 0);
    struct comparison *got = compare(sides);
    assert_int_equal(got->row_count, 8);
    assert_int_equal(verdict_of(got, METRIC_MAKESPAN_US), COMPARE_BETTER);
    assert_int_equal(verdict_of(got, METRIC_THROUGHPUT_PER_S), COMPARE_BETTER);
    assert_int_equal(verdict_of(got, METRIC_GIL_SWITCHES), COMPARE_WORSE);
    assert_int_equal(verdict_of(got, METRIC_CPU_US), COMPARE_SAME);
    assert_int_equal(verdict_of(got, METRIC_CORE_UTILISATION), COMPARE_DIFFERENT);
    assert_int_equal(verdict_of(got, METRIC_GIL_WAIT_US), COMPARE_WORSE);
    assert_int_equal(verdict_of(got, METRIC_LOST_UPDATES), COMPARE_SAME);
    assert_int_equal(verdict_of(got, METRIC_UPDATES), COMPARE_NO_VALUE);
    assert_int_equal(got->rows[0].metric, METRIC_THROUGHPUT_PER_S);
    assert_int_equal(got->rows[1].metric, METRIC_MAKESPAN_US);
    assert_int_equal(got->rows[2].metric, METRIC_GIL_SWITCHES);
    assert_int_equal(got->rows[4].metric, METRIC_CORE_UTILISATION);
    assert_true(fabs(got->rows[0].figures[1].ratio.median - 2) < 1e-12);
    assert_true(fabs(got->rows[0].figures[1].median - 240) < 1e-12);
    end(got, sides);
}

static void test_compare_knows_nothing_of_chance_with_one_repetition(void **state) {
    (void)state;
    struct compare_side sides[] = {side_of("{" WORK "}", 1), side_of("{" WORK "}", 1)};
    set(&sides[0], METRIC_MAKESPAN_US, 100, 0);
    set(&sides[1], METRIC_MAKESPAN_US, 50, 0);
    set(&sides[0], METRIC_CPU_US, 100, 0);
    set(&sides[1], METRIC_CPU_US, 100, 0);
    struct comparison *got = compare(sides);
    assert_int_equal(verdict_of(got, METRIC_MAKESPAN_US), COMPARE_UNSURE);
    assert_int_equal(verdict_of(got, METRIC_CPU_US), COMPARE_SAME);
    end(got, sides);
}

static void expect(const char *first, const char *here, bool other_work,
                   const char *refusal) {
    struct compare_side sides[] = {side_of(first, 2), side_of(here, 2)};
    struct comparison *got = malloc(sizeof *got);
    struct err err = {0};
    assert_non_null(got);
    const int rc = compare_make(got, sides, 2, other_work, &err);
    if (refusal == NULL) {
        assert_int_equal(rc, 0);
        comparison_deinit(got);
    } else {
        assert_int_equal(rc, ERR_CONFLICT);
        if (strstr(err.text, refusal) == NULL) {
            fail_msg("no '%s' in: %s", refusal, err.text);
        }
    }
    free(got);
    compare_side_deinit(&sides[0]);
    compare_side_deinit(&sides[1]);
}

static void test_compare_refuses_other_work(void **state) {
    (void)state;
    static const char base[] = "{\"seed\":1,\"machine\":{\"cores\":2}," WORK "}";
    expect(base, "{\"seed\":1,\"machine\":{\"cores\":4.0}," WORK "}", false, NULL);
    expect(base, "{\"seed\":1,\"machine\":{\"cores\":2.0}," WORK "}", false, NULL);
    expect(
        base, "{\"seed\":2,\"machine\":{\"cores\":2}," WORK "}", true,
        "the seed, and with it every random number, differs at /seed: 1 there, 2 here");
    static const char longer[] = "{\"seed\":1,\"workload\":{\"jobs\":{\"count\":4,"
                                 "\"steps\":[{\"python_us\":11}]}}}";
    expect(base, longer, false, "/workload/jobs/steps/0/python_us: 10 there, 11 here");
    expect(base, longer, true, NULL);
    static const char more[] = "{\"seed\":1,\"workload\":{\"jobs\":{\"count\":5,"
                               "\"steps\":[{\"python_us\":10}]}}}";
    expect(base, more, true, "the unit of work differs at /workload/jobs/count");
    static const char actors[] =
        "{\"seed\":1,\"workload\":{\"actors\":[{\"name\":\"a\"}]}}";
    expect(base, actors, true, "the unit of work differs at /workload/");
    expect(actors, "{\"seed\":1,\"workload\":{\"actors\":[{\"name\":\"b\"}]}}", true,
           "/workload/actors/0/name: \"a\" there, \"b\" here");
    expect("{\"reference\":\"a\"}", "{}", true, "/reference: \"a\" there, nothing here");
}

static void test_compare_lists_differences(void **state) {
    (void)state;
    struct json_differences list;
    struct err err = {0};
    json_t *a = json_loads("{\"x\":[1,{\"y/~\":2}],\"only\":1,\"n\":[1]}", 0, NULL);
    json_t *b = json_loads("{\"x\":[1.0,{\"y/~\":3}],\"n\":[1,2],\"new\":null}", 0, NULL);
    assert_int_equal(json_differences_find(&list, a, b, &err), 0);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.items[0].pointer, "/x/1/y~1~0");
    assert_int_equal(json_integer_value(list.items[0].b), 3);
    assert_string_equal(list.items[1].pointer, "/only");
    assert_null(list.items[1].b);
    assert_string_equal(list.items[2].pointer, "/n");
    assert_string_equal(list.items[3].pointer, "/new");
    assert_null(list.items[3].a);
    json_differences_deinit(&list);
    assert_int_equal(json_differences_find(&list, a, a, &err), 0);
    assert_int_equal(list.count, 0);
    json_differences_deinit(&list);
    json_decref(a);
    json_decref(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_judges_and_orders),
        cmocka_unit_test(test_compare_knows_nothing_of_chance_with_one_repetition),
        cmocka_unit_test(test_compare_refuses_other_work),
        cmocka_unit_test(test_compare_lists_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
