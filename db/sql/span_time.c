/* SPDX-License-Identifier: MIT */
/*
 * span_time - `span_time(run, lane, t0, t1)`: how long a lane was in each state between t0
 * and t1, exact for any range; a row (state, ns) for each state that it was in. Without a
 * lane, or with NULL, the sum over all lanes; without t0 or t1 from the beginning or to the
 * end of the run.
 *
 * It comes from stored totals (db/group_time.h), so that the length of the range costs
 * nothing. Those of a whole lane group are read at once and kept, so that asking for one lane
 * after the other reads each group once.
 */
#include "db/sql/table_priv.h"

#include "db/group_time.h"

static const char COLUMNS[] =
    "CREATE TABLE span_time(state TEXT, ns INTEGER, arg_run INTEGER HIDDEN,"
    " arg_lane INTEGER HIDDEN, arg_t0 INTEGER HIDDEN, arg_t1 INTEGER HIDDEN)";

enum column { STATE, NS, RUN_ID, LANE, T0, T1, COLUMN_COUNT };
enum { ARGUMENTS = COLUMN_COUNT - RUN_ID };

struct cursor {
    sqlite3_vtab_cursor base;
    struct group_time *time;
    bool known; /* `totals` are those of `query` */
    struct group_time_query query;
    struct group_time_totals totals;
    const sim_ns *row; /* of the lane that is asked for, NULL: none */
    int state;         /* STATE_COUNT: at the end */
    bool has_lane;
    int64_t lane;
    int64_t t0, t1; /* as they were given */
};

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
    info->estimatedCost = 1e3;
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
    if (group_time_open(&cursor->time, table->sqlite, &err) != 0) {
        memory_free(cursor);
        return fault_to_sqlite(base, &err);
    }
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    group_time_close(cursor->time);
    memory_free(cursor);
    return SQLITE_OK;
}

/* A run without a timeline has no rows. */
static int read_totals(struct cursor *cursor, struct err *err) {
    const int rc = group_time_read(cursor->time, &cursor->query, &cursor->totals, err);
    cursor->known = rc == 0 || rc == ERR_NOT_FOUND;
    return cursor->known ? 0 : rc;
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
                           struct group_time_query *query) {
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
    cursor->t0 = argument[T0 - RUN_ID];
    cursor->t1 = argument[T1 - RUN_ID];
    *query = (struct group_time_query){
        .run = argument[0],
        .from_ns = cursor->t0 > 0 ? cursor->t0 : 0,
        .to_ns = cursor->t1,
        .group = cursor->has_lane ? cursor->lane / LANE_GROUP_LANES : GROUP_TIME_ALL,
    };
    return query->from_ns < query->to_ns &&
           (!cursor->has_lane || (cursor->lane >= 0 && cursor->lane <= INT32_MAX));
}

static int filter(sqlite3_vtab_cursor *base, int given, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)plan;
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    struct group_time_query query;
    cursor->row = NULL;
    cursor->state = STATE_COUNT;
    if (!read_arguments(cursor, given, values, &query)) {
        return SQLITE_OK;
    }
    const struct group_time_query *q = &cursor->query;
    if (!cursor->known || q->run != query.run || q->from_ns != query.from_ns ||
        q->to_ns != query.to_ns || q->group != query.group) {
        struct err err = {0};
        cursor->query = query;
        if (read_totals(cursor, &err) != 0) {
            return fault_to_sqlite(base->pVtab, &err);
        }
    }
    const int64_t lane = cursor->has_lane ? cursor->lane % LANE_GROUP_LANES : 0;
    cursor->row = cursor->totals.state_ns[lane];
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
        sqlite3_result_int64(context, cursor->query.run);
        break;
    case LANE:
        if (cursor->has_lane) {
            sqlite3_result_int64(context, cursor->lane);
        }
        break;
    case T0:
        sqlite3_result_int64(context, cursor->t0);
        break;
    default:
        sqlite3_result_int64(context, cursor->t1);
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((struct cursor *)base)->state;
    return SQLITE_OK;
}

static const sqlite3_module module = TABLE_MODULE;

const struct table_kind span_time = {"span_time", &module, COLUMNS, 0};
