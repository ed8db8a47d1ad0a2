/* SPDX-License-Identifier: MIT */
/*
 * advice - what a cell suffers from, and what was found to help: the findings of one of
 * its runs, and for each the patches of its document that were tried, with what they
 * gained.
 *
 * Nothing is estimated. A patched document is executed with the same seed and the same
 * repetitions, whose random numbers are paired, and its goal compared with that of the
 * document as it is; what does not help is said to have been tried. The goal is that of
 * the document; without one the makespan, of jobs that arrive latency_p99_us. Against lost
 * updates and unstable load their own metrics are compared; a deadlock is gone when the
 * runs end.
 *
 * A run with more than ADVICE_MAX_SPANS spans is looked at through a window in its middle,
 * as long as so many spans allow.
 *
 * A patch is offered when it gains RECOMMEND_WORTH or more, and its interval does not say
 * less than nothing; against unstable load when every repetition becomes stable.
 *
 * Time: that of one run with a recording, and of every repetition of the cell once more
 * and of each patch. Equal patches are tried once.
 */
#ifndef SERVER_ADVICE_ADVICE_H
#define SERVER_ADVICE_ADVICE_H

#include "engine/analysis/bootstrap.h"
#include "engine/analysis/finding.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

#include <stdatomic.h>

enum {
    ADVICE_MAX_REPETITIONS = 20, /* of those of the document, the first so many */
    ADVICE_MAX_SPANS = 2000000
};

enum advice_verdict {
    ADVICE_GAINS,
    ADVICE_NO_GAIN,
    ADVICE_LOSES,
    ADVICE_NO_NUMBER, /* the metric means nothing there */
    ADVICE_REFUSED,   /* the patched document does not exist as a cell */
    ADVICE_VERDICT_COUNT
};

/* "gains", "no_gain", "loses", "no_number", "refused". */
const char *advice_verdict_name(enum advice_verdict verdict);

struct advice_trial {
    const char *remedy; /* see remedy_sentence() */
    char *patch;        /* RFC 6902, canonical text; owned */
    enum advice_verdict verdict;
    double before, after;         /* medians of the metric; of METRIC_UNSTABLE means */
    struct bootstrap_ratio ratio; /* after / before, pair by pair; or that of the means */
    double gain;                  /* share by which it is better, NaN without a number */
    char reason[640];             /* ADVICE_REFUSED, ADVICE_LOSES: why; else "" */
    uint32_t unfinished;          /* runs that do not end, when it loses by that */
};

struct advice_item {
    struct finding finding;
    enum metric_id metric; /* METRIC_COUNT: whether the runs end */
    struct advice_trial *trials;
    size_t trial_count;
    const struct advice_trial *best; /* the one that gains most; NULL: none does */
};

/* The metric that a document is compared by: its goal; without one the makespan, of jobs that
 * arrive latency_p99_us. */
enum metric_id advice_goal(const struct document *document, const struct plan *plan);

/* How many repetitions of a document are tried. */
uint32_t advice_repetitions(const struct document *document);

struct advice {
    char *document; /* of the cell, canonical text: what the patches are for */
    struct plan plan;
    struct run_result result; /* of the run that was looked at */
    uint32_t repetition;      /* its */
    uint32_t repetitions;     /* that were compared */
    sim_ns from_ns, to_ns;    /* what of the run was recorded; 0 and 0: nothing */
    struct advice_item *items;
    size_t count;
    struct findings findings; /* those of the items, and the cycle of a deadlock */
};

struct advice_request {
    const struct document *document;
    const struct grid *grid; /* of the document */
    size_t cell;
    uint32_t repetition;       /* which run is looked at */
    size_t max_spans;          /* 0: ADVICE_MAX_SPANS */
    const atomic_bool *cancel; /* may be NULL */
};

/* ERR_UNSUPPORTED: the cell does not exist. ERR_CANCELLED, ERR_NOMEM. Free with
 * advice_deinit(). */
int advice_make(struct advice *out, const struct advice_request *request,
                struct err *err) WARN_UNUSED;
void advice_deinit(struct advice *advice);

#endif
