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
    struct aio_spawned *it = group->members.first;
    while (it != NULL) {
        struct aio_spawned *next = it->next_sibling;
        aio_task_cancel(&it->task, by);
        it = next;
    }
}

/* --- done callbacks ------------------------------------------------------------ */

/* NULL, and the run ends, when out of memory. */
static struct aio_watch *make_watch(struct aio_group *group, lane_id lane) {
    struct aio_loop *loop = group->loop;
    struct aio_watch *watch = (struct aio_watch *)(void *)loop->free_watches;
    if (watch != NULL) {
        loop->free_watches = watch->handle.next;
    } else {
        watch = arena_alloc(&loop->world->arena, 1, sizeof *watch);
        if (watch == NULL) {
            world_fail_nomem(loop->world);
            return NULL;
        }
    }
    *watch = (struct aio_watch){.handle = {.lane = lane}, .group = group};
    group->left++;
    return watch;
}

static struct aio_watch *next_watch(const struct aio_watch *watch) {
    return (struct aio_watch *)(void *)watch->handle.next;
}

bool aio_group_watch(struct aio_group *group, struct aio_task *task) {
    struct aio_watch *watch = make_watch(group, task->step.lane);
    if (watch == NULL) {
        return false;
    }
    struct aio_watch *last = task->last_watch != NULL ? task->last_watch : watch;
    watch->handle.next = last == watch ? &watch->handle : last->handle.next;
    last->handle.next = &watch->handle;
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
                       group->kind == GROUP_WAIT_FOR ? RESUME_DONE
                                                     : aio_group_outcome(group).status,
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

static struct resume ended_with(const struct aio_handle *handle, const char *exception) {
    return (struct resume){.status = (enum resume_status)handle->status,
                           .exception = exception};
}

/* The group is told that a task of it has ended like that. */
static void tell(struct aio_group *group, struct resume how, lane_id by) {
    struct aio_loop *loop = group->loop;
    const bool first = counts(group, how) && group->ended.status == RESUME_START;
    group->left--;
    if (first) {
        group->ended = how;
    }
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

void aio_group_task_done(struct aio_watch *watch) {
    struct aio_group *group = watch->group;
    const struct resume how = ended_with(&watch->handle, watch->exception);
    watch->handle.next = group->loop->free_watches;
    group->loop->free_watches = &watch->handle;
    tell(group, how, watch->handle.lane);
}

void aio_group_gathered_ended(struct aio_task *task) {
    tell(&task->loop->everything, ended_with(&task->step, task->call.exception),
         task->step.lane);
}

/* --- membership ---------------------------------------------------------------- */

static void join_siblings(struct aio_spawned *spawned, struct aio_siblings *among) {
    spawned->among = among;
    spawned->next_sibling = NULL;
    spawned->previous_sibling = among->last;
    if (among->last == NULL) {
        among->first = spawned;
    } else {
        among->last->next_sibling = spawned;
    }
    among->last = spawned;
}

static void leave_siblings(struct aio_spawned *spawned) {
    struct aio_siblings *among = spawned->among;
    if (among == NULL) {
        return;
    }
    if (spawned->previous_sibling == NULL) {
        among->first = spawned->next_sibling;
    } else {
        spawned->previous_sibling->next_sibling = spawned->next_sibling;
    }
    if (spawned->next_sibling == NULL) {
        among->last = spawned->previous_sibling;
    } else {
        spawned->next_sibling->previous_sibling = spawned->previous_sibling;
    }
    spawned->among = NULL;
}

static void join_group(struct aio_group *group, struct aio_spawned *spawned) {
    spawned->member_of = group;
    join_siblings(spawned, &group->members);
}

static void leave_group(struct aio_spawned *spawned, struct resume how) {
    struct aio_group *group = spawned->member_of;
    if (group != NULL && group->kind == GROUP_WAIT_FOR) {
        group->ended = how; /* fut.done(), before its done callback is run */
    }
    leave_siblings(spawned);
}

/* In the first step of the main coroutine, which makes the task: its gather() comes later,
 * and is told at once. */
static bool is_gathered_later(const struct aio_group *group) {
    return group == &group->loop->everything && group->loop->current == NULL;
}

static void tell_main_coroutine(struct aio_task *task, struct resume how) {
    task->step.status = (uint8_t)how.status;
    task->call.exception = how.exception;
    if (is_gathered_later(&task->loop->everything)) {
        aio_group_gathered_ended(task);
    } else {
        aio_call_soon(task->loop, &task->step, HANDLE_ENDED);
    }
}

static void tell_watch(struct aio_watch *watch, struct resume how) {
    watch->handle.status = (uint8_t)how.status;
    watch->exception = how.exception;
    if (is_gathered_later(watch->group)) {
        aio_group_task_done(watch);
    } else {
        aio_call_soon(watch->group->loop, &watch->handle, HANDLE_DONE);
    }
}

void aio_group_task_ended(struct aio_task *task, struct resume how) {
    if (task->spawned) {
        leave_group(aio_spawned_of(task), how);
    }
    if (task->gathered) {
        tell_main_coroutine(task, how);
    }
    struct aio_watch *last = task->last_watch;
    struct aio_watch *watch = last != NULL ? next_watch(last) : NULL;
    while (watch != NULL) {
        struct aio_watch *next = watch != last ? next_watch(watch) : NULL;
        tell_watch(watch, how);
        watch = next;
    }
    task->last_watch = NULL;
}

/* --- making tasks -------------------------------------------------------------- */

static struct aio_spawned *allocate(struct aio_loop *loop) {
    struct aio_spawned *spawned = loop->free_spawned;
    if (spawned != NULL) {
        loop->free_spawned = spawned->next_alive;
        return spawned;
    }
    spawned = arena_alloc(&loop->world->arena, 1, sizeof *spawned);
    if (spawned != NULL) {
        spawned->list = arena_alloc(&loop->world->arena, 1, sizeof *spawned->list);
    }
    return spawned != NULL && spawned->list != NULL ? spawned : NULL;
}

void aio_task_free(struct aio_spawned *spawned) {
    struct aio_loop *loop = spawned->task.loop;
    spawned->next_alive = loop->free_spawned;
    loop->free_spawned = spawned;
}

static bool begin_list(struct aio_spawned *spawned, const struct spawn_request *request) {
    struct aio_task *task = &spawned->task;
    struct step_list *list = spawned->list;
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
        .spare = list->inner,
    };
    task->program = (struct program){&step_list_ops, list};
    return step_list_init(list, &spec, &world->arena) == 0;
}

struct aio_spawned *aio_task_make(struct aio_loop *loop,
                                  const struct spawn_request *request) {
    char name[sizeof((struct lane *)0)->name + 12];
    struct aio_spawned *spawned = allocate(loop);
    if (spawned == NULL) {
        world_fail_nomem(loop->world);
        return NULL;
    }
    *spawned = (struct aio_spawned){
        .task = {.step = {.lane = LANE_NONE}, .loop = loop, .spawned = true},
        .list = spawned->list};
    const char *title = request->program != NULL
                            ? request->title
                            : loop->world->plan->names[request->name];
    snprintf(name, sizeof name, request->count > 1 ? "%s %u" : "%s", title, request->nth);
    if (!begin_list(spawned, request) || !aio_task_start(&spawned->task, name)) {
        world_fail_nomem(loop->world);
        return NULL;
    }
    return spawned;
}

/* Its first step: now if the loop's factory is eager, and then true. */
static bool begin_task(struct aio_task *maker, struct aio_spawned *spawned) {
    struct aio_loop *loop = maker->loop;
    struct aio_task *task = &spawned->task;
    loop->made = spawned;
    if (!loop->eager) {
        aio_call_soon(loop, &task->step, HANDLE_STEP);
        return false;
    }
    spawned->outer = loop->outer;
    loop->outer = maker;
    aio_task_show(maker, STATE_READY, SITE_NONE, LANE_NONE);
    aio_task_begin_step(task);
    return true;
}

/* create_task(), and an eager task's first step. */
static enum aio_progress pay_for_task(const struct aio_task *task,
                                      struct action *action) {
    const struct runtime *runtime = aio_runtime(task->loop);
    *action = (struct action){.site = task->call.site};
    aio_compute(action, runtime->task_create_ns +
                            (task->loop->eager ? runtime->task_step_ns : 0));
    return AIO_ACT;
}

enum aio_progress aio_spawn(struct aio_task *task, const struct resume *resume,
                            struct action *action) {
    enum { PAY, MAKE, MADE };
    struct aio_call *call = &task->call;
    const struct spawn_request *request = call->object;
    (void)resume;
    if (call->line == PAY) {
        call->line = MAKE;
        return pay_for_task(task, action);
    }
    if (call->line == MAKE) {
        call->line = MADE;
        struct aio_spawned *spawned = aio_task_make(task->loop, request);
        if (spawned == NULL) {
            return aio_done(task); /* out of memory: the run has ended */
        }
        if (begin_task(task, spawned)) {
            return AIO_EAGER;
        }
    }
    if (task->loop->made != NULL) {
        join_siblings(task->loop->made, &task->loop->named[request->name]);
    }
    return aio_done(task);
}

/* A TaskGroup's callback may be called later, like that of any task; gather() and wait() see
 * that there is none to add. */
static void add_ended(struct aio_task *task) {
    struct aio_group *group = task->group;
    struct aio_watch *watch = make_watch(group, task->loop->made_lane);
    if (watch == NULL) {
        return;
    }
    watch->handle.status = (uint8_t)task->loop->made_ended.status;
    watch->exception = task->loop->made_ended.exception;
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
        struct aio_spawned *added = aio_task_make(task->loop, call->object);
        if (added == NULL) {
            return aio_done(task); /* out of memory: the run has ended */
        }
        if (begin_task(task, added)) {
            return AIO_EAGER;
        }
    }
    struct aio_spawned *made = task->loop->made;
    if (made == NULL) {
        add_ended(task);
    } else if (aio_group_watch(task->group, &made->task)) {
        join_group(task->group, made);
    }
    return aio_done(task);
}

/* --- waiting for them ---------------------------------------------------------- */

enum { TASK_GROUP_OPCODES = 92, TASK_CANCEL_OPCODES = 10 };

enum aio_progress aio_group_enter(struct aio_task *task, const struct resume *resume,
                                  struct action *action) {
    (void)resume;
    const enum group_kind kind = (enum group_kind)task->call.value;
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
    group->future = aio_suspend(task, STATE_AWAIT_FUTURE, NULL);
    return true;
}

void aio_group_wake(struct aio_task *task) {
    if (task->future != NULL) {
        task->call.group->future = NULL;
        aio_task_let_go(task);
    }
}

static enum aio_progress leave_group_step(struct aio_task *task, struct resume with) {
    aio_group_release(task->call.group);
    return aio_ends(task, with);
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
        abort_group(group, task->step.lane);
    }
    return aio_group_sleep(task) ? AIO_SUSPENDED : leave_task_group(task);
}

void aio_group_pop(struct aio_task *task) {
    task->call.group = task->group;
    task->group = task->call.group->outer;
    task->call.group->outer = NULL;
}

/* Of a wait that was cancelled, or that is over. */
static enum aio_progress leave_with_outcome(struct aio_task *task, bool cancelled) {
    const struct resume with = {.status = RESUME_CANCELLED};
    return leave_group_step(task, cancelled ? with : aio_group_outcome(task->call.group));
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
        if (aio_group_sleep(task)) {
            return AIO_SUSPENDED;
        }
        return call->group->kind == GROUP_TASK_GROUP ? leave_task_group(task)
                                                     : leave_with_outcome(task, false);
    }
    aio_group_wake(task);
    return call->group->kind == GROUP_TASK_GROUP
               ? task_group_woken(task, resume)
               : leave_with_outcome(task, resume->status == RESUME_CANCELLED);
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
    const struct spawn_request *request = call->object;
    call->group = aio_group_make(loop, GROUP_JOIN);
    if (call->group == NULL) {
        return AIO_SUSPENDED;
    }
    for (struct aio_spawned *it = loop->named[request->name].first; it != NULL;
         it = it->next_sibling) {
        if (&it->task != task && !aio_group_watch(call->group, &it->task)) {
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
    const struct spawn_request *request = task->call.object;
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, TASK_CANCEL_OPCODES, action);
    }
    for (struct aio_spawned *it = loop->named[request->name].first; it != NULL;
         it = it->next_sibling) {
        aio_task_cancel(&it->task, task->step.lane);
    }
    return aio_done(task);
}
