/* SPDX-License-Identifier: MIT */
/*
 * damage_table - `damages`: a row for every chunk that `spans`, `instants` and `counters`
 * leave out because it cannot be read. See sql_tables.h.
 *
 * All chunks of the runs that are asked for are decoded when a query begins to read it.
 */
#include "db/sql/point_scan.h"
#include "db/sql/table_plan.h"
#include "db/sql/table_priv.h"

static const char COLUMNS[] =
    "CREATE TABLE damages(run_id INTEGER, kind TEXT, lane_group INTEGER, from_ns INTEGER,"
    " to_ns INTEGER, what TEXT)";

enum column { RUN_ID, KIND, LANE_GROUP, FROM_NS, TO_NS, WHAT, COLUMN_COUNT };

static const uint8_t terms[COLUMN_COUNT] = {[RUN_ID] = TERM_RUN};
static const struct table_shape shape = {.terms = terms, .column_count = COLUMN_COUNT};

struct cursor {
    sqlite3_vtab_cursor base;
    struct table_terms terms;
    struct damage_list found;
    size_t row;
};

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    struct err err = {0};
    if (table_plan(&shape, false, info, &err) != 0) {
        return fault_to_sqlite(table, &err);
    }
    info->orderByConsumed = 0; /* rows are by kind, then by run */
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    (void)base;
    return table_open(sizeof(struct cursor), out);
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    damage_list_deinit(&cursor->found);
    table_terms_deinit(&cursor->terms);
    memory_free(cursor);
    return SQLITE_OK;
}

/* --- the search ---------------------------------------------------------------- */

static int search_spans(struct cursor *cursor, sqlite3 *sqlite,
                        const struct int_range *runs, struct err *err) {
    struct span_pool pool = {.damages = &cursor->found};
    struct span_filter all = SPAN_FILTER_ALL;
    all.run = *runs;
    struct span_scan *scan = NULL;
    int rc = span_scan_create(&scan, sqlite, &pool, err);
    if (rc == 0) {
        rc = span_scan_start(scan, &all, err);
    }
    while (rc == 0 && (rc = span_scan_next(scan, err)) == 1) {
        rc = 0;
    }
    span_scan_destroy(scan);
    return rc;
}

static int search_points(struct cursor *cursor, sqlite3 *sqlite, enum point_type type,
                         const struct int_range *runs, struct err *err) {
    const struct point_filter all = {
        .run = *runs, .at = INT_RANGE_ALL, .lane = LANE_FILTER_ALL, .kinds = UINT32_MAX};
    struct point_scan *scan = NULL;
    int rc = point_scan_create(&scan, sqlite, type, &cursor->found, err);
    if (rc == 0) {
        rc = point_scan_start(scan, &all, err);
    }
    while (rc == 0 && (rc = point_scan_next(scan, err)) == 1) {
        rc = 0;
    }
    point_scan_destroy(scan);
    return rc;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)number;
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    sqlite3 *sqlite = ((const struct table *)base->pVtab)->sqlite;
    const struct int_range *runs = &cursor->terms.range[TERM_RUN];
    struct err err = {0};
    damage_list_deinit(&cursor->found);
    cursor->row = 0;
    int rc = table_terms_read(&cursor->terms, &shape, plan, values, &err);
    if (rc == 0) {
        rc = search_spans(cursor, sqlite, runs, &err);
    }
    for (int type = 0; rc == 0 && type < POINT_TYPE_COUNT; type++) {
        rc = search_points(cursor, sqlite, (enum point_type)type, runs, &err);
    }
    return rc == 0 ? SQLITE_OK : fault_to_sqlite(base->pVtab, &err);
}

/* --- rows ---------------------------------------------------------------------- */

static int next(sqlite3_vtab_cursor *base) {
    ((struct cursor *)base)->row++;
    return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base) {
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->row >= cursor->found.count;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const struct cursor *cursor = (const struct cursor *)base;
    const struct damage *damage = &cursor->found.items[cursor->row];
    switch ((enum column)number) {
    case RUN_ID:
        sqlite3_result_int64(context, damage->run);
        break;
    case KIND:
        table_result_word(context, damage_kind_name(damage));
        break;
    case LANE_GROUP:
        table_result_id(context, (int32_t)damage->group);
        break;
    case FROM_NS:
        sqlite3_result_int64(context, damage->from_ns);
        break;
    case TO_NS:
        sqlite3_result_int64(context, damage->to_ns);
        break;
    default:
        table_result_text(context, damage->what);
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = (sqlite3_int64)((struct cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module module = TABLE_MODULE;

const struct table_kind damage_table = {"damages", &module, COLUMNS, 0};
