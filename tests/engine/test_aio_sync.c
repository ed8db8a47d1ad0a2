/* SPDX-License-Identifier: MIT */
/*
 * test_aio_sync - asyncio's Lock, Semaphore, Event, Condition and Queue: who comes when, and
 * what a cancelled waiter leaves behind.
 */
#include "tests/support/loop_stage.h"
#include "tests/support/test.h"

static void begin(struct stage *stage, enum object_kind kind, int64_t size) {
    stage_begin(stage);
    plan_sized(&stage->plan, "x", kind, size);
}

static void test_aio_lock_is_first_in_first_out(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_LOCK, 0);
    plan_task(&stage.plan, stage.loop, "t", 3,
              "repeat 2 { with x { await_sleep 10ms } }");
    stage_run(&stage);
    /* t 0, t 1, t 2, t 0 ...: who releases queues behind those who wait */
    stage_expect_task(
        &stage, "t 0",
        "await_timer@0 await_lock@10000000 await_timer@30000000 end@40000000");
    stage_expect_task(&stage, "t 2",
                      "await_lock@0 await_timer@20000000 await_lock@30000000 "
                      "await_timer@50000000 end@60000000");
    stage_expect_lane(&stage, LANE_LOCK, "x",
                      "held@0 held@10000000 held@20000000 held@30000000 held@40000000 "
                      "held@50000000 end@60000000");
    /* waits of 20 ms, 10 and 20, 20 and 20 */
    assert_true(stage.result.metric[METRIC_LOCK_WAIT_US] == 90000.0);
    assert_true(stage.result.metric[METRIC_LOCK_WAIT_MAX_US] == 20000.0);
    stage_end(&stage);
}

/* A newcomer cannot come between release() and the waiter's step. */
static void test_aio_lock_cannot_be_barged(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_LOCK, 0);
    plan_task(&stage.plan, stage.loop, "holder", 1, "with x { await_sleep 10ms }");
    plan_task(&stage.plan, stage.loop, "waiter", 1, "with x { await_sleep 10ms }");
    /* its timer is due with the holder's: its step comes between release and waiter */
    plan_task(&stage.plan, stage.loop, "barger", 1,
              "await_sleep 10ms with x { await_sleep 10ms }");
    stage_run(&stage);
    stage_expect_task(&stage, "waiter", "await_lock@0 await_timer@10000000 end@20000000");
    stage_expect_task(&stage, "barger",
                      "await_timer@0 await_lock@10000000 await_timer@20000000 "
                      "end@30000000");
    stage_end(&stage);
}

/* Before 3.9 a newcomer takes the permit, and the woken waiter waits again. */
static void test_aio_semaphore_can_be_barged_in_old_versions(void **state) {
    (void)state;
    for (int rule = 0; rule < SEMAPHORE_RULE_COUNT; rule++) {
        struct stage stage;
        begin(&stage, OBJECT_ASYNC_SEMAPHORE, 1);
        stage.plan.runtime.semaphore_rule = rule;
        plan_task(&stage.plan, stage.loop, "holder", 1, "with x { await_sleep 10ms }");
        plan_task(&stage.plan, stage.loop, "waiter", 1, "with x { await_sleep 10ms }");
        plan_task(&stage.plan, stage.loop, "barger", 1,
                  "await_sleep 10ms with x { await_sleep 10ms }");
        stage_run(&stage);
        stage_expect_task(&stage, "waiter",
                          rule != SEMAPHORE_BARGES
                              ? "await_lock@0 await_timer@10000000 end@20000000"
                              : "await_lock@0 await_lock@10000000 "
                                "await_timer@20000000 end@30000000");
        stage_end(&stage);
    }
}

static void test_aio_semaphore_lets_so_many_in(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_SEMAPHORE, 3);
    plan_task(&stage.plan, stage.loop, "t", 10, "with x { await_sleep 10ms }");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 40 * NS_PER_MS);
    stage_end(&stage);
}

/* The cancelled waiter's turn goes to the next one. */
static void test_aio_cancelled_waiter_passes_its_turn_on(void **state) {
    (void)state;
    static const enum object_kind kinds[] = {OBJECT_ASYNC_LOCK, OBJECT_ASYNC_SEMAPHORE};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        begin(&stage, kinds[i], 1);
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "acquire x spawn first 1 { with x { await_sleep 10ms } } "
                  "spawn second 1 { with x { await_sleep 10ms } } await_sleep 5ms "
                  "release x cancel first join second");
        stage_run(&stage);
        /* first was woken by the release, and cancelled in the same step */
        stage_expect_task(&stage, "first", "await_lock@0 end@5000000");
        stage_expect_task(&stage, "second",
                          "await_lock@0 await_timer@5000000 end@15000000");
        stage_end(&stage);
    }
}

/* ['first cancelled', 'newcomer', 'second']: release() looks at the first waiter only; it is
 * cancelled and wakes the second when its step comes: an iteration later than by release(). */
static void test_aio_lock_is_passed_on_by_the_cancelled_waiter(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_LOCK, 0);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "acquire x spawn first 1 { with x { python 1ms } } "
              "spawn second 1 { with x { python 1ms } } await_sleep 5ms "
              "cancel first release x await_sleep 0ns python 4ms "
              "join second");
    stage_run(&stage);
    /* the step of main after sleep(0) comes before that of second */
    stage_expect_task(&stage, "second",
                      "await_lock@0 ready@5000000 running@9000000 end@10000000");
    stage_end(&stage);
}

/* ['first cancelled', 'barger', 'second', 'third']: before 3.9 a cancelled waiter passes its
 * turn on only when there is a permit; otherwise second would wait behind third. */
static void test_aio_old_semaphore_wakes_nobody_in_vain(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_SEMAPHORE, 1);
    stage.plan.runtime.semaphore_rule = SEMAPHORE_BARGES;
    plan_task(&stage.plan, stage.loop, "main", 1,
              "acquire x spawn first 1 { with x { } } spawn second 1 { with x { "
              "await_sleep 2ms } } spawn third 1 { with x { await_sleep 2ms } } "
              "await_sleep 5ms release x cancel first acquire x await_sleep 10ms "
              "release x join third");
    stage_run(&stage);
    stage_expect_task(&stage, "second", "await_lock@0 await_timer@15000000 end@17000000");
    stage_expect_task(&stage, "third", "await_lock@0 await_timer@17000000 end@19000000");
    stage_end(&stage);
}

/* 3.9.18: ['first cancelled', 'third', 'second']: a waiter that was cancelled wakes the next
 * one although there is no permit; that one queues again at the end. */
static void test_aio_semaphore_of_3_9_wakes_in_vain(void **state) {
    (void)state;
    for (int rule = SEMAPHORE_SCHEDULES; rule <= SEMAPHORE_RESERVES; rule++) {
        struct stage stage;
        begin(&stage, OBJECT_ASYNC_SEMAPHORE, 1);
        stage.plan.runtime.semaphore_rule = rule;
        plan_task(
            &stage.plan, stage.loop, "main", 1,
            "acquire x spawn first 1 { with x { } } spawn second 1 { with x { "
            "python 1ms } } spawn third 1 { with x { python 1ms } } await_sleep 1ms "
            "cancel first await_sleep 4ms release x join second join third");
        stage_run(&stage);
        const bool in_vain = rule == SEMAPHORE_SCHEDULES;
        stage_expect_task(&stage, "second",
                          in_vain ? "await_lock@0 await_lock@1000000 running@6000000 "
                                    "end@7000000"
                                  : "await_lock@0 running@5000000 end@6000000");
        stage_expect_task(&stage, "third",
                          in_vain ? "await_lock@0 running@5000000 end@6000000"
                                  : "await_lock@0 running@6000000 end@7000000");
        stage_end(&stage);
    }
}

/* 3.9.18: late waits although there is a permit: _wakeup_scheduled belongs to a waiter that
 * was cancelled. The next release wakes it. */
static void test_aio_semaphore_of_3_9_loses_a_permit(void **state) {
    (void)state;
    for (int rule = SEMAPHORE_SCHEDULES; rule <= SEMAPHORE_RESERVES; rule++) {
        struct stage stage;
        begin(&stage, OBJECT_ASYNC_SEMAPHORE, 1);
        stage.plan.runtime.semaphore_rule = rule;
        plan_task(&stage.plan, stage.loop, "main", 1,
                  "acquire x spawn first 1 { with x { } } await_sleep 1ms release x "
                  "cancel first join first spawn late 1 { with x { python 1ms } } "
                  "await_sleep 4ms release x join late");
        stage_run(&stage);
        stage_expect_task(&stage, "late",
                          rule == SEMAPHORE_SCHEDULES
                              ? "await_lock@1000000 running@5000000 end@6000000"
                              : "running@1000000 end@2000000");
        stage_end(&stage);
    }
}

/* Two permits, one waiter that is cancelled and two newcomers behind it: on 3.12.1 it wakes
 * the first, which wakes the second an iteration later; on 3.13.0 both at once. */
static void test_aio_semaphore_wakes_all_from_3_13_on(void **state) {
    (void)state;
    for (int rule = SEMAPHORE_RESERVES; rule <= SEMAPHORE_WAKES_ALL; rule++) {
        struct stage stage;
        begin(&stage, OBJECT_ASYNC_SEMAPHORE, 1);
        stage.plan.runtime.semaphore_rule = rule;
        plan_task(
            &stage.plan, stage.loop, "main", 1,
            "acquire x spawn w 1 { with x { } } await_sleep 5ms release x release x "
            "cancel w repeat 3 { await_sleep 0ns python 1ms }");
        plan_task(&stage.plan, stage.loop, "n", 2,
                  "await_sleep 5ms with x { python 1ms }");
        stage_run(&stage);
        stage_expect_task(
            &stage, "n 1",
            rule == SEMAPHORE_RESERVES
                ? "await_timer@0 await_lock@5000000 ready@6000000 "
                  "running@8000000 end@9000000"
                : "await_timer@0 ready@5000000 running@7000000 end@8000000");
        stage_end(&stage);
    }
}

static void test_aio_event_wakes_all(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_EVENT, 0);
    plan_task(&stage.plan, stage.loop, "w", 3, "wait x python 1ms");
    plan_task(&stage.plan, stage.loop, "late", 1, "await_sleep 8ms wait x python 1ms");
    plan_task(&stage.plan, stage.loop, "setter", 1, "await_sleep 5ms set x");
    stage_run(&stage);
    stage_expect_task(&stage, "w 2",
                      "await_future@0 ready@5000000 running@7000000 end@8000000");
    stage_expect_task(&stage, "late", "await_timer@0 running@8000000 end@9000000");
    stage_end(&stage);
}

static void test_aio_until_ends_when_the_event_is_set(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_EVENT, 0);
    plan_task(&stage.plan, stage.loop, "beat", 1,
              "until x { await_sleep 2ms } python 1ms");
    plan_task(&stage.plan, stage.loop, "setter", 1, "await_sleep 5ms set x");
    stage_run(&stage);
    stage_expect_task(&stage, "beat",
                      "await_timer@0 await_timer@2000000 await_timer@4000000 "
                      "running@6000000 end@7000000");
    stage_end(&stage);
}

/* A notified waiter queues for the lock, which the notifier still has. */
static void test_aio_condition_gives_the_lock_back(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_CONDITION, 0);
    plan_task(&stage.plan, stage.loop, "w", 2, "with x { wait x python 1ms }");
    plan_task(&stage.plan, stage.loop, "n", 1,
              "await_sleep 5ms with x { notify x 0 await_sleep 10ms }");
    stage_run(&stage);
    stage_expect_task(&stage, "w 0",
                      "await_future@0 await_lock@5000000 running@15000000 end@16000000");
    stage_expect_task(&stage, "w 1",
                      "await_future@0 await_lock@5000000 running@16000000 end@17000000");
    stage_end(&stage);
}

/* Cancelled, it takes the lock again before the exception is raised. */
static void test_aio_cancelled_condition_wait_has_the_lock(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_CONDITION, 0);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "spawn w 1 { with x { try { wait x } finally { python 1ms } } } "
              "await_sleep 2ms with x { cancel w await_sleep 10ms } join w");
    stage_run(&stage);
    stage_expect_task(&stage, "w",
                      "await_future@0 await_lock@2000000 running@12000000 end@13000000");
    stage_end(&stage);
}

/* 3.12.1: a was notified and cancelled, b waits for ever; 3.13.0: ['a', 'b']. */
static void test_aio_cancelled_condition_wait_passes_on(void **state) {
    (void)state;
    for (int passes = 0; passes < 2; passes++) {
        struct stage stage;
        begin(&stage, OBJECT_ASYNC_CONDITION, 0);
        stage.plan.runtime.condition_passes_on = passes;
        plan_task(
            &stage.plan, stage.loop, "main", 1,
            "spawn a 1 { with x { wait x } } spawn b 1 { with x { wait x python 1ms "
            "} } await_sleep 2ms with x { notify x 1 cancel a } await_sleep 5ms");
        stage_run(&stage);
        stage_expect_task(&stage, "a", "await_future@0 end@2000000");
        stage_expect_task(&stage, "b",
                          passes ? "await_future@0 running@2000000 end@3000000"
                                 : "await_future@0 end@7000000");
        stage_end(&stage);
    }
}

/* One that was cancelled without a notification notifies as well: 3.13.0 ['b']. */
static void test_aio_cancelled_condition_wait_wakes_in_vain(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_CONDITION, 0);
    stage.plan.runtime.condition_passes_on = 1;
    plan_task(
        &stage.plan, stage.loop, "main", 1,
        "spawn a 1 { with x { wait x } } spawn b 1 { with x { wait x python 1ms } } "
        "await_sleep 2ms cancel a await_sleep 5ms");
    stage_run(&stage);
    stage_expect_task(&stage, "b", "await_future@0 running@2000000 end@3000000");
    stage_end(&stage);
}

static void test_aio_queue_blocks_at_both_ends(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_QUEUE, 2);
    plan_task(&stage.plan, stage.loop, "p", 1, "repeat 4 { put x } python 1ms");
    plan_task(&stage.plan, stage.loop, "c", 1, "repeat 4 { await_sleep 10ms get x }");
    stage_run(&stage);
    /* two fit; the third waits for the first get, the fourth for the second */
    stage_expect_task(&stage, "p",
                      "await_future@0 await_future@10000000 running@20000000 "
                      "end@21000000");
    stage_expect_task(&stage, "c",
                      "await_timer@0 await_timer@10000000 await_timer@20000000 "
                      "await_timer@30000000 end@40000000");
    stage_end(&stage);
}

/* The one that has waited longest, and no other: who woke up in vain would queue again. */
static void test_aio_queue_wakes_one_getter(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_QUEUE, 0);
    plan_task(&stage.plan, stage.loop, "getter", 3, "get x python 1ms");
    plan_task(&stage.plan, stage.loop, "putter", 1, "repeat 3 { await_sleep 5ms put x }");
    stage_run(&stage);
    stage_expect_task(&stage, "getter 0", "await_future@0 running@5000000 end@6000000");
    stage_expect_task(&stage, "getter 1", "await_future@0 running@10000000 end@11000000");
    stage_expect_task(&stage, "getter 2", "await_future@0 running@15000000 end@16000000");
    stage_end(&stage);
}

/* The getter that a put has woken finds nothing, because a newcomer was faster, and waits
 * at the end of the queue. */
static void test_aio_queue_items_can_be_stolen(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_QUEUE, 0);
    plan_task(&stage.plan, stage.loop, "getter", 1, "get x python 1ms");
    plan_task(&stage.plan, stage.loop, "putter", 1,
              "await_sleep 5ms put x await_sleep 5ms put x");
    plan_task(&stage.plan, stage.loop, "thief", 1, "await_sleep 5ms get x python 1ms");
    stage_run(&stage);
    stage_expect_task(&stage, "thief", "await_timer@0 running@5000000 end@6000000");
    stage_expect_task(&stage, "getter",
                      "await_future@0 ready@5000000 await_future@6000000 "
                      "running@10000000 end@11000000");
    stage_end(&stage);
}

static void test_aio_release_without_acquire_raises(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_LOCK, 0);
    plan_task(&stage.plan, stage.loop, "t", 1, "release x");
    stage_run_to_failure(&stage, "/0: RuntimeError: Lock is not acquired.");
    stage_end(&stage);
}

/* RuntimeError is an exception like any other. */
static void test_aio_release_without_acquire_can_be_caught(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_CONDITION, 0);
    plan_task(&stage.plan, stage.loop, "t", 1,
              "try { release x python 9ms } except { python 1ms } "
              "try { wait x python 9ms } except { python 1ms } "
              "try { notify x 1 python 9ms } except { python 1ms }");
    stage_run(&stage);
    stage_expect_task(&stage, "t",
                      "running@0 running@1000000 running@2000000 end@3000000");
    stage_end(&stage);
}

static void test_aio_nobody_wakes_the_waiter(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_QUEUE, 0);
    plan_task(&stage.plan, stage.loop, "t", 1, "get x");
    stage_run_to_failure(&stage,
                         "deadlock: every thread waits and nothing can wake any of them");
    stage_end(&stage);
}

/* Each loop has its own object. */
static void test_aio_loops_do_not_share_objects(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, OBJECT_ASYNC_LOCK, 0);
    stage.plan.actors[stage.loop].count = 3;
    plan_task(&stage.plan, stage.loop, "t", 2, "with x { await_sleep 10ms }");
    stage_run(&stage);
    assert_int_equal(stage.result.duration_ns, 20 * NS_PER_MS);
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aio_lock_is_passed_on_by_the_cancelled_waiter),
        cmocka_unit_test(test_aio_old_semaphore_wakes_nobody_in_vain),
        cmocka_unit_test(test_aio_lock_is_first_in_first_out),
        cmocka_unit_test(test_aio_lock_cannot_be_barged),
        cmocka_unit_test(test_aio_semaphore_can_be_barged_in_old_versions),
        cmocka_unit_test(test_aio_semaphore_lets_so_many_in),
        cmocka_unit_test(test_aio_cancelled_waiter_passes_its_turn_on),
        cmocka_unit_test(test_aio_semaphore_of_3_9_wakes_in_vain),
        cmocka_unit_test(test_aio_semaphore_of_3_9_loses_a_permit),
        cmocka_unit_test(test_aio_semaphore_wakes_all_from_3_13_on),
        cmocka_unit_test(test_aio_event_wakes_all),
        cmocka_unit_test(test_aio_until_ends_when_the_event_is_set),
        cmocka_unit_test(test_aio_condition_gives_the_lock_back),
        cmocka_unit_test(test_aio_cancelled_condition_wait_has_the_lock),
        cmocka_unit_test(test_aio_cancelled_condition_wait_passes_on),
        cmocka_unit_test(test_aio_cancelled_condition_wait_wakes_in_vain),
        cmocka_unit_test(test_aio_queue_blocks_at_both_ends),
        cmocka_unit_test(test_aio_queue_wakes_one_getter),
        cmocka_unit_test(test_aio_queue_items_can_be_stolen),
        cmocka_unit_test(test_aio_release_without_acquire_raises),
        cmocka_unit_test(test_aio_release_without_acquire_can_be_caught),
        cmocka_unit_test(test_aio_nobody_wakes_the_waiter),
        cmocka_unit_test(test_aio_loops_do_not_share_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
