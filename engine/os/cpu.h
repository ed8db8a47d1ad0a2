/* SPDX-License-Identifier: MIT */
/*
 * cpu - cores and the operating system's scheduler.
 *
 * A thread needs a core before it can do anything. It is in one of these states:
 *
 *       os_thread_wake            core found, latency over
 *   BLOCKED ------------> READY ---------------------------> ON_CORE
 *      ^                    ^  slice used up, others wait       |
 *      |                    +-----------------------------------+
 *      +--------------------------------------------------------+
 *                              os_thread_block
 *
 * What a thread does on its core is *work*: so many nanoseconds of core time, then a
 * continuation is called - with the thread on a core. Work may be preempted and goes on
 * later; nobody but this module sees that.
 *
 * Mechanism (Linux EEVDF, kernel/sched/fair.c):
 *   - A woken thread goes at once to an idle core (the one it last ran on if that is idle); it
 *     arrives after the wake-up latency, which depends on how long the core has been idle.
 *   - Without an idle core it queues. The running thread is protected for a base slice
 *     (RUN_TO_PARITY); the end of the slice is noticed at a tick, or at a wake-up.
 *   - One queue for all cores: the load balancer is taken to be perfect and free.
 *   - Going from one thread to another on a busy core costs a context switch.
 *   - The more cores are busy, the slower each is (turbo, shared caches): work_clock.h.
 *   - With SMT a core here is a hardware thread, and cores 2k and 2k + 1 are siblings on
 *     one physical core. A wake-up prefers the core it last ran on, then a physical core
 *     that is idle altogether (select_idle_core), then the sibling of the last one
 *     (select_idle_smt), then any. A busy sibling slows a core down, and keeps it out of
 *     deep sleep. A thread does not leave a busy sibling when a physical core falls idle
 *     later (in Linux active balancing moves it after some milliseconds).
 *   - Under a CPU quota (quota.h) a core can be *throttled*: its thread is READY, stays
 *     with the core (throttled_lb_pair) and goes on there after the refill.
 *
 * The thread's CPU clock (CLOCK_THREAD_CPUTIME_ID) counts the core time of its work.
 *
 * Recording: the core lanes, and the thread's lane: `doing` while on a core, `ready`
 * while it wants one, the activity given to os_thread_block() while blocked. A thread may
 * be *masked*: then its lane keeps what it shows, because all of it is one wait seen from
 * above (the timed waits of the GIL wake the thread every few milliseconds for a look at
 * the lock).
 */
#ifndef ENGINE_OS_CPU_H
#define ENGINE_OS_CPU_H

#include "engine/base/memory.h"
#include "engine/os/cache_line.h"
#include "engine/os/machine.h"
#include "engine/os/quota.h"
#include "engine/os/work_clock.h"
#include "engine/sim/sim.h"

#include <assert.h>
#include <stddef.h>

struct os_thread;
typedef void (*os_fn)(struct os_thread *thread);

enum os_state { OS_BLOCKED, OS_READY, OS_ON_CORE, OS_ENDED };

struct core;
struct cpu;

struct os_thread {
    /* 64 bytes (the arena aligns to 16): its work, and what a change of speed touches */
    struct cpu *cpu;
    struct core *core; /* while OS_ON_CORE, on the way to one or throttled with it; else
                          NULL */
    struct os_thread *working_next, **working_link; /* cpu.working */
    sim_ns left_ns; /* of the present work, while work_done is not pending */
    /* while it is: */
    sim_ns resumed_ns;              /* since when the work has been advancing */
    const struct work_clock *clock; /* by which it advances */
    sim_ns until_ns;                /* what that shows at the end of the work */
    /* 64 bytes: what going on and blocking do besides */
    struct event work_done;
    struct event timer; /* for the layer above: sleeps, time-outs, I/O */
    os_fn then;         /* what to call when the work is done */
    sim_ns work_ns;     /* core time of the present piece of work, in all */
    lane_id lane;
    enum os_state state;
    int32_t planned_ppm; /* the speed for which work_done is due */
    bool masked;
    bool clocked; /* the present work is counted by the CPU clock, not by the core's speed
                   */
    /* the rest */
    struct core *last_core; /* where it last ran; NULL = nowhere yet */
    struct os_thread *next; /* in the ready queue */
    sim_ns cpu_ns;          /* CPU clock, up to when it resumed */
    uint64_t timer_noise;   /* names the noise of its next timed wait */
    struct activity doing;
};

static_assert(offsetof(struct os_thread, work_done) == 64 &&
                  offsetof(struct os_thread, last_core) == 128 &&
                  sizeof(struct os_thread) == 176,
              "its parts are cache lines");

struct core {
    /* 64 bytes: arrivals, and what they show */
    struct cpu *cpu;
    struct core *sibling;      /* the other hardware thread, NULL when there is none */
    struct os_thread *current; /* runs here, is on its way here, or throttled here */
    struct event arrival;      /* `current` gets here */
    sim_ns sent_ns;            /* when `current` set out for here */
    lane_id lane;
    lane_id left_by; /* who left the core to `current`; LANE_NONE = it was idle */
    uint32_t index;
    bool busy; /* neither idle nor throttled */
    /* 64 bytes: clocks and slices */
    sim_ns busy_ns; /* core time of work and switches */
    sim_ns idle_since;
    sim_ns slice_since;   /* when `current` got here, had it not been interrupted */
    sim_ns slice_used_ns; /* by a throttled thread, before it was stopped */
    struct event slice_end;
    uint64_t wake_noise; /* names that of the next wake-up */
    uint64_t line_noise; /* ... transfer of a cache line */
    /* the rest */
    struct quota_share share;
};

static_assert(offsetof(struct core, busy_ns) == 64 &&
                  offsetof(struct core, share) == 128 && sizeof(struct core) == 184,
              "its parts are cache lines");

/* Whose work: of a core alone, of one whose sibling is busy, or by the CPU clock. */
enum work_clocks { WORK_ALONE, WORK_SHARED, WORK_CLOCKED, WORK_CLOCK_COUNT };

struct cpu {
    struct sim *sim;
    const struct machine *machine;
    struct core *cores;
    uint32_t core_count;
    uint32_t idle_count;          /* cores without a thread */
    uint32_t physical_count;      /* = core_count without SMT */
    uint32_t busy_physical_count; /* with a busy core */
    const int64_t *turbo_ppm;     /* speed of a core alone, by the number of busy ones */
    struct work_clock clocks[WORK_CLOCK_COUNT];
    sim_ns slice_ns;
    struct quota quota;
    struct os_thread *ready_first, *ready_last;
    struct os_thread *working; /* whose work_done is pending */
    uint64_t context_switches; /* from one thread to another, or from idle */
    uint64_t preemptions;
};

/* Opens the core lanes. `machine` is borrowed; cores come from `arena`. */
int cpu_init(struct cpu *cpu, struct sim *sim, const struct machine *machine,
             struct arena *arena, struct err *err) WARN_UNUSED;

/* Core time of everything that ran so far, over all cores, in nanoseconds. */
sim_ns cpu_busy_ns(const struct cpu *cpu);

/*
 * A new thread, blocked; `lane` is its lane. The first os_thread_wake() starts it: `then`
 * is called once it is on a core. Reserves room for its events.
 */
int os_thread_init(struct os_thread *thread, struct cpu *cpu, lane_id lane,
                   os_fn then) WARN_UNUSED;

/* What names the noise of its timed waits, whatever else there is: the thread's number. */
void os_thread_set_noise(struct os_thread *thread, uint32_t number);

/* On a core: does `ns` >= 0 of work, then calls `then`. Call it last in a continuation.
 */
void os_thread_work(struct os_thread *thread, sim_ns ns, os_fn then);

/* On a core: gives it up. `then` is called after a wake-up, on a core. */
void os_thread_block(struct os_thread *thread, struct activity waiting, os_fn then);

/* Blocked: makes it runnable; `by` is the lane of the thread that woke it, or LANE_NONE.
 */
void os_thread_wake(struct os_thread *thread, lane_id by);

/* On a core: the thread ends. Its lane is closed. */
void os_thread_exit(struct os_thread *thread);

/* On a core: what its lane shows from now on, whenever it is on a core. */
void os_thread_show(struct os_thread *thread, struct activity doing, lane_id by);

/* Core time of the present piece of work that has been done by now. */
sim_ns os_thread_work_done(const struct os_thread *thread);

/* Makes the present piece of work end after `ns` of core time, counted from its start;
 * not before what is already done. The thread may be on a core or ready. */
void os_thread_shorten_work(struct os_thread *thread, sim_ns ns);

/* The thread's CPU clock now. */
sim_ns os_thread_cpu_clock(const struct os_thread *thread);

/* On a core: core time until the thread may write the line. */
sim_ns os_thread_write_line(const struct os_thread *thread, struct cache_line *line);

/* ... until it may read the line: a copy, which takes it away from nobody. */
sim_ns os_thread_read_line(const struct os_thread *thread, struct cache_line *line);

/* Like os_thread_write_line() for so many writes between which another core takes the line away, if any
 * other core wants it at all. */
sim_ns os_thread_write_line_times(const struct os_thread *thread, struct cache_line *line,
                                  int64_t times);

/* On a core: what timer interrupts take of the next `ns`, a short time. */
sim_ns os_thread_interrupts(const struct os_thread *thread, sim_ns ns);

/* When a timed wait of this thread that is due `ns` from now really ends: late by the
 * timer slack, or by a share of `ns`, with the profile's noise. */
sim_ns os_thread_timer_due(struct os_thread *thread, sim_ns ns);

#define OS_THREAD_OF(event_pointer, member)                                              \
    ((struct os_thread *)(void *)((char *)(event_pointer)-offsetof(struct os_thread,     \
                                                                   member)))

#endif
