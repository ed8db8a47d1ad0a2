/* SPDX-License-Identifier: MIT */
#include "db/block_cache_priv.h"

#include <pthread.h>
#include <stdatomic.h>

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum {
    SHARDS_MAX = 8,
    SHARD_BYTES = 8 << 20, /* a shard for each so many, but one at least */
    /* How many questions a block outlasts one that was asked for at the same time, for each
     * level that it is above it. */
    CLOCK_PER_LEVEL = 128,
    HEADER_BYTES = 40 /* of a row, that its stamp has */
};

struct block {
    int64_t id;
    uint64_t stamp; /* of the row */
    size_t size;    /* of the row */
    struct decoded decoded;
    uint64_t until;     /* the one with the least goes first; guarded by shard.mutex */
    atomic_uint has_it; /* the shard and holds */
};

/* All but the mutex is guarded by it. */
struct shard {
    pthread_mutex_t mutex;
    struct block **blocks;
    size_t count, capacity;
    size_t bytes;   /* of all blocks */
    uint64_t clock; /* how often something was asked for */
    size_t decoded;
};

struct block_cache {
    size_t at_most; /* bytes of a shard */
    uint32_t shard_count;
    struct shard shards[SHARDS_MAX];
};

/* --- blocks ---------------------------------------------------------------------- */

static void let_go(struct block *block) {
    if (block != NULL && atomic_fetch_sub(&block->has_it, 1) == 1) {
        decoded_deinit(&block->decoded);
        memory_free(block);
    }
}

/* Short ones are no rows, but may be asked for. */
static uint64_t stamp_of(const struct block_row *row) {
    const uint8_t *data = row->data;
    if (row->size < HEADER_BYTES + 8) {
        return 0;
    }
    uint64_t stamp = column_get_word(data + row->size - 8);
    for (size_t at = 0; at < HEADER_BYTES; at += 8) {
        stamp = (stamp << 31 | stamp >> 33) ^ column_get_word(data + at);
        stamp *= UINT64_C(0x9e3779b97f4a7c15);
    }
    return stamp;
}

static bool is_of(const struct block *block, enum decoded_kind kind,
                  const struct block_row *row, uint64_t stamp) {
    return block->id == row->id && block->decoded.kind == kind &&
           block->size == row->size && block->stamp == stamp;
}

/* Held by the caller alone. */
static int make_block(struct block **out, enum decoded_kind kind,
                      const struct block_row *row, struct decoded_scratch *scratch,
                      struct err *err) {
    struct block *block = memory_zeroed(1, sizeof *block);
    if (block == NULL) {
        return err_set_nomem(err);
    }
    const int rc = decoded_init(&block->decoded, kind, row, scratch, err);
    if (rc != 0) {
        memory_free(block);
        return rc;
    }
    block->id = row->id;
    block->size = row->size;
    block->stamp = stamp_of(row);
    atomic_init(&block->has_it, 1);
    *out = block;
    return 0;
}

/* --- shards: under the mutex ------------------------------------------------------- */

static void touch(const struct block_cache *cache, struct shard *shard,
                  struct block *block) {
    const unsigned level =
        block->decoded.kind == DECODED_SHEET ? block->decoded.as.sheet.level : 0;
    block->until =
        ++shard->clock + level * (uint64_t)CLOCK_PER_LEVEL / cache->shard_count;
}

static void remove_at(struct shard *shard, size_t i) {
    struct block *block = shard->blocks[i];
    shard->bytes -= block->decoded.bytes;
    shard->blocks[i] = shard->blocks[--shard->count];
    let_go(block);
}

static void remove_oldest(struct shard *shard) {
    size_t oldest = 0;
    for (size_t i = 1; i < shard->count; i++) {
        if (shard->blocks[i]->until < shard->blocks[oldest]->until) {
            oldest = i;
        }
    }
    remove_at(shard, oldest);
}

/* NULL when it is not there. One whose row has become another one goes. */
static struct block *find(struct shard *shard, enum decoded_kind kind,
                          const struct block_row *row, uint64_t stamp) {
    for (size_t i = 0; i < shard->count; i++) {
        struct block *block = shard->blocks[i];
        if (block->id == row->id && block->decoded.kind == kind) {
            if (is_of(block, kind, row, stamp)) {
                return block;
            }
            remove_at(shard, i);
            return NULL;
        }
    }
    return NULL;
}

/* Room for one more, of so many bytes; false when there cannot be. */
static bool make_room(const struct block_cache *cache, struct shard *shard,
                      size_t bytes) {
    if (bytes > cache->at_most ||
        vec_reserve((void **)&shard->blocks, &shard->capacity, shard->count,
                    sizeof(struct block *)) != 0) {
        return false;
    }
    while (shard->count > 0 && shard->bytes + bytes > cache->at_most) {
        remove_oldest(shard);
    }
    return true;
}

/* The shard has the block from now on, if there is room. */
static void keep(const struct block_cache *cache, struct shard *shard,
                 struct block *block) {
    if (make_room(cache, shard, block->decoded.bytes)) {
        touch(cache, shard, block);
        atomic_fetch_add(&block->has_it, 1);
        shard->bytes += block->decoded.bytes;
        shard->blocks[shard->count++] = block;
    }
}

static void shard_clear(struct shard *shard) {
    while (shard->count > 0) {
        remove_at(shard, shard->count - 1);
    }
}

/* --- the cache --------------------------------------------------------------------- */

static void set_size(struct block_cache *cache, size_t bytes) {
    const size_t count = bytes / SHARD_BYTES;
    cache->shard_count = count < 1            ? 1
                         : count > SHARDS_MAX ? SHARDS_MAX
                                              : (uint32_t)count;
    cache->at_most = bytes / cache->shard_count;
}

int block_cache_create(struct block_cache **out, size_t bytes, struct err *err) {
    struct block_cache *cache = memory_zeroed(1, sizeof *cache);
    if (cache == NULL) {
        return err_set_nomem(err);
    }
    set_size(cache, bytes);
    for (int i = 0; i < SHARDS_MAX; i++) {
        if (pthread_mutex_init(&cache->shards[i].mutex, NULL) != 0) {
            while (i-- > 0) {
                pthread_mutex_destroy(&cache->shards[i].mutex);
            }
            memory_free(cache);
            return err_set_nomem(err);
        }
    }
    *out = cache;
    return 0;
}

void block_cache_destroy(struct block_cache *cache) {
    if (cache == NULL) {
        return;
    }
    for (int i = 0; i < SHARDS_MAX; i++) {
        shard_clear(&cache->shards[i]);
        memory_free(cache->shards[i].blocks);
        pthread_mutex_destroy(&cache->shards[i].mutex);
    }
    memory_free(cache);
}

void block_cache_resize(struct block_cache *cache, size_t bytes) {
    for (int i = 0; i < SHARDS_MAX; i++) {
        shard_clear(&cache->shards[i]);
    }
    set_size(cache, bytes);
}

struct block_cache_use block_cache_use(struct block_cache *cache) {
    struct block_cache_use use = {0};
    for (int i = 0; i < SHARDS_MAX; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->mutex);
        use.blocks += shard->count;
        use.bytes += shard->bytes;
        use.decoded += shard->decoded;
        pthread_mutex_unlock(&shard->mutex);
    }
    return use;
}

static struct shard *shard_of(struct block_cache *cache, enum decoded_kind kind,
                              int64_t id) {
    const uint64_t mixed =
        ((uint64_t)id * DECODED_KIND_COUNT + kind) * UINT64_C(0x9e3779b97f4a7c15);
    return &cache->shards[(mixed >> 32) % cache->shard_count];
}

/* --- holds ------------------------------------------------------------------------- */

static void drop(struct block_hold *hold) {
    let_go(hold->block);
    hold->block = NULL;
}

void block_hold_deinit(struct block_hold *hold) {
    drop(hold);
    decoded_scratch_destroy(hold->scratch);
    *hold = (struct block_hold){0};
}

/* Decodes the row into a block that is held, and kept. */
static int add(struct block_hold *hold, struct shard *shard, enum decoded_kind kind,
               const struct block_row *row, struct err *err) {
    struct block *block = NULL;
    if (hold->scratch == NULL) {
        hold->scratch = decoded_scratch_create();
    }
    const int rc = hold->scratch != NULL
                       ? make_block(&block, kind, row, hold->scratch, err)
                       : err_set_nomem(err);
    if (rc != 0) {
        return rc;
    }
    pthread_mutex_lock(&shard->mutex);
    shard->decoded++;
    struct block *before = find(shard, kind, row, block->stamp);
    if (before != NULL) { /* another thread was faster */
        atomic_fetch_add(&before->has_it, 1);
        hold->block = before;
    } else {
        keep(hold->cache, shard, block);
        hold->block = block;
    }
    pthread_mutex_unlock(&shard->mutex);
    if (before != NULL) {
        let_go(block);
    }
    return 0;
}

int block_cache_get(struct block_hold *hold, enum decoded_kind kind,
                    const struct block_row *row, const struct decoded **out,
                    struct err *err) {
    struct shard *shard = shard_of(hold->cache, kind, row->id);
    drop(hold);
    pthread_mutex_lock(&shard->mutex);
    struct block *block = find(shard, kind, row, stamp_of(row));
    if (block != NULL) {
        touch(hold->cache, shard, block);
        atomic_fetch_add(&block->has_it, 1);
        hold->block = block;
    }
    pthread_mutex_unlock(&shard->mutex);
    const int rc = block != NULL ? 0 : add(hold, shard, kind, row, err);
    if (rc == 0) {
        *out = &hold->block->decoded;
    }
    return rc;
}
