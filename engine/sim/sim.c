/* SPDX-License-Identifier: MIT */
#include "engine/sim/sim.h"

enum {
    STILL_STEPS_MAX = 5000000, /* in which the clock stands still */
    STEPS_PER_TRANSITION = 256 /* that count as one, when they change no lane */
};

void sim_deinit(struct sim *sim) { event_queue_deinit(&sim->queue); }

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
    sim->shows = sim->shows || recorder_wants_open(sim->recorder);
}

void sim_run(struct sim *sim) {
    while (sim_step(sim)) {
        const sim_ns next = event_queue_next(&sim->queue);
        if (next == SIM_NEVER) {
            sim_stop(sim, SIM_NOTHING_LEFT);
        } else if (next > sim->limit_ns) {
            sim->now = sim->limit_ns;
            sim_stop(sim, SIM_LIMIT_TIME);
        } else {
            if (sim->shows && next > sim->now) {
                sim->shows = false;
                recorder_show(sim->recorder, sim->now);
            }
            struct event *event = event_queue_pop(&sim->queue, &sim->now);
            event->fire(event);
        }
    }
    sim_look_at_limits(sim); /* a failure of the last steps must not pass as success */
    if (recorder_failed(sim->recorder)) {
        sim->end = SIM_RECORDER_FAILED;
    }
}
