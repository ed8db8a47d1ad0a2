/* SPDX-License-Identifier: MIT */
#include "engine/analysis/measure.h"

#include <assert.h>
#include <math.h>

#include "engine/analysis/memory_estimate.h"
#include "engine/analysis/open_loop.h"
#include "engine/analysis/run_histogram.h"
#include "engine/python/py_thread.h"

static double us(double ns) { return ns / 1e3; }

static double ratio(double part, double whole) {
    return whole > 0.0 ? part / whole : 0.0;
}

/* Time per state, and life, summed over the lanes of one kind. */
struct kind_sum {
    size_t lanes;
    double life_ns;
    double state_ns[STATE_COUNT];
};

static struct kind_sum sum_lanes(const struct sim *sim, enum lane_kind kind) {
    const struct lane_table *lanes = recorder_lanes(sim->recorder);
    struct kind_sum sum = {0};
    for (lane_id id = 0; (size_t)id < lanes->count; id++) {
        if (lane_table_kind(lanes, id) != kind) {
            continue;
        }
        sim_ns times[STATE_COUNT];
        lane_table_times_until(lanes, id, sim->now, times);
        sum.lanes++;
        for (int state = 0; state < STATE_COUNT; state++) {
            sum.state_ns[state] += (double)times[state];
            sum.life_ns += (double)times[state];
        }
    }
    return sum;
}

/* --- lengths of time ----------------------------------------------------------- */

/* A metric that is a percentile (100: the maximum) of a histogram. */
struct percentile {
    enum metric_id metric;
    enum run_histogram_id histogram;
    double percent;
};

static const struct percentile percentiles[] = {
    {METRIC_LATENCY_P50_US, HISTOGRAM_LATENCY, 50},
    {METRIC_LATENCY_P90_US, HISTOGRAM_LATENCY, 90},
    {METRIC_LATENCY_P99_US, HISTOGRAM_LATENCY, 99},
    {METRIC_LATENCY_P999_US, HISTOGRAM_LATENCY, 99.9},
    {METRIC_LATENCY_MAX_US, HISTOGRAM_LATENCY, 100},
    {METRIC_LOOP_LAG_MAX_US, HISTOGRAM_LOOP_LAG, 100},
    {METRIC_GIL_HOLD_P50_US, HISTOGRAM_GIL_HOLD, 50},
    {METRIC_GIL_HOLD_P99_US, HISTOGRAM_GIL_HOLD, 99},
    {METRIC_GIL_HOLD_MAX_US, HISTOGRAM_GIL_HOLD, 100},
    {METRIC_GIL_WAIT_P50_US, HISTOGRAM_GIL_WAIT, 50},
    {METRIC_GIL_WAIT_P90_US, HISTOGRAM_GIL_WAIT, 90},
    {METRIC_GIL_WAIT_P99_US, HISTOGRAM_GIL_WAIT, 99},
    {METRIC_GIL_WAIT_P999_US, HISTOGRAM_GIL_WAIT, 99.9},
    {METRIC_GIL_WAIT_MAX_US, HISTOGRAM_GIL_WAIT, 100},
    {METRIC_LOCK_HOLD_P50_US, HISTOGRAM_LOCK_HOLD, 50},
    {METRIC_LOCK_HOLD_P99_US, HISTOGRAM_LOCK_HOLD, 99},
    {METRIC_LOCK_HOLD_MAX_US, HISTOGRAM_LOCK_HOLD, 100},
    {METRIC_LOCK_WAIT_P50_US, HISTOGRAM_LOCK_WAIT, 50},
    {METRIC_LOCK_WAIT_P99_US, HISTOGRAM_LOCK_WAIT, 99},
    {METRIC_LOCK_WAIT_MAX_US, HISTOGRAM_LOCK_WAIT, 100},
    {METRIC_QUEUEING_P50_US, HISTOGRAM_QUEUEING, 50},
    {METRIC_QUEUEING_P99_US, HISTOGRAM_QUEUEING, 99},
    {METRIC_QUEUEING_MAX_US, HISTOGRAM_QUEUEING, 100},
    {METRIC_SERVICE_P50_US, HISTOGRAM_SERVICE, 50},
    {METRIC_SERVICE_P99_US, HISTOGRAM_SERVICE, 99},
    {METRIC_SERVICE_MAX_US, HISTOGRAM_SERVICE, 100},
};

/* The histogram of a kind of spans comes from `lengths` while the run goes on. */
static const struct histogram *source_of(const struct world *world,
                                         const struct histogram *lengths,
                                         enum run_histogram_id id) {
    if (lengths == NULL || id < HISTOGRAM_GIL_HOLD || id > HISTOGRAM_LOCK_WAIT) {
        return run_histogram_source(world, id);
    }
    const struct histogram *histogram = &lengths[id - HISTOGRAM_GIL_HOLD];
    return histogram->count > 0 ? histogram : NULL;
}
static_assert(LENGTHS_GIL_HOLD == 0 &&
                  (int)LENGTHS_LOCK_WAIT == HISTOGRAM_LOCK_WAIT - HISTOGRAM_GIL_HOLD,
              "in the same order");

static void measure_percentiles(const struct world *world,
                                const struct histogram *lengths, double *values) {
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        const struct percentile *it = &percentiles[i];
        const struct histogram *histogram = source_of(world, lengths, it->histogram);
        if (histogram != NULL) {
            values[it->metric] =
                us((double)histogram_percentile(histogram, it->percent / 100));
        }
    }
}

/* --- the rest ------------------------------------------------------------------ */

static double mean_us(const struct world *world, enum run_histogram_id id) {
    const struct histogram *histogram = run_histogram_source(world, id);
    return histogram != NULL ? us(histogram_mean(histogram)) : (double)NAN;
}

static void measure_units(const struct world *world, double *values) {
    const struct open_loop *open = &world->tally.open_loop;
    values[METRIC_LATENCY_MEAN_US] = mean_us(world, HISTOGRAM_LATENCY);
    if (open->on) {
        values[METRIC_THROUGHPUT_PER_S] = open_loop_throughput(open, world->sim.now);
        values[METRIC_ARRIVALS] = (double)open->arrived_in;
        values[METRIC_QUEUEING_MEAN_US] = mean_us(world, HISTOGRAM_QUEUEING);
        values[METRIC_SERVICE_MEAN_US] = mean_us(world, HISTOGRAM_SERVICE);
        values[METRIC_UNSTABLE] = open_loop_judge(open).unstable;
    } else if (world->tally.latency.count > 0) {
        values[METRIC_THROUGHPUT_PER_S] =
            ratio((double)world->tally.latency.count * 1e9, (double)world->sim.now);
    }
}

/* Of Python threads: native threads and peer processes never want a GIL. */
static double python_life_ns(const struct world *world) {
    double life = 0;
    for (size_t i = 0; i < world->thread_count; i++) {
        sim_ns times[STATE_COUNT];
        lane_table_times_until(recorder_lanes(world->sim.recorder),
                               world->threads[i]->client.os.lane, world->sim.now, times);
        for (int state = 0; state < STATE_COUNT; state++) {
            life += (double)times[state];
        }
    }
    return life;
}

static void measure_gils(const struct world *world, const struct kind_sum *threads,
                         double *values) {
    const struct kind_sum gils = sum_lanes(&world->sim, LANE_GIL);
    if (gils.lanes == 0) {
        return;
    }
    double switches = 0, requests = 0, forced = 0, voluntary = 0, false_wakeups = 0;
    for (size_t i = 0; i < world->process_count; i++) {
        const struct gil *gil = &world->processes[i]->gil;
        switches += (double)gil->switch_number;
        requests += (double)gil->drop_requests;
        forced += (double)gil->forced_drops;
        voluntary += (double)gil->voluntary_drops;
        false_wakeups += (double)gil->false_wakeups;
    }
    values[METRIC_GIL_WAIT_US] = us(threads->state_ns[STATE_WAIT_GIL]);
    values[METRIC_GIL_WAIT_SHARE] =
        ratio(threads->state_ns[STATE_WAIT_GIL], python_life_ns(world));
    values[METRIC_GIL_HELD_SHARE] = ratio(gils.state_ns[STATE_HELD], gils.life_ns);
    values[METRIC_GIL_SWITCHES] = switches;
    values[METRIC_GIL_DROP_REQUESTS] = requests;
    values[METRIC_GIL_FORCED_DROPS] = forced;
    values[METRIC_GIL_VOLUNTARY_DROPS] = voluntary;
    values[METRIC_GIL_FALSE_WAKEUPS] = false_wakeups;
}

static void measure_objects(const struct world *world, const struct kind_sum *threads,
                            double *values) {
    double stores = 0, shown = 0;
    bool locks = false, counters = false;
    for (size_t i = 0; i < world->plan->object_count; i++) {
        const bool counter = world->plan->objects[i].kind == OBJECT_COUNTER;
        locks = locks || (!counter && world->objects[i].peer == NULL);
        counters = counters || counter;
        stores += (double)world->objects[i].counter.stores;
        shown += (double)world->objects[i].counter.value;
    }
    if (locks) {
        const struct kind_sum tasks = sum_lanes(&world->sim, LANE_TASK);
        values[METRIC_LOCK_WAIT_US] =
            us(threads->state_ns[STATE_WAIT_LOCK] + threads->state_ns[STATE_SPIN] +
               tasks.state_ns[STATE_AWAIT_LOCK]);
    }
    if (counters) {
        values[METRIC_UPDATES] = stores;
        values[METRIC_LOST_UPDATES] = stores - shown;
        values[METRIC_LOST_UPDATE_SHARE] = ratio(stores - shown, stores);
    }
}

static void measure_loops(const struct world *world, double *values) {
    const struct kind_sum loops = sum_lanes(&world->sim, LANE_LOOP);
    if (loops.lanes == 0) {
        return;
    }
    values[METRIC_LOOP_ITERATIONS] = (double)world->tally.loop_iterations;
    values[METRIC_LOOP_POLL_SHARE] = ratio(loops.state_ns[STATE_POLL], loops.life_ns);
    values[METRIC_LOOP_READY_MEAN] =
        ratio((double)world->tally.ready_handles, (double)world->tally.loop_iterations);
    values[METRIC_LOOP_READY_MAX] = (double)world->tally.ready_max;
    values[METRIC_LOOP_CALLBACK_MAX_US] = us((double)world->tally.callback_max_ns);
    values[METRIC_LOOP_SLOW_CALLBACKS] = (double)world->tally.slow_callbacks;
}

static void measure_quota(const struct world *world, double *values) {
    if (quota_is_set(&world->cpu.quota)) {
        const struct kind_sum cores = sum_lanes(&world->sim, LANE_CORE);
        values[METRIC_THROTTLED_US] = us(cores.state_ns[STATE_THROTTLED]);
        values[METRIC_THROTTLED_PERIODS] = (double)world->cpu.quota.throttled_periods;
    }
}

static void measure_gc(const struct tally *tally, double *values) {
    if (tally->gc_used) {
        values[METRIC_GC_COLLECTIONS] = (double)tally->gc_collections;
        values[METRIC_GC_PAUSE_US] = us((double)tally->gc_pause_ns);
        values[METRIC_GC_PAUSE_MAX_US] = us((double)tally->gc_pause_max_ns);
    }
}

static int measure_memory(const struct world *world, double *values, struct err *err) {
    int64_t bytes = 0;
    const int rc = memory_estimate_peak(world, &bytes, err);
    values[METRIC_MEMORY_PEAK_BYTES] = (double)bytes;
    return rc;
}

int measure_run(const struct world *world, const struct histogram *lengths,
                double values[METRIC_COUNT], struct err *err) {
    for (int i = 0; i < METRIC_COUNT; i++) {
        values[i] = NAN;
    }
    const struct kind_sum threads = sum_lanes(&world->sim, LANE_THREAD);
    const struct kind_sum cores = sum_lanes(&world->sim, LANE_CORE);
    /* Of the lanes: a piece of work that the end of the run cut short counts, too. */
    const double busy = cores.state_ns[STATE_RUNNING] + cores.state_ns[STATE_SWITCH];
    const double makespan = (double)world->sim.now;
    values[METRIC_MAKESPAN_US] = us(makespan);
    values[METRIC_CPU_US] = us(busy);
    values[METRIC_CORE_UTILISATION] = ratio(busy, makespan * world->cpu.core_count);
    values[METRIC_PYTHON_US] = us(threads.state_ns[STATE_RUNNING]);
    values[METRIC_READY_US] = us(threads.state_ns[STATE_READY]);
    values[METRIC_CONTEXT_SWITCHES] = (double)world->cpu.context_switches;
    values[METRIC_PREEMPTIONS] = (double)world->cpu.preemptions;
    measure_percentiles(world, lengths, values);
    measure_units(world, values);
    measure_gils(world, &threads, values);
    measure_objects(world, &threads, values);
    if (world->tally.signals > 0) {
        values[METRIC_SIGNAL_LATENCY_MAX_US] =
            us((double)world->tally.signal_latency_max_ns);
    }
    measure_loops(world, values);
    measure_gc(&world->tally, values);
    measure_quota(world, values);
    return measure_memory(world, values, err);
}
