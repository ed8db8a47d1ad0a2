/* SPDX-License-Identifier: MIT */
/*
 * test_loop - the event loop in examples, to the nanosecond. Random sets of tasks are in
 * test_loop_oracle.c.
 */
#include <string.h>

#include "engine/aio/loop.h"
#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"
#include "tests/support/loop_stage.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

/* --- one iteration ------------------------------------------------------------- */

/* What a callback appends waits for the next iteration: b runs before a goes on, and
 * there is a select (10 us) in between. */
static void test_loop_runs_only_what_was_ready_at_the_snapshot(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.machine.syscall_ns = 10000;
    plan_task(&stage.plan, stage.loop, "a", 1, "python 1ms await_sleep 0ns python 1ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a",
                      "ready@0 running@10000 ready@1010000 running@2020000 end@3020000");
    stage_expect_task(&stage, "b", "ready@0 running@1010000 end@2010000");
    stage_expect_lane(
        &stage, LANE_LOOP, "event loop",
        "poll@0 callback@10000 callback@1010000 poll@2010000 callback@2020000 "
        "poll@3020000 poll@3030000 end@3040000");
    stage_end(&stage);
}

/* step | done | main: what every task costs; then each kind of suspension. */
static void test_loop_iterations_per_suspension(void **state) {
    (void)state;
    static const struct {
        const char *steps;
        int iterations;
    } cases[] = {
        {"python 1ms", 3},
        {"await_sleep 0ns", 4}, /* step */
        {"await_sleep 5ms", 5}, /* timer, step */
        {"await_io 5ms", 5},    /* result, step */
        {"io 5ms", 3},          /* blocks: nothing is suspended */
        {"await_sleep 0ns await_sleep 0ns", 5},
        {"await_io 1ms await_sleep 1ms python 1ms", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage;
        stage_begin(&stage);
        plan_task(&stage.plan, stage.loop, "t", 1, cases[i].steps);
        stage_run(&stage);
        stage_expect_iterations(&stage, cases[i].iterations);
        stage_end(&stage);
    }
}

static void test_loop_without_tasks_ends(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage_run(&stage);
    stage_expect_iterations(&stage, 1);
    assert_int_equal(stage.result.duration_ns, 0);
    stage_end(&stage);
}

static void test_loop_gather_ends_with_the_last_task(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "long", 1, "await_sleep 70ms");
    plan_task(&stage.plan, stage.loop, "short", 20, "await_sleep 10ms");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 70 * NS_PER_MS);
    stage_expect_task(&stage, "short 19", "await_timer@0 end@10000000");
    stage_end(&stage);
}

/* --- timers -------------------------------------------------------------------- */

/* epoll rounds up to whole milliseconds; a timer is never early. */
static void test_loop_sleep_is_rounded_up_to_milliseconds(void **state) {
    (void)state;
    static const struct {
        const char *steps;
        sim_ns end;
    } cases[] = {
        {"await_sleep 1ns", 1000000},    {"await_sleep 100us", 1000000},
        {"await_sleep 1ms", 1000000},    {"await_sleep 1000001ns", 2000000},
        {"await_sleep 2300us", 3000000}, {"python 300us await_sleep 2ms", 2300000},
        {"await_sleep 10ms", 10000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage;
        stage_begin(&stage);
        plan_task(&stage.plan, stage.loop, "t", 1, cases[i].steps);
        stage_run(&stage);
        assert_int_equal(stage.result.duration_ns, cases[i].end);
        stage_end(&stage);
    }
}

/* Rounding happens once per select: b's I/O at 1.5 ms wakes the loop before a's timer
 * (due at 1.2 ms, rounded to 2 ms), and then the timer is due. */
/* kqueue takes any time. */
static void test_loop_sleep_is_exact_on_macos(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.machine.poll_unit_ns = 0;
    plan_task(&stage.plan, stage.loop, "t", 1, "await_sleep 100us await_sleep 1ns");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 100001);
    stage_end(&stage);
    assert_int_equal(machine_profile_find("macos-laptop")->machine.poll_unit_ns, 0);
    assert_int_equal(machine_profile_find("linux-desktop")->machine.poll_unit_ns,
                     NS_PER_MS);
}

static void test_loop_any_wake_up_runs_timers_that_are_due(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1, "await_sleep 1200us");
    plan_task(&stage.plan, stage.loop, "b", 1, "await_io 1500us");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_timer@0 end@1500000");
    stage_expect_task(&stage, "b", "await_io@0 end@1500000");
    stage_end(&stage);
}

static void test_loop_equal_timers_run_in_the_order_of_calls(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1, "await_sleep 5ms python 1ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "await_sleep 5ms python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_timer@0 running@5000000 end@6000000");
    stage_expect_task(&stage, "b",
                      "await_timer@0 ready@5000000 running@6000000 end@7000000");
    stage_end(&stage);
}

/* Each sleep is in the heap until its time has come: two, one, none. */
static void test_loop_counts_the_timers_that_are_scheduled(void **state) {
    (void)state;
    static const int64_t values[] = {2, 1, 0};
    struct stage stage;
    size_t count = 0;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1, "await_sleep 5ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "await_sleep 10ms");
    stage_run(&stage);
    for (size_t i = 0; i < stage.timeline.sample_count; i++) {
        const struct timeline_sample *sample = &stage.timeline.samples[i];
        if (sample->kind == COUNTER_SCHEDULED_TIMERS) {
            assert_in_range(count, 0, 2);
            assert_int_equal(sample->value, values[count++]);
        }
    }
    assert_int_equal(count, 3);
    stage_end(&stage);
}

static void test_loop_timers_run_in_the_order_of_their_times(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "late", 1, "await_sleep 5900us python 1ms");
    plan_task(&stage.plan, stage.loop, "early", 1, "await_sleep 5500us python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "early", "await_timer@0 running@6000000 end@7000000");
    stage_expect_task(&stage, "late",
                      "await_timer@0 ready@6000000 running@7000000 end@8000000");
    stage_end(&stage);
}

/* asyncio.sleep(0.0001) is about 1.1 ms on Linux (epoll rounds up). */
static void test_loop_short_sleep_takes_a_millisecond_on_linux(void **state) {
    (void)state;
    struct stage stage;
    plan_begin(&stage.plan, "linux-desktop", "cpython-3.12");
    timeline_init(&stage.timeline);
    stage.loop = plan_loop(&stage.plan, "server", 1, false);
    plan_task(&stage.plan, stage.loop, "t", 1, "repeat 100 { await_sleep 100us }");
    stage_run(&stage);
    assert_true(stage.result.metric[METRIC_LATENCY_P50_US] > 1050);
    assert_true(stage.result.metric[METRIC_LATENCY_P50_US] < 1250);
    stage_end(&stage);
}

/* select() never waits longer than a day (MAXIMUM_SELECT_TIMEOUT). */
static void test_loop_long_sleep_wakes_up_once_a_day(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.limits.virtual_ns = 100 * INT64_C(86400) * NS_PER_S;
    plan_task(&stage.plan, stage.loop, "t", 1, "await_sleep 216000s"); /* 2.5 days */
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 216000 * NS_PER_S);
    stage_expect_iterations(&stage, 7);
    stage_end(&stage);
}

/* --- a blocked loop ------------------------------------------------------------ */

/* a's timer is due at 1 ms; b computes until 50 ms: a is 49 ms late, exactly. */
static void test_loop_blocked_makes_others_late_by_the_block(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1, "await_sleep 1ms python 2ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "python 50ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_timer@0 running@50000000 end@52000000");
    assert_true(stage.result.metric[METRIC_LOOP_LAG_MAX_US] == 49000.0);
    assert_int_equal(timeline_instants(&stage.timeline, INSTANT_LATE_TIMER), 1);
    stage_end(&stage);
}

static void test_loop_blocking_call_blocks_it_too(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1, "await_io 1ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "sleep 50ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_io@0 end@50000000");
    stage_expect_task(&stage, "b", "running@0 end@50000000");
    stage_expect_lane(&stage, LANE_THREAD, "server", "sleep@0 end@50000000");
    stage_end(&stage);
}

static void test_loop_no_late_timer_within_a_millisecond(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1, "await_sleep 1ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "python 2ms");
    stage_run(&stage);
    /* late by exactly 1 ms: the metric says so, the instant means more */
    assert_true(stage.result.metric[METRIC_LOOP_LAG_MAX_US] == 1000.0);
    assert_int_equal(timeline_instants(&stage.timeline, INSTANT_LATE_TIMER), 0);
    stage_end(&stage);
}

/* --- to_thread ----------------------------------------------------------------- */

/*
 * Starting the worker hands it the GIL: the loop has it back at 1 ms, when the worker
 * does I/O. The result appends a handle and writes a byte; the loop wakes: result and
 * self-pipe are run in one iteration, the task's step in the next.
 */
static void test_loop_to_thread_round_trip(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "a", 1,
              "to_thread { python 1ms io 3ms python 1ms } python 2ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "await_io 2ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_future@0 running@5000000 end@7000000");
    /* b's answer comes while the worker waits for its own: the loop is not blocked */
    stage_expect_task(&stage, "b", "ready@0 await_io@1000000 end@3000000");
    stage_expect_lane(&stage, LANE_THREAD, "asyncio_0",
                      "running@0 io@1000000 running@4000000 idle@5000000 end@7000000");
    stage_end(&stage);
}

/* Reading the self-pipe is a handle, too: it comes after the result and before the step. */
static void test_loop_to_thread_result_comes_with_a_byte(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.runtime.self_pipe_ns = NS_PER_MS;
    plan_task(&stage.plan, stage.loop, "a", 1, "to_thread { io 3ms } python 2ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a",
                      "await_future@0 ready@3000000 running@4000000 end@6000000");
    stage_end(&stage);
}

static void test_loop_to_thread_starts_no_more_workers_than_allowed(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.machine.cores = 2; /* min(32, cores + 4) = 6 */
    plan_task(&stage.plan, stage.loop, "t", 20, "to_thread { io 10ms }");
    stage_run(&stage);
    size_t workers = 0;
    for (size_t i = 0; i < stage.timeline.lane_count; i++) {
        workers += strncmp(stage.timeline.lanes[i].name, "asyncio_", 8) == 0;
    }
    assert_int_equal(workers, 6);
    assert_int_equal(stage.result.duration_ns, 40 * NS_PER_MS); /* ceil(20 / 6) rounds */
    stage_end(&stage);
}

/* 3.6, 3.7: five workers a core. 30 calls of 100 ms on two cores take 0.302 - 0.308 s there,
 * and 0.508 - 0.512 s with 3.8 and 3.12. */
static void test_loop_default_pool_by_version(void **state) {
    (void)state;
    for (int per_core = 0; per_core <= 5; per_core += 5) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.machine.cores = 2;
        stage.plan.runtime.default_pool_per_core = per_core;
        plan_task(&stage.plan, stage.loop, "t", 30, "to_thread { io 100ms }");
        stage_run(&stage);
        assert_int_equal(stage.result.duration_ns,
                         (per_core == 0 ? 500 : 300) * NS_PER_MS);
        stage_end(&stage);
    }
    assert_int_equal(runtime_row_find("cpython-3.7")->runtime.default_pool_per_core, 5);
    assert_int_equal(runtime_row_find("cpython-3.8")->runtime.default_pool_per_core, 0);
}

static void test_loop_to_thread_reuses_an_idle_worker(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "t", 1,
              "repeat 5 { to_thread { python 1ms } await_sleep 1ms }");
    stage_run(&stage);
    assert_int_not_equal(timeline_find(&stage.timeline, LANE_THREAD, "asyncio_0"),
                         LANE_NONE);
    assert_int_equal(timeline_find(&stage.timeline, LANE_THREAD, "asyncio_1"), LANE_NONE);
    stage_end(&stage);
}

/* Pure Python in a thread makes the loop the victim of the convoy: each of its selects
 * gives the GIL up and waits an interval to have it back. */
static void test_loop_waits_for_the_gil_after_every_select(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.machine.wake_warm_ns = 1000;
    stage.plan.machine.wake_idle_ns = 1000;
    stage.plan.machine.wake_deep_ns = 1000;
    stage.plan.machine.syscall_ns = 2000;
    plan_task(&stage.plan, stage.loop, "t", 1, "repeat 10 { await_sleep 0ns }");
    plan_thread(&stage.plan, "spinner", 1, true, "forever { python 1ms }");
    stage_run(&stage);
    /* 13 selects; the first ones may come before the spinner runs */
    assert_true(stage.result.duration_ns > 11 * 5 * NS_PER_MS);
    assert_true(stage.result.duration_ns < 14 * 5.1 * NS_PER_MS);
    stage_end(&stage);
}

/* --- semaphore ----------------------------------------------------------------- */

#define ACT(what, length)                                                                \
    { .kind = (what), .site = SITE_NONE, .ns = (length) }

/* a releases while b and c wait, and wants it again at once: it queues behind them. */
static void test_loop_semaphore_is_first_in_first_out_without_barging(void **state) {
    (void)state;
    static const struct action a[] = {
        ACT(ACTION_ASYNC_ACQUIRE, 0),    ACT(ACTION_AWAIT_IO, NS_PER_MS),
        ACT(ACTION_ASYNC_RELEASE, 0),    ACT(ACTION_ASYNC_ACQUIRE, 0),
        ACT(ACTION_AWAIT_IO, NS_PER_MS), ACT(ACTION_ASYNC_RELEASE, 0),
    };
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    struct aio_loop *loop = aio_loop_create(
        &(struct aio_loop_spec){.world = &scene.world, .task_count = 3, .permits = 1});
    struct sequence sequence[3];
    const char *names[3] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        sequence[i] = (struct sequence){.actions = a, .count = i == 0 ? 6 : 3};
        aio_loop_add_task(
            loop, &(struct aio_task_spec){.name = names[i],
                                          .program = {&sequence_ops, &sequence[i]}});
    }
    scene_add_program(&scene, "loop", 0, aio_loop_program(loop));
    assert_int_equal(scene_run(&scene), SIM_NOTHING_LEFT);
    static const char *const expected[3] = {
        "await_io@0 await_lock@1000000 await_io@3000000 end@4000000",
        "await_lock@0 await_io@1000000 end@2000000",
        "await_lock@0 await_io@2000000 end@3000000",
    };
    for (int i = 0; i < 3; i++) {
        struct timeline_text text;
        const lane_id lane = timeline_find(&scene.timeline, LANE_TASK, names[i]);
        assert_string_equal(timeline_describe(&scene.timeline, lane, &text), expected[i]);
    }
    scene_close(&scene);
}

/* --- what select reports ------------------------------------------------------- */

/*
 * Only what was ready when select() returned is reported, not what happens while the
 * thread waits for the GIL. The loop wakes for a's answer at 1.001 ms and waits for the
 * GIL until a C call ends at 20.5 ms. b's answer came at 10.001 ms: it takes another
 * select (1 us) to see it, and one more until b goes on.
 */
static void test_loop_select_reports_what_was_ready_when_it_returned(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.machine.syscall_ns = 1000;
    plan_task(&stage.plan, stage.loop, "a", 1, "await_io 1ms python 1ms");
    plan_task(&stage.plan, stage.loop, "b", 1, "await_io 10ms python 1ms");
    plan_thread(&stage.plan, "holder", 1, false, "sleep 500us c_held 20ms");
    stage_run(&stage);
    stage_expect_task(
        &stage, "a",
        "ready@0 await_io@1000 ready@20500000 running@20501000 end@21501000");
    stage_expect_task(
        &stage, "b",
        "ready@0 await_io@1000 ready@21501000 running@21502000 end@22502000");
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_runs_only_what_was_ready_at_the_snapshot),
        cmocka_unit_test(test_loop_iterations_per_suspension),
        cmocka_unit_test(test_loop_without_tasks_ends),
        cmocka_unit_test(test_loop_gather_ends_with_the_last_task),
        cmocka_unit_test(test_loop_sleep_is_rounded_up_to_milliseconds),
        cmocka_unit_test(test_loop_sleep_is_exact_on_macos),
        cmocka_unit_test(test_loop_any_wake_up_runs_timers_that_are_due),
        cmocka_unit_test(test_loop_equal_timers_run_in_the_order_of_calls),
        cmocka_unit_test(test_loop_counts_the_timers_that_are_scheduled),
        cmocka_unit_test(test_loop_timers_run_in_the_order_of_their_times),
        cmocka_unit_test(test_loop_short_sleep_takes_a_millisecond_on_linux),
        cmocka_unit_test(test_loop_long_sleep_wakes_up_once_a_day),
        cmocka_unit_test(test_loop_blocked_makes_others_late_by_the_block),
        cmocka_unit_test(test_loop_blocking_call_blocks_it_too),
        cmocka_unit_test(test_loop_no_late_timer_within_a_millisecond),
        cmocka_unit_test(test_loop_to_thread_round_trip),
        cmocka_unit_test(test_loop_to_thread_result_comes_with_a_byte),
        cmocka_unit_test(test_loop_to_thread_starts_no_more_workers_than_allowed),
        cmocka_unit_test(test_loop_default_pool_by_version),
        cmocka_unit_test(test_loop_to_thread_reuses_an_idle_worker),
        cmocka_unit_test(test_loop_waits_for_the_gil_after_every_select),
        cmocka_unit_test(test_loop_semaphore_is_first_in_first_out_without_barging),
        cmocka_unit_test(test_loop_select_reports_what_was_ready_when_it_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
