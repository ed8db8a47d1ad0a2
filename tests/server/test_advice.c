/* SPDX-License-Identifier: MIT */
/*
 * test_advice - each rule has a document that it speaks of and one near to it that it does
 * not, in tests/server/findings; what helps is run again by hand.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/advice/advice_view.h"
#include "server/advice/patch.h"
#include "server/advice/remedy.h"
#include "server/advice/sentence.h"
#include "server/cli/document_file.h"
#include "server/document/canonical.h"
#include "tests/support/test.h"

/* --- documents ----------------------------------------------------------------- */

struct advised {
    struct document *document;
    struct grid *grid;
    struct advice advice;
};

static void advise_some(struct advised *advised, const char *path, size_t cell,
                        size_t max_spans) {
    struct err err = {0};
    if (document_file_read(&advised->document, path, &err) != 0 ||
        grid_create(&advised->grid, advised->document, &err) != 0) {
        fail_msg("%s: %s: %s", path, err.pointer, err.text);
    }
    const struct advice_request request = {.document = advised->document,
                                           .grid = advised->grid,
                                           .cell = cell,
                                           .max_spans = max_spans};
    if (advice_make(&advised->advice, &request, &err) != 0) {
        fail_msg("%s: %s", path, err.text);
    }
}

static void advise_cell(struct advised *advised, const char *path, size_t cell) {
    advise_some(advised, path, cell, 0);
}

static void advise(struct advised *advised, const char *name) {
    char path[128];
    snprintf(path, sizeof path, "tests/server/findings/%s.json", name);
    advise_cell(advised, path, 0);
}

static void end(struct advised *advised) {
    advice_deinit(&advised->advice);
    grid_destroy(advised->grid);
    document_destroy(advised->document);
}

static const struct advice_item *find(const struct advice *advice, enum finding_id id) {
    for (size_t i = 0; i < advice->count; i++) {
        if (advice->items[i].finding.id == id) {
            return &advice->items[i];
        }
    }
    return NULL;
}

static const struct advice_item *expect(const struct advised *advised,
                                        enum finding_id id) {
    const struct advice_item *item = find(&advised->advice, id);
    if (item == NULL) {
        fail_msg("%s says nothing", finding_rules[id].name);
    }
    return item;
}

static void expect_silent(const char *name, enum finding_id id) {
    struct advised advised = {0};
    advise(&advised, name);
    assert_null(find(&advised.advice, id));
    end(&advised);
}

/* --- what holds of every finding --------------------------------------------------- */

static void check_finding(const struct advised *advised, const struct advice_item *item) {
    const struct advice *advice = &advised->advice;
    const struct finding *finding = &item->finding;
    char text[SENTENCE_SIZE];
    assert_true(finding->number >= finding->threshold);
    assert_true(finding->severity > 0 && finding->severity <= 1);
    assert_true(0 <= finding->from_ns && finding->from_ns < finding->to_ns);
    assert_true(finding->to_ns <= advice->result.duration_ns ||
                finding->id == FINDING_UNSTABLE_LOAD);
    assert_true(finding->lane >= LANE_NONE &&
                finding->lane < (lane_id)advice->result.lanes.count);
    assert_true(finding->site < (site_id)advice->plan.site_count);
    sentence_of_finding(advice, finding, text);
    if (strchr(text, '{') != NULL || strstr(text, "some ") != NULL ||
        strstr(text, "nan") != NULL) {
        fail_msg("%s", text);
    }
}

/* The metric in each repetition of a document of one cell. */
static double *run_by_hand(const char *text, enum metric_id metric, uint32_t count) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct plan plan;
    struct err err = {0};
    double *values = calloc(count, sizeof *values);
    if (document_parse(&document, text, strlen(text), &err) != 0 ||
        grid_create(&grid, document, &err) != 0 ||
        grid_cell_plan(grid, 0, &plan, &err) != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
    assert_int_equal(grid_cell_count(grid), 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct run_options options = {.repetition = i};
        struct run_result result;
        assert_int_equal(run_execute(&result, &plan, &options, &err), 0);
        assert_int_equal(result.status, RUN_DONE);
        values[i] = result.metric[metric];
        run_result_deinit(&result);
    }
    plan_deinit(&plan);
    grid_destroy(grid);
    document_destroy(document);
    return values;
}

static int compare_reals(const void *left, const void *right) {
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static char *patched_text(const struct advice *advice, const struct advice_trial *trial) {
    json_t *document = json_loads(advice->document, 0, NULL);
    json_t *patch = json_loads(trial->patch, 0, NULL);
    json_t *patched = NULL;
    struct err err = {0};
    assert_int_equal(patch_apply(document, patch, &patched, &err), 0);
    char *text = json_dumps(patched, 0);
    json_decref(patched);
    json_decref(patch);
    json_decref(document);
    return text;
}

/* An odd number of repetitions, so that the median is one of the ratios. */
static void check_gain(const struct advice *advice, const struct advice_item *item,
                       const struct advice_trial *trial) {
    const uint32_t count = advice->repetitions;
    char *text = patched_text(advice, trial);
    double *after = run_by_hand(text, item->metric, count);
    double *before = run_by_hand(advice->document, item->metric, count);
    for (uint32_t i = 0; i < count; i++) {
        after[i] /= before[i];
    }
    qsort(after, count, sizeof *after, compare_reals);
    assert_true(trial->ratio.median == after[count / 2]);
    const bool lower = metrics[item->metric].better != METRIC_HIGHER;
    assert_true(trial->gain == (lower ? 1 - after[count / 2] : after[count / 2] - 1));
    free(before);
    free(after);
    free(text);
}

static void check_trials(const struct advised *advised, const struct advice_item *item) {
    for (size_t i = 0; i < item->trial_count; i++) {
        const struct advice_trial *trial = &item->trials[i];
        assert_true(remedy_sentence(trial->remedy)[0] != '\0');
        assert_true((trial->reason[0] != '\0') == (trial->verdict == ADVICE_REFUSED) ||
                    trial->verdict == ADVICE_LOSES);
        assert_false(trial == item->best && trial->verdict != ADVICE_GAINS);
        assert_false(trial->verdict == ADVICE_GAINS && item->best == NULL);
    }
    if (item->best != NULL && item->metric < METRIC_COUNT) {
        check_gain(&advised->advice, item, item->best);
    }
}

static void check_all(const struct advised *advised) {
    for (size_t i = 0; i < advised->advice.count; i++) {
        check_finding(advised, &advised->advice.items[i]);
    }
}

/* --- each rule ------------------------------------------------------------------- */

static void test_advice_speaks(void **state) {
    (void)state;
    for (int id = 0; id < FINDING_COUNT; id++) {
        struct advised advised = {0};
        advise(&advised, finding_rules[id].name);
        const struct advice_item *item = expect(&advised, (enum finding_id)id);
        check_all(&advised);
        check_trials(&advised, item);
        assert_true((item->best == NULL) == (id == FINDING_NOTHING_TO_GAIN));
        end(&advised);
    }
}

static void test_advice_is_silent_when_near(void **state) {
    (void)state;
    for (int id = 0; id < FINDING_COUNT; id++) {
        struct advised advised = {0};
        char name[64];
        snprintf(name, sizeof name, "%s-not", finding_rules[id].name);
        advise(&advised, name);
        if (find(&advised.advice, (enum finding_id)id) != NULL) {
            fail_msg("%s speaks", name);
        }
        check_all(&advised);
        end(&advised);
    }
}

static void test_advice_of_what_is_fine(void **state) {
    (void)state;
    struct advised advised = {0};
    advise(&advised, "idle-but-fine");
    assert_int_equal(advised.advice.count, 0);
    end(&advised);
}

/* --- numbers ------------------------------------------------------------------- */

static double metric(const struct advised *advised, enum metric_id id) {
    return advised->advice.result.metric[id];
}

static void test_advice_numbers_are_those_of_the_run(void **state) {
    (void)state;
    struct advised advised = {0};
    advise(&advised, "lost-updates");
    const struct finding *lost = &expect(&advised, FINDING_LOST_UPDATES)->finding;
    assert_true(lost->number == metric(&advised, METRIC_LOST_UPDATES));
    assert_true(finding_value(lost, "updates") == 2000);
    end(&advised);

    advised = (struct advised){0};
    advise(&advised, "idle-cores");
    const struct finding *idle = &expect(&advised, FINDING_IDLE_CORES)->finding;
    assert_true(fabs(idle->number - (1 - metric(&advised, METRIC_CORE_UTILISATION))) <
                1e-6);
    end(&advised);

    advised = (struct advised){0};
    advise(&advised, "pool-oversubscribed");
    const struct finding *pool = &expect(&advised, FINDING_POOL_OVERSUBSCRIBED)->finding;
    assert_true(fabs(pool->number - metric(&advised, METRIC_READY_US) /
                                        (4 * metric(&advised, METRIC_MAKESPAN_US))) <
                1e-6);
    end(&advised);

    advised = (struct advised){0};
    advise(&advised, "unstable-load");
    const struct finding *load = &expect(&advised, FINDING_UNSTABLE_LOAD)->finding;
    assert_true(fabs(load->number - metric(&advised, METRIC_ARRIVALS) / 3 /
                                        metric(&advised, METRIC_THROUGHPUT_PER_S)) <
                1e-9);
    end(&advised);
}

/* --- what is tried --------------------------------------------------------------- */

static const struct advice_trial *tried(const struct advice_item *item,
                                        const char *remedy) {
    for (size_t i = 0; i < item->trial_count; i++) {
        if (strcmp(item->trials[i].remedy, remedy) == 0) {
            return &item->trials[i];
        }
    }
    fail_msg("%s is not tried", remedy);
    return NULL;
}

/* Where threads compute side by side, more of them are the first thing to try. */
static void test_advice_gives_each_core_a_thread(void **state) {
    (void)state;
    struct advised advised = {0};
    advise(&advised, "idle-cores-few-threads");
    const struct advice_item *item = expect(&advised, FINDING_IDLE_CORES);
    const struct advice_trial *more = tried(item, "more-workers");
    assert_ptr_equal(item->best, more);
    assert_non_null(strstr(more->patch, "{\"threads\":16}"));
    check_all(&advised);
    check_trials(&advised, item);
    end(&advised);
}

/* Of some repetitions that are stable as it is there is nothing to be said; what makes all
 * of them stable helps. */
static void test_advice_of_a_load_that_is_too_much_at_times(void **state) {
    (void)state;
    struct advised advised = {0};
    advise(&advised, "unstable-load-at-times");
    const struct advice_item *item = expect(&advised, FINDING_UNSTABLE_LOAD);
    const struct advice_trial *processes = tried(item, "use-processes");
    assert_true(0 < processes->before && processes->before < 1);
    assert_true(processes->after == 0 && processes->gain == 1);
    assert_int_equal(processes->verdict, ADVICE_GAINS);
    const struct advice_trial *threads = tried(item, "use-threads");
    assert_true(threads->after > 0);
    assert_int_not_equal(threads->verdict, ADVICE_GAINS);
    assert_non_null(item->best);
    end(&advised);
}

/* A GIL that is given up around each blocking call is never held all the time: until the
 * next thread is awake it is free, and nobody's. */
static void test_advice_of_a_gil_that_is_handed_over(void **state) {
    (void)state;
    struct advised advised = {0};
    advise(&advised, "gil-bound-by-hand-over");
    const struct advice_item *item = expect(&advised, FINDING_GIL_BOUND);
    assert_true(finding_value(&item->finding, "held_share") <
                finding_rules[FINDING_GIL_BOUND].threshold);
    assert_true(tried(item, "free-threading")->gain > 0.4);
    check_all(&advised);
    check_trials(&advised, item);
    end(&advised);
    expect_silent("gil-bound-by-hand-over-not", FINDING_GIL_BOUND);
}

/* --- deadlocks ----------------------------------------------------------------- */

static void expect_ends(const char *name, size_t lanes, const char *remedy) {
    struct advised advised = {0};
    advise(&advised, name);
    assert_int_equal(advised.advice.findings.cycle_count, lanes);
    const struct advice_item *item = expect(&advised, FINDING_DEADLOCK);
    assert_int_equal(item->metric, METRIC_COUNT);
    assert_non_null(item->best);
    assert_string_equal(item->best->remedy, remedy);
    char *text = patched_text(&advised.advice, item->best);
    double *makespan = run_by_hand(text, METRIC_MAKESPAN_US, 1);
    assert_true(*makespan > 0);
    free(makespan);
    free(text);
    end(&advised);
}

static void test_advice_ends_deadlocks(void **state) {
    (void)state;
    expect_ends("deadlock", 2, "same-lock-order");
    expect_ends("deadlock-of-three", 3, "same-lock-order");
    expect_ends("deadlock-with-itself", 1, "reentrant-lock");
}

/* --- cells --------------------------------------------------------------------- */

/* Of a grid with a sweep the patches are for the document of the cell. */
static void test_advice_of_a_swept_cell(void **state) {
    (void)state;
    struct advised advised = {0};
    advise_cell(&advised, "server/examples/echo-convoy.json", 5);
    json_t *document = json_loads(advised.advice.document, 0, NULL);
    assert_null(json_object_get(document, "sweep"));
    assert_string_equal(json_string_value(json_object_get(document, "goal")),
                        "throughput_per_s");
    assert_int_equal(
        json_integer_value(patch_find(document, "/workload/actors/0/thread")), 1);
    assert_string_equal(json_string_value(patch_find(document, "/runtimes/0")),
                        "cpython-3.12");
    const struct advice_item *item = expect(&advised, FINDING_GIL_CONVOY);
    check_trials(&advised, item);
    json_decref(document);
    end(&advised);
}

/* Of a run with too many spans a window is looked at, or its sums alone. */
static void test_advice_of_a_long_run(void **state) {
    (void)state;
    static const char path[] = "tests/server/findings/gil-convoy.json";
    struct advised advised = {0};
    advise_some(&advised, path, 0, 1000);
    const sim_ns duration_ns = advised.advice.result.duration_ns;
    assert_true(0 < advised.advice.from_ns &&
                advised.advice.from_ns < advised.advice.to_ns &&
                advised.advice.to_ns < duration_ns);
    const struct finding *convoy = &expect(&advised, FINDING_GIL_CONVOY)->finding;
    assert_true(advised.advice.from_ns < convoy->to_ns &&
                convoy->from_ns < advised.advice.to_ns);
    end(&advised);
    advised = (struct advised){0};
    advise_some(&advised, path, 0, 1);
    assert_int_equal(advised.advice.to_ns, 0);
    assert_int_equal(advised.advice.result.duration_ns, duration_ns);
    assert_null(find(&advised.advice, FINDING_GIL_CONVOY));
    assert_non_null(expect(&advised, FINDING_STARVED_IO_THREAD)->best);
    end(&advised);
}

/* How many jobs a loop takes at a time is no lock; a GIL that was asked for while it
 * counted references was not given up to wait for something. */
static void test_advice_is_not_misled(void **state) {
    (void)state;
    struct advised advised = {0};
    advise(&advised, "asyncio-limit");
    assert_null(find(&advised.advice, FINDING_LOCK_CONTENDED));
    assert_non_null(find(&advised.advice, FINDING_POOL_TOO_SMALL));
    end(&advised);
    advised = (struct advised){0};
    advise(&advised, "counting-threads");
    assert_non_null(find(&advised.advice, FINDING_GIL_BOUND));
    assert_null(find(&advised.advice, FINDING_SWITCH_INTERVAL));
    assert_null(find(&advised.advice, FINDING_GIL_CONVOY));
    end(&advised);
}

/* Jobs that arrive wait for a place only when none is free: else it is the loop that they
 * wait for. Of a GIL that does not exist nothing is said. */
static void test_advice_of_arrivals_and_places(void **state) {
    (void)state;
    struct advised advised = {0};
    char text[SENTENCE_SIZE];
    advise(&advised, "pool-too-small-arrivals");
    const struct advice_item *item = expect(&advised, FINDING_POOL_TOO_SMALL);
    assert_true(isnan(finding_value(&item->finding, "gil_held_share")));
    sentence_of_finding(&advised.advice, &item->finding, text);
    assert_null(strstr(text, "GIL"));
    check_all(&advised);
    check_trials(&advised, item);
    end(&advised);
    expect_silent("pool-too-small-arrivals-not", FINDING_POOL_TOO_SMALL);
    expect_silent("pool-too-small-loop-busy", FINDING_POOL_TOO_SMALL);
}

static void test_advice_of_no_cell(void **state) {
    (void)state;
    static const char text[] =
        "{\"schema\":1,\"runtimes\":[\"cpython-2.7\"],\"strategies\":[{\"asyncio\":4}],"
        "\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"python_us\":1}]}}}";
    struct advised advised = {0};
    struct err err = {0};
    assert_int_equal(document_parse(&advised.document, text, strlen(text), NULL), 0);
    assert_int_equal(grid_create(&advised.grid, advised.document, NULL), 0);
    const struct advice_request request = {.document = advised.document,
                                           .grid = advised.grid};
    assert_int_equal(advice_make(&advised.advice, &request, &err), ERR_UNSUPPORTED);
    atomic_bool cancel = true;
    end(&advised);
    advised = (struct advised){0};
    assert_int_equal(document_file_read(&advised.document,
                                        "tests/server/findings/gil-bound.json", NULL),
                     0);
    assert_int_equal(grid_create(&advised.grid, advised.document, NULL), 0);
    const struct advice_request cancelled = {
        .document = advised.document, .grid = advised.grid, .cancel = &cancel};
    err_clear(&err);
    assert_int_equal(advice_make(&advised.advice, &cancelled, &err), ERR_CANCELLED);
    end(&advised);
}

/* --- JSON ------------------------------------------------------------------------ */

static void test_advice_as_json(void **state) {
    (void)state;
    struct advised advised = {0};
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size = 0;
    advise(&advised, "deadlock");
    advice_view_write(&writer, &advised.advice);
    assert_int_equal(json_writer_steal(&writer, &text, &size, NULL), 0);
    json_t *json = json_loads(text, 0, NULL);
    const json_t *item = patch_find(json, "/items/0");
    assert_string_equal(json_string_value(json_object_get(item, "rule")), "deadlock");
    assert_string_equal(json_string_value(patch_find(item, "/cycle/0/waiter/name")),
                        "payer");
    assert_string_equal(json_string_value(patch_find(item, "/cycle/0/resource/name")),
                        "b");
    assert_string_equal(json_string_value(patch_find(item, "/cycle/0/holder/name")),
                        "payee");
    assert_string_equal(json_string_value(patch_find(item, "/cycle/0/site")),
                        "/workload/actors/0/steps/0/steps/1");
    assert_string_equal(json_string_value(patch_find(item, "/advice/verdict")), "gains");
    assert_true(json_is_null(patch_find(item, "/advice/gain")));
    assert_true(json_is_array(patch_find(item, "/advice/patch")));
    json_decref(json);
    free(text);
    end(&advised);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_advice_speaks),
        cmocka_unit_test(test_advice_is_silent_when_near),
        cmocka_unit_test(test_advice_of_what_is_fine),
        cmocka_unit_test(test_advice_numbers_are_those_of_the_run),
        cmocka_unit_test(test_advice_gives_each_core_a_thread),
        cmocka_unit_test(test_advice_of_a_load_that_is_too_much_at_times),
        cmocka_unit_test(test_advice_of_a_gil_that_is_handed_over),
        cmocka_unit_test(test_advice_ends_deadlocks),
        cmocka_unit_test(test_advice_of_a_swept_cell),
        cmocka_unit_test(test_advice_of_a_long_run),
        cmocka_unit_test(test_advice_is_not_misled),
        cmocka_unit_test(test_advice_of_arrivals_and_places),
        cmocka_unit_test(test_advice_of_no_cell),
        cmocka_unit_test(test_advice_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
