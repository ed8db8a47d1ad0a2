/* SPDX-License-Identifier: MIT */
#include "engine/base/random.h"

#include "engine/base/real.h"

#include <math.h>

/* Steele, Lea, Flood 2014: the output function of SplitMix64, a bijection of 64 bits. */
static uint64_t scramble(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t random_mix(uint64_t key, uint64_t what) {
    /* The odd constant keeps (key, 0) away from key; scrambling twice breaks symmetry. */
    return scramble(scramble(key + UINT64_C(0x9e3779b97f4a7c15)) ^ scramble(~what));
}

uint64_t random_key(uint64_t seed, uint32_t repetition) {
    return random_mix(random_mix(UINT64_C(0x67696c73636f7065), seed), repetition);
}

double random_unit(uint64_t key) {
    const uint64_t bits = random_mix(key, UINT64_C(0x756e6974)) >> 11;
    return ((double)bits + 0.5) * 0x1p-53;
}

double random_normal(uint64_t key) {
    for (uint64_t attempt = 0;; attempt++) {
        const uint64_t pair = random_mix(key, attempt);
        const double u = 2.0 * random_unit(random_mix(pair, 1)) - 1.0;
        const double v = 2.0 * random_unit(random_mix(pair, 2)) - 1.0;
        const double s = u * u + v * v;
        if (s < 1.0 && s > 1e-300) {
            return u * sqrt(-2.0 * real_log(s) / s);
        }
    }
}
