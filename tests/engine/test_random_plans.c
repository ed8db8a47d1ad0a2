/* SPDX-License-Identifier: MIT */
/* test_random_plans - what the fuzz target does, with random bytes and in every build. */
#include <inttypes.h>

#include "tests/support/byte_plans.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

enum { CASES = 3000, SIZE = 400 };

static void test_random_plans_run_or_are_refused(void **state) {
    (void)state;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    int ran = 0, refused = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        struct dice dice = dice_make(seed);
        uint8_t bytes[SIZE];
        for (int i = 0; i < SIZE; i++) {
            bytes[i] = (uint8_t)dice_roll(&dice);
        }
        struct violation violation;
        const enum byte_plan_end how = byte_plan_run(bytes, SIZE, &violation);
        if (how == BYTE_PLAN_BROKEN) {
            fail_msg("%s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_random_plans",
                     violation.text, seed);
        }
        ran += how == BYTE_PLAN_RAN;
        refused += how == BYTE_PLAN_REFUSED;
    }
    print_message("%d plans ran, %d were refused\n", ran, refused);
    assert_true(only >= 0 || (ran > CASES / 20 && refused > CASES / 20));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_plans_run_or_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
