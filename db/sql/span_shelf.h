/* SPDX-License-Identifier: MIT */
/*
 * span_shelf - the wanted spans of decoded chunks, sorted by state, with nothing but their
 * durations: six bytes a span, ten where one of the chunk is longer than four seconds. With
 * it, passes over states decode each chunk once when no other column is asked for.
 *
 * What all shelves of a connection hold is bounded (SPAN_SHELF_BYTES_MAX); a chunk that
 * finds no room is not put there and has to be decoded again.
 */
#ifndef DB_SQL_SPAN_SHELF_H
#define DB_SQL_SPAN_SHELF_H

#include "db/chunk_codec.h"

#include <stdbool.h>

enum { SPAN_SHELF_BYTES_MAX = 64 * 1024 * 1024 };

struct shelf_book;

/* A zeroed one with `held` set is empty. */
struct span_shelf {
    size_t *held;              /* bytes, of all shelves of the connection */
    struct shelf_book **books; /* by number of the chunk; NULL: not there */
    size_t count;
};

/* Makes room for chunks with numbers below `count`; empties it. ERR_NOMEM. */
int span_shelf_reset(struct span_shelf *shelf, size_t count, struct err *err) WARN_UNUSED;
void span_shelf_deinit(struct span_shelf *shelf);

/* Puts `count` rows of a block there, if they have room. */
void span_shelf_put(struct span_shelf *shelf, size_t number,
                    const struct span_block *block, const uint16_t *rows, uint32_t count);

static inline bool span_shelf_has(const struct span_shelf *shelf, size_t number) {
    return number < shelf->count && shelf->books[number] != NULL;
}

/*
 * The rows of a state, where they were in the chunk: their numbers go to `rows`, and the
 * block gets state, start (0) and end (the duration) there. How many.
 */
uint32_t span_shelf_get(const struct span_shelf *shelf, size_t number, int state,
                        struct span_block *block, uint16_t *rows);

#endif
