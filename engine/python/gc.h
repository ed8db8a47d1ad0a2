/* SPDX-License-Identifier: MIT */
/*
 * gc - when the cycle collector of an interpreter runs, and how many objects it looks at.
 *
 * Only objects that it tracks count: lists, dicts, instances ... Here none of them is ever
 * garbage; what is modelled is the time that looking for garbage takes.
 *
 *   generational    2.7 - 3.13, and 3.14, 3.15 in their last releases (Modules/gcmodule.c,
 *                   Python/gc.c gc_collect_generations). Allocations less releases above
 *                   threshold 0 start a collection; it takes the oldest generation whose counter
 *                   is above its threshold, with all younger ones. The oldest of all is left out
 *                   until a quarter of what it had at its last collection has come to it.
 *   incremental     the first releases of 3.14 (Python/gc.c gc_collect_increment; withdrawn, gh-148726).
 *                   A collection looks at the young objects and at part of the old ones: as
 *                   many as there are young ones, and 1 % of the heap, at most 1.5 times the young.
 *   free-threaded   3.13t+ (Python/gc_free_threading.c gc_should_collect). No generations. Each
 *                   thread counts up to 512 allocations or releases for itself before it adds them
 *                   to the interpreter's; above threshold 0, and above a quarter of the objects that
 *                   survived the last one, a collection looks at everything.
 *
 * Simplified: what is released are the youngest objects; the incremental collector's marking
 * from the roots takes no time, and an old object counts as one of an increment even if it
 * was marked; 3.14t's look at the process' size in memory (gh-133464, taken back by
 * gh-148937) is left out.
 */
#ifndef ENGINE_PYTHON_GC_H
#define ENGINE_PYTHON_GC_H

#include "engine/program/runtime.h"

#include <stdbool.h>

enum { GC_GENERATIONS = 3 };

struct gc {
    const struct runtime *runtime;
    /* Of generation 0: allocations less releases; of the others: collections of the one
     * below, each since its own last collection. */
    int64_t count[GC_GENERATIONS];
    int64_t objects[GC_GENERATIONS];
    int64_t long_lived_total;   /* survivors of the last collection of everything */
    int64_t long_lived_pending; /* came to the oldest generation since then */
    int64_t work_to_do;         /* incremental: objects still to be looked at */
    int64_t not_visited;        /* incremental: old objects not yet seen in this round */
    bool collecting;
};

void gc_init(struct gc *gc, const struct runtime *runtime);

/* A thread has made `count` >= 0 objects; `buffer` is its own counter. */
void gc_allocate(struct gc *gc, int64_t *buffer, int64_t count);

/* It has given back so many, or as many as there are. */
void gc_release(struct gc *gc, int64_t *buffer, int64_t count);

/* How many objects the thread can make until the collector may have to run; >= 1. */
int64_t gc_room(const struct gc *gc, int64_t buffer);

/* True when a collection has to begin. */
bool gc_is_due(const struct gc *gc);

/* One collection; the number of objects it looks at, or -1 when it finds nothing to do. */
int64_t gc_collect(struct gc *gc);

#endif
