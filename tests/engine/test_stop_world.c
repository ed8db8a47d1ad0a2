/* SPDX-License-Identifier: MIT */
/*
 * test_stop_world - pauses of an interpreter without a GIL, to the nanosecond, and what
 * must be true of them whatever runs.
 *
 * The pauses are those of the garbage collector: a thread that makes 512 objects asks for
 * one, keeps the world stopped for 512 us, and asks for another one at once.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/analysis/run.h"
#include "tests/support/dice.h"
#include "tests/support/plans.h"
#include "tests/support/scene_checks.h"

enum { COLLECTION_NS = 512000 };

#define ACT(what, length)                                                                \
    { .kind = (what), .site = SITE_NONE, .ns = (length) }
#define ALLOCATE(count)                                                                  \
    { .kind = ACTION_ALLOCATE, .site = SITE_NONE, .value = (count) }
/* Straight-line code has no check points. */
#define STRAIGHT(length)                                                                 \
    { .kind = ACTION_COMPUTE, .site = SITE_NONE, .ns = (length), .value = 1 }

static void prepare(struct scene *scene) {
    scene_prepare(scene);
    struct runtime *runtime = &scene->plan.runtime;
    runtime->gil = GIL_NONE;
    runtime->gc_enabled = 1;
    runtime->gc_kind = GC_FREE_THREADED;
    runtime->gc_threshold_0 = 500;
    runtime->gc_threshold_1 = 10;
    runtime->gc_at_check_point = 1;
    runtime->gc_object_ns = 1000;
}

/* Name of who ended the lane's pause. */
static const char *pause_ended_by(const struct scene *scene, const char *name) {
    const struct timeline *timeline = &scene->timeline;
    const lane_id lane = timeline_find(timeline, LANE_THREAD, name);
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane == lane && span->state == STATE_PAUSED) {
            return span->by == LANE_NONE ? "nobody" : timeline->lanes[span->by].name;
        }
    }
    return "no pause";
}

/* --- who stops when ------------------------------------------------------------ */

static void test_stop_world_waits_for_the_next_check_point(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action other[] = {ACT(ACTION_COMPUTE, 2000000)};
    struct scene scene;
    prepare(&scene);
    scene_open(&scene);
    SCENE_ADD(&scene, "other", 0, other);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    /* Asked at 2.5 us, stopped at the check point at 3 us. The second pause has no length:
     * "other" has been woken but is not attached yet. */
    assert_lane(&scene, LANE_THREAD, "other",
                "running@0 paused@3000 running@515000 end@2512000");
    assert_lane(&scene, LANE_THREAD, "collector",
                "ready@0 wait_object@2500 running_c@3000 end@515000");
    assert_lane(&scene, LANE_PROCESS, "process",
                "alive@0 paused@3000 alive@515000 end@2512000");
    assert_string_equal(pause_ended_by(&scene, "other"), "collector");
    scene_close(&scene);
}

/* A C call that stays attached makes everybody wait. */
static void test_stop_world_waits_for_the_longest_c_call(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action call[] = {ACT(ACTION_C_HELD, 700000)};
    static const struct action other[] = {ACT(ACTION_COMPUTE, 2000000)};
    struct scene scene;
    prepare(&scene);
    scene_open(&scene);
    SCENE_ADD(&scene, "call", 0, call);
    SCENE_ADD(&scene, "other", 0, other);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "other",
                "running@0 paused@3000 running@1212000 end@3209000");
    assert_lane(&scene, LANE_THREAD, "call", "running_c@0 paused@700000 end@1212000");
    assert_lane(&scene, LANE_PROCESS, "process",
                "alive@0 paused@700000 alive@1212000 end@3209000");
    scene_close(&scene);
}

/* Who is blocked does not delay the pause; who wants to attach meanwhile has to wait. */
static void test_stop_world_suspends_the_detached(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action short_sleep[] = {ACT(ACTION_SLEEP, 100000)};
    static const struct action long_sleep[] = {ACT(ACTION_SLEEP, 900000)};
    struct scene scene;
    prepare(&scene);
    scene_open(&scene);
    SCENE_ADD(&scene, "short", 0, short_sleep);
    SCENE_ADD(&scene, "long", 0, long_sleep);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    assert_lane(&scene, LANE_PROCESS, "process",
                "alive@0 paused@2500 alive@514500 end@900000");
    assert_lane(&scene, LANE_THREAD, "short", "sleep@0 paused@100000 end@514500");
    assert_lane(&scene, LANE_THREAD, "long", "sleep@0 end@900000");
    scene_close(&scene);
}

/* A thread that detaches after it was asked does not say so: the next round finds it. */
static void test_stop_world_looks_again_after_a_millisecond(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action other[] = {STRAIGHT(500000), ACT(ACTION_SLEEP, 5000000)};
    struct scene scene;
    prepare(&scene);
    scene_open(&scene);
    SCENE_ADD(&scene, "other", 0, other);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "other", "running@0 sleep@500000 end@5500000");
    assert_lane(&scene, LANE_PROCESS, "process",
                "alive@0 paused@1002500 alive@1514500 end@5500000");
    scene_close(&scene);
}

/* But if it attaches again before that, it stops at its next check point: the end of the
 * call that it has come back from. */
static void test_stop_world_stops_who_came_back(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action other[] = {STRAIGHT(500000), ACT(ACTION_SLEEP, 100000),
                                          ACT(ACTION_COMPUTE, 50000)};
    struct scene scene;
    prepare(&scene);
    scene_open(&scene);
    SCENE_ADD(&scene, "other", 0, other);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "other",
                "running@0 sleep@500000 paused@600000 running@1112000 end@1162000");
    scene_close(&scene);
}

static void test_stop_world_does_not_wait_for_the_dead(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action other[] = {STRAIGHT(100000)};
    struct scene scene;
    prepare(&scene);
    scene_open(&scene);
    SCENE_ADD(&scene, "other", 0, other);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    assert_lane(&scene, LANE_PROCESS, "process", "alive@0 paused@100000 end@612000");
    scene_close(&scene);
}

/* clone() begins before the request and ends after it: the child is suspended from birth,
 * and nobody waits for it. */
static void test_stop_world_suspends_a_thread_from_birth(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action child[] = {ACT(ACTION_COMPUTE, 10000)};
    struct sequence program = {.actions = child, .count = 1};
    struct thread_spec spec = {.name = "child", .program = {&sequence_ops, &program}};
    const struct action starter[] = {
        {.kind = ACTION_START, .site = SITE_NONE, .object = &spec}};
    struct scene scene;
    prepare(&scene);
    scene.plan.machine.thread_create_ns = 50000;
    scene.plan.runtime.thread_start_ns = 5000;
    scene_open(&scene);
    SCENE_ADD(&scene, "starter", 0, starter);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    assert_lane(&scene, LANE_THREAD, "child", "paused@50000 running@563000 end@573000");
    assert_lane(&scene, LANE_PROCESS, "process",
                "alive@0 paused@51000 alive@563000 end@573000");
    scene_close(&scene);
}

/* The wake-ups are paid one after the other by the thread that lets the others go on. */
static void test_stop_world_release_wakes_one_by_one(void **state) {
    (void)state;
    static const struct action collector[] = {ALLOCATE(512)};
    static const struct action other[] = {ACT(ACTION_COMPUTE, 2000000)};
    struct scene scene;
    prepare(&scene);
    scene.plan.machine.futex_wake_ns = 10000;
    scene_open(&scene);
    SCENE_ADD(&scene, "a", 0, other);
    SCENE_ADD(&scene, "b", 0, other);
    SCENE_ADD(&scene, "collector", 2500, collector);
    run(&scene);
    /* a is the last to stop and pays for waking the collector, both times. The second
     * request comes when both have been woken. */
    assert_lane(&scene, LANE_THREAD, "a",
                "running@0 detached@3000 paused@13000 running@515000 detached@536000 "
                "running@546000 end@2522000");
    assert_lane(&scene, LANE_THREAD, "b",
                "running@0 paused@3000 running@525000 running@536000 end@2522000");
    scene_close(&scene);
}

/* --- one requester at a time --------------------------------------------------- */

/* A thread that stops the world again and again. */
struct racer {
    struct gil_client client; /* must be first */
    struct dice dice;
    int left;
    int *inside; /* how many racers have the world to themselves */
};

static struct racer *racer_of(struct os_thread *os) { return (struct racer *)(void *)os; }

static void ask(struct os_thread *os);

static void gone(struct os_thread *os) { os_thread_exit(os); }

static void look(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    if ((client->breaker & BREAKER_STOP) != 0) {
        stop_world_suspend(client, ask);
    } else {
        ask(os);
    }
}

static void go_on(struct os_thread *os) {
    os_thread_work(os, dice_between(&racer_of(os)->dice, 0, 20000), look);
}

static void let_go(struct os_thread *os) {
    --*racer_of(os)->inside;
    stop_world_release(GIL_CLIENT_OF(os), go_on);
}

static void alone(struct os_thread *os) {
    assert_int_equal(++*racer_of(os)->inside, 1);
    os_thread_work(os, dice_between(&racer_of(os)->dice, 0, 20000), let_go);
}

static void ask(struct os_thread *os) {
    struct racer *racer = racer_of(os);
    if (racer->left-- == 0) {
        gil_drop_at_exit(&racer->client, gone);
    } else {
        stop_world_request(&racer->client, alone);
    }
}

static void attach(struct os_thread *os) { gil_take(GIL_CLIENT_OF(os), ask); }

static void test_stop_world_has_one_requester_at_a_time(void **state) {
    (void)state;
    enum { RACERS = 5, STOPS = 200 };
    struct racer racers[RACERS];
    int inside = 0;
    struct scene scene;
    prepare(&scene);
    scene.plan.machine.cores = 3;
    scene.plan.machine.futex_wake_ns = 1000;
    scene_set_wake(&scene, 2000);
    scene_open(&scene);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){
            .dice = dice_make((uint64_t)i), .left = STOPS, .inside = &inside};
        struct gil_client *client = &racers[i].client;
        const lane_id lane =
            recorder_open_lane(scene.recorder, 0,
                               &(struct lane_birth){LANE_THREAD,
                                                    scene.process->lane,
                                                    "racer",
                                                    {STATE_READY, LANE_NONE, SITE_NONE}});
        assert_int_equal(os_thread_init(&client->os, &scene.world.cpu, lane, attach), 0);
        client->gil = &scene.process->gil;
        client->site = SITE_NONE;
        stop_world_add(&scene.process->gil.stop_world, client);
        os_thread_wake(&client->os, LANE_NONE);
    }
    run(&scene);
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(racers[i].left, -1);
    }
    assert_int_equal(scene.process->gil.stop_world.member_count, 0);
    scene_close(&scene);
}

/* --- whatever runs ------------------------------------------------------------- */

/* A few steps as text for plan_thread(). */
static void write_steps(struct dice *dice, char *text, size_t size) {
    static const char *const steps[] = {
        "allocate 200",       "allocate 700",        "free 300",       "python 3us",
        "python 400us",       "c_held 200us",        "io 50us",        "sleep 1us",
        "c_released 300us",   "touch object 5",      "put queue",      "get queue",
        "update counter 1us", "use list append 2us", "python_cpu 70us"};
    size_t at = (size_t)snprintf(text, size, "put queue put queue repeat %d {",
                                 (int)dice_between(dice, 1, 20));
    for (int64_t left = dice_between(dice, 1, 6); left > 0; left--) {
        const char *step =
            steps[dice_between(dice, 0, sizeof steps / sizeof steps[0] - 1)];
        /* Nobody waits for an item that never comes. */
        at += (size_t)snprintf(text + at, size - at,
                               strcmp(step, "get queue") == 0 ? " put queue %s" : " %s",
                               step);
    }
    snprintf(text + at, size - at, " }");
}

static void make_plan(struct plan *plan, uint64_t seed) {
    static const char *const machines[] = {"ideal", "linux-desktop", "linux-vm-2"};
    static const char *const runtimes[] = {"cpython-3.13t", "cpython-3.14t",
                                           "cpython-atomic-refcounts"};
    struct dice dice = dice_make(seed);
    plan_begin(plan, machines[dice_between(&dice, 0, 2)],
               runtimes[dice_between(&dice, 0, 2)]);
    plan->seed = seed;
    plan->machine.cores = dice_between(&dice, 1, 6);
    plan->runtime.gc_threshold_0 = dice_between(&dice, 1, 1000);
    plan->runtime.gc_threshold_1 = dice_between(&dice, 0, 1);
    plan_object(plan, "object", OBJECT_REFERENT);
    plan_object(plan, "queue", OBJECT_SIMPLE_QUEUE);
    plan_object(plan, "counter", OBJECT_COUNTER);
    plan_object(plan, "list", OBJECT_LIST);
    for (int64_t left = dice_between(&dice, 1, 4); left > 0; left--) {
        char text[512];
        write_steps(&dice, text, sizeof text);
        plan_thread(plan, "thread", (uint32_t)dice_between(&dice, 1, 3), false, text);
    }
}

static void test_stop_world_nobody_runs_while_it_is_stopped(void **state) {
    (void)state;
    enum { CASES = 400 };
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    int with_pauses = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        struct plan plan;
        struct timeline timeline;
        struct run_result result = {0};
        struct violation violation = {""};
        struct err err = {0};
        make_plan(&plan, seed);
        timeline_init(&timeline);
        const int rc = run_execute(&result, &plan,
                                   &(struct run_options){.sink = &timeline.sink}, &err);
        if (rc != 0 || result.status != RUN_DONE ||
            !timeline_is_sound(&timeline, &violation)) {
            fail_msg("%s %s %s\nagain: GILSCOPE_TEST_SEED=%" PRIu64
                     " engine_test_stop_world",
                     err.text, result.reason, violation.text, seed);
        }
        const lane_id process = timeline_find(&timeline, LANE_PROCESS, "process");
        with_pauses +=
            process >= 0 && timeline_total(&timeline, process, STATE_PAUSED) > 0;
        run_result_deinit(&result);
        timeline_deinit(&timeline);
        plan_deinit(&plan);
    }
    print_message("%d of %d runs had pauses\n", with_pauses, (int)(end - first));
    assert_true(only >= 0 || with_pauses > CASES / 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_world_waits_for_the_next_check_point),
        cmocka_unit_test(test_stop_world_waits_for_the_longest_c_call),
        cmocka_unit_test(test_stop_world_suspends_the_detached),
        cmocka_unit_test(test_stop_world_looks_again_after_a_millisecond),
        cmocka_unit_test(test_stop_world_stops_who_came_back),
        cmocka_unit_test(test_stop_world_does_not_wait_for_the_dead),
        cmocka_unit_test(test_stop_world_suspends_a_thread_from_birth),
        cmocka_unit_test(test_stop_world_release_wakes_one_by_one),
        cmocka_unit_test(test_stop_world_has_one_requester_at_a_time),
        cmocka_unit_test(test_stop_world_nobody_runs_while_it_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
