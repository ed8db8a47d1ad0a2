/* SPDX-License-Identifier: MIT */
/* finding_loop - rules about event loops and timers. */
#include "engine/analysis/finding_priv.h"

#include "engine/base/memory.h"

/* --- callbacks ----------------------------------------------------------------- */

/* What the loop's thread did in a callback. */
struct callback {
    sim_ns own_ns;           /* without its waits for the GIL */
    const struct span *main; /* what took longest of it */
};

static struct callback look_into(const struct recorded_lane *thread,
                                 const struct span *span) {
    struct callback callback = {.own_ns = span->end_ns - span->start_ns};
    sim_ns longest = 0;
    for (size_t i = recorded_lane_find(thread, span->start_ns);
         i < thread->count && thread->spans[i].start_ns < span->end_ns; i++) {
        const struct span *did = &thread->spans[i];
        const sim_ns from =
            did->start_ns > span->start_ns ? did->start_ns : span->start_ns;
        const sim_ns to = did->end_ns < span->end_ns ? did->end_ns : span->end_ns;
        if (did->state == STATE_WAIT_GIL || did->state == STATE_FORCED_WAIT) {
            callback.own_ns -= to - from;
        } else if (to - from > longest) {
            longest = to - from;
            callback.main = did;
        }
    }
    return callback;
}

struct blocking {
    double total_ns, count; /* of callbacks at least as long as the threshold */
    lane_id loop;
    const struct span *longest;
    struct callback inside;
};

static void look_at_loop(const struct scene_of_run *run, lane_id id, sim_ns least_ns,
                         struct blocking *blocking) {
    const struct recorded_lane *loop = &run->recording->lanes[id];
    const struct recorded_lane *thread = &run->recording->lanes[loop->parent];
    for (size_t i = 0; i < loop->count; i++) {
        const struct span *span = &loop->spans[i];
        if (span->state != STATE_CALLBACK || span->end_ns - span->start_ns < least_ns) {
            continue;
        }
        const struct callback inside = look_into(thread, span);
        if (inside.own_ns < least_ns) {
            continue;
        }
        blocking->count++;
        blocking->total_ns += (double)inside.own_ns;
        if (blocking->longest == NULL || inside.own_ns > blocking->inside.own_ns) {
            blocking->loop = id;
            blocking->longest = span;
            blocking->inside = inside;
        }
    }
}

/* Time for which tasks of that loop were ready to run while it was in a callback. */
static double ready_behind(const struct scene_of_run *run, lane_id loop) {
    double sum = 0;
    for (size_t i = 0; i < run->blame.count; i++) {
        const struct blame_share *share = &run->blame.shares[i];
        sum += share->resource == loop && share->wait == STATE_READY &&
                       share->holder != LANE_NONE && share->state != STATE_POLL
                   ? (double)share->ns
                   : 0;
    }
    return sum;
}

int finding_loop_blocked(const struct scene_of_run *run, struct finding *finding,
                         struct err *err) {
    (void)err;
    const sim_ns least_ns = (sim_ns)(finding->threshold * 1e3);
    struct blocking blocking = {.loop = LANE_NONE};
    for (lane_id id = 0;
         run->recording != NULL && (size_t)id < run->recording->lane_count; id++) {
        if (recording_has_lane(run->recording, id, LANE_LOOP) &&
            recording_has_lane(run->recording, run->recording->lanes[id].parent,
                               LANE_THREAD)) {
            look_at_loop(run, id, least_ns, &blocking);
        }
    }
    if (blocking.longest == NULL) {
        return 0;
    }
    const double lag_us = run->result->metric[METRIC_LOOP_LAG_MAX_US];
    const double ready_ns = ready_behind(run, blocking.loop);
    const bool others_waited =
        lag_us >= finding->threshold / 2 || ready_ns >= (double)least_ns / 2;
    if (!others_waited) {
        return 0;
    }
    finding->number = in_us((double)blocking.inside.own_ns);
    finding->severity = ratio_of(blocking.total_ns, window_ns(run));
    finding_add_value(finding, "callbacks", blocking.count);
    finding_add_value(finding, "loop_lag_max_us", lag_us);
    finding_add_value(finding, "ready_us", in_us(ready_ns));
    finding_set_span(finding, blocking.loop, blocking.longest);
    finding->culprit = blocking.longest->resource;
    if (blocking.inside.main != NULL) {
        finding->site = blocking.inside.main->site;
        finding->state = blocking.inside.main->state;
    }
    return 0;
}

/* --- a loop and the GIL -------------------------------------------------------- */

int finding_loop_starved(const struct scene_of_run *run, struct finding *finding,
                         struct err *err) {
    const struct lane_table *lanes = &run->result->lanes;
    lane_id starved = LANE_NONE;
    double most = 0;
    for (lane_id id = 0; (size_t)id < lanes->count; id++) {
        const lane_id thread = lanes->origin[id].parent;
        if (lane_table_kind(lanes, id) != LANE_LOOP || thread == LANE_NONE) {
            continue;
        }
        const double share =
            ratio_of(lane_time_ns(run, thread, state_bit(STATE_WAIT_GIL)),
                     lane_time_ns(run, thread, UINT32_MAX));
        if (share > most) {
            most = share;
            starved = thread;
        }
    }
    if (starved == LANE_NONE) {
        return 0;
    }
    finding->number = most;
    finding->severity = most;
    finding->lane = starved;
    const struct span *longest = longest_span(run, starved, state_bit(STATE_WAIT_GIL));
    if (longest != NULL) {
        finding_add_value(finding, "longest_wait_us",
                          in_us((double)(longest->end_ns - longest->start_ns)));
    }
    return finding_set_wait(run, finding, starved, longest, err);
}

/* --- timers -------------------------------------------------------------------- */

/* Sleeps of one step that took longer than they were asked to for no other reason than
 * the granularity of the timer. */
struct sleeps {
    double count, asked_ns, took_ns;
    lane_id lane; /* of the longest */
    const struct span *longest;
};

/* The loop of a task was in its selector when the sleep was due, and its thread has not
 * waited for the GIL since. */
static bool loop_was_free(const struct scene_of_run *run, lane_id task, sim_ns due_ns,
                          sim_ns end_ns) {
    const struct recording *recording = run->recording;
    const lane_id loop = recording->lanes[task].parent;
    if (!recording_has_lane(recording, loop, LANE_LOOP) ||
        !recording_has_lane(recording, recording->lanes[loop].parent, LANE_THREAD)) {
        return false;
    }
    const struct recorded_lane *lane = &recording->lanes[loop];
    const struct recorded_lane *thread = &recording->lanes[lane->parent];
    const size_t at = recorded_lane_find(lane, due_ns);
    bool free = at < lane->count && lane->spans[at].state == STATE_POLL;
    for (size_t i = recorded_lane_find(thread, due_ns);
         free && i < thread->count && thread->spans[i].start_ns < end_ns; i++) {
        free = thread->spans[i].state != STATE_WAIT_GIL;
    }
    return free;
}

/* Only a constant time is known without asking the program's random numbers. */
static bool is_timed(const struct step *step) {
    return (step->kind == STEP_SLEEP || step->kind == STEP_AWAIT_SLEEP) &&
           step->time.kind == DISTRIBUTION_CONSTANT;
}

static void add_sleep(const struct scene_of_run *run, lane_id lane,
                      const struct span *span, struct sleeps *sleeps) {
    const struct step *step = step_of_site(run, span->site);
    const bool in_task = span->state == STATE_AWAIT_TIMER;
    if (step == NULL || !is_timed(step) || (!in_task && span->state != STATE_SLEEP)) {
        return;
    }
    const double asked_ns = (double)step->time.a;
    if (asked_ns <= 0 || span->end_ns > run->to_ns || span->start_ns < run->from_ns ||
        (in_task &&
         !loop_was_free(run, lane, span->start_ns + step->time.a, span->end_ns))) {
        return;
    }
    struct sleeps *of = &sleeps[span->site];
    of->count++;
    of->asked_ns += asked_ns;
    of->took_ns += (double)(span->end_ns - span->start_ns);
    if (is_longer(span, of->longest)) {
        of->longest = span;
        of->lane = lane;
    }
}

static void add_sleeps(const struct scene_of_run *run, struct sleeps *sleeps) {
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        if (lane->kind == LANE_TASK || lane->kind == LANE_THREAD) {
            for (size_t i = 0; i < lane->count; i++) {
                add_sleep(run, id, &lane->spans[i], sleeps);
            }
        }
    }
}

int finding_timer_granularity(const struct scene_of_run *run, struct finding *finding,
                              struct err *err) {
    const size_t steps = run->plan->step_count;
    if (run->recording == NULL) {
        return 0;
    }
    struct sleeps *sleeps = memory_zeroed(steps + 1, sizeof *sleeps);
    if (sleeps == NULL) {
        return err_set_nomem(err);
    }
    add_sleeps(run, sleeps);
    const struct sleeps *worst = &sleeps[steps]; /* nothing */
    for (size_t i = 0; i < steps; i++) {
        if (sleeps[i].took_ns - sleeps[i].asked_ns > worst->took_ns - worst->asked_ns) {
            worst = &sleeps[i];
        }
    }
    if (worst->count > 0) {
        finding->number = worst->took_ns / worst->asked_ns;
        finding->severity = ratio_of(worst->took_ns - worst->asked_ns, window_ns(run));
        finding_add_value(finding, "sleeps", worst->count);
        finding_add_value(finding, "asked_us", in_us(worst->asked_ns / worst->count));
        finding_add_value(finding, "took_us", in_us(worst->took_ns / worst->count));
        finding_set_span(finding, worst->lane, worst->longest);
    }
    memory_free(sleeps);
    return 0;
}
