/* SPDX-License-Identifier: MIT */
#include "engine/sim/event_queue.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/base/memory.h"

enum { ARITY = 4 };

void event_queue_deinit(struct event_queue *queue) {
    memory_free(queue->heap);
    *queue = (struct event_queue){0};
}

int event_queue_reserve(struct event_queue *queue, size_t more) {
    const size_t wanted = queue->reserved + more;
    if (wanted > queue->capacity) {
        const size_t grown = wanted > 2 * queue->capacity ? wanted : 2 * queue->capacity;
        void *moved = memory_resize(queue->heap, grown, sizeof *queue->heap);
        if (moved == NULL) {
            return ERR_NOMEM;
        }
        queue->heap = moved;
        queue->capacity = grown;
    }
    queue->reserved = wanted;
    return 0;
}

void event_queue_borrow(struct event_queue *queue, struct event_key *storage,
                        size_t capacity) {
    ASSERT(event_queue_count(queue) <= capacity);
    if (queue->count > 0) {
        memcpy(storage, queue->heap, queue->count * sizeof *storage);
    }
    queue->heap = storage;
    queue->capacity = queue->reserved = capacity;
}

/* --- heap ---------------------------------------------------------------------- */

static void place(struct event_queue *queue, size_t at, struct event_key key) {
    queue->heap[at] = key;
    key.event->slot = (uint32_t)at + 1;
}

static inline void sift_up(struct event_queue *queue, size_t at, struct event_key key) {
    while (at > 0) {
        const size_t parent = (at - 1) / ARITY;
        if (!event_key_before(&key, &queue->heap[parent])) {
            break;
        }
        place(queue, at, queue->heap[parent]);
        at = parent;
    }
    place(queue, at, key);
}

/* Which child is first no processor can guess: the choice is written so that it compiles
 * to conditional moves. The branch for equal times is mostly guessed right. */
static inline size_t first_child(const struct event_queue *queue, size_t at) {
    const struct event_key *heap = queue->heap;
    const size_t from = at * ARITY + 1;
    const size_t end = from + ARITY < queue->count ? from + ARITY : queue->count;
    if (from >= end) {
        return from;
    }
    size_t first = from;
    sim_ns earliest = heap[from].at;
    for (size_t i = from + 1; i < end; i++) {
        const sim_ns next = heap[i].at;
        if (next == earliest) {
            first = heap[i].order < heap[first].order ? i : first;
        } else {
            first = next < earliest ? i : first;
            earliest = next < earliest ? next : earliest;
        }
    }
    return first;
}

static inline void sift_down(struct event_queue *queue, size_t at, struct event_key key) {
    for (;;) {
        const size_t child = first_child(queue, at);
        if (child >= queue->count || !event_key_before(&queue->heap[child], &key)) {
            break;
        }
        place(queue, at, queue->heap[child]);
        at = child;
    }
    place(queue, at, key);
}

/* Puts the key where there is a gap. */
static inline void fill(struct event_queue *queue, size_t at, struct event_key key) {
    if (at > 0 && event_key_before(&key, &queue->heap[(at - 1) / ARITY])) {
        sift_up(queue, at, key);
    } else {
        sift_down(queue, at, key);
    }
}

static void heap_remove(struct event_queue *queue, size_t at) {
    const struct event_key last = queue->heap[--queue->count];
    if (at < queue->count) {
        fill(queue, at, last);
    }
}

/* --- run ----------------------------------------------------------------------- */

/* In the slot of an event that is in the run, beside its place in the ring. */
static const uint32_t IN_RUN = UINT32_C(1) << 31;

static struct event_key *run_at(struct event_queue *queue, uint32_t nth) {
    return &queue->run[(queue->run_first + nth) % EVENT_RUN];
}

static void run_place(struct event_queue *queue, uint32_t nth,
                      const struct event_key *key) {
    const uint32_t at = (queue->run_first + nth) % EVENT_RUN;
    queue->run[at] = *key;
    key->event->slot = IN_RUN | at;
}

/* The first `before` of them make room. */
static void run_insert_front(struct event_queue *queue, uint32_t before,
                             const struct event_key *key) {
    queue->run_first = (queue->run_first - 1) % EVENT_RUN;
    queue->run_count++;
    for (uint32_t i = 0; i < before; i++) {
        run_place(queue, i, run_at(queue, i + 1));
    }
    run_place(queue, before, key);
}

/* The last `after` of them make room. */
static void run_insert_back(struct event_queue *queue, uint32_t after,
                            const struct event_key *key) {
    uint32_t at = queue->run_count++;
    for (; after > 0; after--, at--) {
        run_place(queue, at, run_at(queue, at - 1));
    }
    run_place(queue, at, key);
}

/* Where the key belongs when a gap is made there: near an end of the run, and that has room.
 * False when it belongs in the heap. */
static bool run_insert_near(struct event_queue *queue, const struct event_key *key) {
    const uint32_t count = queue->run_count;
    if (count == EVENT_RUN) {
        return false;
    }
    for (uint32_t i = 1; i < EVENT_RUN_NEAR && i < count; i++) {
        if (!event_key_before(key, run_at(queue, count - 1 - i))) {
            run_insert_back(queue, i, key);
            return true;
        }
        if (event_key_before(key, run_at(queue, i))) {
            run_insert_front(queue, i, key);
            return true;
        }
    }
    return false;
}

static void run_remove(struct event_queue *queue, uint32_t nth) {
    const uint32_t last = --queue->run_count;
    if (nth < last - nth) {
        for (; nth > 0; nth--) {
            run_place(queue, nth, run_at(queue, nth - 1));
        }
        queue->run_first = (queue->run_first + 1) % EVENT_RUN;
    } else {
        for (; nth < last; nth++) {
            run_place(queue, nth, run_at(queue, nth + 1));
        }
    }
}

/* --- both ---------------------------------------------------------------------- */

static struct event_key key_of(struct event_queue *queue, struct event *event,
                               sim_ns at) {
    return (struct event_key){
        .at = at,
        .order = (uint64_t)event->priority << 56 | queue->pushes++,
        .event = event,
    };
}

/* A function of its own, so that an event at an end of the run needs no stack. */
__attribute__((noinline)) static void insert(struct event_queue *queue, sim_ns at,
                                             uint64_t order, struct event *event) {
    const struct event_key key = {at, order, event};
    if (!run_insert_near(queue, &key)) {
        sift_up(queue, queue->count++, key);
    }
}

void event_queue_push(struct event_queue *queue, struct event *event, sim_ns at) {
    ASSERT(event->slot == 0 && event_queue_count(queue) < queue->capacity);
    const struct event_key key = key_of(queue, event, at);
    const uint32_t count = queue->run_count;
    if (count == 0 || (count < EVENT_RUN && event_key_before(&key, run_at(queue, 0)))) {
        run_insert_front(queue, 0, &key);
    } else if (count < EVENT_RUN && !event_key_before(&key, run_at(queue, count - 1))) {
        run_insert_back(queue, 0, &key);
    } else {
        insert(queue, key.at, key.order, event);
    }
}

void event_queue_remove(struct event_queue *queue, struct event *event) {
    const uint32_t slot = event->slot;
    if (slot == 0) {
        return;
    }
    event->slot = 0;
    if ((slot & IN_RUN) != 0) {
        run_remove(queue, (slot - queue->run_first) % EVENT_RUN);
    } else {
        heap_remove(queue, slot - 1);
    }
}

void event_queue_move(struct event_queue *queue, struct event *event, sim_ns at) {
    ASSERT(event->slot != 0);
    event_queue_remove(queue, event);
    event_queue_push(queue, event, at);
}

struct event *event_queue_pop(struct event_queue *queue, sim_ns *at) {
    const struct event_key *first = event_queue_first(queue);
    if (first == NULL) {
        return NULL;
    }
    struct event *event = first->event;
    *at = first->at;
    event_queue_remove(queue, event);
    return event;
}

static bool is_dropped(struct event *event, bool (*drop)(struct event *event)) {
    event->slot = 0;
    return drop(event);
}

void event_queue_filter(struct event_queue *queue, bool (*drop)(struct event *event)) {
    uint32_t kept_in_run = 0;
    for (uint32_t i = 0; i < queue->run_count; i++) {
        const struct event_key key = *run_at(queue, i);
        if (!is_dropped(key.event, drop)) {
            run_place(queue, kept_in_run++, &key);
        }
    }
    queue->run_count = kept_in_run;
    size_t kept = 0;
    for (size_t i = 0; i < queue->count; i++) {
        const struct event_key key = queue->heap[i];
        if (!is_dropped(key.event, drop)) {
            place(queue, kept++, key);
        }
    }
    queue->count = kept;
    for (size_t i = kept; i-- > 0;) {
        sift_down(queue, i, queue->heap[i]);
    }
}
