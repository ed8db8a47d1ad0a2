/* SPDX-License-Identifier: MIT */
#include "engine/base/real.h"

#include "engine/base/check.h"
#include "engine/base/real_table.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the product of the first with a small integer is exact. */
static const double LN2_HIGH = 6.93147180369123816490e-01;
static const double LN2_LOW = 1.90821492927058770002e-10;
static const double SQRT_2 = 1.4142135623730951;

static double bits_to_double(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest integer: adding this leaves no room for a fraction. */
static const double ROUNDER = 0x1.8p52;

double real_exp(double x) {
    if (x > 700.0) {
        return INFINITY;
    }
    if (x < -700.0) {
        return 0.0;
    }
    /* x = (n + i / 64) ln2 + r with |r| <= ln2 / 128, then the Taylor series of e^r - 1.
     * The exponent of 2^n is n + 1023. */
    const double steps = (x * (EXP_STEPS / (LN2_HIGH + LN2_LOW)) + ROUNDER) - ROUNDER;
    const int64_t step = (int64_t)steps;
    const int64_t i = step & (EXP_STEPS - 1);
    const uint64_t exponent = (uint64_t)(step + 1023 * EXP_STEPS) / EXP_STEPS;
    const double r = (x - steps * (LN2_HIGH / EXP_STEPS)) - steps * (LN2_LOW / EXP_STEPS);
    const double r2 = r * r;
    const double more = r + r2 * ((1.0 / 2 + r * (1.0 / 6)) +
                                  r2 * ((1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720)));
    const double power = real_exp_table[i];
    return (power + power * more) * bits_to_double(exponent << 52);
}

double real_log(double x) {
    ASSERT(x >= 2.2250738585072014e-308);
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const double m =
        bits_to_double((bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(1023) << 52);
    const uint64_t i = bits >> (52 - 7) & (LOG_STEPS - 1);
    const struct real_log_part *part = &real_log_table[i];
    const double n = (double)((int64_t)(bits >> 52) - 1023 + (part->centre > SQRT_2));
    /* m = c (1 + f), and with z = f / (2 + f): ln(1 + f) = 2 artanh z = 2 z (1 + z^2/3 +
     * z^4/5 ...), |z| < 1/256. As 2 z = f - z f, all but f is a small correction; f is
     * exact where the sum is near 0, because c is a power of two there. */
    const double d = m - part->centre;
    const double f = d / part->centre;
    const double z = d / (m + part->centre);
    const double z2 = z * z;
    const double tail = z2 * (1.0 / 3 + z2 * (1.0 / 5 + z2 * (1.0 / 7)));
    const double correction = z * (f - 2.0 * tail) - part->low - n * LN2_LOW;
    return (n * LN2_HIGH + part->high) + (f - correction);
}
