/* SPDX-License-Identifier: MIT */
/*
 * group - tasks that tasks start: gather(), TaskGroup, create_task() (Lib/asyncio/tasks.py,
 * taskgroups.py).
 *
 * Each task that is waited for has a done callback, a handle of its own; the last of them
 * sets the result of the future on which the group's owner waits:
 *
 *   gather()    an exception, CancelledError too, is raised in the owner at once and the other
 *               tasks go on; cancelling the owner cancels all tasks, and the first that ends
 *               by it ends the wait
 *   TaskGroup   an exception, or cancelling the owner, cancels the other tasks; their ends
 *               are waited for, then ExceptionGroup or CancelledError is raised. An exception
 *               cancels what the owner waits for: one step of it more
 *   wait_for()  (up to 3.11) one task: see timeouts.c
 *   wait()      (join) waits for tasks under a name, raises nothing, cancels nothing
 *
 * An eager task takes its first step within create_task(). Only then is it known by its name
 * or to its group; when it has ended, it is counted at once, without a handle. From 3.14 on
 * (see group_counts_eager) a TaskGroup schedules its done callback like any other.
 *
 * Simplified: an ExceptionGroup has the name of its first exception; an exception of a task
 * for which nobody waits is lost, as in CPython, which logs it.
 */
#include "engine/aio/aio_priv.h"

#include <stdio.h>

/* --- groups -------------------------------------------------------------------- */

struct aio_group *aio_group_make(struct aio_loop *loop, enum group_kind kind) {
    struct aio_group *group = loop->free_groups;
    if (group != NULL) {
        loop->free_groups = group->outer;
    } else {
        group = arena_alloc(&loop->world->arena, 1, sizeof *group);
        if (group == NULL) {
            world_fail_nomem(loop->world);
            return NULL;
        }
    }
    *group = (struct aio_group){.kind = kind, .loop = loop};
    return group;
}

static void release_if_over(struct aio_group *group) {
    if (group->left_alone && group->left == 0) {
        group->outer = group->loop->free_groups;
        group->loop->free_groups = group;
    }
}

void aio_group_release(struct aio_group *group) {
    group->left_alone = true;
    group->future = NULL;
    release_if_over(group);
}

void aio_group_cancel_members(struct aio_group *group, lane_id by) {
    struct aio_task *task = group->members;
    while (task != NULL) {
        struct aio_task *next = task->next_member;
        aio_task_cancel(task, by);
        task = next;
    }
}

/* --- done callbacks ------------------------------------------------------------ */

/* NULL, and the run ends, when out of memory. */
static struct aio_watch *make_watch(struct aio_group *group, lane_id lane) {
    struct aio_loop *loop = group->loop;
    struct aio_watch *watch = loop->free_watches;
    if (watch != NULL) {
        loop->free_watches = watch->next;
    } else {
        watch = arena_alloc(&loop->world->arena, 1, sizeof *watch);
        if (watch == NULL) {
            world_fail_nomem(loop->world);
            return NULL;
        }
    }
    *watch = (struct aio_watch){.group = group, .lane = lane};
    group->left++;
    return watch;
}

bool aio_group_watch(struct aio_group *group, struct aio_task *task) {
    struct aio_watch *watch = make_watch(group, task->lane);
    if (watch == NULL) {
        return false;
    }
    if (task->watches == NULL) {
        task->watches = watch;
    } else {
        task->last_watch->next = watch;
    }
    task->last_watch = watch;
    return true;
}

struct resume aio_group_outcome(const struct aio_group *group) {
    if (group->ended.status != RESUME_START) {
        return group->ended;
    }
    return (struct resume){.status = group->cancelled ? RESUME_CANCELLED : RESUME_DONE};
}

/* wait_for() looks at its task when it is woken. */
static void wake_owner(struct aio_group *group, lane_id by) {
    if (group->future != NULL) {
        aio_future_set(group->future,
                       group->kind == GROUP_WAIT_FOR
                           ? (struct resume){.status = RESUME_DONE}
                           : aio_group_outcome(group),
                       by);
    }
}

/* Whether such an end of a task is one of the group. */
static bool counts(const struct aio_group *group, struct resume how) {
    if (group->loop->closing && group == &group->loop->everything) {
        return false; /* _cancel_all_tasks: gather(return_exceptions=True) */
    }
    return (how.status == RESUME_RAISED && group->kind != GROUP_JOIN) ||
           (how.status == RESUME_CANCELLED &&
            (group->kind == GROUP_GATHER || group->kind == GROUP_WAIT_FOR));
}

/* TaskGroup._abort() */
static void abort_group(struct aio_group *group, lane_id by) {
    group->aborting = true;
    aio_group_cancel_members(group, by);
}

/* TaskGroup._on_task_done: the other tasks are cancelled, and so is the owner. */
static void fail_group(struct aio_group *group, lane_id by) {
    if (!group->aborting) {
        abort_group(group, by);
        group->cancels_owner = true;
        aio_task_cancel(group->owner, by);
    }
}

/* The main coroutine goes on: with the first exception, or when all have ended. */
static void tell_main(struct aio_loop *loop, bool first) {
    const bool over = loop->everything.left == 0 || first;
    if (over && !loop->main_woken && loop->current != NULL) { /* else: aio_create_tasks */
        loop->main_woken = true;
        aio_call_soon(loop, &loop->main, HANDLE_MAIN);
    }
}

void aio_group_task_done(struct aio_watch *watch) {
    struct aio_group *group = watch->group;
    struct aio_loop *loop = group->loop;
    const lane_id by = watch->lane;
    const bool first = counts(group, watch->ended) && group->ended.status == RESUME_START;
    group->left--;
    if (first) {
        group->ended = watch->ended;
    }
    watch->next = loop->free_watches;
    loop->free_watches = watch;
    if (group == &loop->everything) {
        tell_main(loop, first);
    } else if (group->left == 0 || (first && group->kind == GROUP_GATHER)) {
        wake_owner(group, by);
    }
    if (first && group->kind == GROUP_TASK_GROUP) {
        fail_group(group, by);
    }
    release_if_over(group);
}

/* --- membership ---------------------------------------------------------------- */

static void join_group(struct aio_group *group, struct aio_task *task) {
    task->member_of = group;
    task->next_member = NULL;
    task->previous_member = group->last_member;
    if (group->last_member == NULL) {
        group->members = task;
    } else {
        group->last_member->next_member = task;
    }
    group->last_member = task;
}

static void leave_group(struct aio_task *task) {
    if (task->member_of == NULL) {
        return;
    }
    if (task->previous_member == NULL) {
        task->member_of->members = task->next_member;
    } else {
        task->previous_member->next_member = task->next_member;
    }
    if (task->next_member == NULL) {
        task->member_of->last_member = task->previous_member;
    } else {
        task->next_member->previous_member = task->previous_member;
    }
    task->member_of = NULL;
}

static void take_name(struct aio_task *task, uint32_t name) {
    struct aio_names *names = &task->loop->named[name];
    task->named = name;
    task->next_named = NULL;
    task->previous_named = names->last;
    if (names->last == NULL) {
        names->first = task;
    } else {
        names->last->next_named = task;
    }
    names->last = task;
}

static void leave_name(struct aio_task *task) {
    if (task->named < 0) {
        return;
    }
    struct aio_names *names = &task->loop->named[task->named];
    if (task->previous_named == NULL) {
        names->first = task->next_named;
    } else {
        task->previous_named->next_named = task->next_named;
    }
    if (task->next_named == NULL) {
        names->last = task->previous_named;
    } else {
        task->next_named->previous_named = task->previous_named;
    }
    task->named = -1;
}

/* In the first step of the main coroutine, which makes it: its gather() comes later. */
static bool is_gathered_later(const struct aio_group *group) {
    return group == &group->loop->everything && group->loop->current == NULL;
}

void aio_group_task_ended(struct aio_task *task, struct resume how) {
    struct aio_group *group = task->member_of;
    if (group != NULL && group->kind == GROUP_WAIT_FOR) {
        group->ended = how; /* fut.done(), before its done callback is run */
    }
    leave_group(task);
    leave_name(task);
    for (struct aio_watch *watch = task->watches; watch != NULL;) {
        struct aio_watch *next = watch->next;
        watch->ended = how;
        if (is_gathered_later(watch->group)) {
            aio_group_task_done(watch);
        } else {
            aio_call_soon(task->loop, &watch->handle, HANDLE_DONE);
        }
        watch = next;
    }
    task->watches = NULL;
}

/* --- making tasks -------------------------------------------------------------- */

static struct aio_task *allocate(struct aio_loop *loop) {
    struct aio_task *task = loop->free_tasks;
    if (task != NULL) {
        loop->free_tasks = task->next_alive;
        return task;
    }
    task = arena_alloc(&loop->world->arena, 1, sizeof *task);
    if (task != NULL) {
        task->list = arena_alloc(&loop->world->arena, 1, sizeof *task->list);
    }
    return task != NULL && task->list != NULL ? task : NULL;
}

void aio_task_free(struct aio_task *task) {
    if (task->list != NULL) {
        task->next_alive = task->loop->free_tasks;
        task->loop->free_tasks = task;
    }
}

static bool begin_list(struct aio_task *task, const struct spawn_request *request) {
    if (request->program != NULL) {
        task->program = *request->program;
        return true;
    }
    struct world *world = task->loop->world;
    const struct step_list_spec spec = {
        .plan = world->plan,
        .slice = request->slice,
        .objects = world->object_handles,
        .key = request->key,
        .spare = task->list->inner,
    };
    task->program = (struct program){&step_list_ops, task->list};
    return step_list_init(task->list, &spec, &world->arena) == 0;
}

struct aio_task *aio_task_make(struct aio_loop *loop,
                               const struct spawn_request *request) {
    char name[sizeof((struct lane *)0)->name + 12];
    struct aio_task *task = allocate(loop);
    if (task == NULL) {
        world_fail_nomem(loop->world);
        return NULL;
    }
    *task = (struct aio_task){
        .loop = loop, .list = task->list, .lane = LANE_NONE, .named = -1};
    const char *title = request->program != NULL
                            ? request->title
                            : loop->world->plan->names[request->name];
    snprintf(name, sizeof name, request->count > 1 ? "%s %u" : "%s", title, request->nth);
    if (!begin_list(task, request) || !aio_task_start(task, name)) {
        world_fail_nomem(loop->world);
        return NULL;
    }
    return task;
}

/* Its first step: now if the loop's factory is eager, and then true. */
static bool begin_task(struct aio_task *maker, struct aio_task *task) {
    struct aio_loop *loop = task->loop;
    maker->call.made = task;
    if (!loop->eager) {
        aio_call_soon(loop, &task->step, HANDLE_STEP);
        return false;
    }
    task->outer = maker;
    loop->running = task;
    aio_task_show(maker, STATE_READY, SITE_NONE, LANE_NONE);
    aio_task_begin_step(task);
    return true;
}

/* create_task(), and an eager task's first step. */
static enum aio_progress pay_for_task(const struct aio_task *task,
                                      struct action *action) {
    const struct runtime *runtime = aio_runtime(task->loop);
    *action = (struct action){.site = task->call.asked.site};
    aio_compute(action, runtime->task_create_ns +
                            (task->loop->eager ? runtime->task_step_ns : 0));
    return AIO_ACT;
}

enum aio_progress aio_spawn(struct aio_task *task, const struct resume *resume,
                            struct action *action) {
    enum { PAY, MAKE, MADE };
    struct aio_call *call = &task->call;
    const struct spawn_request *request = call->asked.object;
    (void)resume;
    if (call->line == PAY) {
        call->line = MAKE;
        return pay_for_task(task, action);
    }
    if (call->line == MAKE) {
        call->line = MADE;
        struct aio_task *spawned = aio_task_make(task->loop, request);
        if (spawned != NULL && begin_task(task, spawned)) {
            return AIO_EAGER;
        }
    }
    if (call->made != NULL) {
        take_name(call->made, request->name);
    }
    return aio_done(task);
}

/* A TaskGroup's callback may be called later, like that of any task; gather() and wait() see
 * that there is none to add. */
static void add_ended(struct aio_task *task) {
    struct aio_group *group = task->group;
    struct aio_watch *watch = make_watch(group, task->call.made_lane);
    if (watch == NULL) {
        return;
    }
    watch->ended = task->call.made_ended;
    if (group->kind == GROUP_TASK_GROUP && !aio_runtime(task->loop)->group_counts_eager) {
        aio_call_soon(task->loop, &watch->handle, HANDLE_DONE);
    } else {
        aio_group_task_done(watch);
    }
}

enum aio_progress aio_group_add(struct aio_task *task, const struct resume *resume,
                                struct action *action) {
    enum { PAY, MAKE, MADE };
    struct aio_call *call = &task->call;
    (void)resume;
    if (call->line == PAY) {
        call->line = MAKE;
        return pay_for_task(task, action);
    }
    if (call->line == MAKE) {
        call->line = MADE;
        if (task->group->aborting) {
            return aio_done(task); /* RuntimeError: the ExceptionGroup would contain it */
        }
        struct aio_task *added = aio_task_make(task->loop, call->asked.object);
        if (added == NULL) {
            return aio_done(task); /* out of memory: the run has ended */
        }
        if (begin_task(task, added)) {
            return AIO_EAGER;
        }
    }
    if (call->made == NULL) {
        add_ended(task);
    } else if (aio_group_watch(task->group, call->made)) {
        join_group(task->group, call->made);
    }
    return aio_done(task);
}

/* --- waiting for them ---------------------------------------------------------- */

enum { TASK_GROUP_OPCODES = 92, TASK_CANCEL_OPCODES = 10 };

enum aio_progress aio_group_enter(struct aio_task *task, const struct resume *resume,
                                  struct action *action) {
    (void)resume;
    const enum group_kind kind = (enum group_kind)task->call.asked.value;
    if (task->call.line++ == 0) {
        return aio_pay(task, kind == GROUP_TASK_GROUP ? TASK_GROUP_OPCODES : 0, action);
    }
    struct aio_group *group = aio_group_make(task->loop, kind);
    if (group != NULL) {
        group->owner = task;
        group->outer = task->group;
        task->group = group;
    }
    return aio_done(task);
}

bool aio_group_sleep(struct aio_task *task) {
    struct aio_group *group = task->call.group;
    if (group->left == 0 ||
        (group->kind == GROUP_GATHER && group->ended.status != RESUME_START)) {
        return false;
    }
    struct aio_future *future = aio_suspend(task, STATE_AWAIT_FUTURE, NULL);
    if (future != NULL) {
        future->group = group;
        group->future = future;
    }
    return true;
}

void aio_group_wake(struct aio_task *task) {
    if (task->call.future != NULL) {
        task->call.group->future = NULL;
        aio_future_release(task->call.future);
        task->call.future = NULL;
    }
}

static enum aio_progress leave_group_step(struct aio_task *task, struct resume with) {
    aio_group_release(task->call.group);
    task->call.result = with;
    return AIO_DONE;
}

/*
 * TaskGroup.__aexit__, when all its tasks have ended. What cancelled the owner from outside
 * is raised unless there are errors, which come first; then, from 3.13 on, it is asked for
 * once more. Up to 3.12 the group does not take back what it cancelled while it waited: the
 * owner keeps it in its count, and a timeout() around the group believes it was cancelled by
 * somebody else.
 */
static enum aio_progress leave_task_group(struct aio_task *task) {
    struct aio_group *group = task->call.group;
    const bool failed = group->ended.status == RESUME_RAISED;
    if (aio_runtime(task->loop)->group_uncancels) {
        if (group->cancels_owner) {
            aio_task_uncancel(task);
        }
        task->must_cancel = task->must_cancel || (failed && task->cancelling > 0);
    }
    const struct resume cancelled = {.status = RESUME_CANCELLED};
    return leave_group_step(
        task, !failed && task->call.cancelled ? cancelled : aio_group_outcome(group));
}

static enum aio_progress task_group_woken(struct aio_task *task,
                                          const struct resume *resume) {
    struct aio_group *group = task->call.group;
    if (resume->status == RESUME_CANCELLED && !group->aborting) {
        task->call.cancelled = true;
        abort_group(group, task->lane);
    }
    return aio_group_sleep(task) ? AIO_SUSPENDED : leave_task_group(task);
}

void aio_group_pop(struct aio_task *task) {
    task->call.group = task->group;
    task->group = task->call.group->outer;
    task->call.group->outer = NULL;
}

static enum aio_progress leave_group_at_once(struct aio_task *task) {
    return task->call.group->kind == GROUP_TASK_GROUP
               ? leave_task_group(task)
               : leave_group_step(task, aio_group_outcome(task->call.group));
}

/* The group is the task's innermost, which ends here whatever happens. */
enum aio_progress aio_group_wait(struct aio_task *task, const struct resume *resume,
                                 struct action *action) {
    struct aio_call *call = &task->call;
    (void)action;
    if (call->line++ == 0) {
        aio_group_pop(task);
        if (call->group->cancels_owner && !aio_runtime(task->loop)->group_uncancels) {
            aio_task_uncancel(task); /* up to 3.12: of an eager task that has failed */
        }
        return aio_group_sleep(task) ? AIO_SUSPENDED : leave_group_at_once(task);
    }
    aio_group_wake(task);
    return call->group->kind == GROUP_TASK_GROUP ? task_group_woken(task, resume)
                                                 : leave_group_step(task, *resume);
}

/* await asyncio.wait(tasks) */
enum aio_progress aio_join_tasks(struct aio_task *task, const struct resume *resume,
                                 struct action *action) {
    struct aio_call *call = &task->call;
    struct aio_loop *loop = task->loop;
    (void)action;
    if (call->line++ > 0) {
        aio_group_wake(task);
        return leave_group_step(task, *resume);
    }
    const struct spawn_request *request = call->asked.object;
    call->group = aio_group_make(loop, GROUP_JOIN);
    if (call->group == NULL) {
        return AIO_SUSPENDED;
    }
    for (struct aio_task *it = loop->named[request->name].first; it != NULL;
         it = it->next_named) {
        if (it != task && !aio_group_watch(call->group, it)) {
            return AIO_SUSPENDED; /* out of memory: the run has ended */
        }
    }
    return aio_group_sleep(task)
               ? AIO_SUSPENDED
               : leave_group_step(task, (struct resume){.status = RESUME_DONE});
}

enum aio_progress aio_cancel_tasks(struct aio_task *task, const struct resume *resume,
                                   struct action *action) {
    struct aio_loop *loop = task->loop;
    const struct spawn_request *request = task->call.asked.object;
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, TASK_CANCEL_OPCODES, action);
    }
    for (struct aio_task *it = loop->named[request->name].first; it != NULL;
         it = it->next_named) {
        aio_task_cancel(it, task->lane);
    }
    return aio_done(task);
}
