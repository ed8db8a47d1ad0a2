/* SPDX-License-Identifier: MIT */
/*
 * run_plans - runs event loops that are described on standard input, at no cost but what
 * their tasks say, and prints which step computed when.
 *
 *   runtime cpython-3.12 0        the name of a runtime; 1: eager tasks
 *   task main 0 python 1ms ...    0: the main coroutine gathers it, 1: a daemon
 *   run
 *
 * prints one line: "SITE START END" for each span of computing, in the order of lanes, then
 * the status of the run and its reason. Steps are those of tests/support/plans.h; the objects
 * l (Lock), s (Semaphore of 2), c (Condition), e (Event) and q (Queue of 1) are there. What
 * comes after 300 ms is cut off. Used by order.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/plans.h"
#include "tests/support/timeline.h"

enum { LONGEST_LINE = 8192 };

static void add_objects(struct plan *plan) {
    plan_object(plan, "l", OBJECT_ASYNC_LOCK);
    plan_sized(plan, "s", OBJECT_ASYNC_SEMAPHORE, 2);
    plan_object(plan, "c", OBJECT_ASYNC_CONDITION);
    plan_object(plan, "e", OBJECT_ASYNC_EVENT);
    plan_sized(plan, "q", OBJECT_ASYNC_QUEUE, 1);
}

/* What asyncio does in that version, at no cost. */
static void make_free(struct plan *plan) {
    const struct runtime real = plan->runtime;
    plan_make_free(plan);
    plan->runtime.has_task_groups = real.has_task_groups;
    plan->runtime.has_eager_tasks = real.has_eager_tasks;
    plan->runtime.wait_for_rule = real.wait_for_rule;
    plan->runtime.semaphore_rule = real.semaphore_rule;
    plan->runtime.except_catches_cancel = real.except_catches_cancel;
    plan->runtime.group_counts_eager = real.group_counts_eager;
    plan->runtime.group_uncancels = real.group_uncancels;
    plan->runtime.condition_passes_on = real.condition_passes_on;
    plan->limits.virtual_ns = 300 * NS_PER_MS;
}

static void print_spans(const struct timeline *timeline) {
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (timeline->lanes[span->lane].kind == LANE_TASK &&
            span->state == STATE_RUNNING && span->site != SITE_NONE) {
            printf("%d %" PRId64 " %" PRId64 " ", (int)span->site, span->start,
                   span->end);
        }
    }
}

static void run(const struct plan *plan) {
    struct timeline timeline;
    struct run_result result;
    struct err err = {0};
    timeline_init(&timeline);
    const struct run_options options = {.sink = &timeline.sink};
    if (run_execute(&result, plan, &options, &err) != 0) {
        printf("refused %s\n", err.text);
    } else {
        print_spans(&timeline);
        printf("%s %s\n", result.status == RUN_DONE ? "done" : "failed", result.reason);
        run_result_deinit(&result);
    }
    fflush(stdout);
    timeline_deinit(&timeline);
}

int main(void) {
    static char line[LONGEST_LINE];
    struct plan plan;
    uint32_t loop = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char name[64];
        int flag = 0, text = 0;
        if (sscanf(line, "runtime %63s %d", name, &flag) == 2) {
            plan_begin(&plan, "ideal", name);
            make_free(&plan);
            add_objects(&plan);
            loop = plan_loop(&plan, "server", 1, false);
            plan.actors[loop].eager = flag != 0;
        } else if (sscanf(line, "task %63s %d %n", name, &flag, &text) == 2) {
            plan_task(&plan, loop, name, 1, line + text);
            plan.tasks[plan.task_count - 1].daemon = flag != 0;
        } else if (strncmp(line, "run", 3) == 0) {
            run(&plan);
            plan_deinit(&plan);
        }
    }
    return 0;
}
