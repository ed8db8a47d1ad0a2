/* SPDX-License-Identifier: MIT */
#include "server/http/real_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { DIGITS = 17 };

#define MIN_DIGITS UINT64_C(10000000000000000) /* the smallest number of 17 digits */

/* A number m / 2^shift, and the same with `decimals` of them: scaled / 2^shift, which has 17
 * digits before the point. */
struct parts {
    uint64_t m; /* 53 bits */
    int shift;  /* 3 to 66 */
    int decimals;
    wide power; /* 10^decimals */
    wide scaled;
};

/* Below 10^15 and at least 0.0001: one decimal more or less than the logarithm says. */
static struct parts take_apart(double value) {
    int exponent;
    struct parts parts;
    parts.m = (uint64_t)ldexp(frexp(value, &exponent), 53);
    parts.shift = 53 - exponent;
    parts.decimals = DIGITS - 1 - (exponent * 1233 >> 12); /* log10(2) = 1233 / 4096 */
    parts.power = 1;
    for (int i = 0; i < parts.decimals; i++) {
        parts.power *= 10;
    }
    if ((wide)parts.m * parts.power >> parts.shift < MIN_DIGITS) {
        parts.decimals++;
        parts.power *= 10;
    }
    parts.scaled = (wide)parts.m * parts.power;
    return parts;
}

/* To the nearest multiple of `unit`, 1, 10 or 100; of two, the even one. */
static uint64_t round_to(const struct parts *parts, uint64_t unit) {
    const uint64_t whole = (uint64_t)(parts->scaled >> parts->shift) / unit;
    const wide rest = parts->scaled - ((wide)(whole * unit) << parts->shift);
    const wide half = (wide)unit << (parts->shift - 1);
    const bool up = rest > half || (rest == half && whole % 2 == 1);
    return whole + (up ? 1 : 0);
}

/* Nearer to the number than half of the way to the next double; below the smallest m that
 * is half as far. Half of the way reads back as the even one. */
static bool reads_back(const struct parts *parts, uint64_t digits, uint64_t unit) {
    const wide text = (wide)(digits * unit) << parts->shift;
    const bool below = text < parts->scaled;
    const wide off = below ? parts->scaled - text : text - parts->scaled;
    const wide twice = below && parts->m == UINT64_C(1) << 52 ? 4 * off : 2 * off;
    return twice < parts->power || (twice == parts->power && parts->m % 2 == 0);
}

/* "12.5" of 12500 and 3 decimals. */
static size_t write_digits(char out[REAL_TEXT_SIZE], uint64_t digits, int decimals,
                           bool negative) {
    char text[REAL_TEXT_SIZE];
    size_t at = sizeof text;
    for (; decimals > 0 && digits % 10 == 0; decimals--) {
        digits /= 10;
    }
    do {
        text[--at] = (char)('0' + digits % 10);
        digits /= 10;
        if (--decimals == 0) {
            text[--at] = '.';
        }
    } while (digits > 0 || decimals >= 0);
    if (negative) {
        text[--at] = '-';
    }
    memcpy(out, text + at, sizeof text - at);
    return sizeof text - at;
}

static size_t print(char out[REAL_TEXT_SIZE], double value) {
    int length = 0;
    for (int precision = 15; precision <= DIGITS; precision++) {
        length = snprintf(out, REAL_TEXT_SIZE, "%.*g", precision, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    return (size_t)length;
}

size_t real_text_write(char out[REAL_TEXT_SIZE], double value) {
    const double size = fabs(value);
    if (!(size >= 1e-4 && size < 1e15)) {
        return print(out, value); /* also of zero; "%g" takes an exponent */
    }
    const struct parts parts = take_apart(size);
    uint64_t unit = 100, digits = round_to(&parts, unit);
    int decimals = parts.decimals - 2;
    while (unit > 1 && !reads_back(&parts, digits, unit)) {
        unit /= 10;
        decimals++;
        digits = round_to(&parts, unit);
    }
    return write_digits(out, digits, decimals, value < 0);
}
