/* SPDX-License-Identifier: MIT */
#include "server/cli/advice_report.h"

#include <math.h>
#include <string.h>

#include "server/advice/curve.h"
#include "server/advice/recommend.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

enum { PRINTED_MAX = 12 }; /* of either; the rest is counted */

static void print_label(FILE *out, const char *point) {
    if (strcmp(point, "{}") != 0) {
        fprintf(out, "%s: ", point);
    }
}

static void print_rest(FILE *out, size_t count, const char *things) {
    if (count > PRINTED_MAX) {
        fprintf(out, "... and %zu more %s\n", count - PRINTED_MAX, things);
    }
}

static void print_recommendations(const struct recommendation_list *list, FILE *out) {
    for (size_t i = 0; i < list->count && i < PRINTED_MAX; i++) {
        char sentence[RECOMMEND_TEXT_SIZE];
        recommend_sentence(&list->items[i], list->goal, sentence);
        fputs(i == 0 ? "\n" : "", out);
        print_label(out, list->items[i].point);
        fprintf(out, "%s\n", sentence);
        recommend_honesty(&list->items[i], list->goal, sentence);
        fprintf(out, "    %s\n", sentence);
    }
    print_rest(out, list->count, "points of the sweep");
}

/* "Amdahl: 12 % serial." "USL: sigma 0.1, kappa 0.002, peak at 21." */
static void print_fits(const struct curve *curve, FILE *out) {
    if (curve->usl.verdict == SCALING_FITS) {
        fprintf(out, " USL: sigma %.3g, kappa %.3g", curve->usl.sigma, curve->usl.kappa);
        if (isfinite(curve->usl.peak)) {
            fprintf(out, ", peak at %.3g", curve->usl.peak);
        }
        fprintf(out, ", residual %.1f %%.", 100 * curve->usl.residual);
    } else if (curve->amdahl.verdict == SCALING_FITS) {
        fprintf(out, " Amdahl: %.3g %% serial, residual %.1f %%.",
                100 * curve->amdahl.sigma, 100 * curve->amdahl.residual);
    } else {
        fprintf(out, " No law: %s.", curve_refusal(&curve->amdahl, SCALING_AMDAHL));
    }
}

/* Two points are in the table already. */
static void print_curves(const struct curve_list *list, FILE *out) {
    size_t curves = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct curve *curve = &list->items[i];
        if (curve->point_count < SCALING_AMDAHL_POINTS || ++curves > PRINTED_MAX) {
            continue;
        }
        const struct curve_point *last = &curve->points[curve->point_count - 1];
        fputs(curves == 1 ? "\n" : "", out);
        print_label(out, curve->point);
        const struct curve_point *knee = &curve->points[curve->knee];
        fprintf(out, "%s on %s: from %g to %g %s %.3g times the throughput, %s %g.",
                curve->strategy, curve->runtime, curve->points[0].n, last->n,
                curve_axis_name(curve->axis), last->speedup,
                knee == last ? "no knee up to" : "knee at", knee->n);
        print_fits(curve, out);
        putc('\n', out);
    }
    print_rest(out, curves, "curves");
}

static int make_recommendations(struct recommendation_list *list,
                                const struct cell_list *cells,
                                const struct document *document, struct err *err) {
    struct grid *grid = NULL;
    int rc = document->goal == METRIC_COUNT ? 0 : grid_create(&grid, document, err);
    if (rc == 0) {
        rc = recommendation_list_make(list, cells, grid, err);
    }
    grid_destroy(grid);
    return rc;
}

int advice_report_print(const struct cell_list *cells, const struct document *document,
                        FILE *out, struct err *err) {
    struct recommendation_list recommendations;
    struct curve_list curves;
    int rc = make_recommendations(&recommendations, cells, document, err);
    if (rc != 0) {
        return rc;
    }
    rc = curve_list_make(&curves, cells, err);
    if (rc == 0) {
        print_recommendations(&recommendations, out);
        print_curves(&curves, out);
        curve_list_deinit(&curves);
    }
    recommendation_list_deinit(&recommendations);
    return rc;
}
