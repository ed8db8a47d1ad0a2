/* SPDX-License-Identifier: MIT */
#include "engine/strategy/loop_job.h"

static bool is_for_loop(const struct action *action) {
    return action->kind >= ACTION_AWAIT_IO || action->kind == ACTION_UNIT_BEGIN ||
           action->kind == ACTION_UNIT_END;
}

/* The job's next action; false when it is over. */
static bool fetch(struct loop_job *job, const struct resume *resume,
                  struct action *action) {
    if (job->has_kept) {
        job->has_kept = false;
        *action = job->kept;
        return true;
    }
    job->over = job->over || !job_runner_next(&job->runner, resume, action);
    return !job->over;
}

static void keep(struct loop_job *job, struct action *action) {
    job->kept = *action;
    job->has_kept = true;
    *action = (struct action){.kind = ACTION_EXIT, .site = SITE_NONE};
}

/* The state is a pointer: copies of it run the same job. */
static void stretch_next(void *state, const struct resume *resume,
                         struct action *action) {
    struct loop_job *job = *(struct loop_job **)state;
    if (fetch(job, resume, action) && is_for_loop(action)) {
        keep(job, action);
    }
}

static const struct program_ops stretch_ops = {
    .next = stretch_next,
    .state_size = sizeof(struct loop_job *),
};

int loop_job_init(struct loop_job *job, struct world *world, bool asyncio, bool offload) {
    struct loop_job **self = arena_alloc(&world->arena, 1, sizeof(struct loop_job *));
    if (self == NULL) {
        return ERR_NOMEM;
    }
    *self = job;
    job->offload = offload;
    job->has_kept = job->over = false;
    job->stretch = (struct program){&stretch_ops, self};
    return job_runner_init(&job->runner, world, asyncio);
}

void loop_job_begin(struct loop_job *job, uint32_t number) {
    job->over = false;
    job_runner_begin(&job->runner, number);
}

bool loop_job_next(struct loop_job *job, const struct resume *resume,
                   struct action *action) {
    if (!fetch(job, resume, action)) {
        return false;
    }
    if (job->offload && !is_for_loop(action)) {
        const site_id site = action->site;
        keep(job, action);
        action->kind = ACTION_AWAIT_THREAD;
        action->site = site;
        action->object = &job->stretch;
    }
    return true;
}
