/* SPDX-License-Identifier: MIT */
/*
 * flow - the arrows between lanes: who ended whose wait, and when.
 *
 * Flows are not recorded. They are a view over the spans: a span whose `by` is a lane is
 * the head of an arrow from that lane. The arrow arrives when the span ends; it leaves
 *
 *   - when the other gave up the GIL or the lock that was waited for: the winner gets
 *     there only after its wake-up latency;
 *   - when the other left the core that was waited for: a context switch earlier;
 *   - when the other task ended, whose end was waited for: its done callback comes later;
 *   - else at the same instant, with the system call that wakes. A future that another
 *     thread has set is set when the loop runs its callback; when the thread asked for that
 *     is not known any more.
 *
 * A recording of a window (recording.from_ns) knows of a release before it only since when
 * nobody has had the resource. That is when the arrow left, unless somebody had it for no
 * time at all meanwhile, which leaves no span.
 *
 * Waits that a timer or the outside world ended have no flow.
 */
#ifndef ENGINE_ANALYSIS_FLOW_H
#define ENGINE_ANALYSIS_FLOW_H

#include "engine/base/err.h"
#include "engine/record/recording.h"

enum flow_kind {
    FLOW_GIL,    /* dropped it: the other's wait_gil ended */
    FLOW_TAKEN,  /* took the GIL: the dropper's forced_wait ended */
    FLOW_LOCK,   /* released the lock */
    FLOW_OBJECT, /* put into the queue, set the event, ended, ... */
    FLOW_POLL,   /* woke an event loop out of its selector */
    FLOW_CORE,   /* left the core */
    FLOW_TASK,   /* set the future, released the asyncio lock, ended, cancelled */
    FLOW_KIND_COUNT
};

struct flow {
    sim_ns left_ns, at_ns; /* left <= at */
    lane_id from, to;
    enum flow_kind kind;
};

/* "gil", "taken", "lock", "object", "poll", "core", "task". */
const char *flow_kind_name(enum flow_kind kind);

/* True when the span is the head of an arrow. Cores have the first lanes of a run; a
 * recording without them, or without the resource, gives left = at. */
bool flow_of_span(const struct recording *recording, lane_id lane,
                  const struct span *span, struct flow *out);

/* The flows of all spans, by lane `to` and then by time. */
struct flow_list {
    struct flow *items;
    size_t count;
};
int flow_list_init(struct flow_list *out, const struct recording *recording,
                   struct err *err) WARN_UNUSED;
void flow_list_deinit(struct flow_list *list);

#endif
