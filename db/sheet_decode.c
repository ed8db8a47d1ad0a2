/* SPDX-License-Identifier: MIT */
/* sheet_decode - reads a sheet of the pyramid; the format is specified in sheet_codec.c. */
#include "db/sheet_codec_priv.h"

#include <string.h>

#include "db/sheet_format_priv.h"
#include "db/sheet_order_priv.h"
#include "engine/base/memory.h"

enum { NODE_VALUES = 4 /* columns that each node has a value in */ };

void sheet_block_deinit(struct sheet_block *block) {
    memory_free(block->nodes);
    memory_free(block->longs);
    memory_free(block->short_ns);
    memory_free(block->times);
    *block = (struct sheet_block){0};
}

static int corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the sheet of the pyramid is damaged: %s", what);
}

struct cursor {
    const uint8_t *at, *end;
    int64_t *values; /* as many as there are nodes, for each of NODE_VALUES columns */
    bool all_times;  /* version 2 */
    struct err *err;
};

/* `count` values of the next column, each in [low, high]. */
static int get_column(struct cursor *cursor, uint32_t count, int64_t low, int64_t high) {
    const char *fault =
        column_take_values(&cursor->at, cursor->end, count, low, high, cursor->values);
    return fault == NULL
               ? 0
               : err_set(cursor->err, ERR_CORRUPT,
                         "the sheet of the pyramid is damaged: a column %s", fault);
}

/* As many values as there are, up to *count; how many into *count. */
static int get_first_column(struct cursor *cursor, uint32_t *count, const char *what) {
    struct column column;
    return column_take(&cursor->at, cursor->end, &column) &&
                   column_get_all(&column, *count, cursor->values, count)
               ? 0
               : corrupt(cursor->err, what);
}

#define GET(rc, cursor, count, low, high, place)                                         \
    do {                                                                                 \
        if ((rc) == 0) {                                                                 \
            (rc) = get_column((cursor), (count), (low), (high));                         \
        }                                                                                \
        const uint32_t count_ = (rc) == 0 ? (count) : 0;                                 \
        for (uint32_t i = 0; i < count_; i++) {                                          \
            const int64_t value = (cursor)->values[i];                                   \
            (place);                                                                     \
        }                                                                                \
    } while (0)

static const uint32_t ALL_STATES = (UINT32_C(1) << STATE_COUNT) - 1;

/* What nodes of a kind have in common. */
struct kind {
    uint32_t mask;
    uint8_t state, time_bytes;
    uint16_t size; /* of all its times */
};

/* How many times are stored of a mask. */
static uint32_t times_of(const struct cursor *cursor, uint32_t mask) {
    return cursor->all_times ? (uint32_t)__builtin_popcount(mask & ~NODE_LONG)
                             : node_mask_times(mask);
}

static bool is_sound(const struct kind *kind, uint32_t times) {
    const uint32_t states = kind->mask & ~NODE_LONG;
    return (states == 0 ? kind->state == 0 : (states >> kind->state & 1) != 0) &&
           (kind->time_bytes > 0) == (times > 0);
}

static int get_kinds(struct cursor *cursor, unsigned level, struct kind *kinds,
                     uint32_t *count) {
    const int64_t most_bytes = (int64_t)column_byte_size(UINT64_C(1) << level);
    int rc = get_first_column(cursor, count, "the kinds do not decode");
    if (rc == 0 && *count == 0) {
        rc = corrupt(cursor->err, "no kinds");
    }
    for (uint32_t i = 0; rc == 0 && i < *count; i++) {
        const int64_t mask = cursor->values[i];
        if (mask < 1 || (mask & ~(int64_t)(NODE_LONG | ALL_STATES)) != 0) {
            return corrupt(cursor->err, "an unknown state");
        }
        kinds[i].mask = (uint32_t)mask;
    }
    GET(rc, cursor, *count, 0, STATE_COUNT - 1, kinds[i].state = (uint8_t)value);
    GET(rc, cursor, *count, 0, most_bytes, kinds[i].time_bytes = (uint8_t)value);
    for (uint32_t i = 0; rc == 0 && i < *count; i++) {
        const uint32_t times = times_of(cursor, kinds[i].mask);
        kinds[i].size = (uint16_t)(times * kinds[i].time_bytes);
        if (!is_sound(&kinds[i], times)) {
            return corrupt(cursor->err, "a kind that cannot be");
        }
    }
    return rc;
}

/* Whose the nodes are. */
static int get_lanes(struct cursor *cursor, struct sheet_block *out) {
    struct sheet_lane *lanes = out->lanes;
    uint32_t count = out->count < LANE_GROUP_LANES ? out->count : LANE_GROUP_LANES;
    uint32_t at = 0;
    int rc = get_first_column(cursor, &count, "the lanes do not decode");
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const int64_t place = cursor->values[i];
        if (place < (i > 0 ? lanes[i - 1].place + 1 : 0) || place >= LANE_GROUP_LANES) {
            return corrupt(cursor->err, "wrong lanes");
        }
        lanes[i].place = (uint8_t)place;
    }
    if (rc == 0) {
        rc = get_column(cursor, count, 1, out->count);
    }
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const uint32_t nodes = (uint32_t)cursor->values[i];
        if (nodes > out->count - at) {
            return corrupt(cursor->err, "wrong lanes");
        }
        lanes[i].first = at;
        lanes[i].end = at += nodes;
    }
    out->lane_count = count;
    return rc == 0 && at != out->count ? corrupt(cursor->err, "nodes of no lane") : rc;
}

/* The columns that each node has a value in. */
struct node_values {
    const int64_t *cell, *kind, *ended, *unused;
};

static int get_node_values(struct cursor *cursor, const struct sheet_block *out,
                           uint32_t kind_count, struct node_values *values) {
    const uint32_t count = out->count;
    const struct {
        int64_t low, high;
    } limits[NODE_VALUES] = {
        {out->t0_ns >> out->level > 0 ? -1 : 0, (INT64_MAX >> out->level) - 1},
        {0, (int64_t)kind_count - 1},
        {0, UINT32_MAX},
        {INT64_MIN, INT64_MAX},
    };
    const int columns = cursor->all_times ? NODE_VALUES - 1 : NODE_VALUES;
    struct cursor to = *cursor;
    int rc = 0;
    for (int i = 0; rc == 0 && i < columns; i++, to.values += count) {
        rc = get_column(&to, count, limits[i].low, limits[i].high);
    }
    cursor->at = to.at;
    const int64_t *all = cursor->values;
    *values = (struct node_values){all, all + count, all + 2 * (size_t)count,
                                   cursor->all_times ? NULL : all + 3 * (size_t)count};
    return rc;
}

/* What is known of a lane's nodes before long spans are. Where their times begin, and what
 * is wrong with a cell, are for all lanes. */
static void fill_lane(const struct sheet_block *out, const struct sheet_lane *lane,
                      const struct node_values *values, const struct kind *kinds,
                      size_t *times_at, bool *beyond) {
    const uint64_t last = (uint64_t)(INT64_MAX >> out->level) - 1;
    const sim_ns length = INT64_C(1) << out->level;
    const int64_t *unused = values->unused;
    int64_t cell = out->t0_ns >> out->level; /* differences within a lane */
    size_t at = *times_at;
    bool wrong = false;
    for (uint32_t i = lane->first; i < lane->end; i++) {
        const struct kind *kind = &kinds[values->kind[i]];
        cell = column_add(cell, values->cell[i]);
        wrong |= (uint64_t)cell > last;
        out->nodes[i] = (struct sheet_node){.cell = cell,
                                            .mask = kind->mask,
                                            .ended = (uint32_t)values->ended[i],
                                            .times_at = (uint32_t)at,
                                            .state = kind->state,
                                            .time_bytes = kind->time_bytes};
        at += kind->size;
        out->short_ns[i] = column_subtract(length, unused != NULL ? unused[i] : 0);
    }
    *times_at = at;
    *beyond |= wrong;
}

/* Counts long spans. */
static int fill_nodes(struct cursor *cursor, struct sheet_block *out,
                      const struct node_values *values, const struct kind *kinds,
                      size_t time_bytes) {
    size_t times_at = 0;
    bool beyond = false;
    out->long_count = 0;
    for (uint32_t n = 0; n < out->lane_count; n++) {
        struct sheet_lane *lane = &out->lanes[n];
        fill_lane(out, lane, values, kinds, &times_at, &beyond);
        lane->first_long = out->long_count;
        for (uint32_t i = lane->first; i < lane->end; i++) {
            out->long_count += out->nodes[i].mask >> 31;
        }
        lane->end_long = out->long_count;
    }
    return beyond                   ? corrupt(cursor->err, "a cell beyond all time")
           : times_at != time_bytes ? corrupt(cursor->err, "wrong length of the times")
                                    : 0;
}

static int get_nodes(struct cursor *cursor, struct sheet_block *out, size_t time_bytes) {
    struct kind *kinds = memory_resize(NULL, out->count, sizeof *kinds);
    struct node_values values;
    uint32_t kind_count = out->count;
    int rc = kinds != NULL ? get_kinds(cursor, out->level, kinds, &kind_count)
                           : err_set_nomem(cursor->err);
    if (rc == 0) {
        rc = get_lanes(cursor, out);
    }
    if (rc == 0) {
        rc = get_node_values(cursor, out, kind_count, &values);
    }
    if (rc == 0) {
        rc = fill_nodes(cursor, out, &values, kinds, time_bytes);
    }
    memory_free(kinds);
    return rc;
}

/* Ends are first read as what they are beyond the start of their cell, lengths as what
 * they are longer than one. */
static void place_long(const struct sheet_block *out, uint32_t i,
                       struct long_span *span) {
    const sim_ns length = span->start_ns + (INT64_C(1) << out->level);
    span->end_ns += out->nodes[i].cell << out->level;
    span->start_ns = column_subtract(span->end_ns, length);
}

/* A long span takes of the room in its node's cell, and in that of the one before it. */
static void place_longs(struct sheet_block *out) {
    for (uint32_t n = 0; n < out->lane_count; n++) {
        const struct sheet_lane *lane = &out->lanes[n];
        struct long_span *span = &out->longs[lane->first_long];
        for (uint32_t i = lane->first; i < lane->end; i++) {
            const struct sheet_node *node = &out->nodes[i];
            if ((node->mask & NODE_LONG) == 0) {
                continue;
            }
            place_long(out, i, span);
            const uint32_t from = i > lane->first ? i - 1 : i;
            for (uint32_t k = from; k <= i; k++) {
                const sim_ns start = out->nodes[k].cell << out->level;
                out->short_ns[k] = column_subtract(
                    out->short_ns[k], sheet_part_of(span, start, out->level));
            }
            span++;
        }
    }
}

static int get_longs(struct cursor *cursor, struct sheet_block *out) {
    const uint32_t count = out->long_count;
    const sim_ns cell = INT64_C(1) << out->level;
    struct long_span *longs = out->longs;
    int rc = 0;
    GET(rc, cursor, count, 1, cell, longs[i].end_ns = value);
    GET(rc, cursor, count, 0, INT64_MAX - cell, longs[i].start_ns = value);
    GET(rc, cursor, count, 0, STATE_COUNT - 1, longs[i].state = (uint8_t)value);
    GET(rc, cursor, count, -1, INT32_MAX, longs[i].resource = (lane_id)value);
    GET(rc, cursor, count, -1, INT32_MAX, longs[i].by = (lane_id)value);
    GET(rc, cursor, count, -1, INT32_MAX, longs[i].site = (site_id)value);
    if (rc == 0) {
        place_longs(out);
    }
    return rc;
}

/* --- short time ---------------------------------------------------------------- */

/* Nodes without times have none; what a sheet may not have is refused. */
static int check_short(struct cursor *cursor, struct sheet_block *out) {
    const uint64_t length = UINT64_C(1) << out->level;
    bool wrong = false;
    for (uint32_t i = 0; i < out->count; i++) {
        const bool has_time = (out->nodes[i].mask & ~NODE_LONG) != 0;
        wrong |= has_time && (uint64_t)out->short_ns[i] - 1 >= length;
        out->short_ns[i] = has_time ? out->short_ns[i] : 0;
    }
    return wrong ? corrupt(cursor->err, "a cell with more time than it is long, or none")
                 : 0;
}

/* Adds up all times of a node, and moves those down to `to` that a later version has. */
static uint8_t *take_times(const struct sheet_block *block, const struct sheet_node *node,
                           uint8_t *to, sim_ns *all) {
    const uint8_t *at = block->times + node->times_at;
    *all = 0;
    for (uint32_t rest = node->mask & ~NODE_LONG; rest != 0; rest &= rest - 1) {
        *all = column_add(*all, (int64_t)column_get_fixed(at, node->time_bytes));
        if (__builtin_ctz(rest) != node->state) {
            memmove(to, at, node->time_bytes);
            to += node->time_bytes;
        }
        at += node->time_bytes;
    }
    return to;
}

/* Out of all times of version 2. */
static void add_up_times(struct sheet_block *out) {
    uint8_t *to = out->times;
    for (uint32_t i = 0; i < out->count; i++) {
        const uint32_t times_at = (uint32_t)(to - out->times);
        to = take_times(out, &out->nodes[i], to, &out->short_ns[i]);
        out->nodes[i].times_at = times_at;
    }
}

/* --- the whole ----------------------------------------------------------------- */

/* Makes an array longer, whose content does not matter: no longer than it must be, since
 * many sheets are kept (block_cache_priv.h). One of no items is not NULL, so that whoever goes
 * through it may begin. */
static int enlarge(void **items, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity && *items != NULL) {
        return 0;
    }
    void *moved = memory_resize(*items, count, size);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    *items = moved;
    *capacity = count;
    return 0;
}

static int make_room_for_nodes(struct sheet_block *out, size_t time_bytes) {
    const int rc =
        enlarge((void **)&out->nodes, &out->capacity, out->count, sizeof *out->nodes);
    if (rc != 0 || enlarge((void **)&out->short_ns, &out->short_capacity, out->count,
                           sizeof *out->short_ns) != 0) {
        return ERR_NOMEM;
    }
    return enlarge((void **)&out->times, &out->time_capacity,
                   time_bytes + SHEET_SUM_BYTES, 1);
}

static int get_columns(struct cursor *cursor, struct sheet_block *out,
                       size_t time_bytes) {
    int rc = get_nodes(cursor, out, time_bytes);
    if (rc == 0 && enlarge((void **)&out->longs, &out->long_capacity, out->long_count,
                           sizeof *out->longs) != 0) {
        rc = err_set_nomem(cursor->err);
    }
    if (rc == 0) {
        rc = get_longs(cursor, out);
    }
    if (rc == 0 && cursor->at != cursor->end) {
        rc = corrupt(cursor->err, "bytes after the last column");
    }
    if (rc == 0 && cursor->all_times) {
        add_up_times(out);
    }
    return rc == 0 ? check_short(cursor, out) : rc;
}

static int get_header(const uint8_t *data, size_t size, struct sheet_block *out,
                      struct err *err) {
    out->count = out->long_count = out->lane_count = 0;
    if (size < SHEET_HEADER_BYTES + SHEET_SUM_BYTES || size > UINT32_MAX ||
        memcmp(data, SHEET_MAGIC, 4) != 0) {
        return corrupt(err, "wrong length or magic");
    }
    if (data[4] != SHEET_VERSION && data[4] != SHEET_ALL_TIMES) {
        return err_set(err, ERR_CORRUPT,
                       "the sheet has format version %d, this program knows %d and %d",
                       data[4], SHEET_ALL_TIMES, SHEET_VERSION);
    }
    const size_t body = size - SHEET_SUM_BYTES;
    if (column_get_word(data + body) != sheet_checksum(data, body)) {
        return corrupt(err, "wrong checksum");
    }
    out->level = data[5];
    out->group = (uint32_t)column_get_fixed(data + 8, 4);
    out->first_seq = (uint32_t)column_get_fixed(data + 12, 4);
    out->t0_ns = (sim_ns)column_get_fixed(data + 16, 8);
    out->t1_ns = (sim_ns)column_get_fixed(data + 24, 8);
    const uint32_t count = (uint32_t)column_get_fixed(data + 32, 4);
    if (out->level >= PYRAMID_LEVELS || count < 1 || count > SHEET_NODES_MOST ||
        out->t0_ns < 0 || out->t0_ns > out->t1_ns ||
        column_get_fixed(data + 36, 4) > body - SHEET_HEADER_BYTES) {
        return corrupt(err, "wrong level, number or time");
    }
    out->count = count;
    return 0;
}

int sheet_codec_decode(const void *data, size_t size, struct sheet_block *out,
                       struct err *err) {
    int rc = get_header(data, size, out, err);
    if (rc == 0) {
        const size_t time_bytes = (size_t)column_get_fixed((const uint8_t *)data + 36, 4);
        const uint8_t *times =
            (const uint8_t *)data + size - SHEET_SUM_BYTES - time_bytes;
        struct cursor cursor = {
            .at = (const uint8_t *)data + SHEET_HEADER_BYTES,
            .end = times,
            .values =
                memory_resize(NULL, out->count, NODE_VALUES * sizeof *cursor.values),
            .all_times = ((const uint8_t *)data)[4] == SHEET_ALL_TIMES,
            .err = err,
        };
        rc = cursor.values != NULL && make_room_for_nodes(out, time_bytes) == 0
                 ? 0
                 : err_set_nomem(err);
        if (rc == 0) {
            memcpy(out->times, times, time_bytes + SHEET_SUM_BYTES);
            rc = get_columns(&cursor, out, time_bytes);
        }
        memory_free(cursor.values);
    }
    if (rc != 0) {
        out->count = out->long_count = out->lane_count = 0;
    }
    return rc;
}

void sheet_block_add_times(const struct sheet_block *block, const struct sheet_node *node,
                           sim_ns state_ns[STATE_COUNT]) {
    const uint8_t *at = block->times + node->times_at; /* the checksum follows the last */
    const uint64_t bits =
        node->time_bytes > 0 ? UINT64_MAX >> (64 - 8 * node->time_bytes) : 0;
    const uint32_t states = node->mask & ~NODE_LONG;
    sim_ns left = block->short_ns[node - block->nodes];
    for (uint32_t rest = states & ~(UINT32_C(1) << node->state); rest != 0;
         rest &= rest - 1) {
        sim_ns *sum = &state_ns[__builtin_ctz(rest)];
        const int64_t time = (int64_t)(column_get_word(at) & bits);
        *sum = column_add(*sum, time);
        left = column_subtract(left, time);
        at += node->time_bytes;
    }
    state_ns[node->state] =
        column_add(state_ns[node->state], left); /* 0 without states */
}
