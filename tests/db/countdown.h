/* SPDX-License-Identifier: MIT */
/* countdown - decides which of many calls, made by any thread, has to fail: tests only. */
#ifndef TESTS_DB_COUNTDOWN_H
#define TESTS_DB_COUNTDOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A zeroed one lets everything pass. */
struct countdown {
    atomic_bool is_armed, has_failed;
    atomic_bool goes_on; /* all that follow fail, too */
    _Atomic int64_t left;
};

/* The call after `after` more successes fails; a negative number: none. */
static inline void countdown_begin(struct countdown *countdown, int64_t after,
                                   bool goes_on) {
    countdown->is_armed = after >= 0;
    countdown->left = after;
    countdown->goes_on = goes_on;
    countdown->has_failed = false;
}

/* Of one call. */
static inline bool countdown_must_fail(struct countdown *countdown) {
    if (!countdown->is_armed) {
        return false;
    }
    const int64_t left = atomic_fetch_sub(&countdown->left, 1);
    if (left > 0 || (left < 0 && !countdown->goes_on)) {
        return false;
    }
    countdown->has_failed = true;
    return true;
}

#endif
