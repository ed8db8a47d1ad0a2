/* SPDX-License-Identifier: MIT */
/* test_lock_examples - threading.Lock in examples, to the nanosecond: threads without a GIL on
 * cores of their own, where nothing costs anything but what the test says. */
#include "tests/support/scene_checks.h"

#define COMPUTE(length) ACT(ACTION_COMPUTE, length)
#define IO(length) ACT(ACTION_IO, length)
#define ACQUIRE(lock)                                                                    \
    { .kind = ACTION_ACQUIRE, .site = SITE_NONE, .object = (lock) }
#define RELEASE(lock)                                                                    \
    { .kind = ACTION_RELEASE, .site = SITE_NONE, .object = (lock) }

static void begin(struct scene *scene, enum lock_kind kind) {
    scene_prepare(scene);
    scene->plan.runtime.gil = GIL_NONE;
    scene->plan.runtime.lock_kind = kind;
}

static void assert_thread(const struct scene *scene, const char *name,
                          const char *expected) {
    assert_lane(scene, LANE_THREAD, name, expected);
}

/* Whatever kind of lock it is: who has slept longest is woken first. */
static void test_lock_wakes_the_oldest(void **state) {
    (void)state;
    const enum lock_kind kinds[] = {LOCK_SEMAPHORE, LOCK_PYMUTEX};
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        struct py_lock lock;
        begin(&scene, kinds[i]);
        scene_open(&scene);
        py_lock_init(&lock, &scene.plan.runtime, LANE_NONE);
        const struct action a[] = {ACQUIRE(&lock), IO(10000), RELEASE(&lock)};
        const struct action others[] = {ACQUIRE(&lock), IO(1000), RELEASE(&lock)};
        SCENE_ADD(&scene, "a", 0, a);
        SCENE_ADD(&scene, "b", 2000, others);
        SCENE_ADD(&scene, "c", 3000, others);
        SCENE_ADD(&scene, "d", 1000, others);
        run(&scene);
        assert_thread(&scene, "a", "io@0 end@10000");
        assert_thread(&scene, "d", "ready@0 wait_lock@1000 io@10000 end@11000");
        assert_thread(&scene, "b", "ready@0 wait_lock@2000 io@11000 end@12000");
        assert_thread(&scene, "c", "ready@0 wait_lock@3000 io@12000 end@13000");
        scene_close(&scene);
    }
}

/* With a look after each yield, at 1000, 2000, 3000 and 4000: the lock is free from 3500 on,
 * and nobody sleeps. */
static void test_lock_pymutex_spins(void **state) {
    (void)state;
    struct scene scene;
    struct py_lock lock;
    begin(&scene, LOCK_PYMUTEX);
    scene.plan.runtime.lock_spins = 5;
    scene.plan.runtime.lock_looks = 1;
    scene.plan.machine.sched_yield_ns = 1000;
    scene.plan.machine.futex_wake_ns = 700;
    scene.plan.machine.futex_wait_ns = 300;
    scene_open(&scene);
    py_lock_init(&lock, &scene.plan.runtime, LANE_NONE);
    const struct action a[] = {ACQUIRE(&lock), IO(3500), RELEASE(&lock)};
    const struct action b[] = {ACQUIRE(&lock), COMPUTE(100), RELEASE(&lock)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    run(&scene);
    assert_thread(&scene, "a", "io@0 end@3500");
    assert_thread(&scene, "b", "ready@0 spin@1000 running@4000 end@4100");
    scene_close(&scene);
}

/* Five looks are all; then b parks. a wakes it at 20000, for 700; b is back after 300. c sees
 * that somebody is parked, and does not spin at all. */
static void test_lock_pymutex_parks_after_its_spins(void **state) {
    (void)state;
    struct scene scene;
    struct py_lock lock;
    begin(&scene, LOCK_PYMUTEX);
    scene.plan.runtime.lock_spins = 5;
    scene.plan.machine.sched_yield_ns = 1000;
    scene.plan.machine.futex_wake_ns = 700;
    scene.plan.machine.futex_wait_ns = 300;
    scene_open(&scene);
    py_lock_init(&lock, &scene.plan.runtime, LANE_NONE);
    const struct action a[] = {ACQUIRE(&lock), IO(20000), RELEASE(&lock)};
    const struct action b[] = {ACQUIRE(&lock), COMPUTE(5000), RELEASE(&lock)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    SCENE_ADD(&scene, "c", 7000, b);
    run(&scene);
    assert_thread(&scene, "a", "io@0 running@20000 end@20700");
    assert_thread(
        &scene, "b",
        "ready@0 spin@1000 wait_lock@6000 detached@20000 running@20300 end@26000");
    assert_thread(&scene, "c",
                  "ready@0 wait_lock@7000 detached@25300 running@25600 end@30600");
    scene_close(&scene);
}

/* The lock lies in the cache of the core that took it last: 100 ns to fetch it for acquire(),
 * nothing for release(). */
static void test_lock_has_a_cache_line(void **state) {
    (void)state;
    struct scene scene;
    struct py_lock lock;
    begin(&scene, LOCK_SEMAPHORE);
    scene.plan.machine.line_transfer_ns = 100;
    scene_open(&scene);
    py_lock_init(&lock, &scene.plan.runtime, LANE_NONE);
    const struct action a[] = {ACQUIRE(&lock), RELEASE(&lock), COMPUTE(5000)};
    const struct action b[] = {ACQUIRE(&lock), RELEASE(&lock), COMPUTE(500)};
    SCENE_ADD(&scene, "a", 0, a);
    SCENE_ADD(&scene, "b", 1000, b);
    run(&scene);
    assert_thread(&scene, "a", "running@0 end@5000");
    assert_thread(&scene, "b", "ready@0 running@1000 end@1600");
    scene_close(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock_wakes_the_oldest),
        cmocka_unit_test(test_lock_pymutex_spins),
        cmocka_unit_test(test_lock_pymutex_parks_after_its_spins),
        cmocka_unit_test(test_lock_has_a_cache_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
