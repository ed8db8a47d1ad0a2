/* SPDX-License-Identifier: MIT */
/*
 * int_range - what comparisons leave of the whole numbers: lo <= x <= hi, none when lo > hi.
 */
#ifndef DB_SQL_INT_RANGE_H
#define DB_SQL_INT_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite3_value;

struct int_range {
    int64_t lo, hi;
};

#define INT_RANGE_ALL ((struct int_range){INT64_MIN, INT64_MAX})

static inline bool int_range_has(const struct int_range *range, int64_t x) {
    return x >= range->lo && x <= range->hi;
}

/*
 * Keeps the numbers x of an INTEGER column for which `x op value` is true in SQL; `op` is
 * one of SQLITE_INDEX_CONSTRAINT_EQ, _LT, _LE, _GT, _GE. A text that is a number counts
 * as that number, any other text or blob is greater than all numbers, and nothing
 * compares with NULL.
 */
void int_range_keep(struct int_range *range, int op, struct sqlite3_value *value);

#endif
