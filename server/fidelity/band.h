/* SPDX-License-Identifier: MIT */
/*
 * band - where the model's own noise lets a wall time lie: p5 - p95 over 20 seeds, and how
 * many of a group's repetitions are inside.
 *
 * The machine's speed moved between repetitions, so both sides are divided by the time of
 * the work alone; the inputs are those of the repetition whose quotient is the median.
 */
#ifndef SERVER_FIDELITY_BAND_H
#define SERVER_FIDELITY_BAND_H

#include "server/fidelity/family.h"

struct band {
    double low, high; /* wall time / work alone; NaN when it was not made */
    size_t inside, repetitions;
};

/* Whether the seeds of this group run millions of operations each. */
bool band_is_heavy(const struct measured_group *group);

/* Of a group with at least one repetition that has a wall time. */
int band_make(struct band *out, const struct family *family,
              const struct measured_group *group, const struct calibration *calibration,
              struct err *err) WARN_UNUSED;

#endif
