/* SPDX-License-Identifier: MIT */
/*
 * live_run - the runs that are being executed now, and what is known of each so far.
 *
 *     worker   begin --> run_execute() <== watcher ==> end
 *                             ^    |
 *                        asks |    v what is known
 *     reader           live_run_ask, live_runs_take
 *
 * A run is looked at only when it was asked for since, at most every LIVE_RUN_MS, and so seldom
 * that looking takes no more than a hundredth of its time: with a million tasks a look lasts
 * for milliseconds.
 *
 * The list may be used from any thread; a run belongs to the thread that executes it. There is
 * one reader.
 */
#ifndef SERVER_JOBS_LIVE_RUN_H
#define SERVER_JOBS_LIVE_RUN_H

#include "engine/analysis/run_watcher.h"
#include "engine/base/err.h"

#include <stdatomic.h>

enum { LIVE_RUN_MS = 250 };

struct live_runs;

struct live_run_name {
    int64_t experiment, cell; /* ids */
    int64_t run;              /* id; 0: it has none before it has ended */
    uint32_t repetition;
};

/* In the memory of who executes it. Private. */
struct live_run {
    struct live_runs *runs; /* NULL: nobody reads */
    struct live_run *next, *previous;
    struct run_watcher watcher;
    atomic_bool asked;
    int64_t due_ns, begun_ns; /* of looks, on the monotonic clock; the run's own */
    /* Guarded by the mutex of the list. */
    struct live_run_name name;
    uint64_t serial;
    bool is_new; /* since it was taken */
    struct run_so_far so_far;
};

int live_runs_create(struct live_runs **out, struct err *err) WARN_UNUSED;

/* When no run is left. NULL is accepted. */
void live_runs_destroy(struct live_runs *runs);

/* --- who executes a run ------------------------------------------------------------ */

/* `runs` NULL: nobody reads, and none of the others does anything. */
void live_run_begin(struct live_run *run, struct live_runs *runs,
                    const struct live_run_name *name);
void live_run_end(struct live_run *run);

/* It has an id from now on. */
void live_run_set_id(struct live_run *run, int64_t id);

/* For run_options; NULL when nobody reads. */
const struct run_watcher *live_run_watcher(const struct live_run *run);

/* --- the reader -------------------------------------------------------------------- */

struct live_run_known {
    uint64_t serial; /* of the run, ascending in the order in which they began */
    struct live_run_name name;
    bool is_new; /* so_far is, since the last time; else it says nothing */
    struct run_so_far so_far;
};

/* What is known of the first run after that serial number; false when there is none. */
bool live_runs_take(struct live_runs *runs, uint64_t after, struct live_run_known *out);

/* More is wanted of that run, if it is still there. */
void live_runs_ask(struct live_runs *runs, uint64_t serial);

#endif
