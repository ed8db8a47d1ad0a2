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
    const struct note_new wanted = {.note = *note, .now_ms = 1000};
    struct err err = {0};
    int64_t id = 0;
    bool existed = true;
    fixture_ok(note_store_add(db, &wanted, &id, &existed, &err), &err);
    assert_false(existed);
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
    struct note_wish wish = {.run = run, .limit = 2};
    struct note_list list;
    fixture_ok(note_store_list(reader, &wish, &list, &err), &err);
    assert_int_equal(list.count, 2);
    assert_false(list.has_more);
    assert_string_equal(list.items[0].text, "");
    assert_int_equal(list.items[0].lane, 3);
    assert_int_equal(list.items[0].to_ns, 7);
    assert_string_equal(list.items[1].text, "late");
    assert_int_equal(list.items[1].lane, LANE_NONE);
    note_list_deinit(&list);
    early.text = "found it";
    early.from_ns = 3;
    fixture_ok(note_store_change(db, &early, NULL, 2000, &err), &err);
    fixture_ok(note_store_read(reader, early.id, &list, &err), &err);
    assert_string_equal(list.items[0].text, "found it");
    assert_int_equal(list.items[0].from_ns, 3);
    assert_int_equal(list.items[0].created_ms, 1000);
    assert_int_equal(list.items[0].changed_ms, 2000);
    note_list_deinit(&list);
    fixture_ok(note_store_remove(db, early.id, NULL, &err), &err);
    assert_int_equal(note_store_read(reader, early.id, &list, &err), ERR_NOT_FOUND);
    err_clear(&err);
    assert_int_equal(note_store_remove(db, early.id, NULL, &err), ERR_NOT_FOUND);
    err_clear(&err);
    assert_int_equal(note_store_change(db, &early, NULL, 1, &err), ERR_NOT_FOUND);
    db_reader_close(reader);
    db_close(db);
}

static void test_note_store_refuses(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    static char text[NOTE_TEXT_MAX + 2];
    int64_t experiment, id;
    bool existed;
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
        const struct note_new wanted = {.note = cases[i].note, .now_ms = 1};
        assert_int_equal(note_store_add(db, &wanted, &id, &existed, &err), cases[i].code);
    }
    text[NOTE_TEXT_MAX] = '\0';
    const struct note most = {.run = run, .text = text};
    for (int i = 0; i < NOTES_MAX; i++) {
        add(db, &most);
    }
    struct err err = {0};
    const struct note_new another = {.note = most, .now_ms = 1};
    assert_int_equal(note_store_add(db, &another, &id, &existed, &err), ERR_LIMIT);
    db_reader_close(reader);
    db_close(db);
}

/* Notes of the same window and of other ones, some of them more often than a page is long. */
static void test_note_store_lists_pages(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    int64_t experiment;
    const int64_t run = add_run(db, reader, &experiment);
    enum { COUNT = 20 };
    for (int i = 0; i < COUNT; i++) {
        add(db, &(struct note){.run = run, .text = "", .from_ns = i % 3, .to_ns = 4});
    }
    for (size_t limit = 1; limit <= COUNT + 1; limit++) {
        struct note_wish wish = {.run = run, .limit = limit};
        struct note_list list;
        size_t count = 0;
        do {
            fixture_ok(note_store_list(reader, &wish, &list, &err), &err);
            for (size_t i = 0; i < list.count; i++) {
                const struct note *note = &list.items[i];
                assert_true(note->from_ns > wish.after.from_ns ||
                            note->id > wish.after.id);
                wish.after = *note;
                count++;
            }
            assert_int_equal(list.count, list.has_more ? limit : list.count);
            assert_int_equal(list.has_more, count < COUNT);
            note_list_deinit(&list);
        } while (count < COUNT);
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_note_store_adds_one_for_a_key(void **state) {
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    int64_t experiment, id, same;
    bool existed;
    const int64_t run = add_run(db, reader, &experiment);
    struct note_new wanted = {.note = {.run = run, .text = "x"}, .key = "k", .hash = "1"};
    fixture_ok(note_store_add(db, &wanted, &id, &existed, &err), &err);
    assert_false(existed);
    fixture_ok(note_store_add(db, &wanted, &same, &existed, &err), &err);
    assert_true(existed && same == id);
    wanted.hash = "2";
    assert_int_equal(note_store_add(db, &wanted, &same, &existed, &err), ERR_CONFLICT);
    err_clear(&err);
    /* Also when it was changed meanwhile, and no longer when it is gone. */
    const struct note changed = {.id = id, .text = "y"};
    wanted.hash = "1";
    fixture_ok(note_store_change(db, &changed, NULL, 2, &err), &err);
    fixture_ok(note_store_add(db, &wanted, &same, &existed, &err), &err);
    assert_true(existed && same == id);
    fixture_ok(note_store_remove(db, id, NULL, &err), &err);
    fixture_ok(note_store_add(db, &wanted, &same, &existed, &err), &err);
    assert_true(!existed && same != id);
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
        TEST(test_note_store_lists_pages),
        TEST(test_note_store_adds_one_for_a_key),
        TEST(test_note_store_goes_with_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
