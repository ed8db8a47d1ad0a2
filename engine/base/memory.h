/* SPDX-License-Identifier: MIT */
/*
 * memory - the engine's only door to the heap: an allocator hook, an arena, a growing
 * array.
 *
 * Every size computation is checked for overflow. An allocation that fails returns NULL
 * (or ERR_NOMEM): running out of memory is an ordinary error, because the size of a run
 * is user input. Tests replace the allocator through a thread-local hook to fail the nth
 * call.
 *
 * An arena belongs to one run: objects are never freed one by one and die with it.
 */
#ifndef ENGINE_BASE_MEMORY_H
#define ENGINE_BASE_MEMORY_H

#include "engine/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* --- allocator ----------------------------------------------------------------- */

/* Resizes like realloc(); `count * size` is checked. Zero bytes yields a valid pointer.
 */
void *memory_resize(void *old, size_t count, size_t size) WARN_UNUSED;

/* Zeroed memory. Free with memory_free(). */
void *memory_zeroed(size_t count, size_t size) WARN_UNUSED;

void memory_free(void *pointer);

/* A copy of a C string; free with memory_free(). */
char *memory_strdup(const char *text) WARN_UNUSED;

/* Tests: the allocation after `after` more successes on this thread fails, once. A
 * negative number switches the hook off. */
void memory_fail_after(int64_t after);

/* --- arena --------------------------------------------------------------------- */

struct arena_block;

struct arena {
    struct arena_block *head; /* newest block first */
    size_t used;              /* bytes used in the newest block */
    size_t total;             /* bytes handed out */
};

/* An arena of zero bytes is ready for use: `struct arena arena = {0}`. */
void arena_deinit(struct arena *arena);

/* Zeroed memory aligned for any type, NULL when out of memory. Lives until
 * arena_deinit(). */
void *arena_alloc(struct arena *arena, size_t count, size_t size) WARN_UNUSED;

/* A copy of a C string in the arena, NULL when out of memory. */
char *arena_strdup(struct arena *arena, const char *text) WARN_UNUSED;

/* --- growing array ------------------------------------------------------------- */

/*
 * Makes room for one more element of `size` bytes in an array that has `count` of
 * `*capacity`.
 * `*items` and `*capacity` change together, or not at all on ERR_NOMEM.
 */
int vec_reserve(void **items, size_t *capacity, size_t count, size_t size) WARN_UNUSED;

#endif
