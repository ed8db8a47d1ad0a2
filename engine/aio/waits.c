/* SPDX-License-Identifier: MIT */
/* waits - await of the outside world, of a timer, of an executor. */
#include "engine/aio/aio_priv.h"
#include "engine/aio/thread_executor.h"

/* The end of a wait: the future is let go, and its status is the call's. */
static enum aio_progress woken(struct aio_task *task, const struct resume *resume) {
    aio_task_let_go(task);
    return aio_ends(task, *resume);
}

/* --- the outside world --------------------------------------------------------- */

static void io_answered(struct event *event) {
    struct aio_future *future = FUTURE_OF(event, event);
    aio_deque_append(&future->loop->answered, future);
    selector_set_ready(&future->loop->selector, LANE_NONE);
}

/* remove_reader(): nothing comes any more, unless it has come already. */
void aio_forget_io(struct aio_task *task) {
    struct aio_future *future = task->future;
    if (event_is_pending(&future->event)) {
        sim_cancel_event(aio_sim(task->loop), &future->event);
        aio_future_release(future);
    }
}

enum aio_progress aio_await_io(struct aio_task *task, const struct resume *resume,
                               struct action *action) {
    struct aio_call *call = &task->call;
    struct sim *sim = aio_sim(task->loop);
    (void)action;
    if (call->line++ > 0) {
        if (resume->status == RESUME_CANCELLED) {
            aio_forget_io(task);
        }
        return woken(task, resume);
    }
    const bool absolute = call->value != 0;
    if (absolute && call->ns <= sim->now) {
        return aio_done(task); /* it is there: no BlockingIOError */
    }
    struct aio_future *future = aio_suspend(task, STATE_AWAIT_IO, NULL);
    if (future != NULL) {
        future->event.fire = io_answered;
        future->event.priority = PRIORITY_WORLD;
        future->users++;
        sim_schedule(sim, &future->event,
                     absolute ? call->ns : sim_add(sim->now, call->ns));
    }
    return AIO_SUSPENDED;
}

/* --- asyncio.sleep() ----------------------------------------------------------- */

/* A bare yield: the next step is appended at once, and what it is told is the program's. */
static enum aio_progress yield(struct aio_task *task) {
    aio_task_show(task, STATE_READY, task->call.site, LANE_NONE);
    task->step.status = RESUME_DONE;
    task->call.kind = ACTION_EXIT;
    aio_call_soon(task->loop, &task->step, HANDLE_STEP);
    return AIO_SUSPENDED;
}

/* The timer is set first and its price paid afterwards, as part of the step. */
static void set_timer(struct aio_task *task, struct action *action) {
    struct aio_loop *loop = task->loop;
    struct aio_future *future = aio_suspend(task, STATE_AWAIT_TIMER, NULL);
    if (future != NULL) {
        aio_call_at(future, HANDLE_TIMER, aio_timer_due(loop, task->call.ns));
    }
    *action = (struct action){.site = task->call.site};
    aio_compute(action, aio_loop_cost(loop, aio_runtime(loop)->call_later_ns));
}

enum aio_progress aio_await_sleep(struct aio_task *task, const struct resume *resume,
                                  struct action *action) {
    struct aio_call *call = &task->call;
    switch (call->line++) {
    case 0:
        if (call->ns >= task->loop->least_timer_ns) {
            set_timer(task, action);
            return AIO_ACT;
        }
        return yield(task);
    case 1:
        return AIO_SUSPENDED;
    default:
        if (resume->status == RESUME_CANCELLED) {
            aio_cancel_timer(task->future);
        }
        return woken(task, resume);
    }
}

/* --- run_in_executor() --------------------------------------------------------- */

/* The default executor, unless the loop was given another. */
static bool make_executor(struct aio_loop *loop) {
    if (loop->executor == NULL) {
        loop->default_executor = aio_thread_executor_create(loop->world, &loop->selector,
                                                            loop->executor_workers);
        if (loop->default_executor == NULL) {
            world_fail_nomem(loop->world);
            return false;
        }
        loop->executor = aio_thread_executor_base(loop->default_executor);
    }
    return true;
}

/* What run_in_executor() does besides submit(), and wrap_future(): 420 opcodes in all on
 * CPython 3.12.1, less 306 of submit(). */
enum { RUN_IN_EXECUTOR_OPCODES = 114 };

/* False, and the run ends, when out of memory. */
static bool submit(struct aio_task *task) {
    struct aio_loop *loop = task->loop;
    struct aio_future *future = aio_suspend(task, STATE_AWAIT_FUTURE, NULL);
    if (future == NULL || !make_executor(loop)) {
        return false;
    }
    future->users++;
    uint32_t number;
    if (!aio_executor_submit(loop->executor, task->call.object, future, &number)) {
        world_fail_nomem(loop->world);
        return false;
    }
    task->call.number = number;
    return true;
}

static bool submit_next(struct aio_task *task, const struct resume *resume,
                        struct action *action) {
    struct aio_executor *executor = task->loop->executor;
    *action = (struct action){.site = task->call.site};
    return executor->ops->submit_next(executor, resume, action);
}

/* Submitted by the loop's thread; a cancelled call that a worker has begun goes on there, and
 * its result is dropped; one that still waits for a worker is never begun. */
enum aio_progress aio_await_thread(struct aio_task *task, const struct resume *resume,
                                   struct action *action) {
    enum { PAY, SUBMIT, SUBMITTING, WOKEN };
    struct aio_call *call = &task->call;
    switch (call->line) {
    case PAY:
        call->line = SUBMIT;
        return aio_pay(task, RUN_IN_EXECUTOR_OPCODES, action);
    case SUBMIT:
        if (!submit(task)) {
            return AIO_SUSPENDED; /* the run has ended */
        }
        call->line = SUBMITTING;
        (void)submit_next(task, resume, action); /* there is a first action */
        return AIO_ACT;
    case SUBMITTING:
        if (submit_next(task, resume, action)) {
            return AIO_ACT;
        }
        call->line = WOKEN;
        return AIO_SUSPENDED;
    default:
        if (resume->status == RESUME_CANCELLED) {
            aio_executor_cancel(task->loop->executor, call->number, task->future);
        }
        return woken(task, resume);
    }
}
