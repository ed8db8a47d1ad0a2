/* SPDX-License-Identifier: MIT */
#include "tests/support/test.h"

#include <string.h>

#include "server/document/hash.h"

static void assert_hash(const char *text, const char *expected) {
    struct hash hash = hash_begin();
    char out[HASH_TEXT_SIZE];
    hash_add(&hash, text, strlen(text));
    hash_text(&hash, out);
    assert_string_equal(out, expected);
}

/* Values of the reference implementation (draft-eastlake-fnv). */
static void test_hash_is_fnv1a_128(void **state) {
    (void)state;
    assert_hash("", "6c62272e07bb014262b821756295c58d");
    assert_hash("a", "d228cb696f1a8caf78912b704e4a8964");
    assert_hash("foobar", "343e1662793c64bf6f0d3597ba446f18");
}

static void test_hash_adds_in_pieces(void **state) {
    (void)state;
    struct hash whole = hash_begin(), pieces = hash_begin();
    hash_add(&whole, "foobar", 6);
    hash_add(&pieces, "foo", 3);
    hash_add(&pieces, "", 0);
    hash_add(&pieces, "bar", 3);
    assert_true(whole.high == pieces.high && whole.low == pieces.low);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_fnv1a_128),
        cmocka_unit_test(test_hash_adds_in_pieces),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
