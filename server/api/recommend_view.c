/* SPDX-License-Identifier: MIT */
#include "server/api/recommend_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/analysis/run.h"
#include "server/advice/curve.h"
#include "server/advice/recommend.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_real(struct json_writer *writer, const char *key, double value) {
    json_writer_key(writer, key);
    json_writer_real(writer, value); /* null when it is none or infinite */
}

static void write_point(struct json_writer *writer, const char *point) {
    json_writer_key(writer, "point");
    json_writer_raw(writer, point, strlen(point));
}

static void write_nearest(struct json_writer *writer, const struct error_row *row) {
    json_writer_begin_object(writer);
    write_text(writer, "build", row->build);
    write_text(writer, "family", row->family);
    write_text(writer, "strategy", row->strategy);
    write_text(writer, "work", row->work);
    write_real(writer, "workers", row->workers);
    write_real(writer, "switch_interval_us", row->switch_interval_us);
    write_real(writer, "gil_wait_share", row->gil_wait_share);
    write_real(writer, "measured_s", row->measured_s);
    write_real(writer, "predicted_s", row->predicted_s);
    json_writer_end_object(writer);
}

static void write_model(struct json_writer *writer, const struct model_error *model,
                        enum metric_id goal) {
    json_writer_key(writer, "model");
    json_writer_begin_object(writer);
    write_text(writer, "of", model_figure_name(model_figure_of(goal)));
    json_writer_key(writer, "rows");
    json_writer_int(writer, (int64_t)model->rows);
    write_real(writer, "median", model->median);
    write_real(writer, "p90", model->p90);
    json_writer_key(writer, "nearest");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < MODEL_ERROR_NAMED && model->nearest[i] != NULL; i++) {
        write_nearest(writer, model->nearest[i]);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "outside");
    json_writer_begin_array(writer);
    for (int i = 0; i < OUTSIDE_COUNT; i++) {
        if ((model->outside >> i & 1) != 0) {
            json_writer_string(writer, model_outside_name((enum model_outside)i));
        }
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

static void write_range(struct json_writer *writer, const struct recommended *one) {
    static const char *const words[] = {
        [RECOMMEND_NO_RANGE] = NULL,
        [RECOMMEND_SPREAD] = "spread",
        [RECOMMEND_MODEL] = "model",
    };
    experiment_view_interval(writer, "spread_95", one->spread_95);
    experiment_view_interval(writer, "range", one->range);
    write_text(writer, "range_by", words[one->range_by]);
}

static void write_recommended(struct json_writer *writer, const char *key,
                              const struct recommended *one, enum metric_id goal) {
    json_writer_key(writer, key);
    if (one->cell == NULL) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    experiment_view_id(writer, "cell", RESOURCE_CELL, one->cell->id);
    write_text(writer, "runtime", one->cell->runtime);
    write_text(writer, "strategy", one->cell->strategy);
    write_real(writer, "value", one->value);
    write_real(writer, "memory_bytes", one->memory_bytes);
    write_real(writer, "loss", one->loss);
    experiment_view_interval(writer, "loss_95", one->loss_95);
    write_text(writer, "limit", limit_name(one->limit));
    write_range(writer, one);
    write_model(writer, &one->model, goal);
    write_real(writer, "loss_error", one->pair_error);
    json_writer_key(writer, "told_apart");
    json_writer_bool(writer, recommended_is_told_apart(one));
    json_writer_end_object(writer);
}

/* A metric of the cells that are named beside each other. */
static void write_aligned(struct json_writer *writer, enum metric_id metric,
                          const struct recommendation *of) {
    const struct {
        const char *name;
        const struct recommended *one;
    } columns[] = {
        {"best", &of->best}, {"runner_up", &of->runner_up}, {"first", &of->first}};
    json_writer_begin_object(writer);
    write_text(writer, "name", metrics[metric].name);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const struct cell_row *cell = columns[i].one->cell;
        const struct metric_summary *summary =
            cell != NULL ? cell_row_metric(cell, metric) : NULL;
        write_real(writer, columns[i].name,
                   summary != NULL ? summary->of.median : (double)NAN);
    }
    json_writer_end_object(writer);
}

static void write_metrics(struct json_writer *writer,
                          const struct recommendation *recommendation,
                          enum metric_id goal) {
    json_writer_key(writer, "metrics");
    json_writer_begin_array(writer);
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (recommend_view_metrics[i] || i == (int)goal) {
            write_aligned(writer, (enum metric_id)i, recommendation);
        }
    }
    json_writer_end_array(writer);
}

/* "So far, of 12 of 40 cells: " */
static size_t write_so_far(const struct recommend_view *view,
                           char out[RECOMMEND_TEXT_SIZE]) {
    const int length = snprintf(
        out, RECOMMEND_TEXT_SIZE,
        "So far, of %lld of %zu cells: ", (long long)view->finished, view->cells->count);
    return view->complete ? 0 : (size_t)length;
}

static void write_sentence(struct json_writer *writer, const struct recommend_view *view,
                           const struct recommendation *recommendation) {
    char text[2 * RECOMMEND_TEXT_SIZE];
    recommend_sentence(recommendation, view->goal, text + write_so_far(view, text));
    write_text(writer, "sentence", text);
    recommend_honesty(recommendation, view->goal, text);
    write_text(writer, "honesty", text);
}

static void write_recommendation(struct json_writer *writer,
                                 const struct recommend_view *view,
                                 const struct recommendation *recommendation) {
    json_writer_begin_object(writer);
    write_point(writer, recommendation->point);
    write_text(writer, "verdict", recommend_verdict_name(recommendation->verdict));
    write_sentence(writer, view, recommendation);
    json_writer_key(writer, "cells");
    json_writer_int(writer, (int64_t)recommendation->cells);
    write_recommended(writer, "best", &recommendation->best, view->goal);
    write_recommended(writer, "runner_up", &recommendation->runner_up, view->goal);
    write_recommended(writer, "first", &recommendation->first, view->goal);
    write_recommended(writer, "smaller", &recommendation->smaller, view->goal);
    write_recommended(writer, "larger", &recommendation->larger, view->goal);
    write_recommended(writer, "leaner", &recommendation->leaner, view->goal);
    write_metrics(writer, recommendation, view->goal);
    json_writer_end_object(writer);
}

static void write_fit(struct json_writer *writer, const char *key,
                      const struct scaling_fit *fit, enum scaling_law law) {
    const char *refusal = curve_refusal(fit, law);
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    write_text(writer, "refusal", refusal[0] != '\0' ? refusal : NULL);
    write_real(writer, "lambda", fit->lambda);
    write_real(writer, "sigma", fit->sigma);
    if (law == SCALING_USL) {
        write_real(writer, "kappa", fit->kappa);
        write_real(writer, "peak", fit->peak);
    }
    write_real(writer, "residual", fit->residual);
    json_writer_end_object(writer);
}

static void write_curve_point(struct json_writer *writer,
                              const struct curve_point *point) {
    json_writer_begin_object(writer);
    write_real(writer, "n", point->n);
    experiment_view_id(writer, "cell", RESOURCE_CELL, point->cell->id);
    write_real(writer, "throughput_per_s", point->throughput);
    experiment_view_interval(writer, "throughput_95", point->throughput_95);
    write_real(writer, "speedup", point->speedup);
    write_text(writer, "limit", limit_name(point->limit));
    json_writer_end_object(writer);
}

static void write_curve(struct json_writer *writer, const struct curve *curve) {
    json_writer_begin_object(writer);
    write_text(writer, "axis", curve_axis_name(curve->axis));
    write_text(writer, "runtime", curve->runtime);
    write_text(writer, "strategy", curve->strategy);
    write_point(writer, curve->point);
    json_writer_key(writer, "points");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < curve->point_count; i++) {
        write_curve_point(writer, &curve->points[i]);
    }
    json_writer_end_array(writer);
    write_real(writer, "knee", curve->points[curve->knee].n);
    write_fit(writer, "amdahl", &curve->amdahl, SCALING_AMDAHL);
    write_fit(writer, "usl", &curve->usl, SCALING_USL);
    json_writer_end_object(writer);
}

/* Why nothing is recommended; NULL when something is. */
static const char *find_reason(const struct recommend_view *view, size_t recommended) {
    if (recommended > 0) {
        return NULL;
    }
    if (view->goal == METRIC_COUNT) {
        return "no_goal";
    }
    if (metrics[view->goal].better == METRIC_NEUTRAL) {
        return "neutral_goal";
    }
    for (size_t i = 0; i < view->cells->count; i++) {
        if (view->cells->items[i].status == CELL_DONE) {
            return "no_value";
        }
    }
    return "no_cell";
}

static void write_head(struct json_writer *writer, const struct recommend_view *view,
                       size_t recommended) {
    json_writer_key(writer, "complete");
    json_writer_bool(writer, view->complete);
    json_writer_key(writer, "cells");
    json_writer_uint(writer, view->cells->count);
    json_writer_key(writer, "cells_done");
    json_writer_int(writer, view->finished);
    write_text(writer, "goal",
               view->goal != METRIC_COUNT ? metrics[view->goal].name : NULL);
    write_text(writer, "reason", find_reason(view, recommended));
}

static void write_all(struct json_writer *writer, const struct recommend_view *view,
                      const struct recommendation_list *recommendations,
                      const struct curve_list *curves) {
    json_writer_begin_object(writer);
    write_head(writer, view, recommendations->count);
    json_writer_key(writer, "recommendations");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < recommendations->count; i++) {
        write_recommendation(writer, view, &recommendations->items[i]);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "curves");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < curves->count; i++) {
        write_curve(writer, &curves->items[i]);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "not_modelled");
    json_writer_begin_array(writer);
    for (const char *const *text = run_not_modelled; *text != NULL; text++) {
        json_writer_string(writer, *text);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

/* What sets a limit (limit.c), how much work was done, and what it takes. */
const bool recommend_view_metrics[METRIC_COUNT] = {
    [METRIC_CORE_UTILISATION] = true,  [METRIC_GIL_HELD_SHARE] = true,
    [METRIC_GIL_WAIT_SHARE] = true,    [METRIC_LOOP_POLL_SHARE] = true,
    [METRIC_LOCK_WAIT_US] = true,      [METRIC_CPU_US] = true,
    [METRIC_MAKESPAN_US] = true,       [METRIC_THROUGHPUT_PER_S] = true,
    [METRIC_ARRIVALS] = true,          [METRIC_LATENCY_MEAN_US] = true,
    [METRIC_SERVICE_MEAN_US] = true,   [METRIC_UNSTABLE] = true,
    [METRIC_MEMORY_PEAK_BYTES] = true,
};

int recommend_view_write(struct json_writer *writer, const struct recommend_view *view,
                         struct err *err) {
    struct recommendation_list recommendations;
    struct curve_list curves;
    int rc = recommendation_list_make(&recommendations, view->cells, view->grid, err);
    if (rc != 0) {
        return rc;
    }
    rc = curve_list_make(&curves, view->cells, err);
    if (rc == 0) {
        write_all(writer, view, &recommendations, &curves);
        curve_list_deinit(&curves);
    }
    recommendation_list_deinit(&recommendations);
    return rc;
}
