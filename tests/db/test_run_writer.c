/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "tests/db/fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/connection_priv.h"
#include "db/timeline.h"
#include "engine/base/memory.h"
#include "tests/db/sqlite_faults.h"

struct world {
    struct fixture *fixture;
    struct db *db;
    struct db_reader *reader;
    int64_t experiment;
    int64_t cell;
};

static struct world *world_of(void **state) {
    static struct world world;
    world.fixture = *state;
    world.db = fixture_open(world.fixture);
    world.reader = fixture_reader(world.db);
    world.experiment = fixture_experiment(world.db, 1, 2);
    world.cell = fixture_cell(world.reader, world.experiment);
    return &world;
}

static void world_close(struct world *world) {
    db_reader_close(world->reader);
    db_close(world->db);
}

static struct run_writer *open_writer(struct world *w, uint32_t repetition, bool record) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {
        .cell = w->cell,
        .repetition = repetition,
        .started_ms = 1000,
        .record = record,
    };
    fixture_ok(run_writer_open(&writer, w->db, &run, &err), &err);
    return writer;
}

static struct run_row read_run(struct world *w, int64_t id) {
    struct err err = {0};
    struct run_list list;
    fixture_ok(run_store_read(w->reader, id, &list, &err), &err);
    assert_int_equal(list.count, 1);
    const struct run_row row = list.items[0];
    run_list_deinit(&list);
    return row;
}

/* Stores a run of the cell whose makespan is the given number. */
static void store_makespan(struct world *w, uint32_t repetition, enum run_status status,
                           double makespan) {
    struct err err = {0};
    struct run_writer *writer = open_writer(w, repetition, false);
    struct run_result result = fixture_result(1, 0);
    result.status = status;
    for (int i = 0; i < METRIC_COUNT; i++) {
        result.metric[i] = (double)NAN;
    }
    result.metric[METRIC_MAKESPAN_US] = makespan;
    fixture_ok(run_writer_finish(writer, &result, 2000, &err), &err);
    run_writer_close(writer);
}

/* --- one run ------------------------------------------------------------------- */

static void test_run_writer_stores_a_run(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t id = fixture_run(w->db, w->cell, 3, 2);
    struct run_list runs;
    fixture_ok(run_store_read(w->reader, id, &runs, &err), &err);
    const struct run_row *run = &runs.items[0];
    assert_int_equal(run->id, id);
    assert_int_equal(run->cell, w->cell);
    assert_int_equal(run->experiment, w->experiment);
    assert_int_equal(run->repetition, 3);
    assert_int_equal(run->state, RUN_STATE_DONE);
    assert_true(run->has_timeline);
    assert_string_equal(run->fingerprint, "0000000000abcdef");
    assert_string_equal(run->sites, "[\"/workload/jobs/steps/0\"]");
    assert_int_equal(run->duration_ns, 1000000);
    assert_int_equal(run->transitions, 12345);
    assert_int_equal(run->started_ms, 1);
    assert_int_equal(run->finished_ms, 2);
    run_list_deinit(&runs);

    struct metric_list values;
    fixture_ok(run_store_metrics(w->reader, id, &values, &err), &err);
    assert_int_equal(values.count, METRIC_COUNT);
    for (int i = 0; i < METRIC_COUNT; i++) {
        assert_string_equal(values.items[i].name, metrics[i].name);
        assert_true(values.items[i].value == 100.0 + i);
    }
    metric_list_deinit(&values);

    struct lane_list lanes;
    fixture_ok(run_store_lanes(w->reader, id, &lanes, &err), &err);
    assert_int_equal(lanes.count, 1);
    assert_string_equal(lanes.items[0].lane.name, "thread 0");
    assert_int_equal(lanes.items[0].lane.kind, LANE_THREAD);
    assert_int_equal(lanes.items[0].lane.parent, LANE_NONE);
    assert_int_equal(lanes.items[0].died_ns, 2000);
    for (int i = 0; i < STATE_COUNT; i++) {
        const sim_ns expected = i == STATE_RUNNING    ? 600000
                                : i == STATE_WAIT_GIL ? 400000
                                                      : 0;
        assert_int_equal(lanes.items[0].state_ns[i], expected);
    }
    lane_list_deinit(&lanes);
    assert_int_equal(run_store_metrics(w->reader, 999, &values, NULL), ERR_NOT_FOUND);
    assert_int_equal(run_store_lanes(w->reader, 999, &lanes, NULL), ERR_NOT_FOUND);
    assert_int_equal(run_store_read(w->reader, 999, &runs, NULL), ERR_NOT_FOUND);
    world_close(w);
}

static void test_run_writer_leaves_out_what_has_no_meaning(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct run_writer *writer = open_writer(w, 0, false);
    assert_null(run_writer_sink(writer));
    struct run_result result = fixture_result(1, 0);
    result.metric[METRIC_LATENCY_P50_US] = (double)NAN;
    result.metric[METRIC_LATENCY_P90_US] = (double)INFINITY;
    fixture_ok(run_writer_finish(writer, &result, 2, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    struct metric_list values;
    fixture_ok(run_store_metrics(w->reader, id, &values, &err), &err);
    assert_int_equal(values.count, METRIC_COUNT - 1);
    for (size_t i = 0; i < values.count; i++) {
        assert_string_not_equal(values.items[i].name, "latency_p50_us");
        if (strcmp(values.items[i].name, "latency_p90_us") == 0) {
            assert_true(isinf(values.items[i].value));
        }
    }
    metric_list_deinit(&values);
    world_close(w);
}

static void test_run_writer_needs_a_cell(void **state) {
    struct world *w = world_of(state);
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = 4711};
    assert_int_equal(run_writer_open(&writer, w->db, &run, NULL), ERR_NOT_FOUND);
    const struct run_new bad = {.cell = w->cell, .sites = "]"};
    assert_int_equal(run_writer_open(&writer, w->db, &bad, NULL), ERR_INVALID);
    assert_null(writer);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM run"), 0);
    world_close(w);
}

/* --- runs that do not end well ------------------------------------------------- */

/* What nobody reads any more takes its time: whoever has some removes it. */
static void expect_removed(const struct world *w) {
    struct db_recovered recovered;
    struct err err = {0};
    assert_int_equal(fixture_sql(w->fixture, "SELECT max(timeline) FROM run"), 1);
    fixture_ok(db_recover(w->db, &recovered, &err), &err);
    assert_int_equal(recovered.timelines, 1);
    assert_int_equal(recovered.runs, 0);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), 0);
    assert_int_equal(fixture_sql(w->fixture, "SELECT max(timeline) FROM run"), 0);
}

static void test_run_writer_abandons(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct run_writer *writer = open_writer(w, 0, true);
    const int64_t id = run_writer_id(writer);
    for (uint32_t i = 0; i < 5; i++) {
        fixture_ok(fixture_record(run_writer_sink(writer), i, CHUNK_SPANS,
                                  (sim_ns)i * CHUNK_SPANS, &err),
                   &err);
    }
    assert_int_equal(read_run(w, id).state, RUN_STATE_RUNNING);
    fixture_ok(
        run_writer_abandon(writer, RUN_STATE_FAILED, "the engine said no", 5, &err),
        &err);
    run_writer_close(writer);
    struct run_list runs;
    fixture_ok(run_store_read(w->reader, id, &runs, &err), &err);
    assert_int_equal(runs.items[0].state, RUN_STATE_FAILED);
    assert_string_equal(runs.items[0].reason, "the engine said no");
    assert_string_equal(runs.items[0].fingerprint, "");
    assert_int_equal(runs.items[0].finished_ms, 5);
    assert_false(runs.items[0].has_timeline);
    run_list_deinit(&runs);
    expect_removed(w);
    world_close(w);
}

static void test_run_writer_keeps_no_timeline_of_a_stopped_run(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct run_writer *writer = open_writer(w, 0, true);
    fixture_ok(fixture_record(run_writer_sink(writer), 0, 10, 0, &err), &err);
    struct run_result result = fixture_result(1, 1);
    result.status = RUN_STOPPED;
    fixture_ok(run_writer_finish(writer, &result, 2, &err), &err);
    const struct run_row row = read_run(w, run_writer_id(writer));
    run_writer_close(writer);
    assert_int_equal(row.state, RUN_STATE_STOPPED);
    assert_string_equal(row.fingerprint, "");
    assert_false(row.has_timeline);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), 0);
    run_result_deinit(&result);
    world_close(w);
}

/* Nobody waits until what is removed has been stored first. */
static void test_run_writer_drops_what_is_cancelled(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    atomic_bool cancel = false;
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = w->cell, .record = true, .cancel = &cancel};
    fixture_ok(run_writer_open(&writer, w->db, &run, &err), &err);
    const int64_t id = run_writer_id(writer);
    fixture_ok(fixture_record(run_writer_sink(writer), 0, CHUNK_SPANS, 0, &err), &err);
    fixture_ok(run_writer_flush(writer, &err), &err);
    const int64_t stored = fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk");
    atomic_store(&cancel, true);
    /* The sink says so when it is time to hand a batch over. */
    const int rc =
        fixture_record(run_writer_sink(writer), 1, CHUNK_SPANS, CHUNK_SPANS, &err);
    assert_true(rc == 0 || rc == ERR_CANCELLED);
    assert_int_equal(rc != 0 ? rc : run_writer_flush(writer, &err), ERR_CANCELLED);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), stored);
    struct run_result result = fixture_result(1, 1);
    assert_int_equal(run_writer_finish(writer, &result, 2, NULL), ERR_CANCELLED);
    run_result_deinit(&result);
    err = (struct err){0};
    fixture_ok(run_writer_abandon(writer, RUN_STATE_INTERRUPTED, "x", 2, &err), &err);
    run_writer_close(writer);
    assert_int_equal(read_run(w, id).state, RUN_STATE_INTERRUPTED);
    expect_removed(w);
    world_close(w);
}

/* A writer that is closed without an end: the next owner sees an interrupted run. */
static void test_db_recover_marks_what_was_running(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t queued = fixture_experiment(w->db, 2, 1);
    const int64_t done = fixture_run(w->db, w->cell, 0, 3);
    fixture_ok(
        experiment_store_set_status(w->db, w->experiment, EXPERIMENT_RUNNING, NULL, &err),
        &err);
    fixture_ok(cell_store_start(w->db, w->cell, &err), &err);
    struct run_writer *writer = open_writer(w, 1, true);
    const int64_t lost = run_writer_id(writer);
    run_writer_close(writer);
    /* More of it than one transaction removes. */
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO span_chunk (run, lane_group, seq, t0_ns, t1_ns, start_ns, "
             "count, base, data)"
             " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 2500)"
             " SELECT %lld, 0, i, i, i + 1, i, 1, 32, x'00' FROM n",
             (long long)lost);
    fixture_sql(w->fixture, sql);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), 2503);

    struct db_recovered recovered;
    fixture_ok(db_recover(w->db, &recovered, &err), &err);
    assert_int_equal(recovered.runs, 0); /* its owner is alive: it is we */
    world_close(w);
    w->db = fixture_open(w->fixture);
    w->reader = fixture_reader(w->db);
    fixture_ok(db_recover(w->db, &recovered, &err), &err);
    assert_int_equal(recovered.experiments, 1);
    assert_int_equal(recovered.cells, 2); /* one of them was waiting */
    assert_int_equal(recovered.runs, 1);
    assert_int_equal(recovered.timelines, 1);
    assert_int_equal(read_run(w, lost).state, RUN_STATE_INTERRUPTED);
    assert_int_equal(read_run(w, done).state, RUN_STATE_DONE);
    assert_true(read_run(w, done).has_timeline);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), 3);
    struct experiment experiment;
    fixture_ok(experiment_store_read(w->reader, w->experiment, &experiment, &err), &err);
    assert_int_equal(experiment.row.status, EXPERIMENT_INTERRUPTED);
    assert_non_null(strstr(experiment.row.reason, "submit the document again"));
    experiment_deinit(&experiment);
    fixture_ok(experiment_store_read(w->reader, queued, &experiment, &err), &err);
    assert_int_equal(experiment.row.status, EXPERIMENT_QUEUED);
    experiment_deinit(&experiment);
    struct cell_list cells;
    fixture_ok(cell_store_list(w->reader, w->experiment, &cells, &err), &err);
    assert_int_equal(cells.items[0].status, CELL_INTERRUPTED);
    assert_int_equal(cells.items[1].status, CELL_INTERRUPTED);
    cell_list_deinit(&cells);
    fixture_ok(cell_store_list(w->reader, queued, &cells, &err), &err);
    assert_int_equal(cells.items[0].status, CELL_PENDING);
    cell_list_deinit(&cells);
    fixture_ok(db_recover(w->db, &recovered, &err), &err);
    assert_int_equal(recovered.runs + recovered.cells + recovered.experiments, 0);
    world_close(w);
}

/* --- a timeline that is made later --------------------------------------------- */

static void test_run_writer_adds_a_timeline_later(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct run_result result = fixture_result(42, 1);
    struct run_writer *writer = open_writer(w, 0, false);
    fixture_ok(run_writer_finish(writer, &result, 2, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    assert_false(read_run(w, id).has_timeline);

    fixture_ok(run_writer_open_again(&writer, w->db, id, "[\"/a\"]", &err), &err);
    struct run_writer *second = NULL;
    assert_int_equal(run_writer_open_again(&second, w->db, id, NULL, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "being made"));
    err_clear(&err);
    fixture_ok(fixture_record(run_writer_sink(writer), 0, 10, 0, &err), &err);
    fixture_ok(run_writer_finish(writer, &result, 99, &err), &err);
    run_writer_close(writer);
    assert_true(read_run(w, id).has_timeline);
    assert_int_equal(read_run(w, id).finished_ms, 2);
    assert_int_equal(fixture_sql(w->fixture, "SELECT sites = '[\"/a\"]' FROM run"), 1);
    assert_int_equal(run_writer_open_again(&second, w->db, id, NULL, NULL), ERR_CONFLICT);
    assert_int_equal(run_writer_open_again(&second, w->db, 999, NULL, NULL),
                     ERR_NOT_FOUND);
    run_result_deinit(&result);
    world_close(w);
}

static void test_run_writer_refuses_another_result(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct run_result result = fixture_result(42, 1);
    struct run_writer *writer = open_writer(w, 0, false);
    fixture_ok(run_writer_finish(writer, &result, 2, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);

    fixture_ok(run_writer_open_again(&writer, w->db, id, NULL, &err), &err);
    fixture_ok(fixture_record(run_writer_sink(writer), 0, 10, 0, &err), &err);
    result.fingerprint = 43;
    assert_int_equal(run_writer_finish(writer, &result, 3, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "000000000000002b"));
    err_clear(&err);
    fixture_ok(run_writer_abandon(writer, RUN_STATE_FAILED, "differs", 3, &err), &err);
    run_writer_close(writer);
    const struct run_row row = read_run(w, id);
    assert_int_equal(row.state, RUN_STATE_DONE);
    assert_string_equal(row.fingerprint, "000000000000002a");
    assert_false(row.has_timeline);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), 0);
    run_result_deinit(&result);
    world_close(w);
}

/* --- summaries ----------------------------------------------------------------- */

static void assert_summary(struct world *w, double median, double min, double max) {
    struct err err = {0};
    struct cell_list cells;
    fixture_ok(cell_store_list(w->reader, w->experiment, &cells, &err), &err);
    const struct cell_row *cell = &cells.items[0];
    assert_int_equal(cell->metric_count, 1);
    assert_string_equal(cell->metrics[0].name, "makespan_us");
    assert_true(cell->metrics[0].of.median == median);
    assert_true(cell->metrics[0].of.min == min);
    assert_true(cell->metrics[0].of.max == max);
    assert_int_equal(cells.items[1].metric_count, 0);
    cell_list_deinit(&cells);
}

static void finish_cell(struct world *w, enum cell_status status) {
    struct err err = {0};
    fixture_ok(cell_store_start(w->db, w->cell, &err), &err);
    fixture_ok(fixture_finish_cell(w->db, w->cell, status, NULL, &err), &err);
}

static void test_cell_store_summarises_an_odd_number_of_runs(void **state) {
    struct world *w = world_of(state);
    store_makespan(w, 0, RUN_DONE, 30.0);
    store_makespan(w, 1, RUN_LIMITED, 10.0);
    store_makespan(w, 2, RUN_DONE, 20.0);
    store_makespan(w, 3, RUN_STOPPED, 1.0); /* does not count */
    store_makespan(w, 4, RUN_FAILED, 99.0); /* nor does this */
    finish_cell(w, CELL_DONE);
    assert_summary(w, 20.0, 10.0, 30.0);
    const double values[] = {10, 20, 30};
    struct err err = {0};
    struct cell_list cells;
    struct bootstrap_summary same;
    fixture_ok(cell_store_list(w->reader, w->experiment, &cells, &err), &err);
    struct bootstrap bootstrap = {0};
    const struct bootstrap_sample sample = {values, 3};
    fixture_ok(bootstrap_summarise(&bootstrap, sample, &same, &err), &err);
    bootstrap_deinit(&bootstrap);
    const struct bootstrap_summary stored = cells.items[0].metrics[0].of;
    assert_int_equal(stored.count, 3);
    assert_true(stored.mean == 20.0);
    assert_true(stored.mean_95.low == same.mean_95.low);
    assert_true(stored.mean_95.high == same.mean_95.high);
    assert_true(stored.median_95.low == same.median_95.low);
    assert_true(stored.median_95.high == same.median_95.high);
    cell_list_deinit(&cells);
    world_close(w);
}

static void test_cell_store_summarises_an_even_number_of_runs(void **state) {
    struct world *w = world_of(state);
    const double values[] = {8.0, 1.0, 2.0, 4.0};
    for (uint32_t i = 0; i < 4; i++) {
        store_makespan(w, i, RUN_DONE, values[i]);
    }
    finish_cell(w, CELL_DONE);
    assert_summary(w, 3.0, 1.0, 8.0);
    world_close(w);
}

static void test_cell_store_of_one_run_has_no_interval(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct cell_list cells;
    store_makespan(w, 0, RUN_DONE, 8.0);
    finish_cell(w, CELL_DONE);
    assert_summary(w, 8.0, 8.0, 8.0);
    fixture_ok(cell_store_list(w->reader, w->experiment, &cells, &err), &err);
    const struct bootstrap_summary stored = cells.items[0].metrics[0].of;
    assert_int_equal(stored.count, 1);
    assert_false(bootstrap_interval_exists(stored.mean_95));
    assert_false(bootstrap_interval_exists(stored.median_95));
    cell_list_deinit(&cells);
    world_close(w);
}

/* After an interruption a repetition is run again; its newer run counts, once. */
static void test_cell_store_summarises_a_repetition_once(void **state) {
    struct world *w = world_of(state);
    store_makespan(w, 0, RUN_DONE, 1000.0);
    finish_cell(w, CELL_INTERRUPTED);
    struct err err = {0};
    fixture_ok(
        experiment_store_set_status(w->db, w->experiment, EXPERIMENT_RUNNING, NULL, &err),
        &err);
    fixture_ok(experiment_store_set_status(w->db, w->experiment, EXPERIMENT_INTERRUPTED,
                                           NULL, &err),
               &err);
    fixture_ok(experiment_store_requeue(w->db, w->experiment, &err), &err);
    store_makespan(w, 0, RUN_DONE, 5.0);
    store_makespan(w, 1, RUN_DONE, 7.0);
    finish_cell(w, CELL_DONE);
    assert_summary(w, 6.0, 5.0, 7.0);

    struct run_list runs;
    fixture_ok(run_store_list(w->reader, w->experiment, &runs, &err), &err);
    assert_int_equal(runs.count, 3);
    assert_int_equal(runs.items[0].repetition, 0);
    assert_int_equal(runs.items[1].repetition, 0);
    assert_true(runs.items[0].id < runs.items[1].id);
    assert_int_equal(runs.items[2].repetition, 1);
    assert_null(runs.items[0].sites);
    run_list_deinit(&runs);
    fixture_ok(run_store_list_cell(w->reader, w->cell + 1, &runs, &err), &err);
    assert_int_equal(runs.count, 0);
    run_list_deinit(&runs);
    world_close(w);
}

/* --- faults -------------------------------------------------------------------- */

/* Whatever call fails at the end of a run: nothing of the outcome is there, and the next
 * attempt stores all of it. */
static void test_run_writer_survives_every_failing_call(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct run_writer *writer = open_writer(w, 0, true);
    fixture_ok(fixture_record(run_writer_sink(writer), 0, 10, 0, &err), &err);
    struct run_result result = fixture_result(1, 2);
    int failures = 0;
    for (int after = 0;; after++) {
        sqlite_statements_fail_after(after);
        const int rc = run_writer_finish(writer, &result, 9, NULL);
        sqlite_statements_fail_after(-1);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_IO);
        assert_int_equal(read_run(w, run_writer_id(writer)).state, RUN_STATE_RUNNING);
        assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM metric"), 0);
        assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM lane"), 0);
        failures++;
    }
    run_writer_close(writer);
    assert_int_equal(failures, 9); /* begin, run, metrics, chunk, 2 lanes, ... */
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM span_chunk"), 1);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM lane"), 2);
    run_result_deinit(&result);
    world_close(w);
}

static void test_run_writer_survives_every_failing_allocation(void **state) {
    struct world *w = world_of(state);
    int failures = 0;
    for (int after = 0;; after++) {
        struct run_writer *writer = NULL;
        const struct run_new run = {.cell = w->cell, .record = true};
        memory_fail_after(after);
        int rc = run_writer_open(&writer, w->db, &run, NULL);
        if (rc == 0) {
            rc = fixture_record(run_writer_sink(writer), 0, 10, 0, NULL);
        }
        memory_fail_after(-1);
        run_writer_close(writer);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures >= 3);
    world_close(w);
}

/* --- many at once -------------------------------------------------------------- */

enum { WORKERS = 4, RUNS_EACH = 12 };

static atomic_bool gave_up; /* a worker failed: the one who looks need not wait */

struct worker {
    struct db *db;
    int64_t cell;
    uint32_t number;
    int rc;
    pthread_t thread;
};

static int store_one(struct worker *worker, uint32_t repetition) {
    struct run_writer *writer = NULL;
    const struct run_new run = {
        .cell = worker->cell, .repetition = repetition, .record = true};
    int rc = run_writer_open(&writer, worker->db, &run, NULL);
    for (uint32_t i = 0; rc == 0 && i < 20; i++) {
        rc = fixture_record(run_writer_sink(writer), i, 500, (sim_ns)i * 500, NULL);
    }
    struct run_result result = fixture_result(repetition, 1);
    if (rc == 0) {
        rc = run_writer_finish(writer, &result, 1, NULL);
    }
    run_writer_close(writer);
    run_result_deinit(&result);
    return rc;
}

static void *work(void *context) {
    struct worker *worker = context;
    for (uint32_t i = 0; worker->rc == 0 && i < RUNS_EACH; i++) {
        worker->rc = store_one(worker, worker->number * RUNS_EACH + i);
    }
    if (worker->rc != 0) {
        gave_up = true;
    }
    return NULL;
}

/* What a reader of its own sees while the others write is always whole. */
static void *look(void *context) {
    struct worker *worker = context;
    struct db_reader *reader = NULL;
    worker->rc = db_reader_open(&reader, worker->db, NULL);
    size_t finished = 0;
    while (worker->rc == 0 && !gave_up && finished < (size_t)WORKERS * RUNS_EACH) {
        struct run_list runs;
        worker->rc = run_store_list_cell(reader, worker->cell, &runs, NULL);
        finished = 0;
        for (size_t i = 0; worker->rc == 0 && i < runs.count; i++) {
            struct metric_list values;
            if (runs.items[i].state != RUN_STATE_DONE) {
                continue;
            }
            finished++;
            worker->rc = run_store_metrics(reader, runs.items[i].id, &values, NULL);
            if (worker->rc == 0) {
                worker->rc = values.count == METRIC_COUNT ? 0 : ERR_CORRUPT;
                metric_list_deinit(&values);
            }
        }
        if (worker->rc == 0) {
            run_list_deinit(&runs);
        }
    }
    db_reader_close(reader);
    return NULL;
}

static void test_run_writer_serves_many_threads(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct worker workers[WORKERS + 1];
    for (uint32_t i = 0; i <= WORKERS; i++) {
        workers[i] = (struct worker){.db = w->db, .cell = w->cell, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL,
                                        i < WORKERS ? work : look, &workers[i]),
                         0);
    }
    for (uint32_t i = 0; i <= WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].rc, 0);
    }
    fixture_ok(db_reader_check(w->reader, &err), &err);
    assert_int_equal(
        fixture_sql(w->fixture, "SELECT count(*) FROM run WHERE timeline = 2"),
        WORKERS * RUNS_EACH);
    assert_int_equal(fixture_sql(w->fixture, "SELECT sum(count) FROM span_chunk"),
                     WORKERS * RUNS_EACH * 20 * 500);
    world_close(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_run_writer_stores_a_run),
        TEST(test_run_writer_leaves_out_what_has_no_meaning),
        TEST(test_run_writer_needs_a_cell),
        TEST(test_run_writer_abandons),
        TEST(test_run_writer_keeps_no_timeline_of_a_stopped_run),
        TEST(test_run_writer_drops_what_is_cancelled),
        TEST(test_db_recover_marks_what_was_running),
        TEST(test_run_writer_adds_a_timeline_later),
        TEST(test_run_writer_refuses_another_result),
        TEST(test_cell_store_summarises_an_odd_number_of_runs),
        TEST(test_cell_store_summarises_an_even_number_of_runs),
        TEST(test_cell_store_of_one_run_has_no_interval),
        TEST(test_cell_store_summarises_a_repetition_once),
        TEST(test_run_writer_survives_every_failing_call),
        TEST(test_run_writer_survives_every_failing_allocation),
        TEST(test_run_writer_serves_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
