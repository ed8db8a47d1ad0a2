/* SPDX-License-Identifier: MIT */
#include "server/advice/compare.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/memory.h"

const char *compare_verdict_name(enum compare_verdict verdict) {
    static const char *const names[] = {
        [COMPARE_SAME] = "same",     [COMPARE_BETTER] = "better",
        [COMPARE_WORSE] = "worse",   [COMPARE_DIFFERENT] = "different",
        [COMPARE_UNSURE] = "unsure", [COMPARE_NO_VALUE] = "no_value",
    };
    static_assert(sizeof names / sizeof names[0] == COMPARE_VERDICT_COUNT, "one each");
    return names[verdict];
}

void compare_side_deinit(struct compare_side *side) {
    json_decref(side->document);
    trial_deinit(&side->trial);
    *side = (struct compare_side){0};
}

/* --- what may be compared ----------------------------------------------------------- */

static bool begins_with(const char *pointer, const char *prefix) {
    const size_t length = strlen(prefix);
    return strncmp(pointer, prefix, length) == 0 &&
           (pointer[length] == '\0' || pointer[length] == '/');
}

/* What a unit of work is: jobs or actors, how they come, and who they are. */
static bool changes_unit(const struct json_difference *difference) {
    static const char *const prefixes[] = {"/workload/jobs/count",
                                           "/workload/jobs/arrivals"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (begins_with(difference->pointer, prefixes[i])) {
            return true;
        }
    }
    const char *last = strrchr(difference->pointer, '/');
    const bool whole = strcmp(difference->pointer, "/workload/jobs") == 0 ||
                       strcmp(difference->pointer, "/workload/actors") == 0;
    return whole || (begins_with(difference->pointer, "/workload/actors") &&
                     strcmp(last, "/name") == 0);
}

static int refuse(const struct compare_side *side, const struct json_difference *at,
                  const char *why, struct err *err) {
    char *a = at->a != NULL ? json_dumps(at->a, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    char *b = at->b != NULL ? json_dumps(at->b, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    (void)err_set(
        err, ERR_CONFLICT,
        "%.60s cannot be compared with the first: %s differs at %s: %.60s there, "
        "%.60s here",
        side->label, why, at->pointer, b != NULL ? a != NULL ? a : "nothing" : a,
        b != NULL ? b : "nothing");
    free(a);
    free(b);
    return ERR_CONFLICT;
}

static int check_side(const struct compare_side *side,
                      const struct json_differences *differences, bool other_work,
                      struct err *err) {
    for (size_t i = 0; i < differences->count; i++) {
        const struct json_difference *at = &differences->items[i];
        if (changes_unit(at)) {
            return refuse(side, at, "the unit of work", err);
        }
        if (begins_with(at->pointer, "/seed")) {
            return refuse(side, at, "the seed, and with it every random number,", err);
        }
        if (begins_with(at->pointer, "/reference") ||
            (begins_with(at->pointer, "/workload") && !other_work)) {
            return refuse(side, at, "the work", err);
        }
    }
    return 0;
}

static int find_differences(struct comparison *out, const struct compare_side *sides,
                            size_t count, bool other_work, struct err *err) {
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < count; i++) {
        rc = json_differences_find(&out->differences[i], sides[0].document,
                                   sides[i].document, err);
        if (rc == 0) {
            rc = check_side(&sides[i], &out->differences[i], other_work, err);
        }
    }
    return rc;
}

/* --- figures ------------------------------------------------------------------------ */

static enum compare_verdict verdict_of(enum metric_id metric, bool larger) {
    if (metrics[metric].better == METRIC_NEUTRAL) {
        return COMPARE_DIFFERENT;
    }
    return larger == (metrics[metric].better == METRIC_HIGHER) ? COMPARE_BETTER
                                                               : COMPARE_WORSE;
}

/* What was 0 has no ratio: certain when every repetition changed in the same direction. */
static enum compare_verdict judge_differences(const struct trial *trial,
                                              const struct trial *first,
                                              enum metric_id metric) {
    uint32_t larger = 0, smaller = 0;
    for (uint32_t i = 0; i < trial->count; i++) {
        const double a = first->metrics[i][metric], b = trial->metrics[i][metric];
        if (isnan(a) || isnan(b)) {
            return COMPARE_NO_VALUE;
        }
        larger += b > a;
        smaller += b < a;
    }
    if (larger < trial->count && smaller < trial->count) {
        return COMPARE_SAME;
    }
    return trial->count < 2 ? COMPARE_UNSURE : verdict_of(metric, larger > 0);
}

static enum compare_verdict judge(const struct compare_figure *figure,
                                  enum metric_id metric) {
    const struct bootstrap_ratio *ratio = &figure->ratio;
    const bool known = bootstrap_interval_exists(ratio->median_95);
    const double low = known ? ratio->median_95.low : ratio->median;
    const double high = known ? ratio->median_95.high : ratio->median;
    if (low <= 1 && high >= 1) {
        return COMPARE_SAME;
    }
    return known ? verdict_of(metric, low > 1) : COMPARE_UNSURE;
}

/* False when no side has the metric. */
static int fill_row(struct compare_row *row, const struct compare_side *sides,
                    size_t count, bool *any, struct err *err) {
    *any = false;
    for (size_t i = 0; i < count; i++) {
        struct compare_figure *figure = &row->figures[i];
        figure->median = trial_median(&sides[i].trial, row->metric);
        *any = *any || !isnan(figure->median);
        const int rc = trial_compare(&sides[i].trial, &sides[0].trial, row->metric,
                                     &figure->ratio, err);
        if (rc != 0) {
            return rc;
        }
        figure->verdict =
            isnan(figure->ratio.median)
                ? judge_differences(&sides[i].trial, &sides[0].trial, row->metric)
                : judge(figure, row->metric);
    }
    return 0;
}

/* --- order -------------------------------------------------------------------------- */

/* What the user of a program feels; all others explain it. */
static bool is_outcome(enum metric_id metric) {
    static const char *const prefixes[] = {"makespan", "throughput", "latency",
                                           "queueing", "service",    "memory",
                                           "lost",     "unstable"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(metrics[metric].name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static int class_of(enum compare_verdict verdict, enum metric_id metric) {
    static const int classes[COMPARE_VERDICT_COUNT] = {
        [COMPARE_BETTER] = 3,
        [COMPARE_WORSE] = 3,
        [COMPARE_UNSURE] = 2,
        [COMPARE_DIFFERENT] = 1,
    };
    return 2 * classes[verdict] + (classes[verdict] > 0 && is_outcome(metric) ? 1 : 0);
}

/* Larger is more important: the class, then the logarithm of the factor. */
static double importance(const struct compare_row *row, size_t sides) {
    double most = 0;
    for (size_t i = 1; i < sides; i++) {
        const struct compare_figure *figure = &row->figures[i];
        const double size = fabs(log(figure->ratio.median));
        most = fmax(most, 1000.0 * class_of(figure->verdict, row->metric) +
                              fmin(isnan(size) ? 0 : size, 100));
    }
    return most;
}

struct ranked {
    double importance;
    struct compare_row row;
};

static int compare_ranked(const void *left, const void *right) {
    const struct ranked *a = left, *b = right;
    if (a->importance < b->importance || a->importance > b->importance) {
        return a->importance > b->importance ? -1 : 1;
    }
    return (a->row.metric > b->row.metric) - (a->row.metric < b->row.metric);
}

static int fill_rows(struct comparison *out, const struct compare_side *sides,
                     struct err *err) {
    struct ranked *ranked = memory_zeroed(METRIC_COUNT, sizeof *ranked);
    size_t count = 0;
    int rc = ranked != NULL ? 0 : err_set_nomem(err);
    for (int id = 0; rc == 0 && id < METRIC_COUNT; id++) {
        struct compare_row row = {.metric = (enum metric_id)id};
        bool any;
        rc = fill_row(&row, sides, out->sides, &any, err);
        if (rc == 0 && any) {
            ranked[count++] = (struct ranked){importance(&row, out->sides), row};
        }
    }
    if (rc == 0) {
        qsort(ranked, count, sizeof *ranked, compare_ranked);
        for (size_t i = 0; i < count; i++) {
            out->rows[i] = ranked[i].row;
        }
        out->row_count = count;
    }
    memory_free(ranked);
    return rc;
}

int compare_make(struct comparison *out, const struct compare_side *sides, size_t count,
                 bool other_work, struct err *err) {
    ASSERT(count >= 2 && count <= COMPARE_MAX);
    *out = (struct comparison){.sides = count};
    int rc = find_differences(out, sides, count, other_work, err);
    if (rc == 0) {
        rc = fill_rows(out, sides, err);
    }
    if (rc != 0) {
        comparison_deinit(out);
    }
    return rc;
}

void comparison_deinit(struct comparison *comparison) {
    for (size_t i = 0; i < COMPARE_MAX; i++) {
        json_differences_deinit(&comparison->differences[i]);
    }
}
