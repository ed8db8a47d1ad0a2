/* SPDX-License-Identifier: MIT */
/* Grids: their order, labels, points, keys, and the plans of their cells. */
#include "tests/support/test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/analysis/run.h"
#include "engine/base/memory.h"
#include "server/grid/grid.h"

#define STEPS "\"steps\":[{\"python_us\":10},{\"io_us\":20}]"
#define JOBS "\"workload\":{\"jobs\":{\"count\":3," STEPS "}}"
#define ACTORS "\"workload\":{\"actors\":[{\"name\":\"a\",\"thread\":1," STEPS "}]}"

static struct grid *grid_of(const char *text) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct err err = {0};
    int rc = document_parse(&document, text, strlen(text), &err);
    if (rc == 0) {
        rc = grid_create(&grid, document, &err);
    }
    document_destroy(document);
    if (rc != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
    return grid;
}

static void plan_of(const struct grid *grid, size_t index, struct plan *out) {
    struct err err = {0};
    if (grid_cell_plan(grid, index, out, &err) != 0) {
        fail_msg("cell %zu: %s: %s", index, err.pointer, err.text);
    }
}

/* Names, sites and step times belong to the plan, not to the grid. */
static void test_grid_plan_outlives_it(void **state) {
    (void)state;
    struct grid *grid = grid_of("{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],"
                                "\"workload\":{\"actors\":[{\"name\":"
                                "\"loop\",\"event_loop\":1,\"tasks\":[{\"name\":\"main\","
                                "\"steps\":[{\"gather\":[{"
                                "\"task\":\"child\",\"steps\":[{\"python_us\":{\"dist\":"
                                "\"empirical\",\"values_us\":["
                                "1,2]}}]}]}]}]}]}}");
    struct plan plan;
    plan_of(grid, 0, &plan);
    grid_destroy(grid);
    assert_int_equal(plan.name_count, 1);
    assert_string_equal(plan.names[0], "child");
    assert_non_null(strstr(plan.sites[0], "/workload/actors/0/tasks/0/steps/0"));
    plan_deinit(&plan);
}

/* --- order, labels ------------------------------------------------------------ */

static void test_grid_orders_runtime_strategy_point(void **state) {
    (void)state;
    static const char *const points[] = {
        "{\"/machine/cores\":1,\"/seed\":5}", "{\"/machine/cores\":1,\"/seed\":6}",
        "{\"/machine/cores\":2,\"/seed\":5}", "{\"/machine/cores\":2,\"/seed\":6}",
        "{\"/machine/cores\":4,\"/seed\":5}", "{\"/machine/cores\":4,\"/seed\":6}"};
    static const char *const runtimes[] = {"cpython-3.9", "cpython-3.12"};
    static const char *const strategies[] = {"sequential", "threads(8)"};
    static const uint32_t cores[] = {1, 2, 4}, seeds[] = {5, 6};
    struct grid *grid =
        grid_of("{\"schema\":1,\"machine\":{\"cores\":9},\"seed\":9,"
                "\"runtimes\":[\"cpython-3.9\",\"cpython-3.12\"],"
                "\"strategies\":[\"sequential\",{\"threads\":8}]," JOBS
                ",\"sweep\":{\"/machine/cores\":[1,2,4],\"/seed\":[5,6]}}");
    assert_int_equal(grid_cell_count(grid), 24);
    for (size_t i = 0; i < 24; i++) {
        const struct grid_cell *cell = grid_cell(grid, i);
        assert_string_equal(cell->runtime, runtimes[i / 12]);
        assert_string_equal(cell->strategy, strategies[i / 6 % 2]);
        assert_string_equal(cell->point, points[i % 6]);
        assert_null(cell->reason);
        struct plan plan;
        plan_of(grid, i, &plan);
        assert_string_equal(plan.runtime.name, runtimes[i / 12]);
        assert_int_equal(plan.strategy.kind,
                         i / 6 % 2 == 0 ? STRATEGY_SEQUENTIAL : STRATEGY_THREADS);
        assert_int_equal(plan.machine.cores, cores[i % 6 / 2]);
        assert_int_equal(plan.seed, seeds[i % 2]);
        plan_deinit(&plan);
    }
    grid_destroy(grid);
}

/* What is stored and read again must have the same cells at the same places. */
static void test_grid_order_is_that_of_pointers(void **state) {
    (void)state;
    struct grid *grid = grid_of("{\"schema\":1,\"machine\":{\"cores\":9},\"seed\":9," JOBS
                                ",\"sweep\":{\"/seed\":[5,6],\"/machine/cores\":[1,2]}}");
    assert_string_equal(grid_cell(grid, 1)->point, "{\"/machine/cores\":1,\"/seed\":6}");
    grid_destroy(grid);
}

static void test_grid_labels_strategies(void **state) {
    (void)state;
    struct grid *grid =
        grid_of("{\"schema\":1,\"strategies\":[\"sequential\",{\"threads\":8},"
                "{\"asyncio\":100},{\"processes\":4},{\"processes\":4,\"chunk\":10},"
                "{\"processes\":2,\"chunk\":7,\"start\":\"spawn\"},"
                "{\"asyncio\":16,\"to_thread\":3},"
                "{\"asyncio\":16,\"to_process\":4},"
                "{\"processes\":2,\"each\":{\"asyncio\":9}},"
                "{\"processes\":2,\"each\":{\"asyncio\":9,\"to_thread\":5}},"
                "{\"asyncio\":16,\"to_process\":4,\"start\":\"spawn\"}]," JOBS "}");
    static const char *const labels[] = {"sequential",
                                         "threads(8)",
                                         "asyncio(100)",
                                         "processes(4)",
                                         "processes(4, chunk=10)",
                                         "processes(2, chunk=7, start=spawn)",
                                         "asyncio(16, to_thread=3)",
                                         "asyncio(16, to_process=4)",
                                         "processes(2, each=asyncio(9))",
                                         "processes(2, each=asyncio(9, to_thread=5))",
                                         "asyncio(16, to_process=4, start=spawn)"};
    static const enum strategy_kind kinds[] = {
        STRATEGY_SEQUENTIAL, STRATEGY_THREADS,   STRATEGY_ASYNCIO, STRATEGY_PROCESSES,
        STRATEGY_PROCESSES,  STRATEGY_PROCESSES, STRATEGY_ASYNCIO, STRATEGY_ASYNCIO,
        STRATEGY_PROCESSES,  STRATEGY_PROCESSES, STRATEGY_ASYNCIO};
    static const uint32_t workers[] = {1, 8, 100, 4, 4, 2, 16, 16, 2, 2, 16};
    assert_int_equal(grid_cell_count(grid), 11);
    for (size_t i = 0; i < 11; i++) {
        struct plan plan;
        plan_of(grid, i, &plan);
        assert_string_equal(grid_cell(grid, i)->strategy, labels[i]);
        assert_int_equal(plan.strategy.kind, kinds[i]);
        assert_int_equal(plan.strategy.workers, workers[i]);
        assert_int_equal(plan.strategy.start,
                         i == 5 || i == 10 ? START_SPAWN : START_DEFAULT);
        assert_int_equal(plan.strategy.to_thread, i == 6 ? 3 : 0);
        assert_int_equal(plan.strategy.to_process, i == 7 || i == 10 ? 4 : 0);
        assert_int_equal(plan.strategy.each.to_thread, i == 9 ? 5 : 0);
        assert_string_equal(grid_cell(grid, i)->point, "{}");
        plan_deinit(&plan);
    }
    grid_destroy(grid);

    grid = grid_of("{\"schema\":1," ACTORS "}");
    assert_int_equal(grid_cell_count(grid), 1);
    assert_string_equal(grid_cell(grid, 0)->strategy, "actors");
    grid_destroy(grid);
}

/* In the order of the table, whatever the order in the document. */
static void test_grid_labels_overridden_runtimes(void **state) {
    (void)state;
    static const char *const labels[] = {
        "cpython-3.9", "cpython-3.9 (switch_interval_us=1000)",
        "cpython-3.9 (switch_interval_us=10, force_switching=false, attach_us=0.1)"};
    struct grid *grid =
        grid_of("{\"schema\":1,\"runtimes\":[\"cpython-3.9\","
                "{\"switch_interval_us\":1000,\"base\":\"cpython-3.9\"},"
                "{\"base\":\"cpython-3.9\",\"attach_us\":0.1,\"force_switching\":false,"
                "\"switch_interval_us\":10}]," JOBS "}");
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(grid_cell(grid, i)->runtime, labels[i]);
    }
    grid_destroy(grid);
}

/* --- sweep -------------------------------------------------------------------- */

/* Whatever is substituted, the plan is that of the document with the value written in. */
static void test_grid_sweeps_anything(void **state) {
    (void)state;
    struct grid *grid = grid_of(
        "{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.9\",\"switch_interval_us\":1}]"
        ","
        "\"strategies\":[{\"threads\":1}],\"limits\":{\"events\":5}," JOBS ",\"sweep\":{"
        "\"/strategies/0/threads\":[3,4],\"/runtimes/0/switch_interval_us\":[100],"
        "\"/workload/jobs/steps/"
        "1\":[{\"sleep_us\":7},{\"repeat\":2,\"steps\":[{\"io_us\":1}]}],"
        "\"/limits\":[{\"events\":17}]}}");
    assert_int_equal(grid_cell_count(grid), 4);
    assert_string_equal(grid_cell(grid, 2)->strategy, "threads(4)");
    assert_string_equal(grid_cell(grid, 2)->runtime,
                        "cpython-3.9 (switch_interval_us=100)");
    struct plan plan;
    plan_of(grid, 2, &plan);
    assert_int_equal(plan.strategy.workers, 4);
    assert_int_equal(plan.runtime.switch_interval_ns, 100000);
    assert_int_equal(plan.limits.events, 17);
    assert_int_equal(plan.steps[1].kind, STEP_SLEEP);
    plan_deinit(&plan);
    plan_of(grid, 3, &plan);
    assert_int_equal(plan.step_count, 3);
    assert_int_equal(plan.steps[1].kind, STEP_REPEAT);
    plan_deinit(&plan);
    grid_destroy(grid);
}

/* The sizes of shared objects, who has them, and what is done with them. */
static void test_grid_sweeps_objects(void **state) {
    (void)state;
    struct grid *grid = grid_of(
        "{\"schema\":1,\"workload\":{\"objects\":{\"o\":{\"object\":\"own\"},"
        "\"q\":{\"queue\":1}},\"actors\":[{\"name\":\"a\",\"thread\":1,\"steps\":["
        "{\"put\":\"q\"},{\"touch\":\"o\",\"times\":7}]}]},\"sweep\":{"
        "\"/workload/actors/0/steps/1/times\":[7,8],"
        "\"/workload/objects/o/object\":[\"own\",\"one\"],"
        "\"/workload/objects/q\":[{\"queue\":1},{\"queue\":50},\"simple_queue\"]}}");
    assert_int_equal(grid_cell_count(grid), 12);
    for (size_t i = 0; i < 12; i++) {
        static const int64_t sizes[] = {1, 50, 0};
        struct plan plan;
        plan_of(grid, i, &plan);
        assert_int_equal(plan.steps[1].count, i < 6 ? 7 : 8);
        assert_int_equal(plan.objects[0].sharing,
                         i / 3 % 2 == 0 ? SHARING_OWN : SHARING_ONE);
        assert_int_equal(plan.objects[1].kind,
                         i % 3 == 2 ? OBJECT_SIMPLE_QUEUE : OBJECT_QUEUE);
        assert_int_equal(plan.objects[1].size, sizes[i % 3]);
        plan_deinit(&plan);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(grid_cell(grid, i)->key, grid_cell(grid, j)->key);
        }
    }
    grid_destroy(grid);
}

static void test_grid_sweeps_escaped_pointers(void **state) {
    (void)state;
    struct err err = {0};
    struct document *document = NULL;
    struct grid *grid = NULL;
    static const char text[] = "{\"schema\":1,\"seed\":1," JOBS
                               ",\"sweep\":{\"/workload/jobs/steps/0/a~1b\":[1]}}";
    assert_int_equal(document_parse(&document, text, sizeof text - 1, &err), 0);
    assert_int_equal(grid_create(&grid, document, &err), ERR_INVALID);
    assert_string_equal(err.pointer, "/sweep/~1workload~1jobs~1steps~10~1a~01b");
    document_destroy(document);
}

static void test_grid_leaves_out_swept_away_actors(void **state) {
    (void)state;
    struct grid *grid = grid_of(
        "{\"schema\":1,\"workload\":{\"actors\":[{\"name\":\"spinner\",\"thread\":0,"
        "\"daemon\":true,\"steps\":[{\"forever\":[{\"python_us\":1}]}]},"
        "{\"name\":\"a\",\"thread\":1," STEPS "}]},"
        "\"sweep\":{\"/workload/actors/0/thread\":[0,2]}}");
    struct plan plan;
    plan_of(grid, 0, &plan);
    assert_int_equal(plan.actor_count, 1);
    plan_deinit(&plan);
    plan_of(grid, 1, &plan);
    assert_int_equal(plan.actor_count, 2);
    assert_int_equal(plan.actors[0].count, 2);
    plan_deinit(&plan);
    grid_destroy(grid);
}

static void write_sweep(char *out, size_t size, int values) {
    size_t used = (size_t)snprintf(
        out, size, "{\"schema\":1,\"seed\":0," JOBS ",\"sweep\":{\"/seed\":[");
    for (int i = 0; i < values; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%d", i == 0 ? "" : ",", i);
    }
    snprintf(out + used, size - used, "]}}");
}

static void test_grid_counts_up_to_its_limit(void **state) {
    (void)state;
    enum { SIZE = 128 * 1024 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    write_sweep(text, SIZE, GRID_MAX_CELLS);
    struct grid *grid = grid_of(text);
    assert_int_equal(grid_cell_count(grid), GRID_MAX_CELLS);
    assert_string_equal(grid_cell(grid, 9999)->point, "{\"/seed\":9999}");
    grid_destroy(grid);

    write_sweep(text, SIZE, GRID_MAX_CELLS + 1);
    struct document *document = NULL;
    struct err err = {0};
    grid = NULL;
    assert_int_equal(document_parse(&document, text, strlen(text), &err), 0);
    assert_int_equal(grid_create(&grid, document, &err), ERR_INVALID);
    assert_null(grid);
    assert_string_equal(err.pointer, "/sweep");
    assert_non_null(strstr(err.text, "10001 cells"));
    document_destroy(document);
    free(text);
}

static void test_grid_counts_runs(void **state) {
    (void)state;
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct err err = {0};
    char text[8 * 1024];
    write_sweep(text, sizeof text, 1001);
    char *end = strrchr(text, '}');
    strcpy(end, ",\"repetitions\":1000}");
    assert_int_equal(document_parse(&document, text, strlen(text), &err), 0);
    assert_int_equal(grid_create(&grid, document, &err), ERR_INVALID);
    assert_string_equal(err.pointer, "/repetitions");
    assert_non_null(strstr(err.text, "1001000 runs"));
    document_destroy(document);
}

/* A large document in a large grid would take minutes to expand. */
static void test_grid_refuses_too_much_work(void **state) {
    (void)state;
    enum { SIZE = 512 * 1024 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, SIZE,
                                   "{\"schema\":1,\"seed\":1,\"workload\":{\"jobs\":{"
                                   "\"count\":1,\"steps\":[");
    for (int i = 0; i < 20000; i++) {
        used += (size_t)snprintf(text + used, SIZE - used, "{\"io_us\":10},");
    }
    used += (size_t)snprintf(text + used, SIZE - used,
                             "{\"io_us\":1}]}},\"sweep\":{\"/seed\":[0");
    for (int i = 1; i < 500; i++) {
        used += (size_t)snprintf(text + used, SIZE - used, ",%d", i);
    }
    snprintf(text + used, SIZE - used, "]}}");
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct err err = {0};
    assert_int_equal(document_parse(&document, text, strlen(text), &err), 0);
    assert_int_equal(grid_create(&grid, document, &err), ERR_INVALID);
    assert_string_equal(err.pointer, "/sweep");
    assert_non_null(strstr(err.text, "too much to expand"));
    document_destroy(document);
    free(text);
}

/* --- keys --------------------------------------------------------------------- */

static void key_of(const char *text, char out[HASH_TEXT_SIZE]) {
    struct grid *grid = grid_of(text);
    memcpy(out, grid_cell(grid, 0)->key, HASH_TEXT_SIZE);
    grid_destroy(grid);
}

static void test_grid_keys_ignore_what_changes_no_result(void **state) {
    (void)state;
    static const char *const same[] = {
        "{\"schema\":1," JOBS "}",
        "{" JOBS ",\"schema\":1}",
        "{\"schema\":1,\"name\":\"n\",\"description\":\"d\"," JOBS "}",
        "{\"schema\":1,\"repetitions\":5,\"goal\":\"makespan_us\",\"record\":"
        "\"summary\"," JOBS "}",
        "{\"schema\":1,\"seed\":1,\"machine\":{},\"limits\":{\"spans\":5000000}," JOBS
        "}",
        "{\"schema\":1,\"machine\":{\"profile\":\"linux-desktop\"},"
        "\"reference\":\"cpython-3.12\"," JOBS "}",
        "{\"schema\":1,\"strategies\":[\"sequential\",{\"threads\":2}]," JOBS "}",
        "{\"schema\":1,\"runtimes\":[\"cpython-3.12\",\"cpython-3.9\"]," JOBS "}",
        "{\"schema\":1,\"seed\":7,\"sweep\":{\"/seed\":[1,2]}," JOBS "}",
    };
    char first[HASH_TEXT_SIZE], other[HASH_TEXT_SIZE];
    key_of(same[0], first);
    assert_int_equal(strlen(first), 32);
    for (size_t i = 1; i < sizeof same / sizeof same[0]; i++) {
        key_of(same[i], other);
        assert_string_equal(other, first);
    }
}

static void test_grid_keys_tell_cells_apart(void **state) {
    (void)state;
    static const char *const different[] = {
        "{\"schema\":1," JOBS "}",
        "{\"schema\":1,\"seed\":2," JOBS "}",
        "{\"schema\":1,\"machine\":{\"cores\":3}," JOBS "}",
        "{\"schema\":1,\"machine\":{\"profile\":\"ideal\"}," JOBS "}",
        "{\"schema\":1,\"limits\":{\"events\":5}," JOBS "}",
        "{\"schema\":1,\"runtimes\":[\"cpython-3.9\"]," JOBS "}",
        "{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.12\",\"attach_us\":1}]," JOBS
        "}",
        "{\"schema\":1,\"reference\":\"cpython-3.9\",\"runtimes\":[\"cpython-3.12\"]"
        "," JOBS "}",
        "{\"schema\":1,\"strategies\":[{\"threads\":1}]," JOBS "}",
        "{\"schema\":1,\"strategies\":[{\"threads\":2}]," JOBS "}",
        "{\"schema\":1," ACTORS "}",
    };
    enum { COUNT = sizeof different / sizeof different[0] };
    char keys[COUNT][HASH_TEXT_SIZE];
    for (size_t i = 0; i < COUNT; i++) {
        key_of(different[i], keys[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(keys[i], keys[j]);
        }
    }
}

/* A cell taken out of its grid is the same cell. */
static void test_grid_cell_document_has_the_same_key(void **state) {
    (void)state;
    struct grid *grid = grid_of(
        "{\"schema\":1,\"name\":\"n\",\"repetitions\":3,\"machine\":{\"wake_spread\":0.5}"
        ","
        "\"runtimes\":[{\"base\":\"cpython-3.9\",\"attach_us\":0.3},\"cpython-3.14t\"],"
        "\"strategies\":[\"sequential\",{\"asyncio\":8}]," JOBS
        ",\"sweep\":{\"/machine/wake_spread\":[0.1,0.2]}}");
    for (size_t i = 0; i < grid_cell_count(grid); i++) {
        char *text = NULL;
        struct err err = {0};
        assert_int_equal(grid_cell_document(grid, i, &text, &err), 0);
        struct grid *alone = grid_of(text);
        assert_int_equal(grid_cell_count(alone), 1);
        assert_string_equal(grid_cell(alone, 0)->key, grid_cell(grid, i)->key);
        assert_string_equal(grid_cell(alone, 0)->runtime, grid_cell(grid, i)->runtime);
        assert_string_equal(grid_cell(alone, 0)->strategy, grid_cell(grid, i)->strategy);
        grid_destroy(alone);
        memory_free(text);
    }
    grid_destroy(grid);
}

/* --- cells that do not exist -------------------------------------------------- */

static void test_grid_marks_what_does_not_exist(void **state) {
    (void)state;
    struct grid *grid = grid_of(
        "{\"schema\":1,\"runtimes\":[\"cpython-3.9\",{\"base\":\"cpython-3.9\","
        "\"has_asyncio\":false}],\"strategies\":[{\"threads\":2},{\"asyncio\":2}]," JOBS
        "}");
    for (size_t i = 0; i < 4; i++) {
        struct plan plan = {0};
        struct err err = {0};
        const struct grid_cell *cell = grid_cell(grid, i);
        const int rc = grid_cell_plan(grid, i, &plan, &err);
        if (i == 3) {
            assert_non_null(cell->reason);
            assert_non_null(strstr(cell->reason, "asyncio"));
            assert_int_equal(rc, ERR_UNSUPPORTED);
            assert_string_equal(err.text, cell->reason);
        } else {
            assert_null(cell->reason);
            assert_int_equal(rc, 0);
        }
        assert_int_equal(strlen(cell->key), 32);
        plan_deinit(&plan);
    }
    grid_destroy(grid);
}

/* ThreadPoolExecutor came with 3.2; a document can say that the backport is there. */
static void test_grid_marks_pools_before_their_time(void **state) {
    (void)state;
    struct grid *grid =
        grid_of("{\"schema\":1,\"runtimes\":[\"cpython-2.7\",{\"base\":\"cpython-2.7\","
                "\"has_thread_pool\":true},\"cpython-3.2\"],"
                "\"strategies\":[{\"threads\":2}]," JOBS "}");
    assert_string_equal(grid_cell(grid, 0)->reason,
                        "cpython-2.7 has no ThreadPoolExecutor");
    assert_null(grid_cell(grid, 1)->reason);
    assert_null(grid_cell(grid, 2)->reason);
    grid_destroy(grid);
}

/* --- timelines ---------------------------------------------------------------- */

static bool wants(const char *record, int cells, uint32_t repetition) {
    char text[4096], body[2048];
    write_sweep(body, sizeof body, cells);
    snprintf(text, sizeof text, "{%s%s", record, body + 1);
    struct grid *grid = grid_of(text);
    const bool result = grid_wants_timeline(grid, repetition);
    grid_destroy(grid);
    return result;
}

static void test_grid_records_timelines_of_small_grids(void **state) {
    (void)state;
    assert_true(wants("", GRID_TIMELINE_CELLS, 0));
    assert_false(wants("", GRID_TIMELINE_CELLS, 1));
    assert_false(wants("", GRID_TIMELINE_CELLS + 1, 0));
    assert_true(wants("\"record\":\"timeline\",", GRID_TIMELINE_CELLS + 1, 3));
    assert_false(wants("\"record\":\"summary\",", 1, 0));
}

/* --- threads ------------------------------------------------------------------ */

static void *make_plans(void *data) {
    const struct grid *grid = data;
    size_t wrong = 0;
    for (size_t i = 0; i < 20 * grid_cell_count(grid); i++) {
        struct plan plan;
        const size_t index = i % grid_cell_count(grid);
        if (grid_cell_plan(grid, index, &plan, NULL) != 0) {
            wrong++;
            continue;
        }
        wrong += plan.seed != index;
        plan_deinit(&plan);
    }
    return (void *)(uintptr_t)wrong;
}

static void test_grid_makes_plans_in_many_threads(void **state) {
    (void)state;
    char text[2048];
    write_sweep(text, sizeof text, 20);
    struct grid *grid = grid_of(text);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, make_plans, grid), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    grid_destroy(grid);
}

/* --- draws -------------------------------------------------------------------- */

static uint64_t fingerprint_of(const struct grid *grid, size_t index,
                               uint32_t repetition) {
    struct plan plan;
    struct run_result result;
    plan_of(grid, index, &plan);
    const struct run_options options = {.repetition = repetition};
    assert_int_equal(run_execute(&result, &plan, &options, NULL), 0);
    const uint64_t fingerprint = result.fingerprint;
    run_result_deinit(&result);
    plan_deinit(&plan);
    return fingerprint;
}

/* The cell of the same runtime, strategy and point in another grid. */
static size_t find_same(const struct grid *grid, const struct grid_cell *wanted) {
    for (size_t i = 0; i < grid_cell_count(grid); i++) {
        const struct grid_cell *cell = grid_cell(grid, i);
        if (strcmp(cell->runtime, wanted->runtime) == 0 &&
            strcmp(cell->strategy, wanted->strategy) == 0 &&
            strcmp(cell->point, wanted->point) == 0) {
            return i;
        }
    }
    fail_msg("%s %s %s is gone", wanted->runtime, wanted->strategy, wanted->point);
    return 0;
}

#define DRAWN                                                                            \
    "\"workload\":{\"jobs\":{\"count\":20,\"steps\":["                                   \
    "{\"python_us\":{\"dist\":\"exponential\",\"mean\":300}},"                           \
    "{\"io_us\":{\"dist\":\"lognormal\",\"median\":2000,\"sigma\":1}}]}}"

/* Whatever is added around a cell, before it or behind it: it draws what it drew, and its
 * repetitions are the same ones. */
static void test_grid_additions_change_no_draw(void **state) {
    (void)state;
    struct grid *small =
        grid_of("{\"schema\":1,\"machine\":{\"cores\":1},\"runtimes\":[\"cpython-3.12\"],"
                "\"repetitions\":2,"
                "\"strategies\":[\"sequential\",{\"threads\":4},{\"asyncio\":4}]," DRAWN
                ",\"sweep\":{\"/machine/cores\":[2,4]}}");
    struct grid *large =
        grid_of("{\"schema\":1,\"machine\":{\"cores\":1},\"runtimes\":[\"cpython-3.9\","
                "\"cpython-3.12\",\"cpython-3.14\"],"
                "\"repetitions\":5,\"strategies\":[{\"processes\":2},{\"threads\":2},"
                "\"sequential\",{\"threads\":4},{\"asyncio\":4}]," DRAWN
                ",\"sweep\":{\"/machine/cores\":[1,2,3,4]}}");
    for (size_t i = 0; i < grid_cell_count(small); i++) {
        const size_t same = find_same(large, grid_cell(small, i));
        assert_string_equal(grid_cell(small, i)->key, grid_cell(large, same)->key);
        for (uint32_t repetition = 0; repetition < 2; repetition++) {
            assert_true(fingerprint_of(small, i, repetition) ==
                        fingerprint_of(large, same, repetition));
        }
        assert_true(fingerprint_of(small, i, 0) != fingerprint_of(small, i, 1));
    }
    grid_destroy(small);
    grid_destroy(large);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_plan_outlives_it),
        cmocka_unit_test(test_grid_orders_runtime_strategy_point),
        cmocka_unit_test(test_grid_order_is_that_of_pointers),
        cmocka_unit_test(test_grid_labels_strategies),
        cmocka_unit_test(test_grid_labels_overridden_runtimes),
        cmocka_unit_test(test_grid_sweeps_anything),
        cmocka_unit_test(test_grid_sweeps_objects),
        cmocka_unit_test(test_grid_sweeps_escaped_pointers),
        cmocka_unit_test(test_grid_leaves_out_swept_away_actors),
        cmocka_unit_test(test_grid_counts_up_to_its_limit),
        cmocka_unit_test(test_grid_counts_runs),
        cmocka_unit_test(test_grid_refuses_too_much_work),
        cmocka_unit_test(test_grid_keys_ignore_what_changes_no_result),
        cmocka_unit_test(test_grid_keys_tell_cells_apart),
        cmocka_unit_test(test_grid_cell_document_has_the_same_key),
        cmocka_unit_test(test_grid_marks_what_does_not_exist),
        cmocka_unit_test(test_grid_marks_pools_before_their_time),
        cmocka_unit_test(test_grid_records_timelines_of_small_grids),
        cmocka_unit_test(test_grid_makes_plans_in_many_threads),
        cmocka_unit_test(test_grid_additions_change_no_draw),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
