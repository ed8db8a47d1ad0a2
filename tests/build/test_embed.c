/* SPDX-License-Identifier: MIT */
/*
 * The tables that server/embed writes, made from tests/build/bundle and
 * tests/build/documents while building, hold those files byte for byte.
 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "server/examples/example.h"
#include "server/http/asset.h"

static const struct asset *find(const char *path) {
    for (size_t i = 0; i < asset_count; i++) {
        if (strcmp(assets[i].path, path) == 0) {
            return &assets[i];
        }
    }
    fail_msg("no asset %s", path);
    return NULL;
}

static void test_embed_lists_all_but_hidden_files_in_order(void **state) {
    (void)state;
    assert_int_equal(asset_count, 3);
    assert_string_equal(assets[0].path, "/assets/bytes.woff2");
    assert_string_equal(assets[1].path, "/assets/empty.txt");
    assert_string_equal(assets[2].path, "/index.html");
}

static void test_embed_knows_content_types(void **state) {
    (void)state;
    assert_string_equal(find("/index.html")->content_type, "text/html; charset=utf-8");
    assert_string_equal(find("/assets/bytes.woff2")->content_type, "font/woff2");
}

static void test_embed_keeps_every_byte(void **state) {
    (void)state;
    static const unsigned char bytes[] = {0, 1, 255, '"', '\\', '\n', '\r', '%', '?'};
    const struct asset *asset = find("/assets/bytes.woff2");
    assert_int_equal(asset->size, sizeof bytes);
    assert_memory_equal(asset->data, bytes, sizeof bytes);
    assert_int_equal(find("/assets/empty.txt")->size, 0);
}

static void test_embed_gzips_only_where_it_is_smaller(void **state) {
    (void)state;
    assert_null(find("/assets/bytes.woff2")->gzip);
    assert_int_equal(find("/assets/bytes.woff2")->gzip_size, 0);
    assert_null(find("/assets/empty.txt")->gzip);
    assert_non_null(find("/index.html")->gzip);
    assert_true(find("/index.html")->gzip_size < find("/index.html")->size);
}

static void test_embed_gzip_unpacks_to_the_same_bytes(void **state) {
    (void)state;
    const struct asset *asset = find("/index.html");
    unsigned char *packed = malloc(asset->gzip_size);
    unsigned char *plain = malloc(asset->size);
    assert_non_null(packed);
    assert_non_null(plain);
    memcpy(packed, asset->gzip, asset->gzip_size);
    z_stream stream = {.next_in = packed,
                       .avail_in = (uInt)asset->gzip_size,
                       .next_out = plain,
                       .avail_out = (uInt)asset->size};
    enum { GZIP_WINDOW = 15 + 16 };
    assert_int_equal(inflateInit2(&stream, GZIP_WINDOW), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, asset->size);
    assert_memory_equal(plain, asset->data, asset->size);
    inflateEnd(&stream);
    free(plain);
    free(packed);
}

static void test_embed_etags_are_quoted_and_differ(void **state) {
    (void)state;
    for (size_t i = 0; i < asset_count; i++) {
        const size_t length = strlen(assets[i].etag);
        assert_true(length > 2);
        assert_int_equal(assets[i].etag[0], '"');
        assert_int_equal(assets[i].etag[length - 1], '"');
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(assets[i].etag, assets[j].etag);
        }
    }
}

static void test_embed_takes_documents_of_one_folder(void **state) {
    (void)state;
    static const char first[] = "{\"name\": \"Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\"}\n";
    assert_int_equal(example_count, 2);
    assert_string_equal(examples[0].id, "a_first");
    assert_int_equal(examples[0].size, sizeof first - 1);
    assert_string_equal(examples[0].text, first);
    assert_string_equal(examples[1].id, "b_second");
    assert_string_equal(examples[1].text, "{}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embed_lists_all_but_hidden_files_in_order),
        cmocka_unit_test(test_embed_knows_content_types),
        cmocka_unit_test(test_embed_keeps_every_byte),
        cmocka_unit_test(test_embed_gzips_only_where_it_is_smaller),
        cmocka_unit_test(test_embed_gzip_unpacks_to_the_same_bytes),
        cmocka_unit_test(test_embed_etags_are_quoted_and_differ),
        cmocka_unit_test(test_embed_takes_documents_of_one_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
