/* SPDX-License-Identifier: MIT */
/* step_update - counter += 1 of a step list: load, compute, store. */
#include "engine/program/step_list_priv.h"

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

void step_update_next(struct step_list *list, const struct resume *resume,
                      struct action *action) {
    const struct step *step = &list->plan->steps[list->pc];
    switch (list->update) {
    case UPDATE_NONE:
        update_compute(list, UPDATE_LOAD, true, action);
        return;
    case UPDATE_LOAD:
        step_list_act_on(list, ACTION_LOAD, step->object, action);
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
        step_list_act_on(list, ACTION_REFER, step->object, action);
        list->update = UPDATE_STORE;
        return;
    case UPDATE_STORE:
        step_list_act_on(list, ACTION_STORE, step->object, action);
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
