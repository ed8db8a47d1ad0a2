/* SPDX-License-Identifier: MIT */
#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* --- allocator ----------------------------------------------------------------- */

/* Test hook; thread-local so that runs in other threads are not touched. -1 = off. */
static _Thread_local int64_t fail_countdown = -1;

void memory_fail_after(int64_t after) { fail_countdown = after; }

static bool allocation_must_fail(void) {
    if (fail_countdown < 0) {
        return false;
    }
    return fail_countdown-- == 0;
}

void *memory_resize(void *old, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || allocation_must_fail()) {
        return NULL;
    }
    return realloc(old, bytes == 0 ? 1 : bytes);
}

void *memory_zeroed(size_t count, size_t size) {
    if (allocation_must_fail()) {
        return NULL;
    }
    return calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

void memory_free(void *pointer) { free(pointer); }

char *memory_strdup(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = memory_resize(NULL, size, 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

/* --- arena --------------------------------------------------------------------- */

struct arena_block {
    struct arena_block *next;
    size_t capacity;
    _Alignas(max_align_t) unsigned char bytes[];
};

/* The first block, and the largest one that no allocation asks for: blocks double, so that
 * a small arena is cheap to clear. */
enum { ARENA_FIRST_BYTES = 4 * 1024, ARENA_BLOCK_BYTES = 64 * 1024 };

static size_t next_capacity(const struct arena *arena) {
    if (arena->head == NULL) {
        return ARENA_FIRST_BYTES;
    }
    return arena->head->capacity < ARENA_BLOCK_BYTES / 2 ? 2 * arena->head->capacity
                                                         : ARENA_BLOCK_BYTES;
}

static int arena_grow(struct arena *arena, size_t bytes) {
    const size_t block_bytes = next_capacity(arena);
    const size_t capacity = bytes > block_bytes ? bytes : block_bytes;
    size_t total;
    if (__builtin_add_overflow(capacity, sizeof(struct arena_block), &total)) {
        return ERR_NOMEM;
    }
    struct arena_block *block = memory_zeroed(total, 1);
    if (block == NULL) {
        return ERR_NOMEM;
    }
    block->next = arena->head;
    block->capacity = capacity;
    arena->head = block;
    arena->used = 0;
    return 0;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size) {
    const size_t align = _Alignof(max_align_t);
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - align) {
        return NULL;
    }
    bytes = (bytes + align - 1) / align * align;
    if (arena->head == NULL || arena->head->capacity - arena->used < bytes) {
        if (arena_grow(arena, bytes) != 0) {
            return NULL;
        }
    }
    void *result = arena->head->bytes + arena->used;
    arena->used += bytes;
    arena->total += bytes;
    return result;
}

char *arena_strdup(struct arena *arena, const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = arena_alloc(arena, size, 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void arena_deinit(struct arena *arena) {
    struct arena_block *block = arena->head;
    while (block != NULL) {
        struct arena_block *next = block->next;
        memory_free(block);
        block = next;
    }
    *arena = (struct arena){0};
}

/* --- growing array ------------------------------------------------------------- */

int vec_reserve(void **items, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) {
        return 0;
    }
    const size_t grown = *capacity == 0 ? 8 : *capacity * 2;
    if (grown < *capacity) {
        return ERR_NOMEM;
    }
    void *moved = memory_resize(*items, grown, size);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    *items = moved;
    *capacity = grown;
    return 0;
}
