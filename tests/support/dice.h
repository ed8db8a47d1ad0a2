/* SPDX-License-Identifier: MIT */
/*
 * dice - random numbers for tests that make up their input; nothing of the engine's.
 *
 * A test that fails prints its seed; GILSCOPE_TEST_SEED=n runs that one case alone.
 */
#ifndef TESTS_SUPPORT_DICE_H
#define TESTS_SUPPORT_DICE_H

#include <stdint.h>
#include <stdlib.h>

struct dice {
    uint64_t state;
};

/* xorshift64*, seeded so that neighbouring seeds have nothing in common. */
static inline struct dice dice_make(uint64_t seed) {
    struct dice dice = {(seed + 1) * UINT64_C(0x9e3779b97f4a7c15)};
    dice.state ^= dice.state >> 31;
    dice.state = dice.state * UINT64_C(0xd6e8feb86659fd93) | 1;
    return dice;
}

static inline uint64_t dice_roll(struct dice *dice) {
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return dice->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* low .. high, both included. */
static inline int64_t dice_between(struct dice *dice, int64_t low, int64_t high) {
    return low + (int64_t)((dice_roll(dice) >> 1) % (uint64_t)(high - low + 1));
}

/* 1 .. high with all magnitudes alike. */
static inline int64_t dice_magnitude(struct dice *dice, int64_t high) {
    int64_t cap = 1;
    const int64_t steps = dice_between(dice, 0, 40);
    for (int64_t i = 0; i < steps && cap < high; i++) {
        cap *= 2;
    }
    return dice_between(dice, 1, cap < high ? cap : high);
}

/* The seed of the one case to be run, or -1 for all. */
static inline int64_t dice_only_seed(void) {
    const char *text = getenv("GILSCOPE_TEST_SEED");
    return text == NULL ? -1 : strtoll(text, NULL, 10);
}

#endif
