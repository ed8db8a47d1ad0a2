/* SPDX-License-Identifier: MIT */
/* test_quota - CPU quotas: who is throttled when, to the nanosecond, and what holds in
 * every period. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/dice.h"
#include "tests/support/plans.h"
#include "tests/support/scene_checks.h"

enum { SLICE_MS = 5, KEPT_MS = 1 }; /* of the kernel, see quota.h */

static void begin(struct scene *scene, int64_t cores, int64_t quota_ms) {
    scene_prepare(scene);
    scene->plan.machine.cores = cores;
    scene->plan.machine.quota_ns = quota_ms * NS_PER_MS;
    scene->plan.runtime.gil = GIL_NONE;
}

/* --- one core ------------------------------------------------------------------ */

/* 20 ms of every 100: runs 20, waits 80. */
static void test_quota_stops_until_the_next_period(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 20);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 50 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@20000000 running@100000000 ready@120000000 "
                "running@200000000 end@210000000");
    assert_lane(&scene, LANE_CORE, "core 0",
                "running@0 throttled@20000000 running@100000000 throttled@120000000 "
                "running@200000000 end@210000000");
    assert_int_equal(scene.world.cpu.quota.throttled_periods, 2);
    assert_int_equal(cpu_busy_ns(&scene.world.cpu), 50 * NS_PER_MS);
    scene_close(&scene);
}

/* The wait names its core, and the core its thread. */
static void test_quota_wait_names_the_core(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 20);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 30 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    const lane_id core = timeline_find(&scene.timeline, LANE_CORE, "core 0");
    const lane_id thread = timeline_find(&scene.timeline, LANE_THREAD, "a");
    int seen = 0;
    for (size_t i = 0; i < scene.timeline.span_count; i++) {
        const struct timeline_span *span = &scene.timeline.spans[i];
        if (span->state == STATE_THROTTLED) {
            assert_int_equal(span->resource, thread);
            seen++;
        } else if (span->state == STATE_READY) {
            assert_int_equal(span->resource, core);
            seen++;
        }
    }
    assert_int_equal(seen, 2);
    scene_close(&scene);
}

/* Work that ends at the very moment at which the quota does has ended. */
static void test_quota_that_just_suffices(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 20);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 40 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@20000000 running@100000000 end@120000000");
    scene_close(&scene);
}

/* Whoever sleeps past the refill has a full quota. What was left of the slice stays with
 * the core, at most 1 ms of it: 21 ms in the second period. */
static void test_quota_is_refilled_while_nobody_looks(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 20);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 2 * NS_PER_MS),
                                  ACT(ACTION_IO, 248 * NS_PER_MS),
                                  ACT(ACTION_COMPUTE, 30 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 io@2000000 running@250000000 ready@271000000 "
                "running@300000000 end@309000000");
    assert_int_equal(scene.world.cpu.quota.throttled_periods, 1);
    scene_close(&scene);
}

/*
 * Looked at every 4 ms, 10 ms a period: at 8 the first 5 ms are overdrawn by 3, at 12 all
 * 10 by 2. The debt is paid from the next 10: 8 ms of running. And so on.
 */
static void test_quota_is_noticed_at_a_tick(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 10);
    scene.plan.machine.tick_ns = 4 * NS_PER_MS;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 31 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@12000000 running@100000000 ready@108000000 "
                "running@200000000 end@211000000");
    scene_close(&scene);
}

/*
 * Slices of 3 ms, 1 ms of quota in 10: a slice goes on in the next period, so after three
 * periods it is the other's turn.
 */
static void test_quota_does_not_renew_a_slice(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 1);
    scene.plan.machine.quota_period_ns = 10 * NS_PER_MS;
    scene.plan.machine.slice_ns = 3 * NS_PER_MS;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 4 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 500000, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@1000000 running@10000000 ready@11000000 "
                "running@20000000 ready@21000000 ready@51000000 running@60000000 "
                "end@61000000");
    assert_lane(&scene, LANE_THREAD, "b",
                "ready@0 ready@21000000 running@30000000 ready@31000000 "
                "running@40000000 ready@41000000 running@50000000 ready@51000000 "
                "ready@61000000 running@70000000 end@71000000");
    scene_close(&scene);
}

/* The core has been idle for 80 ms when the refill comes: it wakes up from deep sleep. */
static void test_quota_core_sleeps_while_throttled(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1, 20);
    scene.plan.machine.wake_deep_ns = 88000;
    scene.plan.machine.deep_after_ns = 200000;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 25 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_CORE, "core 0",
                "running@0 throttled@20000000 switch@100000000 running@100088000 "
                "end@105088000");
    scene_close(&scene);
}

/* --- several cores ------------------------------------------------------------- */

/* 25 ms in slices of 5: a gets three of them, b two; b fell first and is first served. */
static void test_quota_is_shared_by_the_cores(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2, 25);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 20 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@15000000 running@100000000 end@105000000");
    assert_lane(&scene, LANE_THREAD, "b",
                "running@0 ready@10000000 running@100000000 end@110000000");
    assert_int_equal(scene.world.cpu.quota.throttled_periods, 1);
    scene_close(&scene);
}

/* Eight threads that compute use up 80 ms in 10, and then nobody runs for 90. */
static void test_quota_is_used_up_sooner_by_more_threads(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 8, 80);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 12 * NS_PER_MS)};
    for (int i = 0; i < 8; i++) {
        SCENE_ADD(&scene, "t", 0, work);
    }
    run(&scene);
    for (lane_id lane = 0; lane < 8; lane++) {
        struct timeline_text text;
        assert_string_equal(timeline_describe(&scene.timeline, lane, &text),
                            "running@0 throttled@10000000 running@100000000 "
                            "end@102000000");
    }
    scene_close(&scene);
}

/* a ends after 1 of its 5 ms: 3 go back to the pool, 1 stays with the idle core, where it
 * is of no use to b. */
static void test_quota_one_ms_stays_with_an_idle_core(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2, 10);
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, NS_PER_MS)};
    const struct action b[] = {ACT(ACTION_COMPUTE, 9 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 0, b);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "b",
                "running@0 ready@8000000 running@100000000 end@101000000");
    assert_int_equal(scene.world.cpu.cores[0].share.budget_ns, KEPT_MS * NS_PER_MS);
    scene_close(&scene);
}

/*
 * c is throttled at 5 ms; at 5.1 a and b give 2.9 ms back each. That is more than a slice:
 * 5 ms later c gets it, unless a refill is due within 7 ms anyway.
 */
static void test_quota_slack_is_handed_out_later(void **state) {
    (void)state;
    static const struct {
        sim_ns period_ns;
        const char *lane;
    } cases[] = {
        {100 * NS_PER_MS, "running@0 ready@5000000 running@10100000 ready@15900000 "
                          "running@100000000 end@100200000"},
        {12100000, "running@0 ready@5000000 running@10100000 end@16100000"},
        {12099999, "running@0 ready@5000000 running@12099999 end@18099999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        begin(&scene, 3, 15);
        scene.plan.machine.quota_period_ns = cases[i].period_ns;
        scene_open(&scene);
        const struct action c[] = {ACT(ACTION_COMPUTE, 11 * NS_PER_MS)};
        const struct action brief[] = {ACT(ACTION_COMPUTE, 1100000)};
        SCENE_ADD(&scene, "c", 0, c);
        SCENE_ADD(&scene, "a", 4 * NS_PER_MS, brief);
        SCENE_ADD(&scene, "b", 4 * NS_PER_MS, brief);
        run(&scene);
        assert_lane(&scene, LANE_THREAD, "c", cases[i].lane);
        scene_close(&scene);
    }
}

/* A woken thread needs quota too, even on an idle core. */
static void test_quota_throttles_who_wakes_up(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2, 10);
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 11 * NS_PER_MS)};
    const struct action b[] = {ACT(ACTION_COMPUTE, NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 30 * NS_PER_MS, b);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "b",
                "ready@0 ready@30000000 running@100000000 end@101000000");
    assert_lane(&scene, LANE_CORE, "core 1",
                "idle@0 throttled@30000000 running@100000000 end@101000000");
    scene_close(&scene);
}

/* The holder of the GIL is throttled at 19 ms; whoever waits for it looks every 5 ms (for
 * that its core has quota) and gets it after the refill. */
static void test_quota_looks_like_a_stall_of_the_gil(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2, 20);
    scene.plan.runtime.gil = GIL_INTERVAL;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 50 * NS_PER_MS)};
    const struct action b[] = {ACT(ACTION_COMPUTE, NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 14500000, b);
    run(&scene);
    const lane_id lane_a = timeline_find(&scene.timeline, LANE_THREAD, "a");
    const lane_id lane_b = timeline_find(&scene.timeline, LANE_THREAD, "b");
    for (sim_ns at = 20 * NS_PER_MS; at < 100 * NS_PER_MS; at += NS_PER_MS) {
        assert_int_equal(timeline_state_at(&scene.timeline, lane_a, at), STATE_READY);
        assert_int_equal(timeline_state_at(&scene.timeline, lane_b, at), STATE_WAIT_GIL);
    }
    assert_true(timeline_total(&scene.timeline, lane_b, STATE_WAIT_GIL) >= 85500000);
    scene_close(&scene);
}

static void test_quota_as_large_as_the_machine_changes_nothing(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2, 200);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 350 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a", "running@0 end@350000000");
    assert_lane(&scene, LANE_THREAD, "b", "running@0 end@350000000");
    assert_int_equal(scene.world.cpu.quota.throttled_periods, 0);
    scene_close(&scene);
}

/* --- metrics ------------------------------------------------------------------- */

static void test_quota_metrics(void **state) {
    (void)state;
    for (int quota_ms = 0; quota_ms <= 20; quota_ms += 20) {
        struct plan plan;
        struct run_result result;
        struct err err = {0};
        plan_begin(&plan, "ideal", "cpython-3.14t");
        plan_make_free(&plan);
        plan.machine.cores = 1;
        plan.machine.quota_ns = quota_ms * NS_PER_MS;
        plan_thread(&plan, "t", 1, false, "python 50ms");
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, &err), 0);
        if (quota_ms == 0) {
            assert_true(isnan(result.metric[METRIC_THROTTLED_US]));
            assert_true(isnan(result.metric[METRIC_THROTTLED_PERIODS]));
        } else {
            assert_true(result.metric[METRIC_THROTTLED_US] == 160000);
            assert_true(result.metric[METRIC_THROTTLED_PERIODS] == 2);
            assert_true(result.metric[METRIC_MAKESPAN_US] == 210000);
            assert_true(result.metric[METRIC_CPU_US] == 50000);
        }
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
}

/* --- property ------------------------------------------------------------------ */

enum { THREADS = 8, STEPS = 16, LAW_CASES = 150 };

/* Time for which cores ran threads in [from, to). */
static sim_ns core_time(const struct timeline *timeline, sim_ns from, sim_ns to) {
    sim_ns sum = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (timeline->lanes[span->lane].kind == LANE_CORE &&
            span->state == STATE_RUNNING) {
            const sim_ns a = span->start > from ? span->start : from;
            const sim_ns b = span->end < to ? span->end : to;
            sum += b > a ? b - a : 0;
        }
    }
    return sum;
}

/* No period has more than its quota, a slice per core from before and the ticks; all of
 * them so far have no more than their quotas and the ticks. */
static void check_periods(const struct scene *scene, uint64_t seed) {
    const struct machine *machine = &scene->plan.machine;
    const sim_ns ticks = machine->cores * machine->tick_ns;
    const sim_ns slices = machine->cores * SLICE_MS * NS_PER_MS;
    sim_ns whole = 0, quotas = 0;
    for (sim_ns from = 0; from < scene->world.sim.now; from += machine->quota_period_ns) {
        const sim_ns ran =
            core_time(&scene->timeline, from, from + machine->quota_period_ns);
        whole += ran;
        quotas += machine->quota_ns;
        if (ran > machine->quota_ns + slices + ticks || whole > quotas + ticks) {
            fail_msg("the period from %" PRId64 " has %" PRId64 " ns, all so far %" PRId64
                     " of %" PRId64 "\nagain: GILSCOPE_TEST_SEED=%" PRIu64
                     " engine_test_quota",
                     from, ran, whole, quotas, seed);
        }
    }
}

static void test_quota_is_kept_in_every_period(void **state) {
    (void)state;
    static const enum action_kind kinds[] = {ACTION_COMPUTE, ACTION_COMPUTE_CPU,
                                             ACTION_C_RELEASED, ACTION_IO, ACTION_SLEEP};
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? LAW_CASES : first + 1;
    uint64_t throttled = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        struct dice dice = dice_make(seed);
        struct scene scene;
        struct action actions[THREADS][STEPS];
        begin(&scene, dice_between(&dice, 1, 4), 0);
        struct machine *machine = &scene.plan.machine;
        machine->quota_period_ns = dice_between(&dice, 1, 50) * NS_PER_MS;
        machine->quota_ns =
            machine->quota_period_ns * dice_between(&dice, 5, 300) * machine->cores / 200;
        machine->tick_ns = dice_between(&dice, 0, 1) * 4 * NS_PER_MS;
        machine->context_switch_ns = dice_between(&dice, 0, 3000);
        machine->smt_threads = dice_between(&dice, 1, 2);
        machine->smt_speed_ppm = dice_between(&dice, 400000, 1000000);
        machine->all_cores_speed_ppm = dice_between(&dice, 500000, 1000000);
        scene.plan.runtime.gil = dice_between(&dice, 0, 1) == 0 ? GIL_NONE : GIL_INTERVAL;
        scene_set_wake(&scene, dice_between(&dice, 0, 20000));
        scene_open(&scene);
        for (int i = 0; i < THREADS; i++) {
            for (int k = 0; k < STEPS; k++) {
                actions[i][k] = (struct action)ACT(kinds[dice_between(&dice, 0, 4)],
                                                   dice_magnitude(&dice, 9 * NS_PER_MS));
            }
            scene_add(&scene, "t", dice_between(&dice, 0, NS_PER_MS), actions[i], STEPS);
        }
        run(&scene);
        check_periods(&scene, seed);
        throttled += scene.world.cpu.quota.throttled_periods;
        scene_close(&scene);
    }
    assert_true(only >= 0 || throttled > LAW_CASES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quota_stops_until_the_next_period),
        cmocka_unit_test(test_quota_wait_names_the_core),
        cmocka_unit_test(test_quota_that_just_suffices),
        cmocka_unit_test(test_quota_is_refilled_while_nobody_looks),
        cmocka_unit_test(test_quota_is_noticed_at_a_tick),
        cmocka_unit_test(test_quota_does_not_renew_a_slice),
        cmocka_unit_test(test_quota_core_sleeps_while_throttled),
        cmocka_unit_test(test_quota_is_shared_by_the_cores),
        cmocka_unit_test(test_quota_is_used_up_sooner_by_more_threads),
        cmocka_unit_test(test_quota_one_ms_stays_with_an_idle_core),
        cmocka_unit_test(test_quota_slack_is_handed_out_later),
        cmocka_unit_test(test_quota_throttles_who_wakes_up),
        cmocka_unit_test(test_quota_looks_like_a_stall_of_the_gil),
        cmocka_unit_test(test_quota_as_large_as_the_machine_changes_nothing),
        cmocka_unit_test(test_quota_metrics),
        cmocka_unit_test(test_quota_is_kept_in_every_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
