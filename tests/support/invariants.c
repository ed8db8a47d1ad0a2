/* SPDX-License-Identifier: MIT */
#include "tests/support/invariants.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct timeline_span span;

/* Spans by lane, then by start, and where each lane's begin. */
struct sorted {
    const struct timeline *timeline;
    span *spans;
    size_t *first; /* lane_count + 1 */
    struct violation *violation;
};

static bool violated(struct sorted *sorted, const char *rule, lane_id lane, sim_ns at) {
    snprintf(sorted->violation->text, sizeof sorted->violation->text,
             "%s (lane %d '%s' at %" PRId64 " ns)", rule, lane,
             lane >= 0 && (size_t)lane < sorted->timeline->lane_count
                 ? sorted->timeline->lanes[lane].name
                 : "",
             at);
    return false;
}

static int by_lane_and_start(const void *left, const void *right) {
    const span *a = left, *b = right;
    if (a->lane != b->lane) {
        return a->lane < b->lane ? -1 : 1;
    }
    return (a->start > b->start) - (a->start < b->start);
}

static void sort(struct sorted *sorted) {
    const struct timeline *timeline = sorted->timeline;
    const size_t count = timeline->span_count;
    sorted->spans = malloc((count + 1) * sizeof *sorted->spans);
    sorted->first = calloc(timeline->lane_count + 2, sizeof *sorted->first);
    if (sorted->spans == NULL || sorted->first == NULL) {
        abort();
    }
    if (count > 0) {
        memcpy(sorted->spans, timeline->spans, count * sizeof *sorted->spans);
    }
    qsort(sorted->spans, count, sizeof *sorted->spans, by_lane_and_start);
    size_t at = 0;
    for (size_t lane = 0; lane <= timeline->lane_count; lane++) {
        while (at < count && sorted->spans[at].lane < (lane_id)lane) {
            at++;
        }
        sorted->first[lane] = at;
    }
}

/* --- lanes --------------------------------------------------------------------- */

static bool lane_is_whole(struct sorted *sorted, lane_id lane) {
    sim_ns expected = sorted->timeline->lanes[lane].born_ns;
    for (size_t i = sorted->first[lane]; i < sorted->first[lane + 1]; i++) {
        const span *it = &sorted->spans[i];
        if (it->start != expected) {
            return violated(sorted, "spans of a lane follow one another", lane,
                            it->start);
        }
        if (it->end <= it->start) {
            return violated(sorted, "a span takes time", lane, it->start);
        }
        expected = it->end;
    }
    return true;
}

static bool is_lane(const struct sorted *sorted, lane_id lane, enum lane_kind kind) {
    return lane >= 0 && (size_t)lane < sorted->timeline->lane_count &&
           sorted->timeline->lanes[lane].kind == kind;
}

static bool names_its_resource(struct sorted *sorted, const span *it) {
    const enum lane_kind kind = sorted->timeline->lanes[it->lane].kind;
    if (it->by != LANE_NONE && !is_lane(sorted, it->by, LANE_THREAD) &&
        !is_lane(sorted, it->by, LANE_TASK)) {
        return violated(sorted, "'by' is a thread or a task", it->lane, it->start);
    }
    bool sound = true;
    if (kind == LANE_CORE) {
        sound = it->state == STATE_IDLE || is_lane(sorted, it->resource, LANE_THREAD);
    } else if (it->state == STATE_HELD) { /* by a task: a lock of asyncio */
        sound =
            is_lane(sorted, it->resource,
                    is_lane(sorted, sorted->timeline->lanes[it->lane].parent, LANE_LOOP)
                        ? LANE_TASK
                        : LANE_THREAD);
    } else if (it->state == STATE_WAIT_GIL || it->state == STATE_FORCED_WAIT) {
        sound = is_lane(sorted, it->resource, LANE_GIL) &&
                sorted->timeline->lanes[it->resource].parent ==
                    sorted->timeline->lanes[it->lane].parent;
    } else if (kind == LANE_THREAD && it->state == STATE_IO &&
               is_lane(sorted, it->resource, LANE_THREAD)) { /* a peer */
        sound = sorted->timeline->lanes[it->resource].parent !=
                sorted->timeline->lanes[it->lane].parent;
    } else if (kind == LANE_TASK) {
        const bool waits =
            it->state == STATE_AWAIT_LOCK || it->state == STATE_AWAIT_FUTURE;
        sound = is_lane(sorted, it->resource, LANE_LOOP) ||
                (waits && is_lane(sorted, it->resource, LANE_LOCK));
    } else if (kind == LANE_LOOP) {
        sound = it->resource == LANE_NONE || is_lane(sorted, it->resource, LANE_TASK);
    }
    return sound ||
           violated(sorted, "the resource is of the right kind", it->lane, it->start);
}

/* --- cores and GIL ------------------------------------------------------------- */

/* Intervals in which one thread has something (a core, the GIL), ascending. */
struct intervals {
    span *items;
    size_t count;
};

static int by_start(const void *left, const void *right) {
    const span *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

/* Spans of `state` on lanes of `kind` that name `thread`; adjacent ones are joined. */
static struct intervals intervals_of(const struct sorted *sorted, enum lane_kind kind,
                                     enum lane_state state, lane_id thread) {
    const struct timeline *timeline = sorted->timeline;
    struct intervals result = {malloc((timeline->span_count + 1) * sizeof(span)), 0};
    if (result.items == NULL) {
        abort();
    }
    for (size_t i = 0; i < timeline->span_count; i++) {
        const span *it = &sorted->spans[i];
        if (it->state == state && it->resource == thread &&
            timeline->lanes[it->lane].kind == kind) {
            result.items[result.count++] = *it;
        }
    }
    qsort(result.items, result.count, sizeof(span), by_start);
    return result;
}

static bool do_not_overlap(const struct intervals *intervals, sim_ns *where) {
    for (size_t i = 1; i < intervals->count; i++) {
        if (intervals->items[i].start < intervals->items[i - 1].end) {
            *where = intervals->items[i].start;
            return false;
        }
    }
    return true;
}

/* Time that [start, end) shares with the intervals; `from` is where to begin looking and
 * only grows. */
static sim_ns shared(const struct intervals *intervals, size_t *from, sim_ns start,
                     sim_ns end) {
    while (*from < intervals->count && intervals->items[*from].end <= start) {
        ++*from;
    }
    sim_ns sum = 0;
    for (size_t i = *from; i < intervals->count && intervals->items[i].start < end; i++) {
        const sim_ns a =
            intervals->items[i].start > start ? intervals->items[i].start : start;
        const sim_ns b = intervals->items[i].end < end ? intervals->items[i].end : end;
        sum += b - a;
    }
    return sum;
}

static bool needs_core(enum lane_state state) {
    return state == STATE_RUNNING || state == STATE_RUNNING_C ||
           state == STATE_DETACHED || state == STATE_SPIN;
}

/* One wait seen from above: underneath the thread wakes up now and then for a look. */
static bool is_masked(enum lane_state state) {
    return state == STATE_WAIT_GIL || state == STATE_WAIT_LOCK;
}

static bool is_attached(enum lane_state state) {
    return state == STATE_RUNNING || state == STATE_RUNNING_C;
}

/* A C call that keeps the GIL and has done its own share of the work. */
static bool waits_for_its_team(const struct sorted *sorted, const span *it) {
    return it->state == STATE_WAIT_OBJECT && is_lane(sorted, it->resource, LANE_THREAD) &&
           strncmp(sorted->timeline->lanes[it->resource].name, "native ", 7) == 0;
}

static bool has_gil(const struct timeline *timeline, lane_id process) {
    for (size_t i = 0; i < timeline->lane_count; i++) {
        if (timeline->lanes[i].kind == LANE_GIL && timeline->lanes[i].parent == process) {
            return true;
        }
    }
    return false;
}

static bool thread_agrees(struct sorted *sorted, lane_id thread,
                          const struct intervals *cores, const struct intervals *held) {
    const bool gil = has_gil(sorted->timeline, sorted->timeline->lanes[thread].parent);
    size_t core_at = 0, held_at = 0;
    for (size_t i = sorted->first[thread]; i < sorted->first[thread + 1]; i++) {
        const span *it = &sorted->spans[i];
        const sim_ns length = it->end - it->start;
        const sim_ns on_core = shared(cores, &core_at, it->start, it->end);
        const sim_ns holds = shared(held, &held_at, it->start, it->end);
        if (needs_core(it->state) && on_core != length) {
            return violated(sorted, "who runs has a core", thread, it->start);
        }
        if (!needs_core(it->state) && !is_masked(it->state) && on_core != 0) {
            return violated(sorted, "who waits has no core", thread, it->start);
        }
        if (gil && is_attached(it->state) && holds != length) {
            return violated(sorted, "who is attached holds the GIL", thread, it->start);
        }
        if (gil && !is_attached(it->state) && it->state != STATE_READY &&
            !waits_for_its_team(sorted, it) && holds != 0) {
            return violated(sorted, "who holds the GIL runs or wants a core", thread,
                            it->start);
        }
    }
    return true;
}

/* While the world stands still, nobody but the one who stopped it runs attached. */
static bool world_stands_still(struct sorted *sorted, lane_id thread) {
    const lane_id process = sorted->timeline->lanes[thread].parent;
    size_t at = sorted->first[process];
    for (size_t i = sorted->first[thread]; i < sorted->first[thread + 1]; i++) {
        const span *it = &sorted->spans[i];
        while (at < sorted->first[process + 1] && sorted->spans[at].end <= it->start) {
            at++;
        }
        for (size_t j = at; j < sorted->first[process + 1]; j++) {
            const span *world = &sorted->spans[j];
            if (world->start >= it->end) {
                break;
            }
            if (world->state == STATE_PAUSED && world->resource != thread &&
                is_attached(it->state)) {
                return violated(sorted, "nobody is attached while the world is stopped",
                                thread, it->start);
            }
        }
    }
    return true;
}

static bool thread_is_sound(struct sorted *sorted, lane_id thread) {
    struct intervals cores = intervals_of(sorted, LANE_CORE, STATE_RUNNING, thread);
    struct intervals held = intervals_of(sorted, LANE_GIL, STATE_HELD, thread);
    sim_ns where = 0;
    bool sound = do_not_overlap(&cores, &where) && do_not_overlap(&held, &where);
    if (!sound) {
        violated(sorted, "a thread is in one place at a time", thread, where);
    } else {
        sound = thread_agrees(sorted, thread, &cores, &held) &&
                world_stands_still(sorted, thread);
    }
    free(cores.items);
    free(held.items);
    return sound;
}

bool timeline_is_sound(const struct timeline *timeline, struct violation *violation) {
    struct sorted sorted = {.timeline = timeline, .violation = violation};
    violation->text[0] = '\0';
    if (timeline->broken_rule != NULL) {
        snprintf(violation->text, sizeof violation->text, "%s", timeline->broken_rule);
        return false;
    }
    sort(&sorted);
    bool sound = true;
    for (lane_id lane = 0; sound && (size_t)lane < timeline->lane_count; lane++) {
        sound = lane_is_whole(&sorted, lane);
    }
    for (size_t i = 0; sound && i < timeline->span_count; i++) {
        sound = names_its_resource(&sorted, &sorted.spans[i]);
    }
    for (lane_id lane = 0; sound && (size_t)lane < timeline->lane_count; lane++) {
        sound =
            timeline->lanes[lane].kind != LANE_THREAD || thread_is_sound(&sorted, lane);
    }
    free(sorted.spans);
    free(sorted.first);
    return sound;
}
