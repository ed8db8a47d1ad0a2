/* SPDX-License-Identifier: MIT */
#include "engine/python/brc.h"

#include "engine/python/py_thread_priv.h"

/* Locking and unlocking the bucket of the owner. */
static sim_ns price_of_bucket(const struct py_thread *thread,
                              const struct py_thread *owner) {
    struct cache_line *line = &owner->process->brc->bucket[owner->id % BRC_BUCKETS];
    return 2 * py_thread_runtime(thread)->critical_section_ns +
           os_thread_write_line(&thread->client.os, line);
}

/* Takes the objects out of the thread's queue; returns the price of merging them. */
static sim_ns merge_queue(struct py_thread *owner) {
    const sim_ns price = owner->queued_objects * py_thread_runtime(owner)->brc_merge_ns;
    owner->world->tally.merged_objects += (uint64_t)owner->queued_objects;
    owner->queued_objects = 0;
    owner->client.breaker &= ~(unsigned)BREAKER_MERGE;
    return price;
}

/* From CPython's main branch of September 2026 on (gh-157838) a blocked owner need not
 * come for it. */
static bool is_merged_for(const struct py_thread *owner) {
    return py_thread_runtime(owner)->brc_for_detached &&
           owner->client.member.state == ATTACH_DETACHED;
}

sim_ns brc_drop(struct py_thread *thread, int64_t maker) {
    const struct runtime *runtime = py_thread_runtime(thread);
    if (runtime->gil != GIL_NONE || runtime->atomic_refcounts || maker < 0 ||
        maker == thread->id) {
        return 0; /* part of the bytecode's own time */
    }
    struct py_thread *owner = thread->world->threads[maker];
    if (owner->process != thread->process) {
        return 0; /* it came as bytes */
    }
    const sim_ns price = runtime->shared_ref_ns + price_of_bucket(thread, owner);
    owner->queued_objects++;
    if (owner->left || is_merged_for(owner)) {
        return price + merge_queue(owner);
    }
    gil_break(&owner->client, BREAKER_MERGE);
    return price;
}

void brc_merge(struct py_thread *thread, os_fn then) {
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    const sim_ns bucket = price_of_bucket(thread, thread);
    py_thread_work(thread, bucket + merge_queue(thread), then);
}

sim_ns brc_merge_all(const struct process *process) {
    sim_ns price = 0;
    for (const struct gil_client *it = process->gil.stop_world.members; it != NULL;
         it = it->member.next) {
        struct py_thread *thread = (struct py_thread *)(uintptr_t)it;
        if (thread->queued_objects > 0) {
            price += merge_queue(thread);
        }
    }
    return price;
}
