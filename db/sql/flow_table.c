/* SPDX-License-Identifier: MIT */
/*
 * flow_table - `flows`: a row for every wait that somebody ended. See sql_tables.h and
 * engine/analysis/flow.h.
 *
 * The heads of the arrows are scanned like spans. When `left_ns` is asked for, what the
 * rule looks back at is read into memory before: all spans of GILs, locks and cores of the
 * run, at most SPANS_MAX of them.
 */
#include "db/sql/table_plan.h"
#include "db/sql/table_priv.h"
#include "engine/analysis/flow.h"

enum { SPANS_MAX = 2 * 1000 * 1000, WITH_LEFT = 1 << 8 /* in idxNum */ };

static const char COLUMNS[] =
    "CREATE TABLE flows(run_id INTEGER, kind TEXT, from_lane INTEGER, to_lane INTEGER,"
    " left_ns INTEGER, at_ns INTEGER)";

enum column { RUN_ID, KIND, FROM_LANE, TO_LANE, LEFT_NS, AT_NS, COLUMN_COUNT };

static const uint8_t terms[COLUMN_COUNT] = {
    [RUN_ID] = TERM_RUN,
    [TO_LANE] = TERM_LANE,
    [AT_NS] = TERM_END,
};

static const struct table_shape shape = {.terms = terms, .column_count = COLUMN_COUNT};

struct cursor {
    sqlite3_vtab_cursor base;
    struct span_scan *heads, *looked_at;
    struct table_terms terms;
    struct recording recording; /* of `recorded` */
    int64_t recorded;           /* run, 0: none */
    struct flow flow;
    int64_t run, rowid;
    bool with_left, at_end;
};

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    struct err err = {0};
    if (table_plan(&shape, false, info, &err) != 0) {
        return fault_to_sqlite(table, &err);
    }
    if ((info->colUsed & 1u << LEFT_NS) != 0) {
        info->idxNum |= WITH_LEFT;
    }
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    span_scan_destroy(cursor->heads);
    span_scan_destroy(cursor->looked_at);
    recording_deinit(&cursor->recording);
    table_terms_deinit(&cursor->terms);
    memory_free(cursor);
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
    recording_init(&cursor->recording);
    int rc = span_scan_create(&cursor->heads, table->sqlite, table->pool, &err);
    if (rc == 0) {
        rc = span_scan_create(&cursor->looked_at, table->sqlite, table->pool, &err);
    }
    if (rc != 0) {
        close_cursor(*out);
        return fault_to_sqlite(base, &err);
    }
    return SQLITE_OK;
}

/* --- what the rule looks back at ------------------------------------------------ */

static int add_span(struct recording *recording, const struct span_block *b, uint32_t i,
                    struct err *err) {
    const struct span_chunk one = {
        .count = 1,
        .lane = b->lane + i,
        .start_ns = b->start_ns + i,
        .end_ns = b->end_ns + i,
        .state = b->state + i,
        .resource = b->resource + i,
        .by = b->by + i,
        .site = b->site + i,
    };
    return recording_add_spans(recording, &one, err);
}

static int record_spans(struct cursor *cursor, int64_t run, struct err *err) {
    struct span_filter wanted = SPAN_FILTER_ALL;
    wanted.run = (struct int_range){run, run};
    wanted.lane.kinds = 1u << LANE_GIL | 1u << LANE_LOCK | 1u << LANE_CORE;
    int rc = span_scan_start(cursor->looked_at, &wanted, err);
    while (rc == 0 && (rc = span_scan_next(cursor->looked_at, err)) == 1) {
        struct span_place at;
        span_scan_place(cursor->looked_at, &at);
        rc = add_span(&cursor->recording, at.block, at.index, err);
    }
    return rc;
}

/* Of a thread and a task only the end of its life matters: it is one span here. */
static int record_life(struct recording *recording, lane_id id,
                       const struct lane_name *lane, struct err *err) {
    static const uint8_t state = STATE_ALIVE;
    static const lane_id none = LANE_NONE;
    if ((lane->kind != LANE_THREAD && lane->kind != LANE_TASK) ||
        lane->born_ns >= lane->died_ns) {
        return 0;
    }
    const struct span_chunk life = {
        .count = 1,
        .lane = &id,
        .start_ns = &lane->born_ns,
        .end_ns = &lane->died_ns,
        .state = &state,
        .resource = &none,
        .by = &none,
        .site = &none,
    };
    return recording_add_spans(recording, &life, err);
}

static int record_lanes(struct cursor *cursor, const struct run_names *names, int64_t run,
                        struct err *err) {
    struct recording *recording = &cursor->recording;
    recording_deinit(recording);
    recording_init(recording);
    /* Lives do not count: their number is that of the lanes. */
    recording->span_limit = SPANS_MAX + names->lane_count;
    recording->from_ns = INT64_MIN;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < names->lane_count; i++) {
        const struct lane_name *name = &names->lanes[i];
        if (name->name == NULL) {
            return fault_damaged(run, "a lane is missing", err);
        }
        const struct lane lane = {
            .id = (lane_id)i, .parent = name->parent, .kind = (enum lane_kind)name->kind};
        rc = recording_add_lane(recording, &lane, err);
        if (rc == 0 && cursor->with_left) {
            rc = record_life(recording, (lane_id)i, name, err);
        }
    }
    return rc;
}

static int record(struct cursor *cursor, int64_t run, struct err *err) {
    if (cursor->recorded == run) {
        return 0;
    }
    const struct run_names *names = NULL;
    cursor->recorded = 0;
    int rc = span_scan_names(cursor->heads, false, &names, err);
    if (rc == 0) {
        rc = record_lanes(cursor, names, run, err);
    }
    if (rc == 0 && cursor->with_left) {
        rc = record_spans(cursor, run, err);
        if (rc == ERR_LIMIT) {
            err_clear(err);
            rc = err_set(err, ERR_LIMIT,
                         "run %lld has too many spans of GILs, locks and cores for "
                         "left_ns: leave it out",
                         (long long)run);
        }
    }
    if (rc == 0) {
        cursor->recorded = run;
    }
    return rc;
}

/* --- rows ---------------------------------------------------------------------- */

/* 1: the span where the scan is has an arrow. */
static int take_flow(struct cursor *cursor, struct err *err) {
    struct span_place at;
    span_scan_place(cursor->heads, &at);
    const struct span_block *b = at.block;
    const uint32_t i = at.index;
    if (b->by[i] == LANE_NONE) {
        return 0;
    }
    const int rc = record(cursor, at.run, err);
    if (rc != 0) {
        return rc;
    }
    if ((size_t)b->lane[i] >= cursor->recording.lane_count) {
        return fault_damaged(at.run, "a span of an unknown lane", err);
    }
    const struct span span = {
        .start_ns = b->start_ns[i],
        .end_ns = b->end_ns[i],
        .resource = b->resource[i],
        .by = b->by[i],
        .site = b->site[i],
        .state = b->state[i],
    };
    cursor->run = at.run;
    cursor->rowid = at.rowid;
    return flow_of_span(&cursor->recording, b->lane[i], &span, &cursor->flow) ? 1 : 0;
}

static int next(sqlite3_vtab_cursor *base) {
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    int more, found = 0;
    while ((more = span_scan_next(cursor->heads, &err)) == 1 &&
           (found = take_flow(cursor, &err)) == 0) {
    }
    cursor->at_end = more != 1 || found != 1;
    return more >= 0 && found >= 0 ? SQLITE_OK : fault_to_sqlite(base->pVtab, &err);
}

static int filter(sqlite3_vtab_cursor *base, int plan_number, const char *plan, int argc,
                  sqlite3_value **values) {
    (void)argc;
    struct cursor *cursor = (struct cursor *)base;
    struct err err = {0};
    cursor->with_left = (plan_number & WITH_LEFT) != 0;
    cursor->recorded = 0;
    int rc = table_terms_read(&cursor->terms, &shape, plan, values, &err);
    if (rc == 0) {
        const struct table_terms *t = &cursor->terms;
        struct span_filter wanted = SPAN_FILTER_ALL;
        wanted.run = t->range[TERM_RUN];
        wanted.end = t->range[TERM_END];
        wanted.lane = table_terms_lanes(t);
        wanted.lane.kinds = 1u << LANE_THREAD | 1u << LANE_TASK;
        wanted.order = (enum span_order)(plan_number & ~WITH_LEFT);
        rc = span_scan_start(cursor->heads, &wanted, &err);
    }
    return rc == 0 ? next(base) : fault_to_sqlite(base->pVtab, &err);
}

static int at_end(sqlite3_vtab_cursor *base) { return ((struct cursor *)base)->at_end; }

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const struct cursor *cursor = (const struct cursor *)base;
    switch ((enum column)number) {
    case RUN_ID:
        sqlite3_result_int64(context, cursor->run);
        break;
    case KIND:
        table_result_word(context, flow_kind_name(cursor->flow.kind));
        break;
    case FROM_LANE:
        table_result_id(context, cursor->flow.from);
        break;
    case TO_LANE:
        table_result_id(context, cursor->flow.to);
        break;
    case LEFT_NS:
        sqlite3_result_int64(context, cursor->flow.left_ns);
        break;
    default:
        sqlite3_result_int64(context, cursor->flow.at_ns);
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((struct cursor *)base)->rowid;
    return SQLITE_OK;
}

static const sqlite3_module module = TABLE_MODULE;

const struct table_kind flow_table = {"flows", &module, COLUMNS, 0};
