/* SPDX-License-Identifier: MIT */
#include "server/advice/speedup.h"

#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"
#include "server/advice/advice.h"

const double speedup_factors[SPEEDUP_STEPS] = {0.90, 0.75, 0.50};

/* --- steps --------------------------------------------------------------------------- */

/* Work and waits of the program; what is a limit or a timeout does not become faster. */
static bool has_time(const struct step *step) {
    return step->site != SITE_NONE && step->kind != STEP_TIMEOUT &&
           step->kind != STEP_WAIT_FOR && distribution_mean(&step->time) > 0;
}

static bool is_known(const site_id *sites, size_t count, site_id site) {
    for (size_t i = 0; i < count; i++) {
        if (sites[i] == site) {
            return true;
        }
    }
    return false;
}

static size_t find_sites(const struct plan *plan, site_id sites[SPEEDUP_MAX_SITES],
                         size_t *left_out) {
    size_t count = 0;
    *left_out = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct step *step = &plan->steps[i];
        if (!has_time(step) || is_known(sites, count, step->site)) {
            continue;
        }
        if (count == SPEEDUP_MAX_SITES) {
            ++*left_out;
        } else {
            sites[count++] = step->site;
        }
    }
    return count;
}

/* --- trials -------------------------------------------------------------------------- */

/* What the trials of one cell share. */
struct bench {
    const struct speedup_request *request;
    struct speedup *out;
    struct trial as_it_is;
};

static int try_factor(struct bench *bench, site_id site, int index,
                      struct speedup_row *row, struct err *err) {
    struct plan plan;
    struct trial trial = {0};
    int rc = grid_cell_plan(bench->request->grid, bench->request->cell, &plan, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < plan.step_count; i++) {
        if (plan.steps[i].site == site && has_time(&plan.steps[i])) {
            distribution_scale(&plan.steps[i].time, speedup_factors[index]);
        }
    }
    rc = trial_run_plan(&trial, &plan, &bench->request->options, err);
    plan_deinit(&plan);
    if (rc == 0) {
        rc = trial_compare(&trial, &bench->as_it_is, bench->out->goal, &row->ratio[index],
                           err);
        trial_deinit(&trial);
    }
    const double ratio = row->ratio[index].median;
    row->gain[index] =
        metrics[bench->out->goal].better == METRIC_HIGHER ? ratio - 1 : 1 - ratio;
    return rc;
}

static int compare_rows(const void *left, const void *right) {
    const struct speedup_row *a = left, *b = right;
    const double x = a->gain[SPEEDUP_STEPS - 1], y = b->gain[SPEEDUP_STEPS - 1];
    if (isnan(x) || isnan(y)) {
        return isnan(x) - isnan(y);
    }
    return (x < y) - (x > y);
}

static int try_all(struct bench *bench, struct err *err) {
    struct speedup *out = bench->out;
    site_id sites[SPEEDUP_MAX_SITES];
    const size_t count = find_sites(&out->plan, sites, &out->left_out);
    out->rows = memory_zeroed(count + 1, sizeof *out->rows);
    int rc = out->rows != NULL ? 0 : err_set_nomem(err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct speedup_row *row = &out->rows[out->count++];
        row->site = out->plan.sites[sites[i]];
        for (int k = 0; rc == 0 && k < SPEEDUP_STEPS; k++) {
            rc = try_factor(bench, sites[i], k, row, err);
        }
    }
    if (rc == 0) {
        qsort(out->rows, out->count, sizeof *out->rows, compare_rows);
    }
    return rc;
}

int speedup_make(struct speedup *out, const struct speedup_request *request,
                 struct err *err) {
    struct speedup speedup = {0};
    struct bench bench = {.request = request, .out = &speedup};
    int rc = grid_cell_plan(request->grid, request->cell, &speedup.plan, err);
    if (rc != 0) {
        return rc;
    }
    speedup.repetitions = request->options.repetitions;
    speedup.goal = advice_goal(request->document, &speedup.plan);
    rc = trial_run_plan(&bench.as_it_is, &speedup.plan, &request->options, err);
    if (rc == 0) {
        speedup.value = trial_median(&bench.as_it_is, speedup.goal);
        rc = try_all(&bench, err);
        trial_deinit(&bench.as_it_is);
    }
    if (rc != 0) {
        speedup_deinit(&speedup);
        return rc;
    }
    *out = speedup;
    return 0;
}

void speedup_deinit(struct speedup *speedup) {
    memory_free(speedup->rows);
    plan_deinit(&speedup->plan);
    *speedup = (struct speedup){0};
}
