/* SPDX-License-Identifier: MIT */
/* export_files: who has a place for a file, and who loses it. */
#include "server/api/export_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/test.h"

enum { SIZE = 100, SECOND = 1000 };

/* All places, with files that were begun one second after the other. */
struct fixture {
    struct export_files *files;
    struct export_file *items[EXPORT_FILES_MAX];
    FILE *on_disk[EXPORT_FILES_MAX];
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(export_files_create(&fixture->files, NULL), 0);
    for (int i = 0; i < EXPORT_FILES_MAX; i++) {
        FILE *file = fixture->on_disk[i] = tmpfile();
        assert_non_null(file);
        assert_int_equal(ftruncate(fileno(file), SIZE), 0);
        assert_int_equal(export_files_enter(fixture->files, 0, &fixture->items[i], NULL),
                         0);
        export_file_send(fixture->items[i], fileno(file), i * SECOND);
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    for (int i = 0; i < EXPORT_FILES_MAX; i++) {
        export_file_close(fixture->items[i]);
        fclose(fixture->on_disk[i]);
    }
    export_files_destroy(fixture->files);
    free(fixture);
    return 0;
}

static int64_t size_of(const struct fixture *fixture, int index) {
    struct stat status;
    assert_int_equal(fstat(fileno(fixture->on_disk[index]), &status), 0);
    return status.st_size;
}

static int enter(const struct fixture *fixture, int64_t now_ms,
                 struct export_file **out) {
    struct err err = {0};
    const int code = export_files_enter(fixture->files, now_ms, out, &err);
    if (code != 0) {
        assert_string_equal(err.text, "8 files are being sent already");
    }
    return code;
}

/* Nobody is slow from the beginning; then it is the first one, and the second. */
static void test_export_files_takes_the_place_of_the_slowest(void **state) {
    const struct fixture *fixture = *state;
    struct export_file *other, *another, *third;
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS, &other), ERR_LIMIT);
    assert_int_equal(size_of(fixture, 0), SIZE);
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS + 1, &other), 0);
    assert_int_equal(size_of(fixture, 0), 0);
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS + 1, &another), ERR_LIMIT);
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS + SECOND + 1, &another), 0);
    assert_int_equal(size_of(fixture, 1), 0);
    assert_int_equal(size_of(fixture, 2), SIZE);
    /* What is being written is nobody's fault. */
    for (int i = 2; i < EXPORT_FILES_MAX; i++) {
        export_file_taken(fixture->items[i], EXPORT_FILES_PIECE, 1000 * SECOND);
    }
    assert_int_equal(enter(fixture, 1000 * SECOND, &third), ERR_LIMIT);
    export_file_close(other);
    export_file_close(another);
}

/* Who takes enough keeps its place; a few bytes now and then are not enough. */
static void test_export_files_knows_who_reads(void **state) {
    const struct fixture *fixture = *state;
    struct export_file *other;
    const int64_t now_ms = EXPORT_FILES_PATIENCE_MS + SECOND;
    export_file_taken(fixture->items[0], EXPORT_FILES_PIECE, SECOND);
    export_file_taken(fixture->items[1], EXPORT_FILES_PIECE - 1, 3 * SECOND);
    assert_int_equal(enter(fixture, now_ms, &other), ERR_LIMIT);
    assert_int_equal(enter(fixture, now_ms + 1, &other), 0);
    assert_true(size_of(fixture, 0) + size_of(fixture, 1) == SIZE);
    export_file_close(other);
}

/* A file that lost its place may still be read and closed: that is of no concern to who has
 * the place. */
static void test_export_files_gives_places_back(void **state) {
    struct fixture *fixture = *state;
    struct export_file *other, *another;
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS + 1, &other), 0);
    export_file_taken(fixture->items[0], EXPORT_FILES_PIECE, 2000 * SECOND);
    export_file_close(fixture->items[0]);
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS, &another), ERR_LIMIT);
    export_file_close(other);
    assert_int_equal(enter(fixture, EXPORT_FILES_PATIENCE_MS, &fixture->items[0]), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_export_files_takes_the_place_of_the_slowest),
        TEST(test_export_files_knows_who_reads),
        TEST(test_export_files_gives_places_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
