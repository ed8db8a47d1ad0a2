/* SPDX-License-Identifier: MIT */
/*
 * naive_quota - cores under a CPU quota, accounted for a second time.
 *
 * An oracle for engine/os/quota: every core has one thread of its own, which computes and
 * waits in turn; each core has a few moments at which something happens to it next, and
 * the first is found by looking at all. Ties go by kind, then by who has been due for
 * longer. The pool is refilled at every multiple of the period, whether anybody looks or
 * not. It shares no code with the engine. Nothing else costs any time.
 */
#ifndef TESTS_SUPPORT_NAIVE_QUOTA_H
#define TESTS_SUPPORT_NAIVE_QUOTA_H

#include "engine/base/time.h"

#include <stdint.h>

enum { NAIVE_CORES = 6, NAIVE_PARTS = 8 };

/* What can happen to a core, in the order of ties. */
enum naive_moment { NAIVE_WAKE, NAIVE_DONE, NAIVE_CHECK, NAIVE_MOMENTS };

struct naive_part {
    sim_ns work, pause; /* > 0 */
};

struct naive_core {
    /* input */
    struct naive_part part[NAIVE_PARTS]; /* no pause after the last */
    sim_ns start;
    /* output */
    sim_ns ends, throttled_ns;
    /* working */
    sim_ns when[NAIVE_MOMENTS];
    uint64_t order[NAIVE_MOMENTS];
    sim_ns left, budget, since;
    uint64_t fell; /* in which order it was throttled, 0 = it is not */
    int at;
};

struct naive_quota {
    /* input */
    sim_ns quota, period, tick;
    struct naive_core core[NAIVE_CORES];
    int count;
    /* output */
    uint64_t throttled_periods, slacks;
    /* working */
    sim_ns now, pool, refill, slack;
    uint64_t orders;
};

/* Until all parts of all cores are done. */
void naive_quota_run(struct naive_quota *quota);

#endif
