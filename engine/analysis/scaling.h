/* SPDX-License-Identifier: MIT */
/*
 * scaling - how throughput grows with the number of workers or cores, and what that says
 * about larger numbers.
 *
 * Two laws are fitted to the throughput X at N:
 *
 *     Amdahl (1967)             X(N) = lambda N / (1 + sigma (N - 1))
 *     Universal Scalability     X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))
 *     Law (Gunther 1993, 2007)
 *
 * lambda is the throughput of one, sigma the share that is serial (contention), kappa the
 * price of keeping all in step (coherency). With kappa > 0 throughput has a peak at
 * N* = sqrt((1 - sigma) / kappa), and falls beyond it.
 *
 * Both laws are linear in 1 / lambda, sigma / lambda and kappa / lambda once they are written
 * for N / X. Least squares of the relative error of N / X has therefore one solution, which
 * is found directly; where it has a negative sigma or kappa, the best one with that parameter
 * at 0 is taken (and for Amdahl sigma at most 1).
 *
 * A law describes what was measured between the smallest and the largest N. It names no
 * cause: those come from the metrics of each point.
 */
#ifndef ENGINE_ANALYSIS_SCALING_H
#define ENGINE_ANALYSIS_SCALING_H

#include <stddef.h>

struct scaling_point {
    double n;          /* workers or cores, >= 1 */
    double throughput; /* > 0, in any unit */
};

enum scaling_verdict {
    SCALING_FITS,
    SCALING_FEW,    /* fewer different N than the law needs */
    SCALING_NARROW, /* the largest N is not twice the smallest */
    SCALING_POOR, /* the law does not describe the points: residual > SCALING_RESIDUAL */
    SCALING_VERDICT_COUNT
};

enum scaling_law { SCALING_AMDAHL, SCALING_USL };

/* One more than a law has parameters, so that it can be wrong. */
enum { SCALING_AMDAHL_POINTS = 3, SCALING_USL_POINTS = 4 };

#define SCALING_RESIDUAL 0.10 /* our choice: a curve that is off by more misleads */

struct scaling_fit {
    enum scaling_verdict verdict;
    /* Known unless there are too few points or they lie too close. */
    double lambda, sigma, kappa;
    double residual; /* root of the mean square of X / X(N) - 1 */
    double peak;     /* N*, at least 1; infinite when there is none; Amdahl: infinite */
};

/* Points by ascending N; the same N may occur more than once. */
struct scaling_fit scaling_fit(const struct scaling_point *points, size_t count,
                               enum scaling_law law);

/* The throughput that a fit predicts. */
double scaling_predict(const struct scaling_fit *fit, double n);

/* The knee of points by ascending N: the index of the smallest N from which on no measured point has more than
 * SCALING_KNEE_GAIN times its throughput. `count` > 0. */
#define SCALING_KNEE_GAIN 1.05
size_t scaling_knee(const struct scaling_point *points, size_t count);

#endif
