/* SPDX-License-Identifier: MIT */
/*
 * point_table - `instants` and `counters`: a row for every stored instant, or sample of a
 * counter. See sql_tables.h.
 */
#include "db/sql/point_scan.h"
#include "db/sql/table_plan.h"
#include "db/sql/table_priv.h"

/* What a column shows. */
enum content { RUN_ID, LANE, AT_NS, WORD, BY, VALUE, LANE_NAME, LANE_KIND };

enum { COLUMN_COUNT = 7 };

static const uint8_t instant_contents[COLUMN_COUNT] = {
    RUN_ID, LANE, AT_NS, WORD, BY, LANE_NAME, LANE_KIND,
};
static const uint8_t instant_terms[COLUMN_COUNT] = {
    TERM_RUN, TERM_LANE, TERM_END, TERM_WORD, TERM_NONE, TERM_NONE, TERM_LANE_KIND,
};
static const uint8_t counter_contents[COLUMN_COUNT] = {
    RUN_ID, LANE, WORD, AT_NS, VALUE, LANE_NAME, LANE_KIND,
};
static const uint8_t counter_terms[COLUMN_COUNT] = {
    TERM_RUN, TERM_LANE, TERM_WORD, TERM_END, TERM_NONE, TERM_NONE, TERM_LANE_KIND,
};

static const struct point_table {
    const uint8_t *contents; /* enum content of each column */
    struct table_shape shape;
} tables[POINT_TYPE_COUNT] = {
    [POINT_INSTANTS] = {instant_contents,
                        {.terms = instant_terms,
                         .column_count = COLUMN_COUNT,
                         .words = {run_names_instant_word, INSTANT_COUNT}}},
    [POINT_COUNTERS] = {counter_contents,
                        {.terms = counter_terms,
                         .column_count = COLUMN_COUNT,
                         .words = {run_names_counter_word, COUNTER_COUNT}}},
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct point_scan *scan;
    struct table_terms terms;
    struct point_place place;
    bool at_end;
};

static enum point_type type_of(const sqlite3_vtab *base) {
    return (enum point_type)((const struct table *)base)->kind->type;
}

/* --- planning ------------------------------------------------------------------ */

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    struct err err = {0};
    return table_plan(&tables[type_of(table)].shape, true, info, &err) == 0
               ? SQLITE_OK
               : fault_to_sqlite(table, &err);
}

/* --- cursors ------------------------------------------------------------------- */

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    struct err err = {0};
    const int code = table_open(sizeof(struct cursor), out);
    if (code != SQLITE_OK) {
        return code;
    }
    struct cursor *cursor = (struct cursor *)*out;
    const struct table *table = (const struct table *)base;
    if (point_scan_create(&cursor->scan, table->sqlite, type_of(base),
                          table->pool->damages, &err) != 0) {
        memory_free(cursor);
        return fault_to_sqlite(base, &err);
    }
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    point_scan_destroy(cursor->scan);
    table_terms_deinit(&cursor->terms);
    memory_free(cursor);
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    const int more = point_scan_next(cursor->scan, &err);
    cursor->at_end = more != 1;
    if (more == 1) {
        point_scan_place(cursor->scan, &cursor->place);
    }
    return more >= 0 ? SQLITE_OK : fault_to_sqlite(base->pVtab, &err);
}

static int filter(sqlite3_vtab_cursor *base, int order, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)order;
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    int rc = table_terms_read(&cursor->terms, &tables[type_of(base->pVtab)].shape, plan,
                              values, &err);
    if (rc == 0) {
        const struct table_terms *t = &cursor->terms;
        const struct point_filter wanted = {
            .run = t->range[TERM_RUN],
            .at = t->range[TERM_END],
            .lane = table_terms_lanes(t),
            .kinds = t->words,
        };
        rc = point_scan_start(cursor->scan, &wanted, &err);
    }
    return rc == 0 ? next(base) : fault_to_sqlite(base->pVtab, &err);
}

static int at_end(sqlite3_vtab_cursor *base) { return ((struct cursor *)base)->at_end; }

/* --- columns ------------------------------------------------------------------- */

static int name_column(const struct cursor *cursor, sqlite3_context *context,
                       enum content content) {
    const struct run_names *names = NULL;
    struct err err = {0};
    if (point_scan_names(cursor->scan, &names, &err) != 0) {
        return fault_to_sqlite(cursor->base.pVtab, &err);
    }
    const struct lane_name *lane = run_names_lane(names, cursor->place.lane);
    if (lane != NULL && content == LANE_NAME) {
        table_result_text(context, lane->name);
    } else if (lane != NULL) {
        table_result_word(context, run_names_kind_word(lane->kind));
    }
    return SQLITE_OK;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const struct cursor *cursor = (const struct cursor *)base;
    const struct point_table *table = &tables[type_of(base->pVtab)];
    const struct point_place *place = &cursor->place;
    const enum content content = (enum content)table->contents[number];
    switch (content) {
    case RUN_ID:
        sqlite3_result_int64(context, place->run);
        break;
    case LANE:
        sqlite3_result_int(context, place->lane);
        break;
    case AT_NS:
        sqlite3_result_int64(context, place->at_ns);
        break;
    case WORD:
        table_result_word(context, table->shape.words.name_of(place->kind));
        break;
    case BY:
        table_result_id(context, place->by);
        break;
    case VALUE:
        sqlite3_result_int64(context, place->value);
        break;
    default:
        return name_column(cursor, context, content);
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((struct cursor *)base)->place.rowid;
    return SQLITE_OK;
}

/* --- the modules --------------------------------------------------------------- */

static const sqlite3_module module = TABLE_MODULE;

const struct table_kind instant_table = {
    "instants", &module,
    "CREATE TABLE instants(run_id INTEGER, lane INTEGER, at_ns INTEGER, kind TEXT,"
    " by INTEGER, lane_name TEXT HIDDEN, lane_kind TEXT HIDDEN)",
    POINT_INSTANTS};
const struct table_kind counter_table = {
    "counters", &module,
    "CREATE TABLE counters(run_id INTEGER, lane INTEGER, counter TEXT, at_ns INTEGER,"
    " value INTEGER, lane_name TEXT HIDDEN, lane_kind TEXT HIDDEN)",
    POINT_COUNTERS};
