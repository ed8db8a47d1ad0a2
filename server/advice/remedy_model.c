/* SPDX-License-Identifier: MIT */
/* remedy_model - other runtimes, strategies and numbers of workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/advice/remedy_priv.h"

static json_int_t cores(const struct remedy_case *it) {
    return (json_int_t)it->plan->machine.cores;
}

/* As many in each of so many processes that together they are no fewer. */
static json_int_t in_each(json_int_t workers, json_int_t processes) {
    return (workers + processes - 1) / processes;
}

/* --- a strategy with another number ----------------------------------------------- */

/* The only strategy with its number of workers changed; NULL when it has none. */
static json_t *resized(const struct remedy_case *it, json_int_t workers) {
    const json_t *now = json_array_get(json_object_get(it->document, "strategies"), 0);
    const char *member = strategy_kind_name(it->plan->strategy.kind);
    json_t *copy = json_is_object(now) ? json_deep_copy(now) : NULL;
    if (copy != NULL && json_is_integer(json_object_get(copy, member))) {
        (void)json_object_set_new(copy, member, json_integer(workers)); /* it is there */
        return copy;
    }
    json_decref(copy);
    return NULL;
}

static void offer_size(const struct remedy_case *it, struct remedy_list *list,
                       const char *name, json_int_t workers) {
    json_t *strategy = resized(it, workers);
    if (strategy != NULL) {
        remedy_strategy(it, list, name, strategy);
    }
}

void remedy_more_workers(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    const json_int_t workers = strategy->workers;
    if (strategy->kind == STRATEGY_SEQUENTIAL) {
        remedy_strategy(it, list, "use-threads", json_pack("{s:i}", "threads", 8));
        remedy_strategy(it, list, "use-threads", json_pack("{s:i}", "threads", 32));
        remedy_strategy(it, list, "use-asyncio", json_pack("{s:i}", "asyncio", 100));
        return;
    }
    for (int factor = 2; factor <= 8; factor *= 2) {
        offer_size(it, list, "more-workers", workers * factor);
    }
    if (strategy->kind == STRATEGY_PROCESSES && !strategy_is_nested(strategy)) {
        remedy_strategy(
            it, list, "use-servers",
            json_pack("{s:I,s:{s:i}}", "processes", workers, "each", "threads", 8));
    }
}

/* Actors of threads of which there are more than cores. */
static void offer_fewer_actors(const struct remedy_case *it, struct remedy_list *list,
                               const char *name) {
    const json_t *actors =
        json_object_get(json_object_get(it->document, "workload"), "actors");
    for (size_t i = 0; i < json_array_size(actors); i++) {
        const json_t *count = json_object_get(json_array_get(actors, i), "thread");
        if (json_integer_value(count) > cores(it)) {
            char pointer[64];
            snprintf(pointer, sizeof pointer, "/workload/actors/%zu/thread", i);
            remedy_replace(list, name, pointer, json_integer(cores(it)));
        }
    }
}

void remedy_fewer_workers(const struct remedy_case *it, struct remedy_list *list) {
    const json_int_t workers = it->plan->strategy.workers;
    for (json_int_t fewer = cores(it); fewer < workers; fewer *= 2) {
        if (fewer == cores(it) || fewer * 2 >= workers) {
            offer_size(it, list, "fewer-workers", fewer);
        }
    }
    if (workers > 1 && workers <= cores(it)) {
        offer_size(it, list, "fewer-workers", (workers + 1) / 2);
    }
    offer_fewer_actors(it, list, "fewer-workers");
}

/* --- runtimes -------------------------------------------------------------------- */

/* Where documents name the runtime; its overrides do not go with it. */
static int put_runtime(json_t *patch, const char *name) {
    return patch_replace(patch, "/runtimes/0", json_string(name));
}

/* 3.14t is the first that is supported (PEP 779). */
static const char *free_threaded_name(const struct runtime *runtime) {
    return strncmp(runtime->name, "cpython-3.15", strlen("cpython-3.15")) == 0
               ? "cpython-3.15t"
               : "cpython-3.14t";
}

static void offer_free_threading(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    if (it->plan->runtime.gil == GIL_NONE) {
        return;
    }
    json_t *patch = json_array();
    int rc = put_runtime(patch, free_threaded_name(&it->plan->runtime));
    if (rc == 0 && (strategy->kind == STRATEGY_SEQUENTIAL ||
                    (strategy->kind == STRATEGY_THREADS && strategy->workers == 1))) {
        rc = patch_replace(patch, "/strategies/0",
                           json_pack("{s:I}", "threads", cores(it)));
    }
    remedy_offer(list, "free-threading", patch, rc);
}

void remedy_shorter_interval(const struct remedy_case *it, struct remedy_list *list) {
    const json_t *now = json_array_get(json_object_get(it->document, "runtimes"), 0);
    const double interval_us = (double)it->plan->runtime.switch_interval_ns / 1e3;
    if (it->plan->runtime.gil != GIL_INTERVAL) {
        return;
    }
    static const int parts[] = {5, 50};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_t *runtime =
            json_is_object(now) ? json_deep_copy(now) : json_pack("{s:O}", "base", now);
        if (json_object_set_new(runtime, "switch_interval_us",
                                json_real(interval_us / parts[i])) != 0) {
            list->failed = true;
        }
        remedy_replace(list, "shorter-interval", "/runtimes/0", runtime);
    }
}

/* --- more than one GIL ------------------------------------------------------------ */

static void offer_servers(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    if (strategy->kind == STRATEGY_THREADS || strategy->kind == STRATEGY_ASYNCIO) {
        const char *member = strategy_kind_name(strategy->kind);
        remedy_strategy(it, list, "use-servers",
                        json_pack("{s:I,s:{s:I}}", "processes", cores(it), "each", member,
                                  in_each(strategy->workers, cores(it))));
    }
}

static void offer_interpreters(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    const json_int_t workers =
        strategy->kind == STRATEGY_THREADS && strategy->workers > cores(it)
            ? (json_int_t)strategy->workers
            : cores(it);
    if (strategy->kind == STRATEGY_ACTORS || strategy->kind == STRATEGY_INTERPRETERS) {
        return;
    }
    json_t *patch = json_array();
    int rc =
        it->plan->runtime.has_interpreter_pool ? 0 : put_runtime(patch, "cpython-3.14");
    if (rc == 0) {
        rc = patch_replace(patch, "/strategies/0",
                           json_pack("{s:I}", "interpreters",
                                     workers < 1024 ? workers : (json_int_t)1024));
    }
    remedy_offer(list, "use-interpreters", patch, rc);
}

/* The actor of a step: "/workload/actors/3/steps/0" is of actor 3. */
static bool actor_of(const struct remedy_case *it, site_id site, size_t *out) {
    static const char prefix[] = "/workload/actors/";
    char pointer[REMEDY_POINTER_MAX];
    if (!remedy_site(it, site, "", pointer) ||
        strncmp(pointer, prefix, strlen(prefix)) != 0) {
        return false;
    }
    *out = strtoul(pointer + strlen(prefix), NULL, 10);
    return true;
}

static void offer_move_to_process(const struct remedy_case *it,
                                  struct remedy_list *list) {
    size_t actor;
    if (!actor_of(it, it->finding->site, &actor)) {
        return;
    }
    const json_t *actors =
        json_object_get(json_object_get(it->document, "workload"), "actors");
    json_t *count = json_object_get(json_array_get(actors, actor), "thread");
    if (count == NULL) {
        return;
    }
    char pointer[64];
    json_t *patch = json_array();
    snprintf(pointer, sizeof pointer, "/workload/actors/%zu/thread", actor);
    int rc = patch_remove(patch, pointer);
    snprintf(pointer, sizeof pointer, "/workload/actors/%zu/process", actor);
    rc = rc == 0 ? patch_add(patch, pointer, json_incref(count)) : rc;
    remedy_offer(list, "move-to-process", patch, rc);
}

static void offer_processes(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    if (strategy->kind != STRATEGY_PROCESSES) {
        remedy_strategy(it, list, "use-processes",
                        json_pack("{s:I}", "processes", cores(it)));
    }
}

void remedy_relieve_gil(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    offer_processes(it, list);
    offer_servers(it, list);
    offer_interpreters(it, list);
    offer_free_threading(it, list);
    offer_move_to_process(it, list);
    if (strategy->kind == STRATEGY_ASYNCIO && strategy->to_thread > 0) {
        remedy_strategy(it, list, "to-process",
                        json_pack("{s:I,s:I}", "asyncio", (json_int_t)strategy->workers,
                                  "to_process", cores(it)));
    }
}

void remedy_use_cores(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    if (strategy->kind == STRATEGY_SEQUENTIAL) {
        remedy_strategy(it, list, "use-threads",
                        json_pack("{s:I}", "threads", cores(it)));
    } else if (strategy->workers < cores(it)) {
        offer_size(it, list, "more-workers", cores(it));
    }
    if (strategy_is_nested(strategy) || strategy->kind == STRATEGY_PROCESSES) {
        return;
    }
    offer_processes(it, list);
    offer_servers(it, list);
    offer_interpreters(it, list);
    offer_free_threading(it, list);
}

/* --- what workers cost ------------------------------------------------------------ */

static void offer_start(const struct remedy_case *it, struct remedy_list *list,
                        const char *name, const char *method) {
    json_t *strategy = resized(it, it->plan->strategy.workers);
    if (strategy != NULL &&
        json_object_set_new(strategy, "start", json_string(method)) != 0) {
        list->failed = true;
    }
    if (strategy != NULL) {
        remedy_strategy(it, list, name, strategy);
    }
}

void remedy_cheaper_start(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    for (json_int_t fewer = strategy->workers / 2; fewer > 1; fewer /= 2) {
        offer_size(it, list, "fewer-workers", fewer);
    }
    if (strategy->kind == STRATEGY_PROCESSES) {
        offer_start(it, list, "start-by-fork", "fork");
        offer_start(it, list, "start-by-forkserver", "forkserver");
    }
    if (strategy->kind == STRATEGY_PROCESSES || strategy->kind == STRATEGY_INTERPRETERS) {
        remedy_strategy(it, list, "use-threads",
                        json_pack("{s:I}", "threads", (json_int_t)strategy->workers));
    }
    if (strategy->kind != STRATEGY_SEQUENTIAL) {
        remedy_strategy(it, list, "one-thread", json_string("sequential"));
    }
}

void remedy_cheaper_handover(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    const json_int_t workers = strategy->workers;
    /* Lib/multiprocessing/pool.py: four chunks for each worker. */
    const json_int_t chunk = in_each(it->plan->job_count, 4 * workers);
    json_t *chunked =
        strategy->kind == STRATEGY_PROCESSES && it->plan->arrivals.kind == ARRIVALS_NONE
            ? resized(it, workers)
            : NULL;
    if (chunked != NULL) {
        if (json_object_set_new(chunked, "chunk", json_integer(chunk)) != 0) {
            list->failed = true;
        }
        remedy_strategy(it, list, "chunks", chunked);
    }
    remedy_strategy(it, list, "one-thread", json_string("sequential"));
    remedy_strategy(it, list, "use-threads", json_pack("{s:I}", "threads", workers));
    if (it->plan->runtime.gil != GIL_NONE) {
        json_t *patch = json_array();
        int rc = put_runtime(patch, free_threaded_name(&it->plan->runtime));
        rc = rc == 0 ? patch_replace(patch, "/strategies/0",
                                     json_pack("{s:I}", "threads", workers))
                     : rc;
        remedy_offer(list, "free-threading", patch, rc);
    }
}

/* Nine tenths of what was done. */
void remedy_less_load(const struct remedy_case *it, struct remedy_list *list) {
    const double done = finding_value(it->finding, "done_per_s");
    if (done > 0) {
        remedy_replace(list, "less-load", "/workload/jobs/arrivals/rate_per_s",
                       json_real(0.9 * done));
    }
}
