/* SPDX-License-Identifier: MIT */
/*
 * test_program - the pull interface, proved by producers other than step lists: recorded
 * sequences, and stack machines that branch on how their actions ended.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/scene.h"
#include "tests/support/stack_machine.h"
#include "tests/support/test.h"

#define ACT(what, length)                                                                \
    { .kind = (what), .site = SITE_NONE, .ns = (length) }

static void queue_init(struct py_queue *queue, struct scene *scene) {
    py_queue_init(queue, &scene->world.runtime, &scene->world.arena,
                  (struct activity){STATE_IDLE, LANE_NONE, SITE_NONE});
}

/* --- resumes ------------------------------------------------------------------- */

static void test_program_is_told_how_each_action_ended(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    struct py_queue queue;
    queue_init(&queue, &scene);
    struct selector selector = {.lane = LANE_NONE};
    const struct action child_actions[] = {ACT(ACTION_COMPUTE, 1000)};
    struct sequence child = {.actions = child_actions, .count = 1};
    struct thread_spec spec = {.name = "child", .program = {&sequence_ops, &child}};
    const struct action actions[] = {
        {.kind = ACTION_PUT, .site = SITE_NONE, .value = 41, .object = &queue},
        {.kind = ACTION_PUT, .site = SITE_NONE, .value = -7, .object = &queue},
        {.kind = ACTION_TAKE, .site = SITE_NONE, .object = &queue},
        {.kind = ACTION_TAKE, .site = SITE_NONE, .object = &queue},
        {.kind = ACTION_POLL, .site = SITE_NONE, .ns = 5000, .object = &selector},
        {.kind = ACTION_START, .site = SITE_NONE, .object = &spec},
        {.kind = ACTION_JOIN, .site = SITE_NONE, .value = 1},
    };
    const struct sequence *sequence = SCENE_ADD(&scene, "a", 0, actions);
    assert_int_equal(scene_run(&scene), SIM_NOTHING_LEFT);
    assert_int_equal(sequence->resumes, 8);
    assert_int_equal(sequence->resume[0].status, RESUME_START);
    assert_int_equal(sequence->resume[0].value,
                     timeline_find(&scene.timeline, LANE_THREAD, "a"));
    assert_int_equal(sequence->resume[1].status, RESUME_DONE);
    assert_int_equal(sequence->resume[3].value, 41); /* first in, first out */
    assert_int_equal(sequence->resume[4].value, -7);
    assert_int_equal(sequence->resume[5].status, RESUME_TIMED_OUT);
    assert_int_equal(sequence->resume[6].value, 1); /* the child's id */
    assert_int_equal(sequence->resume[7].status, RESUME_DONE);
    assert_int_equal(child.resumes, 2);
    scene_close(&scene);
}

static void nothing_to_deliver(struct selector *selector, int64_t value, lane_id by) {
    (void)selector;
    (void)by;
    (void)value;
}

/* A poll ends with the wake-up if that comes first, and remembers one that came before.
 */
static void test_program_poll_ends_by_wake_up(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    struct selector selector = {.lane = LANE_NONE, .deliver = nothing_to_deliver};
    const struct action poller[] = {
        {.kind = ACTION_POLL, .site = SITE_NONE, .ns = SIM_NEVER, .object = &selector},
        {.kind = ACTION_SLEEP, .site = SITE_NONE, .ns = NS_PER_MS},
        {.kind = ACTION_POLL, .site = SITE_NONE, .ns = SIM_NEVER, .object = &selector},
        {.kind = ACTION_POLL, .site = SITE_NONE, .ns = 2000, .object = &selector},
    };
    const struct action waker[] = {
        ACT(ACTION_SLEEP, 300000),
        {.kind = ACTION_WAKE_POLL, .site = SITE_NONE, .object = &selector},
        ACT(ACTION_SLEEP, 500000),
        {.kind = ACTION_WAKE_POLL, .site = SITE_NONE, .object = &selector},
    };
    const struct sequence *sequence = SCENE_ADD(&scene, "poller", 0, poller);
    SCENE_ADD(&scene, "waker", 0, waker);
    assert_int_equal(scene_run(&scene), SIM_NOTHING_LEFT);
    assert_int_equal(sequence->resume[1].status, RESUME_DONE);
    assert_int_equal(sequence->resume[3].status, RESUME_DONE);
    assert_int_equal(sequence->resume[4].status, RESUME_TIMED_OUT);
    struct timeline_text text;
    assert_string_equal(
        timeline_describe(&scene.timeline,
                          timeline_find(&scene.timeline, LANE_THREAD, "poller"), &text),
        "io@0 sleep@300000 io@1300000 end@1302000");
    scene_close(&scene);
}

/* A taker that nobody gives anything waits for ever: the run says so and ends. */
static void test_program_deadlock_is_noticed(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    struct py_queue queue;
    queue_init(&queue, &scene);
    const struct action taker[] = {
        {.kind = ACTION_TAKE, .site = SITE_NONE, .object = &queue},
        ACT(ACTION_COMPUTE, 1000)};
    const struct sequence *sequence = SCENE_ADD(&scene, "taker", 0, taker);
    assert_int_equal(scene_run(&scene), SIM_NOTHING_LEFT);
    assert_int_equal(sequence->resumes, 1);
    scene_close(&scene);
}

/* put() wakes the longest waiter; items come out in the order in which they went in. */
static void test_program_queue_serves_the_longest_waiter(void **state) {
    (void)state;
    struct scene scene;
    scene_prepare(&scene);
    scene_open(&scene);
    struct py_queue queue;
    queue_init(&queue, &scene);
    const struct action take[] = {
        {.kind = ACTION_TAKE, .site = SITE_NONE, .object = &queue}};
    struct action put[40];
    for (int i = 0; i < 40; i++) {
        put[i] = (struct action){.kind = i % 2 == 0 ? ACTION_SLEEP : ACTION_PUT,
                                 .site = SITE_NONE,
                                 .ns = 1000,
                                 .value = i / 2,
                                 .object = &queue};
    }
    const struct sequence *takers[20];
    for (int i = 0; i < 20; i++) {
        char name[24];
        snprintf(name, sizeof name, "taker %d", i);
        takers[i] = scene_add(&scene, name, i, take, 1);
    }
    SCENE_ADD(&scene, "putter", 100, put);
    assert_int_equal(scene_run(&scene), SIM_NOTHING_LEFT);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(takers[i]->resume[1].value, i);
    }
    scene_close(&scene);
}

/* --- random stack machines ----------------------------------------------------- */

enum { MACHINES = 5, CODE = 24, CASES = 1500 };

struct cast {
    struct stack_op code[MACHINES][CODE];
    struct stack_machine machine[MACHINES];
    struct selector selector[MACHINES];
    struct py_queue queue[2];
    struct world_object socket[2];
    struct py_peer peer[2];
    sim_ns answer_ns[2];
    sim_ns start[MACHINES];
    int count;
};

static void make_action(struct dice *dice, struct cast *cast, int self,
                        struct stack_op *op) {
    static const enum action_kind kinds[] = {
        ACTION_COMPUTE,    ACTION_COMPUTE,  ACTION_COMPUTE_CPU, ACTION_C_HELD,
        ACTION_C_RELEASED, ACTION_IO,       ACTION_SLEEP,       ACTION_PUT,
        ACTION_PUT,        ACTION_TAKE,     ACTION_POLL,        ACTION_WAKE_POLL,
        ACTION_UNIT_BEGIN, ACTION_UNIT_END, ACTION_SEND,        ACTION_SEND,
        ACTION_RECV,
    };
    op->action = kinds[dice_between(dice, 0, sizeof kinds / sizeof kinds[0] - 1)];
    if (op->action == ACTION_PUT || op->action == ACTION_TAKE) {
        op->object = &cast->queue[dice_between(dice, 0, 1)];
    } else if (op->action == ACTION_SEND || op->action == ACTION_RECV) {
        op->object = &cast->socket[dice_between(dice, 0, 1)];
    } else if (op->action == ACTION_POLL) {
        op->object = &cast->selector[self]; /* a selector has one owner */
    } else if (op->action == ACTION_WAKE_POLL) {
        op->object = &cast->selector[dice_between(dice, 0, cast->count - 1)];
    }
}

static void make_case(uint64_t seed, struct cast *cast, struct scene *scene) {
    struct dice dice = dice_make(seed);
    *cast = (struct cast){.count = (int)dice_between(&dice, 1, MACHINES)};
    scene_prepare(scene);
    scene->plan.machine.cores = dice_between(&dice, 1, 4);
    scene_set_wake(scene, dice_between(&dice, 0, 1) * dice_magnitude(&dice, 100000));
    scene->plan.machine.context_switch_ns = dice_between(&dice, 0, 2000);
    scene->plan.machine.futex_wake_ns = dice_between(&dice, 0, 2000);
    scene->plan.machine.futex_wait_ns = dice_between(&dice, 0, 2000);
    scene->plan.machine.syscall_ns = dice_between(&dice, 0, 2000);
    scene->plan.machine.all_cores_speed_ppm = dice_between(&dice, 500000, 1000000);
    scene->plan.machine.slice_ns = 1000 + dice_magnitude(&dice, 3 * NS_PER_MS);
    scene->plan.machine.tick_ns =
        dice_between(&dice, 0, 1) * dice_magnitude(&dice, 4000000);
    scene->plan.machine.wake_spread_ppm = dice_between(&dice, 0, 300000);
    scene->plan.machine.timer_slack_ns = dice_between(&dice, 0, 50000);
    scene->plan.runtime.gil = dice_between(&dice, 0, 3) == 0 ? GIL_NONE : GIL_INTERVAL;
    scene->plan.runtime.switch_interval_ns = 1000 + dice_magnitude(&dice, 5 * NS_PER_MS);
    scene->plan.runtime.attach_ns = dice_between(&dice, 0, 200);
    for (int i = 0; i < 2; i++) {
        cast->answer_ns[i] = dice_between(&dice, 0, 1) * dice_magnitude(&dice, 500000);
    }
    for (int i = 0; i < cast->count; i++) {
        cast->start[i] = dice_between(&dice, 0, 100000);
        cast->selector[i] =
            (struct selector){.lane = LANE_NONE, .deliver = nothing_to_deliver};
        for (int k = 0; k < CODE; k++) {
            struct stack_op *op = &cast->code[i][k];
            op->kind = (enum stack_op_kind)dice_between(&dice, 0, STACK_HALT - 1);
            op->number = op->kind == STACK_PUSH ? dice_magnitude(&dice, NS_PER_MS)
                                                : dice_between(&dice, 0, CODE - 1);
            if (op->kind == STACK_DO || dice_between(&dice, 0, 3) == 0) {
                op->kind = STACK_DO;
                make_action(&dice, cast, i, op);
            }
        }
        cast->machine[i] =
            (struct stack_machine){.code = cast->code[i], .length = CODE, .fuel = 40};
    }
}

/* The machines of the case as the engine runs them; its fingerprint. */
static uint64_t run_case(uint64_t seed) {
    static struct cast cast;
    struct scene scene;
    make_case(seed, &cast, &scene);
    scene_open(&scene);
    for (int i = 0; i < 2; i++) {
        queue_init(&cast.queue[i], &scene);
        cast.socket[i].peer = &cast.peer[i];
        const int rc =
            py_peer_init(&cast.peer[i], &scene.world.cpu, "peer", cast.answer_ns[i]);
        assert_int_equal(rc, 0);
    }
    for (int i = 0; i < cast.count; i++) {
        char name[24];
        snprintf(name, sizeof name, "m%d", i);
        scene_add_program(&scene, name, cast.start[i],
                          (struct program){&stack_machine_ops, &cast.machine[i]});
    }
    struct violation violation = {""};
    const enum sim_end end = scene_run(&scene);
    if (end != SIM_NOTHING_LEFT || !timeline_is_sound(&scene.timeline, &violation)) {
        fail_msg("ends with %d %s\nagain: GILSCOPE_TEST_SEED=%" PRIu64
                 " engine_test_program",
                 (int)end, violation.text, seed);
    }
    for (int i = 0; i < 2;
         i++) { /* nothing left to do, and nobody who missed an answer */
        assert_true(cast.peer[i].sleeping && cast.peer[i].asked == 0);
        assert_true(cast.peer[i].answered == 0 || cast.peer[i].receivers == NULL);
    }
    const uint64_t fingerprint = recorder_fingerprint(scene.recorder);
    scene_close(&scene);
    return fingerprint;
}

static void test_program_random_machines_end_the_same_way_twice(void **state) {
    (void)state;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    for (uint64_t seed = first; seed < end; seed++) {
        if (run_case(seed) != run_case(seed)) {
            fail_msg("two fingerprints\nagain: GILSCOPE_TEST_SEED=%" PRIu64
                     " engine_test_program",
                     seed);
        }
    }
}

/* A machine whose state was copied in the middle asks for the same from then on. */
static void test_program_state_can_be_cloned(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        static struct cast cast;
        struct scene scene;
        make_case(seed, &cast, &scene);
        timeline_deinit(&scene.timeline);
        struct dice dice = dice_make(seed);
        struct stack_machine copy;
        struct program program = {&stack_machine_ops, &cast.machine[0]};
        const int64_t cut = dice_between(&dice, 0, 20);
        for (int64_t i = 0; i < 40; i++) {
            struct action expected, action;
            const struct resume resume = {
                .status = (enum resume_status)dice_between(&dice, 1, 2),
                .value = dice_between(&dice, 0, 3)};
            if (i == cut) {
                memcpy(&copy, &cast.machine[0], stack_machine_ops.state_size);
            }
            program_next(&program, &resume, &expected);
            if (i >= cut) {
                struct program clone = {&stack_machine_ops, &copy};
                program_next(&clone, &resume, &action);
                assert_memory_equal(&action.ns, &expected.ns, sizeof action.ns);
                assert_int_equal(action.kind, expected.kind);
                assert_ptr_equal(action.object, expected.object);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program_is_told_how_each_action_ended),
        cmocka_unit_test(test_program_poll_ends_by_wake_up),
        cmocka_unit_test(test_program_deadlock_is_noticed),
        cmocka_unit_test(test_program_queue_serves_the_longest_waiter),
        cmocka_unit_test(test_program_random_machines_end_the_same_way_twice),
        cmocka_unit_test(test_program_state_can_be_cloned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
