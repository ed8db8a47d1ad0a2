/* SPDX-License-Identifier: MIT */
/*
 * name_pool - texts of which many are the same, each kept once.
 *
 * The texts lie one behind the other, each with its NUL; a name is the offset of its text.
 * A table of offsets, hashed by the text and at most half full, finds it again.
 */
#ifndef ENGINE_RECORD_NAME_POOL_H
#define ENGINE_RECORD_NAME_POOL_H

#include "engine/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* A zeroed one is empty. */
struct name_pool {
    char *bytes;
    uint32_t *slots; /* name + 1, 0: empty; their number is a power of two */
    size_t used, capacity, slot_count, name_count;
    uint32_t last; /* what was asked for last: the next one is mostly the same */
};
void name_pool_deinit(struct name_pool *pool);

/* The name of the first `length` bytes of a text, none of them NUL. ERR_NOMEM */
int name_pool_add(struct name_pool *pool, const char *text, size_t length,
                  uint32_t *name) WARN_UNUSED;

/* Valid until the next name is added. */
static inline const char *name_pool_text(const struct name_pool *pool, uint32_t name) {
    return pool->bytes + name;
}

#endif
