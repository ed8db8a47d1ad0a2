/* SPDX-License-Identifier: MIT */
/*
 * table_plan - what the virtual tables share: which constraints of a query they take over,
 * what that costs, and the constraints' values when the query runs.
 *
 * A constraint that is taken over is obeyed exactly, so that SQLite need not look again.
 * Between xBestIndex and xFilter it is two bytes of idxStr: 'A' + enum term, and the
 * operator as one of "=<[>]" (EQ, LT, LE, GT, GE) or '@', a whole IN list at once. An IN
 * list of another column than those below is what SQLite makes of it: one scan for each
 * value.
 */
#ifndef DB_SQL_TABLE_PLAN_H
#define DB_SQL_TABLE_PLAN_H

#include "db/sql/span_scan.h"

#include <stdbool.h>

struct sqlite3_index_info;
struct sqlite3_value;

/* What a constraint on a column is about. */
enum term {
    TERM_NONE,      /* left to SQLite */
    TERM_RUN,       /* = < <= > >= */
    TERM_LANE,      /* the same, and IN */
    TERM_LANE_KIND, /* = and IN */
    TERM_WORD,      /* = and IN */
    TERM_START,     /* = < <= > >= */
    TERM_END,       /* the same; also the one time of an instant, a sample or a flow */
    TERM_DURATION,  /* the same */
    TERM_COUNT
};

/* The words of a table's TERM_WORD column. */
struct term_words {
    const char *(*name_of)(int code);
    int count;
};

struct table_shape {
    const uint8_t *terms; /* enum term of each column */
    int column_count;
    struct term_words words;
    bool has_states; /* can be delivered in the order of TERM_WORD */
};

/*
 * xBestIndex: fills `info`, with idxNum = enum span_order. Rows are by run and, of one
 * lane (spans) or of any (`in_time`), by time. ERR_NOMEM.
 */
int table_plan(const struct table_shape *shape, bool in_time,
               struct sqlite3_index_info *info, struct err *err) WARN_UNUSED;

/* The values of the constraints; a zeroed one is ready for table_terms_read(). */
struct table_terms {
    struct int_range range[TERM_COUNT];
    uint32_t kinds, words;
    bool has_among;
    lane_id *among; /* of an IN list of lanes, ascending */
    size_t among_count, among_capacity;
};

/* xFilter. The list stays with `out` from one call to the next. ERR_NOMEM. */
int table_terms_read(struct table_terms *out, const struct table_shape *shape,
                     const char *plan, struct sqlite3_value **values,
                     struct err *err) WARN_UNUSED;
void table_terms_deinit(struct table_terms *terms);

/* The lanes that the terms leave. */
struct lane_filter table_terms_lanes(const struct table_terms *terms);

#endif
