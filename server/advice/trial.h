/* SPDX-License-Identifier: MIT */
/*
 * trial - runs a document of one cell, all its repetitions, and keeps one metric of each:
 * two trials of the same seed are compared pair by pair, since cells draw the same random
 * numbers in the same repetition.
 */
#ifndef SERVER_ADVICE_TRIAL_H
#define SERVER_ADVICE_TRIAL_H

#include "engine/analysis/bootstrap.h"
#include "engine/analysis/metrics.h"
#include "engine/program/plan.h"
#include "server/document/hash.h"

#include <jansson.h>
#include <stdatomic.h>

struct trial {
    char key[HASH_TEXT_SIZE];        /* of the cell: the same key, the same outcome */
    uint32_t count;                  /* repetitions */
    uint32_t done;                   /* of them reached their end */
    double (*metrics)[METRIC_COUNT]; /* by repetition; owned */
};

struct trial_options {
    uint32_t repetitions;
    const atomic_bool *cancel; /* may be NULL */
};

/* The key of the only cell. ERR_INVALID: the document is refused. ERR_UNSUPPORTED: the
 * combination does not exist, or the document has more than one cell. */
int trial_key(const json_t *document, char out[HASH_TEXT_SIZE],
              struct err *err) WARN_UNUSED;

/* Errors as above, those of a run, ERR_CANCELLED. Free with trial_deinit(). */
int trial_run(struct trial *out, const json_t *document,
              const struct trial_options *options, struct err *err) WARN_UNUSED;

/* The same of a plan, which need not come from a document; without a key. */
int trial_run_plan(struct trial *out, const struct plan *plan,
                   const struct trial_options *options, struct err *err) WARN_UNUSED;
void trial_deinit(struct trial *trial);

/* How many times as large a metric is as in another trial of as many repetitions. */
int trial_compare(const struct trial *trial, const struct trial *against,
                  enum metric_id metric, struct bootstrap_ratio *out,
                  struct err *err) WARN_UNUSED;

/* Of the repetitions; NaN when one of them has none. */
double trial_median(const struct trial *trial, enum metric_id metric);

#endif
