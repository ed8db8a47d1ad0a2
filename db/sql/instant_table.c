/* SPDX-License-Identifier: MIT */
/* instant_table - `instants`: a row for every stored instant. See sql_tables.h. */
#include "db/sql/instant_scan.h"
#include "db/sql/table_plan.h"
#include "db/sql/table_priv.h"

static const char COLUMNS[] =
    "CREATE TABLE instants(run_id INTEGER, lane INTEGER, at_ns INTEGER, kind TEXT,"
    " by INTEGER, lane_name TEXT HIDDEN, lane_kind TEXT HIDDEN)";

enum column { RUN_ID, LANE, AT_NS, KIND, BY, LANE_NAME, LANE_KIND, COLUMN_COUNT };

static const uint8_t terms[COLUMN_COUNT] = {
    [RUN_ID] = TERM_RUN, [LANE] = TERM_LANE,           [AT_NS] = TERM_END,
    [KIND] = TERM_WORD,  [LANE_KIND] = TERM_LANE_KIND,
};

static const struct table_shape shape = {
    .terms = terms,
    .column_count = COLUMN_COUNT,
    .words = {run_names_instant_word, INSTANT_COUNT},
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct instant_scan *scan;
    struct table_terms terms;
    struct instant_place place;
    bool at_end;
};

static int connect(sqlite3 *sqlite, void *pool, int argc, const char *const *argv,
                   sqlite3_vtab **out, char **message) {
    (void)argc;
    (void)argv;
    (void)message;
    return table_connect(sqlite, pool, COLUMNS, out);
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    struct err err = {0};
    return table_plan(&shape, true, info, &err) == 0 ? SQLITE_OK
                                                     : fault_to_sqlite(table, &err);
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    struct err err = {0};
    const int code = table_open(sizeof(struct cursor), out);
    if (code != SQLITE_OK) {
        return code;
    }
    struct cursor *cursor = (struct cursor *)*out;
    if (instant_scan_create(&cursor->scan, ((struct table *)base)->sqlite, &err) != 0) {
        memory_free(cursor);
        return fault_to_sqlite(base, &err);
    }
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    instant_scan_destroy(cursor->scan);
    table_terms_deinit(&cursor->terms);
    memory_free(cursor);
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    const int more = instant_scan_next(cursor->scan, &err);
    cursor->at_end = more != 1;
    if (more == 1) {
        instant_scan_place(cursor->scan, &cursor->place);
    }
    return more >= 0 ? SQLITE_OK : fault_to_sqlite(base->pVtab, &err);
}

static int filter(sqlite3_vtab_cursor *base, int order, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)order;
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    int rc = table_terms_read(&cursor->terms, &shape, plan, values, &err);
    if (rc == 0) {
        const struct table_terms *t = &cursor->terms;
        const struct instant_filter wanted = {
            .run = t->range[TERM_RUN],
            .at = t->range[TERM_END],
            .lane = table_terms_lanes(t),
            .kinds = t->words,
        };
        rc = instant_scan_start(cursor->scan, &wanted, &err);
    }
    return rc == 0 ? next(base) : fault_to_sqlite(base->pVtab, &err);
}

static int at_end(sqlite3_vtab_cursor *base) { return ((struct cursor *)base)->at_end; }

static int name_column(const struct cursor *cursor, sqlite3_context *context,
                       enum column column) {
    const struct run_names *names = NULL;
    struct err err = {0};
    if (instant_scan_names(cursor->scan, &names, &err) != 0) {
        return fault_to_sqlite(cursor->base.pVtab, &err);
    }
    const struct lane_name *lane =
        run_names_lane(names, cursor->place.block->lane[cursor->place.index]);
    if (lane != NULL && column == LANE_NAME) {
        table_result_text(context, lane->name);
    } else if (lane != NULL) {
        table_result_word(context, run_names_kind_word(lane->kind));
    }
    return SQLITE_OK;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const struct cursor *cursor = (const struct cursor *)base;
    const struct instant_block *block = cursor->place.block;
    const uint32_t i = cursor->place.index;
    switch ((enum column)number) {
    case RUN_ID:
        sqlite3_result_int64(context, cursor->place.run);
        break;
    case LANE:
        sqlite3_result_int(context, block->lane[i]);
        break;
    case AT_NS:
        sqlite3_result_int64(context, block->at_ns[i]);
        break;
    case KIND:
        table_result_word(context, run_names_instant_word(block->kind[i]));
        break;
    case BY:
        table_result_id(context, block->by[i]);
        break;
    default:
        return name_column(cursor, context, (enum column)number);
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((struct cursor *)base)->place.rowid;
    return SQLITE_OK;
}

const sqlite3_module instant_table_module = {
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
