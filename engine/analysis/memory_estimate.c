/* SPDX-License-Identifier: MIT */
#include "engine/analysis/memory_estimate.h"

#include <stdbool.h>

#include "engine/base/memory.h"
#include "engine/python/py_thread.h"

/* What is known of a lane; by lane. */
enum {
    PYTHON = 1,      /* process, thread: no peer and no native thread */
    OWN_MEMORY = 2,  /* process: was not forked */
    INTERPRETER = 4, /* GIL: of an interpreter beside the main one */
    FORKED = 8,      /* process: shares memory with the first */
    MAIN = 16,       /* process: has a main thread; thread: is one */
    ASYNCIO = 32     /* process: has imported asyncio */
};

struct estimate {
    const struct lane_table *lanes;
    const struct runtime *runtime;
    uint8_t *marks;
    bool has_process;
    int64_t now, peak;
};

/* What the lane itself costs; a process also what its loops have brought. */
static int64_t price_of(const struct estimate *estimate, lane_id id) {
    const struct runtime *runtime = estimate->runtime;
    const uint8_t marks = estimate->marks[id];
    switch (lane_table_kind(estimate->lanes, id)) {
    case LANE_PROCESS: {
        const int64_t asyncio = (marks & ASYNCIO) ? runtime->asyncio_bytes : 0;
        const int64_t own =
            (marks & FORKED) ? runtime->fork_bytes : runtime->process_bytes;
        return (marks & PYTHON) ? own + asyncio : asyncio;
    }
    case LANE_THREAD:
        return (marks & PYTHON) && !(marks & MAIN) ? runtime->thread_bytes : 0;
    case LANE_GIL: /* is there as long as its interpreter */
        return (marks & INTERPRETER) ? runtime->interpreter_bytes : 0;
    case LANE_TASK:
        return runtime->task_bytes;
    default:
        return 0;
    }
}

static void mark_process(struct estimate *estimate, lane_id id) {
    uint8_t *marks = &estimate->marks[id];
    if (*marks & PYTHON) {
        if (estimate->has_process && !(*marks & OWN_MEMORY)) {
            *marks |= FORKED;
        }
        estimate->has_process = true;
    }
}

/* The first thread of a process is its main thread. */
static void mark_thread(struct estimate *estimate, lane_id id) {
    const lane_id process = estimate->lanes->origin[id].parent;
    if ((estimate->marks[id] & PYTHON) && process >= 0 &&
        !(estimate->marks[process] & MAIN)) {
        estimate->marks[process] |= MAIN;
        estimate->marks[id] |= MAIN;
    }
}

/* The first loop of a process brings asyncio, which stays with the process. */
static void add_loop(struct estimate *estimate, lane_id id) {
    const struct lane_origin *origin = estimate->lanes->origin;
    const lane_id thread = origin[id].parent;
    const lane_id process = thread < 0 ? LANE_NONE : origin[thread].parent;
    if (process >= 0 && !(estimate->marks[process] & ASYNCIO)) {
        estimate->marks[process] |= ASYNCIO;
        estimate->now += estimate->runtime->asyncio_bytes;
    }
}

static void add_lane(struct estimate *estimate, lane_id id) {
    switch (lane_table_kind(estimate->lanes, id)) {
    case LANE_PROCESS:
        mark_process(estimate, id);
        break;
    case LANE_THREAD:
        mark_thread(estimate, id);
        break;
    case LANE_LOOP:
        add_loop(estimate, id);
        break;
    default:
        break;
    }
    estimate->now += price_of(estimate, id);
    if (estimate->now > estimate->peak) {
        estimate->peak = estimate->now;
    }
}

/* All but peers and native threads. */
static void mark_python(struct estimate *estimate, const struct world *world) {
    for (size_t i = 0; i < world->process_count; i++) {
        const struct process *process = world->processes[i];
        estimate->marks[process->lane] |= PYTHON;
        if (process->is_interpreter) {
            estimate->marks[process->gil.lane] |= INTERPRETER;
        } else if (process->has_own_memory) {
            estimate->marks[process->lane] |= OWN_MEMORY;
        }
    }
    for (size_t i = 0; i < world->thread_count; i++) {
        estimate->marks[world->threads[i]->client.os.lane] |= PYTHON;
    }
}

/* Lanes are born and end in the order of time. At the same instant more comes before
 * fewer: what lives for no time counts, too. */
static void add_all(struct estimate *estimate) {
    const struct lane_table *lanes = estimate->lanes;
    lane_id dead = lanes->first_dead;
    size_t left = lanes->dead_count;
    for (lane_id id = 0; (size_t)id < lanes->count; id++) {
        const sim_ns now = lanes->origin[id].born_ns;
        while (left > 0 && lane_table_died(lanes, dead) < now) {
            estimate->now -= price_of(estimate, dead);
            dead = lanes->origin[dead].next_dead;
            left--;
        }
        add_lane(estimate, id);
    }
}

int memory_estimate_peak(const struct world *world, int64_t *bytes, struct err *err) {
    const struct lane_table *lanes = recorder_lanes(world->sim.recorder);
    struct estimate estimate = {
        .lanes = lanes,
        .runtime = &world->plan->runtime,
        .marks = memory_zeroed(lanes->count, sizeof *estimate.marks),
    };
    if (estimate.marks == NULL) {
        return err_set_nomem(err);
    }
    mark_python(&estimate, world);
    add_all(&estimate);
    *bytes = estimate.peak;
    memory_free(estimate.marks);
    return 0;
}
