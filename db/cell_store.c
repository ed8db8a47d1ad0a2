/* SPDX-License-Identifier: MIT */
#include "db/cell_store.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "db/db_priv.h"
#include "engine/analysis/metrics.h"

static const char *const status_names[] = {
    "pending", "running", "done", "failed", "limited", "not_applicable", "interrupted",
};
static_assert(sizeof status_names / sizeof status_names[0] == CELL_STATUS_COUNT,
              "a name each");

const char *cell_status_name(enum cell_status status) { return status_names[status]; }

/* The picture in the header: bit `to` of row `from`. Pending is reached by requeue only.
 */
#define BIT(status) (1U << (status))
static const unsigned allowed[CELL_STATUS_COUNT] = {
    [CELL_PENDING] = BIT(CELL_RUNNING) | BIT(CELL_NOT_APPLICABLE) | BIT(CELL_FAILED),
    [CELL_RUNNING] = BIT(CELL_DONE) | BIT(CELL_FAILED) | BIT(CELL_LIMITED) |
                     BIT(CELL_NOT_APPLICABLE) | BIT(CELL_INTERRUPTED),
};

/* --- reading ------------------------------------------------------------------- */

#define ROW_COLUMNS                                                                      \
    "c.id, c.experiment, c.idx, c.key, c.runtime, c.strategy, c.point, c.reason,"        \
    " c.status, m.name, m.median, m.min, m.max, m.n, m.mean, m.mean_low, m.mean_high,"   \
    " m.median_low, m.median_high"                                                       \
    " FROM cell c LEFT JOIN cell_metric m ON m.cell = c.id"

static const char LIST_CELLS[] =
    "SELECT " ROW_COLUMNS " WHERE c.experiment = ? ORDER BY c.idx, m.name";
static const char READ_CELL[] = "SELECT " ROW_COLUMNS " WHERE c.id = ? ORDER BY m.name";

/* A list while it grows: a row for each pair of cell and metric comes in. */
struct builder {
    struct cell_list list;
    size_t capacity;
    struct metric_summary *metrics; /* of all cells, one after the other */
    size_t metric_count;
    size_t metric_capacity;
};

static int begin_cell(struct builder *b, struct query *q, struct err *err) {
    const int status = query_get_word(q, 8, status_names, CELL_STATUS_COUNT, err);
    if (status < 0) {
        return status;
    }
    if (vec_reserve((void **)&b->list.items, &b->capacity, b->list.count,
                    sizeof *b->list.items) != 0) {
        return err_set_nomem(err);
    }
    b->list.items[b->list.count++] = (struct cell_row){
        .id = query_get_int(q, 0),
        .experiment = query_get_int(q, 1),
        .index = query_get_int(q, 2),
        .key = query_copy_text(q, 3, &b->list.arena),
        .runtime = query_copy_text(q, 4, &b->list.arena),
        .strategy = query_copy_text(q, 5, &b->list.arena),
        .point = query_copy_text(q, 6, &b->list.arena),
        .reason = query_copy_text(q, 7, &b->list.arena),
        .status = (enum cell_status)status,
    };
    return 0;
}

const struct metric_summary *cell_row_metric(const struct cell_row *cell,
                                             enum metric_id metric) {
    for (size_t i = 0; i < cell->metric_count; i++) {
        if (strcmp(cell->metrics[i].name, metrics[metric].name) == 0) {
            return &cell->metrics[i];
        }
    }
    return NULL;
}

bool cell_row_is_whole(const struct cell_row *cell, const struct metric_summary *metric) {
    for (size_t i = 0; i < cell->metric_count; i++) {
        if (cell->metrics[i].of.count > metric->of.count) {
            return false;
        }
    }
    return true;
}

/* Names of this program's table cost no memory; a file may hold others. */
static const char *metric_name(struct query *q, int column, struct arena *arena) {
    const enum metric_id id = metric_find(query_get_text(q, column));
    return id < METRIC_COUNT ? metrics[id].name : query_copy_text(q, column, arena);
}

/* NULL stands for NaN. */
static double get_real(const struct query *q, int column) {
    return query_is_null(q, column) ? (double)NAN : query_get_real(q, column);
}

static int add_metric(struct builder *b, struct query *q, struct err *err) {
    if (query_get_text(q, 9)[0] == '\0') {
        return 0; /* a cell without a summary */
    }
    if (vec_reserve((void **)&b->metrics, &b->metric_capacity, b->metric_count,
                    sizeof *b->metrics) != 0) {
        return err_set_nomem(err);
    }
    b->metrics[b->metric_count++] = (struct metric_summary){
        .name = metric_name(q, 9, &b->list.arena),
        .of = {.median = query_get_real(q, 10),
               .min = query_get_real(q, 11),
               .max = query_get_real(q, 12),
               .count = (size_t)query_get_int(q, 13),
               .mean = get_real(q, 14),
               .mean_95 = {get_real(q, 15), get_real(q, 16)},
               .median_95 = {get_real(q, 17), get_real(q, 18)}},
    };
    b->list.items[b->list.count - 1].metric_count++;
    return 0;
}

/* The array of metrics has stopped moving: every cell gets its part of it. */
static void share_metrics(struct builder *b) {
    const struct metric_summary *next = b->metrics;
    for (size_t i = 0; i < b->list.count; i++) {
        b->list.items[i].metrics = next;
        next += b->list.items[i].metric_count;
    }
    b->list.summaries = b->metrics;
}

static int read_cells(struct db_reader *reader, const char *sql, int64_t id,
                      struct cell_list *out, struct err *err) {
    struct builder b = {0};
    struct query q;
    query_begin(&q, db_reader_connection(reader), sql);
    query_int(&q, id);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        const bool same =
            b.list.count > 0 && b.list.items[b.list.count - 1].id == query_get_int(&q, 0);
        rc = same ? 0 : begin_cell(&b, &q, err);
        if (rc == 0) {
            rc = add_metric(&b, &q, err);
        }
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    share_metrics(&b);
    if (rc != 0) {
        cell_list_deinit(&b.list);
        return rc;
    }
    *out = b.list;
    return 0;
}

int cell_store_list(struct db_reader *reader, int64_t experiment, struct cell_list *out,
                    struct err *err) {
    return read_cells(reader, LIST_CELLS, experiment, out, err);
}

int cell_store_read(struct db_reader *reader, int64_t id, struct cell_list *out,
                    struct err *err) {
    struct cell_list list;
    int rc = read_cells(reader, READ_CELL, id, &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list.count == 0) {
        cell_list_deinit(&list);
        return err_set(err, ERR_NOT_FOUND, "there is no cell %lld", (long long)id);
    }
    *out = list;
    return 0;
}

void cell_list_deinit(struct cell_list *list) {
    memory_free(list->items);
    memory_free(list->summaries);
    arena_deinit(&list->arena);
    *list = (struct cell_list){0};
}

/* --- changing ------------------------------------------------------------------ */

static const char READ_STATUS[] = "SELECT status FROM cell WHERE id = ?";
static const char SET_STATUS[] = "UPDATE cell SET status = ?, reason = ? WHERE id = ?";
static const char DELETE_SUMMARY[] = "DELETE FROM cell_metric WHERE cell = ?";

static const char READ_VALUES[] =
    "WITH finished AS ("
    "   SELECT max(id) AS id FROM run WHERE cell = ? AND status IN ('done', 'limited')"
    "   GROUP BY repetition)"
    " SELECT m.name, m.value FROM finished f JOIN metric m ON m.run = f.id"
    " ORDER BY m.name";
static const char INSERT_SUMMARY[] =
    "INSERT INTO cell_metric (cell, name, n, median, min, max, mean, mean_low, mean_high,"
    " median_low, median_high) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static int change_status(struct connection *connection, int64_t id,
                         enum cell_status status, const char *reason, struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_STATUS);
    query_int(&q, id);
    int rc = query_next(&q, err);
    int from = rc;
    if (rc == 1) {
        from = query_get_word(&q, 0, status_names, CELL_STATUS_COUNT, err);
    } else if (rc == 0) {
        from = err_set(err, ERR_NOT_FOUND, "there is no cell %lld", (long long)id);
    }
    query_end(&q);
    if (from < 0) {
        return from;
    }
    if ((allowed[from] & BIT(status)) == 0) {
        return err_set(err, ERR_CONFLICT, "cell %lld is %s and cannot become %s",
                       (long long)id, status_names[from], status_names[status]);
    }
    query_begin(&q, connection, SET_STATUS);
    query_text(&q, status_names[status]);
    query_text(&q, reason != NULL ? reason : "");
    query_int(&q, id);
    return query_run(&q, err);
}

/* The values of a cell's runs, those of a metric next to each other. */
struct values {
    const char **names; /* of each value */
    double *items;
    size_t count, name_capacity, item_capacity;
    struct arena arena;
};

static int add_value(struct values *values, struct query *q, struct err *err) {
    const char *name = metric_name(q, 0, &values->arena);
    if (vec_reserve((void **)&values->names, &values->name_capacity, values->count,
                    sizeof *values->names) != 0 ||
        vec_reserve((void **)&values->items, &values->item_capacity, values->count,
                    sizeof *values->items) != 0) {
        return err_set_nomem(err);
    }
    values->names[values->count] = name;
    values->items[values->count++] = query_get_real(q, 1);
    return 0;
}

static int read_values(struct connection *connection, int64_t id, struct values *values,
                       struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_VALUES);
    query_int(&q, id);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        rc = add_value(values, &q, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc;
}

static int insert_summary(struct connection *connection, int64_t id,
                          const struct metric_summary *summary, struct err *err) {
    struct query q;
    query_begin(&q, connection, INSERT_SUMMARY);
    query_int(&q, id);
    query_text(&q, summary->name);
    query_int(&q, (int64_t)summary->of.count);
    query_real(&q, summary->of.median);
    query_real(&q, summary->of.min);
    query_real(&q, summary->of.max);
    query_real(&q, summary->of.mean); /* SQLite stores NaN as NULL */
    query_real(&q, summary->of.mean_95.low);
    query_real(&q, summary->of.mean_95.high);
    query_real(&q, summary->of.median_95.low);
    query_real(&q, summary->of.median_95.high);
    return query_run(&q, err);
}

/* One row for each metric that has a median. */
static int insert_summaries(struct connection *connection, int64_t id,
                            const struct values *values, struct err *err) {
    struct bootstrap bootstrap = {0};
    int rc = 0;
    size_t first = 0;
    while (rc == 0 && first < values->count) {
        size_t end = first + 1;
        while (end < values->count &&
               strcmp(values->names[end], values->names[first]) == 0) {
            end++;
        }
        struct metric_summary summary = {.name = values->names[first]};
        const struct bootstrap_sample sample = {values->items + first, end - first};
        rc = bootstrap_summarise(&bootstrap, sample, &summary.of, err);
        if (rc == 0 && !isnan(summary.of.median)) {
            rc = insert_summary(connection, id, &summary, err);
        }
        first = end;
    }
    bootstrap_deinit(&bootstrap);
    return rc;
}

static int summarise(struct connection *connection, int64_t id, struct err *err) {
    struct values values = {0};
    struct query q;
    query_begin(&q, connection, DELETE_SUMMARY);
    query_int(&q, id);
    int rc = query_run(&q, err);
    if (rc == 0) {
        rc = read_values(connection, id, &values, err);
    }
    if (rc == 0) {
        rc = insert_summaries(connection, id, &values, err);
    }
    memory_free(values.names);
    memory_free(values.items);
    arena_deinit(&values.arena);
    return rc;
}

int cell_store_start(struct db *db, int64_t id, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = change_status(connection, id, CELL_RUNNING, NULL, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

int cell_store_finish(struct db *db, int64_t id, enum cell_status status,
                      const char *reason, struct err *err) {
    if (status == CELL_PENDING || status == CELL_RUNNING) {
        return err_set(err, ERR_INVALID, "'%s' is no final status", status_names[status]);
    }
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = change_status(connection, id, status, reason, err);
        if (rc == 0) {
            rc = summarise(connection, id, err);
        }
        rc = db_write_end(db, rc, err);
    }
    return rc;
}
