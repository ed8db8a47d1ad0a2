/* SPDX-License-Identifier: MIT */
#include "engine/strategy/job_runner.h"

#include "engine/base/random.h"

int job_runner_init(struct job_runner *runner, struct world *world, bool asyncio) {
    runner->jobs = &world->jobs;
    runner->work_key = world->work_key;
    runner->phase = JOB_OVER;
    return step_list_init(&runner->steps,
                          &(struct step_list_spec){
                              .plan = world->plan,
                              .slice = world->plan->job,
                              .objects = world->object_handles,
                              .asyncio = asyncio,
                          },
                          &world->arena);
}

void job_runner_begin(struct job_runner *runner, uint32_t number) {
    step_list_restart(&runner->steps, random_mix(runner->work_key, number));
    runner->number = number;
    runner->phase = JOB_BEGIN;
}

bool job_runner_next(struct job_runner *runner, const struct resume *resume,
                     struct action *action) {
    switch (runner->phase) {
    case JOB_BEGIN:
        arrivals_begin_unit(runner->jobs, runner->number, action);
        runner->phase = JOB_STEPS;
        return true;
    case JOB_STEPS:
        step_list_ops.next(&runner->steps, resume, action);
        if (action->kind == ACTION_EXIT) {
            action->kind = ACTION_UNIT_END;
            runner->phase = JOB_OVER;
        }
        return true;
    case JOB_OVER:
        break;
    }
    return false;
}
