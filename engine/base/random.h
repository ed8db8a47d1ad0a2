/* SPDX-License-Identifier: MIT */
/*
 * random - numbers that are a function of an identity, not of the order of calls.
 *
 * A key names what is drawn: random_key(seed, repetition) mixed with an identity of the
 * workload (job 17, step 2, visit 3) or of a noise source (wake-up 40 of core 1). The
 * same key gives the same number in every cell of a grid, so differences between cells
 * are paired, and adding an actor, a repetition or a sweep value changes no other draw.
 */
#ifndef ENGINE_BASE_RANDOM_H
#define ENGINE_BASE_RANDOM_H

#include <stdint.h>

/* What a key is about; the first thing mixed into it. Append only. */
enum random_domain {
    RANDOM_WORK = 1,
    RANDOM_WAKE = 2,
    RANDOM_TIMER = 3,
    RANDOM_LINE = 4,
    RANDOM_TICK = 5,
    RANDOM_ARRIVAL = 16
};

/* The root of all keys of one run. */
uint64_t random_key(uint64_t seed, uint32_t repetition);

/* A new key for part `what` of the thing that `key` names. */
uint64_t random_mix(uint64_t key, uint64_t what);

/* The same for what = 0, 1, 2 ... in turn; `key` moves on to the next. */
uint64_t random_next(uint64_t *key);

/*
 * Draws. A key is itself the random number, so that it has to come from random_mix() and
 * is good for one draw.
 */

/* Uniform in (0, 1): 53 bits, never 0 or 1. */
double random_unit(uint64_t key);

/* Standard normal, and exponential of mean 1: the ziggurat method on numbers derived from
 * the key (ziggurat_table.h). The exponential can be 0. */
double random_normal(uint64_t key);
double random_exponential(uint64_t key);

#endif
