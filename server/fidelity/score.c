/* SPDX-License-Identifier: MIT */
#include "server/fidelity/score.h"

#include "engine/base/memory.h"

#include <math.h>
#include <string.h>

#include "server/fidelity/calibration.h"
#include "server/fidelity/parallel.h"
#include "server/fidelity/quantile.h"

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

/* Groups are independent of one another. */
struct scoring {
    const struct task *tasks;
    struct score_row *rows;
    enum score_seeds seeds;
};

static int score_task(void *context, size_t index, struct err *err) {
    const struct scoring *scoring = context;
    const struct task *task = &scoring->tasks[index];
    return group_score_make(&scoring->rows[index], task->group, task->calibration,
                            scoring->seeds, err);
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

int score_make(struct score *out, const struct measured *measured, enum score_seeds seeds,
               struct err *err) {
    struct calibrations known = {0};
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
        struct scoring scoring = {.tasks = tasks, .rows = score.rows, .seeds = seeds};
        rc = parallel_run(score.count, score_task, &scoring, err);
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
