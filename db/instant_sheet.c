/* SPDX-License-Identifier: MIT */
#include "db/instant_sheet_priv.h"

#include <assert.h>

/* Counts add up to a number, and what many instants are by is not one of them. */
static const char *check(void *bytes) {
    struct instant_node *node = bytes;
    uint64_t total = 0;
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        total += node->count[kind];
    }
    if (total < 1 || total > UINT32_MAX) {
        return "a wrong number of instants";
    }
    if (node->by != LANE_NONE && total > 1 && node->count[INSTANT_SLOW_CALLBACK] != 1) {
        return "instants by one that are of many";
    }
    node->total = (uint32_t)total;
    return NULL;
}

#define COUNT(kind) POINT_COLUMN(struct instant_node, count[kind], 0, UINT32_MAX)

static const struct point_column columns[] = {
    POINT_COLUMN(struct instant_node, lane, 0, INT32_MAX),
    POINT_TIME(struct instant_node, first_ns),
    POINT_COLUMN(struct instant_node, by, LANE_NONE, INT32_MAX),
    COUNT(0),
    COUNT(1),
    COUNT(2),
    COUNT(3),
    COUNT(4),
    COUNT(5),
};
static_assert(sizeof columns / sizeof columns[0] == 3 + INSTANT_COUNT, "a column each");

const struct point_format instant_sheet_format = {
    .magic = "GSip",
    .name = "instants",
    .node_size = sizeof(struct instant_node),
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .check = check,
};
