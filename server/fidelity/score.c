/* SPDX-License-Identifier: MIT */
#include "server/fidelity/score.h"

#include "engine/base/memory.h"
#include "engine/program/plan.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/fidelity/calibration.h"
#include "server/fidelity/prediction.h"

static const double MAX_SPREAD = 1.25;

/* --- figures ------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile with linear interpolation; sorts in place. NaN when empty. */
static double quantile(double *values, size_t count, double q) {
    if (count == 0) {
        return NAN;
    }
    qsort(values, count, sizeof values[0], compare_doubles);
    const double at = q * (double)(count - 1);
    const size_t low = (size_t)at;
    const size_t high = low + 1 < count ? low + 1 : low;
    return values[low] + (values[high] - values[low]) * (at - (double)low);
}

/* What is computed per repetition of a group, kept for the medians. */
struct figures {
    double *measured, *predicted, *error, *naive_error, *detail_error, *lost,
        *lost_measured;
    size_t count, details;
};

static int figures_init(struct figures *figures, size_t rows, double **storage) {
    double *block = memory_zeroed(7 * (rows + 1), sizeof *block);
    if (block == NULL) {
        return ERR_NOMEM;
    }
    *storage = block;
    *figures = (struct figures){
        .measured = block,
        .predicted = block + rows,
        .error = block + 2 * rows,
        .naive_error = block + 3 * rows,
        .detail_error = block + 4 * rows,
        .lost = block + 5 * rows,
        .lost_measured = block + 6 * rows,
    };
    return 0;
}

/* --- one group ----------------------------------------------------------------- */

static const char *why_not(const struct measured_group *group,
                           const struct family *family) {
    if (family_runtime_of(group->build) == NULL) {
        return "the model has no runtime for this build yet";
    }
    return family == NULL ? "the model has no mechanism for this family yet" : NULL;
}

static void measure_spread(struct score_row *row, size_t quiet_needed) {
    double least = INFINITY, most = 0.0;
    for (size_t i = 0; i < row->group->row_count; i++) {
        const struct measured_row *repetition = &row->group->rows[i];
        if (repetition->quiet && repetition->wall_s > 0.0) {
            const double relative = repetition->wall_s / repetition->solo_s;
            least = relative < least ? relative : least;
            most = relative > most ? relative : most;
            row->quiet++;
        }
    }
    row->spread = row->quiet == 0 ? NAN : most / least;
    row->eligible = row->quiet >= quiet_needed && row->spread < MAX_SPREAD;
}

static int predict_repetition(struct prediction *out, const struct family *family,
                              const struct family_input *input, uint32_t repetition,
                              struct err *err) {
    struct plan plan;
    int rc = prediction_plan(&plan,
                             &(struct prediction_spec){
                                 .take_work = family->describe(input),
                                 .runtime = family_runtime_of(input->group->build),
                                 .switch_interval_s = input->group->switch_interval_s,
                                 .calibration = input->calibration,
                             },
                             err);
    if (rc == 0) {
        rc = prediction_run(out, &plan, repetition, err);
        plan_deinit(&plan);
    }
    return rc;
}

static int predict_repetitions(struct figures *figures, const struct score_row *row,
                               const struct family *family,
                               const struct calibration *calibration, struct err *err) {
    for (size_t i = 0; i < row->group->row_count; i++) {
        const struct measured_row *measured = &row->group->rows[i];
        const struct family_input input = {row->group, measured, calibration};
        if (!measured->quiet || !(measured->wall_s > 0.0)) {
            continue;
        }
        struct prediction prediction;
        const int rc = predict_repetition(&prediction, family, &input, (uint32_t)i, err);
        if (rc != 0) {
            return rc;
        }
        const size_t at = figures->count++;
        figures->predicted[at] = prediction.wall_s;
        figures->lost[at] = prediction.lost_share;
        figures->lost_measured[at] =
            1.0 - measured_number(measured->result, "got", NULL) /
                      measured_number(measured->result, "expected", NULL);
        figures->error[at] = log(prediction.wall_s / measured->wall_s);
        const double detail =
            family->detail == NULL
                ? NAN
                : measured_number(measured->result, family->detail, "p50");
        if (detail > 0.0) {
            figures->detail_error[figures->details++] =
                log(prediction.latency_p50_s / detail);
        }
    }
    return 0;
}

static void conclude(struct score_row *row, struct figures *figures) {
    if (figures->count > 0) {
        row->lost_predicted = quantile(figures->lost, figures->count, 0.5);
        row->lost_measured = quantile(figures->lost_measured, figures->count, 0.5);
        row->predicted_s = quantile(figures->predicted, figures->count, 0.5);
        row->error = fabs(quantile(figures->error, figures->count, 0.5));
    }
    if (figures->details > 0) {
        row->detail_error = fabs(quantile(figures->detail_error, figures->details, 0.5));
    }
}

static int predict_group(struct score_row *row, const struct family *family,
                         const struct calibration *calibration, struct err *err) {
    double *storage = NULL;
    struct figures figures;
    if (figures_init(&figures, row->group->row_count, &storage) != 0) {
        return err_set_nomem(err);
    }
    const int rc = predict_repetitions(&figures, row, family, calibration, err);
    if (rc == 0) {
        conclude(row, &figures);
    }
    memory_free(storage);
    return rc;
}

static int measure_group(struct score_row *row, const struct family *family,
                         struct err *err) {
    const size_t rows = row->group->row_count;
    double *walls = memory_zeroed(2 * (rows + 1), sizeof *walls);
    if (walls == NULL) {
        return err_set_nomem(err);
    }
    double *naive = walls + rows + 1;
    size_t count = 0;
    for (size_t i = 0; i < rows; i++) {
        const struct measured_row *measured = &row->group->rows[i];
        if (measured->quiet && measured->wall_s > 0.0) {
            const struct family_input input = {row->group, measured, NULL};
            naive[count] = family == NULL ? NAN : family->naive_s(&input);
            walls[count++] = measured->wall_s;
        }
    }
    row->measured_s = quantile(walls, count, 0.5);
    if (family != NULL) {
        row->naive_s = quantile(naive, count, 0.5);
        row->naive_error = fabs(log(row->naive_s / row->measured_s));
    }
    memory_free(walls);
    return 0;
}

static int score_group(struct score_row *row, const struct measured_group *group,
                       const struct calibration *calibration, struct err *err) {
    const struct family *family = family_find(group->family);
    *row = (struct score_row){
        .group = group,
        .stratum = family_stratum_of(group->family),
        .predicted_s = NAN,
        .error = 1.0,
        .naive_s = NAN,
        .naive_error = NAN,
        .detail_error = NAN,
        .lost_measured = NAN,
        .lost_predicted = NAN,
        .reason = why_not(group, family),
    };
    measure_spread(row, strcmp(group->family, "jobs") == 0 ? 2 : 3);
    const int rc = measure_group(row, family, err);
    if (rc != 0 || row->reason != NULL || row->quiet == 0) {
        return rc;
    }
    return predict_group(row, family, calibration, err);
}

/* --- all groups ---------------------------------------------------------------- */

/* The calibration of a build is made when its first group needs it. */
struct calibrations {
    const char *build[16];
    struct calibration value[16];
    size_t count;
};

static int calibration_for(const struct calibration **out, struct calibrations *known,
                           const struct measured *measured, const char *build,
                           struct err *err) {
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->build[i], build) == 0) {
            *out = &known->value[i];
            return 0;
        }
    }
    if (known->count == sizeof known->build / sizeof known->build[0]) {
        return err_set(err, ERR_LIMIT, "more builds than the model has runtimes for");
    }
    const int rc = calibration_make(&known->value[known->count], measured, build, err);
    if (rc == 0) {
        known->build[known->count] = build;
        *out = &known->value[known->count++];
    }
    return rc;
}

/* A group to predict, and the calibration of its build; NULL when there is no runtime. */
struct task {
    const struct measured_group *group;
    const struct calibration *calibration;
};

/* What the threads share. Groups are independent: each takes the next one. */
struct scoring {
    const struct task *tasks;
    struct score_row *rows;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t mutex;
    struct err *err; /* guarded by mutex */
};

static void *score_groups(void *argument) {
    struct scoring *scoring = argument;
    for (;;) {
        const size_t i = atomic_fetch_add(&scoring->next, 1);
        if (i >= scoring->count || atomic_load(&scoring->failed)) {
            return NULL;
        }
        struct err err = {0};
        if (score_group(&scoring->rows[i], scoring->tasks[i].group,
                        scoring->tasks[i].calibration, &err) != 0) {
            atomic_store(&scoring->failed, true);
            pthread_mutex_lock(&scoring->mutex);
            (void)err_set(scoring->err, err.code, "%s",
                          err.text); /* the first one stays */
            pthread_mutex_unlock(&scoring->mutex);
        }
    }
}

/* On all cores; the calling thread works too. */
static int score_in_parallel(struct scoring *scoring) {
    enum { MAX_THREADS = 64 };
    pthread_t threads[MAX_THREADS];
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long started = 0;
    while (started < cores - 1 && started < MAX_THREADS &&
           pthread_create(&threads[started], NULL, score_groups, scoring) == 0) {
        started++;
    }
    (void)score_groups(scoring); /* always NULL */
    for (long i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    return atomic_load(&scoring->failed) ? scoring->err->code : 0;
}

static int list_tasks(struct task *tasks, size_t *count, struct calibrations *known,
                      const struct measured *measured, struct err *err) {
    for (size_t i = 0; i < measured->group_count; i++) {
        const struct measured_group *group = &measured->groups[i];
        struct task task = {.group = group};
        if (group->primitive) {
            continue;
        }
        if (family_runtime_of(group->build) != NULL) {
            const int rc =
                calibration_for(&task.calibration, known, measured, group->build, err);
            if (rc != 0) {
                return rc;
            }
        }
        tasks[(*count)++] = task;
    }
    return 0;
}

int score_make(struct score *out, const struct measured *measured, struct err *err) {
    struct calibrations known = {0};
    struct err fallback = {0};
    struct task *tasks = memory_zeroed(measured->group_count + 1, sizeof *tasks);
    struct score score = {
        .rows = memory_zeroed(measured->group_count + 1, sizeof *score.rows)};
    int rc = ERR_NOMEM;
    if (tasks == NULL || score.rows == NULL) {
        (void)err_set_nomem(err);
        goto out;
    }
    rc = list_tasks(tasks, &score.count, &known, measured, err);
    if (rc == 0) {
        struct scoring scoring = {
            .tasks = tasks,
            .rows = score.rows,
            .count = score.count,
            .mutex = PTHREAD_MUTEX_INITIALIZER,
            .err = err == NULL ? &fallback : err,
        };
        rc = score_in_parallel(&scoring);
    }
out:
    memory_free(tasks);
    if (rc != 0) {
        score_deinit(&score);
        return rc;
    }
    *out = score;
    return 0;
}

void score_deinit(struct score *score) {
    memory_free(score->rows);
    *score = (struct score){0};
}

/* --- summaries ----------------------------------------------------------------- */

struct selection {
    double *error, *naive, *detail, *counted;
    size_t errors, naives, details, counteds;
};

static void add_row(struct score_summary *summary, struct selection *selection,
                    const struct score_row *row) {
    summary->groups++;
    if (!row->eligible) {
        return;
    }
    summary->eligible++;
    selection->counted[selection->counteds++] = row->error;
    if (isnan(row->predicted_s)) {
        return;
    }
    summary->predicted++;
    selection->error[selection->errors++] = row->error;
    selection->naive[selection->naives++] = row->naive_error;
    if (!isnan(row->detail_error)) {
        selection->detail[selection->details++] = row->detail_error;
    }
}

int score_summarise(struct score_summary *out, const struct score *score,
                    score_select_fn select, const char *key, struct err *err) {
    const size_t n = score->count + 1;
    double *block = memory_zeroed(4 * n, sizeof *block);
    if (block == NULL) {
        return err_set_nomem(err);
    }
    struct selection selection = {block, block + n, block + 2 * n, block + 3 * n, 0, 0,
                                  0,     0};
    struct score_summary summary = {0};
    for (size_t i = 0; i < score->count; i++) {
        if (select == NULL || select(&score->rows[i], key)) {
            add_row(&summary, &selection, &score->rows[i]);
        }
    }
    summary.median = quantile(selection.error, selection.errors, 0.5);
    summary.p90 = quantile(selection.error, selection.errors, 0.9);
    summary.worst = quantile(selection.error, selection.errors, 1.0);
    summary.naive_median = quantile(selection.naive, selection.naives, 0.5);
    summary.naive_p90 = quantile(selection.naive, selection.naives, 0.9);
    summary.naive_worst = quantile(selection.naive, selection.naives, 1.0);
    summary.detail_median = quantile(selection.detail, selection.details, 0.5);
    summary.counted_median = quantile(selection.counted, selection.counteds, 0.5);
    summary.counted_p90 = quantile(selection.counted, selection.counteds, 0.9);
    memory_free(block);
    *out = summary;
    return 0;
}
