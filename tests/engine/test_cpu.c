/* SPDX-License-Identifier: MIT */
/* test_cpu - cores, wake-ups, slices and the CPU clock; threads without a GIL, so that
 * nothing else is in the way. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/support/dice.h"
#include "tests/support/scene_checks.h"

static void begin(struct scene *scene, int64_t cores) {
    scene_prepare(scene);
    scene->plan.machine.cores = cores;
    scene->plan.runtime.gil = GIL_NONE;
}

/* --- waking up ----------------------------------------------------------------- */

/* The longer a core has been idle, the longer a wake-up takes: 3, 13, 88 us. */
static void test_cpu_wake_up_depends_on_idle_time(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.wake_warm_ns = 3000;
    scene.plan.machine.wake_idle_ns = 13000;
    scene.plan.machine.wake_deep_ns = 88000;
    scene.plan.machine.idle_after_ns = 20000;
    scene.plan.machine.deep_after_ns = 200000;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_IO, 10000), ACT(ACTION_IO, 20000),
                               ACT(ACTION_IO, 199999), ACT(ACTION_IO, 200000),
                               ACT(ACTION_COMPUTE, 1000)};
    SCENE_ADD(&scene, "a", 0, a);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "ready@0 io@3000 ready@13000 io@16000 ready@36000 io@49000 ready@248999 "
                "io@261999 ready@461999 running@549999 end@550999");
    assert_lane(&scene, LANE_CORE, "core 0",
                "switch@0 idle@3000 switch@13000 idle@16000 switch@36000 idle@49000 "
                "switch@248999 idle@261999 switch@461999 running@549999 end@550999");
    scene_close(&scene);
}

/* Noise belongs to the core and the number of its wake-up, not to the seed's order. */
static void test_cpu_noise_is_reproducible(void **state) {
    (void)state;
    sim_ns end[3];
    for (int i = 0; i < 3; i++) {
        struct scene scene;
        begin(&scene, 1);
        scene_set_wake(&scene, 10000);
        scene.plan.machine.wake_spread_ppm = 300000;
        scene.plan.seed = i == 2 ? 99 : 1;
        scene_open(&scene);
        const struct action a[] = {ACT(ACTION_IO, 10000), ACT(ACTION_SLEEP, 20000),
                                   ACT(ACTION_IO, 10000), ACT(ACTION_COMPUTE, 1000)};
        SCENE_ADD(&scene, "a", 0, a);
        run(&scene);
        end[i] = scene.world.sim.now;
        scene_close(&scene);
    }
    assert_int_equal(end[0], end[1]);
    assert_int_not_equal(end[0], end[2]);
}

/* Each wake-up has noise of its own. */
static void test_cpu_wake_ups_differ(void **state) {
    (void)state;
    enum { MOST = 8 };
    struct scene scene;
    sim_ns lengths[MOST];
    size_t count = 0;
    begin(&scene, 1);
    scene_set_wake(&scene, 10000);
    scene.plan.machine.wake_spread_ppm = 300000;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_IO, 10000), ACT(ACTION_IO, 10000),
                               ACT(ACTION_IO, 10000), ACT(ACTION_COMPUTE, 1000)};
    SCENE_ADD(&scene, "a", 0, a);
    run(&scene);
    const lane_id lane = timeline_find(&scene.timeline, LANE_THREAD, "a");
    for (size_t i = 0; i < scene.timeline.span_count; i++) {
        const struct timeline_span *span = &scene.timeline.spans[i];
        if (span->lane == lane && span->state == STATE_READY) {
            assert_true(count < MOST);
            lengths[count++] = span->end - span->start;
        }
    }
    assert_int_equal(count, 4);
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(lengths[i], lengths[k]);
        }
    }
    scene_close(&scene);
}

/* 50 us after a long sleep, and a thousandth of a short one. */
static void test_cpu_timers_are_late_by_their_slack(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.timer_slack_ns = 50000;
    scene.plan.machine.timer_slack_share_ppm = 1000;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_SLEEP, 10 * NS_PER_MS),
                               ACT(ACTION_COMPUTE, 1000),
                               ACT(ACTION_SLEEP, 100 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "sleep@0 running@10010000 sleep@10011000 end@110061000");
    scene_close(&scene);
}

static uint32_t choose_last(void *context, enum choice_kind kind, uint32_t count) {
    (void)kind;
    ++*(int *)context;
    return count - 1;
}

/* The chooser decides among idle cores; who has run before goes back to its core. */
static void test_cpu_chooser_picks_the_core(void **state) {
    (void)state;
    struct scene scene;
    int asked = 0;
    const struct chooser chooser = {choose_last, &asked};
    begin(&scene, 4);
    scene.chooser = &chooser;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 1000), ACT(ACTION_IO, 1000),
                               ACT(ACTION_COMPUTE, 1000)};
    SCENE_ADD(&scene, "a", 0, a);
    run(&scene);
    assert_int_equal(asked, 1);
    assert_lane(&scene, LANE_CORE, "core 3", "running@0 idle@1000 running@2000 end@3000");
    assert_lane(&scene, LANE_CORE, "core 0", "idle@0 end@3000");
    scene_close(&scene);
}

/* --- sharing a core ------------------------------------------------------------ */

static void test_cpu_context_switch_takes_core_time(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.context_switch_ns = 2000;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 10000)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 1000, work);
    run(&scene);
    assert_lane(&scene, LANE_CORE, "core 0",
                "running@0 switch@10000 running@12000 end@22000");
    assert_lane(&scene, LANE_THREAD, "b", "ready@0 running@12000 end@22000");
    assert_int_equal(cpu_busy_ns(&scene.world.cpu), 22000);
    assert_int_equal(scene.world.cpu.context_switches, 2);
    scene_close(&scene);
}

/* The slice of 1 ms is over at 1 ms, but that is noticed at the tick of 4 ms. */
static void test_cpu_end_of_slice_is_noticed_at_a_tick(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.slice_ns = NS_PER_MS;
    scene.plan.machine.tick_ns = 4 * NS_PER_MS;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 6 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 100, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@4000000 running@8000000 end@10000000");
    assert_lane(&scene, LANE_THREAD, "b",
                "ready@0 running@4000000 ready@8000000 running@10000000 end@12000000");
    assert_int_equal(scene.world.cpu.preemptions, 2);
    scene_close(&scene);
}

static void test_cpu_slice_without_tick_ends_at_once(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.slice_ns = NS_PER_MS;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 1900000)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 100, work);
    SCENE_ADD(&scene, "c", 200, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@1000000 running@3000000 end@3900000");
    assert_lane(&scene, LANE_THREAD, "c",
                "ready@0 running@2000000 ready@3000000 running@4800000 end@5700000");
    scene_close(&scene);
}

/* Whoever wakes up after the slice has been used up does not wait for the tick. */
static void test_cpu_wake_up_preempts_a_used_up_slice(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.slice_ns = NS_PER_MS;
    scene.plan.machine.tick_ns = 4 * NS_PER_MS;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 6 * NS_PER_MS)};
    const struct action b[] = {ACT(ACTION_COMPUTE, 10000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 2500000, b);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "b", "ready@0 running@2500000 end@2510000");
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 ready@2500000 running@2510000 end@6010000");
    scene_close(&scene);
}

static void test_cpu_nobody_is_preempted_while_nobody_waits(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2);
    scene.plan.machine.slice_ns = 1000;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 50 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_int_equal(scene.world.cpu.preemptions, 0);
    assert_int_equal(scene.world.sim.now, 50 * NS_PER_MS);
    scene_close(&scene);
}

/* --- clocks and speed ---------------------------------------------------------- */

/* ACTION_COMPUTE_CPU ends by the thread's own clock, which stands still off the core. */
static void test_cpu_clock_counts_time_on_a_core(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 1);
    scene.plan.machine.slice_ns = NS_PER_MS;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE_CPU, 5 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(os_thread_cpu_clock(&scene.world.threads[i]->client.os),
                         5 * NS_PER_MS);
    }
    assert_int_equal(scene.world.sim.now, 10 * NS_PER_MS);
    assert_true(scene.world.cpu.preemptions >= 8);
    scene_close(&scene);
}

/* Both cores busy: half speed. b's 5 ms take 10; then a goes on alone at full speed. */
static void test_cpu_busy_cores_are_slower(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2);
    scene.plan.machine.all_cores_speed_ppm = 500000;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 10 * NS_PER_MS)};
    const struct action b[] = {ACT(ACTION_COMPUTE, 5 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 0, b);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "b", "running@0 end@10000000");
    assert_lane(&scene, LANE_THREAD, "a", "running@0 end@15000000");
    scene_close(&scene);
}

/* --- property ------------------------------------------------------------------ */

enum { THREADS = 6, STEPS = 20, CASES = 200 };

static void make_threads(struct dice *dice, struct scene *scene, int count,
                         struct action actions[THREADS][STEPS]) {
    static const enum action_kind kinds[] = {ACTION_COMPUTE, ACTION_COMPUTE_CPU,
                                             ACTION_C_HELD,  ACTION_C_RELEASED,
                                             ACTION_IO,      ACTION_SLEEP};
    for (int i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof name, "t%d", i);
        for (int k = 0; k < STEPS; k++) {
            actions[i][k] = (struct action){.kind = kinds[dice_between(dice, 0, 5)],
                                            .site = SITE_NONE,
                                            .ns = dice_magnitude(dice, 4 * NS_PER_MS)};
        }
        scene_add(scene, name, dice_between(dice, 0, NS_PER_MS), actions[i], STEPS);
    }
}

/* Core lanes and CPU clocks tell the same story; so do busy time and core lanes. */
static void check_clocks(const struct scene *scene, uint64_t seed) {
    sim_ns busy = 0;
    for (size_t i = 0; i < scene->timeline.span_count; i++) {
        const struct timeline_span *span = &scene->timeline.spans[i];
        const bool core = scene->timeline.lanes[span->lane].kind == LANE_CORE;
        const bool works = span->state != STATE_IDLE && span->state != STATE_THROTTLED;
        busy += core && works ? span->end - span->start : 0;
    }
    sim_ns clocks = 0;
    for (size_t t = 0; t < scene->world.thread_count; t++) {
        const struct os_thread *os = &scene->world.threads[t]->client.os;
        sim_ns on_core = 0;
        for (size_t i = 0; i < scene->timeline.span_count; i++) {
            const struct timeline_span *span = &scene->timeline.spans[i];
            on_core += span->state == STATE_RUNNING && span->resource == os->lane
                           ? span->end - span->start
                           : 0;
        }
        clocks += on_core;
        if (on_core != os_thread_cpu_clock(os)) {
            fail_msg("thread %zu ran %" PRId64 " ns on cores, its clock says %" PRId64
                     "\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_cpu",
                     t, on_core, os_thread_cpu_clock(os), seed);
        }
    }
    assert_int_equal(busy, cpu_busy_ns(&scene->world.cpu));
    assert_true(clocks <= busy);
}

static void test_cpu_clocks_agree_with_core_lanes(void **state) {
    (void)state;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    uint64_t preemptions = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        struct dice dice = dice_make(seed);
        struct scene scene;
        struct action actions[THREADS][STEPS];
        begin(&scene, dice_between(&dice, 1, 4));
        scene.plan.runtime.gil = dice_between(&dice, 0, 1) == 0 ? GIL_NONE : GIL_INTERVAL;
        scene_set_wake(&scene, dice_between(&dice, 0, 20000));
        scene.plan.machine.context_switch_ns = dice_between(&dice, 0, 3000);
        scene.plan.machine.wake_spread_ppm = dice_between(&dice, 0, 1) * 200000;
        scene.plan.machine.slice_ns = 1000 + dice_magnitude(&dice, 3 * NS_PER_MS);
        scene.plan.machine.tick_ns =
            dice_between(&dice, 0, 1) * dice_magnitude(&dice, 4 * NS_PER_MS);
        scene.plan.machine.all_cores_speed_ppm = dice_between(&dice, 300000, 1000000);
        scene.plan.machine.smt_threads = dice_between(&dice, 1, 2);
        scene.plan.machine.smt_speed_ppm = dice_between(&dice, 300000, 1000000);
        scene.plan.machine.quota_period_ns = 10 * NS_PER_MS;
        scene.plan.machine.quota_ns =
            dice_between(&dice, 0, 1) * dice_between(&dice, 1, 30) * NS_PER_MS;
        scene.plan.machine.futex_wake_ns = dice_between(&dice, 0, 3000);
        scene_open(&scene);
        make_threads(&dice, &scene, (int)dice_between(&dice, 1, THREADS), actions);
        run(&scene);
        check_clocks(&scene, seed);
        preemptions += scene.world.cpu.preemptions;
        scene_close(&scene);
    }
    assert_true(only >= 0 || preemptions > CASES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_wake_up_depends_on_idle_time),
        cmocka_unit_test(test_cpu_noise_is_reproducible),
        cmocka_unit_test(test_cpu_wake_ups_differ),
        cmocka_unit_test(test_cpu_timers_are_late_by_their_slack),
        cmocka_unit_test(test_cpu_chooser_picks_the_core),
        cmocka_unit_test(test_cpu_context_switch_takes_core_time),
        cmocka_unit_test(test_cpu_end_of_slice_is_noticed_at_a_tick),
        cmocka_unit_test(test_cpu_slice_without_tick_ends_at_once),
        cmocka_unit_test(test_cpu_wake_up_preempts_a_used_up_slice),
        cmocka_unit_test(test_cpu_nobody_is_preempted_while_nobody_waits),
        cmocka_unit_test(test_cpu_clock_counts_time_on_a_core),
        cmocka_unit_test(test_cpu_busy_cores_are_slower),
        cmocka_unit_test(test_cpu_clocks_agree_with_core_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
