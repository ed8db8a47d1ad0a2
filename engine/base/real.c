/* SPDX-License-Identifier: MIT */
#include "engine/base/real.h"

#include "engine/base/check.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the product of the first with a small integer is exact. */
static const double LN2_HIGH = 6.93147180369123816490e-01;
static const double LN2_LOW = 1.90821492927058770002e-10;

static double bits_to_double(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* 2^n for -1022 <= n <= 1023. */
static double power_of_two(int64_t n) {
    return bits_to_double((uint64_t)(n + 1023) << 52);
}

double real_exp(double x) {
    if (x > 700.0) {
        return INFINITY;
    }
    if (x < -700.0) {
        return 0.0;
    }
    /* x = n ln2 + r with |r| <= ln2 / 2, then the Taylor series of e^r by Horner's rule.
     */
    const double scaled = x / (LN2_HIGH + LN2_LOW);
    const int64_t n = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    const double r = (x - (double)n * LN2_HIGH) - (double)n * LN2_LOW;
    double sum = 1.0;
    for (int k = 15; k >= 1; k--) {
        sum = 1.0 + sum * r / (double)k;
    }
    return sum * power_of_two(n);
}

double real_log(double x) {
    ASSERT(x >= 2.2250738585072014e-308);
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t n = (int64_t)(bits >> 52) - 1023;
    double m =
        bits_to_double((bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(1023) << 52);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        n += 1;
    }
    /* With f = m - 1 and z = f / (2 + f): ln m = 2 artanh z = 2 z (1 + z^2/3 + z^4/5
     * ...), |z| < 0.1716. As 2 z = f - z f, all but the exact f is a small correction. */
    const double f = m - 1.0;
    const double z = f / (2.0 + f);
    const double z2 = z * z;
    double tail = 0.0;
    for (int k = 21; k >= 3; k -= 2) {
        tail = (tail + 1.0 / (double)k) * z2;
    }
    const double correction = z * (f - 2.0 * tail) - (double)n * LN2_LOW;
    return (double)n * LN2_HIGH + (f - correction);
}
