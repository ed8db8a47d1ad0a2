/* SPDX-License-Identifier: MIT */
#include "engine/python/py_queue.h"

/* The old ring stays in the arena: a queue that grows to n leaves at most n items behind.
 */
static int grow(struct py_queue *queue) {
    const size_t capacity = queue->capacity == 0 ? 16 : 2 * queue->capacity;
    int64_t *items = arena_alloc(queue->arena, capacity, sizeof *items);
    if (items == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < queue->count; i++) {
        items[i] = queue->items[(queue->first + i) % queue->capacity];
    }
    queue->items = items;
    queue->capacity = capacity;
    queue->first = 0;
    return 0;
}

int py_queue_push(struct py_queue *queue, int64_t value) {
    if (queue->count == queue->capacity) {
        const int rc = grow(queue);
        if (rc != 0) {
            return rc;
        }
    }
    queue->items[(queue->first + queue->count++) % queue->capacity] = value;
    return 0;
}

bool py_queue_pop(struct py_queue *queue, int64_t *value) {
    if (queue->count == 0) {
        return false;
    }
    *value = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    return true;
}
