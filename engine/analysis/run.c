/* SPDX-License-Identifier: MIT */
#include "engine/analysis/run.h"

#include "engine/analysis/measure.h"
#include "engine/analysis/open_loop.h"
#include "engine/analysis/run_look_priv.h"
#include "engine/strategy/strategy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {"done", "limited", "stopped", "failed"};
static_assert(sizeof status_names / sizeof status_names[0] == RUN_STATUS_COUNT,
              "a name each");

const char *run_status_name(enum run_status status) { return status_names[status]; }

const char *const run_not_modelled[] = {
    "imports, but for those of new processes and interpreters; the first call of "
    "anything",
    "CPU caches, memory bandwidth, cores of different speeds",
    "garbage: what the collector would find, and its finalizers",
    "reference counts and locks of objects that the document does not name",
    "load balancing between cores, other programs on the machine",
    "system calls of asyncio's transports around await_io_us; use peers for those",
    "pages that a process copies after a fork; processes that die at work",
    "exceptions in threads, and time-outs of their locks, events and queues",
    "what becomes of the items of an interpreter that has ended; the locks inside their "
    "queues",
    "deferred frees (QSBR) and the memory gate of free-threaded collections",
    "memory of the program's own data",
    "the connections behind jobs that arrive: a full listen queue, clients that give up",
    NULL,
};

/* --- how the run ended --------------------------------------------------------- */

static enum run_status status_of(enum sim_end end) {
    switch (end) {
    case SIM_FINISHED:
        return RUN_DONE;
    case SIM_CANCELLED:
        return RUN_STOPPED;
    case SIM_LIMIT_TIME:
    case SIM_LIMIT_EVENTS:
    case SIM_LIMIT_SPANS:
    case SIM_LIMIT_STEPS:
        return RUN_LIMITED;
    case SIM_RUNNING:
    case SIM_RECORDER_FAILED:
    case SIM_NOTHING_LEFT:
    case SIM_RAISED:
        break;
    }
    return RUN_FAILED;
}

/* A run that is done may still have no steady state. */
static void write_verdict(const struct world *world, char *text, size_t size) {
    const struct open_loop_verdict verdict = open_loop_judge(&world->tally.open_loop);
    if (verdict.unstable) {
        snprintf(text, size,
                 "unstable: jobs arrive faster than they are done; %llu were waiting at "
                 "the end, latency grew by %.3g s per second",
                 (unsigned long long)verdict.waiting, verdict.growth);
    }
}

static void write_reason(const struct world *world, char *text, size_t size) {
    const struct limits *limits = &world->plan->limits;
    switch (world->sim.end) {
    case SIM_LIMIT_TIME:
        snprintf(text, size, "stopped at the limit of %.6g s of virtual time",
                 (double)limits->virtual_ns / 1e9);
        break;
    case SIM_LIMIT_EVENTS:
        snprintf(text, size, "stopped at the limit of %llu transitions",
                 (unsigned long long)limits->events);
        break;
    case SIM_LIMIT_SPANS:
        snprintf(text, size, "stopped at the limit of %llu spans",
                 (unsigned long long)limits->spans);
        break;
    case SIM_LIMIT_STEPS:
        snprintf(text, size,
                 "stopped because the program runs for ever without doing "
                 "anything that takes time");
        break;
    case SIM_CANCELLED:
        snprintf(text, size, "cancelled");
        break;
    case SIM_NOTHING_LEFT:
        snprintf(text, size,
                 "deadlock: every thread waits and nothing can wake any of them");
        break;
    case SIM_RAISED: {
        const struct plan *plan = world->plan;
        const bool known =
            world->raised_at >= 0 && (size_t)world->raised_at < plan->site_count;
        snprintf(text, size, "%s%s%s", known ? plan->sites[world->raised_at] : "",
                 known ? ": " : "", world->raised);
        break;
    }
    case SIM_FINISHED:
        write_verdict(world, text, size);
        break;
    case SIM_RUNNING:
    case SIM_RECORDER_FAILED:
        break;
    }
}

/* --- the result ---------------------------------------------------------------- */

static int copy_histograms(const struct world *world, struct run_result *result,
                           struct err *err) {
    int rc = 0;
    for (int id = 0; rc == 0 && id < RUN_HISTOGRAM_COUNT; id++) {
        const struct histogram *source =
            run_histogram_source(world, (enum run_histogram_id)id);
        if (source != NULL) {
            rc = run_histogram_init(&result->histograms[id], source, err);
        }
    }
    return rc;
}

static int collect(struct world *world, struct run_result *result, struct err *err) {
    struct recorder *recorder = world->sim.recorder;
    result->status = status_of(world->sim.end);
    write_reason(world, result->reason, sizeof result->reason);
    result->fingerprint =
        result->status == RUN_STOPPED ? 0 : recorder_fingerprint(recorder);
    result->transitions = recorder_transitions(recorder);
    result->duration_ns = world->sim.now;
    int rc = measure_run(world, NULL, result->metric, err);
    if (rc == 0) {
        rc = copy_histograms(world, result, err);
    }
    result->lanes = recorder_steal_lanes(recorder);
    return rc;
}

/* Builds the world, runs it, reads the result. */
static int simulate(struct world *world, struct run_result *result, struct err *err) {
    int rc = strategy_build(world, err);
    if (rc != 0) {
        return rc;
    }
    sim_run(&world->sim);
    if (world->err.code != 0) {
        return err_set_from(err, world->err.code, &world->err);
    }
    rc = recorder_finish(world->sim.recorder, world->sim.now, err);
    return rc != 0 ? rc : collect(world, result, err);
}

static int run_world(struct world *world, struct run_result *result,
                     const struct world_spec *spec, struct err *err) {
    int rc = world_init(world, spec, err);
    if (rc == 0) {
        rc = simulate(world, result, err);
    }
    world_deinit(world);
    return rc;
}

int run_execute(struct run_result *out, const struct plan *plan,
                const struct run_options *options, struct err *err) {
    int rc = plan_check(plan, err);
    if (rc != 0) {
        return rc;
    }
    struct recorder *recorder = NULL;
    struct run_result result = {0};
    struct world *world = memory_zeroed(1, sizeof *world);
    struct run_look look = {.world = world, .watcher = options->watcher};
    const struct sim_watcher watcher = run_look_watcher(&look);
    rc = world == NULL ? err_set_nomem(err)
                       : recorder_create(&recorder, options->sink, err);
    if (rc == 0) {
        rc = run_world(world, &result,
                       &(struct world_spec){
                           .plan = plan,
                           .repetition = options->repetition,
                           .recorder = recorder,
                           .cancel = options->cancel,
                           .chooser = options->chooser,
                           .watcher = options->watcher != NULL ? &watcher : NULL,
                       },
                       err);
    }
    run_look_deinit(&look);
    memory_free(world);
    recorder_destroy(recorder);
    if (rc == 0) {
        *out = result;
    } else {
        run_result_deinit(&result);
    }
    return rc;
}

void run_result_deinit(struct run_result *result) {
    if (result != NULL) {
        lane_table_deinit(&result->lanes);
        for (int id = 0; id < RUN_HISTOGRAM_COUNT; id++) {
            run_histogram_deinit(&result->histograms[id]);
        }
        *result = (struct run_result){0};
    }
}
