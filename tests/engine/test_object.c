/* SPDX-License-Identifier: MIT */
/* test_object - what using objects costs by who has them, and what dropping another
 * thread's objects costs. */
#include "tests/support/test.h"

#include <string.h>

#include "engine/analysis/run.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/scene.h"

/* Everything is free but counting: 2 ns plain, 20 ns atomic, 100 ns for the cache line. */
static void begin(struct plan *plan, enum gil_kind gil, enum object_sharing sharing) {
    plan_begin(plan, "ideal", "cpython-3.12");
    plan_make_free(plan);
    plan->machine.line_transfer_ns = 100;
    plan->runtime.gil = gil;
    plan->runtime.local_ref_ns = 2;
    plan->runtime.shared_ref_ns = 20;
    plan->runtime.immortal_objects = 1;
    plan->runtime.critical_section_ns = 10;
    plan_object(plan, "object", OBJECT_REFERENT);
    plan_object(plan, "list", OBJECT_LIST);
    plan->objects[0].sharing = sharing;
    plan->objects[1].sharing = sharing;
}

static int64_t makespan_ns(struct plan *plan, uint32_t threads, const char *steps) {
    struct run_result result = {0};
    struct err err = {0};
    plan_thread(plan, "thread", threads, false, steps);
    assert_int_equal(run_execute(&result, plan, &(struct run_options){0}, &err), 0);
    assert_int_equal(result.status, RUN_DONE);
    const int64_t makespan = result.duration_ns;
    run_result_deinit(&result);
    plan_deinit(plan);
    return makespan;
}

/* Ten references taken and dropped by one thread. */
static int64_t touch_ns(enum gil_kind gil, enum object_sharing sharing) {
    struct plan plan;
    begin(&plan, gil, sharing);
    return makespan_ns(&plan, 1, "touch object 10");
}

static void test_object_with_a_gil_every_count_is_plain(void **state) {
    (void)state;
    assert_int_equal(touch_ns(GIL_INTERVAL, SHARING_ONE), 40);
    assert_int_equal(touch_ns(GIL_INTERVAL, SHARING_OWN), 40);
    assert_int_equal(touch_ns(GIL_INTERVAL, SHARING_DEFERRED), 40);
    assert_int_equal(touch_ns(GIL_INTERVAL, SHARING_IMMORTAL), 0);
}

static void test_object_without_a_gil_only_the_owner_counts_plainly(void **state) {
    (void)state;
    assert_int_equal(touch_ns(GIL_NONE, SHARING_OWN), 40);
    assert_int_equal(touch_ns(GIL_NONE, SHARING_EACH), 400);
    assert_int_equal(touch_ns(GIL_NONE, SHARING_ONE), 400);
    assert_int_equal(touch_ns(GIL_NONE, SHARING_DEFERRED), 0);
    assert_int_equal(touch_ns(GIL_NONE, SHARING_IMMORTAL), 0);
}

static void test_object_atomic_refcounts_spare_nobody(void **state) {
    (void)state;
    struct plan plan;
    for (int sharing = 0; sharing < SHARING_COUNT; sharing++) {
        begin(&plan, GIL_NONE, (enum object_sharing)sharing);
        plan.runtime.atomic_refcounts = 1;
        plan.runtime.immortal_objects = 0;
        assert_int_equal(makespan_ns(&plan, 1, "touch object 10"), 400);
    }
}

/* The line goes to and fro: who has it counts until the next core has got it, so that
 * all together do little more than one thread does alone, however many they are. */
static void test_object_one_object_serialises(void **state) {
    (void)state;
    struct plan plan;
    for (uint32_t threads = 2; threads <= 4; threads++) {
        begin(&plan, GIL_NONE, SHARING_ONE);
        const int64_t together = makespan_ns(&plan, threads, "touch object 1000");
        assert_true(together > threads * 40000 / 1.5);
        assert_true(together < threads * 1000 * (100 + 40));
        begin(&plan, GIL_NONE, SHARING_EACH);
        assert_int_equal(makespan_ns(&plan, threads, "touch object 1000"), 40000);
    }
}

/* append locks ob_mutex; getitem does not; with a GIL nothing is locked. */
static void test_object_only_changes_lock_a_list(void **state) {
    (void)state;
    static const struct {
        enum gil_kind gil;
        enum object_sharing sharing;
        const char *steps;
        int64_t ns;
    } cases[] = {
        {GIL_NONE, SHARING_ONE, "use list append 1us", 1020},
        {GIL_NONE, SHARING_OWN, "use list append 1us", 1020},
        {GIL_NONE, SHARING_ONE, "use list getitem 1us", 1000},
        {GIL_NONE, SHARING_ONE, "use list len 1us", 1000},
        {GIL_INTERVAL, SHARING_ONE, "use list append 1us", 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        begin(&plan, cases[i].gil, cases[i].sharing);
        assert_int_equal(makespan_ns(&plan, 1, cases[i].steps), cases[i].ns);
    }
    struct plan plan;
    begin(&plan, GIL_NONE, SHARING_ONE);
    assert_true(makespan_ns(&plan, 3, "repeat 100 { use list append 1us }") > 300000);
    begin(&plan, GIL_NONE, SHARING_OWN);
    assert_int_equal(makespan_ns(&plan, 3, "repeat 100 { use list append 1us }"), 102000);
    begin(&plan, GIL_NONE, SHARING_ONE);
    assert_int_equal(makespan_ns(&plan, 3, "repeat 100 { use list getitem 1us }"),
                     100000);
}

/* --- objects of other threads -------------------------------------------------- */

#define ACT(what, length)                                                                \
    { .kind = (what), .site = SITE_NONE, .ns = (length) }
#define PUT(queue)                                                                       \
    { .kind = ACTION_PUT, .site = SITE_NONE, .object = (queue) }
#define TAKE(queue)                                                                      \
    { .kind = ACTION_TAKE, .site = SITE_NONE, .object = (queue) }

/* Merging takes 1 us, the mutex of a bucket 10 ns each way, an atomic count 5 ns. */
static void prepare(struct scene *scene) {
    scene_prepare(scene);
    struct runtime *runtime = &scene->plan.runtime;
    runtime->gil = GIL_NONE;
    runtime->brc_merge_ns = 1000;
    runtime->critical_section_ns = 10;
    runtime->shared_ref_ns = 5;
}

static void assert_ends(struct scene *scene, const char *name, sim_ns expected) {
    const lane_id lane = timeline_find(&scene->timeline, LANE_THREAD, name);
    assert_int_not_equal(lane, LANE_NONE);
    assert_int_equal(lane_table_died(recorder_lanes(scene->recorder), lane), expected);
}

static void run(struct scene *scene, const struct action *producer, size_t producer_steps,
                const struct action *consumer, size_t consumer_steps) {
    scene_open(scene);
    scene_add(scene, "producer", 0, producer, producer_steps);
    scene_add(scene, "consumer", 2500, consumer, consumer_steps);
    assert_int_equal(scene_run(scene), SIM_NOTHING_LEFT);
    struct violation violation;
    if (!timeline_is_sound(&scene->timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

static void test_object_is_merged_by_its_owner(void **state) {
    (void)state;
    struct scene scene;
    prepare(&scene);
    struct py_queue queue = {.arena = &scene.world.arena};
    const struct action producer[] = {PUT(&queue), PUT(&queue),
                                      ACT(ACTION_COMPUTE, 10000)};
    const struct action consumer[] = {TAKE(&queue), TAKE(&queue)};
    run(&scene, producer, 3, consumer, 2);
    assert_ends(&scene, "consumer", 2500 + 2 * (5 + 20));
    /* At its check point at 3 us it locks the bucket and merges both. */
    assert_ends(&scene, "producer", 10000 + 20 + 2 * 1000);
    assert_int_equal(scene.world.tally.merged_objects, 2);
    scene_close(&scene);
}

static void test_object_of_ones_own_is_dropped_for_nothing(void **state) {
    (void)state;
    for (int gil = 0; gil < 2; gil++) {
        struct scene scene;
        prepare(&scene);
        scene.plan.runtime.gil = gil ? GIL_INTERVAL : GIL_NONE;
        struct py_queue queue = {.arena = &scene.world.arena};
        const struct action producer[] = {PUT(&queue), ACT(ACTION_COMPUTE, 1000)};
        const struct action consumer[] = {TAKE(&queue), PUT(&queue), TAKE(&queue)};
        run(&scene, producer, 2, consumer, 3);
        /* Without a GIL the first item is merged at once: its owner is gone. */
        assert_ends(&scene, "consumer", 2500 + (gil ? 0 : 5 + 20 + 1000));
        assert_int_equal(scene.world.tally.merged_objects, gil ? 0 : 1);
        scene_close(&scene);
    }
}

/* An owner that sleeps merges when it has woken up, at its end at the latest; CPython's
 * main branch lets the other thread do it. */
static void test_object_of_a_sleeper_waits(void **state) {
    (void)state;
    for (int helped = 0; helped < 2; helped++) {
        struct scene scene;
        prepare(&scene);
        scene.plan.runtime.brc_for_detached = helped;
        struct py_queue queue = {.arena = &scene.world.arena};
        const struct action producer[] = {PUT(&queue), ACT(ACTION_SLEEP, 50000)};
        const struct action consumer[] = {TAKE(&queue)};
        run(&scene, producer, 2, consumer, 1);
        assert_ends(&scene, "consumer", 2500 + 25 + (helped ? 1000 : 0));
        assert_ends(&scene, "producer", 50000 + (helped ? 0 : 20 + 1000));
        scene_close(&scene);
    }
}

/* A call that blocks is a call: a check point follows it (CALL, 3.12+ CHECK_PERIODIC), and
 * what has been queued meanwhile is merged before anything else is done. */
static void test_object_is_merged_after_a_call_that_blocks(void **state) {
    (void)state;
    static const enum action_kind calls[] = {ACTION_SLEEP, ACTION_IO, ACTION_C_RELEASED};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct scene scene;
        struct timeline_text text;
        prepare(&scene);
        struct py_queue queue = {.arena = &scene.world.arena};
        const struct action producer[] = {PUT(&queue), ACT(calls[i], 50000),
                                          ACT(ACTION_C_HELD, 10000)};
        const struct action consumer[] = {TAKE(&queue)};
        run(&scene, producer, 3, consumer, 1);
        const lane_id lane = timeline_find(&scene.timeline, LANE_THREAD, "producer");
        assert_non_null(strstr(timeline_describe(&scene.timeline, lane, &text),
                               " running_c@51020 end@61020"));
        scene_close(&scene);
    }
}

/* As long as an owner merges for the last time others still queue for it, and it merges
 * until nothing is left (Python/brc.c _Py_brc_remove_thread). */
static void test_object_dropped_at_the_end_of_its_owner(void **state) {
    (void)state;
    struct scene scene;
    prepare(&scene);
    struct py_queue queue = {.arena = &scene.world.arena};
    const struct action producer[] = {PUT(&queue), PUT(&queue), ACT(ACTION_SLEEP, 2600)};
    const struct action consumer[] = {TAKE(&queue), ACT(ACTION_C_HELD, 500),
                                      TAKE(&queue)};
    run(&scene, producer, 3, consumer, 3);
    assert_ends(&scene, "consumer", 2500 + 25 + 500 + 25);
    assert_ends(&scene, "producer", 2600 + 2 * (20 + 1000));
    assert_int_equal(scene.world.tally.merged_objects, 2);
    scene_close(&scene);
}

/* The collector merges what is queued for anybody while the world stands still. */
static void test_object_is_merged_by_the_collector(void **state) {
    (void)state;
    struct scene scene;
    prepare(&scene);
    struct runtime *runtime = &scene.plan.runtime;
    runtime->gc_enabled = 1;
    runtime->gc_kind = GC_FREE_THREADED;
    runtime->gc_threshold_0 = 500;
    runtime->gc_at_check_point = 1;
    runtime->shared_ref_ns = 0;
    struct py_queue queue = {.arena = &scene.world.arena};
    const struct action producer[] = {PUT(&queue), ACT(ACTION_SLEEP, 50000)};
    const struct action consumer[] = {
        TAKE(&queue), {.kind = ACTION_ALLOCATE, .site = SITE_NONE, .value = 512}};
    run(&scene, producer, 2, consumer, 2);
    assert_ends(&scene, "consumer", 2500 + 20 + 1000);
    assert_ends(&scene, "producer", 50000);
    scene_close(&scene);
}

/* However many references one step counts, check points lie between them. */
static void test_object_counts_stop_at_check_points(void **state) {
    (void)state;
    static const enum object_sharing sharings[] = {SHARING_OWN, SHARING_ONE};
    for (size_t i = 0; i < 2; i++) {
        struct plan plan;
        struct run_result result = {0};
        begin(&plan, GIL_INTERVAL, sharings[i]);
        plan_thread(&plan, "counter", 1, true, "forever { touch object 50000000 }");
        plan_thread(&plan, "other", 1, false,
                    "sleep 1ms python 1ms"); /* 200 ms a touch */
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
        assert_int_equal(result.status, RUN_DONE);
        assert_true(result.duration_ns < 20 * NS_PER_MS);
        run_result_deinit(&result);
        plan_deinit(&plan);
        /* Without a GIL: the collector stops who counts. */
        begin(&plan, GIL_NONE, sharings[i]);
        plan.runtime.gc_enabled = 1;
        plan.runtime.gc_kind = GC_FREE_THREADED;
        plan.runtime.gc_threshold_0 = 2000;
        plan_thread(&plan, "counter", 2, true, "forever { touch object 1000000 }");
        plan_thread(&plan, "other", 1, false, "allocate 5000 python 1ms");
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
        assert_int_equal(result.status, RUN_DONE);
        assert_true(result.metric[METRIC_GC_COLLECTIONS] >= 1.0);
        assert_true(result.duration_ns < 5 * NS_PER_MS); /* a touch: 40 - 240 ms */
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object_with_a_gil_every_count_is_plain),
        cmocka_unit_test(test_object_without_a_gil_only_the_owner_counts_plainly),
        cmocka_unit_test(test_object_atomic_refcounts_spare_nobody),
        cmocka_unit_test(test_object_one_object_serialises),
        cmocka_unit_test(test_object_only_changes_lock_a_list),
        cmocka_unit_test(test_object_is_merged_by_its_owner),
        cmocka_unit_test(test_object_of_ones_own_is_dropped_for_nothing),
        cmocka_unit_test(test_object_of_a_sleeper_waits),
        cmocka_unit_test(test_object_is_merged_after_a_call_that_blocks),
        cmocka_unit_test(test_object_dropped_at_the_end_of_its_owner),
        cmocka_unit_test(test_object_is_merged_by_the_collector),
        cmocka_unit_test(test_object_counts_stop_at_check_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
