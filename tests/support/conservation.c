/* SPDX-License-Identifier: MIT */
#include "tests/support/conservation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/analysis/flow.h"
#include "tests/support/counting.h"

enum {
    PAINTED_WAITS =
        8, /* of threads and of tasks: one takes as long as the run has spans */
    PAINTED_SHARES = 4096
};

struct check {
    const struct timeline *timeline;
    const struct run_result *result;
    struct recording recording;
    struct violation *violation;
};

static bool violated(const struct check *check, const char *rule, lane_id lane,
                     sim_ns at) {
    snprintf(check->violation->text, sizeof check->violation->text,
             "%s (lane %d '%s' at %" PRId64 " ns)", rule, lane,
             lane >= 0 && (size_t)lane < check->timeline->lane_count
                 ? check->timeline->lanes[lane].name
                 : "",
             at);
    return false;
}

void recording_of_timeline(struct recording *recording, const struct timeline *timeline) {
    recording_of_window(recording, timeline, 0, SIM_NEVER);
}

void recording_of_window(struct recording *recording, const struct timeline *timeline,
                         sim_ns from, sim_ns to) {
    recording_init(recording);
    recording->from_ns = from;
    recording->to_ns = to;
    for (size_t i = 0; i < timeline->lane_count; i++) {
        if (recording_add_lane(recording, &timeline->lanes[i], NULL) != 0) {
            abort();
        }
    }
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        const uint8_t state = (uint8_t)span->state;
        const struct span_chunk chunk = {
            .count = 1,
            .t0_ns = span->start,
            .t1_ns = span->end,
            .lane = &span->lane,
            .start_ns = &span->start,
            .end_ns = &span->end,
            .state = &state,
            .resource = &span->resource,
            .by = &span->by,
            .site = &span->site,
        };
        if (recording_add_spans(recording, &chunk, NULL) != 0) {
            abort();
        }
    }
}

/* --- lanes and cores ----------------------------------------------------------- */

static bool lanes_add_up(const struct check *check) {
    for (lane_id i = 0; (size_t)i < check->result->lanes.count; i++) {
        const struct lane_total lane = lane_table_total(&check->result->lanes, i);
        sim_ns sum = 0;
        for (int state = 0; state < STATE_COUNT; state++) {
            sum += lane.state_ns[state];
        }
        if (sum != lane.died_ns - lane.lane.born_ns) {
            return violated(check, "the states of a lane add up to its life", (lane_id)i,
                            lane.died_ns);
        }
    }
    return true;
}

static bool cores_add_up(const struct check *check) {
    const struct run_result *result = check->result;
    sim_ns busy = 0;
    for (size_t i = 0; i < check->timeline->span_count; i++) {
        const struct timeline_span *span = &check->timeline->spans[i];
        if (check->timeline->lanes[span->lane].kind != LANE_CORE ||
            (span->state != STATE_RUNNING && span->state != STATE_SWITCH)) {
            continue;
        }
        busy += span->end - span->start;
        if (span->start < lane_table_born(&result->lanes, span->resource) ||
            span->end > lane_table_died(&result->lanes, span->resource)) {
            return violated(check, "a core runs who is alive", span->lane, span->start);
        }
    }
    const double cpu_us = result->metric[METRIC_CPU_US];
    return fabs(cpu_us * 1e3 - (double)busy) <= 1e-9 * (double)busy ||
           violated(check, "core time is the sum of what ran", LANE_NONE, busy);
}

/* --- histograms ---------------------------------------------------------------- */

struct expected {
    uint64_t count;
    sim_ns sum, least, most;
};

static bool is_of(enum run_histogram_id id, enum lane_kind kind, enum lane_state state) {
    switch (id) {
    case HISTOGRAM_GIL_HOLD:
        return kind == LANE_GIL && state == STATE_HELD;
    case HISTOGRAM_GIL_WAIT:
        return kind == LANE_THREAD && state == STATE_WAIT_GIL;
    case HISTOGRAM_LOCK_HOLD:
        return kind == LANE_LOCK && state == STATE_HELD;
    case HISTOGRAM_LOCK_WAIT:
        return (kind == LANE_THREAD &&
                (state == STATE_WAIT_LOCK || state == STATE_SPIN)) ||
               (kind == LANE_TASK && state == STATE_AWAIT_LOCK);
    default:
        return false;
    }
}

static struct expected count_spans(const struct timeline *timeline,
                                   enum run_histogram_id id) {
    struct expected expected = {.least = SIM_NEVER};
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (is_of(id, timeline->lanes[span->lane].kind, span->state)) {
            const sim_ns length = span->end - span->start;
            expected.count++;
            expected.sum += length;
            expected.least = length < expected.least ? length : expected.least;
            expected.most = length > expected.most ? length : expected.most;
        }
    }
    return expected;
}

static bool histogram_agrees(const struct check *check, enum run_histogram_id id) {
    const struct run_histogram *histogram = &check->result->histograms[id];
    const struct expected expected = count_spans(check->timeline, id);
    uint64_t in_buckets = 0;
    for (size_t i = 0; i < histogram->bucket_count; i++) {
        in_buckets += histogram->counts[i];
    }
    const bool same =
        histogram->count == expected.count && in_buckets == expected.count &&
        (expected.count == 0 ||
         (histogram->min_ns == expected.least && histogram->max_ns == expected.most &&
          histogram->upper_ns[histogram->bucket_count - 1] >= expected.most &&
          fabs(histogram->sum_ns - (double)expected.sum) <= 1e-9 * (double)expected.sum));
    return same || violated(check, run_histograms[id].name, LANE_NONE, expected.sum);
}

static bool histograms_agree(const struct check *check) {
    for (int id = HISTOGRAM_GIL_HOLD; id <= HISTOGRAM_LOCK_WAIT; id++) {
        if (!histogram_agrees(check, (enum run_histogram_id)id)) {
            return false;
        }
    }
    return true;
}

/* --- blame --------------------------------------------------------------------- */

static const struct timeline_span *span_at(const struct timeline *timeline, lane_id lane,
                                           sim_ns at) {
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane == lane && span->start <= at && at < span->end) {
            return span;
        }
    }
    return NULL;
}

static bool same_culprit(const struct blame_share *a, const struct blame_share *b) {
    return a->waiter == b->waiter && a->wait == b->wait && a->resource == b->resource &&
           a->holder == b->holder && a->site == b->site && a->state == b->state;
}

static enum lane_kind kind_at(const struct timeline *timeline, lane_id lane) {
    return lane < 0 ? LANE_KIND_COUNT : timeline->lanes[lane].kind;
}

static bool is_ever_held(const struct timeline *timeline, lane_id lane) {
    for (size_t i = 0; i < timeline->span_count; i++) {
        if (timeline->spans[i].lane == lane && timeline->spans[i].state == STATE_HELD) {
            return true;
        }
    }
    return false;
}

static bool lasts_until_it_is_ended(enum lane_state state) {
    return state == STATE_AWAIT_FUTURE || state == STATE_AWAIT_LOCK;
}

/* Whose doing the end of a wait was, when nobody holds what is waited for. */
static lane_id ender(const struct timeline *timeline, const struct timeline_span *wait) {
    const enum lane_kind kind = kind_at(timeline, wait->by);
    const bool peer = wait->state == STATE_AWAIT_IO && kind == LANE_THREAD;
    return peer || (lasts_until_it_is_ended(wait->state) &&
                    (kind == LANE_THREAD || kind == LANE_TASK))
               ? wait->by
               : LANE_NONE;
}

static lane_id resource_of(const struct timeline *timeline,
                           const struct timeline_span *wait) {
    const bool loop = kind_at(timeline, wait->resource) == LANE_LOOP;
    return loop && wait->state != STATE_READY ? ender(timeline, wait) : wait->resource;
}

/* Who is to blame at that instant; `end` comes down to where that may change. */
static struct blame_share culprit_at(const struct timeline *timeline,
                                     const struct timeline_span *wait, bool held_ever,
                                     sim_ns at, sim_ns *end) {
    struct blame_share share = {.waiter = wait->lane,
                                .wait = (int32_t)wait->state,
                                .resource = resource_of(timeline, wait),
                                .holder = LANE_NONE,
                                .site = SITE_NONE,
                                .state = -1};
    const enum lane_kind kind = kind_at(timeline, share.resource);
    const bool by_ender =
        kind_at(timeline, wait->lane) == LANE_TASK && wait->state != STATE_READY &&
        !(kind == LANE_LOCK && wait->state == STATE_AWAIT_LOCK && held_ever);
    const lane_id under = by_ender ? ender(timeline, wait) : share.resource;
    const struct timeline_span *there =
        under != LANE_NONE ? span_at(timeline, under, at) : NULL;
    *end = there != NULL && there->end < *end ? there->end : *end;
    const struct timeline_span *doing = there;
    if (by_ender) {
        share.holder = there != NULL ? under : LANE_NONE;
        if (under != LANE_NONE && there == NULL) { /* not born yet, or over */
            const sim_ns born = timeline->lanes[under].born_ns;
            *end = born > at && born < *end ? born : *end;
        }
    } else if (there != NULL && kind == LANE_LOOP && there->resource == LANE_NONE) {
        share.holder = under;
    } else if (there != NULL && (kind == LANE_LOOP || lane_is_held(kind, there->state))) {
        share.holder = there->resource;
        doing = span_at(timeline, there->resource, at);
        *end = doing != NULL && doing->end < *end ? doing->end : *end;
    }
    if (share.holder != LANE_NONE && doing != NULL) {
        share.site = doing->site;
        share.state = (int32_t)doing->state;
    }
    return share;
}

size_t paint_blame(const struct timeline *timeline, const struct timeline_span *wait,
                   struct blame_share *out, size_t room) {
    const bool held_ever = is_ever_held(timeline, wait->resource);
    size_t count = 0;
    for (sim_ns at = wait->start; at < wait->end;) {
        sim_ns end = wait->end;
        const struct blame_share share = culprit_at(timeline, wait, held_ever, at, &end);
        size_t i = 0;
        while (i < count && !same_culprit(&out[i], &share)) {
            i++;
        }
        if (i == count) {
            if (count == room) {
                abort();
            }
            out[count++] = share;
        }
        out[i].ns += end - at;
        at = end;
    }
    return count;
}

static const struct blame_share *find_share(const struct blame_share *shares,
                                            size_t count,
                                            const struct blame_share *wanted) {
    for (size_t i = 0; i < count; i++) {
        if (same_culprit(&shares[i], wanted)) {
            return &shares[i];
        }
    }
    return NULL;
}

/* The blame of one wait adds up, and is what the painter finds when it is asked. */
static bool wait_is_blamed(const struct check *check, const struct timeline_span *wait,
                           bool paint) {
    static _Thread_local struct blame_share painted[PAINTED_SHARES];
    const struct span span = {.start_ns = wait->start,
                              .end_ns = wait->end,
                              .resource = wait->resource,
                              .by = wait->by,
                              .site = wait->site,
                              .state = (uint8_t)wait->state};
    struct blame blame;
    if (blame_of_wait(&check->recording, wait->lane, &span, &blame, NULL) != 0) {
        abort();
    }
    sim_ns sum = 0;
    for (size_t i = 0; i < blame.count; i++) {
        sum += blame.shares[i].ns;
    }
    bool sound = sum == wait->end - wait->start;
    if (sound && paint) {
        const size_t count = paint_blame(check->timeline, wait, painted, PAINTED_SHARES);
        sound = count == blame.count;
        for (size_t i = 0; sound && i < count; i++) {
            const struct blame_share *share =
                find_share(blame.shares, blame.count, &painted[i]);
            sound = share != NULL && share->ns == painted[i].ns;
        }
    }
    blame_deinit(&blame);
    return sound ||
           violated(check, "the blame of a wait is exact", wait->lane, wait->start);
}

/* Takes the blame of each wait off that of the run: nothing must be left. */
static bool run_is_blamed(const struct check *check, struct blame *run) {
    for (size_t lane = 0; lane < check->recording.lane_count; lane++) {
        const struct recorded_lane *it = &check->recording.lanes[lane];
        for (size_t i = 0; i < it->count; i++) {
            struct blame blame;
            if (!blame_is_wait(&check->recording, (lane_id)lane, &it->spans[i])) {
                continue;
            }
            if (blame_of_wait(&check->recording, (lane_id)lane, &it->spans[i], &blame,
                              NULL) != 0) {
                abort();
            }
            for (size_t k = 0; k < blame.count; k++) {
                const struct blame_share *share =
                    find_share(run->shares, run->count, &blame.shares[k]);
                if (share == NULL) {
                    blame_deinit(&blame);
                    return violated(check, "the run is blamed for each wait",
                                    (lane_id)lane, it->spans[i].start_ns);
                }
                run->shares[share - run->shares].ns -= blame.shares[k].ns;
            }
            blame_deinit(&blame);
        }
    }
    for (size_t i = 0; i < run->count; i++) {
        if (run->shares[i].ns != 0) {
            return violated(check, "the run is blamed for nothing else",
                            run->shares[i].waiter, run->shares[i].ns);
        }
    }
    return true;
}

static bool blame_adds_up(const struct check *check) {
    size_t painted[LANE_KIND_COUNT] = {0};
    for (size_t i = 0; i < check->timeline->span_count; i++) {
        const struct timeline_span *it = &check->timeline->spans[i];
        const struct span span = {
            .resource = it->resource, .by = it->by, .state = (uint8_t)it->state};
        if (blame_is_wait(&check->recording, it->lane, &span) &&
            !wait_is_blamed(check, it,
                            painted[kind_at(check->timeline, it->lane)]++ <
                                PAINTED_WAITS)) {
            return false;
        }
    }
    struct blame run;
    if (blame_of_run(&check->recording, NULL, &run, NULL) != 0) {
        abort();
    }
    const bool sound = run_is_blamed(check, &run);
    blame_deinit(&run);
    return sound;
}

/* --- flows --------------------------------------------------------------------- */

static bool is_off_core(enum lane_state state) {
    return state != STATE_RUNNING && state != STATE_RUNNING_C &&
           state != STATE_DETACHED && state != STATE_SPIN;
}

static bool in_the_middle_of_a_wait(const struct recorded_lane *lane, sim_ns at) {
    const size_t i = recorded_lane_find(lane, at);
    return i < lane->count && lane->spans[i].start_ns < at &&
           is_off_core((enum lane_state)lane->spans[i].state);
}

/* Somebody had it until then. */
static bool held_until(const struct recorded_lane *resource, lane_id holder, sim_ns at) {
    const size_t i = recorded_lane_find(resource, at - 1);
    return i < resource->count && resource->spans[i].end_ns == at &&
           resource->spans[i].state == STATE_HELD &&
           resource->spans[i].resource == holder;
}

static bool flow_is_sound(const struct check *check, const struct flow *flow,
                          const struct span *head) {
    const struct recording *recording = &check->recording;
    const struct lane_table *lanes = &check->result->lanes;
    if (flow->from == flow->to || flow->left_ns > flow->at_ns ||
        flow->left_ns < lane_table_born(lanes, flow->from) ||
        flow->left_ns > lane_table_died(lanes, flow->from)) {
        return violated(check, "a flow leaves who is alive", flow->from, flow->left_ns);
    }
    /* Who spins without a look takes what was released some time ago. */
    const bool by_itself =
        head->state != STATE_SPIN &&
        (flow->kind == FLOW_GIL || flow->kind == FLOW_TAKEN || flow->kind == FLOW_LOCK ||
         flow->kind == FLOW_OBJECT || flow->kind == FLOW_POLL);
    if (by_itself &&
        in_the_middle_of_a_wait(&recording->lanes[flow->from], flow->left_ns)) {
        return violated(check, "who wakes another is awake", flow->from, flow->left_ns);
    }
    const bool handed = (flow->kind == FLOW_GIL &&
                         recording_has_lane(recording, head->resource, LANE_GIL)) ||
                        (flow->kind == FLOW_LOCK &&
                         recording_has_lane(recording, head->resource, LANE_LOCK));
    /* A Lock may be released by a thread that never had it; then left is at. */
    const bool by_another = flow->kind == FLOW_LOCK && flow->left_ns == flow->at_ns;
    if (handed && !by_another && recording->lanes[head->resource].was_held &&
        !held_until(&recording->lanes[head->resource], flow->from, flow->left_ns)) {
        return violated(check, "who hands over had it until then", flow->from,
                        flow->left_ns);
    }
    return true;
}

static bool flows_are_sound(const struct check *check) {
    struct flow_list list;
    if (flow_list_init(&list, &check->recording, NULL) != 0) {
        abort();
    }
    bool sound = true;
    size_t found = 0;
    for (size_t lane = 0; sound && lane < check->recording.lane_count; lane++) {
        const struct recorded_lane *it = &check->recording.lanes[lane];
        for (size_t i = 0; sound && i < it->count; i++) {
            struct flow flow;
            if (flow_of_span(&check->recording, (lane_id)lane, &it->spans[i], &flow)) {
                sound = found < list.count && list.items[found].at_ns == flow.at_ns &&
                        flow.at_ns == it->spans[i].end_ns &&
                        flow_is_sound(check, &flow, &it->spans[i]);
                found++;
            }
        }
    }
    sound = sound && found == list.count;
    flow_list_deinit(&list);
    if (!sound && check->violation->text[0] == '\0') {
        violated(check, "the list of flows has each one once", LANE_NONE, 0);
    }
    return sound;
}

/* --- a cause for every end ----------------------------------------------------- */

/* In recv(), for what another process sends. */
static bool waits_for_peer(const struct check *check, const struct timeline_span *span) {
    return span->state == STATE_IO &&
           recording_has_lane(&check->recording, span->resource, LANE_THREAD);
}

/* Waits that only somebody else can end; at the end of the run nobody did. (Others have
 * a time-out.) */
static bool needs_somebody(const struct check *check, const struct timeline_span *span) {
    const bool object =
        span->state == STATE_WAIT_OBJECT &&
        (recording_has_lane(&check->recording, span->resource, LANE_LOCK) ||
         recording_has_lane(&check->recording, span->resource, LANE_THREAD));
    return object || span->state == STATE_WAIT_GIL || span->state == STATE_FORCED_WAIT ||
           span->state == STATE_WAIT_LOCK || span->state == STATE_PAUSED ||
           span->state == STATE_IDLE;
}

static bool waits_have_causes(const struct check *check) {
    for (size_t i = 0; i < check->timeline->span_count; i++) {
        const struct timeline_span *span = &check->timeline->spans[i];
        if (check->timeline->lanes[span->lane].kind == LANE_THREAD &&
            needs_somebody(check, span) && span->by == LANE_NONE &&
            span->end < check->result->duration_ns) {
            return violated(check, "somebody ended the wait", span->lane, span->end);
        }
        if (waits_for_peer(check, span) && span->end < check->result->duration_ns &&
            span->by != span->resource) {
            return violated(check, "its peer ended the wait", span->lane, span->end);
        }
    }
    return true;
}

bool run_is_conserved(const struct timeline *timeline, const struct run_result *result,
                      const struct runtime *runtime, struct violation *violation) {
    struct check check = {.timeline = timeline, .result = result, .violation = violation};
    recording_of_timeline(&check.recording, timeline);
    bool sound = lanes_add_up(&check) && cores_add_up(&check) &&
                 histograms_agree(&check) && waits_have_causes(&check) &&
                 blame_adds_up(&check) && flows_are_sound(&check) &&
                 counters_are_sound(timeline, result, violation);
    if (sound &&
        result->metric[METRIC_MEMORY_PEAK_BYTES] < (double)runtime->process_bytes) {
        sound = violated(&check, "there is a main process", LANE_NONE, 0);
    }
    recording_deinit(&check.recording);
    return sound;
}
