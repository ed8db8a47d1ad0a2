/* SPDX-License-Identifier: MIT */
/*
 * test_gil - the GIL in examples, to the nanosecond.
 *
 * Expected times are worked out by hand from the rules at the head of gil.h; the comments
 * show how. Laws over many requests are in test_gil_laws.c, random programs in
 * test_gil_oracle.c.
 */
#include "engine/base/memory.h"
#include "tests/support/scene_checks.h"

#define COMPUTE(length) ACT(ACTION_COMPUTE, length)
#define C_HELD(length) ACT(ACTION_C_HELD, length)
#define C_RELEASED(length) ACT(ACTION_C_RELEASED, length)
#define IO(length) ACT(ACTION_IO, length)

static void assert_thread(const struct scene *scene, const char *name,
                          const char *expected) {
    assert_lane(scene, LANE_THREAD, name, expected);
}

/* Who ended the nth span of that state on the thread's lane. */
static const char *ended_by(const struct scene *scene, const char *name,
                            enum lane_state state, int nth) {
    const struct timeline *timeline = &scene->timeline;
    const lane_id lane = timeline_find(timeline, LANE_THREAD, name);
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane == lane && span->state == state && nth-- == 0) {
            return span->by == LANE_NONE ? "nobody" : timeline->lanes[span->by].name;
        }
    }
    return "no such span";
}

/* The nth instant of that kind as "time by name". */
static void assert_instant(const struct scene *scene, enum instant_kind kind, int nth,
                           sim_ns at, const char *by) {
    const struct timeline *timeline = &scene->timeline;
    for (size_t i = 0; i < timeline->instant_count; i++) {
        const struct timeline_instant *instant = &timeline->instants[i];
        if (instant->kind == kind && nth-- == 0) {
            assert_int_equal(instant->at, at);
            assert_string_equal(timeline->lanes[instant->by].name, by);
            return;
        }
    }
    fail_msg("there is no such %s", instant_kind_name(kind));
}

/* --- nobody else --------------------------------------------------------------- */

static void test_gil_is_never_dropped_without_a_waiter(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    const struct action work[] = {COMPUTE(60 * NS_PER_S)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    assert_thread(&scene, "a", "running@0 end@60000000000");
    assert_lane(&scene, LANE_GIL, "GIL", "held@0 end@60000000000");
    assert_int_equal(scene.timeline.instant_count, 0);
    scene_close(&scene);
}

/* --- asking for it ------------------------------------------------------------- */

/*
 * b waits from 300 ns; its patience ends at 5,000,300. a has then worked 5,000,300 ns and
 * notices at its next check point, 5,001,000.
 */
static void test_gil_waiter_forces_drop_after_interval(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(12 * NS_PER_MS)};
    const struct action b[] = {COMPUTE(2 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 300, b);
    run(&scene);
    assert_thread(&scene, "a", "running@0 wait_gil@5001000 running@7001000 end@14000000");
    assert_thread(&scene, "b", "ready@0 wait_gil@300 running@5001000 end@7001000");
    assert_lane(&scene, LANE_GIL, "GIL", "held@0 held@5001000 held@7001000 end@14000000");
    assert_instant(&scene, INSTANT_DROP_REQUEST, 0, 5000300, "b");
    assert_instant(&scene, INSTANT_FORCED_DROP, 0, 5001000, "a");
    assert_int_equal(scene.timeline.instant_count, 2);
    assert_string_equal(ended_by(&scene, "b", STATE_WAIT_GIL, 0), "a");
    assert_string_equal(ended_by(&scene, "a", STATE_WAIT_GIL, 0), "b");
    scene_close(&scene);
}

/*
 * The same with every cost, so that each is charged once, where it belongs:
 *   a  wakes up 0 - 3000, attaches - 3100; 12 ms of work begin at 3100
 *   b  wakes up 10000 - 13000, attaches - 13100: waits until 13100 + 5 ms + 50 us slack,
 *      wakes up (3000) and leaves the futex (500): asks at 5066600
 *   a  has done 5063500, next check point 5064000, that is at 5067100: drops, pays 100
 *      for that and 1000 for the wake: waits for the handover from 5068200
 *   b  arrives 5070100, takes it at 5070600, pays 1000 for waking a, works from 5071600
 *   a  arrives 5073600, tries at 5073700, waits
 *   b  ends at 7071600, pays 1100; a wakes 3000 + 500 later and has 6936000 left
 */
static void test_gil_every_cost_is_charged_once(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 3000);
    scene.plan.machine.futex_wake_ns = 1000;
    scene.plan.machine.futex_wait_ns = 500;
    scene.plan.machine.timer_slack_ns = 50000;
    scene.plan.runtime.attach_ns = 100;
    scene_open(&scene);
    const struct action a[] = {COMPUTE(12 * NS_PER_MS)};
    const struct action b[] = {COMPUTE(2 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 10000, b);
    run(&scene);
    assert_thread(&scene, "a",
                  "ready@0 detached@3000 running@3100 detached@5067100 "
                  "forced_wait@5068200 ready@5070600 detached@5073600 wait_gil@5073700 "
                  "running@7075100 detached@14011100 end@14011200");
    assert_thread(&scene, "b",
                  "ready@0 detached@13000 wait_gil@13100 running@5070600 "
                  "detached@7071600 end@7072700");
    assert_lane(&scene, LANE_GIL, "GIL",
                "free@0 held@3100 free@5067100 held@5070600 free@7071600 held@7075100 "
                "free@14011100 end@14011200");
    assert_string_equal(ended_by(&scene, "a", STATE_FORCED_WAIT, 0), "b");
    scene_close(&scene);
}

/* With the spacing of check points larger than what is left, the end of the bytecode is
 * the check point: a drops there although its program has more to do. */
static void test_gil_end_of_bytecode_is_a_check_point(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene.plan.runtime.check_spacing_ns = 4 * NS_PER_MS;
    scene_open(&scene);
    const struct action a[] = {COMPUTE(7 * NS_PER_MS), COMPUTE(NS_PER_MS)};
    const struct action b[] = {COMPUTE(NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 0, b);
    run(&scene);
    assert_thread(&scene, "a", "running@0 wait_gil@7000000 running@8000000 end@9000000");
    assert_thread(&scene, "b", "wait_gil@0 running@7000000 end@8000000");
    scene_close(&scene);
}

static void test_gil_shorter_interval_is_used(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene.plan.runtime.switch_interval_ns = 10 * NS_PER_US;
    scene.plan.runtime.check_spacing_ns = 1;
    scene_open(&scene);
    const struct action work[] = {COMPUTE(25 * NS_PER_US)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_thread(&scene, "a",
                  "running@0 wait_gil@10001 running@20002 wait_gil@30003 running@40004 "
                  "end@45002");
    assert_thread(&scene, "b",
                  "wait_gil@0 running@10001 wait_gil@20002 running@30003 wait_gil@40004 "
                  "running@45002 end@50000");
    scene_close(&scene);
}

/* --- who is next --------------------------------------------------------------- */

/*
 * Wake-ups take 3000. b sleeps for the lock from 4000; a drops it at 13000 around a call;
 * b will be there at 16000. c comes at 14500, finds the lock free and takes it.
 */
static void test_gil_barging_thread_takes_free_lock(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 3000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(10000), IO(NS_PER_MS)};
    const struct action b[] = {COMPUTE(1000)};
    const struct action c[] = {COMPUTE(5000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    SCENE_ADD(&scene, "c", 11500, c);
    run(&scene);
    assert_thread(&scene, "c", "ready@0 running@14500 end@19500");
    assert_thread(&scene, "b", "ready@0 wait_gil@4000 running@22500 end@23500");
    assert_instant(&scene, INSTANT_FALSE_WAKEUP, 0, 16000, "b");
    assert_int_equal(scene.process->gil.false_wakeups, 1);
    assert_int_equal(scene.process->gil.drop_requests, 0);
    assert_string_equal(ended_by(&scene, "b", STATE_WAIT_GIL, 0), "c");
    scene_close(&scene);
}

/* b asks at 5,000,100 and goes to the tail: c, which waits since 3 ms, is older. */
static void test_gil_requester_goes_to_the_tail(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    const struct action work[] = {COMPUTE(6 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 100, work);
    SCENE_ADD(&scene, "c", 3 * NS_PER_MS, work);
    run(&scene);
    assert_instant(&scene, INSTANT_DROP_REQUEST, 0, 5000100, "b");
    assert_lane(&scene, LANE_GIL, "GIL",
                "held@0 held@5001000 held@10002000 held@15003000 held@16002000 "
                "held@17001000 end@18000000");
    assert_thread(&scene, "c",
                  "ready@0 wait_gil@3000000 running@5001000 wait_gil@10002000 "
                  "running@16002000 end@17001000");
    scene_close(&scene);
}

/*
 * After the switch at 5,001,000 the patience of b (since 5,000,100) ends at 10,000,100: a
 * switch has happened meanwhile, so it does not ask. a (since 5,001,000) does.
 */
static void test_gil_no_request_after_a_switch(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    const struct action work[] = {COMPUTE(6 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 100, work);
    SCENE_ADD(&scene, "c", 3 * NS_PER_MS, work);
    run(&scene);
    assert_instant(&scene, INSTANT_DROP_REQUEST, 1, 10001000, "a");
    assert_instant(&scene, INSTANT_FORCED_DROP, 1, 10002000, "c");
    assert_thread(&scene, "b",
                  "ready@0 wait_gil@100 running@10002000 wait_gil@15003000 "
                  "running@17001000 end@18000000");
    scene_close(&scene);
}

/*
 * Wake-ups take 10 us. The patience of b ends at 5,010,100; while it is on its way, a
 * drops the lock (5,015,000) and signals the oldest waiter, which still is b. That signal
 * counts (a futex wake beats a time-out that has not been noticed): b takes the lock, and
 * c, which nobody signalled, sleeps on until b is done.
 */
static void test_gil_signal_beats_a_time_out_on_its_way(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 10000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(5005000), IO(NS_PER_MS)};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 100, b);
    SCENE_ADD(&scene, "c", NS_PER_MS, b);
    run(&scene);
    assert_thread(&scene, "b", "ready@0 wait_gil@10100 running@5020100 end@5120100");
    assert_thread(&scene, "c", "ready@0 wait_gil@1010000 running@5130100 end@5230100");
    assert_int_equal(scene.process->gil.false_wakeups, 0);
    assert_int_equal(scene.process->gil.drop_requests, 0);
    scene_close(&scene);
}

/* The same, but a third thread took the lock meanwhile: woken in vain, b does not ask,
 * although its time was over. */
static void test_gil_signalled_waiter_that_comes_too_late_does_not_ask(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 10000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(5005000), IO(NS_PER_MS)};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 100, b);
    SCENE_ADD(&scene, "c", 5006000, b); /* there at 5,016,000: barges */
    run(&scene);
    assert_instant(&scene, INSTANT_FALSE_WAKEUP, 0, 5020100, "b");
    assert_int_equal(scene.process->gil.drop_requests, 0);
    assert_thread(&scene, "c", "ready@0 running@5016000 end@5116000");
    assert_thread(&scene, "b", "ready@0 wait_gil@10100 running@5126000 end@5226000");
    scene_close(&scene);
}

/* A waiter that comes back too late by the clock, but finds the lock free, asks nobody.
 */
static void test_gil_timed_out_waiter_that_finds_it_free_does_not_ask(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 10000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(5005000), IO(NS_PER_MS)};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 100, b);
    run(&scene);
    assert_int_equal(scene.process->gil.drop_requests, 0);
    assert_int_equal(scene.process->gil.false_wakeups, 0);
    assert_thread(&scene, "b", "ready@0 wait_gil@10100 running@5020100 end@5120100");
    scene_close(&scene);
}

/* --- forced switching ---------------------------------------------------------- */

/* b needs 1 ms to wake up: a may not have the lock back before b has had it. */
static void test_gil_forced_drop_waits_for_taker(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, NS_PER_MS);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(20 * NS_PER_MS)};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 0, b);
    run(&scene);
    /* asks at 1 ms + 5 ms + 1 ms; a's next check point is 6,001,000 after its start */
    assert_thread(&scene, "a",
                  "ready@0 running@1000000 forced_wait@7001000 ready@8001000 "
                  "running@9001000 end@23000000");
    assert_thread(&scene, "b", "ready@0 wait_gil@1000000 running@8001000 end@8101000");
    assert_string_equal(ended_by(&scene, "a", STATE_FORCED_WAIT, 0), "b");
    scene_close(&scene);
}

/* The same without FORCE_SWITCHING: a has it back at once, b wakes up in vain. */
static void test_gil_without_forced_switching_the_dropper_wins(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, NS_PER_MS);
    scene.plan.runtime.force_switching = 0;
    scene_open(&scene);
    const struct action a[] = {COMPUTE(20 * NS_PER_MS)};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 0, b);
    run(&scene);
    assert_int_equal(timeline_total(&scene.timeline,
                                    timeline_find(&scene.timeline, LANE_THREAD, "a"),
                                    STATE_FORCED_WAIT),
                     0);
    assert_true(scene.process->gil.forced_drops >= 2);
    assert_int_equal(scene.process->gil.false_wakeups, scene.process->gil.forced_drops);
    assert_thread(&scene, "b", "ready@0 wait_gil@1000000 running@21002000 end@21102000");
    scene_close(&scene);
}

/*
 * b asks while a is inside clone() (6 ms), where there is no check point. a's next drop
 * is the one before it waits for the child: that is a drop like any other, it waits for
 * the handover. Wake-ups take 10 us; the child, woken first, is faster than b.
 */
static void test_gil_voluntary_drop_with_request_waits_for_handover(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 10000);
    scene.plan.machine.thread_create_ns = 6 * NS_PER_MS;
    scene_open(&scene);
    const struct action child_work[] = {COMPUTE(50000)};
    struct sequence child = {.actions = child_work, .count = 1};
    struct thread_spec spec = {.name = "child", .program = {&sequence_ops, &child}};
    const struct action a[] = {
        {.kind = ACTION_START, .site = SITE_NONE, .object = &spec}};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 100, b);
    run(&scene);
    assert_instant(&scene, INSTANT_DROP_REQUEST, 0, 5020100, "b");
    assert_instant(&scene, INSTANT_VOLUNTARY_DROP, 0, 6010000, "a");
    assert_int_equal(scene.process->gil.forced_drops, 0);
    assert_thread(&scene, "a",
                  "ready@0 running_c@10000 forced_wait@6010000 ready@6020000 "
                  "wait_gil@6030000 end@6190000");
    assert_string_equal(ended_by(&scene, "a", STATE_FORCED_WAIT, 0), "child");
    scene_close(&scene);
}

/* Without a request a drop waits for nobody: the call begins at once. */
static void test_gil_voluntary_drop_without_request_goes_on(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 3000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(10000), IO(1000), COMPUTE(2000)};
    const struct action b[] = {COMPUTE(900)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    run(&scene);
    /* io 1000 and the wake-up 3000: b is there before, and gone again */
    assert_thread(&scene, "a",
                  "ready@0 running@3000 io@13000 ready@14000 running@17000 end@19000");
    assert_thread(&scene, "b", "ready@0 wait_gil@4000 running@16000 end@16900");
    scene_close(&scene);
}

/*
 * a's last C call ends without a check point: b's request (6,006,000) stays. a gives the lock
 * up and is gone, 3 us before b is on a core to take it.
 */
static void test_gil_exit_does_not_wait_for_handover(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 3000);
    scene_open(&scene);
    const struct action a[] = {
        {.kind = ACTION_C_HELD, .site = SITE_NONE, .ns = 10 * NS_PER_MS, .value = -1}};
    const struct action b[] = {COMPUTE(100000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000000, b);
    run(&scene);
    assert_instant(&scene, INSTANT_DROP_REQUEST, 0, 6006000, "b");
    assert_thread(&scene, "a", "ready@0 running_c@3000 end@10003000");
    assert_thread(&scene, "b", "ready@0 wait_gil@1003000 running@10006000 end@10106000");
    assert_string_equal(ended_by(&scene, "b", STATE_WAIT_GIL, 0), "a");
    scene_close(&scene);
}

/* --- C calls and the race ------------------------------------------------------ */

/* A C call that keeps the GIL delays everybody for its whole length, asked or not. */
static void test_gil_c_call_stalls_everybody(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    const struct action a[] = {C_HELD(50 * NS_PER_MS), COMPUTE(NS_PER_MS)};
    const struct action b[] = {COMPUTE(NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 0, b);
    SCENE_ADD(&scene, "c", 0, b);
    run(&scene);
    assert_thread(&scene, "a",
                  "running_c@0 wait_gil@50000000 running@52000000 end@53000000");
    assert_thread(&scene, "b", "wait_gil@0 running@50000000 end@51000000");
    assert_thread(&scene, "c", "wait_gil@0 running@51000000 end@52000000");
    assert_int_equal(scene.process->gil.drop_requests, 1); /* pending all the time */
    assert_instant(&scene, INSTANT_DROP_REQUEST, 0, 5000000, "b");
    scene_close(&scene);
}

/* A call of 5 us against a wake-up of 15 us: the caller has the lock back first. */
static void test_gil_short_call_keeps_the_lock_when_wakeup_is_slower(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 15000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(12000), C_RELEASED(5000), COMPUTE(12000)};
    const struct action b[] = {COMPUTE(20 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    run(&scene);
    assert_thread(&scene, "a",
                  "ready@0 running@15000 detached@27000 running@32000 end@44000");
    assert_thread(&scene, "b", "ready@0 wait_gil@16000 running@59000 end@20059000");
    assert_instant(&scene, INSTANT_FALSE_WAKEUP, 0, 42000, "b");
    scene_close(&scene);
}

/* The same call against a wake-up of 3 us: the caller pays a whole interval. */
static void test_gil_short_call_loses_the_lock_when_wakeup_is_faster(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_set_wake(&scene, 3000);
    scene_open(&scene);
    const struct action a[] = {COMPUTE(12000), C_RELEASED(5000), COMPUTE(12000)};
    const struct action b[] = {COMPUTE(20 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    run(&scene);
    assert_thread(&scene, "a",
                  "ready@0 running@3000 detached@15000 wait_gil@20000 running@5027000 "
                  "end@5039000");
    assert_int_equal(scene.process->gil.false_wakeups, 0);
    scene_close(&scene);
}

/* The waker pays for the wake-up while the sleeper is already on its way: that is part of
 * the race. 5 us of call + 2 us of futex_wake > 6 us of wake-up: lost. */
static void test_gil_price_of_waking_is_part_of_the_race(void **state) {
    (void)state;
    const sim_ns prices[] = {0, 2000};
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        scene_prepare(&scene);
        scene_set_wake(&scene, 6000);
        scene.plan.machine.futex_wake_ns = prices[i];
        scene_open(&scene);
        const struct action a[] = {COMPUTE(12000), C_RELEASED(5000), COMPUTE(1000)};
        const struct action b[] = {COMPUTE(20 * NS_PER_MS)};
        SCENE_ADD(&scene, "a", 0, a);
        SCENE_ADD(&scene, "b", 1000, b);
        run(&scene);
        assert_int_equal(scene.process->gil.false_wakeups, i == 0);
        assert_int_equal(scene.process->gil.drop_requests, i == 1);
        scene_close(&scene);
    }
}

/* --- ticks --------------------------------------------------------------------- */

/*
 * 2.7: a's checks come every 10 us of bytecode, and each takes 1 us, the price of waking b,
 * which needs 3 us to come. The tick at 157,500 falls into the gap of the fifth check and its
 * interrupt takes 5 us: b comes at 160,000 and finds the lock free. Without that it comes at
 * 215,000, woken by the check at the end of a's bytecode, when a has gone.
 */
static void test_gil_interrupt_in_the_gap_of_a_check_lets_the_waiter_in(void **state) {
    (void)state;
    const sim_ns costs[] = {0, 5000};
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        scene_prepare(&scene);
        scene_set_wake(&scene, 3000);
        scene.plan.runtime.gil = GIL_TICK;
        scene.plan.runtime.check_spacing_ns = 10000;
        scene.plan.machine.futex_wake_ns = 1000;
        scene.plan.machine.tick_ns = 157500;
        scene.plan.machine.tick_cost_ns = costs[i];
        scene_open(&scene);
        const struct action a[] = {COMPUTE(200000)};
        const struct action b[] = {COMPUTE(1000)};
        SCENE_ADD(&scene, "a", 0, a);
        SCENE_ADD(&scene, "b", 100000, b);
        run(&scene);
        assert_thread(&scene, "b",
                      i == 0 ? "ready@0 wait_gil@103000 running@215000 end@216000"
                             : "ready@0 wait_gil@103000 running@160000 end@161000");
        scene_close(&scene);
    }
}

/* --- scope --------------------------------------------------------------------- */

static void test_gil_of_another_process_does_not_matter(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    const struct action work[] = {COMPUTE(20 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    scene.process = world_add_process(&scene.world, "other");
    assert_non_null(scene.process);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_thread(&scene, "a", "running@0 end@20000000");
    assert_thread(&scene, "b", "running@0 end@20000000");
    scene_close(&scene);
}

static void test_gil_none_lets_all_run(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene.plan.runtime.gil = GIL_NONE;
    scene_open(&scene);
    const struct action work[] = {COMPUTE(20 * NS_PER_MS), C_HELD(NS_PER_MS), IO(5000)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    SCENE_ADD(&scene, "c", 0, work);
    run(&scene);
    const char *names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        assert_thread(&scene, names[i],
                      "running@0 running_c@20000000 io@21000000 end@21005000");
    }
    assert_int_equal(timeline_find(&scene.timeline, LANE_GIL, "GIL"), LANE_NONE);
    scene_close(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gil_is_never_dropped_without_a_waiter),
        cmocka_unit_test(test_gil_waiter_forces_drop_after_interval),
        cmocka_unit_test(test_gil_every_cost_is_charged_once),
        cmocka_unit_test(test_gil_end_of_bytecode_is_a_check_point),
        cmocka_unit_test(test_gil_shorter_interval_is_used),
        cmocka_unit_test(test_gil_barging_thread_takes_free_lock),
        cmocka_unit_test(test_gil_requester_goes_to_the_tail),
        cmocka_unit_test(test_gil_no_request_after_a_switch),
        cmocka_unit_test(test_gil_signal_beats_a_time_out_on_its_way),
        cmocka_unit_test(test_gil_signalled_waiter_that_comes_too_late_does_not_ask),
        cmocka_unit_test(test_gil_timed_out_waiter_that_finds_it_free_does_not_ask),
        cmocka_unit_test(test_gil_forced_drop_waits_for_taker),
        cmocka_unit_test(test_gil_without_forced_switching_the_dropper_wins),
        cmocka_unit_test(test_gil_voluntary_drop_with_request_waits_for_handover),
        cmocka_unit_test(test_gil_voluntary_drop_without_request_goes_on),
        cmocka_unit_test(test_gil_exit_does_not_wait_for_handover),
        cmocka_unit_test(test_gil_c_call_stalls_everybody),
        cmocka_unit_test(test_gil_short_call_keeps_the_lock_when_wakeup_is_slower),
        cmocka_unit_test(test_gil_short_call_loses_the_lock_when_wakeup_is_faster),
        cmocka_unit_test(test_gil_price_of_waking_is_part_of_the_race),
        cmocka_unit_test(test_gil_interrupt_in_the_gap_of_a_check_lets_the_waiter_in),
        cmocka_unit_test(test_gil_of_another_process_does_not_matter),
        cmocka_unit_test(test_gil_none_lets_all_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
