/* SPDX-License-Identifier: MIT */
/* sheet_decode - reads a sheet of the pyramid; the format is specified in sheet_codec.c. */
#include "db/sheet_codec_priv.h"

#include <string.h>

#include "db/sheet_format_priv.h"
#include "db/sheet_order_priv.h"
#include "engine/base/memory.h"

enum { NODE_COLUMNS = 4, LONG_COLUMNS = 6, COLUMNS = NODE_COLUMNS + LONG_COLUMNS };

void sheet_block_deinit(struct sheet_block *block) {
    memory_free(block->kinds);
    memory_free(block->nodes);
    memory_free(block->longs);
    memory_free(block->short_ns);
    memory_free(block->times);
    *block = (struct sheet_block){0};
}

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

static int corrupt(struct err *err, const char *what) {
    return err_set(err, ERR_CORRUPT, "the sheet of the pyramid is damaged: %s", what);
}

struct cursor {
    const uint8_t *at, *end;
    int64_t *values; /* as many as there are nodes, for each of COLUMNS */
    size_t time_bytes;
    bool all_times; /* version 2 */
    struct err *err;
};

/* What is wrong with a column; NULL: nothing. */
static int say(const struct cursor *cursor, const char *fault) {
    return fault == NULL
               ? 0
               : err_set(cursor->err, ERR_CORRUPT,
                         "the sheet of the pyramid is damaged: a column %s", fault);
}

/* `count` values of the next column, each in [low, high]. */
static int get_column(struct cursor *cursor, uint32_t count, int64_t low, int64_t high) {
    return say(cursor, column_take_values(&cursor->at, cursor->end, count, low, high,
                                          cursor->values));
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

/* How many times are stored of a mask. */
static uint32_t times_of(const struct cursor *cursor, uint32_t mask) {
    return cursor->all_times ? (uint32_t)__builtin_popcount(mask & ~NODE_LONG)
                             : node_mask_times(mask);
}

static bool is_sound(const struct sheet_kind *kind, uint32_t times) {
    const uint32_t states = kind->mask & ~NODE_LONG;
    return (states == 0 ? kind->state == 0 : (states >> kind->state & 1) != 0) &&
           (kind->time_bytes > 0) == (times > 0);
}

static int get_masks(struct cursor *cursor, struct sheet_block *out, uint32_t *count) {
    int rc = get_first_column(cursor, count, "the kinds do not decode");
    if (rc == 0 && *count == 0) {
        rc = corrupt(cursor->err, "no kinds");
    }
    if (rc == 0 && enlarge((void **)&out->kinds, &out->kind_capacity, *count,
                           sizeof *out->kinds) != 0) {
        rc = err_set_nomem(cursor->err);
    }
    for (uint32_t i = 0; rc == 0 && i < *count; i++) {
        const int64_t mask = cursor->values[i];
        if (mask < 1 || (mask & ~(int64_t)(NODE_LONG | ALL_STATES)) != 0) {
            return corrupt(cursor->err, "an unknown state");
        }
        out->kinds[i].mask = (uint32_t)mask;
    }
    return rc;
}

static int get_kinds(struct cursor *cursor, struct sheet_block *out, uint32_t *count) {
    const int64_t most_bytes = (int64_t)column_byte_size(UINT64_C(1) << out->level);
    int rc = get_masks(cursor, out, count);
    struct sheet_kind *kinds = out->kinds;
    GET(rc, cursor, *count, 0, STATE_COUNT - 1, kinds[i].state = (uint8_t)value);
    GET(rc, cursor, *count, 0, most_bytes, kinds[i].time_bytes = (uint8_t)value);
    for (uint32_t i = 0; rc == 0 && i < *count; i++) {
        const uint32_t times = times_of(cursor, kinds[i].mask);
        kinds[i].times_size = (uint16_t)(times * kinds[i].time_bytes);
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

/* --- nodes ------------------------------------------------------------------------- */

/* The columns in which each node, or each long span, has a value. */
struct columns {
    const int64_t *cell, *kind, *ended, *unused;
    const int64_t *end, *length, *state, *resource, *by, *site;
};

/* The next column, which stays where it is: the one after it goes behind it. */
static int keep_column(struct cursor *cursor, uint32_t count, int64_t low, int64_t high,
                       const int64_t **out) {
    const int rc = get_column(cursor, count, low, high);
    *out = cursor->values;
    cursor->values += count;
    return rc;
}

static int get_node_columns(struct cursor *cursor, const struct sheet_block *out,
                            uint32_t kind_count, struct columns *columns) {
    const uint32_t count = out->count;
    const int64_t first = out->t0_ns >> out->level > 0 ? -1 : 0;
    const int64_t last = (INT64_MAX >> out->level) - 1;
    int rc = keep_column(cursor, count, first, last, &columns->cell);
    if (rc == 0) {
        rc = keep_column(cursor, count, 0, (int64_t)kind_count - 1, &columns->kind);
    }
    if (rc == 0) {
        rc = keep_column(cursor, count, 0, UINT32_MAX, &columns->ended);
    }
    columns->unused = columns->ended; /* version 2: any values, which are not used */
    if (rc == 0 && !cursor->all_times) {
        rc = keep_column(cursor, count, INT64_MIN, INT64_MAX, &columns->unused);
    }
    return rc;
}

/* The first one says how many long spans there are. */
static int get_long_columns(struct cursor *cursor, struct sheet_block *out,
                            struct columns *columns) {
    const int64_t cell = INT64_C(1) << out->level;
    const struct {
        int64_t low, high;
        const int64_t **values;
    } others[] = {
        {0, INT64_MAX - cell, &columns->length}, {0, STATE_COUNT - 1, &columns->state},
        {-1, INT32_MAX, &columns->resource},     {-1, INT32_MAX, &columns->by},
        {-1, INT32_MAX, &columns->site},
    };
    uint32_t count = out->count;
    int rc = say(cursor, column_take_some(&cursor->at, cursor->end, &count, 1, cell,
                                          cursor->values));
    columns->end = cursor->values;
    out->long_count = rc == 0 ? count : 0;
    cursor->values += out->long_count;
    for (size_t i = 0; rc == 0 && i < sizeof others / sizeof others[0]; i++) {
        rc = keep_column(cursor, count, others[i].low, others[i].high, others[i].values);
    }
    return rc;
}

/* How far a sheet is filled. */
struct filling {
    struct sheet_block *out;
    uint32_t longs;  /* that are there */
    size_t times_at; /* where the next node has its times */
    uint64_t beyond; /* has no bit of the level or above, as long as no cell has more time
                        than it is long, or none */
};

/* What is left of the room of a node is its short time, if it has any. */
static inline uint64_t put_short(sim_ns *to, const struct sheet_kind *kind, sim_ns room) {
    const bool has_time = (kind->mask & ~NODE_LONG) != 0;
    *to = has_time ? room : 0;
    return has_time ? (uint64_t)room - 1 : 0;
}

/* Long span i, which ends in the cell that begins at `start`. */
static inline void put_long(struct long_span *to, const struct columns *from, uint32_t i,
                            sim_ns start, sim_ns cell) {
    const sim_ns end = start + from->end[i], length = from->length[i] + cell;
    to->start_ns = column_subtract(end, length);
    to->end_ns = end;
    to->resource = (lane_id)from->resource[i];
    to->by = (lane_id)from->by[i];
    to->site = (site_id)from->site[i];
    to->state = (uint8_t)from->state[i];
}

/* A long span takes of the room in its node's cell, and in that of the one before it: what is
 * left of that is known then. NULL, or what is wrong. */
static const char *fill_lane(struct filling *f, const struct columns *columns,
                             const struct sheet_lane *lane) {
    const struct columns from = *columns; /* a copy, which nothing here changes */
    const struct sheet_kind *kinds = f->out->kinds, *kind_before = NULL;
    struct sheet_node *nodes = f->out->nodes;
    struct long_span *span = &f->out->longs[f->longs];
    sim_ns *short_ns = f->out->short_ns;
    const unsigned level = f->out->level;
    const sim_ns length = INT64_C(1) << level;
    const uint64_t last = (uint64_t)(INT64_MAX >> level) - 1;
    const uint32_t long_count = f->out->long_count;
    uint32_t longs = f->longs;
    size_t times_at = f->times_at;
    uint64_t beyond = f->beyond;
    int64_t cell = f->out->t0_ns >> level;    /* differences within a lane */
    sim_ns start_before = 0, room_before = 0; /* of the last cell */
    for (uint32_t i = lane->first; i < lane->end; i++) {
        const uint64_t number = (uint64_t)from.kind[i];
        const struct sheet_kind *kind = &kinds[number];
        cell = column_add(cell, from.cell[i]);
        if ((uint64_t)cell > last) {
            return "a cell beyond all time";
        }
        const sim_ns start = cell << level;
        sim_ns room = column_subtract(length, from.unused[i]);
        if ((kind->mask & NODE_LONG) != 0) {
            if (longs == long_count) {
                return "a node without its long span";
            }
            put_long(span, &from, longs, start, length);
            room = column_subtract(room, from.end[longs++]);
            room_before =
                column_subtract(room_before, sheet_part_of(span++, start_before, level));
        }
        if (kind_before != NULL) {
            beyond |= put_short(&short_ns[i - 1], kind_before, room_before);
        }
        nodes[i].cell = cell;
        nodes[i].ended = (uint32_t)from.ended[i];
        nodes[i].kind = (uint32_t)number;
        times_at += kind->times_size;
        kind_before = kind;
        start_before = start;
        room_before = room;
    }
    f->beyond = beyond | put_short(&short_ns[lane->end - 1], kind_before, room_before);
    f->longs = longs;
    f->times_at = times_at;
    return NULL;
}

/* Adds up all times of a node of version 2, and moves those down that a later one has. */
static sim_ns take_times(const struct sheet_kind *kind, const uint8_t **from,
                         uint8_t **to) {
    sim_ns all = 0;
    for (uint32_t rest = kind->mask & ~NODE_LONG; rest != 0; rest &= rest - 1) {
        all = column_add(all, (int64_t)column_get_fixed(*from, kind->time_bytes));
        if (__builtin_ctz(rest) != kind->state) {
            memmove(*to, *from, kind->time_bytes);
            *to += kind->time_bytes;
        }
        *from += kind->time_bytes;
    }
    return all;
}

/* Makes a sheet of version 2, whose times are as long as they must be, one of a later one. */
static void add_up_times(struct filling *f, uint32_t kind_count) {
    struct sheet_block *out = f->out;
    const uint8_t *from = out->times;
    uint8_t *to = out->times;
    f->beyond = 0;
    for (uint32_t n = 0; n < out->lane_count; n++) {
        struct sheet_lane *lane = &out->lanes[n];
        lane->times_at = (uint32_t)(to - out->times);
        for (uint32_t i = lane->first; i < lane->end; i++) {
            const struct sheet_kind *kind = &out->kinds[out->nodes[i].kind];
            f->beyond |= put_short(&out->short_ns[i], kind, take_times(kind, &from, &to));
        }
    }
    for (uint32_t i = 0; i < kind_count; i++) {
        struct sheet_kind *kind = &out->kinds[i];
        kind->times_size = (uint16_t)(node_mask_times(kind->mask) * kind->time_bytes);
    }
}

static int fill(const struct cursor *cursor, struct sheet_block *out,
                const struct columns *columns, uint32_t kind_count) {
    struct filling f = {.out = out};
    const char *fault = NULL;
    for (uint32_t n = 0; fault == NULL && n < out->lane_count; n++) {
        struct sheet_lane *lane = &out->lanes[n];
        lane->times_at = (uint32_t)f.times_at;
        lane->first_long = f.longs;
        fault = fill_lane(&f, columns, lane);
        lane->end_long = f.longs;
    }
    if (fault == NULL && f.longs < out->long_count) {
        fault = "a long span without its node";
    }
    if (fault == NULL && f.times_at != cursor->time_bytes) {
        fault = "wrong length of the times";
    }
    if (fault == NULL && cursor->all_times) {
        add_up_times(&f, kind_count);
    }
    if (fault == NULL && f.beyond >> out->level != 0) {
        fault = "a cell with more time than it is long, or none";
    }
    return fault == NULL ? 0 : corrupt(cursor->err, fault);
}

/* --- the whole ----------------------------------------------------------------- */

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

static int get_columns(struct cursor *cursor, struct sheet_block *out) {
    struct columns columns = {0};
    uint32_t kind_count = out->count;
    int rc = get_kinds(cursor, out, &kind_count);
    if (rc == 0) {
        rc = get_lanes(cursor, out);
    }
    if (rc == 0) {
        rc = get_node_columns(cursor, out, kind_count, &columns);
    }
    if (rc == 0) {
        rc = get_long_columns(cursor, out, &columns);
    }
    if (rc == 0 && enlarge((void **)&out->longs, &out->long_capacity, out->long_count,
                           sizeof *out->longs) != 0) {
        rc = err_set_nomem(cursor->err);
    }
    if (rc == 0) {
        rc = fill(cursor, out, &columns, kind_count);
    }
    return rc == 0 && cursor->at != cursor->end
               ? corrupt(cursor->err, "bytes after the last column")
               : rc;
}

static int decode(const uint8_t *data, size_t size, struct sheet_block *out,
                  struct err *err) {
    const size_t time_bytes = (size_t)column_get_fixed(data + 36, 4);
    const uint8_t *times = data + size - SHEET_SUM_BYTES - time_bytes;
    int64_t *values = memory_resize(NULL, out->count, COLUMNS * sizeof *values);
    struct cursor cursor = {
        .at = data + SHEET_HEADER_BYTES,
        .end = times,
        .values = values,
        .time_bytes = time_bytes,
        .all_times = data[4] == SHEET_ALL_TIMES,
        .err = err,
    };
    int rc = 0;
    if (values == NULL || make_room_for_nodes(out, time_bytes) != 0) {
        rc = err_set_nomem(err);
    } else {
        memcpy(out->times, times, time_bytes + SHEET_SUM_BYTES);
        rc = get_columns(&cursor, out);
    }
    memory_free(values);
    return rc;
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
        rc = decode(data, size, out, err);
    }
    if (rc != 0) {
        out->count = out->long_count = out->lane_count = 0;
    }
    return rc;
}

void sheet_block_add_times(const struct sheet_block *block, struct sheet_times *place,
                           uint32_t node, sim_ns state_ns[STATE_COUNT]) {
    for (; place->node < node; place->node++) {
        place->at += block->kinds[block->nodes[place->node].kind].times_size;
    }
    const struct sheet_kind *kind = &block->kinds[block->nodes[node].kind];
    const uint8_t *at = block->times + place->at; /* the checksum follows the last */
    const uint64_t bits =
        kind->time_bytes > 0 ? UINT64_MAX >> (64 - 8 * kind->time_bytes) : 0;
    const uint32_t states = kind->mask & ~NODE_LONG;
    sim_ns left = block->short_ns[node];
    for (uint32_t rest = states & ~(UINT32_C(1) << kind->state); rest != 0;
         rest &= rest - 1) {
        sim_ns *sum = &state_ns[__builtin_ctz(rest)];
        const int64_t time = (int64_t)(column_get_word(at) & bits);
        *sum = column_add(*sum, time);
        left = column_subtract(left, time);
        at += kind->time_bytes;
    }
    state_ns[kind->state] =
        column_add(state_ns[kind->state], left); /* 0 without states */
}
