/* SPDX-License-Identifier: MIT */
/*
 * wakeup_priv - where a woken thread goes and when it gets there; the part of cpu.h that
 * looks at cores and changes none.
 */
#ifndef ENGINE_OS_WAKEUP_PRIV_H
#define ENGINE_OS_WAKEUP_PRIV_H

#include "engine/base/random.h"
#include "engine/os/cpu.h"

/* The idle core for this thread; at least one core is idle. */
struct core *cpu_find_idle_core(const struct cpu *cpu, const struct os_thread *thread);

/* The key of a sequence of draws about `number`. */
uint64_t cpu_noise_key(const struct cpu *cpu, enum random_domain about, uint32_t number);

/* Latency of a wake-up on this idle core, with the profile's noise: a draw. */
sim_ns core_wake_latency(struct core *core);

/* What it takes to get a cache line from another core, with the profile's noise: a draw. */
sim_ns core_line_transfer(struct core *core);

#endif
