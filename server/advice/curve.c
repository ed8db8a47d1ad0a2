/* SPDX-License-Identifier: MIT */
#include "server/advice/curve.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char CORES_POINTER[] = "/machine/cores";

const char *curve_axis_name(enum curve_axis axis) {
    return axis == CURVE_WORKERS ? "workers" : "cores";
}

const char *curve_refusal(const struct scaling_fit *fit, enum scaling_law law) {
    switch (fit->verdict) {
    case SCALING_FEW:
        return law == SCALING_USL
                   ? "the Universal Scalability Law needs 4 different sizes"
                   : "Amdahl's law needs 3 different sizes";
    case SCALING_NARROW:
        return "the largest size must be at least twice the smallest";
    case SCALING_POOR:
        return "the law misses the points by more than 10 %";
    default:
        return "";
    }
}

/* --- cells ------------------------------------------------------------------------- */

void curve_cell_metrics(const struct cell_row *cell, double out[METRIC_COUNT]) {
    for (int i = 0; i < METRIC_COUNT; i++) {
        out[i] = NAN;
    }
    for (size_t i = 0; i < cell->metric_count; i++) {
        const enum metric_id id = metric_find(cell->metrics[i].name);
        if (id < METRIC_COUNT) {
            out[id] = cell->metrics[i].of.median;
        }
    }
}

/* Where the size begins in "threads(8, chunk=2)"; NULL: there is none. */
static const char *find_size(const char *label) {
    const char *open = strchr(label, '(');
    return open != NULL && isdigit((unsigned char)open[1]) != 0 ? open + 1 : NULL;
}

double curve_cell_size(const struct cell_row *cell) {
    const char *size = find_size(cell->strategy);
    return size != NULL ? strtod(size, NULL) : 0;
}

bool curve_same_family(const struct cell_row *a, const struct cell_row *b) {
    const char *left = find_size(a->strategy), *right = find_size(b->strategy);
    if (strcmp(a->runtime, b->runtime) != 0) {
        return false;
    }
    if (left == NULL || right == NULL) {
        return strcmp(a->strategy, b->strategy) == 0;
    }
    const size_t before = (size_t)(left - a->strategy);
    return before == (size_t)(right - b->strategy) &&
           memcmp(a->strategy, b->strategy, before) == 0 &&
           strcmp(left + strspn(left, "0123456789"),
                  right + strspn(right, "0123456789")) == 0;
}

/* Work per time that a cell gets done by itself, and not at the pace of arrivals. */
static const struct metric_summary *find_throughput(const struct cell_row *cell) {
    const struct metric_summary *summary = cell_row_metric(cell, METRIC_THROUGHPUT_PER_S);
    return cell->status == CELL_DONE && summary != NULL && summary->of.median > 0 &&
                   isfinite(summary->of.median) &&
                   cell_row_metric(cell, METRIC_ARRIVALS) == NULL
               ? summary
               : NULL;
}

/* A cell on a curve; `key` is the same for all of one. */
struct entry {
    const struct cell_row *cell;
    double n;
    const char *strategy, *point;
};

static char *copy_text(struct arena *arena, const char *text, struct err *err) {
    char *copy = arena_strdup(arena, text);
    if (copy == NULL) {
        (void)err_set_nomem(err);
    }
    return copy;
}

/* "threads(8, chunk=2)" becomes "threads(N, chunk=2)" and 8. 1, or 0: it has no size. */
static int enter_workers(struct arena *arena, struct entry *entry, struct err *err) {
    const char *label = entry->cell->strategy;
    const char *size = find_size(label);
    if (size == NULL) {
        return 0;
    }
    char text[512];
    char *rest;
    entry->n = strtod(size, &rest);
    snprintf(text, sizeof text, "%.*sN%s", (int)(size - label), label, rest);
    entry->strategy = copy_text(arena, text, err);
    entry->point = entry->cell->point;
    return entry->strategy != NULL ? 1 : ERR_NOMEM;
}

static int enter_cores(struct arena *arena, struct entry *entry, struct err *err) {
    json_t *point = json_loads(entry->cell->point, 0, NULL);
    const json_t *cores = json_object_get(point, CORES_POINTER);
    if (!json_is_number(cores)) {
        json_decref(point);
        return 0;
    }
    entry->n = json_number_value(cores);
    (void)json_object_del(point, CORES_POINTER); /* it is there */
    char *text = json_dumps(point, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(point);
    entry->strategy = entry->cell->strategy;
    entry->point = text != NULL ? copy_text(arena, text, err) : NULL;
    free(text);
    return entry->point != NULL ? 1 : err_set_nomem(err);
}

static int compare_keys(const struct entry *a, const struct entry *b) {
    int order = strcmp(a->cell->runtime, b->cell->runtime);
    order = order != 0 ? order : strcmp(a->strategy, b->strategy);
    return order != 0 ? order : strcmp(a->point, b->point);
}

static int compare_entries(const void *left, const void *right) {
    const struct entry *a = left, *b = right;
    const int order = compare_keys(a, b);
    return order != 0 ? order
           : (a->n > b->n) - (a->n < b->n) != 0
               ? (a->n > b->n) - (a->n < b->n)
               : (a->cell->index > b->cell->index) - (a->cell->index < b->cell->index);
}

/* --- curves ------------------------------------------------------------------------ */

static void fill_point(struct curve_point *point, const struct entry *entry,
                       const struct curve_point *first) {
    const struct metric_summary *throughput = find_throughput(entry->cell);
    double metric[METRIC_COUNT];
    curve_cell_metrics(entry->cell, metric);
    *point = (struct curve_point){
        .n = entry->n,
        .cell = entry->cell,
        .throughput = throughput->of.median,
        .throughput_95 = throughput->of.median_95,
        .limit = limit_of(metric),
    };
    point->speedup = point->throughput / first->throughput;
}

static int fit_laws(struct curve *curve, struct err *err) {
    struct scaling_point *points = memory_zeroed(curve->point_count, sizeof *points);
    if (points == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < curve->point_count; i++) {
        points[i] =
            (struct scaling_point){curve->points[i].n, curve->points[i].throughput};
    }
    curve->amdahl = scaling_fit(points, curve->point_count, SCALING_AMDAHL);
    curve->usl = scaling_fit(points, curve->point_count, SCALING_USL);
    curve->knee = scaling_knee(points, curve->point_count);
    memory_free(points);
    return 0;
}

/* Entries of one key, by n. */
static int add_curve(struct curve_list *list, enum curve_axis axis,
                     const struct entry *entries, size_t count, struct err *err) {
    struct curve *curve = &list->items[list->count];
    *curve = (struct curve){
        .axis = axis,
        .runtime = entries[0].cell->runtime,
        .strategy = entries[0].strategy,
        .point = entries[0].point,
        .points = arena_alloc(&list->arena, count, sizeof *curve->points),
        .point_count = count,
    };
    if (curve->points == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        fill_point(&curve->points[i], &entries[i], &curve->points[0]);
    }
    list->count++;
    return fit_laws(curve, err);
}

static int add_curves(struct curve_list *list, enum curve_axis axis,
                      struct entry *entries, size_t count, struct err *err) {
    qsort(entries, count, sizeof *entries, compare_entries);
    int rc = 0;
    for (size_t first = 0, end; rc == 0 && first < count; first = end) {
        end = first + 1;
        while (end < count && compare_keys(&entries[first], &entries[end]) == 0) {
            end++;
        }
        if (entries[end - 1].n > entries[first].n) {
            rc = add_curve(list, axis, &entries[first], end - first, err);
        }
    }
    return rc;
}

static int add_axis(struct curve_list *list, enum curve_axis axis,
                    const struct cell_list *cells, struct err *err) {
    struct entry *entries = memory_zeroed(cells->count + 1, sizeof *entries);
    size_t count = 0;
    int rc = entries != NULL ? 0 : err_set_nomem(err);
    for (size_t i = 0; rc == 0 && i < cells->count; i++) {
        if (find_throughput(&cells->items[i]) == NULL) {
            continue;
        }
        entries[count] = (struct entry){.cell = &cells->items[i]};
        rc = axis == CURVE_WORKERS ? enter_workers(&list->arena, &entries[count], err)
                                   : enter_cores(&list->arena, &entries[count], err);
        count += rc == 1 ? 1 : 0;
        rc = rc == 1 ? 0 : rc;
    }
    if (rc == 0) {
        rc = add_curves(list, axis, entries, count, err);
    }
    memory_free(entries);
    return rc;
}

static int64_t first_cell(const struct curve *curve) {
    int64_t first = curve->points[0].cell->index;
    for (size_t i = 1; i < curve->point_count; i++) {
        first =
            curve->points[i].cell->index < first ? curve->points[i].cell->index : first;
    }
    return first;
}

static int compare_curves(const void *left, const void *right) {
    const struct curve *a = left, *b = right;
    if (a->axis != b->axis) {
        return a->axis < b->axis ? -1 : 1;
    }
    return (first_cell(a) > first_cell(b)) - (first_cell(a) < first_cell(b));
}

int curve_list_make(struct curve_list *out, const struct cell_list *cells,
                    struct err *err) {
    struct curve_list list = {0};
    /* A cell is on one curve of each axis, and a curve has two cells. */
    list.items = memory_zeroed(cells->count + 1, sizeof *list.items);
    int rc = list.items != NULL ? 0 : err_set_nomem(err);
    rc = rc == 0 ? add_axis(&list, CURVE_WORKERS, cells, err) : rc;
    rc = rc == 0 ? add_axis(&list, CURVE_CORES, cells, err) : rc;
    if (rc != 0) {
        curve_list_deinit(&list);
        return rc;
    }
    qsort(list.items, list.count, sizeof *list.items, compare_curves);
    *out = list;
    return 0;
}

void curve_list_deinit(struct curve_list *list) {
    memory_free(list->items);
    arena_deinit(&list->arena);
    *list = (struct curve_list){0};
}
