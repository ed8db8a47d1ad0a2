/* SPDX-License-Identifier: MIT */
/*
 * sheet_codec - the bytes of a sheet of the pyramid, format version 2; columns and integers
 * as in chunk_codec.c.
 *
 *     offset  size
 *          0     4  magic "GSpy"
 *          4     1  version: 2
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
 *              2 bytes of each time, as many as the longest takes; 0 without times
 *     lanes    3 lane - 64 * group, ascending     4 how many nodes it has, at least 1
 *     nodes    of one lane after the other, in the order of time:
 *              5 cell - (cell of the one before it, of the first t0 >> level)
 *              6 which kind     7 ended
 *     longs    for each node with one:
 *              8 end - cell's start     9 length - cell's length     10 state
 *              11 resource     12 by     13 site
 *     times    for each node and each state in its mask, ascending: no column, but integers
 *              of as many bytes as its kind says
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
    VERSION = 2,
    HEADER_BYTES = 40,
    SUM_BYTES = 8,
    COLUMNS = 14,
    NODE_COLUMNS = 8, /* with kinds and lanes */
    LONG_COLUMNS = 6,
    NODES_MAX = 1 << 20
};

static const uint8_t magic[4] = {'G', 'S', 'p', 'y'};

void sheet_block_deinit(struct sheet_block *block) {
    memory_free(block->nodes);
    memory_free(block->longs);
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

static uint32_t times_of(uint32_t mask) {
    return (uint32_t)__builtin_popcount(mask & ~NODE_LONG);
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

static uint8_t *put_times(uint8_t *at, const struct sheet *sheet,
                          const struct sheet_order *order) {
    for (uint32_t i = 0; i < sheet->count; i++) {
        const struct ordered_node *node = &order->nodes[i];
        for (uint32_t n = 0; n < node->time_count; n++) {
            at = column_put_fixed(at, (uint64_t)sheet->times[node->time + n],
                                  node_kind_bytes(node->kind));
        }
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
    int64_t *values; /* as many as there are nodes */
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

static bool is_sound(const struct kind *kind) {
    const uint32_t states = kind->mask & ~NODE_LONG;
    return states == 0 ? kind->state == 0 && kind->time_bytes == 0
                       : (states >> kind->state & 1) != 0 && kind->time_bytes > 0;
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
        kinds[i].size = (uint16_t)(times_of(kinds[i].mask) * kinds[i].time_bytes);
        if (!is_sound(&kinds[i])) {
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

/* Cells are differences within a lane. */
static int get_cells(struct cursor *cursor, struct sheet_block *out) {
    const int64_t first = out->t0_ns >> out->level;
    const int64_t last = (INT64_MAX >> out->level) - 1;
    const int rc = get_column(cursor, out->count, first > 0 ? -1 : 0, last);
    for (uint32_t n = 0; rc == 0 && n < out->lane_count; n++) {
        int64_t cell = first;
        for (uint32_t i = out->lanes[n].first; i < out->lanes[n].end; i++) {
            cell = column_add(cell, cursor->values[i]);
            out->nodes[i].cell = cell;
            if (cell < 0 || cell > last) {
                return corrupt(cursor->err, "a cell beyond all time");
            }
        }
    }
    return rc;
}

/* What each node has of its kind. Counts long spans. */
static int set_kinds(struct cursor *cursor, struct sheet_block *out,
                     const struct kind *kinds, size_t time_bytes) {
    uint32_t longs = 0;
    size_t at = 0;
    for (uint32_t n = 0; n < out->lane_count; n++) {
        out->lanes[n].first_long = longs;
        for (uint32_t i = out->lanes[n].first; i < out->lanes[n].end; i++) {
            const struct kind *kind = &kinds[cursor->values[i]];
            struct sheet_node *node = &out->nodes[i];
            node->mask = kind->mask;
            node->state = kind->state;
            node->time_bytes = kind->time_bytes;
            node->times_at = (uint32_t)at;
            at += kind->size;
            longs += kind->mask >> 31;
        }
        out->lanes[n].end_long = longs;
    }
    out->long_count = longs;
    return at == time_bytes ? 0 : corrupt(cursor->err, "wrong length of the times");
}

static int get_nodes(struct cursor *cursor, struct sheet_block *out, size_t time_bytes) {
    struct kind *kinds = memory_resize(NULL, out->count, sizeof *kinds);
    struct sheet_node *nodes = out->nodes;
    uint32_t kind_count = out->count;
    int rc = kinds != NULL ? get_kinds(cursor, out->level, kinds, &kind_count)
                           : err_set_nomem(cursor->err);
    if (rc == 0) {
        rc = get_lanes(cursor, out);
    }
    if (rc == 0) {
        rc = get_cells(cursor, out);
    }
    if (rc == 0) {
        rc = get_column(cursor, out->count, 0, (int64_t)kind_count - 1);
    }
    if (rc == 0) {
        rc = set_kinds(cursor, out, kinds, time_bytes);
    }
    GET(rc, cursor, out->count, 0, UINT32_MAX, nodes[i].ended = (uint32_t)value);
    memory_free(kinds);
    return rc;
}

/* Ends are first read as what they are beyond the start of their cell, lengths as what
 * they are longer than one. */
static void place_longs(struct sheet_block *out) {
    struct long_span *span = out->longs;
    for (uint32_t i = 0; i < out->count; i++) {
        if ((out->nodes[i].mask & NODE_LONG) != 0) {
            const sim_ns length = span->start_ns + (INT64_C(1) << out->level);
            span->end_ns += out->nodes[i].cell << out->level;
            span->start_ns = column_subtract(span->end_ns, length);
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
    return rc == 0 ? enlarge((void **)&out->times, &out->time_capacity,
                             time_bytes + SUM_BYTES, 1)
                   : rc;
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
    return rc == 0 && cursor->at != cursor->end
               ? corrupt(cursor->err, "bytes after the last column")
               : rc;
}

static int get_header(const uint8_t *data, size_t size, struct sheet_block *out,
                      struct err *err) {
    out->count = out->long_count = out->lane_count = 0;
    if (size < HEADER_BYTES + SUM_BYTES || size > UINT32_MAX ||
        memcmp(data, magic, 4) != 0) {
        return corrupt(err, "wrong length or magic");
    }
    if (data[4] != VERSION) {
        return err_set(err, ERR_CORRUPT,
                       "the sheet has format version %d, this program knows %d", data[4],
                       VERSION);
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
            .values = memory_resize(NULL, out->count, sizeof *cursor.values),
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
    for (uint32_t rest = node->mask & ~NODE_LONG; rest != 0; rest &= rest - 1) {
        sim_ns *sum = &state_ns[__builtin_ctz(rest)];
        *sum = column_add(*sum, (int64_t)(column_get_word(at) & bits));
        at += node->time_bytes;
    }
}
