/* SPDX-License-Identifier: MIT */
#include "engine/analysis/open_loop.h"

#include <math.h>

static const double T_LIMIT = 3.0;
enum { LEAST_PARTS = 5, LEAST_GROWTH = 2 };

/* Mean latencies of the parts that are complete, in order; returns how many. Parts in which
 * nothing arrived are left out. */
static int mean_latencies(const struct open_loop *loop, double *means) {
    int count = 0;
    for (int i = 0; i < OPEN_LOOP_PARTS; i++) {
        const struct open_loop_part *part = &loop->part[i];
        if (part->ended < part->arrived) {
            break;
        }
        if (part->arrived > 0) {
            means[count++] = part->latency_ns / (double)part->ended;
        }
    }
    return count;
}

/* Student's t of the differences between neighbours; infinite when all are alike and above
 * 0. */
static double drift(const double *means, int count) {
    const double mean = (means[count - 1] - means[0]) / (count - 1);
    double squares = 0;
    for (int i = 1; i < count; i++) {
        const double off = means[i] - means[i - 1] - mean;
        squares += off * off;
    }
    const double variance = squares / (count - 2);
    if (!(mean > 0)) {
        return 0;
    }
    return mean / sqrt(variance / (count - 1));
}

struct open_loop_verdict open_loop_judge(const struct open_loop *loop) {
    struct open_loop_verdict verdict = {0};
    double means[OPEN_LOOP_PARTS];
    if (!loop->on) {
        return verdict;
    }
    const uint64_t before = loop->arrived_before - loop->ended_before;
    verdict.waiting = before + loop->arrived_in - loop->ended_in;
    const int count = mean_latencies(loop, means);
    if (count < LEAST_PARTS) {
        return verdict;
    }
    const double part_ns = (double)(loop->to_ns - loop->from_ns) / OPEN_LOOP_PARTS;
    verdict.growth = (means[count - 1] - means[0]) / ((count - 1) * part_ns);
    verdict.unstable =
        verdict.waiting >= before + LEAST_GROWTH && drift(means, count) > T_LIMIT;
    return verdict;
}

double open_loop_throughput(const struct open_loop *loop, sim_ns now) {
    const sim_ns end = now < loop->to_ns ? now : loop->to_ns;
    return end > loop->from_ns
               ? (double)loop->ended_in * 1e9 / (double)(end - loop->from_ns)
               : (double)NAN;
}
