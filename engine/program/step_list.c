/* SPDX-License-Identifier: MIT */
#include "engine/program/step_list.h"

#include "engine/base/check.h"
#include "engine/base/random.h"
#include "engine/program/step_list_priv.h"

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
        .site = SITE_NONE,
    };
    if (slice_has_to_thread(spec->plan, spec->slice)) {
        /* The body has no awaits, hence no to_thread of its own: one level is enough. */
        list->inner = spec->spare != NULL ? spec->spare
                                          : arena_alloc(arena, 1, sizeof *list->inner);
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
    list->asked = ASKED_NOTHING;
    list->raised = (struct resume){.status = RESUME_DONE};
    list->nth = 0;
}

/* --- loops --------------------------------------------------------------------- */

struct step_frame *step_list_enter(struct step_list *list, const struct step *step) {
    ASSERT(list->depth < STEP_MAX_DEPTH);
    struct step_frame *frame = &list->frame[list->depth++];
    *frame = (struct step_frame){
        .first = list->pc + 1,
        .end = step->end,
        .object = NO_OBJECT,
    };
    list->pc++;
    return frame;
}

static void enter_loop(struct step_list *list, const struct step *step) {
    const bool nothing =
        list->pc + 1 == step->end || (step->kind == STEP_REPEAT && step->count == 0);
    if (nothing) {
        list->pc = step->end;
        return;
    }
    step_list_enter(list, step)->left = step->kind == STEP_REPEAT ? step->count - 1 : -1;
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
    if (!in_outermost_repeat(list)) {
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

uint64_t step_list_draw_key(const struct step_list *list) {
    uint64_t key = random_mix(list->key, list->pc - list->first);
    for (uint8_t i = 0; i < list->depth; i++) {
        key = random_mix(key, (uint64_t)list->frame[i].iteration);
    }
    return key;
}

sim_ns step_list_draw(const struct step_list *list, const struct step *step) {
    return step->time.kind == DISTRIBUTION_CONSTANT
               ? step->time.a
               : distribution_draw(&step->time, step_list_draw_key(list));
}

static enum action_kind action_on_async(enum step_kind step) {
    static const enum action_kind kinds[STEP_KIND_COUNT] = {
        [STEP_ACQUIRE] = ACTION_ASYNC_ACQUIRE, [STEP_RELEASE] = ACTION_ASYNC_RELEASE,
        [STEP_WAIT] = ACTION_ASYNC_WAIT,       [STEP_NOTIFY] = ACTION_ASYNC_NOTIFY,
        [STEP_SET] = ACTION_ASYNC_SET,         [STEP_CLEAR] = ACTION_ASYNC_CLEAR,
        [STEP_UNTIL] = ACTION_ASYNC_IS_SET,    [STEP_PUT] = ACTION_ASYNC_PUT,
        [STEP_GET] = ACTION_ASYNC_GET,
    };
    return kinds[step];
}

/* What a step does depends on what it is done with. */
static enum action_kind action_on(enum step_kind step, enum object_kind object) {
    if (object_is_async(object)) {
        return action_on_async(step);
    }
    switch (object) {
    case OBJECT_SEMAPHORE:
        return step == STEP_RELEASE ? ACTION_SEMAPHORE_RELEASE : ACTION_SEMAPHORE_ACQUIRE;
    case OBJECT_CONDITION:
        return step == STEP_WAIT      ? ACTION_CONDITION_WAIT
               : step == STEP_NOTIFY  ? ACTION_CONDITION_NOTIFY
               : step == STEP_RELEASE ? ACTION_RELEASE
                                      : ACTION_ACQUIRE;
    case OBJECT_EVENT:
        return step == STEP_WAIT    ? ACTION_EVENT_WAIT
               : step == STEP_SET   ? ACTION_EVENT_SET
               : step == STEP_CLEAR ? ACTION_EVENT_CLEAR
                                    : ACTION_EVENT_IS_SET;
    case OBJECT_BARRIER:
        return ACTION_BARRIER_WAIT;
    case OBJECT_QUEUE:
        return step == STEP_PUT ? ACTION_QUEUE_PUT : ACTION_QUEUE_GET;
    case OBJECT_SIMPLE_QUEUE:
        return step == STEP_PUT ? ACTION_PUT : ACTION_TAKE;
    case OBJECT_INTERPRETER_QUEUE:
        return step == STEP_PUT ? ACTION_INTERPRETER_PUT : ACTION_INTERPRETER_GET;
    case OBJECT_REFERENT:
        return ACTION_TOUCH;
    case OBJECT_PEER:
        return step == STEP_SEND   ? ACTION_SEND
               : step == STEP_RECV ? ACTION_RECV
               : step == STEP_READ ? ACTION_AWAIT_READ
                                   : ACTION_AWAIT_RECV;
    case OBJECT_LIST:
    case OBJECT_DICT:
        return ACTION_USE;
    default:
        return step == STEP_RELEASE ? ACTION_RELEASE : ACTION_ACQUIRE;
    }
}

/* --- locks --------------------------------------------------------------------- */

/* Objects of asyncio are known by their index: each loop has its own. */
void step_list_act_on(const struct step_list *list, enum action_kind kind,
                      uint32_t object, struct action *action) {
    action->kind = kind;
    if (object_is_async(list->plan->objects[object].kind)) {
        action->value = object;
    } else {
        action->object = list->objects[object];
    }
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
    const enum object_kind kind = list->plan->objects[step->object].kind;
    action->value = !list->plan->runtime.check_after_enter;
    step_list_act_on(list, action_of_with(true, kind), step->object, action);
    action->site = step->site;
    step_list_enter(list, step)->object = step->object;
    list->asked = ASKED_ACQUIRE;
}

bool step_list_leave_with(struct step_list *list, struct action *action) {
    struct step_frame *frame = &list->frame[list->depth - 1];
    if (frame->object == NO_OBJECT) {
        return false;
    }
    step_list_act_on(list, action_of_with(false, list->plan->objects[frame->object].kind),
                     frame->object, action);
    action->site = list->plan->steps[frame->first - 1].site;
    frame->object = NO_OBJECT;
    return true;
}

/* --- while not event.is_set() --------------------------------------------------- */

static void ask_until(struct step_list *list, struct action *action) {
    const struct step *step = &list->plan->steps[list->frame[list->depth - 1].first - 1];
    step_list_act_on(list, action_on(STEP_UNTIL, list->plan->objects[step->object].kind),
                     step->object, action);
    action->site = step->site;
    list->asked = ASKED_IS_SET;
}

static void hear_answer(struct step_list *list, const struct resume *resume) {
    if (list->asked == ASKED_IS_SET && resume->value != 0) {
        list->pc = list->frame[--list->depth].end;
    }
    list->asked = ASKED_NOTHING;
}

/* --- steps without a body ------------------------------------------------------- */

static int64_t value_of(const struct step *step) {
    switch (step->kind) {
    case STEP_NOTIFY:
        return step->count == 0 ? INT64_MAX : step->count;
    case STEP_PUT:
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

static const enum action_kind actions[STEP_KIND_COUNT] = {
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

/* ... with nothing but a time, whoever does it, on every runtime. */
static const bool is_one_action[STEP_KIND_COUNT] = {
    [STEP_PYTHON] = true,
    [STEP_PYTHON_CPU] = true,
    [STEP_AWAIT_IO] = true,
    [STEP_AWAIT_SLEEP] = true,
};

static enum action_kind action_of(const struct step_list *list, const struct step *step) {
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
    return actions[step->kind];
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
        .key = step_list_draw_key(list),
    };
    action->object = &list->body;
}

static void perform(struct step_list *list, const struct step *step,
                    struct action *action) {
    action->site = step->site;
    action->ns = step_list_draw(list, step);
    action->kind = action_of(list, step);
    action->value = value_of(step);
    if (step_has_object(step->kind)) {
        const enum object_kind kind = list->plan->objects[step->object].kind;
        if (step->kind == STEP_NOTIFY && object_is_async(kind)) {
            action->ns = action->value;
        } else if (step->kind == STEP_PUT) {
            action->ns = step->pickled;
        }
        step_list_act_on(list, action->kind, step->object, action);
    } else if (step->kind == STEP_TO_THREAD) {
        prepare_thread_body(list, step, action);
    }
    list->pc = step->end;
}

/* Loops around nothing must not keep the scheduler from looking at its limits: it counts
 * what it is asked for, not the turns in between. */
enum { MAX_TURNS = 8 };

/* The end of a body that is no loop over a count: true when that needs an action. This and
 * begin_other() are functions of their own, so that most steps need few registers. */
__attribute__((noinline)) static bool end_other(struct step_list *list,
                                                struct action *action) {
    if (step_list_leave_with(list, action)) {
        return true;
    }
    const bool acts = step_unwind_leave(list, action);
    leave_body(list);
    if (acts || list->depth == 0 || list->pc != list->frame[list->depth - 1].first ||
        kind_of_body(list, list->depth - 1) != STEP_UNTIL) {
        return acts;
    }
    ask_until(list, action);
    return true;
}

/* The end of the innermost body: true when that needs an action. */
static bool end_body(struct step_list *list, struct action *action) {
    const enum step_kind kind = kind_of_body(list, list->depth - 1);
    if (kind == STEP_REPEAT || kind == STEP_FOREVER) {
        leave_body(list);
        return false;
    }
    return end_other(list, action);
}

/* A step that may be more than an action of one kind: true when it needs an action. */
__attribute__((noinline)) static bool begin_other(struct step_list *list,
                                                  const struct step *step,
                                                  const struct resume *resume,
                                                  struct action *action) {
    switch (step->kind) {
    case STEP_REPEAT:
    case STEP_FOREVER:
        enter_loop(list, step);
        return false;
    case STEP_UNTIL:
        step_list_enter(list, step)->left = -1;
        ask_until(list, action);
        return true;
    case STEP_WITH:
        enter_with(list, step, action);
        return true;
    case STEP_UPDATE:
        step_update_next(list, resume, action);
        return true;
    default:
        if (step->kind >= STEP_GATHER && step->kind <= STEP_RAISE) {
            return step_unwind_perform(list, step, action);
        }
        perform(list, step, action);
        return true;
    }
}

/* The step at pc: true when it needs an action. */
static bool begin_step(struct step_list *list, const struct resume *resume,
                       struct action *action) {
    const struct step *step = &list->plan->steps[list->pc];
    if (!is_one_action[step->kind]) {
        return begin_other(list, step, resume, action);
    }
    action->kind = actions[step->kind];
    action->site = step->site;
    action->ns = step_list_draw(list, step);
    list->pc = step->end;
    return true;
}

/* One turn: true when there is an action, also ACTION_EXIT. */
static bool turn(struct step_list *list, const struct resume *resume,
                 struct action *action) {
    if (resume_has_raised(&list->raised)) {
        return step_unwind_body(list, action);
    }
    if (list->units && mark_unit(list, action)) {
        return true;
    }
    if (at_end_of_body(list)) {
        return end_body(list, action);
    }
    return list->pc == list->end || begin_step(list, resume, action);
}

static void step_list_next(void *state, const struct resume *resume,
                           struct action *action) {
    struct step_list *list = state;
    step_unwind_note(list, resume);
    hear_answer(list, resume);
    for (int turns = 0; turns < MAX_TURNS; turns++) {
        if (turn(list, resume, action)) {
            list->site = action->site;
            return;
        }
    }
    action->kind = ACTION_COMPUTE; /* of no length */
}
