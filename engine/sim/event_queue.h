/* SPDX-License-Identifier: MIT */
/*
 * event_queue - pending events in the order in which they happen.
 *
 * The order of events, which every result depends on: by time, then by priority (small
 * first), then in the order in which they were pushed. Removing and pushing again counts
 * as a new push.
 *
 * Events are intrusive: the owner embeds a `struct event`, which is in the queue at most
 * once. The queue therefore never needs more room than there are events, and room is
 * reserved when an owner is born, so that pushing cannot fail. A 4-ary heap of 24-byte
 * keys: O(log n) push, pop and remove, no allocation per event.
 */
#ifndef ENGINE_SIM_EVENT_QUEUE_H
#define ENGINE_SIM_EVENT_QUEUE_H

#include "engine/base/err.h"
#include "engine/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
typedef void (*event_fn)(struct event *event);

/* What happens first at the same nanosecond. */
enum event_priority {
    PRIORITY_WORLD, /* the outside world: I/O that completes, timers that expire */
    PRIORITY_CORE,  /* what a core does: end of work, end of a slice, arrival of a thread
                     */
    PRIORITY_LAST,  /* what comes too late for those: a CPU quota that is used up */
};

struct event {
    event_fn fire;    /* called after removal from the queue; the clock shows its time */
    uint32_t slot;    /* place in the heap + 1; 0 = not pending. Owned by the queue */
    uint8_t priority; /* enum event_priority */
};

struct event_key {
    sim_ns at;
    uint64_t order; /* priority in the top byte, then the push counter */
    struct event *event;
};

struct event_queue {
    struct event_key *heap;
    size_t count, capacity, reserved;
    uint64_t pushes;
};

/* A queue of zero bytes is empty. */
void event_queue_deinit(struct event_queue *queue);

/* Makes room for `more` further events to be pending at once. */
int event_queue_reserve(struct event_queue *queue, size_t more) WARN_UNUSED;

/* Moves into storage of somebody else, for at most `capacity` pending events. Such a queue
 * never grows by itself and must not be deinitialised; one that has storage of its own must
 * not be moved. */
void event_queue_borrow(struct event_queue *queue, struct event_key *storage,
                        size_t capacity);

/* The event must not be pending. */
void event_queue_push(struct event_queue *queue, struct event *event, sim_ns at);

/* No-op when the event is not pending. */
void event_queue_remove(struct event_queue *queue, struct event *event);

/* The same as removing a pending event and pushing it again. */
void event_queue_move(struct event_queue *queue, struct event *event, sim_ns at);

/* Removes and returns the first event and its time; NULL when empty. */
struct event *event_queue_pop(struct event_queue *queue, sim_ns *at);

static inline bool event_is_pending(const struct event *event) {
    return event->slot != 0;
}

/* Removes every event for which `drop` returns true; O(n). `drop` may let go of the event
 * but must not touch the queue. */
void event_queue_filter(struct event_queue *queue, bool (*drop)(struct event *event));

/* Time of the first event, SIM_NEVER when there is none. */
static inline sim_ns event_queue_next(const struct event_queue *queue) {
    return queue->count == 0 ? SIM_NEVER : queue->heap[0].at;
}

#endif
