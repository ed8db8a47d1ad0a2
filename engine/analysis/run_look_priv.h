/* SPDX-License-Identifier: MIT */
/* run_look_priv - shows a world to the watcher of its run. Inside analysis only. */
#ifndef ENGINE_ANALYSIS_RUN_LOOK_PRIV_H
#define ENGINE_ANALYSIS_RUN_LOOK_PRIV_H

#include "engine/analysis/run_watcher.h"
#include "engine/python/world.h"

struct run_look {
    const struct world *world;
    const struct run_watcher *watcher;
    struct histogram *lengths; /* scratch, LENGTHS_COUNT; NULL until somebody looks */
};

/* For world_spec; lives as long as `look`. */
struct sim_watcher run_look_watcher(struct run_look *look);
void run_look_deinit(struct run_look *look);

#endif
