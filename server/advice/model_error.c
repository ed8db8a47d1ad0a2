/* SPDX-License-Identifier: MIT */
#include "server/advice/model_error.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/python/runtime_table.h"
#include "server/fidelity/family.h"
#include "server/fidelity/quantile.h"

static const struct {
    const char *name, *text;
} outsides[] = {
    [OUTSIDE_MACHINE] = {"machine", "another machine than the measured one"},
    [OUTSIDE_CORES] = {"cores", "another number of cores than the measured two"},
    [OUTSIDE_RUNTIME] = {"runtime", "a version of Python that was not measured"},
    [OUTSIDE_PARAMETERS] = {"parameters", "changed constants of the runtime"},
    [OUTSIDE_STRATEGY] = {"strategy", "a form of the strategy that was not measured"},
    [OUTSIDE_START] = {"start", "processes that are not forked"},
    [OUTSIDE_ARRIVALS] = {"arrivals", "jobs that arrive, instead of a batch"},
    [OUTSIDE_STEPS] = {"steps", "steps or objects that no measured workload has"},
    [OUTSIDE_METRIC] = {"metric", "a figure other than wall time and median latency"},
    [OUTSIDE_FEW] = {"few", "few measured workloads are like this"},
};
static_assert(sizeof outsides / sizeof outsides[0] == OUTSIDE_COUNT, "one each");

const char *model_outside_name(enum model_outside outside) {
    return outsides[outside].name;
}

const char *model_outside_text(enum model_outside outside) {
    return outsides[outside].text;
}

const char *model_figure_name(enum model_figure figure) {
    static const char *const names[] = {
        [MODEL_NO_FIGURE] = NULL,
        [MODEL_WALL_TIME] = "wall_time",
        [MODEL_MEDIAN_LATENCY] = "median_latency",
    };
    static_assert(sizeof names / sizeof names[0] == MODEL_FIGURE_COUNT, "one each");
    return names[figure];
}

/* --- the rows ---------------------------------------------------------------------- */

/* A row, with what is to be looked up for it. */
struct known_row {
    const struct error_row *row;
    const struct runtime *runtime; /* that models its build */
    bool jobs;                     /* of that family */
};

struct near {
    const struct error_row *row;
    double distance;
};

struct model_rows {
    struct known_row *items; /* those of a build that is modelled */
    size_t count;
    struct near *alike;  /* room for each row */
    double *errors;      /* likewise */
    double *differences; /* room for `room` */
    size_t room;
};

int model_rows_create(struct model_rows **out, struct err *err) {
    enum { PAIRS_A_ROW = 8 }; /* more strategies for the same jobs than were measured */
    const size_t count = error_row_count + 1;
    struct model_rows *rows = memory_zeroed(1, sizeof *rows);
    if (rows == NULL) {
        return err_set_nomem(err);
    }
    rows->room = PAIRS_A_ROW * count;
    rows->items = memory_zeroed(count, sizeof *rows->items);
    rows->alike = memory_zeroed(count, sizeof *rows->alike);
    rows->errors = memory_zeroed(count, sizeof *rows->errors);
    rows->differences = memory_zeroed(rows->room, sizeof *rows->differences);
    if (rows->items == NULL || rows->alike == NULL || rows->errors == NULL ||
        rows->differences == NULL) {
        model_rows_destroy(rows);
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < error_row_count; i++) {
        const char *name = family_runtime_of(error_rows[i].build);
        const struct runtime_row *runtime = name != NULL ? runtime_row_find(name) : NULL;
        if (runtime != NULL) {
            rows->items[rows->count++] =
                (struct known_row){&error_rows[i], &runtime->runtime,
                                   strcmp(error_rows[i].family, "jobs") == 0};
        }
    }
    *out = rows;
    return 0;
}

void model_rows_destroy(struct model_rows *rows) {
    if (rows != NULL) {
        memory_free(rows->items);
        memory_free(rows->alike);
        memory_free(rows->errors);
        memory_free(rows->differences);
        memory_free(rows);
    }
}

/* --- what was measured ------------------------------------------------------------- */

/* Steps of the documents of server/fidelity/family_*.c whose groups are eligible; a wait for
 * I/O counts as the sleep that was measured. */
static const bool measured_steps[STEP_KIND_COUNT] = {
    [STEP_PYTHON] = true,     [STEP_PYTHON_CPU] = true,  [STEP_C_HELD] = true,
    [STEP_C_RELEASED] = true, [STEP_IO] = true,          [STEP_SLEEP] = true,
    [STEP_AWAIT_IO] = true,   [STEP_AWAIT_SLEEP] = true, [STEP_REPEAT] = true,
    [STEP_FOREVER] = true,    [STEP_TO_THREAD] = true,   [STEP_WITH] = true,
    [STEP_UPDATE] = true,     [STEP_TOUCH] = true,       [STEP_USE] = true,
    [STEP_UNTIL] = true,      [STEP_SET] = true,
};

/* Neither queue.py nor a peer process is among them: no group with one is eligible. */
static const bool measured_objects[OBJECT_KIND_COUNT] = {
    [OBJECT_LOCK] = true,        [OBJECT_COUNTER] = true,
    [OBJECT_REFERENT] = true,    [OBJECT_LIST] = true,
    [OBJECT_ASYNC_QUEUE] = true, [OBJECT_ASYNC_SEMAPHORE] = true,
    [OBJECT_ASYNC_EVENT] = true,
};

/* PUT and GET are measured where their queue is. */
static bool step_is_measured(const struct step *step) {
    return measured_steps[step->kind] || step->kind == STEP_PUT || step->kind == STEP_GET;
}

static bool has_other_steps(const struct plan *plan) {
    bool other = plan->signal_count > 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        other = other || !step_is_measured(&plan->steps[i]);
    }
    for (size_t i = 0; i < plan->object_count; i++) {
        other = other || !measured_objects[plan->objects[i].kind];
    }
    return other;
}

static bool is_other_machine(const struct plan *plan) {
    struct machine measured = machine_profile_find(ERROR_TABLE_MACHINE)->machine;
    measured.cores = plan->machine.cores; /* a reason of its own */
    static_assert(sizeof measured % sizeof(int64_t) == 0, "no padding to compare");
    return strcmp(plan->machine_name, ERROR_TABLE_MACHINE) != 0 ||
           memcmp(&measured, &plan->machine, sizeof measured) != 0;
}

static bool is_other_runtime(const struct model_rows *rows, const struct plan *plan) {
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->items[i].runtime->name, plan->runtime.name) == 0) {
            return false;
        }
    }
    return true;
}

/* The label of a runtime with changed constants lists them. */
static bool has_other_parameters(const char *label) {
    const char *changed = strstr(label, " (");
    return changed != NULL && (strncmp(changed, " (switch_interval_us=", 21) != 0 ||
                               strchr(changed, ',') != NULL);
}

/* As process_start_method() decides. */
static bool is_forked(const struct plan *plan, enum start_method start) {
    return start == START_FORK || (start == START_DEFAULT && !plan->machine.spawns &&
                                   plan->runtime.start_rule != START_RULE_FORKSERVER);
}

static bool has_other_start(const struct plan *plan) {
    bool other = plan->strategy.kind == STRATEGY_PROCESSES &&
                 !is_forked(plan, plan->strategy.start);
    for (size_t i = 0; i < plan->actor_count; i++) {
        other = other || (plan->actors[i].kind == ACTOR_PROCESS &&
                          !is_forked(plan, plan->actors[i].start));
    }
    return other;
}

static bool is_other_form(const struct strategy *strategy) {
    return strategy_is_nested(strategy) || strategy->to_process > 0 ||
           strategy->chunk > 1;
}

static bool goal_is_wall(enum metric_id goal) {
    return goal == METRIC_MAKESPAN_US || goal == METRIC_THROUGHPUT_PER_S;
}

static bool goal_is_latency(enum metric_id goal) {
    return goal == METRIC_LATENCY_P50_US || goal == METRIC_LATENCY_P90_US ||
           goal == METRIC_LATENCY_P99_US || goal == METRIC_LATENCY_P999_US ||
           goal == METRIC_LATENCY_MAX_US || goal == METRIC_LATENCY_MEAN_US;
}

enum model_figure model_figure_of(enum metric_id goal) {
    return goal_is_wall(goal)      ? MODEL_WALL_TIME
           : goal_is_latency(goal) ? MODEL_MEDIAN_LATENCY
                                   : MODEL_NO_FIGURE;
}

static uint32_t outside_of(const struct model_rows *rows, const struct model_case *of,
                           size_t near) {
    const struct plan *plan = of->plan;
    const bool is[OUTSIDE_COUNT] = {
        [OUTSIDE_MACHINE] = is_other_machine(plan),
        [OUTSIDE_CORES] = plan->machine.cores != ERROR_TABLE_CORES,
        [OUTSIDE_RUNTIME] = is_other_runtime(rows, plan),
        [OUTSIDE_PARAMETERS] = has_other_parameters(of->runtime),
        [OUTSIDE_STRATEGY] = is_other_form(&plan->strategy),
        [OUTSIDE_START] = has_other_start(plan),
        [OUTSIDE_ARRIVALS] = plan->arrivals.kind != ARRIVALS_NONE,
        [OUTSIDE_STEPS] = has_other_steps(plan),
        [OUTSIDE_METRIC] = !goal_is_wall(of->goal) && of->goal != METRIC_LATENCY_P50_US,
        [OUTSIDE_FEW] = near < MODEL_ERROR_FEW,
    };
    uint32_t bits = 0;
    for (int i = 0; i < OUTSIDE_COUNT; i++) {
        bits |= (uint32_t)is[i] << i;
    }
    return bits;
}

/* --- the nearest rows -------------------------------------------------------------- */

static bool has_step(const struct plan *plan, enum step_kind kind) {
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Who runs literal actors: the first kind that there is decides. */
static const char *actors_class(const struct plan *plan) {
    static const struct {
        enum actor_kind kind;
        const char *name;
    } classes[] = {{ACTOR_EVENT_LOOP, "asyncio"},
                   {ACTOR_PROCESS, "processes"},
                   {ACTOR_INTERPRETER, "interpreters"}};
    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        for (size_t i = 0; i < plan->actor_count; i++) {
            if (plan->actors[i].kind == classes[c].kind) {
                return c == 0 && has_step(plan, STEP_TO_THREAD) ? "asyncio_to_thread"
                                                                : classes[c].name;
            }
        }
    }
    return "threads";
}

/* The word of the table. */
static const char *class_of(const struct plan *plan) {
    if (plan->strategy.kind == STRATEGY_ACTORS) {
        return actors_class(plan);
    }
    return plan->strategy.to_thread > 0 ? "asyncio_to_thread"
                                        : strategy_kind_name(plan->strategy.kind);
}

static double error_of(const struct error_row *row, enum metric_id goal) {
    const enum model_figure figure = model_figure_of(goal);
    return figure == MODEL_WALL_TIME        ? fabs(row->deviation)
           : figure == MODEL_MEDIAN_LATENCY ? row->p50_error
                                            : NAN;
}

static int compare_near(const void *left, const void *right) {
    const struct near *a = left, *b = right;
    if (a->distance < b->distance || a->distance > b->distance) {
        return a->distance < b->distance ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

/* Those of the same kind and strategy, the nearest first. */
static size_t list_alike(struct model_rows *rows, const struct model_case *of) {
    const char *class = class_of(of->plan);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct error_row *row = rows->items[i].row;
        if (rows->items[i].runtime->gil == of->plan->runtime.gil &&
            strcmp(row->strategy, class) == 0 && !isnan(error_of(row, of->goal))) {
            const double apart = fabs(row->gil_wait_share - of->gil_wait_share);
            rows->alike[count++] = (struct near){row, isnan(apart) ? 0 : apart};
        }
    }
    if (count > 0) {
        qsort(rows->alike, count, sizeof *rows->alike, compare_near);
    }
    return count;
}

static size_t count_nearest(const struct near *alike, size_t count) {
    size_t nearest = count < MODEL_ERROR_NEAREST ? count : MODEL_ERROR_NEAREST;
    while (nearest > 0 && nearest < count &&
           alike[nearest].distance <= alike[nearest - 1].distance) {
        nearest++;
    }
    return nearest;
}

void model_error_find(struct model_error *out, struct model_rows *rows,
                      const struct model_case *of) {
    struct model_error found = {.rows = count_nearest(rows->alike, list_alike(rows, of))};
    for (size_t i = 0; i < found.rows; i++) {
        rows->errors[i] = error_of(rows->alike[i].row, of->goal);
        if (i < MODEL_ERROR_NAMED) {
            found.nearest[i] = rows->alike[i].row;
        }
    }
    found.median = quantile(rows->errors, found.rows, 0.5);
    found.p90 = quantile(rows->errors, found.rows, 0.9);
    found.outside = outside_of(rows, of, found.rows);
    *out = found;
}

/* --- pairs ------------------------------------------------------------------------- */

static bool same_jobs(const struct error_row *a, const struct error_row *b) {
    const double x = a->switch_interval_us, y = b->switch_interval_us;
    return strcmp(a->build, b->build) == 0 && strcmp(a->work, b->work) == 0 &&
           ((isnan(x) && isnan(y)) || (x <= y && x >= y));
}

static bool are_of(const struct error_row *a, const struct error_row *b,
                   const char *const classes[2]) {
    return (strcmp(a->strategy, classes[0]) == 0 &&
            strcmp(b->strategy, classes[1]) == 0) ||
           (strcmp(a->strategy, classes[1]) == 0 && strcmp(b->strategy, classes[0]) == 0);
}

/* The jobs that were measured on that kind of runtime with one of the strategies. */
static size_t list_jobs(struct model_rows *rows, const struct plan *plan,
                        const char *const classes[2]) {
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct known_row *known = &rows->items[i];
        if (known->jobs && known->runtime->gil == plan->runtime.gil &&
            (strcmp(known->row->strategy, classes[0]) == 0 ||
             strcmp(known->row->strategy, classes[1]) == 0)) {
            rows->alike[count++].row = known->row;
        }
    }
    return count;
}

/* Differences of deviations. */
static size_t list_pairs(struct model_rows *rows, const struct model_pair *pair) {
    const char *const classes[] = {class_of(pair->cases[0].plan),
                                   class_of(pair->cases[1].plan)};
    const size_t jobs = list_jobs(rows, pair->cases[0].plan, classes);
    size_t count = 0;
    for (size_t i = 0; i < jobs; i++) {
        const struct error_row *a = rows->alike[i].row;
        for (size_t k = i + 1; k < jobs && count < rows->room; k++) {
            const struct error_row *b = rows->alike[k].row;
            if (are_of(a, b, classes) && same_jobs(a, b)) {
                rows->differences[count++] = fabs(a->deviation - b->deviation);
            }
        }
    }
    return count;
}

/* What the cells have in common was measured in common, too. */
static bool pairs_were_measured(const struct model_pair *pair) {
    const struct model_case *a = &pair->cases[0], *b = &pair->cases[1];
    return goal_is_wall(a->goal) && strcmp(a->runtime, b->runtime) == 0 &&
           a->plan->strategy.kind != STRATEGY_ACTORS &&
           b->plan->strategy.kind != STRATEGY_ACTORS;
}

double model_error_between(struct model_rows *rows, const struct model_pair *pair) {
    const size_t count = pairs_were_measured(pair) ? list_pairs(rows, pair) : 0;
    return count >= MODEL_ERROR_FEW ? quantile(rows->differences, count, 0.9)
                                    : hypot(pair->errors[0]->p90, pair->errors[1]->p90);
}
