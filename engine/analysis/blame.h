/* SPDX-License-Identifier: MIT */
/*
 * blame - who had what a thread or a task waited for, and where in the program it was
 * meanwhile.
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
 * Of threads: waits for a GIL or a lock that somebody held at some time, and for the end of
 * a pause in which one thread had stopped all others of its process. Of tasks: all of them.
 *
 *   ready          the resource is the loop; its holder the task whose step it runs, or the
 *                  loop itself (state callback or poll) between steps
 *   await_lock     an asyncio.Lock and its holders, as above
 *   what has no    a semaphore, queue, event or notification; a Future, whose resource is
 *   holder         then the task or thread that set it: the last of a gather(), the worker
 *                  that called back, the peer that sent. The holder is whoever ended the
 *                  wait, throughout: the putter, say, and what it did instead of putting.
 *                  Nobody before it was born, after its end, and if the run ended first
 *   await_timer,   of the outside world: no resource, nobody
 *   await_io
 *
 * A wait that was cancelled is one that the task which cancelled it has ended. Time by which
 * a timer or an answer from outside was late, because the loop was busy, is part of an
 * await_timer or await_io and nobody's: when it was due is not recorded.
 *
 * Time: linear in the spans of the resource and its holders, plus, for each wait, as many
 * steps as the resource changed hands during it or, when that is more, as it has holders in
 * all (times the logarithm of the former); and sorting the waits.
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
    int32_t wait;     /* what the waiter's lane shows, enum lane_state */
    lane_id resource; /* GIL, lock, process, loop, thread, task; LANE_NONE */
    lane_id holder;   /* LANE_NONE: nobody had it */
    site_id site;     /* of what the holder did; SITE_NONE */
    int32_t state;    /* what the holder did, enum lane_state; -1: nobody, or unknown */
};

/* A zeroed one is empty. */
struct blame {
    struct blame_share *shares; /* by resource, waiter, wait, holder, site, state */
    size_t count, capacity;
};
void blame_deinit(struct blame *blame);

/* Whether a span of that lane is a wait that is blamed. */
bool blame_is_wait(const struct recording *recording, lane_id lane,
                   const struct span *span);

/*
 * The shares of one wait, cut at the edges of the recording's window; none if
 * blame_is_wait() is false. The recording must have the spans of all threads, tasks, loops,
 * locks, GILs and processes during it. ERR_NOMEM, ERR_LIMIT. Free with blame_deinit().
 */
int blame_of_wait(const struct recording *recording, lane_id lane,
                  const struct span *wait, struct blame *out,
                  struct err *err) WARN_UNUSED;

/* Lanes of threads and tasks, each once; others wait for nothing. */
struct blame_waiters {
    const lane_id *lanes;
    size_t count;
};

/* The shares of all waits of those lanes (NULL: of all lanes), each cut at the edges of the
 * window, added up by waiter, wait, resource, holder, site and state. Errors as above. */
int blame_of_run(const struct recording *recording, const struct blame_waiters *waiters,
                 struct blame *out, struct err *err) WARN_UNUSED;

#endif
