/* SPDX-License-Identifier: MIT */
/*
 * test_lock_spins - a PyMutex to the nanosecond: how a thread yields, looks and parks
 * (Python/lock.c _PyMutex_LockTimed, parking_lot.c), in a build without a GIL.
 *
 * A yield takes 10 ns and there are 40 of them; all else is free but what a test sets.
 */
#include "tests/support/test.h"

#include "tests/support/scene_checks.h"

#define ON(what, lock)                                                                   \
    { .kind = (what), .site = SITE_NONE, .object = (lock) }
#define SECTION(name, lock, length)                                                      \
    const struct action name[] = {ON(ACTION_ACQUIRE, lock), ACT(ACTION_C_HELD, length),  \
                                  ON(ACTION_RELEASE, lock)}

static void begin(struct scene *scene, int64_t looks) {
    scene_prepare(scene);
    scene->plan.machine.sched_yield_ns = 10;
    scene->plan.runtime.gil = GIL_NONE;
    scene->plan.runtime.lock_kind = LOCK_PYMUTEX;
    scene->plan.runtime.lock_spins = 40;
    scene->plan.runtime.lock_looks = looks;
}

static void open_with(struct scene *scene, struct py_lock *lock) {
    scene_open(scene);
    py_lock_init(lock, &scene->world.runtime, LANE_NONE);
}

/* One has the lock for 155 ns, another one comes 50 ns after it. */
static void spin_beside_holder(int64_t looks, sim_ns line, const char *expected) {
    struct scene scene;
    struct py_lock lock;
    begin(&scene, looks);
    scene.plan.machine.line_transfer_ns = line;
    open_with(&scene, &lock);
    SECTION(holder, &lock, 155);
    SECTION(other, &lock, 100);
    SCENE_ADD(&scene, "holder", 0, holder);
    SCENE_ADD(&scene, "other", 50, other);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "other", expected);
    scene_close(&scene);
}

/* Up to 3.14 the loop that yields never reads the lock again: it is free from 155 on, and is
 * seen to be at 450. 3.15 looks at every fourth yield: at 90, 130, 170. */
static void test_lock_spins_without_looking_before_3_15(void **state) {
    (void)state;
    spin_beside_holder(0, 0, "ready@0 spin@50 running_c@450 end@550");
    spin_beside_holder(4, 0, "ready@0 spin@50 running_c@170 end@270");
    spin_beside_holder(1000, 0, "ready@0 spin@50 running_c@450 end@550");
}

/* The first try takes the line from the holder, at 150, who gets it back at 255; the try
 * after the yields, which are over at 550, takes it away again. */
static void test_lock_spins_then_fetches_the_line(void **state) {
    (void)state;
    spin_beside_holder(0, 100, "ready@0 running@50 spin@150 running_c@650 end@750");
}

/* Who parked because others were parked still has its yields when it is woken, and the lock
 * has been taken by somebody else meanwhile. */
static void test_lock_spins_are_left_after_parking(void **state) {
    (void)state;
    struct scene scene;
    struct py_lock lock;
    begin(&scene, 0);
    scene_set_wake(&scene, 1000);
    open_with(&scene, &lock);
    SECTION(first, &lock, 1000);
    SECTION(second, &lock, 100);
    SECTION(third, &lock, 10);
    SECTION(barger, &lock, 1100);
    SCENE_ADD(&scene, "first", 0, first);
    SCENE_ADD(&scene, "second", 10, second);
    SCENE_ADD(&scene, "third", 420, third);
    SCENE_ADD(&scene, "barger", 2200, barger); /* has it from 3200 to 4300 */
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "second",
                "ready@0 spin@1010 wait_lock@1410 ready@2000 running_c@3000 end@3100");
    assert_lane(&scene, LANE_THREAD, "third",
                "ready@0 wait_lock@1420 ready@3100 spin@4100 running_c@4500 end@4510");
    scene_close(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock_spins_without_looking_before_3_15),
        cmocka_unit_test(test_lock_spins_then_fetches_the_line),
        cmocka_unit_test(test_lock_spins_are_left_after_parking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
