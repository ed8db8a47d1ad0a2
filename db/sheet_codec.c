/* SPDX-License-Identifier: MIT */
/*
 * sheet_codec - the bytes of a sheet of the pyramid, format version 3; columns and integers
 * as in chunk_codec.c.
 *
 *     offset  size
 *          0     4  magic "GSpy"
 *          4     1  version: 3
 *          5     1  level, 0 .. 62
 *          6     2  0
 *          8     4  group
 *         12     4  first chunk
 *         16     8  t0, ns
 *         24     8  t1, ns
 *         32     4  nodes, 1 .. 2^20
 *         36     4  bytes of times
 *         40     -  the columns, then the times
 *       last     8  checksum of every byte before it
 *
 *     kinds    what nodes have in common, distinct ones, ascending:
 *              0 mask: 1 << state of each short time, 1 << 31 for a long span
 *              1 the state with most time, the smallest of equal ones; 0 without times
 *              2 bytes of each time, as many as the longest but that one takes; 0 without
 *     lanes    3 lane - 64 * group, ascending     4 how many nodes it has, at least 1
 *     nodes    of one lane after the other, in the order of time:
 *              5 cell - (cell of the one before it, of the first t0 >> level)
 *              6 which kind     7 ended
 *              8 room - all its short time; 0 without times
 *     longs    for each node with one:
 *              9 end - cell's start     10 length - cell's length     11 state
 *              12 resource     13 by     14 site
 *     times    for each node and each state in its mask but that with most time, ascending:
 *              no column, but integers of as many bytes as its kind says
 *
 * The room of a node is what its cell has beside long spans: the cell's length, less what
 * the node's own long span has of the cell, less what that of the lane's next node has. Short
 * ones fill it but where a lane begins or ends, or a sheet, so that column 8 is mostly zeros,
 * and the time of one state, the longest, is what the others leave.
 *
 * Version 2, which is read, has no column 8, and all times.
 *
 * The checksum is h after h = rotate_left((h ^ word) * 0x9e3779b97f4a7c15, 31), from h = the
 * number of bytes, for each eight of them as a word, the last word filled up with zeros. Each
 * step is one-to-one, so that damage within a word never goes unnoticed. A CRC-32 takes three
 * times as many instructions, an eighth of those of a view.
 */
#include "db/sheet_codec_priv.h"

#include <string.h>

#include "db/column_codec_priv.h"
#include "db/sheet_order_priv.h"
#include "engine/base/memory.h"

enum {
    VERSION = 3,
    ALL_TIMES = 2, /* the version that has all times */
    HEADER_BYTES = 40,
    SUM_BYTES = 8,
    COLUMNS = 15,
    NODE_COLUMNS = 9, /* with kinds and lanes */
    NODE_VALUES = 4,  /* those that each node has a value in */
    LONG_COLUMNS = 6,
    NODES_MAX = 1 << 20
};

static const uint8_t magic[4] = {'G', 'S', 'p', 'y'};

void sheet_block_deinit(struct sheet_block *block) {
    memory_free(block->nodes);
    memory_free(block->longs);
    memory_free(block->short_ns);
    memory_free(block->times);
    *block = (struct sheet_block){0};
}

static uint64_t checksum(const uint8_t *data, size_t size) {
    uint64_t sum = size;
    for (size_t at = 0; at < size; at += 8) {
        const uint64_t word = size - at >= 8 ? column_get_word(data + at)
                                             : column_get_fixed(data + at, size - at);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum = sum << 31 | sum >> 33;
    }
    return sum;
}

/* What a long span that touches the cell beginning at `start` has of it. */
static sim_ns part_of(const struct long_span *span, sim_ns start, unsigned level) {
    const sim_ns end = start + (INT64_C(1) << level);
    const sim_ns from = span->start_ns > start ? span->start_ns : start;
    const sim_ns to = span->end_ns < end ? span->end_ns : end;
    return to > from ? to - from : 0;
}

/* --- encoding ------------------------------------------------------------------ */

static int make_room(const struct sheet *sheet, const struct sheet_order *order,
                     struct chunk_bytes *out) {
    const size_t values =
        (size_t)NODE_COLUMNS * sheet->count + (size_t)LONG_COLUMNS * sheet->long_count;
    return chunk_bytes_reserve(out, HEADER_BYTES + SUM_BYTES +
                                        COLUMNS * COLUMN_HEADER_BYTES +
                                        values * COLUMN_VALUE_BYTES + order->time_bytes);
}

static uint8_t *put_header(uint8_t *at, const struct sheet *sheet, size_t time_bytes) {
    memcpy(at, magic, 4);
    at = column_put_fixed(at + 4, VERSION, 1);
    at = column_put_fixed(at, sheet->level, 1);
    at = column_put_fixed(at, 0, 2);
    at = column_put_fixed(at, sheet->group, 4);
    at = column_put_fixed(at, sheet->first_seq, 4);
    at = column_put_fixed(at, (uint64_t)sheet->t0_ns, 8);
    at = column_put_fixed(at, (uint64_t)sheet->t1_ns, 8);
    at = column_put_fixed(at, sheet->count, 4);
    return column_put_fixed(at, time_bytes, 4);
}

/* Which lanes there are, and how many nodes each has. */
static uint8_t *put_lanes(uint8_t *at, const struct sheet *sheet) {
    int64_t of_place[LANE_GROUP_LANES] = {0};
    int64_t places[LANE_GROUP_LANES], counts[LANE_GROUP_LANES];
    uint32_t lanes = 0;
    for (uint32_t i = 0; i < sheet->count; i++) {
        of_place[sheet->place[i]]++;
    }
    for (int place = 0; place < LANE_GROUP_LANES; place++) {
        if (of_place[place] > 0) {
            places[lanes] = place;
            counts[lanes++] = of_place[place];
        }
    }
    at = column_put(at, places, lanes);
    return column_put(at, counts, lanes);
}

/* Of the node before it of its lane, or where the sheet begins. */
static int64_t cell_before(const struct sheet *sheet, const struct ordered_node *nodes,
                           uint32_t i) {
    const bool is_first =
        i == 0 || sheet->place[nodes[i - 1].number] != sheet->place[nodes[i].number];
    return is_first ? sheet->t0_ns >> sheet->level : sheet->cell[nodes[i - 1].number];
}

static bool has_long(const struct sheet *sheet, const struct ordered_node *node) {
    return (sheet->mask[node->number] & NODE_LONG) != 0;
}

/* What the cell of node i has beside long spans. */
static sim_ns room_of(const struct sheet *sheet, const struct sheet_order *order,
                      uint32_t i) {
    const struct ordered_node *node = &order->nodes[i], *next = node + 1;
    const sim_ns start = sheet->cell[node->number] << sheet->level;
    sim_ns room = INT64_C(1) << sheet->level;
    if (has_long(sheet, node)) {
        room -= part_of(&sheet->longs[node->span], start, sheet->level);
    }
    if (i + 1 < sheet->count && has_long(sheet, next) &&
        sheet->place[next->number] == sheet->place[node->number]) {
        room -= part_of(&sheet->longs[next->span], start, sheet->level);
    }
    return room;
}

static sim_ns unused_room(const struct sheet *sheet, const struct sheet_order *order,
                          uint32_t i) {
    const sim_ns all = order->nodes[i].all_ns;
    return all > 0 ? room_of(sheet, order, i) - all : 0;
}

static uint8_t *put_nodes(uint8_t *at, const struct sheet *sheet,
                          const struct sheet_order *order, int64_t *column) {
    const struct ordered_node *nodes = order->nodes;
    COLUMN_PUT(at, column, order->kind_count, node_kind_mask(order->kinds[i]));
    COLUMN_PUT(at, column, order->kind_count, node_kind_state(order->kinds[i]));
    COLUMN_PUT(at, column, order->kind_count, node_kind_bytes(order->kinds[i]));
    at = put_lanes(at, sheet);
    COLUMN_PUT(at, column, sheet->count,
               sheet->cell[nodes[i].number] - cell_before(sheet, nodes, i));
    COLUMN_PUT(at, column, sheet->count, sheet_order_find(order, nodes[i].kind));
    COLUMN_PUT(at, column, sheet->count, sheet->ended[nodes[i].number]);
    COLUMN_PUT(at, column, sheet->count, unused_room(sheet, order, i));
    return at;
}

static uint8_t *put_longs(uint8_t *at, const struct sheet *sheet,
                          const struct sheet_order *order, int64_t *column) {
    const unsigned level = sheet->level;
    const uint32_t count = sheet->long_count, *number = order->longs;
    const struct long_span *longs = sheet->longs;
    COLUMN_PUT(at, column, count,
               longs[number[i]].end_ns -
                   ((longs[number[i]].end_ns - 1) >> level << level));
    COLUMN_PUT(at, column, count,
               longs[number[i]].end_ns - longs[number[i]].start_ns -
                   (INT64_C(1) << level));
    COLUMN_PUT(at, column, count, longs[number[i]].state);
    COLUMN_PUT(at, column, count, longs[number[i]].resource);
    COLUMN_PUT(at, column, count, longs[number[i]].by);
    COLUMN_PUT(at, column, count, longs[number[i]].site);
    return at;
}

/* Those of a node, but for that of the state with most time. */
static uint8_t *put_node_times(uint8_t *at, const struct sheet *sheet,
                               const struct ordered_node *node) {
    const sim_ns *time = &sheet->times[node->time];
    const uint32_t states = node_kind_mask(node->kind) & ~NODE_LONG;
    for (uint32_t rest = states; rest != 0; rest &= rest - 1, time++) {
        if (__builtin_ctz(rest) != node_kind_state(node->kind)) {
            at = column_put_fixed(at, (uint64_t)*time, node_kind_bytes(node->kind));
        }
    }
    return at;
}

static uint8_t *put_times(uint8_t *at, const struct sheet *sheet,
                          const struct sheet_order *order) {
    for (uint32_t i = 0; i < sheet->count; i++) {
        at = put_node_times(at, sheet, &order->nodes[i]);
    }
    return at;
}

static uint8_t *put_sheet(uint8_t *begin, const struct sheet *sheet,
                          const struct sheet_order *order, int64_t *column) {
    uint8_t *at = put_header(begin, sheet, order->time_bytes);
    at = put_nodes(at, sheet, order, column);
    at = put_longs(at, sheet, order, column);
    at = put_times(at, sheet, order);
    return column_put_fixed(at, checksum(begin, (size_t)(at - begin)), SUM_BYTES);
}

int sheet_codec_encode(const struct sheet *sheet, struct chunk_bytes *out,
                       struct err *err) {
    struct sheet_order order = {0};
    int64_t *column = memory_resize(NULL, sheet->count, sizeof *column);
    int rc = column != NULL ? sheet_order_init(&order, sheet) : ERR_NOMEM;
    if (rc == 0) {
        rc = make_room(sheet, &order, out);
    }
    if (rc == 0) {
        uint8_t *begin = out->data + out->size;
        out->size += (size_t)(put_sheet(begin, sheet, &order, column) - begin);
    }
    sheet_order_deinit(&order);
    memory_free(column);
    return rc == 0 ? 0 : err_set_nomem(err);
}

/* --- decoding ------------------------------------------------------------------ */

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
                out->short_ns[k] =
                    column_subtract(out->short_ns[k], part_of(span, start, out->level));
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
 * many sheets are kept (block_cache_priv.h). */
static int enlarge(void **items, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity) {
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
    return enlarge((void **)&out->times, &out->time_capacity, time_bytes + SUM_BYTES, 1);
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
    if (size < HEADER_BYTES + SUM_BYTES || size > UINT32_MAX ||
        memcmp(data, magic, 4) != 0) {
        return corrupt(err, "wrong length or magic");
    }
    if (data[4] != VERSION && data[4] != ALL_TIMES) {
        return err_set(err, ERR_CORRUPT,
                       "the sheet has format version %d, this program knows %d and %d",
                       data[4], ALL_TIMES, VERSION);
    }
    const size_t body = size - SUM_BYTES;
    if (column_get_word(data + body) != checksum(data, body)) {
        return corrupt(err, "wrong checksum");
    }
    out->level = data[5];
    out->group = (uint32_t)column_get_fixed(data + 8, 4);
    out->first_seq = (uint32_t)column_get_fixed(data + 12, 4);
    out->t0_ns = (sim_ns)column_get_fixed(data + 16, 8);
    out->t1_ns = (sim_ns)column_get_fixed(data + 24, 8);
    const uint32_t count = (uint32_t)column_get_fixed(data + 32, 4);
    if (out->level >= PYRAMID_LEVELS || count < 1 || count > NODES_MAX ||
        out->t0_ns < 0 || out->t0_ns > out->t1_ns ||
        column_get_fixed(data + 36, 4) > body - HEADER_BYTES) {
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
        const uint8_t *times = (const uint8_t *)data + size - SUM_BYTES - time_bytes;
        struct cursor cursor = {
            .at = (const uint8_t *)data + HEADER_BYTES,
            .end = times,
            .values =
                memory_resize(NULL, out->count, NODE_VALUES * sizeof *cursor.values),
            .all_times = ((const uint8_t *)data)[4] == ALL_TIMES,
            .err = err,
        };
        rc = cursor.values != NULL && make_room_for_nodes(out, time_bytes) == 0
                 ? 0
                 : err_set_nomem(err);
        if (rc == 0) {
            memcpy(out->times, times, time_bytes + SUM_BYTES);
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
