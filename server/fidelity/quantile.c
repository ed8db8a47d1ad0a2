/* SPDX-License-Identifier: MIT */
#include "server/fidelity/quantile.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double quantile(double *values, size_t count, double q) {
    if (count == 0) {
        return NAN;
    }
    qsort(values, count, sizeof values[0], compare_doubles);
    const double at = q * (double)(count - 1);
    const size_t low = (size_t)at;
    const size_t high = low + 1 < count ? low + 1 : low;
    return values[low] + (values[high] - values[low]) * (at - (double)low);
}
