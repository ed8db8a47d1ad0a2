/* SPDX-License-Identifier: MIT */
/* test_call - Condition, Semaphore, Event, Barrier, Queue, SimpleQueue: who waits until
 * when, to the nanosecond, where nothing costs anything; on both kinds of lock, under the
 * GIL and without. */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/python/runtime_table.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

/* A plan, what came out of it, and its lanes. */
struct stage {
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
};

static const struct variant {
    enum gil_kind gil;
    enum lock_kind lock;
    int64_t hands_over;
    const char *name;
} variants[] = {
    {GIL_INTERVAL, LOCK_SEMAPHORE, 0, "3.12"},
    {GIL_INTERVAL, LOCK_PYMUTEX, 1, "3.14"},
    {GIL_NONE, LOCK_SEMAPHORE, 1, "no GIL, semaphores"},
    {GIL_NONE, LOCK_PYMUTEX, 1, "3.14t"},
    {GIL_TICK, LOCK_SEMAPHORE, 0, "2.7"},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static void begin(struct stage *stage, const struct variant *variant) {
    memset(stage, 0, sizeof *stage);
    plan_begin(&stage->plan, "ideal", "cpython-3.12");
    plan_make_free(&stage->plan);
    stage->plan.machine.cores = 8;
    stage->plan.runtime.gil = variant->gil;
    stage->plan.runtime.lock_kind = variant->lock;
    stage->plan.runtime.queue_hands_over = variant->hands_over;
    timeline_init(&stage->timeline);
}

static void run(struct stage *stage) {
    struct err err = {0};
    struct violation violation;
    const struct run_options options = {.sink = &stage->timeline.sink};
    assert_int_equal(run_execute(&stage->result, &stage->plan, &options, &err), 0);
    if (!timeline_is_sound(&stage->timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

static void end(struct stage *stage) {
    run_result_deinit(&stage->result);
    timeline_deinit(&stage->timeline);
    plan_deinit(&stage->plan);
}

static lane_id lane_of(const struct stage *stage, const char *thread) {
    const lane_id lane = timeline_find(&stage->timeline, LANE_THREAD, thread);
    assert_true(lane >= 0);
    return lane;
}

static void assert_lane(const struct stage *stage, const char *thread,
                        const char *expected) {
    struct timeline_text text;
    assert_string_equal(
        timeline_describe(&stage->timeline, lane_of(stage, thread), &text), expected);
}

/* How long the thread waited for an object, in microseconds. */
static long waited_us(const struct stage *stage, const char *thread) {
    return (long)(timeline_total(&stage->timeline, lane_of(stage, thread),
                                 STATE_WAIT_OBJECT) /
                  1000);
}

static long ended_us(const struct stage *stage, const char *thread) {
    return (long)(lane_table_died(&stage->result.lanes, lane_of(stage, thread)) / 1000);
}

#define FOR_EACH_VARIANT(stage)                                                          \
    for (int v = 0; v < VARIANTS; v++, end(&(stage)))                                    \
        if (begin(&(stage), &variants[v]), true)

/* --- Condition ----------------------------------------------------------------- */

static const char WAITER[] = "with cond { wait cond }";

/* The one that has waited longest goes first. */
static void test_call_notify_wakes_the_oldest(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "cond", OBJECT_CONDITION);
        plan_thread(&stage.plan, "a", 1, false, "sleep 3us with cond { wait cond }");
        plan_thread(&stage.plan, "b", 1, false, "sleep 1us with cond { wait cond }");
        plan_thread(&stage.plan, "c", 1, false, "sleep 2us with cond { wait cond }");
        plan_thread(&stage.plan, "notifier", 1, false,
                    "repeat 3 { sleep 1ms with cond { notify cond 1 } }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "b", "sleep@0 wait_object@1000 end@1000000");
        assert_lane(&stage, "c", "sleep@0 wait_object@2000 end@2000000");
        assert_lane(&stage, "a", "sleep@0 wait_object@3000 end@3000000");
    }
}

static void test_call_notify_takes_a_number(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "cond", OBJECT_CONDITION);
        plan_thread(&stage.plan, "w", 5, false, WAITER);
        plan_thread(&stage.plan, "notifier", 1, false,
                    "sleep 1ms with cond { notify cond 2 } "
                    "sleep 1ms with cond { notify cond 0 }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_int_equal(waited_us(&stage, "w 0"), 1000);
        assert_int_equal(waited_us(&stage, "w 1"), 1000);
        assert_int_equal(waited_us(&stage, "w 2"), 2000);
        assert_int_equal(waited_us(&stage, "w 4"), 2000);
    }
}

/* A notify() that nobody waits for is lost. */
static void test_call_notify_without_waiters_is_lost(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "cond", OBJECT_CONDITION);
        plan_thread(&stage.plan, "notifier", 1, false, "with cond { notify cond 0 }");
        plan_thread(&stage.plan, "w", 1, false, "sleep 1ms with cond { wait cond }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_FAILED);
        assert_non_null(strstr(stage.result.reason, "deadlock"));
    }
}

/* The notifier goes on with the lock; who was woken needs it, and waits for it. */
static void test_call_notified_waits_for_the_lock(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "cond", OBJECT_CONDITION);
        plan_thread(&stage.plan, "w", 1, false, WAITER);
        plan_thread(&stage.plan, "notifier", 1, false,
                    "sleep 1ms with cond { notify cond 1 sleep 2ms }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "w", "wait_object@0 wait_lock@1000000 end@3000000");
    }
}

/* wait() lets go of every level of the RLock, and has all of them back afterwards. */
static void test_call_wait_releases_all_levels(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "cond", OBJECT_CONDITION);
        plan_thread(&stage.plan, "w", 1, false,
                    "acquire cond acquire cond acquire cond wait cond release cond "
                    "release cond sleep 1ms release cond");
        plan_thread(&stage.plan, "notifier", 1, false,
                    "sleep 1ms with cond { notify cond 1 } sleep 1us acquire cond");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "w", "wait_object@0 sleep@1000000 end@2000000");
        assert_int_equal(ended_us(&stage, "notifier"), 2000);
    }
}

/* The run ends where Python would raise, and says where that is. */
static void assert_raises(const char *steps, const char *reason) {
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "cond", OBJECT_CONDITION);
        plan_object(&stage.plan, "lock", OBJECT_LOCK);
        plan_object(&stage.plan, "rlock", OBJECT_RLOCK);
        plan_thread(&stage.plan, "a", 1, false, steps);
        plan_thread(&stage.plan, "other", 1, false, "with cond { sleep 2ms }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_FAILED);
        assert_string_equal(stage.result.reason, reason);
        assert_int_equal(stage.result.duration_ns, 1000000);
    }
}

static void test_call_exceptions_end_the_run(void **state) {
    (void)state;
    assert_raises("sleep 1ms wait cond",
                  "/1: RuntimeError: cannot wait on un-acquired lock");
    assert_raises("sleep 1ms notify cond 0",
                  "/1: RuntimeError: cannot notify on un-acquired lock");
    assert_raises("sleep 1ms release cond",
                  "/1: RuntimeError: cannot release un-acquired lock");
    assert_raises("sleep 1ms release rlock",
                  "/1: RuntimeError: cannot release un-acquired lock");
    assert_raises("sleep 1ms release lock", "/1: RuntimeError: release unlocked lock");
}

/* --- RLock --------------------------------------------------------------------- */

static void test_call_rlock_counts_its_levels(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "rlock", OBJECT_RLOCK);
        plan_thread(&stage.plan, "a", 1, false,
                    "with rlock { with rlock { acquire rlock sleep 1ms release rlock } "
                    "sleep 1ms } sleep 1ms");
        plan_thread(&stage.plan, "b", 1, false, "sleep 1us with rlock { }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "b", "sleep@0 wait_lock@1000 end@2000000");
    }
}

/* A Lock may be released by another thread, an RLock may not. */
static void test_call_lock_is_released_by_anybody(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "lock", OBJECT_LOCK);
        plan_thread(&stage.plan, "a", 1, false, "acquire lock acquire lock");
        plan_thread(&stage.plan, "b", 1, false, "sleep 1ms release lock");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "a", "wait_lock@0 end@1000000");
    }
}

/* --- what `with` costs --------------------------------------------------------- */

/* The duration of a run whose only thread does these steps. */
static int64_t duration_of(struct stage *stage, const char *steps) {
    plan_object(&stage->plan, "lock", OBJECT_LOCK);
    plan_object(&stage->plan, "rlock", OBJECT_RLOCK);
    plan_object(&stage->plan, "cond", OBJECT_CONDITION);
    plan_thread(&stage->plan, "t", 1, false, steps);
    run(stage);
    assert_int_equal(stage->result.status, RUN_DONE);
    return stage->result.duration_ns;
}

/* Condition.__enter__ has 5 opcodes besides the call of its lock's, __exit__ 7; acquire()
 * and release() of a Condition are its lock's own. */
static void test_call_with_costs_by_kind(void **state) {
    (void)state;
    static const struct {
        const char *steps;
        int64_t ns;
    } cases[] = {
        {"with lock { }", 200},
        {"acquire lock release lock", 200},
        {"with rlock { }", 600},
        {"with rlock { with rlock { } }", 1200},
        {"with cond { }", 720},
        {"acquire cond release cond", 600},
        {"repeat 5 { with cond { with cond { } } }", 7200},
    };
    struct stage stage;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FOR_EACH_VARIANT(stage) {
            stage.plan.runtime.lock_ns = 100;
            stage.plan.runtime.rlock_ns = 300;
            stage.plan.runtime.condition_call_ns = 560; /* 10 ns an opcode */
            assert_int_equal(duration_of(&stage, cases[i].steps), cases[i].ns);
        }
    }
}

static double with_ns(const char *runtime, const char *steps) {
    struct stage stage = {0};
    plan_begin(&stage.plan, "ideal", runtime);
    timeline_init(&stage.timeline);
    const double ns = (double)duration_of(&stage, steps) / 1000.0;
    end(&stage);
    return ns;
}

/* RLock is Python up to 3.1, Condition in every version. */
static void test_call_with_costs_by_version(void **state) {
    (void)state;
    for (size_t i = 0; i < runtime_row_count; i++) {
        const char *name = runtime_rows[i].runtime.name;
        const double lock = with_ns(name, "repeat 1000 { with lock { } }");
        const double rlock = with_ns(name, "repeat 1000 { with rlock { } }");
        const double cond = with_ns(name, "repeat 1000 { with cond { } }");
        assert_true(runtime_rows[i].runtime.gil == GIL_TICK ? rlock > 3 * lock
                                                            : rlock == lock);
        assert_true(cond > rlock + 80 && cond < rlock + 200);
    }
}

/* --- Semaphore ----------------------------------------------------------------- */

static void test_call_semaphore_lets_so_many_in(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_sized(&stage.plan, "sem", OBJECT_SEMAPHORE, 2);
        plan_thread(&stage.plan, "t", 5, false, "with sem { sleep 1ms }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        static const long ends[] = {1000, 1000, 2000, 2000, 3000};
        for (int i = 0; i < 5; i++) {
            char name[16];
            snprintf(name, sizeof name, "t %d", i);
            assert_int_equal(ended_us(&stage, name), ends[i]);
        }
        assert_lane(&stage, "t 4", "wait_object@0 sleep@2000000 end@3000000");
    }
}

static void test_call_semaphore_of_nothing_waits_for_a_release(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_sized(&stage.plan, "sem", OBJECT_SEMAPHORE, 0);
        plan_thread(&stage.plan, "a", 1, false, "acquire sem acquire sem");
        plan_thread(&stage.plan, "b", 1, false,
                    "sleep 1ms release sem sleep 1ms release sem release sem");
        plan_thread(&stage.plan, "c", 1, false, "sleep 3ms acquire sem");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "a", "wait_object@0 wait_object@1000000 end@2000000");
        assert_lane(&stage, "c", "sleep@0 end@3000000");
    }
}

/* --- Event --------------------------------------------------------------------- */

static void test_call_event_wakes_all(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "event", OBJECT_EVENT);
        plan_thread(&stage.plan, "w", 4, false, "wait event");
        plan_thread(&stage.plan, "late", 1, false, "sleep 2ms wait event");
        plan_thread(&stage.plan, "again", 1, false, "sleep 4ms wait event");
        plan_thread(&stage.plan, "setter", 1, false,
                    "sleep 1ms set event sleep 2ms clear event sleep 2ms set event");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "w 0", "wait_object@0 end@1000000");
        assert_lane(&stage, "w 3", "wait_object@0 end@1000000");
        assert_lane(&stage, "late", "sleep@0 end@2000000");
        assert_lane(&stage, "again", "sleep@0 wait_object@4000000 end@5000000");
    }
}

/* wait() does not look again: a clear() right after the set() comes too late. */
static void test_call_event_wait_does_not_look_again(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "event", OBJECT_EVENT);
        plan_thread(&stage.plan, "w", 3, false, "wait event");
        plan_thread(&stage.plan, "setter", 1, false, "sleep 1ms set event clear event");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_int_equal(stage.result.duration_ns, 1000000);
    }
}

/* --- Barrier ------------------------------------------------------------------- */

static void test_call_barrier_waits_for_the_last(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_sized(&stage.plan, "barrier", OBJECT_BARRIER, 3);
        plan_thread(&stage.plan, "a", 1, false, "repeat 2 { sleep 1ms wait barrier }");
        plan_thread(&stage.plan, "b", 1, false, "repeat 2 { sleep 2ms wait barrier }");
        plan_thread(&stage.plan, "c", 1, false, "repeat 2 { sleep 3ms wait barrier }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "a",
                    "sleep@0 wait_object@1000000 sleep@3000000 wait_object@4000000 "
                    "end@6000000");
        assert_lane(&stage, "b",
                    "sleep@0 wait_object@2000000 sleep@3000000 wait_object@5000000 "
                    "end@6000000");
        assert_lane(&stage, "c", "sleep@0 sleep@3000000 end@6000000");
    }
}

/* Whoever is back before the others have left waits until they have: nobody gets into
 * the round before. */
static void test_call_barrier_is_used_again_at_once(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_sized(&stage.plan, "barrier", OBJECT_BARRIER, 4);
        stage.plan.runtime.condition_call_ns = 560; /* 10 ns an opcode */
        stage.plan.machine.wake_warm_ns = 3000;
        plan_thread(&stage.plan, "t", 4, false, "repeat 200 { wait barrier }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
    }
}

static void test_call_barrier_of_too_few_is_a_deadlock(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_sized(&stage.plan, "barrier", OBJECT_BARRIER, 3);
        plan_thread(&stage.plan, "t", 5, false, "wait barrier");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_FAILED);
        assert_non_null(strstr(stage.result.reason, "deadlock"));
    }
}

/* --- Queue --------------------------------------------------------------------- */

static void test_call_queue_full_and_empty(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_sized(&stage.plan, "queue", OBJECT_QUEUE, 2);
        plan_thread(&stage.plan, "producer", 1, false,
                    "repeat 5 { put queue } sleep 10ms put queue");
        plan_thread(&stage.plan, "consumer", 1, false,
                    "sleep 10ms repeat 6 { get queue sleep 1ms }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "producer",
                    "wait_object@0 wait_object@10000000 wait_object@11000000 "
                    "sleep@12000000 end@22000000");
        assert_lane(&stage, "consumer",
                    "sleep@0 sleep@10000000 sleep@11000000 sleep@12000000 "
                    "sleep@13000000 sleep@14000000 wait_object@15000000 "
                    "sleep@22000000 end@23000000");
    }
}

/* Takers are served in the order in which they came. */
static void test_call_queue_serves_in_order(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "queue", OBJECT_QUEUE);
        plan_thread(&stage.plan, "t", 4, false, "get queue");
        plan_thread(&stage.plan, "p", 1, false, "repeat 4 { sleep 1ms put queue }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "t 0", "wait_object@0 end@1000000");
        assert_lane(&stage, "t 3", "wait_object@0 end@4000000");
    }
}

/* Reference 5.2: without bound the producer fills for a slice and the consumer drains for a
 * slice; with one place every item is handed over, and nobody waits for an interval. */
static void test_call_queue_under_the_gil(void **state) {
    (void)state;
    struct stage stage;
    static const int64_t sizes[] = {0, 1};
    double per_item_us[2];
    for (int i = 0; i < 2; i++) {
        begin(&stage, &variants[0]);
        const struct machine_profile *desktop = machine_profile_find("linux-desktop");
        stage.plan.machine = desktop->machine;
        stage.plan.runtime = runtime_row_find("cpython-3.12")->runtime;
        plan_sized(&stage.plan, "queue", OBJECT_QUEUE, sizes[i]);
        plan_thread(&stage.plan, "producer", 1, false, "repeat 50000 { put queue }");
        plan_thread(&stage.plan, "consumer", 1, false, "repeat 50000 { get queue }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        per_item_us[i] = (double)stage.result.duration_ns / 50000.0 / 1e3;
        const double hold_us = stage.result.metric[METRIC_GIL_HOLD_MAX_US];
        const double wait_us = stage.result.metric[METRIC_GIL_WAIT_MAX_US];
        assert_true(sizes[i] == 0 ? hold_us > 5000.0 : hold_us < 500.0);
        assert_true(sizes[i] == 0 ? wait_us > 5000.0 : wait_us < 500.0);
        end(&stage);
    }
    assert_true(per_item_us[0] > 1.0 && per_item_us[0] < 4.0);
    assert_true(per_item_us[1] > 8.0 && per_item_us[1] < 60.0);
}

/* --- SimpleQueue --------------------------------------------------------------- */

static void test_call_simple_queue_waits_when_empty(void **state) {
    (void)state;
    struct stage stage;
    FOR_EACH_VARIANT(stage) {
        plan_object(&stage.plan, "queue", OBJECT_SIMPLE_QUEUE);
        plan_thread(&stage.plan, "consumer", 1, false,
                    "get queue get queue sleep 5ms get queue");
        plan_thread(&stage.plan, "producer", 1, false,
                    "repeat 3 { sleep 1ms put queue }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_lane(&stage, "consumer",
                    "wait_object@0 wait_object@1000000 sleep@2000000 end@7000000");
    }
}

/* Up to 3.12 a get() that had to wait wakes the next waiter in vain, and that goes to the
 * end of the line: 0, then 2 past 1, then 1, 3. From 3.13 on the item goes to whoever has waited longest. */
static void test_call_simple_queue_by_version(void **state) {
    (void)state;
    struct stage stage;
    for (int v = 0; v < 2; v++) {
        begin(&stage, &variants[v]);
        plan_object(&stage.plan, "queue", OBJECT_SIMPLE_QUEUE);
        plan_thread(&stage.plan, "t", 4, false, "get queue");
        plan_thread(&stage.plan, "p", 1, false, "repeat 4 { sleep 1ms put queue }");
        run(&stage);
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_int_equal(ended_us(&stage, "t 0"), 1000);
        assert_int_equal(ended_us(&stage, "t 1"), variants[v].hands_over ? 2000 : 3000);
        assert_int_equal(ended_us(&stage, "t 2"), variants[v].hands_over ? 3000 : 2000);
        assert_int_equal(ended_us(&stage, "t 3"), 4000);
        end(&stage);
    }
}

/* --- memory -------------------------------------------------------------------- */

static void make_hungry_plan(struct stage *stage, const struct variant *variant) {
    begin(stage, variant);
    plan_object(&stage->plan, "cond", OBJECT_CONDITION);
    plan_object(&stage->plan, "event", OBJECT_EVENT);
    plan_sized(&stage->plan, "sem", OBJECT_SEMAPHORE, 1);
    plan_sized(&stage->plan, "barrier", OBJECT_BARRIER, 2);
    plan_object(&stage->plan, "queue", OBJECT_QUEUE);
    plan_object(&stage->plan, "simple", OBJECT_SIMPLE_QUEUE);
    plan_thread(&stage->plan, "p", 1, false,
                "repeat 9000 { put queue put simple } set event with sem { } "
                "wait barrier with cond { notify cond 0 }");
    plan_thread(&stage->plan, "c", 1, false,
                "wait event repeat 9000 { get queue get simple } with sem { } "
                "wait barrier");
}

/* The nth allocation fails: the run says so, leaks nothing, and has no result. */
static void test_call_out_of_memory(void **state) {
    (void)state;
    for (int v = 0; v < VARIANTS; v++) {
        struct stage stage;
        make_hungry_plan(&stage, &variants[v]);
        int64_t n = 0;
        for (int rc = ERR_NOMEM; rc != 0; n++) {
            struct err err = {0};
            memory_fail_after(n);
            rc = run_execute(&stage.result, &stage.plan, &(struct run_options){0}, &err);
            memory_fail_after(-1);
            assert_int_equal(rc, err.code);
            assert_true(rc == 0 || rc == ERR_NOMEM);
        }
        assert_int_equal(stage.result.status, RUN_DONE);
        assert_true(n > 10);
        end(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_notify_wakes_the_oldest),
        cmocka_unit_test(test_call_notify_takes_a_number),
        cmocka_unit_test(test_call_notify_without_waiters_is_lost),
        cmocka_unit_test(test_call_notified_waits_for_the_lock),
        cmocka_unit_test(test_call_wait_releases_all_levels),
        cmocka_unit_test(test_call_exceptions_end_the_run),
        cmocka_unit_test(test_call_rlock_counts_its_levels),
        cmocka_unit_test(test_call_lock_is_released_by_anybody),
        cmocka_unit_test(test_call_with_costs_by_kind),
        cmocka_unit_test(test_call_with_costs_by_version),
        cmocka_unit_test(test_call_semaphore_lets_so_many_in),
        cmocka_unit_test(test_call_semaphore_of_nothing_waits_for_a_release),
        cmocka_unit_test(test_call_event_wakes_all),
        cmocka_unit_test(test_call_event_wait_does_not_look_again),
        cmocka_unit_test(test_call_barrier_waits_for_the_last),
        cmocka_unit_test(test_call_barrier_is_used_again_at_once),
        cmocka_unit_test(test_call_barrier_of_too_few_is_a_deadlock),
        cmocka_unit_test(test_call_queue_full_and_empty),
        cmocka_unit_test(test_call_queue_serves_in_order),
        cmocka_unit_test(test_call_queue_under_the_gil),
        cmocka_unit_test(test_call_simple_queue_waits_when_empty),
        cmocka_unit_test(test_call_simple_queue_by_version),
        cmocka_unit_test(test_call_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
