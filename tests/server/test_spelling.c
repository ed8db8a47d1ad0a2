/* SPDX-License-Identifier: MIT */
#include "tests/support/test.h"

#include <string.h>

#include "server/document/spelling.h"

static void test_spelling_counts_edits(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},           {"", "abc", 3},           {"workers", "worker", 1},
        {"cores", "coers", 1}, {"kitten", "sitting", 3}, {"Seed", "seed", 0},
        {"ab", "ba", 1},       {"abc", "xyz", 3},        {"io_us", "c_us", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(spelling_distance(rows[i].a, rows[i].b, 9), rows[i].distance);
        assert_int_equal(spelling_distance(rows[i].b, rows[i].a, 9), rows[i].distance);
    }
    assert_int_equal(spelling_distance("abcdef", "uvwxyz", 2), 3);
    assert_int_equal(
        spelling_distance("", "0123456789012345678901234567890123456789012345678", 5), 6);
}

static void test_spelling_advises_the_nearest(void **state) {
    (void)state;
    struct spelling known = {0};
    char advice[SPELLING_ADVICE_SIZE];
    spelling_add(&known, "threads");
    spelling_add(&known, "workers");
    spelling_add(&known, "processes");
    spelling_advise(&known, "worker", advice);
    assert_string_equal(advice, "did you mean 'workers'?");
    spelling_advise(&known, "gate", advice);
    assert_string_equal(advice, "known: threads, workers, processes");
}

/* However many words there are, the list ends between two of them. */
/* Names of objects are the user's: a line break in one would break the sentence. */
static void test_spelling_advice_is_one_line(void **state) {
    (void)state;
    struct spelling known = {0};
    char advice[SPELLING_ADVICE_SIZE];
    spelling_add(&known, "setti\ngs");
    spelling_advise(&known, "spettings", advice);
    assert_string_equal(advice, "did you mean 'setti?gs'?");
    spelling_advise(&known, "other", advice);
    assert_string_equal(advice, "known: setti?gs");
}

static void test_spelling_lists_as_many_as_fit(void **state) {
    (void)state;
    struct spelling known = {0};
    char advice[SPELLING_ADVICE_SIZE];
    for (size_t i = 0; i < SPELLING_MAX_WORDS + 5; i++) {
        spelling_add(&known, "eleven_char");
    }
    assert_int_equal(known.count, SPELLING_MAX_WORDS);
    spelling_advise(&known, "x", advice);
    assert_non_null(strstr(advice, "eleven_char, ..."));
    assert_true(strlen(advice) < SPELLING_ADVICE_SIZE);
}

static void test_spelling_quotes_whole_characters(void **state) {
    (void)state;
    char out[SPELLING_QUOTE_SIZE];
    spelling_quote("short", out);
    assert_string_equal(out, "'short'");
    spelling_quote("a\nb\x1b[0m\x7f", out);
    assert_string_equal(out, "'a?b?[0m?'");
    /* 39 bytes and then a character of three. */
    spelling_quote("123456789012345678901234567890123456789\xe2\x82\xacxyz", out);
    assert_string_equal(out, "'123456789012345678901234567890123456789...'");
    spelling_quote("1234567890123456789012345678901234567890", out);
    assert_string_equal(out, "'1234567890123456789012345678901234567890'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spelling_counts_edits),
        cmocka_unit_test(test_spelling_advises_the_nearest),
        cmocka_unit_test(test_spelling_advice_is_one_line),
        cmocka_unit_test(test_spelling_lists_as_many_as_fit),
        cmocka_unit_test(test_spelling_quotes_whole_characters),
    };
    return cmocka_run_group_tests_name("spelling", tests, NULL, NULL);
}
