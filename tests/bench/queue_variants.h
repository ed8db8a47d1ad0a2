/* SPDX-License-Identifier: MIT */
/*
 * queue_variants - queues of events that the engine could have, beside its own.
 *
 * Every queue has the engine's semantics: the key is (time, priority, order of pushes), any
 * pending event can be removed or moved. The heaps of other arities are the engine's code.
 *
 * The ladder queue is that of Tang, Goh and Thng (2005): far events unsorted (`top`), nearer
 * ones in rungs of ever narrower buckets, the nearest sorted (`bottom`). A bucket of more
 * than LADDER_SORTED events becomes a rung of its own; so does the bottom.
 */
#ifndef BENCH_QUEUE_VARIANTS_H
#define BENCH_QUEUE_VARIANTS_H

#include "engine/sim/event_queue.h"

#include <stdalign.h>

enum { RUNGS_MAX = 8, LADDER_SORTED = 50, NOT_SORTED = 1001 };

struct bucket;

struct item {
    alignas(64) struct event event;
    sim_ns at; /* the key, for queues that do not keep it elsewhere */
    uint64_t order;
    struct item *next, *prev; /* siblings; prev of a first child is its parent */
    union {
        struct item *child;
        struct bucket *bucket;
    };
    bool up; /* for the workload */
};

/* A ring of items. */
struct bucket {
    struct item *first;
    size_t count;
};

struct rung {
    struct bucket *buckets;
    size_t room, count, now; /* buckets before `now` are empty */
    uint64_t start, width;
};

struct queue {
    struct event_queue engine;
    struct event_key *keys; /* heaps; the sorted array, last one first */
    size_t count;
    uint64_t pushes;
    struct item *root; /* pairing heap */
    struct bucket top, bottom;
    uint64_t top_start, top_first, top_last;
    struct rung rungs[RUNGS_MAX];
    int rung_count;
    struct item **scratch;
};

struct variant {
    const char *name;
    size_t most; /* events that it is measured with */
    void (*push)(struct queue *queue, struct item *item, sim_ns at);
    void (*remove)(struct queue *queue, struct item *item);
    void (*move)(struct queue *queue, struct item *item, sim_ns at);
    struct item *(*pop)(struct queue *queue, sim_ns *at);
};

/* The engine's comes first. */
enum { VARIANT_COUNT = 6 };
extern const struct variant queue_variants[VARIANT_COUNT];

/* No queue: the items in turn, along `next` from the root. */
extern const struct variant queue_none;

/* Zeroed memory, or the end of the program. */
void *allocate(size_t count, size_t size);

/* For at most so many events. */
void queue_init(struct queue *queue, size_t most);
void queue_deinit(struct queue *queue);

/* Forgets all events. */
void queue_reset(struct queue *queue);

#endif
