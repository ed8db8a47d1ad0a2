/* SPDX-License-Identifier: MIT */
/*
 * sync - asyncio's Lock, Semaphore, Event, Condition and Queue (Lib/asyncio/locks.py,
 * queues.py).
 *
 *   Lock       a release wakes the first waiter; until that has run nobody else can come
 *              between, because a newcomer queues behind any waiter that is not cancelled
 *   Semaphore  from 3.10 on a release gives its permit to the first waiter; before, a woken
 *              waiter looks again, and up to 3.8 may find that a newcomer was faster
 *   Condition  a Lock, and who waits for notify(); a woken waiter queues for the lock
 *   Event      set() wakes all
 *   Queue      a put wakes the first getter, which looks again: get_nowait() by a newcomer
 *              may have been faster, and then it queues at the end
 *
 * A waiter of a Lock, Semaphore or Queue that is cancelled after it was woken passes its turn
 * on; that of a Condition does so from 3.13 on, woken or not. How long their bytecode
 * takes is said in opcodes, counted on CPython 3.12.1 as in engine/python/py_call_priv.h.
 */
#include "engine/aio/aio_priv.h"

/* --- objects ------------------------------------------------------------------- */

static void init_object(struct aio_object *object, const struct object_plan *plan) {
    *object = (struct aio_object){
        .kind = plan->kind,
        .size = plan->size,
        .value = plan->kind == OBJECT_ASYNC_SEMAPHORE ? plan->size : 0,
        .lane = LANE_NONE,
    };
}

int aio_objects_create(struct aio_loop *loop, uint32_t permits) {
    const struct plan *plan = loop->world->plan;
    loop->objects =
        arena_alloc(&loop->world->arena, plan->object_count + 1, sizeof *loop->objects);
    if (loop->objects == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < plan->object_count; i++) {
        init_object(&loop->objects[i], &plan->objects[i]);
    }
    init_object(&loop->objects[plan->object_count],
                &(struct object_plan){.kind = OBJECT_ASYNC_SEMAPHORE, .size = permits});
    return 0;
}

static void show_object(struct aio_loop *loop, size_t index, const char *name) {
    loop->objects[index].lane = recorder_open_lane(
        aio_sim(loop)->recorder, aio_now(loop),
        &(struct lane_birth){
            LANE_LOCK, loop->selector.lane, name, {STATE_FREE, LANE_NONE, SITE_NONE}});
}

void aio_objects_show(struct aio_loop *loop) {
    const struct plan *plan = loop->world->plan;
    for (size_t i = 0; i < plan->object_count; i++) {
        if (object_is_async(plan->objects[i].kind)) {
            show_object(loop, i, plan->objects[i].name);
        }
    }
    if (loop->objects[plan->object_count].size > 0) {
        show_object(loop, plan->object_count, "semaphore");
    }
}

static struct aio_object *object_of(const struct aio_task *task) {
    return &task->loop->objects[task->call.value];
}

static void show_held(const struct aio_task *task, const struct aio_object *object,
                      bool held) {
    if (object->lane != LANE_NONE) {
        sim_switch(aio_sim(task->loop), object->lane,
                   (struct activity){held ? STATE_HELD : STATE_FREE,
                                     held ? task->step.lane : LANE_NONE, SITE_NONE},
                   task->step.lane);
    }
}

/* --- waiting ------------------------------------------------------------------- */

/* What is waited for is the object; a task's state says only that it is a lock. */
static enum aio_progress wait_in(struct aio_task *task, const struct aio_object *object,
                                 enum lane_state state, struct aio_deque *deque) {
    struct aio_future *future = aio_suspend(task, state, deque);
    if (future != NULL && object->lane != LANE_NONE) {
        sim_switch(aio_sim(task->loop), task->step.lane,
                   (struct activity){state, object->lane, task->call.site}, LANE_NONE);
    }
    return AIO_SUSPENDED;
}

/* The future is taken out of its deque and let go; true when its result had been set: the
 * turn was this task's. */
static bool leave_deque(struct aio_task *task) {
    const bool done = task->future->done;
    aio_deque_remove(task->future);
    aio_task_let_go(task);
    return done;
}

static bool is_waiting(const struct aio_future *future) { return future->waiter != NULL; }

/* A cancelled future, still in the deque until its task runs, counts no more. */
static bool has_waiters(const struct aio_deque *deque) {
    const struct aio_future *future = deque->first;
    while (future != NULL && !is_waiting(future) && !future->done) {
        future = future->next;
    }
    return future != NULL;
}

/* Sets the results of the first ones that still wait; how many there were. They stay in the
 * deque until their tasks run, so that one pass wakes them all. */
static int64_t wake_first(struct aio_task *task, struct aio_deque *deque, int64_t most) {
    int64_t woken = 0;
    for (struct aio_future *future = deque->first; future != NULL && woken < most;
         future = future->next) {
        if (is_waiting(future)) {
            aio_future_set(future, RESUME_DONE, task->step.lane);
            woken++;
        }
    }
    return woken;
}

/* --- Lock ---------------------------------------------------------------------- */

/* The first waiter, unless its result is set already or it has been cancelled: it stays
 * first until it runs, and if it was cancelled it then wakes the next one. */
static void wake_up_first(struct aio_task *task, struct aio_object *lock) {
    struct aio_future *first = lock->waiters.first;
    if (first != NULL && is_waiting(first)) {
        aio_future_set(first, RESUME_DONE, task->step.lane);
    }
}

static void hold(struct aio_task *task, struct aio_object *lock) {
    lock->value = 1;
    show_held(task, lock, true);
}

/* True when it has been taken without waiting. */
static bool try_lock(struct aio_task *task, struct aio_object *lock) {
    if (lock->value != 0 || has_waiters(&lock->waiters)) {
        return false;
    }
    hold(task, lock);
    return true;
}

/* After the wait. */
static enum aio_progress lock_woken(struct aio_task *task, struct aio_object *lock,
                                    const struct resume *resume) {
    leave_deque(task);
    if (resume->status == RESUME_CANCELLED) {
        if (lock->value == 0) {
            wake_up_first(task, lock);
        }
        return aio_cancelled(task);
    }
    hold(task, lock);
    return aio_done(task);
}

static void unlock(struct aio_task *task, struct aio_object *lock) {
    lock->value = 0;
    show_held(task, lock, false);
    wake_up_first(task, lock);
}

/* --- Semaphore ----------------------------------------------------------------- */

static enum semaphore_rule rule_of(const struct aio_task *task) {
    return (enum semaphore_rule)aio_runtime(task->loop)->semaphore_rule;
}

/* False when nobody waits. */
static bool wake_up_next(struct aio_task *task, struct aio_object *semaphore) {
    const bool woken = wake_first(task, &semaphore->waiters, 1) > 0;
    if (rule_of(task) >= SEMAPHORE_RESERVES) {
        semaphore->value -= woken;
    } else if (rule_of(task) == SEMAPHORE_SCHEDULES) {
        semaphore->scheduled = semaphore->scheduled || woken;
    }
    return woken;
}

static bool try_semaphore(struct aio_task *task, struct aio_object *semaphore) {
    const bool is_behind =
        rule_of(task) >= SEMAPHORE_RESERVES && has_waiters(&semaphore->waiters);
    if (semaphore->value == 0 || is_behind || semaphore->scheduled) {
        return false;
    }
    semaphore->value--;
    return true;
}

static void wake_up_all(struct aio_task *task, struct aio_object *semaphore) {
    while (semaphore->value > 0 && wake_up_next(task, semaphore)) {
    }
}

/* 3.9.18 wakes the next one even when there is no permit; when nobody waits, newcomers go on
 * waiting for one that does not run any more, until the next release. */
static enum aio_progress
semaphore_cancelled(struct aio_task *task, struct aio_object *semaphore, bool had_turn) {
    const enum semaphore_rule rule = rule_of(task);
    semaphore->value += had_turn && rule >= SEMAPHORE_RESERVES;
    if (rule == SEMAPHORE_WAKES_ALL) {
        wake_up_all(task, semaphore);
    } else if (rule == SEMAPHORE_SCHEDULES || (had_turn && semaphore->value > 0)) {
        (void)wake_up_next(task, semaphore);
    }
    return aio_cancelled(task);
}

static enum aio_progress semaphore_woken(struct aio_task *task,
                                         struct aio_object *semaphore,
                                         const struct resume *resume) {
    const bool had_turn = leave_deque(task);
    if (resume->status == RESUME_CANCELLED) {
        return semaphore_cancelled(task, semaphore, had_turn);
    }
    switch (rule_of(task)) {
    case SEMAPHORE_WAKES_ALL:
        wake_up_all(task, semaphore);
        break;
    case SEMAPHORE_RESERVES:
        if (semaphore->value > 0) { /* several were released at once */
            (void)wake_up_next(task, semaphore);
        }
        break;
    default:
        semaphore->scheduled = false;
        if (semaphore->value == 0) {
            task->call.line = 2; /* somebody was faster, or it was woken in vain */
            return wait_in(task, semaphore, STATE_AWAIT_LOCK, &semaphore->waiters);
        }
        semaphore->value--;
    }
    return aio_done(task);
}

/* --- acquire, release ---------------------------------------------------------- */

static bool is_semaphore(const struct aio_object *object) {
    return object->kind == OBJECT_ASYNC_SEMAPHORE;
}

enum aio_progress aio_acquire(struct aio_task *task, const struct resume *resume,
                              struct action *action) {
    struct aio_object *object = object_of(task);
    switch (task->call.line++) {
    case 0:
        return aio_pay(task, is_semaphore(object) ? 44 : 19, action);
    case 1:
        if (is_semaphore(object) ? try_semaphore(task, object) : try_lock(task, object)) {
            return aio_done(task);
        }
        return wait_in(task, object, STATE_AWAIT_LOCK, &object->waiters);
    default:
        return is_semaphore(object) ? semaphore_woken(task, object, resume)
                                    : lock_woken(task, object, resume);
    }
}

enum aio_progress aio_release(struct aio_task *task, const struct resume *resume,
                              struct action *action) {
    struct aio_object *object = object_of(task);
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, 16, action);
    }
    if (is_semaphore(object)) {
        object->value++;
        (void)wake_up_next(task, object);
    } else if (object->value == 0) {
        return aio_raised(task, "RuntimeError: Lock is not acquired.");
    } else {
        unlock(task, object);
    }
    return aio_done(task);
}

/* --- Event, Condition ---------------------------------------------------------- */

static enum aio_progress event_wait(struct aio_task *task, struct aio_object *event,
                                    const struct resume *resume, struct action *action) {
    switch (task->call.line++) {
    case 0:
        return aio_pay(task, 13, action);
    case 1:
        return event->value != 0
                   ? aio_done(task)
                   : wait_in(task, event, STATE_AWAIT_FUTURE, &event->waiters);
    default:
        leave_deque(task);
        return aio_ends(task, *resume);
    }
}

/* It has the lock again: 3.13 calls _notify(1) before it raises, because the waiter may have
 * been notified, whether it was or not. */
static enum aio_progress condition_over(struct aio_task *task,
                                        struct aio_object *condition) {
    if (!task->call.cancelled) {
        return aio_done(task);
    }
    if (aio_runtime(task->loop)->condition_passes_on) {
        (void)wake_first(task, &condition->putters, 1);
    }
    return aio_cancelled(task);
}

/* Also a waiter that is cancelled takes the lock again before the exception is raised. */
static enum aio_progress condition_wait(struct aio_task *task,
                                        struct aio_object *condition,
                                        const struct resume *resume,
                                        struct action *action) {
    struct aio_call *call = &task->call;
    switch (call->line++) {
    case 0:
        return aio_pay(task, 40, action);
    case 1:
        if (condition->value == 0) {
            return aio_raised(task, "RuntimeError: cannot wait on un-acquired lock");
        }
        unlock(task, condition);
        return wait_in(task, condition, STATE_AWAIT_FUTURE, &condition->putters);
    case 2:
        leave_deque(task);
        call->cancelled = resume->status == RESUME_CANCELLED;
        if (try_lock(task, condition)) {
            return condition_over(task, condition);
        }
        return wait_in(task, condition, STATE_AWAIT_LOCK, &condition->waiters);
    default:
        if (lock_woken(task, condition, resume) == AIO_DONE &&
            task->loop->told.status == RESUME_CANCELLED) {
            call->cancelled =
                true; /* it tries again: `except CancelledError` in a loop */
            call->line = 3;
            if (!try_lock(task, condition)) {
                return wait_in(task, condition, STATE_AWAIT_LOCK, &condition->waiters);
            }
        }
        return condition_over(task, condition);
    }
}

enum aio_progress aio_wait(struct aio_task *task, const struct resume *resume,
                           struct action *action) {
    struct aio_object *object = object_of(task);
    return object->kind == OBJECT_ASYNC_EVENT
               ? event_wait(task, object, resume, action)
               : condition_wait(task, object, resume, action);
}

enum aio_progress aio_notify(struct aio_task *task, const struct resume *resume,
                             struct action *action) {
    struct aio_object *condition = object_of(task);
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, 14, action);
    }
    if (condition->value == 0) {
        return aio_raised(task, "RuntimeError: cannot notify on un-acquired lock");
    }
    (void)wake_first(task, &condition->putters, task->call.ns);
    return aio_done(task);
}

enum aio_progress aio_set(struct aio_task *task, const struct resume *resume,
                          struct action *action) {
    struct aio_object *event = object_of(task);
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, 11, action);
    }
    event->value = 1;
    (void)wake_first(task, &event->waiters, INT64_MAX);
    return aio_done(task);
}

enum aio_progress aio_clear(struct aio_task *task, const struct resume *resume,
                            struct action *action) {
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, 4, action);
    }
    object_of(task)->value = 0;
    return aio_done(task);
}

enum aio_progress aio_is_set(struct aio_task *task, const struct resume *resume,
                             struct action *action) {
    (void)resume;
    if (task->call.line++ == 0) {
        return aio_pay(task, 3, action);
    }
    return aio_ends(
        task, (struct resume){.status = RESUME_DONE, .value = object_of(task)->value});
}

/* --- Queue --------------------------------------------------------------------- */

/* _wakeup_next() takes waiters out of the deque, done or not, until one was woken. */
static void wake_next(struct aio_task *task, struct aio_deque *deque) {
    for (struct aio_future *future; (future = deque->first) != NULL;) {
        aio_deque_remove(future);
        if (is_waiting(future)) {
            aio_future_set(future, RESUME_DONE, task->step.lane);
            return;
        }
    }
}

static bool is_full(const struct aio_object *queue) {
    return queue->size > 0 && queue->value >= queue->size;
}

static void change_size(struct aio_task *task, struct aio_object *queue, int change) {
    queue->value += change;
    sim_count(aio_sim(task->loop), queue->lane, COUNTER_QUEUE_ITEMS, queue->value);
}

enum aio_progress aio_put(struct aio_task *task, const struct resume *resume,
                          struct action *action) {
    struct aio_object *queue = object_of(task);
    switch (task->call.line++) {
    case 0:
        return aio_pay(task, 92, action);
    case 1:
        break;
    case 2: /* woken */
        if (leave_deque(task) && resume->status == RESUME_CANCELLED && !is_full(queue)) {
            wake_next(task, &queue->putters);
        }
        if (resume->status == RESUME_CANCELLED) {
            return aio_cancelled(task);
        }
        task->call.line = 3;
        return aio_pay(task, 30, action);
    default:
        break;
    }
    if (is_full(queue)) {
        task->call.line = 2;
        return wait_in(task, queue, STATE_AWAIT_FUTURE, &queue->putters);
    }
    change_size(task, queue, 1);
    wake_next(task, &queue->waiters);
    return aio_done(task);
}

enum aio_progress aio_get(struct aio_task *task, const struct resume *resume,
                          struct action *action) {
    struct aio_object *queue = object_of(task);
    switch (task->call.line++) {
    case 0:
        return aio_pay(task, 49, action);
    case 1:
        break;
    case 2: /* woken: looks again */
        if (leave_deque(task) && resume->status == RESUME_CANCELLED && queue->value > 0) {
            wake_next(task, &queue->waiters);
        }
        if (resume->status == RESUME_CANCELLED) {
            return aio_cancelled(task);
        }
        task->call.line = 3;
        return aio_pay(task, 49, action);
    default:
        break;
    }
    if (queue->value == 0) {
        task->call.line = 2;
        return wait_in(task, queue, STATE_AWAIT_FUTURE, &queue->waiters);
    }
    change_size(task, queue, -1);
    wake_next(task, &queue->putters);
    return aio_done(task);
}
