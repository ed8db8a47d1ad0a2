/* SPDX-License-Identifier: MIT */
/* task - a task's step, its cancellation and its end; futures. */
#include "engine/aio/aio_priv.h"
#include "engine/base/check.h"

/* --- lanes --------------------------------------------------------------------- */

void aio_task_show(struct aio_task *task, enum lane_state state, site_id site,
                   lane_id by) {
    sim_switch(aio_sim(task->loop), task->step.lane,
               (struct activity){state, task->loop->selector.lane, site}, by);
}

/* --- futures ------------------------------------------------------------------- */

void aio_deque_append(struct aio_deque *deque, struct aio_future *future) {
    future->deque = deque;
    future->next = NULL;
    future->previous = deque->last;
    if (deque->last == NULL) {
        deque->first = future;
    } else {
        deque->last->next = future;
    }
    deque->last = future;
}

void aio_deque_remove(struct aio_future *future) {
    struct aio_deque *deque = future->deque;
    if (deque == NULL) {
        return;
    }
    if (future->previous == NULL) {
        deque->first = future->next;
    } else {
        future->previous->next = future->next;
    }
    if (future->next == NULL) {
        deque->last = future->previous;
    } else {
        future->next->previous = future->previous;
    }
    future->deque = NULL;
}

/* Room in the heap of timers and in the simulation's queue for one future more. */
static bool reserve(struct aio_loop *loop) {
    struct event_queue *timers = &loop->timers;
    if (loop->futures_made == timers->capacity) {
        const size_t capacity = timers->capacity == 0 ? 16 : 2 * timers->capacity;
        struct event_key *keys = arena_alloc(&loop->world->arena, capacity, sizeof *keys);
        if (keys == NULL) {
            return false;
        }
        event_queue_borrow(timers, keys, capacity);
    }
    return event_queue_reserve(&aio_sim(loop)->queue, 1) == 0;
}

struct aio_future *aio_future_make(struct aio_loop *loop) {
    struct aio_future *future = loop->free_futures;
    if (future != NULL) {
        loop->free_futures = future->next;
    } else {
        future =
            reserve(loop) ? arena_alloc(&loop->world->arena, 1, sizeof *future) : NULL;
        if (future == NULL) {
            world_fail_nomem(loop->world);
            return NULL;
        }
        loop->futures_made++;
    }
    *future =
        (struct aio_future){.handle = {.lane = LANE_NONE}, .loop = loop, .users = 1};
    return future;
}

void aio_future_release(struct aio_future *future) {
    ASSERT(future->users > 0);
    if (--future->users > 0) {
        return;
    }
    ASSERT(future->deque == NULL && !event_is_pending(&future->event));
    future->next = future->loop->free_futures;
    future->loop->free_futures = future;
}

struct aio_future *aio_suspend(struct aio_task *task, enum lane_state state,
                               struct aio_deque *deque) {
    struct aio_future *future = aio_future_make(task->loop);
    if (future == NULL) {
        return NULL;
    }
    future->waiter = task;
    task->future = future;
    if (deque != NULL) {
        aio_deque_append(deque, future);
    }
    aio_task_show(task, state, task->call.site, LANE_NONE);
    return future;
}

void aio_task_let_go(struct aio_task *task) {
    aio_future_release(task->future);
    task->future = NULL;
}

/* The task's next step is ready to run; `by` is what made it so. */
static void schedule_step(struct aio_task *task, enum resume_status status, lane_id by) {
    task->step.status = (uint8_t)status;
    aio_task_show(task, STATE_READY, SITE_NONE, by);
    aio_call_soon(task->loop, &task->step, HANDLE_STEP);
}

void aio_future_set(struct aio_future *future, enum resume_status status, lane_id by) {
    struct aio_task *task = future->waiter;
    if (task == NULL) {
        return;
    }
    future->waiter = NULL;
    future->done = true;
    schedule_step(task, status, by);
}

/* --- cancellation -------------------------------------------------------------- */

/* _fut_waiter.cancel(): false when nothing is waited for, or it is over. */
bool aio_task_cancel_wait(struct aio_task *task, lane_id by) {
    struct aio_future *future = task->future;
    if (future == NULL || future->waiter == NULL) {
        return false; /* its step is ready, or it is in it */
    }
    struct aio_group *group = task->call.group;
    if (task->call.kind == ACTION_GROUP_WAIT && group->kind == GROUP_GATHER) {
        if (group->members.first == NULL) {
            return false;
        }
        group->cancelled = true; /* it ends when one of its tasks has ended so */
        aio_group_cancel_members(group, by);
        return true;
    }
    future->waiter = NULL;
    schedule_step(task, RESUME_CANCELLED, by);
    return true;
}

void aio_task_cancel(struct aio_task *task, lane_id by) {
    task->cancelling++;
    if (!aio_task_cancel_wait(task, by)) {
        task->must_cancel = true;
    }
}

/* 3.13: with none left, one that was not delivered yet is forgotten. */
void aio_task_uncancel(struct aio_task *task) {
    task->cancelling -= task->cancelling > 0;
    if (task->cancelling == 0 && aio_runtime(task->loop)->group_uncancels) {
        task->must_cancel = false;
    }
}

/* --- calls --------------------------------------------------------------------- */

sim_ns aio_opcodes_ns(const struct aio_loop *loop, int opcodes) {
    enum { PUT_AND_GET = 76 }; /* opcodes of Queue.put, get: see py_call_priv.h */
    return aio_runtime(loop)->queue_call_ns * opcodes / PUT_AND_GET;
}

enum aio_progress aio_pay(struct aio_task *task, int opcodes, struct action *action) {
    *action = (struct action){.site = task->call.site};
    aio_compute(action, aio_opcodes_ns(task->loop, opcodes));
    return AIO_ACT;
}

static const aio_function functions[ACTION_KIND_COUNT] = {
    [ACTION_AWAIT_IO] = aio_await_io,
    [ACTION_AWAIT_SLEEP] = aio_await_sleep,
    [ACTION_AWAIT_THREAD] = aio_await_thread,
    [ACTION_SEND] = aio_send,
    [ACTION_AWAIT_READ] = aio_await_read,
    [ACTION_AWAIT_RECV] = aio_await_recv,
    [ACTION_ASYNC_ACQUIRE] = aio_acquire,
    [ACTION_ASYNC_RELEASE] = aio_release,
    [ACTION_ASYNC_WAIT] = aio_wait,
    [ACTION_ASYNC_NOTIFY] = aio_notify,
    [ACTION_ASYNC_SET] = aio_set,
    [ACTION_ASYNC_CLEAR] = aio_clear,
    [ACTION_ASYNC_IS_SET] = aio_is_set,
    [ACTION_ASYNC_PUT] = aio_put,
    [ACTION_ASYNC_GET] = aio_get,
    [ACTION_SPAWN] = aio_spawn,
    [ACTION_JOIN_TASKS] = aio_join_tasks,
    [ACTION_CANCEL] = aio_cancel_tasks,
    [ACTION_GROUP_ENTER] = aio_group_enter,
    [ACTION_GROUP_ADD] = aio_group_add,
    [ACTION_GROUP_WAIT] = aio_group_wait,
    [ACTION_WAIT_FOR] = aio_wait_for,
    [ACTION_TIMEOUT_ENTER] = aio_timeout_enter,
    [ACTION_TIMEOUT_EXIT] = aio_timeout_exit,
};

static void begin_call(struct aio_task *task, const struct action *action) {
    task->call = (struct aio_call){
        .object = action->object,
        .ns = action->ns,
        .site = action->site,
        .value = (uint32_t)action->value,
        .kind = (uint8_t)action->kind,
    };
}

/* --- life ---------------------------------------------------------------------- */

static void enter_alive(struct aio_spawned *spawned) {
    struct aio_loop *loop = spawned->task.loop;
    spawned->next_alive = loop->spawned;
    if (loop->spawned != NULL) {
        loop->spawned->previous_alive = spawned;
    }
    loop->spawned = spawned;
}

static void leave_alive(struct aio_spawned *spawned) {
    if (spawned->previous_alive == NULL) {
        spawned->task.loop->spawned = spawned->next_alive;
    } else {
        spawned->previous_alive->next_alive = spawned->next_alive;
    }
    if (spawned->next_alive != NULL) {
        spawned->next_alive->previous_alive = spawned->previous_alive;
    }
}

bool aio_task_start(struct aio_task *task, const char *name) {
    struct aio_loop *loop = task->loop;
    task->step.lane = recorder_open_lane(
        aio_sim(loop)->recorder, aio_now(loop),
        &(struct lane_birth){LANE_TASK,
                             loop->selector.lane,
                             name,
                             {STATE_READY, loop->selector.lane, SITE_NONE}});
    task->step.status = RESUME_START;
    task->future = NULL;
    loop->alive++;
    if (task->spawned) {
        enter_alive(aio_spawned_of(task));
    }
    return task->step.lane != LANE_NONE;
}

/* Lanes have numbers in the order in which they are opened. */
struct aio_task *aio_alive_next(const struct aio_loop *loop, struct aio_alive *at) {
    while (at->at_start > 0 && loop->tasks[at->at_start - 1].ended) {
        at->at_start--;
    }
    struct aio_task *old = at->at_start > 0 ? &loop->tasks[at->at_start - 1] : NULL;
    struct aio_spawned *spawned = at->spawned;
    if (spawned != NULL && (old == NULL || spawned->task.step.lane > old->step.lane)) {
        at->spawned = spawned->next_alive;
        return &spawned->task;
    }
    at->at_start -= old != NULL;
    return old;
}

/* Where the exception that asyncio.run() raises comes from: the first one that ends a task
 * of the main coroutine's gather(). */
static void note_raised(const struct aio_task *task, const struct action *action) {
    struct aio_loop *loop = task->loop;
    if (action->kind == ACTION_RAISE && task->gathered && !loop->closing &&
        loop->raised_at == SITE_NONE) {
        loop->raised_at = action->site;
    }
}

/* "Task is cancelled right before coro stops": it ends as cancelled after all. */
static struct resume end_of(const struct aio_task *task, const struct action *action) {
    if (action->kind == ACTION_RAISE) {
        return (struct resume){.status = (enum resume_status)action->value,
                               .exception = action->object};
    }
    return (struct resume){.status = task->must_cancel ? RESUME_CANCELLED : RESUME_DONE};
}

static void end_task(struct aio_task *task, const struct action *action) {
    struct aio_loop *loop = task->loop;
    const struct resume how = end_of(task, action);
    recorder_close_lane(aio_sim(loop)->recorder, aio_now(loop), task->step.lane);
    note_raised(task, action);
    task->ended = true;
    loop->alive--;
    loop->made_ended = how;
    loop->made_lane = task->step.lane;
    aio_group_task_ended(task, how);
    if (task->spawned) {
        leave_alive(aio_spawned_of(task));
        aio_task_free(aio_spawned_of(task));
    }
}

void aio_task_abandon(struct aio_task *task) {
    recorder_close_lane(aio_sim(task->loop)->recorder, aio_now(task->loop),
                        task->step.lane);
    if (task->call.kind == ACTION_AWAIT_IO) {
        aio_forget_io(task);
    }
}

/* --- steps --------------------------------------------------------------------- */

static bool go_on(struct aio_loop *loop, const struct resume *resume,
                  struct action *action);

void aio_task_begin_step(struct aio_task *task) {
    struct aio_loop *loop = task->loop;
    if (task->must_cancel) {
        task->must_cancel = false;
        task->step.status = RESUME_CANCELLED;
    }
    loop->running = task;
    loop->phase = go_on;
    loop->told = (struct resume){
        .status = (enum resume_status)task->step.status,
        .value = task->step.status == RESUME_START ? task->step.lane : 0,
    };
    aio_loop_show(loop, STATE_CALLBACK, task->step.lane);
    aio_task_show(task, STATE_RUNNING, SITE_NONE, LANE_NONE);
}

/* The first step of an eager task is over: on with the task in whose step it was. */
static void leave_first_step(struct aio_loop *loop) {
    struct aio_spawned *made = aio_spawned_of(loop->running);
    struct aio_task *maker = loop->outer;
    loop->made = made->task.ended ? NULL : made;
    loop->outer = made->outer;
    loop->running = maker;
    loop->phase = go_on;
    loop->told = (struct resume){.status = RESUME_DONE};
    aio_loop_show(loop, STATE_CALLBACK, maker->step.lane);
    aio_task_show(maker, STATE_RUNNING, maker->call.site, LANE_NONE);
}

/* The step is over: with the next handle, or task of the main coroutine, unless it was taken
 * in another's step. */
static bool leave_step(struct aio_loop *loop) {
    if (loop->outer != NULL) {
        leave_first_step(loop);
        return true;
    }
    loop->running = NULL;
    aio_loop_show(loop, STATE_CALLBACK, LANE_NONE);
    loop->phase = loop->current != NULL ? aio_run_handles : aio_create_tasks;
    return false;
}

enum fetched { FETCHED_CALL, FETCHED_ACTION, FETCHED_END, FETCHED_LIMIT };

/* The task's next action; units of work concern the loop only. */
static enum fetched fetch(struct aio_loop *loop, struct aio_task *task,
                          struct action *action) {
    for (;;) {
        program_next(&task->program, &loop->told, action);
        if (!sim_step(aio_sim(loop))) {
            return FETCHED_LIMIT;
        }
        loop->told = (struct resume){.status = RESUME_DONE};
        if (functions[action->kind] != NULL) {
            begin_call(task, action);
            return FETCHED_CALL;
        }
        switch (action->kind) {
        case ACTION_UNIT_BEGIN:
            unit_begin(loop->world, &task->unit, action);
            break;
        case ACTION_UNIT_END:
            unit_end(loop->world, &task->unit);
            break;
        case ACTION_EXIT:
        case ACTION_RAISE:
            return FETCHED_END;
        default:
            aio_task_show(task, STATE_RUNNING, action->site, LANE_NONE);
            return FETCHED_ACTION;
        }
    }
}

/* The call that suspends was cancelled in this very step: so is what it waits for. */
static void cancel_new_wait(struct aio_task *task) {
    if (task->must_cancel) {
        task->must_cancel = !aio_task_cancel_wait(task, LANE_NONE);
    }
}

bool aio_task_run(struct aio_loop *loop, struct action *action) {
    for (;;) {
        struct aio_task *task = loop->running;
        if (task->call.kind == ACTION_EXIT) {
            switch (fetch(loop, task, action)) {
            case FETCHED_CALL:
                break;
            case FETCHED_ACTION:
                return true;
            case FETCHED_LIMIT:
                return aio_compute(action, 0); /* the run ends: back to the scheduler */
            case FETCHED_END:
                end_task(task, action);
                if (!leave_step(loop)) {
                    return false;
                }
                continue;
            }
        }
        switch (functions[task->call.kind](task, &loop->told, action)) {
        case AIO_ACT:
            return true;
        case AIO_SUSPENDED:
            cancel_new_wait(task);
            if (!leave_step(loop)) {
                return false;
            }
            break;
        case AIO_DONE:
            task->call.kind = ACTION_EXIT;
            break;
        case AIO_EAGER:
            break;
        }
    }
}

/* A phase of the loop: its thread has done what the task asked for. */
static bool go_on(struct aio_loop *loop, const struct resume *resume,
                  struct action *action) {
    loop->told = *resume;
    return aio_task_run(loop, action);
}
