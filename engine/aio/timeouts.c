/* SPDX-License-Identifier: MIT */
/*
 * timeouts - asyncio.timeout() and wait_for() (Lib/asyncio/timeouts.py, tasks.py).
 *
 *   timeout()         a timer whose callback cancels the task; leaving the block, the
 *                     cancellation is taken back and becomes TimeoutError
 *   wait_for(), 3.12+ the same
 *   wait_for() before a task of its own, a timer and a future that either of them sets; when
 *                     the timer was first, the task is cancelled and waited for. It ends as the
 *                     task does: a result in spite of the cancellation, or an exception, counts
 *                     (3.9 - 3.11). See enum wait_for_rule for what older versions do less
 *   no time at all    timeout() calls soon; wait_for(), from 3.7 on, makes a task and cancels
 *                     it before its first step
 *
 * A timer that did not fire stays in the heap as a cancelled one: see loop.h.
 */
#include "engine/aio/aio_priv.h"

/* Counted on 3.12.1: 302 opcodes to enter and leave timeout(), 139 of them call_later(),
 * which has a price of its own; wait_for() of 3.11.7 besides its task: 1224 less 171 for
 * making the task and its timer. */
enum { TIMEOUT_HALF_OPCODES = 80, WAIT_FOR_OPCODES = 450 };

static enum aio_progress pay_with_timer(struct aio_task *task, int opcodes,
                                        struct action *action) {
    aio_pay(task, opcodes, action);
    action->ns += aio_loop_cost(task->loop, aio_runtime(task->loop)->call_later_ns);
    return AIO_ACT;
}

static enum wait_for_rule rule_of(const struct aio_task *task) {
    return (enum wait_for_rule)aio_runtime(task->loop)->wait_for_rule;
}

static struct aio_future *start_timer(struct aio_task *task) {
    struct aio_loop *loop = task->loop;
    struct aio_future *timer = aio_future_make(loop);
    if (timer != NULL && (task->call.ns > 0 || rule_of(task) == WAIT_FOR_LEAVES)) {
        aio_call_at(timer, HANDLE_TIMEOUT, aio_timer_due(loop, task->call.ns));
    } else if (timer != NULL) { /* Timeout.reschedule(): call_soon() */
        timer->due_ns = aio_now(loop);
        timer->users++;
        aio_call_soon(loop, &timer->handle, HANDLE_TIMEOUT);
    }
    return timer;
}

/* --- timeout() ----------------------------------------------------------------- */

enum aio_progress aio_timeout_enter(struct aio_task *task, const struct resume *resume,
                                    struct action *action) {
    (void)resume;
    if (task->call.line++ == 0) {
        return pay_with_timer(task, TIMEOUT_HALF_OPCODES, action);
    }
    struct aio_future *timeout = start_timer(task);
    if (timeout != NULL) {
        timeout->waiter = task;
        timeout->cancelling = task->cancelling;
        timeout->outer = task->timeout;
        task->timeout = timeout;
    }
    return aio_done(task);
}

/* uncancel(); it becomes TimeoutError unless the task was cancelled by somebody else, too. */
static enum resume_status take_back(struct aio_task *task,
                                    const struct aio_future *timeout,
                                    enum resume_status status) {
    aio_task_uncancel(task);
    return status == RESUME_CANCELLED && task->cancelling <= timeout->cancelling
               ? RESUME_TIMED_OUT
               : status;
}

enum aio_progress aio_timeout_exit(struct aio_task *task, const struct resume *resume,
                                   struct action *action) {
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, TIMEOUT_HALF_OPCODES, action);
    }
    struct aio_future *timeout = task->timeout;
    enum resume_status status = (enum resume_status)task->call.value;
    task->timeout = timeout->outer;
    timeout->waiter = NULL;
    if (timeout->expired) {
        status = take_back(task, timeout, status);
    } else {
        aio_cancel_timer(timeout);
    }
    aio_future_release(timeout);
    return aio_ends(task,
                    (struct resume){.status = status, .exception = task->call.exception});
}

void aio_timeout_fire(struct aio_future *timeout) {
    if (timeout->waiter != NULL) {
        timeout->expired = true;
        aio_task_cancel(timeout->waiter, LANE_NONE);
    } else if (timeout->group != NULL && timeout->group->future != NULL) {
        aio_future_set(timeout->group->future, RESUME_TIMED_OUT, LANE_NONE);
    }
    aio_future_release(timeout);
}

/* --- wait_for() with a task ---------------------------------------------------- */

static enum aio_progress leave_wait_for(struct aio_task *task, struct resume with) {
    struct aio_group *group = task->call.group;
    if (group->timer != NULL) {
        aio_cancel_timer(group->timer);
        aio_future_release(group->timer);
    }
    aio_group_release(group);
    return aio_ends(task, with);
}

static enum aio_progress wait_for_over(struct aio_task *task) {
    struct aio_call *call = &task->call;
    struct resume with = aio_group_outcome(call->group);
    if (call->cancelled) {
        with = (struct resume){.status = RESUME_CANCELLED};
    } else if (call->group->timed_out &&
               (with.status == RESUME_CANCELLED || rule_of(task) >= WAIT_FOR_DROPS)) {
        with = (struct resume){.status = RESUME_TIMED_OUT};
    }
    return leave_wait_for(task, with);
}

/* _cancel_and_wait(): its end decides what wait_for() ends with. */
static enum aio_progress cancel_and_wait(struct aio_task *task) {
    struct aio_group *group = task->call.group;
    if (group->timer != NULL) {
        group->timer->group = NULL; /* it wakes nobody any more */
    }
    aio_group_cancel_members(group, task->step.lane);
    return aio_group_sleep(task) ? AIO_SUSPENDED : wait_for_over(task);
}

static enum aio_progress cancel_and_leave(struct aio_task *task,
                                          enum resume_status status) {
    aio_group_cancel_members(task->call.group, task->step.lane);
    return leave_wait_for(task, (struct resume){.status = status});
}

/* The time is over, or the waiting task was cancelled: so is the one that it waits for, if
 * it has not ended by now. A second cancellation does not wait for that. */
static enum aio_progress wait_for_woken(struct aio_task *task,
                                        const struct resume *resume) {
    struct aio_call *call = &task->call;
    const bool cancelled = resume->status == RESUME_CANCELLED;
    const bool waited = call->group->timed_out || call->cancelled;
    const bool ended = call->group->members.first == NULL;
    aio_group_wake(task);
    if (cancelled && !waited && rule_of(task) >= WAIT_FOR_LEAVES_AT_CANCEL) {
        return cancel_and_leave(task, RESUME_CANCELLED);
    }
    call->cancelled = call->cancelled || (cancelled && (waited || !ended));
    if (waited || ended) {
        return wait_for_over(task);
    }
    if (rule_of(task) == WAIT_FOR_LEAVES) {
        return cancel_and_leave(task, RESUME_TIMED_OUT);
    }
    call->group->timed_out = !call->cancelled;
    return cancel_and_wait(task);
}

/* Without time: the task is cancelled before it has begun, unless it is eager. */
static enum aio_progress wait_for_nothing(struct aio_task *task) {
    struct aio_group *group = task->call.group;
    group->timed_out = group->members.first != NULL;
    if (!group->timed_out) {
        return wait_for_over(task);
    }
    return rule_of(task) >= WAIT_FOR_LEAVES_AT_CANCEL
               ? cancel_and_leave(task, RESUME_TIMED_OUT)
               : cancel_and_wait(task);
}

enum aio_progress aio_wait_for(struct aio_task *task, const struct resume *resume,
                               struct action *action) {
    struct aio_call *call = &task->call;
    switch (call->line++) {
    case 0:
        return pay_with_timer(task, WAIT_FOR_OPCODES, action);
    case 1:
        aio_group_pop(task);
        if (call->ns <= 0 && rule_of(task) != WAIT_FOR_LEAVES) {
            return wait_for_nothing(task);
        }
        call->group->timer = start_timer(task);
        if (call->group->timer == NULL) {
            return AIO_SUSPENDED; /* out of memory: the run has ended */
        }
        call->group->timer->group = call->group;
        return aio_group_sleep(task) ? AIO_SUSPENDED : wait_for_over(task);
    default:
        return wait_for_woken(task, resume);
    }
}
