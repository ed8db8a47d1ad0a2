/* SPDX-License-Identifier: MIT */
#include "engine/analysis/memory_estimate.h"

#include <stdlib.h>

#include "engine/analysis/run.h"
#include "engine/base/memory.h"
#include "engine/python/py_thread.h"

/* So many bytes more, or fewer, from that instant on. */
struct change {
    sim_ns at_ns;
    int64_t bytes;
};

struct estimate {
    const struct lane_total *lanes;
    const struct runtime *runtime;
    struct change *changes; /* two for each lane */
    size_t count;
    bool *is_python;              /* by lane: of processes and threads */
    bool *has_own_memory;         /* by lane: of processes that were not forked */
    bool *is_interpreter;         /* by lane: GILs of interpreters beside the main one */
    bool *has_main, *has_asyncio; /* by lane: of processes */
    bool has_process;
};

/* At the same instant more comes before fewer: what lives for no time counts, too. */
static int compare_changes(const void *left, const void *right) {
    const struct change *a = left, *b = right;
    if (a->at_ns != b->at_ns) {
        return a->at_ns < b->at_ns ? -1 : 1;
    }
    return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

static void add(struct estimate *estimate, int64_t bytes, sim_ns from, sim_ns to) {
    estimate->changes[estimate->count++] = (struct change){from, bytes};
    estimate->changes[estimate->count++] = (struct change){to, -bytes};
}

static void add_process(struct estimate *estimate, const struct lane_total *lane) {
    const struct runtime *runtime = estimate->runtime;
    const bool forked = estimate->has_process && !estimate->has_own_memory[lane->lane.id];
    add(estimate, forked ? runtime->fork_bytes : runtime->process_bytes,
        lane->lane.born_ns, lane->died_ns);
    estimate->has_process = true;
}

/* The first thread of a process is its main thread. */
static void add_thread(struct estimate *estimate, const struct lane_total *lane) {
    const lane_id process = lane->lane.parent;
    if (process >= 0 && !estimate->has_main[process]) {
        estimate->has_main[process] = true;
        return;
    }
    add(estimate, estimate->runtime->thread_bytes, lane->lane.born_ns, lane->died_ns);
}

static void add_loop(struct estimate *estimate, const struct lane_total *lane) {
    const lane_id thread = lane->lane.parent;
    const lane_id process = thread < 0 ? LANE_NONE : estimate->lanes[thread].lane.parent;
    if (process >= 0 && !estimate->has_asyncio[process]) {
        estimate->has_asyncio[process] = true;
        add(estimate, estimate->runtime->asyncio_bytes, lane->lane.born_ns,
            estimate->lanes[process].died_ns);
    }
}

static void add_lane(struct estimate *estimate, const struct lane_total *lane) {
    switch (lane->lane.kind) {
    case LANE_PROCESS:
        if (estimate->is_python[lane->lane.id]) {
            add_process(estimate, lane);
        }
        break;
    case LANE_THREAD:
        if (estimate->is_python[lane->lane.id]) {
            add_thread(estimate, lane);
        }
        break;
    case LANE_GIL: /* is there as long as its interpreter */
        if (estimate->is_interpreter[lane->lane.id]) {
            add(estimate, estimate->runtime->interpreter_bytes, lane->lane.born_ns,
                lane->died_ns);
        }
        break;
    case LANE_LOOP:
        add_loop(estimate, lane);
        break;
    case LANE_TASK:
        add(estimate, estimate->runtime->task_bytes, lane->lane.born_ns, lane->died_ns);
        break;
    default:
        break;
    }
}

/* All but peers and native threads. */
static void mark_python(struct estimate *estimate, const struct world *world) {
    for (size_t i = 0; i < world->process_count; i++) {
        const struct process *process = world->processes[i];
        estimate->is_python[process->lane] = true;
        if (process->is_interpreter) {
            estimate->is_interpreter[process->gil.lane] = true;
        } else {
            estimate->has_own_memory[process->lane] = process->has_own_memory;
        }
    }
    for (size_t i = 0; i < world->thread_count; i++) {
        estimate->is_python[world->threads[i]->client.os.lane] = true;
    }
}

static int64_t highest(const struct estimate *estimate) {
    int64_t now = 0, peak = 0;
    for (size_t i = 0; i < estimate->count; i++) {
        now += estimate->changes[i].bytes;
        peak = now > peak ? now : peak;
    }
    return peak;
}

int memory_estimate_peak(const struct world *world, const struct lane_total *lanes,
                         size_t lane_count, int64_t *bytes, struct err *err) {
    struct estimate estimate = {
        .lanes = lanes,
        .runtime = &world->plan->runtime,
        .changes = memory_zeroed(2 * lane_count, sizeof *estimate.changes),
        .is_python = memory_zeroed(lane_count, sizeof *estimate.is_python),
        .has_own_memory = memory_zeroed(lane_count, sizeof *estimate.has_own_memory),
        .is_interpreter = memory_zeroed(lane_count, sizeof *estimate.is_interpreter),
        .has_main = memory_zeroed(lane_count, sizeof *estimate.has_main),
        .has_asyncio = memory_zeroed(lane_count, sizeof *estimate.has_asyncio),
    };
    int rc = 0;
    if (estimate.changes == NULL || estimate.is_python == NULL ||
        estimate.has_own_memory == NULL || estimate.is_interpreter == NULL ||
        estimate.has_main == NULL || estimate.has_asyncio == NULL) {
        rc = err_set_nomem(err);
        goto out;
    }
    mark_python(&estimate, world);
    for (size_t i = 0; i < lane_count; i++) {
        add_lane(&estimate, &lanes[i]);
    }
    qsort(estimate.changes, estimate.count, sizeof *estimate.changes, compare_changes);
    *bytes = highest(&estimate);
out:
    memory_free(estimate.changes);
    memory_free(estimate.is_python);
    memory_free(estimate.has_own_memory);
    memory_free(estimate.is_interpreter);
    memory_free(estimate.has_main);
    memory_free(estimate.has_asyncio);
    return rc;
}
