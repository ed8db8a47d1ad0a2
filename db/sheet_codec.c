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
#include "db/sheet_format_priv.h"
#include "db/sheet_order_priv.h"
#include "engine/base/memory.h"

enum {
    COLUMNS = 15,
    NODE_COLUMNS = 9, /* with kinds and lanes */
    LONG_COLUMNS = 6
};

static int make_room(const struct sheet *sheet, const struct sheet_order *order,
                     struct chunk_bytes *out) {
    const size_t values =
        (size_t)NODE_COLUMNS * sheet->count + (size_t)LONG_COLUMNS * sheet->long_count;
    return chunk_bytes_reserve(out, SHEET_HEADER_BYTES + SHEET_SUM_BYTES +
                                        COLUMNS * COLUMN_HEADER_BYTES +
                                        values * COLUMN_VALUE_BYTES + order->time_bytes);
}

static uint8_t *put_header(uint8_t *at, const struct sheet *sheet, size_t time_bytes) {
    memcpy(at, SHEET_MAGIC, 4);
    at = column_put_fixed(at + 4, SHEET_VERSION, 1);
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
        room -= sheet_part_of(&sheet->longs[node->span], start, sheet->level);
    }
    if (i + 1 < sheet->count && has_long(sheet, next) &&
        sheet->place[next->number] == sheet->place[node->number]) {
        room -= sheet_part_of(&sheet->longs[next->span], start, sheet->level);
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
    return column_put_fixed(at, sheet_checksum(begin, (size_t)(at - begin)),
                            SHEET_SUM_BYTES);
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
