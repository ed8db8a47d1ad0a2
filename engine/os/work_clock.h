/* SPDX-License-Identifier: MIT */
/*
 * work_clock - work done at a speed that changes.
 *
 * The clock of a kind of core shows the work that such a core would have done by now without
 * a pause, in nanoseconds at full speed:
 *
 *     work ^            ,--'
 *          |      ,---''          a piece of work that is begun when the clock shows w and
 *          |   ,-'                takes n of full speed ends when it shows w + n
 *          |,-'
 *          +----------------> time
 *
 * A change of speed bends the clock and leaves all pieces of work as they are. Exact: what is
 * less than a nanosecond of work is kept, in millionths.
 */
#ifndef ENGINE_OS_WORK_CLOCK_H
#define ENGINE_OS_WORK_CLOCK_H

#include "engine/base/time.h"

enum { FULL_SPEED_PPM = 1000000 };

/* Two hours: in so much time the work in millionths of a nanosecond fits into 64 bits. */
static const sim_ns WORK_CLOCK_LONG = 7200 * NS_PER_S;

struct work_clock {
    sim_ns since_ns;   /* when the speed changed last */
    sim_ns work_ns;    /* shown then, ... */
    int64_t rest;      /* ... and so many millionths of a nanosecond more */
    int64_t speed_ppm; /* 1 .. FULL_SPEED_PPM */
};

/* What it shows beyond work_ns after so much time, in millionths of a nanosecond. Exact only
 * while that is less than 2^64: for time < WORK_CLOCK_LONG. */
static inline uint64_t work_clock_millionths(const struct work_clock *clock,
                                             sim_ns time) {
    return (uint64_t)time * (uint64_t)clock->speed_ppm + (uint64_t)clock->rest;
}

/* What it shows; `now` is not before the last change. */
static inline sim_ns work_clock_read(const struct work_clock *clock, sim_ns now) {
    const sim_ns time = now - clock->since_ns;
    if (clock->speed_ppm == FULL_SPEED_PPM) {
        return clock->work_ns + time;
    }
    const sim_ns begun = time < WORK_CLOCK_LONG ? 0 : time / FULL_SPEED_PPM;
    return clock->work_ns + begun * clock->speed_ppm +
           (sim_ns)(work_clock_millionths(clock, time - begun * FULL_SPEED_PPM) /
                    FULL_SPEED_PPM);
}

static inline void work_clock_set_speed(struct work_clock *clock, sim_ns now,
                                        int64_t speed_ppm) {
    const sim_ns work = work_clock_read(clock, now);
    /* modulo 2^64, which does not matter to the difference */
    const uint64_t rest = work_clock_millionths(clock, now - clock->since_ns) -
                          (uint64_t)(work - clock->work_ns) * FULL_SPEED_PPM;
    *clock = (struct work_clock){
        .since_ns = now, .work_ns = work, .rest = (int64_t)rest, .speed_ppm = speed_ppm};
}

/* When it shows `work`, at the speed of now: the last change, or later. At most SIM_NEVER / 2
 * from then. */
static inline sim_ns work_clock_due(const struct work_clock *clock, sim_ns work) {
    if (clock->speed_ppm == FULL_SPEED_PPM) {
        const sim_ns left = work - clock->work_ns;
        return clock->since_ns + (left < SIM_NEVER / 2 ? left : SIM_NEVER / 2);
    }
    /* The work in millionths by the speed, rounded up, and without overflow. */
    const sim_ns whole = work - clock->work_ns - 1;
    const int64_t fraction = FULL_SPEED_PPM - 1 - clock->rest;
    if (whole < 0) {
        return clock->since_ns;
    }
    if (whole < WORK_CLOCK_LONG) {
        return clock->since_ns + (whole * FULL_SPEED_PPM + fraction) / clock->speed_ppm +
               1;
    }
    const sim_ns most = SIM_NEVER / 2 / FULL_SPEED_PPM;
    const sim_ns many = whole / clock->speed_ppm;
    return clock->since_ns + (many < most ? many : most) * FULL_SPEED_PPM +
           (whole % clock->speed_ppm * FULL_SPEED_PPM + fraction) / clock->speed_ppm + 1;
}

#endif
