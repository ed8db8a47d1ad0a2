/* SPDX-License-Identifier: MIT */
/* chunk_crc against zlib's CRC-32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "db/chunk_crc_priv.h"

enum { LONGEST = 1200 };

/* In memory that ends where the bytes do, so that reading more is noticed. */
static void assert_same(const uint8_t *bytes, size_t size) {
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    assert_int_equal(chunk_crc(exact, size), (uint32_t)crc32(0, exact, (uInt)size));
    free(exact);
}

static void test_chunk_crc_is_that_of_zlib(void **state) {
    (void)state;
    uint8_t bytes[LONGEST];
    uint64_t next = 1;
    for (size_t i = 0; i < LONGEST; i++) {
        next = next * UINT64_C(6364136223846793005) + 1;
        bytes[i] = (uint8_t)(next >> 56);
    }
    for (size_t size = 0; size <= LONGEST; size++) {
        assert_same(bytes, size);
    }
}

static void test_chunk_crc_of_equal_bytes(void **state) {
    (void)state;
    uint8_t bytes[LONGEST];
    for (int byte = 0; byte <= UINT8_MAX; byte += 51) {
        memset(bytes, byte, sizeof bytes);
        for (size_t size = 0; size <= LONGEST; size += 7) {
            assert_same(bytes, size);
        }
    }
}

static void test_chunk_crc_differs_with_each_bit(void **state) {
    (void)state;
    enum { SIZE = 203 };
    uint8_t bytes[SIZE] = {0};
    for (size_t bit = 0; bit < 8 * SIZE; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_same(bytes, SIZE);
        bytes[bit / 8] = 0;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_crc_is_that_of_zlib),
        cmocka_unit_test(test_chunk_crc_of_equal_bytes),
        cmocka_unit_test(test_chunk_crc_differs_with_each_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
