/* SPDX-License-Identifier: MIT */
/*
 * step_list - the program that runs a slice of the plan's steps.
 *
 * Draws are named by (key of the program, step, iteration of every loop around it): the
 * same job draws the same values under every strategy.
 *
 * With `units` on, each iteration of an outermost `repeat` is a unit of work: that is
 * what a "request" or "cycle" of an actor is.
 *
 * A resume that has raised unwinds: bodies end from the innermost one, locks are released,
 * `finally` is run with ordinary actions, until something catches the exception or the
 * program ends with ACTION_RAISE.
 */
#ifndef ENGINE_PROGRAM_STEP_LIST_H
#define ENGINE_PROGRAM_STEP_LIST_H

#include "engine/program/action.h"
#include "engine/program/plan.h"

enum { NO_OBJECT = UINT32_MAX };

/* Where the present `counter += 1` is. */
enum update_phase {
    UPDATE_NONE,
    UPDATE_LOAD,
    UPDATE_ADD,
    UPDATE_CALL,
    UPDATE_REFER,
    UPDATE_STORE,
    UPDATE_REST
};

/* What the answer to the last action decides. */
enum step_question {
    ASKED_NOTHING,
    ASKED_IS_SET,  /* whether the innermost `until` is over */
    ASKED_ACQUIRE, /* whether the innermost body has its lock */
};

struct step_frame {
    uint32_t first, end; /* body */
    uint32_t object;     /* lock that is held around it; NO_OBJECT = none */
    int64_t left;        /* iterations still to begin; -1 = for ever */
    int64_t iteration;
    struct resume saved; /* `finally`: the exception that goes on after it */
};

/* A task to be made: of ACTION_SPAWN and its like. */
struct spawn_request {
    struct step_slice slice;
    uint64_t key;
    uint32_t name;                 /* index into plan.names */
    uint32_t nth, count;           /* it is the nth of so many */
    const struct program *program; /* what it runs instead of the steps; NULL = those */
    const char *title;             /* ... and what it is called */
};

struct step_list {
    const struct plan *plan;
    void *const *objects; /* by index of plan.objects; what actions on them name */
    uint64_t key;         /* names the program's stream of random numbers */
    uint32_t pc, end, first;
    uint8_t depth;
    bool units;     /* mark iterations of outermost repeats */
    bool asyncio;   /* io and sleep become awaits unless they are blocking */
    bool unit_open; /* the current outermost iteration has begun */
    enum step_question asked;
    struct resume raised; /* an exception on its way; or RESUME_START, RESUME_DONE */
    site_id raised_at;
    site_id site; /* of the last action */
    uint32_t nth; /* of the tasks that the present step makes */
    struct spawn_request request;
    struct program
        body; /* of to_thread: a step list of its own, made by step_list_init */
    struct step_list *inner; /* its state; NULL when the slice has no to_thread */
    enum update_phase update;
    int64_t loaded; /* what the present update has read */
    struct step_frame frame[STEP_MAX_DEPTH];
};

extern const struct program_ops step_list_ops;

/* What a step list is made of. */
struct step_list_spec {
    const struct plan *plan;
    struct step_slice slice;
    void *const *objects; /* NULL when the plan has none */
    uint64_t key;
    bool units;
    bool asyncio;
    struct step_list *spare; /* for the body of to_thread; NULL: from the arena */
};

/* Prepares `list`; what it needs besides comes from `arena`. */
int step_list_init(struct step_list *list, const struct step_list_spec *spec,
                   struct arena *arena) WARN_UNUSED;

/* Begins again from the first step with another key. */
void step_list_restart(struct step_list *list, uint64_t key);

#endif
