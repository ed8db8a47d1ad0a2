/* SPDX-License-Identifier: MIT */
/*
 * span_time - `span_time(run, lane, t0, t1)`: how long a lane was in each state between t0
 * and t1, exact for any range; a row (state, ns) for each state that it was in. Without a
 * lane, or with NULL, the sum over all lanes; without t0 or t1 from the beginning or to the
 * end of the run.
 *
 * It is the sum over the spans of the range. Those of a whole lane group are summed at once
 * and kept, so that asking for one lane after the other decodes each chunk once.
 */
#include "db/sql/table_priv.h"

#include <stdio.h>
#include <string.h>

static const char COLUMNS[] =
    "CREATE TABLE span_time(state TEXT, ns INTEGER, arg_run INTEGER HIDDEN,"
    " arg_lane INTEGER HIDDEN, arg_t0 INTEGER HIDDEN, arg_t1 INTEGER HIDDEN)";

enum column { STATE, NS, RUN_ID, LANE, T0, T1, COLUMN_COUNT };
enum { ARGUMENTS = COLUMN_COUNT - RUN_ID };

/* What the totals are of. */
struct span_time_range {
    int64_t run, t0, t1;
    int64_t group; /* -1: all lanes, summed as if they were the group's first */
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct span_scan *scan;
    bool known; /* `totals` are those of `range` */
    struct span_time_range range;
    int64_t totals[LANE_GROUP_LANES][STATE_COUNT];
    const int64_t *row; /* of the lane that is asked for, NULL: none */
    int state;          /* STATE_COUNT: at the end */
    bool has_lane;
    int64_t lane;
};

static int connect(sqlite3 *sqlite, void *pool, int argc, const char *const *argv,
                   sqlite3_vtab **out, char **message) {
    (void)argc;
    (void)argv;
    (void)message;
    return table_connect(sqlite, pool, COLUMNS, out);
}

/* idxNum: bit per argument that is there; they come in the order of the columns. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    (void)table;
    int given[ARGUMENTS] = {-1, -1, -1, -1};
    for (int i = 0; i < info->nConstraint; i++) {
        const int argument = info->aConstraint[i].iColumn - RUN_ID;
        if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) {
            continue;
        }
        if (!info->aConstraint[i].usable) {
            return SQLITE_CONSTRAINT;
        }
        given[argument] = i;
    }
    if (given[0] < 0) {
        return SQLITE_CONSTRAINT;
    }
    int count = 0;
    for (int argument = 0; argument < ARGUMENTS; argument++) {
        if (given[argument] >= 0) {
            info->idxNum |= 1 << argument;
            info->aConstraintUsage[given[argument]].argvIndex = ++count;
            info->aConstraintUsage[given[argument]].omit = 1;
        }
    }
    info->estimatedCost = 1e5;
    info->estimatedRows = 6;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    const struct table *table = (const struct table *)base;
    struct err err = {0};
    const int code = table_open(sizeof(struct cursor), out);
    if (code != SQLITE_OK) {
        return code;
    }
    struct cursor *cursor = (struct cursor *)*out;
    if (span_scan_create(&cursor->scan, table->sqlite, table->pool, &err) != 0) {
        memory_free(cursor);
        return fault_to_sqlite(base, &err);
    }
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    span_scan_destroy(cursor->scan);
    memory_free(cursor);
    return SQLITE_OK;
}

static int sum_spans(struct cursor *cursor, struct err *err) {
    const struct span_time_range *r = &cursor->range;
    struct span_filter wanted = SPAN_FILTER_ALL;
    wanted.run = (struct int_range){r->run, r->run};
    wanted.start.hi = r->t1 - 1;
    wanted.end.lo = r->t0 + 1;
    if (r->group >= 0) {
        const int64_t first = r->group * LANE_GROUP_LANES;
        wanted.lane.range = (struct int_range){first, first + LANE_GROUP_LANES - 1};
    }
    memset(cursor->totals, 0, sizeof cursor->totals);
    int rc = span_scan_start(cursor->scan, &wanted, err);
    while (rc == 0 && (rc = span_scan_next(cursor->scan, err)) == 1) {
        struct span_place at;
        span_scan_place(cursor->scan, &at);
        const sim_ns start = at.block->start_ns[at.index];
        const sim_ns end = at.block->end_ns[at.index];
        const sim_ns ns = (end < r->t1 ? end : r->t1) - (start > r->t0 ? start : r->t0);
        const int lane = r->group < 0 ? 0 : at.block->lane[at.index] % LANE_GROUP_LANES;
        int64_t *total = &cursor->totals[lane][at.block->state[at.index]];
        if (ns > INT64_MAX - *total) {
            return fault_damaged(r->run, "more time than there can be", err);
        }
        *total += ns;
        rc = 0;
    }
    cursor->known = rc == 0;
    return rc;
}

/* The state of the first row from `from` on. */
static int find_state(const struct cursor *cursor, int from) {
    while (from < STATE_COUNT && (cursor->row == NULL || cursor->row[from] == 0)) {
        from++;
    }
    return from;
}

/* Reads the arguments; false when no row can be meant. */
static bool read_arguments(struct cursor *cursor, int given, sqlite3_value **values,
                           struct span_time_range *range) {
    int64_t argument[ARGUMENTS] = {0, 0, INT64_MIN, INT64_MAX};
    int at = 0;
    cursor->has_lane = false;
    for (int i = 0; i < ARGUMENTS; i++) {
        sqlite3_value *value = (given >> i & 1) != 0 ? values[at++] : NULL;
        if (value == NULL || sqlite3_value_type(value) == SQLITE_NULL) {
            if (i == 0) {
                return false;
            }
            continue;
        }
        if (sqlite3_value_numeric_type(value) != SQLITE_INTEGER) {
            return false;
        }
        argument[i] = sqlite3_value_int64(value);
        cursor->has_lane = cursor->has_lane || i == LANE - RUN_ID;
    }
    cursor->lane = argument[LANE - RUN_ID];
    *range = (struct span_time_range){
        .run = argument[0],
        .t0 = argument[T0 - RUN_ID],
        .t1 = argument[T1 - RUN_ID],
        .group = cursor->has_lane ? cursor->lane / LANE_GROUP_LANES : -1,
    };
    return range->t0 < range->t1 &&
           (!cursor->has_lane || (cursor->lane >= 0 && cursor->lane <= INT32_MAX));
}

static int filter(sqlite3_vtab_cursor *base, int given, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)plan;
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    struct span_time_range range;
    cursor->row = NULL;
    cursor->state = STATE_COUNT;
    if (!read_arguments(cursor, given, values, &range)) {
        return SQLITE_OK;
    }
    const struct span_time_range *r = &cursor->range;
    if (!cursor->known || r->run != range.run || r->t0 != range.t0 || r->t1 != range.t1 ||
        r->group != range.group) {
        struct err err = {0};
        cursor->known = false;
        cursor->range = range;
        if (sum_spans(cursor, &err) != 0) {
            return fault_to_sqlite(base->pVtab, &err);
        }
    }
    cursor->row = cursor->totals[cursor->has_lane ? cursor->lane % LANE_GROUP_LANES : 0];
    cursor->state = find_state(cursor, 0);
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    cursor->state = find_state(cursor, cursor->state + 1);
    return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base) {
    return ((struct cursor *)base)->state >= STATE_COUNT;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const struct cursor *cursor = (const struct cursor *)base;
    switch ((enum column)number) {
    case STATE:
        table_result_word(context, run_names_state_word(cursor->state));
        break;
    case NS:
        sqlite3_result_int64(context, cursor->row[cursor->state]);
        break;
    case RUN_ID:
        sqlite3_result_int64(context, cursor->range.run);
        break;
    case LANE:
        if (cursor->has_lane) {
            sqlite3_result_int64(context, cursor->lane);
        }
        break;
    case T0:
        sqlite3_result_int64(context, cursor->range.t0);
        break;
    default:
        sqlite3_result_int64(context, cursor->range.t1);
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((struct cursor *)base)->state;
    return SQLITE_OK;
}

const sqlite3_module span_time_module = {
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = table_disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = at_end,
    .xColumn = column,
    .xRowid = row_id,
};
