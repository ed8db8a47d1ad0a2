/* SPDX-License-Identifier: MIT */
/*
 * sim - the clock: runs events in order until the run ends.
 *
 * Whoever runs on a core may also advance the clock itself (sim_try_advance) while
 * nothing else is due before, which saves the way through the queue. Both ways give the
 * same order, and both pass the end of a moment, where nothing of it is left to happen: what
 * somebody wants to see of the run while it goes on is shown there.
 *
 * A run ends when sim_stop() is called (the main thread ended), when a limit is reached,
 * when it is cancelled, when the recorder fails, or when nothing is left to happen (a
 * deadlock).
 */
#ifndef ENGINE_SIM_SIM_H
#define ENGINE_SIM_SIM_H

#include "engine/record/recorder.h"
#include "engine/sim/chooser.h"
#include "engine/sim/event_queue.h"

#include <stdatomic.h>

enum sim_end {
    SIM_RUNNING,
    SIM_FINISHED,     /* sim_stop() */
    SIM_LIMIT_TIME,   /* virtual time */
    SIM_LIMIT_EVENTS, /* transitions, or 256 times as many steps that change no lane */
    SIM_LIMIT_SPANS,  /* closed spans, recorded or not */
    SIM_LIMIT_STEPS,  /* steps in which the clock stood still: a program that does nothing
                       */
    SIM_CANCELLED,
    SIM_RECORDER_FAILED, /* or out of memory elsewhere */
    SIM_NOTHING_LEFT,
    SIM_RAISED /* an exception that nobody catches */
};

/* Whoever looks at the run while it goes on, and does not change it. Answered yes, `wants` is
 * asked again when the end of a moment was shown. */
struct sim_watcher {
    void *context;
    bool (*wants)(void *context);
    void (*show)(void *context);
};

struct sim {
    sim_ns now;
    struct event_queue queue;
    struct recorder *recorder;
    const struct chooser *chooser;     /* NULL = the default */
    const atomic_bool *cancel;         /* NULL = never */
    const struct sim_watcher *watcher; /* NULL = nobody looks */
    sim_ns limit_ns;
    sim_ns unseen_ns; /* limit_ns, or below all times when this moment is to be shown */
    uint64_t limit_transitions;
    uint64_t limit_spans;
    uint64_t random_key; /* root key of the run */
    uint64_t steps;
    sim_ns seen_ns; /* the clock at the last look, and the steps until it moved */
    uint64_t steps_at_seen;
    enum sim_end end;
    bool shows_recording, shows_run; /* at the end of this moment */
};

void sim_deinit(struct sim *sim);

/* Runs until the end; sets sim->end. */
void sim_run(struct sim *sim);

static inline void sim_stop(struct sim *sim, enum sim_end why) {
    if (sim->end == SIM_RUNNING) {
        sim->end = why;
    }
}

/* Looks at limits and `cancel`, and ends the run if need be. */
void sim_look_at_limits(struct sim *sim);

enum { SIM_LOOK_EVERY = 1024 }; /* steps between two looks; a power of two */

/* Counts one step of anything. False when the run must end: the caller returns to
 * sim_run() without doing more. */
static inline bool sim_step(struct sim *sim) {
    if ((++sim->steps & (SIM_LOOK_EVERY - 1)) == 0) {
        sim_look_at_limits(sim);
    }
    return sim->end == SIM_RUNNING;
}

/* Leaves the moment for `to`: shows it to who wants to see it. False beyond the limit. */
bool sim_leave_moment(struct sim *sim, sim_ns to);

/* Moves the clock to `to` and returns true, unless something else is due before or then.
 */
static inline bool sim_try_advance(struct sim *sim, sim_ns to) {
    if (to >= event_queue_next(&sim->queue) ||
        (to > sim->unseen_ns && !sim_leave_moment(sim, to))) {
        return false;
    }
    sim->now = to;
    return true;
}

static inline void sim_schedule(struct sim *sim, struct event *event, sim_ns at) {
    event_queue_push(&sim->queue, event, at);
}

static inline void sim_cancel_event(struct sim *sim, struct event *event) {
    if (event_is_pending(event)) {
        event_queue_remove(&sim->queue, event);
    }
}

/* Like cancelling a pending event and scheduling it again. */
static inline void sim_move_event(struct sim *sim, struct event *event, sim_ns at) {
    event_queue_move(&sim->queue, event, at);
}

static inline void sim_switch(struct sim *sim, lane_id lane, struct activity next,
                              lane_id by) {
    recorder_switch(sim->recorder, sim->now, lane, next, by);
}

static inline void sim_instant(struct sim *sim, lane_id lane, enum instant_kind kind,
                               lane_id by) {
    recorder_instant(sim->recorder, sim->now, lane, kind, by);
}

static inline void sim_count(struct sim *sim, lane_id lane, enum counter_kind kind,
                             int64_t value) {
    recorder_count(sim->recorder, sim->now, lane, kind, value);
}

/* a + b for durations that come from a document; stays below SIM_NEVER. */
static inline sim_ns sim_add(sim_ns a, sim_ns b) {
    sim_ns sum;
    return __builtin_add_overflow(a, b, &sum) || sum == SIM_NEVER ? SIM_NEVER - 1 : sum;
}

#endif
