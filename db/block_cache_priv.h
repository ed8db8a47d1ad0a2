/* SPDX-License-Identifier: MIT */
/*
 * block_cache - what was decoded of the rows that a connection read, for the next time that
 * they are read. Inside db only.
 *
 * Who asks has read the row: what is saved is the decoding. A block is taken for that of the
 * row when its id is the same, and its length, and its last eight bytes, which are the
 * checksum of a sheet, and end with that of a chunk. So nobody has to tell the cache that a
 * timeline was removed and its ids went to another run. A row that is damaged further ahead
 * after it was decoded is taken for what it was.
 *
 * It holds up to BLOCK_CACHE_BYTES, and the block that was asked for last whatever its size.
 * A sheet has to be left alone for longer than a chunk before it goes, one of a high level
 * for longest: it covers more time, so that more windows touch it.
 */
#ifndef DB_BLOCK_CACHE_PRIV_H
#define DB_BLOCK_CACHE_PRIV_H

#include "db/chunk_codec.h"
#include "db/sheet_codec_priv.h"

enum {
    BLOCK_CACHE_BYTES = 24 << 20,
    BLOCK_CACHE_BORROWED = 2 << 20 /* of a connection that is somebody else's */
};

struct cached_block;

/* A zeroed one is empty. Used by one thread at a time, as the connection is. */
struct block_cache {
    struct cached_block *blocks;
    size_t count, capacity;
    size_t bytes;   /* of all blocks */
    uint64_t clock; /* how often something was asked for */
    size_t decoded; /* how often it was not there, for tests */
    size_t at_most; /* bytes; 0: BLOCK_CACHE_BYTES */
};

void block_cache_deinit(struct block_cache *cache);

/* A row of table span_chunk or sheet. */
struct block_row {
    int64_t id;
    const void *data;
    size_t size;
};

/*
 * The decoded row, which is valid until something else is asked for. Errors are those of
 * chunk_codec_decode_spans(), chunk_codec_decode_kinds() and sheet_codec_decode(), and
 * ERR_NOMEM; the cache is as good as before then.
 */
int block_cache_spans(struct block_cache *cache, const struct block_row *row,
                      const struct span_block **out, struct err *err) WARN_UNUSED;
int block_cache_kinds(struct block_cache *cache, const struct block_row *row,
                      const struct span_block **out, struct err *err) WARN_UNUSED;
int block_cache_sheet(struct block_cache *cache, const struct block_row *row,
                      const struct sheet_block **out, struct err *err) WARN_UNUSED;

#endif
