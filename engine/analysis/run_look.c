/* SPDX-License-Identifier: MIT */
#include "engine/analysis/run_look_priv.h"

#include "engine/analysis/measure.h"
#include "engine/base/memory.h"

static bool wants(void *context) {
    const struct run_look *look = context;
    return look->watcher->wants(look->watcher->context);
}

static int measure(struct run_look *look, double values[METRIC_COUNT]) {
    const struct sim *sim = &look->world->sim;
    if (look->lengths == NULL) {
        look->lengths = memory_zeroed(LENGTHS_COUNT, sizeof *look->lengths);
        if (look->lengths == NULL) {
            return ERR_NOMEM;
        }
    }
    recorder_lengths_until(sim->recorder, sim->now, look->lengths);
    return measure_run(look->world, look->lengths, values, NULL);
}

/* Who looks must not end the run: without memory nothing is shown. */
static void show(void *context) {
    struct run_look *look = context;
    const struct world *world = look->world;
    struct run_so_far so_far = {
        .now_ns = world->sim.now,
        .transitions = recorder_transitions(world->sim.recorder),
        .spans = recorder_spans(world->sim.recorder),
        .units = world->tally.latency.count,
    };
    if (measure(look, so_far.metric) == 0) {
        look->watcher->show(look->watcher->context, &so_far);
    }
}

struct sim_watcher run_look_watcher(struct run_look *look) {
    return (struct sim_watcher){.context = look, .wants = wants, .show = show};
}

void run_look_deinit(struct run_look *look) { memory_free(look->lengths); }
