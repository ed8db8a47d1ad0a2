/* SPDX-License-Identifier: MIT */
#include "db/sql/table_plan.h"

#include <stdlib.h>

#include "db/sql/sqlite_api.h"

/* --- planning ------------------------------------------------------------------ */

/*
 * The shares of the rows, and of the chunks, that a constraint leaves. Orders of magnitude:
 * a run has a million rows, thirty lanes, a hundred chunks that follow one another in time.
 */
static const double RUN_ROWS = 1e6, RUNS = 25;
struct share {
    double rows, chunks;
};
static const struct share equal_shares[TERM_COUNT] = {
    [TERM_RUN] = {1 / 25., 1 / 25.},  [TERM_LANE] = {1 / 30., 1 / 2.},
    [TERM_LANE_KIND] = {1 / 5., 1.},  [TERM_WORD] = {1 / 6., 1 / 1.5},
    [TERM_START] = {1e-5, 1 / 100.},  [TERM_END] = {1e-5, 1 / 100.},
    [TERM_DURATION] = {1 / 1000., 1},
};
static const struct share range_shares[TERM_COUNT] = {
    [TERM_RUN] = {1 / 4., 1 / 4.},   [TERM_LANE] = {1 / 4., 1 / 2.},
    [TERM_START] = {1 / 4., 1 / 4.}, [TERM_END] = {1 / 4., 1 / 4.},
    [TERM_DURATION] = {1 / 4., 1.},
};
/* In the unit of one row given out. */
static const double COST_OF_DECODING = 0.2, COST_OF_START = 100, PASSES = 4;

struct plan {
    double rows, chunks; /* chunks counted in their rows */
    bool one_run, one_lane;
    char *text;
    int count;
};

static char operator_of(unsigned char op) {
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return '=';
    case SQLITE_INDEX_CONSTRAINT_LT:
        return '<';
    case SQLITE_INDEX_CONSTRAINT_LE:
        return '[';
    case SQLITE_INDEX_CONSTRAINT_GT:
        return '>';
    case SQLITE_INDEX_CONSTRAINT_GE:
        return ']';
    default:
        return '\0';
    }
}

static bool is_word(enum term term) {
    return term == TERM_LANE_KIND || term == TERM_WORD;
}

/* '\0' when the constraint is left to SQLite. */
static char taken_operator(sqlite3_index_info *info, int i, enum term term) {
    const char op = operator_of(info->aConstraint[i].op);
    if (term == TERM_NONE || op == '\0' || !info->aConstraint[i].usable) {
        return '\0';
    }
    if (is_word(term) &&
        (op != '=' || sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)) {
        return '\0';
    }
    if (op == '=' && (is_word(term) || term == TERM_LANE) &&
        sqlite3_vtab_in(info, i, -1) != 0) {
        sqlite3_vtab_in(info, i, 1);
        return '@';
    }
    return op;
}

static void take(struct plan *plan, sqlite3_index_info *info, int i, enum term term) {
    const char op = taken_operator(info, i, term);
    if (op == '\0') {
        return;
    }
    const struct share *share = op == '='   ? &equal_shares[term]
                                : op == '@' ? &(const struct share){1 / 4., 1}
                                            : &range_shares[term];
    plan->rows *= share->rows;
    plan->chunks *= share->chunks;
    plan->one_run = plan->one_run || (term == TERM_RUN && op == '=');
    plan->one_lane = plan->one_lane || (term == TERM_LANE && op == '=');
    plan->text[2 * plan->count] = (char)('A' + term);
    plan->text[2 * plan->count + 1] = op;
    plan->count++;
    info->aConstraintUsage[i].argvIndex = plan->count;
    info->aConstraintUsage[i].omit = 1;
}

static enum term term_of(const struct table_shape *shape, int column) {
    return column >= 0 && column < shape->column_count ? shape->terms[column] : TERM_NONE;
}

/* Whether rows come as ORDER BY, GROUP BY or DISTINCT wants them. */
static bool match_order(const struct plan *plan, const struct table_shape *shape,
                        bool in_time, const sqlite3_index_info *info,
                        enum span_order *order) {
    const bool by_time = in_time || plan->one_lane;
    bool run_known = plan->one_run;
    *order = SPAN_ORDER_NONE;
    for (int i = 0; i < info->nOrderBy; i++) {
        const enum term term = term_of(shape, info->aOrderBy[i].iColumn);
        const bool descending = info->aOrderBy[i].desc != 0;
        if ((term == TERM_RUN && plan->one_run) ||
            (term == TERM_LANE && plan->one_lane)) {
            continue;
        }
        if (term == TERM_RUN && !run_known && !descending) {
            run_known = true;
        } else if (term == TERM_WORD && shape->has_states && run_known &&
                   *order == SPAN_ORDER_NONE && i + 1 == info->nOrderBy) {
            *order = descending ? SPAN_ORDER_STATE_DESCENDING : SPAN_ORDER_STATE;
        } else if ((term == TERM_START || term == TERM_END) && by_time && run_known &&
                   !descending) {
            *order = SPAN_ORDER_TIME;
        } else {
            *order = SPAN_ORDER_NONE;
            return false;
        }
    }
    return info->nOrderBy > 0;
}

int table_plan(const struct table_shape *shape, bool in_time,
               struct sqlite3_index_info *info, struct err *err) {
    struct plan plan = {.rows = RUN_ROWS * RUNS, .chunks = RUN_ROWS * RUNS};
    plan.text = sqlite3_malloc64(2 * (sqlite3_uint64)info->nConstraint + 1);
    if (plan.text == NULL) {
        return err_set_nomem(err);
    }
    for (int i = 0; i < info->nConstraint; i++) {
        take(&plan, info, i, term_of(shape, info->aConstraint[i].iColumn));
    }
    plan.text[2 * plan.count] = '\0';
    enum span_order order;
    info->orderByConsumed = match_order(&plan, shape, in_time, info, &order) ? 1 : 0;
    info->idxStr = plan.text;
    info->needToFreeIdxStr = 1;
    info->idxNum = (int)order;
    const double passes = order >= SPAN_ORDER_STATE ? PASSES : 1;
    info->estimatedCost =
        COST_OF_START + plan.chunks * COST_OF_DECODING * passes + plan.rows;
    info->estimatedRows = plan.rows < 1 ? 1 : (sqlite3_int64)plan.rows;
    return 0;
}

/* --- values -------------------------------------------------------------------- */

void table_terms_deinit(struct table_terms *terms) {
    memory_free(terms->among);
    *terms = (struct table_terms){0};
}

static int sqlite_operator(char op) {
    switch (op) {
    case '<':
        return SQLITE_INDEX_CONSTRAINT_LT;
    case '[':
        return SQLITE_INDEX_CONSTRAINT_LE;
    case '>':
        return SQLITE_INDEX_CONSTRAINT_GT;
    case ']':
        return SQLITE_INDEX_CONSTRAINT_GE;
    default:
        return SQLITE_INDEX_CONSTRAINT_EQ;
    }
}

/* The bit of a word; 0 for whatever is no word of the table. */
static uint32_t word_bit(const struct term_words *words, sqlite3_value *value) {
    if (sqlite3_value_type(value) != SQLITE_TEXT) {
        return 0;
    }
    const char *text = (const char *)sqlite3_value_text(value);
    const size_t size = (size_t)sqlite3_value_bytes(value);
    const int code =
        text != NULL ? run_names_word(words->name_of, words->count, text, size) : -1;
    return code >= 0 ? UINT32_C(1) << code : 0;
}

static int add_lane(struct table_terms *terms, sqlite3_value *value, struct err *err) {
    struct int_range range = INT_RANGE_ALL;
    int_range_keep(&range, SQLITE_INDEX_CONSTRAINT_EQ, value);
    if (range.lo != range.hi || range.lo < 0 || range.lo > INT32_MAX) {
        return 0; /* no lane */
    }
    if (vec_reserve((void **)&terms->among, &terms->among_capacity, terms->among_count,
                    sizeof *terms->among) != 0) {
        return err_set_nomem(err);
    }
    terms->among[terms->among_count++] = (lane_id)range.lo;
    return 0;
}

static int compare_lanes(const void *a, const void *b) {
    const lane_id x = *(const lane_id *)a;
    const lane_id y = *(const lane_id *)b;
    return (x > y) - (x < y);
}

/* A second list of the same column is rare: the first is then thinned out by hand. */
static void keep_common(struct table_terms *terms, size_t first_count) {
    const struct lane_filter second = {.range = INT_RANGE_ALL,
                                       .kinds = UINT32_MAX,
                                       .among = terms->among + first_count,
                                       .among_count = terms->among_count - first_count};
    size_t kept = 0;
    for (size_t i = 0; i < first_count; i++) {
        if (lane_filter_has(&second, NULL, terms->among[i])) {
            terms->among[kept++] = terms->among[i];
        }
    }
    terms->among_count = kept;
}

static int read_lanes(struct table_terms *terms, sqlite3_value *list, struct err *err) {
    const size_t before = terms->among_count;
    sqlite3_value *value = NULL;
    int code = sqlite3_vtab_in_first(list, &value);
    for (; code == SQLITE_OK && value != NULL;
         code = sqlite3_vtab_in_next(list, &value)) {
        const int rc = add_lane(terms, value, err);
        if (rc != 0) {
            return rc;
        }
    }
    if (code == SQLITE_NOMEM) {
        return err_set_nomem(err);
    }
    if (terms->among_count > before) {
        qsort(terms->among + before, terms->among_count - before, sizeof *terms->among,
              compare_lanes);
    }
    if (terms->has_among) {
        keep_common(terms, before);
    }
    terms->has_among = true;
    return 0;
}

static int read_words(uint32_t *mask, const struct term_words *words, sqlite3_value *list,
                      struct err *err) {
    uint32_t bits = 0;
    sqlite3_value *value = NULL;
    int code = sqlite3_vtab_in_first(list, &value);
    for (; code == SQLITE_OK && value != NULL;
         code = sqlite3_vtab_in_next(list, &value)) {
        bits |= word_bit(words, value);
    }
    *mask &= bits;
    return code == SQLITE_NOMEM ? err_set_nomem(err) : 0;
}

static int read_term(struct table_terms *terms, const struct table_shape *shape,
                     const char *at, sqlite3_value *value, struct err *err) {
    static const struct term_words kind_words = {run_names_kind_word, LANE_KIND_COUNT};
    const enum term term = (enum term)(at[0] - 'A');
    if (is_word(term)) {
        uint32_t *mask = term == TERM_WORD ? &terms->words : &terms->kinds;
        const struct term_words *words = term == TERM_WORD ? &shape->words : &kind_words;
        if (at[1] == '@') {
            return read_words(mask, words, value, err);
        }
        *mask &= word_bit(words, value);
        return 0;
    }
    if (at[1] == '@') {
        return read_lanes(terms, value, err);
    }
    int_range_keep(&terms->range[term], sqlite_operator(at[1]), value);
    return 0;
}

int table_terms_read(struct table_terms *out, const struct table_shape *shape,
                     const char *plan, struct sqlite3_value **values, struct err *err) {
    for (int i = 0; i < TERM_COUNT; i++) {
        out->range[i] = INT_RANGE_ALL;
    }
    out->kinds = out->words = UINT32_MAX;
    out->has_among = false;
    out->among_count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && plan != NULL && plan[2 * i] != '\0'; i++) {
        rc = read_term(out, shape, plan + 2 * i, values[i], err);
    }
    return rc;
}

struct lane_filter table_terms_lanes(const struct table_terms *terms) {
    static const lane_id nobody = LANE_NONE;
    return (struct lane_filter){
        .range = terms->range[TERM_LANE],
        .kinds = terms->kinds,
        .among = !terms->has_among      ? NULL
                 : terms->among != NULL ? terms->among
                                        : &nobody,
        .among_count = terms->has_among ? terms->among_count : 0,
    };
}
