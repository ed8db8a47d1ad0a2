/* SPDX-License-Identifier: MIT */
#include "server/fidelity/reach.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/ranking.h"

static const double MEDIAN_AIM = 0.05, P90_AIM = 0.15;
static const double FAMILY_AIM = 0.12, BUILD_AIM = 0.08, DETAIL_AIM = 0.10;
static const double NAIVE_IS_POOR = 0.10, LOST_AIM = 0.10;

static const char *const rule_names[] = {
    "at most half of the naive error",
    "lost share within 0.10",
    "no update lost where none was",
    "share of long cycles within 0.15",
};
static_assert(sizeof rule_names / sizeof rule_names[0] == REACH_RULE_COUNT,
              "a name each");

const char *reach_rule_name(enum reach_rule rule) { return rule_names[rule]; }

/* --- rules for a group --------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool scheduling_matters(const char *name) {
    static const char *const names[] = {
        "io_vs_cpu", "lock_contended", "queue_pc",   "hold_c",      "aio_offload",
        "race",      "race_call",      "shared_obj", "shared_list", NULL};
    return is_one_of(name, names);
}

static enum reach_verdict verdict(bool asked, bool kept) {
    return !asked ? REACH_NOT_ASKED : kept ? REACH_KEPT : REACH_BROKEN;
}

enum reach_verdict reach_judge(const struct score_row *row, enum reach_rule rule) {
    const bool lost = !isnan(row->lost_predicted);
    switch (rule) {
    case REACH_NAIVE:
        return verdict(row->eligible && !isnan(row->predicted_s) &&
                           scheduling_matters(row->group->family) &&
                           row->naive_error > NAIVE_IS_POOR,
                       row->error <= row->naive_error / 2.0);
    case REACH_LOST:
        return verdict(lost && row->lost_measured > 0.0,
                       fabs(row->lost_predicted - row->lost_measured) <= LOST_AIM);
    case REACH_LOST_ZERO:
        return verdict(lost && row->lost_measured == 0.0, row->lost_predicted == 0.0);
    case REACH_LONG:
        return verdict(row->long_counted > 0 &&
                           json_is_true(json_object_get(row->group->params, "sock")),
                       2 * row->long_within >= row->long_counted);
    case REACH_RULE_COUNT:
        break;
    }
    return REACH_NOT_ASKED;
}

/* --- goals --------------------------------------------------------------------- */

static void add_error(struct reach *reach, const char *what, double figure, double aim) {
    struct reach_goal goal = {.figure = figure, .aim = aim, .reached = figure <= aim};
    if (!isnan(figure) && reach->count < REACH_GOALS) {
        snprintf(goal.what, sizeof goal.what, "%s", what);
        reach->goals[reach->count++] = goal;
    }
}

static void add_rule(struct reach *reach, const struct score *score,
                     enum reach_rule rule) {
    struct reach_goal goal = {.figure = NAN, .aim = NAN};
    for (size_t i = 0; i < score->count; i++) {
        const enum reach_verdict said = reach_judge(&score->rows[i], rule);
        goal.kept += said == REACH_KEPT;
        goal.asked += said != REACH_NOT_ASKED;
    }
    goal.reached = goal.kept == goal.asked;
    if (goal.asked > 0 && reach->count < REACH_GOALS) {
        snprintf(goal.what, sizeof goal.what, "%s", rule_names[rule]);
        reach->goals[reach->count++] = goal;
    }
}

static bool in_family(const struct score_row *row, const char *key) {
    return strcmp(row->group->family, key) == 0;
}

static bool in_build(const struct score_row *row, const char *key) {
    return strcmp(row->group->build, key) == 0;
}

static const char *family_of(const struct score_row *row) { return row->group->family; }
static const char *build_of(const struct score_row *row) { return row->group->build; }

typedef const char *(*key_fn)(const struct score_row *row);

static bool is_first(const struct score *score, size_t index, key_fn key) {
    for (size_t i = 0; i < index; i++) {
        if (strcmp(key(&score->rows[i]), key(&score->rows[index])) == 0) {
            return false;
        }
    }
    return true;
}

/* Medians by family or by build; a group that is not predicted counts as 1. */
static int add_medians(struct reach *reach, const struct score *score, key_fn key,
                       struct err *err) {
    const bool families = key == family_of;
    for (size_t i = 0; i < score->count; i++) {
        struct score_summary summary;
        char what[64];
        if (!is_first(score, i, key)) {
            continue;
        }
        const char *name = key(&score->rows[i]);
        const int rc =
            score_summarise(&summary, score, families ? in_family : in_build, name, err);
        if (rc != 0) {
            return rc;
        }
        snprintf(what, sizeof what, "median of %s", name);
        add_error(reach, what, summary.counted_median, families ? FAMILY_AIM : BUILD_AIM);
        if (families) {
            snprintf(what, sizeof what, "p50 within a run of %s", name);
            add_error(reach, what, summary.detail_median, DETAIL_AIM);
        }
    }
    return 0;
}

/* Workloads of `jobs` whose first predicted strategy is about as fast as the best. */
static int add_ranking(struct reach *reach, const struct score *score, struct err *err) {
    struct reach_goal goal = {.figure = NAN, .aim = NAN};
    struct ranking_list list;
    const int rc = ranking_list_make(&list, score, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < list.count; i++) {
        goal.kept += list.rankings[i].within;
        goal.asked++;
    }
    ranking_list_deinit(&list);
    goal.reached = goal.kept == goal.asked;
    if (goal.asked > 0 && reach->count < REACH_GOALS) {
        snprintf(goal.what, sizeof goal.what, "first strategy within 10 %% of the best");
        reach->goals[reach->count++] = goal;
    }
    return 0;
}

int reach_make(struct reach *out, const struct score *score, struct err *err) {
    struct reach reach = {0};
    struct score_summary all;
    int rc = score_summarise(&all, score, NULL, NULL, err);
    if (rc == 0) {
        add_error(&reach, "median of all", all.counted_median, MEDIAN_AIM);
        add_error(&reach, "p90 of all", all.counted_p90, P90_AIM);
        rc = add_medians(&reach, score, family_of, err);
    }
    if (rc == 0) {
        rc = add_medians(&reach, score, build_of, err);
    }
    if (rc == 0) {
        rc = add_ranking(&reach, score, err);
    }
    for (int i = 0; i < REACH_RULE_COUNT && rc == 0; i++) {
        add_rule(&reach, score, (enum reach_rule)i);
    }
    if (rc == 0) {
        *out = reach;
    }
    return rc;
}
