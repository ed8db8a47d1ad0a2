/* SPDX-License-Identifier: MIT */
#include "engine/analysis/flow.h"

#include <assert.h>

#include "engine/base/memory.h"

static const char *const kind_names[] = {
    "gil", "taken", "lock", "object", "poll", "core", "task",
};
static_assert(sizeof kind_names / sizeof kind_names[0] == FLOW_KIND_COUNT, "a name each");

const char *flow_kind_name(enum flow_kind kind) { return kind_names[kind]; }

/* FLOW_KIND_COUNT: the end of such a span is nobody's doing. */
static enum flow_kind kind_of(enum lane_state state) {
    switch (state) {
    case STATE_WAIT_GIL:
        return FLOW_GIL;
    case STATE_FORCED_WAIT:
        return FLOW_TAKEN;
    case STATE_WAIT_LOCK:
    case STATE_SPIN:
        return FLOW_LOCK;
    case STATE_WAIT_OBJECT:
    case STATE_PAUSED:
    case STATE_IDLE:
        return FLOW_OBJECT;
    case STATE_IO:
        return FLOW_POLL;
    case STATE_READY:
        return FLOW_CORE;
    case STATE_AWAIT_FUTURE:
    case STATE_AWAIT_LOCK:
        return FLOW_TASK;
    default:
        return FLOW_KIND_COUNT;
    }
}

/* Where looking back from `at` begins: one past the last span that began before it. */
static size_t spans_before(const struct recorded_lane *lane, sim_ns at) {
    const size_t i = recorded_lane_find(lane, at);
    return i < lane->count && lane->spans[i].start_ns < at ? i + 1 : i;
}

/* When `from` last gave the resource up. If that was before the recording's window, the
 * window has the time since then in which nobody had it. */
static sim_ns released(const struct recording *recording, lane_id resource, lane_id from,
                       sim_ns at) {
    const struct recorded_lane *lane = &recording->lanes[resource];
    const size_t before = spans_before(lane, at);
    for (size_t i = before; i > 0; i--) {
        const struct span *span = &lane->spans[i - 1];
        if (span->state == STATE_HELD && span->resource == from && span->end_ns <= at) {
            return span->end_ns;
        }
    }
    const bool beyond = before == 1 && lane->spans[0].state == STATE_FREE &&
                        lane->spans[0].start_ns < recording->from_ns;
    return beyond ? lane->spans[0].start_ns : at;
}

/* When the core on which `to` arrives at `at` began to go there. */
static sim_ns core_left(const struct recording *recording, lane_id to, sim_ns at) {
    for (lane_id core = 0; recording_has_lane(recording, core, LANE_CORE); core++) {
        const struct recorded_lane *lane = &recording->lanes[core];
        const size_t i = recorded_lane_find(lane, at - 1);
        if (i < lane->count && lane->spans[i].end_ns == at &&
            lane->spans[i].state == STATE_SWITCH && lane->spans[i].resource == to) {
            return lane->spans[i].start_ns;
        }
    }
    return at;
}

/* Whose end was waited for is over before its done callback has run. */
static sim_ns alive_until(const struct recording *recording, lane_id from, sim_ns at) {
    const struct recorded_lane *lane = &recording->lanes[from];
    const sim_ns last = lane->count > 0 ? lane->spans[lane->count - 1].end_ns : at;
    return last < at ? last : at;
}

bool flow_of_span(const struct recording *recording, lane_id lane,
                  const struct span *span, struct flow *out) {
    const enum lane_kind lane_kind = recording->lanes[lane].kind;
    const enum flow_kind kind = kind_of((enum lane_state)span->state);
    if (span->by < 0 || (size_t)span->by >= recording->lane_count ||
        kind == FLOW_KIND_COUNT || (lane_kind != LANE_THREAD && lane_kind != LANE_TASK)) {
        return false;
    }
    struct flow flow = {span->end_ns, span->end_ns, span->by, lane, kind};
    if ((kind == FLOW_GIL && recording_has_lane(recording, span->resource, LANE_GIL)) ||
        (kind == FLOW_LOCK && recording_has_lane(recording, span->resource, LANE_LOCK))) {
        flow.left_ns = released(recording, span->resource, span->by, span->end_ns);
    } else if (kind == FLOW_CORE) {
        flow.left_ns = core_left(recording, lane, span->end_ns);
    } else if (kind == FLOW_TASK) {
        flow.left_ns = alive_until(recording, span->by, span->end_ns);
    }
    *out = flow;
    return true;
}

int flow_list_init(struct flow_list *out, const struct recording *recording,
                   struct err *err) {
    struct flow_list list = {0};
    size_t capacity = 0;
    for (size_t lane = 0; lane < recording->lane_count; lane++) {
        const struct recorded_lane *it = &recording->lanes[lane];
        for (size_t i = 0; i < it->count; i++) {
            struct flow flow;
            if (!flow_of_span(recording, (lane_id)lane, &it->spans[i], &flow)) {
                continue;
            }
            if (vec_reserve((void **)&list.items, &capacity, list.count,
                            sizeof *list.items) != 0) {
                flow_list_deinit(&list);
                return err_set_nomem(err);
            }
            list.items[list.count++] = flow;
        }
    }
    *out = list;
    return 0;
}

void flow_list_deinit(struct flow_list *list) {
    memory_free(list->items);
    *list = (struct flow_list){0};
}
