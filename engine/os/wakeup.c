/* SPDX-License-Identifier: MIT */
#include "engine/os/wakeup_priv.h"

#include "engine/base/real.h"

/* --- when ---------------------------------------------------------------------- */

/* `median` with the profile's lognormal noise; `key` names the draw. */
static sim_ns with_noise(const struct cpu *cpu, sim_ns median, uint64_t key) {
    if (cpu->machine->wake_spread_ppm == 0 || median == 0) {
        return median;
    }
    const double sigma = (double)cpu->machine->wake_spread_ppm * 1e-6;
    return (sim_ns)((double)median * real_exp(sigma * random_normal(key)) + 0.5);
}

uint64_t cpu_noise_key(const struct cpu *cpu, enum random_domain about, uint32_t number) {
    return random_mix(random_mix(cpu->sim->random_key, about), number);
}

void os_thread_set_noise(struct os_thread *thread, uint32_t number) {
    thread->timer_noise = cpu_noise_key(thread->cpu, RANDOM_TIMER, number);
}

/* How long the core could sleep: a physical core sleeps as its shallower sibling does
 * (Intel SDM volume 3, thermal and power management: core-level C-states). */
static sim_ns idle_time(const struct core *core) {
    const struct core *sibling = core->sibling;
    if (sibling != NULL && sibling->busy) {
        return 0;
    }
    const bool later = sibling != NULL && sibling->idle_since > core->idle_since;
    return core->cpu->sim->now - (later ? sibling->idle_since : core->idle_since);
}

sim_ns core_wake_latency(struct core *core) {
    const struct machine *machine = core->cpu->machine;
    const sim_ns idle = idle_time(core);
    const sim_ns median = idle >= machine->deep_after_ns   ? machine->wake_deep_ns
                          : idle >= machine->idle_after_ns ? machine->wake_idle_ns
                                                           : machine->wake_warm_ns;
    return with_noise(core->cpu, median, random_next(&core->wake_noise));
}

static sim_ns slack_of(const struct machine *machine, sim_ns ns) {
    const int64_t share_ppm = machine->timer_slack_share_ppm;
    if (share_ppm == 0 || ns > machine->timer_slack_ns * FULL_SPEED_PPM / share_ppm) {
        return machine->timer_slack_ns;
    }
    return ns * share_ppm / FULL_SPEED_PPM;
}

sim_ns os_thread_timer_due(struct os_thread *thread, sim_ns ns) {
    struct cpu *cpu = thread->cpu;
    const sim_ns late =
        with_noise(cpu, slack_of(cpu->machine, ns), random_next(&thread->timer_noise));
    return sim_add(sim_add(cpu->sim->now, ns), late);
}

sim_ns core_line_transfer(struct core *core) {
    const struct machine *machine = core->cpu->machine;
    if (machine->line_spread_ppm == 0) {
        return machine->line_transfer_ns;
    }
    const uint64_t key = random_next(&core->line_noise);
    const double spread = (double)machine->line_spread_ppm * 1e-6;
    const double share = 1.0 + spread * (2.0 * random_unit(key) - 1.0);
    return (sim_ns)((double)machine->line_transfer_ns * share + 0.5);
}

/* So many at most have noise of their own: a document may ask for a tick each nanosecond. */
enum { DRAWN_TICKS = 16 };

/* Interrupts are short, but some drag work of the kernel behind them. */
static sim_ns interrupt_ns(const struct core *core, sim_ns tick) {
    const struct machine *machine = core->cpu->machine;
    const uint64_t key =
        random_mix(cpu_noise_key(core->cpu, RANDOM_TICK, core->index), (uint64_t)tick);
    const double sigma = (double)machine->tick_spread_ppm * 1e-6;
    return (sim_ns)((double)machine->tick_cost_ns * real_exp(sigma * random_normal(key)) +
                    0.5);
}

sim_ns os_thread_interrupts(const struct os_thread *thread, sim_ns ns) {
    const struct machine *machine = thread->cpu->machine;
    if (machine->tick_ns == 0 || machine->tick_cost_ns == 0) {
        return 0;
    }
    const sim_ns now = thread->cpu->sim->now;
    const sim_ns first = now / machine->tick_ns + 1;
    const sim_ns ticks = sim_add(now, ns) / machine->tick_ns + 1 - first;
    const sim_ns drawn = ticks < DRAWN_TICKS ? ticks : DRAWN_TICKS;
    sim_ns sum = (ticks - drawn) * machine->tick_cost_ns;
    for (sim_ns i = 0; i < drawn; i++) {
        sum += interrupt_ns(thread->core, first + i);
    }
    return sum;
}

/* --- where --------------------------------------------------------------------- */

static bool is_idle(const struct core *core) { return core->current == NULL; }

static bool is_idle_with_sibling(const struct core *core) {
    return is_idle(core) && (core->sibling == NULL || is_idle(core->sibling));
}

/* One of the `count` > 0 cores of that kind, as the chooser decides. */
static struct core *choose_core(const struct cpu *cpu, uint32_t count,
                                bool (*is_candidate)(const struct core *core)) {
    uint32_t nth = chooser_choose(cpu->sim->chooser, CHOICE_IDLE_CORE, count);
    for (uint32_t i = 0;; i++) {
        if (is_candidate(&cpu->cores[i]) && nth-- == 0) {
            return &cpu->cores[i];
        }
    }
}

/* select_idle_sibling() */
struct core *cpu_find_idle_core(const struct cpu *cpu, const struct os_thread *thread) {
    struct core *last = thread->last_core;
    if (last != NULL && is_idle(last)) {
        return last;
    }
    if (cpu->machine->smt_threads == 2) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < cpu->core_count; i++) {
            count += is_idle_with_sibling(&cpu->cores[i]);
        }
        if (count > 0) {
            return choose_core(cpu, count, is_idle_with_sibling);
        }
        if (last != NULL && last->sibling != NULL && is_idle(last->sibling)) {
            return last->sibling;
        }
    }
    return choose_core(cpu, cpu->idle_count, is_idle);
}
