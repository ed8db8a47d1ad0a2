/* SPDX-License-Identifier: MIT */
/* test_representation - tags are of what is sent, and what is compressed comes back. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "server/http/representation.h"
#include "tests/support/test.h"

enum { LARGE = 20000 };

static struct http_response answer(size_t size, char fill) {
    struct http_response response = {.status = 200, .body_size = size};
    response.content_type = "application/json";
    response.body = malloc(size);
    assert_non_null(response.body);
    memset(response.body, fill, size);
    return response;
}

static void choose(struct http_response *response, const char *tag, const char *coding) {
    const struct representation wanted = {tag, coding};
    representation_choose(response, &wanted);
}

static void test_representation_has_a_tag_of_its_bytes(void **state) {
    (void)state;
    struct http_response a = answer(100, 'a'), same = answer(100, 'a');
    struct http_response shorter = answer(99, 'a'), other = answer(100, 'b');
    choose(&a, NULL, NULL);
    choose(&same, "\"nonsense\"", NULL);
    choose(&shorter, NULL, NULL);
    choose(&other, NULL, NULL);
    assert_int_equal(a.etag[0], '"');
    assert_string_equal(a.etag, same.etag);
    assert_string_not_equal(a.etag, shorter.etag);
    assert_string_not_equal(a.etag, other.etag);
    assert_string_equal(a.cache_control, "no-cache");
    assert_int_equal(same.status, 200);
    struct http_response again = answer(100, 'a');
    choose(&again, a.etag, NULL);
    assert_int_equal(again.status, 304);
    assert_int_equal(again.body_size, 100); /* tells the length, and is not sent */
    assert_null(again.content_type);
    assert_string_equal(again.etag, a.etag);
    struct http_response *const all[] = {&a, &same, &shorter, &other, &again};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        http_response_deinit(all[i]);
    }
}

/* Every byte counts, whatever the length modulo 8. */
static void test_representation_tags_tell_every_byte(void **state) {
    (void)state;
    for (size_t size = 1; size < 40; size++) {
        struct http_response plain = answer(size, 'x');
        choose(&plain, NULL, NULL);
        for (size_t i = 0; i < size; i++) {
            struct http_response changed = answer(size, 'x');
            changed.body[i] = 'y';
            choose(&changed, NULL, NULL);
            assert_string_not_equal(plain.etag, changed.etag);
            http_response_deinit(&changed);
        }
        http_response_deinit(&plain);
    }
}

static void test_representation_compresses(void **state) {
    (void)state;
    struct http_response plain = answer(LARGE, '['), packed = answer(LARGE, '[');
    choose(&plain, NULL, "br, gzip;q=0");
    choose(&packed, NULL, "br, gzip");
    assert_null(plain.encoding);
    assert_int_equal(plain.body_size, LARGE);
    assert_string_equal(packed.encoding, "gzip");
    assert_string_equal(packed.vary, "Accept-Encoding");
    assert_string_not_equal(packed.etag, plain.etag);
    assert_in_range(packed.body_size, 1, LARGE / 10);
    char *back = malloc(LARGE + 1);
    z_stream stream = {0};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (Bytef *)packed.body;
    stream.avail_in = (uInt)packed.body_size;
    stream.next_out = (Bytef *)back;
    stream.avail_out = LARGE + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, LARGE);
    assert_memory_equal(back, plain.body, LARGE);
    inflateEnd(&stream);
    free(back);
    http_response_deinit(&plain);
    http_response_deinit(&packed);
}

static void test_representation_leaves_others_alone(void **state) {
    (void)state;
    struct http_response small = answer(REPRESENTATION_GZIP_MIN - 1, 'a');
    struct http_response random = answer(LARGE, 'a');
    struct http_response problem = answer(LARGE, 'a');
    uint32_t number = 1;
    for (size_t i = 0; i < LARGE; i++) {
        number = number * 1664525u + 1013904223u;
        random.body[i] = (char)(number >> 24);
    }
    problem.status = 404;
    choose(&small, NULL, "gzip");
    choose(&random, NULL, "gzip"); /* gains nothing */
    choose(&problem, "*", "gzip");
    assert_null(small.encoding);
    assert_null(random.encoding);
    assert_int_equal(random.body_size, LARGE);
    assert_int_equal(problem.status, 404);
    assert_string_equal(problem.etag, "");
    http_response_deinit(&small);
    http_response_deinit(&random);
    http_response_deinit(&problem);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_representation_has_a_tag_of_its_bytes),
        cmocka_unit_test(test_representation_tags_tell_every_byte),
        cmocka_unit_test(test_representation_compresses),
        cmocka_unit_test(test_representation_leaves_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
