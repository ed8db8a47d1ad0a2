/* SPDX-License-Identifier: MIT */
/*
 * finding_deadlock - who waits for whom at the end of a run.
 *
 * Every lane keeps what it did last. A thread or task that waits then for a lock waits for
 * its holder; one that waits for the end of another waits for that. Each waits for one
 * thing, so that following the arrows from anywhere ends nowhere or in a circle:
 *
 *     A --wants--> lock 2 --held by--> B --wants--> lock 1 --held by--> A
 *
 * In the circle nobody can ever go on, whatever the others do: none of these waits has a
 * time-out. Two threads may be caught in one while the rest of the program goes on.
 */
#include "engine/analysis/finding_priv.h"

#include "engine/base/memory.h"

static const uint32_t WAITS = UINT32_C(1) << STATE_WAIT_LOCK | UINT32_C(1) << STATE_SPIN |
                              UINT32_C(1) << STATE_WAIT_OBJECT |
                              UINT32_C(1) << STATE_AWAIT_LOCK |
                              UINT32_C(1) << STATE_AWAIT_FUTURE;

static bool can_wait(enum lane_kind kind) {
    return kind == LANE_THREAD || kind == LANE_TASK;
}

static bool is_lane(const struct lane_table *lanes, lane_id lane) {
    return lane >= 0 && (size_t)lane < lanes->count;
}

/* Who has what the lane wants at the end of the run; LANE_NONE: nobody, or it does not
 * wait. */
static lane_id waits_for(const struct scene_of_run *run, lane_id waiter) {
    const struct lane_table *lanes = &run->result->lanes;
    const uint64_t doing = lanes->present[waiter].doing;
    const lane_id resource = lane_resource_of(doing);
    if (!can_wait(lane_table_kind(lanes, waiter)) ||
        (WAITS >> lane_state_of(doing) & 1) == 0 ||
        lane_table_died(lanes, waiter) < run->result->duration_ns ||
        !is_lane(lanes, resource)) {
        return LANE_NONE;
    }
    if (can_wait(lane_table_kind(lanes, resource))) {
        return resource; /* its end, or its answer */
    }
    const uint64_t held = lanes->present[resource].doing;
    const bool is_held = lane_table_kind(lanes, resource) == LANE_LOCK &&
                         lane_state_of(held) == STATE_HELD;
    return is_held && is_lane(lanes, lane_resource_of(held)) ? lane_resource_of(held)
                                                             : LANE_NONE;
}

/* A lane of the first circle that can be reached; LANE_NONE: there is none. `seen` has a
 * zero for each lane. */
static lane_id find_circle(const struct scene_of_run *run, uint32_t *seen) {
    const size_t count = run->result->lanes.count;
    for (lane_id first = 0; (size_t)first < count; first++) {
        const uint32_t walk = (uint32_t)first + 1;
        lane_id at = first;
        while (at != LANE_NONE && seen[at] == 0) {
            seen[at] = walk;
            at = waits_for(run, at);
        }
        if (at != LANE_NONE && seen[at] == walk && waits_for(run, at) != LANE_NONE) {
            return at;
        }
    }
    return LANE_NONE;
}

static int write_circle(const struct scene_of_run *run, lane_id first,
                        struct findings *out, struct err *err) {
    const struct lane_table *lanes = &run->result->lanes;
    lane_id least = first;
    size_t count = 1;
    for (lane_id at = waits_for(run, first); at != first; at = waits_for(run, at)) {
        least = at < least ? at : least;
        count++;
    }
    out->cycle = memory_zeroed(count, sizeof *out->cycle);
    if (out->cycle == NULL) {
        return err_set_nomem(err);
    }
    lane_id at = least;
    for (size_t i = 0; i < count; i++) {
        const struct lane_present *present = &lanes->present[at];
        const lane_id holder = waits_for(run, at);
        out->cycle[i] = (struct finding_edge){at, lane_resource_of(present->doing),
                                              holder, present->site};
        at = holder;
    }
    out->cycle_count = count;
    return 0;
}

/* The wait that closes the circle is the last one that began. */
static void prove_circle(const struct scene_of_run *run, const struct findings *out,
                         struct finding *finding) {
    const struct span *last = NULL;
    for (size_t i = 0; i < out->cycle_count; i++) {
        const struct finding_edge *edge = &out->cycle[i];
        const struct recorded_lane *lane =
            run->recording != NULL ? &run->recording->lanes[edge->waiter] : NULL;
        if (finding->lane == LANE_NONE) {
            finding->lane = edge->waiter;
            finding->culprit = edge->holder;
            finding->site = edge->site;
        }
        if (lane != NULL && lane->count > 0 &&
            (last == NULL || lane->spans[lane->count - 1].start_ns > last->start_ns)) {
            last = &lane->spans[lane->count - 1];
            finding_set_span(finding, edge->waiter, last);
            finding->culprit = edge->holder;
        }
    }
}

int finding_deadlock(const struct scene_of_run *run, struct finding *finding,
                     struct findings *out, struct err *err) {
    const size_t count = run->result->lanes.count;
    uint32_t *seen = memory_zeroed(count + 1, sizeof *seen);
    if (seen == NULL) {
        return err_set_nomem(err);
    }
    const lane_id first = find_circle(run, seen);
    memory_free(seen);
    if (first == LANE_NONE) {
        return 0;
    }
    const int rc = write_circle(run, first, out, err);
    if (rc == 0) {
        finding->number = (double)out->cycle_count;
        finding->severity = 1;
        prove_circle(run, out, finding);
        finding_add_value(finding, "since_us", in_us((double)finding->from_ns));
    }
    return rc;
}
