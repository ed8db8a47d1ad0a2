/* SPDX-License-Identifier: MIT */
/*
 * run - executes one repetition of a plan: the engine's front door.
 *
 * run_execute() is a pure function of (plan, repetition). It may be called from many
 * threads at once on the same plan. `cancel`, if given, is polled now and then; when it
 * becomes true the run ends as RUN_STOPPED, has no fingerprint and must not be reused.
 */
#ifndef ENGINE_ANALYSIS_RUN_H
#define ENGINE_ANALYSIS_RUN_H

#include "engine/analysis/metrics.h"
#include "engine/analysis/run_histogram.h"
#include "engine/analysis/run_watcher.h"
#include "engine/base/err.h"
#include "engine/program/plan.h"
#include "engine/record/lane_table.h"
#include "engine/record/sink.h"
#include "engine/sim/chooser.h"

#include <stdatomic.h>

/* Part of a cell's key: changes whenever the same plan may give another result. */
#define ENGINE_VERSION "0.5.0"

enum run_status {
    RUN_DONE,    /* every actor that is not a daemon ended */
    RUN_LIMITED, /* a limit of the document was reached; the result so far is valid */
    RUN_STOPPED, /* cancelled; no fingerprint */
    RUN_FAILED,  /* nothing can happen any more although somebody waits (deadlock) */
    RUN_STATUS_COUNT
};

struct run_result {
    enum run_status status;
    char reason[160];     /* why not RUN_DONE, or why no latency is given; "" otherwise */
    uint64_t fingerprint; /* over every transition; 0 when stopped */
    uint64_t transitions;
    sim_ns duration_ns;
    double metric[METRIC_COUNT]; /* NaN where it has no meaning for this run */
    struct run_histogram histograms[RUN_HISTOGRAM_COUNT]; /* count 0: nothing of it */
    struct lane_table lanes;
};

struct run_options {
    uint32_t repetition;           /* 0, 1, 2 ... */
    const struct sink *sink;       /* NULL: summary only */
    const atomic_bool *cancel;     /* may be NULL */
    const struct chooser *chooser; /* who decides ties; NULL = the first candidate */
    const struct run_watcher
        *watcher; /* who looks at it while it goes on; NULL: nobody */
};

/* "done", "limited", "stopped", "failed". */
const char *run_status_name(enum run_status status);

/* What the model leaves out; NULL-terminated, English sentences. */
extern const char *const run_not_modelled[];

/*
 * ERR_UNSUPPORTED: this combination does not exist (cell "not applicable"). ERR_NOMEM, or
 * the sink's own error. On success the caller frees with run_result_deinit().
 */
int run_execute(struct run_result *out, const struct plan *plan,
                const struct run_options *options, struct err *err) WARN_UNUSED;

void run_result_deinit(struct run_result *result);

#endif
