/* SPDX-License-Identifier: MIT */
#include "db/run_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/db_priv.h"
#include "db/lane_totals_priv.h"
#include "db/recorded_run_priv.h"

static const char *const state_names[] = {
    "running", "done", "limited", "stopped", "failed", "interrupted",
};
static_assert(sizeof state_names / sizeof state_names[0] == RUN_STATE_COUNT,
              "a name each");

const char *run_state_name(enum run_state state) { return state_names[state]; }

/* --- rows ---------------------------------------------------------------------- */

#define ROW_COLUMNS                                                                      \
    "r.id, r.cell, c.experiment, r.repetition, r.status, r.reason, r.fingerprint,"       \
    " r.duration_ns, r.transitions, r.timeline, r.started_ms, r.finished_ms"
#define ROW_SOURCE " FROM cell c JOIN run r ON r.cell = c.id"

static const char READ_RUN[] =
    "SELECT " ROW_COLUMNS ", r.sites" ROW_SOURCE
    " JOIN experiment e ON e.id = c.experiment AND e.removing = 0 WHERE r.id = ?";
static const char LIST_RUNS[] =
    "SELECT " ROW_COLUMNS ROW_SOURCE
    " WHERE c.experiment = ? ORDER BY c.idx, r.repetition, r.id";
static const char LIST_LEFT[] =
    "SELECT " ROW_COLUMNS ROW_SOURCE
    " WHERE c.experiment = ? AND c.status = 'pending' AND r.status IN ('done', 'limited')"
    " ORDER BY c.idx, r.repetition, r.id";
static const char LIST_CELL_RUNS[] =
    "SELECT " ROW_COLUMNS ROW_SOURCE " WHERE c.id = ? ORDER BY r.repetition, r.id";

static int read_row(struct query *q, struct run_row *row, struct arena *arena,
                    struct err *err) {
    const int state = query_get_word(q, 4, state_names, RUN_STATE_COUNT, err);
    if (state < 0) {
        return state;
    }
    *row = (struct run_row){
        .id = query_get_int(q, 0),
        .cell = query_get_int(q, 1),
        .experiment = query_get_int(q, 2),
        .repetition = (uint32_t)query_get_int(q, 3),
        .state = (enum run_state)state,
        .reason = query_copy_text(q, 5, arena),
        .duration_ns = query_get_int(q, 7),
        .transitions = query_get_int(q, 8),
        .has_timeline = query_get_int(q, 9) == 2,
        .started_ms = query_get_int(q, 10),
        .finished_ms = query_get_int(q, 11),
    };
    snprintf(row->fingerprint, sizeof row->fingerprint, "%s", query_get_text(q, 6));
    return 0;
}

static int read_rows(struct query *q, bool with_sites, struct run_list *list,
                     struct err *err) {
    size_t capacity = 0;
    int rc;
    while ((rc = query_next(q, err)) == 1) {
        if (vec_reserve((void **)&list->items, &capacity, list->count,
                        sizeof *list->items) != 0) {
            return err_set_nomem(err);
        }
        struct run_row *row = &list->items[list->count];
        rc = read_row(q, row, &list->arena, err);
        if (rc != 0) {
            return rc;
        }
        if (with_sites) {
            row->sites = query_copy_text(q, 12, &list->arena);
        }
        list->count++;
    }
    return rc;
}

static int list_runs(struct db_reader *reader, const char *sql, int64_t id,
                     struct run_list *out, struct err *err) {
    struct run_list list = {0};
    struct query q;
    query_begin(&q, db_reader_connection(reader), sql);
    query_int(&q, id);
    const int rc = read_rows(&q, sql == READ_RUN, &list, err);
    query_end(&q);
    if (rc != 0) {
        run_list_deinit(&list);
        return rc;
    }
    *out = list;
    return 0;
}

static int not_found(int64_t run, struct err *err) {
    return err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run);
}

int run_store_read(struct db_reader *reader, int64_t id, struct run_list *out,
                   struct err *err) {
    struct run_list list;
    const int rc = list_runs(reader, READ_RUN, id, &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list.count == 0) {
        run_list_deinit(&list);
        return not_found(id, err);
    }
    *out = list;
    return 0;
}

int run_store_list(struct db_reader *reader, int64_t experiment, struct run_list *out,
                   struct err *err) {
    return list_runs(reader, LIST_RUNS, experiment, out, err);
}

static const char COUNT_RUNS[] =
    "SELECT count(*), coalesce(sum(r.transitions), 0)" ROW_SOURCE
    " WHERE c.experiment = ? AND r.status NOT IN ('running', 'interrupted')";

int run_store_count(struct db_reader *reader, int64_t experiment, struct run_count *out,
                    struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), COUNT_RUNS);
    query_int(&q, experiment);
    const int rc = query_next(&q, err);
    if (rc == 1) {
        *out = (struct run_count){(uint64_t)query_get_int(&q, 0),
                                  (uint64_t)query_get_int(&q, 1)};
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

int run_store_list_left(struct db_reader *reader, int64_t experiment,
                        struct run_list *out, struct err *err) {
    return list_runs(reader, LIST_LEFT, experiment, out, err);
}

int run_store_list_cell(struct db_reader *reader, int64_t cell, struct run_list *out,
                        struct err *err) {
    return list_runs(reader, LIST_CELL_RUNS, cell, out, err);
}

void run_list_deinit(struct run_list *list) {
    memory_free(list->items);
    arena_deinit(&list->arena);
    *list = (struct run_list){0};
}

static const char RUN_EXISTS[] = "SELECT 1 FROM run WHERE id = ?";

static int check_exists(struct db_reader *reader, int64_t run, struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), RUN_EXISTS);
    query_int(&q, run);
    const int rc = query_next(&q, err);
    query_end(&q);
    if (rc < 0) {
        return rc;
    }
    return rc == 1 ? 0 : not_found(run, err);
}

/* --- metrics ------------------------------------------------------------------- */

static const char LIST_METRICS[] =
    "SELECT name, value FROM metric WHERE run = ? ORDER BY name";

static int read_metrics(struct query *q, struct metric_list *list, struct err *err) {
    size_t capacity = 0;
    int rc;
    while ((rc = query_next(q, err)) == 1) {
        if (vec_reserve((void **)&list->items, &capacity, list->count,
                        sizeof *list->items) != 0) {
            return err_set_nomem(err);
        }
        const enum metric_id id = metric_find(query_get_text(q, 0));
        list->items[list->count++] = (struct metric_value){
            .name = id < METRIC_COUNT ? metrics[id].name
                                      : query_copy_text(q, 0, &list->arena),
            .value = query_get_real(q, 1),
        };
    }
    return rc;
}

static int compare_metrics(const void *a, const void *b) {
    const struct metric_value *left = a, *right = b;
    return (int)metric_find(left->name) - (int)metric_find(right->name);
}

int run_store_metrics(struct db_reader *reader, int64_t run, struct metric_list *out,
                      struct err *err) {
    struct metric_list list = {0};
    int rc = check_exists(reader, run, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, db_reader_connection(reader), LIST_METRICS);
    query_int(&q, run);
    rc = read_metrics(&q, &list, err);
    query_end(&q);
    if (rc != 0) {
        metric_list_deinit(&list);
        return rc;
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, compare_metrics);
    }
    *out = list;
    return 0;
}

void metric_list_deinit(struct metric_list *list) {
    memory_free(list->items);
    arena_deinit(&list->arena);
    *list = (struct metric_list){0};
}

/* --- lanes --------------------------------------------------------------------- */

static const char LIST_LANES[] = "SELECT lane, parent, kind, name, born_ns, died_ns,"
                                 " totals FROM lane WHERE run = ? AND lane > ?"
                                 " ORDER BY lane LIMIT ?";

static int lane_kind(const struct query *q, int column, struct err *err) {
    const char *names[LANE_KIND_COUNT];
    for (int i = 0; i < LANE_KIND_COUNT; i++) {
        names[i] = lane_kind_name((enum lane_kind)i);
    }
    return query_get_word(q, column, names, LANE_KIND_COUNT, err);
}

static int read_lane(struct query *q, struct lane_total *out, struct err *err) {
    const int kind = lane_kind(q, 2, err);
    if (kind < 0) {
        return kind;
    }
    *out = (struct lane_total){
        .lane =
            {
                .id = (lane_id)query_get_int(q, 0),
                .parent = (lane_id)query_get_int(q, 1),
                .kind = (enum lane_kind)kind,
                .born_ns = query_get_int(q, 4),
            },
        .died_ns = query_get_int(q, 5),
    };
    snprintf(out->lane.name, sizeof out->lane.name, "%s", query_get_text(q, 3));
    size_t size;
    const void *totals = query_get_blob(q, 6, &size);
    return lane_totals_decode(out->state_ns, totals, size, err);
}

static int read_lanes(struct query *q, struct lane_list *list, struct err *err) {
    size_t capacity = 0;
    int rc;
    while ((rc = query_next(q, err)) == 1) {
        if (vec_reserve((void **)&list->items, &capacity, list->count,
                        sizeof *list->items) != 0) {
            return err_set_nomem(err);
        }
        rc = read_lane(q, &list->items[list->count], err);
        if (rc != 0) {
            return rc;
        }
        list->count++;
    }
    return rc;
}

int run_store_some_lanes(struct db_reader *reader, int64_t run,
                         const struct lane_part *part, struct lane_list *out,
                         struct err *err) {
    struct lane_list list = {0};
    int rc = check_exists(reader, run, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, db_reader_connection(reader), LIST_LANES);
    query_int(&q, run);
    query_int(&q, part->after);
    query_int(&q, (int64_t)part->limit);
    rc = read_lanes(&q, &list, err);
    query_end(&q);
    if (rc != 0) {
        lane_list_deinit(&list);
        return rc;
    }
    *out = list;
    return 0;
}

int run_store_lanes(struct db_reader *reader, int64_t run, struct lane_list *out,
                    struct err *err) {
    static const struct lane_part all = {.after = LANE_NONE, .limit = INT32_MAX};
    return run_store_some_lanes(reader, run, &all, out, err);
}

void lane_list_deinit(struct lane_list *list) {
    memory_free(list->items);
    *list = (struct lane_list){0};
}

static const char READ_LANE[] = "SELECT lane, parent, kind, name, born_ns, died_ns,"
                                " totals FROM lane WHERE run = ? AND lane = ?";

int run_store_lane(struct db_reader *reader, int64_t run, lane_id lane,
                   struct lane_total *out, struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), READ_LANE);
    query_int(&q, run);
    query_int(&q, lane);
    int rc = query_next(&q, err);
    if (rc == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "run r%lld has no lane %d", (long long)run,
                     (int)lane);
    } else if (rc == 1) {
        rc = read_lane(&q, out, err);
    }
    query_end(&q);
    return rc;
}

static const char IS_RECORDED[] =
    "SELECT timeline = 1 AND owner_lives(owner) FROM run WHERE id = ?";

static int read_known(struct db_reader *reader, int64_t run, lane_id lane,
                      sim_ns *until_ns, struct err *err) {
    struct recorded_run live;
    struct query q;
    query_begin(&q, db_reader_connection(reader), IS_RECORDED);
    query_int(&q, run);
    int rc = query_next(&q, err);
    const bool is_recorded = rc == 1 && query_get_int(&q, 0) != 0;
    query_end(&q);
    if (rc <= 0 || !is_recorded) {
        return rc == 0 ? not_found(run, err) : rc < 0 ? rc : 0;
    }
    rc = recorded_run_find(&live, db_reader_connection(reader), run, err);
    if (rc == 0) {
        rc = lane == LANE_NONE
                 ? recorded_run_furthest(&live, until_ns, err)
                 : recorded_run_known(&live, lane / LANE_GROUP_LANES, until_ns, err);
    }
    return rc == 0 ? 1 : rc;
}

static const char IS_FINAL[] =
    "SELECT 1 FROM run WHERE id = ? AND timeline = 2 AND status <> 'running'";

int run_store_is_final(struct db_reader *reader, int64_t run, struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), IS_FINAL);
    query_int(&q, run);
    const int rc = query_next(&q, err);
    query_end(&q);
    return rc;
}

int run_store_known(struct db_reader *reader, int64_t run, lane_id lane, sim_ns *until_ns,
                    struct err *err) {
    int rc = db_reader_begin(reader, err);
    if (rc == 0) {
        rc = read_known(reader, run, lane, until_ns, err);
        db_reader_end(reader);
    }
    return rc;
}
