/* SPDX-License-Identifier: MIT */
/*
 * recorder - takes every change of state of every lane, once.
 *
 * It keeps what is true at this instant (the open span of each lane), adds up the time of
 * each state per lane, folds every transition into the fingerprint, and - if there is a
 * sink - gives closed spans away in chunks. The scheduler calls it with times that never
 * decrease.
 *
 * Some kinds of spans are counted by length, too: see enum span_lengths. A histogram and
 * the lanes therefore always agree: as many values as there are spans, with the same sum.
 *
 * The fingerprint is taken whether or not anything is recorded: it covers (time, lane,
 * state, resource) of every transition in the order in which they happen, and instants.
 *
 * An error (out of memory, or the sink's) is kept; after it nothing is recorded any more
 * and the scheduler ends the run at its next look at recorder_failed().
 */
#ifndef ENGINE_RECORD_RECORDER_H
#define ENGINE_RECORD_RECORDER_H

#include "engine/base/histogram.h"
#include "engine/record/lane_table.h"
#include "engine/record/sink.h"

#include <stdbool.h>

struct recorder;

/* What a lane is doing from now on. */
struct activity {
    enum lane_state state;
    lane_id resource;
    site_id site;
};

/* Which spans have a histogram of their lengths. One that was still open at the end of the
 * run counts with the length that it had then. */
enum span_lengths {
    LENGTHS_GIL_HOLD,  /* GIL lanes, held: from a grant to the release */
    LENGTHS_GIL_WAIT,  /* wait_gil: one take_gil, however many timed waits it has */
    LENGTHS_LOCK_HOLD, /* lock lanes, held */
    LENGTHS_LOCK_WAIT, /* wait_lock, await_lock, spin: who spins and then sleeps has two of them */
    LENGTHS_COUNT
};

/* `sink` may be NULL (summary only) and is borrowed for the recorder's life. */
int recorder_create(struct recorder **out, const struct sink *sink,
                    struct err *err) WARN_UNUSED;
void recorder_destroy(struct recorder *recorder);

struct lane_birth {
    enum lane_kind kind;
    lane_id parent;
    const char *name; /* cut after 47 bytes, never inside a UTF-8 character */
    struct activity first;
};

/* A new lane; its id, or LANE_NONE after a failure. */
lane_id recorder_open_lane(struct recorder *recorder, sim_ns now,
                           const struct lane_birth *birth);

/* recorder_switch() with the activity in registers, since a struct of this size would go
 * through memory. `doing`: of lane_doing(). */
void recorder_switch_packed(struct recorder *recorder, sim_ns now, lane_id lane,
                            uint64_t doing, site_id site, lane_id by);

/*
 * The lane changes to `next` at `now`. `by` is the lane of the thread that ended the span
 * which was open until now (who woke, released, handed over), or LANE_NONE. A change to
 * exactly the same activity is no transition.
 */
static inline void recorder_switch(struct recorder *recorder, sim_ns now, lane_id lane,
                                   struct activity next, lane_id by) {
    recorder_switch_packed(recorder, now, lane, lane_doing(next.state, next.resource),
                           next.site, by);
}

/* The lane's life ends at `now`. */
void recorder_close_lane(struct recorder *recorder, sim_ns now, lane_id lane);

void recorder_instant(struct recorder *recorder, sim_ns now, lane_id lane,
                      enum instant_kind kind, lane_id by);

/* From now on the counter has this value; nothing without a sink that wants counters, and
 * never part of the fingerprint. Those that are numbers of spans (lane.h) are counted here. */
void recorder_count(struct recorder *recorder, sim_ns now, lane_id lane,
                    enum counter_kind kind, int64_t value);

/* Likewise, larger by so much; and by one at each of `count` times, which ascend from now on
 * and are borrowed until recorder_finish(): one counter of a run can have such times. */
void recorder_count_by(struct recorder *recorder, sim_ns now, lane_id lane,
                       enum counter_kind kind, int64_t by);
void recorder_count_at(struct recorder *recorder, lane_id lane, enum counter_kind kind,
                       const sim_ns *at, size_t count);

/* Whether the sink wants to see chunks that are not full; then recorder_show() is due at the
 * end of the present moment: with a sink, and nothing may happen at `now` any more. */
bool recorder_wants_open(const struct recorder *recorder);
void recorder_show(struct recorder *recorder, sim_ns now);

/* Closes every lane that is still open and hands the last chunks to the sink. */
int recorder_finish(struct recorder *recorder, sim_ns now, struct err *err) WARN_UNUSED;

bool recorder_failed(const struct recorder *recorder);
uint64_t recorder_fingerprint(const struct recorder *recorder);
uint64_t recorder_transitions(const struct recorder *recorder);
uint64_t recorder_spans(const struct recorder *recorder);

/* What was measured per lane; complete after recorder_finish(). */
const struct lane_table *recorder_lanes(const struct recorder *recorder);
/* Hands it over; the recorder is good for nothing but its numbers afterwards. */
struct lane_table recorder_steal_lanes(struct recorder *recorder) WARN_UNUSED;

/* Lengths of spans; NULL when there was none. */
const struct histogram *recorder_lengths(const struct recorder *recorder,
                                         enum span_lengths which);

/* The same before the end, of all kinds: what is open counts with the length that it has at
 * `now`, as if the run ended then. */
void recorder_lengths_until(const struct recorder *recorder, sim_ns now,
                            struct histogram out[LENGTHS_COUNT]);

#endif
