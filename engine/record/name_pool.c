/* SPDX-License-Identifier: MIT */
#include "engine/record/name_pool.h"

#include <stdbool.h>
#include <string.h>

#include "engine/base/memory.h"

enum { FIRST_SLOTS = 16, FIRST_BYTES = 256 };

void name_pool_deinit(struct name_pool *pool) {
    memory_free(pool->bytes);
    memory_free(pool->slots);
    *pool = (struct name_pool){0};
}

static bool is_text(const struct name_pool *pool, uint32_t name, const char *text,
                    size_t length) {
    const char *kept = pool->bytes + name;
    return strncmp(kept, text, length) == 0 && kept[length] == '\0';
}

/* FNV-1a */
static uint32_t hash_of(const char *text, size_t length) {
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT32_C(16777619);
    }
    return hash;
}

/* Where the text is, or the empty slot for it. */
static size_t find_slot(const struct name_pool *pool, const char *text, size_t length) {
    size_t at = hash_of(text, length) & (pool->slot_count - 1);
    while (pool->slots[at] != 0 && !is_text(pool, pool->slots[at] - 1, text, length)) {
        at = (at + 1) & (pool->slot_count - 1);
    }
    return at;
}

static int grow_slots(struct name_pool *pool) {
    if (2 * pool->name_count < pool->slot_count) {
        return 0;
    }
    struct name_pool grown = *pool;
    grown.slot_count = pool->slot_count == 0 ? FIRST_SLOTS : 2 * pool->slot_count;
    grown.slots = memory_zeroed(grown.slot_count, sizeof *grown.slots);
    if (grown.slots == NULL) {
        return ERR_NOMEM;
    }
    for (size_t name = 0; name < pool->used; name += strlen(pool->bytes + name) + 1) {
        const char *text = pool->bytes + name;
        grown.slots[find_slot(&grown, text, strlen(text))] = (uint32_t)name + 1;
    }
    memory_free(pool->slots);
    *pool = grown;
    return 0;
}

static int grow_bytes(struct name_pool *pool, size_t more) {
    size_t to = pool->capacity == 0 ? FIRST_BYTES : pool->capacity;
    while (to - pool->used < more) {
        to *= 2;
    }
    if (to == pool->capacity) {
        return 0;
    }
    char *moved = to < UINT32_MAX ? memory_resize(pool->bytes, to, 1) : NULL;
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    pool->bytes = moved;
    pool->capacity = to;
    return 0;
}

static uint32_t append(struct name_pool *pool, const char *text, size_t length) {
    const uint32_t name = (uint32_t)pool->used;
    memcpy(pool->bytes + name, text, length);
    pool->bytes[name + length] = '\0';
    pool->used += length + 1;
    pool->name_count++;
    return name;
}

int name_pool_add(struct name_pool *pool, const char *text, size_t length,
                  uint32_t *name) {
    if (pool->used == 0 || !is_text(pool, pool->last, text, length)) {
        if (grow_slots(pool) != 0 || grow_bytes(pool, length + 1) != 0) {
            return ERR_NOMEM;
        }
        uint32_t *slot = &pool->slots[find_slot(pool, text, length)];
        if (*slot == 0) {
            *slot = append(pool, text, length) + 1;
        }
        pool->last = *slot - 1;
    }
    *name = pool->last;
    return 0;
}
