/* SPDX-License-Identifier: MIT */
#include "engine/python/py_call.h"

#include "engine/base/check.h"
#include "engine/python/py_call_priv.h"
#include "engine/python/py_interpreter_queue.h"

/* --- actions ------------------------------------------------------------------- */

static bool act(struct py_thread *thread, const struct py_frame *frame,
                enum action_kind kind, struct py_lock *lock) {
    thread->action = (struct action){.kind = kind, .site = frame->site, .object = lock};
    return true;
}

bool py_call_run(struct py_thread *thread, const struct py_frame *frame, int opcodes) {
    act(thread, frame, ACTION_COMPUTE, NULL);
    thread->action.ns = opcodes * frame->opcode_ps / 1000;
    return true;
}

bool py_call_acquire(struct py_thread *thread, const struct py_frame *frame,
                     struct py_lock *lock) {
    return act(thread, frame, ACTION_ACQUIRE, lock);
}

bool py_call_acquire_in_c(struct py_thread *thread, const struct py_frame *frame,
                          struct py_lock *lock) {
    act(thread, frame, ACTION_ACQUIRE, lock);
    thread->action.value = 1;
    return true;
}

bool py_call_release(struct py_thread *thread, const struct py_frame *frame,
                     struct py_lock *lock) {
    return act(thread, frame, ACTION_RELEASE, lock);
}

static bool call(struct py_thread *thread, const struct py_frame *frame) {
    ASSERT(thread->depth < PY_MAX_FRAMES);
    thread->frame[thread->depth++] = *frame;
    return true;
}

bool py_call_wait(struct py_thread *thread, const struct py_frame *frame,
                  struct py_condition *condition) {
    return call(thread, &(struct py_frame){.function = py_condition_wait,
                                           .condition = condition,
                                           .opcode_ps = frame->opcode_ps,
                                           .site = frame->site});
}

bool py_call_notify(struct py_thread *thread, const struct py_frame *frame,
                    struct py_condition *condition, int64_t count) {
    return call(thread, &(struct py_frame){.function = py_condition_notify,
                                           .condition = condition,
                                           .value = count,
                                           .opcode_ps = frame->opcode_ps,
                                           .site = frame->site});
}

static bool raise(struct py_thread *thread, const struct py_frame *frame,
                  const char *what) {
    world_raise(thread->world, frame->site, what);
    return py_call_run(thread, frame, 0);
}

/* --- who waits ----------------------------------------------------------------- */

void py_condition_append(struct py_condition *condition, struct py_thread *thread) {
    py_lock_init(&thread->waiter, py_thread_runtime(thread), LANE_NONE);
    thread->waiter.waiting =
        (struct activity){STATE_WAIT_OBJECT, condition->lane, SITE_NONE};
    thread->waiter.holder = thread;
    thread->next_in_condition = NULL;
    if (condition->last == NULL) {
        condition->first = thread;
    } else {
        condition->last->next_in_condition = thread;
    }
    condition->last = thread;
}

struct py_thread *py_condition_pop(struct py_condition *condition) {
    struct py_thread *waiter = condition->first;
    condition->first = waiter->next_in_condition;
    if (condition->first == NULL) {
        condition->last = NULL;
    }
    return waiter;
}

/* --- Condition ----------------------------------------------------------------- */

/* `_is_owned()`. An RLock knows; of a Lock it is found out by trying to take it without
 * waiting, which must fail. The time of that attempt is part of what follows. */
static bool is_owned(const struct py_thread *thread, const struct py_frame *frame) {
    return frame->condition->lock->holder == thread;
}

static bool run_checked(struct py_thread *thread, const struct py_frame *frame,
                        int opcodes) {
    py_call_run(thread, frame, opcodes);
    if (!frame->condition->lock->recursive) {
        thread->action.ns += py_thread_runtime(thread)->lock_ns;
    }
    return true;
}

/* RLock._release_save() lets go of all levels at once. */
static bool release_save(struct py_thread *thread, struct py_frame *frame) {
    struct py_lock *lock = frame->condition->lock;
    frame->depth = lock->depth;
    lock->depth = 0;
    return py_call_release(thread, frame, lock);
}

/* The call of the lock's own __enter__ ends at a check point in every version, so that
 * the thread can lose the GIL with the lock in its hands. */
bool py_condition_enter(struct py_thread *thread, struct py_frame *frame) {
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 4);
    case 1:
        return py_call_acquire(thread, frame, frame->condition->lock);
    case 2:
        return py_call_run(thread, frame, 1);
    default:
        return false;
    }
}

bool py_condition_exit(struct py_thread *thread, struct py_frame *frame) {
    switch (frame->line++) {
    case 0:
        return py_call_run(thread, frame, 6);
    case 1:
        return py_call_release(thread, frame, frame->condition->lock);
    case 2:
        return py_call_run(thread, frame, 1);
    default:
        return false;
    }
}

bool py_condition_wait(struct py_thread *thread, struct py_frame *frame) {
    struct py_lock *lock = frame->condition->lock;
    const bool recursive = lock->recursive; /* else _release_save ... are Python, too */
    switch (frame->line++) {
    case 0:
        return is_owned(thread, frame)
                   ? run_checked(thread, frame, recursive ? 20 : 31)
                   : raise(thread, frame,
                           "RuntimeError: cannot wait on un-acquired lock");
    case 1:
        py_condition_append(frame->condition, thread);
        return release_save(thread, frame);
    case 2:
        return py_call_run(thread, frame, 9);
    case 3:
        return py_call_acquire(thread, frame, &thread->waiter);
    case 4:
        return py_call_run(thread, frame, recursive ? 9 : 13);
    case 5:
        return py_call_acquire(thread, frame, lock);
    case 6:
        lock->depth = frame->depth;
        return py_call_run(thread, frame, 6);
    default:
        return false;
    }
}

/* The opcodes around the release of one waiter. */
enum { BEFORE_RELEASE = 12, AFTER_RELEASE = 13 };

bool py_condition_notify(struct py_thread *thread, struct py_frame *frame) {
    struct py_condition *condition = frame->condition;
    const bool more = condition->first != NULL && frame->value > 0;
    switch (frame->line) {
    case 0: {
        frame->line = 1;
        if (!is_owned(thread, frame)) {
            return raise(thread, frame,
                         "RuntimeError: cannot notify on un-acquired lock");
        }
        const int all = frame->value == INT64_MAX ? 9 : 0; /* notify_all() */
        const int own = condition->lock->recursive ? 10 : 17;
        return run_checked(thread, frame, all + own + (more ? BEFORE_RELEASE : 0));
    }
    case 1:
        if (!more) {
            return false;
        }
        frame->value--;
        frame->line = 2;
        return py_call_release(thread, frame, &py_condition_pop(condition)->waiter);
    default:
        frame->line = 1;
        return py_call_run(thread, frame, AFTER_RELEASE + (more ? BEFORE_RELEASE : 0));
    }
}

/* --- calling ------------------------------------------------------------------- */

/* What an opcode of the function takes: the runtime's time of one function ... */
static int64_t queue_opcode(const struct runtime *runtime) {
    return runtime->queue_call_ns * 1000 / 76; /* Queue.put 85, get 68 */
}

static int64_t condition_opcode(const struct runtime *runtime) {
    return runtime->condition_call_ns * 1000 / 56; /* Semaphore.release */
}

static int64_t submit_opcode(const struct runtime *runtime) {
    return runtime->pool_submit_ns * 1000 / PY_POOL_SUBMIT_OPCODES;
}

static int64_t job_opcode(const struct runtime *runtime) {
    return runtime->pool_job_ns * 1000 / PY_POOL_JOB_OPCODES;
}

static int64_t no_opcodes(const struct runtime *runtime) {
    (void)runtime;
    return 0; /* written in C */
}

static const struct {
    py_function function;
    int64_t (*opcode_ps)(const struct runtime *runtime);
} functions[ACTION_KIND_COUNT] = {
    [ACTION_SUBMIT] = {py_pool_submit, submit_opcode},
    [ACTION_SET_RESULT] = {py_pool_set_result, job_opcode},
    [ACTION_RESULT] = {py_pool_result, job_opcode},
    [ACTION_PUT] = {py_queue_simple_put, no_opcodes},
    [ACTION_TAKE] = {py_queue_simple_get, no_opcodes},
    [ACTION_SEMAPHORE_ACQUIRE] = {py_sync_semaphore_acquire, condition_opcode},
    [ACTION_SEMAPHORE_RELEASE] = {py_sync_semaphore_release, condition_opcode},
    [ACTION_CONDITION_ENTER] = {py_condition_enter, condition_opcode},
    [ACTION_CONDITION_EXIT] = {py_condition_exit, condition_opcode},
    [ACTION_CONDITION_WAIT] = {py_condition_wait, condition_opcode},
    [ACTION_CONDITION_NOTIFY] = {py_condition_notify, condition_opcode},
    [ACTION_EVENT_WAIT] = {py_sync_event_wait, condition_opcode},
    [ACTION_EVENT_SET] = {py_sync_event_set, condition_opcode},
    [ACTION_EVENT_CLEAR] = {py_sync_event_clear, condition_opcode},
    [ACTION_EVENT_IS_SET] = {py_sync_event_is_set, condition_opcode},
    [ACTION_BARRIER_WAIT] = {py_sync_barrier_wait, condition_opcode},
    [ACTION_QUEUE_PUT] = {py_queue_put, queue_opcode},
    [ACTION_QUEUE_GET] = {py_queue_get, queue_opcode},
    [ACTION_INTERPRETER_PUT] = {py_interpreter_queue_put, queue_opcode},
    [ACTION_INTERPRETER_GET] = {py_interpreter_queue_get, queue_opcode},
    [ACTION_USE] = {py_object_use, no_opcodes},
};

void py_call_begin(struct py_thread *thread) {
    const struct action *action = &thread->action;
    const bool on_condition =
        action->kind >= ACTION_CONDITION_ENTER && action->kind <= ACTION_CONDITION_NOTIFY;
    ASSERT(thread->depth == 0 && functions[action->kind].function != NULL);
    thread->returned = (struct py_queue_item){.maker = -1};
    call(thread,
         &(struct py_frame){
             .function = functions[action->kind].function,
             .object = action->object,
             .condition =
                 on_condition ? &((struct world_object *)action->object)->changed : NULL,
             .value = action->value,
             .ns = action->ns,
             .opcode_ps = functions[action->kind].opcode_ps(py_thread_runtime(thread)),
             .site = action->site,
         });
}

bool py_call_next(struct py_thread *thread) {
    while (thread->depth > 0) {
        const uint32_t depth = thread->depth;
        struct py_frame *frame = &thread->frame[depth - 1];
        if (!frame->function(thread, frame)) {
            thread->depth--;
        } else if (thread->depth == depth) {
            return true;
        }
        if (thread->depth == 0) {
            thread->resume =
                (struct resume){.status = RESUME_DONE, .value = thread->returned.value};
        }
    }
    return false;
}
