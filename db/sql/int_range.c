/* SPDX-License-Identifier: MIT */
#include "db/sql/int_range.h"

#include <math.h>

#include "db/sql/sqlite_api.h"

static void at_least(struct int_range *range, int64_t lo) {
    range->lo = lo > range->lo ? lo : range->lo;
}

static void at_most(struct int_range *range, int64_t hi) {
    range->hi = hi < range->hi ? hi : range->hi;
}

static void keep_none(struct int_range *range) {
    *range = (struct int_range){INT64_MAX, INT64_MIN};
}

static bool wants_less(int op) {
    return op == SQLITE_INDEX_CONSTRAINT_LT || op == SQLITE_INDEX_CONSTRAINT_LE;
}

static bool wants_greater(int op) {
    return op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE;
}

static void keep_whole(struct int_range *range, int op, int64_t value) {
    if ((op == SQLITE_INDEX_CONSTRAINT_LT && value == INT64_MIN) ||
        (op == SQLITE_INDEX_CONSTRAINT_GT && value == INT64_MAX)) {
        keep_none(range);
        return;
    }
    if (!wants_less(op)) {
        at_least(range, op == SQLITE_INDEX_CONSTRAINT_GT ? value + 1 : value);
    }
    if (!wants_greater(op)) {
        at_most(range, op == SQLITE_INDEX_CONSTRAINT_LT ? value - 1 : value);
    }
}

/* Every column value is less than what is compared with it, or greater. */
static void keep_beyond(struct int_range *range, bool less) {
    if (!less) {
        keep_none(range);
    }
}

static void keep_real(struct int_range *range, int op, double value) {
    static const double limit = 9223372036854775808.0; /* 2^63 */
    if (value >= limit) {
        keep_beyond(range, wants_less(op));
    } else if (value < -limit) {
        keep_beyond(range, wants_greater(op));
    } else if (value == floor(value)) {
        keep_whole(range, op, (int64_t)value);
    } else if (wants_less(op)) {
        at_most(range, (int64_t)floor(value));
    } else if (wants_greater(op)) {
        at_least(range, (int64_t)ceil(value));
    } else {
        keep_none(range);
    }
}

void int_range_keep(struct int_range *range, int op, struct sqlite3_value *value) {
    switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER:
        keep_whole(range, op, sqlite3_value_int64(value));
        break;
    case SQLITE_FLOAT:
        keep_real(range, op, sqlite3_value_double(value));
        break;
    case SQLITE_NULL:
        keep_none(range);
        break;
    default:
        keep_beyond(range, wants_less(op));
        break;
    }
}
