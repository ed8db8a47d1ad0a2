/* SPDX-License-Identifier: MIT */
#include "engine/program/step_list.h"

#include "engine/base/check.h"
#include "engine/base/random.h"

static void step_list_next(void *state, const struct resume *resume,
                           struct action *action);

const struct program_ops step_list_ops = {
    .next = step_list_next,
    .state_size = sizeof(struct step_list),
};

static bool slice_has_to_thread(const struct plan *plan, struct step_slice slice) {
    for (uint32_t i = slice.first; i < slice.end; i++) {
        if (plan->steps[i].kind == STEP_TO_THREAD) {
            return true;
        }
    }
    return false;
}

int step_list_init(struct step_list *list, const struct step_list_spec *spec,
                   struct arena *arena) {
    *list = (struct step_list){
        .plan = spec->plan,
        .objects = spec->objects,
        .first = spec->slice.first,
        .pc = spec->slice.first,
        .end = spec->slice.end,
        .key = spec->key,
        .units = spec->units,
        .asyncio = spec->asyncio,
    };
    if (slice_has_to_thread(spec->plan, spec->slice)) {
        /* The body has no awaits, hence no to_thread of its own: one level is enough. */
        list->inner = arena_alloc(arena, 1, sizeof *list->inner);
        if (list->inner == NULL) {
            return ERR_NOMEM;
        }
        list->body = (struct program){&step_list_ops, list->inner};
    }
    return 0;
}

void step_list_restart(struct step_list *list, uint64_t key) {
    list->pc = list->first;
    list->depth = 0;
    list->key = key;
    list->unit_open = false;
    list->update = UPDATE_NONE;
}

/* --- loops --------------------------------------------------------------------- */

static void enter_body(struct step_list *list, const struct step *step) {
    const uint32_t body = list->pc + 1;
    list->pc = step->end;
    if (body == step->end || (step->kind == STEP_REPEAT && step->count == 0)) {
        return;
    }
    ASSERT(list->depth < STEP_MAX_DEPTH);
    list->frame[list->depth++] = (struct step_frame){
        .first = body,
        .end = step->end,
        .object = NO_OBJECT,
        .left = step->kind == STEP_FOREVER ? -1 : step->count - 1,
    };
    list->pc = body;
}

/* At the end of the innermost body: next iteration, or out of it. */
static void leave_body(struct step_list *list) {
    struct step_frame *frame = &list->frame[list->depth - 1];
    if (frame->left == 0) {
        list->depth--;
        return; /* pc is already one past the body */
    }
    frame->left -= frame->left > 0;
    frame->iteration++;
    list->pc = frame->first;
}

static bool at_end_of_body(const struct step_list *list) {
    return list->depth > 0 && list->pc == list->frame[list->depth - 1].end;
}

static enum step_kind kind_of_body(const struct step_list *list, uint8_t depth) {
    return list->plan->steps[list->frame[depth].first - 1].kind;
}

/* Directly in the body of a repeat around which there are only locks. */
static bool in_outermost_repeat(const struct step_list *list) {
    if (list->depth == 0 || kind_of_body(list, list->depth - 1) != STEP_REPEAT) {
        return false;
    }
    for (uint8_t i = 0; i + 1 < list->depth; i++) {
        if (kind_of_body(list, i) != STEP_WITH) {
            return false;
        }
    }
    return true;
}

/* Where a unit begins or ends before the step at pc; false when nothing is to be said. */
static bool mark_unit(struct step_list *list, struct action *action) {
    if (!list->units || !in_outermost_repeat(list)) {
        return false;
    }
    const bool begin = !list->unit_open && list->pc == list->frame[list->depth - 1].first;
    const bool end = list->unit_open && at_end_of_body(list);
    if (!begin && !end) {
        return false;
    }
    list->unit_open = begin;
    action->kind = begin ? ACTION_UNIT_BEGIN : ACTION_UNIT_END;
    return true;
}

/* --- steps --------------------------------------------------------------------- */

static uint64_t draw_key(const struct step_list *list) {
    uint64_t key = random_mix(list->key, list->pc - list->first);
    for (uint8_t i = 0; i < list->depth; i++) {
        key = random_mix(key, (uint64_t)list->frame[i].iteration);
    }
    return key;
}

/* What a step does depends on what it is done with. */
static enum action_kind action_on(enum step_kind step, enum object_kind object) {
    switch (object) {
    case OBJECT_SEMAPHORE:
        return step == STEP_RELEASE ? ACTION_SEMAPHORE_RELEASE : ACTION_SEMAPHORE_ACQUIRE;
    case OBJECT_CONDITION:
        return step == STEP_WAIT      ? ACTION_CONDITION_WAIT
               : step == STEP_NOTIFY  ? ACTION_CONDITION_NOTIFY
               : step == STEP_RELEASE ? ACTION_RELEASE
                                      : ACTION_ACQUIRE;
    case OBJECT_EVENT:
        return step == STEP_WAIT  ? ACTION_EVENT_WAIT
               : step == STEP_SET ? ACTION_EVENT_SET
                                  : ACTION_EVENT_CLEAR;
    case OBJECT_BARRIER:
        return ACTION_BARRIER_WAIT;
    case OBJECT_QUEUE:
        return step == STEP_PUT ? ACTION_QUEUE_PUT : ACTION_QUEUE_GET;
    case OBJECT_SIMPLE_QUEUE:
        return step == STEP_PUT ? ACTION_PUT : ACTION_TAKE;
    case OBJECT_REFERENT:
        return ACTION_TOUCH;
    case OBJECT_PEER:
        return step == STEP_SEND ? ACTION_SEND : ACTION_RECV;
    case OBJECT_LIST:
    case OBJECT_DICT:
        return ACTION_USE;
    default:
        return step == STEP_RELEASE ? ACTION_RELEASE : ACTION_ACQUIRE;
    }
}

/* --- locks --------------------------------------------------------------------- */

static void act_on(const struct step_list *list, enum action_kind kind, uint32_t object,
                   struct action *action) {
    action->kind = kind;
    action->object = list->objects[object];
}

/* A Condition has an __enter__ and an __exit__ of its own, in Python; its acquire and
 * release are those of its lock (Lib/threading.py). */
static enum action_kind action_of_with(bool enter, enum object_kind object) {
    if (object == OBJECT_CONDITION) {
        return enter ? ACTION_CONDITION_ENTER : ACTION_CONDITION_EXIT;
    }
    return action_on(enter ? STEP_ACQUIRE : STEP_RELEASE, object);
}

/* `with lock:` acquires before its body and releases after it. */
static void enter_with(struct step_list *list, const struct step *step,
                       struct action *action) {
    act_on(list, action_of_with(true, list->plan->objects[step->object].kind),
           step->object, action);
    action->site = step->site;
    action->value = !list->plan->runtime.check_after_enter;
    ASSERT(list->depth < STEP_MAX_DEPTH);
    list->frame[list->depth++] = (struct step_frame){
        .first = list->pc + 1, .end = step->end, .object = step->object};
    list->pc++;
}

/* At the end of a body that holds a lock: releases it, once. */
static bool leave_with(struct step_list *list, struct action *action) {
    struct step_frame *frame = &list->frame[list->depth - 1];
    if (frame->object == NO_OBJECT) {
        return false;
    }
    act_on(list, action_of_with(false, list->plan->objects[frame->object].kind),
           frame->object, action);
    action->site = list->plan->steps[frame->first - 1].site;
    frame->object = NO_OBJECT;
    return true;
}

/* --- counter += 1 -------------------------------------------------------------- */

/*
 * Where load and store stand, in opcodes of one turn of a loop (dis, CPython 3.11).
 *
 *   c.v += 1       before the load 5, until the store 4, after it 1
 *   c.v = f(c.v)   before the load 6, until f has been entered - there lies the check
 *                  point - 3, until the store 6, after it 1
 */
static const struct {
    uint8_t before, entry, store, rest;
} opcodes[2] = {{5, 0, 4, 1}, {6, 3, 6, 1}};

static sim_ns update_share(const struct step *step, int part) {
    const int all = opcodes[step->call].before + opcodes[step->call].entry +
                    opcodes[step->call].store + opcodes[step->call].rest;
    return step->time.a * part / all;
}

static sim_ns update_ns(const struct step *step, enum update_phase next) {
    const sim_ns before = update_share(step, opcodes[step->call].before);
    const sim_ns entry = update_share(step, opcodes[step->call].entry);
    const sim_ns store = update_share(step, opcodes[step->call].store);
    switch (next) {
    case UPDATE_LOAD:
        return before;
    case UPDATE_CALL:
        return entry;
    case UPDATE_REFER:
    case UPDATE_STORE:
        return store;
    default:
        return step->time.a - before - entry - store; /* none gets lost */
    }
}

static void update_compute(struct step_list *list, enum update_phase next, bool straight,
                           struct action *action) {
    const struct step *step = &list->plan->steps[list->pc];
    action->kind = ACTION_COMPUTE;
    action->site = step->site;
    action->ns = update_ns(step, next);
    action->value = straight;
    list->update = next;
}

static bool in_with(const struct step_list *list) {
    return list->depth > 0 && list->frame[list->depth - 1].object != NO_OBJECT;
}

static void update_next(struct step_list *list, const struct resume *resume,
                        struct action *action) {
    const struct step *step = &list->plan->steps[list->pc];
    switch (list->update) {
    case UPDATE_NONE:
        update_compute(list, UPDATE_LOAD, true, action);
        return;
    case UPDATE_LOAD:
        act_on(list, ACTION_LOAD, step->object, action);
        list->update = UPDATE_ADD;
        return;
    case UPDATE_ADD:
        list->loaded = resume->value;
        if (step->call) {
            update_compute(list, UPDATE_CALL, false, action);
        } else {
            update_compute(list, UPDATE_STORE, true, action);
        }
        return;
    case UPDATE_CALL:
        update_compute(list, UPDATE_REFER, true, action);
        return;
    case UPDATE_REFER:
        act_on(list, ACTION_REFER, step->object, action);
        list->update = UPDATE_STORE;
        return;
    case UPDATE_STORE:
        act_on(list, ACTION_STORE, step->object, action);
        action->value = list->loaded + 1;
        list->update = UPDATE_REST;
        return;
    case UPDATE_REST: /* the back edge of a loop follows, but not inside a with statement
                       */
        update_compute(list, UPDATE_NONE, in_with(list), action);
        list->pc = step->end;
        return;
    }
}

static int64_t value_of(const struct step *step) {
    switch (step->kind) {
    case STEP_NOTIFY:
        return step->count == 0 ? INT64_MAX : step->count;
    case STEP_TOUCH:
    case STEP_ALLOCATE:
        return step->count;
    case STEP_FREE:
        return -step->count;
    case STEP_USE:
        return (int64_t)step->op;
    case STEP_C_HELD:
    case STEP_C_RELEASED:
    case STEP_C_BY_SIZE:
        return step->threads;
    default:
        return 0;
    }
}

static enum action_kind action_of(const struct step_list *list, const struct step *step) {
    static const enum action_kind kinds[STEP_KIND_COUNT] = {
        [STEP_PYTHON] = ACTION_COMPUTE,
        [STEP_PYTHON_CPU] = ACTION_COMPUTE_CPU,
        [STEP_C_HELD] = ACTION_C_HELD,
        [STEP_C_RELEASED] = ACTION_C_RELEASED,
        [STEP_IO] = ACTION_IO,
        [STEP_SLEEP] = ACTION_SLEEP,
        [STEP_AWAIT_IO] = ACTION_AWAIT_IO,
        [STEP_AWAIT_SLEEP] = ACTION_AWAIT_SLEEP,
        [STEP_TO_THREAD] = ACTION_AWAIT_THREAD,
        [STEP_ALLOCATE] = ACTION_ALLOCATE,
        [STEP_FREE] = ACTION_ALLOCATE,
    };
    if (step->kind == STEP_C_BY_SIZE) {
        return step->count < list->plan->runtime.c_release_bytes ? ACTION_C_HELD
                                                                 : ACTION_C_RELEASED;
    }
    if (step_has_object(step->kind)) {
        return action_on(step->kind, list->plan->objects[step->object].kind);
    }
    if (list->asyncio && !step->blocking) {
        if (step->kind == STEP_IO) {
            return ACTION_AWAIT_IO;
        }
        if (step->kind == STEP_SLEEP) {
            return ACTION_AWAIT_SLEEP;
        }
    }
    return kinds[step->kind];
}

/* The body of to_thread becomes a program of its own, with its own place in the stream.
 */
static void prepare_thread_body(struct step_list *list, const struct step *step,
                                struct action *action) {
    *list->inner = (struct step_list){
        .plan = list->plan,
        .objects = list->objects,
        .first = list->pc + 1,
        .pc = list->pc + 1,
        .end = step->end,
        .key = draw_key(list),
    };
    action->object = &list->body;
}

static void perform(struct step_list *list, const struct step *step,
                    struct action *action) {
    action->kind = action_of(list, step);
    action->site = step->site;
    action->value = value_of(step);
    if (step_has_object(step->kind)) {
        action->object = list->objects[step->object];
    }
    if (step->kind == STEP_TO_THREAD) {
        prepare_thread_body(list, step, action);
    } else if (step->time.kind == DISTRIBUTION_CONSTANT) {
        action->ns = step->time.a;
    } else {
        action->ns = distribution_draw(&step->time, draw_key(list));
    }
    list->pc = step->end;
}

/* Loops around nothing must not keep the scheduler from looking at its limits: it counts
 * what it is asked for, not the turns in between. */
enum { MAX_TURNS = 8 };

static void step_list_next(void *state, const struct resume *resume,
                           struct action *action) {
    struct step_list *list = state;
    for (int turns = 0; turns < MAX_TURNS; turns++) {
        if (mark_unit(list, action)) {
            return;
        }
        if (at_end_of_body(list)) {
            if (leave_with(list, action)) {
                return;
            }
            leave_body(list);
            continue;
        }
        if (list->pc == list->end) {
            return; /* ACTION_EXIT */
        }
        const struct step *step = &list->plan->steps[list->pc];
        if (step->kind == STEP_REPEAT || step->kind == STEP_FOREVER) {
            enter_body(list, step);
            continue;
        }
        if (step->kind == STEP_WITH) {
            enter_with(list, step, action);
        } else if (step->kind == STEP_UPDATE) {
            update_next(list, resume, action);
        } else {
            perform(list, step, action);
        }
        return;
    }
    action->kind = ACTION_COMPUTE; /* of no length */
}
