/* SPDX-License-Identifier: MIT */
/*
 * brc - biased reference counts: what it costs to drop an object that another thread has
 * made (Include/refcount.h, Python/brc.c; free-threaded builds).
 *
 *     made by a thread      its own count is plain, all others count in ob_ref_shared
 *     dropped by another    the shared count would go below zero: the object is *queued* for
 *                           its owner, under the mutex of one of 257 buckets, and the owner
 *                           is told by its eval_breaker
 *     merged                by the owner at its next check point, or at its end; by the collector; at
 *                           once by who drops it when the owner has gone. Then it is freed
 *
 * Items of queues go this way when producer and consumer are different threads.
 *
 * Simplified: a bucket's mutex is never contended, but its cache line is.
 */
#ifndef ENGINE_PYTHON_BRC_H
#define ENGINE_PYTHON_BRC_H

#include "engine/os/cpu.h"

#include <stdint.h>

struct process;
struct py_thread;

enum { BRC_BUCKETS = 257 }; /* pycore_brc.h _Py_BRC_NUM_BUCKETS */

/* Of an interpreter. */
struct brc {
    struct cache_line bucket[BRC_BUCKETS];
};

/* On a core, attached: drops the last reference to an object made by the thread `maker`
 * (-1: by nobody whom it would have to ask). Returns the core time that this takes. */
sim_ns brc_drop(struct py_thread *thread, int64_t maker);

/* On a core, attached: merges what others have queued for this thread, then `then`. */
void brc_merge(struct py_thread *thread, os_fn then);

/* Merges what is queued for any thread of the process, in whose interpreter the world
 * stands still. Returns the core time that this takes. */
sim_ns brc_merge_all(const struct process *process);

#endif
