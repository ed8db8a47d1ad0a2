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
    ASSERT(queue->count <= capacity);
    if (queue->count > 0) {
        memcpy(storage, queue->heap, queue->count * sizeof *storage);
    }
    queue->heap = storage;
    queue->capacity = queue->reserved = capacity;
}

static bool key_before(const struct event_key *a, const struct event_key *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct event_queue *queue, size_t at, struct event_key key) {
    queue->heap[at] = key;
    key.event->slot = (uint32_t)at + 1;
}

static inline void sift_up(struct event_queue *queue, size_t at, struct event_key key) {
    while (at > 0) {
        const size_t parent = (at - 1) / ARITY;
        if (!key_before(&key, &queue->heap[parent])) {
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
        if (child >= queue->count || !key_before(&queue->heap[child], &key)) {
            break;
        }
        place(queue, at, queue->heap[child]);
        at = child;
    }
    place(queue, at, key);
}

static struct event_key key_of(struct event_queue *queue, struct event *event,
                               sim_ns at) {
    return (struct event_key){
        .at = at,
        .order = (uint64_t)event->priority << 56 | queue->pushes++,
        .event = event,
    };
}

void event_queue_push(struct event_queue *queue, struct event *event, sim_ns at) {
    ASSERT(event->slot == 0 && queue->count < queue->capacity);
    sift_up(queue, queue->count++, key_of(queue, event, at));
}

/* Puts the key where there is a gap. */
static inline void fill(struct event_queue *queue, size_t at, struct event_key key) {
    if (at > 0 && key_before(&key, &queue->heap[(at - 1) / ARITY])) {
        sift_up(queue, at, key);
    } else {
        sift_down(queue, at, key);
    }
}

void event_queue_move(struct event_queue *queue, struct event *event, sim_ns at) {
    ASSERT(event->slot != 0);
    fill(queue, event->slot - 1, key_of(queue, event, at));
}

void event_queue_remove(struct event_queue *queue, struct event *event) {
    if (event->slot == 0) {
        return;
    }
    const size_t at = event->slot - 1;
    event->slot = 0;
    const struct event_key last = queue->heap[--queue->count];
    if (at < queue->count) {
        fill(queue, at, last);
    }
}

struct event *event_queue_pop(struct event_queue *queue, sim_ns *at) {
    if (queue->count == 0) {
        return NULL;
    }
    struct event *event = queue->heap[0].event;
    *at = queue->heap[0].at;
    event_queue_remove(queue, event);
    return event;
}

void event_queue_filter(struct event_queue *queue, bool (*drop)(struct event *event)) {
    size_t kept = 0;
    for (size_t i = 0; i < queue->count; i++) {
        const struct event_key key = queue->heap[i];
        key.event->slot = 0;
        if (!drop(key.event)) {
            place(queue, kept++, key);
        }
    }
    queue->count = kept;
    for (size_t i = kept; i-- > 0;) {
        sift_down(queue, i, queue->heap[i]);
    }
}
