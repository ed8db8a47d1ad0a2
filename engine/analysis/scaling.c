/* SPDX-License-Identifier: MIT */
#include "engine/analysis/scaling.h"

#include <math.h>
#include <stdbool.h>

enum { TERMS = 3 }; /* 1 / lambda, sigma / lambda, kappa / lambda */

/* --- least squares ---------------------------------------------------------------- */

/* Normal equations of sum((row . x - 1)^2) over all points. */
struct normal {
    double matrix[TERMS][TERMS], right[TERMS];
};

/* The factors of x for a point, so that row . x is X(measured) / X(law). */
static void make_row(const struct scaling_point *point, double row[TERMS]) {
    const double factor = point->throughput / point->n;
    row[0] = factor;
    row[1] = factor * (point->n - 1);
    row[2] = factor * point->n * (point->n - 1);
}

static void add_up(const struct scaling_point *points, size_t count, struct normal *out) {
    *out = (struct normal){0};
    for (size_t i = 0; i < count; i++) {
        double row[TERMS];
        make_row(&points[i], row);
        for (int a = 0; a < TERMS; a++) {
            for (int b = 0; b < TERMS; b++) {
                out->matrix[a][b] += row[a] * row[b];
            }
            out->right[a] += row[a];
        }
    }
}

/* Gauss-Jordan with the terms in `used` only; the others are 0. Columns are scaled to length
 * 1 first, since N (N - 1) is much larger than 1. False when it has no single solution. */
static bool solve(const struct normal *normal, unsigned used, double x[TERMS]) {
    double m[TERMS][TERMS + 1], scale[TERMS];
    int index[TERMS], size = 0;
    for (int i = 0; i < TERMS; i++) {
        x[i] = 0;
        if ((used >> i & 1) != 0) {
            index[size++] = i;
            scale[i] = sqrt(normal->matrix[i][i]);
        }
    }
    for (int a = 0; a < size; a++) {
        for (int b = 0; b < size; b++) {
            m[a][b] =
                normal->matrix[index[a]][index[b]] / (scale[index[a]] * scale[index[b]]);
        }
        m[a][size] = normal->right[index[a]] / scale[index[a]];
    }
    for (int a = 0; a < size; a++) {
        if (!(m[a][a] > 1e-12)) { /* positive definite, unless columns depend on others */
            return false;
        }
        for (int row = 0; row < size; row++) {
            const double factor = row == a ? 0 : m[row][a] / m[a][a];
            for (int b = a; b <= size; b++) {
                m[row][b] -= factor * m[a][b];
            }
        }
    }
    for (int a = 0; a < size; a++) {
        x[index[a]] = m[a][size] / (m[a][a] * scale[index[a]]);
    }
    return true;
}

static double sum_of_squares(const struct scaling_point *points, size_t count,
                             const double x[TERMS]) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double row[TERMS];
        make_row(&points[i], row);
        const double error = row[0] * x[0] + row[1] * x[1] + row[2] * x[2] - 1;
        sum += error * error;
    }
    return sum;
}

/* --- the laws --------------------------------------------------------------------- */

/* Which terms may be used; the first is always. */
static const unsigned terms_amdahl[] = {3, 1};
static const unsigned terms_usl[] = {7, 5, 3, 1};

static bool is_allowed(const double x[TERMS]) {
    return x[0] > 0 && x[1] >= 0 && x[2] >= 0;
}

/* Amdahl with sigma = 1: the same throughput whatever N. */
static void solve_serial(const struct scaling_point *points, size_t count,
                         double x[TERMS]) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += points[i].throughput;
        squares += points[i].throughput * points[i].throughput;
    }
    x[0] = x[1] = sum / squares;
    x[2] = 0;
}

static double minimise(const struct scaling_point *points, size_t count,
                       enum scaling_law law, double best[TERMS]) {
    const unsigned *terms = law == SCALING_USL ? terms_usl : terms_amdahl;
    const size_t term_count = law == SCALING_USL ? sizeof terms_usl / sizeof *terms_usl
                                                 : sizeof terms_amdahl / sizeof *terms;
    double least = (double)INFINITY;
    struct normal normal;
    add_up(points, count, &normal);
    for (size_t i = 0; i < term_count; i++) {
        double x[TERMS];
        if (!solve(&normal, terms[i], x) || !is_allowed(x)) {
            continue;
        }
        if (law == SCALING_AMDAHL && x[1] > x[0]) {
            solve_serial(points, count, x);
        }
        const double sum = sum_of_squares(points, count, x);
        if (sum < least) {
            least = sum;
            best[0] = x[0];
            best[1] = x[1];
            best[2] = x[2];
        }
    }
    return least;
}

static double peak_of(const struct scaling_fit *fit) {
    if (!(fit->kappa > 0)) {
        return fit->sigma < 1 ? (double)INFINITY : 1;
    }
    const double peak = fit->sigma < 1 ? sqrt((1 - fit->sigma) / fit->kappa) : 1;
    return peak > 1 ? peak : 1;
}

static size_t count_different(const struct scaling_point *points, size_t count) {
    size_t different = count > 0 ? 1 : 0;
    for (size_t i = 1; i < count; i++) {
        different += points[i].n > points[i - 1].n;
    }
    return different;
}

struct scaling_fit scaling_fit(const struct scaling_point *points, size_t count,
                               enum scaling_law law) {
    const double none = (double)NAN;
    struct scaling_fit fit = {SCALING_FITS, none, none, none, none, none};
    double x[TERMS] = {0};
    const size_t least = law == SCALING_USL ? SCALING_USL_POINTS : SCALING_AMDAHL_POINTS;
    if (count_different(points, count) < least) {
        fit.verdict = SCALING_FEW;
        return fit;
    }
    if (points[count - 1].n < 2 * points[0].n) {
        fit.verdict = SCALING_NARROW;
        return fit;
    }
    fit.residual = sqrt(minimise(points, count, law, x) / (double)count);
    if (!(fit.residual < (double)INFINITY)) {
        fit.verdict = SCALING_POOR;
        return fit;
    }
    fit.lambda = 1 / x[0];
    fit.sigma = x[1] / x[0];
    fit.kappa = x[2] / x[0];
    fit.peak = law == SCALING_USL ? peak_of(&fit) : (double)INFINITY;
    fit.verdict = fit.residual > SCALING_RESIDUAL ? SCALING_POOR : SCALING_FITS;
    return fit;
}

double scaling_predict(const struct scaling_fit *fit, double n) {
    return fit->lambda * n / (1 + fit->sigma * (n - 1) + fit->kappa * n * (n - 1));
}

size_t scaling_knee(const struct scaling_point *points, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, points[i].throughput);
    }
    size_t knee = 0;
    while (points[knee].throughput * SCALING_KNEE_GAIN < most) {
        knee++;
    }
    return knee;
}
