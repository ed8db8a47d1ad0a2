/* SPDX-License-Identifier: MIT */
/* finding_priv - what the rules share: the run, sums that several of them need, and how a
 * rule says what it found. */
#ifndef ENGINE_ANALYSIS_FINDING_PRIV_H
#define ENGINE_ANALYSIS_FINDING_PRIV_H

#include "engine/analysis/blame.h"
#include "engine/analysis/finding.h"

#include <math.h>

/* The run as the rules see it. */
struct scene_of_run {
    const struct plan *plan;
    const struct run_result *result;
    const struct recording *recording; /* NULL: none */
    struct blame blame;                /* of all waits of the recording */
    sim_ns from_ns, to_ns;             /* the part of the run that was recorded */
    double cores;
    double idle_cores;  /* mean over the run */
    double python_ns;   /* time that Python threads lived */
    double gil_wait_ns; /* ... and waited for a GIL */
};

static inline double window_ns(const struct scene_of_run *run) {
    return (double)(run->to_ns - run->from_ns);
}

static inline double duration_ns(const struct scene_of_run *run) {
    return (double)run->result->duration_ns;
}

static inline double ratio_of(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

static inline double in_us(double ns) { return ns / 1e3; }

/*
 * A rule writes number, severity, proof and values into a finding that is empty but for
 * its id and threshold; number stays NaN when there is nothing to be measured. Whether it
 * speaks is decided by finding.c. ERR_NOMEM, ERR_LIMIT.
 */
typedef int (*finding_rule_fn)(const struct scene_of_run *run, struct finding *finding,
                               struct err *err);

int finding_gil_bound(const struct scene_of_run *run, struct finding *finding,
                      struct err *err);
int finding_gil_convoy(const struct scene_of_run *run, struct finding *finding,
                       struct err *err);
int finding_starved_io_thread(const struct scene_of_run *run, struct finding *finding,
                              struct err *err);
int finding_c_call_holds_gil(const struct scene_of_run *run, struct finding *finding,
                             struct err *err);
int finding_switch_interval(const struct scene_of_run *run, struct finding *finding,
                            struct err *err);
int finding_loop_blocked(const struct scene_of_run *run, struct finding *finding,
                         struct err *err);
int finding_loop_starved(const struct scene_of_run *run, struct finding *finding,
                         struct err *err);
int finding_timer_granularity(const struct scene_of_run *run, struct finding *finding,
                              struct err *err);
int finding_pool_too_small(const struct scene_of_run *run, struct finding *finding,
                           struct err *err);
int finding_pool_oversubscribed(const struct scene_of_run *run, struct finding *finding,
                                struct err *err);
int finding_start_cost(const struct scene_of_run *run, struct finding *finding,
                       struct err *err);
int finding_pickling_bound(const struct scene_of_run *run, struct finding *finding,
                           struct err *err);
int finding_nested_parallelism(const struct scene_of_run *run, struct finding *finding,
                               struct err *err);
int finding_refcount(const struct scene_of_run *run, struct finding *finding,
                     struct err *err);
int finding_lock_contended(const struct scene_of_run *run, struct finding *finding,
                           struct err *err);
int finding_lost_updates(const struct scene_of_run *run, struct finding *finding,
                         struct err *err);
int finding_idle_cores(const struct scene_of_run *run, struct finding *finding,
                       struct err *err);
int finding_unstable_load(const struct scene_of_run *run, struct finding *finding,
                          struct err *err);
int finding_nothing_to_gain(const struct scene_of_run *run, struct finding *finding,
                            struct err *err);

/* Who waits for whom at the end, without end; the lanes follow one another. `*out` is
 * NULL when there is no such circle; free it with memory_free(). */
int finding_deadlock(const struct scene_of_run *run, struct finding *finding,
                     struct findings *out, struct err *err) WARN_UNUSED;

/* --- looking at the run ---------------------------------------------------------- */

/* Time of a lane in those states (bits) over the whole run. */
double lane_time_ns(const struct scene_of_run *run, lane_id lane, uint32_t states);

static inline uint32_t state_bit(enum lane_state state) { return UINT32_C(1) << state; }

/* A thread that runs Python: no peer, and no native thread of a C call. */
bool is_python_thread(const struct scene_of_run *run, lane_id lane);

/* The step of a site, which has the same number; NULL for SITE_NONE. */
const struct step *step_of_site(const struct scene_of_run *run, site_id site);

/* Than another, or than none. */
static inline bool is_longer(const struct span *span, const struct span *than) {
    return than == NULL || span->end_ns - span->start_ns > than->end_ns - than->start_ns;
}

/* Length inside the window. */
sim_ns span_in_window(const struct scene_of_run *run, const struct span *span);

/* The longest span of a lane in one of those states; NULL: none, or no recording. */
const struct span *longest_span(const struct scene_of_run *run, lane_id lane,
                                uint32_t states);

/* The waits of all lanes for one resource. */
struct resource_waits {
    double total_ns, count; /* inside the window */
    lane_id lane;           /* whose wait is the longest */
    const struct span *longest;
};

/* Of the resource of that kind that was waited for most, in those states; LANE_NONE: none
 * was. Needs a recording. ERR_NOMEM. */
int find_most_wanted(const struct scene_of_run *run, enum lane_kind kind, uint32_t states,
                     lane_id *resource, struct resource_waits *out,
                     struct err *err) WARN_UNUSED;

/* --- saying what was found ------------------------------------------------------- */

void finding_set_proof(struct finding *finding, lane_id lane, sim_ns from_ns,
                       sim_ns to_ns);

/* The span proves it: proof, site, state. */
void finding_set_span(struct finding *finding, lane_id lane, const struct span *span);

/* The wait proves it, and who had most of it is to blame: proof, culprit, site, state. */
int finding_set_wait(const struct scene_of_run *run, struct finding *finding,
                     lane_id lane, const struct span *wait, struct err *err) WARN_UNUSED;

void finding_add_value(struct finding *finding, const char *name, double value);

#endif
