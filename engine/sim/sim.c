/* SPDX-License-Identifier: MIT */
#include "engine/sim/sim.h"

enum {
    STILL_STEPS_MAX = 5000000, /* in which the clock stands still */
    STEPS_PER_TRANSITION = 256 /* that count as one, when they change no lane */
};

void sim_deinit(struct sim *sim) { event_queue_deinit(&sim->queue); }

static void look_at_watchers(struct sim *sim) {
    const struct sim_watcher *watcher = sim->watcher;
    sim->shows_recording = sim->shows_recording || recorder_wants_open(sim->recorder);
    sim->shows_run =
        sim->shows_run || (watcher != NULL && watcher->wants(watcher->context));
    if (sim->shows_recording || sim->shows_run) {
        sim->unseen_ns = -1;
    }
}

bool sim_leave_moment(struct sim *sim, sim_ns to) {
    if (to > sim->limit_ns) {
        return false;
    }
    if (to == sim->now) {
        return true;
    }
    if (sim->shows_recording) {
        recorder_show(sim->recorder, sim->now);
    }
    if (sim->shows_run) {
        sim->watcher->show(sim->watcher->context);
    }
    sim->shows_recording = sim->shows_run = false;
    sim->unseen_ns = sim->limit_ns;
    return true;
}

void sim_look_at_limits(struct sim *sim) {
    const uint64_t transitions = recorder_transitions(sim->recorder);
    if (sim->now != sim->seen_ns) {
        sim->seen_ns = sim->now;
        sim->steps_at_seen = sim->steps;
    }
    if (sim->cancel != NULL && atomic_load_explicit(sim->cancel, memory_order_relaxed)) {
        sim_stop(sim, SIM_CANCELLED);
    } else if (recorder_failed(sim->recorder)) {
        sim_stop(sim, SIM_RECORDER_FAILED);
    } else if (transitions > sim->limit_transitions ||
               sim->steps / STEPS_PER_TRANSITION > sim->limit_transitions) {
        sim_stop(sim, SIM_LIMIT_EVENTS);
    } else if (recorder_spans(sim->recorder) > sim->limit_spans) {
        sim_stop(sim, SIM_LIMIT_SPANS);
    } else if (sim->steps - sim->steps_at_seen > STILL_STEPS_MAX) {
        sim_stop(sim, SIM_LIMIT_STEPS);
    }
    look_at_watchers(sim);
}

void sim_run(struct sim *sim) {
    while (sim_step(sim)) {
        const sim_ns next = event_queue_next(&sim->queue);
        if (next == SIM_NEVER) {
            sim_stop(sim, SIM_NOTHING_LEFT);
        } else if (next > sim->unseen_ns && !sim_leave_moment(sim, next)) {
            sim->now = sim->limit_ns;
            sim_stop(sim, SIM_LIMIT_TIME);
        } else {
            struct event *event = event_queue_pop(&sim->queue, &sim->now);
            event->fire(event);
        }
    }
    sim_look_at_limits(sim); /* a failure of the last steps must not pass as success */
    if (recorder_failed(sim->recorder)) {
        sim->end = SIM_RECORDER_FAILED;
    }
}
