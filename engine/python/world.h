/* SPDX-License-Identifier: MIT */
/*
 * world - what one run consists of while it executes: clock, cores, processes, threads,
 * and the tally of what is measured on the way.
 *
 * Everything lives in the run's arena and dies with it. Threads and processes are known
 * by small numbers (ids), in order of birth.
 */
#ifndef ENGINE_PYTHON_WORLD_H
#define ENGINE_PYTHON_WORLD_H

#include "engine/base/histogram.h"
#include "engine/base/memory.h"
#include "engine/os/cpu.h"
#include "engine/program/plan.h"
#include "engine/python/brc.h"
#include "engine/python/gc.h"
#include "engine/python/gil.h"
#include "engine/python/py_call.h"
#include "engine/python/py_counter.h"
#include "engine/python/py_lock.h"
#include "engine/python/py_peer.h"
#include "engine/python/py_queue.h"
#include "engine/python/unit.h"

struct py_thread;

enum barrier_state { BARRIER_FILLING, BARRIER_DRAINING };

/* What a plan's object is while it runs. */
struct world_object {
    struct py_lock lock; /* must be first: ACTION_ACQUIRE names it; of a list: ob_mutex */
    const struct object_plan *plan;
    struct py_counter counter;
    struct py_condition changed; /* Condition itself; not_empty; of all others: theirs */
    struct py_condition not_full;
    struct py_queue queue;
    struct py_peer *peer; /* NULL for other kinds */
    int64_t value;        /* permits left; Event: 1 = set; Barrier: threads inside */
    enum barrier_state barrier;
    struct cache_line
        line; /* of its reference count; of an interpreter queue: its lock */
    lane_id lane;
};

/* A process with its one interpreter. */
struct process {
    bool is_interpreter; /* in the process of another one, whose lane it has */
    bool has_own_memory; /* not forked: a new interpreter, also where others ran before */
    struct gil gil;
    struct gc gc;
    struct brc *brc;                  /* NULL with a GIL */
    struct cache_line shared_objects; /* atomic_refcounts: None, functions ... */
    lane_id lane;
};

/* Numbers that are counted where they happen; analysis turns them into metrics. */
struct tally {
    struct histogram latency; /* of units of work */
    struct open_loop open_loop;
    struct histogram loop_lag;
    uint64_t signals;             /* whose handler has begun, */
    sim_ns signal_latency_max_ns; /* ... at most so long after they arrived */
    uint64_t loop_iterations;
    uint64_t ready_handles, ready_max; /* in the ready queue when a batch began */
    uint64_t slow_callbacks;           /* of 100 ms and more */
    sim_ns callback_max_ns;
    uint64_t merged_objects; /* of free-threaded builds: see brc.h */
    bool gc_used;            /* something was allocated */
    uint64_t gc_collections;
    sim_ns gc_pause_ns, gc_pause_max_ns;
};

struct world {
    const struct plan *plan;
    struct runtime runtime; /* the plan's; a GIL that is switched on counts as one */
    struct sim sim;
    struct cpu cpu;
    struct arena arena;
    struct tally tally;
    uint64_t work_key;    /* root of the random numbers of the workload */
    struct arrivals jobs; /* how many there are, and when they arrive; of actors: none */

    struct world_object *objects; /* plan->object_count */
    struct cache_line queue_list; /* lock of the list of all interpreter queues */
    void **object_handles; /* what actions name: the object, first of it its lock */

    struct process **processes;
    size_t process_count, process_capacity;
    struct py_thread **threads;
    size_t thread_count, thread_capacity;
    struct err err;     /* out of memory while running; ends the run */
    const char *raised; /* an exception that ended the run, or NULL; and where */
    site_id raised_at;
};

/* Prepares clock and cores of a world of zero bytes: most of its memory are histograms,
 * which few runs touch. `recorder`, `plan`, `cancel`, `chooser`,
 * `watcher` are borrowed. */
struct world_spec {
    const struct plan *plan;
    uint32_t repetition;
    struct recorder *recorder;
    const struct chooser *chooser;
    const atomic_bool *cancel;
    const struct sim_watcher *watcher;
};
int world_init(struct world *world, const struct world_spec *spec,
               struct err *err) WARN_UNUSED;
void world_deinit(struct world *world);

/* A new process with an interpreter of the plan's runtime; NULL when out of memory. */
struct process *world_add_process(struct world *world, const char *name);

/* Another interpreter of that process, with a GIL of its own that is named after the lane
 * of the thread; NULL when out of memory. */
struct process *world_add_interpreter(struct world *world, const struct process *process,
                                      lane_id thread) WARN_UNUSED;

/* Makes the plan's objects, with their lanes under `process`. */
int world_add_objects(struct world *world, const struct process *process) WARN_UNUSED;

/* Gives the thread its id, -1 when out of memory. */
int64_t world_add_thread(struct world *world, struct py_thread *thread);

/* Python would raise this exception at `site`, and nothing here could catch it: the run
 * ends as failed. `what` is a string literal. */
void world_raise(struct world *world, site_id site, const char *what);

/* Out of memory in the middle of the run: the run ends and world->err says so. */
void world_fail_nomem(struct world *world);

#endif
