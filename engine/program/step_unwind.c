/* SPDX-License-Identifier: MIT */
/* step_unwind - exceptions, time-outs, and tasks that tasks start, in a step list. */
#include "engine/base/check.h"
#include "engine/base/random.h"
#include "engine/program/step_list_priv.h"

/* The step after a body that has ended, in the body around it; NULL: that ends there, too. A
 * step at its end would belong to what is around it. */
static const struct step *step_at(const struct step_list *list, uint32_t index) {
    const uint32_t end = list->depth > 0 ? list->frame[list->depth - 1].end : list->end;
    return index < end ? &list->plan->steps[index] : NULL;
}

/* The step whose body is the innermost one. */
static const struct step *innermost(const struct step_list *list) {
    return &list->plan->steps[list->frame[list->depth - 1].first - 1];
}

void step_unwind_note(struct step_list *list, const struct resume *resume) {
    if (!resume_has_raised(resume)) {
        return;
    }
    list->raised = *resume;
    list->raised_at = list->site;
    if (list->asked == ASKED_ACQUIRE) { /* `async with` did not get its lock */
        list->frame[list->depth - 1].object = NO_OBJECT;
    }
    list->asked = ASKED_NOTHING;
}

/* --- bodies that end ----------------------------------------------------------- */

/* The `finally` of the try statement whose part ended before `index`: it saves the
 * exception on its way. Nothing happens when there is none. */
static void enter_finally(struct step_list *list, uint32_t index) {
    const struct step *step = step_at(list, index);
    if (step != NULL && step->kind == STEP_EXCEPT) {
        index = step->end;
        step = step_at(list, index);
    }
    if (step == NULL || step->kind != STEP_FINALLY) {
        return;
    }
    list->pc = index;
    step_list_enter(list, step)->saved = list->raised;
    list->raised = (struct resume){.status = RESUME_DONE};
}

/* `except Exception`: CancelledError is one up to 3.7. */
static bool enter_except(struct step_list *list, uint32_t index) {
    const struct step *step = step_at(list, index);
    if (step == NULL || step->kind != STEP_EXCEPT ||
        (list->raised.status != RESUME_RAISED &&
         list->plan->runtime.except_catches_cancel == 0)) {
        return false;
    }
    list->pc = index;
    step_list_enter(list, step);
    list->raised = (struct resume){.status = RESUME_DONE};
    return true;
}

static bool exit_timeout(struct action *action, site_id site, struct resume with) {
    action->site = site;
    action->kind = ACTION_TIMEOUT_EXIT;
    action->value = (int64_t)with.status;
    action->object = (void *)(uintptr_t)with.exception;
    return true;
}

bool step_unwind_body(struct step_list *list, struct action *action) {
    if (list->depth == 0) {
        action->kind = ACTION_RAISE;
        action->site = list->raised_at;
        action->value = (int64_t)list->raised.status;
        action->object = (void *)(uintptr_t)list->raised.exception;
        return true;
    }
    if (step_list_leave_with(list, action)) {
        return true;
    }
    const enum step_kind kind = innermost(list)->kind;
    const uint32_t end = list->frame[list->depth - 1].end;
    list->depth--;
    list->pc = end;
    switch (kind) {
    case STEP_TRY:
        if (!enter_except(list, end)) {
            enter_finally(list, end);
        }
        return false;
    case STEP_EXCEPT:
        enter_finally(list, end);
        return false;
    case STEP_TIMEOUT:
    case STEP_WAIT_FOR: {
        const struct resume with = list->raised;
        list->raised = (struct resume){.status = RESUME_DONE};
        return exit_timeout(action, list->raised_at, with);
    }
    default:
        return false;
    }
}

/* --- bodies that end by themselves --------------------------------------------- */

bool step_unwind_leave(struct step_list *list, struct action *action) {
    switch (innermost(list)->kind) {
    case STEP_FINALLY:
        list->raised = list->frame[list->depth - 1].saved;
        return false;
    case STEP_TIMEOUT:
    case STEP_WAIT_FOR:
        return exit_timeout(action, innermost(list)->site,
                            (struct resume){.status = RESUME_DONE});
    case STEP_GATHER:
    case STEP_TASK_GROUP:
        action->kind = ACTION_GROUP_WAIT;
        action->site = innermost(list)->site;
        return true;
    default:
        return false;
    }
}

/* --- steps --------------------------------------------------------------------- */

/* The tasks of a step, one with each call; true while there is one. */
static bool request_task(struct step_list *list, const struct step *step,
                         enum action_kind kind, struct action *action) {
    if (list->nth >= step->count) {
        list->nth = 0;
        list->pc = step->end;
        return false;
    }
    list->request = (struct spawn_request){
        .slice = {list->pc + 1, step->end},
        .key = random_mix(step_list_draw_key(list), list->nth),
        .name = step->name,
        .nth = list->nth,
        .count = (uint32_t)step->count,
    };
    list->nth++;
    action->kind = kind;
    action->object = &list->request;
    return true;
}

static bool act_on_name(struct step_list *list, const struct step *step,
                        enum action_kind kind, struct action *action) {
    list->request = (struct spawn_request){.name = step->name};
    list->pc = step->end;
    action->kind = kind;
    action->object = &list->request;
    return true;
}

static bool enter_group(struct step_list *list, const struct step *step,
                        struct action *action) {
    action->kind = ACTION_GROUP_ENTER;
    action->value = step->kind == STEP_GATHER ? GROUP_GATHER : GROUP_TASK_GROUP;
    step_list_enter(list, step);
    return true;
}

/* Up to 3.11, and with no time at all in any version, wait_for() makes a task of what it waits for: three
 * actions. */
static bool wait_for_task(struct step_list *list, const struct step *step,
                          struct action *action) {
    switch (list->nth++) {
    case 0:
        action->kind = ACTION_GROUP_ENTER;
        action->value = GROUP_WAIT_FOR;
        return true;
    case 1:
        list->request = (struct spawn_request){
            .slice = {list->pc + 1, step->end},
            .key = step_list_draw_key(list),
            .name = step->name,
            .count = 1,
        };
        action->kind = ACTION_GROUP_ADD;
        action->object = &list->request;
        return true;
    default:
        action->kind = ACTION_WAIT_FOR;
        action->ns = step_list_draw(list, step);
        list->nth = 0;
        list->pc = step->end;
        return true;
    }
}

static bool enter_timeout(struct step_list *list, const struct step *step,
                          struct action *action) {
    action->kind = ACTION_TIMEOUT_ENTER;
    action->ns = step_list_draw(list, step);
    step_list_enter(list, step);
    return true;
}

bool step_unwind_perform(struct step_list *list, const struct step *step,
                         struct action *action) {
    action->site = step->site;
    switch (step->kind) {
    case STEP_GATHER:
    case STEP_TASK_GROUP:
        return enter_group(list, step, action);
    case STEP_TASK:
        return request_task(list, step, ACTION_GROUP_ADD, action);
    case STEP_SPAWN:
        return request_task(list, step, ACTION_SPAWN, action);
    case STEP_JOIN:
        return act_on_name(list, step, ACTION_JOIN_TASKS, action);
    case STEP_CANCEL:
        return act_on_name(list, step, ACTION_CANCEL, action);
    case STEP_WAIT_FOR:
        return list->plan->runtime.wait_for_rule != WAIT_FOR_TIMES_OUT ||
                       step_list_draw(list, step) <= 0
                   ? wait_for_task(list, step, action)
                   : enter_timeout(list, step, action);
    case STEP_TIMEOUT:
        return enter_timeout(list, step, action);
    case STEP_TRY:
    case STEP_FINALLY: /* nothing was raised before it */
        step_list_enter(list, step);
        return false;
    case STEP_EXCEPT: /* nothing to catch */
        list->pc = step->end;
        return false;
    default:
        ASSERT(step->kind == STEP_RAISE);
        list->raised = (struct resume){.status = RESUME_RAISED,
                                       .exception = list->plan->names[step->name]};
        list->raised_at = step->site;
        list->pc = step->end;
        return false;
    }
}
