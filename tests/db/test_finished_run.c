/* SPDX-License-Identifier: MIT */
/* test_finished_run - runs that are stored when they have ended, alone or with their cell. */
#include "db/finished_run.h"

#include "db/cell_store.h"
#include "db/connection_priv.h"
#include "db/histogram_store.h"
#include "tests/db/fixture.h"
#include "tests/db/sqlite_faults.h"

enum { RUNS = 3 };

struct world {
    const struct fixture *fixture;
    struct db *db;
    struct db_reader *reader;
    int64_t experiment, cell; /* with another cell behind it */
    struct run_result results[RUNS];
    struct finished_run runs[RUNS]; /* the last one has no result */
};

static void world_open(struct world *w, void **state) {
    struct histogram histogram = {0};
    *w = (struct world){.fixture = *state};
    w->db = fixture_open(*state);
    w->reader = fixture_reader(w->db);
    w->experiment = fixture_experiment(w->db, 1, 2);
    w->cell = fixture_cell(w->reader, w->experiment);
    histogram_add(&histogram, 1000);
    for (uint32_t i = 0; i < RUNS; i++) {
        w->results[i] = fixture_result(0xabc0 + i, 0);
        w->results[i].metric[METRIC_MAKESPAN_US] = 10 + i;
        assert_int_equal(
            run_histogram_init(&w->results[i].histograms[0], &histogram, NULL), 0);
        w->runs[i] = (struct finished_run){
            .cell = w->cell, .repetition = i, .started_ms = 5, .finished_ms = 9};
    }
    w->runs[0].result = &w->results[0];
    w->runs[1].result = &w->results[1];
    w->runs[1].sites = "[\"/workload\"]";
    w->runs[2].state = RUN_STATE_FAILED;
    w->runs[2].reason = "out of memory";
}

static void world_close(struct world *w) {
    for (int i = 0; i < RUNS; i++) {
        run_result_deinit(&w->results[i]);
    }
    db_reader_close(w->reader);
    db_close(w->db);
}

static int64_t count(const struct world *w, const char *sql) {
    return fixture_sql(w->fixture, sql);
}

static void expect_runs(const struct world *w) {
    struct err err = {0};
    struct run_list runs;
    fixture_ok(run_store_list(w->reader, w->experiment, &runs, &err), &err);
    assert_int_equal(runs.count, RUNS);
    assert_int_equal(runs.items[0].state, RUN_STATE_DONE);
    assert_string_equal(runs.items[1].fingerprint, "000000000000abc1");
    assert_int_equal(runs.items[1].duration_ns, w->results[1].duration_ns);
    assert_int_equal(runs.items[1].transitions, w->results[1].transitions);
    assert_int_equal(runs.items[1].started_ms, 5);
    assert_int_equal(runs.items[1].finished_ms, 9);
    assert_false(runs.items[1].has_timeline);
    assert_int_equal(runs.items[2].state, RUN_STATE_FAILED);
    assert_string_equal(runs.items[2].reason, "out of memory");
    assert_string_equal(runs.items[2].fingerprint, "");
    run_list_deinit(&runs);
    assert_int_equal(count(w, "SELECT count(*) FROM metric WHERE name = 'makespan_us'"),
                     2);
    assert_int_equal(count(w, "SELECT count(*) FROM histogram"), 2);
    assert_int_equal(count(w, "SELECT count(*) FROM run WHERE sites = '[]'"), 2);
}

static void test_finished_run_is_read_back(void **state) {
    struct world w;
    world_open(&w, state);
    struct err err = {0};
    fixture_ok(finished_run_store(w.db, w.runs, RUNS, &err), &err);
    expect_runs(&w);
    struct metric_list list;
    fixture_ok(run_store_metrics(w.reader, 1, &list, &err), &err);
    for (size_t i = 0; i < list.count; i++) {
        const enum metric_id id = metric_find(list.items[i].name);
        assert_true(list.items[i].value == w.results[0].metric[id]);
    }
    metric_list_deinit(&list);
    world_close(&w);
}

/* Every metric at once: the statement has a row for each. */
static void test_finished_run_stores_all_metrics(void **state) {
    struct world w;
    world_open(&w, state);
    struct err err = {0};
    for (int id = 0; id < METRIC_COUNT; id++) {
        w.results[0].metric[id] = id / 3.0;
    }
    const struct cell_finish finish = {
        .cell = w.cell, .status = CELL_DONE, .runs = w.runs, .run_count = 1};
    fixture_ok(cell_store_start(w.db, w.cell, &err), &err);
    fixture_ok(cell_store_finish(w.db, &finish, &err), &err);
    struct cell_list cells;
    fixture_ok(cell_store_list(w.reader, w.experiment, &cells, &err), &err);
    assert_int_equal(cells.items[0].metric_count, METRIC_COUNT);
    for (int id = 0; id < METRIC_COUNT; id++) {
        const struct metric_summary *summary =
            cell_row_metric(&cells.items[0], (enum metric_id)id);
        assert_non_null(summary);
        assert_true(summary->of.median == id / 3.0);
    }
    cell_list_deinit(&cells);
    assert_int_equal(count(&w, "SELECT count(*) FROM metric"), METRIC_COUNT);
    world_close(&w);
}

static void test_finished_run_stores_all_or_none(void **state) {
    struct world w;
    world_open(&w, state);
    w.runs[2].cell = 12345;
    assert_int_equal(finished_run_store(w.db, w.runs, RUNS, NULL), ERR_NOT_FOUND);
    w.runs[2].cell = w.cell;
    w.runs[2].sites = "[";
    assert_int_equal(finished_run_store(w.db, w.runs, RUNS, NULL), ERR_INVALID);
    assert_int_equal(count(&w, "SELECT count(*) FROM run"), 0);
    world_close(&w);
}

static enum cell_status status_of(const struct world *w, size_t index) {
    struct err err = {0};
    struct cell_list cells;
    fixture_ok(cell_store_list(w->reader, w->experiment, &cells, &err), &err);
    const enum cell_status status = cells.items[index].status;
    cell_list_deinit(&cells);
    return status;
}

/* Whatever call fails: of runs, status, summary and the next cell's start all is there, or
 * nothing. */
static void test_cell_finish_survives_every_failing_call(void **state) {
    struct world w;
    world_open(&w, state);
    struct err err = {0};
    const struct cell_finish finish = {.cell = w.cell,
                                       .status = CELL_DONE,
                                       .runs = w.runs,
                                       .run_count = RUNS,
                                       .next = w.cell + 1};
    fixture_ok(cell_store_start(w.db, w.cell, &err), &err);
    int failures = 0;
    for (;; failures++) {
        sqlite_statements_fail_after(failures);
        const int rc = cell_store_finish(w.db, &finish, NULL);
        sqlite_statements_fail_after(-1);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_IO);
        assert_int_equal(status_of(&w, 0), CELL_RUNNING);
        assert_int_equal(status_of(&w, 1), CELL_PENDING);
        assert_int_equal(count(&w, "SELECT count(*) FROM run"), 0);
        assert_int_equal(count(&w, "SELECT count(*) FROM cell_metric"), 0);
    }
    assert_true(failures > 10);
    expect_runs(&w);
    assert_int_equal(status_of(&w, 0), CELL_DONE);
    assert_int_equal(status_of(&w, 1), CELL_RUNNING);
    assert_int_equal(count(&w, "SELECT n FROM cell_metric WHERE name = 'makespan_us'"),
                     2);
    world_close(&w);
}

/* Its own end will tell why it did not begin. */
static void test_cell_finish_does_not_begin_what_is_not_pending(void **state) {
    struct world w;
    world_open(&w, state);
    struct err err = {0};
    struct cell_finish finish = {.cell = w.cell, .status = CELL_DONE, .next = w.cell + 1};
    fixture_ok(cell_store_start(w.db, w.cell + 1, &err), &err);
    fixture_ok(fixture_finish_cell(w.db, w.cell + 1, CELL_LIMITED, NULL, &err), &err);
    fixture_ok(cell_store_start(w.db, w.cell, &err), &err);
    fixture_ok(cell_store_finish(w.db, &finish, &err), &err);
    assert_int_equal(status_of(&w, 1), CELL_LIMITED);
    world_close(&w);
}

/* A cell that is executed again is summed up over the newer runs. */
static void test_cell_finish_after_an_interruption(void **state) {
    struct world w;
    world_open(&w, state);
    struct err err = {0};
    struct cell_finish finish = {
        .cell = w.cell, .status = CELL_INTERRUPTED, .runs = w.runs, .run_count = 1};
    fixture_ok(
        experiment_store_set_status(w.db, w.experiment, EXPERIMENT_RUNNING, NULL, &err),
        &err);
    fixture_ok(cell_store_start(w.db, w.cell, &err), &err);
    fixture_ok(cell_store_finish(w.db, &finish, &err), &err);
    assert_int_equal(count(&w, "SELECT n FROM cell_metric WHERE name = 'makespan_us'"),
                     1);
    fixture_ok(experiment_store_set_status(w.db, w.experiment, EXPERIMENT_INTERRUPTED,
                                           NULL, &err),
               &err);
    fixture_ok(experiment_store_requeue(w.db, w.experiment, &err), &err);
    assert_int_equal(count(&w, "SELECT count(*) FROM cell_metric"), 0);
    fixture_ok(cell_store_start(w.db, w.cell, &err), &err);
    w.results[0].metric[METRIC_MAKESPAN_US] = 77;
    finish.status = CELL_DONE;
    fixture_ok(cell_store_finish(w.db, &finish, &err), &err);
    assert_int_equal(
        count(&w, "SELECT median FROM cell_metric WHERE name = 'makespan_us'"), 77);
    world_close(&w);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_finished_run_is_read_back),
        TEST(test_finished_run_stores_all_metrics),
        TEST(test_finished_run_stores_all_or_none),
        TEST(test_cell_finish_survives_every_failing_call),
        TEST(test_cell_finish_does_not_begin_what_is_not_pending),
        TEST(test_cell_finish_after_an_interruption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
