/* SPDX-License-Identifier: MIT */
/* test_process_executor - jobs of an event loop whose stretches run in a
 * ProcessPoolExecutor: who does what, in which order, what it costs, how it ends. */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "tests/support/pool_stage.h"

static void give(struct pool_stage *stage, uint32_t jobs, const char *steps,
                 uint32_t limit, uint32_t workers) {
    plan_jobs(&stage->plan, jobs, steps);
    plan_strategy(&stage->plan, STRATEGY_ASYNCIO, limit);
    stage->plan.strategy.to_process = workers;
}

/* Nothing costs anything. */
static void begin(struct pool_stage *stage, uint32_t workers, uint32_t jobs,
                  const char *steps) {
    pool_stage_begin_free(stage);
    give(stage, jobs, steps, 100, workers);
}

/* Nanoseconds in a state of all threads that are not the first process's. */
static sim_ns total_of_workers(const struct pool_stage *stage, enum lane_state state) {
    const lane_id parent = timeline_find(&stage->timeline, LANE_PROCESS, "process");
    sim_ns total = 0;
    for (size_t i = 0; i < stage->timeline.lane_count; i++) {
        const struct lane *lane = &stage->timeline.lanes[i];
        if (lane->kind == LANE_THREAD && lane->parent != parent) {
            total += timeline_total(&stage->timeline, (lane_id)i, state);
        }
    }
    return total;
}

/* --- the way of a call --------------------------------------------------------- */

/* Calls are taken in the order in which they were submitted, by every number of workers;
 * the tasks go on in that order, too. */
static void test_process_executor_is_a_list_schedule(void **state) {
    (void)state;
    for (uint32_t workers = 1; workers <= 5; workers++) {
        struct pool_stage stage;
        sim_ns last = 0;
        begin(&stage, workers, 12, "io_blocking 1ms");
        pool_stage_run(&stage);
        for (sim_ns job = 0; job < 12; job++) {
            char name[24];
            snprintf(name, sizeof name, "job %d", (int)job);
            const lane_id lane = timeline_find(&stage.timeline, LANE_TASK, name);
            assert_int_not_equal(lane, LANE_NONE);
            last = lane_table_died(&stage.result.lanes, lane);
            assert_int_equal(last, (job / workers + 1) * NS_PER_MS);
        }
        assert_int_equal(stage.result.duration_ns, last);
        assert_true(fabs(pool_stage_jobs_done(&stage) - 12) < 1e-6);
        assert_int_equal(pool_stage_processes(&stage), workers);
        pool_stage_end(&stage);
    }
}

/* What follows one another without an await is one call; what is awaited is the loop's.
 * As many iterations as with threads: one more for each end of a call. */
static void test_process_executor_runs_stretches(void **state) {
    (void)state;
    double iterations[2];
    for (int threads = 0; threads <= 1; threads++) {
        struct pool_stage stage;
        begin(&stage, 1, 1,
              "python 1ms c_held 2ms io 3ms sleep_blocking 1ms c_released 4ms sleep 2ms "
              "python 1ms");
        if (threads) {
            stage.plan.strategy.to_thread = 1;
            stage.plan.strategy.to_process = 0;
        }
        pool_stage_run(&stage);
        iterations[threads] = stage.result.metric[METRIC_LOOP_ITERATIONS];
        if (!threads) {
            assert_int_equal(stage.result.duration_ns, 14 * NS_PER_MS);
            assert_int_equal(total_of_workers(&stage, STATE_RUNNING), 2 * NS_PER_MS);
            assert_int_equal(total_of_workers(&stage, STATE_RUNNING_C), 2 * NS_PER_MS);
            assert_int_equal(total_of_workers(&stage, STATE_SLEEP), NS_PER_MS);
            const lane_id job = timeline_find(&stage.timeline, LANE_TASK, "job 0");
            struct timeline_text text;
            assert_string_equal(
                timeline_describe(&stage.timeline, job, &text),
                "await_future@0 await_io@3000000 await_future@6000000 "
                "await_timer@11000000 await_future@13000000 end@14000000");
        }
        pool_stage_end(&stage);
    }
    assert_true(iterations[0] == iterations[1]);
}

/* The loop's thread submits, the manager sets the Future and with that wakes the loop. */
static void test_process_executor_manager_wakes_the_loop(void **state) {
    (void)state;
    struct pool_stage stage;
    int woken = 0;
    pool_stage_begin(&stage, "linux-desktop", "cpython-3.12");
    give(&stage, 6, "python 2ms io 1ms python 2ms", 3, 2);
    pool_stage_run(&stage);
    const lane_id manager = pool_stage_thread(&stage, "ExecutorManagerThread");
    const lane_id loop = timeline_find(&stage.timeline, LANE_LOOP, "event loop");
    for (size_t i = 0; i < stage.timeline.span_count; i++) {
        const struct timeline_span *span = &stage.timeline.spans[i];
        if (stage.timeline.lanes[span->lane].kind == LANE_TASK &&
            span->state == STATE_AWAIT_FUTURE) {
            assert_int_equal(span->by, manager);
            woken++;
        }
    }
    assert_int_equal(woken, 12);
    const struct lane *main = &stage.timeline.lanes[stage.timeline.lanes[loop].parent];
    assert_string_equal(main->name, "MainThread");
    assert_int_equal(main->parent, stage.timeline.lanes[manager].parent);
    /* self-pipe and manager: each byte is written without the GIL */
    assert_true(timeline_total(&stage.timeline, manager, STATE_DETACHED) > 0);
    pool_stage_end(&stage);
}

/* Payload and result go with each call: with 1 ns for a byte each time it passes it, four
 * times a MiB for each of two calls. */
static void test_process_executor_bytes_of_each_call(void **state) {
    (void)state;
    enum { MIB = 1048576 };
    for (int back = 0; back <= 1; back++) {
        struct pool_stage stage;
        begin(&stage, 1, 1, "sleep_blocking 1ms io 1ms sleep_blocking 1ms");
        stage.plan.machine.copy_mb_per_s = 1000;
        stage.plan.runtime.pickle_mb_per_s = 1000;
        stage.plan.job_payload_bytes = back ? 0 : MIB;
        stage.plan.job_result_bytes = back ? MIB : 0;
        pool_stage_run(&stage);
        const sim_ns beside = stage.result.duration_ns - 3 * NS_PER_MS - 8 * MIB;
        assert_true(beside > 0 && beside < 8000);
        pool_stage_end(&stage);
    }
}

/* --- what it is good for ------------------------------------------------------- */

enum where { ON_THE_LOOP, IN_THREADS, IN_PROCESSES };

static void run_on(struct pool_stage *stage, enum where where, uint32_t workers) {
    pool_stage_begin(stage, "linux-desktop", "cpython-3.12");
    stage->plan.machine.cores = 8;
    give(stage, 16, "python 40ms sleep 5ms", 100, where == IN_PROCESSES ? workers : 0);
    stage->plan.strategy.to_thread = where == IN_THREADS ? workers : 0;
    pool_stage_run(stage);
}

/* Python holds up the loop for all its length, and in threads for an interval whenever it
 * wants the GIL back. In processes it has another GIL. */
static void test_process_executor_leaves_the_loop_alone(void **state) {
    (void)state;
    double lag[3], callback[3];
    for (enum where where = ON_THE_LOOP; where <= IN_PROCESSES; where++) {
        struct pool_stage stage;
        run_on(&stage, where, 4);
        lag[where] = stage.result.metric[METRIC_LOOP_LAG_MAX_US];
        callback[where] = stage.result.metric[METRIC_LOOP_CALLBACK_MAX_US];
        pool_stage_end(&stage);
    }
    assert_true(lag[ON_THE_LOOP] >= 40000 && callback[ON_THE_LOOP] >= 40000);
    assert_true(lag[IN_THREADS] >= 5000);
    assert_true(lag[IN_PROCESSES] < 2000);
}

/* 640 ms of Python: threads share one GIL, each process has its own. */
static void test_process_executor_scales_python(void **state) {
    (void)state;
    for (uint32_t workers = 1; workers <= 8; workers *= 2) {
        for (enum where where = IN_THREADS; where <= IN_PROCESSES; where++) {
            struct pool_stage stage;
            begin(&stage, workers, 16, "python 40ms");
            if (where == IN_THREADS) {
                stage.plan.strategy.to_thread = workers;
                stage.plan.strategy.to_process = 0;
            }
            pool_stage_run(&stage);
            assert_int_equal(stage.result.duration_ns,
                             640 * NS_PER_MS / (where == IN_THREADS ? 1 : workers));
            pool_stage_end(&stage);
        }
    }
}

/* Waits of some jobs lie beside the computing of others. */
static void test_process_executor_overlaps_waits(void **state) {
    (void)state;
    struct pool_stage stage;
    begin(&stage, 2, 20, "io 50ms python 5ms");
    pool_stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, (50 + 20 * 5 / 2) * NS_PER_MS);
    pool_stage_end(&stage);
}

/* --- beginning and end --------------------------------------------------------- */

static int started(enum start_method start, uint32_t limit, uint32_t jobs,
                   const char *steps) {
    struct pool_stage stage;
    begin(&stage, 5, jobs, steps);
    stage.plan.strategy.workers = limit;
    stage.plan.strategy.start = start;
    pool_stage_run(&stage);
    const bool server =
        timeline_find(&stage.timeline, LANE_PROCESS, "forkserver") != LANE_NONE;
    const int count = pool_stage_processes(&stage) - server;
    if (count == 0) {
        assert_int_equal(
            timeline_find(&stage.timeline, LANE_THREAD, "ExecutorManagerThread"),
            LANE_NONE);
    }
    pool_stage_end(&stage);
    return count;
}

/* With fork all at the first submit(), else one when none is idle; without a call neither
 * processes nor threads. */
static void test_process_executor_starts_processes(void **state) {
    (void)state;
    assert_int_equal(started(START_FORK, 100, 1, "python 1ms"), 5);
    assert_int_equal(started(START_FORK, 100, 0, "python 1ms"), 0);
    assert_int_equal(started(START_FORK, 100, 9, "io 1ms sleep 1ms"), 0);
    assert_int_equal(started(START_SPAWN, 1, 10, "python 1ms io 1ms"), 1);
    assert_int_equal(started(START_SPAWN, 3, 30, "sleep_blocking 1ms io 1ms"), 3);
    assert_int_equal(started(START_FORKSERVER, 100, 30, "sleep_blocking 1ms"), 5);
}

/* Of the first process that a strategy starts. */
static void first_process(const struct strategy *strategy, const char *profile,
                          const char *runtime, char name[48]) {
    struct pool_stage stage;
    pool_stage_begin(&stage, profile, runtime);
    plan_jobs(&stage.plan, 1, "python 1ms");
    stage.plan.strategy = *strategy;
    pool_stage_run(&stage);
    name[0] = '\0';
    for (size_t i = 0; i < stage.timeline.lane_count; i++) {
        const struct lane *lane = &stage.timeline.lanes[i];
        if (lane->kind == LANE_PROCESS && strchr(lane->name, '-') != NULL) {
            snprintf(name, 48, "%s", lane->name);
        }
    }
    pool_stage_end(&stage);
}

/* What "start" says, or else as the runtime does on that system: as any pool. */
static void test_process_executor_starts_as_a_pool_does(void **state) {
    (void)state;
    static const char *const profiles[] = {"linux-desktop", "macos-laptop"};
    static const char *const runtimes[] = {"cpython-3.7", "cpython-3.8", "cpython-3.13",
                                           "cpython-3.14", "cpython-3.14t"};
    size_t names = 0;
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        for (int start = 0; start < 2 * START_METHOD_COUNT; start++) {
            const char *profile = profiles[start / START_METHOD_COUNT];
            struct strategy pool = {.kind = STRATEGY_PROCESSES,
                                    .workers = 1,
                                    .start =
                                        (enum start_method)(start % START_METHOD_COUNT)};
            struct strategy beside = pool;
            beside.kind = STRATEGY_ASYNCIO;
            beside.to_process = 1;
            char expected[48], name[48];
            first_process(&pool, profile, runtimes[i], expected);
            first_process(&beside, profile, runtimes[i], name);
            assert_string_equal(name, expected);
            names |= (size_t)(strcmp(name, "ForkProcess-1") == 0) |
                     (size_t)(strcmp(name, "SpawnProcess-1") == 0) << 1 |
                     (size_t)(strcmp(name, "ForkServerProcess-1") == 0) << 2;
        }
    }
    assert_int_equal(names, 7);
}

/* with ProcessPoolExecutor(): the thread of the loop joins the manager when the loop is
 * closed, and the manager joins the processes. */
static void test_process_executor_is_shut_down(void **state) {
    (void)state;
    for (enum start_method start = START_FORK; start <= START_SPAWN; start++) {
        struct pool_stage stage;
        pool_stage_begin(&stage, "linux-desktop", "cpython-3.13");
        give(&stage, 7, "python 5ms io 2ms", 4, 3);
        stage.plan.strategy.start = start;
        pool_stage_run(&stage);
        const lane_id loop = timeline_find(&stage.timeline, LANE_LOOP, "event loop");
        const lane_id main = pool_stage_thread(&stage, "MainThread");
        const lane_id manager = pool_stage_thread(&stage, "ExecutorManagerThread");
        const lane_id feeder = pool_stage_thread(&stage, "QueueFeederThread");
        const sim_ns closed = lane_table_died(&stage.result.lanes, loop);
        const sim_ns managed = lane_table_died(&stage.result.lanes, manager);
        assert_true(lane_table_died(&stage.result.lanes, feeder) > closed);
        assert_true(managed > lane_table_died(&stage.result.lanes, feeder));
        assert_true(lane_table_died(&stage.result.lanes, main) > managed);
        for (lane_id i = 0; (size_t)i < stage.result.lanes.count; i++) {
            const struct lane_total lane = lane_table_total(&stage.result.lanes, i);
            if (lane.lane.kind == LANE_PROCESS && strchr(lane.lane.name, '-') != NULL) {
                assert_true(lane.died_ns > closed && lane.died_ns < managed);
            }
        }
        pool_stage_end(&stage);
    }
}

/* --- everywhere ---------------------------------------------------------------- */

static void test_process_executor_on_every_runtime(void **state) {
    (void)state;
    for (size_t i = 0; i < runtime_row_count; i++) {
        for (int start = 0; start < START_METHOD_COUNT; start++) {
            struct pool_stage stage;
            const struct runtime *runtime = &runtime_rows[i].runtime;
            pool_stage_begin(&stage, "linux-vm-2", runtime->name);
            give(&stage, 25,
                 "python exp:200us io exp:500us c_released 50us io_blocking 100us "
                 "sleep exp:1ms python exp:100us",
                 8, 3);
            stage.plan.strategy.chunk = 4; /* not of this strategy */
            stage.plan.strategy.start = (enum start_method)start;
            stage.plan.job_payload_bytes = 30000;
            stage.plan.job_result_bytes = 7;
            if (!runtime->has_asyncio || !runtime->has_thread_pool ||
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

/* An acceptor makes the tasks; each has its calls. */
static void test_process_executor_takes_arrivals(void **state) {
    (void)state;
    for (enum start_method start = START_FORK; start <= START_SPAWN; start++) {
        struct pool_stage stage;
        pool_stage_begin(&stage, "linux-desktop", "cpython-3.14");
        give(&stage, 0, "python 1ms io 2ms python 1ms", 10, 4);
        stage.plan.strategy.start = start;
        stage.plan.arrivals = (struct arrivals_plan){.kind = ARRIVALS_BURSTS,
                                                     .burst = 20,
                                                     .rate_per_s = 500,
                                                     .for_ns = NS_PER_S / 2};
        pool_stage_run(&stage);
        const double arrived = stage.result.metric[METRIC_ARRIVALS];
        assert_true(arrived > 100);
        assert_true(fabs((double)stage.result.histograms[HISTOGRAM_SERVICE].count -
                         arrived) < 0.5);
        pool_stage_end(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_executor_is_a_list_schedule),
        cmocka_unit_test(test_process_executor_runs_stretches),
        cmocka_unit_test(test_process_executor_manager_wakes_the_loop),
        cmocka_unit_test(test_process_executor_bytes_of_each_call),
        cmocka_unit_test(test_process_executor_leaves_the_loop_alone),
        cmocka_unit_test(test_process_executor_scales_python),
        cmocka_unit_test(test_process_executor_overlaps_waits),
        cmocka_unit_test(test_process_executor_starts_processes),
        cmocka_unit_test(test_process_executor_starts_as_a_pool_does),
        cmocka_unit_test(test_process_executor_is_shut_down),
        cmocka_unit_test(test_process_executor_on_every_runtime),
        cmocka_unit_test(test_process_executor_takes_arrivals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
