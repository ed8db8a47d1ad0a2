/* SPDX-License-Identifier: MIT */
/* remedy_step - other steps, locks and objects in the same workload. */
#include <stdio.h>
#include <string.h>

#include "server/advice/remedy_priv.h"
#include "server/document/place.h"

/* The step that the finding points at; NULL when it points at none. */
static const struct step *step_of(const struct remedy_case *it) {
    const site_id site = it->finding->site;
    return site >= 0 && (size_t)site < it->plan->step_count ? &it->plan->steps[site]
                                                            : NULL;
}

/* --- C calls ------------------------------------------------------------------- */

void remedy_release_gil(const struct remedy_case *it, struct remedy_list *list) {
    const struct step *step = step_of(it);
    char pointer[REMEDY_POINTER_MAX];
    size_t calls = 0;
    if (step == NULL || step->kind != STEP_C_HELD ||
        !remedy_site(it, step->site, "/gil", pointer)) {
        return;
    }
    json_t *patch = json_array();
    int rc = patch_add(patch, pointer, json_string("released"));
    remedy_offer(list, "release-gil", patch, rc);
    patch = json_array();
    for (size_t i = 0; i < it->plan->step_count; i++) {
        const struct step *other = &it->plan->steps[i];
        if (rc == 0 && other->kind == STEP_C_HELD &&
            remedy_site(it, other->site, "/gil", pointer)) {
            rc = patch_add(patch, pointer, json_string("released"));
            calls++;
        }
    }
    if (calls > 1) {
        remedy_offer(list, "release-gil-everywhere", patch, rc);
    } else {
        json_decref(patch);
    }
}

void remedy_fewer_natives(const struct remedy_case *it, struct remedy_list *list) {
    const struct step *step = step_of(it);
    char pointer[REMEDY_POINTER_MAX];
    if (step == NULL || step->threads < 2 ||
        !remedy_site(it, step->site, "/threads", pointer)) {
        return;
    }
    const uint32_t workers =
        it->plan->strategy.workers > 0 ? it->plan->strategy.workers : 1;
    const json_int_t fair = (json_int_t)it->plan->machine.cores / workers;
    if (fair > 1 && fair < step->threads) {
        remedy_replace(list, "fewer-native-threads", pointer, json_integer(fair));
    }
    remedy_replace(list, "fewer-native-threads", pointer, json_integer(1));
}

/* --- loops --------------------------------------------------------------------- */

/* {"io_us": x} of a task becomes {"await_io_us": x}. */
static void offer_async_call(struct remedy_list *list, const char *pointer,
                             const json_t *step) {
    static const char *const words[][2] = {{"io_us", "await_io_us"},
                                           {"sleep_us", "await_sleep_us"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        json_t *time = json_object_get(step, words[i][0]);
        if (time != NULL) {
            remedy_replace(list, "use-async-call", pointer,
                           json_pack("{s:O}", words[i][1], time));
        }
    }
}

static void free_loop_of_jobs(const struct remedy_case *it, struct remedy_list *list) {
    const struct strategy *strategy = &it->plan->strategy;
    const json_int_t cores = (json_int_t)it->plan->machine.cores;
    const json_int_t jobs = strategy->workers;
    const struct step *step = step_of(it);
    char pointer[REMEDY_POINTER_MAX];
    if (strategy->kind != STRATEGY_ASYNCIO) {
        return;
    }
    /* Lib/concurrent/futures/thread.py: min(32, cpu_count + 4) */
    remedy_strategy(it, list, "to-thread",
                    json_pack("{s:I,s:I}", "asyncio", jobs, "to_thread",
                              cores + 4 < 32 ? cores + 4 : (json_int_t)32));
    remedy_strategy(it, list, "to-process",
                    json_pack("{s:I,s:I}", "asyncio", jobs, "to_process", cores));
    if (step != NULL && step->blocking &&
        remedy_site(it, step->site, "/blocking", pointer)) {
        remedy_replace(list, "use-async-call", pointer, json_false());
    }
}

void remedy_free_loop(const struct remedy_case *it, struct remedy_list *list) {
    const struct step *step = step_of(it);
    char pointer[REMEDY_POINTER_MAX];
    if (it->plan->strategy.kind != STRATEGY_ACTORS) {
        free_loop_of_jobs(it, list);
        return;
    }
    if (step == NULL || !remedy_site(it, step->site, "", pointer)) {
        return;
    }
    json_t *now = patch_find(it->document, pointer);
    if (now != NULL) {
        offer_async_call(list, pointer, now);
        remedy_replace(list, "to-thread", pointer,
                       json_pack("{s:[O]}", "to_thread", now));
    }
}

void remedy_finer_timer(const struct remedy_case *it, struct remedy_list *list) {
    const struct step *step = step_of(it);
    char pointer[REMEDY_POINTER_MAX];
    if (it->plan->strategy.kind == STRATEGY_ASYNCIO) {
        remedy_strategy(
            it, list, "use-threads",
            json_pack("{s:I}", "threads", (json_int_t)it->plan->strategy.workers));
        return;
    }
    if (step == NULL || step->kind != STEP_AWAIT_SLEEP ||
        !remedy_site(it, step->site, "", pointer)) {
        return;
    }
    json_t *time = json_object_get(patch_find(it->document, pointer), "await_sleep_us");
    if (time != NULL) {
        remedy_replace(list, "sleep-in-thread", pointer,
                       json_pack("{s:[{s:O}]}", "to_thread", "sleep_us", time));
    }
}

/* --- objects ------------------------------------------------------------------- */

/* The pointer of an object of the workload; false when there is none, or it is too long. */
static bool object_pointer(const struct remedy_case *it, int32_t object,
                           const char *suffix, char out[REMEDY_POINTER_MAX]) {
    char token[2 * sizeof it->plan->objects[0].name];
    if (object < 0 || (size_t)object >= it->plan->object_count) {
        return false;
    }
    place_escape(it->plan->objects[object].name, token);
    const int size =
        snprintf(out, REMEDY_POINTER_MAX, "/workload/objects/%s%s", token, suffix);
    return size > 0 && size < REMEDY_POINTER_MAX;
}

void remedy_own_object(const struct remedy_case *it, struct remedy_list *list) {
    char pointer[REMEDY_POINTER_MAX];
    static const char *const choices[][2] = {{"own-object", "each"},
                                             {"deferred-object", "deferred"},
                                             {"immortal-object", "immortal"}};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0] &&
                       object_pointer(it, it->finding->object, "", pointer);
         i++) {
        remedy_replace(list, choices[i][0], pointer,
                       json_pack("{s:s}", "object", choices[i][1]));
    }
}

/* --- locks --------------------------------------------------------------------- */

/* The innermost `with` of that object around a step; false: there is none. */
static bool enclosing_with(const struct remedy_case *it, const struct step *step,
                           uint32_t object, size_t *out) {
    const size_t at = (size_t)(step - it->plan->steps);
    for (size_t i = at; i-- > 0;) {
        const struct step *outer = &it->plan->steps[i];
        if (outer->kind == STEP_WITH && outer->end > at && outer->object == object) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool waits_outside(enum step_kind kind) {
    return kind == STEP_IO || kind == STEP_SLEEP || kind == STEP_AWAIT_IO ||
           kind == STEP_AWAIT_SLEEP;
}

/* What the holder waited for goes before the lock. */
static void offer_move_out(const struct remedy_case *it, struct remedy_list *list) {
    const struct step *step = step_of(it);
    char from[REMEDY_POINTER_MAX], to[REMEDY_POINTER_MAX];
    size_t with;
    if (step != NULL && waits_outside(step->kind) && it->finding->object >= 0 &&
        enclosing_with(it, step, (uint32_t)it->finding->object, &with) &&
        remedy_site(it, step->site, "", from) &&
        remedy_site(it, it->plan->steps[with].site, "", to)) {
        json_t *patch = json_array();
        const int rc = patch_move(patch, from, to);
        remedy_offer(list, "move-out-of-lock", patch, rc);
    }
}

static void offer_fewer_threads(const struct remedy_case *it, struct remedy_list *list) {
    const json_t *actors =
        json_object_get(json_object_get(it->document, "workload"), "actors");
    for (size_t i = 0; i < json_array_size(actors); i++) {
        const json_int_t count =
            json_integer_value(json_object_get(json_array_get(actors, i), "thread"));
        if (count > 1) {
            char pointer[64];
            snprintf(pointer, sizeof pointer, "/workload/actors/%zu/thread", i);
            remedy_replace(list, "fewer-threads", pointer, json_integer((count + 1) / 2));
        }
    }
}

void remedy_shorter_lock(const struct remedy_case *it, struct remedy_list *list) {
    char pointer[REMEDY_POINTER_MAX];
    if (!object_pointer(it, it->finding->object, "", pointer)) {
        return;
    }
    const struct step *step = step_of(it);
    offer_move_out(it, list);
    switch (it->plan->objects[it->finding->object].kind) {
    case OBJECT_LIST:
        remedy_replace(list, "own-container", pointer,
                       json_pack("{s:s}", "list", "each"));
        break;
    case OBJECT_DICT:
        remedy_replace(list, "own-container", pointer,
                       json_pack("{s:s}", "dict", "each"));
        break;
    case OBJECT_LOCK:
    case OBJECT_RLOCK:
        if (step != NULL && waits_outside(step->kind)) {
            remedy_replace(list, "several-permits", pointer,
                           json_pack("{s:i}", "semaphore", 4));
        }
        break;
    case OBJECT_ASYNC_LOCK:
        if (step != NULL && waits_outside(step->kind)) {
            remedy_replace(list, "several-permits", pointer,
                           json_pack("{s:i}", "async_semaphore", 4));
        }
        break;
    default:
        break;
    }
    offer_fewer_threads(it, list);
}

/* A name that no object has. */
static void name_lock(const struct remedy_case *it, char *out, size_t size) {
    const json_t *objects =
        json_object_get(json_object_get(it->document, "workload"), "objects");
    snprintf(out, size, "lock");
    for (int i = 2; json_object_get(objects, out) != NULL; i++) {
        snprintf(out, size, "lock %d", i);
    }
}

void remedy_lock_counter(const struct remedy_case *it, struct remedy_list *list) {
    char pointer[REMEDY_POINTER_MAX], name[32];
    name_lock(it, name, sizeof name);
    json_t *patch = json_array();
    snprintf(pointer, sizeof pointer, "/workload/objects/%s", name);
    int rc = patch_add(patch, pointer, json_string("lock"));
    for (size_t i = 0; rc == 0 && i < it->plan->step_count; i++) {
        const struct step *step = &it->plan->steps[i];
        if (step->kind == STEP_UPDATE && remedy_site(it, step->site, "", pointer)) {
            rc = patch_replace(patch, pointer,
                               json_pack("{s:s,s:[O]}", "with", name, "steps",
                                         patch_find(it->document, pointer)));
        }
    }
    remedy_offer(list, "lock-the-counter", patch, rc);
}

/* Exchanges the names of a `with` and of the one that its holder waits at inside. */
static void offer_swap(const struct remedy_case *it, struct remedy_list *list,
                       const struct step *outer, const struct step *inner) {
    char of_outer[REMEDY_POINTER_MAX], of_inner[REMEDY_POINTER_MAX];
    if (!remedy_site(it, outer->site, "/with", of_outer) ||
        !remedy_site(it, inner->site, "/with", of_inner)) {
        return;
    }
    json_t *patch = json_array();
    int rc = patch_replace(patch, of_outer,
                           json_string(it->plan->objects[inner->object].name));
    rc = rc == 0 ? patch_replace(patch, of_inner,
                                 json_string(it->plan->objects[outer->object].name))
                 : rc;
    remedy_offer(list, "same-lock-order", patch, rc);
}

/* The outermost `with` around a step of another object. */
static const struct step *outermost_with(const struct remedy_case *it,
                                         const struct step *step) {
    const size_t at = (size_t)(step - it->plan->steps);
    for (size_t i = 0; i < at; i++) {
        const struct step *outer = &it->plan->steps[i];
        if (outer->kind == STEP_WITH && outer->end > at &&
            outer->object != step->object) {
            return outer;
        }
    }
    return NULL;
}

void remedy_lock_order(const struct remedy_case *it, struct remedy_list *list) {
    const struct findings *findings = it->findings;
    for (size_t i = 0; i < findings->cycle_count; i++) {
        const struct finding_edge *edge = &findings->cycle[i];
        const struct step *step =
            edge->site >= 0 && (size_t)edge->site < it->plan->step_count
                ? &it->plan->steps[edge->site]
                : NULL;
        if (step == NULL || step->kind != STEP_WITH) {
            continue;
        }
        char pointer[REMEDY_POINTER_MAX];
        const struct step *outer = outermost_with(it, step);
        if (edge->waiter == edge->holder &&
            object_pointer(it, (int32_t)step->object, "", pointer)) {
            remedy_replace(list, "reentrant-lock", pointer, json_string("rlock"));
        } else if (outer != NULL) {
            offer_swap(it, list, outer, step);
        }
    }
}
