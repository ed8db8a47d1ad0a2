/* SPDX-License-Identifier: MIT */
#include "db/counter_sheet_priv.h"

static const char *check(void *bytes) {
    const struct counter_node *node = bytes;
    if (node->min > node->last || node->last > node->max ||
        (node->total == 1 && node->min != node->max)) {
        return "a last value that is not between the least and the largest";
    }
    return NULL;
}

static const struct point_column columns[] = {
    POINT_COLUMN(struct counter_node, lane, 0, INT32_MAX),
    POINT_COLUMN(struct counter_node, kind, 0, COUNTER_COUNT - 1),
    POINT_TIME(struct counter_node, first_ns),
    POINT_COLUMN(struct counter_node, total, 1, UINT32_MAX),
    POINT_COLUMN(struct counter_node, last, INT64_MIN, INT64_MAX),
    POINT_COLUMN(struct counter_node, min, INT64_MIN, INT64_MAX),
    POINT_COLUMN(struct counter_node, max, INT64_MIN, INT64_MAX),
};

const struct point_format counter_sheet_format = {
    .magic = "GScp",
    .name = "counters",
    .node_size = sizeof(struct counter_node),
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .check = check,
};
