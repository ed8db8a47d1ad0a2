/* SPDX-License-Identifier: MIT */
/* task - a task's step, its cancellation and its end; futures. */
#include "engine/aio/aio_priv.h"
#include "engine/base/check.h"

/* --- lanes --------------------------------------------------------------------- */

void aio_task_show(struct aio_task *task, enum lane_state state, site_id site,
                   lane_id by) {
    sim_switch(aio_sim(task->loop), task->lane,
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
    *future = (struct aio_future){.loop = loop, .woken_by = LANE_NONE, .users = 1};
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
    task->waits_for = future;
    task->call.future = future;
    if (deque != NULL) {
        aio_deque_append(deque, future);
    }
    aio_task_show(task, state, task->call.asked.site, LANE_NONE);
    return future;
}

/* The task's next step is ready to run; `by` is what made it so. */
static void schedule_step(struct aio_task *task, struct resume with, lane_id by) {
    task->resume = with;
    aio_task_show(task, STATE_READY, SITE_NONE, by);
    aio_call_soon(task->loop, &task->step, HANDLE_STEP);
}

void aio_future_set(struct aio_future *future, struct resume with, lane_id by) {
    struct aio_task *task = future->waiter;
    if (task == NULL) {
        return;
    }
    future->waiter = NULL;
    future->done = true;
    task->waits_for = NULL;
    schedule_step(task, with, by);
}

/* --- cancellation -------------------------------------------------------------- */

/* _fut_waiter.cancel(): false when nothing is waited for, or it is over. */
bool aio_task_cancel_wait(struct aio_task *task, lane_id by) {
    struct aio_future *future = task->waits_for;
    if (future == NULL) {
        return false; /* its step is ready, or it is in it */
    }
    if (future->group != NULL && future->group->kind == GROUP_GATHER) {
        if (future->group->members == NULL) {
            return false;
        }
        future->group->cancelled = true; /* it ends when one of its tasks has ended so */
        aio_group_cancel_members(future->group, by);
        return true;
    }
    future->waiter = NULL;
    task->waits_for = NULL;
    schedule_step(task, (struct resume){.status = RESUME_CANCELLED}, by);
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
    *action = (struct action){.site = task->call.asked.site};
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
    task->call = (struct aio_call){.function = functions[action->kind], .asked = *action};
}

/* --- steps --------------------------------------------------------------------- */

void aio_task_begin_step(struct aio_task *task) {
    if (task->must_cancel) {
        task->must_cancel = false;
        task->resume = (struct resume){.status = RESUME_CANCELLED};
    }
    aio_loop_show(task->loop, STATE_CALLBACK, task->lane);
    aio_task_show(task, STATE_RUNNING, SITE_NONE, LANE_NONE);
}

bool aio_task_start(struct aio_task *task, const char *name) {
    struct aio_loop *loop = task->loop;
    task->lane = recorder_open_lane(
        aio_sim(loop)->recorder, aio_now(loop),
        &(struct lane_birth){LANE_TASK,
                             loop->selector.lane,
                             name,
                             {STATE_READY, loop->selector.lane, SITE_NONE}});
    task->resume = (struct resume){.status = RESUME_START, .value = task->lane};
    task->previous_alive = NULL;
    task->next_alive = loop->alive;
    if (loop->alive != NULL) {
        loop->alive->previous_alive = task;
    }
    loop->alive = task;
    return task->lane != LANE_NONE;
}

static void leave_alive(struct aio_task *task) {
    if (task->previous_alive == NULL) {
        task->loop->alive = task->next_alive;
    } else {
        task->previous_alive->next_alive = task->next_alive;
    }
    if (task->next_alive != NULL) {
        task->next_alive->previous_alive = task->previous_alive;
    }
}

/* Where the exception that asyncio.run() raises comes from: the first one that ends a task
 * of the main coroutine's gather(). */
static void note_raised(const struct aio_task *task, const struct action *action) {
    struct aio_loop *loop = task->loop;
    const bool gathered = task->list == NULL && !task->background && !loop->closing;
    if (action->kind == ACTION_RAISE && gathered && loop->raised_at == SITE_NONE) {
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
    recorder_close_lane(aio_sim(loop)->recorder, aio_now(loop), task->lane);
    note_raised(task, action);
    leave_alive(task);
    if (task->outer != NULL) {
        task->outer->call.made = NULL;
        task->outer->call.made_ended = how;
        task->outer->call.made_lane = task->lane;
    }
    aio_group_task_ended(task, how);
    aio_task_free(task);
}

void aio_task_abandon(struct aio_task *task) {
    recorder_close_lane(aio_sim(task->loop)->recorder, aio_now(task->loop), task->lane);
    if (task->call.function == aio_await_io) {
        aio_forget_io(task);
    }
}

/* The step is over: on with the task in whose step it was, or with the next handle. */
static bool leave_step(struct aio_loop *loop) {
    struct aio_task *outer = loop->running->outer;
    loop->running->outer = NULL;
    loop->running = outer;
    aio_loop_show(loop, STATE_CALLBACK, outer != NULL ? outer->lane : LANE_NONE);
    if (outer != NULL) {
        aio_task_show(outer, STATE_RUNNING, outer->call.asked.site, LANE_NONE);
    }
    loop->phase = outer != NULL           ? aio_task_step
                  : loop->current != NULL ? aio_run_handles
                                          : aio_create_tasks;
    return outer != NULL;
}

/* Units of work concern the loop only. */
static bool count_unit(struct aio_task *task, const struct action *action) {
    struct world *world = task->loop->world;
    if (action->kind == ACTION_UNIT_BEGIN) {
        unit_begin(world, &task->unit, action);
    } else if (action->kind == ACTION_UNIT_END) {
        unit_end(world, &task->unit);
    }
    return action->kind == ACTION_UNIT_BEGIN || action->kind == ACTION_UNIT_END;
}

enum fetched { FETCHED_CALL, FETCHED_ACTION, FETCHED_END, FETCHED_LIMIT };

/* The task's next action that is not only about counting. */
static enum fetched fetch(struct aio_task *task, struct resume *answer,
                          struct action *action) {
    do {
        program_next(&task->program, answer, action);
        *answer = (struct resume){.status = RESUME_DONE};
        if (!sim_step(aio_sim(task->loop))) {
            return FETCHED_LIMIT;
        }
    } while (count_unit(task, action));
    if (action->kind == ACTION_EXIT || action->kind == ACTION_RAISE) {
        return FETCHED_END;
    }
    if (functions[action->kind] == NULL) {
        aio_task_show(task, STATE_RUNNING, action->site, LANE_NONE);
        return FETCHED_ACTION;
    }
    begin_call(task, action);
    return FETCHED_CALL;
}

/* Runs the call in progress; what it answers is for the program. */
static enum aio_progress run_call(struct aio_task *task, struct resume *answer,
                                  struct action *action) {
    const enum aio_progress progress = task->call.function(task, answer, action);
    if (progress == AIO_DONE) {
        task->call.function = NULL;
        *answer = task->call.result;
    }
    return progress;
}

bool aio_task_step(struct aio_loop *loop, const struct resume *resume,
                   struct action *action) {
    struct resume answer = *resume;
    for (;;) {
        struct aio_task *task = loop->running;
        if (task->call.function != NULL) {
            switch (run_call(task, &answer, action)) {
            case AIO_ACT:
                return true;
            case AIO_SUSPENDED:
                /* Cancelled in this very step: what it waits for is. */
                task->must_cancel =
                    task->must_cancel && !aio_task_cancel_wait(task, LANE_NONE);
                if (!leave_step(loop)) {
                    return false;
                }
                answer = (struct resume){.status = RESUME_DONE};
                continue;
            case AIO_DONE:
                break;
            case AIO_EAGER:
                answer = loop->running->resume;
                continue;
            }
        }
        switch (fetch(task, &answer, action)) {
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
            answer = (struct resume){.status = RESUME_DONE};
            break;
        }
    }
}
