/* SPDX-License-Identifier: MIT */
/*
 * memory_estimate - how much memory a run would need at its worst instant.
 *
 * An estimate: what was alive, each with the runtime's price for it (process_bytes,
 * fork_bytes, thread_bytes, asyncio_bytes, task_bytes; their sources are in
 * engine/python/runtime_table.c). The first process is a whole interpreter; every other
 * one is forked and costs what it does not share. A process pays for its main thread and
 * for asyncio once, and keeps asyncio until it ends. What the program itself keeps
 * (payloads, results, modules) is not in it, nor is the process at the other end of a
 * socket, nor native threads inside C calls: those have no thread state and no Python
 * heap, and what they touch of their stacks is a few pages.
 */
#ifndef ENGINE_ANALYSIS_MEMORY_ESTIMATE_H
#define ENGINE_ANALYSIS_MEMORY_ESTIMATE_H

#include "engine/base/err.h"

#include <stdint.h>

struct world;

/* Of a run that has ended, whose recorder still has its lanes, or of one that goes on, so far.
 * ERR_NOMEM. */
int memory_estimate_peak(const struct world *world, int64_t *bytes,
                         struct err *err) WARN_UNUSED;

#endif
