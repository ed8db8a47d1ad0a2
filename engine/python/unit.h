/* SPDX-License-Identifier: MIT */
/*
 * unit - a unit of work (a job, an iteration of an actor) from its arrival to its end, and
 * what is counted of it.
 *
 *     arrived ------------- began ---------- ended
 *        |     queueing       |    service     |
 *        |---------------- latency ------------|
 *
 * A unit of a closed workload has no arrival: its latency counts from its first step.
 *
 * Of an open workload only the measured window counts: from the end of the warm-up to the
 * last moment at which a job can arrive. Latency, queueing and service are those of the
 * units that arrive in it, whenever they end. Throughput is what leaves the system in it,
 * whenever it arrived (X = C / T, Denning and Buzen 1978): that is the capacity when there
 * is more work than can be done.
 */
#ifndef ENGINE_PYTHON_UNIT_H
#define ENGINE_PYTHON_UNIT_H

#include "engine/base/histogram.h"
#include "engine/program/action.h"
#include "engine/program/arrivals.h"

struct world;

/* The window is cut into so many parts to see whether latency grows. */
enum { OPEN_LOOP_PARTS = 20 };

/* Units that arrived in one part of the window. */
struct open_loop_part {
    uint64_t arrived; /* will arrive, in all */
    uint64_t ended;   /* so far */
    double latency_ns;
};

struct open_loop {
    bool on;
    sim_ns from_ns, to_ns; /* the window: from <= t <= to */
    uint64_t arrived_before, ended_before;
    uint64_t arrived_in, ended_in; /* the window; moments of their own, not of one unit */
    struct histogram *queueing, *service; /* NULL while it is off */
    struct open_loop_part part[OPEN_LOOP_PARTS];
};

/* Prepares for the arrivals of that plan; a closed batch leaves it off. The histograms come
 * from `arena`; ERR_NOMEM. */
int open_loop_init(struct open_loop *loop, const struct plan *plan,
                   const struct arrivals *arrivals, struct arena *arena) WARN_UNUSED;

/* Whoever runs units has one: a thread, a task. */
struct unit {
    sim_ns arrived_ns; /* below 0: it has no arrival */
    sim_ns began_ns;
};

/* Does ACTION_UNIT_BEGIN and ACTION_UNIT_END, now. */
void unit_begin(const struct world *world, struct unit *unit,
                const struct action *action);
void unit_end(struct world *world, const struct unit *unit);

#endif
