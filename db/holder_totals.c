/* SPDX-License-Identifier: MIT */
#include "db/holder_totals_priv.h"

#include <stdlib.h>
#include <string.h>

#include "db/carried_spans_priv.h"
#include "db/column_codec_priv.h"

enum { COUNT_BYTES = 4, COLUMNS = 4, TABLE_FIRST = 64 };

void holder_totals_deinit(struct holder_totals *totals) {
    memory_free(totals->items);
    memory_free(totals->table);
    *totals = (struct holder_totals){0};
}

static bool is_same(const struct holder_total *a, const struct holder_total *b) {
    return a->lane == b->lane && a->resource == b->resource && a->state == b->state;
}

/* --- the table ----------------------------------------------------------------- */

/* Where the entry is in the table, or the free place where it would be. */
static uint32_t *find(const struct holder_totals *totals,
                      const struct holder_total *total) {
    const uint64_t key = (uint64_t)(uint32_t)total->resource << 32 |
                         (uint64_t)(uint32_t)total->lane << 5 | total->state;
    const size_t mask = totals->table_size - 1;
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
    while (totals->table[at] != 0 &&
           !is_same(&totals->items[totals->table[at] - 1], total)) {
        at = (at + 1) & mask;
    }
    return &totals->table[at];
}

void holder_totals_index(struct holder_totals *totals) {
    for (size_t i = 0; i < totals->table_size; i++) {
        totals->table[i] = 0;
    }
    for (size_t i = 0; i < totals->count; i++) {
        *find(totals, &totals->items[i]) = (uint32_t)i + 1;
    }
}

static int grow(struct holder_totals *totals) {
    const size_t size = totals->table_size == 0 ? TABLE_FIRST : totals->table_size * 2;
    uint32_t *table = memory_resize(totals->table, size, sizeof *table);
    if (table == NULL) {
        return ERR_NOMEM;
    }
    totals->table = table;
    totals->table_size = size;
    holder_totals_index(totals);
    return 0;
}

static int insert(struct holder_totals *totals, const struct holder_total *total) {
    if (totals->count * 2 >= totals->table_size && grow(totals) != 0) {
        return ERR_NOMEM;
    }
    if (vec_reserve((void **)&totals->items, &totals->capacity, totals->count,
                    sizeof *totals->items) != 0) {
        return ERR_NOMEM;
    }
    *find(totals, total) = (uint32_t)totals->count + 1;
    totals->items[totals->count++] = *total;
    return 0;
}

int holder_totals_add(struct holder_totals *totals, const struct holder_total *total,
                      struct err *err) {
    if (total->ns <= 0) {
        return 0;
    }
    if (totals->count > 0) {
        const uint32_t found = *find(totals, total);
        if (found != 0) {
            sim_ns *ns = &totals->items[found - 1].ns;
            *ns = column_add(*ns, total->ns);
            return 0;
        }
    }
    return insert(totals, total) == 0 ? 0 : err_set_nomem(err);
}

/* --- chunks -------------------------------------------------------------------- */

static sim_ns later(sim_ns a, sim_ns b) { return a > b ? a : b; }
static sim_ns earlier(sim_ns a, sim_ns b) { return a < b ? a : b; }

int holder_totals_add_chunk(struct holder_totals *totals, const struct span_chunk *c,
                            sim_ns until, struct err *err) {
    sim_ns since[LANE_GROUP_LANES];
    int rc = 0;
    carried_spans_begin(c, since);
    for (uint32_t i = 0; rc == 0 && i < c->count; i++) {
        since[c->lane[i] % LANE_GROUP_LANES] = c->end_ns[i];
        if (holder_totals_has(c->state[i])) {
            const sim_ns from = later(c->start_ns[i], c->t0_ns);
            rc = holder_totals_add(
                totals,
                &(struct holder_total){.lane = c->lane[i],
                                       .resource = c->resource[i],
                                       .state = c->state[i],
                                       .ns = earlier(c->end_ns[i], until) - from},
                err);
        }
    }
    for (uint32_t i = 0; rc == 0 && i < c->after_count; i++) {
        const struct lane_after *after = &c->after[i];
        if (holder_totals_has(after->state)) {
            const sim_ns from = later(since[after->lane % LANE_GROUP_LANES], c->t0_ns);
            rc = holder_totals_add(totals,
                                   &(struct holder_total){.lane = after->lane,
                                                          .resource = after->resource,
                                                          .state = after->state,
                                                          .ns = until - from},
                                   err);
        }
    }
    return rc;
}

/* --- bytes --------------------------------------------------------------------- */

int holder_total_order(const void *left, const void *right) {
    const struct holder_total *a = left, *b = right;
    if (a->lane != b->lane) {
        return a->lane < b->lane ? -1 : 1;
    }
    if (a->state != b->state) {
        return a->state < b->state ? -1 : 1;
    }
    return (a->resource > b->resource) - (a->resource < b->resource);
}

void holder_totals_sort(struct holder_totals *totals) {
    if (totals->count > 0) {
        qsort(totals->items, totals->count, sizeof *totals->items, holder_total_order);
    }
}

static int64_t value_of(const struct holder_total *item, int column) {
    switch (column) {
    case 0:
        return item->lane % LANE_GROUP_LANES;
    case 1:
        return item->state;
    case 2:
        return item->resource;
    default:
        return item->ns;
    }
}

int holder_totals_encode(struct holder_totals *totals, struct chunk_bytes *out,
                         struct err *err) {
    const size_t count = totals->count;
    int64_t *values = memory_resize(NULL, count, sizeof *values);
    if (values == NULL ||
        chunk_bytes_reserve(out, COUNT_BYTES + COLUMNS * (COLUMN_HEADER_BYTES +
                                                          count * COLUMN_VALUE_BYTES)) !=
            0) {
        memory_free(values);
        return err_set_nomem(err);
    }
    holder_totals_sort(totals);
    uint8_t *at = column_put_fixed(out->data + out->size, count, COUNT_BYTES);
    for (int column = 0; column < COLUMNS; column++) {
        for (size_t i = 0; i < count; i++) {
            values[i] = value_of(&totals->items[i], column);
        }
        at = column_put(at, values, (uint32_t)count);
    }
    out->size = (size_t)(at - out->data);
    memory_free(values);
    if (count > 0) {
        holder_totals_index(totals);
    }
    return 0;
}

static bool get_columns(const uint8_t *at, const uint8_t *end, uint32_t count,
                        int64_t *values) {
    for (int i = 0; i < COLUMNS; i++) {
        struct column column;
        if (!column_take(&at, end, &column) ||
            !column_get(&column, count, values + (size_t)i * count)) {
            return false;
        }
    }
    return at == end;
}

/* Entry i of the columns; false when it is none, or not behind the one before it. */
static bool get_entry(const struct holder_scope *scope, const int64_t *values,
                      uint32_t count, uint32_t i, struct holder_total *out) {
    const int64_t place = values[i], state = values[count + (size_t)i];
    const int64_t resource = values[2 * (size_t)count + i];
    const int64_t ns = values[3 * (size_t)count + i];
    if (place < 0 || place >= LANE_GROUP_LANES || state < 0 || state >= STATE_COUNT ||
        resource < -1 || resource > INT32_MAX || ns < 1 || ns > scope->until_ns) {
        return false;
    }
    const struct holder_total before = *out;
    *out =
        (struct holder_total){.lane = (lane_id)(scope->group * LANE_GROUP_LANES + place),
                              .resource = (lane_id)resource,
                              .state = (uint8_t)state,
                              .ns = ns};
    return i == 0 || holder_total_order(&before, out) < 0;
}

int holder_totals_decode(struct holder_totals *out, const struct holder_scope *scope,
                         const void *data, size_t size, struct err *err) {
    static const char damaged[] = "the totals of holders are damaged";
    const uint8_t *at = data;
    const uint64_t count = size >= COUNT_BYTES ? column_get_fixed(at, COUNT_BYTES) : 0;
    if (size < COUNT_BYTES || count > size) { /* each takes a byte at least */
        return err_set(err, ERR_CORRUPT, damaged);
    }
    struct holder_total total = {0};
    int64_t *values = memory_resize(NULL, (size_t)count * COLUMNS, sizeof *values);
    if (values == NULL) {
        return err_set_nomem(err);
    }
    int rc = get_columns(at + COUNT_BYTES, at + size, (uint32_t)count, values)
                 ? 0
                 : ERR_CORRUPT;
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = get_entry(scope, values, (uint32_t)count, i, &total)
                 ? holder_totals_add(out, &total, err)
                 : ERR_CORRUPT;
    }
    memory_free(values);
    return rc == ERR_CORRUPT ? err_set(err, rc, damaged) : rc;
}
