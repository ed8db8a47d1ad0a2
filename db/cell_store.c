/* SPDX-License-Identifier: MIT */
#include "db/cell_store.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "db/db_priv.h"
#include "db/finished_run_priv.h"
#include "engine/analysis/metrics.h"
#include "engine/base/check.h"

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

#define CELL_COLUMNS(repetitions)                                                        \
    "SELECT c.id, c.experiment, c.idx, c.key, c.runtime, c.strategy, c.point, c.reason," \
    " c.status, " repetitions " FROM "
#define METRIC_COLUMNS                                                                   \
    "SELECT m.cell, m.name, m.median, m.min, m.max, m.n, m.mean, m.mean_low,"            \
    " m.mean_high, m.median_low, m.median_high FROM "
#define OF_EXPERIMENT " WHERE c.experiment = ?1 ORDER BY c.idx"
#define OF_IDS "json_each(?1) w CROSS JOIN "
/* Metrics that are not wanted are not visited, but for how many repetitions they have. */
#define MOST_REPETITIONS "(SELECT max(n) FROM cell_metric WHERE cell = c.id)"
#define NAMED " AND m.name IN (SELECT value FROM json_each(?2))"

/* The rows of both come in the same order: of cells, and within a cell by name. ?1 is an
 * experiment, a cell, or a JSON array of cells; ?2 a JSON array of names. */
struct cell_queries {
    const char *cells, *metrics;
};
static const struct cell_queries list_cells = {
    CELL_COLUMNS("0") "cell c" OF_EXPERIMENT, METRIC_COLUMNS
    "cell c CROSS JOIN cell_metric m ON m.cell = c.id" OF_EXPERIMENT ", m.name"};
static const struct cell_queries list_some = {
    CELL_COLUMNS(MOST_REPETITIONS) "cell c" OF_EXPERIMENT, METRIC_COLUMNS
    "cell c CROSS JOIN cell_metric m ON m.cell = c.id" NAMED OF_EXPERIMENT ", m.name"};
static const struct cell_queries these_cells = {
    CELL_COLUMNS("0") OF_IDS "cell c ON c.id = w.value ORDER BY w.key",
    METRIC_COLUMNS OF_IDS "cell_metric m ON m.cell = w.value ORDER BY w.key, m.name"};
static const struct cell_queries some_of_these = {
    CELL_COLUMNS(MOST_REPETITIONS) OF_IDS "cell c ON c.id = w.value ORDER BY w.key",
    METRIC_COLUMNS OF_IDS "cell_metric m ON m.cell = w.value" NAMED
                          " ORDER BY w.key, m.name"};
static const struct cell_queries read_cell = {
    CELL_COLUMNS("0") "cell c WHERE c.id = ?1",
    METRIC_COLUMNS "cell_metric m WHERE m.cell = ?1 ORDER BY m.name"};

/* A list while it grows. */
struct builder {
    struct cell_list list;
    size_t capacity;
    struct metric_summary *metrics; /* of all cells, one after the other */
    size_t metric_count;
    size_t metric_capacity;
};

static int add_cell(struct builder *b, struct query *q, struct err *err) {
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
        .repetitions = (size_t)query_get_int(q, 9),
    };
    return 0;
}

const struct metric_summary *cell_row_metric(const struct cell_row *cell,
                                             enum metric_id metric) {
    size_t first = 0, end = cell->metric_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        const int order = strcmp(metrics[metric].name, cell->metrics[middle].name);
        if (order == 0) {
            return &cell->metrics[middle];
        }
        first = order > 0 ? middle + 1 : first;
        end = order < 0 ? middle : end;
    }
    return NULL;
}

bool cell_row_is_whole(const struct cell_row *cell, const struct metric_summary *metric) {
    if (cell->repetitions > metric->of.count) {
        return false;
    }
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

/* The next metric, of the cell at `*at` or of one after it. */
static int add_metric(struct builder *b, struct query *q, size_t *at, struct err *err) {
    const int64_t id = query_get_int(q, 0);
    while (*at < b->list.count && b->list.items[*at].id != id) {
        ++*at;
    }
    if (*at == b->list.count) {
        return 0; /* of no cell of the list: an index is damaged */
    }
    if (vec_reserve((void **)&b->metrics, &b->metric_capacity, b->metric_count,
                    sizeof *b->metrics) != 0) {
        return err_set_nomem(err);
    }
    b->metrics[b->metric_count++] = (struct metric_summary){
        .name = metric_name(q, 1, &b->list.arena),
        .of = {.median = query_get_real(q, 2),
               .min = query_get_real(q, 3),
               .max = query_get_real(q, 4),
               .count = (size_t)query_get_int(q, 5),
               .mean = get_real(q, 6),
               .mean_95 = {get_real(q, 7), get_real(q, 8)},
               .median_95 = {get_real(q, 9), get_real(q, 10)}},
    };
    b->list.items[*at].metric_count++;
    return 0;
}

/* The array of metrics has stopped moving: every cell gets its part of it. There may be no
 * array. */
static void share_metrics(struct builder *b) {
    size_t shared = 0;
    for (size_t i = 0; i < b->list.count; i++) {
        const size_t count = b->list.items[i].metric_count;
        b->list.items[i].metrics = count > 0 ? &b->metrics[shared] : NULL;
        shared += count;
    }
    b->list.summaries = b->metrics;
}

/* What the queries take. */
struct cell_source {
    int64_t id;        /* of an experiment or a cell */
    const char *ids;   /* NULL: `id` counts */
    const char *names; /* NULL: of no metrics in particular */
};

static void begin(struct query *q, struct connection *connection, const char *sql,
                  const struct cell_source *source) {
    query_begin(q, connection, sql);
    if (source->ids != NULL) {
        query_text(q, source->ids);
    } else {
        query_int(q, source->id);
    }
}

static int add_cells(struct builder *b, struct connection *connection, const char *sql,
                     const struct cell_source *source, struct err *err) {
    struct query q;
    begin(&q, connection, sql, source);
    int rc;
    while ((rc = query_next(&q, err)) == 1 && (rc = add_cell(b, &q, err)) == 0) {
    }
    query_end(&q);
    return rc;
}

static int add_metrics(struct builder *b, struct connection *connection, const char *sql,
                       const struct cell_source *source, struct err *err) {
    size_t at = 0;
    struct query q;
    begin(&q, connection, sql, source);
    if (source->names != NULL) {
        query_text(&q, source->names);
    }
    int rc;
    while ((rc = query_next(&q, err)) == 1 && (rc = add_metric(b, &q, &at, err)) == 0) {
    }
    query_end(&q);
    return rc;
}

static int read_cells(struct db_reader *reader, const struct cell_queries *queries,
                      const struct cell_source *source, struct cell_list *out,
                      struct err *err) {
    struct builder b = {0};
    struct connection *connection = db_reader_connection(reader);
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = add_cells(&b, connection, queries->cells, source, err);
    rc = rc == 0 ? add_metrics(&b, connection, queries->metrics, source, err) : rc;
    db_reader_end(reader);
    share_metrics(&b);
    if (rc != 0) {
        cell_list_deinit(&b.list);
        return rc;
    }
    *out = b.list;
    return 0;
}

enum { NAMES_SIZE = METRIC_COUNT * 32 };

/* ["cpu_us","makespan_us"] */
static void write_names(const bool *wanted, char out[NAMES_SIZE]) {
    size_t used = 0;
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (wanted[i]) {
            used += (size_t)snprintf(out + used, NAMES_SIZE - used, "%s\"%s\"",
                                     used == 0 ? "[" : ",", metrics[i].name);
            ASSERT(used < NAMES_SIZE - 1);
        }
    }
    snprintf(out + used, NAMES_SIZE - used, used == 0 ? "[]" : "]");
}

int cell_store_list_some(struct db_reader *reader, int64_t experiment, const bool *wanted,
                         struct cell_list *out, struct err *err) {
    char names[NAMES_SIZE];
    struct cell_source source = {.id = experiment};
    if (wanted != NULL) {
        write_names(wanted, names);
        source.names = names;
    }
    return read_cells(reader, wanted != NULL ? &list_some : &list_cells, &source, out,
                      err);
}

int cell_store_list(struct db_reader *reader, int64_t experiment, struct cell_list *out,
                    struct err *err) {
    return cell_store_list_some(reader, experiment, NULL, out, err);
}

/* [5,3,8] */
static char *write_ids(const struct cell_ids *ids) {
    const size_t size = 3 + 21 * ids->count;
    char *text = memory_resize(NULL, size, 1);
    size_t used = 0;
    for (size_t i = 0; text != NULL && i < ids->count; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i == 0 ? "[" : ",",
                                 (long long)ids->items[i]);
    }
    if (text != NULL) {
        snprintf(text + used, size - used, used == 0 ? "[]" : "]");
    }
    return text;
}

int cell_store_read_some(struct db_reader *reader, const struct cell_ids *ids,
                         const bool *wanted, struct cell_list *out, struct err *err) {
    char names[NAMES_SIZE];
    char *text = write_ids(ids);
    struct cell_source source = {.ids = text};
    if (text == NULL) {
        return err_set_nomem(err);
    }
    if (wanted != NULL) {
        write_names(wanted, names);
        source.names = names;
    }
    const int rc = read_cells(reader, wanted != NULL ? &some_of_these : &these_cells,
                              &source, out, err);
    memory_free(text);
    return rc;
}

int cell_store_read(struct db_reader *reader, int64_t id, struct cell_list *out,
                    struct err *err) {
    struct cell_list list;
    const int rc =
        read_cells(reader, &read_cell, &(struct cell_source){.id = id}, &list, err);
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
static const char BEGIN_CELL[] =
    "UPDATE cell SET status = 'running' WHERE id = ? AND status = 'pending'";

/* The newest attempt at each repetition. */
static const char LIST_FINISHED[] =
    "SELECT max(id) FROM run WHERE cell = ? AND status IN ('done', 'limited')"
    " GROUP BY repetition";
static const char READ_VALUES[] = "SELECT name, value FROM metric WHERE run = ?";
/* A row for each summary that is bound, as in run_outcome.c. */
#define ROWS_4                                                                           \
    "(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),"                 \
    "(?,?,?,?,?,?,?,?,?,?)"
#define ROWS_20 ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4
static const char INSERT_SUMMARIES[] =
    "INSERT INTO cell_metric (cell, name, n, median, min, max, mean, mean_low, mean_high,"
    " median_low, median_high) SELECT ?, * FROM (VALUES " ROWS_20 "," ROWS_20 "," ROWS_20
    "," ROWS_20 ") WHERE column1 IS NOT NULL";
static_assert(METRIC_COUNT <= 80, "a row each");

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
        return err_set(err, ERR_CONFLICT, "cell c%lld is %s and cannot become %s",
                       (long long)id, status_names[from], status_names[status]);
    }
    query_begin(&q, connection, SET_STATUS);
    query_text(&q, status_names[status]);
    query_text(&q, reason != NULL ? reason : "");
    query_int(&q, id);
    return query_run(&q, err);
}

/* The values of a cell's runs, metric by metric. */
struct values {
    double *items; /* METRIC_COUNT times `room` */
    size_t room;   /* for so many runs */
    size_t counts[METRIC_COUNT];
};

/* What this program does not know it does not sum up. */
static int read_run(struct connection *connection, int64_t run, struct values *values,
                    struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_VALUES);
    query_int(&q, run);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        const enum metric_id id = metric_find(query_get_text(&q, 0));
        if (id < METRIC_COUNT) {
            values->items[(size_t)id * values->room + values->counts[id]++] =
                query_get_real(&q, 1);
        }
    }
    query_end(&q);
    return rc;
}

struct run_ids {
    int64_t *items;
    size_t count, capacity;
};

static int list_finished(struct connection *connection, int64_t id, struct run_ids *runs,
                         struct err *err) {
    struct query q;
    query_begin(&q, connection, LIST_FINISHED);
    query_int(&q, id);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        if (vec_reserve((void **)&runs->items, &runs->capacity, runs->count,
                        sizeof *runs->items) != 0) {
            rc = err_set_nomem(err);
            break;
        }
        runs->items[runs->count++] = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc;
}

static int read_values(struct connection *connection, int64_t id, struct values *values,
                       struct err *err) {
    struct run_ids runs = {0};
    int rc = list_finished(connection, id, &runs, err);
    if (rc == 0 && runs.count > 0) {
        values->room = runs.count;
        values->items = memory_zeroed(runs.count, METRIC_COUNT * sizeof *values->items);
        rc = values->items != NULL ? 0 : err_set_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < runs.count; i++) {
        rc = read_run(connection, runs.items[i], values, err);
    }
    memory_free(runs.items);
    return rc;
}

static void bind_summary(struct query *q, const char *name,
                         const struct bootstrap_summary *of) {
    query_text(q, name);
    query_int(q, (int64_t)of->count);
    query_real(q, of->median);
    query_real(q, of->min);
    query_real(q, of->max);
    query_real(q, of->mean); /* SQLite stores NaN as NULL */
    query_real(q, of->mean_95.low);
    query_real(q, of->mean_95.high);
    query_real(q, of->median_95.low);
    query_real(q, of->median_95.high);
}

/* One row for each metric that has a median. */
static int insert_summaries(struct connection *connection, int64_t id,
                            const struct values *values, struct err *err) {
    struct bootstrap bootstrap = {0};
    struct query q;
    int rc = 0;
    query_begin(&q, connection, INSERT_SUMMARIES);
    query_int(&q, id);
    for (int i = 0; rc == 0 && i < METRIC_COUNT; i++) {
        const enum metric_id metric = metric_by_name(i);
        struct bootstrap_summary summary = {.median = NAN};
        if (values->counts[metric] > 0) { /* else there may be no array */
            const struct bootstrap_sample sample = {
                values->items + (size_t)metric * values->room, values->counts[metric]};
            rc = bootstrap_summarise(&bootstrap, sample, &summary, err);
        }
        if (rc == 0 && !isnan(summary.median)) {
            bind_summary(&q, metrics[metric].name, &summary);
        }
    }
    rc = rc == 0 ? query_next(&q, err) : rc;
    query_end(&q);
    bootstrap_deinit(&bootstrap);
    return rc;
}

static int summarise(struct connection *connection, int64_t id, struct err *err) {
    struct values values = {0};
    int rc = read_values(connection, id, &values, err);
    if (rc == 0) {
        rc = insert_summaries(connection, id, &values, err);
    }
    memory_free(values.items);
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

/* Somebody may have removed it meanwhile: its own end will tell. */
static int begin_next(struct connection *connection, int64_t id, struct err *err) {
    struct query q;
    query_begin(&q, connection, BEGIN_CELL);
    query_int(&q, id);
    return query_run(&q, err);
}

static int finish(struct connection *connection, const struct cell_finish *cell,
                  struct err *err) {
    int rc = change_status(connection, cell->cell, cell->status, cell->reason, err);
    if (rc == 0) {
        rc = finished_run_insert(connection, cell->runs, cell->run_count, err);
    }
    if (rc == 0) {
        rc = summarise(connection, cell->cell, err);
    }
    return rc == 0 && cell->next != 0 ? begin_next(connection, cell->next, err) : rc;
}

int cell_store_finish(struct db *db, const struct cell_finish *cell, struct err *err) {
    if (cell->status == CELL_PENDING || cell->status == CELL_RUNNING) {
        return err_set(err, ERR_INVALID, "'%s' is no final status",
                       status_names[cell->status]);
    }
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = finish(connection, cell, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}
