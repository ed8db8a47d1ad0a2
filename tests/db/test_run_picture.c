/* SPDX-License-Identifier: MIT */
/* test_run_picture - a run that is painted from memory looks as its stored timeline does. */
#include "tests/db/fixture.h"

#include <string.h>

#include "db/run_picture.h"
#include "db/timeline.h"
#include "tests/support/plans.h"

static struct run_result execute(const struct plan *plan, const struct sink *sink) {
    struct run_result result;
    struct err err = {0};
    const struct run_options options = {.sink = sink};
    fixture_ok(run_execute(&result, plan, &options, &err), &err);
    return result;
}

/* Stores the run; its id. */
static int64_t store(struct db *db, int64_t cell, const struct plan *plan) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new new = {.cell = cell, .record = true};
    fixture_ok(run_writer_open(&writer, db, &new, &err), &err);
    struct run_result result = execute(plan, run_writer_sink(writer));
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
    return id;
}

#define SAME(a, b, column)                                                               \
    assert_memory_equal((a)->column, (b)->column, (a)->count * sizeof *(a)->column)

static void compare_lanes(const struct timeline_view *picture,
                          const struct timeline_view *stored) {
    assert_int_equal(picture->lane_count, stored->lane_count);
    for (size_t i = 0; i < picture->lane_count; i++) {
        const struct timeline_lane *a = &picture->lanes[i], *b = &stored->lanes[i];
        assert_int_equal(a->lane, b->lane);
        assert_int_equal(a->known_until_ns, b->known_until_ns);
        assert_int_equal(a->count, b->count);
        assert_true(a->count > 0);
        SAME(a, b, start_ns);
        SAME(a, b, end_ns);
        SAME(a, b, state);
        SAME(a, b, resource);
        SAME(a, b, by);
        SAME(a, b, site);
        SAME(a, b, merged);
    }
}

static void compare(struct db_reader *reader, int64_t run,
                    const struct run_picture *picture) {
    lane_id lanes[RUN_PICTURE_MAX_LANES];
    struct timeline_view stored;
    struct err err = {0};
    struct timeline_query query = picture->window;
    for (size_t i = 0; i < picture->view.lane_count; i++) {
        lanes[i] = picture->lanes[i].lane.id;
    }
    query.run = run;
    query.lanes = lanes;
    query.lane_count = picture->view.lane_count;
    fixture_ok(timeline_read(reader, &query, &stored, &err), &err);
    compare_lanes(&picture->view, &stored);
    timeline_view_deinit(&stored);
}

static void paint(struct run_picture *out, const struct plan *plan,
                  struct run_picture_size size) {
    struct err err = {0};
    struct recording recording;
    recording_init(&recording);
    recording.kinds = RUN_PICTURE_KINDS;
    struct run_result result = execute(plan, &recording.sink);
    const struct run_picture_source source = {&recording, &result.lanes,
                                              result.duration_ns};
    fixture_ok(run_picture_paint(out, &source, &size, &err), &err);
    run_result_deinit(&result);
    recording_deinit(&recording);
}

/* Threads that compete for the GIL, and a loop with many tasks; more lanes than fit. */
static void make_plan(struct plan *plan) {
    plan_begin(plan, "linux-desktop", "cpython-3.12");
    plan_thread(plan, "worker", 9, false,
                "repeat 40 { python exp:3ms io exp:200us c_released 50us }");
    const uint32_t loop = plan_loop(plan, "server", 1, false);
    plan_task(plan, loop, "client", 200, "repeat 4 { await_io exp:5ms python 100us }");
}

static void test_run_picture_is_the_timeline(void **state) {
    const struct fixture *fixture = *state;
    static const uint32_t widths[] = {1, 7, 100, 320, 1000, TIMELINE_MAX_PIXELS};
    static const size_t heights[] = {1, 3, 8, RUN_PICTURE_MAX_LANES};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    struct plan plan;
    make_plan(&plan);
    const int64_t run =
        store(db, fixture_cell(reader, fixture_experiment(db, 1, 1)), &plan);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        for (size_t j = 0; j < sizeof heights / sizeof heights[0]; j++) {
            struct run_picture picture;
            paint(&picture, &plan, (struct run_picture_size){widths[i], heights[j]});
            assert_int_equal(picture.view.lane_count, heights[j]);
            compare(reader, run, &picture);
            run_picture_deinit(&picture);
        }
    }
    plan_deinit(&plan);
    db_reader_close(reader);
    db_close(db);
}

/* Every kind has its turn before one of them has a second one. */
static void test_run_picture_shows_every_kind(void **state) {
    (void)state;
    struct plan plan;
    struct run_picture picture;
    size_t of_kind[LANE_KIND_COUNT] = {0};
    make_plan(&plan);
    paint(&picture, &plan, (struct run_picture_size){10, 6});
    for (size_t i = 0; i < picture.view.lane_count; i++) {
        of_kind[picture.lanes[i].lane.kind]++;
    }
    assert_int_equal(of_kind[LANE_GIL], 1);
    assert_int_equal(of_kind[LANE_LOOP], 1);
    assert_int_equal(of_kind[LANE_THREAD], 2);
    assert_int_equal(of_kind[LANE_TASK], 2);
    run_picture_deinit(&picture);
    plan_deinit(&plan);
}

static void test_run_picture_survives_a_lack_of_memory(void **state) {
    (void)state;
    struct plan plan;
    struct recording recording;
    struct run_picture picture;
    recording_init(&recording);
    make_plan(&plan);
    struct run_result result = execute(&plan, &recording.sink);
    const struct run_picture_source source = {&recording, &result.lanes,
                                              result.duration_ns};
    const struct run_picture_size size = {200, 8};
    int rc = ERR_NOMEM;
    int64_t failures = 0;
    for (; rc != 0; failures++) {
        struct err err = {0};
        memory_fail_after(failures);
        rc = run_picture_paint(&picture, &source, &size, &err);
        memory_fail_after(-1);
        assert_int_equal(err.code, rc);
        assert_true(rc == 0 || rc == ERR_NOMEM);
    }
    assert_true(failures > 10);
    run_picture_deinit(&picture);
    run_result_deinit(&result);
    recording_deinit(&recording);
    plan_deinit(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_run_picture_is_the_timeline, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(test_run_picture_shows_every_kind),
        cmocka_unit_test(test_run_picture_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
