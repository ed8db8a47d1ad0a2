/* SPDX-License-Identifier: MIT */
#include "engine/os/machine.h"

#include <string.h>

#define NS(member) offsetof(struct machine, member)

const struct field machine_fields[] = {
    {"cores", NS(cores), FIELD_COUNT, 1, MACHINE_MAX_CORES,
     "cores that the program may use; one hardware thread each", "the machine"},
    {"all_cores_speed", NS(all_cores_speed_ppm), FIELD_RATIO, 0.01, 1,
     "speed of each core when all are busy, where one busy core alone has speed 1; "
     "linear in "
     "between",
     "desktop: all-core over single-core turbo of current 8-core parts; virtual machine: "
     "tests/fidelity, busy_cores"},
    {"context_switch_us", NS(context_switch_ns), FIELD_US, 0, 1e6,
     "core time to go from one thread to another",
     "perf bench sched pipe -T, pinned: 1.47 us a switch"},
    {"wake_warm_us", NS(wake_warm_ns), FIELD_US, 0, 1e6,
     "from a wake-up until the thread runs, on a core that was idle for less than "
     "idle_after_us (median)",
     "desktop: 2-5 us, from 2.7 us a handoff over a socket pair; virtual machine: "
     "tests/fidelity, pingpong of 3.13t"},
    {"wake_idle_us", NS(wake_idle_ns), FIELD_US, 0, 1e6,
     "the same on a core idle for longer than idle_after_us",
     "desktop: warm + exit latency of C1E, Linux drivers/idle/intel_idle.c skl_cstates; "
     "virtual machine: tests/fidelity, sleep_overshoot of 1 ms less the timer slack"},
    {"wake_deep_us", NS(wake_deep_ns), FIELD_US, 0, 1e6,
     "the same on a core idle for longer than deep_after_us",
     "desktop: warm + exit latency of C6, intel_idle.c skl_cstates; virtual machine: "
     "sleep_overshoot of 10 ms less the timer slack"},
    {"idle_after_us", NS(idle_after_ns), FIELD_US, 0, 1e9,
     "idle time after which a core leaves its shallow state",
     "target residency of C1E, intel_idle.c skl_cstates; virtual machine: halt polling"},
    {"deep_after_us", NS(deep_after_ns), FIELD_US, 0, 1e9,
     "idle time after which a core is in its deep state",
     "target residency of C6, intel_idle.c skl_cstates"},
    {"wake_spread", NS(wake_spread_ppm), FIELD_RATIO, 0, 3,
     "sigma of the lognormal noise on each wake-up latency and on each timer's slack; 0 "
     "= none",
     "tests/fidelity: p90 / p50 of sleep_overshoot"},
    {"timer_slack_us", NS(timer_slack_ns), FIELD_US, 0, 1e6,
     "how much later than asked a timed wait ends: high-resolution timers expire at the "
     "far "
     "end of their slack; coalescing with other timers is not modelled",
     "Linux PR_SET_TIMERSLACK(2): 50 us for normal threads"},
    {"slice_us", NS(slice_ns), FIELD_US, 1, 1e9,
     "time for which a running thread is protected while others want its core",
     "Linux 6.15+ kernel/sched/fair.c: base slice 0.70 ms x (1 + log2 of up to 8 CPUs)"},
    {"tick_us", NS(tick_ns), FIELD_US, 0, 1e9,
     "the end of a slice is noticed at a multiple of this; 0 = at once",
     "CONFIG_HZ=250 of Debian's kernel"},
    {"futex_wake_us", NS(futex_wake_ns), FIELD_US, 0, 1e6,
     "CPU time the waker pays to wake one thread", "1-2 us, estimate"},
    {"futex_empty_us", NS(futex_empty_ns), FIELD_US, 0, 1e6,
     "CPU time of a futex wake when nobody sleeps", "about 80 ns on a desktop"},
    {"futex_wait_us", NS(futex_wait_ns), FIELD_US, 0, 1e6,
     "CPU time a woken thread pays to leave the wait", "estimate"},
    {"sched_yield_us", NS(sched_yield_ns), FIELD_US, 0, 1e6,
     "CPU time of a sched_yield() with nobody to yield to", "estimate: a system call"},
    {"line_transfer_us", NS(line_transfer_ns), FIELD_US, 0, 1e6,
     "time to get a cache line that another core has written",
     "40 - 100 cycles between cores of one die, 300 between dies (independent study, "
     "2026); "
     "3 GHz; virtual machine: the upper end, chosen with a measured race in sight"},
    {"syscall_us", NS(syscall_ns), FIELD_US, 0, 1e6,
     "CPU time of a short system call such as epoll_wait or a wake-up byte", "estimate"},
    {"thread_create_us", NS(thread_create_ns), FIELD_US, 0, 1e6,
     "CPU time of clone() in the creating thread",
     "25 us start of a thread on a laptop, 3.14 (independent study, 2026)"},
    {"fork_us", NS(fork_ns), FIELD_US, 0, 1e7, "CPU time of fork() in the parent",
     "os.fork + wait 0.81 ms on a laptop, 3.14 (independent study, 2026)"},
    {"process_exit_us", NS(process_exit_ns), FIELD_US, 0, 1e7,
     "CPU time of a child process from the end of its work until the parent knows",
     "estimate"},
};
const size_t machine_field_count = sizeof machine_fields / sizeof machine_fields[0];

const struct machine_profile machine_profiles[] = {
    {"ideal",
     "Ideal: everything but the program itself is free",
     {
         .cores = 4,
         .all_cores_speed_ppm = 1000000,
         .idle_after_ns = 1000000000,
         .deep_after_ns = 1000000000,
         .slice_ns = 2800000,
     }},
    {"linux-desktop",
     "Linux desktop, 8 cores",
     {
         .cores = 8,
         .all_cores_speed_ppm = 900000,
         .context_switch_ns = 1470,
         .wake_warm_ns = 3000,
         .wake_idle_ns = 13000,
         .wake_deep_ns = 88000,
         .idle_after_ns = 20000,
         .deep_after_ns = 200000,
         .wake_spread_ppm = 150000,
         .timer_slack_ns = 50000,
         .slice_ns = 2800000,
         .tick_ns = 4000000,
         .futex_wake_ns = 1000,
         .futex_empty_ns = 80,
         .sched_yield_ns = 300,
         .line_transfer_ns = 30,
         .futex_wait_ns = 500,
         .syscall_ns = 500,
         .thread_create_ns = 15000,
         .fork_ns = 500000,
         .process_exit_ns = 200000,
     }},
    {"linux-vm-2",
     "Linux virtual machine, 2 cores",
     {
         .cores = 2,
         .all_cores_speed_ppm = 950000,
         .context_switch_ns = 2000,
         .wake_warm_ns = 16000,
         .wake_idle_ns = 70000,
         .wake_deep_ns = 140000,
         .idle_after_ns = 50000,
         .deep_after_ns = 5000000,
         .wake_spread_ppm = 200000,
         .timer_slack_ns = 50000,
         .slice_ns = 1400000,
         .tick_ns = 4000000,
         .futex_wake_ns = 2000,
         .futex_empty_ns = 200,
         .sched_yield_ns = 500,
         .line_transfer_ns = 100,
         .futex_wait_ns = 1000,
         .syscall_ns = 1000,
         .thread_create_ns = 40000,
         .fork_ns = 1200000,
         .process_exit_ns = 500000,
     }},
};
const size_t machine_profile_count = sizeof machine_profiles / sizeof machine_profiles[0];

const struct machine_profile *machine_profile_find(const char *name) {
    for (size_t i = 0; i < machine_profile_count; i++) {
        if (strcmp(machine_profiles[i].name, name) == 0) {
            return &machine_profiles[i];
        }
    }
    return NULL;
}
