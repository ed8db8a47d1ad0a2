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

static void test_err_null_is_allowed(void **state) {
    (void)state;
    err_clear(NULL);
    assert_int_equal(err_set(NULL, ERR_IO, "%s", "x"), ERR_IO);
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
        cmocka_unit_test(test_err_null_is_allowed),
        cmocka_unit_test(test_err_long_texts_are_cut),
        cmocka_unit_test(test_err_every_code_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
