/* SPDX-License-Identifier: MIT */
/*
 * blame - who held what a thread waited for, and where in the program it was meanwhile.
 *
 * A wait is one span however often the holder changes. Blame is the overlay of the wait
 * with two other lanes: that of the resource, which says who held it at every instant,
 * and that of the holder, which says what it did meanwhile and at which step:
 *
 *     waiter     |----------- wait_gil -----------|
 *     resource   |--- held by B ---|..|- held by C -|        .. nobody had it
 *     B          |running 4|running 7|
 *     shares      B at 4:   B at 7:  nobody: C:
 *
 * The shares of a wait add up to exactly its length. The time in which nobody had the
 * resource is the price of handing it over: wake-up latency, or a race that was lost.
 *
 * Waits that are blamed are those of threads for a GIL or a lock that somebody held at
 * some time, of tasks for an asyncio.Lock, and those of threads for the end of a pause in which one thread had stopped all others of its
 * process; nobody holds an empty queue or an event that is not set.
 *
 * Time: linear in the spans of the resource and its holders, plus, for each wait, as many
 * steps as the resource changed hands during it or, when that is more, as it has holders in
 * all (times the logarithm of the former).
 *
 * This is the rule. web/src/lib/blame.ts applies it to what is on the screen, where short
 * spans are merged, and calls its answer approximate then.
 */
#ifndef ENGINE_ANALYSIS_BLAME_H
#define ENGINE_ANALYSIS_BLAME_H

#include "engine/base/err.h"
#include "engine/record/recording.h"

enum { BLAME_MAX_SHARES = 1 << 20 };

struct blame_share {
    sim_ns ns; /* > 0 */
    lane_id waiter;
    lane_id resource; /* GIL, lock, or process */
    lane_id holder;   /* LANE_NONE: nobody had it */
    site_id site;     /* of what the holder did; SITE_NONE */
    int32_t state;    /* what the holder did, enum lane_state; -1: nobody, or unknown */
};

/* A zeroed one is empty. */
struct blame {
    struct blame_share *shares; /* by resource, waiter, holder, site, state */
    size_t count, capacity;
};
void blame_deinit(struct blame *blame);

/* Whether a span of that lane is a wait that is blamed. */
bool blame_is_wait(const struct recording *recording, lane_id lane,
                   const struct span *span);

/*
 * The shares of one wait, of which blame_is_wait() is true. The recording must have the
 * spans of the resource and of all threads during it. ERR_NOMEM, ERR_LIMIT. Free with
 * blame_deinit().
 */
int blame_of_wait(const struct recording *recording, lane_id lane,
                  const struct span *wait, struct blame *out,
                  struct err *err) WARN_UNUSED;

/* The shares of all waits, each cut at the edges of the recording's window, added up by
 * waiter, resource, holder, site and state. Errors as above. */
int blame_of_run(const struct recording *recording, struct blame *out,
                 struct err *err) WARN_UNUSED;

#endif
