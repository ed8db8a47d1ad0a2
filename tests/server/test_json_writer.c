/* SPDX-License-Identifier: MIT */
#include "server/http/json_writer.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test.h"

/* Takes the writer's text and compares it. */
static void expect(struct json_writer *writer, const char *text) {
    char *got = NULL;
    size_t size = 0;
    assert_int_equal(json_writer_steal(writer, &got, &size, NULL), 0);
    assert_string_equal(got, text);
    assert_int_equal(size, strlen(text));
    free(got);
}

static void test_json_writer_nests_with_commas(void **state) {
    (void)state;
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "a");
    json_writer_begin_array(&writer);
    json_writer_int(&writer, -1);
    json_writer_begin_object(&writer);
    json_writer_end_object(&writer);
    json_writer_begin_array(&writer);
    json_writer_end_array(&writer);
    json_writer_null(&writer);
    json_writer_end_array(&writer);
    json_writer_key(&writer, "b");
    json_writer_bool(&writer, true);
    json_writer_key(&writer, "c");
    json_writer_string(&writer, NULL);
    json_writer_key(&writer, "d");
    json_writer_raw(&writer, "{\"x\": 1}", 8);
    json_writer_end_object(&writer);
    expect(&writer, "{\"a\":[-1,{},[],null],\"b\":true,\"c\":null,\"d\":{\"x\": 1}}");
}

static void test_json_writer_whole_numbers_are_exact(void **state) {
    (void)state;
    struct json_writer writer = {0};
    json_writer_begin_array(&writer);
    json_writer_int(&writer, INT64_MIN);
    json_writer_int(&writer, INT64_MAX);
    json_writer_uint(&writer, UINT64_MAX);
    json_writer_int(&writer, 0);
    json_writer_end_array(&writer);
    expect(&writer, "[-9223372036854775808,9223372036854775807,18446744073709551615,0]");
}

static void test_json_writer_reals_read_back_as_the_same(void **state) {
    (void)state;
    const double values[] = {0.1,     1.0 / 3, 1e300,       DBL_MIN,  DBL_MAX,
                             -2.5e-7, 1e22,    123456.7891, 4.9e-324, 0.1 + 0.2};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct json_writer writer = {0};
        char *text = NULL;
        size_t size = 0;
        json_writer_real(&writer, values[i]);
        assert_int_equal(json_writer_steal(&writer, &text, &size, NULL), 0);
        assert_true(strtod(text, NULL) == values[i]);
        free(text);
    }
}

/* The first of %.15g, %.16g and %.17g that reads back as the same. */
static void assert_real(double value) {
    struct json_writer writer = {0};
    char shortest[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(shortest, sizeof shortest, "%.*g", precision, value);
        if (strtod(shortest, NULL) == value) {
            break;
        }
    }
    json_writer_real(&writer, value);
    expect(&writer, shortest);
}

static void test_json_writer_reals_are_the_shortest_text(void **state) {
    (void)state;
    const double edges[] = {0,      -0.0,     0.001,     -0.001,     0.0005, 0.0001,
                            1e-5,   999.999,  1e12,      1e15,       1e16,   100,
                            0.0015, 123.4567, 1e12 - .5, 999999.9995};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        assert_real(edges[i]);
        assert_real(nextafter(edges[i], 1e300));
        assert_real(-nextafter(edges[i], -1e300));
    }
    /* Below a power of two the next double is half as far as above it. */
    for (int exponent = -70; exponent < 70; exponent++) {
        const double power = ldexp(1, exponent);
        assert_real(power);
        assert_real(nextafter(power, 0));
        assert_real(nextafter(power, 1e300));
    }
    for (double power = 1e-6; power < 1e18; power *= 10) {
        assert_real(power);
        assert_real(nextafter(power, 0));
        assert_real(nextafter(power, 1e300));
    }
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const double whole = (double)(random >> (11 + random % 50));
        assert_real(whole);
        assert_real(whole / 1e3);
        assert_real(whole / 1e6);
        assert_real(whole / 1e3 + 1e-9);
        assert_real(whole / 7);
    }
}

static void test_json_writer_reals_are_short_and_never_nan(void **state) {
    (void)state;
    struct json_writer writer = {0};
    json_writer_begin_array(&writer);
    json_writer_real(&writer, 0.1);
    json_writer_real(&writer, 3);
    json_writer_real(&writer, NAN);
    json_writer_real(&writer, -INFINITY);
    json_writer_end_array(&writer);
    expect(&writer, "[0.1,3,null,null]");
}

static void test_json_writer_escapes(void **state) {
    (void)state;
    struct json_writer writer = {0};
    json_writer_string_n(&writer, "a\"b\\c\n\t\r\b\f\x01\x00z\x7f/", 15);
    expect(&writer, "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u0000z\x7f/\"");
}

static void test_json_writer_keeps_valid_utf8(void **state) {
    (void)state;
    struct json_writer writer = {0};
    const char *text = "\xC2\x80 \xE2\x82\xAC \xED\x9F\xBF \xEF\xBF\xBF \xF0\x90\x80\x80 "
                       "\xF4\x8F\xBF\xBF";
    char expected[64];
    snprintf(expected, sizeof expected, "\"%s\"", text);
    json_writer_string(&writer, text);
    expect(&writer, expected);
}

static void test_json_writer_replaces_what_is_not_utf8(void **state) {
    (void)state;
    /* Lone continuation, overlong, surrogate, too large, cut off at the end. */
    const char *broken[] = {"\x80",     "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                            "\xE2\x82", "\xFF"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct json_writer writer = {0};
        char *text = NULL;
        size_t size = 0;
        json_writer_string(&writer, broken[i]);
        assert_int_equal(json_writer_steal(&writer, &text, &size, NULL), 0);
        assert_int_equal(size, 2 + 3 * strlen(broken[i]));
        for (size_t at = 1; at + 1 < size; at += 3) {
            assert_memory_equal(text + at, "\xEF\xBF\xBD", 3);
        }
        free(text);
    }
}

static void test_json_writer_grows(void **state) {
    (void)state;
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size = 0;
    json_writer_begin_array(&writer);
    for (int i = 0; i < 100000; i++) {
        json_writer_int(&writer, 7);
    }
    json_writer_end_array(&writer);
    assert_int_equal(json_writer_steal(&writer, &text, &size, NULL), 0);
    assert_int_equal(size, 200001);
    for (size_t i = 1; i + 1 < size; i++) {
        assert_int_equal(text[i], i % 2 == 1 ? '7' : ',');
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_writer_nests_with_commas),
        cmocka_unit_test(test_json_writer_whole_numbers_are_exact),
        cmocka_unit_test(test_json_writer_reals_read_back_as_the_same),
        cmocka_unit_test(test_json_writer_reals_are_the_shortest_text),
        cmocka_unit_test(test_json_writer_reals_are_short_and_never_nan),
        cmocka_unit_test(test_json_writer_escapes),
        cmocka_unit_test(test_json_writer_keeps_valid_utf8),
        cmocka_unit_test(test_json_writer_replaces_what_is_not_utf8),
        cmocka_unit_test(test_json_writer_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
