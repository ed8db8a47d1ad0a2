/* SPDX-License-Identifier: MIT */
/* test_smt - hardware threads that share a physical core: where threads go, and how fast
 * they are there. Cores 0 and 1 are siblings, and 2 and 3. */
#include <stdio.h>

#include "tests/support/scene_checks.h"

static void begin(struct scene *scene, int64_t cores) {
    scene_prepare(scene);
    scene->plan.machine.cores = cores;
    scene->plan.machine.smt_threads = 2;
    scene->plan.machine.smt_speed_ppm = 600000;
    scene->plan.runtime.gil = GIL_NONE;
}

/* --- where --------------------------------------------------------------------- */

/* The second thread goes to another physical core, the third has to share one. */
static void test_smt_prefers_a_whole_core(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 4);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 6 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    SCENE_ADD(&scene, "c", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_CORE, "core 0", "running@0 end@10000000");
    assert_lane(&scene, LANE_CORE, "core 1", "running@0 end@10000000");
    assert_lane(&scene, LANE_CORE, "core 2", "running@0 idle@6000000 end@10000000");
    assert_lane(&scene, LANE_CORE, "core 3", "idle@0 end@10000000");
    scene_close(&scene);
}

/* Without SMT the same machine has four whole cores, taken by index. */
static void test_smt_off_takes_cores_by_index(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 4);
    scene.plan.machine.smt_threads = 1;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 6 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_CORE, "core 0", "running@0 end@6000000");
    assert_lane(&scene, LANE_CORE, "core 1", "running@0 end@6000000");
    scene_close(&scene);
}

/* Who has run before goes back to its core although the sibling is busy. */
static void test_smt_goes_back_to_its_core(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 4);
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, NS_PER_MS), ACT(ACTION_IO, NS_PER_MS),
                               ACT(ACTION_COMPUTE, 3 * NS_PER_MS)};
    const struct action work[] = {ACT(ACTION_COMPUTE, 7 * NS_PER_MS)};
    const struct action brief[] = {ACT(ACTION_COMPUTE, 500000)};
    SCENE_ADD(&scene, "a", 0, a);         /* core 0 */
    SCENE_ADD(&scene, "brief", 0, brief); /* core 2 */
    SCENE_ADD(&scene, "b", 100000, work); /* core 1 */
    run(&scene);
    assert_lane(&scene, LANE_CORE, "core 0",
                "running@0 idle@1600000 running@2600000 idle@7600000 end@9700000");
    assert_lane(&scene, LANE_CORE, "core 1", "idle@0 running@100000 end@9700000");
    assert_lane(&scene, LANE_CORE, "core 3", "idle@0 end@9700000");
    scene_close(&scene);
}

static uint32_t choose_last(void *context, enum choice_kind kind, uint32_t count) {
    (void)kind;
    ++*(int *)context;
    return count - 1;
}

/*
 * a has run on core 3, which b has taken since; c has a whole core. No core is idle
 * altogether: a goes to its sibling, core 2, and nobody is asked.
 */
static void test_smt_falls_back_to_the_sibling(void **state) {
    (void)state;
    struct scene scene;
    int asked = 0;
    const struct chooser chooser = {choose_last, &asked};
    begin(&scene, 4);
    scene.plan.machine.smt_speed_ppm = 1000000;
    scene.chooser = &chooser;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 1000), ACT(ACTION_IO, 10000),
                               ACT(ACTION_COMPUTE, 1000)};
    const struct action work[] = {ACT(ACTION_COMPUTE, 20000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 2000, work);
    SCENE_ADD(&scene, "c", 3000, work);
    run(&scene);
    assert_int_equal(asked, 3);
    assert_lane(&scene, LANE_CORE, "core 1", "idle@0 running@3000 end@23000");
    assert_lane(&scene, LANE_CORE, "core 2", "idle@0 running@11000 idle@12000 end@23000");
    assert_lane(&scene, LANE_CORE, "core 3",
                "running@0 idle@1000 running@2000 idle@22000 end@23000");
    scene_close(&scene);
}

/* --- how fast ------------------------------------------------------------------ */

/* Both at 0.6 until c's 6 ms are done at 10; a has done 6 of 9, and the rest alone. */
static void test_smt_sibling_slows_down_while_it_runs(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2);
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 9 * NS_PER_MS)};
    const struct action c[] = {ACT(ACTION_COMPUTE, 6 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "c", 0, c);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "c", "running@0 end@10000000");
    assert_lane(&scene, LANE_THREAD, "a", "running@0 end@13000000");
    scene_close(&scene);
}

/* Two physical cores busy: half speed each; siblings 0.6 of that. */
static void test_smt_turbo_counts_physical_cores(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 4);
    scene.plan.machine.all_cores_speed_ppm = 500000;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 3 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    SCENE_ADD(&scene, "c", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "b", "running@0 end@6000000");
    /* 6 ms at 0.3 are 1.8 of 3 ms; the other 1.2 at 0.6, one physical core being left */
    assert_lane(&scene, LANE_THREAD, "a", "running@0 end@8000000");
    assert_lane(&scene, LANE_THREAD, "c", "running@0 end@8000000");
    scene_close(&scene);
}

/* Of three hardware threads the last has no sibling. */
static void test_smt_odd_core_is_alone(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 3);
    scene.plan.machine.all_cores_speed_ppm = 500000;
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE, 3 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_CORE, "core 2", "running@0 end@6000000");
    scene_close(&scene);
}

/* Work by the CPU clock takes as long beside a sibling: the clock counts time. */
static void test_smt_does_not_slow_the_clock(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2);
    scene_open(&scene);
    const struct action work[] = {ACT(ACTION_COMPUTE_CPU, 5 * NS_PER_MS)};
    SCENE_ADD(&scene, "a", 0, work);
    SCENE_ADD(&scene, "b", 0, work);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a", "running@0 end@5000000");
    assert_lane(&scene, LANE_THREAD, "b", "running@0 end@5000000");
    scene_close(&scene);
}

/* --- sleep --------------------------------------------------------------------- */

/* A core cannot sleep deeper than its sibling: b's wake-up is warm while a runs, and 80 us
 * after a has ended not yet deep, although its own half has been idle for longer. */
static void test_smt_sibling_keeps_a_core_awake(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, 2);
    scene.plan.machine.smt_speed_ppm = 1000000;
    scene.plan.machine.wake_warm_ns = 3000;
    scene.plan.machine.wake_idle_ns = 13000;
    scene.plan.machine.wake_deep_ns = 88000;
    scene.plan.machine.idle_after_ns = 20000;
    scene.plan.machine.deep_after_ns = 200000;
    scene_open(&scene);
    const struct action a[] = {ACT(ACTION_COMPUTE, 500000)};
    const struct action b[] = {ACT(ACTION_COMPUTE, 10000), ACT(ACTION_IO, 300000),
                               ACT(ACTION_COMPUTE, 10000), ACT(ACTION_IO, 345000),
                               ACT(ACTION_COMPUTE, 10000)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "a", "ready@0 running@3000 end@503000");
    assert_lane(&scene, LANE_THREAD, "b",
                "ready@0 running@4000 io@14000 ready@314000 running@317000 io@327000 "
                "ready@672000 running@685000 end@695000");
    scene_close(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smt_prefers_a_whole_core),
        cmocka_unit_test(test_smt_off_takes_cores_by_index),
        cmocka_unit_test(test_smt_goes_back_to_its_core),
        cmocka_unit_test(test_smt_falls_back_to_the_sibling),
        cmocka_unit_test(test_smt_sibling_slows_down_while_it_runs),
        cmocka_unit_test(test_smt_turbo_counts_physical_cores),
        cmocka_unit_test(test_smt_odd_core_is_alone),
        cmocka_unit_test(test_smt_does_not_slow_the_clock),
        cmocka_unit_test(test_smt_sibling_keeps_a_core_awake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
