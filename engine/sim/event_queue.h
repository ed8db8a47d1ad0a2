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
 * reserved when an owner is born, so that pushing cannot fail.
 *
 *     run    in order:  [ first ... | ............. | ... last ]
 *                         ^ EVENT_RUN_NEAR            ^ EVENT_RUN_NEAR
 *     heap   all others
 *
 * A new event that belongs near one end of the *run* goes there, in O(1): what happens next
 * (a thread that was woken sets out for its core, arrives, works a little) as well as what
 * happens last (waits of equal length end in the order in which they began). The others, and
 * what finds the run full, go to a 4-ary heap of 24-byte keys: O(log n) push, pop and remove.
 * No allocation per event.
 *
 * The heap was chosen by measurement, before there was a run: nanoseconds per operation with n events pending. In `spin` n
 * threads of Python turn under one GIL (a third each of push, pop and move), in `hold`
 * n tasks sleep exponential times, in `equal` equal times (half push, half pop).
 *
 *               n   4-ary  binary   8-ary  pairing  ladder  sorted array
 *   spin        4      10       9       9       10       8       6
 *              16      12      12      13       25      12      10
 *              64      17      18      17       32      17      21
 *           1,000      19      22      22       41      18     123
 *         100,000      73     100      70      135      84       -
 *   hold       64      19      26      15       45      21      22
 *           1,000      27      39      30       77      23     185
 *         100,000     127     210      90      384     100       -
 *   equal      64      14      12      11        9       9      40
 *         100,000      35      58      37       16       8       -
 *
 * In the engine's usual company (`spin`) no other is clearly better for few events and for
 * many. The ladder queue wins where times are equal, with three times the code and memory
 * that grows outside of what was reserved; 8-ary wins among 100,000 sleepers; the sorted
 * array below 20 events, and is hopeless above 1,000.
 *
 * tests/bench/event_queues.c, -O3 by GCC 12, the best of 14 to 80, on a shared virtual
 * x86-64 server whose clock wanders: differences below a fifth mean little.
 *   cmake --preset valgrind && cmake --build build/valgrind --target event_queues
 *   build/valgrind/tests/event_queues
 */
#ifndef ENGINE_SIM_EVENT_QUEUE_H
#define ENGINE_SIM_EVENT_QUEUE_H

#include "engine/base/err.h"
#include "engine/base/time.h"

#include <assert.h>
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
    uint32_t slot;    /* place in the queue; 0 = not pending. Owned by the queue */
    uint8_t priority; /* enum event_priority */
};

struct event_key {
    sim_ns at;
    uint64_t order; /* priority in the top byte, then the push counter */
    struct event *event;
};

static_assert(sizeof(struct event) == 16 && sizeof(struct event_key) == 24,
              "four children are 96 bytes");

/* Places in the run, a power of two, and how many of them are near an end. */
enum { EVENT_RUN = 128, EVENT_RUN_NEAR = 4 };

struct event_queue {
    struct event_key *heap;
    size_t count; /* in the heap */
    size_t capacity, reserved;
    uint64_t pushes;
    uint32_t run_first, run_count;
    struct event_key run[EVENT_RUN]; /* a ring */
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

static inline bool event_key_before(const struct event_key *a,
                                    const struct event_key *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* The key of the first event, NULL when there is none. */
static inline const struct event_key *event_queue_first(const struct event_queue *queue) {
    const struct event_key *run = &queue->run[queue->run_first];
    if (queue->count == 0) {
        return queue->run_count == 0 ? NULL : run;
    }
    return queue->run_count > 0 && event_key_before(run, &queue->heap[0]) ? run
                                                                          : queue->heap;
}

static inline size_t event_queue_count(const struct event_queue *queue) {
    return queue->count + queue->run_count;
}

/* Time of the first event, SIM_NEVER when there is none. */
static inline sim_ns event_queue_next(const struct event_queue *queue) {
    const struct event_key *first = event_queue_first(queue);
    return first == NULL ? SIM_NEVER : first->at;
}

#endif
