/* SPDX-License-Identifier: MIT */
/* strategy_priv - one builder per strategy: makes the main thread's program in the arena.
 */
#ifndef ENGINE_STRATEGY_STRATEGY_PRIV_H
#define ENGINE_STRATEGY_STRATEGY_PRIV_H

#include "engine/program/action.h"
#include "engine/python/world.h"

/* ERR_NOMEM when the arena is full; *main is written on success. */
typedef int (*strategy_builder)(struct world *world, struct program *main);

int strategy_build_actors(struct world *world, struct program *main) WARN_UNUSED;
int strategy_build_sequential(struct world *world, struct program *main) WARN_UNUSED;
int strategy_build_threads(struct world *world, struct program *main) WARN_UNUSED;
int strategy_build_asyncio(struct world *world, struct program *main) WARN_UNUSED;
int strategy_build_processes(struct world *world, struct program *main) WARN_UNUSED;
int strategy_build_nested(struct world *world, struct program *main) WARN_UNUSED;
int strategy_build_interpreters(struct world *world, struct program *main) WARN_UNUSED;

#endif
