/* SPDX-License-Identifier: MIT */
#include "engine/analysis/metrics.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

const struct metric metrics[METRIC_COUNT] = {
    [METRIC_MAKESPAN_US] =
        {"makespan_us", "us", METRIC_LOWER,
         "virtual time from the start until the main thread has ended"},
    [METRIC_THROUGHPUT_PER_S] =
        {"throughput_per_s", "1/s", METRIC_HIGHER,
         "units of work (jobs, or iterations of an actor's outermost "
         "repeat) divided by the makespan; of jobs that arrive: those that end between "
         "the warm-up and the end of arrivals, divided by that time"},
    [METRIC_LATENCY_P50_US] =
        {"latency_p50_us", "us", METRIC_LOWER,
         "median time of a unit of work, from its first step, or its arrival, to its "
         "last; percentiles are at most 0.8 % too high"},
    [METRIC_LATENCY_P90_US] = {"latency_p90_us", "us", METRIC_LOWER,
                               "90th percentile of it"},
    [METRIC_LATENCY_P99_US] = {"latency_p99_us", "us", METRIC_LOWER,
                               "99th percentile of it"},
    [METRIC_LATENCY_MAX_US] = {"latency_max_us", "us", METRIC_LOWER, "longest of them"},
    [METRIC_LATENCY_MEAN_US] = {"latency_mean_us", "us", METRIC_LOWER, "mean of them"},
    [METRIC_CORE_UTILISATION] = {"core_utilisation", "ratio", METRIC_NEUTRAL,
                                 "share of the cores' time that was spent on work and on "
                                 "switching; 1 = all cores all the time"},
    [METRIC_CPU_US] = {"cpu_us", "us", METRIC_LOWER,
                       "core time of work and switches, over all cores"},
    [METRIC_PYTHON_US] =
        {"python_us", "us", METRIC_NEUTRAL,
         "time in which threads ran Python bytecode, summed over threads"},
    [METRIC_GIL_WAIT_US] =
        {"gil_wait_us", "us", METRIC_LOWER,
         "time in which threads waited for a GIL, summed over threads"},
    [METRIC_GIL_WAIT_SHARE] =
        {"gil_wait_share", "ratio", METRIC_LOWER,
         "the same, divided by the time that all Python threads lived"},
    [METRIC_GIL_HELD_SHARE] =
        {"gil_held_share", "ratio", METRIC_NEUTRAL,
         "share of its life in which a GIL was held, mean over GILs"},
    [METRIC_GIL_SWITCHES] =
        {"gil_switches", "count", METRIC_LOWER,
         "how often a GIL went to another thread than its last holder"},
    [METRIC_GIL_DROP_REQUESTS] =
        {"gil_drop_requests", "count", METRIC_LOWER,
         "waiters that ran out of patience and asked for the GIL"},
    [METRIC_GIL_FORCED_DROPS] = {"gil_forced_drops", "count", METRIC_LOWER,
                                 "drops at a check point because of a request"},
    [METRIC_GIL_VOLUNTARY_DROPS] = {"gil_voluntary_drops", "count", METRIC_NEUTRAL,
                                    "drops around blocking calls"},
    [METRIC_GIL_FALSE_WAKEUPS] =
        {"gil_false_wakeups", "count", METRIC_LOWER,
         "waiters that were woken and found the GIL taken again"},
    [METRIC_CONTEXT_SWITCHES] = {"context_switches", "count", METRIC_LOWER,
                                 "arrivals of threads on cores"},
    [METRIC_READY_US] = {"ready_us", "us", METRIC_LOWER,
                         "time in which threads could run but had no core, summed over "
                         "threads; includes wake-up latency"},
    [METRIC_LOCK_WAIT_US] =
        {"lock_wait_us", "us", METRIC_LOWER,
         "time in which threads spun or slept, and tasks waited, for a lock, summed "
         "over both"},
    [METRIC_UPDATES] = {"updates", "count", METRIC_NEUTRAL,
                        "how often a thread added 1 to a counter"},
    [METRIC_LOST_UPDATES] = {"lost_updates", "count", METRIC_LOWER,
                             "updates that the counters do not show in the end, because "
                             "another thread's lay between their load and their store"},
    [METRIC_LOST_UPDATE_SHARE] = {"lost_update_share", "ratio", METRIC_LOWER,
                                  "lost_updates / updates"},
    [METRIC_LOOP_ITERATIONS] = {"loop_iterations", "count", METRIC_NEUTRAL,
                                "iterations of event loops"},
    [METRIC_LOOP_LAG_MAX_US] =
        {"loop_lag_max_us", "us", METRIC_LOWER,
         "longest time between a timer's due time and its callback"},
    [METRIC_LOOP_POLL_SHARE] = {"loop_poll_share", "ratio", METRIC_NEUTRAL,
                                "share of their life that event loops spent in select()"},
    [METRIC_LATENCY_P999_US] = {"latency_p999_us", "us", METRIC_LOWER,
                                "99.9th percentile of the time of a unit of work"},
    [METRIC_GIL_HOLD_P50_US] =
        {"gil_hold_p50_us", "us", METRIC_NEUTRAL,
         "median time for which a thread held a GIL, from taking it to giving it up"},
    [METRIC_GIL_HOLD_P99_US] = {"gil_hold_p99_us", "us", METRIC_LOWER,
                                "99th percentile of it"},
    [METRIC_GIL_HOLD_MAX_US] = {"gil_hold_max_us", "us", METRIC_LOWER, "longest of them"},
    [METRIC_GIL_WAIT_P50_US] =
        {"gil_wait_p50_us", "us", METRIC_LOWER,
         "median time for which a thread waited for a GIL; a whole wait, however many "
         "intervals it took; one that the end of the run cut short counts as it was "
         "then"},
    [METRIC_GIL_WAIT_P90_US] = {"gil_wait_p90_us", "us", METRIC_LOWER,
                                "90th percentile of it"},
    [METRIC_GIL_WAIT_P99_US] = {"gil_wait_p99_us", "us", METRIC_LOWER,
                                "99th percentile of it"},
    [METRIC_GIL_WAIT_P999_US] = {"gil_wait_p999_us", "us", METRIC_LOWER,
                                 "99.9th percentile of it"},
    [METRIC_GIL_WAIT_MAX_US] = {"gil_wait_max_us", "us", METRIC_LOWER, "longest of them"},
    [METRIC_LOCK_HOLD_P50_US] = {"lock_hold_p50_us", "us", METRIC_NEUTRAL,
                                 "median time for which a thread or a task held a lock"},
    [METRIC_LOCK_HOLD_P99_US] = {"lock_hold_p99_us", "us", METRIC_LOWER,
                                 "99th percentile of it"},
    [METRIC_LOCK_HOLD_MAX_US] = {"lock_hold_max_us", "us", METRIC_LOWER,
                                 "longest of them"},
    [METRIC_LOCK_WAIT_P50_US] = {"lock_wait_p50_us", "us", METRIC_LOWER,
                                 "median time for which a thread spun or slept, or a "
                                 "task waited, for a lock; who "
                                 "spins and then sleeps has two waits"},
    [METRIC_LOCK_WAIT_P99_US] = {"lock_wait_p99_us", "us", METRIC_LOWER,
                                 "99th percentile of it"},
    [METRIC_LOCK_WAIT_MAX_US] = {"lock_wait_max_us", "us", METRIC_LOWER,
                                 "longest of them"},
    [METRIC_PREEMPTIONS] = {"preemptions", "count", METRIC_LOWER,
                            "how often a thread had to leave its core because its slice "
                            "was over; all other context_switches are voluntary"},
    [METRIC_MEMORY_PEAK_BYTES] =
        {"memory_peak_bytes", "bytes", METRIC_LOWER,
         "most memory at any instant, an estimate: process_bytes, fork_bytes, "
         "thread_bytes, asyncio_bytes and task_bytes of the runtime, each for what was "
         "alive; without the program's own data"},
    [METRIC_THROTTLED_US] =
        {"throttled_us", "us", METRIC_LOWER,
         "time in which cores had a thread to run but no CPU quota left, summed over "
         "cores (throttled_usec of cpu.stat)"},
    [METRIC_THROTTLED_PERIODS] =
        {"throttled_periods", "count", METRIC_LOWER,
         "quota periods at whose end a core was throttled (nr_throttled of cpu.stat)"},
    [METRIC_SIGNAL_LATENCY_MAX_US] =
        {"signal_latency_max_us", "us", METRIC_LOWER,
         "longest time from the arrival of a signal until its handler ran"},
    [METRIC_GC_COLLECTIONS] = {"gc_collections", "count", METRIC_LOWER,
                               "how often the garbage collector ran"},
    [METRIC_GC_PAUSE_US] =
        {"gc_pause_us", "us", METRIC_LOWER,
         "time in which the garbage collector kept the GIL, or, without one, from its "
         "request that all threads stop until they may go on"},
    [METRIC_GC_PAUSE_MAX_US] = {"gc_pause_max_us", "us", METRIC_LOWER,
                                "longest of these pauses"},
    [METRIC_LOOP_READY_MEAN] =
        {"loop_ready_mean", "count", METRIC_LOWER,
         "handles that an iteration of an event loop found ready to run, mean"},
    [METRIC_LOOP_READY_MAX] = {"loop_ready_max", "count", METRIC_LOWER,
                               "most of them in one iteration"},
    [METRIC_LOOP_CALLBACK_MAX_US] =
        {"loop_callback_max_us", "us", METRIC_LOWER,
         "longest time for which one callback, such as a step of a task, kept its event "
         "loop"},
    [METRIC_LOOP_SLOW_CALLBACKS] =
        {"loop_slow_callbacks", "count", METRIC_LOWER,
         "callbacks that took 100 ms or more (slow_callback_duration, which asyncio logs "
         "in debug mode only)"},
    [METRIC_ARRIVALS] = {"arrivals", "count", METRIC_NEUTRAL,
                         "jobs that arrived after the warm-up"},
    [METRIC_QUEUEING_P50_US] =
        {"queueing_p50_us", "us", METRIC_LOWER,
         "median time from the arrival of a job to its first step, of jobs that arrive "
         "after the warm-up; nothing when the run is unstable"},
    [METRIC_QUEUEING_P99_US] = {"queueing_p99_us", "us", METRIC_LOWER,
                                "99th percentile of it"},
    [METRIC_QUEUEING_MAX_US] = {"queueing_max_us", "us", METRIC_LOWER, "longest of them"},
    [METRIC_QUEUEING_MEAN_US] = {"queueing_mean_us", "us", METRIC_LOWER, "mean of them"},
    [METRIC_SERVICE_P50_US] =
        {"service_p50_us", "us", METRIC_LOWER,
         "median time from the first step of a job that arrived to its last"},
    [METRIC_SERVICE_P99_US] = {"service_p99_us", "us", METRIC_LOWER,
                               "99th percentile of it"},
    [METRIC_SERVICE_MAX_US] = {"service_max_us", "us", METRIC_LOWER, "longest of them"},
    [METRIC_SERVICE_MEAN_US] = {"service_mean_us", "us", METRIC_LOWER, "mean of them"},
    [METRIC_UNSTABLE] =
        {"unstable", "ratio", METRIC_LOWER,
         "1 when jobs arrive faster than they can be done, so that latency and queueing "
         "grow with the length of the run and are not given; else 0"},
};

const char *metric_better_name(enum metric_better better) {
    static const char *const names[] = {"lower", "higher", "neutral"};
    static_assert(sizeof names / sizeof names[0] == METRIC_NEUTRAL + 1, "a name each");
    return names[better];
}

static const uint8_t by_name[] = {
    METRIC_ARRIVALS,
    METRIC_CONTEXT_SWITCHES,
    METRIC_CORE_UTILISATION,
    METRIC_CPU_US,
    METRIC_GC_COLLECTIONS,
    METRIC_GC_PAUSE_MAX_US,
    METRIC_GC_PAUSE_US,
    METRIC_GIL_DROP_REQUESTS,
    METRIC_GIL_FALSE_WAKEUPS,
    METRIC_GIL_FORCED_DROPS,
    METRIC_GIL_HELD_SHARE,
    METRIC_GIL_HOLD_MAX_US,
    METRIC_GIL_HOLD_P50_US,
    METRIC_GIL_HOLD_P99_US,
    METRIC_GIL_SWITCHES,
    METRIC_GIL_VOLUNTARY_DROPS,
    METRIC_GIL_WAIT_MAX_US,
    METRIC_GIL_WAIT_P50_US,
    METRIC_GIL_WAIT_P90_US,
    METRIC_GIL_WAIT_P999_US,
    METRIC_GIL_WAIT_P99_US,
    METRIC_GIL_WAIT_SHARE,
    METRIC_GIL_WAIT_US,
    METRIC_LATENCY_MAX_US,
    METRIC_LATENCY_MEAN_US,
    METRIC_LATENCY_P50_US,
    METRIC_LATENCY_P90_US,
    METRIC_LATENCY_P999_US,
    METRIC_LATENCY_P99_US,
    METRIC_LOCK_HOLD_MAX_US,
    METRIC_LOCK_HOLD_P50_US,
    METRIC_LOCK_HOLD_P99_US,
    METRIC_LOCK_WAIT_MAX_US,
    METRIC_LOCK_WAIT_P50_US,
    METRIC_LOCK_WAIT_P99_US,
    METRIC_LOCK_WAIT_US,
    METRIC_LOOP_CALLBACK_MAX_US,
    METRIC_LOOP_ITERATIONS,
    METRIC_LOOP_LAG_MAX_US,
    METRIC_LOOP_POLL_SHARE,
    METRIC_LOOP_READY_MAX,
    METRIC_LOOP_READY_MEAN,
    METRIC_LOOP_SLOW_CALLBACKS,
    METRIC_LOST_UPDATE_SHARE,
    METRIC_LOST_UPDATES,
    METRIC_MAKESPAN_US,
    METRIC_MEMORY_PEAK_BYTES,
    METRIC_PREEMPTIONS,
    METRIC_PYTHON_US,
    METRIC_QUEUEING_MAX_US,
    METRIC_QUEUEING_MEAN_US,
    METRIC_QUEUEING_P50_US,
    METRIC_QUEUEING_P99_US,
    METRIC_READY_US,
    METRIC_SERVICE_MAX_US,
    METRIC_SERVICE_MEAN_US,
    METRIC_SERVICE_P50_US,
    METRIC_SERVICE_P99_US,
    METRIC_SIGNAL_LATENCY_MAX_US,
    METRIC_THROTTLED_PERIODS,
    METRIC_THROTTLED_US,
    METRIC_THROUGHPUT_PER_S,
    METRIC_UNSTABLE,
    METRIC_UPDATES,
};
static_assert(sizeof by_name == METRIC_COUNT, "each of them");

enum metric_id metric_by_name(int position) { return (enum metric_id)by_name[position]; }

enum metric_id metric_find(const char *name) {
    size_t first = 0, end = METRIC_COUNT;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        const enum metric_id id = (enum metric_id)by_name[middle];
        const int order = strcmp(name, metrics[id].name);
        if (order == 0) {
            return id;
        }
        first = order > 0 ? middle + 1 : first;
        end = order < 0 ? middle : end;
    }
    return METRIC_COUNT;
}
