/* SPDX-License-Identifier: MIT */
/* span_table - `spans`: a row for every stored span. See sql_tables.h. */
#include "db/sql/table_plan.h"
#include "db/sql/table_priv.h"

static const char COLUMNS[] =
    "CREATE TABLE spans(run_id INTEGER, lane INTEGER, start_ns INTEGER, end_ns INTEGER,"
    " dur_ns INTEGER, state TEXT, resource INTEGER, by INTEGER, site INTEGER,"
    " site_path TEXT HIDDEN, lane_name TEXT HIDDEN, lane_kind TEXT HIDDEN)";

enum { DURATIONS_ONLY = 1 << 8 }; /* in idxNum */

enum column {
    RUN_ID,
    LANE,
    START_NS,
    END_NS,
    DUR_NS,
    STATE,
    RESOURCE,
    BY,
    SITE,
    SITE_PATH,
    LANE_NAME,
    LANE_KIND,
    COLUMN_COUNT
};

static const uint8_t terms[COLUMN_COUNT] = {
    [RUN_ID] = TERM_RUN,          [LANE] = TERM_LANE,       [START_NS] = TERM_START,
    [END_NS] = TERM_END,          [DUR_NS] = TERM_DURATION, [STATE] = TERM_WORD,
    [LANE_KIND] = TERM_LANE_KIND,
};

static const struct table_shape shape = {
    .terms = terms,
    .column_count = COLUMN_COUNT,
    .words = {run_names_state_word, STATE_COUNT},
    .has_states = true,
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct span_scan *scan;
    struct table_terms terms;
    struct span_place place;
    bool at_end;
};

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    static const sqlite3_uint64 cheap = 1u << RUN_ID | 1u << DUR_NS | 1u << STATE;
    struct err err = {0};
    if (table_plan(&shape, false, info, &err) != 0) {
        return fault_to_sqlite(table, &err);
    }
    if ((info->colUsed & ~cheap) == 0) {
        info->idxNum |= DURATIONS_ONLY;
    }
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
    table_terms_deinit(&cursor->terms);
    memory_free(cursor);
    return SQLITE_OK;
}

static int next_chunk(struct cursor *cursor) {
    struct err err = {0};
    const int more = span_scan_next(cursor->scan, &err);
    cursor->at_end = more != 1;
    if (more == 1) {
        span_scan_place(cursor->scan, &cursor->place);
    }
    return more >= 0 ? SQLITE_OK : fault_to_sqlite(cursor->base.pVtab, &err);
}

static int next(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    if (!span_scan_next_row(cursor->scan)) {
        return next_chunk(cursor);
    }
    span_scan_place(cursor->scan, &cursor->place);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    int rc = table_terms_read(&cursor->terms, &shape, plan, values, &err);
    if (rc == 0) {
        const struct table_terms *t = &cursor->terms;
        const struct span_filter wanted = {
            .run = t->range[TERM_RUN],
            .start = t->range[TERM_START],
            .end = t->range[TERM_END],
            .duration = t->range[TERM_DURATION],
            .lane = table_terms_lanes(t),
            .states = t->words,
            .order = (enum span_order)(number & ~DURATIONS_ONLY),
            .durations_only = (number & DURATIONS_ONLY) != 0,
        };
        rc = span_scan_start(cursor->scan, &wanted, &err);
    }
    return rc == 0 ? next_chunk(cursor) : fault_to_sqlite(base->pVtab, &err);
}

static int at_end(sqlite3_vtab_cursor *base) { return ((struct cursor *)base)->at_end; }

/* The columns that need more than the chunk. */
static int name_column(const struct cursor *cursor, sqlite3_context *context,
                       enum column column) {
    const struct span_place *at = &cursor->place;
    const struct run_names *names = NULL;
    struct err err = {0};
    if (span_scan_names(cursor->scan, column == SITE_PATH, &names, &err) != 0) {
        return fault_to_sqlite(cursor->base.pVtab, &err);
    }
    const struct lane_name *lane = run_names_lane(names, at->block->lane[at->index]);
    if (column == SITE_PATH) {
        table_result_text(context, run_names_site(names, at->block->site[at->index]));
    } else if (lane != NULL && column == LANE_NAME) {
        table_result_text(context, lane->name);
    } else if (lane != NULL) {
        table_result_word(context, run_names_kind_word(lane->kind));
    }
    return SQLITE_OK;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const struct cursor *cursor = (const struct cursor *)base;
    const struct span_block *block = cursor->place.block;
    const uint32_t i = cursor->place.index;
    switch ((enum column)number) {
    case RUN_ID:
        sqlite3_result_int64(context, cursor->place.run);
        break;
    case LANE:
        sqlite3_result_int(context, block->lane[i]);
        break;
    case START_NS:
        sqlite3_result_int64(context, block->start_ns[i]);
        break;
    case END_NS:
        sqlite3_result_int64(context, block->end_ns[i]);
        break;
    case DUR_NS:
        sqlite3_result_int64(context, block->end_ns[i] - block->start_ns[i]);
        break;
    case STATE:
        table_result_word(context, run_names_state_word(block->state[i]));
        break;
    case RESOURCE:
        table_result_id(context, block->resource[i]);
        break;
    case BY:
        table_result_id(context, block->by[i]);
        break;
    case SITE:
        table_result_id(context, block->site[i]);
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

static const sqlite3_module module = TABLE_MODULE;

const struct table_kind span_table = {"spans", &module, COLUMNS, 0};
