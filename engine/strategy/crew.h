/* SPDX-License-Identifier: MIT */
/*
 * crew - the program of a main thread that starts threads and processes in order, then joins
 * those that are no daemons.
 */
#ifndef ENGINE_STRATEGY_CREW_H
#define ENGINE_STRATEGY_CREW_H

#include "engine/strategy/process_start.h"

/* Arrays of `count`; all of them live in the run's arena. */
struct crew_spec {
    struct thread_spec *specs;
    const bool *daemon; /* NULL: none is */
    struct process_starter *
        *starters; /* of processes; NULL, or an element NULL: threads */
    uint32_t count;
};

/* ERR_NOMEM */
int crew_build(struct world *world, const struct crew_spec *spec,
               struct program *program) WARN_UNUSED;

#endif
