/* SPDX-License-Identifier: MIT */
/* Recommendations and scaling curves of cells whose figures are known. */
#include "server/advice/recommend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/cell_compare.h"
#include "server/advice/curve.h"
#include "server/cli/advice_report.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "tests/support/test.h"

enum { CELLS_MAX = 16, REPETITIONS = 5 };

/* Cells with a makespan, a memory and a throughput (by name), the same in each repetition but
 * for a ripple. */
struct scene {
    struct cell_row rows[CELLS_MAX];
    struct metric_summary summaries[CELLS_MAX][3];
    struct cell_sample samples[CELLS_MAX * REPETITIONS];
    size_t sample_count;
    struct cell_list list;
    struct grid *grid; /* NULL: nothing is known of the model's error */
};

static void add_cell(struct scene *scene, const char *strategy, const char *point,
                     double throughput, double ripple) {
    const size_t index = scene->list.count++;
    struct metric_summary *summary = scene->summaries[index];
    scene->list.items = scene->rows;
    summary[0] = (struct metric_summary){
        "makespan_us", {.count = REPETITIONS, .median = 1e6 / throughput}};
    summary[1] = (struct metric_summary){"memory_peak_bytes",
                                         {.count = REPETITIONS, .median = 10e6}};
    summary[2] = (struct metric_summary){"throughput_per_s",
                                         {.count = REPETITIONS, .median = throughput}};
    scene->rows[index] = (struct cell_row){.id = (int64_t)index + 1,
                                           .index = (int64_t)index,
                                           .runtime = "cpython-3.12",
                                           .strategy = strategy,
                                           .point = point,
                                           .reason = "",
                                           .status = CELL_DONE,
                                           .metrics = summary,
                                           .metric_count = 3};
    for (uint32_t i = 0; i < REPETITIONS; i++) {
        const double factor = 1 + ripple * ((int)i - 2);
        scene->samples[scene->sample_count++] =
            (struct cell_sample){(int64_t)index + 1, i, throughput * factor};
    }
}

static void make(struct scene *scene, struct recommendation_list *out) {
    struct err err = {0};
    assert_int_equal(cell_compare(&scene->list, METRIC_THROUGHPUT_PER_S, scene->samples,
                                  scene->sample_count, &err),
                     0);
    assert_int_equal(recommendation_list_make(out, &scene->list, scene->grid, &err), 0);
}

static void expect_sentence(const struct recommendation_list *list, size_t index,
                            const char *part) {
    char text[RECOMMEND_TEXT_SIZE];
    recommend_sentence(&list->items[index], list->goal, text);
    if (strstr(text, part) == NULL) {
        fail_msg("no '%s' in: %s", part, text);
    }
}

static void test_recommend_says_what_to_change(void **state) {
    (void)state;
    struct scene scene = {0};
    struct recommendation_list list;
    add_cell(&scene, "sequential", "{}", 100, 0.01);
    add_cell(&scene, "asyncio(4)", "{}", 300, 0.01);
    add_cell(&scene, "threads(8)", "{}", 310, 0.01);
    make(&scene, &list);
    assert_int_equal(list.goal, METRIC_THROUGHPUT_PER_S);
    assert_int_equal(list.count, 1);
    const struct recommendation *one = &list.items[0];
    assert_int_equal(one->verdict, RECOMMEND_CHANGE);
    assert_int_equal(one->cells, 3);
    assert_ptr_equal(one->best.cell, &scene.rows[2]);
    assert_ptr_equal(one->runner_up.cell, &scene.rows[1]);
    assert_ptr_equal(one->first.cell, &scene.rows[0]);
    assert_true(fabs(one->first.loss - 3.1) < 1e-9);
    assert_true(fabs(one->runner_up.loss - 31.0 / 30) < 1e-9);
    expect_sentence(&list, 0,
                    "Choose threads(8) on cpython-3.12: throughput_per_s is 310/s");
    expect_sentence(&list, 0, "worse by a factor of 3.1");
    expect_sentence(&list, 0, "Runner-up: asyncio(4) on cpython-3.12, worse by 3.23 %");
    recommendation_list_deinit(&list);
}

/* The best size of the best pool; what other sizes and other pools come to; and who is nearly as
 * good with far less memory. */
static void test_recommend_weighs_sizes_and_memory(void **state) {
    (void)state;
    struct scene scene = {0};
    struct recommendation_list list;
    add_cell(&scene, "sequential", "{}", 100, 0.01);
    add_cell(&scene, "processes(16)", "{}", 800, 0.01);
    add_cell(&scene, "processes(64)", "{}", 1000, 0.01);
    add_cell(&scene, "processes(32)", "{}", 950, 0.01);
    add_cell(&scene, "processes(128)", "{}", 990, 0.01);
    add_cell(&scene, "processes(64, chunk=2)", "{}", 960, 0.01);
    add_cell(&scene, "threads(128)", "{}", 970, 0.01);
    add_cell(&scene, "threads(64)", "{}", 940, 0.01);
    for (size_t i = 0; i < scene.list.count; i++) {
        scene.summaries[i][1].of.median = 500e6;
    }
    scene.summaries[2][1].of.median = 600e6;
    scene.summaries[6][1].of.median = 90e6;
    scene.summaries[7][1].of.median = 50e6;
    make(&scene, &list);
    const struct recommendation *one = &list.items[0];
    assert_ptr_equal(one->best.cell, &scene.rows[2]);
    assert_ptr_equal(one->runner_up.cell, &scene.rows[6]);
    assert_ptr_equal(one->smaller.cell, &scene.rows[3]);
    assert_ptr_equal(one->larger.cell, &scene.rows[4]);
    /* threads(64) needs less, but is too much worse. */
    assert_ptr_equal(one->leaner.cell, &scene.rows[6]);
    assert_true(one->best.memory_bytes == 600e6);
    expect_sentence(
        &list, 0,
        " A pool of 32: worse by 5 %; of 128: worse by 1 % (1 - 1). With 90 MB "
        "instead of 600 MB of memory: threads(128) on cpython-3.12, worse by "
        "3 % (3 - 3).");
    recommendation_list_deinit(&list);
}

/* There is no other size, nobody else, and nothing to save. */
static void test_recommend_has_nothing_beside_it(void **state) {
    (void)state;
    struct scene scene = {0};
    struct recommendation_list list;
    add_cell(&scene, "threads(4)", "{}", 300, 0);
    add_cell(&scene, "threads(8)", "{}", 310, 0);
    add_cell(&scene, "sequential", "{\"/seed\":2}", 10, 0);
    make(&scene, &list);
    /* Only sizes differ: then another size is the next best. */
    assert_ptr_equal(list.items[0].runner_up.cell, &scene.rows[0]);
    assert_ptr_equal(list.items[0].smaller.cell, &scene.rows[0]);
    assert_null(list.items[0].larger.cell);
    assert_null(list.items[0].leaner.cell);
    assert_null(list.items[1].runner_up.cell);
    assert_null(list.items[1].smaller.cell);
    recommendation_list_deinit(&list);
}

static void test_recommend_does_not_send_for_nothing(void **state) {
    (void)state;
    struct scene scene = {0};
    struct recommendation_list list;
    /* 4 % is less than the change is worth. */
    add_cell(&scene, "sequential", "{\"/seed\":1}", 100, 0);
    add_cell(&scene, "threads(4)", "{\"/seed\":1}", 104, 0);
    /* What is listed first is the best one. */
    add_cell(&scene, "sequential", "{\"/seed\":2}", 100, 0);
    add_cell(&scene, "threads(4)", "{\"/seed\":2}", 90, 0);
    /* Only one is done. */
    add_cell(&scene, "sequential", "{\"/seed\":3}", 100, 0);
    add_cell(&scene, "threads(4)", "{\"/seed\":3}", 200, 0);
    scene.rows[5].status = CELL_FAILED;
    /* The repetitions disagree about who is better. */
    add_cell(&scene, "sequential", "{\"/seed\":4}", 100, 0.2);
    add_cell(&scene, "threads(4)", "{\"/seed\":4}", 106, -0.2);
    make(&scene, &list);
    assert_int_equal(list.count, 4);
    assert_int_equal(list.items[0].verdict, RECOMMEND_STAY);
    expect_sentence(&list, 0, "No difference worth the change: sequential");
    assert_int_equal(list.items[1].verdict, RECOMMEND_IS_BEST);
    expect_sentence(&list, 1, "Stay with sequential");
    assert_int_equal(list.items[2].verdict, RECOMMEND_ALONE);
    expect_sentence(&list, 2, "Nothing to compare: sequential");
    assert_int_equal(list.items[3].verdict, RECOMMEND_STAY);
    recommendation_list_deinit(&list);
}

static void expect_loss(struct recommendation *item, enum metric_id goal,
                        const char *wanted) {
    char text[RECOMMEND_TEXT_SIZE];
    recommend_sentence(item, goal, text);
    if (strstr(text, wanted) == NULL) {
        fail_msg("no '%s' in: %s", wanted, text);
    }
}

/* Of a throughput the part that is missing, of a time the part that is too much. */
static void test_recommend_says_by_how_much(void **state) {
    (void)state;
    struct cell_row cell = {.strategy = "threads(4)", .runtime = "cpython-3.12"};
    struct recommendation item = {.verdict = RECOMMEND_IS_BEST, .cells = 2};
    item.best = (struct recommended){.cell = &cell, .pair_error = NAN};
    item.first = item.runner_up = item.best;
    item.runner_up.limit = LIMIT_GIL;
    item.runner_up.loss = 11118.0 / 6304;
    item.runner_up.loss_95 = (struct bootstrap_interval){1.25, 1.6};
    expect_loss(&item, METRIC_THROUGHPUT_PER_S,
                ", worse by 43.3 % (20 - 37.5); threads wait for the GIL.");
    expect_loss(&item, METRIC_MAKESPAN_US, ", worse by 76.4 % (25 - 60)");
    item.runner_up.loss = 2.5;
    item.runner_up.loss_95 = (struct bootstrap_interval){2, 3};
    expect_loss(&item, METRIC_THROUGHPUT_PER_S, ", worse by a factor of 2.5 (2 - 3)");
    item.runner_up.loss = 1.004;
    expect_loss(&item, METRIC_MEMORY_PEAK_BYTES, ", hardly worse");
}

/* --- the error of the model -------------------------------------------------------- */

static struct grid *grid_of(const char *text) {
    struct document *document;
    struct grid *grid;
    struct err err = {0};
    if (document_parse(&document, text, strlen(text), &err) != 0 ||
        grid_create(&grid, document, &err) != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
    document_destroy(document);
    return grid;
}

static const char three_strategies[] =
    "{\"schema\":1,\"machine\":{\"profile\":\"linux-vm-2\"},\"runtimes\":[\"cpython-3."
    "12\"],"
    "\"reference\":\"cpython-3.12\",\"goal\":\"throughput_per_s\","
    "\"strategies\":[\"sequential\",{\"threads\":4},{\"processes\":4}],"
    "\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":1000}]}}}";

/* Two cells that differ by less than measured jobs say of such a pair are not told apart,
 * however sure the repetitions are. */
static void test_recommend_knows_what_it_cannot_tell(void **state) {
    (void)state;
    struct scene scene = {.grid = grid_of(three_strategies)};
    struct recommendation_list list;
    add_cell(&scene, "sequential", "{}", 100, 0);
    add_cell(&scene, "threads(4)", "{}", 107, 0);
    add_cell(&scene, "processes(4)", "{}", 106, 0);
    make(&scene, &list);
    const struct recommendation *one = &list.items[0];
    assert_int_equal(one->verdict, RECOMMEND_UNSURE);
    assert_true(one->first.pair_error > log(1.07));
    assert_false(recommended_is_told_apart(&one->first));
    assert_false(recommended_is_told_apart(&one->runner_up));
    assert_true(recommended_is_told_apart(&one->best)); /* from itself */
    expect_sentence(&list, 0, "Too near to tell apart: sequential on cpython-3.12");
    recommendation_list_deinit(&list);
    grid_destroy(scene.grid);
}

static void test_recommend_tells_what_is_far_apart(void **state) {
    (void)state;
    struct scene scene = {.grid = grid_of(three_strategies)};
    struct recommendation_list list;
    char text[RECOMMEND_TEXT_SIZE];
    add_cell(&scene, "sequential", "{}", 100, 0);
    add_cell(&scene, "threads(4)", "{}", 300, 0);
    add_cell(&scene, "processes(4)", "{}", 299, 0);
    make(&scene, &list);
    assert_int_equal(list.items[0].verdict, RECOMMEND_CHANGE);
    expect_sentence(&list, 0, "Choose threads(4)");
    expect_sentence(&list, 0, "too near for the model to tell");
    recommend_honesty(&list.items[0], list.goal, text);
    assert_non_null(strstr(text, "by the error of the model"));
    assert_null(strstr(text, "Outside"));
    recommendation_list_deinit(&list);
    grid_destroy(scene.grid);
}

/* The stated range is the wider one of two. */
static void test_recommend_states_the_wider_range(void **state) {
    (void)state;
    struct scene scene = {.grid = grid_of(three_strategies)};
    struct recommendation_list list;
    add_cell(&scene, "sequential", "{}", 100, 0);
    add_cell(&scene, "threads(4)", "{}", 300, 0);
    scene.summaries[0][2].of.median_95 = (struct bootstrap_interval){50, 200};
    scene.summaries[1][2].of.median_95 = (struct bootstrap_interval){299, 301};
    make(&scene, &list);
    const struct recommended *first = &list.items[0].first, *best = &list.items[0].best;
    assert_int_equal(first->range_by, RECOMMEND_SPREAD);
    assert_true(first->range.low == 50 && first->range.high == 200);
    assert_int_equal(best->range_by, RECOMMEND_MODEL);
    assert_true(fabs(best->range.low - 300 * exp(-best->model.p90)) < 1e-9);
    assert_true(fabs(best->range.high - 300 * exp(best->model.p90)) < 1e-9);
    recommendation_list_deinit(&list);
    /* Without the document only the spread is known. */
    grid_destroy(scene.grid);
    scene.grid = NULL;
    make(&scene, &list);
    assert_int_equal(list.items[0].best.range_by, RECOMMEND_SPREAD);
    assert_int_equal(list.items[0].best.model.rows, 0);
    assert_int_equal(list.items[0].verdict, RECOMMEND_CHANGE);
    recommendation_list_deinit(&list);
}

static void expect_honesty(const struct recommendation *item, enum metric_id goal,
                           const char *wanted) {
    char text[RECOMMEND_TEXT_SIZE];
    recommend_honesty(item, goal, text);
    if (strstr(text, wanted) == NULL) {
        fail_msg("no '%s' in: %s", wanted, text);
    }
    assert_int_equal(strstr(text, "itself is off is not known") != NULL,
                     goal == METRIC_LATENCY_P99_US);
    assert_int_equal(strstr(text, "was not measured.") != NULL,
                     goal == METRIC_MEMORY_PEAK_BYTES);
}

/* An error is quoted with the figure that it is of. */
static void test_recommend_says_of_what_the_error_is(void **state) {
    (void)state;
    struct cell_row cell = {.strategy = "threads(4)", .runtime = "cpython-3.12"};
    struct recommendation item = {.verdict = RECOMMEND_ALONE, .cells = 1};
    item.best = (struct recommended){
        .cell = &cell,
        .value = 100,
        .spread_95 = {90, 110},
        .model = {.rows = 12, .median = log(1.02), .p90 = log(1.10)}};
    expect_honesty(&item, METRIC_MAKESPAN_US, "Error of the model: 2 % (median) to 10 %");
    expect_honesty(&item, METRIC_LATENCY_P50_US,
                   "Error of the model in the median latency: 2 % (median) to 10 %");
    expect_honesty(&item, METRIC_LATENCY_P99_US,
                   "Error of the model in the median latency: 2 % (median) to 10 % (nine "
                   "of ten) in the 12 nearest workloads that were measured. How far "
                   "latency_p99_us itself is off is not known.");
    expect_honesty(&item, METRIC_MEMORY_PEAK_BYTES,
                   "Error of the model: not known, memory_peak_bytes was not measured.");
    item.best.model.rows = 0;
    expect_honesty(&item, METRIC_MAKESPAN_US, "Error of the model: not known.");
    expect_honesty(&item, METRIC_LATENCY_P99_US,
                   "Error of the model in the median latency: not known.");
}

/* A store that was tampered with: cells that the document does not have. */
static void test_recommend_refuses_cells_of_another_document(void **state) {
    (void)state;
    struct scene scene = {.grid = grid_of(three_strategies)};
    struct recommendation_list list;
    struct err err = {0};
    add_cell(&scene, "sequential", "{}", 100, 0);
    scene.rows[0].index = 3;
    assert_int_equal(cell_compare(&scene.list, METRIC_THROUGHPUT_PER_S, scene.samples,
                                  scene.sample_count, &err),
                     0);
    assert_int_equal(recommendation_list_make(&list, &scene.list, scene.grid, &err),
                     ERR_CORRUPT);
    grid_destroy(scene.grid);
}

static void test_recommend_needs_a_goal(void **state) {
    (void)state;
    struct scene scene = {0};
    struct recommendation_list list;
    struct err err = {0};
    add_cell(&scene, "sequential", "{}", 100, 0);
    assert_int_equal(recommendation_list_make(&list, &scene.list, NULL, &err), 0);
    assert_int_equal(list.goal, METRIC_COUNT);
    assert_int_equal(list.count, 0);
    recommendation_list_deinit(&list);
}

/* --- curves ------------------------------------------------------------------------ */

static void test_curve_of_workers_and_of_cores(void **state) {
    (void)state;
    struct scene scene = {0};
    struct curve_list list;
    struct err err = {0};
    static const char *const points[] = {"{\"/machine/cores\":1,\"/seed\":7}",
                                         "{\"/machine/cores\":2,\"/seed\":7}",
                                         "{\"/machine/cores\":4,\"/seed\":7}"};
    static const char *const strategies[] = {"threads(8, x=1)", "threads(2, x=1)",
                                             "threads(4, x=1)", "sequential"};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 3; k++) {
            add_cell(&scene, strategies[i], points[k], 100 * (1 << k) + i, 0);
        }
    }
    scene.rows[11].status = CELL_LIMITED; /* sequential on 4 cores is not done */
    assert_int_equal(curve_list_make(&list, &scene.list, &err), 0);
    assert_int_equal(list.count, 3 + 4);
    const struct curve *workers = &list.items[0];
    assert_int_equal(workers->axis, CURVE_WORKERS);
    assert_string_equal(workers->strategy, "threads(N, x=1)");
    assert_string_equal(workers->point, points[0]);
    assert_int_equal(workers->point_count, 3);
    assert_true(fabs(workers->points[0].n - 2) < 1e-9);
    assert_ptr_equal(workers->points[0].cell, &scene.rows[3]);
    assert_ptr_equal(workers->points[2].cell, &scene.rows[0]);
    assert_true(fabs(workers->points[2].speedup - 100.0 / 101) < 1e-9);
    assert_int_equal(workers->knee, 0);
    const struct curve *cores = &list.items[3];
    assert_int_equal(cores->axis, CURVE_CORES);
    assert_string_equal(cores->strategy, "threads(8, x=1)");
    assert_string_equal(cores->point, "{\"/seed\":7}");
    assert_int_equal(cores->point_count, 3);
    assert_int_equal(cores->amdahl.verdict, SCALING_FITS);
    assert_true(cores->amdahl.sigma < 1e-9);
    assert_int_equal(cores->usl.verdict, SCALING_FEW);
    assert_string_equal(curve_refusal(&cores->amdahl, SCALING_AMDAHL), "");
    assert_non_null(strstr(curve_refusal(&cores->usl, SCALING_USL), "4 different"));
    assert_int_equal(list.items[6].point_count, 2);
    curve_list_deinit(&list);
}

static void expect_report(const struct cell_list *cells, const char *wanted) {
    const struct document document = {.goal = METRIC_COUNT};
    struct err err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(advice_report_print(cells, &document, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    if (strstr(text, wanted) == NULL) {
        fail_msg("no '%s' in: %s", wanted, text);
    }
    free(text);
}

/* Of what lies beyond the last point nothing is known. */
static void test_curve_has_no_knee_at_its_end(void **state) {
    (void)state;
    static const char *const names[] = {"threads(1)", "threads(2)", "threads(4)"};
    struct scene growing = {0}, bent = {0};
    for (int i = 0; i < 3; i++) {
        add_cell(&growing, names[i], "{}", 100 * (1 << i), 0);
        add_cell(&bent, names[i], "{}", i == 0 ? 100 : 200 + i, 0);
    }
    expect_report(&growing.list, "4 times the throughput, no knee up to 4.");
    expect_report(&bent.list, "2.02 times the throughput, knee at 2.");
}

/* Jobs that arrive are done at the rate at which they come. */
static void test_curve_leaves_arrivals_out(void **state) {
    (void)state;
    struct scene scene = {0};
    struct curve_list list;
    struct err err = {0};
    add_cell(&scene, "threads(2)", "{}", 100, 0);
    add_cell(&scene, "threads(4)", "{}", 100, 0);
    for (int i = 0; i < 2; i++) {
        scene.summaries[i][0].name = "arrivals";
    }
    assert_int_equal(curve_list_make(&list, &scene.list, &err), 0);
    assert_int_equal(list.count, 0);
    curve_list_deinit(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recommend_says_what_to_change),
        cmocka_unit_test(test_recommend_weighs_sizes_and_memory),
        cmocka_unit_test(test_recommend_has_nothing_beside_it),
        cmocka_unit_test(test_recommend_does_not_send_for_nothing),
        cmocka_unit_test(test_recommend_says_by_how_much),
        cmocka_unit_test(test_recommend_knows_what_it_cannot_tell),
        cmocka_unit_test(test_recommend_tells_what_is_far_apart),
        cmocka_unit_test(test_recommend_states_the_wider_range),
        cmocka_unit_test(test_recommend_says_of_what_the_error_is),
        cmocka_unit_test(test_recommend_refuses_cells_of_another_document),
        cmocka_unit_test(test_recommend_needs_a_goal),
        cmocka_unit_test(test_curve_of_workers_and_of_cores),
        cmocka_unit_test(test_curve_has_no_knee_at_its_end),
        cmocka_unit_test(test_curve_leaves_arrivals_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
