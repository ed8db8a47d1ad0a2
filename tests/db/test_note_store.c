/* SPDX-License-Identifier: MIT */
/* test_note_store - notes lie beside a run, and go with it. */
#include <string.h>

#include "db/experiment_store.h"
#include "db/note_store.h"
#include "db/removal.h"
#include "tests/db/fixture.h"

static int64_t add_run(struct db *db, struct db_reader *reader, int64_t *experiment) {
    *experiment = fixture_experiment(db, 1, 1);
    return fixture_run(db, fixture_cell(reader, *experiment), 0, 0);
}

static int64_t add(struct db *db, const struct note *note) {
    struct err err = {0};
    int64_t id = 0;
    fixture_ok(note_store_add(db, note, 1000, &id, &err), &err);
    return id;
}

static void test_note_store_keeps_notes_by_time(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    int64_t experiment;
    const int64_t run = add_run(db, reader, &experiment);
    const struct note late = {
        .run = run, .text = "late", .from_ns = 9, .to_ns = 9, .lane = LANE_NONE};
    struct note early = {.run = run, .text = "", .from_ns = 2, .to_ns = 7, .lane = 3};
    add(db, &late);
    early.id = add(db, &early);
    struct note_list list;
    fixture_ok(note_store_list(reader, run, &list, &err), &err);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].text, "");
    assert_int_equal(list.items[0].lane, 3);
    assert_int_equal(list.items[0].to_ns, 7);
    assert_string_equal(list.items[1].text, "late");
    assert_int_equal(list.items[1].lane, LANE_NONE);
    note_list_deinit(&list);
    early.text = "found it";
    early.from_ns = 3;
    fixture_ok(note_store_change(db, &early, 2000, &err), &err);
    fixture_ok(note_store_read(reader, early.id, &list, &err), &err);
    assert_string_equal(list.items[0].text, "found it");
    assert_int_equal(list.items[0].from_ns, 3);
    assert_int_equal(list.items[0].created_ms, 1000);
    assert_int_equal(list.items[0].changed_ms, 2000);
    note_list_deinit(&list);
    fixture_ok(note_store_remove(db, early.id, &err), &err);
    assert_int_equal(note_store_read(reader, early.id, &list, &err), ERR_NOT_FOUND);
    err_clear(&err);
    assert_int_equal(note_store_remove(db, early.id, &err), ERR_NOT_FOUND);
    err_clear(&err);
    assert_int_equal(note_store_change(db, &early, 1, &err), ERR_NOT_FOUND);
    db_reader_close(reader);
    db_close(db);
}

static void test_note_store_refuses(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    static char text[NOTE_TEXT_MAX + 2];
    int64_t experiment, id;
    const int64_t run = add_run(db, reader, &experiment);
    memset(text, 'x', NOTE_TEXT_MAX + 1);
    const struct {
        struct note note;
        int code;
    } cases[] = {
        {{.run = run, .text = text}, ERR_INVALID},
        {{.run = run, .text = "", .from_ns = 5, .to_ns = 4}, ERR_INVALID},
        {{.run = run, .text = "", .from_ns = -1}, ERR_INVALID},
        {{.run = run + 1, .text = ""}, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        assert_int_equal(note_store_add(db, &cases[i].note, 1, &id, &err), cases[i].code);
    }
    text[NOTE_TEXT_MAX] = '\0';
    const struct note most = {.run = run, .text = text};
    for (int i = 0; i < NOTES_MAX; i++) {
        add(db, &most);
    }
    struct err err = {0};
    assert_int_equal(note_store_add(db, &most, 1, &id, &err), ERR_LIMIT);
    db_reader_close(reader);
    db_close(db);
}

static void test_note_store_goes_with_the_run(void **state) {
    struct err err = {0};
    bool more = true;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    int64_t experiment;
    const int64_t run = add_run(db, reader, &experiment);
    add(db, &(struct note){.run = run, .text = "x"});
    const enum experiment_status states[] = {EXPERIMENT_RUNNING, EXPERIMENT_DONE};
    for (int i = 0; i < 2; i++) {
        fixture_ok(experiment_store_set_status(db, experiment, states[i], NULL, &err),
                   &err);
    }
    fixture_ok(removal_mark(db, experiment, &err), &err);
    while (more) {
        fixture_ok(removal_step(db, &more, &err), &err);
    }
    assert_int_equal(fixture_sql(*state, "SELECT count(*) FROM note"), 0);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_note_store_keeps_notes_by_time),
        TEST(test_note_store_refuses),
        TEST(test_note_store_goes_with_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
