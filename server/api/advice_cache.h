/* SPDX-License-Identifier: MIT */
/*
 * advice_cache - what was last said of experiments that have not ended.
 *
 * It stands as long as no other cell has ended, and at least ADVICE_REST times as long as it
 * took to make: however many ask, and however large the grid, one thread spends at most one
 * part in ADVICE_REST + 1 of its time on an experiment. An answer says itself how many cells
 * it knows, so that one that stands is not wrong. There is room for ADVICE_PLACES of them.
 * Threads: any.
 */
#ifndef SERVER_API_ADVICE_CACHE_H
#define SERVER_API_ADVICE_CACHE_H

#include "engine/base/err.h"
#include "server/http/json_writer.h"

#include <stdbool.h>
#include <stdint.h>

enum { ADVICE_PLACES = 16, ADVICE_REST = 8 };

struct advice_cache;

int advice_cache_create(struct advice_cache **out, struct err *err) WARN_UNUSED;

/* NULL is accepted. */
void advice_cache_destroy(struct advice_cache *cache);

/* What is asked for. */
struct advice_wish {
    int64_t experiment;
    int64_t cells_done;
    int64_t now_ns; /* of clock_ns() */
};

/* Writes what stands; false: it is to be made. To one of those who ask, while others still
 * get what was there before. */
bool advice_cache_find(struct advice_cache *cache, const struct advice_wish *wish,
                       struct json_writer *writer);

/* Keeps a copy of what was made for the wish, until `now_ns`. Without memory nothing is kept. */
void advice_cache_keep(struct advice_cache *cache, const struct advice_wish *wish,
                       int64_t now_ns, const struct json_writer *made);

#endif
