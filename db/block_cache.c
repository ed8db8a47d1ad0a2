/* SPDX-License-Identifier: MIT */
#include "db/block_cache_priv.h"

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

/* How many questions a block outlasts one that was asked for at the same time, for each
 * level that it is above it. */
enum { CLOCK_PER_LEVEL = 128 };

enum block_kind { BLOCK_SPANS, BLOCK_SHEET };

struct cached_block {
    int64_t id;
    uint64_t stamp; /* the last bytes of the row */
    size_t size;    /* of the row */
    uint64_t until; /* the one with the least goes first */
    size_t bytes;
    enum block_kind kind;
    bool has_columns; /* of spans: not only their kinds */
    union {
        struct span_block *spans;
        struct sheet_block *sheet;
    } as;
};

static void block_deinit(struct cached_block *block) {
    if (block->kind == BLOCK_SHEET) {
        sheet_block_deinit(block->as.sheet);
        memory_free(block->as.sheet);
    } else {
        memory_free(block->as.spans);
    }
}

void block_cache_deinit(struct block_cache *cache) {
    for (size_t i = 0; i < cache->count; i++) {
        block_deinit(&cache->blocks[i]);
    }
    memory_free(cache->blocks);
    *cache = (struct block_cache){0};
}

/* --- keeping ------------------------------------------------------------------- */

static void touch(struct block_cache *cache, struct cached_block *block) {
    block->until = ++cache->clock;
    if (block->kind == BLOCK_SHEET) {
        block->until += (uint64_t)block->as.sheet->level * CLOCK_PER_LEVEL;
    }
}

static void remove_at(struct block_cache *cache, size_t i) {
    cache->bytes -= cache->blocks[i].bytes;
    block_deinit(&cache->blocks[i]);
    cache->blocks[i] = cache->blocks[--cache->count];
}

static void remove_oldest(struct block_cache *cache) {
    size_t oldest = 0;
    for (size_t i = 1; i < cache->count; i++) {
        if (cache->blocks[i].until < cache->blocks[oldest].until) {
            oldest = i;
        }
    }
    remove_at(cache, oldest);
}

static void make_room(struct block_cache *cache, size_t bytes) {
    const size_t most = cache->at_most != 0 ? cache->at_most : BLOCK_CACHE_BYTES;
    while (cache->count > 0 && cache->bytes + bytes > most) {
        remove_oldest(cache);
    }
}

static uint64_t stamp_of(const struct block_row *row) {
    return row->size >= 8 ? column_get_word((const uint8_t *)row->data + row->size - 8)
                          : 0;
}

/* NULL when it is not there. One whose row has become another one goes. */
static struct cached_block *find(struct block_cache *cache, enum block_kind kind,
                                 const struct block_row *row) {
    for (size_t i = 0; i < cache->count; i++) {
        struct cached_block *block = &cache->blocks[i];
        if (block->id == row->id && block->kind == kind) {
            if (block->size == row->size && block->stamp == stamp_of(row)) {
                touch(cache, block);
                return block;
            }
            remove_at(cache, i);
            return NULL;
        }
    }
    return NULL;
}

/* As the last one. The block is consumed, in any case. */
static int add(struct block_cache *cache, struct cached_block *take_block,
               const struct block_row *row, struct err *err) {
    make_room(cache, take_block->bytes);
    if (vec_reserve((void **)&cache->blocks, &cache->capacity, cache->count,
                    sizeof *cache->blocks) != 0) {
        block_deinit(take_block);
        return err_set_nomem(err);
    }
    take_block->id = row->id;
    take_block->size = row->size;
    take_block->stamp = stamp_of(row);
    touch(cache, take_block);
    cache->bytes += take_block->bytes;
    cache->blocks[cache->count++] = *take_block;
    return 0;
}

/* --- spans --------------------------------------------------------------------- */

/* Decodes it and adds it as the last one. */
static int add_spans(struct block_cache *cache, const struct block_row *row,
                     struct err *err) {
    struct cached_block block = {.kind = BLOCK_SPANS, .bytes = sizeof *block.as.spans};
    block.as.spans = memory_resize(NULL, 1, sizeof *block.as.spans); /* no zeros: large */
    if (block.as.spans == NULL) {
        return err_set_nomem(err);
    }
    const int rc = chunk_codec_decode_kinds(row->data, row->size, block.as.spans, err);
    if (rc != 0) {
        block_deinit(&block);
        return rc;
    }
    cache->decoded++;
    return add(cache, &block, row, err);
}

static int get_spans(struct block_cache *cache, const struct block_row *row,
                     struct cached_block **out, struct err *err) {
    *out = find(cache, BLOCK_SPANS, row);
    if (*out != NULL) {
        return 0;
    }
    const int rc = add_spans(cache, row, err);
    if (rc == 0) {
        *out = &cache->blocks[cache->count - 1];
    }
    return rc;
}

int block_cache_kinds(struct block_cache *cache, const struct block_row *row,
                      const struct span_block **out, struct err *err) {
    struct cached_block *block;
    const int rc = get_spans(cache, row, &block, err);
    if (rc == 0) {
        *out = block->as.spans;
    }
    return rc;
}

int block_cache_spans(struct block_cache *cache, const struct block_row *row,
                      const struct span_block **out, struct err *err) {
    struct cached_block *block;
    const int rc = get_spans(cache, row, &block, err);
    if (rc != 0) {
        return rc;
    }
    if (!block->has_columns) {
        chunk_codec_fill_columns(block->as.spans);
        block->has_columns = true;
    }
    *out = block->as.spans;
    return 0;
}

/* --- sheets -------------------------------------------------------------------- */

static int add_sheet(struct block_cache *cache, const struct block_row *row,
                     struct err *err) {
    struct cached_block block = {.kind = BLOCK_SHEET};
    struct sheet_block *sheet = memory_zeroed(1, sizeof *sheet);
    block.as.sheet = sheet;
    if (sheet == NULL) {
        return err_set_nomem(err);
    }
    const int rc = sheet_codec_decode(row->data, row->size, sheet, err);
    if (rc != 0) {
        block_deinit(&block);
        return rc;
    }
    cache->decoded++;
    block.bytes = sizeof *sheet + sheet->capacity * sizeof *sheet->nodes +
                  sheet->long_capacity * sizeof *sheet->longs + sheet->time_capacity;
    return add(cache, &block, row, err);
}

int block_cache_sheet(struct block_cache *cache, const struct block_row *row,
                      const struct sheet_block **out, struct err *err) {
    const struct cached_block *block = find(cache, BLOCK_SHEET, row);
    if (block == NULL) {
        const int rc = add_sheet(cache, row, err);
        if (rc != 0) {
            return rc;
        }
        block = &cache->blocks[cache->count - 1];
    }
    *out = block->as.sheet;
    return 0;
}
