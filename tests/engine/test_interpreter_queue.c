/* SPDX-License-Identifier: MIT */
/*
 * test_interpreter_queue - the queue between interpreters (PEP 734), whose put() and get()
 * look, sleep for 10 ms and look again.
 */
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/analysis/blame.h"
#include "engine/analysis/flow.h"
#include "engine/python/py_interpreter.h"
#include "tests/support/conservation.h"
#include "tests/support/dice.h"
#include "tests/support/plans.h"
#include "tests/support/scene.h"

/* --- a few actors -------------------------------------------------------------- */

struct stage {
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
};

/* One queue of that size "q"; opcodes of 10 ns, 150 ns in C, 400 ns more in vain, all else
 * free. */
static void stage_begin(struct stage *stage, const char *runtime, int64_t size) {
    plan_begin(&stage->plan, "ideal", runtime);
    plan_make_free(&stage->plan);
    stage->plan.machine.cores = 4;
    stage->plan.runtime.queue_call_ns = 760;
    stage->plan.runtime.interpreter_queue_ns = 150;
    stage->plan.runtime.interpreter_queue_miss_ns = 400;
    plan_sized(&stage->plan, "q", OBJECT_INTERPRETER_QUEUE, size);
    timeline_init(&stage->timeline);
}

static void stage_add(struct stage *stage, const char *name, enum actor_kind kind,
                      const char *steps) {
    plan_thread(&stage->plan, name, 1, false, steps);
    stage->plan.actors[stage->plan.actor_count - 1].kind = kind;
}

static void stage_run(struct stage *stage) {
    struct violation violation;
    struct err err = {0};
    if (run_execute(&stage->result, &stage->plan,
                    &(struct run_options){.sink = &stage->timeline.sink}, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(stage->result.status, RUN_DONE);
    if (!timeline_is_sound(&stage->timeline, &violation) ||
        !run_is_conserved(&stage->timeline, &stage->result, &stage->plan.runtime,
                          &violation)) {
        fail_msg("%s", violation.text);
    }
}

static void stage_end(struct stage *stage) {
    run_result_deinit(&stage->result);
    timeline_deinit(&stage->timeline);
    plan_deinit(&stage->plan);
}

static lane_id thread_lane(const struct stage *stage, const char *name) {
    const lane_id lane = timeline_find(&stage->timeline, LANE_THREAD, name);
    assert_int_not_equal(lane, LANE_NONE);
    return lane;
}

static void assert_thread(const struct stage *stage, const char *name,
                          const char *expected) {
    struct timeline_text text;
    assert_string_equal(
        timeline_describe(&stage->timeline, thread_lane(stage, name), &text), expected);
}

/*
 * get   12 opcodes, 150 ns of C: empty at 270; 400 ns for QueueEmpty, 11 opcodes: sleeps at 780
 *       13 opcodes from 10,000,780 on, 150 ns: an item at 10,001,060; 7 opcodes
 * put   18 opcodes after 5 ms, 150 ns: in the queue at 5,000,330, where it lies for half
 *       the sleep; 2 opcodes
 */
static void test_interpreter_queue_get_looks_every_10_ms(void **state) {
    (void)state;
    static const char *const runtimes[] = {"cpython-3.14", "cpython-3.14t"};
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        struct stage stage;
        stage_begin(&stage, runtimes[i], 0);
        stage_add(&stage, "getter", ACTOR_INTERPRETER, "get q");
        stage_add(&stage, "putter", ACTOR_INTERPRETER, "python 5ms put q");
        stage_run(&stage);
        assert_thread(&stage, "getter",
                      "running@0 running_c@120 running@670 sleep@780 running@10000780 "
                      "running_c@10000910 running@10001060 end@10001130");
        assert_thread(&stage, "putter",
                      "running@0 running@5000000 running_c@5000180 running@5000330 "
                      "end@5000350");
        assert_int_equal(stage.result.duration_ns, 10001130);
        stage_end(&stage);
    }
}

/*
 * put, of an object that takes 1,000 ns to pickle before anybody looks whether there is
 * room: once at 1,330, then at 2,680, 10,004,480 and 20,006,280 in vain, at 30,008,080.
 */
static void test_interpreter_queue_put_pickles_at_every_look(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, "cpython-3.14", 1);
    stage.plan.runtime.pickle_ns = 1000;
    stage_add(&stage, "putter", ACTOR_INTERPRETER, "put q put q");
    stage_add(&stage, "getter", ACTOR_THREAD, "sleep_blocking 25ms get q");
    stage.plan.steps[0].pickled = stage.plan.steps[1].pickled = true;
    stage_run(&stage);
    const lane_id putter = thread_lane(&stage, "putter");
    assert_int_equal(timeline_total(&stage.timeline, putter, STATE_RUNNING_C),
                     5 * (1000 + 150) + 3 * 400);
    assert_int_equal(timeline_total(&stage.timeline, putter, STATE_SLEEP),
                     3 * 10 * NS_PER_MS);
    assert_int_equal(stage.result.duration_ns, 30008100);
    stage_end(&stage);
}

/* The sleep names the queue; nobody ends it but the timer, and nobody is to blame. */
static void test_interpreter_queue_sleep_names_the_queue(void **state) {
    (void)state;
    struct stage stage;
    struct recording recording;
    struct flow_list flows;
    size_t sleeps = 0, others = 0;
    stage_begin(&stage, "cpython-3.14", 0);
    stage_add(&stage, "getter", ACTOR_INTERPRETER, "get q");
    stage_add(&stage, "putter", ACTOR_THREAD, "sleep_blocking 25ms put q");
    stage_run(&stage);
    const lane_id queue = timeline_find(&stage.timeline, LANE_LOCK, "q");
    const lane_id getter = thread_lane(&stage, "getter");
    recording_of_timeline(&recording, &stage.timeline);
    assert_int_equal(flow_list_init(&flows, &recording, NULL), 0);
    for (size_t i = 0; i < stage.timeline.span_count; i++) {
        const struct timeline_span *span = &stage.timeline.spans[i];
        if (span->state != STATE_SLEEP || span->lane != getter) {
            others += span->state == STATE_SLEEP && span->resource == LANE_NONE;
            continue;
        }
        assert_int_equal(span->resource, queue);
        assert_int_equal(span->by, LANE_NONE);
        assert_int_equal(span->site, 0);
        assert_int_equal(span->end - span->start, 10 * NS_PER_MS);
        for (size_t k = 0; k < flows.count; k++) {
            assert_false(flows.items[k].to == getter &&
                         flows.items[k].at_ns == span->end);
        }
        assert_false(blame_is_wait(
            &recording, getter,
            &(struct span){.state = STATE_SLEEP, .resource = span->resource}));
        sleeps++;
    }
    assert_int_equal(sleeps, 3);
    assert_int_equal(others, 1);
    assert_int_equal(timeline_total(&stage.timeline, queue, STATE_HELD), 0);
    flow_list_deinit(&flows);
    recording_deinit(&recording);
    stage_end(&stage);
}

/* Whoever looks next gets the item, not whoever has waited longest: "late" came 14 ms after
 * "early", which looks at 0, 10 and 20 ms. */
static void test_interpreter_queue_next_look_wins(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, "cpython-3.14", 0);
    stage_add(&stage, "early", ACTOR_INTERPRETER, "get q");
    stage_add(&stage, "late", ACTOR_INTERPRETER, "sleep_blocking 14ms get q");
    stage_add(&stage, "putter", ACTOR_INTERPRETER,
              "sleep_blocking 13ms put q sleep_blocking 10ms put q");
    stage_run(&stage);
    assert_int_equal(
        timeline_total(&stage.timeline, thread_lane(&stage, "late"), STATE_SLEEP),
        14 * NS_PER_MS);
    assert_int_equal(
        timeline_total(&stage.timeline, thread_lane(&stage, "early"), STATE_SLEEP),
        30 * NS_PER_MS);
    stage_end(&stage);
}

/* --- data ---------------------------------------------------------------------- */

/* 1 ns to copy a byte, 2 ns to pickle or unpickle it, besides 300 and 700 ns a call. */
static void run_data(struct stage *stage, int64_t bytes, bool pickled) {
    stage_begin(stage, "cpython-3.14", 0);
    stage->plan.runtime.queue_call_ns = stage->plan.runtime.interpreter_queue_ns = 0;
    stage->plan.machine.copy_mb_per_s = 1000;
    stage->plan.runtime.pickle_mb_per_s = 500;
    stage->plan.runtime.pickle_ns = 300;
    stage->plan.runtime.unpickle_ns = 700;
    stage_add(stage, "putter", ACTOR_INTERPRETER, "put q");
    stage_add(stage, "getter", ACTOR_INTERPRETER, "sleep_blocking 1ms get q");
    stage->plan.steps[0].count = bytes;
    stage->plan.steps[0].pickled = pickled;
    stage_run(stage);
}

static void test_interpreter_queue_shares_or_pickles(void **state) {
    (void)state;
    static const struct {
        int64_t bytes;
        bool pickled;
        sim_ns put, get;
    } rows[] = {{0, false, 0, 0},
                {50000, false, 0, 50000},
                {0, true, 300, 700},
                {50000, true, 100300, 100700}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage stage;
        run_data(&stage, rows[i].bytes, rows[i].pickled);
        assert_int_equal(timeline_total(&stage.timeline, thread_lane(&stage, "putter"),
                                        STATE_RUNNING_C),
                         rows[i].put);
        assert_int_equal(timeline_total(&stage.timeline, thread_lane(&stage, "getter"),
                                        STATE_RUNNING_C),
                         rows[i].get);
        assert_int_equal(stage.result.duration_ns, NS_PER_MS + rows[i].get);
        const lane_id gil = timeline_find(&stage.timeline, LANE_GIL, "GIL of getter");
        assert_true(timeline_total(&stage.timeline, gil, STATE_HELD) >= rows[i].get);
        stage_end(&stage);
    }
}

/* The getter's 2 ms of C with its GIL do not keep threads of the main interpreter from
 * running; in the same interpreter they would. */
static void test_interpreter_queue_takes_the_getters_gil(void **state) {
    (void)state;
    for (int apart = 0; apart <= 1; apart++) {
        struct stage stage;
        stage_begin(&stage, "cpython-3.14", 0);
        stage.plan.machine.copy_mb_per_s = 1000;
        stage.plan.runtime.thread_join_ns = 100; /* who takes the GIL keeps it */
        stage_add(&stage, "getter", apart ? ACTOR_INTERPRETER : ACTOR_THREAD, "get q");
        stage_add(&stage, "main", ACTOR_THREAD, "put q python 20ms");
        stage.plan.steps[1].count = 2000000;
        stage_run(&stage);
        const sim_ns waited =
            timeline_total(&stage.timeline, thread_lane(&stage, "main"), STATE_WAIT_GIL);
        assert_true(apart ? waited < NS_PER_US : waited > 2 * NS_PER_MS);
        stage_end(&stage);
    }
}

/* put() is one C call: the item is in the queue before the GIL goes to "other", which asked
 * for it at 21 ms. Pickling ends at 22 ms, the getter looks at 20 and at 30 ms. */
static void test_interpreter_queue_put_has_no_check_point_inside(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, "cpython-3.14", 0);
    stage.plan.runtime.switch_interval_ns = 20 * NS_PER_MS;
    stage.plan.runtime.pickle_ns = 22 * NS_PER_MS;
    stage.plan.runtime.thread_join_ns = 100; /* who takes the GIL keeps it for a while */
    stage_add(&stage, "getter", ACTOR_INTERPRETER, "get q");
    stage_add(&stage, "other", ACTOR_THREAD, "sleep_blocking 1ms python 60ms");
    stage_add(&stage, "putter", ACTOR_THREAD, "put q");
    stage.plan.steps[3].pickled = true;
    stage_run(&stage);
    assert_int_equal(
        timeline_total(&stage.timeline, thread_lane(&stage, "getter"), STATE_SLEEP),
        30 * NS_PER_MS);
    assert_true(timeline_total(&stage.timeline, thread_lane(&stage, "other"),
                               STATE_WAIT_GIL) >= 20 * NS_PER_MS);
    stage_end(&stage);
}

/* Both locks inside are written by cores in turns: 50 ns a line, two lines a call. */
static void test_interpreter_queue_moves_cache_lines(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, "cpython-3.14", 0);
    stage.plan.machine.line_transfer_ns = 50;
    stage_add(&stage, "putter", ACTOR_INTERPRETER, "put q");
    stage_add(&stage, "getter", ACTOR_INTERPRETER, "sleep_blocking 1ms get q");
    stage_run(&stage);
    assert_int_equal(
        timeline_total(&stage.timeline, thread_lane(&stage, "getter"), STATE_RUNNING_C),
        150 + 2 * 50);
    stage_end(&stage);
}

/* A task that gets from it holds up its loop; the other task starts once it has its item. */
static void test_interpreter_queue_blocks_a_loop(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, "cpython-3.14", 0);
    const uint32_t loop = plan_loop(&stage.plan, "loop", 1, false);
    plan_task(&stage.plan, loop, "getter", 1, "get q");
    plan_task(&stage.plan, loop, "other", 1, "await_sleep 1ms");
    stage_add(&stage, "putter", ACTOR_INTERPRETER, "sleep_blocking 4ms put q");
    stage_run(&stage);
    assert_int_equal(
        timeline_total(&stage.timeline, thread_lane(&stage, "loop"), STATE_SLEEP),
        10 * NS_PER_MS);
    assert_int_equal(stage.result.duration_ns, 10001130 + NS_PER_MS);
    stage_end(&stage);
}

/* --- nothing is lost ----------------------------------------------------------- */

enum { CASES = 300, MOST = 4, ITEMS = 12 };

struct play;

/* Puts or gets so many items, and works in between. */
struct player {
    struct play *play;
    struct dice dice;
    struct py_interpreter interpreter;
    int id, left;
    bool puts, apart, asked;
    int64_t last[MOST]; /* item got from whom */
};

struct play {
    struct scene scene;
    struct object_plan object;
    struct player players[2 * MOST];
    int putters, getters;
    bool is_put[MOST * ITEMS], is_got[MOST * ITEMS];
    int got;
    const char *broken;
};

static void expect(struct play *play, bool holds, const char *rule) {
    if (!holds && play->broken == NULL) {
        play->broken = rule;
    }
}

/* The item's number is also its size. */
static void got(struct player *player, int64_t item) {
    struct play *play = player->play;
    const bool known = item >= 0 && item < MOST * ITEMS;
    expect(play, known && play->is_put[item], "only what was put is got");
    expect(play, known && !play->is_got[item], "an item is got once");
    if (known) {
        play->is_got[item] = true;
        play->got++;
        expect(play, item > player->last[item / ITEMS], "items of one come in order");
        player->last[item / ITEMS] = item;
    }
}

static void ask(struct player *player, struct action *action) {
    struct play *play = player->play;
    player->asked = true;
    player->left--;
    action->object = play->scene.world.object_handles[0];
    action->kind = player->puts ? ACTION_INTERPRETER_PUT : ACTION_INTERPRETER_GET;
    if (player->puts) {
        action->value = (player->id + 1) * ITEMS - 1 - player->left;
        action->ns = dice_between(&player->dice, 0, 1);
        play->is_put[action->value] = true;
    }
}

static void player_next(void *state, const struct resume *resume, struct action *action) {
    static const enum action_kind work[] = {ACTION_COMPUTE, ACTION_C_HELD,
                                            ACTION_C_RELEASED, ACTION_SLEEP};
    struct player *player = state;
    const struct world_object *queue = &player->play->scene.world.objects[0];
    expect(player->play,
           queue->plan->size == 0 || queue->queue.count <= (size_t)queue->plan->size,
           "no more items than places");
    if (resume->status == RESUME_START && player->apart) {
        action->kind = ACTION_INTERPRETER;
        action->object = &player->interpreter;
        action->value = INTERPRETER_MAKE;
        return;
    }
    if (player->asked && !player->puts) {
        got(player, resume->value);
    }
    player->asked = false;
    if (player->left == 0) {
        return; /* ACTION_EXIT */
    }
    if (dice_between(&player->dice, 0, 1) == 0) {
        ask(player, action);
    } else {
        action->kind = work[dice_between(&player->dice, 0, 3)];
        action->ns = dice_magnitude(&player->dice, 8 * NS_PER_MS);
    }
}

static const struct program_ops player_ops = {
    .next = player_next,
    .state_size = sizeof(struct player),
};

static void draw_costs(struct plan *plan, struct dice *dice) {
    struct machine *machine = &plan->machine;
    machine->cores = dice_between(dice, 1, 4);
    machine->wake_warm_ns = machine->wake_idle_ns = machine->wake_deep_ns =
        dice_between(dice, 0, 3) * 2500;
    machine->syscall_ns = dice_between(dice, 0, 400);
    machine->copy_mb_per_s = dice_between(dice, 0, 3);
    machine->line_transfer_ns = dice_between(dice, 0, 1) * 60;
    plan->runtime.gil = dice_between(dice, 0, 2) == 0 ? GIL_NONE : GIL_INTERVAL;
    plan->runtime.switch_interval_ns = dice_between(dice, 20000, 5000000);
    plan->runtime.queue_call_ns = dice_between(dice, 0, 4) * 600;
    plan->runtime.interpreter_queue_ns = dice_between(dice, 0, 500);
    plan->runtime.interpreter_queue_miss_ns = dice_between(dice, 0, 900);
    plan->runtime.interpreter_start_ns = dice_magnitude(dice, NS_PER_MS);
    plan->runtime.pickle_ns = dice_between(dice, 0, 3000);
}

/* As many gets as puts, in the hands of one to four on each side. */
static void draw_players(struct play *play, struct dice *dice) {
    play->putters = (int)dice_between(dice, 1, MOST);
    play->getters = (int)dice_between(dice, 1, MOST);
    int gets = play->putters * ITEMS;
    for (int i = 0; i < play->putters + play->getters; i++) {
        struct player *player = &play->players[i];
        const bool last = i == play->putters + play->getters - 1;
        *player =
            (struct player){.play = play,
                            .dice = dice_make((uint64_t)dice_between(dice, 0, 1 << 30)),
                            .id = i,
                            .left = ITEMS,
                            .puts = i<play->putters, .apart = dice_between(dice, 0, 3)> 0,
                            .last = {-1, -1, -1, -1}};
        if (!player->puts) {
            player->left = last ? gets : (int)dice_between(dice, 0, gets);
            gets -= player->left;
        }
    }
}

static uint64_t perform(struct play *play, uint64_t seed, struct violation *violation) {
    struct dice dice = dice_make(seed);
    memset(play, 0, sizeof *play);
    scene_prepare(&play->scene);
    draw_costs(&play->scene.plan, &dice);
    play->object = (struct object_plan){
        .name = "q", .kind = OBJECT_INTERPRETER_QUEUE, .size = dice_between(&dice, 0, 3)};
    play->scene.plan.objects = &play->object;
    play->scene.plan.object_count = 1;
    scene_open(&play->scene);
    assert_int_equal(world_add_objects(&play->scene.world, play->scene.process), 0);
    draw_players(play, &dice);
    for (int i = 0; i < play->putters + play->getters; i++) {
        char name[24];
        snprintf(name, sizeof name, "player %d", i);
        scene_add_program(&play->scene, name, dice_between(&dice, 0, 100000),
                          (struct program){&player_ops, &play->players[i]});
    }
    expect(play, scene_run(&play->scene) == SIM_NOTHING_LEFT,
           "all get what they wait for");
    expect(play, play->got == play->putters * ITEMS, "nothing is lost");
    violation->text[0] = '\0';
    if (play->broken != NULL) {
        snprintf(violation->text, sizeof violation->text, "%s", play->broken);
    } else {
        (void)timeline_is_sound(&play->scene.timeline, violation);
    }
    const uint64_t fingerprint = recorder_fingerprint(play->scene.recorder);
    scene_close(&play->scene);
    return fingerprint;
}

static void test_interpreter_queue_loses_nothing(void **state) {
    (void)state;
    static struct play play;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    for (uint64_t seed = first; seed < end; seed++) {
        struct violation violation;
        const uint64_t once = perform(&play, seed, &violation);
        if (violation.text[0] != '\0') {
            fail_msg("%s\nagain: GILSCOPE_TEST_SEED=%" PRIu64
                     " engine_test_interpreter_queue",
                     violation.text, seed);
        }
        assert_true(once == perform(&play, seed, &violation));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpreter_queue_get_looks_every_10_ms),
        cmocka_unit_test(test_interpreter_queue_put_pickles_at_every_look),
        cmocka_unit_test(test_interpreter_queue_sleep_names_the_queue),
        cmocka_unit_test(test_interpreter_queue_next_look_wins),
        cmocka_unit_test(test_interpreter_queue_shares_or_pickles),
        cmocka_unit_test(test_interpreter_queue_takes_the_getters_gil),
        cmocka_unit_test(test_interpreter_queue_put_has_no_check_point_inside),
        cmocka_unit_test(test_interpreter_queue_moves_cache_lines),
        cmocka_unit_test(test_interpreter_queue_blocks_a_loop),
        cmocka_unit_test(test_interpreter_queue_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
