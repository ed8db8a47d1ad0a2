/* SPDX-License-Identifier: MIT */
#include "engine/os/machine.h"

#include <string.h>

#define NS(member) offsetof(struct machine, member)

const struct field machine_fields[] = {
    {"cores", NS(cores), FIELD_COUNT, 1, MACHINE_MAX_CORES,
     "hardware threads that the machine has and the program may use", "the machine"},
    {"all_cores_speed", NS(all_cores_speed_ppm), FIELD_RATIO, 0.01, 1,
     "speed of each physical core when all are busy, where one busy core alone has speed "
     "1; linear in between",
     "desktop: all-core over single-core turbo of current 8-core parts; virtual machine: "
     "tests/fidelity, busy_cores; server: between 0.81 and 0.97, all-core over "
     "single-core turbo of 32-core Ice Lake Xeons (6338, 8358); Mac: estimate, 5 fast "
     "cores and 6 of about half the speed (M3 Pro)"},
    {"smt_threads", NS(smt_threads), FIELD_COUNT, 1, 2,
     "hardware threads of a physical core: with 2, cores 2k and 2k + 1 share one",
     "the machine"},
    {"smt_speed", NS(smt_speed_ppm), FIELD_RATIO, 0.01, 1,
     "speed of a hardware thread whose sibling is busy, where one alone has speed 1",
     "two threads do about 1.2 times the work of one: AnandTech 16261 (Zen 3, 2020), "
     "mean of its multi-threaded tests"},
    {"context_switch_us", NS(context_switch_ns), FIELD_US, 0, 1e6,
     "core time to go from one thread to another",
     "desktop: perf bench sched pipe -T, pinned: 1.47 us a switch; server: 1.5 x that "
     "(clock); Mac: lower end of the published direct costs, 1.3 - 4.5 us"},
    {"wake_warm_us", NS(wake_warm_ns), FIELD_US, 0, 1e6,
     "from a wake-up until the thread runs, on a core that was idle for less than "
     "idle_after_us (median)",
     "desktop: 2-5 us, from 2.7 us a handoff over a socket pair; server: its upper end; "
     "Mac: 2.7 us (measured there, independent study, 2026) less the system call; VM: "
     "tests/fidelity, pingpong of 3.13t"},
    {"wake_idle_us", NS(wake_idle_ns), FIELD_US, 0, 1e6,
     "the same on a core idle for longer than idle_after_us",
     "desktop: warm + exit latency of C1E, Linux drivers/idle/intel_idle.c skl_cstates; "
     "server: the same of icx_cstates; Mac: estimate; virtual machine: tests/fidelity, "
     "sleep_overshoot of 1 ms less the timer slack"},
    {"wake_deep_us", NS(wake_deep_ns), FIELD_US, 0, 1e6,
     "the same on a core idle for longer than deep_after_us",
     "desktop: warm + exit latency of C6, intel_idle.c skl_cstates; server: of "
     "icx_cstates; Mac: estimate, warm + the lower end of 30 - 150 us; virtual machine: "
     "sleep_overshoot of 10 ms less the timer slack"},
    {"idle_after_us", NS(idle_after_ns), FIELD_US, 0, 1e9,
     "idle time after which a core leaves its shallow state",
     "target residency of C1E, intel_idle.c skl_cstates, server icx_cstates; virtual "
     "machine: halt polling; Mac: estimate, as the desktop"},
    {"deep_after_us", NS(deep_after_ns), FIELD_US, 0, 1e9,
     "idle time after which a core is in its deep state",
     "target residency of C6, intel_idle.c skl_cstates, server icx_cstates; Mac: "
     "estimate, as the desktop"},
    {"wake_spread", NS(wake_spread_ppm), FIELD_RATIO, 0, 3,
     "sigma of the lognormal noise on each wake-up latency and on each timer's slack; 0 "
     "= none",
     "tests/fidelity: p90 / p50 of sleep_overshoot"},
    {"timer_slack_us", NS(timer_slack_ns), FIELD_US, 0, 1e6,
     "how much later than asked a timed wait ends: high-resolution timers expire at the "
     "far end of their slack; coalescing with other timers is not modelled",
     "Linux PR_SET_TIMERSLACK(2): 50 us for normal threads; Mac: at most 1 ms, XNU "
     "tcoal_prio_params timer_coalesce_ts_ns_max"},
    {"timer_slack_share", NS(timer_slack_share_ppm), FIELD_RATIO, 0, 1,
     "the slack as a share of the wait, as long as that is less than timer_slack_us; 0 = "
     "timer_slack_us however short the wait",
     "Linux: a constant; Mac: 1/8, XNU osfmk/kern/timer_call.c timer_call_slop with "
     "timer_coalesce_ts_shift = 3, which the waits of psynch (ksyn_wait) and sleeps use"},
    {"slice_us", NS(slice_ns), FIELD_US, 0, 1e9,
     "time for which a running thread is protected while others want its core; 0 = as "
     "Linux does: 700 us x (1 + log2 of the number of cores, rounded down), the same for "
     "8 and more",
     "Linux 6.15+ kernel/sched/fair.c sysctl_sched_base_slice, get_update_sysctl_factor; "
     "Mac: 10 ms, XNU sched_clutch_thread_quantum_us"},
    {"tick_cost_us", NS(tick_cost_ns), FIELD_US, 0, 1e6,
     "what the timer interrupt takes of a core at each tick; it counts where it decides "
     "a "
     "race: between a release of the tick GIL or of a lock and the acquisition after it",
     "estimate: a few microseconds, of which a virtual machine has more"},
    {"tick_spread", NS(tick_spread_ppm), FIELD_RATIO, 0, 3,
     "sigma of the lognormal noise on tick_cost_us",
     "estimate: most interrupts are short, one in a hundred takes ten times as long"},
    {"tick_us", NS(tick_ns), FIELD_US, 0, 1e9,
     "the end of a slice, or of a quota, is noticed at a multiple of this; 0 = at once",
     "CONFIG_HZ=250 of Debian's kernel; Mac: quanta have timers of their own"},
    {"quota_us", NS(quota_ns), FIELD_US, 0, 1e9,
     "core time that the program may use in a period, over all cores; then it is "
     "throttled; 0 = as much as there is",
     "Linux cgroup v2 cpu.max (Kubernetes: cpu limit x period); kernel/sched/fair.c CFS "
     "bandwidth control, slices of 5 ms"},
    {"quota_period_us", NS(quota_period_ns), FIELD_US, 1000, 1e6,
     "the period in which quota_us may be used",
     "default and range: Linux kernel/sched default_cfs_period, min_cfs_quota_period, "
     "max_cfs_quota_period"},
    {"futex_wake_us", NS(futex_wake_ns), FIELD_US, 0, 1e6,
     "CPU time the waker pays to wake one thread; Mac: psynch_cvsignal in place of a "
     "futex",
     "1-2 us, estimate"},
    {"futex_empty_us", NS(futex_empty_ns), FIELD_US, 0, 1e6,
     "CPU time of a futex wake when nobody sleeps",
     "about 80 ns on a desktop; server: that x 1.5 for the clock; Mac: estimate, "
     "pthread_cond_signal() without waiters stays in user space"},
    {"futex_wait_us", NS(futex_wait_ns), FIELD_US, 0, 1e6,
     "CPU time a woken thread pays to leave the wait", "estimate"},
    {"sched_yield_us", NS(sched_yield_ns), FIELD_US, 0, 1e6,
     "CPU time of a sched_yield() with nobody to yield to", "estimate: a system call"},
    {"line_transfer_us", NS(line_transfer_ns), FIELD_US, 0, 1e6,
     "time to get a cache line that another core has written",
     "40 - 100 cycles between cores of one die, 300 between dies (independent study, "
     "2026); 3 GHz; server: the upper end at 2.6 GHz; virtual machine: the upper end, "
     "chosen with a measured race in sight"},
    {"line_spread", NS(line_spread_ppm), FIELD_RATIO, 0, 1,
     "a transfer of a cache line takes up to this share more or less, evenly spread",
     "40 - 100 cycles between cores of one die (independent study, 2026): 70 +- 43 %"},
    {"syscall_us", NS(syscall_ns), FIELD_US, 0, 1e6,
     "CPU time of a short system call such as epoll_wait or a wake-up byte", "estimate"},
    {"copy_mb_per_s", NS(copy_mb_per_s), FIELD_COUNT, 0, 1e9,
     "megabytes (1,000,000 bytes) a second that a system call copies between the memory "
     "of "
     "a program and a pipe; 0 = takes no time",
     "estimate: a cold buffer, with its page faults; desktop 4 GB/s; virtual machine: "
     "half, "
     "from tests/fidelity, ppe: 1 MiB takes 2 - 5 ms longer than nothing, pickled, sent "
     "and "
     "unpickled"},
    {"thread_create_us", NS(thread_create_ns), FIELD_US, 0, 1e6,
     "CPU time of clone() in the creating thread",
     "25 us start of a thread on a Mac laptop, 3.14 (independent study, 2026), less the "
     "handshake; server: the desktop's x 1.5 for the clock"},
    {"fork_us", NS(fork_ns), FIELD_US, 0, 1e7, "CPU time of fork() in the parent",
     "os.fork + wait 0.81 ms on a Mac laptop, 3.14 (independent study, 2026), less the "
     "exit; server: the desktop's x 1.5 for the clock"},
    {"poll_unit_us", NS(poll_unit_ns), FIELD_US, 0, 1e6,
     "an event loop's select() waits whole multiples of this, rounded up; 0 = any time",
     "CPython Lib/selectors.py: EpollSelector.select rounds up to milliseconds, "
     "KqueueSelector.select does not"},
    {"spawns", NS(spawns), FIELD_FLAG, 0, 1,
     "multiprocessing starts processes by spawn, from 3.8 on",
     "Lib/multiprocessing/context.py: on macOS, where fork is not safe with its "
     "libraries "
     "(bpo-33725)"},
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
         .smt_threads = 1,
         .smt_speed_ppm = 1000000,
         .idle_after_ns = 1000000000,
         .deep_after_ns = 1000000000,
         .slice_ns = 2800000,
         .quota_period_ns = 100000000,
         .poll_unit_ns = 1000000,
     }},
    {"linux-desktop",
     "Linux desktop, 8 cores",
     {
         .cores = 8,
         .all_cores_speed_ppm = 900000,
         .smt_threads = 1,
         .smt_speed_ppm = 610000,
         .context_switch_ns = 1470,
         .wake_warm_ns = 3000,
         .wake_idle_ns = 13000,
         .wake_deep_ns = 88000,
         .idle_after_ns = 20000,
         .deep_after_ns = 200000,
         .wake_spread_ppm = 150000,
         .timer_slack_ns = 50000,
         .tick_ns = 4000000,
         .tick_cost_ns = 3000,
         .tick_spread_ppm = 1000000,
         .quota_period_ns = 100000000,
         .poll_unit_ns = 1000000,
         .futex_wake_ns = 1000,
         .futex_empty_ns = 80,
         .sched_yield_ns = 300,
         .line_transfer_ns = 30,
         .line_spread_ppm = 430000,
         .futex_wait_ns = 500,
         .copy_mb_per_s = 4000,
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
         .smt_threads = 1,
         .smt_speed_ppm = 610000,
         .context_switch_ns = 2000,
         .wake_warm_ns = 16000,
         .wake_idle_ns = 70000,
         .wake_deep_ns = 140000,
         .idle_after_ns = 50000,
         .deep_after_ns = 5000000,
         .wake_spread_ppm = 200000,
         .timer_slack_ns = 50000,
         .tick_ns = 4000000,
         .tick_cost_ns = 6000,
         .tick_spread_ppm = 1000000,
         .quota_period_ns = 100000000,
         .poll_unit_ns = 1000000,
         .futex_wake_ns = 2000,
         .futex_empty_ns = 200,
         .sched_yield_ns = 500,
         .line_transfer_ns = 100,
         .line_spread_ppm = 430000,
         .futex_wait_ns = 1000,
         .copy_mb_per_s = 2000,
         .syscall_ns = 1000,
         .thread_create_ns = 40000,
         .fork_ns = 1200000,
         .process_exit_ns = 500000,
     }},
    /* CPU times without a measurement are those of linux-desktop x 1.5: clocks of about
     * 3.3 GHz against 5 (estimate). */
    {"linux-server-64",
     "Linux server, 32 cores with two hardware threads each",
     {
         .cores = 64,
         .all_cores_speed_ppm = 850000,
         .smt_threads = 2,
         .smt_speed_ppm = 610000,
         .context_switch_ns = 2200,
         .wake_warm_ns = 5000,
         .wake_idle_ns = 9000,
         .wake_deep_ns = 175000,
         .idle_after_ns = 4000,
         .deep_after_ns = 600000,
         .wake_spread_ppm = 150000,
         .timer_slack_ns = 50000,
         .tick_ns = 4000000,
         .tick_cost_ns = 3000,
         .tick_spread_ppm = 1000000,
         .quota_period_ns = 100000000,
         .poll_unit_ns = 1000000,
         .futex_wake_ns = 1500,
         .futex_empty_ns = 120,
         .sched_yield_ns = 450,
         .line_transfer_ns = 40,
         .line_spread_ppm = 430000,
         .futex_wait_ns = 750,
         .copy_mb_per_s = 3000,
         .syscall_ns = 750,
         .thread_create_ns = 22500,
         .fork_ns = 750000,
         .process_exit_ns = 300000,
     }},
    /* CPU times without a measurement are those of linux-desktop (estimate). Cores of two
     * speeds are not modelled: all_cores_speed is their mean. macOS has no CPU quotas. */
    {"macos-laptop",
     "Mac laptop, 11 cores (Apple silicon)",
     {
         .cores = 11,
         .all_cores_speed_ppm = 730000,
         .smt_threads = 1,
         .smt_speed_ppm = 610000,
         .context_switch_ns = 1300,
         .wake_warm_ns = 2200,
         .wake_idle_ns = 5000,
         .wake_deep_ns = 32000,
         .idle_after_ns = 20000,
         .deep_after_ns = 200000,
         .wake_spread_ppm = 150000,
         .timer_slack_ns = 1000000,
         .timer_slack_share_ppm = 125000,
         .slice_ns = 10000000,
         .quota_period_ns = 100000000,
         .futex_wake_ns = 1000,
         .futex_empty_ns = 30,
         .sched_yield_ns = 300,
         .line_transfer_ns = 30,
         .line_spread_ppm = 430000,
         .futex_wait_ns = 500,
         .copy_mb_per_s = 4000,
         .syscall_ns = 500,
         .thread_create_ns = 20000,
         .spawns = 1,
         .fork_ns = 600000,
         .process_exit_ns = 200000,
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
