/* SPDX-License-Identifier: MIT */
/* finding_pool - rules about how many workers there are, and what they cost. */
#include "engine/analysis/finding_priv.h"

#include "engine/analysis/overlap.h"

/* --- workers ------------------------------------------------------------------- */

/* The first span of a lane that belongs to a step of the program, and the last. */
struct work_of_lane {
    const struct span *first, *last; /* NULL: it has none */
};

static struct work_of_lane work_of(const struct recorded_lane *lane) {
    struct work_of_lane work = {0};
    for (size_t i = 0; i < lane->count; i++) {
        if (lane->spans[i].site != SITE_NONE) {
            work.first = work.first != NULL ? work.first : &lane->spans[i];
            work.last = &lane->spans[i];
        }
    }
    return work;
}

static double span_time_ns(const struct scene_of_run *run,
                           const struct recorded_lane *lane, uint32_t states) {
    double sum = 0;
    for (size_t i = 0; i < lane->count; i++) {
        sum += (states >> lane->spans[i].state & 1) != 0
                   ? (double)span_in_window(run, &lane->spans[i])
                   : 0;
    }
    return sum;
}

/* The same of steps of the program: what waits for a job to arrive is not at work. */
static double step_time_ns(const struct scene_of_run *run,
                           const struct recorded_lane *lane, uint32_t states,
                           const struct span **longest) {
    double sum = 0;
    *longest = NULL;
    for (size_t i = 0; i < lane->count; i++) {
        const struct span *span = &lane->spans[i];
        if (span->site == SITE_NONE || (states >> span->state & 1) == 0) {
            continue;
        }
        sum += (double)span_in_window(run, span);
        if (is_longer(span, *longest)) {
            *longest = span;
        }
    }
    return sum;
}

/* --- too small ----------------------------------------------------------------- */

static const uint32_t OUTSIDE = UINT32_C(1) << STATE_IO | UINT32_C(1) << STATE_SLEEP |
                                UINT32_C(1) << STATE_AWAIT_IO |
                                UINT32_C(1) << STATE_AWAIT_TIMER;
/* Not at work: a worker without a job, a job that was not let in so far. */
static const uint32_t OFF_WORK =
    UINT32_C(1) << STATE_IDLE | UINT32_C(1) << STATE_WAIT_OBJECT |
    UINT32_C(1) << STATE_AWAIT_LOCK | UINT32_C(1) << STATE_AWAIT_FUTURE;

/* Who executes jobs: threads, or tasks of a loop. */
static enum lane_kind worker_kind(const struct strategy *strategy) {
    const bool loop =
        strategy->kind == STRATEGY_ASYNCIO ||
        (strategy_is_nested(strategy) && strategy->each.kind == STRATEGY_ASYNCIO);
    return loop ? LANE_TASK : LANE_THREAD;
}

static double places(const struct strategy *strategy) {
    if (strategy->kind == STRATEGY_SEQUENTIAL) {
        return 1;
    }
    return (double)strategy->workers *
           (strategy_is_nested(strategy) ? (double)strategy->each.workers : 1);
}

/* A loop that hardly ever polls is what its jobs wait for, however many it takes. */
static const double POLLS_HARDLY = 0.1;

/* Share of the jobs that found all places taken: exactly in a closed batch; of arrivals,
 * the share of its time that a job waited for its first step, if they were taken at all. */
static double share_waiting(const struct scene_of_run *run) {
    const struct plan *plan = run->plan;
    const double *metric = run->result->metric;
    if (metric[METRIC_LOOP_POLL_SHARE] <= POLLS_HARDLY) {
        return 0;
    }
    if (plan->arrivals.kind == ARRIVALS_NONE) {
        return fmax(0, 1 - ratio_of(places(&plan->strategy), (double)plan->job_count));
    }
    if (metric[METRIC_UNSTABLE] > 0) {
        return 1;
    }
    const double queueing = metric[METRIC_QUEUEING_MEAN_US];
    return isnan(queueing)
               ? 0
               : ratio_of(queueing, queueing + metric[METRIC_SERVICE_MEAN_US]);
}

/* Whether so many jobs were at work at the same time; those of a closed batch come at once. */
static int find_all_taken(const struct scene_of_run *run, bool *out, struct err *err) {
    const enum lane_kind kind = worker_kind(&run->plan->strategy);
    struct overlap overlap = {0};
    int rc = 0;
    *out = true;
    if (run->plan->arrivals.kind == ARRIVALS_NONE) {
        return 0;
    }
    for (lane_id id = 0; rc == 0 && (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = 0; rc == 0 && lane->kind == kind && i < lane->count; i++) {
            const struct span *span = &lane->spans[i];
            if (span->site != SITE_NONE && (OFF_WORK >> span->state & 1) == 0) {
                rc = overlap_add(&overlap, span->start_ns, span->end_ns, 1, err);
            }
        }
    }
    *out = (double)overlap_peak(&overlap) >= places(&run->plan->strategy);
    overlap_deinit(&overlap);
    return rc;
}

/* Held share of the busiest GIL, over the run. */
static double gil_held(const struct scene_of_run *run) {
    double most = 0;
    for (lane_id id = 0; (size_t)id < run->result->lanes.count; id++) {
        if (lane_table_kind(&run->result->lanes, id) == LANE_GIL) {
            const double held = lane_time_ns(run, id, state_bit(STATE_HELD));
            most = fmax(most, ratio_of(held, lane_time_ns(run, id, UINT32_MAX)));
        }
    }
    return most;
}

int finding_pool_too_small(const struct scene_of_run *run, struct finding *finding,
                           struct err *err) {
    const struct strategy *strategy = &run->plan->strategy;
    const double waiting = share_waiting(run);
    const double held = gil_held(run);
    double outside_ns = 0, work_ns = 0;
    const struct span *longest = NULL, *span;
    bool taken;
    if (run->recording == NULL || strategy->kind == STRATEGY_ACTORS || waiting < 0.1 ||
        held > 0.9 || run->idle_cores < 0.1 * run->cores) {
        return 0;
    }
    const int rc = find_all_taken(run, &taken, err);
    if (rc != 0 || !taken) {
        return rc;
    }
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        if (lane->kind != worker_kind(strategy) || work_of(lane).first == NULL) {
            continue;
        }
        work_ns += step_time_ns(run, lane, ~OFF_WORK, &span);
        outside_ns += step_time_ns(run, lane, OUTSIDE, &span);
        if (span != NULL && is_longer(span, longest)) {
            longest = span;
            finding_set_span(finding, id, span);
        }
    }
    finding->number = ratio_of(outside_ns, work_ns);
    finding->severity = finding->number * waiting;
    finding_add_value(finding, "places", places(strategy));
    finding_add_value(finding, "waiting_share", waiting);
    finding_add_value(finding, "idle_cores", run->idle_cores);
    finding_add_value(finding, "cores", run->cores);
    if (run->plan->runtime.gil != GIL_NONE) {
        finding_add_value(finding, "gil_held_share", held);
    }
    return 0;
}

/* --- too large ----------------------------------------------------------------- */

int finding_pool_oversubscribed(const struct scene_of_run *run, struct finding *finding,
                                struct err *err) {
    const double ready_ns = run->result->metric[METRIC_READY_US] * 1e3;
    const double cpu_ns = run->result->metric[METRIC_CPU_US] * 1e3;
    const struct span *longest = NULL;
    double threads = 0;
    (void)err;
    for (lane_id id = 0; (size_t)id < run->result->lanes.count; id++) {
        if (lane_table_kind(&run->result->lanes, id) != LANE_THREAD) {
            continue;
        }
        threads++;
        const struct span *span = longest_span(run, id, state_bit(STATE_READY));
        if (span != NULL && is_longer(span, longest)) {
            longest = span;
            finding_set_span(finding, id, span);
            finding->culprit = span->by;
        }
    }
    finding->number = ratio_of(ready_ns, duration_ns(run) * run->cores);
    finding->severity = ratio_of(ready_ns, ready_ns + cpu_ns);
    finding_add_value(finding, "threads", threads);
    finding_add_value(finding, "cores", run->cores);
    finding_add_value(finding, "preemptions", run->result->metric[METRIC_PREEMPTIONS]);
    finding_add_value(finding, "context_switches",
                      run->result->metric[METRIC_CONTEXT_SWITCHES]);
    return 0;
}

/* --- starting ------------------------------------------------------------------ */

int finding_start_cost(const struct scene_of_run *run, struct finding *finding,
                       struct err *err) {
    const bool open = run->plan->arrivals.kind != ARRIVALS_NONE;
    double start_ns = 0, workers = 0;
    sim_ns longest = -1;
    lane_id main = LANE_NONE;
    (void)err;
    if (run->recording == NULL || run->from_ns > 0) {
        return 0;
    }
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        if (!is_python_thread(run, id)) {
            continue;
        }
        main = main == LANE_NONE ? id : main;
        const struct span *first = work_of(&run->recording->lanes[id]).first;
        if (id == main || first == NULL) {
            continue;
        }
        const sim_ns since = open ? lane_table_born(&run->result->lanes, id) : 0;
        workers++;
        start_ns += (double)(first->start_ns - since);
        if (first->start_ns - since > longest) {
            longest = first->start_ns - since;
            finding_set_proof(finding, id, since, first->start_ns);
        }
    }
    if (workers == 0) {
        return 0;
    }
    finding->number = ratio_of(start_ns / workers, duration_ns(run));
    finding->severity = finding->number;
    finding_add_value(finding, "workers", workers);
    finding_add_value(finding, "start_mean_us", in_us(start_ns / workers));
    finding_add_value(finding, "start_longest_us", in_us((double)longest));
    finding_add_value(finding, "makespan_us", in_us(duration_ns(run)));
    return 0;
}

/* --- handing over -------------------------------------------------------------- */

/* Core time by what it was for. */
struct hand_over {
    sim_ns first_ns, last_ns; /* from the first step of a job to the last */
    double steps_ns, python_ns, c_ns, kernel_ns;
};

static void add_core_time(struct hand_over *hand_over, const struct span *span) {
    const sim_ns from =
        span->start_ns > hand_over->first_ns ? span->start_ns : hand_over->first_ns;
    const sim_ns to =
        span->end_ns < hand_over->last_ns ? span->end_ns : hand_over->last_ns;
    const double length = to > from ? (double)(to - from) : 0;
    double *sum = span->state == STATE_RUNNING     ? &hand_over->python_ns
                  : span->state == STATE_RUNNING_C ? &hand_over->c_ns
                  : span->state == STATE_DETACHED  ? &hand_over->kernel_ns
                                                   : NULL;
    if (sum != NULL) {
        *(span->site != SITE_NONE ? &hand_over->steps_ns : sum) += length;
    }
}

static bool hands_jobs_over(const struct strategy *strategy) {
    return (strategy->kind == STRATEGY_PROCESSES && !strategy_is_nested(strategy)) ||
           strategy->kind == STRATEGY_INTERPRETERS || strategy->to_process > 0;
}

int finding_pickling_bound(const struct scene_of_run *run, struct finding *finding,
                           struct err *err) {
    struct hand_over it = {.first_ns = SIM_NEVER};
    const struct span *longest = NULL;
    (void)err;
    if (run->recording == NULL || !hands_jobs_over(&run->plan->strategy)) {
        return 0;
    }
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct work_of_lane work = work_of(&run->recording->lanes[id]);
        if (is_python_thread(run, id) && work.first != NULL) {
            it.first_ns =
                work.first->start_ns < it.first_ns ? work.first->start_ns : it.first_ns;
            it.last_ns = work.last->end_ns > it.last_ns ? work.last->end_ns : it.last_ns;
        }
    }
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = 0; is_python_thread(run, id) && i < lane->count; i++) {
            const struct span *span = &lane->spans[i];
            add_core_time(&it, span);
            if (span->state == STATE_RUNNING_C && span->site == SITE_NONE &&
                span->start_ns >= it.first_ns && span->end_ns <= it.last_ns &&
                is_longer(span, longest)) {
                longest = span;
                finding_set_span(finding, id, span);
            }
        }
    }
    const double over_ns = it.python_ns + it.c_ns + it.kernel_ns;
    const double jobs = fmax(1, run->plan->arrivals.kind == ARRIVALS_NONE
                                    ? (double)run->plan->job_count
                                    : run->result->metric[METRIC_ARRIVALS]);
    finding->number = ratio_of(over_ns, over_ns + it.steps_ns);
    finding->severity = finding->number;
    finding_add_value(finding, "over_per_job_us", in_us(over_ns / jobs));
    finding_add_value(finding, "steps_per_job_us", in_us(it.steps_ns / jobs));
    finding_add_value(finding, "pickle_share", ratio_of(it.c_ns, over_ns));
    finding_add_value(finding, "pool_share", ratio_of(it.python_ns, over_ns));
    finding_add_value(finding, "pipe_share", ratio_of(it.kernel_ns, over_ns));
    return 0;
}

/* --- threads inside of workers --------------------------------------------------- */

static const uint32_t WANTS_CORE =
    UINT32_C(1) << STATE_RUNNING | UINT32_C(1) << STATE_RUNNING_C |
    UINT32_C(1) << STATE_DETACHED | UINT32_C(1) << STATE_READY;

/* A thread of a C call: it computes, and knows neither Python nor the outside world. */
static bool is_native_thread(const struct scene_of_run *run, lane_id lane) {
    return lane_table_kind(&run->result->lanes, lane) == LANE_THREAD &&
           lane_time_ns(run, lane, state_bit(STATE_DETACHED)) > 0 &&
           lane_time_ns(run, lane,
                        state_bit(STATE_RUNNING) | state_bit(STATE_IO) |
                            state_bit(STATE_WAIT_GIL)) == 0;
}

int finding_nested_parallelism(const struct scene_of_run *run, struct finding *finding,
                               struct err *err) {
    struct overlap overlap = {0};
    double natives = 0, ready_ns = 0, wanted_ns = 0;
    int rc = 0;
    for (lane_id id = 0;
         run->recording != NULL && rc == 0 && (size_t)id < run->recording->lane_count;
         id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        const bool native = is_native_thread(run, id);
        natives += native;
        if (!native && !is_python_thread(run, id)) {
            continue;
        }
        ready_ns += span_time_ns(run, lane, state_bit(STATE_READY));
        wanted_ns += span_time_ns(run, lane, WANTS_CORE);
        for (size_t i = 0; rc == 0 && i < lane->count; i++) {
            const struct span *span = &lane->spans[i];
            if ((WANTS_CORE >> span->state & 1) != 0) {
                rc = overlap_add(&overlap, span->start_ns, span->end_ns, 1, err);
            }
            if (native && span->state == STATE_DETACHED) {
                finding->site = span->site;
            }
        }
    }
    if (rc == 0 && natives > 0) {
        const int64_t peak = overlap_peak(&overlap);
        const struct overlap_level most = overlap_at_least(&overlap, peak);
        finding->number = ratio_of((double)peak, run->cores);
        finding->severity = ratio_of(ready_ns, wanted_ns);
        finding_set_proof(finding, 0, most.from_ns, most.to_ns);
        finding_add_value(finding, "threads", (double)peak);
        finding_add_value(finding, "native_threads", natives);
        finding_add_value(finding, "cores", run->cores);
    }
    overlap_deinit(&overlap);
    return rc;
}
