/* SPDX-License-Identifier: MIT */
/* test_process_pool - ProcessPoolExecutor: which processes are started, how many calls are
 * under way, what chunks and bytes cost, and how it ends. */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "tests/support/pool_stage.h"

/* Nothing costs anything. */
static void begin(struct pool_stage *stage, uint32_t workers, uint32_t jobs,
                  const char *steps) {
    pool_stage_begin_free(stage);
    plan_jobs(&stage->plan, jobs, steps);
    plan_strategy(&stage->plan, STRATEGY_PROCESSES, workers);
}

/* --- the whole ----------------------------------------------------------------- */

/* Jobs that only wait: the schedule of a list, on every number of workers. */
static void test_process_pool_is_a_list_schedule(void **state) {
    (void)state;
    for (uint32_t workers = 1; workers <= 5; workers++) {
        struct pool_stage stage;
        begin(&stage, workers, 12, "sleep 1ms");
        pool_stage_run(&stage);
        assert_int_equal(stage.result.duration_ns,
                         (12 + workers - 1) / workers * NS_PER_MS);
        assert_true(fabs(pool_stage_jobs_done(&stage) - 12) < 1e-6);
        assert_int_equal(pool_stage_processes(&stage), workers);
        pool_stage_end(&stage);
    }
}

static void test_process_pool_shows_who_is_who(void **state) {
    (void)state;
    struct pool_stage stage;
    begin(&stage, 2, 8, "python 1ms");
    pool_stage_run(&stage);
    const lane_id parent = timeline_find(&stage.timeline, LANE_PROCESS, "process");
    static const char *const threads[] = {"ExecutorManagerThread", "QueueFeederThread"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            stage.timeline.lanes[pool_stage_thread(&stage, threads[i])].parent, parent);
    }
    int gils = 0;
    for (size_t i = 0; i < stage.timeline.lane_count; i++) {
        gils += stage.timeline.lanes[i].kind == LANE_GIL;
    }
    assert_int_equal(gils, 3);
    for (int i = 1; i <= 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "ForkProcess-%d", i);
        const lane_id lane = timeline_find(&stage.timeline, LANE_PROCESS, name);
        assert_int_not_equal(lane, LANE_NONE);
        assert_true(lane_table_died(&stage.result.lanes, lane) <=
                    stage.result.duration_ns);
        assert_int_equal(
            timeline_state_at(&stage.timeline, lane, stage.result.duration_ns),
            STATE_COUNT);
    }
    pool_stage_end(&stage);
}

/* Who works on the result is who is waited for; the manager ends the wait. */
static void test_process_pool_caller_waits_for_a_worker(void **state) {
    (void)state;
    struct pool_stage stage;
    size_t named = 0;
    begin(&stage, 3, 20, "sleep exp:1ms python exp:1ms");
    pool_stage_run(&stage);
    const lane_id manager = pool_stage_thread(&stage, "ExecutorManagerThread");
    const lane_id parent = stage.timeline.lanes[manager].parent;
    for (size_t i = 0; i < stage.timeline.span_count; i++) {
        const struct timeline_span *span = &stage.timeline.spans[i];
        const struct lane *lane = &stage.timeline.lanes[span->lane];
        if (span->state == STATE_WAIT_OBJECT && lane->parent == parent &&
            strcmp(lane->name, "MainThread") == 0 && span->resource != LANE_NONE &&
            span->resource != manager) {
            assert_int_equal(span->by, manager);
            assert_int_not_equal(stage.timeline.lanes[span->resource].parent, parent);
            named++;
        }
    }
    assert_true(named >= 3);
    pool_stage_end(&stage);
}

/* --- starting ------------------------------------------------------------------ */

static int started(enum start_method start, bool on_demand, sim_ns start_ns,
                   uint32_t jobs) {
    struct pool_stage stage;
    begin(&stage, 5, jobs, "sleep 500us");
    stage.plan.strategy.start = start;
    stage.plan.runtime.gil = GIL_NONE; /* else submit() would keep the manager out */
    stage.plan.runtime.pool_starts_on_demand = on_demand;
    stage.plan.runtime.process_start_ns = start_ns;
    pool_stage_run(&stage);
    const int count =
        pool_stage_processes(&stage) -
        (timeline_find(&stage.timeline, LANE_PROCESS, "forkserver") != LANE_NONE);
    pool_stage_end(&stage);
    return count;
}

/* fork, and every way up to 3.8: all at the first submit(). Else one when none is idle. */
static void test_process_pool_starts_processes(void **state) {
    (void)state;
    assert_int_equal(started(START_FORK, true, 0, 1), 5);
    assert_int_equal(started(START_SPAWN, false, 0, 1), 5);
    assert_int_equal(started(START_FORKSERVER, false, 0, 1), 5);
    assert_int_equal(started(START_FORK, true, 0, 0), 0);
    assert_int_equal(started(START_SPAWN, true, 0, 1), 1);
    assert_int_equal(started(START_SPAWN, true, 0, 3), 3);
    assert_int_equal(started(START_SPAWN, true, 0, 50), 5);
    assert_int_equal(started(START_FORKSERVER, true, 0, 3), 3);
    /* While the second process is being started the first does two jobs, and while the
     * third is, three more: then as many have said that they are idle. */
    assert_int_equal(started(START_SPAWN, true, 50 * NS_PER_MS, 6), 3);
}

static const char *first_process(const char *profile, const char *runtime,
                                 enum start_method start, char name[48]) {
    struct pool_stage stage;
    pool_stage_begin(&stage, profile, runtime);
    plan_jobs(&stage.plan, 1, "python 1ms");
    plan_strategy(&stage.plan, STRATEGY_PROCESSES, 1);
    stage.plan.strategy.start = start;
    pool_stage_run(&stage);
    name[0] = '\0';
    for (size_t i = 0; i < stage.timeline.lane_count; i++) {
        const struct lane *lane = &stage.timeline.lanes[i];
        if (lane->kind == LANE_PROCESS && strchr(lane->name, '-') != NULL) {
            snprintf(name, 48, "%s", lane->name);
        }
    }
    pool_stage_end(&stage);
    return name;
}

static void test_process_pool_default_way_to_start(void **state) {
    (void)state;
    char name[48];
    static const struct {
        const char *profile, *runtime;
        enum start_method start;
        const char *expected;
    } rows[] = {
        {"linux-desktop", "cpython-3.7", START_DEFAULT, "ForkProcess-1"},
        {"linux-desktop", "cpython-3.13", START_DEFAULT, "ForkProcess-1"},
        {"linux-desktop", "cpython-3.14", START_DEFAULT, "ForkServerProcess-1"},
        {"linux-desktop", "cpython-3.14t", START_DEFAULT, "ForkServerProcess-1"},
        {"linux-desktop", "cpython-3.14", START_FORK, "ForkProcess-1"},
        {"macos-laptop", "cpython-3.7", START_DEFAULT, "ForkProcess-1"},
        {"macos-laptop", "cpython-3.8", START_DEFAULT, "SpawnProcess-1"},
        {"macos-laptop", "cpython-3.15", START_DEFAULT, "SpawnProcess-1"},
        {"macos-laptop", "cpython-3.15", START_FORKSERVER, "ForkServerProcess-1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(
            first_process(rows[i].profile, rows[i].runtime, rows[i].start, name),
            rows[i].expected);
    }
}

/* One server for all, which forks and imports nothing again; each child imports. */
static void test_process_pool_imports_again(void **state) {
    (void)state;
    static const sim_ns expected[] = {
        [START_FORK] = 7, [START_FORKSERVER] = 100 + 47, [START_SPAWN] = 100 + 47};
    for (enum start_method start = START_FORK; start <= START_SPAWN; start++) {
        struct pool_stage stage;
        begin(&stage, 2, 2, "sleep 5ms");
        stage.plan.strategy.start = start;
        stage.plan.runtime.spawn_start_ns = 100 * NS_PER_MS;
        stage.plan.runtime.import_ns = 40 * NS_PER_MS;
        stage.plan.runtime.process_bootstrap_ns = 2 * NS_PER_MS;
        pool_stage_run(&stage);
        assert_int_equal(stage.result.duration_ns, expected[start] * NS_PER_MS);
        pool_stage_end(&stage);
    }
}

/* --- the way of a call --------------------------------------------------------- */

/* How long the feeder has been stuck in write(). */
static sim_ns stuck(uint32_t workers, int64_t payload) {
    struct pool_stage stage;
    begin(&stage, workers, 300, "sleep uniform:500us:1500us");
    stage.plan.job_payload_bytes = payload;
    pool_stage_run(&stage);
    const lane_id feeder = pool_stage_thread(&stage, "QueueFeederThread");
    const sim_ns ns = timeline_total(&stage.timeline, feeder, STATE_IO);
    pool_stage_end(&stage);
    return ns;
}

/* Besides those that are worked on no more calls are under way than max_workers + 1: five
 * of 10 kB are in the pipe, ten do not fit. */
static void test_process_pool_prefetches_one(void **state) {
    (void)state;
    assert_int_equal(stuck(4, 10000), 0);
    assert_true(stuck(9, 10000) > 0);
    assert_true(stuck(4, 20000) > 0);
    assert_int_equal(stuck(3, 14000), 0); /* four are 56 kB, of 64 KiB */
    assert_true(stuck(4, 14000) > 0);     /* five are 70 kB */
}

/* Fewer messages: the same jobs are done sooner. */
static void test_process_pool_chunks(void **state) {
    (void)state;
    double last = INFINITY;
    static const uint32_t chunks[] = {1, 7, 50, 500};
    for (size_t i = 0; i < 4; i++) {
        struct pool_stage stage;
        pool_stage_begin(&stage, "linux-desktop", "cpython-3.12");
        plan_jobs(&stage.plan, 500, "python 5us");
        plan_strategy(&stage.plan, STRATEGY_PROCESSES, 1);
        stage.plan.strategy.chunk = chunks[i];
        pool_stage_run(&stage);
        assert_true(fabs(pool_stage_jobs_done(&stage) - 500) < 1e-6);
        assert_true(stage.result.metric[METRIC_MAKESPAN_US] < last);
        last = stage.result.metric[METRIC_MAKESPAN_US];
        pool_stage_end(&stage);
    }
}

/* A MiB is pickled, goes through the pipe in turns, and is unpickled: with 1 ns for a byte
 * each time it passes it four times, and what comes back likewise. */
static void test_process_pool_bytes_both_ways(void **state) {
    (void)state;
    enum { MIB = 1048576 };
    for (int back = 0; back <= 1; back++) {
        struct pool_stage stage;
        begin(&stage, 1, 1, "sleep 1ms");
        stage.plan.machine.copy_mb_per_s = 1000;
        stage.plan.runtime.pickle_mb_per_s = 1000;
        stage.plan.job_payload_bytes = back ? 0 : MIB;
        stage.plan.job_result_bytes = back ? MIB : 0;
        pool_stage_run(&stage);
        const sim_ns beside = stage.result.duration_ns - NS_PER_MS - 4 * MIB;
        assert_true(beside > 0 && beside < 4000);
        pool_stage_end(&stage);
    }
}

/* submit(job).result(): one job at a time, whatever the number of workers; also in a pool
 * of threads and of interpreters. */
static void test_process_pool_one_by_one(void **state) {
    (void)state;
    static const enum strategy_kind kinds[] = {STRATEGY_THREADS, STRATEGY_PROCESSES,
                                               STRATEGY_INTERPRETERS};
    for (size_t i = 0; i < 3; i++) {
        struct pool_stage stage;
        begin(&stage, 4, 9, "sleep 1ms");
        plan_strategy(&stage.plan, kinds[i], 4);
        stage.plan.strategy.one_by_one = true;
        pool_stage_run(&stage);
        assert_int_equal(stage.result.duration_ns, 9 * NS_PER_MS);
        pool_stage_end(&stage);
    }
}

/* Three threads of the parent work on each item, one at a time. */
static void test_process_pool_needs_the_parents_gil(void **state) {
    (void)state;
    struct pool_stage stage;
    begin(&stage, 4, 200, "sleep 10us");
    stage.plan.runtime.process_job_ns = 383000; /* 100 ns an opcode, nearly all in it */
    pool_stage_run(&stage);
    const lane_id gil = timeline_find(&stage.timeline, LANE_GIL, "GIL"); /* the first */
    assert_true(timeline_total(&stage.timeline, gil, STATE_HELD) >
                stage.result.duration_ns * 9 / 10);
    const lane_id manager = pool_stage_thread(&stage, "ExecutorManagerThread");
    assert_true(timeline_total(&stage.timeline, manager, STATE_WAIT_GIL) > 0);
    pool_stage_end(&stage);
}

/* --- everywhere ---------------------------------------------------------------- */

/* Every runtime that has the executor and every way to start, with all that it costs. */
static void test_process_pool_on_every_runtime(void **state) {
    (void)state;
    for (size_t i = 0; i < runtime_row_count; i++) {
        for (int start = 0; start < START_METHOD_COUNT; start++) {
            struct pool_stage stage;
            const struct runtime *runtime = &runtime_rows[i].runtime;
            pool_stage_begin(&stage, "linux-vm-2", runtime->name);
            plan_jobs(&stage.plan, 25, "python exp:200us io exp:500us c_released 50us");
            plan_strategy(&stage.plan, STRATEGY_PROCESSES, 3);
            stage.plan.strategy.chunk = 4;
            stage.plan.strategy.start = (enum start_method)start;
            stage.plan.job_payload_bytes = 30000;
            stage.plan.job_result_bytes = 7;
            if (!runtime->has_thread_pool ||
                (start > START_FORK && !runtime->has_start_methods)) {
                assert_int_equal(plan_check(&stage.plan, NULL), ERR_UNSUPPORTED);
            } else {
                pool_stage_run(&stage);
                assert_true(fabs(pool_stage_jobs_done(&stage) - 25) < 1e-6);
            }
            pool_stage_end(&stage);
        }
    }
}

/* Jobs that arrive are submitted as they come; shutdown() waits for those that are still
 * being worked on. */
static void test_process_pool_takes_arrivals(void **state) {
    (void)state;
    for (enum start_method start = START_FORK; start <= START_SPAWN; start++) {
        struct pool_stage stage;
        pool_stage_begin(&stage, "linux-desktop", "cpython-3.14");
        plan_jobs(&stage.plan, 0, "python 3ms");
        plan_strategy(&stage.plan, STRATEGY_PROCESSES, 4);
        stage.plan.strategy.start = start;
        stage.plan.arrivals = (struct arrivals_plan){.kind = ARRIVALS_BURSTS,
                                                     .burst = 6,
                                                     .rate_per_s = 500,
                                                     .for_ns = NS_PER_S / 2};
        pool_stage_run(&stage);
        const double arrived = stage.result.metric[METRIC_ARRIVALS];
        assert_true(arrived > 100);
        assert_true(fabs((double)stage.result.histograms[HISTOGRAM_SERVICE].count -
                         arrived) < 0.5);
        assert_true(stage.result.metric[METRIC_QUEUEING_MAX_US] > 3000);
        pool_stage_end(&stage);
    }
}

static void test_process_pool_memory_by_start(void **state) {
    (void)state;
    for (enum start_method start = START_FORK; start <= START_SPAWN; start++) {
        struct pool_stage stage;
        pool_stage_begin(&stage, "ideal", "cpython-3.12");
        plan_jobs(&stage.plan, 20, "python 60ms");
        plan_strategy(&stage.plan, STRATEGY_PROCESSES, 3);
        stage.plan.strategy.start = start;
        pool_stage_run(&stage);
        const struct runtime *runtime = &stage.plan.runtime;
        const int64_t own = start == START_SPAWN ? 4 : start == START_FORKSERVER ? 2 : 1;
        const int64_t forked = start == START_SPAWN ? 0 : 3;
        assert_true(stage.result.metric[METRIC_MEMORY_PEAK_BYTES] ==
                    (double)(own * runtime->process_bytes + forked * runtime->fork_bytes +
                             2 * runtime->thread_bytes));
        pool_stage_end(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_pool_is_a_list_schedule),
        cmocka_unit_test(test_process_pool_shows_who_is_who),
        cmocka_unit_test(test_process_pool_caller_waits_for_a_worker),
        cmocka_unit_test(test_process_pool_starts_processes),
        cmocka_unit_test(test_process_pool_default_way_to_start),
        cmocka_unit_test(test_process_pool_imports_again),
        cmocka_unit_test(test_process_pool_prefetches_one),
        cmocka_unit_test(test_process_pool_chunks),
        cmocka_unit_test(test_process_pool_bytes_both_ways),
        cmocka_unit_test(test_process_pool_one_by_one),
        cmocka_unit_test(test_process_pool_needs_the_parents_gil),
        cmocka_unit_test(test_process_pool_on_every_runtime),
        cmocka_unit_test(test_process_pool_takes_arrivals),
        cmocka_unit_test(test_process_pool_memory_by_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
