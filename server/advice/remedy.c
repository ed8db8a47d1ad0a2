/* SPDX-License-Identifier: MIT */
#include "server/advice/remedy.h"

#include <stdio.h>
#include <string.h>

#include "server/advice/remedy_priv.h"

/* --- writing them down ----------------------------------------------------------- */

static bool is_offered(const struct remedy_list *list, const char *name,
                       const json_t *patch) {
    for (size_t i = 0; i < list->count; i++) {
        const struct remedy *remedy = &list->items[i];
        if (strcmp(remedy->name, name) == 0 && json_equal(remedy->patch, patch)) {
            return true;
        }
    }
    return false;
}

void remedy_offer(struct remedy_list *list, const char *name, json_t *take_patch,
                  int rc) {
    if (rc != 0 || take_patch == NULL) {
        list->failed = true;
    }
    if (list->failed || list->count == REMEDY_MAX || is_offered(list, name, take_patch)) {
        json_decref(take_patch);
        return;
    }
    list->items[list->count++] = (struct remedy){name, take_patch};
}

void remedy_replace(struct remedy_list *list, const char *name, const char *pointer,
                    json_t *take_value) {
    json_t *patch = json_array();
    const int rc = patch_replace(patch, pointer, take_value);
    remedy_offer(list, name, patch, rc);
}

void remedy_strategy(const struct remedy_case *it, struct remedy_list *list,
                     const char *name, json_t *take_strategy) {
    if (it->plan->strategy.kind == STRATEGY_ACTORS) {
        json_decref(take_strategy);
        return;
    }
    remedy_replace(list, name, "/strategies/0", take_strategy);
}

bool remedy_site(const struct remedy_case *it, site_id site, const char *suffix,
                 char out[REMEDY_POINTER_MAX]) {
    if (site < 0 || (size_t)site >= it->plan->site_count) {
        return false;
    }
    const int size =
        snprintf(out, REMEDY_POINTER_MAX, "%s%s", it->plan->sites[site], suffix);
    return size > 0 && size < REMEDY_POINTER_MAX;
}

/* --- which ----------------------------------------------------------------------- */

typedef void (*remedy_fn)(const struct remedy_case *it, struct remedy_list *list);

/* In this order; the best of them is kept. */
static const remedy_fn against[FINDING_COUNT][3] = {
    [FINDING_GIL_BOUND] = {remedy_relieve_gil},
    [FINDING_GIL_CONVOY] = {remedy_relieve_gil, remedy_shorter_interval},
    [FINDING_STARVED_IO_THREAD] = {remedy_relieve_gil, remedy_shorter_interval},
    [FINDING_C_CALL_HOLDS_GIL] = {remedy_release_gil, remedy_relieve_gil},
    [FINDING_SWITCH_INTERVAL] = {remedy_shorter_interval},
    [FINDING_LOOP_BLOCKED] = {remedy_free_loop},
    [FINDING_LOOP_STARVED_BY_GIL] = {remedy_relieve_gil, remedy_shorter_interval},
    [FINDING_TIMER_GRANULARITY] = {remedy_finer_timer},
    [FINDING_POOL_TOO_SMALL] = {remedy_more_workers},
    [FINDING_POOL_OVERSUBSCRIBED] = {remedy_fewer_workers, remedy_fewer_natives},
    [FINDING_START_COST_DOMINATES] = {remedy_cheaper_start},
    [FINDING_PICKLING_BOUND] = {remedy_cheaper_handover},
    [FINDING_NESTED_PARALLELISM] = {remedy_fewer_natives, remedy_fewer_workers},
    [FINDING_REFCOUNT_PING_PONG] = {remedy_own_object},
    [FINDING_LOCK_CONTENDED] = {remedy_shorter_lock},
    [FINDING_LOST_UPDATES] = {remedy_lock_counter},
    [FINDING_IDLE_CORES] = {remedy_use_cores},
    [FINDING_UNSTABLE_LOAD] = {remedy_more_workers, remedy_use_cores, remedy_less_load},
    [FINDING_DEADLOCK] = {remedy_lock_order},
    /* What would be tried first if anything had been found: it has to fail. */
    [FINDING_NOTHING_TO_GAIN] = {remedy_more_workers, remedy_use_cores},
};

int remedy_find(const struct remedy_case *it, struct remedy_list *out, struct err *err) {
    const remedy_fn *row = against[it->finding->id];
    struct remedy_list list = {0};
    for (size_t i = 0; i < sizeof against[0] / sizeof against[0][0] && row[i] != NULL;
         i++) {
        row[i](it, &list);
    }
    if (list.failed) {
        remedy_list_deinit(&list);
        return err_set_nomem(err);
    }
    *out = list;
    return 0;
}

void remedy_list_deinit(struct remedy_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        json_decref(list->items[i].patch);
    }
    *list = (struct remedy_list){0};
}

/* --- words --------------------------------------------------------------------- */

static const struct {
    const char *name, *sentence;
} sentences[] = {
    {"use-processes", "Run the jobs in a pool of processes: each has a GIL of its own."},
    {"use-servers", "Run several processes, each with the threads or the loop of now."},
    {"use-interpreters",
     "Run the jobs in interpreters: each has a GIL of its own, in one "
     "process (3.14 and later)."},
    {"free-threading", "Use the build without a GIL."},
    {"move-to-process", "Give those who keep the GIL a process of their own."},
    {"shorter-interval", "Call sys.setswitchinterval(): who waits asks sooner."},
    {"release-gil", "Release the GIL in that C call, or use a library that does."},
    {"release-gil-everywhere", "Release the GIL in all C calls."},
    {"to-thread", "Take it off the loop: await asyncio.to_thread()."},
    {"to-process", "Take it off the loop, into a pool of processes."},
    {"use-async-call", "Await it: use a library that has async functions."},
    {"sleep-in-thread",
     "Sleep in a thread: time.sleep() ends 50 us late, not up to 1 ms."},
    {"use-threads", "Run the jobs in threads."},
    {"use-asyncio", "Run the jobs as tasks of an event loop."},
    {"more-workers", "Take more workers."},
    {"fewer-workers", "Take fewer workers."},
    {"start-by-fork", "Start the processes by fork."},
    {"start-by-forkserver", "Start the processes by a fork server."},
    {"one-thread", "Do without workers: one job after the other."},
    {"chunks", "Send more jobs at a time: chunksize of map()."},
    {"fewer-native-threads", "Let each C call use fewer threads (OMP_NUM_THREADS)."},
    {"own-object", "Give each thread an object of its own."},
    {"deferred-object",
     "Make it something whose references are counted late: a function, "
     "a class, a module."},
    {"immortal-object", "Make it something that is not counted: None, True, a small "
                        "number, an interned string."},
    {"move-out-of-lock", "Do it before the lock is taken."},
    {"several-permits", "Let four at a time in, if what the lock guards can bear it: a "
                        "pool of connections instead of one."},
    {"own-container",
     "Give each thread a container of its own, and join them at the end."},
    {"fewer-threads", "Let fewer threads compete for it."},
    {"lock-the-counter", "Guard each update with a lock."},
    {"same-lock-order", "Take the locks in the same order everywhere."},
    {"reentrant-lock", "Make it an RLock, which its holder can take again."},
    {"less-load", "Accept less than can be done, or add machines."},
};

const char *remedy_sentence(const char *name) {
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        if (strcmp(sentences[i].name, name) == 0) {
            return sentences[i].sentence;
        }
    }
    return "";
}
