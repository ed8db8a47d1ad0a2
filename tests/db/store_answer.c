/* SPDX-License-Identifier: MIT */
#include "tests/db/store_answer.h"

#include <string.h>

#include "db/analysis_store.h"
#include "db/cell_compare.h"
#include "db/doctor.h"
#include "db/experiment_list.h"
#include "db/histogram_store.h"
#include "db/library.h"
#include "db/longest_waits.h"
#include "db/note_store.h"
#include "db/range_totals.h"
#include "db/recording_store.h"
#include "db/run_store.h"
#include "db/span_flow.h"
#include "db/span_search.h"
#include "db/sql_session.h"
#include "db/timeline.h"
#include "db/vacuum.h"
#include "tests/db/answer_sum.h"
#include "tests/db/small_run.h"

/* A window in the middle of the small run. */
enum { FROM_NS = 20000, MIDDLE_NS = 60000, TO_NS = 100000, WAITER = 2 };

/* --- timelines ----------------------------------------------------------------- */

static void add_lanes_of_view(uint64_t *sum, const struct timeline_view *view) {
    for (size_t n = 0; n < view->lane_count; n++) {
        const struct timeline_lane *lane = &view->lanes[n];
        answer_add(sum, lane->lane);
        for (size_t i = 0; i < lane->count; i++) {
            answer_add(sum, lane->start_ns[i]);
            answer_add(sum, lane->end_ns[i]);
            answer_add(sum, lane->state[i]);
            answer_add(sum, lane->resource[i]);
            answer_add(sum, lane->merged[i]);
        }
    }
}

static void add_points_of_view(uint64_t *sum, const struct timeline_view *view) {
    for (size_t i = 0; i < view->instants.count; i++) {
        answer_add(sum, view->instants.lane[i]);
        answer_add(sum, view->instants.at_ns[i]);
        answer_add(sum, view->instants.kind[i]);
        answer_add(sum, view->instants.merged[i]);
    }
    for (size_t i = 0; i < view->counters.item_count; i++) {
        answer_add(sum, view->counters.items[i].before);
        answer_add(sum, (int64_t)view->counters.items[i].count);
    }
    for (size_t i = 0; i < view->counters.count; i++) {
        answer_add(sum, view->counters.at_ns[i]);
        answer_add(sum, view->counters.min[i]);
        answer_add(sum, view->counters.max[i]);
        answer_add(sum, view->counters.last[i]);
    }
}

static int ask_view(const struct store_question *q, const struct timeline_query *query,
                    uint64_t *sum, struct err *err) {
    struct timeline_view view;
    const int rc = timeline_read(q->reader, query, &view, err);
    if (rc == 0) {
        add_lanes_of_view(sum, &view);
        add_points_of_view(sum, &view);
        answer_add_damages(sum, &view.damages);
        timeline_view_deinit(&view);
    }
    return rc;
}

static int ask_far_view(const struct store_question *q, uint64_t *sum, struct err *err) {
    const struct timeline_query query = {.run = q->run, .to_ns = 1 << 17, .pixels = 16};
    return ask_view(q, &query, sum, err);
}

static int ask_near_view(const struct store_question *q, uint64_t *sum, struct err *err) {
    static const lane_id lanes[] = {0, WAITER, LANE_GROUP_LANES};
    const struct timeline_query query = {.run = q->run,
                                         .from_ns = FROM_NS,
                                         .to_ns = TO_NS,
                                         .pixels = 3000,
                                         .lanes = lanes,
                                         .lane_count = 3};
    return ask_view(q, &query, sum, err);
}

static int ask_range(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct range_totals totals;
    const struct range_query query = {
        .run = q->run, .from_ns = MIDDLE_NS, .to_ns = TO_NS};
    const int rc = range_totals_read(q->reader, &query, &totals, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < totals.lane_count; i++) {
        for (int state = 0; state < STATE_COUNT; state++) {
            answer_add(sum, totals.lanes[i].state_ns[state]);
            answer_add(sum, totals.lanes[i].spans[state]);
        }
    }
    for (size_t i = 0; i < totals.holding_count; i++) {
        answer_add(sum, totals.holdings[i].ns);
    }
    answer_add_damages(sum, &totals.damages);
    range_totals_deinit(&totals);
    return 0;
}

static int ask_recording(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct recording recording;
    struct damage_list damages = {0};
    recording_init(&recording);
    const int rc = recording_store_read(q->reader, q->run, &recording, &damages, err);
    for (size_t i = 0; rc == 0 && i < recording.lane_count; i++) {
        for (size_t k = 0; k < recording.lanes[i].count; k++) {
            answer_add(sum, recording.lanes[i].spans[k].end_ns);
            answer_add(sum, recording.lanes[i].spans[k].state);
        }
        answer_add(sum, recording.lanes[i].was_held);
    }
    answer_add_damages(sum, &damages);
    damage_list_deinit(&damages);
    recording_deinit(&recording);
    return rc;
}

/* --- spans --------------------------------------------------------------------- */

/* The span at an instant, those beside it, and its arrows. */
static int ask_around(const struct store_question *q, uint64_t *sum,
                      struct damage_list *damages, struct err *err) {
    const struct span_wish wish = {.run = q->run, .lane = WAITER};
    struct span_found found, beside;
    struct span_origin origin;
    struct span_page page;
    int rc = span_lookup_at(q->reader, q->run, WAITER, MIDDLE_NS, &found, damages, err);
    if (rc != 1) {
        return rc;
    }
    answer_add_found(sum, &found);
    rc = span_lookup_next(q->reader, &wish, MIDDLE_NS, &beside, damages, err);
    if (rc == 1) {
        answer_add_found(sum, &beside);
        rc = span_lookup_previous(q->reader, &wish, MIDDLE_NS, &beside, damages, err);
    }
    if (rc == 1) {
        answer_add_found(sum, &beside);
        rc = span_flow_origin(q->reader, q->run, &found, &origin, damages, err);
    }
    if (rc == 1) {
        answer_add(sum, origin.flow.from);
        answer_add(sum, origin.has_source ? origin.source.span.start_ns : 0);
    }
    if (rc >= 0) {
        rc = span_flow_ended(q->reader, q->run, &found, 9, &page, err);
    }
    if (rc == 0) {
        answer_add(sum, (int64_t)page.count);
        answer_add_damages(sum, &page.damages);
        span_page_deinit(&page);
    }
    return rc;
}

static int ask_spans_around(const struct store_question *q, uint64_t *sum,
                            struct err *err) {
    struct damage_list damages = {0};
    const int rc = ask_around(q, sum, &damages, err);
    answer_add_damages(sum, &damages);
    damage_list_deinit(&damages);
    return rc < 0 ? rc : 0;
}

static int ask_search(const struct store_question *q, enum span_order order,
                      uint64_t *sum, struct err *err) {
    struct span_page page;
    const struct span_query query = {.run = q->run,
                                     .from_ns = FROM_NS,
                                     .to_ns = TO_NS,
                                     .states = 1 << STATE_WAIT_GIL,
                                     .resource = LANE_NONE,
                                     .by = LANE_NONE,
                                     .site = SITE_NONE,
                                     .order = order,
                                     .limit = 30};
    const int rc = span_search(q->reader, &query, &page, err);
    if (rc == 0) {
        for (size_t i = 0; i < page.count; i++) {
            answer_add_found(sum, &page.items[i]);
        }
        answer_add_damages(sum, &page.damages);
        span_page_deinit(&page);
    }
    return rc;
}

static int ask_spans_by_time(const struct store_question *q, uint64_t *sum,
                             struct err *err) {
    return ask_search(q, SPAN_ORDER_TIME, sum, err);
}

static int ask_longest_spans(const struct store_question *q, uint64_t *sum,
                             struct err *err) {
    return ask_search(q, SPAN_ORDER_LONGEST, sum, err);
}

static int ask_longest_waits(const struct store_question *q, uint64_t *sum,
                             struct err *err) {
    struct longest_waits waits;
    const struct wait_query query = {.run = q->run, .to_ns = TO_NS, .limit = 5};
    const int rc = longest_waits_read(q->reader, &query, &waits, err);
    if (rc == 0) {
        for (size_t i = 0; i < waits.count; i++) {
            const struct blame *blame = &waits.items[i].blame;
            answer_add_found(sum, &waits.items[i].wait);
            for (size_t k = 0; k < blame->count; k++) {
                answer_add(sum, blame->shares[k].ns);
                answer_add(sum, blame->shares[k].holder);
            }
        }
        answer_add_damages(sum, &waits.damages);
        longest_waits_deinit(&waits);
    }
    return rc;
}

/* --- runs ---------------------------------------------------------------------- */

static int ask_lanes(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct lane_list list;
    struct lane_total lane;
    int rc = run_store_lanes(q->reader, q->run, &list, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < list.count; i++) {
        answer_add_text(sum, list.items[i].lane.name);
        answer_add(sum, list.items[i].lane.kind);
        answer_add(sum, list.items[i].died_ns);
        for (int state = 0; state < STATE_COUNT; state++) {
            answer_add(sum, list.items[i].state_ns[state]);
        }
    }
    lane_list_deinit(&list);
    rc = run_store_lane(q->reader, q->run, WAITER, &lane, err);
    if (rc == 0) {
        answer_add_text(sum, lane.lane.name);
    }
    return rc;
}

static int ask_run(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct run_list list;
    sim_ns until = 0;
    int rc = run_store_read(q->reader, q->run, &list, err);
    if (rc == 0) {
        answer_add(sum, list.items[0].state);
        answer_add_text(sum, list.items[0].sites);
        answer_add_text(sum, list.items[0].fingerprint);
        run_list_deinit(&list);
        rc = run_store_is_final(q->reader, q->run, err);
    }
    if (rc >= 0) {
        answer_add(sum, rc);
        rc = run_store_known(q->reader, q->run, WAITER, &until, err);
    }
    return rc < 0 ? rc : 0;
}

static int ask_runs(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct run_list list;
    int rc = run_store_list(q->reader, q->experiment, &list, err);
    if (rc == 0) {
        for (size_t i = 0; i < list.count; i++) {
            answer_add(sum, list.items[i].id);
            answer_add(sum, list.items[i].state);
            answer_add_text(sum, list.items[i].reason);
        }
        run_list_deinit(&list);
        rc = run_store_list_cell(q->reader, q->cell, &list, err);
    }
    if (rc == 0) {
        answer_add(sum, (int64_t)list.count);
        run_list_deinit(&list);
    }
    return rc;
}

static int ask_metrics(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct metric_list list;
    const int rc = run_store_metrics(q->reader, q->run, &list, err);
    if (rc == 0) {
        for (size_t i = 0; i < list.count; i++) {
            answer_add_text(sum, list.items[i].name);
            answer_add_real(sum, list.items[i].value);
        }
        metric_list_deinit(&list);
    }
    return rc;
}

static int ask_histograms(const struct store_question *q, uint64_t *sum,
                          struct err *err) {
    struct histogram_list list;
    const int rc = histogram_store_read(q->reader, q->run, &list, err);
    if (rc == 0) {
        for (size_t i = 0; i < list.count; i++) {
            const struct run_histogram *it = &list.items[i].histogram;
            answer_add_text(sum, list.items[i].name);
            for (size_t k = 0; k < it->bucket_count; k++) {
                answer_add(sum, it->upper_ns[k]);
                answer_add(sum, (int64_t)it->counts[k]);
            }
        }
        histogram_list_deinit(&list);
    }
    return rc;
}

static int ask_analysis(const struct store_question *q, uint64_t *sum, struct err *err) {
    char *text = NULL;
    const int rc = analysis_store_read(q->reader, q->run, ANALYSIS_FINDINGS, &text, err);
    if (rc == 0) {
        answer_add_text(sum, text != NULL ? text : "none");
        memory_free(text);
    }
    return rc;
}

static int ask_notes(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct note_list list, one;
    const struct note_wish wish = {.run = q->run, .limit = NOTES_MAX};
    int rc = note_store_list(q->reader, &wish, &list, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < list.count; i++) {
        answer_add_text(sum, list.items[i].text);
        answer_add(sum, list.items[i].to_ns);
    }
    if (list.count > 0) {
        rc = note_store_read(q->reader, list.items[0].id, &one, err);
        if (rc == 0) {
            answer_add_text(sum, one.items[0].text);
            note_list_deinit(&one);
        }
    }
    note_list_deinit(&list);
    return rc;
}

/* --- experiments --------------------------------------------------------------- */

static int ask_experiment(const struct store_question *q, uint64_t *sum,
                          struct err *err) {
    struct experiment experiment;
    int64_t id = 0, bytes = 0;
    int rc = experiment_store_read(q->reader, q->experiment, &experiment, err);
    if (rc != 0) {
        return rc;
    }
    answer_add_text(sum, experiment.row.name);
    answer_add_text(sum, experiment.row.document);
    answer_add(sum, experiment.row.status);
    answer_add(sum, experiment.row.cells_done);
    rc = experiment_store_find(q->reader, experiment.row.content_hash, &id, err);
    if (rc == 0 && experiment.row.document_hash[0] != '\0') { /* that of an old one */
        answer_add(sum, id);
        rc = experiment_store_find_same(q->reader, experiment.row.document_hash,
                                        experiment.row.engine_version, &id, err);
    }
    experiment_deinit(&experiment);
    if (rc == 0) {
        answer_add(sum, id);
        rc = library_bytes(q->reader, q->experiment, &bytes, err);
    }
    answer_add(sum, bytes);
    return rc;
}

static int ask_library(const struct store_question *q, uint64_t *sum, struct err *err) {
    int rc = 0;
    for (int order = 0; rc == 0 && order < EXPERIMENT_ORDER_COUNT; order++) {
        const struct experiment_wish wish = {.order = (enum experiment_order)order,
                                             .limit = 50};
        struct experiment_list list;
        rc = experiment_list_read(q->reader, &wish, &list, err);
        if (rc == 0) {
            for (size_t i = 0; i < list.count; i++) {
                answer_add_text(sum, list.items[i].name);
                answer_add(sum, list.items[i].status);
            }
            experiment_list_deinit(&list);
        }
    }
    return rc;
}

static int ask_cells(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct cell_list list;
    enum metric_id goal = METRIC_COUNT;
    int64_t count = 0;
    int rc = cell_store_list(q->reader, q->experiment, &list, err);
    if (rc != 0) {
        return rc;
    }
    rc = cell_compare_so_far(q->reader, q->experiment, &list, &goal, err);
    answer_add(sum, goal);
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        const struct cell_row *cell = &list.items[i];
        answer_add_text(sum, cell->strategy);
        answer_add(sum, cell->status);
        answer_add(sum, cell->versus.best);
        for (size_t k = 0; k < cell->metric_count; k++) {
            answer_add_real(sum, cell->metrics[k].of.median);
        }
    }
    cell_list_deinit(&list);
    if (rc == 0) {
        rc = experiment_store_count_cells(q->reader, q->experiment, &count, err);
    }
    answer_add(sum, count);
    return rc;
}

/* --- the store ----------------------------------------------------------------- */

static void found(void *context, const struct doctor_finding *finding) {
    struct err *first = context;
    (void)err_set(first, ERR_CORRUPT, STORE_ANSWER_FOUND "%s", finding->text); /* kept */
}

static int ask_doctor(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct err first = {0};
    const struct doctor_options options = {
        .listener = {.context = &first, .found = found}};
    struct doctor_report report;
    const int rc = doctor_examine(q->reader, &options, &report, err);
    if (rc != 0) {
        return rc;
    }
    answer_add(sum, report.chunks);
    for (size_t i = 0; i < report.experiment_count; i++) {
        answer_add_text(sum, report.experiments[i].name);
        answer_add(sum, report.experiments[i].bytes);
    }
    doctor_report_deinit(&report);
    return first.code == 0 ? 0 : err_set_from(err, first.code, &first);
}

static void add_value(uint64_t *sum, const struct sql_value *value) {
    answer_add(sum, value->type);
    switch (value->type) {
    case SQL_INTEGER:
        answer_add(sum, value->integer);
        break;
    case SQL_REAL:
        answer_add_real(sum, value->real);
        break;
    case SQL_TEXT:
    case SQL_BLOB:
        for (size_t i = 0; i < value->size; i++) {
            answer_add(sum, value->text[i]);
        }
        break;
    case SQL_NULL:
        break;
    }
}

static int ask_session(struct sql_session *session, const char *text, int64_t run,
                       uint64_t *sum, struct err *err) {
    const struct sql_value id = {.type = SQL_INTEGER, .integer = run};
    const struct sql_request request = {
        .text = text, .size = strlen(text), .params = &id, .param_count = 1};
    int rc = sql_session_begin(session, &request, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < sql_session_column_count(session); i++) {
        answer_add_text(sum, sql_session_column_name(session, i));
    }
    while ((rc = sql_session_next(session, err)) == 1) {
        for (size_t i = 0; i < sql_session_column_count(session); i++) {
            const struct sql_value value = sql_session_value(session, i);
            add_value(sum, &value);
        }
    }
    if (rc == 0) {
        answer_add_damages(sum, sql_session_damages(session));
        sql_session_end(session);
    }
    return rc;
}

static int ask_sql(const struct store_question *q, uint64_t *sum, struct err *err) {
    static const char *const queries[] = {
        "SELECT s.state, count(*), sum(dur_ns), max(site_path) FROM spans s"
        " WHERE run_id = ? AND start_ns < 90000 GROUP BY state",
        "SELECT lane_name, kind, count(*) FROM instants WHERE run_id = ?"
        " GROUP BY lane_name, kind",
        "SELECT counter, sum(value) FROM counters WHERE run_id = ? GROUP BY counter",
        "SELECT kind, count(*), sum(left_ns) FROM flows WHERE run_id = ? GROUP BY kind",
        "SELECT * FROM span_time(?, NULL, 20000, 100000) ORDER BY state",
        "SELECT count(*) FROM damages WHERE run_id = ?",
        "SELECT e.document, c.point FROM runs r JOIN cells c ON c.cell_id = r.cell_id"
        " JOIN experiments e ON e.experiment_id = c.experiment_id WHERE run_id = ?",
    };
    struct sql_session *session = NULL;
    int rc = sql_session_open(&session, q->db, err);
    if (rc == 0) {
        rc = sql_session_hold(session, err);
    }
    for (size_t i = 0; rc == 0 && i < sizeof queries / sizeof queries[0]; i++) {
        rc = ask_session(session, queries[i], q->run, sum, err);
    }
    sql_session_close(session);
    return rc;
}

/* A reader of its own. */
static int ask_opened(const struct store_question *q, uint64_t *sum, struct err *err) {
    struct db_reader *reader = NULL;
    struct vacuum_space space;
    int rc = db_reader_open(&reader, q->db, err);
    if (rc == 0) {
        rc = vacuum_space(reader, &space, err);
    }
    if (rc == 0) {
        answer_add(sum, space.page_bytes);
        answer_add(sum, space.in_steps);
    }
    db_reader_close(reader);
    return rc;
}

/* --- all of them --------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*ask)(const struct store_question *question, uint64_t *sum, struct err *err);
} ways[] = {
    {"a view from afar", ask_far_view},
    {"a view from near", ask_near_view},
    {"totals of a range", ask_range},
    {"spans read back", ask_recording},
    {"spans around an instant", ask_spans_around},
    {"spans by time", ask_spans_by_time},
    {"the longest spans", ask_longest_spans},
    {"the longest waits", ask_longest_waits},
    {"lanes", ask_lanes},
    {"a run", ask_run},
    {"runs", ask_runs},
    {"metrics", ask_metrics},
    {"histograms", ask_histograms},
    {"an analysis", ask_analysis},
    {"notes", ask_notes},
    {"an experiment", ask_experiment},
    {"the library", ask_library},
    {"cells", ask_cells},
    {"the doctor", ask_doctor},
    {"SQL", ask_sql},
    {"another reader", ask_opened},
};

size_t store_answer_count(void) { return sizeof ways / sizeof ways[0]; }

const char *store_answer_name(size_t number) { return ways[number].name; }

int store_answer(size_t number, const struct store_question *question, uint64_t *out,
                 struct err *err) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    const int rc = ways[number].ask(question, &sum, err);
    if (rc == 0) {
        *out = sum;
    }
    return rc;
}
