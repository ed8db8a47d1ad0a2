/* SPDX-License-Identifier: MIT */
/* test_err - the error object. */
#include <string.h>

#include "engine/base/err.h"
#include "tests/support/test.h"

static void test_err_first_error_wins(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set(&err, ERR_LIMIT, "more than %d", 5), ERR_LIMIT);
    const int line = err.line;
    assert_int_equal(err_set(&err, ERR_IO, "later"), ERR_IO);
    assert_int_equal(err_set_pointer(&err, "/a", "later"), ERR_INVALID);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "more than 5");
    assert_string_equal(err.pointer, "");
    assert_int_equal(err.line, line);
    assert_non_null(strstr(err.file, "test_err.c"));
    err_clear(&err);
    assert_int_equal(err_set_pointer(&err, "/jobs/0", "no"), ERR_INVALID);
    assert_string_equal(err.pointer, "/jobs/0");
}

/* The value of the i-th hole. */
static const char *value_of(const struct err *err, int i) {
    static char value[sizeof err->text];
    assert_in_range(i, 0, err->hole_count - 1);
    memcpy(value, err->text + err->holes[i].at, (size_t)err->holes[i].size);
    value[err->holes[i].size] = '\0';
    return value;
}

static void test_err_values_are_found_in_the_sentence(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_LIMIT, "%s has %5.1f %% of %lld, not %.3s", "it", 2.5, 9000000000LL,
            "abcdef");
    assert_string_equal(err.text, "it has   2.5 % of 9000000000, not abc");
    assert_int_equal(err.hole_count, 4);
    assert_string_equal(value_of(&err, 0), "it");
    assert_string_equal(value_of(&err, 1), "  2.5");
    assert_string_equal(value_of(&err, 2), "9000000000");
    assert_string_equal(value_of(&err, 3), "abc");

    struct err other = {0};
    assert_int_equal(err_set_from(&other, ERR_CONFLICT, &err), ERR_CONFLICT);
    assert_string_equal(other.text, err.text);
    assert_string_equal(value_of(&other, 3), "abc");
    assert_int_equal(err_set_from(&other, ERR_IO, &err), ERR_IO);
    assert_int_equal(other.code, ERR_CONFLICT);

    err_clear(&err);
    err_set_pointer(&err, "/a", "'%s' and '%s'", "", "\xc5\xbc");
    assert_int_equal(err.hole_count, 2);
    assert_string_equal(value_of(&err, 0), "");
    assert_string_equal(value_of(&err, 1), "\xc5\xbc");
}

static void test_err_sentence_made_elsewhere_has_no_values(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_IO, "%s", "no such file");
    assert_string_equal(err.text, "no such file");
    assert_int_equal(err.hole_count, 0);
    err_clear(&err);
    err_set(&err, ERR_IO, "%d%d%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assert_string_equal(err.text, "1234567891011");
    assert_int_equal(err.hole_count, 0);
}

static void test_err_null_is_allowed(void **state) {
    (void)state;
    err_clear(NULL);
    assert_int_equal(err_set(NULL, ERR_IO, "%s", "x"), ERR_IO);
    assert_int_equal(err_set_from(NULL, ERR_IO, &(struct err){0}), ERR_IO);
    assert_int_equal(err_set_pointer(NULL, "/x", "y"), ERR_INVALID);
    assert_int_equal(err_set_nomem(NULL), ERR_NOMEM);
}

static void test_err_long_texts_are_cut(void **state) {
    (void)state;
    struct err err = {0};
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(err_set_pointer(&err, text, "%s", text), ERR_INVALID);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(strlen(err.pointer), sizeof err.pointer - 1);

    /* With any length up to the whole, the sentence is complete and so are its values. */
    for (size_t size = sizeof err.text - 8; size < sizeof err.text + 8; size++) {
        err_clear(&err);
        err_set(&err, ERR_IO, "a %.*s %d", (int)size, text, 7);
        const bool fits = size + 4 < sizeof err.text;
        assert_int_equal(strlen(err.text), fits ? size + 4 : sizeof err.text - 1);
        assert_int_equal(err.hole_count, fits ? 2 : 0);
    }
}

static void test_err_every_code_has_a_word(void **state) {
    (void)state;
    for (int code = ERR_CONFLICT; code <= ERR_OK; code++) {
        assert_string_not_equal(err_code_name(code), "unknown");
    }
    assert_string_equal(err_code_name(ERR_NOMEM), "out-of-memory");
    assert_string_equal(err_code_name(1), "unknown");
    assert_string_equal(err_code_name(ERR_CONFLICT - 1), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_first_error_wins),
        cmocka_unit_test(test_err_values_are_found_in_the_sentence),
        cmocka_unit_test(test_err_sentence_made_elsewhere_has_no_values),
        cmocka_unit_test(test_err_null_is_allowed),
        cmocka_unit_test(test_err_long_texts_are_cut),
        cmocka_unit_test(test_err_every_code_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
