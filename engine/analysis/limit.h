/* SPDX-License-Identifier: MIT */
/*
 * limit - what keeps a cell from being faster, in one word, from its metrics alone.
 *
 * The first of these that holds, in this order:
 *
 *   cores    core_utilisation is at least LIMIT_BUSY
 *   gil      a GIL is held for LIMIT_BUSY of its life, and threads wait for it for
 *            LIMIT_WAIT of theirs; or they wait for LIMIT_LONG_WAIT: a GIL that is given up
 *            around blocking calls is free while who is next wakes up, and of no use to
 *            anybody else meanwhile
 *   loop     the event loops poll for at most 1 - LIMIT_BUSY of their life
 *   lock     threads and tasks wait for locks for as long as half the makespan
 *   serial   a GIL is held for LIMIT_BUSY of its life and hardly anybody waits for it: one
 *            thing is computed after the other. Without a GIL: the work of one core,
 *            LIMIT_BUSY of the time and no more than 2 - LIMIT_BUSY in all, which several
 *            threads that are mostly idle may also come to. Not where several GILs are held
 *            side by side: that is `workers`
 *   workers  units of work that have begun compute for LIMIT_BUSY of their time: there are
 *            too few of them at a time for all cores. Core time of starting workers and of
 *            handing jobs over counts, too. Not of jobs that arrive no faster than they are
 *            done
 *   outside  none of these: answers, timers, arrivals, and the number of those who wait for
 *            them
 *
 * It is a word for a table. The findings (finding.h) look at the spans and name who waited
 * for whom.
 */
#ifndef ENGINE_ANALYSIS_LIMIT_H
#define ENGINE_ANALYSIS_LIMIT_H

#include "engine/analysis/metrics.h"

/* Our choice: nine tenths busy leaves at most a factor of 1.11 to gain elsewhere. */
#define LIMIT_BUSY 0.9
#define LIMIT_WAIT 0.05

/* Our choice: without its waits a thread would be done in two thirds of its time at most, as
 * long as there are cores for all. */
#define LIMIT_LONG_WAIT (1.0 / 3)

enum limit {
    LIMIT_CORES,
    LIMIT_GIL,
    LIMIT_LOOP,
    LIMIT_LOCK,
    LIMIT_SERIAL,
    LIMIT_WORKERS,
    LIMIT_OUTSIDE,
    LIMIT_COUNT
};

/* "cores", "gil", "loop", "lock", "serial", "workers", "outside". */
const char *limit_name(enum limit limit);

/* By metric; NaN where the cell has none. */
enum limit limit_of(const double metric[METRIC_COUNT]);

#endif
