/* SPDX-License-Identifier: MIT */
/*
 * step_list_priv - what the files that make up a step list share.
 *
 *   step_list.c    the next step; loops, locks
 *   step_update.c  counter += 1
 *   step_unwind.c  exceptions, time-outs, tasks that tasks start
 */
#ifndef ENGINE_PROGRAM_STEP_LIST_PRIV_H
#define ENGINE_PROGRAM_STEP_LIST_PRIV_H

#include "engine/program/step_list.h"

/* Names the draw of the present step. */
uint64_t step_list_draw_key(const struct step_list *list);

/* The time of the step at pc. */
sim_ns step_list_draw(const struct step_list *list, const struct step *step);

/* An action on an object of the plan. */
void step_list_act_on(const struct step_list *list, enum action_kind kind,
                      uint32_t object, struct action *action);

/* Releases the lock that the innermost body holds, once; false when it holds none. */
bool step_list_leave_with(struct step_list *list, struct action *action);

/* Opens a body; pc becomes its first step. */
struct step_frame *step_list_enter(struct step_list *list, const struct step *step);

/* The next action of the present update. */
void step_update_next(struct step_list *list, const struct resume *resume,
                      struct action *action);

/* Takes note of an exception that the last action has raised, and of what a time-out's end
 * has made of one. */
void step_unwind_note(struct step_list *list, const struct resume *resume);

/* An exception is on its way: the innermost body ends. True when that needs an action, or
 * when nothing is left and the program ends with it. */
bool step_unwind_body(struct step_list *list, struct action *action);

/* Steps that only tasks have. True when they need an action. */
bool step_unwind_perform(struct step_list *list, const struct step *step,
                         struct action *action);

/* The end of a body that one of those has opened. */
bool step_unwind_leave(struct step_list *list, struct action *action);

#endif
