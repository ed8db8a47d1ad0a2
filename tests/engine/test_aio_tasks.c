/* SPDX-License-Identifier: MIT */
/*
 * test_aio_tasks - tasks that start tasks, time-outs, cancellation and exceptions, to the
 * nanosecond. The orders of events are those that CPython 3.12.1 shows for the same programs.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/loop_stage.h"
#include "tests/support/test.h"

/* --- gather, task groups -------------------------------------------------------- */

static void test_aio_gather_waits_for_the_last(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "gather { task a 1 { await_sleep 3ms } task b 2 { await_sleep 5ms } } "
              "python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main", "await_future@0 running@5000000 end@6000000");
    stage_expect_task(&stage, "a", "await_timer@0 end@3000000");
    stage_expect_task(&stage, "b 1", "await_timer@0 end@5000000");
    stage_end(&stage);
}

/* main's step makes a's; a's handle: step; then its done callback; then main's step. */
static void test_aio_gather_costs_three_iterations(void **state) {
    (void)state;
    static const struct {
        const char *steps;
        int iterations;
    } cases[] = {
        {"python 1us", 3},
        {"gather { task a 1 { python 1us } }", 6}, /* + step of a, done, step of main */
        {"gather { task a 9 { python 1us } }", 6},
        {"spawn a 1 { python 1us } await_sleep 0ns", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage;
        stage_begin(&stage);
        plan_task(&stage.plan, stage.loop, "main", 1, cases[i].steps);
        stage_run(&stage);
        stage_expect_iterations(&stage, cases[i].iterations);
        stage_end(&stage);
    }
}

/* ['b raised', 'main caught', 'c done', 'a done', 'main end'] */
static void test_aio_gather_raises_at_once_and_the_others_go_on(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "try { gather { task a 1 { await_sleep 30ms } "
              "task b 1 { await_sleep 10ms raise ValueError } "
              "task c 1 { await_sleep 20ms } } } except { python 1ms } await_sleep 50ms");
    stage_run(&stage);
    stage_expect_task(
        &stage, "main",
        "await_future@0 running@10000000 await_timer@11000000 end@61000000");
    stage_expect_task(&stage, "a", "await_timer@0 end@30000000");
    stage_expect_task(&stage, "b", "await_timer@0 end@10000000");
    stage_expect_task(&stage, "c", "await_timer@0 end@20000000");
    stage_end(&stage);
}

/* ['b raised', 'a cancelled', 'c cancelled', 'main caught', 'main end']; main's own wait is
 * cancelled, too, and begins again. */
static void test_aio_task_group_cancels_the_others_and_waits(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "try { task_group { "
              "task a 1 { try { await_sleep 30ms } finally { await_sleep 5ms } } "
              "task b 1 { await_sleep 10ms raise ValueError } "
              "task c 1 { await_sleep 20ms } } } except { python 1ms }");
    stage_run(&stage);
    stage_expect_task(
        &stage, "main",
        "await_future@0 await_future@10000000 running@15000000 end@16000000");
    stage_expect_task(&stage, "a", "await_timer@0 await_timer@10000000 end@15000000");
    stage_expect_task(&stage, "c", "await_timer@0 end@10000000");
    stage_end(&stage);
}

/* ['b raised', 'a cancelled', 'a raised', 'c cleaned up']: an exception while the group is
 * being left cancels nobody a second time. */
static void test_aio_task_group_cancels_only_once(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn g 1 { task_group { "
              "task a 1 { try { await_sleep 30ms } finally { await_sleep 1ms raise V } } "
              "task c 1 { try { await_sleep 30ms } finally { await_sleep 5ms } } } } "
              "await_sleep 10ms cancel g join g");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_timer@0 await_timer@10000000 end@11000000");
    stage_expect_task(&stage, "c", "await_timer@0 await_timer@10000000 end@15000000");
    stage_end(&stage);
}

/* --- who ended it ---------------------------------------------------------------- */

static void expect_ended_by(const struct stage *stage, const char *waiter, sim_ns end,
                            const char *by) {
    const lane_id lane = timeline_find(&stage->timeline, LANE_TASK, waiter);
    for (size_t i = 0; i < stage->timeline.span_count; i++) {
        const struct timeline_span *span = &stage->timeline.spans[i];
        if (span->lane == lane && span->end == end) {
            assert_int_equal(span->by, timeline_find(&stage->timeline, LANE_TASK, by));
            return;
        }
    }
    fail_msg("no span of %s ends at %lld", waiter, (long long)end);
}

/* A gather() by the last of its tasks; b's exception cancels c, and what main waits for,
 * which goes on until a has cleaned up; a task that cancels another one. */
static void test_aio_waits_know_who_ended_them(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "first", 1,
              "gather { task d 1 { await_sleep 3ms } task e 1 { await_sleep 5ms } }");
    plan_task(&stage.plan, stage.loop, "main", 1,
              "try { task_group { "
              "task a 1 { try { await_sleep 30ms } finally { await_sleep 5ms } } "
              "task b 1 { await_sleep 10ms raise ValueError } "
              "task c 1 { await_sleep 20ms } } } except { python 1ms }");
    plan_task(&stage.plan, stage.loop, "last", 1,
              "spawn s 1 { await_sleep 90ms } await_sleep 40ms cancel s");
    stage_run(&stage);
    expect_ended_by(&stage, "first", 5 * NS_PER_MS, "e");
    expect_ended_by(&stage, "main", 10 * NS_PER_MS, "b");
    expect_ended_by(&stage, "a", 10 * NS_PER_MS, "b");
    expect_ended_by(&stage, "c", 10 * NS_PER_MS, "b");
    expect_ended_by(&stage, "main", 15 * NS_PER_MS, "a");
    expect_ended_by(&stage, "s", 40 * NS_PER_MS, "last");
    expect_ended_by(&stage, "d", 3 * NS_PER_MS, "nobody: a timer");
    stage_end(&stage);
}

/* 3.11.7, 3.12.1: ['caught'], cancelled; 3.13.0: ['caught', 'timeout']. Up to 3.12 the group
 * leaves its own cancellation in the count of its owner. */
static void test_aio_task_group_takes_its_cancellation_back(void **state) {
    (void)state;
    for (int uncancels = 0; uncancels < 2; uncancels++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.group_uncancels = uncancels;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "spawn g 1 { timeout 20ms { try { "
                  "task_group { task a 1 { await_sleep 10ms raise V } } } except { } "
                  "await_sleep 50ms } python 2ms } join g");
        stage_run(&stage);
        stage_expect_task(&stage, "g",
                          uncancels != 0
                              ? "await_future@0 await_timer@10000000 running@20000000 "
                                "end@22000000"
                              : "await_future@0 await_timer@10000000 end@20000000");
        stage_end(&stage);
    }
}

/* 3.11.7, 3.12.1: ['caught', 'slept']; 3.13.0: ['caught'], cancelled. An exception of a task
 * comes before the cancellation of the owner, which from 3.13 on is asked for again. */
static void test_aio_task_group_passes_a_cancellation_on(void **state) {
    (void)state;
    for (int uncancels = 0; uncancels < 2; uncancels++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.group_uncancels = uncancels;
        plan_task(
            &stage.plan, stage.loop, "main", 1,
            "spawn g 1 { try { task_group { "
            "task a 1 { try { await_sleep 50ms } finally { raise V } } } } except { "
            "} await_sleep 50ms python 5ms } await_sleep 10ms cancel g join g");
        stage_run(&stage);
        stage_expect_task(&stage, "g",
                          uncancels != 0
                              ? "await_future@0 end@10000000"
                              : "await_future@0 await_timer@10000000 running@60000000 "
                                "end@65000000");
        stage_end(&stage);
    }
}

/* --- cancellation --------------------------------------------------------------- */

/* ['b cancelled', 'g cancelled', 'end', 'a cleaned up']: the first task that ends cancelled
 * ends gather(), as an exception would. */
static void test_aio_cancelled_gather_ends_with_the_first_of_its_tasks(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn g 1 { gather { "
              "task a 1 { try { await_sleep 50ms } finally { await_sleep 3ms } } "
              "task b 1 { await_sleep 60ms } } } "
              "await_sleep 10ms cancel g join g python 1ms await_sleep 9ms");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_timer@0 await_timer@10000000 end@13000000");
    stage_expect_task(&stage, "b", "await_timer@0 end@10000000");
    stage_expect_task(&stage, "g", "await_future@0 end@10000000");
    stage_expect_task(&stage, "main",
                      "await_timer@0 running@10000000 await_timer@11000000 end@20000000");
    stage_end(&stage);
}

/* ['g caught ValueError']: what a task raises while it is cancelled is what gather() raises. */
static void test_aio_cancelled_gather_raises_what_its_task_raises(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn g 1 { try { gather { "
              "task a 1 { try { await_sleep 50ms } finally { raise ValueError } } } } "
              "except { python 2ms } } await_sleep 10ms cancel g join g");
    stage_run(&stage);
    stage_expect_task(&stage, "g", "await_future@0 running@10000000 end@12000000");
    stage_end(&stage);
}

/* ['x cancelled', 'main end']: it is raised where the task next waits, not when that wait is
 * over. */
static void test_aio_task_that_cancels_itself_ends_at_its_next_await(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn x 1 { cancel x await_sleep 1s python 1ms } join x python 2ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main", "running@0 end@2000000");
    assert_int_equal(stage.result.duration_ns, 2 * NS_PER_MS);
    stage_end(&stage);
}

/* Task.__step: a task that was cancelled in its last step ends as cancelled, although nothing
 * was raised in it. Here by its TaskGroup, whose eager task has failed: 3.12.1. */
static void test_aio_task_cancelled_in_its_last_step_is_cancelled(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.actors[stage.loop].eager = true;
    stage.plan.runtime.group_counts_eager = 1;
    plan_task(&stage.plan, stage.loop, "main", 1,
              "try { task_group { task a 1 { raise V } } } except { python 1ms }");
    stage_run_to_failure(&stage, "CancelledError");
    stage_end(&stage);
}

/* ['a', 'b']: done callbacks are called in the order in which they were added. */
static void test_aio_who_waits_first_goes_on_first(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn x 1 { await_sleep 5ms } spawn a 1 { join x python 1ms } "
              "spawn b 1 { join x python 2ms } join a join b");
    stage_run(&stage);
    stage_expect_task(&stage, "a", "await_future@0 running@5000000 end@6000000");
    stage_expect_task(&stage, "b",
                      "await_future@0 ready@5000000 running@6000000 end@8000000");
    stage_end(&stage);
}

/* A task that computes is late for its cancellation, and so is who would cancel it. */
static void test_aio_cancellation_is_delivered_at_an_await(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn x 1 { await_sleep 1ms python 20ms await_sleep 5ms python 7ms } "
              "await_sleep 2ms cancel x join x");
    stage_run(&stage);
    stage_expect_task(&stage, "x", "await_timer@0 running@1000000 end@21000000");
    stage_end(&stage);
}

/* 3.7.16: ['caught', 'went on']; 3.8.18: ['cancelled']. `except Exception` catches a
 * CancelledError up to 3.7, and then the task goes on. */
static void test_aio_except_catches_a_cancellation_up_to_3_7(void **state) {
    (void)state;
    for (int catches = 0; catches < 2; catches++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.except_catches_cancel = catches;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "spawn x 1 { try { await_sleep 50ms } except { python 1ms } "
                  "await_sleep 5ms python 1ms } await_sleep 10ms cancel x join x");
        stage_run(&stage);
        stage_expect_task(&stage, "x",
                          catches ? "await_timer@0 running@10000000 await_timer@11000000 "
                                    "running@16000000 end@17000000"
                                  : "await_timer@0 end@10000000");
        stage_end(&stage);
    }
}

static void test_aio_what_is_left_is_cancelled_at_the_end(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(
        &stage.plan, stage.loop, "main", 1,
        "spawn x 1 { try { await_sleep 1s } finally { python 2ms } } await_sleep 3ms");
    stage_run(&stage);
    stage_expect_task(&stage, "x", "await_timer@0 running@3000000 end@5000000");
    assert_int_equal(stage.result.duration_ns, 5 * NS_PER_MS);
    stage_end(&stage);
}

/* ['x step 1', 'x step 2', 'cancelled']: the end of the main coroutine is told by a callback
 * of its own; only after that iteration asyncio.run() cancels the others. */
static void test_aio_what_is_left_takes_one_step_more(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "x", 1, "repeat 9 { await_sleep 0ns python 1ms }");
    stage.plan.tasks[0].daemon = true;
    plan_task(&stage.plan, stage.loop, "main", 1, "python 0ns");
    stage_run(&stage);
    /* steps of x and main; x, done callback; x, main's end; x, its callback */
    assert_int_equal(stage.result.duration_ns, 3 * NS_PER_MS);
    stage_end(&stage);
}

/* What a task starts while it is cancelled is neither cancelled nor waited for: it takes the
 * steps that closing the loop has iterations for. 3.9.18 - 3.13.0: 7 steps of late. */
static void test_aio_what_starts_while_the_loop_closes_is_abandoned(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn x 1 { try { await_sleep 1s } finally { "
              "spawn late 1 { repeat 20 { python 1ms await_sleep 0ns } } "
              "spawn asleep 1 { await_sleep 1s } spawn reader 1 { await_io 1s } "
              "await_sleep 0ns } } await_sleep 3ms");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 10 * NS_PER_MS);
    stage_expect_task(&stage, "asleep", "ready@3000000 await_timer@4000000 end@10000000");
    stage_expect_task(&stage, "reader", "ready@3000000 await_io@4000000 end@10000000");
    stage_end(&stage);
}

static void test_aio_daemon_tasks_are_not_waited_for(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "beat", 1, "forever { await_sleep 2ms }");
    stage.plan.tasks[0].daemon = true;
    plan_task(&stage.plan, stage.loop, "main", 1, "await_sleep 5ms");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 5 * NS_PER_MS);
    stage_end(&stage);
}

static void test_aio_exception_that_nobody_catches_ends_the_run(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1, "await_sleep 1ms raise KeyError");
    stage_run_to_failure(&stage, "/1: KeyError");
    stage_end(&stage);
}

/* ['main raised', 'other cancelled', 'cleaned up'], then asyncio.run() raises: what is left is
 * cancelled and waited for first. */
static void test_aio_exception_ends_the_run_after_cleaning_up(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "other", 1,
              "try { await_sleep 1s } finally { await_sleep 3ms python 2ms }");
    plan_task(&stage.plan, stage.loop, "main", 1, "await_sleep 1ms raise KeyError");
    stage_run_to_failure(&stage, "/6: KeyError");
    stage_expect_task(&stage, "other",
                      "await_timer@0 await_timer@1000000 running@4000000 end@6000000");
    assert_int_equal(stage.result.duration_ns, 6 * NS_PER_MS);
    stage_end(&stage);
}

/* The first exception is the one that asyncio.run() raises; those of the clean-up are only
 * logged. */
static void test_aio_exceptions_while_cleaning_up_are_lost(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "other", 1,
              "try { await_sleep 1s } finally { raise ValueError }");
    plan_task(&stage.plan, stage.loop, "main", 1, "await_sleep 1ms raise KeyError");
    stage_run_to_failure(&stage, "/5: KeyError");
    stage_end(&stage);
}

/* Nobody retrieves it: it is logged when the task is collected, and the loop goes on. */
static void test_aio_exception_of_a_background_task_is_lost(void **state) {
    (void)state;
    static const char *const raising = "await_sleep 1ms raise KeyError";
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "daemon", 1, raising);
    stage.plan.tasks[0].daemon = true;
    plan_task(
        &stage.plan, stage.loop, "main", 1,
        "spawn x 1 { await_sleep 2ms raise ValueError } await_sleep 5ms python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "daemon", "await_timer@0 end@1000000");
    stage_expect_task(&stage, "x", "await_timer@0 end@2000000");
    stage_expect_task(&stage, "main", "await_timer@0 running@5000000 end@6000000");
    stage_end(&stage);
}

/* An eager task that raises in its first step: the main coroutine makes the others, and does
 * not wait for them. */
static void test_aio_exception_of_an_eager_task_ends_the_run(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.actors[stage.loop].eager = true;
    plan_task(&stage.plan, stage.loop, "main", 1, "python 1ms raise KeyError");
    plan_task(&stage.plan, stage.loop, "other", 1,
              "python 1ms try { await_sleep 1s } finally { python 2ms }");
    stage_run_to_failure(&stage, "/1: KeyError");
    stage_expect_task(&stage, "other", "running@1000000 running@2000000 end@4000000");
    stage_end(&stage);
}

/* The inner except is the last step of the outer try: the finally is not its own. */
static void test_aio_finally_of_the_outer_try_is_run_once(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "try { try { try { raise A } except { raise B } } finally { python 1ms } } "
              "except { python 2ms }");
    stage_run(&stage);
    stage_expect_task(&stage, "main", "running@0 running@1000000 end@3000000");
    stage_end(&stage);
}

/* --- time-outs ------------------------------------------------------------------ */

/* ['a cancelled', 'cleanup', 'timeout']: the clean-up may await. */
static void test_aio_timeout_cancels_and_catches(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "timeout 10ms { try { await_sleep 50ms } finally { await_sleep 20ms } } "
              "python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main",
                      "await_timer@0 await_timer@10000000 running@30000000 end@31000000");
    stage_end(&stage);
}

static void test_aio_timeout_that_is_not_needed_leaves_no_trace(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "timeout 10ms { await_sleep 2ms } await_sleep 30ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main", "await_timer@0 await_timer@2000000 end@32000000");
    stage_end(&stage);
}

/* The outer one is due while the inner one's body still runs: it goes through it. */
static void test_aio_nested_timeouts_catch_their_own(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "timeout 5ms { timeout 20ms { await_sleep 50ms } python 9ms } python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main", "await_timer@0 running@5000000 end@6000000");
    stage_end(&stage);
}

/* The reason names the step that raised, not the time-out around it. */
static void test_aio_exception_keeps_its_place_through_a_timeout(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "timeout 5ms { python 1ms raise KeyError }");
    stage_run_to_failure(&stage, "/2: KeyError");
    stage_end(&stage);
}

/* Cancelled by somebody else, too: CancelledError goes on. */
static void test_aio_timeout_does_not_swallow_a_cancellation(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn x 1 { timeout 10ms { await_sleep 50ms } python 1ms } "
              "await_sleep 5ms cancel x join x");
    stage_run(&stage);
    stage_expect_task(&stage, "x", "await_timer@0 end@5000000");
    stage_end(&stage);
}

/* In the same iteration its time is over, too: one of the two is taken back. */
static void test_aio_timeout_takes_back_its_own_cancellation(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn x 1 { timeout 5ms { await_sleep 50ms } python 1ms } "
              "await_sleep 5ms cancel x join x");
    stage_run(&stage);
    stage_expect_task(&stage, "x", "await_timer@0 end@5000000");
    stage_end(&stage);
}

/* 'ran 5 of 50': calls that still wait for one of the 5 workers are cancelled there, too. */
static void test_aio_cancelled_calls_are_not_begun(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.machine.cores = 1;
    plan_task(&stage.plan, stage.loop, "t", 50,
              "timeout 50ms { to_thread { sleep 100ms } }");
    plan_task(&stage.plan, stage.loop, "late", 1,
              "await_sleep 60ms to_thread { sleep 10ms }");
    stage_run(&stage);
    stage_expect_task(&stage, "late",
                      "await_timer@0 await_future@60000000 end@110000000");
    assert_int_equal(stage.result.duration_ns, 110 * NS_PER_MS);
    stage_end(&stage);
}

static void test_aio_wait_for_makes_a_task_up_to_3_11(void **state) {
    (void)state;
    for (int with_task = 0; with_task < 2; with_task++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.wait_for_rule = with_task;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "wait_for 10ms { await_sleep 50ms } wait_for 10ms { await_sleep 2ms } "
                  "python 1ms");
        stage_run(&stage);
        assert_int_equal(stage.result.duration_ns, 13 * NS_PER_MS);
        assert_int_equal(timeline_find(&stage.timeline, LANE_TASK, "wait_for") !=
                             LANE_NONE,
                         with_task);
        stage_end(&stage);
    }
}

/* ['caught'], ['caught'], ['slow', 'after']: how the task ends, wait_for() does. */
static void test_aio_wait_for_ends_as_its_task_does(void **state) {
    (void)state;
    static const struct {
        const char *steps, *main;
    } cases[] = {
        {"await_sleep 2ms raise V", "await_future@0 running@2000000 end@4000000"},
        {"try { await_sleep 50ms } finally { raise V }",
         "await_future@0 running@10000000 end@12000000"},
        {"try { await_sleep 50ms } finally { await_sleep 5ms }",
         "await_future@0 await_future@10000000 running@15000000 end@16000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char steps[256];
        snprintf(steps, sizeof steps,
                 "try { wait_for 10ms { %s } python 1ms } except { python 2ms }",
                 cases[i].steps);
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.wait_for_rule = 1;
        plan_task(&stage.plan, stage.loop, "main", 1, steps);
        stage_run(&stage);
        stage_expect_task(&stage, "main", cases[i].main);
        stage_end(&stage);
    }
}

/* What wait_for() of older versions does when its time is over: the task awaits in its
 * clean-up, and raises at its end. 3.9.18: V; 3.7.16, 3.8.18: TimeoutError, after the clean-up;
 * 3.6.15: at once. */
static void test_aio_wait_for_of_old_versions(void **state) {
    (void)state;
    static const char *const main[WAIT_FOR_RULE_COUNT] = {
        [WAIT_FOR_RETURNS] = "await_future@0 await_future@10000000 end@13000000",
        [WAIT_FOR_DROPS] =
            "await_future@0 await_future@10000000 running@13000000 end@14000000",
        [WAIT_FOR_LEAVES_AT_CANCEL] =
            "await_future@0 await_future@10000000 running@13000000 end@14000000",
        [WAIT_FOR_LEAVES] = "await_future@0 running@10000000 end@11000000",
    };
    for (int rule = WAIT_FOR_RETURNS; rule < WAIT_FOR_RULE_COUNT; rule++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.wait_for_rule = rule;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "spawn m 1 { wait_for 10ms { try { await_sleep 50ms } finally { "
                  "await_sleep 3ms raise V } } python 1ms } await_sleep 40ms");
        stage_run(&stage);
        stage_expect_task(&stage, "m", main[rule]);
        stage_end(&stage);
    }
}

/* Cancelled itself, wait_for() waits for its task from 3.8 on. */
static void test_aio_cancelled_wait_for_waits_from_3_8_on(void **state) {
    (void)state;
    for (int rule = WAIT_FOR_RETURNS; rule < WAIT_FOR_RULE_COUNT; rule++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.wait_for_rule = rule;
        plan_task(
            &stage.plan, stage.loop, "main", 1,
            "spawn m 1 { wait_for 10ms { try { await_sleep 50ms } finally { "
            "await_sleep 3ms } } } await_sleep 5ms cancel m join m await_sleep 9ms");
        stage_run(&stage);
        stage_expect_task(&stage, "m",
                          rule < WAIT_FOR_LEAVES_AT_CANCEL
                              ? "await_future@0 await_future@5000000 end@8000000"
                              : "await_future@0 end@5000000");
        stage_end(&stage);
    }
}

/* ['func did not start', 'main'], in every version. */
static void test_aio_wait_for_no_time_does_not_begin(void **state) {
    (void)state;
    for (int with_task = 0; with_task < 2; with_task++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.wait_for_rule = with_task;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "wait_for 0ns { python 5ms } python 1ms");
        stage_run(&stage);
        stage_expect_task(&stage, "main", "running@0 end@1000000");
        stage_end(&stage);
    }
}

/* ['timeout']: its callback is called soon, before the step that sleep(0) asks for. */
static void test_aio_timeout_of_no_time_comes_first(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "timeout 0ns { await_sleep 0ns python 5ms } python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main", "running@0 end@1000000");
    stage_end(&stage);
}

/* --- the heap of timers --------------------------------------------------------- */

/* Time-outs that are not needed stay in the heap as cancelled timers behind a living one
 * until more than half of 101 are; then they are removed at once, here for 1 ms a timer. */
static void test_aio_cancelled_timers_are_cleared_at_half(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.runtime.timer_clean_ns = NS_PER_MS;
    plan_task(&stage.plan, stage.loop, "main", 1,
              "repeat 150 { timeout 1000s { await_sleep 0ns } }");
    plan_task(&stage.plan, stage.loop, "first", 1, "await_sleep 100s");
    stage_run(&stage);
    const lane_id main = timeline_find(&stage.timeline, LANE_TASK, "main");
    assert_int_equal(lane_table_died(&stage.result.lanes, main), 101 * NS_PER_MS);
    stage_end(&stage);
}

static void test_aio_cancelled_timers_below_hundred_stay(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.runtime.timer_clean_ns = NS_PER_MS;
    plan_task(&stage.plan, stage.loop, "main", 1,
              "repeat 99 { timeout 1000s { await_sleep 0ns } }");
    plan_task(&stage.plan, stage.loop, "first", 1, "await_sleep 100s");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 100 * NS_PER_S);
    stage_end(&stage);
}

/* --- eager tasks, slow callbacks ------------------------------------------------ */

/* An eager task that never suspends needs no handle at all. */
static void test_aio_eager_tasks_run_when_they_are_made(void **state) {
    (void)state;
    static const struct {
        const char *steps;
        bool eager;
        int iterations;
    } cases[] = {
        {"gather { task a 9 { python 1us } }", false, 6},
        {"gather { task a 9 { python 1us } }", true, 1}, /* main's end */
        {"gather { task a 9 { await_sleep 0ns } }", false, 7},
        {"gather { task a 9 { await_sleep 0ns } }", true, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.actors[stage.loop].eager = cases[i].eager;
        plan_task(&stage.plan, stage.loop, "main", 1, cases[i].steps);
        stage_run(&stage);
        stage_expect_iterations(&stage, cases[i].iterations);
        stage_end(&stage);
    }
}

/* Whoever takes its step is whom the loop runs: one task at every instant. */
static void test_aio_eager_steps_are_on_the_lane_of_the_loop(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.actors[stage.loop].eager = true;
    plan_task(&stage.plan, stage.loop, "main", 1,
              "python 1ms gather { task a 1 { python 2ms await_sleep 9ms } "
              "task b 1 { python 4ms } } python 8ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main",
                      "running@0 ready@1000000 ready@3000000 await_future@7000000 "
                      "running@12000000 end@20000000");
    static const struct {
        const char *task;
        sim_ns ns;
    } cases[] = {{"main", 9 * NS_PER_MS}, {"a", 2 * NS_PER_MS}, {"b", 4 * NS_PER_MS}};
    const lane_id loop = timeline_find(&stage.timeline, LANE_LOOP, "event loop");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const lane_id task = timeline_find(&stage.timeline, LANE_TASK, cases[i].task);
        sim_ns ns = 0;
        for (size_t k = 0; k < stage.timeline.span_count; k++) {
            const struct timeline_span *span = &stage.timeline.spans[k];
            ns += span->lane == loop && span->resource == task ? span->end - span->start
                                                               : 0;
        }
        assert_int_equal(ns, cases[i].ns);
    }
    stage_end(&stage);
}

/*
 * An eager task of a TaskGroup that fails in its first step. 3.12.1: the group and its owner
 * are cancelled in create_task(), no task is made after it, and the cancellation of the owner
 * outlives the group; 3.13.0 takes it back; 3.14 schedules the callback, so that all tasks
 * are made.
 */
static void test_aio_eager_task_that_fails_at_once(void **state) {
    (void)state;
    static const struct {
        const char *tasks, *main, *late;
        int64_t counts_eager, uncancels;
    } cases[] = {
        {"task f 1 { raise V } task late 1 { python 1ms }", "running@0 end@1000000", NULL,
         1, 0},
        {"task f 1 { raise V } task late 1 { python 1ms }",
         "running@0 await_timer@1000000 running@6000000 end@8000000", NULL, 1, 1},
        {"task f 1 { raise V } task late 1 { python 1ms }",
         "running@0 ready@1000000 await_timer@2000000 running@7000000 end@9000000",
         "running@1000000 end@2000000", 0, 1},
        {"task s 1 { await_sleep 1s } task f 1 { raise V } task late 1 { python 1ms }",
         "running@0 await_timer@1000000 running@6000000 end@8000000", NULL, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char steps[256];
        snprintf(
            steps, sizeof steps,
            "spawn m 1 { python 1ms try { task_group { %s } } except { } await_sleep 5ms "
            "python 2ms } join m",
            cases[i].tasks);
        struct stage stage;
        stage_begin(&stage);
        stage.plan.actors[stage.loop].eager = true;
        stage.plan.runtime.group_counts_eager = cases[i].counts_eager;
        stage.plan.runtime.group_uncancels = cases[i].uncancels;
        plan_task(&stage.plan, stage.loop, "main", 1, steps);
        stage_run(&stage);
        stage_expect_task(&stage, "m", cases[i].main);
        if (cases[i].late != NULL) {
            stage_expect_task(&stage, "late", cases[i].late);
        } else {
            assert_int_equal(timeline_find(&stage.timeline, LANE_TASK, "late"),
                             LANE_NONE);
        }
        stage_end(&stage);
    }
}

/* 3.12.1, 3.13.0: ['f', 's', 'a', ValueError, 's slept']: gather() makes all its tasks first;
 * then it is done. */
static void test_aio_eager_task_of_gather_that_fails_at_once(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    stage.plan.actors[stage.loop].eager = true;
    plan_task(&stage.plan, stage.loop, "main", 1,
              "try { gather { task f 1 { raise V } task s 1 { await_sleep 5ms } "
              "task a 1 { python 1ms } } } except { python 2ms } await_sleep 9ms");
    stage_run(&stage);
    stage_expect_task(&stage, "main",
                      "ready@0 running@1000000 await_timer@3000000 end@12000000");
    stage_expect_task(&stage, "s", "await_timer@0 end@5000000");
    stage_end(&stage);
}

/* create_task() has not returned: there is nothing by that name yet. */
static void test_aio_eager_task_has_no_name_in_its_first_step(void **state) {
    (void)state;
    for (int eager = 0; eager < 2; eager++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.actors[stage.loop].eager = eager != 0;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "spawn x 1 { cancel x await_sleep 3ms python 1ms } join x");
        stage_run(&stage);
        assert_int_equal(stage.result.duration_ns, eager != 0 ? 4 * NS_PER_MS : 0);
        stage_end(&stage);
    }
}

static void test_aio_slow_callbacks_are_counted(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "python 99ms await_sleep 0ns python 100ms await_sleep 0ns python 150ms");
    stage_run(&stage);
    assert_int_equal((int)stage.result.metric[METRIC_LOOP_SLOW_CALLBACKS], 2);
    assert_true(stage.result.metric[METRIC_LOOP_CALLBACK_MAX_US] == 150000.0);
    assert_int_equal(timeline_instants(&stage.timeline, INSTANT_SLOW_CALLBACK), 2);
    const lane_id task = timeline_find(&stage.timeline, LANE_TASK, "main");
    assert_int_not_equal(task, LANE_NONE);
    for (size_t i = 0; i < stage.timeline.instant_count; i++) {
        const struct timeline_instant *instant = &stage.timeline.instants[i];
        assert_true(instant->kind != INSTANT_SLOW_CALLBACK || instant->by == task);
    }
    stage_end(&stage);
}

static void test_aio_ready_queue_is_measured(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "t", 50, "python 1us");
    stage_run(&stage);
    assert_true(stage.result.metric[METRIC_LOOP_READY_MAX] == 50.0);
    /* 50 steps, 50 done callbacks, main */
    assert_true(stage.result.metric[METRIC_LOOP_READY_MEAN] == 101.0 / 3.0);
    stage_end(&stage);
}

/* --- loops in several threads --------------------------------------------------- */

static void test_aio_loops_in_two_threads_share_the_gil(void **state) {
    (void)state;
    for (int free_threaded = 0; free_threaded < 2; free_threaded++) {
        struct stage stage;
        stage_begin(&stage);
        stage.plan.runtime.gil = free_threaded != 0 ? GIL_NONE : GIL_INTERVAL;
        stage.plan.actors[stage.loop].count = 2;
        plan_task(&stage.plan, stage.loop, "t", 4, "python 10ms await_sleep 0ns");
        stage_run(&stage);
        const sim_ns expected = free_threaded != 0 ? 40 : 80;
        assert_int_equal(stage.result.duration_ns / NS_PER_MS, expected);
        stage_end(&stage);
    }
}

/* --- random numbers ------------------------------------------------------------- */

/* Each of several tasks draws its own; the same ones whether it is the first or the second
 * gather around. */
static void test_aio_tasks_draw_their_own_numbers(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "gather { task a 3 { python uniform:1ms:9ms } }");
    stage_run(&stage);
    sim_ns length[3];
    static const char *const names[] = {"a 0", "a 1", "a 2"};
    for (int i = 0; i < 3; i++) {
        const lane_id lane = timeline_find(&stage.timeline, LANE_TASK, names[i]);
        length[i] = 0;
        for (size_t k = 0; k < stage.timeline.span_count; k++) {
            const struct timeline_span *span = &stage.timeline.spans[k];
            if (span->lane == lane && span->state == STATE_RUNNING) {
                length[i] += span->end - span->start;
            }
        }
        assert_in_range(length[i], NS_PER_MS, 9 * NS_PER_MS);
    }
    assert_int_not_equal(length[0], length[1]);
    assert_int_not_equal(length[1], length[2]);
    stage_end(&stage);
}

/* --- what does not exist -------------------------------------------------------- */

static void test_aio_unsupported_says_since_when(void **state) {
    (void)state;
    static const struct {
        const char *runtime, *steps, *says;
        bool eager;
    } cases[] = {
        {"cpython-3.10", "task_group { task a 1 { python 1us } }", "TaskGroup (3.11",
         false},
        {"cpython-3.10", "timeout 1ms { python 1us }", "asyncio.timeout (3.11", false},
        {"cpython-3.11", "python 1us", "eager tasks (3.12", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        struct err err = {0};
        plan_begin(&plan, "ideal", cases[i].runtime);
        const uint32_t loop = plan_loop(&plan, "server", 1, false);
        plan.actors[loop].eager = cases[i].eager;
        plan_task(&plan, loop, "main", 1, cases[i].steps);
        assert_int_equal(plan_check(&plan, &err), ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, cases[i].says));
        plan_deinit(&plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aio_cancelled_calls_are_not_begun),
        cmocka_unit_test(test_aio_task_group_cancels_only_once),
        cmocka_unit_test(test_aio_task_group_takes_its_cancellation_back),
        cmocka_unit_test(test_aio_task_group_passes_a_cancellation_on),
        cmocka_unit_test(test_aio_cancelled_gather_raises_what_its_task_raises),
        cmocka_unit_test(test_aio_task_that_cancels_itself_ends_at_its_next_await),
        cmocka_unit_test(test_aio_task_cancelled_in_its_last_step_is_cancelled),
        cmocka_unit_test(test_aio_who_waits_first_goes_on_first),
        cmocka_unit_test(test_aio_what_is_left_takes_one_step_more),
        cmocka_unit_test(test_aio_wait_for_ends_as_its_task_does),
        cmocka_unit_test(test_aio_wait_for_of_old_versions),
        cmocka_unit_test(test_aio_cancelled_wait_for_waits_from_3_8_on),
        cmocka_unit_test(test_aio_wait_for_no_time_does_not_begin),
        cmocka_unit_test(test_aio_timeout_of_no_time_comes_first),
        cmocka_unit_test(test_aio_gather_waits_for_the_last),
        cmocka_unit_test(test_aio_gather_costs_three_iterations),
        cmocka_unit_test(test_aio_gather_raises_at_once_and_the_others_go_on),
        cmocka_unit_test(test_aio_task_group_cancels_the_others_and_waits),
        cmocka_unit_test(test_aio_cancelled_gather_ends_with_the_first_of_its_tasks),
        cmocka_unit_test(test_aio_cancellation_is_delivered_at_an_await),
        cmocka_unit_test(test_aio_except_catches_a_cancellation_up_to_3_7),
        cmocka_unit_test(test_aio_what_is_left_is_cancelled_at_the_end),
        cmocka_unit_test(test_aio_what_starts_while_the_loop_closes_is_abandoned),
        cmocka_unit_test(test_aio_daemon_tasks_are_not_waited_for),
        cmocka_unit_test(test_aio_exception_that_nobody_catches_ends_the_run),
        cmocka_unit_test(test_aio_exception_ends_the_run_after_cleaning_up),
        cmocka_unit_test(test_aio_exceptions_while_cleaning_up_are_lost),
        cmocka_unit_test(test_aio_exception_of_a_background_task_is_lost),
        cmocka_unit_test(test_aio_finally_of_the_outer_try_is_run_once),
        cmocka_unit_test(test_aio_exception_of_an_eager_task_ends_the_run),
        cmocka_unit_test(test_aio_timeout_cancels_and_catches),
        cmocka_unit_test(test_aio_timeout_that_is_not_needed_leaves_no_trace),
        cmocka_unit_test(test_aio_nested_timeouts_catch_their_own),
        cmocka_unit_test(test_aio_exception_keeps_its_place_through_a_timeout),
        cmocka_unit_test(test_aio_timeout_does_not_swallow_a_cancellation),
        cmocka_unit_test(test_aio_timeout_takes_back_its_own_cancellation),
        cmocka_unit_test(test_aio_wait_for_makes_a_task_up_to_3_11),
        cmocka_unit_test(test_aio_cancelled_timers_are_cleared_at_half),
        cmocka_unit_test(test_aio_cancelled_timers_below_hundred_stay),
        cmocka_unit_test(test_aio_waits_know_who_ended_them),
        cmocka_unit_test(test_aio_eager_tasks_run_when_they_are_made),
        cmocka_unit_test(test_aio_eager_steps_are_on_the_lane_of_the_loop),
        cmocka_unit_test(test_aio_eager_task_that_fails_at_once),
        cmocka_unit_test(test_aio_eager_task_of_gather_that_fails_at_once),
        cmocka_unit_test(test_aio_eager_task_has_no_name_in_its_first_step),
        cmocka_unit_test(test_aio_slow_callbacks_are_counted),
        cmocka_unit_test(test_aio_ready_queue_is_measured),
        cmocka_unit_test(test_aio_loops_in_two_threads_share_the_gil),
        cmocka_unit_test(test_aio_tasks_draw_their_own_numbers),
        cmocka_unit_test(test_aio_unsupported_says_since_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
