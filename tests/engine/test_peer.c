/* SPDX-License-Identifier: MIT */
/* test_peer - a process at the other end of a socket: what a message to it and back takes,
 * who gets its answers, and what is left of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "tests/support/conservation.h"
#include "tests/support/plans.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

/* --- scenes -------------------------------------------------------------------- */

enum { SEND = 5000, ENTER = 3000, ANSWER = 7000, WAKE = 40000, SWITCH = 2000 };

struct socket_scene {
    struct scene scene;
    struct object_plan plan;
    struct py_peer *peer;
    struct action send, recv;
};

/* Nothing costs anything but the socket, waking a core, and switching it. */
static void begin(struct socket_scene *it, int64_t cores, sim_ns answer_ns) {
    it->plan =
        (struct object_plan){.name = "peer", .kind = OBJECT_PEER, .size = answer_ns};
    scene_prepare(&it->scene);
    scene_set_wake(&it->scene, WAKE);
    it->scene.plan.machine.cores = cores;
    it->scene.plan.machine.syscall_ns = ENTER;
    it->scene.plan.machine.context_switch_ns = SWITCH;
    it->scene.plan.objects = &it->plan;
    it->scene.plan.object_count = 1;
    scene_open(&it->scene);
    assert_int_equal(world_add_objects(&it->scene.world, it->scene.process), 0);
    it->peer = it->scene.world.objects[0].peer;
    void *object = it->scene.world.object_handles[0];
    it->send = (struct action){
        .kind = ACTION_SEND, .site = SITE_NONE, .ns = SEND, .object = object};
    it->recv = (struct action){.kind = ACTION_RECV, .site = SITE_NONE, .object = object};
}

static void run(struct socket_scene *it) {
    struct violation violation;
    assert_int_equal(scene_run(&it->scene), SIM_NOTHING_LEFT);
    if (!timeline_is_sound(&it->scene.timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

/* On a core, without the GIL. */
static struct action busy(sim_ns ns) {
    return (struct action){.kind = ACTION_C_RELEASED, .site = SITE_NONE, .ns = ns};
}

static lane_id lane_of(const struct socket_scene *it, const char *name) {
    return timeline_find(&it->scene.timeline, LANE_THREAD, name);
}

static void expect_lane(const struct socket_scene *it, const char *name,
                        const char *expected) {
    struct timeline_text text;
    assert_string_equal(timeline_describe(&it->scene.timeline, lane_of(it, name), &text),
                        expected);
}

/* The nth span of that state. */
static const struct timeline_span *
span_of(const struct socket_scene *it, const char *name, enum lane_state state, int nth) {
    const struct timeline *timeline = &it->scene.timeline;
    for (size_t i = 0; i < timeline->span_count; i++) {
        if (timeline->spans[i].lane == lane_of(it, name) &&
            timeline->spans[i].state == state && nth-- == 0) {
            return &timeline->spans[i];
        }
    }
    fail_msg("%s has no such span", name);
    return NULL;
}

/* How many messages are on their way to the peer, and back. */
static void expect_under_way(const struct socket_scene *it, uint64_t asked,
                             uint64_t answered) {
    assert_int_equal(it->peer->asked, asked);
    assert_int_equal(it->peer->answered, answered);
    assert_true(it->peer->sleeping);
}

/* --- one message --------------------------------------------------------------- */

/* 40 us until the thread is there, 5 us send(), 40 us, 7 us, 40 us. */
static void test_peer_round_trip_is_the_sum_of_its_parts(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action actions[] = {it.send, it.recv};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it);
    expect_lane(&it, "a",
                "ready@0 detached@40000 detached@45000 io@48000 ready@92000 end@132000");
    expect_lane(&it, "peer", "io@0 ready@45000 detached@85000 io@92000 end@132000");
    expect_under_way(&it, 0, 0);
    scene_close(&it.scene);
}

/* Who is waited for, and who ends the wait. */
static void test_peer_waits_name_their_causes(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action actions[] = {it.send, it.recv};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it);
    const struct timeline *timeline = &it.scene.timeline;
    const lane_id peer = lane_of(&it, "peer"), a = lane_of(&it, "a");
    const struct timeline_span *ours = span_of(&it, "a", STATE_IO, 0);
    const struct timeline_span *its = span_of(&it, "peer", STATE_IO, 0);
    assert_int_equal(ours->resource, peer);
    assert_int_equal(ours->by, peer);
    assert_int_equal(its->resource, LANE_NONE);
    assert_int_equal(its->by, a);
    const lane_id process = timeline_find(timeline, LANE_PROCESS, "peer");
    assert_int_equal(timeline->lanes[peer].parent, process);
    assert_int_equal(timeline->lanes[a].parent, it.scene.process->lane);
    assert_int_not_equal(process, it.scene.process->lane);
    scene_close(&it.scene);
}

/* The peer is woken at 45 us, but gets the core when the sender sleeps at 48 us. */
static void test_peer_needs_a_core(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 1, ANSWER);
    const struct action actions[] = {it.send, it.recv};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it);
    expect_lane(&it, "a",
                "ready@0 detached@40000 detached@45000 io@48000 ready@57000 end@59000");
    expect_lane(&it, "peer", "io@0 ready@45000 detached@50000 io@57000 end@59000");
    scene_close(&it.scene);
}

/* An answer that is there is received without a wait. */
static void test_peer_answer_that_waits_costs_a_system_call(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action actions[] = {it.send, busy(100000), it.recv};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it);
    expect_lane(&it, "a",
                "ready@0 detached@40000 detached@45000 detached@145000 end@148000");
    expect_under_way(&it, 0, 0);
    scene_close(&it.scene);
}

/* --- beside a thread that wants the GIL ---------------------------------------- */

/* "a" keeps the GIL until 1040 us; "spinner" wants it since 40 us. */
static void add_both(struct socket_scene *it, struct action actions[3]) {
    static const struct action spins[] = {
        {.kind = ACTION_COMPUTE, .site = SITE_NONE, .ns = 20 * NS_PER_MS}};
    actions[0] =
        (struct action){.kind = ACTION_C_HELD, .site = SITE_NONE, .ns = NS_PER_MS};
    actions[1] = it->send;
    actions[2] = it->recv;
    scene_add(&it->scene, "a", 0, actions, 3);
    scene_add(&it->scene, "spinner", 0, spins, 1);
}

/*
 * Two cores: send() drops the GIL at 1040 us, and the spinner is under way to the other
 * core until 1080 us. The peer waits until the sender sleeps (1048 us), takes its core
 * with a switch, and gives it back with another: at 1059 us the GIL is still free.
 */
static void test_peer_takes_the_core_of_the_sender(void **state) {
    (void)state;
    struct socket_scene it;
    struct action actions[3];
    begin(&it, 2, ANSWER);
    add_both(&it, actions);
    run(&it);
    expect_lane(&it, "a",
                "ready@0 running_c@40000 detached@1040000 detached@1045000 io@1048000 "
                "ready@1057000 end@1059000");
    assert_int_equal(timeline_state_at(&it.scene.timeline, lane_of(&it, "peer"), 1046000),
                     STATE_READY);
    assert_int_equal(span_of(&it, "peer", STATE_DETACHED, 0)->start, 1050000);
    assert_int_equal(span_of(&it, "peer", STATE_READY, 0)->by, lane_of(&it, "a"));
    assert_int_equal(span_of(&it, "spinner", STATE_RUNNING, 0)->start, 1080000);
    scene_close(&it.scene);
}

/* Four cores: the peer is woken on a core of its own, the answer comes at 1092 us, and
 * the spinner has the GIL by then: a convoy. */
static void test_peer_on_a_core_of_its_own_is_too_late(void **state) {
    (void)state;
    struct socket_scene it;
    struct action actions[3];
    begin(&it, 4, ANSWER);
    add_both(&it, actions);
    run(&it);
    assert_int_equal(span_of(&it, "peer", STATE_DETACHED, 0)->start, 1085000);
    const struct timeline_span *wait = span_of(&it, "a", STATE_WAIT_GIL, 0);
    assert_int_equal(wait->start, 1132000);
    assert_true(wait->end - wait->start >= 5 * NS_PER_MS &&
                wait->end - wait->start < 5 * NS_PER_MS + 3 * WAKE);
    scene_close(&it.scene);
}

/* Two cores, but an answer that takes longer than the spinner's way. */
static void test_peer_that_is_slow_is_too_late(void **state) {
    (void)state;
    struct socket_scene it;
    struct action actions[3];
    begin(&it, 2, 30000);
    add_both(&it, actions);
    run(&it);
    assert_int_equal(span_of(&it, "peer", STATE_DETACHED, 0)->start, 1050000);
    assert_int_equal(span_of(&it, "a", STATE_WAIT_GIL, 0)->start, 1082000);
    scene_close(&it.scene);
}

/* --- many messages ------------------------------------------------------------- */

/* Three messages leave at 45, 50 and 55 us; the peer is woken once, and sends its answers
 * at 92, 99 and 106 us. The thread is woken by the first. */
static void test_peer_answers_all_that_is_under_way(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action actions[] = {it.send, it.send, it.send,
                                     it.recv, it.recv, it.recv};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it);
    expect_lane(&it, "a",
                "ready@0 detached@40000 detached@45000 detached@50000 detached@55000 "
                "io@58000 ready@92000 detached@132000 detached@135000 end@138000");
    expect_lane(&it, "peer", "io@0 ready@45000 detached@85000 io@106000 end@138000");
    expect_under_way(&it, 0, 0);
    scene_close(&it.scene);
}

/* A message that arrives while the peer computes is answered before it sleeps again. */
static void test_peer_is_not_woken_while_it_is_awake(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action actions[] = {it.send, busy(38000), it.send, it.recv, it.recv};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it); /* 45 us, 88 us; the peer computes from 85 to 92 us */
    expect_lane(&it, "peer", "io@0 ready@45000 detached@85000 io@99000 end@135000");
    expect_under_way(&it, 0, 0);
    scene_close(&it.scene);
}

/* Answers that nobody receives stay where they are. */
static void test_peer_keeps_answers(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action actions[] = {it.send, it.send};
    SCENE_ADD(&it.scene, "a", 0, actions);
    run(&it);
    expect_under_way(&it, 0, 2);
    scene_close(&it.scene);
}

/* --- many receivers ------------------------------------------------------------ */

/* An answer wakes all; the one that came last is the first to look. */
static void test_peer_wakes_all_receivers(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action receives[] = {it.recv};
    const struct action sends[] = {it.send, busy(NS_PER_MS), it.send};
    SCENE_ADD(&it.scene, "first", 0, receives);
    SCENE_ADD(&it.scene, "second", 1000, receives);
    SCENE_ADD(&it.scene, "sender", NS_PER_MS, sends);
    run(&it); /* messages at 1045 and 2050 us, answers at 1092 and 2097 */
    expect_lane(&it, "second",
                "ready@0 detached@41000 io@44000 ready@1092000 end@1132000");
    expect_lane(&it, "first",
                "ready@0 detached@40000 io@43000 ready@1092000 io@1132000 "
                "ready@2097000 end@2137000");
    expect_under_way(&it, 0, 0);
    scene_close(&it.scene);
}

/* Who has not slept takes the answer away from one who is on the way to it. */
static void test_peer_answer_goes_to_who_is_first(void **state) {
    (void)state;
    struct socket_scene it;
    begin(&it, 4, ANSWER);
    const struct action receives[] = {it.recv};
    const struct action sends_and_receives[] = {it.send, busy(50000), it.recv};
    SCENE_ADD(&it.scene, "sleeper", 0, receives);
    SCENE_ADD(&it.scene, "thief", 0, sends_and_receives);
    run(&it); /* answered at 92 us; taken at 98 us; the sleeper is there at 132 us */
    expect_lane(&it, "thief",
                "ready@0 detached@40000 detached@45000 detached@95000 end@98000");
    expect_lane(&it, "sleeper", "ready@0 detached@40000 io@43000 ready@92000 end@132000");
    expect_under_way(&it, 0, 0);
    assert_ptr_equal(it.peer->receivers, it.scene.world.threads[0]); /* asleep again */
    scene_close(&it.scene);
}

/* --- without a GIL ------------------------------------------------------------- */

/* The peer is no thread of the interpreter: it answers while the world stands still, and
 * the receiver sleeps on until the pause is over. */
static void test_peer_answers_while_the_world_is_stopped(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct run_result result = {0};
    struct err err = {0};
    plan_begin(&plan, "ideal", "cpython-3.13t");
    plan.runtime.gc_threshold_0 = 10;
    plan.runtime.gc_start_objects = 1000;
    plan.machine.cores = 4;
    plan_sized(&plan, "peer", OBJECT_PEER, ANSWER);
    plan_thread(&plan, "io", 1, false, "repeat 60 { send peer 5us recv peer }");
    plan_thread(&plan, "maker", 2, false, "repeat 100 { allocate 20 python 3us }");
    timeline_init(&timeline);
    assert_int_equal(
        run_execute(&result, &plan, &(struct run_options){.sink = &timeline.sink}, &err),
        0);
    assert_int_equal(result.status, RUN_DONE);
    assert_true(result.metric[METRIC_GC_COLLECTIONS] > 0);
    const lane_id io = timeline_find(&timeline, LANE_THREAD, "io");
    assert_true(timeline_total(&timeline, io, STATE_PAUSED) > 0);
    struct violation violation;
    if (!timeline_is_sound(&timeline, &violation) ||
        !run_is_conserved(&timeline, &result, &plan.runtime, &violation)) {
        fail_msg("%s", violation.text);
    }
    run_result_deinit(&result);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

/* --- plans --------------------------------------------------------------------- */

/* Threads, a task and its worker thread receive from one socket beside a spinner. */
static void make_busy(struct plan *plan, const char *runtime, int64_t cores) {
    plan_begin(plan, "linux-vm-2", runtime);
    plan->machine.cores = cores;
    plan_sized(plan, "peer", OBJECT_PEER, ANSWER);
    plan_sized(plan, "other", OBJECT_PEER, 2 * WAKE);
    plan_thread(plan, "io", 2, false,
                "repeat 8 { send peer 5us recv peer python 20us send other 5us }");
    plan_thread(plan, "spinner", 1, false, "python 10ms");
    plan_thread(plan, "late", 1, false, "repeat 16 { recv other }");
    if (plan->runtime.has_asyncio) {
        const uint32_t loop = plan_loop(plan, "loop", 1, false);
        plan_task(plan, loop, "task", 2,
                  "repeat 2 { send peer 5us await_io 1ms recv peer "
                  "to_thread { send peer 3us recv peer } }");
    }
}

static void test_peer_loses_no_message(void **state) {
    (void)state;
    for (size_t i = 0; i < runtime_row_count * 3; i++) {
        const char *runtime = runtime_rows[i / 3].runtime.name;
        struct plan plan;
        struct timeline timeline;
        struct run_result result = {0};
        struct violation violation = {{0}};
        make_busy(&plan, runtime, 1 << i % 3);
        assert_int_equal(plan_check(&plan, NULL), 0);
        timeline_init(&timeline);
        const int rc = run_execute(&result, &plan,
                                   &(struct run_options){.sink = &timeline.sink}, NULL);
        assert_int_equal(rc, 0);
        if (result.status != RUN_DONE || !timeline_is_sound(&timeline, &violation) ||
            !run_is_conserved(&timeline, &result, &plan.runtime, &violation)) {
            fail_msg("%s on %d cores: %s %s", runtime, 1 << i % 3, result.reason,
                     violation.text);
        }
        run_result_deinit(&result);
        timeline_deinit(&timeline);
        plan_deinit(&plan);
    }
}

static void expect_end(const char *steps, enum run_status status, const char *reason) {
    struct plan plan;
    struct run_result result = {0};
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_sized(&plan, "peer", OBJECT_PEER, ANSWER);
    plan_thread(&plan, "a", 1, false, steps);
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_int_equal(result.status, status);
    assert_non_null(strstr(result.reason, reason));
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static void test_peer_sends_nothing_unasked(void **state) {
    (void)state;
    expect_end("send peer 5us recv peer", RUN_DONE, "");
    expect_end("send peer 5us recv peer recv peer", RUN_FAILED, "deadlock");
    expect_end("repeat 3 { send peer 5us } recv peer", RUN_DONE, ""); /* while it works */
}

/* Nothing takes time, so the clock stands still: the run is stopped, and says so. */
static void test_peer_that_takes_no_time_is_limited(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result = {0};
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan.limits.events = 50000;
    plan_sized(&plan, "peer", OBJECT_PEER, 0);
    plan_thread(&plan, "a", 2, true, "forever { send peer 0us recv peer }");
    plan_thread(&plan, "b", 1, false, "sleep 1ms");
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_int_equal(result.status, RUN_LIMITED);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

static void test_peer_time_must_not_be_negative(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_sized(&plan, "peer", OBJECT_PEER, -1);
    plan_thread(&plan, "a", 1, false, "recv peer");
    assert_int_equal(plan_check(&plan, NULL), ERR_INVALID);
    plan.objects[0].size = 0;
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan_deinit(&plan);
}

/* What the peer does is core time, but neither Python nor a thread that could wait for a
 * GIL; there is no lock. */
static void test_peer_is_measured_as_another_process(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result = {0};
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan_sized(&plan, "peer", OBJECT_PEER, ANSWER);
    plan_thread(&plan, "a", 1, false, "repeat 10 { python 2us send peer 5us recv peer }");
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_true(result.metric[METRIC_PYTHON_US] == 20.0);
    assert_true(result.metric[METRIC_CPU_US] == 20.0 + 50.0 + 70.0);
    assert_true(result.metric[METRIC_MAKESPAN_US] == 140.0);
    assert_false(result.metric[METRIC_LOCK_WAIT_US] >= 0.0); /* not a number */
    run_result_deinit(&result);
    plan_deinit(&plan);

    result = (struct run_result){0};
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan.machine.cores = 1;
    plan_sized(&plan, "unused", OBJECT_PEER, ANSWER);
    plan_thread(&plan, "a", 2, false, "c_held 1ms");
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    const double all =
        3.0 * result.metric[METRIC_MAKESPAN_US]; /* main, and two threads */
    assert_true(result.metric[METRIC_GIL_WAIT_SHARE] * all >=
                result.metric[METRIC_GIL_WAIT_US] * 0.999);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* The nth allocation fails: the run says so, leaks nothing, and has no result. */
static void test_peer_runs_out_of_memory_in_order(void **state) {
    (void)state;
    struct plan plan;
    int64_t n = 0;
    make_busy(&plan, "cpython-3.12", 2);
    for (int rc = ERR_NOMEM; rc != 0; n++) {
        struct run_result result = {0};
        struct err err = {0};
        memory_fail_after(n);
        rc = run_execute(&result, &plan, &(struct run_options){0}, &err);
        memory_fail_after(-1);
        if (rc != 0) {
            assert_int_equal(rc, ERR_NOMEM);
            assert_int_equal(err.code, ERR_NOMEM);
        } else {
            assert_int_equal(result.status, RUN_DONE);
        }
        run_result_deinit(&result);
    }
    assert_true(n > 10);
    plan_deinit(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer_round_trip_is_the_sum_of_its_parts),
        cmocka_unit_test(test_peer_waits_name_their_causes),
        cmocka_unit_test(test_peer_needs_a_core),
        cmocka_unit_test(test_peer_answer_that_waits_costs_a_system_call),
        cmocka_unit_test(test_peer_takes_the_core_of_the_sender),
        cmocka_unit_test(test_peer_on_a_core_of_its_own_is_too_late),
        cmocka_unit_test(test_peer_that_is_slow_is_too_late),
        cmocka_unit_test(test_peer_answers_all_that_is_under_way),
        cmocka_unit_test(test_peer_is_not_woken_while_it_is_awake),
        cmocka_unit_test(test_peer_keeps_answers),
        cmocka_unit_test(test_peer_wakes_all_receivers),
        cmocka_unit_test(test_peer_answer_goes_to_who_is_first),
        cmocka_unit_test(test_peer_answers_while_the_world_is_stopped),
        cmocka_unit_test(test_peer_loses_no_message),
        cmocka_unit_test(test_peer_sends_nothing_unasked),
        cmocka_unit_test(test_peer_that_takes_no_time_is_limited),
        cmocka_unit_test(test_peer_time_must_not_be_negative),
        cmocka_unit_test(test_peer_is_measured_as_another_process),
        cmocka_unit_test(test_peer_runs_out_of_memory_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
