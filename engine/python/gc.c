/* SPDX-License-Identifier: MIT */
#include "engine/python/gc.h"

#include "engine/base/check.h"

enum {
    BUFFER = 512,      /* gc_free_threading.c LOCAL_ALLOC_COUNT_THRESHOLD */
    SCAN_DIVISOR = 10, /* gc.c SCAN_RATE_DIVISOR, 3.14 */
    OLDEST = GC_GENERATIONS - 1,
};

static int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

void gc_init(struct gc *gc, const struct runtime *runtime) {
    *gc = (struct gc){
        .runtime = runtime,
        .objects = {0, 0, runtime->gc_start_objects},
        .not_visited = runtime->gc_start_objects,
    };
}

static int64_t threshold(const struct gc *gc, int generation) {
    const struct runtime *runtime = gc->runtime;
    const int64_t thresholds[GC_GENERATIONS] = {
        runtime->gc_threshold_0, runtime->gc_threshold_1, runtime->gc_threshold_2};
    return thresholds[generation];
}

static bool is_enabled(const struct gc *gc) {
    return gc->runtime->gc_enabled && threshold(gc, 0) > 0;
}

static bool is_buffered(const struct gc *gc) {
    return gc->runtime->gc_kind == GC_FREE_THREADED;
}

static int64_t heap_size(const struct gc *gc) {
    return gc->objects[0] + gc->objects[1] + gc->objects[OLDEST];
}

/* --- allocating ---------------------------------------------------------------- */

/* record_allocation, record_deallocation: the interpreter's counter is atomic, so each
 * thread spares it. */
static void add_to_count(struct gc *gc, int64_t *buffer, int64_t change) {
    if (!is_buffered(gc)) {
        const int64_t count = gc->count[0] + change;
        gc->count[0] = count > 0 ? count : 0;
        return;
    }
    *buffer += change;
    if (*buffer >= BUFFER || *buffer <= -BUFFER) {
        gc->count[0] += *buffer;
        *buffer = 0;
    }
}

void gc_allocate(struct gc *gc, int64_t *buffer, int64_t count) {
    gc->objects[0] += count;
    add_to_count(gc, buffer, count);
}

void gc_release(struct gc *gc, int64_t *buffer, int64_t count) {
    int64_t left =
        min(count, heap_size(gc) - min(heap_size(gc), gc->runtime->gc_start_objects));
    add_to_count(gc, buffer, -left);
    for (int i = 0; i < GC_GENERATIONS; i++) {
        const int64_t here = min(left, gc->objects[i]);
        gc->objects[i] -= here;
        left -= here;
    }
    gc->not_visited = min(gc->not_visited, gc->objects[OLDEST]);
}

int64_t gc_room(const struct gc *gc, int64_t buffer) {
    if (!is_enabled(gc)) {
        return INT64_MAX;
    }
    const int64_t room =
        is_buffered(gc) ? BUFFER - buffer : threshold(gc, 0) + 1 - gc->count[0];
    return room > 0 ? room : 1;
}

bool gc_is_due(const struct gc *gc) {
    if (!is_enabled(gc) || gc->collecting || gc->count[0] <= threshold(gc, 0)) {
        return false;
    }
    return !is_buffered(gc) || threshold(gc, 1) == 0 ||
           gc->count[0] > gc->long_lived_total / 4;
}

/* --- collecting ---------------------------------------------------------------- */

/* The oldest generation that is due; -1 = none. */
static int generation_due(const struct gc *gc) {
    for (int i = OLDEST; i >= 0; i--) {
        const bool spared =
            i == OLDEST && gc->long_lived_pending < gc->long_lived_total / 4;
        if (gc->count[i] > threshold(gc, i) && !spared) {
            return i;
        }
    }
    return -1;
}

/* The survivors, which are all, go to the next generation. */
static int64_t collect_generation(struct gc *gc, int generation) {
    int64_t seen = 0;
    for (int i = 0; i <= generation; i++) {
        seen += gc->objects[i];
        gc->objects[i] = 0;
        gc->count[i] = 0;
    }
    if (generation == OLDEST) {
        gc->objects[OLDEST] = seen;
        gc->long_lived_total = seen;
        gc->long_lived_pending = 0;
        return seen;
    }
    gc->objects[generation + 1] += seen;
    gc->count[generation + 1]++;
    if (generation + 1 == OLDEST) {
        gc->long_lived_pending += seen;
    }
    return seen;
}

static int64_t collect_increment(struct gc *gc) {
    const int64_t scale = threshold(gc, 1) > 2 ? threshold(gc, 1) : 2;
    const int64_t share = heap_size(gc) / SCAN_DIVISOR / scale;
    gc->work_to_do += gc->count[0] + min(share, gc->count[0] * 3 / 2);
    gc->count[0] = 0;
    const int64_t young = gc->objects[0];
    const int64_t wanted = gc->work_to_do > young ? gc->work_to_do - young : 0;
    const int64_t old = min(wanted, gc->not_visited);
    gc->objects[OLDEST] += young;
    gc->objects[0] = 0;
    gc->not_visited -= old;
    gc->work_to_do += share - (young + old);
    if (gc->not_visited == 0) { /* the next round begins */
        gc->not_visited = gc->objects[OLDEST];
        gc->work_to_do = 0;
    }
    return young + old;
}

static int64_t collect_everything(struct gc *gc) {
    const int64_t seen = heap_size(gc);
    *gc = (struct gc){
        .runtime = gc->runtime,
        .objects = {0, 0, seen},
        .long_lived_total = seen,
        .collecting = gc->collecting,
    };
    return seen;
}

int64_t gc_collect(struct gc *gc) {
    switch ((enum gc_kind)gc->runtime->gc_kind) {
    case GC_GENERATIONAL: {
        const int generation = generation_due(gc);
        return generation < 0 ? -1 : collect_generation(gc, generation);
    }
    case GC_INCREMENTAL:
        return collect_increment(gc);
    case GC_FREE_THREADED:
        return collect_everything(gc);
    case GC_KIND_COUNT:
        break;
    }
    ASSERT(false); /* plan_check() knows the kinds */
    return -1;
}
