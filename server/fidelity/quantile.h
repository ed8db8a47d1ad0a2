/* SPDX-License-Identifier: MIT */
/* quantile - order statistics of small arrays. */
#ifndef SERVER_FIDELITY_QUANTILE_H
#define SERVER_FIDELITY_QUANTILE_H

#include <stddef.h>

/* Quantile 0 .. 1 with linear interpolation; sorts in place. NaN when empty. */
double quantile(double *values, size_t count, double q);

#endif
