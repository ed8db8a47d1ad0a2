/* SPDX-License-Identifier: MIT */
#include "server/advice/recommend.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/advice/curve.h"
#include "server/grid/grid.h"

const char *recommend_verdict_name(enum recommend_verdict verdict) {
    static const char *const names[] = {
        [RECOMMEND_CHANGE] = "change", [RECOMMEND_STAY] = "stay",
        [RECOMMEND_UNSURE] = "unsure", [RECOMMEND_IS_BEST] = "is_best",
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
    out.memory_bytes = metric[METRIC_MEMORY_PEAK_BYTES];
    out.spread_95 = cell_row_metric(cell, goal)->of.median_95;
    out.model.median = out.model.p90 = out.pair_error = NAN;
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

/* --- the error of the model -------------------------------------------------------- */

bool recommended_is_told_apart(const struct recommended *one) {
    return isnan(one->pair_error) || log(one->loss) > one->pair_error;
}

static double width(struct bootstrap_interval interval) {
    return bootstrap_interval_exists(interval) ? interval.high - interval.low : -1;
}

static void set_range(struct recommended *one) {
    const struct bootstrap_interval model = {one->value * exp(-one->model.p90),
                                             one->value * exp(one->model.p90)};
    if (width(model) < 0 && width(one->spread_95) < 0) {
        one->range = (struct bootstrap_interval){NAN, NAN};
        return;
    }
    one->range_by =
        width(model) > width(one->spread_95) ? RECOMMEND_MODEL : RECOMMEND_SPREAD;
    one->range = one->range_by == RECOMMEND_MODEL ? model : one->spread_95;
}

static int open_case(struct model_case *out, struct plan *plan,
                     const struct recommended *one, const struct grid *grid,
                     struct err *err) {
    double metric[METRIC_COUNT];
    const int64_t index = one->cell->index;
    if (index < 0 || (size_t)index >= grid_cell_count(grid)) {
        return err_set(err, ERR_CORRUPT, "cell %lld is not of the document",
                       (long long)index);
    }
    const int rc = grid_cell_plan(grid, (size_t)index, plan, err);
    if (rc == 0) {
        curve_cell_metrics(one->cell, metric);
        out->plan = plan;
        out->runtime = one->cell->runtime;
        out->gil_wait_share = metric[METRIC_GIL_WAIT_SHARE];
    }
    return rc;
}

/* Of the best cell and the others, in this order. */
static int find_errors(struct recommendation *of, enum metric_id goal,
                       const struct grid *grid, struct model_rows *rows,
                       struct err *err) {
    enum { ONES = 4 };
    struct recommended *const ones[ONES] = {&of->best, &of->runner_up, &of->first,
                                            &of->leaner};
    struct plan plans[ONES] = {0};
    struct model_case cases[ONES] = {
        {.goal = goal}, {.goal = goal}, {.goal = goal}, {.goal = goal}};
    int rc = 0;
    for (size_t i = 0; i < ONES && rc == 0; i++) {
        if (ones[i]->cell == NULL) {
            continue;
        }
        rc = open_case(&cases[i], &plans[i], ones[i], grid, err);
        if (rc == 0) {
            model_error_find(&ones[i]->model, rows, &cases[i]);
        }
        if (rc == 0 && ones[i]->cell != of->best.cell) {
            const struct model_pair pair = {{cases[0], cases[i]},
                                            {&of->best.model, &ones[i]->model}};
            ones[i]->pair_error = model_error_between(rows, &pair);
        }
    }
    for (size_t i = 0; i < ONES; i++) {
        plan_deinit(&plans[i]);
    }
    return rc;
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
    if (is_worthless(&recommendation->first)) {
        return RECOMMEND_STAY;
    }
    return recommended_is_told_apart(&recommendation->first) ? RECOMMEND_CHANGE
                                                             : RECOMMEND_UNSURE;
}

/* What is listed first. */
static const struct cell_row *find_first(const struct place *places, size_t count) {
    const struct cell_row *first = places[0].cell;
    for (size_t i = 1; i < count; i++) {
        first = places[i].cell->index < first->index ? places[i].cell : first;
    }
    return first;
}

/* The best one that is another strategy or runtime than the best of all; where there is none,
 * another size. NULL: there is nothing else. */
static const struct cell_row *find_runner_up(const struct place *places, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (!curve_same_family(places[i].cell, places[0].cell)) {
            return places[i].cell;
        }
    }
    return count > 1 ? places[1].cell : NULL;
}

/* The next smaller (`sign` -1) or larger (1) pool of the best one's kind; NULL: none. */
static const struct cell_row *find_neighbour(const struct place *places, size_t count,
                                             int sign) {
    const double size = curve_cell_size(places[0].cell);
    const struct cell_row *found = NULL;
    for (size_t i = 1; i < count && size > 0; i++) {
        const struct cell_row *cell = places[i].cell;
        const double by = sign * (curve_cell_size(cell) - size);
        if (by > 0 && curve_same_family(cell, places[0].cell) &&
            (found == NULL || by < sign * (curve_cell_size(found) - size))) {
            found = cell;
        }
    }
    return found;
}

static double memory_of(const struct cell_row *cell) {
    const struct metric_summary *summary =
        cell_row_metric(cell, METRIC_MEMORY_PEAK_BYTES);
    return summary != NULL ? summary->of.median : (double)NAN;
}

/* Nearly as good with far less memory; NULL: none. Comparisons with NaN are false. */
static const struct cell_row *find_leaner(const struct place *places, size_t count,
                                          enum metric_id goal) {
    const struct cell_row *found = NULL;
    double least = RECOMMEND_LEAN * memory_of(places[0].cell);
    for (size_t i = 1; i < count; i++) {
        const struct cell_row *cell = places[i].cell;
        const double memory = memory_of(cell);
        if (memory <= least && describe(cell, goal).loss < 1 + RECOMMEND_WORTH) {
            found = cell;
            least = memory;
        }
    }
    return found;
}

static void describe_if(struct recommended *out, const struct cell_row *cell,
                        enum metric_id goal) {
    if (cell != NULL) {
        *out = describe(cell, goal);
    }
}

static struct recommendation recommend(const struct place *places, size_t count,
                                       enum metric_id goal) {
    const struct cell_row *first = find_first(places, count);
    struct recommendation out = {.point = first->point,
                                 .cells = count,
                                 .best = describe(places[0].cell, goal),
                                 .first = describe(first, goal)};
    describe_if(&out.runner_up, find_runner_up(places, count), goal);
    describe_if(&out.smaller, find_neighbour(places, count, -1), goal);
    describe_if(&out.larger, find_neighbour(places, count, 1), goal);
    describe_if(&out.leaner, find_leaner(places, count, goal), goal);
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

static int add_errors(struct recommendation_list *list, const struct grid *grid,
                      struct err *err) {
    struct model_rows *rows = NULL;
    int rc = model_rows_create(&rows, err);
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        rc = find_errors(&list->items[i], list->goal, grid, rows, err);
    }
    model_rows_destroy(rows);
    return rc;
}

static int conclude(struct recommendation_list *list, const struct grid *grid,
                    struct err *err) {
    const int rc = grid != NULL ? add_errors(list, grid, err) : 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        struct recommendation *item = &list->items[i];
        struct recommended *const ones[] = {&item->best,   &item->runner_up,
                                            &item->first,  &item->smaller,
                                            &item->larger, &item->leaner};
        for (size_t k = 0; k < sizeof ones / sizeof ones[0]; k++) {
            set_range(ones[k]);
        }
        item->verdict = judge(item);
    }
    return rc;
}

int recommendation_list_make(struct recommendation_list *out,
                             const struct cell_list *cells, const struct grid *grid,
                             struct err *err) {
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
    const int rc = conclude(&list, grid, err);
    if (rc != 0) {
        recommendation_list_deinit(&list);
        return rc;
    }
    *out = list;
    return 0;
}

void recommendation_list_deinit(struct recommendation_list *list) {
    memory_free(list->items);
    *list = (struct recommendation_list){.goal = METRIC_COUNT};
}

/* --- sentences --------------------------------------------------------------------- */

enum { NAME_SIZE = 200, VALUE_SIZE = 64 };

struct text {
    char *out; /* RECOMMEND_TEXT_SIZE */
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text,
                                                           const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const size_t room = RECOMMEND_TEXT_SIZE - text->length;
    const int length = vsnprintf(text->out + text->length, room, fmt, args);
    va_end(args);
    text->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static void name_of(const struct recommended *one, char out[NAME_SIZE]) {
    snprintf(out, NAME_SIZE, "%s on %s", one->cell->strategy, one->cell->runtime);
}

/* "12.3 ms" */
static void write_value(double value, const char *unit, char out[VALUE_SIZE]) {
    if (strcmp(unit, "us") == 0 && fabs(value) >= 1e6) {
        snprintf(out, VALUE_SIZE, "%.3g s", value / 1e6);
    } else if (strcmp(unit, "us") == 0 && fabs(value) >= 1e3) {
        snprintf(out, VALUE_SIZE, "%.3g ms", value / 1e3);
    } else if (strcmp(unit, "bytes") == 0) {
        snprintf(out, VALUE_SIZE, "%.3g MB", value / 1e6);
    } else if (strcmp(unit, "ratio") == 0) {
        snprintf(out, VALUE_SIZE, "%.3g %%", value * 100);
    } else if (strcmp(unit, "1/s") == 0) {
        snprintf(out, VALUE_SIZE, "%.4g/s", value);
    } else {
        snprintf(out, VALUE_SIZE, "%.6g %s", value,
                 strcmp(unit, "count") == 0 ? "" : unit);
    }
}

/* Of what the best one has, where more is better; else on top of it. */
static double lost_percent(double loss, enum metric_id goal) {
    return 100 * (metrics[goal].better == METRIC_HIGHER ? 1 - 1 / loss : loss - 1);
}

/* "hardly worse", "worse by 12 %", "worse by 12 % (8 - 15)", "worse by a factor of 2.5 (2.1 -
 * 3.2)" */
static void write_loss(const struct recommended *one, enum metric_id goal,
                       char out[VALUE_SIZE]) {
    const bool factor = one->loss >= 2;
    const struct bootstrap_interval *of = &one->loss_95;
    char interval[VALUE_SIZE / 2] = "";
    if (one->loss < 1.005) {
        snprintf(out, VALUE_SIZE, "hardly worse");
        return;
    }
    if (bootstrap_interval_exists(*of) && of->low < of->high) {
        snprintf(interval, sizeof interval, " (%.3g - %.3g)",
                 factor ? of->low : lost_percent(of->low, goal),
                 factor ? of->high : lost_percent(of->high, goal));
    }
    if (factor) {
        snprintf(out, VALUE_SIZE, "worse by a factor of %.3g%s", one->loss, interval);
    } else {
        snprintf(out, VALUE_SIZE, "worse by %.3g %%%s", lost_percent(one->loss, goal),
                 interval);
    }
}

static const char *phrase_of(enum limit limit) {
    static const char *const phrases[] = {
        [LIMIT_CORES] = "all cores are busy",
        [LIMIT_GIL] = "threads wait for the GIL",
        [LIMIT_LOOP] = "the event loop is busy all the time",
        [LIMIT_LOCK] = "locks are waited for",
        [LIMIT_SERIAL] = "it computes one thing at a time",
        [LIMIT_WORKERS] = "fewer compute at a time than there are cores",
        [LIMIT_OUTSIDE] = "the outside world is waited for",
    };
    static_assert(sizeof phrases / sizeof phrases[0] == LIMIT_COUNT, "one each");
    return phrases[limit];
}

/* An error of ln(predicted / measured) as per cent. */
static double percent(double error) { return 100 * expm1(error); }

/* ", too near for the model to tell (within 12 %)"; nothing where it can. */
static void text_add_near(struct text *text, const struct recommended *one) {
    if (!recommended_is_told_apart(one)) {
        text_add(text, ", too near for the model to tell (within %.2g %%)",
                 percent(one->pair_error));
    }
}

/* " Runner-up: threads(4) on cpython-3.12, worse by 20 %; threads wait for the GIL." */
static void text_add_runner_up(struct text *text, const struct recommendation *r,
                               enum metric_id goal) {
    char name[NAME_SIZE], loss[VALUE_SIZE];
    if (r->runner_up.cell == NULL ||
        (r->runner_up.cell == r->first.cell && r->verdict == RECOMMEND_CHANGE)) {
        return; /* or has been named */
    }
    name_of(&r->runner_up, name);
    write_loss(&r->runner_up, goal, loss);
    text_add(text, " Runner-up: %s, %s", name, loss);
    text_add_near(text, &r->runner_up);
    text_add(text, "; %s.", phrase_of(r->runner_up.limit));
}

/* Whether the sentence has it as the runner-up, or the starting point. */
static bool is_named(const struct recommendation *r, const struct recommended *one) {
    return one->cell == r->runner_up.cell || one->cell == r->first.cell;
}

/* " A pool of 32: worse by 12 %; of 128: hardly worse." */
static void text_add_sizes(struct text *text, const struct recommendation *r,
                           enum metric_id goal) {
    const struct recommended *const ones[] = {&r->smaller, &r->larger};
    const char *before = " A pool of", *end = "";
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++) {
        if (ones[i]->cell != NULL && !is_named(r, ones[i])) {
            char loss[VALUE_SIZE];
            write_loss(ones[i], goal, loss);
            text_add(text, "%s %.0f: %s", before, curve_cell_size(ones[i]->cell), loss);
            before = "; of";
            end = ".";
        }
    }
    text_add(text, "%s", end);
}

/* " With 75 MB instead of 1.2e+03 MB: threads(64) on cpython-3.14t, worse by 3 %." */
static void text_add_leaner(struct text *text, const struct recommendation *r,
                            enum metric_id goal) {
    char name[NAME_SIZE], loss[VALUE_SIZE], memory[VALUE_SIZE], other[VALUE_SIZE];
    if (r->leaner.cell == NULL) {
        return;
    }
    name_of(&r->leaner, name);
    write_loss(&r->leaner, goal, loss);
    write_value(r->leaner.memory_bytes, "bytes", memory);
    write_value(r->best.memory_bytes, "bytes", other);
    text_add(text, " With %s instead of %s of memory: %s, %s", memory, other, name, loss);
    text_add_near(text, &r->leaner);
    text_add(text, ".");
}

static void text_add_others(struct text *text, const struct recommendation *r,
                            enum metric_id goal) {
    text_add_runner_up(text, r, goal);
    text_add_sizes(text, r, goal);
    text_add_leaner(text, r, goal);
}

void recommend_sentence(const struct recommendation *r, enum metric_id goal,
                        char out[RECOMMEND_TEXT_SIZE]) {
    char best[NAME_SIZE], first[NAME_SIZE], value[VALUE_SIZE], old[VALUE_SIZE],
        loss[VALUE_SIZE];
    const char *metric = metrics[goal].name, *unit = metrics[goal].unit;
    struct text text = {.out = out};
    name_of(&r->best, best);
    name_of(&r->first, first);
    write_value(r->best.value, unit, value);
    write_value(r->first.value, unit, old);
    write_loss(&r->first, goal, loss);
    switch (r->verdict) {
    case RECOMMEND_CHANGE:
        text_add(&text, "Choose %s: %s is %s; %s has %s, %s. Then %s.", best, metric,
                 value, first, old, loss, phrase_of(r->best.limit));
        text_add_others(&text, r, goal);
        break;
    case RECOMMEND_STAY:
        text_add(&text,
                 "No difference worth the change: %s has %s %s, the best, %s, %s; %s.",
                 first, metric, old, best, value, phrase_of(r->first.limit));
        break;
    case RECOMMEND_UNSURE:
        text_add(&text,
                 "Too near to tell apart: %s has %s %s, the best, %s, %s; the first is "
                 "%s, and the model may be wrong by %.2g %%; %s.",
                 first, metric, old, best, value, loss, percent(r->first.pair_error),
                 phrase_of(r->first.limit));
        break;
    case RECOMMEND_IS_BEST:
        text_add(&text, "Stay with %s: %s %s; %s.", best, metric, value,
                 phrase_of(r->best.limit));
        text_add_others(&text, r, goal);
        break;
    default:
        text_add(&text, "Nothing to compare: %s is the only one with %s, %s; %s.", best,
                 metric, value, phrase_of(r->best.limit));
    }
}

/* --- how far off ------------------------------------------------------------------- */

/* "12.3 ms - 14 ms" */
static void text_add_interval(struct text *text, struct bootstrap_interval interval,
                              const char *unit) {
    char low[VALUE_SIZE], high[VALUE_SIZE];
    write_value(interval.low, unit, low);
    write_value(interval.high, unit, high);
    text_add(text, "%s - %s", low, high);
}

static void text_add_range(struct text *text, const struct recommended *one,
                           const char *unit) {
    if (one->range_by != RECOMMEND_NO_RANGE) {
        text_add(text, "Between ");
        text_add_interval(text, one->range, unit);
        text_add(text, one->range_by == RECOMMEND_MODEL ? ", by the error of the model. "
                                                        : ", by the spread over seeds. ");
    }
    if (!bootstrap_interval_exists(one->spread_95)) {
        text_add(text, "Spread over seeds: not known. ");
    } else {
        text_add(text, "Spread over seeds: ");
        text_add_interval(text, one->spread_95, unit);
        text_add(text, ". ");
    }
}

/* What the figures are of, where that is not what was asked for, and what they leave open. */
static void text_add_error(struct text *text, const struct model_error *model,
                           enum metric_id goal) {
    const enum model_figure figure = model_figure_of(goal);
    const bool latency = figure == MODEL_MEDIAN_LATENCY;
    if (figure == MODEL_NO_FIGURE) {
        text_add(text, "Error of the model: not known, %s was not measured.",
                 metrics[goal].name);
        return;
    }
    text_add(text, "Error of the model%s: ", latency ? " in the median latency" : "");
    if (model->rows == 0) {
        text_add(text, "not known.");
    } else {
        text_add(text,
                 "%.2g %% (median) to %.2g %% (nine of ten) in the %zu nearest workloads "
                 "that were measured.",
                 percent(model->median), percent(model->p90), model->rows);
    }
    if (latency && goal != METRIC_LATENCY_P50_US) {
        text_add(text, " How far %s itself is off is not known.", metrics[goal].name);
    }
}

static void text_add_model(struct text *text, const struct model_error *model,
                           enum metric_id goal) {
    const char *before = " Outside of what was measured: ";
    text_add_error(text, model, goal);
    for (int i = 0; i < OUTSIDE_COUNT; i++) {
        if ((model->outside >> i & 1) != 0) {
            text_add(text, "%s%s", before, model_outside_text((enum model_outside)i));
            before = "; ";
        }
    }
    text_add(text, model->outside != 0 ? "." : "");
}

void recommend_honesty(const struct recommendation *recommendation, enum metric_id goal,
                       char out[RECOMMEND_TEXT_SIZE]) {
    struct text text = {.out = out};
    const enum recommend_verdict verdict = recommendation->verdict;
    const bool stay = verdict == RECOMMEND_STAY || verdict == RECOMMEND_UNSURE;
    const struct recommended *one = stay ? &recommendation->first : &recommendation->best;
    out[0] = '\0';
    text_add_range(&text, one, metrics[goal].unit);
    text_add_model(&text, &one->model, goal);
}
