/* SPDX-License-Identifier: MIT */
/*
 * quota - the CPU quota of the control group in which the whole program runs (cgroup v2
 * cpu.max: so much core time in every period, over all cores).
 *
 * Mechanism (Linux 6.6+ kernel/sched/fair.c, CFS bandwidth control):
 *
 *            refilled to the quota at every multiple of the period
 *                                 |
 *                          +------v-------+
 *                          |     pool     |
 *                          +--^--------|--+
 *   idle: gives back all but  |        |  used up: takes what makes its budget 5 ms,
 *   1 ms of its budget        |        v           or as much as there is
 *                          budget of each core
 *
 *   - A core uses its budget while a thread runs on it (the time that the thread's CPU
 *     clock counts). That the budget is used up is noticed at a tick, so it can fall
 *     below zero: a debt, paid before anything else is bought.
 *   - A core that gets nothing is *throttled*, with its thread. At the next refill the
 *     throttled cores get, in the order in which they fell, what puts their budget just
 *     above zero, and go on; whom the pool does not reach stays throttled.
 *   - Budgets do not expire at the end of a period (Linux 5.4+).
 *   - Time given back also wakes throttled cores, 5 ms later, when the pool has more than
 *     a slice and no refill is near (the slack timer).
 *
 * Periods begin at multiples of the period from the start of the run; in the kernel their
 * phase is random. Bursts (cpu.max.burst) and quotas of nested groups are not modelled.
 *
 * The module moves no thread. It says when a core must stop and may go on; cpu.c acts.
 * Without a quota every call returns at once.
 */
#ifndef ENGINE_OS_QUOTA_H
#define ENGINE_OS_QUOTA_H

#include "engine/os/machine.h"
#include "engine/sim/sim.h"

struct quota;
struct quota_share;
typedef void (*quota_fn)(struct quota_share *share);

/* What one core has. */
struct quota_share {
    struct quota *quota;
    struct quota_share *next; /* in the list of throttled cores */
    struct event used_up;     /* pending while the core runs a thread */
    sim_ns budget_ns;         /* as of since_ns; below zero: a debt */
    sim_ns since_ns;          /* up to when the running core has been charged */
    bool running;
};

struct quota {
    struct sim *sim;
    sim_ns limit_ns; /* per period; 0 = no quota */
    sim_ns period_ns;
    sim_ns tick_ns;
    sim_ns pool_ns;
    sim_ns refill_ns;    /* when the pool is refilled next; in the past: overdue */
    struct event refill; /* pending while a core is throttled */
    struct event slack;  /* time given back is about to be handed out */
    struct quota_share *first, *last; /* throttled cores */
    quota_fn stop, go_on;
    uint64_t throttled_periods; /* at whose end a core was throttled (nr_throttled) */
};

/* `stop`: the running core's budget is used up; it must stop its thread and call
 * quota_pause() and quota_admit(). `go_on`: a throttled core may run again. Reserves room
 * for two events. */
int quota_init(struct quota *quota, struct sim *sim, const struct machine *machine,
               quota_fn stop, quota_fn go_on) WARN_UNUSED;

/* Joins; reserves room for one event. `quota` is borrowed. */
int quota_share_init(struct quota_share *share, struct quota *quota) WARN_UNUSED;

/* May the core take a thread? If not, it is throttled now, and `go_on` will be called. */
bool quota_admit(struct quota_share *share);

/* A thread begins to run on the core, which has been admitted. */
void quota_run(struct quota_share *share);

/* The thread stops running, for whatever reason. No-op when none runs. */
void quota_pause(struct quota_share *share);

/* The core has nothing more to run. */
void quota_give_back(struct quota_share *share);

static inline bool quota_is_set(const struct quota *quota) { return quota->limit_ns > 0; }

#endif
