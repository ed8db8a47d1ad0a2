/* SPDX-License-Identifier: MIT */
#include "tests/bench/queue_variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEM_OF(event_pointer) ((struct item *)(void *)(event_pointer))

void *allocate(size_t count, size_t size) {
    void *memory = aligned_alloc(64, (count * size + 63) / 64 * 64);
    if (memory == NULL) {
        fprintf(stderr, "event_queues: out of memory\n");
        exit(2);
    }
    return memset(memory, 0, count * size);
}

void queue_init(struct queue *queue, size_t most) {
    *queue = (struct queue){.keys = allocate(most, sizeof *queue->keys),
                            .scratch = allocate(most, sizeof *queue->scratch)};
    event_queue_borrow(&queue->engine, allocate(most, sizeof(struct event_key)), most);
}

void queue_deinit(struct queue *queue) {
    for (int i = 0; i < RUNGS_MAX; i++) {
        free(queue->rungs[i].buckets);
    }
    free(queue->engine.heap);
    free(queue->scratch);
    free(queue->keys);
}

void queue_reset(struct queue *queue) {
    queue->root = NULL;
    queue->engine.count = queue->count = 0;
    queue->engine.run_count = 0;
    queue->engine.pushes = queue->pushes = 0;
    queue->top.count = queue->bottom.count = 0;
    queue->top_start = 0;
    queue->rung_count = 0;
}

static uint64_t next_order(struct queue *queue, const struct item *item) {
    return (uint64_t)item->event.priority << 56 | queue->pushes++;
}

static bool item_before(const struct item *a, const struct item *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static bool key_before(const struct event_key *a, const struct event_key *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static struct event_key key_of(struct queue *queue, struct item *item, sim_ns at) {
    return (struct event_key){at, next_order(queue, item), &item->event};
}

/* --- the engine's --------------------------------------------------------------- */

static void engine_push(struct queue *queue, struct item *item, sim_ns at) {
    event_queue_push(&queue->engine, &item->event, at);
}

static void engine_remove(struct queue *queue, struct item *item) {
    event_queue_remove(&queue->engine, &item->event);
}

static void engine_move(struct queue *queue, struct item *item, sim_ns at) {
    event_queue_move(&queue->engine, &item->event, at);
}

static struct item *engine_pop(struct queue *queue, sim_ns *at) {
    return ITEM_OF(event_queue_pop(&queue->engine, at));
}

/* --- none: what the workload takes ---------------------------------------------- */

static void none_push(struct queue *queue, struct item *item, sim_ns at) {
    (void)queue, (void)item, (void)at;
}

static void none_remove(struct queue *queue, struct item *item) {
    (void)queue, (void)item;
}

/* The items in turn: nothing is known of their order. */
static struct item *none_pop(struct queue *queue, sim_ns *at) {
    struct item *item = queue->root;
    queue->root = item->next;
    *at = (sim_ns)queue->pushes++;
    return item;
}

/* --- heaps of other arities: the engine's code with another constant ------------- */

#define INLINE static inline __attribute__((always_inline))

INLINE void place(struct queue *queue, size_t at, struct event_key key) {
    queue->keys[at] = key;
    key.event->slot = (uint32_t)at + 1;
}

INLINE void sift_up(struct queue *queue, size_t at, struct event_key key, size_t arity) {
    while (at > 0) {
        const size_t parent = (at - 1) / arity;
        if (!key_before(&key, &queue->keys[parent])) {
            break;
        }
        place(queue, at, queue->keys[parent]);
        at = parent;
    }
    place(queue, at, key);
}

INLINE size_t first_child(const struct queue *queue, size_t at, size_t arity) {
    const struct event_key *heap = queue->keys;
    const size_t from = at * arity + 1;
    const size_t end = from + arity < queue->count ? from + arity : queue->count;
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

INLINE void sift_down(struct queue *queue, size_t at, struct event_key key,
                      size_t arity) {
    for (;;) {
        const size_t child = first_child(queue, at, arity);
        if (child >= queue->count || !key_before(&queue->keys[child], &key)) {
            break;
        }
        place(queue, at, queue->keys[child]);
        at = child;
    }
    place(queue, at, key);
}

INLINE void heap_fill(struct queue *queue, size_t at, struct event_key key,
                      size_t arity) {
    if (at > 0 && key_before(&key, &queue->keys[(at - 1) / arity])) {
        sift_up(queue, at, key, arity);
    } else {
        sift_down(queue, at, key, arity);
    }
}

INLINE void heap_remove(struct queue *queue, struct item *item, size_t arity) {
    const size_t at = item->event.slot - 1;
    item->event.slot = 0;
    const struct event_key last = queue->keys[--queue->count];
    if (at < queue->count) {
        heap_fill(queue, at, last, arity);
    }
}

#define HEAP(ARITY)                                                                      \
    static void heap##ARITY##_push(struct queue *queue, struct item *item, sim_ns at) {  \
        sift_up(queue, queue->count++, key_of(queue, item, at), ARITY);                  \
    }                                                                                    \
    static void heap##ARITY##_remove(struct queue *queue, struct item *item) {           \
        heap_remove(queue, item, ARITY);                                                 \
    }                                                                                    \
    static void heap##ARITY##_move(struct queue *queue, struct item *item, sim_ns at) {  \
        heap_fill(queue, item->event.slot - 1, key_of(queue, item, at), ARITY);          \
    }                                                                                    \
    static struct item *heap##ARITY##_pop(struct queue *queue, sim_ns *at) {             \
        if (queue->count == 0) {                                                         \
            return NULL;                                                                 \
        }                                                                                \
        struct item *item = ITEM_OF(queue->keys[0].event);                               \
        *at = queue->keys[0].at;                                                         \
        heap_remove(queue, item, ARITY);                                                 \
        return item;                                                                     \
    }

HEAP(2)
HEAP(8)

/* --- sorted array ---------------------------------------------------------------- */

static void sorted_push(struct queue *queue, struct item *item, sim_ns at) {
    const struct event_key key = key_of(queue, item, at);
    size_t i = queue->count++;
    for (; i > 0 && key_before(&queue->keys[i - 1], &key); i--) {
        queue->keys[i] = queue->keys[i - 1];
    }
    queue->keys[i] = key;
}

static void sorted_remove(struct queue *queue, struct item *item) {
    size_t i = 0;
    while (queue->keys[i].event != &item->event) {
        i++;
    }
    memmove(&queue->keys[i], &queue->keys[i + 1],
            (--queue->count - i) * sizeof *queue->keys);
}

static void sorted_move(struct queue *queue, struct item *item, sim_ns at) {
    const struct event_key key = key_of(queue, item, at);
    size_t i = 0;
    while (queue->keys[i].event != &item->event) {
        i++;
    }
    for (; i > 0 && key_before(&queue->keys[i - 1], &key); i--) {
        queue->keys[i] = queue->keys[i - 1];
    }
    for (; i + 1 < queue->count && key_before(&key, &queue->keys[i + 1]); i++) {
        queue->keys[i] = queue->keys[i + 1];
    }
    queue->keys[i] = key;
}

static struct item *sorted_pop(struct queue *queue, sim_ns *at) {
    if (queue->count == 0) {
        return NULL;
    }
    const struct event_key *key = &queue->keys[--queue->count];
    *at = key->at;
    return ITEM_OF(key->event);
}

/* --- pairing heap ---------------------------------------------------------------- */

/* Both are roots; `next` of the result is not set. */
static struct item *meld(struct item *a, struct item *b) {
    if (item_before(b, a)) {
        struct item *swapped = a;
        a = b;
        b = swapped;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child != NULL) {
        a->child->prev = b;
    }
    a->child = b;
    return a;
}

static void pairing_add(struct queue *queue, struct item *item) {
    queue->root = queue->root == NULL ? item : meld(queue->root, item);
    queue->root->next = queue->root->prev = NULL;
}

/* One tree of siblings: in pairs from the left, then all pairs from the right. */
static struct item *merge_pairs(struct item *first) {
    struct item *pairs = NULL;
    while (first != NULL) {
        struct item *a = first, *b = first->next;
        first = b == NULL ? NULL : b->next;
        a = b == NULL ? a : meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    struct item *root = pairs;
    pairs = pairs == NULL ? NULL : pairs->next;
    while (pairs != NULL) {
        struct item *next = pairs->next;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

/* Takes a tree that is not the root out of its parent. */
static void cut(struct item *item) {
    if (item->prev->child == item) {
        item->prev->child = item->next;
    } else {
        item->prev->next = item->next;
    }
    if (item->next != NULL) {
        item->next->prev = item->prev;
    }
}

static void pairing_push(struct queue *queue, struct item *item, sim_ns at) {
    item->at = at;
    item->order = next_order(queue, item);
    item->child = NULL;
    pairing_add(queue, item);
}

static void pairing_remove(struct queue *queue, struct item *item) {
    struct item *children = merge_pairs(item->child);
    if (item == queue->root) {
        queue->root = children;
        if (children != NULL) {
            children->next = children->prev = NULL;
        }
        return;
    }
    cut(item);
    if (children != NULL) {
        pairing_add(queue, children);
    }
}

static void pairing_move(struct queue *queue, struct item *item, sim_ns at) {
    if (at < item->at && item != queue->root) { /* the children stay */
        cut(item);
        item->at = at;
        item->order = next_order(queue, item);
        pairing_add(queue, item);
    } else {
        pairing_remove(queue, item);
        pairing_push(queue, item, at);
    }
}

static struct item *pairing_pop(struct queue *queue, sim_ns *at) {
    struct item *item = queue->root;
    if (item != NULL) {
        *at = item->at;
        pairing_remove(queue, item);
    }
    return item;
}

/* --- ladder queue ---------------------------------------------------------------- */

/* Before another one, which is in the bucket; at the end for the first. */
static void bucket_insert(struct bucket *bucket, struct item *item, struct item *before) {
    item->bucket = bucket;
    if (bucket->count++ == 0) {
        bucket->first = item->next = item->prev = item;
        return;
    }
    item->next = before;
    item->prev = before->prev;
    item->prev->next = before->prev = item;
}

static void bucket_append(struct bucket *bucket, struct item *item) {
    bucket_insert(bucket, item, bucket->first);
}

static void bucket_remove(struct item *item) {
    struct bucket *bucket = item->bucket;
    bucket->count--;
    item->prev->next = item->next;
    item->next->prev = item->prev;
    if (bucket->first == item) {
        bucket->first = item->next;
    }
}

/* Most events are pushed behind those that are there already. */
static void bottom_insert(struct queue *queue, struct item *item) {
    struct bucket *bottom = &queue->bottom;
    struct item *behind = bottom->first;
    size_t i = bottom->count;
    while (i > 0 && item_before(item, behind->prev)) {
        behind = behind->prev;
        i--;
    }
    const bool first = i == 0;
    bucket_insert(bottom, item, behind);
    if (first) {
        bottom->first = item;
    }
}

static int compare_items(const void *a, const void *b) {
    return item_before(*(struct item *const *)a, *(struct item *const *)b) ? -1 : 1;
}

static void sort_into_bottom(struct queue *queue, struct bucket *from) {
    const size_t count = from->count;
    if (count <= LADDER_SORTED) {
        for (; from->count > 0;) {
            struct item *item = from->first;
            bucket_remove(item);
            bottom_insert(queue, item);
        }
        return;
    }
    struct item *item = from->first;
    for (size_t i = 0; i < count; i++, item = item->next) {
        queue->scratch[i] = item;
    }
    qsort(queue->scratch, count, sizeof *queue->scratch, compare_items);
    from->count = 0;
    for (size_t i = 0; i < count; i++) {
        bucket_append(&queue->bottom, queue->scratch[i]);
    }
}

/* The bucket, all of which lies in `start` .. `start + span`, becomes a rung. */
static struct rung *add_rung(struct queue *queue, struct bucket *from, uint64_t start,
                             uint64_t span) {
    struct rung *rung = &queue->rungs[queue->rung_count++];
    if (rung->room < from->count) {
        free(rung->buckets);
        rung->room = 2 * from->count;
        rung->buckets = allocate(rung->room, sizeof *rung->buckets);
    }
    rung->count = from->count;
    memset(rung->buckets, 0, rung->count * sizeof *rung->buckets);
    rung->now = 0;
    rung->start = start;
    rung->width = span / from->count + 1;
    struct item *item = from->first;
    for (size_t left = from->count; left > 0; left--) {
        struct item *next = item->next;
        bucket_append(&rung->buckets[((uint64_t)item->at - start) / rung->width], item);
        item = next;
    }
    from->count = 0;
    return rung;
}

static uint64_t rung_reached(const struct rung *rung) {
    return rung->start + rung->now * rung->width;
}

/* The bottom has got so long that it is cheaper to sort it later. */
static void bottom_to_rung(struct queue *queue) {
    const uint64_t start = (uint64_t)queue->bottom.first->at;
    const uint64_t end = queue->rung_count > 0
                             ? rung_reached(&queue->rungs[queue->rung_count - 1])
                             : queue->top_start;
    if (queue->rung_count < RUNGS_MAX && end - start > 1 &&
        queue->bottom.first->prev->at > queue->bottom.first->at) {
        add_rung(queue, &queue->bottom, start, end - start - 1);
    }
}

static void ladder_add(struct queue *queue, struct item *item) {
    const uint64_t at = (uint64_t)item->at;
    if (at >= queue->top_start) {
        if (queue->top.count == 0) {
            queue->top_first = queue->top_last = at;
        }
        queue->top_first = at < queue->top_first ? at : queue->top_first;
        queue->top_last = at > queue->top_last ? at : queue->top_last;
        bucket_append(&queue->top, item);
        return;
    }
    for (int i = 0; i < queue->rung_count; i++) {
        struct rung *rung = &queue->rungs[i];
        if (at >= rung_reached(rung)) {
            bucket_append(&rung->buckets[(at - rung->start) / rung->width], item);
            return;
        }
    }
    bottom_insert(queue, item);
    if (queue->bottom.count > LADDER_SORTED) {
        bottom_to_rung(queue);
    }
}

/* The bottom and all rungs are empty. */
static void top_to_ladder(struct queue *queue) {
    if (queue->top.count <= LADDER_SORTED || queue->top_first == queue->top_last) {
        sort_into_bottom(queue, &queue->top);
        queue->top_start = queue->top_last + 1;
    } else {
        const struct rung *rung = add_rung(queue, &queue->top, queue->top_first,
                                           queue->top_last - queue->top_first);
        queue->top_start = rung->start + rung->count * rung->width;
    }
}

/* Fills the bottom, which is empty, from what comes next; false = nothing does. */
static bool fill_bottom(struct queue *queue) {
    while (queue->bottom.count == 0) {
        if (queue->rung_count == 0) {
            if (queue->top.count == 0) {
                return false;
            }
            top_to_ladder(queue);
            continue;
        }
        struct rung *rung = &queue->rungs[queue->rung_count - 1];
        while (rung->now < rung->count && rung->buckets[rung->now].count == 0) {
            rung->now++;
        }
        if (rung->now == rung->count) {
            queue->rung_count--;
            continue;
        }
        const uint64_t start = rung_reached(rung);
        struct bucket *bucket = &rung->buckets[rung->now++];
        if (bucket->count > LADDER_SORTED && rung->width > 1 &&
            queue->rung_count < RUNGS_MAX) {
            add_rung(queue, bucket, start, rung->width - 1);
        } else {
            sort_into_bottom(queue, bucket);
        }
    }
    return true;
}

static void ladder_push(struct queue *queue, struct item *item, sim_ns at) {
    item->at = at;
    item->order = next_order(queue, item);
    ladder_add(queue, item);
}

static void ladder_remove(struct queue *queue, struct item *item) {
    (void)queue;
    bucket_remove(item);
}

static void ladder_move(struct queue *queue, struct item *item, sim_ns at) {
    bucket_remove(item);
    ladder_push(queue, item, at);
}

static struct item *ladder_pop(struct queue *queue, sim_ns *at) {
    if (!fill_bottom(queue)) {
        return NULL;
    }
    struct item *item = queue->bottom.first;
    bucket_remove(item);
    *at = item->at;
    return item;
}

/* --- the table ------------------------------------------------------------------- */

const struct variant queue_none = {"none",      SIZE_MAX,  none_push,
                                   none_remove, none_push, none_pop};

#define VARIANT(name, most, prefix)                                                      \
    { name, most, prefix##_push, prefix##_remove, prefix##_move, prefix##_pop }

const struct variant queue_variants[VARIANT_COUNT] = {
    VARIANT("4-ary", SIZE_MAX, engine),  VARIANT("binary", SIZE_MAX, heap2),
    VARIANT("8-ary", SIZE_MAX, heap8),   VARIANT("pairing", SIZE_MAX, pairing),
    VARIANT("ladder", SIZE_MAX, ladder), VARIANT("sorted", NOT_SORTED, sorted),
};
