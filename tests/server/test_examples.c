/* SPDX-License-Identifier: MIT */
/* The documents that are shipped: each can be read, says what to look for, and runs. */
#include "tests/support/test.h"

#include <string.h>

#include "engine/analysis/run.h"
#include "server/examples/example.h"
#include "server/grid/grid.h"

static struct document *parse(const struct example *example) {
    struct document *document = NULL;
    struct err err = {0};
    if (document_parse(&document, example->text, example->size, &err) != 0) {
        fail_msg("%s: %s: %s", example->id, err.pointer, err.text);
    }
    return document;
}

static const struct example *find(const char *id) {
    for (size_t i = 0; i < example_count; i++) {
        if (strcmp(examples[i].id, id) == 0) {
            return &examples[i];
        }
    }
    fail_msg("there is no example %s", id);
    return NULL;
}

static void test_examples_say_what_to_look_for(void **state) {
    (void)state;
    assert_true(example_count >= 19);
    for (size_t i = 0; i < example_count; i++) {
        struct document *document = parse(&examples[i]);
        assert_true(document->name[0] != '\0');
        assert_true(strlen(document->description) > 40);
        assert_int_not_equal(document->goal, METRIC_COUNT);
        document_destroy(document);
    }
}

static struct grid *expand(const char *id) {
    struct document *document = parse(find(id));
    struct grid *grid = NULL;
    struct err err = {0};
    if (grid_create(&grid, document, &err) != 0) {
        fail_msg("%s: %s: %s", id, err.pointer, err.text);
    }
    document_destroy(document);
    return grid;
}

/* One metric of repetition 0 of a cell. */
static double run_cell(const struct grid *grid, size_t index, enum metric_id metric) {
    struct plan plan;
    struct err err = {0};
    struct run_result result = {0};
    const struct run_options options = {0};
    if (grid_cell_plan(grid, index, &plan, &err) != 0 ||
        run_execute(&result, &plan, &options, &err) != 0) {
        fail_msg("cell %zu: %s", index, err.text);
    }
    assert_int_equal(result.status, RUN_DONE);
    const double value = result.metric[metric];
    run_result_deinit(&result);
    plan_deinit(&plan);
    return value;
}

static void test_examples_run(void **state) {
    (void)state;
    for (size_t i = 0; i < example_count; i++) {
        struct grid *grid = expand(examples[i].id);
        size_t ran = 0;
        for (size_t j = 0; j < grid_cell_count(grid); j++) {
            if (grid_cell(grid, j)->reason == NULL) {
                assert_true(run_cell(grid, j, METRIC_MAKESPAN_US) > 0);
                ran++;
            }
        }
        assert_true(2 * ran > grid_cell_count(grid));
        grid_destroy(grid);
    }
}

/* The GIL makes two computing threads as slow as one after the other; without it two
 * cores halve the time. */
static void test_examples_two_threads_need_no_gil(void **state) {
    (void)state;
    struct grid *grid = expand("gil-two-cpu-threads");
    const double gil_alone = run_cell(grid, 0, METRIC_MAKESPAN_US);
    const double gil_threads = run_cell(grid, 1, METRIC_MAKESPAN_US);
    assert_true(gil_threads >= gil_alone);
    grid_destroy(grid);
    grid = expand("no-gil-two-cpu-threads");
    const double free_alone = run_cell(grid, 0, METRIC_MAKESPAN_US);
    const double free_threads = run_cell(grid, 1, METRIC_MAKESPAN_US);
    assert_true(free_threads < 0.6 * free_alone);
    assert_true(free_alone > gil_alone);
    grid_destroy(grid);
}

/* Each point of the sweep has more spinning threads than the one before. */
static void test_examples_spinning_threads_slow_the_echo(void **state) {
    (void)state;
    struct grid *grid = expand("echo-convoy");
    double before = run_cell(grid, 0, METRIC_THROUGHPUT_PER_S);
    assert_true(before > 10000);
    for (size_t i = 1; i < 4; i++) {
        const double now = run_cell(grid, i, METRIC_THROUGHPUT_PER_S);
        assert_true(now < before);
        assert_true(now < 200);
        before = now;
    }
    grid_destroy(grid);
}

static void test_examples_offloading_frees_the_loop(void **state) {
    (void)state;
    struct grid *blocked = expand("loop-blocked"), *offloaded = expand("loop-offloaded");
    const double late = run_cell(blocked, 0, METRIC_LOOP_LAG_MAX_US);
    const double less_late = run_cell(offloaded, 0, METRIC_LOOP_LAG_MAX_US);
    const double on_time = run_cell(offloaded, 1, METRIC_LOOP_LAG_MAX_US);
    assert_true(late > 20000);
    assert_true(less_late < late / 2);
    assert_true(on_time < less_late / 2);
    grid_destroy(blocked);
    grid_destroy(offloaded);
}

/* A longer queue saves handovers; without the GIL both sides work at once. */
static void test_examples_queue_decouples(void **state) {
    (void)state;
    struct grid *grid = expand("producers-and-consumers");
    double longest = 0;
    for (size_t i = 0; i < grid_cell_count(grid); i += 3) {
        const double shortest = run_cell(grid, i, METRIC_THROUGHPUT_PER_S);
        const double before = longest;
        longest = run_cell(grid, i + 2, METRIC_THROUGHPUT_PER_S);
        assert_true(longest > shortest);
        assert_true(longest > before);
    }
    assert_true(longest >
                2 * run_cell(grid, grid_cell_count(grid) - 4, METRIC_THROUGHPUT_PER_S));
    grid_destroy(grid);
}

/* Whoever waits sleeps for 10 ms each time: with one place that is nearly every time. */
static void test_examples_interpreters_poll_their_queue(void **state) {
    (void)state;
    struct grid *grid = expand("queue-between-interpreters");
    assert_int_equal(grid_cell_count(grid), 6);
    for (size_t i = 0; i < 6; i += 3) {
        assert_true(run_cell(grid, i, METRIC_LATENCY_P50_US) > 10000);
        const double one = run_cell(grid, i, METRIC_THROUGHPUT_PER_S);
        const double ten = run_cell(grid, i + 1, METRIC_THROUGHPUT_PER_S);
        const double hundred = run_cell(grid, i + 2, METRIC_THROUGHPUT_PER_S);
        assert_true(one < 200);
        assert_true(ten > 5 * one);
        assert_true(hundred > 1.5 * ten && hundred < 4000);
    }
    grid_destroy(grid);
}

/* By list (each, one) and object (each, one): nobody notices under the GIL; without it own
 * objects are best, and what one shares costs time. */
static void test_examples_sharing_costs_without_gil(void **state) {
    (void)state;
    struct grid *grid = expand("objects-shared-by-threads");
    assert_int_equal(grid_cell_count(grid), 8);
    const double gil = run_cell(grid, 0, METRIC_MAKESPAN_US);
    const double own = run_cell(grid, 4, METRIC_MAKESPAN_US);
    assert_true(own < 0.5 * gil);
    for (size_t i = 1; i < 4; i++) {
        const double shared = run_cell(grid, i, METRIC_MAKESPAN_US);
        assert_true(shared < 1.01 * gil && shared > 0.99 * gil);
        assert_true(run_cell(grid, 4 + i, METRIC_MAKESPAN_US) > 1.1 * own);
    }
    grid_destroy(grid);
}

/* What stays has to be looked at, again and again, by every collector. */
static void test_examples_garbage_makes_pauses(void **state) {
    (void)state;
    struct grid *grid = expand("garbage-collector-pauses");
    for (size_t i = 0; i < grid_cell_count(grid); i += 2) {
        const double level = run_cell(grid, i, METRIC_LATENCY_MAX_US);
        assert_true(run_cell(grid, i + 1, METRIC_LATENCY_MAX_US) > 2 * level);
    }
    grid_destroy(grid);
}

/* cpython-3.12 one after the other and with threads, cpython-3.14t the same, each at 20, 50,
 * 100, 150 and 250 jobs a second. */
static void test_examples_arrivals_reach_the_capacity(void **state) {
    (void)state;
    enum { RATES = 5 };
    static const bool unstable[4][RATES] = {
        {false, true, true, true, true},
        {false, false, false, false, true}, /* the GIL: 5 ms each */
        {false, true, true, true, true},
        {false, false, false, false, false},
    };
    struct grid *grid = expand("requests-arriving");
    assert_int_equal(grid_cell_count(grid), 4 * RATES);
    for (size_t i = 0; i < 4 * RATES; i++) {
        const bool expected = unstable[i / RATES][i % RATES];
        assert_true((run_cell(grid, i, METRIC_UNSTABLE) == 1) == expected);
        assert_true((run_cell(grid, i, METRIC_LATENCY_P99_US) > 0) == !expected);
    }
    assert_true(run_cell(grid, RATES - 1, METRIC_THROUGHPUT_PER_S) < 45);
    assert_true(run_cell(grid, 2 * RATES - 1, METRIC_THROUGHPUT_PER_S) < 201);
    grid_destroy(grid);
}

/* Threads, a loop, a pool of processes, interpreters, processes with threads, processes with
 * loops; on 3.12, 3.14 and 3.14t. */
static void test_examples_deployments_differ(void **state) {
    (void)state;
    enum { THREADS, LOOP, POOL, INTERPRETERS, EACH_THREADS, EACH_LOOP, STRATEGIES };
    struct grid *grid = expand("web-server-deployment");
    assert_int_equal(grid_cell_count(grid), 3 * STRATEGIES);
    double makespan[3][STRATEGIES];
    for (size_t i = 0; i < 3 * STRATEGIES; i++) {
        const bool missing = grid_cell(grid, i)->reason != NULL;
        assert_true(missing == (i == INTERPRETERS));
        makespan[i / STRATEGIES][i % STRATEGIES] =
            missing ? 0 : run_cell(grid, i, METRIC_MAKESPAN_US);
    }
    for (size_t i = 0; i < 3; i++) {
        const double *row = makespan[i];
        assert_true(row[LOOP] > 380000);
        assert_true(row[POOL] > 2 * row[LOOP]);
        assert_true(row[EACH_THREADS] < row[LOOP] / 1.5);
        assert_true(row[EACH_LOOP] < row[LOOP] / 2);
        assert_true((row[THREADS] > 400000) == (i < 2));
    }
    assert_true(makespan[1][INTERPRETERS] < 0.8 * makespan[1][THREADS]);
    assert_true(makespan[2][THREADS] < makespan[2][LOOP] / 2);
    grid_destroy(grid);
}

/* Reports of 1, 30 and 150 ms beside time-outs of 50 ms. */
static void test_examples_timeouts_come_late(void **state) {
    (void)state;
    struct grid *grid = expand("timeout-too-late");
    assert_int_equal(grid_cell_count(grid), 3);
    assert_true(run_cell(grid, 0, METRIC_LATENCY_MAX_US) < 60000);
    assert_true(run_cell(grid, 1, METRIC_LATENCY_MAX_US) > 70000);
    assert_true(run_cell(grid, 2, METRIC_LATENCY_MAX_US) > 150000);
    assert_true(run_cell(grid, 1, METRIC_LOOP_SLOW_CALLBACKS) == 0);
    assert_true(run_cell(grid, 2, METRIC_LOOP_SLOW_CALLBACKS) > 0);
    grid_destroy(grid);
}

/* The Python time of the document in which every `from` is a `to`. */
static double python_time_with(const char *text, const char *from, const char *to) {
    char changed[8192];
    size_t length = 0;
    for (const char *at = text; *at != '\0';) {
        const bool found = strncmp(at, from, strlen(from)) == 0;
        const char *next = found ? to : at;
        const size_t size = found ? strlen(to) : 1;
        assert_true(length + size < sizeof changed);
        memcpy(changed + length, next, size);
        length += size;
        at += found ? strlen(from) : 1;
    }
    changed[length] = '\0';
    const struct example example = {.id = to, .text = changed, .size = length};
    struct document *document = parse(&example);
    struct grid *grid = NULL;
    assert_int_equal(grid_create(&grid, document, NULL), 0);
    const double time = run_cell(grid, 0, METRIC_PYTHON_US);
    grid_destroy(grid);
    document_destroy(document);
    return time;
}

/* One loop does with gather what the other does with a task group, and more in vain. */
static void test_examples_task_group_cancels(void **state) {
    (void)state;
    const char *text = find("task-group-fails")->text;
    const double gather = python_time_with(text, "\"task_group\"", "\"gather\"");
    const double group = python_time_with(text, "\"gather\"", "\"task_group\"");
    struct grid *grid = expand("task-group-fails");
    const double both = run_cell(grid, 0, METRIC_PYTHON_US);
    assert_true(gather > 1.5 * group);
    assert_true(group < both && both < gather);
    grid_destroy(grid);
}

/* 3.12 and 3.14t; on the loop and in threads; with the GIL held and released. */
static void test_examples_computation_leaves_the_loop(void **state) {
    (void)state;
    struct grid *grid = expand("asyncio-with-computation");
    assert_int_equal(grid_cell_count(grid), 8);
    double lag[8], makespan[8];
    for (size_t i = 0; i < 8; i++) {
        lag[i] = run_cell(grid, i, METRIC_LOOP_LAG_MAX_US);
        makespan[i] = run_cell(grid, i, METRIC_MAKESPAN_US);
    }
    for (size_t i = 0; i < 8; i += 4) {
        assert_true(lag[i] > 100000 && lag[i + 1] > 100000);
        assert_true(lag[i + 2] < lag[i] / 5 && lag[i + 3] < lag[i] / 20);
        assert_true(makespan[i] > 420000 && makespan[i + 1] > 420000);
        assert_true(makespan[i + 3] < makespan[i] / 2);
    }
    assert_true(makespan[2] > makespan[0]);     /* the GIL is held, in whichever thread */
    assert_true(makespan[6] < makespan[4] / 2); /* there is none */
    grid_destroy(grid);
}

/* One connection, 4 and 20. */
static void test_examples_lock_across_await_queues(void **state) {
    (void)state;
    struct grid *grid = expand("lock-held-across-await");
    assert_int_equal(grid_cell_count(grid), 3);
    const double one = run_cell(grid, 0, METRIC_LATENCY_MEAN_US);
    const double four = run_cell(grid, 1, METRIC_LATENCY_MEAN_US);
    const double all = run_cell(grid, 2, METRIC_LATENCY_MEAN_US);
    assert_true(one > 15 * all);
    assert_true(one > 3.5 * four && one < 4.5 * four);
    grid_destroy(grid);
}

/* One after the other; four processes with chunks of 1, 10 and 100. */
static void test_examples_chunks_make_pools_pay(void **state) {
    (void)state;
    struct grid *grid = expand("pool-chunks");
    assert_int_equal(grid_cell_count(grid), 4);
    const double alone = run_cell(grid, 0, METRIC_MAKESPAN_US);
    const double single = run_cell(grid, 1, METRIC_MAKESPAN_US);
    const double tens = run_cell(grid, 2, METRIC_MAKESPAN_US);
    const double hundreds = run_cell(grid, 3, METRIC_MAKESPAN_US);
    assert_true(single > 1.3 * alone);
    assert_true(tens < alone && hundreds < tens && hundreds < alone / 2);
    grid_destroy(grid);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_say_what_to_look_for),
        cmocka_unit_test(test_examples_run),
        cmocka_unit_test(test_examples_two_threads_need_no_gil),
        cmocka_unit_test(test_examples_spinning_threads_slow_the_echo),
        cmocka_unit_test(test_examples_offloading_frees_the_loop),
        cmocka_unit_test(test_examples_queue_decouples),
        cmocka_unit_test(test_examples_interpreters_poll_their_queue),
        cmocka_unit_test(test_examples_sharing_costs_without_gil),
        cmocka_unit_test(test_examples_garbage_makes_pauses),
        cmocka_unit_test(test_examples_arrivals_reach_the_capacity),
        cmocka_unit_test(test_examples_deployments_differ),
        cmocka_unit_test(test_examples_timeouts_come_late),
        cmocka_unit_test(test_examples_task_group_cancels),
        cmocka_unit_test(test_examples_computation_leaves_the_loop),
        cmocka_unit_test(test_examples_lock_across_await_queues),
        cmocka_unit_test(test_examples_chunks_make_pools_pay),
    };
    return cmocka_run_group_tests_name("examples", tests, NULL, NULL);
}
