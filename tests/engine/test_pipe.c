/* SPDX-License-Identifier: MIT */
/* test_pipe - pipes of the operating system: room, turns, who wakes whom, poll(). */
#include "tests/support/test.h"

#include "engine/python/py_pipe.h"
#include "tests/support/invariants.h"
#include "tests/support/scene.h"

struct stage {
    struct scene scene;
    struct py_pipe pipe;
    struct py_pipe_set set;
};

/* Copying takes 1 ns for each byte, and nothing else takes any time. */
static void begin(struct stage *stage) {
    scene_prepare(&stage->scene);
    stage->scene.plan.machine.copy_mb_per_s = 1000;
    scene_open(&stage->scene);
    py_pipe_init(&stage->pipe, &stage->scene.world.runtime, &stage->scene.world.arena,
                 STATE_IO);
    stage->set = (struct py_pipe_set){.pipe = {NULL, &stage->pipe}};
}

static void run(struct stage *stage) {
    struct violation violation;
    scene_run(&stage->scene);
    if (!timeline_is_sound(&stage->scene.timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

static void assert_thread(struct stage *stage, const char *name, const char *expected) {
    struct timeline_text text;
    const lane_id lane = timeline_find(&stage->scene.timeline, LANE_THREAD, name);
    assert_string_equal(timeline_describe(&stage->scene.timeline, lane, &text), expected);
}

static struct action write_to(struct py_pipe *pipe, int64_t bytes) {
    return (struct action){
        .kind = ACTION_PIPE_WRITE, .site = SITE_NONE, .object = pipe, .value = bytes};
}

static struct action read_from(struct py_pipe *pipe, int64_t bytes) {
    return (struct action){
        .kind = ACTION_PIPE_READ, .site = SITE_NONE, .object = pipe, .value = bytes};
}

static struct action wait_for(struct py_pipe_set *set, sim_ns ns) {
    return (struct action){
        .kind = ACTION_PIPE_WAIT, .site = SITE_NONE, .object = set, .ns = ns};
}

/* What fits does not wait for anybody. */
static void test_pipe_takes_what_fits(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage);
    const struct action writes[] = {write_to(&stage.pipe, 60000),
                                    write_to(&stage.pipe, 5536)};
    SCENE_ADD(&stage.scene, "writer", 0, writes);
    run(&stage);
    assert_thread(&stage, "writer", "detached@0 detached@60000 end@65536");
    assert_int_equal(stage.pipe.used, PY_PIPE_CAPACITY);
    scene_close(&stage.scene);
}

/* A longer message goes through in turns: one fills the pipe, the other empties it. */
static void test_pipe_longer_message_takes_turns(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage);
    const struct action writes[] = {write_to(&stage.pipe, 200000)};
    const struct action reads[] = {read_from(&stage.pipe, 200000),
                                   read_from(&stage.pipe, 200000 - 65536),
                                   read_from(&stage.pipe, 200000 - 2 * 65536),
                                   read_from(&stage.pipe, 200000 - 3 * 65536)};
    SCENE_ADD(&stage.scene, "writer", 0, writes);
    const struct sequence *reader = SCENE_ADD(&stage.scene, "reader", 0, reads);
    run(&stage);
    assert_thread(&stage, "writer",
                  "detached@0 io@65536 detached@131072 io@196608 detached@262144 "
                  "io@327680 detached@393216 end@396608");
    assert_thread(&stage, "reader",
                  "io@0 detached@65536 io@131072 detached@196608 io@262144 "
                  "detached@327680 io@393216 detached@396608 end@400000");
    assert_int_equal(reader->resume[1].value, 65536);
    assert_int_equal(reader->resume[4].value, 200000 - 3 * 65536);
    assert_int_equal(stage.pipe.used, 0);
    scene_close(&stage.scene);
}

/* read() returns what there is, and at most what was asked for. */
static void test_pipe_read_returns_what_there_is(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage);
    const struct action writes[] = {write_to(&stage.pipe, 100)};
    const struct action reads[] = {read_from(&stage.pipe, 4),
                                   read_from(&stage.pipe, 1000)};
    SCENE_ADD(&stage.scene, "writer", 0, writes);
    const struct sequence *reader = SCENE_ADD(&stage.scene, "reader", 5000, reads);
    run(&stage);
    assert_int_equal(reader->resume[1].value, 4);
    assert_int_equal(reader->resume[2].value, 96);
    assert_thread(&stage, "reader", "ready@0 detached@5000 detached@5004 end@5100");
    scene_close(&stage.scene);
}

/* The wait is ended by the writer, whom its span names. */
static void test_pipe_writer_ends_the_wait(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage);
    const struct action writes[] = {write_to(&stage.pipe, 100)};
    const struct action polls[] = {wait_for(&stage.set, 0),
                                   wait_for(&stage.set, SIM_NEVER),
                                   wait_for(&stage.set, 0)};
    SCENE_ADD(&stage.scene, "writer", 700, writes);
    const struct sequence *poller = SCENE_ADD(&stage.scene, "poller", 0, polls);
    run(&stage);
    assert_int_equal(poller->resume[1].status, RESUME_TIMED_OUT);
    assert_int_equal(poller->resume[2].status, RESUME_DONE);
    assert_int_equal(poller->resume[3].status, RESUME_DONE);
    assert_true(stage.set.ready[1] && !stage.set.ready[0]);
    assert_thread(&stage, "poller", "io@0 end@800");
    const struct timeline *timeline = &stage.scene.timeline;
    const lane_id lane = timeline_find(timeline, LANE_THREAD, "poller");
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane == lane && span->state == STATE_IO) {
            assert_int_equal(span->by, timeline_find(timeline, LANE_THREAD, "writer"));
        }
    }
    scene_close(&stage.scene);
}

/* Messages keep their order, whatever the bytes are cut into. */
static void test_pipe_messages_in_order(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage);
    for (int64_t i = 0; i < 40; i++) {
        assert_int_equal(py_pipe_push(&stage.pipe, i, i * i), 0);
    }
    for (int64_t i = 0; i < 40; i++) {
        int64_t value, bytes;
        py_pipe_pop(&stage.pipe, &value, &bytes);
        assert_int_equal(value, i);
        assert_int_equal(bytes, i * i);
    }
    run(&stage);
    scene_close(&stage.scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe_takes_what_fits),
        cmocka_unit_test(test_pipe_longer_message_takes_turns),
        cmocka_unit_test(test_pipe_read_returns_what_there_is),
        cmocka_unit_test(test_pipe_writer_ends_the_wait),
        cmocka_unit_test(test_pipe_messages_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
