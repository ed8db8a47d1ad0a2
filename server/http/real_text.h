/* SPDX-License-Identifier: MIT */
/*
 * real_text - the shortest of 15, 16 and 17 digits that reads back as the same double: the
 * first of "%.15g", "%.16g" and "%.17g" that does.
 *
 * Most numbers that are shown lie between 0.0001 and 10^15. A double there is m / 2^s, and
 * m x 10^k with k decimals fits into 128 bits, so that its digits, their rounding, and whether
 * they are nearer to it than to its neighbours are found exactly with whole numbers, ten times
 * as fast as by printing and reading back.
 */
#ifndef SERVER_HTTP_REAL_TEXT_H
#define SERVER_HTTP_REAL_TEXT_H

#include <stddef.h>

enum { REAL_TEXT_SIZE = 32 };

/* Of a finite number. Returns the length; what is written is not terminated. */
size_t real_text_write(char out[REAL_TEXT_SIZE], double value);

#endif
