/* SPDX-License-Identifier: MIT */
/* test_real - our exponential and logarithm against libm, and their frozen bits. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "engine/base/real.h"
#include "engine/base/real_table.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

static int64_t bits_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Distance in units in the last place, for finite numbers of the same sign. */
static int64_t ulps(double a, double b) {
    const int64_t distance = bits_of(a) - bits_of(b);
    return distance < 0 ? -distance : distance;
}

static double between(struct dice *dice, double low, double high) {
    return low + (high - low) * ((double)(dice_roll(dice) >> 11) * 0x1p-53);
}

static void check_exp(double x) {
    if (ulps(real_exp(x), exp(x)) > 2) {
        fail_msg("exp(%a) is %a, libm says %a", x, real_exp(x), exp(x));
    }
}

static void check_log(double x) {
    const double mine = real_log(x), libm = log(x);
    /* libm rounds within one unit itself */
    if (!(ulps(mine, libm) <= 2 || (mine == 0 && libm == 0))) {
        fail_msg("log(%a) is %a, libm says %a", x, mine, libm);
    }
}

static void test_real_exp_is_within_two_units(void **state) {
    (void)state;
    struct dice dice = dice_make(1);
    for (int i = 0; i < 200000; i++) {
        check_exp(between(&dice, -700, 700));
        check_exp(between(&dice, -1, 1));
        check_exp(between(&dice, -1e-6, 1e-6));
    }
    for (int n = -1000; n <= 1000; n++) {
        check_exp(n * 0.69314718055994531 * 0.7);
        check_exp((n + 0.5) * 0.69314718055994531 * 0.6);
    }
    assert_true(real_exp(0) == 1.0);
    assert_true(real_exp(-701) == 0.0);
    assert_true(isinf(real_exp(701)));
}

static void test_real_log_is_within_two_units(void **state) {
    (void)state;
    struct dice dice = dice_make(2);
    for (int i = 0; i < 200000; i++) {
        check_log(between(&dice, 0, 1) + 0x1p-60);
        check_log(between(&dice, 0.5, 2));
        check_log(between(&dice, 1, 1e9));
        check_log(between(&dice, 1 - 1e-6, 1 + 1e-6));
        check_log(ldexp(between(&dice, 1, 2), (int)dice_between(&dice, -1022, 1023)));
    }
    assert_true(real_log(1) == 0.0);
    check_log(2.2250738585072014e-308);
    check_log(1.7976931348623157e308);
}

/* valgrind computes with doubles in the place of what the compiler promises. */
static bool has_long_double(void) {
    volatile long double step = 0x1p-60L;
    return 1.0L + step != 1.0L;
}

/* Each entry is what its comment says, as near as a double can say it. */
static void test_real_tables_hold_what_they_say(void **state) {
    (void)state;
    if (!has_long_double()) {
        skip();
    }
    for (int i = 0; i < EXP_STEPS; i++) {
        assert_true(real_exp_table[i] == (double)exp2l((long double)i / EXP_STEPS));
    }
    for (int i = 0; i < LOG_STEPS; i++) {
        const struct real_log_part *part = &real_log_table[i];
        const double low = 1.0 + (double)i / LOG_STEPS;
        const double high = low + 1.0 / LOG_STEPS;
        const bool is_power = part->centre == 1.0 || part->centre == 2.0;
        assert_true(is_power ? i == 0 || i == LOG_STEPS - 1
                             : part->centre == (low + high) / 2.0);
        const long double centre =
            part->centre > 1.4142135623730951 ? part->centre / 2.0L : part->centre;
        assert_true(ldexp(part->high, 42) == rint(ldexp(part->high, 42)));
        const long double missing = logl(centre) - part->high;
        assert_true(fabsl(missing - part->low) <= 1e-19L);
    }
}

/* The bits themselves: no compiler and no machine may change them. */
static void test_real_frozen_bits(void **state) {
    (void)state;
    static const struct {
        double x, exp, log;
    } frozen[] = {
        {0x1.56e1fc2f8f359p-997, 0x1p+0, -0x1.5963447f87fb5p+9},
        {0x1p-53, 0x1p+0, -0x1.25e4f7b2737fap+5},
        {0x1.999999999999ap-4, 0x1.1aec7b35a00d3p+0, -0x1.26bb1bbb55515p+1},
        {0x1p-1, 0x1.a61298e1e069cp+0, -0x1.62e42fefa39efp-1},
        {0x1.ffffde7210be9p-1, 0x1.5bf091e3cef8ap+1, -0x1.0c6f82d74d23p-20},
        {0x1.8p+0, 0x1.1ed3fe64fc541p+2, 0x1.9f323ecbf984cp-2},
        {0x1.5bf0a8b04919bp+1, 0x1.e4efb75a890fdp+3, 0x1.fffffffe8ca4cp-1},
        {0x1.4p+3, 0x1.5829dcf95055fp+14, 0x1.26bb1bbb55516p+1},
        {0x1.91p+6, 0x1.8c39b9134bac4p+144, 0x1.26e404680832p+2},
        {0x1.59p+9, 0x1.6009282aba143p+995, 0x1.a25927b6ec545p+2},
    };
    for (size_t i = 0; i < sizeof frozen / sizeof frozen[0]; i++) {
        const double x = frozen[i].x;
        if (real_exp(x) != frozen[i].exp || real_log(x) != frozen[i].log) {
            fail_msg("{%a, %a, %a},", x, real_exp(x), real_log(x));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_exp_is_within_two_units),
        cmocka_unit_test(test_real_log_is_within_two_units),
        cmocka_unit_test(test_real_tables_hold_what_they_say),
        cmocka_unit_test(test_real_frozen_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
