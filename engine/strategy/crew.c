/* SPDX-License-Identifier: MIT */
#include "engine/strategy/crew.h"

struct crew {
    struct crew_spec of;
    uint32_t started, joined;
    struct process_starter *starting; /* a process, or NULL */
};

/* The first action of starting the next thread or process. */
static void start_next(struct crew *crew, const struct resume *resume,
                       struct action *action) {
    const uint32_t next = crew->started++;
    struct thread_spec *spec = &crew->of.specs[next];
    crew->starting = crew->of.starters == NULL ? NULL : crew->of.starters[next];
    if (crew->starting == NULL) {
        action->kind = ACTION_START;
        action->object = spec;
        return;
    }
    process_start_begin(crew->starting, spec);
    (void)process_start_next(crew->starting, resume,
                             action); /* there is a first action */
}

static void crew_next(void *state, const struct resume *resume, struct action *action) {
    struct crew *crew = state;
    if (crew->starting != NULL && process_start_next(crew->starting, resume, action)) {
        return;
    }
    crew->starting = NULL;
    if (crew->started < crew->of.count) {
        start_next(crew, resume, action);
        return;
    }
    while (crew->of.daemon != NULL && crew->joined < crew->of.count &&
           crew->of.daemon[crew->joined]) {
        crew->joined++;
    }
    if (crew->joined < crew->of.count) {
        action->kind = ACTION_JOIN;
        action->value = crew->of.specs[crew->joined++].id;
    }
}

static const struct program_ops crew_ops = {
    .next = crew_next,
    .state_size = sizeof(struct crew),
};

int crew_build(struct world *world, const struct crew_spec *spec,
               struct program *program) {
    struct crew *crew = arena_alloc(&world->arena, 1, sizeof *crew);
    if (crew == NULL) {
        return ERR_NOMEM;
    }
    crew->of = *spec;
    *program = (struct program){&crew_ops, crew};
    return 0;
}
