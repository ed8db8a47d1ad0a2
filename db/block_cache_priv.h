/* SPDX-License-Identifier: MIT */
/*
 * block_cache - what was decoded of the rows that the readers of a store read, for the next
 * time that one of them reads the same. Inside db only.
 *
 * Who asks has read the row: what is saved is the decoding. A block is taken for that of the
 * row when kind and id are the same, and its length, and a sum of its first 40 bytes and its
 * last eight: what is said of its time and place, and its checksum. So nobody has to tell the
 * cache that a timeline was removed and its ids went to another run. A row that is damaged in
 * its middle after it was decoded is taken for what it was.
 *
 *     reader --- hold ---.          shard: mutex, blocks, room
 *     reader --- hold -----> cache  shard      "
 *     reader --- hold ---'          ...
 *
 * A cache is used by any number of threads, each of which has holds of its own. A row has its
 * shard; the mutex of that is held while blocks are compared, counted or let go, never while
 * one is decoded: two threads that decode the same row at the same time do it twice, and the
 * second one takes what the first one kept. A block stays as long as the cache or a hold has
 * it, and does not change.
 *
 * All blocks of a cache together take up to its size, and those that are held besides: one of
 * each hold. One that is larger than a shard is not kept. A sheet has to be left alone for
 * longer than a chunk before it goes, one of a high level for longest: it covers more time, so
 * that more windows touch it.
 */
#ifndef DB_BLOCK_CACHE_PRIV_H
#define DB_BLOCK_CACHE_PRIV_H

#include "db/decoded_priv.h"

enum {
    BLOCK_CACHE_BYTES = 64 << 20, /* of the readers of a store */
    BLOCK_CACHE_ALONE = 2 << 20   /* of any other connection */
};

struct block;
struct block_cache;

int block_cache_create(struct block_cache **out, size_t bytes,
                       struct err *err) WARN_UNUSED;
void block_cache_destroy(struct block_cache *cache); /* no hold has a block of it */

/* Makes it forget everything and have another size. Tests, while nobody else uses it. */
void block_cache_resize(struct block_cache *cache, size_t bytes);

struct block_cache_use {
    size_t blocks, bytes; /* that are kept */
    size_t decoded;       /* how often a row was not there */
};
struct block_cache_use block_cache_use(struct block_cache *cache);

/* The block that a reader was given last. Zeroed but for the cache, it is ready for use. */
struct block_hold {
    struct block_cache *cache;
    struct block *block;
    struct decoded_scratch *scratch; /* NULL until the first row is decoded */
};

void block_hold_deinit(struct block_hold *hold);

/* The decoded row, which is valid until something else is asked for. Errors are those of
 * decoded_init(); the cache is as good as before then. */
int block_cache_get(struct block_hold *hold, enum decoded_kind kind,
                    const struct block_row *row, const struct decoded **out,
                    struct err *err) WARN_UNUSED;

#endif
