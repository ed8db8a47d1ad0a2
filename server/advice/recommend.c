/* SPDX-License-Identifier: MIT */
#include "server/advice/recommend.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/advice/curve.h"

const char *recommend_verdict_name(enum recommend_verdict verdict) {
    static const char *const names[] = {
        [RECOMMEND_CHANGE] = "change",
        [RECOMMEND_STAY] = "stay",
        [RECOMMEND_IS_BEST] = "is_best",
        [RECOMMEND_ALONE] = "alone",
    };
    static_assert(sizeof names / sizeof names[0] == RECOMMEND_VERDICT_COUNT, "one each");
    return names[verdict];
}

/* --- cells ------------------------------------------------------------------------- */

static bool takes_part(const struct cell_row *cell) {
    return cell->versus.metric != NULL;
}

/* Factors above 1 are worse, whichever way the metric runs. */
static struct recommended describe(const struct cell_row *cell, enum metric_id goal) {
    double metric[METRIC_COUNT];
    const struct bootstrap_ratio *ratio = &cell->versus.ratio;
    struct recommended out = {
        .cell = cell, .loss = ratio->median, .loss_95 = ratio->median_95};
    curve_cell_metrics(cell, metric);
    out.value = metric[goal];
    out.limit = limit_of(metric);
    if (metrics[goal].better == METRIC_HIGHER) {
        out.loss = 1 / ratio->median;
        out.loss_95 = (struct bootstrap_interval){1 / ratio->median_95.high,
                                                  1 / ratio->median_95.low};
    }
    return out;
}

/* By point; the best cell of a point first, then by median, the better one first. */
struct place {
    const struct cell_row *cell;
    double rank; /* the goal's median, lower is better */
};

static int compare_places(const void *left, const void *right) {
    const struct place *a = left, *b = right;
    const int order = strcmp(a->cell->point, b->cell->point);
    if (order != 0) {
        return order;
    }
    if (a->rank < b->rank || a->rank > b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return (a->cell->index > b->cell->index) - (a->cell->index < b->cell->index);
}

/* --- points ------------------------------------------------------------------------ */

/* Nothing to gain: too little, or too little of it is certain. */
static bool is_worthless(const struct recommended *first) {
    const bool known = bootstrap_interval_exists(first->loss_95);
    return first->loss < 1 + RECOMMEND_WORTH || (known && first->loss_95.low <= 1);
}

static enum recommend_verdict judge(const struct recommendation *recommendation) {
    if (recommendation->cells == 1) {
        return RECOMMEND_ALONE;
    }
    if (recommendation->first.cell == recommendation->best.cell) {
        return RECOMMEND_IS_BEST;
    }
    return is_worthless(&recommendation->first) ? RECOMMEND_STAY : RECOMMEND_CHANGE;
}

static struct recommendation recommend(const struct place *places, size_t count,
                                       enum metric_id goal) {
    const struct cell_row *first = places[0].cell;
    for (size_t i = 1; i < count; i++) {
        first = places[i].cell->index < first->index ? places[i].cell : first;
    }
    struct recommendation out = {.point = first->point,
                                 .cells = count,
                                 .best = describe(places[0].cell, goal),
                                 .first = describe(first, goal)};
    if (count > 1) {
        out.runner_up = describe(places[1].cell, goal);
    }
    out.verdict = judge(&out);
    return out;
}

static int compare_items(const void *left, const void *right) {
    const int64_t a = ((const struct recommendation *)left)->first.cell->index;
    const int64_t b = ((const struct recommendation *)right)->first.cell->index;
    return (a > b) - (a < b);
}

static void make_items(struct recommendation_list *list, struct place *places,
                       size_t count) {
    qsort(places, count, sizeof *places, compare_places);
    for (size_t first = 0, end; first < count; first = end) {
        end = first + 1;
        while (end < count &&
               strcmp(places[end].cell->point, places[first].cell->point) == 0) {
            end++;
        }
        list->items[list->count++] = recommend(&places[first], end - first, list->goal);
    }
    qsort(list->items, list->count, sizeof *list->items, compare_items);
}

int recommendation_list_make(struct recommendation_list *out,
                             const struct cell_list *cells, struct err *err) {
    struct recommendation_list list = {.goal = METRIC_COUNT};
    struct place *places = memory_zeroed(cells->count + 1, sizeof *places);
    list.items = memory_zeroed(cells->count + 1, sizeof *list.items);
    size_t count = 0;
    if (places == NULL || list.items == NULL) {
        memory_free(places);
        memory_free(list.items);
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell_row *cell = &cells->items[i];
        if (takes_part(cell)) {
            list.goal = metric_find(cell->versus.metric);
            const double median = cell_row_metric(cell, list.goal)->of.median;
            places[count++] = (struct place){
                cell, metrics[list.goal].better == METRIC_HIGHER ? -median : median};
        }
    }
    make_items(&list, places, count);
    memory_free(places);
    *out = list;
    return 0;
}

void recommendation_list_deinit(struct recommendation_list *list) {
    memory_free(list->items);
    *list = (struct recommendation_list){.goal = METRIC_COUNT};
}

/* --- sentences --------------------------------------------------------------------- */

enum { NAME_SIZE = 200, VALUE_SIZE = 64 };

static void name_of(const struct recommended *one, char out[NAME_SIZE]) {
    snprintf(out, NAME_SIZE, "%s on %s", one->cell->strategy, one->cell->runtime);
}

/* "12.3 ms" */
static void write_value(double value, const char *unit, char out[VALUE_SIZE]) {
    if (strcmp(unit, "us") == 0 && fabs(value) >= 1e6) {
        snprintf(out, VALUE_SIZE, "%.3g s", value / 1e6);
    } else if (strcmp(unit, "us") == 0 && fabs(value) >= 1e3) {
        snprintf(out, VALUE_SIZE, "%.3g ms", value / 1e3);
    } else if (strcmp(unit, "ratio") == 0) {
        snprintf(out, VALUE_SIZE, "%.3g %%", value * 100);
    } else if (strcmp(unit, "1/s") == 0) {
        snprintf(out, VALUE_SIZE, "%.4g/s", value);
    } else {
        snprintf(out, VALUE_SIZE, "%.6g %s", value,
                 strcmp(unit, "count") == 0 ? "" : unit);
    }
}

/* "hardly", "by 12 %", "by 12 % (8 - 15)", "by a factor of 2.5 (2.1 - 3.2)" */
static void write_loss(const struct recommended *one, char out[VALUE_SIZE]) {
    const bool factor = one->loss >= 2;
    const struct bootstrap_interval *of = &one->loss_95;
    char interval[VALUE_SIZE / 2] = "";
    if (one->loss < 1.005) {
        snprintf(out, VALUE_SIZE, "hardly");
        return;
    }
    if (bootstrap_interval_exists(*of) && of->low < of->high) {
        snprintf(interval, sizeof interval, " (%.3g - %.3g)",
                 factor ? of->low : 100 * (of->low - 1),
                 factor ? of->high : 100 * (of->high - 1));
    }
    if (factor) {
        snprintf(out, VALUE_SIZE, "by a factor of %.3g%s", one->loss, interval);
    } else {
        snprintf(out, VALUE_SIZE, "by %.3g %%%s", 100 * (one->loss - 1), interval);
    }
}

static const char *phrase_of(enum limit limit) {
    static const char *const phrases[] = {
        [LIMIT_CORES] = "all cores are busy",
        [LIMIT_GIL] = "threads wait for the GIL",
        [LIMIT_LOOP] = "the event loop is busy all the time",
        [LIMIT_LOCK] = "locks are waited for",
        [LIMIT_SERIAL] = "it computes one thing at a time",
        [LIMIT_OUTSIDE] = "the outside world is waited for",
    };
    static_assert(sizeof phrases / sizeof phrases[0] == LIMIT_COUNT, "one each");
    return phrases[limit];
}

/* " Runner-up: threads(4) on cpython-3.12, worse by 20 %." */
static void write_runner_up(const struct recommendation *r, char out[NAME_SIZE + 64]) {
    char name[NAME_SIZE], loss[VALUE_SIZE];
    out[0] = '\0';
    if (r->runner_up.cell != NULL) {
        name_of(&r->runner_up, name);
        write_loss(&r->runner_up, loss);
        snprintf(out, NAME_SIZE + 64, " Runner-up: %.150s, worse %s.", name, loss);
    }
}

void recommend_sentence(const struct recommendation *r, enum metric_id goal,
                        char out[RECOMMEND_TEXT_SIZE]) {
    char best[NAME_SIZE], first[NAME_SIZE], value[VALUE_SIZE], old[VALUE_SIZE],
        loss[VALUE_SIZE], runner_up[NAME_SIZE + 64];
    const char *metric = metrics[goal].name, *unit = metrics[goal].unit;
    name_of(&r->best, best);
    name_of(&r->first, first);
    write_value(r->best.value, unit, value);
    write_value(r->first.value, unit, old);
    write_loss(&r->first, loss);
    write_runner_up(r, runner_up);
    switch (r->verdict) {
    case RECOMMEND_CHANGE:
        snprintf(out, RECOMMEND_TEXT_SIZE,
                 "Choose %.150s: %s is %s; %.100s has %s, worse %s. Then %s.%s", best,
                 metric, value, first, old, loss, phrase_of(r->best.limit), runner_up);
        break;
    case RECOMMEND_STAY:
        snprintf(
            out, RECOMMEND_TEXT_SIZE,
            "No difference worth the change: %.150s has %s %s, the best, %.100s, %s; "
            "%s.",
            first, metric, old, best, value, phrase_of(r->first.limit));
        break;
    case RECOMMEND_IS_BEST:
        snprintf(out, RECOMMEND_TEXT_SIZE, "Stay with %.150s: %s %s; %s.%s", best, metric,
                 value, phrase_of(r->best.limit), runner_up);
        break;
    default:
        snprintf(out, RECOMMEND_TEXT_SIZE,
                 "Nothing to compare: %.150s is the only one with %s, %s; %s.", best,
                 metric, value, phrase_of(r->best.limit));
    }
}
