/* SPDX-License-Identifier: MIT */
#include "engine/analysis/finding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/analysis/finding_priv.h"
#include "engine/base/memory.h"

/* --- the rules ----------------------------------------------------------------- */

const struct finding_rule finding_rules[FINDING_COUNT] = {
    [FINDING_GIL_BOUND] =
        {"gil-bound",
         "share of the time in which the GIL was held, or free while a thread waited for "
         "it and was not awake yet; meanwhile at least half a thread on the mean waited "
         "for it and half a core had nothing to do",
         "ratio", 0.9, "choice: nine tenths busy, as of any server with a queue"},
    [FINDING_GIL_CONVOY] =
        {"gil-convoy",
         "share of a thread's returns from blocking calls that then waited for the GIL "
         "for a whole switch interval or longer",
         "ratio", 0.2,
         "choice: one return in five, and a tenth of the thread's time; a server that "
         "loses each race loses all of them (bpo-7946)"},
    [FINDING_STARVED_IO_THREAD] =
        {"starved-io-thread",
         "share of its life that a thread waited for the GIL, of those that wanted it "
         "for "
         "a tenth of the time or less",
         "ratio", 0.5, "choice: more time waiting for the GIL than for anything else"},
    [FINDING_C_CALL_HOLDS_GIL] =
        {"c-call-holds-gil",
         "longest C call that kept the GIL while another thread waited for it", "us", NAN,
         "sys.getswitchinterval(): Python code gives the GIL up after so long "
         "(Python/ceval_gil.c take_gil)"},
    [FINDING_SWITCH_INTERVAL] =
        {"switch-interval",
         "share of all waiting for the GIL that was patience: threads that came back "
         "from "
         "a blocking call waited a whole switch interval, to keep the GIL for less than "
         "a tenth of it",
         "ratio", 0.5, "choice: half of the waiting"},
    [FINDING_LOOP_BLOCKED] =
        {"loop-blocked",
         "longest callback that kept an event loop while others waited, without its "
         "waits "
         "for the GIL",
         "us", 10000,
         "choice: a tenth of slow_callback_duration (Lib/asyncio/base_events.py), and "
         "twice the default switch interval, which a thread would not be left alone for"},
    [FINDING_LOOP_STARVED_BY_GIL] =
        {"loop-starved-by-gil",
         "share of its life that the thread of an event loop waited for the GIL", "ratio",
         0.1, "choice: a tenth; 0.71 was measured in dask/distributed issue 6325"},
    [FINDING_TIMER_GRANULARITY] =
        {"timer-granularity",
         "length of the sleeps of one step, divided by what was asked for, of those that "
         "ended while nothing else kept the loop or the thread",
         "ratio", 1.5,
         "choice: half as long again; epoll waits for whole milliseconds "
         "(Lib/selectors.py), timed waits end up to 50 us late (PR_SET_TIMERSLACK)"},
    [FINDING_POOL_TOO_SMALL] =
        {"pool-too-small",
         "share of the time at work in which workers waited for the outside world while "
         "jobs waited for a worker, and neither cores nor GIL were used up",
         "ratio", 0.5, "choice: half of it, so that twice as many may do twice as much"},
    [FINDING_POOL_OVERSUBSCRIBED] =
        {"pool-oversubscribed",
         "threads that could run but had no core, mean, for each core", "ratio", 1.0,
         "choice: as many wait for each core as run on it"},
    [FINDING_START_COST_DOMINATES] =
        {"start-cost-dominates",
         "time until a worker did its first step, mean over workers, divided by the "
         "makespan",
         "ratio", 0.25, "choice: a quarter of the makespan"},
    [FINDING_PICKLING_BOUND] =
        {"pickling-bound",
         "share of the core time, from the first step of a job to the last, that went "
         "into handing jobs and results over instead of into their steps",
         "ratio", 0.5,
         "choice: half, where two workers do no more than one thread (break-even of "
         "PEP 3148's pool: task time = overhead / (1 - 1/P))"},
    [FINDING_NESTED_PARALLELISM] =
        {"nested-parallelism",
         "most threads that computed or wanted to at the same time, native threads of C "
         "calls among them, for each core",
         "ratio", 2.0, "choice: each core twice taken"},
    [FINDING_REFCOUNT_PING_PONG] =
        {"refcount-ping-pong",
         "share of the threads' core time spent on reference counts of one object while "
         "two or more threads counted it at once",
         "ratio", 0.1,
         "choice: a tenth; a cache line moves in 40-100 cycles, a local "
         "count takes 1-4 (PEP 703)"},
    [FINDING_LOCK_CONTENDED] = {"lock-contended",
                                "threads or tasks that waited for one lock, mean",
                                "count", 0.5, "choice: half of the time somebody waits"},
    [FINDING_LOST_UPDATES] = {"lost-updates",
                              "updates that the counters do not show in the end", "count",
                              1, "one wrong result is one too many"},
    [FINDING_IDLE_CORES] =
        {"idle-cores",
         "share of the cores' time in which they had nothing to do, while one thread "
         "computed "
         "for four fifths of the run or more and none waited for a GIL",
         "ratio", 0.5, "choice: half of the machine"},
    [FINDING_UNSTABLE_LOAD] =
        {"unstable-load", "jobs that arrived for each that was done", "ratio", 1,
         "engine/analysis/open_loop.h: latency drifts upwards by more than 3 standard "
         "errors"},
    [FINDING_DEADLOCK] = {"deadlock",
                          "threads and tasks that wait for each other for ever", "count",
                          1, "none of them can go on"},
    [FINDING_NOTHING_TO_GAIN] =
        {"nothing-to-gain",
         "share of the time in which what limits the run was used up: its cores, or the "
         "outside world was all that it waited for",
         "ratio", 0.9, "choice: nine tenths"},
};

static const finding_rule_fn evaluate[] = {
    [FINDING_GIL_BOUND] = finding_gil_bound,
    [FINDING_GIL_CONVOY] = finding_gil_convoy,
    [FINDING_STARVED_IO_THREAD] = finding_starved_io_thread,
    [FINDING_C_CALL_HOLDS_GIL] = finding_c_call_holds_gil,
    [FINDING_SWITCH_INTERVAL] = finding_switch_interval,
    [FINDING_LOOP_BLOCKED] = finding_loop_blocked,
    [FINDING_LOOP_STARVED_BY_GIL] = finding_loop_starved,
    [FINDING_TIMER_GRANULARITY] = finding_timer_granularity,
    [FINDING_POOL_TOO_SMALL] = finding_pool_too_small,
    [FINDING_POOL_OVERSUBSCRIBED] = finding_pool_oversubscribed,
    [FINDING_START_COST_DOMINATES] = finding_start_cost,
    [FINDING_PICKLING_BOUND] = finding_pickling_bound,
    [FINDING_NESTED_PARALLELISM] = finding_nested_parallelism,
    [FINDING_REFCOUNT_PING_PONG] = finding_refcount,
    [FINDING_LOCK_CONTENDED] = finding_lock_contended,
    [FINDING_LOST_UPDATES] = finding_lost_updates,
    [FINDING_IDLE_CORES] = finding_idle_cores,
    [FINDING_UNSTABLE_LOAD] = finding_unstable_load,
    [FINDING_DEADLOCK] = NULL, /* it has more to say */
    [FINDING_NOTHING_TO_GAIN] = finding_nothing_to_gain,
};
static_assert(sizeof evaluate / sizeof evaluate[0] == FINDING_COUNT, "a rule each");

/* What concerns less of the time than this is not worth a sentence. */
static const double LEAST_SEVERITY = 0.01;

enum finding_id finding_find(const char *name) {
    int id = 0;
    while (id < FINDING_COUNT && strcmp(finding_rules[id].name, name) != 0) {
        id++;
    }
    return (enum finding_id)id;
}

double finding_value(const struct finding *finding, const char *name) {
    for (size_t i = 0; i < finding->value_count; i++) {
        if (strcmp(finding->values[i].name, name) == 0) {
            return finding->values[i].value;
        }
    }
    return NAN;
}

/* --- looking at the run ---------------------------------------------------------- */

double lane_time_ns(const struct scene_of_run *run, lane_id lane, uint32_t states) {
    sim_ns times[STATE_COUNT];
    double sum = 0;
    lane_table_times(&run->result->lanes, lane, times);
    for (int state = 0; state < STATE_COUNT; state++) {
        sum += (states >> state & 1) != 0 ? (double)times[state] : 0;
    }
    return sum;
}

bool is_python_thread(const struct scene_of_run *run, lane_id lane) {
    return lane_table_kind(&run->result->lanes, lane) == LANE_THREAD &&
           lane_time_ns(run, lane, state_bit(STATE_RUNNING)) > 0;
}

const struct step *step_of_site(const struct scene_of_run *run, site_id site) {
    const struct plan *plan = run->plan;
    return site >= 0 && (size_t)site < plan->step_count && plan->steps[site].site == site
               ? &plan->steps[site]
               : NULL;
}

sim_ns span_in_window(const struct scene_of_run *run, const struct span *span) {
    const sim_ns from = span->start_ns > run->from_ns ? span->start_ns : run->from_ns;
    const sim_ns to = span->end_ns < run->to_ns ? span->end_ns : run->to_ns;
    return to > from ? to - from : 0;
}

const struct span *longest_span(const struct scene_of_run *run, lane_id lane,
                                uint32_t states) {
    const struct span *longest = NULL;
    if (run->recording == NULL || (size_t)lane >= run->recording->lane_count) {
        return NULL;
    }
    const struct recorded_lane *of = &run->recording->lanes[lane];
    for (size_t i = 0; i < of->count; i++) {
        const struct span *span = &of->spans[i];
        if ((states >> span->state & 1) != 0 && is_longer(span, longest)) {
            longest = span;
        }
    }
    return longest;
}

static void add_waits(const struct scene_of_run *run, lane_id id, uint32_t states,
                      struct resource_waits *waits) {
    const struct recorded_lane *lane = &run->recording->lanes[id];
    for (size_t i = 0; i < lane->count; i++) {
        const struct span *span = &lane->spans[i];
        if ((states >> span->state & 1) == 0 || span->resource < 0) {
            continue;
        }
        struct resource_waits *of = &waits[span->resource];
        of->total_ns += (double)span_in_window(run, span);
        of->count++;
        if (is_longer(span, of->longest)) {
            of->longest = span;
            of->lane = id;
        }
    }
}

int find_most_wanted(const struct scene_of_run *run, enum lane_kind kind, uint32_t states,
                     lane_id *resource, struct resource_waits *out, struct err *err) {
    const size_t count = run->recording->lane_count;
    struct resource_waits *waits = memory_zeroed(count + 1, sizeof *waits);
    if (waits == NULL) {
        return err_set_nomem(err);
    }
    for (lane_id id = 0; (size_t)id < count; id++) {
        add_waits(run, id, states, waits);
    }
    *resource = LANE_NONE;
    *out = (struct resource_waits){.lane = LANE_NONE};
    for (lane_id id = 0; (size_t)id < count; id++) {
        if (run->recording->lanes[id].kind == kind &&
            waits[id].total_ns > out->total_ns) {
            *resource = id;
            *out = waits[id];
        }
    }
    memory_free(waits);
    return 0;
}

static void sum_lanes(struct scene_of_run *run) {
    const struct lane_table *lanes = &run->result->lanes;
    for (lane_id id = 0; (size_t)id < lanes->count; id++) {
        if (lane_table_kind(lanes, id) == LANE_CORE) {
            run->idle_cores +=
                ratio_of(lane_time_ns(run, id, state_bit(STATE_IDLE)), duration_ns(run));
        } else if (is_python_thread(run, id)) {
            run->python_ns += lane_time_ns(run, id, UINT32_MAX);
            run->gil_wait_ns += lane_time_ns(run, id, state_bit(STATE_WAIT_GIL));
        }
    }
}

/* A recording with more shares of blame than there is room for does without blame. */
static int look_at(struct scene_of_run *run, const struct finding_input *input,
                   struct err *err) {
    const struct recording *recording = input->recording;
    struct err limit = {0};
    *run = (struct scene_of_run){
        .plan = input->plan,
        .result = input->result,
        .recording = recording,
        .to_ns = input->result->duration_ns,
        .cores = (double)input->plan->machine.cores,
    };
    sum_lanes(run);
    if (recording == NULL) {
        return 0;
    }
    run->from_ns = recording->from_ns;
    run->to_ns = recording->to_ns < run->to_ns ? recording->to_ns : run->to_ns;
    const int rc = blame_of_run(recording, NULL, &run->blame, &limit);
    return rc == 0 || rc == ERR_LIMIT ? 0 : err_set_from(err, rc, &limit);
}

/* --- saying what was found ------------------------------------------------------- */

void finding_set_proof(struct finding *finding, lane_id lane, sim_ns from_ns,
                       sim_ns to_ns) {
    finding->lane = lane;
    finding->from_ns = from_ns;
    finding->to_ns = to_ns;
}

void finding_set_span(struct finding *finding, lane_id lane, const struct span *span) {
    if (span != NULL) {
        finding_set_proof(finding, lane, span->start_ns, span->end_ns);
        finding->site = span->site;
        finding->state = span->state;
    }
}

int finding_set_wait(const struct scene_of_run *run, struct finding *finding,
                     lane_id lane, const struct span *wait, struct err *err) {
    struct blame blame = {0};
    if (wait == NULL) {
        return 0;
    }
    finding_set_span(finding, lane, wait);
    const int rc = blame_of_wait(run->recording, lane, wait, &blame, err);
    const struct blame_share *most = NULL;
    for (size_t i = 0; rc == 0 && i < blame.count; i++) {
        const struct blame_share *share = &blame.shares[i];
        if (share->holder != LANE_NONE && (most == NULL || share->ns > most->ns)) {
            most = share;
        }
    }
    if (most != NULL) {
        finding->culprit = most->holder;
        finding->site = most->site;
        finding->state = most->state;
    }
    blame_deinit(&blame);
    return rc;
}

void finding_add_value(struct finding *finding, const char *name, double value) {
    if (finding->value_count < FINDING_MAX_VALUES) {
        finding->values[finding->value_count++] = (struct finding_value){name, value};
    }
}

/* --- all rules ------------------------------------------------------------------- */

static double threshold_of(const struct scene_of_run *run, enum finding_id id) {
    const double threshold = finding_rules[id].threshold;
    return isnan(threshold) ? in_us((double)run->plan->runtime.switch_interval_ns)
                            : threshold;
}

static int apply_rule(const struct scene_of_run *run, enum finding_id id,
                      struct findings *out, struct err *err) {
    struct finding *finding = &out->items[out->count];
    *finding = (struct finding){
        .id = id,
        .number = NAN,
        .threshold = threshold_of(run, id),
        .lane = LANE_NONE,
        .culprit = LANE_NONE,
        .site = SITE_NONE,
        .state = -1,
        .object = FINDING_NO_OBJECT,
    };
    const int rc = id == FINDING_DEADLOCK ? finding_deadlock(run, finding, out, err)
                                          : evaluate[id](run, finding, err);
    if (rc == 0 && finding->number >= finding->threshold &&
        finding->severity >= LEAST_SEVERITY) {
        finding->severity = fmin(finding->severity, 1);
        out->count++;
    }
    return rc;
}

/* Of a run that failed there are no times worth speaking of. */
static bool is_meant_for(const struct scene_of_run *run, enum finding_id id) {
    return run->result->status != RUN_FAILED || id == FINDING_DEADLOCK ||
           id == FINDING_LOST_UPDATES;
}

/* Equal ones stay in the order of the rules. */
static int compare_findings(const void *left, const void *right) {
    const struct finding *a = left, *b = right;
    if (a->severity != b->severity) {
        return a->severity > b->severity ? -1 : 1;
    }
    return (int)a->id - (int)b->id;
}

int findings_find(const struct finding_input *input, struct findings *out,
                  struct err *err) {
    struct scene_of_run run;
    struct findings found = {0};
    int rc = look_at(&run, input, err);
    for (int id = 0; rc == 0 && id < FINDING_COUNT; id++) {
        if (is_meant_for(&run, (enum finding_id)id)) {
            rc = apply_rule(&run, (enum finding_id)id, &found, err);
        }
    }
    blame_deinit(&run.blame);
    if (rc != 0) {
        findings_deinit(&found);
        return rc;
    }
    qsort(found.items, found.count, sizeof *found.items, compare_findings);
    *out = found;
    return 0;
}

void findings_deinit(struct findings *findings) {
    memory_free(findings->cycle);
    *findings = (struct findings){0};
}
