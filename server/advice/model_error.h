/* SPDX-License-Identifier: MIT */
/*
 * model_error - how far the model was from real Python where that was measured nearest to a
 * cell, and in what the cell lies outside of what was measured.
 *
 * The figures are those of server/fidelity/error_table.h. Nearest to a cell are the measured
 * workloads of the same kind of runtime (tick GIL, interval GIL, free-threaded) and the same
 * strategy, and of these the MODEL_ERROR_NEAREST whose share of time waiting for the GIL is
 * nearest to the cell's, with all that are as near as the last of them. An error is
 * |ln(predicted / measured)|: 0.05 is 5 %.
 *
 * All of it was measured on one machine of two cores, and each build was predicted with
 * what its own primitives cost there. A document that states a profile instead is further
 * off by as much as the machine differs from the profile; nothing here knows by how much.
 */
#ifndef SERVER_ADVICE_MODEL_ERROR_H
#define SERVER_ADVICE_MODEL_ERROR_H

#include "engine/analysis/metrics.h"
#include "engine/base/err.h"
#include "engine/program/plan.h"
#include "server/fidelity/error_table.h"

/* Our choice; a p90 of fewer than MODEL_ERROR_FEW is hardly more than their largest. */
enum { MODEL_ERROR_NEAREST = 16, MODEL_ERROR_FEW = 8, MODEL_ERROR_NAMED = 3 };

/* In what a cell lies outside of what was measured. */
enum model_outside {
    OUTSIDE_MACHINE,    /* another profile, or some of its constants changed */
    OUTSIDE_CORES,      /* more or fewer cores */
    OUTSIDE_RUNTIME,    /* this version was not measured */
    OUTSIDE_PARAMETERS, /* constants of the runtime changed, but for the switch interval */
    OUTSIDE_STRATEGY,   /* this form of the strategy was not measured */
    OUTSIDE_START,      /* processes were forked */
    OUTSIDE_ARRIVALS,   /* jobs were all there from the beginning */
    OUTSIDE_STEPS,      /* steps or objects that no measured workload has */
    OUTSIDE_METRIC,     /* wall times and medians of latency were measured */
    OUTSIDE_FEW,        /* fewer than MODEL_ERROR_FEW workloads are like this */
    OUTSIDE_COUNT
};

/* "machine", "cores" ... */
const char *model_outside_name(enum model_outside outside);

/* "another machine than the measured one" */
const char *model_outside_text(enum model_outside outside);

/* A cell, as far as it matters; borrowed. */
struct model_case {
    const struct plan *plan;
    const char *runtime;   /* the cell's label: "cpython-3.12 (lock_us=1)" */
    enum metric_id goal;   /* whose error is asked for */
    double gil_wait_share; /* of the cell; NaN: none */
};

/* Of which figure the errors are. Of latencies only medians were compared with real Python. */
enum model_figure {
    MODEL_NO_FIGURE, /* the goal is neither a time nor a rate */
    MODEL_WALL_TIME,
    MODEL_MEDIAN_LATENCY,
    MODEL_FIGURE_COUNT
};

enum model_figure model_figure_of(enum metric_id goal);

/* NULL, "wall_time", "median_latency" */
const char *model_figure_name(enum model_figure figure);

struct model_error {
    size_t rows;        /* measured workloads that the figures are of */
    double median, p90; /* of their errors; NaN without rows */
    const struct error_row *nearest[MODEL_ERROR_NAMED]; /* the first of them, or NULL */
    uint32_t outside;                                   /* bits 1 << enum model_outside */
};

/* The measured workloads, with what is looked up for each of them once, and room to work
 * in: for one thread. ERR_NOMEM. */
struct model_rows;
int model_rows_create(struct model_rows **out, struct err *err) WARN_UNUSED;
/* NULL is accepted. */
void model_rows_destroy(struct model_rows *rows);

/* No rows where the goal is neither a time nor a rate. */
void model_error_find(struct model_error *out, struct model_rows *rows,
                      const struct model_case *of);

/* Two cells, with what model_error_find() says of them. */
struct model_pair {
    struct model_case cases[2];
    const struct model_error *errors[2];
};

/*
 * By how much the model may be wrong about the ratio of two cells, at most in nine of ten
 * cases: the p90 of |difference of two deviations| over pairs of measured workloads that do
 * the same jobs on one build with these two strategies, whose common errors fall out. Where
 * there are fewer than MODEL_ERROR_FEW pairs, the cells differ in their runtimes or the
 * goal is no wall time: the root of the sum of squares of both p90, as if errors had nothing
 * in common. NaN when one of them has no rows.
 */
double model_error_between(struct model_rows *rows, const struct model_pair *pair);

#endif
