/* SPDX-License-Identifier: MIT */
/* cell_compare: which cell is the best, and which repetitions are a pair. */
#include "db/cell_compare.h"

#include <math.h>

#include "engine/base/memory.h"
#include "tests/support/test.h"

enum { CELLS = 4 };

struct scene {
    struct cell_row rows[CELLS];
    struct metric_summary summaries[CELLS];
    struct cell_list list;
};

/* Cells 1, 2 ... that are done, each with that median of `metric`. */
static void make(struct scene *scene, enum metric_id metric, const double *medians) {
    *scene = (struct scene){.list = {.items = scene->rows, .count = CELLS}};
    for (int i = 0; i < CELLS; i++) {
        scene->summaries[i] = (struct metric_summary){
            .name = metrics[metric].name, .of = {.count = 3, .median = medians[i]}};
        scene->rows[i] = (struct cell_row){.id = i + 1,
                                           .index = i,
                                           .point = "{}",
                                           .status = CELL_DONE,
                                           .metrics = &scene->summaries[i],
                                           .metric_count = 1};
    }
}

static const struct cell_sample samples[] = {
    {1, 0, 40}, {1, 1, 10}, {1, 2, 20}, /* median 20 */
    {2, 0, 20}, {2, 1, 5},  {2, 2, 8},  /* best: median 8 */
    {3, 1, 50}, {3, 2, 16}, {3, 3, 1},  /* one is no pair */
    {4, 0, 7},  {4, 1, 7},              /* limited */
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };
static const double medians[CELLS] = {20, 8, 16, 7};

static void test_cell_compare_pairs_equal_repetitions(void **state) {
    (void)state;
    struct scene scene;
    make(&scene, METRIC_MAKESPAN_US, medians);
    scene.rows[3].status = CELL_LIMITED;
    assert_int_equal(
        cell_compare(&scene.list, METRIC_MAKESPAN_US, samples, SAMPLES, NULL), 0);
    const struct cell_row *rows = scene.rows;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(rows[i].versus.metric, "makespan_us");
        assert_int_equal(rows[i].versus.best, 2);
    }
    assert_int_equal(rows[0].versus.ratio.pairs, 3);
    assert_true(rows[0].versus.ratio.median == 2); /* of 2, 2, 2.5 */
    assert_true(rows[0].versus.ratio.median_95.low == 2);
    assert_true(rows[0].versus.ratio.median_95.high == 2.5);
    assert_true(rows[1].versus.ratio.median == 1);
    assert_int_equal(rows[2].versus.ratio.pairs, 2);
    assert_true(rows[2].versus.ratio.median == 6); /* of 10 and 2 */
    assert_null(rows[3].versus.metric);
}

static void test_cell_compare_knows_what_is_better(void **state) {
    (void)state;
    struct scene scene;
    make(&scene, METRIC_THROUGHPUT_PER_S, medians);
    assert_int_equal(
        cell_compare(&scene.list, METRIC_THROUGHPUT_PER_S, samples, SAMPLES, NULL), 0);
    assert_int_equal(scene.rows[1].versus.best, 1);
    assert_true(scene.rows[1].versus.ratio.median == 0.5);
}

/* Cells 1 and 3 are at one point of the sweep, 2 and 4 at another. */
static void test_cell_compare_stays_at_one_point_of_the_sweep(void **state) {
    (void)state;
    struct scene scene;
    make(&scene, METRIC_MAKESPAN_US, medians);
    for (int i = 0; i < CELLS; i++) {
        scene.rows[i].point = i % 2 == 0 ? "{\"/seed\":1}" : "{\"/seed\":2}";
    }
    assert_int_equal(
        cell_compare(&scene.list, METRIC_MAKESPAN_US, samples, SAMPLES, NULL), 0);
    assert_int_equal(scene.rows[0].versus.best, 3);
    assert_int_equal(scene.rows[2].versus.best, 3);
    assert_int_equal(scene.rows[1].versus.best, 4);
    assert_int_equal(scene.rows[3].versus.best, 4);
}

static void test_cell_compare_needs_a_goal_with_a_direction(void **state) {
    (void)state;
    struct scene scene;
    make(&scene, METRIC_CORE_UTILISATION, medians);
    assert_int_equal(
        cell_compare(&scene.list, METRIC_CORE_UTILISATION, samples, SAMPLES, NULL), 0);
    assert_int_equal(cell_compare(&scene.list, METRIC_COUNT, samples, SAMPLES, NULL), 0);
    assert_int_equal(cell_compare(&scene.list, METRIC_MAKESPAN_US, samples, 0, NULL), 0);
    assert_null(scene.rows[0].versus.metric);
}

static void test_cell_compare_leaves_out_cells_without_the_metric(void **state) {
    (void)state;
    struct scene scene;
    make(&scene, METRIC_MAKESPAN_US, medians);
    scene.rows[1].metric_count = 0; /* the best has none, such as an unstable one */
    assert_int_equal(
        cell_compare(&scene.list, METRIC_MAKESPAN_US, samples, SAMPLES, NULL), 0);
    assert_int_equal(scene.rows[0].versus.best, 4);
    assert_null(scene.rows[1].versus.metric);
}

static void test_cell_compare_leaves_out_cells_with_half_the_metric(void **state) {
    (void)state;
    struct scene scene;
    make(&scene, METRIC_MAKESPAN_US, medians);
    struct metric_summary two[2] = {
        {.name = metrics[METRIC_CPU_US].name, .of = {.count = 5, .median = 1}},
        scene.summaries[3],
    };
    scene.rows[3].metrics = two;
    scene.rows[3].metric_count = 2;
    assert_int_equal(
        cell_compare(&scene.list, METRIC_MAKESPAN_US, samples, SAMPLES, NULL), 0);
    assert_int_equal(scene.rows[0].versus.best, 2);
    assert_null(scene.rows[3].versus.metric);
}

static void test_cell_compare_survives_failing_allocations(void **state) {
    (void)state;
    struct scene scene;
    for (int after = 0; after < 7; after++) {
        make(&scene, METRIC_MAKESPAN_US, medians);
        memory_fail_after(after);
        assert_int_equal(
            cell_compare(&scene.list, METRIC_MAKESPAN_US, samples, SAMPLES, NULL),
            ERR_NOMEM);
        memory_fail_after(-1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell_compare_pairs_equal_repetitions),
        cmocka_unit_test(test_cell_compare_knows_what_is_better),
        cmocka_unit_test(test_cell_compare_stays_at_one_point_of_the_sweep),
        cmocka_unit_test(test_cell_compare_needs_a_goal_with_a_direction),
        cmocka_unit_test(test_cell_compare_leaves_out_cells_without_the_metric),
        cmocka_unit_test(test_cell_compare_leaves_out_cells_with_half_the_metric),
        cmocka_unit_test(test_cell_compare_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
