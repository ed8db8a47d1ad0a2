/* SPDX-License-Identifier: MIT */
/*
 * recording - a sink that keeps spans in memory, lane by lane: what analyses of a
 * finished run look at.
 *
 * The spans of a lane follow one another in time. They come from the recorder itself, or
 * from stored chunks, a window of them perhaps. What is not wanted is not kept: kinds of
 * lanes that are not in the mask, and spans that do not touch the window.
 */
#ifndef ENGINE_RECORD_RECORDING_H
#define ENGINE_RECORD_RECORDING_H

#include "engine/record/sink.h"

#include <stdbool.h>
#include <stddef.h>

struct span {
    sim_ns start_ns, end_ns;
    lane_id resource, by;
    site_id site;
    uint8_t state; /* enum lane_state */
};

struct recorded_lane {
    struct span *spans; /* in the order of time */
    size_t count, capacity;
    lane_id parent;
    enum lane_kind kind;
    bool was_held; /* somebody held it at some time: it has holders to blame */
};

struct recording {
    struct recorded_lane *lanes; /* by id */
    size_t lane_count, lane_capacity;
    size_t span_count, span_limit;
    uint32_t kinds;        /* bit 1 << kind: keep lanes of that kind */
    sim_ns from_ns, to_ns; /* keep spans that touch [from, to) */
    struct sink sink;
};

/* Everything; change the filters before anything comes. `recording` must not move. */
void recording_init(struct recording *recording);
void recording_deinit(struct recording *recording);

/* Lanes and spans, by hand; in the order in which a sink gets them. ERR_NOMEM; ERR_LIMIT
 * when span_limit is exceeded. */
int recording_add_lane(struct recording *recording, const struct lane *lane,
                       struct err *err) WARN_UNUSED;
int recording_add_spans(struct recording *recording, const struct span_chunk *chunk,
                        struct err *err) WARN_UNUSED;

static inline bool recording_has_lane(const struct recording *recording, lane_id lane,
                                      enum lane_kind kind) {
    return lane >= 0 && (size_t)lane < recording->lane_count &&
           recording->lanes[lane].kind == kind;
}

/* True of the states in which a lane's resource is who has it: a held GIL or lock, and a
 * process whose threads were all stopped by one of them. */
static inline bool lane_is_held(enum lane_kind kind, enum lane_state state) {
    return state == STATE_HELD || (kind == LANE_PROCESS && state == STATE_PAUSED);
}

/* Position of the first span of a lane that ends after `at`; the lane's count if none. */
size_t recorded_lane_find(const struct recorded_lane *lane, sim_ns at);

#endif
