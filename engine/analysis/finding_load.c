/* SPDX-License-Identifier: MIT */
/* finding_load - rules about the whole machine: what is left of it, and what is too much. */
#include "engine/analysis/finding_priv.h"

#include "engine/analysis/overlap.h"

/* --- idle cores ---------------------------------------------------------------- */

/* The core that had nothing to do for the longest time on end. */
static void prove_idle(const struct scene_of_run *run, struct finding *finding) {
    const struct span *longest = NULL;
    for (lane_id id = 0; (size_t)id < run->result->lanes.count; id++) {
        const struct span *span = lane_table_kind(&run->result->lanes, id) == LANE_CORE
                                      ? longest_span(run, id, state_bit(STATE_IDLE))
                                      : NULL;
        if (span != NULL && is_longer(span, longest)) {
            longest = span;
            finding_set_proof(finding, id, span->start_ns, span->end_ns);
        }
    }
}

/* The thread that computed most, and its step that took longest; its share of the time. */
static double find_busiest(const struct scene_of_run *run, struct finding *finding) {
    static const uint32_t computes = UINT32_C(1) << STATE_RUNNING |
                                     UINT32_C(1) << STATE_RUNNING_C |
                                     UINT32_C(1) << STATE_DETACHED;
    double most = 0;
    for (lane_id id = 0; (size_t)id < run->result->lanes.count; id++) {
        const double busy =
            is_python_thread(run, id) ? lane_time_ns(run, id, computes) : 0;
        if (busy > most) {
            most = busy;
            finding->culprit = id;
        }
    }
    const struct span *longest = finding->culprit == LANE_NONE
                                     ? NULL
                                     : longest_span(run, finding->culprit, computes);
    if (longest != NULL) {
        finding->site = longest->site;
        finding->state = longest->state;
    }
    return ratio_of(most, duration_ns(run));
}

int finding_idle_cores(const struct scene_of_run *run, struct finding *finding,
                       struct err *err) {
    const double busy = find_busiest(run, finding);
    (void)err;
    if (run->cores < 2 || busy < 0.8 ||
        ratio_of(run->gil_wait_ns, duration_ns(run)) >= 0.1) {
        return 0;
    }
    finding->number = run->idle_cores / run->cores;
    finding->severity = finding->number;
    finding_add_value(finding, "idle_cores", run->idle_cores);
    finding_add_value(finding, "cores", run->cores);
    finding_add_value(finding, "busy_share", busy);
    prove_idle(run, finding);
    return 0;
}

/* --- too much load --------------------------------------------------------------- */

int finding_unstable_load(const struct scene_of_run *run, struct finding *finding,
                          struct err *err) {
    const double *metric = run->result->metric;
    const struct arrivals_plan *arrivals = &run->plan->arrivals;
    (void)err;
    if (!(metric[METRIC_UNSTABLE] > 0)) {
        return 0;
    }
    const double window_s = (double)(arrivals->for_ns - arrivals->warmup_ns) / 1e9;
    const double arrived = metric[METRIC_ARRIVALS] / window_s;
    const double done = metric[METRIC_THROUGHPUT_PER_S];
    finding->number = ratio_of(arrived, done);
    finding->severity = 1;
    finding_add_value(finding, "arrived_per_s", arrived);
    finding_add_value(finding, "done_per_s", done);
    finding_add_value(finding, "core_utilisation", metric[METRIC_CORE_UTILISATION]);
    finding_set_proof(finding, LANE_NONE, arrivals->warmup_ns, arrivals->for_ns);
    return 0;
}

/* --- nothing left --------------------------------------------------------------- */

static const uint32_t OUTSIDE = UINT32_C(1) << STATE_IO | UINT32_C(1) << STATE_SLEEP |
                                UINT32_C(1) << STATE_AWAIT_IO |
                                UINT32_C(1) << STATE_AWAIT_TIMER;

/* Outweighs everything that waits outside. */
static const int64_t BUSY_CORE = -(INT64_C(1) << 32);

/* Waits of steps of the program: what a pool's own threads wait for is no work. */
static int add_lane(const struct recorded_lane *lane, struct overlap *overlap,
                    struct err *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < lane->count; i++) {
        const struct span *span = &lane->spans[i];
        const bool core = lane->kind == LANE_CORE;
        const bool busy = core && span->state == STATE_RUNNING;
        const bool outside =
            !core && span->site != SITE_NONE && (OUTSIDE >> span->state & 1) != 0;
        if (busy || outside) {
            rc = overlap_add(overlap, span->start_ns, span->end_ns, busy ? BUSY_CORE : 1,
                             err);
        }
    }
    return rc;
}

/* When the outside world was all that the run waited for. */
static int wait_outside(const struct scene_of_run *run, struct overlap_level *out,
                        struct err *err) {
    struct overlap overlap = {0};
    int rc = 0;
    for (lane_id id = 0;
         run->recording != NULL && rc == 0 && (size_t)id < run->recording->lane_count;
         id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        if (lane->kind == LANE_CORE || lane->kind == LANE_THREAD ||
            lane->kind == LANE_TASK) {
            rc = add_lane(lane, &overlap, err);
        }
    }
    *out = overlap_at_least(&overlap, 1);
    overlap_deinit(&overlap);
    return rc;
}

int finding_nothing_to_gain(const struct scene_of_run *run, struct finding *finding,
                            struct err *err) {
    const double cores = 1 - run->idle_cores / run->cores;
    struct overlap_level outside;
    const int rc = wait_outside(run, &outside, err);
    const double share = ratio_of((double)outside.total_ns, window_ns(run));
    if (rc != 0) {
        return rc;
    }
    finding->number = fmax(cores, share);
    finding->severity = finding->number;
    finding_add_value(finding, "core_utilisation", cores);
    finding_add_value(finding, "outside_share", share);
    if (share >= cores) {
        finding_set_proof(finding, LANE_NONE, outside.from_ns, outside.to_ns);
    } else {
        finding_set_proof(finding, 0, run->from_ns, run->to_ns); /* the first core */
    }
    return 0;
}
