/* SPDX-License-Identifier: MIT */
#include "engine/base/random.h"

#include "engine/base/real.h"
#include "engine/base/ziggurat_table.h"

#include <math.h>
#include <stdbool.h>

/* Steele, Lea, Flood 2014: the output function of SplitMix64, a bijection of 64 bits. */
static uint64_t scramble(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const uint64_t STEP = UINT64_C(0x9e3779b97f4a7c15);

/* SplitMix64: the key is its state, and `what` is how many steps it goes on from there.
 * Keys of keys are scrambled numbers, whose sequences do not meet. */
uint64_t random_mix(uint64_t key, uint64_t what) {
    return scramble(key + (what + 1) * STEP);
}

uint64_t random_next(uint64_t *key) { return scramble(*key += STEP); }

uint64_t random_key(uint64_t seed, uint32_t repetition) {
    return random_mix(random_mix(UINT64_C(0x67696c73636f7065), seed), repetition);
}

double random_unit(uint64_t key) { return ((double)(key >> 11) + 0.5) * 0x1p-53; }

/* --- ziggurat ------------------------------------------------------------------ */

/* One number takes the layer from the lowest bits, and the place in it from the highest. */
static uint32_t layer_of(uint64_t bits) { return bits & (ZIGGURAT_LAYERS - 1); }

/* Whether a point of the layer that may lie outside lies under the density. */
static bool is_under(const struct ziggurat *ziggurat, uint32_t layer, double density,
                     uint64_t key) {
    const double low = ziggurat->height[layer], high = ziggurat->height[layer + 1];
    return low + (high - low) * random_unit(random_mix(key, 0)) < density;
}

/* Beyond `edge`: an exponential that is nearly parallel to the density, and a rejection
 * (Marsaglia 1964). */
static double normal_tail(double edge, uint64_t key) {
    for (uint64_t attempt = 0;; attempt++) {
        const double x = random_exponential(random_mix(key, 2 * attempt)) / edge;
        const double y = random_exponential(random_mix(key, 2 * attempt + 1));
        if (y + y > x * x) {
            return edge + x;
        }
    }
}

/* One attempt: true when it gives a number. Most are inside the part of a layer that is all
 * under the density. */
static inline bool try_normal(uint64_t bits, double *result) {
    const struct ziggurat *ziggurat = &ziggurat_normal;
    const uint32_t layer = layer_of(bits);
    *result = (double)((int64_t)bits >> 11) * 0x1p-52 * ziggurat->edge[layer];
    return fabs(*result) < ziggurat->edge[layer + 1];
}

/* A function of its own, so that the ordinary way needs no stack. */
__attribute__((noinline)) static double normal_outside(uint64_t key) {
    const struct ziggurat *ziggurat = &ziggurat_normal;
    uint64_t bits = key;
    double x;
    for (uint64_t attempt = 1; !try_normal(bits, &x); attempt++) {
        const uint32_t layer = layer_of(bits);
        if (layer == 0) {
            return copysign(normal_tail(ziggurat->edge[1], bits), x);
        }
        if (is_under(ziggurat, layer, real_exp(-0.5 * x * x), bits)) {
            return x;
        }
        bits = random_mix(key, attempt);
    }
    return x;
}

double random_normal(uint64_t key) {
    double x;
    return try_normal(key, &x) ? x : normal_outside(key);
}

double random_exponential(uint64_t key) {
    const struct ziggurat *ziggurat = &ziggurat_exponential;
    double beyond = 0.0; /* the tail looks like the whole, moved by so much */
    for (uint64_t attempt = 0;; attempt++) {
        const uint64_t bits = attempt == 0 ? key : random_mix(key, attempt);
        const uint32_t layer = layer_of(bits);
        const double x = (double)(bits >> 11) * 0x1p-53 * ziggurat->edge[layer];
        if (x < ziggurat->edge[layer + 1]) {
            return beyond + x;
        }
        if (layer == 0) {
            beyond += ziggurat->edge[1];
        } else if (is_under(ziggurat, layer, real_exp(-x), bits)) {
            return beyond + x;
        }
    }
}
