/* SPDX-License-Identifier: MIT */
/*
 * real - exponential and logarithm in plain IEEE double arithmetic.
 *
 * libm's exp() and log() are not bit-identical across C libraries; a fingerprint must be.
 * These use only +, -, *, / and bit moves, so every IEEE machine gives the same bits (the
 * engine is built with -ffp-contract=off). Error below 2 units in the last place over the
 * range used.
 */
#ifndef ENGINE_BASE_REAL_H
#define ENGINE_BASE_REAL_H

/* e^x; 0 below -700, infinity above 700. */
double real_exp(double x);

/* Natural logarithm; x must be a positive normal number. */
double real_log(double x);

#endif
