/* SPDX-License-Identifier: MIT */
#include "tests/support/test.h"

#include <string.h>

#include "server/document/place.h"

/* The examples of RFC 6901, section 5. */
static void test_place_escapes_as_rfc_6901(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"foo", "/foo"},   {"", "/"},       {"a/b", "/a~1b"},
        {"c%d", "/c%d"},   {"e^f", "/e^f"}, {"i\\j", "/i\\j"},
        {"k\"l", "/k\"l"}, {" ", "/ "},     {"m~n", "/m~0n"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct place place = {0};
        char out[32], back[32];
        place_push_name(&place, names[i][0]);
        place_format(&place, out, sizeof out);
        assert_string_equal(out, names[i][1]);
        assert_true(place_unescape(out + 1, strlen(out + 1), back));
        assert_string_equal(back, names[i][0]);
        assert_int_equal(place_escaped_size(names[i][0]), strlen(out) - 1);
    }
}

static void test_place_refuses_wrong_escapes(void **state) {
    (void)state;
    char out[16];
    assert_false(place_unescape("a~", 2, out));
    assert_false(place_unescape("~2", 2, out));
    assert_true(place_unescape("~01", 3, out));
    assert_string_equal(out, "~1");
}

static void test_place_is_a_stack(void **state) {
    (void)state;
    struct place place = {0};
    struct arena arena = {0};
    char out[64];
    place_format(&place, out, sizeof out);
    assert_string_equal(out, "");
    place_push_name(&place, "steps");
    place_push_index(&place, 12);
    place_push_name(&place, "io_us");
    assert_string_equal(place_copy(&place, &arena), "/steps/12/io_us");
    place_pop(&place);
    place_format(&place, out, sizeof out);
    assert_string_equal(out, "/steps/12");
    arena_deinit(&arena);
}

/* The nearest place around it that fits, never half a name. */
static void test_place_is_never_cut(void **state) {
    (void)state;
    static const char whole[] = "/abc/d~1e/77";
    static const size_t ends[] = {0, 4, 9, 12};
    struct place place = {0};
    place_push_name(&place, "abc");
    place_push_name(&place, "d/e");
    place_push_index(&place, 77);
    for (size_t size = 1; size <= sizeof whole; size++) {
        char out[sizeof whole];
        size_t expected = 0;
        for (size_t i = 0; i < 4; i++) {
            expected = ends[i] < size ? ends[i] : expected;
        }
        place_format(&place, out, size);
        assert_int_equal(strlen(out), expected);
        assert_memory_equal(out, whole, expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place_escapes_as_rfc_6901),
        cmocka_unit_test(test_place_refuses_wrong_escapes),
        cmocka_unit_test(test_place_is_a_stack),
        cmocka_unit_test(test_place_is_never_cut),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
