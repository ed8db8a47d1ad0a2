/* SPDX-License-Identifier: MIT */
/* finding_gil - rules about waiting for the GIL. */
#include "engine/analysis/finding_priv.h"

#include "engine/analysis/overlap.h"

/* --- who waits for which GIL --------------------------------------------------- */

static bool is_wait_for(const struct recording *recording, const struct span *span,
                        lane_id gil) {
    return span->state == STATE_WAIT_GIL && span->resource == gil &&
           recording_has_lane(recording, gil, LANE_GIL);
}

/* Time inside the window in which a GIL lane is in that state. */
static double gil_time_ns(const struct scene_of_run *run, lane_id gil,
                          enum lane_state state) {
    const struct recorded_lane *lane = &run->recording->lanes[gil];
    double sum = 0;
    for (size_t i = 0; i < lane->count; i++) {
        sum += lane->spans[i].state == state
                   ? (double)span_in_window(run, &lane->spans[i])
                   : 0;
    }
    return sum;
}

/* Time inside the window in which a GIL is of no use to anybody else: it is held, or free
 * while a thread waits for it that is not awake yet. */
static int gil_busy_ns(const struct scene_of_run *run, lane_id gil, double *out,
                       struct err *err) {
    struct overlap overlap = {0};
    int rc = 0;
    for (lane_id id = 0; rc == 0 && (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = 0; rc == 0 && i < lane->count; i++) {
            const struct span *span = &lane->spans[i];
            if (id == gil ? span->state == STATE_HELD
                          : is_wait_for(run->recording, span, gil)) {
                const sim_ns from =
                    span->start_ns > run->from_ns ? span->start_ns : run->from_ns;
                rc =
                    overlap_add(&overlap, from, from + span_in_window(run, span), 1, err);
            }
        }
    }
    *out = (double)overlap_at_least(&overlap, 1).total_ns;
    overlap_deinit(&overlap);
    return rc;
}

int finding_gil_bound(const struct scene_of_run *run, struct finding *finding,
                      struct err *err) {
    struct resource_waits most = {0};
    lane_id busiest = LANE_NONE;
    double busy = 0;
    int rc = run->recording == NULL
                 ? 0
                 : find_most_wanted(run, LANE_GIL, state_bit(STATE_WAIT_GIL), &busiest,
                                    &most, err);
    const double waiters = ratio_of(most.total_ns, window_ns(run));
    if (rc != 0 || busiest == LANE_NONE || waiters < 0.5 || run->idle_cores < 0.5) {
        return rc;
    }
    rc = gil_busy_ns(run, busiest, &busy, err);
    if (rc != 0) {
        return rc;
    }
    const double held = gil_time_ns(run, busiest, STATE_HELD);
    const double life = held + gil_time_ns(run, busiest, STATE_FREE);
    finding->number = ratio_of(busy, life);
    finding->severity = ratio_of(run->gil_wait_ns, run->python_ns);
    finding_add_value(finding, "held_share", ratio_of(held, life));
    finding_add_value(finding, "waiting_threads", waiters);
    finding_add_value(finding, "idle_cores", run->idle_cores);
    finding_add_value(finding, "cores", run->cores);
    finding_add_value(finding, "longest_wait_us",
                      in_us((double)(most.longest->end_ns - most.longest->start_ns)));
    return finding_set_wait(run, finding, most.lane, most.longest, err);
}

/* --- returns from blocking calls ------------------------------------------------- */

/* One return of a thread to Python after a call for which it had given the GIL up, not
 * because somebody had asked for it. */
struct gil_return {
    const struct span *wait; /* NULL: it did not wait */
    sim_ns hold_ns;          /* how long it kept the GIL then */
};

/* Walks over the returns of one thread. */
struct return_walk {
    const struct scene_of_run *run;
    const struct recorded_lane *lane;
    size_t next;
    bool blocked; /* since it last had the GIL */
};

static const uint32_t ATTACHED = UINT32_C(1) << STATE_RUNNING | UINT32_C(1)
                                                                    << STATE_RUNNING_C;
static const uint32_t BLOCKED = UINT32_C(1) << STATE_IO | UINT32_C(1) << STATE_SLEEP |
                                UINT32_C(1) << STATE_WAIT_LOCK |
                                UINT32_C(1) << STATE_WAIT_OBJECT |
                                UINT32_C(1) << STATE_IDLE;

/* Steps that give the GIL up by themselves; elsewhere a thread without it had to. */
static bool gives_gil_up(enum step_kind kind) {
    switch (kind) {
    case STEP_C_RELEASED:
    case STEP_C_BY_SIZE:
    case STEP_SEND:
    case STEP_RECV:
    case STEP_READ:
    case STEP_SOCK_RECV:
        return true;
    default:
        return false;
    }
}

static bool is_blocking(const struct return_walk *walk, const struct span *span) {
    if ((BLOCKED >> span->state & 1) != 0) {
        return true;
    }
    const struct step *step =
        span->state == STATE_DETACHED ? step_of_site(walk->run, span->site) : NULL;
    return step != NULL && gives_gil_up(step->kind);
}

static sim_ns hold_after(const struct recorded_lane *lane, size_t wait) {
    size_t end = wait + 1;
    while (end < lane->count &&
           ((ATTACHED | state_bit(STATE_READY)) >> lane->spans[end].state & 1) != 0) {
        end++;
    }
    return lane->spans[end - 1].end_ns - lane->spans[wait].end_ns;
}

static bool next_return(struct return_walk *walk, struct gil_return *out) {
    while (walk->next < walk->lane->count) {
        const size_t at = walk->next++;
        const struct span *span = &walk->lane->spans[at];
        walk->blocked = walk->blocked || is_blocking(walk, span);
        const bool waits = span->state == STATE_WAIT_GIL;
        if (!waits && (ATTACHED >> span->state & 1) == 0) {
            continue;
        }
        const bool is_return = walk->blocked;
        walk->blocked = false;
        if (is_return) {
            *out = (struct gil_return){waits ? span : NULL,
                                       waits ? hold_after(walk->lane, at) : 0};
            return true;
        }
    }
    return false;
}

static bool has_patience(const struct scene_of_run *run) {
    return run->recording != NULL && run->plan->runtime.gil == GIL_INTERVAL;
}

/* Whether the wait took a whole interval: it ended because the waiter had asked. */
static bool is_lost(const struct scene_of_run *run, const struct gil_return *it) {
    return it->wait != NULL &&
           it->wait->end_ns - it->wait->start_ns >= run->plan->runtime.switch_interval_ns;
}

/* --- convoy -------------------------------------------------------------------- */

enum { CONVOY_RETURNS = 10 };

struct convoy {
    double returns, lost, lost_ns;
    sim_ns starts[CONVOY_RETURNS]; /* of the last so many lost ones, a ring */
    sim_ns from_ns, to_ns;         /* so many lost returns in the shortest time */
    const struct span *longest;
};

static void add_lost(const struct scene_of_run *run, struct convoy *convoy,
                     const struct span *wait) {
    const size_t count = (size_t)convoy->lost;
    const size_t slot = count % CONVOY_RETURNS;
    convoy->starts[slot] = wait->start_ns;
    convoy->lost++;
    convoy->lost_ns += (double)span_in_window(run, wait);
    if (is_longer(wait, convoy->longest)) {
        convoy->longest = wait;
    }
    if (count + 1 >= CONVOY_RETURNS) {
        const sim_ns from = convoy->starts[(slot + 1) % CONVOY_RETURNS];
        if (convoy->to_ns == 0 || wait->end_ns - from < convoy->to_ns - convoy->from_ns) {
            convoy->from_ns = from;
            convoy->to_ns = wait->end_ns;
        }
    }
}

static struct convoy convoy_of(const struct scene_of_run *run, lane_id id) {
    struct convoy convoy = {0};
    struct return_walk walk = {.run = run, .lane = &run->recording->lanes[id]};
    struct gil_return it;
    while (next_return(&walk, &it)) {
        convoy.returns++;
        if (is_lost(run, &it)) {
            add_lost(run, &convoy, it.wait);
        }
    }
    return convoy;
}

int finding_gil_convoy(const struct scene_of_run *run, struct finding *finding,
                       struct err *err) {
    struct convoy worst = {0};
    lane_id lane = LANE_NONE;
    for (lane_id id = 0; has_patience(run) && (size_t)id < run->recording->lane_count;
         id++) {
        if (is_python_thread(run, id)) {
            const struct convoy convoy = convoy_of(run, id);
            if (convoy.lost >= CONVOY_RETURNS && convoy.lost_ns > worst.lost_ns) {
                worst = convoy;
                lane = id;
            }
        }
    }
    finding->severity = ratio_of(worst.lost_ns, window_ns(run));
    if (lane == LANE_NONE || finding->severity < 0.1) {
        return 0;
    }
    const double wait_us = in_us(worst.lost_ns / worst.lost);
    const double interval_us = in_us((double)run->plan->runtime.switch_interval_ns);
    finding->number = worst.lost / worst.returns;
    finding_add_value(finding, "returns", worst.returns);
    finding_add_value(finding, "lost_returns", worst.lost);
    finding_add_value(finding, "wait_mean_us", wait_us);
    finding_add_value(finding, "switch_interval_us", interval_us);
    finding_add_value(finding, "waits_in_proof", CONVOY_RETURNS);
    const int rc = finding_set_wait(run, finding, lane, worst.longest, err);
    finding_set_proof(finding, lane, worst.from_ns, worst.to_ns);
    return rc;
}

/* --- patience ------------------------------------------------------------------ */

/* Share of a thread's waiting in which who had the GIL ran Python: a C call, and a holder
 * without a core, would not have heard a request either. */
static double share_that_could_end(const struct scene_of_run *run, lane_id waiter) {
    double python_ns = 0, all_ns = 0;
    for (size_t i = 0; i < run->blame.count; i++) {
        const struct blame_share *share = &run->blame.shares[i];
        if (share->waiter == waiter && share->wait == STATE_WAIT_GIL) {
            all_ns += (double)share->ns;
            python_ns += share->state == STATE_RUNNING ? (double)share->ns : 0;
        }
    }
    return ratio_of(python_ns, all_ns);
}

struct patience {
    double total_ns, all_ns, life_ns, count;
    lane_id lane; /* of the longest such wait */
    const struct span *longest;
};

static void add_patience(const struct scene_of_run *run, lane_id id,
                         struct patience *patience) {
    const struct recorded_lane *lane = &run->recording->lanes[id];
    const double share = share_that_could_end(run, id);
    for (size_t i = 0; i < lane->count; i++) {
        const double length = (double)span_in_window(run, &lane->spans[i]);
        patience->life_ns += length;
        patience->all_ns += lane->spans[i].state == STATE_WAIT_GIL ? length : 0;
    }
    struct return_walk walk = {.run = run, .lane = lane};
    struct gil_return it;
    while (next_return(&walk, &it)) {
        if (!is_lost(run, &it) ||
            it.hold_ns >= run->plan->runtime.switch_interval_ns / 10) {
            continue;
        }
        patience->total_ns += share * (double)span_in_window(run, it.wait);
        patience->count++;
        if (is_longer(it.wait, patience->longest)) {
            patience->longest = it.wait;
            patience->lane = id;
        }
    }
}

int finding_switch_interval(const struct scene_of_run *run, struct finding *finding,
                            struct err *err) {
    struct patience patience = {.lane = LANE_NONE};
    for (lane_id id = 0; has_patience(run) && (size_t)id < run->recording->lane_count;
         id++) {
        if (is_python_thread(run, id)) {
            add_patience(run, id, &patience);
        }
    }
    if (patience.longest == NULL) {
        return 0;
    }
    finding->number = ratio_of(patience.total_ns, patience.all_ns);
    finding->severity = ratio_of(patience.total_ns, patience.life_ns);
    finding_add_value(finding, "waits", patience.count);
    finding_add_value(finding, "wait_mean_us", in_us(patience.total_ns / patience.count));
    finding_add_value(finding, "switch_interval_us",
                      in_us((double)run->plan->runtime.switch_interval_ns));
    return finding_set_wait(run, finding, patience.lane, patience.longest, err);
}

/* --- starving ------------------------------------------------------------------ */

int finding_starved_io_thread(const struct scene_of_run *run, struct finding *finding,
                              struct err *err) {
    lane_id starved = LANE_NONE;
    double most = 0;
    for (lane_id id = 0; (size_t)id < run->result->lanes.count; id++) {
        if (!is_python_thread(run, id)) {
            continue;
        }
        const double life = lane_time_ns(run, id, UINT32_MAX);
        const double wait =
            ratio_of(lane_time_ns(run, id, state_bit(STATE_WAIT_GIL)), life);
        const double outside =
            lane_time_ns(run, id, state_bit(STATE_IO) | state_bit(STATE_SLEEP));
        if (outside > 0 && wait > most && lane_time_ns(run, id, ATTACHED) <= 0.1 * life) {
            most = wait;
            starved = id;
        }
    }
    if (starved == LANE_NONE) {
        return 0;
    }
    const double life = lane_time_ns(run, starved, UINT32_MAX);
    finding->number = most;
    finding->severity = most;
    finding_add_value(finding, "wanted_share",
                      ratio_of(lane_time_ns(run, starved, ATTACHED), life));
    finding_add_value(
        finding, "outside_share",
        ratio_of(lane_time_ns(run, starved, state_bit(STATE_IO) | state_bit(STATE_SLEEP)),
                 life));
    finding->lane = starved;
    return finding_set_wait(run, finding, starved,
                            longest_span(run, starved, state_bit(STATE_WAIT_GIL)), err);
}

/* --- C calls ------------------------------------------------------------------- */

/* Whether a thread waited for that GIL during the span. */
static bool somebody_waited(const struct scene_of_run *run, const struct span *call,
                            lane_id gil) {
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = lane->kind == LANE_THREAD
                            ? recorded_lane_find(lane, call->start_ns)
                            : lane->count;
             i < lane->count && lane->spans[i].start_ns < call->end_ns; i++) {
            if (is_wait_for(run->recording, &lane->spans[i], gil)) {
                return true;
            }
        }
    }
    return false;
}

/* The longest call at one site of one thread that kept others waiting for the GIL. */
static const struct span *longest_call(const struct scene_of_run *run,
                                       const struct blame_share *share) {
    const struct recorded_lane *lane = &run->recording->lanes[share->holder];
    const struct span *longest = NULL;
    for (size_t i = 0; i < lane->count; i++) {
        const struct span *span = &lane->spans[i];
        if (span->state == STATE_RUNNING_C && span->site == share->site &&
            is_longer(span, longest) && somebody_waited(run, span, share->resource)) {
            longest = span;
        }
    }
    return longest;
}

int finding_c_call_holds_gil(const struct scene_of_run *run, struct finding *finding,
                             struct err *err) {
    (void)err;
    double blamed_ns = 0;
    const struct blame_share *most = NULL;
    for (size_t i = 0; i < run->blame.count; i++) {
        const struct blame_share *share = &run->blame.shares[i];
        if (share->state == STATE_RUNNING_C && share->wait == STATE_WAIT_GIL) {
            blamed_ns += (double)share->ns;
            most = most == NULL || share->ns > most->ns ? share : most;
        }
    }
    const struct span *call = most != NULL ? longest_call(run, most) : NULL;
    if (call == NULL) {
        return 0;
    }
    finding->number = in_us((double)(call->end_ns - call->start_ns));
    finding->severity =
        ratio_of(blamed_ns, run->python_ns * ratio_of(window_ns(run), duration_ns(run)));
    finding_add_value(finding, "waited_us", in_us(blamed_ns));
    finding_set_span(finding, most->holder, call);
    finding->culprit = most->holder;
    return 0;
}
