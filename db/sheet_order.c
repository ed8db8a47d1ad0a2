/* SPDX-License-Identifier: MIT */
#include "db/sheet_order_priv.h"

#include <string.h>

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

/* The state with most time, the smallest of equal ones, and what all have together. */
static unsigned longest_state(uint32_t states, const sim_ns *times, sim_ns *all) {
    sim_ns most = 0;
    unsigned state = 0;
    *all = 0;
    for (uint32_t rest = states; rest != 0; rest &= rest - 1, times++) {
        state = *times > most ? (unsigned)__builtin_ctz(rest) : state;
        most = *times > most ? *times : most;
        *all += *times;
    }
    return state;
}

static node_kind kind_of(const struct sheet *sheet, struct ordered_node *node) {
    const uint32_t mask = sheet->mask[node->number];
    const sim_ns *times = &sheet->times[node->time];
    const unsigned state = longest_state(mask & ~NODE_LONG, times, &node->all_ns);
    sim_ns others = 0;
    for (uint32_t rest = mask & ~NODE_LONG; rest != 0; rest &= rest - 1, times++) {
        others |= (unsigned)__builtin_ctz(rest) != state ? *times : 0;
    }
    const uint64_t bytes = others != 0 ? column_byte_size((uint64_t)others) : 0;
    return (uint64_t)mask << 16 | (uint64_t)state << 8 | bytes;
}

/* Puts the nodes in order, and says where in the sheet each has its times and long span. */
static void sort(struct sheet_order *order, const struct sheet *sheet) {
    uint32_t next[LANE_GROUP_LANES + 1] = {0}, time = 0, span = 0;
    for (uint32_t i = 0; i < sheet->count; i++) {
        next[sheet->place[i] + 1]++;
    }
    for (size_t i = 1; i < LANE_GROUP_LANES; i++) {
        next[i] += next[i - 1];
    }
    for (uint32_t i = 0; i < sheet->count; i++) {
        const uint32_t mask = sheet->mask[i];
        struct ordered_node *node = &order->nodes[next[sheet->place[i]]++];
        *node = (struct ordered_node){.number = i, .time = time, .span = span};
        time += (uint32_t)__builtin_popcount(mask & ~NODE_LONG);
        span += (mask & NODE_LONG) != 0;
    }
}

uint32_t sheet_order_find(const struct sheet_order *order, node_kind kind) {
    uint32_t first = 0, count = order->kind_count;
    while (count > 0) {
        const uint32_t half = count / 2;
        const bool beyond = order->kinds[first + half] < kind;
        first += beyond ? half + 1 : 0;
        count = beyond ? count - half - 1 : half;
    }
    return first;
}

static void add_kind(struct sheet_order *order, node_kind kind) {
    const uint32_t at = sheet_order_find(order, kind);
    if (at < order->kind_count && order->kinds[at] == kind) {
        return;
    }
    memmove(&order->kinds[at + 1], &order->kinds[at],
            (order->kind_count - at) * sizeof *order->kinds);
    order->kinds[at] = kind;
    order->kind_count++;
}

static void find_kinds(struct sheet_order *order, const struct sheet *sheet) {
    for (uint32_t i = 0, longs = 0; i < sheet->count; i++) {
        struct ordered_node *node = &order->nodes[i];
        node->kind = kind_of(sheet, node);
        add_kind(order, node->kind);
        order->time_bytes +=
            (size_t)node_kind_times(node->kind) * node_kind_bytes(node->kind);
        if ((sheet->mask[node->number] & NODE_LONG) != 0) {
            order->longs[longs++] = node->span;
        }
    }
}

int sheet_order_init(struct sheet_order *order, const struct sheet *sheet) {
    *order = (struct sheet_order){
        .nodes = memory_resize(NULL, sheet->count, sizeof *order->nodes),
        .longs = memory_resize(NULL, sheet->count, sizeof *order->longs),
        .kinds = memory_resize(NULL, sheet->count, sizeof *order->kinds),
    };
    if (order->nodes == NULL || order->longs == NULL || order->kinds == NULL) {
        sheet_order_deinit(order);
        return ERR_NOMEM;
    }
    sort(order, sheet);
    find_kinds(order, sheet);
    return 0;
}

void sheet_order_deinit(struct sheet_order *order) {
    memory_free(order->nodes);
    memory_free(order->longs);
    memory_free(order->kinds);
    *order = (struct sheet_order){0};
}
